"""SitemapSource: plain and news sitemaps, indices, gzip, damage and hostility."""

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.articles.reading import DirectReader
from adapters.http.client import HttpSettings, PoliteClient
from adapters.sources.sitemap import SitemapSettings, SitemapSource
from adapters.sources.sitemap_documents import MapEntry, NotASitemap, parse_sitemap, posts_first
from syncd.domain.model import Precision, SourceId, UnitId
from syncd.errors import SourceError
from syncd.ports.source import Known
from syncd.testing.clock import FakeClock
from syncd.testing.local_site import LocalSite

NOW = datetime(2026, 11, 1, tzinfo=UTC)
URL = "https://a.vidu.example/sitemap.xml"
NEWS = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
 xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
<url><loc>{0}/tin/bai-1.html</loc><lastmod>2026-10-31T09:00:00+07:00</lastmod><news:news><news:publication><news:name>Ban A</news:name></news:publication>
<news:publication_date>2026-10-30T08:05:00+07:00</news:publication_date><news:title>Hội nghị &amp; tổng kết</news:title></news:news>
<image:image><image:loc>{0}/a.jpg</image:loc></image:image></url>
<url><loc> {0}/tin/bai-hai-2.html </loc><lastmod>2026-10-29</lastmod></url>
<url><loc>{0}/</loc></url><url><loc>https://noi-khac.vidu.example/tin/9</loc></url><url><loc>{0}/anh.jpg</loc></url>
</urlset>"""


@pytest.fixture
def site() -> Iterator[LocalSite]:
    with LocalSite() as site:
        yield site


def _source(site: LocalSite, **settings: Any) -> SitemapSource:
    clock = FakeClock(NOW)
    http = PoliteClient(HttpSettings(spacing_s=0, allow_addresses=("127.0.0.0/8",)), clock=clock)
    return SitemapSource(
        SitemapSettings(url=site.url("/sitemap.xml"), **settings),
        id=SourceId("ban-a/1"),
        unit=UnitId("ban-a"),
        http=http,
        clock=clock,
        articles=DirectReader(),
    )


def test_news_gives_title_and_date_and_a_plain_entry_the_last_resort(site: LocalSite) -> None:
    site.page("/sitemap.xml", NEWS.format(site.base_url), content_type="application/xml")
    reading = _source(site).read(Known())
    first, second = reading.posts
    assert (first.title, first.published.instant, first.published.origin) == (
        "Hội nghị & tổng kết",
        datetime(2026, 10, 30, 1, 5, tzinfo=UTC),
        "sitemap",
    )
    assert [image.url for image in first.images] == [site.url("/a.jpg")]
    assert (second.title, second.published.precision) == ("bai hai 2", Precision.DAY)
    assert (second.published.origin, second.published.doubt) == ("lastmod", "lastmod")
    assert not reading.full


def test_only_the_addresses_asked_for_are_posts(site: LocalSite) -> None:
    site.page("/sitemap.xml", NEWS.format(site.base_url))
    assert [post.url for post in _source(site, include="bai-hai").read(Known()).posts] == [
        site.url("/tin/bai-hai-2.html")
    ]
    assert [post.title for post in _source(site, exclude="bai-hai").read(Known()).posts] == ["Hội nghị & tổng kết"]
    with pytest.raises(SourceError, match="names no post"):
        _source(site, include="/khong-co/").read(Known())


def test_the_newest_are_looked_at_and_the_list_then_counts_as_cut(site: LocalSite) -> None:
    entries = "".join(
        f"<url><loc>{site.url(f'/tin/{n}')}</loc><lastmod>2026-10-{n:02}</lastmod></url>" for n in range(1, 31)
    )
    site.page("/sitemap.xml", f"<urlset>{entries}</urlset>")
    reading = _source(site, window=3).read(Known())
    assert [post.url.rpartition("/")[2] for post in reading.posts] == ["30", "29", "28"]
    assert reading.full


def test_an_index_that_does_not_date_its_children_is_asked_for_again(site: LocalSite) -> None:
    site.page(
        "/sitemap.xml",
        f"<sitemapindex><sitemap><loc>{site.url('/post-sitemap.xml')}</loc></sitemap></sitemapindex>",
        etag='"1"',
    )
    site.page("/post-sitemap.xml", f"<urlset><url><loc>{site.url('/tin/1')}</loc></url></urlset>")
    first = _source(site).read(Known())
    assert first.exchange.header("etag") is None
    site.page(
        "/post-sitemap.xml",
        f"<urlset><url><loc>{site.url('/tin/1')}</loc></url><url><loc>{site.url('/tin/2')}</loc></url></urlset>",
    )
    second = _source(site).read(Known(body_sha256=first.exchange.body_sha256))
    assert [len(first.posts), len(second.posts)] == [1, 2]


def test_a_dated_index_that_is_unchanged_saves_its_children(site: LocalSite) -> None:
    child = f"<sitemap><loc>{site.url('/post-sitemap.xml')}</loc><lastmod>2026-10-30</lastmod></sitemap>"
    site.page("/sitemap.xml", f"<sitemapindex>{child}</sitemapindex>")
    site.page("/post-sitemap.xml", f"<urlset><url><loc>{site.url('/tin/1')}</loc></url></urlset>")
    first = _source(site).read(Known())
    assert _source(site).read(Known(body_sha256=first.exchange.body_sha256)).unchanged
    assert site.count("/post-sitemap.xml") == 1


def test_an_archive_skips_sitemaps_that_are_too_old(site: LocalSite) -> None:
    maps = "".join(
        f"<sitemap><loc>{site.url(f'/{year}.xml')}</loc><lastmod>{year}-12-30</lastmod></sitemap>"
        for year in (2023, 2024, 2025)
    )
    site.page("/sitemap.xml", f"<sitemapindex>{maps}</sitemapindex>")
    for year in (2023, 2024, 2025):
        site.page(
            f"/{year}.xml",
            f"<urlset><url><loc>{site.url(f'/tin/{year}')}</loc><lastmod>{year}-06-30</lastmod></url></urlset>",
        )
    source, since = _source(site), datetime(2024, 3, 1, tzinfo=UTC)
    first = source.archive(since, None)
    second = source.archive(since, first.next)
    third = source.archive(since, second.next)
    assert [[post.url.rpartition("/")[2] for post in page.posts] for page in (first, second, third)] == [
        [],
        ["2025"],
        ["2024"],
    ]
    assert (third.next, third.complete_from) == (None, since)


def test_a_sitemap_cut_at_a_round_number_proves_nothing_about_the_rest(site: LocalSite) -> None:
    entries = "".join(f"<url><loc>{site.url(f'/tin/{n}')}</loc></url>" for n in range(1_000))
    site.page("/sitemap.xml", f"<urlset>{entries}</urlset>")
    page = _source(site).archive(datetime(2026, 1, 1, tzinfo=UTC), None)
    assert (len(page.posts), page.complete_from) == (1_000, None)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"<html><body>Xin chao</body></html>", "not_a_sitemap"),
        (b"\x1f\x8b\xff\xffbroken", "bad_coding"),
        (gzip.compress(b"<urlset>" + b" " * 20_000_000 + b"</urlset>"), "too_large"),
        (
            b'<!DOCTYPE u [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>',
            "hostile_document",
        ),
        (b"<rss><channel/></rss>", "not_a_sitemap"),
        (b"\x00\x01\x02", "not_a_sitemap"),
        (b"khong co dia chi nao", "not_a_sitemap"),
    ],
)
def test_what_is_no_sitemap_says_why(body: bytes, kind: str) -> None:
    with pytest.raises(NotASitemap) as caught:
        parse_sitemap(body, url=URL, max_bytes=1_000_000)
    assert caught.value.kind == kind


def test_a_damaged_sitemap_gives_what_is_readable_and_says_it_is_not_whole() -> None:
    found = parse_sitemap(b"<urlset><url><loc>https://a.vidu.example/1</loc></url><url><loc>https://a.vid", url=URL)
    assert [entry.url for entry in found.entries] == ["https://a.vidu.example/1"]
    assert not found.whole


def test_half_an_address_is_not_taken_for_one() -> None:
    entry = "<url><loc>http://a.vidu.example/tin/{}.html</loc></url>"
    body = f"<urlset>{entry.format(1)}<url><loc>http://a.vidu.example/ti".encode()
    found = parse_sitemap(body, url="http://a.vidu.example/sitemap.xml")
    assert ([each.url for each in found.entries], found.whole) == (["http://a.vidu.example/tin/1.html"], False)


@pytest.mark.parametrize("before", ["\n\r\n", "\ufeff\n", "<br />\n<b>Warning</b>: example.php<br />\n"])
def test_what_a_script_prints_before_a_sitemap_does_no_harm(before: str) -> None:
    body = f'{before}<?xml version="1.0"?><urlset><url><loc>/1.html</loc></url></urlset>'.encode()
    found = parse_sitemap(body, url="http://a.vidu.example/sitemap.xml")
    assert ([each.url for each in found.entries], found.whole) == (["http://a.vidu.example/1.html"], True)


def test_lines_of_addresses_are_a_sitemap_too() -> None:
    found = parse_sitemap(b"https://a.vidu.example/1\nhttps://b.vidu.example/2\n", url=URL)
    assert [entry.url for entry in found.entries] == ["https://a.vidu.example/1"]


def test_outside_entities_and_files_are_never_read() -> None:
    outside = (
        b'<!DOCTYPE urlset SYSTEM "file:///etc/passwd"><urlset><url><loc>https://a.vidu.example/1</loc></url></urlset>'
    )
    assert [entry.url for entry in parse_sitemap(outside, url=URL).entries] == ["https://a.vidu.example/1"]


def test_children_with_posts_come_first_the_newest_in_front() -> None:
    def child(name: str, lastmod: str = "") -> MapEntry:
        return MapEntry(url=f"https://a.vidu.example/{name}.xml", lastmod=lastmod)

    plain = posts_first(
        (
            child("wp-sitemap-posts-post-1"),
            child("wp-sitemap-posts-post-2"),
            child("wp-sitemap-taxonomies-category-1"),
            child("wp-sitemap-users-1"),
        )
    )
    assert [each.url.rpartition("/")[2] for each in plain] == [
        "wp-sitemap-posts-post-2.xml",
        "wp-sitemap-posts-post-1.xml",
    ]
    dated = posts_first(
        (child("a-1", "2026-01-02"), child("a-2", "2026-03-04"), child("category-sitemap", "2026-05-05"))
    )
    assert [each.lastmod for each in dated] == ["2026-03-04", "2026-01-02"]
    assert len(posts_first((child("category-sitemap"),))) == 1
