"""The usual RSS document, read by its items' source text: no tree is built, and what each item prints is known before it is read.

An item here is a row of elements with text alone. A document that has anything else among its items (nesting, comments, a base of
its own, a fault) is left to lxml, and the raw items are the same (tests/adapters/test_feed_plain.py).
"""

import re
from collections.abc import Callable, Collection, Iterator
from functools import lru_cache
from typing import Any, Protocol

from adapters.sources.feed_items import RawFeed, RawItem, is_body, read_rss_item, read_tree

_HEAD = re.compile(r"<rss(?:[ \t\r\n][^<>]*)?>[ \t\r\n]*<channel>")
_TAIL = re.compile(rb"</item>([ \t\r\n]*</channel>[ \t\r\n]*</rss>[ \t\r\n]*)")
_ELEMENT = re.compile(
    r"<((?:[A-Za-z_][A-Za-z0-9_.-]*:)?[A-Za-z_][A-Za-z0-9_.-]*)"
    r"""((?:[ \t\n]+[A-Za-z_][A-Za-z0-9_.-]*=(?:"[^"<\t\n]*"|'[^'<\t\n]*'))*)[ \t\n]*"""
    r"(?:/>|>([^<]*+(?:<!\[CDATA\[(?:[^\]]++|\](?!\]>))*+\]\]>[^<]*+)*+)</\1[ \t\n]*>)"
)
_ATTRIBUTE = re.compile(r"""([A-Za-z0-9_.-]+)=(?:"([^"]*)"|'([^']*)')""")
_CDATA = re.compile(r"<!\[CDATA\[((?:[^\]]++|\](?!\]>))*+)\]\]>")
_REFERENCE = re.compile(
    r"&(?:(lt|gt|amp|quot|apos)|#0{0,4}(3[2-9]|[4-9]\d|[1-9]\d\d\d?|[1-4]\d{4})|#x0{0,4}([2-9a-fA-F][0-9a-fA-F]|[1-9a-fA-F][0-9a-fA-F]{2}|[1-9a-cA-C][0-9a-fA-F]{3}));"
)
_CHARACTERS = {"lt": "<", "gt": ">", "quot": '"', "apos": "'", "amp": "&"}
_CONTROL = bytes(code for code in range(0x20) if chr(code) not in "\t\n")
_NO_CHARACTERS = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")
_WHITE = " \t\n"


class _Element(list["_Element"]):
    """An element as `feed_items` asks for it: its children, and what lxml calls the rest."""

    __slots__ = ("attrib", "base", "tag", "tail", "text")

    def __init__(self, tag: str, text: str, attrib: dict[str, str]) -> None:
        self.tag = tag
        self.text = text
        self.attrib = attrib
        self.base: str | None = None
        self.tail = ""

    def items(self) -> Any:
        return self.attrib.items()

    def iter(self) -> Iterator["_Element"]:
        yield self
        yield from self


class Marks(Protocol):
    """Tells items by their source: what is settled need not be read again.

    `leaves_unread`: of settled items between the first and the last not even what tells them apart is read.
    """

    settled: Collection[str]
    leaves_unread: bool

    def marker(self, context: str) -> Callable[[bytes], str]:
        """What makes the fingerprint of an item out of its source. `context` stands above the items and gives their text its meaning."""
        ...


def read_plain(
    body: bytes, parse: Callable[[str], tuple[str, Any | None]], cap: int, marks: Marks | None
) -> RawFeed | None:
    """The feed in a document of UTF-8; None where it is not of the plain form.

    `parse` reads the document without its items: it gives what stands from the root on, and the tree of that.
    """
    start, end = body.find(b"<item>"), body.rfind(b"</item>")
    ending = _TAIL.fullmatch(body, max(end, 0))
    sources = _items_of(body[start:end]) if start >= 0 and ending and b"xml:base" not in body else None
    if sources is None or ending is None or len(sources) > cap:
        return None
    try:
        head, root = parse((body[:start] + ending[1]).decode())
        opening = _HEAD.match(head)
        feed = read_tree(root, cap) if root is not None and opening is not None else None
        if feed is None or opening is None or root is None or feed.total:
            return None
        reader = _Reader(root[0].nsmap, root[0].base)
        mark = marks.marker(opening[0]) if marks else None
        last = len(sources) - 1
        for at, source in enumerate(sources):
            fingerprint = mark(source) if mark else ""
            settled = marks is not None and fingerprint in marks.settled
            listed = _listed(source) if mark else b""
            if settled and marks is not None and marks.leaves_unread and 0 < at < last:
                feed.items.append(RawItem(fingerprint=fingerprint, listed=listed, brief=True, unread=True))
                continue
            item = reader.item(source.decode(), brief=settled) if settled or _is_text(source) else None
            if item is None:
                return None
            item.fingerprint, item.brief, item.listed = fingerprint, settled, listed
            item.source = b"" if settled else source
            feed.items.append(item)
    except UnicodeDecodeError:
        return None
    feed.total = len(sources)
    return feed


def _items_of(region: bytes) -> list[bytes] | None:
    """The source of each item, line ends as XML has them; None where anything but white space stands between items."""
    if b"\r" in region:
        region = region.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    sources = [source.lstrip(b" \t\n") for source in region.split(b"</item>")]
    return [source[6:] for source in sources] if all(source.startswith(b"<item>") for source in sources) else None


def _is_text(source: bytes) -> bool:
    """Whether it holds nothing that XML forbids."""
    whole = len(source.translate(None, _CONTROL)) == len(source)
    return whole and _NO_CHARACTERS[0] not in source and _NO_CHARACTERS[1] not in source


def _listed(source: bytes) -> bytes:
    """The title and the address as printed; the whole source where they stand in no plain element."""
    title, link = _printed(source, b"<title>", b"</title>"), _printed(source, b"<link>", b"</link>")
    return title + link if title and link else source


def _printed(source: bytes, opening: bytes, closing: bytes) -> bytes:
    start = source.find(opening)
    return source[start : source.find(closing, start)] if start >= 0 else b""


class _Reader:
    """Reads the items of one document. `spaces` are the namespaces declared above them, by prefix; `base` is what lxml gives them."""

    def __init__(self, spaces: dict[str | None, str], base: str | None) -> None:
        self._base = base
        self._spaces = spaces
        self._tags: dict[str, str | None] = {}

    def item(self, source: str, *, brief: bool) -> RawItem | None:
        """The item; None where it is not a row of elements with text alone. `brief`: what tells it from others and when it was, no more."""
        parts = _ELEMENT.split(source)
        if "".join(parts[::4]).strip(_WHITE):
            return None
        item = _Element("item", "", {})
        item.base = self._base
        for written, attributes, content in zip(parts[1::4], parts[2::4], parts[3::4], strict=True):
            if brief and is_body(written):
                continue
            tag = self._tag(written)
            attrib = _attributes(attributes) if attributes else _NONE
            text = _text_of(content) if content else ""
            if tag is None or attrib is None or text is None:
                return None
            item.append(_Element(tag, text, attrib))
        return read_rss_item(item)

    def _tag(self, written: str) -> str | None:
        """The name as lxml gives it; None where its prefix is not declared."""
        if written not in self._tags:
            prefix, colon, name = written.rpartition(":")
            space = self._spaces.get(prefix or None)
            self._tags[written] = f"{{{space}}}{name}" if space else None if colon else name
        return self._tags[written]


_NONE: dict[str, str] = {}


@lru_cache(maxsize=200)  # `isPermaLink="false"` on every item
def _attributes(written: str) -> dict[str, str] | None:
    found = [(name, double or single) for name, double, single in _ATTRIBUTE.findall(written)]
    attrib = {name: value for name, value in ((name, _resolved(value)) for name, value in found) if value is not None}
    return attrib if len(attrib) == len(found) == written.count("=") - sum(v.count("=") for _, v in found) else None


def _text_of(content: str) -> str | None:
    """The text of an element; None where it is not well-formed, or has references beyond the plainest."""
    if "]]>" not in content:
        return _resolved(content) if "&" in content else content
    if content.startswith("<![CDATA[") and content.find("]]>") == len(content) - 3:
        return content[9:-3]
    parts = _CDATA.split(content)
    outside = [_resolved(part) for part in parts[::2]]
    if None in outside or any("]]>" in part for part in parts[::2]):
        return None
    parts[::2] = [part or "" for part in outside]
    return "".join(parts)


def _resolved(text: str) -> str | None:
    """The text with its references resolved; None where it has others than XML's own and plain numbers."""
    if "&" not in text:
        return text
    most = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
    if most.count("&") == most.count("&amp;"):
        return most.replace("&amp;", "&")
    whole, resolved = _REFERENCE.subn(_character, text)
    return whole if resolved == text.count("&") else None


def _character(reference: re.Match[str]) -> str:
    name, decimal, sixteen = reference.groups()
    return _CHARACTERS[name] if name else chr(int(decimal) if decimal else int(sixteen, 16))
