"""One article by what its own page tells: for `syncd probe --article`, and as a sample beside a list."""

from dataclasses import dataclass

from adapters.articles.article import ArticleData, ArticleFault, ArticleReader, ArticleRules
from adapters.html import absolute
from adapters.http.client import PoliteClient
from adapters.probing.visiting import UNIT, get, get_if_there
from adapters.site_profiles import Recognised, recognise
from syncd.errors import SourceError
from syncd.ports.clock import Clock
from syncd.ports.source import Exchange
from syncd.vietnamese.text import decode


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadArticle:
    """An article, the answer it was read from, and the kind of site that showed."""

    page: Exchange
    article: ArticleData
    profile: Recognised | None


def read_article(http: PoliteClient, url: str, clock: Clock, articles: ArticleReader) -> ReadArticle:
    """One article, read as a source would read it. A date counts only from where a page names its date, never from its text at large.

    Raises:
        SourceError: the page cannot be read.
    """
    if not absolute(url, url):
        raise SourceError(f'"{url}" is no web address', unit=UNIT, url=url, kind="bad_url", permanent=True)
    page = get(http, url)
    text = decode(page.body, content_type=page.content_type).text
    profile = recognise(text, page.final_url, headers=page.headers)
    rules = profile.profile.article if profile is not None else ArticleRules()
    try:
        article = _read(page, rules, articles)
    except ArticleFault as fault:
        raise SourceError(str(fault), unit=UNIT, url=url, kind=fault.kind, permanent=True) from fault
    return ReadArticle(page=page, article=article, profile=profile)


def sample_article(http: PoliteClient, url: str, rules: ArticleRules, articles: ArticleReader) -> ArticleData | None:
    """One article of a list; None where it cannot be read."""
    page = get_if_there(http, url)
    if page is None:
        return None
    try:
        return _read(page, rules, articles)
    except ArticleFault:
        return None


def _read(page: Exchange, rules: ArticleRules, articles: ArticleReader) -> ArticleData:
    return articles.read(page.body, content_type=page.content_type, url=page.final_url, rules=rules, fetched_at=page.at)
