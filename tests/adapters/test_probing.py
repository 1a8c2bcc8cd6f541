"""What `syncd probe` finds behind an address that somebody pasted: feed, list page, sitemap or one article; against a real server."""

import json
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from adapters.articles.reading import DirectReader
from adapters.http.client import HttpSettings, PoliteClient
from adapters.probing.articles import ReadArticle, read_article
from adapters.probing.doubts import doubts_of
from adapters.probing.drafting import proposed_id, proposed_name, unit_block
from adapters.probing.finding import Finding, find
from syncd.domain.model import Precision
from syncd.errors import SourceError
from syncd.testing.clock import FakeClock
from syncd.testing.local_site import LocalSite
from tests.adapters.list_pages import DAYS, PAGES, TITLES, each, page

NOW = datetime(2026, 11, 1, tzinfo=UTC)
CLOCK = FakeClock(NOW)
FEED = "<rss version='2.0'><channel><title>Ban A</title>{}</channel></rss>"
ITEM = "<item><title>Bài</title><link>/bai.html</link></item>"
LIST = PAGES["date beside the link"].html


@pytest.fixture
def site() -> Iterator[LocalSite]:
    with LocalSite() as site:
        yield site


@pytest.fixture
def http() -> PoliteClient:
    return PoliteClient(HttpSettings(spacing_s=0, allow_addresses=("127.0.0.0/8",)), clock=CLOCK)


def _find(http: PoliteClient, url: str) -> Finding:
    return find(http, url, CLOCK, DirectReader())


def _read(http: PoliteClient, url: str) -> ReadArticle:
    return read_article(http, url, CLOCK, DirectReader())


def _doubts(finding: Finding) -> set[str]:
    return {doubt.kind for doubt in doubts_of(finding, NOW)}


def _announcing(*feeds: str, body: str = "Trang chủ") -> str:
    links = "".join(f"<link rel=alternate type=application/rss+xml href='{feed}'>" for feed in feeds)
    return f"<!doctype html><html><head>{links}<title>Ban A</title></head><body>{body}</body></html>"


def _items(*days: int, first: int = 4210) -> str:
    return "".join(
        f"<item><title>{TITLES[n % 8]}</title><link>/tin/{first - n}.htm</link><pubDate>{NOW - timedelta(days=day):%a, %d %b %Y 08:00:00} +0700</pubDate></item>"
        for n, day in enumerate(days)
    )


# --- feeds --------------------------------------------------------------------------------------------


def test_address_of_a_feed_is_itself(site: LocalSite, http: PoliteClient) -> None:
    site.page("/rss", FEED.format(ITEM), content_type="application/rss+xml")
    assert _find(http, site.url("/rss")).place.url == site.url("/rss")


def test_address_that_moved_is_named_where_it_stands_now(site: LocalSite, http: PoliteClient) -> None:
    site.redirect("/cu", "/rss")
    site.page("/rss", FEED.format(ITEM))
    assert _find(http, site.url("/cu")).place.url == site.url("/rss")


def test_feed_is_found_by_its_page_relative_to_it(site: LocalSite, http: PoliteClient) -> None:
    site.page("/trang/", _announcing("../tin/rss"))
    site.page("/tin/rss", FEED.format(ITEM))
    found = _find(http, site.url("/trang/"))
    assert (found.place.kind, found.place.url, found.place.how) == ("feed", site.url("/tin/rss"), "announced")


def test_comments_dead_feeds_and_pages_are_passed_over(site: LocalSite, http: PoliteClient) -> None:
    site.page("/", _announcing("/comments/feed/", "/chet", "/la-trang", "/rss"))
    site.page("/comments/feed/", FEED.format(ITEM))
    site.page("/la-trang", "<html><body>404</body></html>")
    site.page("/rss", FEED.format(ITEM))
    assert _find(http, site.url("/")).place.url == site.url("/rss")


def test_feed_with_posts_is_preferred_to_an_empty_one(site: LocalSite, http: PoliteClient) -> None:
    site.page("/", _announcing("/trong", "/rss"))
    site.page("/trong", FEED.format(""))
    site.page("/rss", FEED.format(ITEM))
    assert _find(http, site.url("/")).place.url == site.url("/rss")
    site.remove("/rss")
    found = _find(http, site.url("/"))
    assert found.place.url == site.url("/trong")
    assert "empty" in _doubts(found)


def test_feed_at_a_usual_address_is_looked_for_behind_a_front_page_alone(site: LocalSite, http: PoliteClient) -> None:
    site.page("/", "<html><body>Trang chủ</body></html>")
    site.page("/rss", FEED.format(ITEM), content_type="application/rss+xml")
    assert _find(http, site.url("/")).place.how == "likely"
    site.page("/muc/tin-tuc", LIST)
    assert _find(http, site.url("/muc/tin-tuc")).place.kind == "page"


def test_list_is_read_where_the_feed_is_empty_undated_or_left_behind(site: LocalSite, http: PoliteClient) -> None:
    site.page("/muc", LIST.replace("<head>", "<head><link rel=alternate type=application/rss+xml href=/rss>"))
    for items in ("", ITEM, _items(90, 95)):
        site.page("/rss", FEED.format(items))
        found = _find(http, site.url("/muc"))
        assert (found.place.kind, found.other and found.other.url) == ("page", site.url("/rss")), items
        assert _doubts(found) & {"feed_empty", "feed_poorer"}, items


def test_feed_that_hides_posts_of_the_page_says_so(site: LocalSite, http: PoliteClient) -> None:
    site.page("/muc", LIST.replace("<head>", "<head><link rel=alternate type=application/rss+xml href=/rss>"))
    site.page("/rss", FEED.format(_items(2, 3, 30)))
    found = _find(http, site.url("/muc"))
    assert (found.place.kind, "feed_hides_posts" in _doubts(found)) == ("feed", True)
    site.page("/rss", FEED.format(_items(2, 3, 4, 6, 8, 11, 13, 17)))
    assert "feed_hides_posts" not in _doubts(_find(http, site.url("/muc")))


# --- pages --------------------------------------------------------------------------------------------


def test_list_without_dates_is_sampled_for_those_of_its_articles(site: LocalSite, http: PoliteClient) -> None:
    site.page(
        "/muc",
        page("<div class=ds>" + each("<h3 class=t><a href='/bai-viet-hay-{id}.html'>{title}</a></h3>") + "</div>"),
    )
    for number in range(4203, 4211):
        site.page(
            f"/bai-viet-hay-{number}.html",
            "<html><head><meta property='article:published_time' content='2026-10-30T08:05:00+07:00'></head><body><h1>Bài</h1></body></html>",
        )
    found = _find(http, site.url("/muc"))
    assert [sample.article.published.precision for sample in found.samples] == [Precision.SECOND] * 3
    assert "dates_on_articles" in _doubts(found)


def test_kind_of_site_brings_its_own_layout(site: LocalSite, http: PoliteClient) -> None:
    posts = "".join(
        f"<div class='asset-abstract'><h3 class='asset-title'><a href='/web/a/-/view_content/{n}-bai'>{title}</a></h3><div class='assetPublishDate'>{day} | 08:30 AM</div></div>"
        for n, (title, day) in enumerate(zip(TITLES[:1], DAYS, strict=False))
    )
    site.page(
        "/web/a/tin", page(f"<script>Liferay.ThemeDisplay = {{}};</script><div class='portlet-body'>{posts}</div>")
    )
    found = _find(http, site.url("/web/a/tin"))
    assert (found.place.how, dict(found.place.settings)["profile"], len(found.place.reading.posts)) == (
        "layout",
        "liferay",
        1,
    )


def test_no_address_is_asked_for_twice(site: LocalSite, http: PoliteClient) -> None:
    site.page("/muc", LIST)
    _find(http, site.url("/muc"))
    assert site.count("/muc") == 1
    assert site.count() <= 5  # robots.txt, the page, one article, and one more where that cannot be read


def test_front_page_that_shows_nothing_is_read_by_its_sitemap(site: LocalSite, http: PoliteClient) -> None:
    site.page("/", "<html><body><div id=app></div><script src=/app.js></script></body></html>")
    urls = "".join(
        f"<url><loc>{site.url(f'/tin/bai-viet-ve-viec-{n}.html')}</loc><lastmod>2026-10-{n}</lastmod></url>"
        for n in range(10, 20)
    )
    site.page(
        "/sitemap.xml",
        f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{urls}</urlset>",
        content_type="application/xml",
    )
    found = _find(http, site.url("/"))
    assert (found.place.kind, found.place.url, len(found.place.reading.posts)) == (
        "sitemap",
        site.url("/sitemap.xml"),
        10,
    )
    assert "sitemap_only" in _doubts(found)


def test_wordpress_without_a_feed_is_read_by_its_rest_interface(site: LocalSite, http: PoliteClient) -> None:
    site.page(
        "/", "<html><head><meta name=generator content='WordPress 6.5'></head><body><div id=app></div></body></html>"
    )
    posts = [
        {"id": n, "link": site.url(f"/?p={n}"), "title": {"rendered": title}, "date_gmt": f"2026-10-{30 - n}T01:05:00"}
        for n, title in enumerate(TITLES)
    ]
    site.page("/wp-json/wp/v2/posts", json.dumps(posts), content_type="application/json")
    found = _find(http, site.url("/"))
    assert (found.place.kind, found.place.how, len(found.place.reading.posts)) == ("wordpress", "rest", 8)


@pytest.mark.parametrize(("rule", "kept_out"), [("/rss", "/rss"), ("/tin/", "/tin/4210.htm"), ("/quan-tri/", "")])
def test_addresses_that_robots_txt_keeps_a_source_from_are_named(
    site: LocalSite, http: PoliteClient, rule: str, kept_out: str
) -> None:
    site.page("/robots.txt", f"User-agent: *\nDisallow: {rule}\n", content_type="text/plain")
    site.page("/rss", FEED.format(_items(1, 2, 3)), content_type="application/rss+xml")
    found = _find(http, site.url("/rss"))
    assert found.kept_out == (site.url(kept_out) if kept_out else "")
    assert ("robots" in _doubts(found)) == bool(kept_out)


@pytest.mark.parametrize(
    ("html", "says"),
    [
        (
            "<html><body><h1>404</h1><p>Trang không tồn tại hoặc đã bị xóa bỏ rồi.</p></body></html>",
            "no links with titles",
        ),
        ("<html><body>Đăng nhập hệ thống quản trị <form><input type=password></form></body></html>", "login"),
        (_announcing("/chet"), 'kind = "page"'),
    ],
)
def test_page_without_feed_and_list_is_refused_with_a_way_out(
    site: LocalSite, http: PoliteClient, html: str, says: str
) -> None:
    site.page("/muc", html)
    with pytest.raises(SourceError) as caught:
        _find(http, site.url("/muc"))
    assert (caught.value.kind, caught.value.permanent, says in (caught.value.hint or "")) == ("no_list", True, True)


def test_page_too_large_to_be_searched_is_refused(site: LocalSite, http: PoliteClient) -> None:
    site.page("/muc", "<html><body>" + "<div>" * 200_000)
    with pytest.raises(SourceError) as caught:
        _find(http, site.url("/muc"))
    assert caught.value.kind == "too_large"


@pytest.mark.parametrize("address", ["abc", "http://a.vidu.example:99999/", "ftp://a.vidu.example/", "", "a b.vn"])
def test_what_is_no_address_is_refused(http: PoliteClient, address: str) -> None:
    for ask in (_find, _read):
        with pytest.raises(SourceError) as caught:
            ask(http, address)
        assert caught.value.kind == "bad_url"


def test_address_without_a_scheme_is_tried_by_https_then_by_http(site: LocalSite, http: PoliteClient) -> None:
    site.page("/muc", LIST)
    found = _find(http, site.url("/muc").removeprefix("http://"))
    assert (found.place.url, found.tls_fault is not None) == (site.url("/muc"), True)
    assert "tls_fault" in _doubts(found)


# --- what is doubtful -----------------------------------------------------------------------------------


def _doubts_of_days(site: LocalSite, http: PoliteClient, *days: str) -> set[str]:
    site.page(
        "/muc",
        page("<ul class=ds>" + each("<li><a href='/tin/{id}.htm'>{title}</a> <i>{day}</i></li>", days=days) + "</ul>"),
    )
    return _doubts(_find(http, site.url("/muc")))


def test_dates_are_doubted_by_what_they_show(site: LocalSite, http: PoliteClient) -> None:
    assert "days_only" in _doubts_of_days(site, http, *DAYS)
    assert "ambiguous_order" in _doubts_of_days(site, http, "05/10/2026 08:00", "04/10/2026 09:00", "03/10/2026 07:00")
    assert "ambiguous_order" not in _doubts_of_days(site, http, *DAYS)
    assert "one_date_for_all" in _doubts_of_days(site, http, "30/10/2026")
    assert "quiet" in _doubts_of_days(site, http, "15/06/2026", "14/06/2026")
    assert "no_https" in _doubts_of_days(site, http, *DAYS)


# --- the block to paste ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "taken", "id"),
    [
        ("https://www.tinhdoan.vidu.gov.vn/tin", (), "tinhdoan-vidu"),
        ("https://huyenuyphucu.vn/", (), "huyenuyphucu"),
        ("http://127.0.0.1:8080/", (), "don-vi"),
        ("http://127.0.0.1:8080/", ("don-vi", "don-vi-2"), "don-vi-3"),
        ("ban-a.vidu.example", ("ban-a-vidu",), "ban-a-vidu-2"),
        ("https://đảngủy.vidu.example/", (), "danguy-vidu"),
    ],
)
def test_id_is_made_of_the_hosts_own_part(url: str, taken: tuple[str, ...], id: str) -> None:
    assert proposed_id(url, taken) == id


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Trang chủ - Huyện ủy Giả Định", "Huyện ủy Giả Định"),
        ("Tin tức | Cổng thông tin điện tử Sở Ví Dụ", "Cổng thông tin điện tử Sở Ví Dụ"),
        ("Trang chủ", "du-phong"),
        ('Ban "Mẫu"\\n &amp; Ví Dụ', 'Ban "Mẫu"\\n & Ví Dụ'),
    ],
)
def test_name_is_the_part_of_the_title_that_names_an_office(
    site: LocalSite, http: PoliteClient, title: str, name: str
) -> None:
    site.page("/muc", LIST.replace("Huyện ủy Giả Định</title>", f"{title}</title>"))
    found = _find(http, site.url("/muc"))
    assert proposed_name(found, "du-phong") == name
    (unit,) = tomllib.loads(unit_block(found, id="don-vi", name=name))["units"]
    assert (unit["name"], unit["sources"][0]["url"]) == (name, site.url("/muc"))


# --- one article ------------------------------------------------------------------------------------------


def test_article_is_read_as_a_source_would_read_it(site: LocalSite, http: PoliteClient) -> None:
    text = "Toàn văn của bài viết dài, đủ để nhận ra phần thân bài. " * 12
    site.page(
        "/bai",
        "<html><head><title>Cổng Ví Dụ</title><link rel=canonical href='/bai-chuan.html'>"
        '<script type="application/ld+json">{"@type":"NewsArticle","datePublished":"2026-10-30T08:05:00+07:00"}</script></head>'
        f"<body>27/10/2026<article><h1>Hội nghị  tổng kết công tác năm</h1><p>{text}</p></article></body></html>",
    )
    read = _read(http, site.url("/bai"))
    assert read.article.published.instant == datetime(2026, 10, 30, 1, 5, tzinfo=UTC)
    assert (read.article.title, read.article.canonical_url) == (
        "Hội nghị tổng kết công tác năm",
        site.url("/bai-chuan.html"),
    )
    assert "Toàn văn của bài viết" in read.article.text


@pytest.mark.parametrize(("status", "permanent"), [(404, True), (410, True), (500, False)])
def test_article_that_is_not_there_is_an_error(
    site: LocalSite, http: PoliteClient, status: int, permanent: bool
) -> None:
    site.page("/bai", "x", status=status)
    with pytest.raises(SourceError) as caught:
        _read(http, site.url("/bai"))
    assert (caught.value.kind, caught.value.permanent) == ("http_status", permanent)


def test_article_too_large_to_be_searched_is_an_error(site: LocalSite, http: PoliteClient) -> None:
    site.page("/bai", "<div>" * 200_000)
    with pytest.raises(SourceError) as caught:
        _read(http, site.url("/bai"))
    assert caught.value.kind == "too_large"
