"""What of a piece of HTML could act: everything that is not on a list of harmless elements, attributes and addresses.

The text is read three times, by parsers that err in different ways: lxml (libxml2), html.parser, and html5ever, which
follows the standard's tree building as browsers do (through nh3, told to let everything pass).
"""

import re
from collections.abc import Iterator
from string import ascii_lowercase
from urllib.parse import urlsplit

import nh3
from bs4 import BeautifulSoup
from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types
from lxml import html as lxml_html

_CONTENT = {
    "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "del", "div", "dl",
    "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "li", "ol", "p",
    "pre", "q", "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
    "u", "ul",
}  # fmt: skip
_PAGE = _CONTENT | {
    "html",
    "head",
    "body",
    "title",
    "meta",
    "link",
    "style",
    "header",
    "footer",
    "nav",
    "main",
    "article",
}
_DANGEROUS = {
    "script", "style", "iframe", "frame", "frameset", "object", "embed", "applet", "base", "meta", "link", "form",
    "input", "button", "select", "option", "textarea", "svg", "math", "video", "audio", "source", "track", "template",
    "noscript", "marquee", "details", "dialog", "title", "noembed", "noframes", "plaintext", "xmp", "use", "animate",
    "foreignobject", "isindex", "keygen", "portal",
}  # fmt: skip
_ATTRIBUTES = {
    "href", "src", "alt", "title", "width", "height", "colspan", "rowspan", "span", "start", "scope", "rel", "class",
    "lang", "align", "cellpadding", "role", "tabindex", "id", "border",
}  # fmt: skip
_ON_PAGE = {"charset", "name", "content", "http-equiv", "type", "style"}
_SCHEMES = {"", "http", "https", "mailto", "tel"}
_CONTROL = re.compile(r"[\x00-\x20\u2028\u2029]")
_KEY = re.compile(r"\s*syncd-[0-9a-f]{32}\s*")
_HARMFUL_STYLE = re.compile(r"url\s*\(|expression|@import|position\s*:|behavior|[\\<]", re.IGNORECASE)
_POLICY = "Content-Security-Policy"

Element = tuple[str, dict[str, str]]


def residues(source: str, *, whole_page: bool = False) -> list[str]:
    """What is wrong with a fragment, or with a page of ours. Empty: nothing in it acts, loads styles or frames, or submits."""
    found: set[str] = set()
    for parse in (_by_lxml, _by_html_parser, _by_html5ever):
        for tag, attributes in parse(source, whole_page):
            found.update(_wrong_with(tag, attributes, whole_page))
    return sorted(found)


def _wrong_with(tag: str, attributes: dict[str, str], whole_page: bool) -> Iterator[str]:
    if tag == "!--":
        if not _KEY.fullmatch(attributes["text"]):
            yield f"comment {attributes['text'][:40]!r}"
        return
    if tag not in (_PAGE if whole_page else _CONTENT):
        yield f"<{tag}>"
    if tag == "style" and _HARMFUL_STYLE.search(attributes.pop("text", "")):
        yield "<style> that loads or covers"
    attributes.pop("text", None)
    for name, value in attributes.items():
        if name in ("href", "src"):
            yield from _wrong_address(tag, name, value)
        elif name == "style" and whole_page:
            if _HARMFUL_STYLE.search(value):
                yield f"<{tag} style={value[:60]!r}>"
        elif name == "http-equiv" and value != _POLICY:
            yield f"<{tag} http-equiv={value!r}>"
        elif name not in _ATTRIBUTES and not (whole_page and (name in _ON_PAGE or name.startswith("aria-"))):
            yield f"<{tag} {name}={value[:40]!r}>"


def _wrong_address(tag: str, name: str, value: str) -> Iterator[str]:
    bare = _CONTROL.sub("", value)
    scheme = bare.partition(":")[0].lower() if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", bare) else ""
    if scheme not in _SCHEMES or bare.startswith(("//", "\\")):
        yield f"<{tag} {name}={value[:60]!r}>"
    elif tag == "link" and scheme:
        yield f"<link {name}={value[:60]!r}> from elsewhere"
    elif tag == "img" and scheme and urlsplit(bare).hostname in ("169.254.169.254", "evil.example"):
        yield f"<img {name}={value[:60]!r}> calls out"


def _by_lxml(source: str, whole_page: bool) -> Iterator[Element]:
    if not source.strip():
        return
    root = (lxml_html.document_fromstring if whole_page else _fragment)(source)
    for element in root.iter():
        if element.tag is etree.Comment:
            yield "!--", {"text": element.text or ""}
        elif not isinstance(element.tag, str):
            yield "?", {}
        elif whole_page or element is not root:
            yield element.tag, {**{name: str(value) for name, value in element.items()}, **_own_text(element)}


def _fragment(source: str) -> etree._Element:
    return lxml_html.fragment_fromstring(source, create_parent="div")


def _own_text(element: etree._Element) -> dict[str, str]:
    return {"text": element.text or ""} if element.tag == "style" else {}


def _by_html_parser(source: str, whole_page: bool) -> Iterator[Element]:
    soup = BeautifulSoup(source, "html.parser")
    for comment in soup.find_all(string=lambda text: type(text).__name__ == "Comment"):
        yield "!--", {"text": str(comment)}
    for tag in soup.find_all(True):
        own = {"text": tag.get_text()} if tag.name == "style" else {}
        yield tag.name, {**{name: _joined(value) for name, value in tag.attrs.items()}, **own}


def _joined(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value or "")


def _by_html5ever(source: str, whole_page: bool) -> Iterator[Element]:
    """html5ever reads a fragment here: the frame of a page and its head are gone, all else is looked at."""
    if whole_page:
        source = source.partition("</head>")[2]
    seen: list[Element] = []

    def note(tag: str, name: str, value: str) -> str | None:
        seen.append((tag, {name: value}))
        return value

    written = nh3.clean(
        source,
        tags=_CONTENT | _DANGEROUS,
        clean_content_tags=set(),
        generic_attribute_prefixes=set(ascii_lowercase),
        attribute_filter=note,
        strip_comments=True,
        link_rel=None,
        url_schemes=_SCHEMES | {"javascript", "data", "vbscript", "x"},
    )
    yield from seen
    yield from ((tag.name, {}) for tag in BeautifulSoup(written, "html.parser").find_all(True))
