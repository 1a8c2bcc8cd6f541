"""The words of an article on a page of which nothing is known, by trafilatura 2.3 without comments, dates and network."""

import logging
from copy import deepcopy

import trafilatura
from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from adapters.articles.page import ArticlePage, Element

# it tells of each page that it finds poor; what it found says so too
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
logging.getLogger("htmldate").setLevel(logging.CRITICAL)

# Characters. A short text may be the wrong part of its page: the slower way, which compares three readings, is asked too.
# On the corpus this way finds as much as always asking it, at half the time.
_SHORT = 600


def generic_text(page: ArticlePage, removed: set[Element]) -> str:
    """The article's words, a line per block; empty where none are found."""
    root = page.root
    if removed:
        places = [place for place, element in enumerate(root.iter()) if element in removed]
        root = deepcopy(root)
        elements = list(root.iter())
        for place in places:
            elements[place].drop_tree()
    text = _extracted(root, fast=True)
    if len(text) < _SHORT:
        text = _extracted(root, fast=False) or text
    return text


def _extracted(root: Element, *, fast: bool) -> str:
    try:
        return trafilatura.extract(root, include_comments=False, fast=fast, output_format="txt") or ""
    except (ValueError, TypeError, AttributeError, LookupError, AssertionError, RecursionError, etree.LxmlError):
        return ""  # its faults on broken markup: then nothing was found
