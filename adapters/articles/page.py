"""An article's page, parsed once by lxml; CSS selectors find elements of that same tree."""

import itertools
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from bs4 import BeautifulSoup
from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types
from lxml import html as lxml_html

from adapters.articles.article import ArticleFault
from adapters.html import MAX_PAGE_CHARS, MAX_PAGE_DEPTH, MAX_PAGE_TAGS, absolute, select
from syncd.vietnamese.legacy_html import DecodedPage, decode_page
from syncd.vietnamese.text import Decoded, decode, one_line

Element = Any  # an lxml element; lxml ships no types

_OTHER_KINDS = re.compile(
    rb"%PDF-|PK\x03\x04|\xd0\xcf\x11\xe0|\x89PNG|GIF8|\xff\xd8\xff|Rar!|\x1f\x8b|\{\\rtf|<\?xml[^>]*>\s*<(?:rss|feed)\b"
)
_TAG = re.compile(r"<[a-zA-Z!/]")
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
# without the signs that other languages write within words: ñ, ç, the soft hyphen
_OLD_SIGN = re.compile(
    "[\xa1-\xac\xae\xaf\xb1-\xb6\xb8-\xbf\xc5\xc6\xcb\xce-\xd0\xd7\xd8\xdb\xde\xe5\xe6\xeb\xee-\xf0\xf7\xf8\xfb\xfe\xff](?<=[A-Za-z\xa1-\xff].)"
)
_OLD_REFERENCE = re.compile(
    r"&(?:#1[3-9]\d|#2[0-5]\d|#[xX](?!A0)[89A-Fa-f][0-9A-Fa-f]|reg|copy|micro|para|cedil|sup[123]|shy|yen|pound|curren|brvbar|sect|uml|ord[fm]"
    r"|laquo|not|macr|plusmn|acute|frac\d\d|[Aa]ring|AElig|aelig|[Cc]cedil|[EeIiOo]uml|[IiUu]circ|ETH|eth|[Nn]tilde|times|[Oo]slash|THORN|thorn"
    r"|divide|yuml);(?=[A-Za-z&])"
)
_FEWEST_SIGNS = 2
_PLAIN = bytes(each for each in range(256) if not _OLD_SIGN.search(f"a{chr(each)}"))
_MARK = "data-syncd-place"
_NOT_TEXT = ("script", "style", "noscript", "template")
_VALUE_OF = {"meta": "content", "time": "datetime", "data": "value"}


class ArticlePage:
    """One page with its address, and the tree of it that all readings share: none of them changes it."""

    def __init__(self, body: bytes, *, content_type: str, url: str) -> None:
        """Decode and parse a page.

        Raises:
            ArticleFault: `not_html`: a document of another kind stands at this address; `too_large`: more than any page
                made to be read.
        """
        if _OTHER_KINDS.match(body.lstrip()[:64]):
            raise ArticleFault(f"{url} is a file of another kind, not a page", kind="not_html")
        decoded: Decoded | DecodedPage = decode(body, content_type=content_type)
        if decoded.encoding != "utf-8" or _may_be_old(decoded.text):
            decoded = decode_page(body, content_type=content_type)
        text = _NOT_XML.sub("", decoded.text)
        if not _TAG.search(text):
            raise ArticleFault(f"{url} holds no markup", kind="not_html")
        self.url = url
        self.notes = (
            decoded.notes if isinstance(decoded, DecodedPage) else ()
        )  # an old encoding that was converted, broken characters
        self.root = _parsed(text, url)
        self.elements: list[Element] = list(self.root.iter())  # held, for lxml makes each anew for each walk otherwise
        _refuse_too_large(self.elements, url)

    @cached_property
    def base(self) -> str:
        """What relative addresses stand against: the page's `<base href>`, or its own address."""
        href = next((each.get("href") for each in self.root.iter("base") if each.get("href")), None)
        return (absolute(href, self.url) if href else "") or self.url

    @cached_property
    def metas(self) -> dict[str, list[str]]:
        """What the page's meta elements say, by their name, property or itemprop in lower case, in page order."""
        found: dict[str, list[str]] = {}
        for element in self.root.iter("meta"):
            content = one_line(element.get("content") or "")
            for kind in ("property", "name", "itemprop", "http-equiv"):
                for name in (element.get(kind) or "").lower().split() if content else ():
                    found.setdefault(name, []).append(content)
        return found

    def meta(self, *names: str) -> str:
        """The first of these metas that the page has."""
        return next((self.metas[name][0] for name in names if name in self.metas), "")

    def find(self, selectors: Iterable[str]) -> list[Element]:
        """What the first selector that finds anything finds, in page order."""
        return next((found for each in selectors if (found := self._select(each))), [])

    def find_all(self, selectors: Iterable[str]) -> Iterator[Element]:
        """What each selector finds."""
        return itertools.chain.from_iterable(map(self._select, selectors))

    def _select(self, selector: str) -> list[Element]:
        soup, places = self._marked
        return [places[str(found[_MARK])] for found in select(soup, selector) if found.get(_MARK)]

    @cached_property
    def _marked(self) -> tuple[BeautifulSoup, dict[str, Element]]:
        """The tree again for CSS selectors, each element with its place in the first one."""
        places = {str(place): element for place, element in enumerate(self.root.iter(etree.Element))}
        for place, element in places.items():
            element.set(_MARK, place)
        marked = lxml_html.tostring(self.root, encoding="unicode")
        for element in places.values():
            del element.attrib[_MARK]
        return BeautifulSoup(marked, "lxml"), places


def value_of(element: Element) -> str:
    """What an element tells: the `content` of a meta, the `datetime` of a time, else its text on one line."""
    value = element.get(_VALUE_OF.get(element.tag, "")) if element.tag in _VALUE_OF else None
    return one_line(value) if value else text_of(element)


def text_of(element: Element) -> str:
    """The text of an element on one line, blanks between its parts; scripts left out."""
    if next(element.iter(*_NOT_TEXT), None) is None:
        return one_line(" ".join(element.itertext()))
    return one_line(" ".join(_texts(element)))


def _texts(element: Element) -> Iterator[str]:
    walk = etree.iterwalk(element, events=("start", "end"))
    for event, each in walk:
        if event == "start":
            if each.tag in _NOT_TEXT:
                walk.skip_subtree()
            elif each.text:
                yield each.text
        elif each.tail and each is not element:
            yield each.tail


def _may_be_old(text: str) -> bool:
    """Whether some word holds a sign that TCVN3, VNI, VISCII and VPS write letters with, and Unicode Vietnamese does not.

    Looking closer takes a third of the time of a whole reading.
    """
    signs = text.encode("latin-1", "ignore").translate(None, _PLAIN)  # quicker than the search; mostly none is left
    found = itertools.chain(
        _OLD_SIGN.finditer(text) if len(signs) >= _FEWEST_SIGNS else (), _OLD_REFERENCE.finditer(text)
    )
    return sum(1 for _ in itertools.islice(found, _FEWEST_SIGNS)) == _FEWEST_SIGNS


def _parsed(text: str, url: str) -> Element:
    if len(text) > MAX_PAGE_CHARS or text.count("<") > 4 * MAX_PAGE_TAGS:
        raise ArticleFault(f"{url} has {len(text):,} characters: more than any page made to be read", kind="too_large")
    parser = lxml_html.HTMLParser(encoding="utf-8", huge_tree=True, remove_pis=True, remove_comments=True)
    try:
        return lxml_html.document_fromstring(text.encode(), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as err:
        raise ArticleFault(f"{url} holds no page: {err}", kind="not_html") from err


def _refuse_too_large(elements: list[Element], url: str) -> None:
    if len(elements) > MAX_PAGE_TAGS:
        raise ArticleFault(f"{url} has more than {MAX_PAGE_TAGS:,} elements", kind="too_large")
    depths: dict[Element, int] = {}
    for element in elements:
        depths[element] = depths.get(element.getparent(), 0) + 1
    if max(depths.values()) > MAX_PAGE_DEPTH:
        raise ArticleFault(f"{url} nests its elements deeper than {MAX_PAGE_DEPTH}", kind="too_large")
