"""The words of an article on a page of which nothing is known, by trafilatura 2.3 without comments, dates and network."""

import logging
from copy import deepcopy

import trafilatura
from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from adapters.articles.page import ArticlePage, Element

# it tells of each page that it finds poor; what it found says so too
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
logging.getLogger("htmldate").setLevel(logging.CRITICAL)


def generic_text(page: ArticlePage, removed: set[Element]) -> str:
    """The article's words, a line per block; empty where none are found."""
    root = page.root
    if removed:
        places = [place for place, element in enumerate(root.iter()) if element in removed]
        root = deepcopy(root)
        elements = list(root.iter())
        for place in places:
            elements[place].drop_tree()
    try:
        return (
            trafilatura.extract(
                root, include_comments=False, include_tables=True, with_metadata=False, output_format="txt"
            )
            or ""
        )
    except (ValueError, TypeError, AttributeError, LookupError, AssertionError, RecursionError, etree.LxmlError):
        return ""  # its faults on broken markup: then nothing was found
