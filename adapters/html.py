"""HTML from outside: cleaned to an allow-list, its text, its images, its feeds, and elements found by CSS selectors.

Parsing is lxml's (through Beautiful Soup where selectors are asked for), cleaning is nh3's: what it lets through is
listed here and nowhere else. No script, style, frame, form, event handler, `data:` or `javascript:` address survives.
"""

import html
import itertools
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import nh3
from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from adapters.http.addresses import AddressGuard
from adapters.markup import most_attributes, tamed
from syncd.ports.source import ImageData
from syncd.vietnamese.text import nfc, one_line

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

TAGS = {
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "del", "div",
    "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "li",
    "ol", "p", "pre", "q", "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr", "u", "ul",
}  # fmt: skip
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "col": {"span"},
    "ol": {"start"},
}
EVERYWHERE = {"lang", "title"}
_SCHEMES = {"http", "https", "mailto", "tel"}
_WITH_CONTENT_DROPPED = {
    "script",
    "style",
    "noscript",
    "template",
    "iframe",
    "object",
    "svg",
    "math",
    "textarea",
    "title",
}
_BLOCKS = {
    "address", "article", "aside", "blockquote", "br", "caption", "dd", "div", "dl", "dt", "figcaption",
    "figure", "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre",
    "section", "table", "td", "th", "tr", "ul",
}  # fmt: skip
_LAZY = ("data-src", "data-original", "data-lazy-src", "data-lazy")
_OPENING = re.compile(r"<[a-zA-Z]")
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--")
# what a title may be marked up with; "<title>" in a title speaks of a tag
_NO_MARKUP = re.compile(
    r"<(?!!--|/?(?:"
    + "|".join(sorted(TAGS | {"big", "center", "font", "mark", "script", "strike", "style", "tt", "wbr", "o:p"}))
    + r")(?:[\s/][^<>]*)?>)",
    re.IGNORECASE,
)
_OPEN_OR_CLOSE = re.compile(
    r"<(/?)(?!(?:p|li|t[drh]|d[td]|br|img|hr|input|meta|link|col|source|wbr|area|base|embed|option)\b)[a-zA-Z]"
)
_MAX_DEPTH = 500  # nh3 takes time by the square of the depth: two minutes for 200,000 nested elements
MAX_PAGE_TAGS = 40_000  # Beautiful Soup takes about 20 µs a tag, and a busy page of a newspaper has 8,000
MAX_PAGE_CHARS = 5_000_000
MAX_PAGE_ATTRIBUTES = 2_000  # of one tag; libxml2 takes time by the square of their number
MAX_TEXT_CHARS = 2_000_000  # of one post, pictures written into it apart; a novel has half of that
MAX_PAGE_DEPTH = 1_000  # a selector climbs to the root from each element it tries; real pages stay below 60
_IMAGE = re.compile(r'<img((?: [a-z]+="[^"]*")*)>')
_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')
_SIZE = re.compile(r' (?:width|height)="\s*([^"]*?)(?:px)?\s*"')
_NUMERIC_HOST = re.compile(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)\.?")  # a browser takes such a name for an IPv4 address
_PUBLIC_ONLY = AddressGuard()
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufdd0-\ufdef\ufeff\ufffe\uffff\ud800-\udfff]"
)
_SPACE = re.compile(r"\s")
# an address of the web in which nothing is to be resolved, mended or doubted
WHOLE_URL = re.compile(
    r"https?://(?:[a-z0-9-]+\.)+[a-z]{2,}(?:/[\w.~!$&'()*+,=:@%/-]*)?(?:\?[\w.~!$&'()*+,=:@%/-]+)?", re.ASCII
)
_PROLOG = re.compile(r"^\s*(?:<\?[^>]*>\s*)+")
_WRITTEN_IN = re.compile(r"data:[^\s\"'<>]{200,}")
_BARE_HOST = re.compile(r"www\.[\w-]+\.[\w.-]+(?:[/?#:]|$)", re.IGNORECASE)
_OF_COMMENTS = re.compile(r"comment|bình luận|binh-luan|phản hồi|phan-hoi", re.IGNORECASE)
_FEED_TYPES = {"application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"}


class PageTooLarge(ValueError):
    """A page that would take too long to be searched; the message says what is too much."""


def absolute(address: str, base_url: str) -> str:
    """The address as http or https URL, resolved against the page; empty where it is neither or cannot be one."""
    if WHOLE_URL.fullmatch(address):
        return address
    address = _SPACE.sub("%20", _UNSEEN.sub("", address).strip())
    if _BARE_HOST.match(address):
        address = f"http://{address}"
    try:
        url = urljoin(base_url, address)
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # "http://[", ":99999" and the like
        return ""
    return url if parts.scheme in ("http", "https") and parts.hostname and port != 0 else ""


def clean_html(source: str, base_url: str) -> str:
    """The allowed part of a fragment, with absolute addresses. Text is NFC. Images that load late get their real address.

    Images that show nothing are left out: without address, of one pixel, or on an address that is not public and not the page's own.
    """
    source = nfc(_bounded(source))
    if not _TAG.search(source):
        return nh3.clean_text(source) if "<" in source else source.strip()
    if _depth(source) > _MAX_DEPTH:
        return nh3.clean_text(one_line(_TAG.sub(" ", source)))
    if "<img" in source and any(name in source for name in _LAZY):
        source = _load_images(source)
    # Composed once more, as "&#1;" is a character only now; and a mark after a tag must not make another character of its end.
    cleaned = _cleaner(base_url).clean(source).replace(">\u0338", ">")
    if "<img" in cleaned:
        cleaned = _IMAGE.sub(lambda image: image[0] if is_seen(image[1]) else "", cleaned)
    return nfc(cleaned).strip()


@lru_cache(maxsize=32)  # a list's entries stand against one base, and each cleaner keeps its own copy of the lists
def _cleaner(base_url: str) -> nh3.Cleaner:
    def keep(tag: str, name: str, value: str) -> str | None:
        if name == "href" and not value.startswith(("mailto:", "tel:")):
            return absolute(value, base_url) or None
        if name == "src":
            url = absolute(value, base_url)
            return None if not url or _is_internal(url, base_url) else url
        return value

    return nh3.Cleaner(
        tags=TAGS,
        clean_content_tags=_WITH_CONTENT_DROPPED,
        attributes={**ATTRIBUTES, "*": EVERYWHERE},
        attribute_filter=keep,
        url_schemes=_SCHEMES,
        link_rel="noopener nofollow",
    )


def is_seen(attributes: str) -> bool:
    """Whether an image shows anything. WordPress feeds end in one of a pixel, there to count readers."""
    sizes = _SIZE.findall(attributes)
    return ' src="' in attributes and not (len(sizes) == 2 and all(size in ("0", "1") for size in sizes))


def _is_internal(url: str, base_url: str) -> bool:
    """Whether an image would make its reader's browser knock within the reader's own network."""
    if WHOLE_URL.fullmatch(url) and "localhost" not in url:
        return False  # the name of its host ends in letters, so it is no number
    host = urlsplit(url).hostname or ""
    if not (_NUMERIC_HOST.fullmatch(host) or ":" in host or host.rstrip(".").endswith("localhost")):
        return False
    return _PUBLIC_ONLY.refusal(host) is not None and host != urlsplit(base_url).hostname


def text_of_html(source: str) -> str:
    """The plain text of a fragment: one line per block, no empty lines, white space collapsed, entities decoded."""
    if not _TAG.search(source) and "&" not in source:
        return "\n".join(filter(None, (one_line(line) for line in source.splitlines())))
    root = _fragment(_bounded(source))
    if root is None:
        return ""
    parts: list[str] = []
    for event, element in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        tag = element.tag if isinstance(element.tag, str) else None
        if event in ("comment", "pi"):
            parts.append(element.tail or "")
        elif event == "start":
            parts.append(("\n" if tag in _BLOCKS else "") + ("" if tag in ("script", "style") else element.text or ""))
        else:
            parts.append(("\n" if tag in _BLOCKS else "") + (element.tail or ""))
    return "\n".join(filter(None, (one_line(line) for line in "".join(parts).split("\n"))))


def title_text(source: str) -> str:
    """A title on one line: markup and entities undone, as often as feeds wrap them; a lone `<` and a `<word>` stay."""
    text = source
    for _ in range(3):
        if "&" not in text and ("<" not in text or not _TAG.search(text)):
            break
        text = _NO_MARKUP.sub("&lt;", text)
        undone = text_of_html(text).replace("\n", " ")
        if undone == text:
            break
        text = undone
    return one_line(text)


def images_of(cleaned: str) -> tuple[ImageData, ...]:
    """The images of cleaned HTML, in order, each address once, with the caption of their figure."""
    if "<img" not in cleaned:
        return ()
    images: dict[str, ImageData] = {}
    written = _IMAGE.findall(cleaned)
    if "<figure" not in cleaned and len(written) == cleaned.count("<img"):
        for attributes in written:
            told = {name: html.unescape(value) for name, value in _ATTRIBUTE.findall(attributes)}
            if url := told.get("src"):
                images.setdefault(url, ImageData(url=url, alt=one_line(told.get("alt", ""))))
        return tuple(images.values())
    root = _fragment(cleaned)
    for element in root.iter("img") if root is not None else ():
        url = element.get("src") or ""
        if not url or url in images:
            continue
        figure = next(element.iterancestors("figure"), None)
        caption = figure.find(".//figcaption") if figure is not None else None
        images[url] = ImageData(
            url=url,
            alt=one_line(element.get("alt") or ""),
            caption=one_line("".join(caption.itertext())) if caption is not None else "",
        )
    return tuple(images.values())


def announced_feeds(page: str, base_url: str) -> list[str]:
    """The feeds that a page names, in its order, feeds of comments last; of a page too large to be parsed, those in its first part."""
    try:
        parsed = parse_page(page)
    except PageTooLarge:
        tags = list(itertools.islice(_TAG.finditer(page[:MAX_PAGE_CHARS]), MAX_PAGE_TAGS // 10))
        parsed = _soup(page[: tags[-1].end() if tags else 0])
    found: dict[str, bool] = {}
    for element in parsed.select("link[href]"):
        if str(element.get("type", "")).split(";")[0].strip().lower() in _FEED_TYPES:
            url = absolute(str(element["href"]), base_of(parsed, base_url))
            if url:
                found.setdefault(url, _OF_COMMENTS.search(f"{url} {element.get('title', '')}") is not None)
    return sorted(found, key=lambda url: found[url])


def base_of(page: "BeautifulSoup", url: str) -> str:
    """What relative addresses of a page stand against: its `<base href>`, or its own address."""
    element = page.select_one("base[href]")
    return (absolute(str(element["href"]), url) if element is not None else "") or url


def looks_like_html(text: str) -> bool:
    """Whether a document is a web page, whatever it says it is."""
    head = re.sub(r"<!--.*?-->", "", text[:4096], flags=re.DOTALL).lstrip("\ufeff \t\r\n").lower()
    return bool(re.search(r"<!doctype html|<html[\s>]|<head[\s>]|<body[\s>]", head)) and "<rss" not in head


def asks_for_login(page: str) -> bool:
    """Whether a page holds a password field."""
    return re.search(r"<input[^>]{0,300}type\s*=\s*[\"']?password", page, re.IGNORECASE) is not None


def parse_page(page: str) -> "BeautifulSoup":
    """A whole page, ready for `select`, at less than 2 s of CPU.

    Raises:
        PageTooLarge: the page has more text, tags, attributes or nesting than any page made to be read.
    """
    refuse_too_large(page)
    # Beautiful Soup warns of what looks like XML, and of a text that looks like an address: a page may be either
    return _soup(_PROLOG.sub("", page) if "<" in page else f"<body>{page}")


def _soup(page: str) -> "BeautifulSoup":
    from bs4 import BeautifulSoup  # with its selectors 70 ms, and feeds need neither

    return BeautifulSoup(page, "lxml")


def refuse_too_large(page: str) -> None:
    """Raise PageTooLarge for a page with more text, tags, attributes or nesting than any page made to be read."""
    if len(page) > MAX_PAGE_CHARS:
        raise PageTooLarge(f"the page has {len(page):,} characters, at most {MAX_PAGE_CHARS:,} are read")
    tags = sum(1 for _ in itertools.islice(_OPENING.finditer(page), MAX_PAGE_TAGS + 1))
    if tags > MAX_PAGE_TAGS or page.count("<") > 4 * MAX_PAGE_TAGS:
        raise PageTooLarge(f"the page has more than {MAX_PAGE_TAGS:,} elements")
    if most_attributes(page) > MAX_PAGE_ATTRIBUTES:
        raise PageTooLarge(f"a tag of the page has more than {MAX_PAGE_ATTRIBUTES:,} attributes")
    if _depth(page) > MAX_PAGE_DEPTH and _tree_depth(page) > MAX_PAGE_DEPTH:
        raise PageTooLarge(f"the page nests its elements deeper than {MAX_PAGE_DEPTH}")


def select(within: "BeautifulSoup | Tag", selector: str) -> "list[Tag]":
    """The elements a CSS selector finds, in page order. Raises ValueError for a selector that is none."""
    from soupsieve import SelectorSyntaxError  # Beautiful Soup has it loaded

    try:
        return list(within.select(selector))
    except SelectorSyntaxError as err:
        raise ValueError(f"not a CSS selector: {selector}") from err


def value_of(element: "Tag") -> str:
    """What an element tells: the `content` of a meta, the `datetime` of a time, else its text on one line."""
    for name in ("content", "datetime") if element.name in ("meta", "time") else ():
        if value := element.get(name):
            return one_line(str(value))
    return one_line(element.get_text(" "))


def canonical_of(page: "BeautifulSoup", page_url: str) -> str | None:
    """The page's canonical address, where it lies on the page's own host and is not the front page."""
    element = page.select_one('link[rel~="canonical"][href]')
    url = absolute(str(element["href"]), page_url) if element is not None else ""
    own = urlsplit(page_url).hostname
    if not url or urlsplit(url).hostname != own or (urlsplit(url).path in ("", "/") and not urlsplit(url).query):
        return None
    return url


def _bounded(source: str) -> str:
    """The same fragment, of a size and with tags that no parser takes long for; what is beyond is cut."""
    if len(source) > MAX_TEXT_CHARS:
        source = _WRITTEN_IN.sub("data:,", source)[:MAX_TEXT_CHARS]
    return tamed(source)


def _fragment(source: str) -> Any | None:
    from lxml import html as lxml_html  # few fragments need a tree

    try:
        return lxml_html.fragment_fromstring(source, create_parent="div")
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, AssertionError):
        return None  # nothing but comments or white space: no text either


def _load_images(source: str) -> str:
    root = _fragment(source)
    if root is None:
        return source
    for element in root.iter("img"):
        late = next((element.get(name) for name in _LAZY if element.get(name)), None)
        if late:
            element.set("src", late)
    text = str(etree.tostring(root, encoding="unicode", method="html"))
    return text.removeprefix("<div>").removesuffix("</div>")


def _tree_depth(page: str) -> int:
    """How deep elements really stand: a page that never closes its `<br>` or `<font>` looks deeper than it is."""
    from lxml import html as lxml_html

    try:
        root = lxml_html.document_fromstring(page, parser=lxml_html.HTMLParser(huge_tree=True))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return 0
    deepest = depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        deepest = max(deepest, depth)
    return deepest


def _depth(source: str) -> int:
    deepest = depth = 0
    for match in _OPEN_OR_CLOSE.finditer(source):
        depth = max(depth - 1, 0) if match[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest
