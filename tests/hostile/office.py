"""A small office all of whose websites are hostile: each of the 64 texts stands in every field of a post, in a feed and in pages.

Collected and put on the portal by the real adapters, so that what the tests look at is what the program makes of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from syncd.application.collecting.collect import collect
from syncd.application.services import Services
from syncd.bootstrap import database_url, wire
from syncd.config import load_config
from syncd.ports.records import PostRecord
from syncd.storage.schema import upgrade
from syncd.testing.clock import FakeClock
from syncd.testing.local_site import LocalSite
from tests.acceptance.office import config_text
from tests.hostile.xss_vectors import VECTORS, Vector

PERIOD = "2026-10"
PER_FEED = 16  # a letter lists at most 20 posts
KINDS = ("rss", "trang")
_WORDS = " ".join(["họp bàn công tác tháng mười tại hội trường lớn"] * 16)  # long enough to be a whole text


@dataclass(frozen=True, slots=True)
class HostileOffice:
    """The services over what was collected; `posts` by kind and vector."""

    services: Services
    folder: Path
    site: LocalSite
    posts: dict[tuple[str, str], PostRecord]


def token(vector: Vector, kind: str) -> str:
    """The harmless words at the head of a post's title: they show that the post is there."""
    return f"Mẫu {kind} số {VECTORS.index(vector) + 1:02d}"


def unit_of(vector: Vector, kind: str) -> str:
    return f"{kind}-{VECTORS.index(vector) // PER_FEED + 1}"


@contextmanager
def hostile_office(folder: Path) -> Iterator[HostileOffice]:
    """The office on 15 October 2026, after one collect; nothing is published yet."""
    with LocalSite() as site:
        units = "".join(_serve(site, kind, start) for kind in KINDS for start in range(0, len(VECTORS), PER_FEED))
        site.page("/hong/", f"<script>{VECTORS[0].text}</script>", content_type="text/xml")
        units += _block("hong", f'{{ kind = "feed", url = "{site.url("/hong/")}", article = "none" }}')
        config_file = folder / "config.toml"
        config_file.write_text(config_text(units), encoding="utf-8")
        config = load_config(config_file)
        upgrade(database_url(config))
        with wire(config, clock=FakeClock()) as wired:
            collect(wired.services)
            yield HostileOffice(wired.services, folder, site, dict(_found(wired.services)))


def _found(services: Services) -> Iterator[tuple[tuple[str, str], PostRecord]]:
    with services.db.read() as uow:
        listed = uow.posts.in_window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
        posts = list(uow.posts.many({post.id for post in listed if post.id is not None}).values())
    for kind in KINDS:
        for vector in VECTORS:
            for post in posts:
                if post.title.startswith(token(vector, kind)):
                    yield (kind, vector.name), post


def _serve(site: LocalSite, kind: str, start: int) -> str:
    """Put one unit's site up; its block in the configuration."""
    vectors = VECTORS[start : start + PER_FEED]
    unit = unit_of(vectors[0], kind)
    path = f"/{unit}/"
    if kind == "rss":
        items = "".join(_rss_item(site, vector) for vector in vectors)
        site.page(path, f"<rss version='2.0'><channel><title>{escape(vectors[0].text)}</title>{items}</channel></rss>")
    else:
        rows = "".join(
            f"<div class=tin><a href='{site.url(_path(vector, kind))}'>{escape(_title(vector, kind))}</a>"
            f"<i>1{number % 5}/10/2026</i></div>"
            for number, vector in enumerate(vectors)
        )
        site.page(path, f"<html><body>{rows}</body></html>")
        for vector in vectors:
            page = f"<html><body><h1>{escape(_title(vector, kind))}</h1><div class=noi-dung>{_body(vector, kind)}</div></body></html>"
            site.page(_path(vector, kind), page)
    source = f'{{ kind = "feed", url = "{site.url(path)}", article = "none" }}'
    if kind == "trang":
        source = (
            f'{{ kind = "page", url = "{site.url(path)}", item = "div.tin", link = "a", title = "a", date = "i",'
            ' article = { content = "div.noi-dung" } }'
        )
    return _block(unit, source)


def _block(unit: str, source: str) -> str:
    return (
        f'[[units]]\nid = "{unit}"\nname = "Đơn vị {unit} (giả định)"\ngroup = "ban"\nquota = 30\n'
        f'editors = ["bientap@{unit}.vidu.example"]\nsources = [{source}]\n'
    )


def _title(vector: Vector, kind: str) -> str:
    return f"{token(vector, kind)} {vector.text}"


def _body(vector: Vector, kind: str) -> str:
    quoted = escape(vector.text)
    start = f"<p title='{quoted}'>{token(vector, kind)} {_WORDS}.</p><p><a href='{quoted}' title='{quoted}'>liên kết</a></p>"
    return f"{start}{vector.text}<p>Hết {token(vector, kind)}.</p>"


def _path(vector: Vector, kind: str) -> str:
    return f"/{unit_of(vector, kind)}/{vector.name}.html"


def _rss_item(site: LocalSite, vector: Vector) -> str:
    kind, text = "rss", escape(vector.text)
    address = vector.text if vector.field == "link" else site.url(_path(vector, kind))
    return (
        f"<item><title>{escape(_title(vector, kind))}</title><link>{escape(address)}</link>"
        f"<guid isPermaLink='false'>{text} {vector.name}</guid><author>{text}</author><category>{text}</category>"
        f"<enclosure url='{text}' type='image/png'/><pubDate>Mon, 12 Oct 2026 08:30:00 +0700</pubDate>"
        f"<description>{escape(_body(vector, kind))}</description></item>"
    )
