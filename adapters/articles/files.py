"""The files an article offers: PDF, office documents and archives that its text or its list of attachments links to."""

import itertools
import re
from urllib.parse import unquote, urlsplit

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types
from lxml import html as lxml_html

from adapters.articles.article import ArticleRules
from adapters.articles.page import ArticlePage, Element, text_of
from adapters.articles.places import Asides
from adapters.html import absolute
from syncd.ports.source import AttachmentData

_FILE = re.compile(r"\.(?:pdf|docx?|xlsx?|pptx?|rar|zip|7z|odt|ods|rtf)(?:/[\w-]{8,})?$", re.IGNORECASE)
_FILE_NAME = re.compile(r"\.(?:pdf|do|xls|ppt|rar|zip|7z|od|rtf)", re.IGNORECASE)
_BOX = re.compile(r"attach|dinh-?kem|file-?list|download|tai-?ve|tep-?tin|document-?file", re.IGNORECASE)
_BOX_WORDS = re.compile(r"đính kèm|tải về|tệp tin|attachment", re.IGNORECASE)
_MAX_FILES = 50
_MAX_CLIMB = 6


def attachments_of(page: ArticlePage, cleaned: str, rules: ArticleRules) -> tuple[AttachmentData, ...]:
    """The files by the selectors, else those linked in the text and in a box named for attachments; each address once."""
    if rules.attachments:
        links = [link for element in page.find(rules.attachments) for link in element.iter("a")]
        return _files(links, page.base, every=True)
    offered = [link for link in page.root.iter("a") if _is_file(link)]
    if not offered:
        return ()
    asides = Asides()
    boxed = [link for link in offered if _is_boxed(link) and link not in asides]
    return _files([*_links(cleaned), *boxed], page.base, every=False)


def _is_boxed(link: Element) -> bool:
    """Whether a link stands in a box for attachments, or beside words that say so."""
    above = link.getparent()
    if _BOX_WORDS.search(f"{above.text or ''} {text_of(link)[:200]}"):
        return True
    near = itertools.islice(link.iterancestors(), _MAX_CLIMB)
    return any(_BOX.search(f"{each.get('class') or ''} {each.get('id') or ''}") for each in near)


def _links(cleaned: str) -> list[Element]:
    if "<a " not in cleaned:
        return []
    try:
        return list(lxml_html.fragment_fromstring(cleaned, create_parent="div").iter("a"))
    except (etree.ParserError, ValueError):
        return []


def _is_file(link: Element) -> bool:
    href = link.get("href") or ""
    return _FILE_NAME.search(href) is not None and _FILE.search(unquote(_path_of(href))) is not None


def _path_of(href: str) -> str:
    try:
        return urlsplit(href).path
    except ValueError:
        return ""


def _files(links: list[Element], base: str, *, every: bool) -> tuple[AttachmentData, ...]:
    found: dict[str, AttachmentData] = {}
    for link in links:
        url = absolute(link.get("href") or "", base)
        if url and (every or _is_file(link)) and url not in found and len(found) < _MAX_FILES:
            name = unquote(_path_of(url)).rsplit("/", 1)[-1]
            found[url] = AttachmentData(url=url, title=text_of(link) or link.get("title") or name)
    return tuple(found.values())
