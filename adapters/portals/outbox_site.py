"""The outbox's pages and its Atom feed, made from the public posts: values in, bytes out.

Titles, names and addresses are escaped; a post's own HTML passes an allow-list (nh3) whoever typed it, and no page may
run a script. The feed (RFC 4287) holds the latest 50 by the time they came here or were changed, not by their printed
date: a post carried late would otherwise stand too deep for a subscriber ever to see it.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from heapq import nlargest
from html import escape
from urllib.parse import urlsplit
from xml.etree import ElementTree

import nh3

from adapters.portals.content import is_key, without_control
from adapters.portals.outbox_files import OutboxEntry
from syncd.domain.model import LOCAL

FEED_LENGTH = 50
_ATOM = "http://www.w3.org/2005/Atom"
_SAFE_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
_CSP = "default-src 'none'; img-src 'self' http: https:; style-src 'self'; base-uri 'none'; form-action 'none'"
_STYLE = b"""body{max-width:46rem;margin:0 auto;padding:1rem;font:1.05rem/1.55 system-ui,sans-serif;color:#1a1a1a;background:#fff}
header,footer{border-bottom:1px solid #ccc;margin-bottom:1rem}footer{border:0;color:#595959;margin-top:2rem}
a{color:#8b0000}h1{font-size:1.5rem}h2{font-size:1.15rem}ul{list-style:none;padding:0}li{margin:.6rem 0}
small,figcaption{color:#595959}img{max-width:100%;height:auto}figure{margin:1rem 0}
"""


def page_name(name: str) -> str:
    """The page of a post, relative to the site. A file name typed by hand may hold anything: then its hash names the page."""
    if not _SAFE_NAME.fullmatch(name):
        name = "bai-" + sha256(name.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return f"bai/{name}.html"


def style() -> bytes:
    """The site's one style sheet."""
    return _STYLE


def empty_page(*, title: str) -> bytes:
    """The first page while there is no post; later it is the page of the latest month."""
    return _page(title, f"<h1>{escape(title)}</h1><p>Chưa có tin, bài nào.</p>", title=title, up="")


def month_page(month: str, posts: Mapping[str, OutboxEntry], months: Sequence[str], *, title: str) -> bytes:
    """One month's posts, newest first; `months` are those the site has."""
    newest_first = sorted(posts.items(), key=lambda item: (item[1].published_at, item[0]), reverse=True)
    rows = [_row(name, entry) for name, entry in newest_first]
    others = " · ".join(f'<a href="thang-{other}.html">{_month_name(other)}</a>' for other in months if other != month)
    navigation = f"<nav><h2>Các tháng khác</h2><p>{others}</p></nav>" if others else ""
    heading = f"<h1>Tin, bài tháng {_month_name(month)}</h1>"
    return _page(title, f"{heading}<ul>\n{chr(10).join(rows)}\n</ul>{navigation}", title=title, up="")


@lru_cache(maxsize=4_000)
def _row(name: str, entry: OutboxEntry) -> str:
    # kept, since each push writes its month's list anew: 600 rows took 6 ms of CPU
    day = entry.published_at.astimezone(LOCAL).strftime("%d/%m/%Y")
    link = f'<a href="{escape(page_name(name))}">{escape(entry.title)}</a>'
    return f"<li>{link}<br><small>{day} · {escape(_byline(entry))}</small></li>"


def post_page(entry: OutboxEntry, *, title: str) -> bytes:
    """One post's page."""
    day = entry.published_at.astimezone(LOCAL).strftime("%d/%m/%Y %H:%M")
    parts = [f"<article><h1>{escape(entry.title)}</h1>", f"<p><small>{day} · {escape(_byline(entry))}</small></p>"]
    if entry.image is not None:
        caption = f"<figcaption>{escape(entry.image.caption)}</figcaption>" if entry.image.caption else ""
        source = escape(f"../{entry.image.file}")
        parts.append(f'<figure><img src="{source}" alt="{escape(entry.image.alt)}">{caption}</figure>')
    parts.append(nh3.clean(entry.html))
    parts.append("</article>")
    return _page(entry.title, "\n".join(parts), title=title, up="../")


def feed(entries: Mapping[str, OutboxEntry], *, base_url: str, title: str, hubs: Sequence[str] = ()) -> bytes:
    """The Atom feed of the posts that came or changed last; `hubs` are told to those who want to be called when it changes (WebSub)."""
    latest = nlargest(FEED_LENGTH, entries.items(), key=lambda item: (item[1].updated_at, item[0]))
    authority = urlsplit(base_url).hostname or "localhost"
    root = ElementTree.Element("feed", {"xmlns": _ATOM, "xml:lang": "vi"})
    _element(root, "id", f"tag:{authority},2026:syncd")
    _element(root, "title", title)
    _element(root, "updated", latest[0][1].updated_at.isoformat() if latest else "2026-01-01T00:00:00+00:00")
    _element(root, "link", rel="self", type="application/atom+xml", href=f"{base_url}feed.xml")
    _element(root, "link", rel="alternate", type="text/html", href=base_url)
    for hub in hubs:
        _element(root, "link", rel="hub", href=hub)
    head = _written(root)
    items = [_item(name, entry, base_url, authority) for name, entry in latest]
    closing = b"\n</feed>"
    return b"<?xml version='1.0' encoding='utf-8'?>\n" + head.removesuffix(closing) + b"".join(items) + closing


@lru_cache(maxsize=2 * FEED_LENGTH)
def _item(name: str, entry: OutboxEntry, base_url: str, authority: str) -> bytes:
    # kept, since each push writes the feed anew: its 50 entries took 10 ms of CPU
    item = ElementTree.Element("entry")
    tag = name if is_key(name) else page_name(name).removeprefix("bai/").removesuffix(".html")
    _element(item, "id", f"tag:{authority},2026:{tag}")
    _element(item, "title", entry.title)
    _element(item, "published", entry.published_at.isoformat())
    _element(item, "updated", entry.updated_at.isoformat())
    _element(item, "link", rel="alternate", type="text/html", href=base_url + page_name(name))
    if entry.source_url:
        _element(item, "link", rel="via", href=entry.source_url)
    if entry.image is not None:
        _element(item, "link", rel="enclosure", type=_image_type(entry.image.file), href=base_url + entry.image.file)
    _element(_element(item, "author"), "name", _byline(entry))
    for category in entry.categories:
        _element(item, "category", term=category)
    if entry.summary:
        _element(item, "summary", entry.summary, type="text")
    _element(item, "content", nh3.clean(entry.html), type="html")
    return b"\n" + _written(item)


def _written(element: ElementTree.Element) -> bytes:
    ElementTree.indent(element)
    written: bytes = ElementTree.tostring(element, encoding="utf-8")
    return written


def _element(parent: ElementTree.Element, tag: str, text: str = "", **attributes: str) -> ElementTree.Element:
    # a title may hold control characters, which no XML file can
    made = ElementTree.SubElement(parent, tag, {name: without_control(value) for name, value in attributes.items()})
    if text:
        made.text = without_control(text)
    return made


def _image_type(file: str) -> str:
    kinds = {"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp"}
    return kinds.get(file.rsplit(".", 1)[-1], "application/octet-stream")


def _byline(entry: OutboxEntry) -> str:
    return entry.unit_name or entry.author or "Không rõ đơn vị"


def _month_name(month: str) -> str:
    year, number = month.split("-")
    return f"{number}/{year}"


def _page(heading: str, body: str, *, title: str, up: str) -> bytes:
    text = f"""<!doctype html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_CSP}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(heading)}</title>
<link rel="stylesheet" href="{up}style.css">
<link rel="alternate" type="application/atom+xml" href="{up}feed.xml" title="{escape(title)}">
</head>
<body>
<header><p><a href="{up}index.html">{escape(title)}</a></p></header>
<main>
{body}
</main>
<footer><p>Theo dõi: <a href="{up}feed.xml">nguồn cấp Atom</a></p></footer>
</body>
</html>
"""
    return text.encode("utf-8", "replace")
