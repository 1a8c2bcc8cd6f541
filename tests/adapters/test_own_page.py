"""A post and its own page: which of the two is believed, and what a page that is a file gives."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.articles.article import ArticleData
from adapters.articles.reading import DirectReader
from adapters.http.client import HttpSettings, PoliteClient
from adapters.sources.feed import FeedSettings, FeedSource
from adapters.sources.own_page import title_of_address, with_own_page
from syncd.domain.model import NO_DATE, Precision, ReadDate, SourceId, UnitId
from syncd.ports.source import Exchange, PostData
from syncd.testing.clock import FakeClock
from syncd.testing.local_site import LocalSite

NOW = datetime(2026, 11, 1, tzinfo=UTC)
EXCHANGE = Exchange(
    url="https://a.vidu.example/1", final_url="https://a.vidu.example/1", at=NOW, status=200, address="", tls_sha256=None,
    elapsed_s=0, content_type="text/html", body=b"x", body_sha256="",
)  # fmt: skip


def _date(day: int, hour: int = 0, minute: int = 0, **values: Any) -> ReadDate:
    instant = datetime(2026, 10, day, hour, minute, tzinfo=UTC)
    return replace(ReadDate(instant=instant, precision=Precision.MINUTE, raw="x", origin="feed"), **values)


def _merged(post: PostData, *, by_hand: bool = False, **article: Any) -> PostData:
    return with_own_page(post, ArticleData(found_by="generic", **article), EXCHANGE, by_hand=by_hand)


POST = PostData(title="Hội nghị tổng kết", url="https://a.vidu.example/tin/hoi-nghi-tong-ket-12.html")


@pytest.mark.parametrize(
    ("listed", "own", "title"),
    [
        ("Hội nghị tổng kết", "Xã Ví Dụ", "Hội nghị tổng kết"),
        ("Hội nghị tổng kết công tác…", "Hội nghị tổng kết công tác năm 2026", "Hội nghị tổng kết công tác năm 2026"),
        ("Hội nghị tổng kết...", "Tin khác", "Hội nghị tổng kết..."),
        ("hoi nghi tong ket 12", "Hội nghị tổng kết", "Hội nghị tổng kết"),
        ("Hội nghị", "", "Hội nghị"),
    ],
)
def test_the_lists_title_stays_unless_it_was_cut_or_made_of_the_address(listed: str, own: str, title: str) -> None:
    assert _merged(replace(POST, title=listed), title=own, html="<p>x</p>").title == title


@pytest.mark.parametrize(
    ("listed", "own", "by_hand", "wins"),
    [
        (NO_DATE, _date(5, 3), False, "own"),
        (_date(5, origin="lastmod", doubt="lastmod"), _date(2, 3, origin="jsonld"), False, "own"),
        (_date(5, precision=Precision.DAY), _date(5, 3, 17, origin="article"), False, "own"),
        (_date(5, 3, precision=Precision.HOUR), _date(5, 3, 17, origin="article"), False, "own"),
        (_date(5, 3, 17), _date(31, 3, 17, origin="article"), False, "listed"),
        (_date(5, doubt="ambiguous_order"), _date(5, 3, 17, origin="article"), False, "own"),
        (_date(5, 3, 17), _date(5, 3, 17, doubt="future"), False, "listed"),
        (_date(5, 3, 17), _date(7, 3, 17, origin="article"), True, "own"),
        (_date(5, 3, 17), _date(7, 3, 17, origin="meta"), True, "listed"),
        (_date(5, 3, 17), NO_DATE, True, "listed"),
    ],
)
def test_the_surer_or_finer_date_wins(listed: ReadDate, own: ReadDate, by_hand: bool, wins: str) -> None:
    merged = _merged(replace(POST, published=listed), published=own, html="<p>x</p>", by_hand=by_hand)
    assert merged.published == (own if wins == "own" else listed)


def test_a_generic_reading_shorter_than_the_lists_own_text_does_not_replace_it() -> None:
    summary = "<p>Một tóm tắt dài hơn hẳn những gì đọc được trên trang</p>"
    assert _merged(replace(POST, html=summary), html="<p>Đăng nhập</p>").html == summary
    assert _merged(replace(POST, html=summary), html="<p>Đăng nhập</p>", by_hand=True).html == "<p>Đăng nhập</p>"


def test_an_address_gives_a_title_in_need() -> None:
    assert title_of_address("https://a.vidu.example/tin/hoi-nghi-12.html?x=1") == "hoi nghi 12"
    assert title_of_address("https://a.vidu.example/hoi-nghi/") == "hoi nghi"


@pytest.fixture
def site() -> Iterator[LocalSite]:
    with LocalSite() as site:
        yield site


def _source(site: LocalSite, **settings: Any) -> FeedSource:
    clock = FakeClock(NOW)
    http = PoliteClient(HttpSettings(spacing_s=0, allow_addresses=("127.0.0.0/8",)), clock=clock)
    return FeedSource(
        FeedSettings(url=site.url("/rss"), **settings),
        id=SourceId("ban-a/1"),
        unit=UnitId("ban-a"),
        http=http,
        clock=clock,
        articles=DirectReader(),
    )


@pytest.mark.parametrize(
    ("path", "content_type", "asked"), [("/vb/ke-hoach.PDF", "", 0), ("/tai-ve?id=3", "application/pdf", 1)]
)
def test_a_post_that_is_a_file_is_named_as_one(site: LocalSite, path: str, content_type: str, asked: int) -> None:
    site.page(path.split("?")[0], b"%PDF-1.7 ...", content_type=content_type)
    post = _source(site).complete(PostData(title="Kế hoạch <năm>", url=site.url(path)))
    assert [(file.url, file.title) for file in post.attachments] == [(site.url(path), "Kế hoạch <năm>")]
    assert (post.full_text, site.count()) == (True, asked)
    assert "Kế hoạch &lt;năm&gt;</a>" in post.html


def test_the_kind_of_site_is_told_from_the_page_and_its_rules_are_used(site: LocalSite) -> None:
    page = (
        "<html><head><meta name=generator content='NukeViet v4.5'><meta property='article:published_time' content='2021-06-24+0715:51:07'></head>"
        "<body><header>Chủ nhật, 01/11/2026</header><div class=news_column><h1 class=title>Hội nghị</h1><span class=h5>Thứ năm - 29/10/2026 15:51</span>"
        "<div id=news-bodyhtml class=bodytext><p>Toàn văn.</p></div></div></body></html>"
    )
    site.page("/vi/news/tin/hoi-nghi-12.html", page)
    post = _source(site).complete(PostData(title="Hội nghị", url=site.url("/vi/news/tin/hoi-nghi-12.html")))
    assert post.html == "<p>Toàn văn.</p>"
    assert post.published.instant == datetime(2026, 10, 29, 8, 51, tzinfo=UTC)


def test_nothing_is_asked_for_where_pages_are_not_read(site: LocalSite) -> None:
    post = PostData(title="Tin", url=site.url("/1"))
    assert _source(site, article="none").complete(post) is post
    assert site.count() == 0
