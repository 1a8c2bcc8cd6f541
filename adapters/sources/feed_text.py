"""The plain text of what feeds carry, read in one pass where the markup is as simple as feeds write it.

`text_of_html` builds a tree for every fragment, some 100 µs each. Here a fragment of well-nested, everyday tags is read by its tags
alone; whatever else may stand in one is left to it, and the texts are the same (tests/adapters/test_feed_text.py).
"""

import re
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
_MAX_DEPTH = 50  # beyond that a parser may give up, and says so in its own way
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|nbsp|#(?:3[2-9]|[4-9]\d|1[01]\d|12[0-6]|1[6-9]\d|[2-9]\d\d|[1-9]\d{3}));)")
_CONTROL = bytes(code for code in (*range(0x20), 0x7F) if chr(code) not in "\t\n\r")


def plain_text(source: str) -> str:
    """The same as `text_of_html`."""
    if "<" not in source:
        return text_of_html(source)
    shown = _shown(source)
    if shown is None:
        return text_of_html(source)
    return "\n".join(filter(None, map(one_line, shown.split("\n"))))


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
    open_tags: list[str] = []
    for at in range(1, len(parts), 4):
        closing, name, closed = parts[at], parts[at + 1].lower(), parts[at + 2]
        if name in _VOID:
            # A closing "</br>" opens nothing and ends nothing.
            parts[at] = "" if closing else _VOID[name]
        elif name in _INLINE or name in _BLOCK:
            if closed or not _fits(open_tags, name, closing=bool(closing)):
                return None
            parts[at] = "\n" if name in _BLOCK else ""
        else:
            return None
        parts[at + 1] = parts[at + 2] = ""
    if open_tags:
        return None
    shown = "".join(parts)
    return unescape(shown) if "&" in shown else shown


def _fits(open_tags: list[str], name: str, *, closing: bool) -> bool:
    if closing:
        return bool(open_tags) and open_tags.pop() == name
    if name in _BLOCK and not _UNNESTED.isdisjoint(open_tags):
        return False
    if name == "a" and "a" in open_tags:
        return False
    open_tags.append(name)
    return len(open_tags) <= _MAX_DEPTH
