"""What one item of any feed holds, before its addresses, texts and dates are judged; and the same out of XML trees.

RSS 0.9x, 1.0, 2.0 and RDF, Atom 0.3 and 1.0, CDF. Names are compared without case and, where it does no harm, without
namespace: feeds declare `dc`, `content` and Atom under many addresses, or under none.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

_FOREIGN_TITLES = ("search.yahoo.com/mrss", "itunes", "opensearch", "purl.org/dc/terms", "wellformedweb")
_DATES = ("pubdate", "published", "issued", "created", "date", "updated", "modified", "lastmod")
_CONTENT_RANK = 6  # the address of an Atom entry's text, where nothing better is linked
_PUBLICATION = ("pubdate", "published", "issued", "created", "date")
_TELLING = frozenset(("title", "link", "origlink", "guid", "id", "identifier", *_DATES))
_ITEM_NAMES = ("item", "entry")


@dataclass(slots=True, kw_only=True)
class RawItem:
    """One item as written. `base` is what its relative addresses stand against; `guid_is_address` as the feed claims it."""

    title: str = ""
    link: str = ""
    base: str = ""
    guid: str = ""
    guid_is_address: bool = False
    date: str = ""
    other_dates: list[str] = field(default_factory=list)  # of its publication too, for where `date` is none
    author: str = ""
    categories: list[str] = field(default_factory=list)
    summary: str = ""
    content: str = ""
    images: list[tuple[str, str]] = field(default_factory=list)  # address, description
    broken: str = ""  # why it cannot be read at all
    fingerprint: str = ""  # of its source text, where that is known
    source: bytes = field(default=b"", compare=False)  # its source text, of an item that is not settled
    listed: bytes = field(
        default=b"", compare=False
    )  # its title and address as its source prints them, where that is known
    brief: bool = False  # read for what tells it from others and when it was; nothing else of it is known
    unread: bool = False  # not even that: `fingerprint` and `listed` alone are known


@dataclass(slots=True, kw_only=True)
class RawFeed:
    """A whole document as written. `format` is `rss`, `rdf`, `atom`, `cdf`, `json` or `tolerant`."""

    format: str
    title: str = ""
    generator: str = ""
    items: list[RawItem] = field(default_factory=list)
    total: int = 0  # items in the document, those beyond the cap too
    cut: bool = False  # the document breaks off before its end: there may have been more


def read_tree(root: Any, cap: int) -> RawFeed | None:
    """The feed in a parsed document; None where the document is something else."""
    kind = _name(root)
    if kind == "html":
        inner = next((e for e in root.iter() if _name(e) in ("feed", "rss", "rdf")), None)
        return read_tree(inner, cap) if inner is not None else None
    if kind == "entry":
        return RawFeed(format="atom", items=[_entry(root)], total=1)
    channel = next((child for child in root if _name(child) == "channel"), root)
    cdf = kind == "channel" and any(
        _attribute(child, "href") for child in root.iter() if _name(child) in ("channel", "item")
    )
    elements = list(_item_elements(root, nested=cdf))
    if kind in ("rss", "rdf", "feed", "channel"):
        elements = elements or list(_outermost_items(root))
    elif kind != "items" and not elements:
        return None
    read = _cdf_item if cdf else _entry if kind == "feed" else read_rss_item
    return RawFeed(
        format="cdf" if cdf else {"feed": "atom", "rdf": "rdf"}.get(kind, "rss"),
        title=_text(_child(root if kind == "feed" else channel, "title")),
        generator=_generator(root if kind == "feed" else channel),
        items=[read(element) for element in elements[:cap]],
        total=len(elements),
    )


def _item_elements(root: Any, *, nested: bool) -> Iterator[Any]:
    """Items and entries of the root and of its channels; not those inside another item, which are its quotations."""
    for child in root:
        name = _name(child)
        if name in _ITEM_NAMES:
            yield child
        elif name == "channel" or (nested and name in ("channel", "category")):
            yield from _item_elements(child, nested=nested)


def _outermost_items(root: Any) -> Iterator[Any]:
    """Items wherever a feed hides them, as in `<channel><items><item>`."""
    for element in root.iter():
        if _name(element) in _ITEM_NAMES and not any(_name(above) in _ITEM_NAMES for above in element.iterancestors()):
            yield element


@lru_cache(maxsize=500)
def is_body(written: str) -> bool:
    """Whether an element of this name, as written, says neither which item it stands in nor when that was published."""
    return written.rpartition(":")[2].lower() not in _TELLING


def read_rss_item(element: Any) -> RawItem:
    """What an `<item>` of RSS or RDF holds."""
    item = RawItem(base=element.base or "")
    found: dict[str, str] = {}
    dates: dict[str, str] = {}
    for child in element:
        name, space = _named(child.tag)
        text = _text(child)
        if name == "title":
            if not _is_foreign_title(space) and "title" not in found and text:
                found["title"] = text
        elif name == "link":
            _take_link(child, text, found)
        elif name == "origlink" and text:
            found["origlink"] = text
        elif name in ("guid", "id", "identifier"):
            if text and not item.guid:
                item.guid = text
                item.guid_is_address = (
                    name == "guid" and (_attribute(child, "ispermalink") or "true").lower() != "false"
                )
        elif name in _DATES:
            if text and name not in dates:
                dates[name] = text
        elif name in ("creator", "author") and not (item.author and "itunes" in space):
            item.author = _text(_child(child, "name")) or text or item.author
        elif name in ("category", "subject"):
            item.categories.extend(part for part in ([text] if name == "category" else text.split(",")) if part.strip())
        elif name in ("encoded", "body") and not found.get("content"):
            found["content"] = _markup(child)
        elif name in ("description", "summary", "content", "fulltext") and (text or len(child)):
            if "mrss" in space:
                _take_image(child, item)
            else:
                found.setdefault("content" if name in ("content", "fulltext") else "summary", _markup(child))
        elif name in ("thumbnail", "enclosure", "group", "image") or (name == "content" and "mrss" in space):
            _take_image(child, item)
    about = _attribute(element, "about") or ""
    item.title = found.get("title", "")
    item.link = (
        found.get("link") or found.get("atom") or found.get("origlink") or (about if about.startswith("http") else "")
    )
    item.guid = item.guid or about
    item.date, item.other_dates = _dates_of(dates)
    item.summary, item.content = found.get("summary", ""), found.get("content", "")
    return item


def _is_foreign_title(space: str) -> bool:
    return bool(space) and any(part in space for part in _FOREIGN_TITLES)


def _take_link(child: Any, text: str, found: dict[str, str]) -> None:
    href = _attribute(child, "href") or ""
    rel = (_attribute(child, "rel") or "alternate").lower()
    if not text and not href and (child.tail or "").strip().startswith(("http://", "https://")):
        text = child.tail.strip()  # written by HTML software: "<link>" is void there
    if text and "link" not in found:
        found["link"] = text
    elif href.strip() and rel == "alternate" and "atom" not in found:
        found["atom"] = href


def _entry(element: Any) -> RawItem:
    item = RawItem(base=element.base or "")
    found: dict[str, str] = {}
    dates: dict[str, str] = {}
    best = 99
    for child in element:
        name, space = _named(child.tag)
        if name == "link":
            rank = _link_rank(child)
            if rank < best:
                best, item.link, item.base = rank, _attribute(child, "href") or _text(child), child.base or item.base
        elif name == "title" and "title" not in found and not _is_foreign_title(space):
            found["title"] = _markup(child)
        elif name == "id":
            item.guid = _text(child)
        elif name in _DATES:
            dates.setdefault(name, _text(child))
        elif name in ("author", "creator") and not item.author:
            item.author = _text(_child(child, "name")) or _text(child)
        elif name == "category":
            item.categories.append(_attribute(child, "label") or _attribute(child, "term") or _text(child))
        elif name == "content" and "mrss" not in space:
            found.setdefault("content", _markup(child))
            if best > _CONTENT_RANK and _attribute(child, "src"):
                best, item.link = _CONTENT_RANK, _attribute(child, "src") or ""
        elif name in ("summary", "description") and "mrss" not in space:
            found.setdefault("summary", _markup(child))
        elif name in ("group", "content", "thumbnail"):
            _take_image(child, item)
    item.guid_is_address = item.guid.startswith(("http://", "https://"))
    item.title = found.get("title", "")
    item.date, item.other_dates = _dates_of(dates)
    item.summary, item.content = found.get("summary", ""), found.get("content", "")
    return item


def _link_rank(link: Any) -> int:
    """A web page first, then other alternates, then what only relates; an enclosure or a service address never."""
    if not (_attribute(link, "href") or _text(link)).strip():
        return 99
    rel = (_attribute(link, "rel") or "alternate").lower().removeprefix("http://www.iana.org/assignments/relation/")
    kind = (_attribute(link, "type") or "text/html").lower()
    if rel == "alternate":
        return 0 if "html" in kind else 1
    return {"related": 3, "via": 4, "self": 5}.get(rel, 99)


def _cdf_item(element: Any) -> RawItem:
    anchor = _child(element, "a")
    return RawItem(
        base=element.base or "",
        title=_text(_child(element, "title")),
        link=_attribute(element, "href") or (_attribute(anchor, "href") or "" if anchor is not None else ""),
        date=_attribute(element, "lastmod") or "",
        summary=_text(_child(element, "abstract")),
    )


def _take_image(element: Any, item: RawItem) -> None:
    for part in element.iter():
        name = _name(part)
        url = _attribute(part, "url") or (_text(part) if name == "image" else "")
        kind = _attribute(part, "type") or ""
        is_image = kind.startswith("image/") or _attribute(part, "medium") == "image" or name in ("thumbnail", "image")
        if url and is_image:
            item.images.append((url, _text(_child(part, "description"))))


def _dates_of(dates: dict[str, str]) -> tuple[str, list[str]]:
    """The date that stands for the publication, and what else tells it; a change is only taken for want of any."""
    if len(dates) == 1:
        ((name, date),) = dates.items()
        return date, [date] if date and name in _PUBLICATION else []
    printed = [dates[name] for name in _DATES if dates.get(name)]
    return (printed[0] if printed else ""), [dates[name] for name in _PUBLICATION if dates.get(name)]


def _generator(element: Any) -> str:
    found = _child(element, "generator")
    return " ".join(filter(None, [_text(found), _attribute(found, "version") or ""])) if found is not None else ""


def _markup(element: Any) -> str:
    """The HTML that an element carries: escaped text as it is, child elements written out without their prefixes."""
    if not len(element) and not len(element.attrib):
        return element.text or ""
    kind = (_attribute(element, "type") or "").lower()
    if (_attribute(element, "mode") or "").lower() == "base64":  # Atom 0.3
        try:
            return base64.b64decode(_text(element)).decode("utf-8")
        except ValueError:
            return ""
    if not len(element) or not any(isinstance(child.tag, str) for child in element):
        text = "".join(element.itertext()) if len(element) else element.text or ""
        if kind == "text" or kind == "text/plain":
            return text.replace("&", "&amp;").replace("<", "&lt;")
        return text
    for part in element.iter(etree.Element):
        part.tag = etree.QName(part).localname
    inner = element.text or ""
    etree.cleanup_namespaces(element)
    return str(inner.replace("&", "&amp;").replace("<", "&lt;")) + "".join(
        etree.tostring(child, encoding="unicode", method="html") for child in element
    )


def _name(element: Any) -> str:
    return _named(element.tag)[0]


@lru_cache(maxsize=500)  # a document has a dozen names, each on every item
def _named(tag: Any) -> tuple[str, str]:
    """Name and namespace, or the prefix that stands in for an undeclared one; no name for what is no element."""
    if not isinstance(tag, str):
        return "", str(tag).rpartition(":")[0].lower()
    name = tag.rpartition("}")[2].rpartition(":")[2].lower()
    return name, tag.rpartition("}")[0].lower() or tag.rpartition(":")[0].lower()


def _attribute(element: Any, name: str) -> str | None:
    for key, value in element.items():
        if key.rpartition("}")[2].lower() == name:
            return str(value).strip()
    return None


def _child(element: Any, name: str) -> Any | None:
    return next((child for child in element if _name(child) == name), None)


def _text(element: Any | None) -> str:
    if element is None:
        return ""
    text = "".join(element.itertext()) if len(element) else element.text
    return text.strip() if text else ""
