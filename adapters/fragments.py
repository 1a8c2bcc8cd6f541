"""Fragments of markup read at once: the cleaned html, its plain text and its images out of one split.

A parser builds a tree for each of the three, some 100 µs a post. Most fragments are everyday tags, well nested: there each tag is
written anew from the allow-list, and what stands between tags is escaped, so nothing gets through that was not composed here.
Whatever else may stand in one is left to the parsers, and all three are the same to the byte (tests/adapters/test_fragments.py).
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from html.entities import html5, name2codepoint
from typing import NamedTuple

from adapters.html import ATTRIBUTES, EVERYWHERE, TAGS, WHOLE_URL, clean_html, images_of, is_seen, text_of_html
from adapters.markup import is_doubtful
from syncd.ports.source import ImageData
from syncd.vietnamese.text import one_line

_SPLIT = re.compile(r"(<[^<>]*>)")
# Values hold no reference but that to "&", and no white space stands in tags but these: what else parsers make of them is their own affair.
_AND = "&(?:amp|#0?38);"
_VALUE = rf"""=(?:"([^"&]*+(?:{_AND}[^"&]*+)*+)"|'([^'&]*+(?:{_AND}[^'&]*+)*+)'|([\w.:#%-]+))"""
_TAG = re.compile(rf"<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:[ \n\t]+[a-zA-Z]+(?:{_VALUE})?)*)[ \n\t]*(/?)>")
_ATTRIBUTE = re.compile(rf"([a-zA-Z]+)(?:{_VALUE})?")
_ADDRESS = re.compile(r"[ \n\t](?:href|src)=", re.IGNORECASE)
_INLINE = frozenset(("a", "b", "strong", "i", "em", "u", "span", "font", "small", "sup", "sub"))
_BREAKS = frozenset(("br", "hr"))
_VOID = _BREAKS | {"img"}
_UNNESTED = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6"))  # what the next block closes
_LISTS = frozenset(("ul", "ol"))
_BLOCK = frozenset(("div", "blockquote", "li")) | _UNNESTED | _LISTS
_KNOWN = _INLINE | _BLOCK | _VOID
_ALLOWED = {tag: names | EVERYWHERE for tag, names in ATTRIBUTES.items()}
_ODD_HOST = re.compile(r"localhost|xn--")  # names that the cleaner looks at more closely
_REFERENCE = re.compile(r"&(#?[a-zA-Z0-9]*;?)")
# The references that all parsers read alike: the names of HTML 4 that still mean the same, and numbers of no control character.
_NAMED = frozenset(f"{name};" for name, code in name2codepoint.items() if html5[f"{name};"] == chr(code))
_NUMBERED = re.compile(r"#0{0,4}(?:3[2-9]|[4-9]\d|1[01]\d|12[0-6]|1[6-9]\d|[2-9]\d\d|[1-9]\d{3});")
_MAX_CHARS = 200_000
_MAX_DEPTH = 50  # beyond that a parser may give up, and says so in its own way
_KEPT_TAGS = 2_000
_KEPT_CHARS = 200  # of a tag: together a megabyte
_KEPT_TEMPLATE = 200  # tags of one fragment: 500 of those are a megabyte too


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """`html` as `clean_html` gives it, `text` as `text_of_html` of the source and of the html, `images` as `images_of` the html."""

    html: str
    text: str
    images: tuple[ImageData, ...]


class _Tag(NamedTuple):
    """What a tag means: its place in the nesting ("p", "/p", "" for what opens nothing), what stands for it, what it shows."""

    place: str
    cleaned: str
    shown: str
    image: ImageData | None


_UNKNOWN = _Tag("?", "", "", None)  # fits nowhere


def plain_fragment(source: str, base_url: str | None) -> Fragment | None:
    """What a fragment says, from its tags alone; None where a parser might see anything else in them.

    Addresses are resolved against `base_url`; None: only the text is asked for, and the rest means nothing.
    """
    if not _is_plain(source):
        return None
    if "<" not in source:
        return _without_tags(source)
    parts = _SPLIT.split(source)
    if len(parts) == 1:
        return None
    tags = _judged(parts[1::2], base_url)
    texts = "".join(parts[::2])
    if tags is None or "<" in texts:
        return None
    places, cleaned, shown, images = zip(*tags, strict=True)
    if not _are_nested(places):
        return None
    parts[1::2] = shown
    text = "".join(parts)
    if "&" in texts or "\xa0" in texts or ">" in texts:
        parts[::2] = [_escaped(unescape(part)) for part in parts[::2]]
        text = unescape(text)
    if "\u0338" in text or not unicodedata.is_normalized("NFC", text):
        return None  # a mark composes with what stood before its tag, and this one with the tag's own end
    parts[1::2] = cleaned
    return Fragment(html="".join(parts).strip(), text=_lines_of(text, source), images=_once_each(images))


def _without_tags(source: str) -> Fragment | None:
    text = unescape(source) if "&" in source else source
    if not (unicodedata.is_normalized("NFC", source) and unicodedata.is_normalized("NFC", text)):
        return None
    return Fragment(html=source.strip(), text=_lines_of(text, source), images=())


def _once_each(images: Iterable[ImageData | None]) -> tuple[ImageData, ...]:
    found: dict[str, ImageData] = {}
    for image in filter(None, images):
        found.setdefault(image.url, image)
    return tuple(found.values())


def plain_text(source: str) -> str:
    """The same as `text_of_html`."""
    plain = plain_fragment(source, None)
    return text_of_html(source) if plain is None else plain.text


def count_words(text: str) -> int:
    """How many words the text of a fragment has: each white space in it stands alone."""
    return text.count(" ") + text.count("\n") + bool(text)


def _is_plain(source: str) -> bool:
    """Whether the text has no control characters and no unusual references, and its tags no length that matters."""
    if "data-" in source or len(source) > _MAX_CHARS:
        return False
    # Spaces that are none to `isprintable`; everything else that shows nothing goes to the parsers.
    if not (source.isprintable() or source.replace("\n", "").replace("\t", "").replace("\xa0", "").isprintable()):
        return False
    if "&" in source and not all(map(_is_usual, set(_REFERENCE.findall(source)))):
        return False
    return not is_doubtful(source)


def _is_usual(reference: str) -> bool:
    """Whether all parsers read a reference alike, and to a character that stands for itself."""
    return reference in _NAMED or _NUMBERED.fullmatch(reference) is not None


def _escaped(text: str) -> str:
    """Text as the cleaner writes it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\xa0", "&nbsp;")


def _lines_of(text: str, source: str) -> str:
    """A line for each block, without white space to spare. `source` is printable, so it has a space or one of three others."""
    if "  " not in text and "&" not in source and "\xa0" not in source and "\t" not in source:
        return "\n".join(filter(None, [line.strip(" ") for line in text.split("\n")]))
    return "\n".join(filter(None, [" ".join(line.split()) for line in text.split("\n")]))


def _judged(written: list[str], base_url: str | None) -> list[_Tag] | None:
    """What the tags mean; None, and soon, where one of them is no everyday one."""
    found = [None if "=" in tag else _tag_of(tag) for tag in written]
    if _UNKNOWN in found:
        return None
    return [_tag(tag, base_url) if known is None else known for tag, known in zip(written, found, strict=True)]


def _tag(written: str, base_url: str | None) -> _Tag:
    if not _ADDRESS.search(written):
        return _tag_of(written)
    if base_url is None:
        found = _TAG.fullmatch(written)
        return _tag_of(f"<{found[1]}{found[2]}{found[7]}>") if found else _UNKNOWN
    return _judge(written, base_url)


def _judge(written: str, base_url: str) -> _Tag:
    """What a tag means, where it is an everyday one, whole in itself."""
    found = _TAG.fullmatch(written)
    if found is None:
        return _UNKNOWN
    closing, name, attributes, closed = found[1], found[2].lower(), found[3], found[7]
    if name not in (_VOID if closed else _KNOWN) or (closing and name in _VOID):
        return _UNKNOWN
    shown = "\n" if name in _BLOCK or name in _BREAKS else ""
    if closing:
        return _Tag(f"/{name}", f"</{name}>" if name in TAGS else "", shown, None)
    kept = _kept(name, attributes) if attributes else {}
    if kept is None:
        return _cleaned_alone(written, name, shown, base_url) if base_url else _UNKNOWN
    if name == "img":
        return _image(kept)
    if name == "a":
        kept["rel"] = "noopener nofollow"
    place = "" if name == "br" else name
    return _Tag(place, f"<{name}{_written(kept)}>" if name in TAGS else "", shown, None)


def _kept(name: str, attributes: str) -> dict[str, str] | None:
    """The attributes that the allow-list leaves; None where the cleaner must judge them, with the base that they stand against."""
    allowed = _ALLOWED.get(name, EVERYWHERE)
    kept: dict[str, str] = {}
    for written, double, single, bare in _ATTRIBUTE.findall(attributes):
        attribute = written.lower()
        if attribute in kept:
            return None
        if attribute in allowed:
            value = double or single or bare
            if "&" in value:
                value = re.sub(_AND, "&", value)
            if attribute in ("href", "src") and (not WHOLE_URL.fullmatch(value) or _ODD_HOST.search(value)):
                return None
            if not value.isascii() and not unicodedata.is_normalized("NFC", value):
                return None
            kept[attribute] = value
    return kept


def _written(attributes: dict[str, str]) -> str:
    """Attributes as the cleaner writes them."""
    return "".join([f' {name}="{_escaped(value).replace(chr(34), "&quot;")}"' for name, value in attributes.items()])


def _image(attributes: dict[str, str]) -> _Tag:
    written = _written(attributes)
    if not is_seen(written):
        return _Tag("", "", "", None)
    image = ImageData(url=attributes["src"], alt=one_line(attributes.get("alt", "")))
    return _Tag("", f"<img{written}>", "", image)


def _cleaned_alone(written: str, name: str, shown: str, base_url: str) -> _Tag:
    end = f"</{name}>" if name in TAGS and name not in _VOID else ""
    cleaned = clean_html(written + end, base_url).removesuffix(end)
    images = images_of(cleaned) if name == "img" else ()
    return _Tag("" if name in ("br", "img") else name, cleaned, shown, images[0] if images else None)


class _Tags(dict[str, _Tag]):
    """Tags without an address, each judged once: they are few, and then begun anew. Shared by threads."""

    def __missing__(self, written: str) -> _Tag:
        tag = _judge(written, "")
        if len(written) <= _KEPT_CHARS:
            if len(self) >= _KEPT_TAGS:
                self.clear()
            self[written] = tag
        return tag


_tag_of = _Tags().__getitem__


def _are_nested(places: tuple[str, ...]) -> bool:
    """Whether each element ends where its own end tag stands, for every parser."""
    return _nest(places) if len(places) <= _KEPT_TEMPLATE else _nest.__wrapped__(places)


@lru_cache(maxsize=500)  # the items of a feed are mostly made by one template
def _nest(places: tuple[str, ...]) -> bool:
    open_elements: list[str] = []
    for place in places:
        if not place:
            continue
        if place[0] == "/":
            if not open_elements or open_elements.pop() != place[1:]:
                return False
            continue
        if place == "?" or len(open_elements) >= _MAX_DEPTH:
            return False
        if (place in _BLOCK or place == "hr") and not _UNNESTED.isdisjoint(open_elements):
            return False
        if place == "a" and "a" in open_elements:
            return False
        around = open_elements[-1] if open_elements else ""
        if (around in _LISTS) != (place == "li"):
            return False
        if place != "hr":
            open_elements.append(place)
    return not open_elements
