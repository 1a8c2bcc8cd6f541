"""Read a sitemap: a list of addresses, a list of further sitemaps, or addresses line by line; plain or as a gzip file.

sitemaps.org protocol 0.9, with Google's news extension (title, publication date). Names are compared without namespace: it is often
missing or misspelt. An address outside the sitemap's own host is left out, as the protocol asks.
"""

import io
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from adapters.html import absolute, title_text
from adapters.http.inflate import CodingError, inflate
from syncd.vietnamese.text import decode, one_line

MAX_ENTRIES = 50_000  # what the protocol allows
_GZIP = b"\x1f\x8b"
_MAX_TITLE = 1_000
_MAX_ADDRESS = 2_000
_ENTITY = re.compile(rb"<!ENTITY", re.IGNORECASE)
_BEGIN = re.compile(rb"<\?xml\s|<(?:\w+:)?(?:urlset|sitemapindex)[\s>]", re.IGNORECASE)
_BOUND = re.compile(rb"<(/?)(?:\w+:)?(?:url|sitemap)\s*>", re.IGNORECASE)
_MAX_ENTRY_BYTES = 100_000
_NO_POSTS = re.compile(  # children that WordPress, Yoast and others give to what is no post
    r"(?:categor|taxonom|tag|author|users?|attachment|image|video|product|forum|menu)[\w-]*(?:sitemap|\.xml|-\d)|"
    r"sitemap[\w-]*(?:categor|taxonom|tags?|authors?|users?|images?|videos?)",
    re.IGNORECASE,
)


class NotASitemap(Exception):
    """The document is none. `kind`: `not_a_sitemap`, `hostile_document`, `too_large`, `bad_coding`, `truncated`."""

    def __init__(self, message: str, *, kind: str = "not_a_sitemap") -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True, kw_only=True)
class MapEntry:
    """One address, or one further sitemap. Dates as printed; `published` and `title` are the news extension's."""

    url: str
    lastmod: str = ""
    published: str = ""
    title: str = ""
    images: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitemap:
    """What one document holds, in its order. `whole` is False where it was damaged, or cut at `MAX_ENTRIES`."""

    entries: tuple[MapEntry, ...] = ()
    children: tuple[MapEntry, ...] = ()
    whole: bool = True


def parse_sitemap(body: bytes, *, url: str, content_type: str = "", max_bytes: int = 50 * 1024 * 1024) -> Sitemap:
    """Read one document of at most `max_bytes` after inflation. `url` is where it came from.

    Raises:
        NotASitemap: with the kind of fault.
    """
    if body.startswith(_GZIP):
        try:
            body = inflate(body, "gzip", limit=max_bytes)
        except CodingError as err:
            raise NotASitemap(str(err), kind=err.kind) from err
    head = body[:4_000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] != b"<" and b"\0" not in head[:4]:
        return _lines(decode(body, content_type=content_type).text, url)
    if _ENTITY.search(body[:100_000]):
        raise NotASitemap("the document declares entities of its own, which no sitemap needs", kind="hostile_document")
    if b"\0" not in head[:4]:
        begin = _BEGIN.search(body[:20_000])  # behind blank lines, or the warnings of a broken script
        body = _without_half_entry(body[begin.start() :] if begin else body)
    return _tree(body, url)


def posts_first(children: tuple[MapEntry, ...]) -> tuple[MapEntry, ...]:
    """The further sitemaps that may hold posts, those changed last in front; all of them where none looks so."""
    likely = [child for child in children if not _NO_POSTS.search(urlsplit(child.url).path)] or list(children)
    if all(child.lastmod for child in likely):
        # ISO dates of one site sort as text
        return tuple(sorted(likely, key=lambda child: child.lastmod, reverse=True))
    numbered = [_numbers(child.url) for child in likely]
    if all(numbered):
        return tuple(sorted(likely, key=lambda child: _numbers(child.url), reverse=True))
    return tuple(likely)


def _numbers(url: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d{1,9}", urlsplit(url).path)]


def _lines(text: str, base: str) -> Sitemap:
    found = [line.strip() for line in text.splitlines()[: MAX_ENTRIES + 1] if line.strip()]
    urls = [url for line in found if line.startswith(("http://", "https://")) and (url := _own(line, base))]
    if not urls:
        raise NotASitemap("neither a sitemap in XML nor a list of addresses")
    return Sitemap(entries=tuple(MapEntry(url=url) for url in urls[:MAX_ENTRIES]), whole=len(found) <= MAX_ENTRIES)


def _tree(body: bytes, base: str) -> Sitemap:
    entries: list[MapEntry] = []
    children: list[MapEntry] = []
    root = ""
    whole = True
    parser = etree.iterparse(
        io.BytesIO(body), events=("start", "end"), recover=True, resolve_entities=False, no_network=True, load_dtd=False
    )
    try:
        for event, element in parser:
            name = _name(element)
            if event == "start":
                root = root or name
                continue
            if name not in ("url", "sitemap"):
                continue
            entry = _entry(element, base)
            if entry is not None:
                (entries if name == "url" else children).append(entry)
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
            if len(entries) + len(children) >= MAX_ENTRIES:
                whole = False
                break
    except etree.XMLSyntaxError as err:
        if "depth" in str(err):
            raise NotASitemap(f"nested too deep: {err}", kind="hostile_document") from err
        whole = False
    if root not in ("urlset", "sitemapindex"):
        raise NotASitemap(f"the document is <{root[:40]}>, no sitemap" if root else "the document is no XML")
    whole = whole and not list(getattr(parser, "error_log", ()))
    return Sitemap(entries=tuple(entries), children=tuple(children), whole=whole)


def _without_half_entry(body: bytes) -> bytes:
    """The document up to an entry that it breaks off within: half an address is the address of nothing."""
    last = max(0, len(body) - _MAX_ENTRY_BYTES)
    bounds = list(_BOUND.finditer(body, last))
    return body[: bounds[-1].start()] if bounds and not bounds[-1][1] else body


def _name(element: Any) -> str:
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def _entry(element: Any, base: str) -> MapEntry | None:
    values: dict[str, str] = {}
    images = []
    for child in element.iter():
        name = _name(child)
        text = (child.text or "").strip()
        if not text:
            continue
        if name == "loc" and _name(child.getparent()) == "image":
            images.append(text)
        else:
            values.setdefault(name, text)
    url = _own(values.get("loc", ""), base)
    if not url:
        return None
    return MapEntry(
        url=url,
        lastmod=one_line(values.get("lastmod", ""))[:100],
        published=one_line(values.get("publication_date", ""))[:100],
        title=title_text(values.get("title", "")[:_MAX_TITLE]),
        images=tuple(address for image in images[:20] if (address := absolute(image, base))),
    )


def _own(address: str, base: str) -> str:
    url = absolute(address, base) if address and len(address) <= _MAX_ADDRESS else ""
    return url if url and _host(url) == _host(base) else ""


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")
