"""FeedSource against a real server on loopback: conditional requests, faults and what they say, the article's own page."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest

from adapters.articles.reading import DirectReader
from adapters.http.client import HttpSettings, PoliteClient
from adapters.sources.feed import FeedSettings, FeedSource
from adapters.sources.site_source import ArticleSelectors
from syncd.domain.model import Precision, SourceId, UnitId
from syncd.errors import SourceError
from syncd.ports.source import Known, Reading
from syncd.testing.clock import FakeClock
from syncd.testing.local_site import LocalSite

FEEDS = Path(__file__).parents[1] / "data" / "feeds"
LOOPBACK = ("127.0.0.0/8",)
ITEM = "<item><title>Bài {0}</title><link>/bai/{0}.html</link><pubDate>Fri, 30 Oct 2026 08:{0:02}:00 +0700</pubDate></item>"


@pytest.fixture
def site() -> Iterator[LocalSite]:
    with LocalSite() as site:
        yield site


def _source(
    site: LocalSite,
    *,
    article: ArticleSelectors | Literal["auto", "none"] = "none",
    window: int = 10,
    zone: str = "+07:00",
) -> FeedSource:
    clock = FakeClock(datetime(2026, 11, 1, tzinfo=UTC))
    http = PoliteClient(HttpSettings(spacing_s=0, allow_addresses=LOOPBACK), clock=clock)
    settings = FeedSettings(url=site.url("/rss"), article=article, window=window, zone=zone)
    return FeedSource(
        settings, id=SourceId("ban-a/1"), unit=UnitId("ban-a"), http=http, clock=clock, articles=DirectReader()
    )


def _feed(count: int) -> str:
    return f"<rss version='2.0'><channel><title>Ban A</title>{''.join(ITEM.format(i) for i in range(count))}</channel></rss>"


def _known(reading: Reading) -> Known:
    exchange = reading.exchange
    return Known(
        etag=exchange.header("etag"), last_modified=exchange.header("last-modified"), body_sha256=exchange.body_sha256
    )


def test_posts_are_read_with_addresses_of_the_site(site: LocalSite) -> None:
    site.page("/rss", _feed(2), content_type="application/rss+xml")
    reading = _source(site).read(Known())
    assert [post.url for post in reading.posts] == [site.url("/bai/0.html"), site.url("/bai/1.html")]
    assert (reading.unchanged, reading.full, reading.feed_title) == (False, False, "Ban A")
    assert reading.exchange.body == _feed(2).encode()


def test_list_as_long_as_the_window_may_have_been_cut(site: LocalSite) -> None:
    site.page("/rss", _feed(10))
    assert _source(site).read(Known()).full
    assert not _source(site, window=30).read(Known()).full


def test_the_software_that_a_feed_names_tells_its_window_and_the_numbers_of_its_posts(site: LocalSite) -> None:
    feed = (
        _feed(12)
        .replace("/bai/", "/vi/news/tin/bai-")
        .replace("<channel>", "<channel><generator>NukeViet v4.6</generator>")
    )
    site.page("/rss", feed)
    reading = _source(site, window=None).read(Known())
    assert not reading.full  # NukeViet shows the newest 30
    assert [post.stable_id for post in reading.posts[:2]] == ["nukeviet:news/0", "nukeviet:news/1"]
    assert _source(site, window=12).read(Known()).full


@pytest.mark.parametrize(
    ("end", "posts", "full"),
    [
        (ITEM.format(4) + "</channel></rss>", 5, False),
        (ITEM.format(4) + "<b></channel></rss>", 5, False),  # not well-formed, and whole all the same
        (ITEM.format(4), 5, True),
        (ITEM.format(4)[:-9], 5, True),  # its address is whole
        (ITEM.format(4).partition("26 08:")[0], 4, True),  # "30 Oct 20" is a day of another year
        ("<item><title>Bài 4</title><link>/bai/4", 4, True),
    ],
)
def test_feed_that_breaks_off_is_not_taken_for_whole_nor_half_an_entry_for_one(
    site: LocalSite, end: str, posts: int, full: bool
) -> None:
    site.page("/rss", _feed(4).removesuffix("</channel></rss>") + end)
    reading = _source(site).read(Known())
    assert (len(reading.posts), reading.full) == (posts, full)
    assert [post.url for post in reading.posts[:4]] == [site.url(f"/bai/{i}.html") for i in range(4)]


def test_unchanged_feed_is_known_by_its_validator_or_by_its_hash(site: LocalSite) -> None:
    site.page("/rss", _feed(2), etag='"1"')
    source = _source(site)
    first = source.read(Known())
    second = source.read(_known(first))
    assert (second.unchanged, second.exchange.status, second.exchange.body) == (True, 304, b"")
    site.page("/rss", _feed(2))
    third = source.read(_known(first))
    assert (third.unchanged, third.exchange.status) == (True, 200)


def test_list_hash_changes_with_a_title_and_not_with_the_rest(site: LocalSite) -> None:
    source = _source(site)
    hashes = []
    for body in (
        _feed(2),
        _feed(2).replace("<channel>", "<channel><ttl>5</ttl>"),
        _feed(2).replace("Bài 1", "Bài mới"),
    ):
        site.page("/rss", body)
        hashes.append(source.read(Known()).list_sha256)
    assert hashes[0] == hashes[1] != hashes[2]


@pytest.mark.parametrize(
    ("status", "body", "kind", "permanent", "hint"),
    [
        (404, "không có", "http_status", True, "nothing is at this address"),
        (410, "hết", "http_status", True, "gone for good"),
        (500, "lỗi", "http_status", False, "fault of its own"),
        (403, "cấm", "http_status", False, "refuses syncd"),
        (200, "", "empty_body", False, "broken"),
        (200, "<!doctype html><html><body>Tin tức</body></html>", "not_a_feed", False, "must show a feed"),
        (200, "<html><body><input type='password'></body></html>", "not_a_feed", False, "login"),
        (200, "<html><body>Hệ thống đang bảo trì</body></html>", "not_a_feed", False, "maintenance"),
        (200, '<html><head><link rel="alternate" type="application/rss+xml" href="/vi/rss/"></head></html>', "not_a_feed", False, "/vi/rss/: use that"),
        (200, '<!DOCTYPE r [<!ENTITY a "a">]><rss/>', "hostile_document", False, ""),
    ],
)  # fmt: skip
def test_fault_names_unit_address_kind_and_way_out(
    site: LocalSite, status: int, body: str, kind: str, permanent: bool, hint: str
) -> None:
    site.page("/rss", body, status=status)
    with pytest.raises(SourceError) as caught:
        _source(site).read(Known())
    error = caught.value
    assert (error.unit, error.url, error.kind, error.permanent) == ("ban-a", site.url("/rss"), kind, permanent)
    assert hint in (error.hint or "")


def test_site_that_asks_for_patience_says_how_long(site: LocalSite) -> None:
    site.page("/rss", "chờ", status=503, headers={"Retry-After": "120"})
    with pytest.raises(SourceError) as caught:
        _source(site).read(Known())
    assert caught.value.retry_after is not None
    assert caught.value.retry_after.total_seconds() == 120


def test_failure_of_the_connection_is_a_source_error(site: LocalSite) -> None:
    site.reset("/rss")
    with pytest.raises(SourceError) as caught:
        _source(site).read(Known())
    assert (caught.value.unit, caught.value.permanent) == ("ban-a", False)


def test_valid_feed_without_items_is_no_fault(site: LocalSite) -> None:
    site.page("/rss", _feed(0))
    reading = _source(site).read(Known())
    assert (reading.posts, reading.full) == ((), False)


def test_article_page_gives_text_images_and_the_date_that_counts(site: LocalSite) -> None:
    site.page("/rss", (FEEDS / "rss2-nukeviet.xml").read_text().replace("https://huyenuy.vidu.example", site.base_url))
    site.page(
        "/vi/news/tin/dang-bo-xa-a-101.html",
        '<html><head><link rel="canonical" href="/vi/news/tin/dang-bo-xa-a-101.html"></head><body>'
        '<h1>Đảng bộ xã A tổng kết</h1><span class="time">Thứ sáu - 30/10/2026 15:51</span>'
        '<div class="bodytext"><p>Toàn văn.</p><img src="/a.jpg" onerror="x()"></div>'
        '<p class="author">Nguyễn Văn Ví Dụ</p><div>Tin khác 01/01/2020</div></body></html>',
    )
    selectors = ArticleSelectors(content="div.bodytext", date=".time", title="h1", author=".author")
    source = _source(site, article=selectors)
    listed = source.read(Known()).posts[0]
    assert listed.published.precision is Precision.HOUR
    post = source.complete(listed)
    assert post.published.instant == datetime(2026, 10, 30, 8, 51, tzinfo=UTC)
    assert (post.published.origin, post.published.precision) == ("article", Precision.MINUTE)
    assert (post.author, post.full_text, post.canonical_url) == ("Nguyễn Văn Ví Dụ", True, listed.url)
    assert post.html == f'<p>Toàn văn.</p><img src="{site.base_url}/a.jpg">'
    assert [image.url for image in post.images] == [site.url("/a.jpg")]
    assert post.article is not None
    assert post.article.status == 200


def test_article_without_the_awaited_text_is_an_error_not_an_empty_post(site: LocalSite) -> None:
    site.page("/rss", _feed(1))
    site.page("/bai/0.html", "<html><body><input type='password'></body></html>")
    source = _source(site, article=ArticleSelectors(content="div.bodytext"))
    post = source.read(Known()).posts[0]
    with pytest.raises(SourceError) as caught:
        source.complete(post)
    assert (caught.value.kind, "login" in (caught.value.hint or "")) == ("layout", True)


def test_without_selectors_there_is_nothing_more_to_read(site: LocalSite) -> None:
    site.page("/rss", _feed(1))
    source = _source(site)
    post = source.read(Known()).posts[0]
    assert source.complete(post) is post


def test_profile_of_the_source_decides_what_a_missing_zone_means(site: LocalSite) -> None:
    feed = _feed(1).replace("Fri, 30 Oct 2026 08:00:00 +0700", "30/10/2026 08:00:00")
    site.page("/rss", feed)
    site.page("/bai/0.html", "<div class=c>Toàn văn</div><i>30/10/2026 09:00</i>")
    article = ArticleSelectors(content="div.c", date="i")
    for zone, hour in (("+07:00", 1), ("+00:00", 8), ("none", None)):
        source = _source(site, zone=zone, article=article)
        (post,) = source.read(Known()).posts
        instants = [date.instant for date in (post.published, source.complete(post).published)]
        expected = (
            [datetime(2026, 10, 30, hour + more, tzinfo=UTC) for more in (0, 1)] if hour is not None else [None] * 2
        )
        assert instants == expected
        assert post.published.doubt == (None if hour is not None else "no_zone")
