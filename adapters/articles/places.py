"""Where on a page things stand: its article's heading, what is beside that, and what belongs to other things."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from adapters.articles.page import ArticlePage, Element, text_of
from adapters.html import absolute
from syncd.vietnamese.fold import fold

_ASIDE_TAGS = {"aside", "nav", "footer", "select", "form", "script", "style", "noscript", "head"}
# whole words of a class or id: "header" alone is the page's, "entry-header" the article's
_ASIDE = re.compile(
    r"(?:^|[\s_-])(?:related|relate|lien-?quan|tin-?khac|other-?news|tinkhac|cac-?tin|sidebar|side-?bar|(?:id|show|form|list)?comment\w*|binh-?luan|respond|"
    r"widget\w*|teaser\w*|recent\w*|popular|latest|most-?read|xem-?nhieu|tin-?moi|clock|datetime-?now|current-?date|date-?now|header-?update|"
    r"date-?in-?header|today|weather|thoi-?tiet|footer|copyright|nav|navbar|navigation|menu|breadcrumb\w*|calendar|event-?list|"
    r"newsletter|cookie\w*|ticker|marquee|top-?bar|headertools|liveblog|archive-?list|search\w*)(?:$|[\s_-])",
    re.IGNORECASE,
)
_MAIN_TAGS = {"body", "html", "article", "main"}
_HEADING_TAGS = ("h1", "h2", "h3", "h4")
_TITLE_NAME = re.compile(r"title|headline|tieu-?de|heading", re.IGNORECASE)
_TITLE_PARTS = re.compile(r"\s+[|–—·»:-]\s+|\s*\|\s*")
_MIN_TITLE = 8
_MAX_ELEMENTS = 120  # looked at after the heading, half of that before it
_MAX_TEXT = 900  # characters between the heading and a byline: a lead may stand there
_PARAGRAPH = 260
_SHORT = 140
_MAX_CLIMB = 4


class Asides:
    """Tells of elements whether they belong to a side column, comments, a list of other posts, a footer or a clock.

    What also holds the element given here, the heading or the text of the article, is none of these, whatever it is called.
    """

    def __init__(self, inside: Element | None = None) -> None:
        self._known: dict[Element, bool] = {}
        if inside is not None:
            self._known = dict.fromkeys((inside, *inside.iterancestors()), False)

    def __contains__(self, element: Element) -> bool:
        climbed = []
        each = element
        while each is not None and each not in self._known:
            climbed.append(each)
            if (
                each.tag in _ASIDE_TAGS
                or each.tag in _MAIN_TAGS
                or any(map(_names_aside, (each.get("class"), each.get("id"))))
            ):
                self._known[each] = each.tag not in _MAIN_TAGS
                break
            each = each.getparent()
        known = each is not None and self._known[each]
        self._known.update(dict.fromkeys(climbed, known))
        return known


def _names_aside(name: str | None) -> bool:
    return bool(name) and len(name or "") < 400 and _ASIDE.search(name or "") is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """The heading of the page's article, and the elements of the page in order."""

    element: Element
    text: str
    asides: Asides

    def around(self) -> Iterator[tuple[Element, str]]:
        """Short elements near the heading that hold a digit, with where they stand: `after`, `inside` or `before` it.

        After it until the text has begun, before it only within the same few blocks. An element's own parts are not
        given again.
        """
        yield from self._after()
        for child in self.element.iter():
            if child is not self.element and _has_digit(child) and child not in self.asides:
                yield child, "inside"
        yield from self._before()

    def _after(self) -> Iterator[tuple[Element, str]]:
        seen = passed = 0
        skip: Element | None = None
        for element in _following(self.element):
            if skip is not None and any(above is skip for above in element.iterancestors()):
                continue
            skip = None
            seen += 1
            if seen > _MAX_ELEMENTS or passed > _MAX_TEXT or (element.tag in _HEADING_TAGS[:1] and passed > 0):
                return
            if not isinstance(element.tag, str):
                continue
            if element.tag in ("script", "style", "noscript") or element in self.asides:
                skip = element
                continue
            text = _bounded_text(element)
            if len(text) <= _SHORT and not _holds_blocks(element):
                if any(char.isdigit() for char in text) or element.get("datetime"):
                    yield element, "after"
                passed += len(text)
                skip = element
            elif element.text and len(element.text.strip()) > _PARAGRAPH:
                passed += len(element.text)

    def _before(self) -> Iterator[tuple[Element, str]]:
        block = self.element
        for _ in range(_MAX_CLIMB):
            above = block.getparent()
            if above is None or above.tag in ("body", "html"):
                return
            for sibling in list(block.itersiblings(preceding=True))[:12]:
                if (
                    isinstance(sibling.tag, str)
                    and len(_bounded_text(sibling, 600)) < 600
                    and sibling not in self.asides
                ):
                    for element in sibling.iter():
                        if (
                            isinstance(element.tag, str)
                            and _has_digit(element)
                            and len(_bounded_text(element)) <= _SHORT
                            and element not in self.asides
                        ):
                            yield element, "before"
            block = above


def heading_of(page: ArticlePage, stated: str) -> Heading | None:
    """The heading that says what the page's title says; else its only first-level one. None where neither is there."""
    titles = [
        fold(title) for title in (stated, page.meta("og:title"), page.meta("twitter:title"), _title(page)) if title
    ]
    site = fold(page.meta("og:site_name"))
    parts = {part for title in titles for part in [title, *_TITLE_PARTS.split(title)] if len(part) >= _MIN_TITLE}
    parts.discard(site)
    asides = Asides()
    headings = [
        (element, text)
        for tag in _HEADING_TAGS
        for element in page.root.iter(tag)
        if (text := text_of(element)[:600]) and (tag == "h1" or element not in asides)
    ]
    # a site's own name, at the end of its titles, is often its first heading: a whole title goes before a part of one,
    # the longer part before the shorter, and what leads to the front page is none
    for wanted in ({title for title in titles if len(title) >= _MIN_TITLE}, parts):
        found = [each for each in headings if fold(each[1]) != site and _matches(fold(each[1]), wanted)]
        found = [each for each in found if not _leads_home(each[0], page.url)] or found
        if found:
            element, text = max(found, key=lambda each: min(len(each[1]), max(map(len, wanted))))
            return Heading(element=element, text=text, asides=Asides(element))
    firsts = [element for element, _ in headings if element.tag == "h1" and element not in asides]
    for element in page.root.iter("div", "span", "p", "td", "a", "font", "strong", "b"):
        named = _TITLE_NAME.search(f"{element.get('class') or ''} {element.get('id') or ''}")
        if (named or element.tag in ("font", "strong", "b", "td")) and element not in asides:
            text = _bounded_text(element, 400)
            if len(text) < 400 and fold(text) in parts:
                return Heading(element=element, text=text_of(element), asides=Asides(element))
    if len(firsts) == 1:
        return Heading(element=firsts[0], text=text_of(firsts[0])[:600], asides=Asides(firsts[0]))
    return None


def _matches(text: str, parts: set[str]) -> bool:
    return len(text) >= _MIN_TITLE and any(
        text == part or (len(part) >= 20 and part in text) or (len(text) >= 20 and text in part) for part in parts
    )


def _leads_home(heading: Element, url: str) -> bool:
    link = next((each for each in (*heading.iter("a"), *heading.iterancestors("a")) if each.get("href")), None)
    if link is None:
        return False
    led_to = absolute(link.get("href"), url)
    return bool(led_to) and urlsplit(led_to)._replace(scheme="", netloc="", fragment="").geturl() in ("", "/")


def _title(page: ArticlePage) -> str:
    return next((" ".join(element.text.split()) for element in page.root.iter("title") if element.text), "")


def _following(element: Element) -> Iterator[Element]:
    """The elements after one, in page order, from its own end on."""
    block = element
    while block is not None and block.tag != "body":
        for sibling in block.itersiblings():
            yield from sibling.iter()
        block = block.getparent()


def _bounded_text(element: Element, limit: int = _SHORT) -> str:
    """The text of an element, cut off somewhere past the limit."""
    parts: list[str] = []
    length = 0
    for text in element.itertext():
        parts.append(text)
        length += len(text.strip())
        if length > limit:
            break
    return " ".join(" ".join(parts).split())


def _has_digit(element: Element) -> bool:
    return any(char.isdigit() for char in _bounded_text(element)) or bool(element.get("datetime"))


def _holds_blocks(element: Element) -> bool:
    return any(True for _ in element.iter("h1", "h2", "table", "ul", "article"))
