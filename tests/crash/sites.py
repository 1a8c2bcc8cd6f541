"""What the crash sweep's service talks to besides the portal: the units' feeds, a ranking engine, and what must come of both."""

import json
import struct
import threading
import zlib
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from html import escape

from syncd.domain.model import LOCAL
from syncd.testing.local_site import Line, LocalSite, Page, SeenRequest

SECRET_MARK = "TÀI LIỆU MẬT"
UNITS = ("ban-a", "ban-b", "ban-c", "ban-d")


@dataclass(slots=True, kw_only=True)
class SitePost:
    """One post as its unit's site shows it now."""

    unit: str
    number: int
    at: datetime
    version: int = 1
    picture: bytes = b""
    secret: bool = False

    @property
    def guid(self) -> str:
        return f"news_{self.number}"

    @property
    def text(self) -> str:
        """What must stand in the copy on the portal, and in no copy of another version."""
        return f"lần {self.version} về việc số {self.number} của {self.unit}, đồng chí Trần Thị Giả Định chủ trì"

    def html(self, base: str) -> str:
        shown = f"<p><img src='{base}/{self.unit}/{self.number}.png' alt='Ảnh'></p>" if self.picture else ""
        mark = f"<p>{SECRET_MARK}</p>" if self.secret else ""
        return f"{mark}<p>Họp {self.text} và phát biểu với toàn thể cán bộ trong cơ quan.</p>{shown}"


@dataclass(slots=True)
class Sites:
    """The units' feeds. They grow, and posts are edited, while the sweep goes on.

    `slow`: answers come in two parts, with a pause between them. `pictured`: new posts have a picture each.
    """

    site: LocalSite
    posts: list[SitePost] = field(default_factory=list)
    slow: bool = False
    pictured: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        for unit in UNITS:
            self.site.behave(f"/{unit}.xml", lambda line, _, unit=unit: self._send(line, unit))  # type: ignore[misc]  # mypy cannot infer the default
        self.site.answer("/*", self._page)

    def url(self, unit: str) -> str:
        return self.site.url(f"/{unit}.xml")

    def of(self, unit: str) -> list[SitePost]:
        return [post for post in self.posts if post.unit == unit]

    def write(self, unit: str, at: datetime) -> SitePost:
        """The unit publishes one more post, dated `at`."""
        with self._lock:
            number = len(self.posts) + 1
            picture = _png(number) if self.pictured else b""
            post = SitePost(unit=unit, number=number, at=at.replace(microsecond=0), picture=picture)
            self.posts.append(post)
        return post

    def edit(self, post: SitePost, *, secret: bool = False) -> None:
        with self._lock:
            post.version += 1
            post.secret = post.secret or secret

    def _send(self, line: Line, unit: str) -> bool:
        with self._lock:
            body = self._feed(unit)
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        parts = [head + body[: len(body) // 2], body[len(body) // 2 :]] if self.slow else [head + body]
        for part in parts:
            line.send(part)
            line.wait(0.03 if self.slow else 0)
        return True

    def _page(self, request: SeenRequest) -> Page:
        name = request.path.rpartition("/")[2]
        with self._lock:
            picture = next((post.picture for post in self.posts if name == f"{post.number}.png"), b"")
        return Page(body=picture, content_type="image/png") if picture else Page(status=404)

    def _feed(self, unit: str) -> bytes:
        base = self.site.base_url
        items = "".join(
            f"<item><title>Tin {post.number} của {unit}</title><link>{base}/{unit}/{post.number}.html</link>"
            f"<guid isPermaLink='false'>{post.guid}</guid><pubDate>{format_datetime(post.at.astimezone(LOCAL))}</pubDate>"
            f"<description>{escape(post.html(base))}</description></item>"
            for post in reversed(self.of(unit))
        )
        return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{unit}</title>{items}</channel></rss>'.encode()


def _png(number: int) -> bytes:
    """A picture of one point, another one for each number."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    point = zlib.compress(b"\0" + number.to_bytes(3))
    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", point) + chunk(b"IEND", b"")


class Engine:
    """A ranking engine: keeps each unit's figures as they came, and acknowledges the newest."""

    def __init__(self) -> None:
        self.site = LocalSite()
        self.figures: dict[str, list[dict[str, object]]] = {}
        self.site.answer("/*", self._take)

    def _take(self, request: SeenRequest) -> Page:
        figure = json.loads(request.body)
        kept = self.figures.setdefault(figure["unit"], [])
        newest = max((known["version"] for known in kept), default=0)  # type: ignore[type-var]  # versions are numbers
        if figure["version"] < newest:  # type: ignore[operator]  # as above
            answer = {"version": newest}
            return Page(status=409, body=json.dumps(answer).encode(), content_type="application/json")
        kept.append(figure)
        body = json.dumps({"version": figure["version"]}).encode()
        return Page(body=body, content_type="application/json")
