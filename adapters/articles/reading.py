"""One article from its page, in this process: text, title, date, author, categories, images, attachments."""

from datetime import datetime
from urllib.parse import urlsplit

from adapters.articles.article import ArticleData, ArticleRules
from adapters.articles.bodies import Body, find_body
from adapters.articles.credits import author_of, categories_of, title_of
from adapters.articles.days import publication_day
from adapters.articles.files import attachments_of
from adapters.articles.page import ArticlePage
from adapters.articles.places import heading_of
from adapters.articles.stated import stated_of
from adapters.html import absolute, images_of


def read_article(body: bytes, *, content_type: str, url: str, rules: ArticleRules, fetched_at: datetime) -> ArticleData:
    """Read one page; `url` is where it came from after redirects.

    Raises:
        ArticleFault: the page cannot be read at all.
    """
    page = ArticlePage(body, content_type=content_type, url=url)
    stated = stated_of(page)
    heading = heading_of(page, stated.headline)
    published = publication_day(page, stated, heading, rules, fetched_at)
    found: Body = find_body(page, stated, heading, published, rules)
    return ArticleData(
        title=title_of(page, stated, heading, rules),
        canonical_url=_canonical(page),
        published=published,
        author=author_of(page, stated, heading, found, rules),
        categories=categories_of(page, stated, rules),
        summary=found.lead or page.meta("og:description", "description"),
        html=found.html,
        text=found.text,
        images=images_of(found.html),
        attachments=attachments_of(page, found.html, rules),
        found_by=found.found_by,
        notes=(*page.notes, *found.notes),
    )


class DirectReader:
    """Reads in the caller's thread: for tools and tests that need no bounds."""

    def read(
        self, body: bytes, *, content_type: str, url: str, rules: ArticleRules, fetched_at: datetime
    ) -> ArticleData:
        return read_article(body, content_type=content_type, url=url, rules=rules, fetched_at=fetched_at)

    def close(self) -> None:
        """Nothing is held."""


def _canonical(page: ArticlePage) -> str | None:
    """The page's canonical address, where it lies on the page's own host; one without a path is a template's mistake."""
    stated = (
        each.get("href") for each in page.root.iter("link") if "canonical" in (each.get("rel") or "").lower().split()
    )
    own = (urlsplit(page.url).hostname or "").removeprefix("www.")
    for href in stated:
        url = absolute(href, page.base) if href else ""
        parts = urlsplit(url)
        if url and (parts.hostname or "").removeprefix("www.") == own and (parts.path not in ("", "/") or parts.query):
            return url
    return None
