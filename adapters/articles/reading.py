"""One article from its page, in this process: text, title, date, author, images, attachments."""

from datetime import datetime

from adapters.articles.article import ArticleData, ArticleRules
from adapters.articles.page import ArticlePage
from adapters.html import canonical_of, clean_html, images_of, text_of_html, value_of
from syncd.domain.model import NO_DATE, ReadDate
from syncd.vietnamese.dates import parse_date


def read_article(body: bytes, *, content_type: str, url: str, rules: ArticleRules, fetched_at: datetime) -> ArticleData:
    """Read one page; `url` is where it came from after redirects.

    Raises:
        ArticleFault: the page cannot be read at all.
    """
    page = ArticlePage(body, content_type=content_type, url=url)
    content = page.first(rules.content)
    html = clean_html(content[0].decode_contents(), page.base) if content else ""
    images = images_of(html)
    return ArticleData(
        title=_value(page, rules.title),
        canonical_url=canonical_of(page.soup, url),
        published=_date(page, rules, fetched_at),
        author=_value(page, rules.author),
        html=html,
        text=text_of_html(html),
        images=images,
        found_by="selectors" if text_of_html(html) or images else "nothing",
    )


class DirectReader:
    """Reads in the caller's thread: for tools and tests that need no bounds."""

    def read(
        self, body: bytes, *, content_type: str, url: str, rules: ArticleRules, fetched_at: datetime
    ) -> ArticleData:
        return read_article(body, content_type=content_type, url=url, rules=rules, fetched_at=fetched_at)

    def close(self) -> None:
        """Nothing is held."""


def _value(page: ArticlePage, selectors: object) -> str:
    return next(filter(None, map(value_of, page.first(selectors))), "")


def _date(page: ArticlePage, rules: ArticleRules, fetched_at: datetime) -> ReadDate:
    printed = _value(page, rules.date)
    if not printed:
        return NO_DATE
    return parse_date(
        printed, default_zone=rules.zone, day_order=rules.day_order, fetched_at=fetched_at, origin="article"
    )
