"""Fragments of markup read at once: the cleaned html, its plain text and its images out of one split.

A parser builds a tree for each of the three, some 100 µs a post. Most fragments are everyday tags, well nested: there each
*distinct* tag is cleaned once, by the same cleaner, and what stands between tags is escaped. Whatever else may stand in one is
left to the parsers, and all three are the same to the byte (tests/adapters/test_fragments.py).
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from html.entities import html5, name2codepoint
from typing import NamedTuple

from adapters.html import TAGS, WHOLE_URL, clean_html, clean_tags, images_of, text_of_html
from adapters.markup import is_doubtful
from syncd.ports.source import ImageData

_SPLIT = re.compile(r"(<[^<>]*>)")
# Values hold no reference but `&amp;`, and no white space stands in tags but these: what else parsers make of them is their own affair.
_VALUE = r"""=(?:"((?:[^"&]|&amp;)*)"|'((?:[^'&]|&amp;)*)'|([\w.:#%-]+))"""
_TAG = re.compile(rf"<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:[ \n\t]+[a-zA-Z]+(?:{_VALUE})?)*)[ \n\t]*(/?)>")
_ADDRESS = re.compile(rf"[ \n\t](?:href|src)(?:{_VALUE})?", re.IGNORECASE)
_INLINE = frozenset(("a", "b", "strong", "i", "em", "u", "span", "font", "small", "sup", "sub"))
_VOID = {"br": "\n", "img": "", "hr": "\n"}
_UNNESTED = frozenset(("p", "h1", "h2", "h3", "h4", "h5", "h6"))  # what the next block closes
_LISTS = frozenset(("ul", "ol"))
_BLOCK = frozenset(("div", "blockquote", "li")) | _UNNESTED | _LISTS
_REFERENCE = re.compile(r"&(#?[a-zA-Z0-9]*;?)")
# The references that all parsers read alike: the names of HTML 4 that still mean the same, and numbers of no control character.
_NAMED = frozenset(f"{name};" for name, code in name2codepoint.items() if html5[f"{name};"] == chr(code))
_NUMBERED = re.compile(r"#(?:3[2-9]|[4-9]\d|1[01]\d|12[0-6]|1[6-9]\d|[2-9]\d\d|[1-9]\d{3});")
_MAX_CHARS = 200_000
_MAX_DEPTH = 50  # beyond that a parser may give up, and says so in its own way
_KEPT_TAGS = 2_000
_KEPT_CHARS = 200  # of a tag: together a megabyte
_KEPT_TEMPLATE = 200  # tags of one fragment: 500 of those are a megabyte too


@dataclass(frozen=True, slots=True, kw_only=True)
class Fragment:
    """What a fragment says: `html` as `clean_html` gives it, `text` as `text_of_html`, `images` as `images_of` the html.

    `whole`: the text surely is all that the html shows; no element holds words that cleaning would drop.
    """

    html: str
    text: str
    images: tuple[ImageData, ...]
    whole: bool


class _Tag(NamedTuple):
    """What a tag means: its place in the nesting ("p", "/p", "" for what opens nothing), what stands for it, what it shows."""

    place: str
    cleaned: str
    shown: str
    images: tuple[ImageData, ...]


def read_fragment(source: str, base_url: str) -> Fragment:
    """A fragment's html, text and images; addresses are resolved against `base_url`."""
    plain = plain_fragment(source, base_url)
    if plain is not None:
        return plain
    html = clean_html(source, base_url)
    return Fragment(html=html, text=text_of_html(source), images=images_of(html), whole=False)


def plain_fragment(source: str, base_url: str) -> Fragment | None:
    """The same from the tags alone; None where a parser might see anything else in them."""
    if not _is_plain(source):
        return None
    if "<" not in source:
        return _without_tags(source)
    parts = _SPLIT.split(source)
    tags = _judged(parts[1::2], base_url)
    texts = parts[::2]
    if tags is None or not _are_nested(tags) or "<" in "".join(texts):
        return None
    parts[1::2] = [tag.shown for tag in tags]
    text = "".join(parts)
    if "&" in source or "\xa0" in source or any(">" in part for part in texts):
        parts[::2] = [_escaped(unescape(part)) for part in texts]
        text = unescape(text)
    parts[1::2] = [tag.cleaned for tag in tags]
    html = "".join(parts).strip()
    if "\u0338" in text or not (unicodedata.is_normalized("NFC", html) and unicodedata.is_normalized("NFC", text)):
        return None  # a mark composes with what stood before its tag, and that one with the tag's own end
    return Fragment(html=html, text=_lines_of(text), images=_images_of(tags), whole=True)


def _without_tags(source: str) -> Fragment | None:
    text = unescape(source) if "&" in source else source
    if not (unicodedata.is_normalized("NFC", source) and unicodedata.is_normalized("NFC", text)):
        return None
    return Fragment(html=source.strip(), text=_lines_of(text), images=(), whole=True)


def plain_text(source: str) -> str:
    """The same as `text_of_html`."""
    plain = plain_fragment(source, "")
    return text_of_html(source) if plain is None else plain.text


def count_words(text: str) -> int:
    """How many words the text of a fragment has: each white space in it stands alone."""
    return text.count(" ") + text.count("\n") + bool(text)


def _is_plain(source: str) -> bool:
    """Whether the text has no control characters and no unusual references, and its tags no length that matters."""
    if "data-" in source or len(source) > _MAX_CHARS:
        return False
    # Spaces that are none to `isprintable`; everything else that shows nothing goes to the parsers.
    if not source.replace("\n", "").replace("\t", "").replace("\xa0", "").isprintable():
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


def _lines_of(text: str) -> str:
    """A line for each block, without white space to spare."""
    if "  " not in text and "\t" not in text and text.replace("\n", "").isprintable():  # no other white space either
        return "\n".join(filter(None, [line.strip(" ") for line in text.split("\n")]))
    return "\n".join(filter(None, [" ".join(line.split()) for line in text.split("\n")]))


def _images_of(tags: list[_Tag]) -> tuple[ImageData, ...]:
    images: dict[str, ImageData] = {}
    for tag in tags:
        for image in tag.images:
            images.setdefault(image.url, image)
    return tuple(images.values())


def _judged(written: list[str], base_url: str) -> list[_Tag] | None:
    tags = [_judge(tag, base_url) if "=" in tag and _ADDRESS.search(tag) else _tag_of(tag) for tag in written]
    found = [tag for tag in tags if tag is not None]
    return found if len(found) == len(tags) else None


def _judge(written: str, base_url: str) -> _Tag | None:
    """What a tag means; None where it is no everyday tag, whole in itself."""
    found = _TAG.fullmatch(written)
    if found is None:
        return None
    closing, name, closed = found[1], found[2].lower(), found[7]
    shown = "\n" if name in _BLOCK else ""
    if name in _VOID and not closing:
        base = base_url if _depends_on_base(written) else ""
        cleaned = clean_tags(written, base)
        images = images_of(cleaned) if name == "img" else ()
        return _Tag(place="hr" if name == "hr" else "", cleaned=cleaned, shown=_VOID[name], images=images)
    if (name not in _INLINE and name not in _BLOCK) or closed:
        return None
    end = f"</{name}>" if name in TAGS else ""
    if closing:
        return _Tag(place=f"/{name}", cleaned=end, shown=shown, images=())
    whole = clean_tags(f"{written}</{name}>", base_url if _depends_on_base(written) else "")
    return _Tag(place=name, cleaned=whole.removesuffix(end), shown=shown, images=())


def _depends_on_base(tag: str) -> bool:
    """Whether an address of a tag is not whole in itself, so that the cleaner for the fragment's own base must see it."""
    if "localhost" in tag:
        return True
    values = [double or single or bare for double, single, bare in _ADDRESS.findall(tag)]
    return not all(WHOLE_URL.fullmatch(value.replace("&amp;", "&")) for value in values)


class _Tags(dict[str, _Tag | None]):
    """Tags without an address, each judged once: they are few, and then begun anew. Shared by threads."""

    def __missing__(self, written: str) -> _Tag | None:
        tag = _judge(written, "")
        if len(written) <= _KEPT_CHARS:
            if len(self) >= _KEPT_TAGS:
                self.clear()
            self[written] = tag
        return tag


_tag_of = _Tags().__getitem__


def _are_nested(tags: list[_Tag]) -> bool:
    """Whether each element ends where its own end tag stands, for every parser."""
    places = tuple([tag.place for tag in tags if tag.place])
    return _nest(places) if len(places) <= _KEPT_TEMPLATE else _nest.__wrapped__(places)


@lru_cache(maxsize=500)  # the items of a feed are mostly made by one template
def _nest(places: tuple[str, ...]) -> bool:
    open_elements: list[str] = []
    for place in places:
        if place[0] == "/":
            if not open_elements or open_elements.pop() != place[1:]:
                return False
            continue
        if (place in _BLOCK or place == "hr") and not _UNNESTED.isdisjoint(open_elements):
            return False
        if place == "a" and "a" in open_elements:
            return False
        around = open_elements[-1] if open_elements else "div"
        if around in _LISTS if place != "li" else around not in _LISTS:
            return False
        if place != "hr":
            open_elements.append(place)
            if len(open_elements) > _MAX_DEPTH:
                return False
    return not open_elements
