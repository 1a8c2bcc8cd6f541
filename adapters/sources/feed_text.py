"""The plain text of what feeds carry, read in one pass where the markup is as simple as feeds write it.

`text_of_html` builds a tree for every fragment, some 100 µs each. Here a fragment of well-nested, everyday tags is read by its tags
alone; whatever else may stand in one is left to it, and the texts are the same (tests/adapters/test_feed_text.py).
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from html import unescape

from adapters.html import text_of_html
from syncd.vietnamese.text import one_line

_TAG = re.compile(
    r"""<(/?)([a-zA-Z][a-zA-Z0-9]*)(?:\s+[a-zA-Z-]+(?:=(?:"[^"<>&]*"|'[^'<>&]*'|[^\s"'<>=`&]+))?)*\s*(/?)>"""
)
_INLINE = frozenset(("a", "b", "strong", "i", "em", "u", "span", "font", "small", "sup", "sub"))
_VOID = {"br": "\n", "img": "", "hr": "\n"}
_BLOCK = frozenset(("p", "div", "h1", "h2", "h3", "h4", "h5", "h6"))
_UNNESTED = _BLOCK - {"div"}  # what the next block closes
_KEPT_TAGS = 200  # of one fragment: 500 of those are 5 MB at most
_MAX_DEPTH = 50  # beyond that a parser may give up, and says so in its own way
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|nbsp|#(?:3[2-9]|[4-9]\d|1[01]\d|12[0-6]|1[6-9]\d|[2-9]\d\d|[1-9]\d{3}));)")
_CONTROL = bytes(code for code in (*range(0x20), 0x7F) if chr(code) not in "\t\n\r")


def plain_text(source: str) -> str:
    """The same as `text_of_html`."""
    return plain_and_all(source)[0]


def plain_and_all(source: str) -> tuple[str, bool]:
    """The same as `text_of_html`, and whether it surely is the whole: no element holds text that cleaning would drop."""
    if "<" not in source:
        return text_of_html(source), False
    shown = _shown(source)
    if shown is None:
        return text_of_html(source), False
    return "\n".join(filter(None, _lines(shown))), True


def _lines(shown: str) -> Iterable[str]:
    """Each line as `one_line` gives it; composed in one go, as a line end takes part in no composition."""
    lines = shown.split("\n")
    if not "".join(lines).isprintable():
        return map(one_line, lines)
    return [" ".join(line.split()) for line in unicodedata.normalize("NFC", shown).split("\n")]


def _shown(source: str) -> str | None:
    """The text with a line end at each block; None where the tree that a parser would make of it is not plain from the tags."""
    if _ENTITY.search(source) or source.lstrip()[:1] == "":
        return None
    parts = _TAG.split(source)
    if "<" in "".join(parts[::4]):
        return None
    try:
        if len(source.encode().translate(None, _CONTROL)) != len(source.encode()):
            return None
    except UnicodeEncodeError:
        return None
    tags = tuple(parts[1::4]), tuple(parts[2::4]), tuple(parts[3::4])
    shown_for_tags = _shown_for(*tags) if len(parts) <= _KEPT_TAGS * 4 else _shown_for.__wrapped__(*tags)
    if shown_for_tags is None:
        return None
    texts = parts[::4]
    texts[1:] = [shown + text for shown, text in zip(shown_for_tags, texts[1:], strict=True)]
    shown = "".join(texts)
    return unescape(shown) if "&" in shown else shown


@lru_cache(maxsize=500)  # the items of a feed are mostly made by one template
def _shown_for(closings: tuple[str, ...], names: tuple[str, ...], closeds: tuple[str, ...]) -> tuple[str, ...] | None:
    """What each tag shows, a line end or nothing; None where they are not nested plainly."""
    open_tags: list[str] = []
    shown = []
    for closing, written, closed in zip(closings, names, closeds, strict=True):
        name = written.lower()
        if name in _VOID:
            # A closing "</br>" opens nothing and ends nothing.
            shown.append("" if closing else _VOID[name])
        elif name in _INLINE or name in _BLOCK:
            if closed or not _fits(open_tags, name, closing=bool(closing)):
                return None
            shown.append("\n" if name in _BLOCK else "")
        else:
            return None
    return None if open_tags else tuple(shown)


def _fits(open_tags: list[str], name: str, *, closing: bool) -> bool:
    if closing:
        return bool(open_tags) and open_tags.pop() == name
    if name in _BLOCK and not _UNNESTED.isdisjoint(open_tags):
        return False
    if name == "a" and "a" in open_tags:
        return False
    open_tags.append(name)
    return len(open_tags) <= _MAX_DEPTH
