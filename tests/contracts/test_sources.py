"""Every source adapter against the contract of syncd.testing, each on a site of the kind it reads."""

import gzip
import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from typing import Any

import pytest

from adapters.articles.reading import DirectReader
from adapters.http.client import HttpSettings, PoliteClient
from adapters.sources.feed import FeedSettings, FeedSource
from adapters.sources.http_json import JsonSettings, JsonSource, Paging
from adapters.sources.page import PageSettings, PageSource
from adapters.sources.site_source import SiteSource
from adapters.sources.sitemap import SitemapSettings, SitemapSource
from adapters.sources.wordpress import WordPressSource, WordPressSourceSettings
from syncd.domain.model import LOCAL, SourceId, UnitId
from syncd.testing.clock import FakeClock
from syncd.testing.local_site import LocalSite, Page, SeenRequest
from syncd.testing.source_contract import SitePost, SourceArena, SourceContract

NOW = datetime(2026, 11, 1, tzinfo=UTC)
LISTED = 5
_NUMBER = re.compile(r"(\d+)(?:\.html|/)?$")


class Arena:
    """A site with a page for each post at /tin/<slug>-<number>.html; what lists them is a subclass's."""

    list_path = "/"
    listed = LISTED
    has_archive = True
    has_titles = True

    def __init__(self, site: LocalSite) -> None:
        self.site = site
        self.posts: Sequence[SitePost] = ()
        self.http = PoliteClient(HttpSettings(spacing_s=0, allow_addresses=("127.0.0.0/8",)), clock=FakeClock(NOW))

    def made(self, kind: type[SiteSource[Any]], settings: Any) -> Any:
        return kind(
            settings,
            id=SourceId("xa-vi-du/1"),
            unit=UnitId("xa-vi-du"),
            http=self.http,
            clock=FakeClock(NOW),
            articles=DirectReader(),
        )

    def show(self, posts: Sequence[SitePost]) -> None:
        self.posts = posts
        for post in posts:
            self.site.page(self.page_path(post), self.article(post))
        self.site.answer(self.list_path, self.list_page)

    def article(self, post: SitePost) -> str:
        return (
            f"<html><head><title>{escape(post.title)}</title></head><body><h1>{escape(post.title)}</h1>"
            f"<article>{post.html}</article></body></html>"
        )

    def list_page(self, request: SeenRequest) -> Page:
        raise NotImplementedError

    def page_path(self, post: SitePost) -> str:
        return f"/tin/hop-phien-{post.number}.html"

    def number_of(self, url: str) -> int | None:
        found = _NUMBER.search(url)
        return int(found[1]) if found else None

    def numbered(self, request: SeenRequest, name: str, first: int) -> Sequence[SitePost]:
        """The posts of the page that the query asks for."""
        number = int(request.query.get(name, [str(first)])[0]) - first
        return self.posts[number * LISTED : (number + 1) * LISTED]


def _rss(posts: Sequence[SitePost], url: Any, generator: str) -> Page:
    items = "".join(
        f"<item><title>{escape(post.title)}</title><link>{url(post)}</link><pubDate>{format_datetime(post.published)}</pubDate></item>"
        for post in posts
    )
    text = (
        f"<rss version='2.0'><channel><title>Xã Ví Dụ</title><generator>{generator}</generator>{items}</channel></rss>"
    )
    return Page(body=text.encode(), content_type="application/rss+xml")


class WordPressFeedArena(Arena):
    list_path = "/feed/"

    def source(self) -> FeedSource:
        return self.made(FeedSource, FeedSettings(url=self.site.url("/feed/"), window=LISTED))  # type: ignore[no-any-return]  # made by its class

    def list_page(self, request: SeenRequest) -> Page:
        posts = self.numbered(request, "paged", 1)
        if not posts:
            return Page(status=404, body=b"het")
        return _rss(posts, lambda post: self.site.url(self.page_path(post)), "https://wordpress.org/?v=6.6.2")


class NukeVietFeedArena(Arena):
    """Its feed has no further pages; robots.txt names a sitemap, which holds a page of another unit too."""

    list_path = "/vi/news/rss/"

    def source(self) -> FeedSource:
        return self.made(FeedSource, FeedSettings(url=self.site.url(self.list_path), window=30))  # type: ignore[no-any-return]  # made by its class

    def show(self, posts: Sequence[SitePost]) -> None:
        super().show(posts)
        self.site.page(
            "/robots.txt", f"User-agent: *\nSitemap: {self.site.url('/SitemapIndex.xml')}\n", content_type="text/plain"
        )
        index = f"<sitemapindex><sitemap><loc>{self.site.url('/vi/news/sitemap.xml')}</loc></sitemap></sitemapindex>"
        self.site.page("/SitemapIndex.xml", index, content_type="text/xml")
        entries = "".join(
            f"<url><loc>{self.site.url(self.page_path(post))}</loc><lastmod>{post.published.isoformat()}</lastmod></url>"
            for post in posts
        )
        other = f"<url><loc>{self.site.url('/xa-khac/tin-999.html')}</loc><lastmod>2026-10-30T08:00:00+07:00</lastmod></url>"
        self.site.page("/vi/news/sitemap.xml", f"<urlset>{entries}{other}</urlset>", content_type="text/xml")

    def list_page(self, request: SeenRequest) -> Page:
        return _rss(self.posts[:LISTED], lambda post: self.site.url(self.page_path(post)), "NukeViet v4.6")


class PageArena(Arena):
    """A home-made list with numbered pages, read by selectors."""

    list_path = "/tin-tuc"

    def source(self) -> PageSource:
        settings = PageSettings(url=self.site.url("/tin-tuc"), item="li.tin", date="i", article="auto", window=LISTED)
        return self.made(PageSource, settings)  # type: ignore[no-any-return]  # made by its class

    def list_page(self, request: SeenRequest) -> Page:
        number = int(request.query.get("trang", ["1"])[0])
        pages = range(1, (len(self.posts) + LISTED - 1) // LISTED + 1)
        items = "".join(
            f"<li class=tin><a href='{self.page_path(post)}'>{escape(post.title)}</a><i>{post.published.astimezone(LOCAL):%d/%m/%Y %H:%M}</i></li>"
            for post in self.posts[(number - 1) * LISTED : number * LISTED]
        )
        pager = "".join(f"<a href='/tin-tuc?trang={n}'>{n}</a>" for n in pages if n != number)
        beside = "<a href='/van-ban?trang=99'>99</a>"  # the pager of another list
        return Page(body=f"<html><body><ul>{items}</ul>{pager}{beside}</body></html>".encode())


class LiferayArena(Arena):
    """An asset publisher, read by its profile alone."""

    list_path = "/tin-tuc"

    def source(self) -> PageSource:
        return self.made(PageSource, PageSettings(url=self.site.url("/tin-tuc"), window=LISTED))  # type: ignore[no-any-return]  # made by its class

    def page_path(self, post: SitePost) -> str:
        return f"/tin-tuc/-/view_content/{post.number}"

    def article(self, post: SitePost) -> str:
        return (
            "<html><body><script>Liferay.ThemeDisplay = {};</script><div id=banner>Hôm nay, 01/11/2026</div>"
            f"<div class='portlet-body asset-full-content'><h3 class='asset-title'>{escape(post.title)}</h3>"
            f"<div class=assetPublishDate>{post.published.astimezone(LOCAL):%d/%m/%Y | %I:%M %p}</div>"
            f"<div class='journal-content-article'>{post.html}</div></div></body></html>"
        )

    def list_page(self, request: SeenRequest) -> Page:
        posts = self.numbered(request, "_101_INSTANCE_ab_cur", 1)
        last = (len(self.posts) + LISTED - 1) // LISTED
        items = "".join(
            "<div class='asset-abstract'><!-- <div class='asset-abstract'><a href='/cu'>Cũ</a></div> -->"
            f"<h3 class='asset-title'><a href='{self.page_path(post)}'>{escape(post.title)}</a></h3>"
            f"<div class=assetPublishDate>{post.published.astimezone(LOCAL):%d/%m/%Y | %I:%M %p}</div></div>"
            for post in posts
        )
        pager = "".join(
            f"<a href='/tin-tuc?p_p_id=101_INSTANCE_ab&_101_INSTANCE_ab_delta=5&_101_INSTANCE_ab_cur={n}'>{n}</a>"
            for n in range(1, last + 1)
        )
        clock = "<div id=banner>Hôm nay, 01/11/2026</div>"
        frame = "<html><head></head><body><script>Liferay.ThemeDisplay = {};</script>"
        return Page(body=f"{frame}{clock}<div class=portlet-body>{items}{pager}</div></body></html>".encode())


class SitemapArena(Arena):
    """An index with a news sitemap, gzipped, a sitemap for each half of the rest, and one of categories."""

    list_path = "/sitemap.xml"
    has_titles = False

    def source(self) -> SitemapSource:
        return self.made(
            SitemapSource, SitemapSettings(url=self.site.url("/sitemap.xml"), include="/tin/", window=LISTED * 2)
        )  # type: ignore[no-any-return]  # made by its class

    def show(self, posts: Sequence[SitePost]) -> None:
        super().show(posts)
        half = max(len(posts) // 2, 1)
        for name, some in (("tin-2", posts[:half]), ("tin-1", posts[half:])):
            entries = "".join(
                f"<url><loc>{self.site.url(self.page_path(post))}</loc>"
                f"<lastmod>{post.published.astimezone(LOCAL).isoformat()}</lastmod></url>"
                for post in some
            )
            body = gzip.compress(
                f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{entries}</urlset>".encode()
            )
            self.site.page(f"/{name}.xml.gz", body, content_type="application/gzip")
        self.site.page("/category-sitemap.xml", f"<urlset><url><loc>{self.site.url('/muc/1')}</loc></url></urlset>")

    def list_page(self, request: SeenRequest) -> Page:
        maps = "".join(
            f"<sitemap><loc>{self.site.url(path)}</loc><lastmod>{when.isoformat()}</lastmod></sitemap>"
            for path, when in (
                ("/tin-1.xml.gz", self.posts[-1].published),
                ("/tin-2.xml.gz", self.posts[0].published),
                ("/category-sitemap.xml", NOW),
            )
        )
        return Page(body=f"<?xml version='1.0'?><sitemapindex>{maps}</sitemapindex>".encode(), content_type="text/xml")


class WordPressArena(Arena):
    list_path = "/wp-json/wp/v2/posts"

    def source(self) -> WordPressSource:
        return self.made(WordPressSource, WordPressSourceSettings(url=self.site.url("/"), per_page=LISTED))  # type: ignore[no-any-return]  # made by its class

    def list_page(self, request: SeenRequest) -> Page:
        after = request.query.get("after")
        posts = [
            p for p in self.posts if not after or p.published.replace(tzinfo=None) > datetime.fromisoformat(after[0])
        ]
        number = int(request.query.get("page", ["1"])[0])
        some = posts[(number - 1) * LISTED : number * LISTED]
        pages = (len(posts) + LISTED - 1) // LISTED
        if number > max(pages, 1):
            return Page(status=400, body=b'{"code":"rest_post_invalid_page_number"}', content_type="application/json")
        data = [
            {
                "id": post.number,
                "date_gmt": post.published.strftime("%Y-%m-%dT%H:%M:%S"),
                "guid": {"rendered": self.site.url(f"/?p={post.number}")},
                "link": self.site.url(self.page_path(post)),
                "title": {"rendered": escape(post.title)},
                "excerpt": {"rendered": "<p>Tóm tắt</p>"},
                "content": {"rendered": post.html, "protected": False},
                "_embedded": {
                    "author": [{"name": "Ban biên tập"}],
                    "wp:term": [[{"taxonomy": "category", "name": "Tin &amp; bài"}]],
                },
            }
            for post in some
        ]
        totals = {"X-WP-Total": str(len(posts)), "X-WP-TotalPages": str(pages)}
        return Page(body=json.dumps(data).encode(), content_type="application/json", headers=totals)


class JsonArena(Arena):
    list_path = "/api/tin"

    def source(self) -> JsonSource:
        settings = JsonSettings(
            url=self.site.url("/api/tin?so=5"),
            items="data.items",
            link="slug",
            link_format="/tin/{link}.html",
            date="ngay",
            paging=Paging(kind="offset", param="tu"),
            window=LISTED,
        )
        return self.made(JsonSource, settings)  # type: ignore[no-any-return]  # made by its class

    def list_page(self, request: SeenRequest) -> Page:
        begin = int(request.query.get("tu", ["0"])[0])
        items = [
            {"title": post.title, "slug": f"hop-phien-{post.number}", "ngay": int(post.published.timestamp() * 1000)}
            for post in self.posts[begin : begin + LISTED]
        ]
        return Page(body=json.dumps({"data": {"items": items}}).encode(), content_type="application/json")


KINDS = (WordPressFeedArena, NukeVietFeedArena, PageArena, LiferayArena, SitemapArena, WordPressArena, JsonArena)


class TestSources(SourceContract):
    @pytest.fixture(params=KINDS, ids=[kind.__name__.removesuffix("Arena") for kind in KINDS])
    def arena(self, request: pytest.FixtureRequest) -> Iterator[SourceArena]:
        with LocalSite() as site:
            yield request.param(site)
