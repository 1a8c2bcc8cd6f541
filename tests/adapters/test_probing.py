"""What `syncd probe` finds behind an address that somebody pasted: the feed, or one article; against a real server."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from adapters.http import HttpSettings, PoliteClient
from adapters.sources.probing import find_feed, read_article
from syncd.domain.model import Precision
from syncd.errors import SourceError
from syncd.testing.clock import FakeClock
from syncd.testing.local_site import LocalSite

CLOCK = FakeClock(datetime(2026, 11, 1, tzinfo=UTC))
FEED = "<rss version='2.0'><channel><title>Ban A</title>{}</channel></rss>"
ITEM = "<item><title>Bài</title><link>/bai.html</link></item>"


@pytest.fixture
def site() -> Iterator[LocalSite]:
    with LocalSite() as site:
        yield site


@pytest.fixture
def http() -> PoliteClient:
    return PoliteClient(HttpSettings(spacing_s=0, allow_addresses=("127.0.0.0/8",)), clock=CLOCK)


def _announcing(*feeds: str) -> str:
    links = "".join(f"<link rel=alternate type=application/rss+xml href='{feed}'>" for feed in feeds)
    return f"<!doctype html><html><head>{links}</head><body>Trang chủ</body></html>"


def test_address_of_a_feed_is_itself(site: LocalSite, http: PoliteClient) -> None:
    site.page("/rss", FEED.format(ITEM), content_type="application/rss+xml")
    assert find_feed(http, site.url("/rss")) == site.url("/rss")


def test_address_that_moved_is_named_where_it_stands_now(site: LocalSite, http: PoliteClient) -> None:
    site.redirect("/cu", "/rss")
    site.page("/rss", FEED.format(ITEM))
    assert find_feed(http, site.url("/cu")) == site.url("/rss")


def test_feed_is_found_by_its_page_relative_to_it(site: LocalSite, http: PoliteClient) -> None:
    site.page("/trang/", _announcing("../tin/rss"))
    site.page("/tin/rss", FEED.format(ITEM))
    assert find_feed(http, site.url("/trang/")) == site.url("/tin/rss")


def test_comments_dead_feeds_and_pages_are_passed_over(site: LocalSite, http: PoliteClient) -> None:
    site.page("/", _announcing("/comments/feed/", "/chet", "/la-trang", "/rss"))
    site.page("/comments/feed/", FEED.format(ITEM))
    site.page("/la-trang", "<html><body>404</body></html>")
    site.page("/rss", FEED.format(ITEM))
    assert find_feed(http, site.url("/")) == site.url("/rss")


def test_feed_with_posts_is_preferred_to_an_empty_one(site: LocalSite, http: PoliteClient) -> None:
    site.page("/", _announcing("/trong", "/rss"))
    site.page("/trong", FEED.format(""))
    site.page("/rss", FEED.format(ITEM))
    assert find_feed(http, site.url("/")) == site.url("/rss")
    site.remove("/rss")
    assert find_feed(http, site.url("/")) == site.url("/trong")


def test_page_without_a_readable_feed_is_refused_with_a_way_out(site: LocalSite, http: PoliteClient) -> None:
    site.page("/", _announcing("/chet"))
    with pytest.raises(SourceError) as caught:
        find_feed(http, site.url("/"))
    assert (caught.value.kind, 'kind = "page"' in (caught.value.hint or "")) == ("not_a_feed", True)


@pytest.mark.parametrize(("address", "kind"), [("abc", "bad_url"), ("http://a.vidu.example:99999/", "bad_url")])
def test_what_is_no_address_is_refused(http: PoliteClient, address: str, kind: str) -> None:
    for ask in (find_feed, lambda http, url: read_article(http, url, CLOCK)):
        with pytest.raises(SourceError) as caught:
            ask(http, address)
        assert caught.value.kind == kind


ARTICLE = (
    "<html><head><title>Cổng Ví Dụ</title><link rel=canonical href='/bai-chuan.html'>{0}</head>"
    "<body>27/10/2026<h1>Hội nghị  tổng kết</h1><article><p>Toàn văn.</p><img src='1.jpg'></article></body></html>"
)
DATED = '"datePublished":"2026-10-30T08:05:00+07:00"'
LD = "<script type='application/ld+json'>{}</script>"


@pytest.mark.parametrize(
    "head",
    [
        LD.format('{"@type":"NewsArticle",' + DATED + "}"),
        LD.format('[{"@type":"BreadcrumbList"},{"@type":["NewsArticle"],' + DATED + "}]"),
        LD.format('{"@graph":[{"@type":"WebPage","datePublished":"2020-01-01"},{"@type":"Article",' + DATED + "}]}"),
        LD.format('{"@type":"WebPage","mainEntity":{"@type":"BlogPosting",' + DATED + "}}"),
        LD.format("không phải JSON") + LD.format('{"@graph":{"@type":"Report",' + DATED + "}};"),
        LD.format('{"@type":"Article","description":"hai\ndòng",' + DATED + "}"),
        LD.format('{"@type":"Article","datePublished":null}')
        + "<meta property='article:published_time' content='2026-10-30T01:05:00Z'>",
        LD.format("[" * 5_000) + "<meta itemprop=datePublished content='30/10/2026 08:05:00'>",
    ],
    ids=["plain", "list", "graph", "main-entity", "second-script", "line-end", "meta", "itemprop"],
)
def test_article_is_read_by_what_its_page_states(site: LocalSite, http: PoliteClient, head: str) -> None:
    site.page("/bai", ARTICLE.replace("{0}", head))
    post = read_article(http, site.url("/bai"), CLOCK)
    assert (post.published.instant, post.published.precision) == (
        datetime(2026, 10, 30, 1, 5, tzinfo=UTC),
        Precision.SECOND,
    )
    assert (post.title, post.html) == (
        "Hội nghị tổng kết",
        f'<p>Toàn văn.</p><img src="{site.url("/1.jpg")}">',
    )
    assert (post.canonical_url, post.summary) == (site.url("/bai-chuan.html"), "Toàn văn.")


def test_headline_and_author_of_the_article_win_over_the_page(site: LocalSite, http: PoliteClient) -> None:
    stated = '{"@type":"NewsArticle","headline":"Tên bài","author":[{"name":"Trần Thị Ví Dụ"}],' + DATED + "}"
    site.page("/bai", ARTICLE.replace("{0}", LD.format(stated)))
    post = read_article(http, site.url("/bai"), CLOCK)
    assert (post.title, post.author) == ("Tên bài", "Trần Thị Ví Dụ")


def test_date_somewhere_on_the_page_is_not_the_articles(site: LocalSite, http: PoliteClient) -> None:
    site.page("/bai", ARTICLE.replace("{0}", ""))
    assert read_article(http, site.url("/bai"), CLOCK).published.instant is None


@pytest.mark.parametrize(("status", "permanent"), [(404, True), (410, True), (500, False)])
def test_article_that_is_not_there_is_an_error(
    site: LocalSite, http: PoliteClient, status: int, permanent: bool
) -> None:
    site.page("/bai", "x", status=status)
    with pytest.raises(SourceError) as caught:
        read_article(http, site.url("/bai"), CLOCK)
    assert (caught.value.kind, caught.value.permanent) == ("http_status", permanent)


def test_article_too_large_to_be_searched_is_an_error(site: LocalSite, http: PoliteClient) -> None:
    site.page("/bai", "<div>" * 200_000)
    with pytest.raises(SourceError) as caught:
        read_article(http, site.url("/bai"), CLOCK)
    assert caught.value.kind == "too_large"
