"""The learner of list rules: on hard pages of our own, read back through the page source that will use its selectors."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from adapters.articles.article import ArticleData, ArticleRules
from adapters.http.client import HttpSettings, PoliteClient
from adapters.probing.list_rules import NothingLearned, learn
from adapters.sources.page import PageSettings, PageSource
from syncd.domain.model import LOCAL, SourceId, UnitId
from syncd.ports.source import Known, PostData
from syncd.testing.clock import FakeClock
from syncd.testing.local_site import LocalSite
from tests.adapters.list_pages import NOTHING, PAGES

NOW = datetime(2026, 11, 1, 1, 15, tzinfo=UTC)
_UNSTABLE = re.compile(r"nth-|:first|:last|[.#][^ >,:]*\d{2}")


class _NoArticles:
    """A list is read without opening an article."""

    def read(
        self, body: bytes, *, content_type: str, url: str, rules: ArticleRules, fetched_at: datetime
    ) -> ArticleData:
        raise AssertionError(url)


@pytest.fixture(scope="module")
def site() -> Iterator[LocalSite]:
    with LocalSite() as site:
        yield site


def _posts(site: LocalSite, html: str, **rule: str) -> tuple[PostData, ...]:
    site.page("/muc/tin-tuc", html)
    clock = FakeClock(NOW)
    http = PoliteClient(HttpSettings(spacing_s=0, allow_addresses=("127.0.0.0/8",)), clock=clock)
    settings = PageSettings(url=site.url("/muc/tin-tuc"), **rule)
    source = PageSource(settings, id=SourceId("a/1"), unit=UnitId("a"), http=http, clock=clock, articles=_NoArticles())
    return source.read(Known()).posts


@pytest.mark.parametrize("name", PAGES)
def test_posts_and_nothing_else_are_found_with_their_dates(site: LocalSite, name: str) -> None:
    wanted = PAGES[name]
    learned = learn(wanted.html, site.url("/muc/tin-tuc"), NOW)
    assert not isinstance(learned, NothingLearned), learned
    rule = learned[0].rule
    assert not _UNSTABLE.search(f"{rule.item} {rule.link} {rule.title} {rule.date}"), rule
    posts = _posts(site, wanted.html, item=rule.item, link=rule.link, title=rule.title, date=rule.date)
    days = [post.published.instant and f"{post.published.instant.astimezone(LOCAL):%d/%m/%Y}" for post in posts]
    assert [post.title for post in posts] == [unicodedata.normalize("NFC", title) for title in wanted.titles], rule
    assert days == (list(wanted.days) if wanted.days else [None] * len(posts)), rule


@pytest.mark.parametrize("name", NOTHING)
def test_page_without_a_list_gives_none_and_says_why(name: str) -> None:
    html, reason = NOTHING[name]
    assert learn(html, "http://giadinh.vidu.example/muc", NOW) == NothingLearned(reason=reason)
