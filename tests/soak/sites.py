"""Thousands of unit websites on loopback, in a process of their own, that publish by a simulated clock and write down who asked when.

Most sites have a host of their own; each tenth shares its neighbour's, as units on one hosting do. One site in a hundred is faulty.
"""

import json
import multiprocessing
import re
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from multiprocessing.connection import Connection
from typing import Any, BinaryIO

START = datetime(2026, 10, 15, 0, 0, tzinfo=UTC)
LISTED = 10
BETWEEN_POSTS = timedelta(hours=8)
KINDS = ("feed", "page", "sitemap", "wordpress", "http_json")
FAULTS = ("refuses", "breaks off", "is silent", "server error", "garbage", "login page")
FAULTY_EACH = 100
_MATCH = re.compile(rb'(?i)^if-none-match:\s*"([^"]*)"')
_SENTENCE = "Sáng nay, Đảng ủy cơ sở Ví Dụ tổ chức hội nghị sơ kết công tác quý và triển khai nhiệm vụ trọng tâm thời gian tới. "


def host_of(site: int) -> str:
    """Its address; each tenth site stands on the host of the one before."""
    own = site - 1 if site % 10 == 9 else site
    return f"127.2.{own // 250}.{1 + own % 250}"


def fault_of(site: int) -> str | None:
    return FAULTS[site // FAULTY_EACH % len(FAULTS)] if site % FAULTY_EACH == 7 else None


def kind_of(site: int) -> str:
    return KINDS[site % len(KINDS)]


def published(site: int, now: datetime) -> int:
    """How many posts the site has published at `now`: `LISTED` before the start, then one each eight hours."""
    offset = timedelta(minutes=7 * site % 480)
    return LISTED + max(0, (now - START - offset) // BETWEEN_POSTS + 1)


def post_instant(site: int, number: int) -> datetime:
    return START + timedelta(minutes=7 * site % 480) + BETWEEN_POSTS * (number - LISTED - 1)


class SimulatedClock:
    """A `Clock` that moves when it is told to, and seen by the sites' process too. May be shared by threads.

    A sleep moves it on, and takes a fiftieth of its length: threads that wait must not outrun those that work.
    """

    def __init__(self) -> None:
        self.seconds = multiprocessing.get_context("spawn").Value("d", 0.0)

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds.value)

    def monotonic(self) -> float:
        return 1000.0 + self.seconds.value

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds / 50)
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        with self.seconds.get_lock():
            self.seconds.value += seconds


@dataclass(frozen=True, slots=True)
class Sites:
    port: int
    pipe: Connection

    def url(self, site: int) -> str:
        return f"http://{host_of(site)}:{self.port}/{site}/"

    def visits(self) -> "Visits":
        """What was asked since the start."""
        self.pipe.send("visits")
        answer: Visits = self.pipe.recv()
        return answer


@dataclass(slots=True)
class Visits:
    """`looks` counts requests for a site's list; `closest_s` is the shortest time between two requests at one host, by host."""

    looks: dict[int, int] = field(default_factory=dict)
    closest_s: dict[str, float] = field(default_factory=dict)


@contextmanager
def sites(clock: SimulatedClock) -> Iterator[Sites]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(clock.seconds, theirs), daemon=True)
    process.start()
    try:
        yield Sites(port=ours.recv(), pipe=ours)
    finally:
        process.terminate()
        process.join()
        ours.close()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, seconds: Any) -> None:
        super().__init__(("0.0.0.0", 0), _Connection)
        self.seconds = seconds
        self.visits = Visits()
        self.lock = threading.Lock()
        self._last: dict[str, float] = {}

    def note(self, host: str, site: int, path: str) -> None:
        with self.lock:
            now = self.seconds.value
            if host in self._last:
                gap = now - self._last[host]
                self.visits.closest_s[host] = min(gap, self.visits.closest_s.get(host, gap))
            self._last[host] = now
            if path not in ("robots.txt",) and not path.startswith("bai-"):
                self.visits.looks[site] = self.visits.looks.get(site, 0) + 1

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


def _serve(seconds: Any, pipe: Connection) -> None:
    with _Server(seconds) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        pipe.send(server.server_address[1])
        while pipe.recv():
            with server.lock:
                pipe.send(server.visits)


class _Connection(socketserver.StreamRequestHandler):
    server: _Server
    rfile: BinaryIO
    disable_nagle_algorithm = True

    def handle(self) -> None:
        while request := self.rfile.readline():
            known = b""
            while (line := self.rfile.readline()) not in (b"\r\n", b""):
                if match := _MATCH.match(line):
                    known = match[1]
            target = request.split(b" ")[1].decode()
            _, first, *rest = target.split("/", 2)
            host = self.request.getsockname()[0]
            if not first.isdecimal():  # robots.txt and the like
                self.server.note(host, -1, "robots.txt")
                self._answer(b"404 Not Found", "text/plain", "", b"nothing here")
                continue
            site, path = int(first), rest[0] if rest else ""
            self.server.note(host, site, path)
            if fault := fault_of(site):
                self._fail(fault)
                return
            now = START + timedelta(seconds=self.server.seconds.value)
            newest = published(site, now)
            etag = f"{site}-{newest}"
            if known == etag.encode():
                self.wfile.write(f'HTTP/1.1 304 Not Modified\r\nETag: "{etag}"\r\n\r\n'.encode())
                continue
            kind, body = _body(site, newest, path, f"http://{host}:{self.request.getsockname()[1]}/{site}")
            self._answer(b"200 OK", kind, etag, body)

    def _answer(self, status: bytes, kind: str, etag: str, body: bytes) -> None:
        head = f'Content-Type: {kind}\r\nETag: "{etag}"\r\nContent-Length: {len(body)}\r\n\r\n'.encode()
        self.wfile.write(b"HTTP/1.1 " + status + b"\r\n" + head + body)

    def _fail(self, fault: str) -> None:
        if fault == "is silent":
            time.sleep(1)
        elif fault == "breaks off":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n<rss>")
        elif fault == "server error":
            self._answer(b"500 Internal Server Error", "text/html", "x", b"<h1>500</h1>")
        elif fault == "garbage":
            self._answer(b"200 OK", "text/xml", "x", bytes(range(256)) * 20)
        elif fault == "login page":
            self._answer(b"200 OK", "text/html", "x", b'<form><input type="password" name="p"></form>')


def _body(site: int, newest: int, path: str, base: str) -> tuple[str, bytes]:
    numbers = range(newest, newest - LISTED, -1)
    if path.startswith("bai-"):
        return "text/html; charset=utf-8", _article(site, int(path.removeprefix("bai-").removesuffix(".html")))
    kind = kind_of(site)
    if kind == "feed":
        return "application/rss+xml; charset=utf-8", _feed(site, numbers, base)
    if kind == "page":
        return "text/html; charset=utf-8", _page(site, numbers)
    if kind == "sitemap":
        return "application/xml; charset=utf-8", _sitemap(site, numbers, base)
    if kind == "wordpress":
        return "application/json; charset=utf-8", _wordpress(site, numbers, base)
    return "application/json; charset=utf-8", _json(site, numbers, base)


def _title(site: int, number: int) -> str:
    return f"Hội nghị lần thứ {number} của đảng bộ cơ sở số {site}"


def _text(site: int, number: int) -> str:
    return "".join(f"<p>Tin số {number} của đơn vị {site}, đoạn {part}. {_SENTENCE}</p>" for part in range(6))


def _article(site: int, number: int) -> bytes:
    at = post_instant(site, number).astimezone(UTC) + timedelta(hours=7)
    return (
        f"<html><head><title>{_title(site, number)}</title></head><body><h1>{_title(site, number)}</h1>"
        f'<span class="ngay-dang">{at:%d/%m/%Y %H:%M}</span><div class="noi-dung">{_text(site, number)}</div></body></html>'
    ).encode()


def _feed(site: int, numbers: range, base: str) -> bytes:
    items = "".join(
        f"<item><title>{_title(site, n)}</title><link>{base}/bai-{n}.html</link><guid>{base}/bai-{n}</guid>"
        f"<pubDate>{format_datetime(post_instant(site, n))}</pubDate><description><![CDATA[{_text(site, n)}]]></description></item>"
        for n in numbers
    )
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>Đơn vị {site}</title>{items}</channel></rss>'.encode()
    )


def _page(site: int, numbers: range) -> bytes:
    items = "".join(
        f'<li class="tin"><a href="bai-{n}.html">{_title(site, n)}</a> '
        f'<span class="ngay">{post_instant(site, n) + timedelta(hours=7):%d/%m/%Y %H:%M}</span></li>'
        for n in numbers
    )
    return f"<html><head><title>Đơn vị {site}</title></head><body><ul>{items}</ul></body></html>".encode()


def _sitemap(site: int, numbers: range, base: str) -> bytes:
    entries = "".join(
        f"<url><loc>{base}/bai-{n}.html</loc><news:news><news:publication><news:name>Ví Dụ</news:name>"
        f"<news:language>vi</news:language></news:publication><news:publication_date>{post_instant(site, n).isoformat()}"
        f"</news:publication_date><news:title>{_title(site, n)}</news:title></news:news></url>"
        for n in numbers
    )
    return (
        '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{entries}</urlset>'
    ).encode()


def _wordpress(site: int, numbers: range, base: str) -> bytes:
    return json.dumps(
        [
            {
                "id": n,
                "link": f"{base}/bai-{n}.html",
                "date_gmt": f"{post_instant(site, n):%Y-%m-%dT%H:%M:%S}",
                "date": f"{post_instant(site, n) + timedelta(hours=7):%Y-%m-%dT%H:%M:%S}",
                "title": {"rendered": _title(site, n)},
                "content": {"rendered": _text(site, n), "protected": False},
                "excerpt": {"rendered": ""},
                "status": "publish",
            }
            for n in numbers
        ]
    ).encode()


def _json(site: int, numbers: range, base: str) -> bytes:
    return json.dumps(
        {
            "data": [
                {
                    "id": n,
                    "ten": _title(site, n),
                    "lien_ket": f"{base}/bai-{n}.html",
                    "ngay": post_instant(site, n).isoformat(),
                    "noi_dung": _text(site, n),
                }
                for n in numbers
            ]
        }
    ).encode()
