"""The text of an article: by the site's selectors, by what the page states, else found by trafilatura.

The last two give words only. Their words say which blocks of the page are the article; the markup given out is the
page's own, so that paragraphs, tables, links, images and their captions stay what they were.
"""

import re
from dataclasses import dataclass
from html import escape

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from adapters.articles.article import ArticleRules
from adapters.articles.edges import beyond_the_text
from adapters.articles.generic import generic_text
from adapters.articles.markup import Marked, by_elements, by_words
from adapters.articles.page import ArticlePage
from adapters.articles.places import Heading
from adapters.articles.stated import Stated
from adapters.html import clean_html, images_of, text_of_html
from syncd.domain.model import ReadDate
from syncd.vietnamese.text import nfc, one_line

_MIN_STATED = 400  # characters; a shorter one is a summary
_MIN_AGREEMENT = 0.9
_EMPTY = re.compile(
    r"<(?=[^<>]*>\s*</)(p|div|span|ul|ol|li|figure|h[1-6]|strong|em|b|i|table|tbody|tr|a)(?: [^<>]*)?>\s*</\1>"
)
_BLANK_LINES = re.compile(r"\s*\n\s*\n\s*")
_MAX_NESTED_EMPTY = 4
# readers' comments under names that trafilatura does not know: NukeViet's, and Vietnamese ones
_COMMENTS = etree.XPath(
    "//*[@id='idcomment' or @id='showcomment' or @id='formcomment' or @id='binhluan' or @id='binh-luan' or @id='ykienbandoc']"
)
_CUT_OFF = ("...", "…", "[…]", "[...]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The article's text. `text` leaves the captions of images out, `html` keeps them; `lead` is its first paragraph where the page sets it apart."""

    html: str = ""
    text: str = ""
    lead: str = ""
    found_by: str = "nothing"
    notes: tuple[str, ...] = ()


def find_body(
    page: ArticlePage, stated: Stated, heading: Heading | None, published: ReadDate, rules: ArticleRules
) -> Body:
    """The text by the first way that finds any; `found_by` "nothing" and why, where none does."""
    removed = set(page.find_all(rules.remove)) if rules.remove else set()
    around = set(heading.element.iterancestors()) if heading is not None else set()
    removed |= set(_COMMENTS(page.root)) - around
    for element in page.find(rules.content) if rules.content else ():
        body = _body(by_elements(element, removed), page, "selectors")
        if body.text or images_of(body.html):
            return body
    if not rules.generic:
        return Body(notes=("nothing stands where the selectors point",))
    byline = {one_line(each) for each in (heading.text if heading else "", published.raw) if each}
    if len(stated.body) >= _MIN_STATED and not stated.body.rstrip().endswith(_CUT_OFF):
        words = text_of_html(stated.body)
        marked = by_words(page, words, heading, byline, removed, weigh_rest=True)
        if marked.share >= _MIN_AGREEMENT and marked.left_out < len(words) // 4:
            return _body(marked, page, "stated")
    words = nfc(generic_text(page, removed))
    if not words:
        return Body(notes=("no text was found on the page",))
    marked = by_words(page, words, heading, byline, removed)
    if marked.share < _MIN_AGREEMENT:
        marked = _plain(words, byline)
    return _body(marked, page, "generic")


def _without_empty(html: str) -> str:
    """The markup without the elements that only held what was left out, and without its blank lines."""
    for _ in range(_MAX_NESTED_EMPTY):
        html, found = _EMPTY.subn("", html)
        if not found:
            break
    return _BLANK_LINES.sub("\n", html).strip()


def _plain(words: str, byline: set[str]) -> Marked:
    lines = list(filter(None, map(one_line, words.split("\n"))))
    beyond = beyond_the_text(lines, byline)
    kept = [line for at, line in enumerate(lines) if at not in beyond]
    return Marked(html="".join(f"<p>{escape(line, quote=False)}</p>" for line in kept), text="\n".join(kept))


def _body(marked: Marked, page: ArticlePage, found_by: str) -> Body:
    return Body(
        html=_without_empty(clean_html(marked.html, page.base)),
        text=nfc(marked.text),
        lead=marked.lead,
        found_by=found_by,
    )
