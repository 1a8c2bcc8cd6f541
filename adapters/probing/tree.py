"""A page as the list learner sees it: elements with the classes that will still be there tomorrow, their words, where they stand."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types
from lxml import html as lxml_html

from adapters.html import absolute, refuse_too_large
from syncd.vietnamese.text import one_line

Element = Any  # lxml ships no types

_NO_WORDS = ("script", "style", "noscript", "template", "svg", "iframe")
_COUNTED = re.compile(r"\d")
_KEPT_WITH_DIGIT = re.compile(r"^(?:h[1-6]|col-(?:xs|sm|md|lg|xl)-\d+)$")
# what a page says of an entry's place or state, not of its kind
_PLACE_WORDS = re.compile(
    r"^(?:active|current|selected|open|show|hide|hidden|visible|hover|first|last|odd|even|alt|alternate|item-?first|"
    r"item-?last|no-?border|nobo?r?d?e?r?|bo|clear|clearfix|clear-fix|fl|fr|left|right|pull-left|pull-right|cf|in|fade|"
    r"wow|animated|lazy|lazyload(?:ed)?|sticky|tag-.*|category-.*|status-.*|format-.*|has-.*|m[btlrxy]?-auto|ng-.*|"
    r"first_?child|last_?child|[a-z]?first|[a-z]?last)$",
    re.IGNORECASE,
)
_CLASS = re.compile(r"^-?[_a-zA-Z][_a-zA-Z-]*$")
_CLASS_WITH_DIGITS = re.compile(r"^-?[_a-zA-Z][_a-zA-Z0-9-]*$")


def tree_of(page: str) -> Element | None:
    """The page's body as a tree without scripts and comments; None where it has none.

    Raises:
        PageTooLarge: it is no page made to be read.
    """
    refuse_too_large(page)
    if not page.strip():
        return None
    # the encoding is named, or libxml2 would believe a meta element about text that is decoded already
    parser = lxml_html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        root = lxml_html.document_fromstring(page.encode("utf-8", "replace"), parser=parser, ensure_head_body=True)
    except (etree.ParserError, etree.XMLSyntaxError):
        return None  # nothing but comments
    for element in list(root.iter(*_NO_WORDS)):
        element.drop_tree()
    return root


def base_of_tree(root: Element, url: str) -> str:
    """What relative addresses stand against."""
    for base in root.iter("base"):
        if found := absolute(base.get("href") or "", url):
            return found
    return url


def stable_classes(element: Element) -> frozenset[str]:
    """The classes that name the element's kind: neither its number, nor its place in the list, nor the category of one post."""
    return _stable(element.get("class") or "")


@lru_cache(maxsize=8192)
def _stable(classes: str) -> frozenset[str]:
    return frozenset(name for name in classes.split() if is_stable(name))


def is_stable(name: str) -> bool:
    """Whether a class or id can be expected on tomorrow's page too."""
    if _PLACE_WORDS.match(name) or not _CLASS_WITH_DIGITS.match(name):
        return False
    return not _COUNTED.search(name) or _KEPT_WITH_DIGIT.match(name) is not None


def may_serve(name: str) -> bool:
    """Whether a class may be used where nothing better is there: a design's number (`x105`, `fon18`), no long count."""
    return _CLASS_WITH_DIGITS.match(name) is not None and not re.search(r"\d{4}|[0-9a-f]{6}", name)


def signature(element: Element) -> str:
    return _signature(element.tag, element.get("class") or "")


@lru_cache(maxsize=8192)
def _signature(tag: str, classes: str) -> str:
    return ".".join([tag, *sorted(_stable(classes))])


def way_down(element: Element) -> str:
    """The kinds of element from this one up to the body: equal for what is made alike."""
    return " ".join(signature(above) for above in [element, *up(element)])


def words_of(element: Element) -> str:
    """The element's text on one line; what stands in neighbouring elements is kept apart."""
    return one_line(" ".join(element.itertext()))


def children(element: Element) -> Iterator[Element]:
    return (child for child in element if isinstance(child.tag, str))


def up(element: Element) -> Iterator[Element]:
    """The element's ancestors, from the nearest, without the body and what holds it."""
    for above in element.iterancestors():
        if above.tag in ("body", "html"):
            return
        yield above
