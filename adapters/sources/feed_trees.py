"""From the document of a feed to its raw items, whatever shape it is in.

Four ways, each tried when the one before cannot: plain items by their source (`feed_plain`); lxml on the text as it is; lxml on
the text with the usual faults mended (stray ampersands, HTML entities, undeclared prefixes, control characters, text around the
feed); feedparser on the text, which reads what no XML parser can. feedparser never sees an address or bytes: it would fetch the one and guess about
the other. Tried with lxml 6.1.3 and feedparser 6.0.14.
"""

import html
import io
import json
import re
from datetime import datetime, timedelta
from typing import Any

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from adapters.html import looks_like_html
from adapters.sources.feed_items import RawFeed, RawItem, read_tree
from adapters.sources.feed_plain import Marks, read_plain

MAX_ITEMS = 1_000
MAX_MENDED_CHARS = 4_000_000  # mending holds several copies; the largest feed that needed it has 0.7 million
MAX_TOLERANT_CHARS = 2_000_000  # feedparser takes about 0.25 s a megabyte, and more on hostile text

_ENTITY_DECLARED = re.compile(r"<!ENTITY", re.IGNORECASE)
_AMPERSAND = re.compile(r"&(?:#\d{1,7};|#[xX][0-9a-fA-F]{1,6};|([A-Za-z][A-Za-z0-9]{1,30});)?")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|[\ud800-\udfff]")
_ROOT = re.compile(r"<(?:\w+:)?(?:rss|rdf|feed|channel)(?=[\s>])", re.IGNORECASE)
_LOOSE_ITEM = re.compile(r"<(?:item|entry)[\s>]", re.IGNORECASE)
_ITEM_BOUND = re.compile(r"<(/?)(?:\w+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_WHOLE_LINK = re.compile(r"</(?:\w+:)?link\s*>|<(?:\w+:)?link\s[^<>]{0,2000}href=[^<>]{1,2000}>", re.IGNORECASE)
_HALF_DATE = re.compile(
    r"<(?:\w+:)?(?:pubdate|date|published|updated|issued|created|modified)>[^<]{0,200}$", re.IGNORECASE
)
_PREFIX = re.compile(r"</?([A-Za-z_][\w.-]{0,40}):|\s([A-Za-z_][\w.-]{0,40}):[\w.-]+\s*=\s*[\"']")
_TAG = re.compile(r"<[A-Za-z][^<>]*>")
_VALUE = re.compile(r"""=\s*(?:"[^"]*"|'[^']*'|([^\s"'<>=]+?)(?=\s|/?>))""")
_MAX_PREFIXES = 100
_LONG_CHARS = 1_000_000
_CHUNK = 64 * 1024
_SAME_MOMENT = timedelta(seconds=0.1)
_SAFELY = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}
_XML_NAMES = {"amp", "lt", "gt", "quot", "apos"}


class NotAFeed(Exception):
    """The document is no feed. `kind` is the class of the fault, the message what was seen instead."""

    def __init__(self, message: str, *, kind: str = "not_a_feed") -> None:
        super().__init__(message)
        self.kind = kind


def read_usual(body: bytes, base_url: str, marks: Marks | None) -> RawFeed | None:
    """The raw feed of a plain document in UTF-8, the quickest way; None for any other, which `read_raw` reads once it is decoded.

    Items that `marks` knows as settled are read in brief.

    Raises:
        NotAFeed: the document declares entities.
    """

    def parse(head: str) -> tuple[str, Any | None]:
        bare = _without_prolog(head)
        return bare, _parse(bare, base_url)

    return read_plain(body, parse, MAX_ITEMS, marks) if len(body) <= _LONG_CHARS else None


def read_raw(text: str, base_url: str) -> tuple[RawFeed, bool]:
    """The raw feed, and whether the text was well-formed.

    Raises:
        NotAFeed: the text is no feed, is empty, or is built to harm its reader.
    """
    text = text.lstrip("\ufeff")
    if not text.strip("\x00 \t\r\n"):
        raise NotAFeed("the answer is empty", kind="empty_body")
    if text.lstrip()[0] in "{[":
        return _read_json(text), True
    bare = _without_prolog(text)
    well_formed = _parse(bare, base_url)
    if well_formed is not None:
        feed = read_tree(well_formed, MAX_ITEMS)
        if feed is None:
            raise NotAFeed(_what_it_is(text, str(well_formed.tag).rpartition("}")[2]))
        return feed, True
    if len(bare) > MAX_MENDED_CHARS:
        raise NotAFeed(f"not well-formed, and too large ({len(bare):,} characters) to be mended", kind="too_large")
    mended = _parse(_mend(bare), base_url)
    feed = read_tree(mended, MAX_ITEMS) if mended is not None else None
    return feed or _read_tolerantly(bare), False


def _without_prolog(text: str) -> str:
    """The document from its root element on: the encoding is settled, and a document type is of no use to us."""
    at = 0
    while True:
        at += len(text[at : at + 10_000]) - len(text[at : at + 10_000].lstrip())
        if text.startswith("<?", at):
            end = text.find("?>", at) + 2
        elif text.startswith("<!--", at):
            end = text.find("-->", at) + 3
        elif text[at : at + 9].upper() == "<!DOCTYPE":
            end = text.find(">", at) + 1
            if "[" in text[at:end]:
                end = text.find("]", at) + 1
                end = text.find(">", end) + 1 if end else 0
            _refuse_entities(text[at : end or None])
        else:
            return text[at:]
        if end < at + 3:  # never closed
            return text[at:]
        at = end


def _refuse_entities(text: str) -> None:
    if _ENTITY_DECLARED.search(text):
        raise NotAFeed("the document declares entities of its own, which no feed needs", kind="hostile_document")


def _parse(text: str, base_url: str) -> Any | None:
    try:
        if len(text) > _LONG_CHARS:
            return _parse_long(text, base_url)
        parser = etree.XMLParser(**_SAFELY)
        return etree.fromstring(text.encode("utf-8", errors="replace"), parser, base_url=base_url or None)
    except etree.XMLSyntaxError as err:
        if "depth" in str(err):
            raise NotAFeed(f"the document is nested too deep: {err}", kind="hostile_document") from err
        return None


def _parse_long(text: str, base_url: str) -> Any:
    """The tree of a long document, fed by parts to save a copy; items beyond the cap stand in it emptied, to be counted."""
    parser = etree.XMLPullParser(events=("end",), tag=("{*}item", "{*}entry"), base_url=base_url or None, **_SAFELY)
    outermost = 0
    for at in range(0, len(text), _CHUNK):
        parser.feed(text[at : at + _CHUNK].encode("utf-8", errors="replace"))
        for _, element in parser.read_events():
            if next(element.iterancestors("{*}item", "{*}entry"), None) is None:
                outermost += 1
                if outermost > MAX_ITEMS:
                    element.clear()
    return parser.close()


def _mend(text: str) -> str:
    """The same text with the faults that feeds really have put right; what is right stays as it is."""
    start = _ROOT.search(text)
    if start is not None and not looks_like_html(text[: start.start()]):
        text = text[start.start() :]
        name = re.match(r"<([\w:]+)", text)
        end = text.rfind(f"</{name[1]}") if name else -1
        if end > 0:
            text = text[: text.find(">", end) + 1 or None]
    parts = _split_cdata(_FORBIDDEN.sub("", text))
    text = "".join(part if part.startswith("<![CDATA[") else _mend_markup(part) for part in parts)
    opening = _TAG.search(text)
    if opening is None:
        return text
    end = opening.end() - (2 if opening[0].endswith("/>") else 1)
    used = {match[1] or match[2] for match in _PREFIX.finditer("".join(_split_cdata(text)[::2]))}
    if len(used) > _MAX_PREFIXES:
        raise NotAFeed(f"{len(used):,} name prefixes, most of them undeclared", kind="hostile_document")
    undeclared = sorted(p for p in used - {"xml", "xmlns"} if f"xmlns:{p}" not in text)
    declared = "".join(f' xmlns:{prefix}="urn:undeclared:{prefix}"' for prefix in undeclared)
    return text[:end] + declared + text[end:]


def _split_cdata(text: str) -> list[str]:
    """Markup and CDATA sections by turns, markup first; a section never closed reaches to the end."""
    parts = []
    at = 0
    while (start := text.find("<![CDATA[", at)) >= 0:
        end = text.find("]]>", start) + 3
        end = len(text) if end < 3 else end
        parts += [text[at:start], text[start:end]]
        at = end
    return [*parts, text[at:]]


def _mend_markup(text: str) -> str:
    return _TAG.sub(_quote_values, _AMPERSAND.sub(_mend_ampersand, text))


def _quote_values(tag: re.Match[str]) -> str:
    if "=" not in tag[0]:
        return tag[0]
    return _VALUE.sub(lambda value: value[0] if value[1] is None else f'="{value[1]}"', tag[0])


def _mend_ampersand(match: re.Match[str]) -> str:
    whole, name = match[0], match[1]
    if whole == "&":
        return "&amp;"
    if name is None:
        number = int(whole[3:-1], 16) if whole[2] in "xX" else int(whole[2:-1])
        allowed = number in (9, 10, 13) or 0x20 <= number < 0xD800 or 0xE000 <= number < 0xFFFE
        return whole if allowed or 0x10000 <= number <= 0x10FFFF else ""
    if name in _XML_NAMES:
        return whole
    letters = html.unescape(whole)
    return f"&amp;{name};" if letters == whole else "".join(f"&#{ord(letter)};" for letter in letters)


def _read_tolerantly(text: str) -> RawFeed:
    if len(text) > MAX_TOLERANT_CHARS:
        raise NotAFeed(f"not well-formed, and too large ({len(text):,} characters) to be mended", kind="too_large")
    root = _ROOT.search(text) or _LOOSE_ITEM.search(text)
    if root is None:  # feedparser would take its time to find nothing
        raise NotAFeed(_what_it_is(text, ""))
    _refuse_entities(text[: root.start()])
    import feedparser  # here, as few feeds need it: a fifth of a second at each start

    try:
        parsed = feedparser.parse(
            io.BytesIO(text.encode("utf-8", errors="replace")),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except (LookupError, TypeError, ValueError, AttributeError, AssertionError, RecursionError) as err:
        # bugs of feedparser 6.0.14 on cut-off text: KeyError('where') in georss, int(None) in an image's width
        raise NotAFeed(f"not well-formed, and not to be mended: {type(err).__name__}", kind="unreadable") from err
    entries = parsed.entries
    if not entries and (not parsed.version or looks_like_html(text)):
        raise NotAFeed(_what_it_is(text, ""))
    cut = _breaks_off(text, root)
    items = [_from_feedparser(entry) for entry in entries[:MAX_ITEMS]]
    if cut and items and len(entries) <= MAX_ITEMS and _ends_within_item(text):
        items[-1].broken = "the document breaks off within it"
    return RawFeed(
        format="tolerant",
        title=str(parsed.feed.get("title", "")),
        generator=str(parsed.feed.get("generator", "")),
        items=items,
        total=len(entries),
        cut=cut,
    )


def _breaks_off(text: str, root: re.Match[str]) -> bool:
    """Whether the feed never ends, as one does that was cut off on its way or whose software failed midway."""
    name = re.sub(r"^<(?:\w+:)?", "", root[0]).strip().rstrip(">").lower()
    ends = "(?:rss|channel)" if name == "rss" else re.escape(name)
    return re.search(rf"</(?:\w+:)?{ends}\s*>", text[root.end() :], re.IGNORECASE) is None


def _ends_within_item(text: str) -> bool:
    """Whether the text ends within an item, before its address is whole or within its date: half of either is another's."""
    bounds = [(bound.end(), bound[1]) for bound in _ITEM_BOUND.finditer(text)]
    if not bounds or bounds[-1][1]:
        return False
    rest = text[bounds[-1][0] :]
    return _WHOLE_LINK.search(rest) is None or _HALF_DATE.search(rest[-500:]) is not None


def _from_feedparser(entry: Any) -> RawItem:
    contents = [str(part.get("value", "")) for part in entry.get("content", [])]
    return RawItem(
        title=str(entry.get("title", "")),
        link=str(entry.get("link", "")),
        guid=str(entry.get("id", "")),
        guid_is_address=bool(entry.get("guidislink", False)),
        date=str(entry.get("published") or entry.get("created") or entry.get("updated") or ""),
        author=str(entry.get("author", "")),
        categories=[str(tag.get("term") or "") for tag in entry.get("tags", [])],
        summary=str(entry.get("summary", "")),
        content=contents[0] if contents else "",
        images=[(str(image.get("url", "")), "") for image in entry.get("media_thumbnail", [])],
    )


def _read_json(text: str) -> RawFeed:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as err:
        raise NotAFeed(f"neither XML nor JSON: {str(err)[:120]}") from err
    if isinstance(document, list) and any(_is_post(item) for item in document):
        return RawFeed(
            format="json",
            items=[_listed_item(item) for item in document[:MAX_ITEMS]],
            total=len(document),
        )
    items = document.get("items") if isinstance(document, dict) else None
    if not isinstance(items, list):
        if isinstance(document, dict) and "jsonfeed.org" in str(document.get("version", "")):
            return RawFeed(format="json", title=_string(document.get("title")))
        raise NotAFeed("JSON, but no JSON Feed: neither a list of posts nor one named items")
    return RawFeed(
        format="json",
        title=_string(document.get("title")),
        items=[_json_item(item) for item in items[:MAX_ITEMS]],
        total=len(items),
    )


def _json_item(item: Any) -> RawItem:
    if not isinstance(item, dict):
        return RawItem(broken=f"the item is no object but {type(item).__name__}")
    authors = item.get("authors")
    author = authors[0] if isinstance(authors, list) and authors else item.get("author")
    tags = item.get("tags")
    text = _string(item.get("content_text"))
    image = _string(item.get("image") or item.get("banner_image"))
    identity = _string(item.get("id"))
    return RawItem(
        title=html.escape(_string(item.get("title")), quote=False),
        link=_string(item.get("url") or item.get("external_url")),
        guid=identity,
        guid_is_address=identity.startswith(("http://", "https://")),
        date=_string(item.get("date_published") or item.get("date_modified")),
        author=_string(author.get("name") if isinstance(author, dict) else author),
        categories=[_string(tag) for tag in tags] if isinstance(tags, list) else [],
        summary=html.escape(_string(item.get("summary")), quote=False),
        content=_string(item.get("content_html")) or _paragraphs(text),
        images=[(image, "")] if image else [],
    )


def _is_post(item: Any) -> bool:
    return isinstance(item, dict) and bool(_string(item.get("title")) and _string(item.get("link") or item.get("url")))


def _listed_item(item: Any) -> RawItem:
    """An object of a bare list, as home-made sites and crawlers write it."""
    if not _is_post(item):
        return RawItem(broken="the item is no object with a title and an address")
    names = ("published", "date_published", "pubDate", "pubdate", "date", "created_at")
    printed = [_string(item.get(name)) for name in names]
    date = next(filter(None, printed), "")
    if _is_clock(date, _string(item.get("fetched") or item.get("fetched_at"))):
        date = ""  # no publication: the moment at which the list's maker read it
    categories = [item.get("category"), *_listed(item.get("categories")), *_listed(item.get("tags"))]
    body = _string(item.get("content_html") or item.get("content"))
    author = item.get("author")
    return RawItem(
        title=html.escape(_string(item.get("title")), quote=False),
        link=_string(item.get("link") or item.get("url")),
        guid=_string(item.get("id") or item.get("guid")),
        date=date,
        author=_string(author.get("name") if isinstance(author, dict) else author),
        categories=[_string(category) for category in categories if _string(category)],
        summary=_string(item.get("summary") or item.get("description")),
        content=body,
        images=[(_string(item.get("image")), "")] if _string(item.get("image")) else [],
    )


def _is_clock(date: str, fetched: str) -> bool:
    """Whether a date is but the moment of reading, to a tenth of a second."""
    try:
        return abs(datetime.fromisoformat(date) - datetime.fromisoformat(fetched)) < _SAME_MOMENT
    except (ValueError, TypeError, OverflowError):  # TypeError: only one of them tells its zone
        return False


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _paragraphs(text: str) -> str:
    """Plain text as HTML, its empty lines kept as paragraphs."""
    parts = [html.escape(part.strip(), quote=False) for part in re.split(r"\n[ \t\r]*\n", text)]
    return "".join(f"<p>{part}</p>" for part in parts if part) if len(parts) > 1 else "".join(parts)


def _string(value: Any) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _what_it_is(text: str, root: str) -> str:
    if looks_like_html(text):
        return "a web page stands where a feed is due"
    return f"an XML document <{root[:40]}> stands where a feed is due" if root else "no feed can be read in this text"
