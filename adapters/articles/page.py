"""An article's page, parsed once: the tree for reading, and the selectors' view of it where selectors are asked for."""

import re
from functools import cached_property
from typing import Any

from bs4 import BeautifulSoup, Tag

from adapters.articles.article import ArticleFault
from adapters.html import PageTooLarge, absolute, parse_page, select
from syncd.vietnamese.text import decode

_OTHER_KINDS = re.compile(rb"%PDF-|PK\x03\x04|\xd0\xcf\x11\xe0|\x89PNG|GIF8|\xff\xd8\xff|Rar!|\x1f\x8b|\{\\rtf")
_TAG = re.compile(r"<[a-zA-Z!/]")


class ArticlePage:
    """One page with its address. Parsing waits until it is asked for."""

    def __init__(self, body: bytes, *, content_type: str, url: str) -> None:
        """Decode a page.

        Raises:
            ArticleFault: `not_html`: a document of another kind stands at this address.
        """
        if _OTHER_KINDS.match(body.lstrip()[:16]):
            raise ArticleFault(f"{url} is a file of another kind, not a page", kind="not_html")
        self.url = url
        self.text = decode(body, content_type=content_type).text.replace("\0", "")
        if not _TAG.search(self.text):
            raise ArticleFault(f"{url} holds no markup", kind="not_html")

    @cached_property
    def soup(self) -> BeautifulSoup:
        try:
            return parse_page(self.text)
        except PageTooLarge as err:
            raise ArticleFault(str(err), kind="too_large") from err

    @cached_property
    def base(self) -> str:
        """What relative addresses stand against."""
        element = self.soup.select_one("base[href]")
        return (absolute(str(element["href"]), self.url) if element is not None else "") or self.url

    def first(self, selectors: Any) -> list[Tag]:
        """What the first selector that finds anything finds, in page order."""
        return next((found for each in selectors if (found := select(self.soup, each))), [])
