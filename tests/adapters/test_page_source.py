"""PageSource: list pages by selectors, made up and (where the corpus is there) of real Liferay sites."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.articles.reading import DirectReader
from adapters.http.client import HttpSettings, PoliteClient
from adapters.sources.page import PageSettings, PageSource
from adapters.sources.site_source import ArticleSelectors
from syncd.domain.model import Precision, SourceId, UnitId
from syncd.errors import SourceError
from syncd.ports.source import Known
from syncd.testing.clock import FakeClock
from syncd.testing.local_site import LocalSite
from syncd.vietnamese.text import one_line

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
LIST = """<html><head><title>Tin tức</title><base href="/trang/"></head><body>
<div class="item"><a href="mot.html"><img src="1.jpg"></a><h3><a href="mot.html">Bài một</a></h3><i class="date">Ngày đăng 30/10/2026 | 03:37 PM | Lượt xem: 381</i></div>
<div class="item"><h3><a href="mot.html">Bài một</a></h3></div>
<div class="item"><h3><a href="/hai.html">Bài hai</a></h3><i class="date">29/10/2026 | 12:00 AM</i></div>
<div class="item"><h3>Không có liên kết</h3></div>
</body></html>"""


@pytest.fixture
def site() -> Iterator[LocalSite]:
    with LocalSite() as site:
        yield site


def _source(site: LocalSite, path: str = "/tin-tuc", **settings: Any) -> PageSource:
    clock = FakeClock(datetime(2026, 11, 1, tzinfo=UTC))
    http = PoliteClient(HttpSettings(spacing_s=0, allow_addresses=("127.0.0.0/8",)), clock=clock)
    chosen = {"item": "div.item", "link": "a", "title": "h3", "date": ".date", "article": "none"} | settings
    return PageSource(
        PageSettings(url=site.url(path), **chosen),
        id=SourceId("ban-b/1"),
        unit=UnitId("ban-b"),
        http=http,
        clock=clock,
        articles=DirectReader(),
    )


def test_list_page_is_read_in_order_each_address_once(site: LocalSite) -> None:
    site.page("/tin-tuc", LIST)
    reading = _source(site).read(Known())
    assert [(p.title, p.url) for p in reading.posts] == [
        ("Bài một", site.url("/trang/mot.html")),
        ("Bài hai", site.url("/hai.html")),
    ]
    first, second = (post.published for post in reading.posts)
    assert (first.instant, first.precision) == (datetime(2026, 10, 30, 8, 37, tzinfo=UTC), Precision.MINUTE)
    assert (second.instant, second.precision) == (datetime(2026, 10, 28, 17, tzinfo=UTC), Precision.DAY)
    assert [(s.item, s.reason) for s in reading.skipped] == [("Không có liên kết", "no web address")]


def test_date_in_the_entrys_own_words_or_inside_its_title_is_no_part_of_the_title(site: LocalSite) -> None:
    entries = "<li><a href=/1>Bài một năm 2025</a> (30/10/2026 08:05)</li><li><a href=/2>Bài hai</a> <!-- 1/1/2020 -->(29/10/2026)</li>"
    site.page("/tin-tuc", f"<ul>{entries}</ul>")
    own = _source(site, item="li", title="", date=":scope").read(Known()).posts
    assert [(post.title, post.published.raw) for post in own] == [
        ("Bài một năm 2025", "(30/10/2026 08:05)"),
        ("Bài hai", "(29/10/2026)"),
    ]
    site.page("/tin-tuc", "<li><a href=/1>Bài một <span class=ngay>(30/10/2026)</span></a></li>")
    (post,) = _source(site, item="li", title="", date=".ngay").read(Known()).posts
    assert (post.title, post.published.raw) == ("Bài một", "(30/10/2026)")


def test_a_list_is_the_whole_site_only_where_its_window_is_known_or_it_is_empty(site: LocalSite) -> None:
    site.page("/tin-tuc", LIST)
    assert _source(site).read(Known()).full
    assert not _source(site, window=10).read(Known()).full
    assert _source(site, window=3).read(Known()).full


def test_unchanged_list_is_known_by_its_hash(site: LocalSite) -> None:
    site.page("/tin-tuc", LIST)
    source = _source(site)
    first = source.read(Known())
    assert source.read(Known(body_sha256=first.exchange.body_sha256)).unchanged


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        ("<html><body><form><input type=password></form></body></html>", "login"),
        ("<html><body>Website đang nâng cấp</body></html>", "maintenance"),
        ("<html><body><div class='moi'>Giao diện mới</div></body></html>", "layout"),
    ],
)
def test_page_without_the_list_is_an_error_never_no_posts(site: LocalSite, body: str, hint: str) -> None:
    site.page("/tin-tuc", body)
    with pytest.raises(SourceError) as caught:
        _source(site).read(Known())
    assert (caught.value.kind, hint in (caught.value.hint or "")) == ("layout", True)


def test_article_page_is_read_by_its_selectors(site: LocalSite) -> None:
    site.page("/tin-tuc", LIST)
    site.page("/trang/mot.html", "<div class='content'><p>Toàn văn bài một.</p></div>")
    source = _source(site, article=ArticleSelectors(content="div.content"))
    post = source.complete(source.read(Known()).posts[0])
    assert (post.html, post.full_text) == ("<p>Toàn văn bài một.</p>", True)
    assert post.published.origin == "list"


def test_page_too_large_to_be_searched_is_an_error_that_says_so(site: LocalSite) -> None:
    site.page("/tin-tuc", "<div class=item>" * 50_000)
    with pytest.raises(SourceError) as caught:
        _source(site).read(Known())
    assert caught.value.kind == "too_large"
    site.page("/tin-tuc", LIST)
    site.page("/trang/mot.html", "<div>" * 200_000)
    source = _source(site, article=ArticleSelectors(content="div"))
    post = source.read(Known()).posts[0]
    with pytest.raises(SourceError) as caught:
        source.complete(post)
    assert (caught.value.kind, caught.value.url) == ("too_large", post.url)


def test_selector_that_finds_items_within_items_is_refused(site: LocalSite) -> None:
    site.page("/tin-tuc", "<div>" * 100 + "<a href=/1>Bài</a>" * 100)
    with pytest.raises(SourceError) as caught:
        _source(site, item="div").read(Known())
    assert (caught.value.kind, "within one another" in caught.value.message) == ("layout", True)


def test_selector_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="not a CSS selector"):
        PageSettings(url="https://a.vidu.example/", item="div[")
    with pytest.raises(ValueError, match="not a CSS selector"):
        ArticleSelectors(content="div..x")


def _liferay_pages() -> list[str]:
    path = CORPUS / "expected" / "html_lists.json"
    return sorted(json.loads(path.read_text())) if path.exists() else []


@pytest.mark.skipif(not _liferay_pages(), reason=f"the corpus is not beside this checkout: {CORPUS}")
@pytest.mark.parametrize("name", _liferay_pages())
def test_real_liferay_list_is_read_by_its_profile_as_by_eye(site: LocalSite, name: str) -> None:
    expected = json.loads((CORPUS / "expected" / "html_lists.json").read_text())[name]
    site.page("/a/b/list", (CORPUS / name).read_bytes())
    reading = _source(site, "/a/b/list", item="", link="a", title="", date="").read(Known())
    found = [(one_line(post.title), post.published.instant, post.url.rpartition("/")[2]) for post in reading.posts]
    wanted = [
        (
            one_line(entry["title"]),
            datetime.fromisoformat(entry["iso"]).astimezone(UTC) if entry.get("iso") else None,
            entry["href"].rpartition("/")[2],
        )
        for entry in expected
    ]
    assert [entry for entry in found if entry in wanted] == list(dict.fromkeys(wanted))
    assert "profile: liferay" in reading.notes


MENUS = """<html><head><meta name=generator content="Drupal 10"></head><body>
<div class="block-menu"><div class=views-row><a href="/node/1">Giới thiệu</a></div></div><nav><div class=views-row><a href="/node/2">Liên hệ</a></div></nav>
<div class=view-content>
<div class=views-row><h2><a href="/node/11">Bài một</a></h2><span class=created-date>30/10/2026 - 08:05</span></div>
<div class=views-row><div class=views-row><h2><a href="/node/12">Bài hai</a></h2><span class=created-date>29/10/2026 - 08:05</span></div></div>
<div class=views-row><a href="/node/11/print">Bản in</a></div></div></body></html>"""


def test_a_profile_takes_no_menu_no_print_page_and_no_holder_of_entries_for_a_post(site: LocalSite) -> None:
    site.page("/tin-tuc", MENUS)
    reading = _source(site, item="").read(Known())
    assert [(post.title, post.stable_id) for post in reading.posts] == [
        ("Bài một", "drupal:11"),
        ("Bài hai", "drupal:12"),
    ]
    assert reading.posts[0].published.instant == datetime(2026, 10, 30, 1, 5, tzinfo=UTC)
    assert not reading.skipped


def test_a_named_profile_is_used_whatever_the_page_says(site: LocalSite) -> None:
    site.page("/tin-tuc", MENUS.replace("Drupal 10", "Cổng riêng"))
    assert _source(site, item="", profile="drupal").read(Known()).posts[0].stable_id == "drupal:11"
    with pytest.raises(SourceError, match="by any profile"):
        _source(site, item="").read(Known())


def test_a_clock_in_a_profiles_list_is_no_date(site: LocalSite) -> None:
    clock = "<div class=region-header><i class=created-date>01/11/2026</i></div>"
    site.page(
        "/tin-tuc",
        f"<html><body>{clock}<div class=views-row>{clock}<h2><a href=/node/5>Bài năm</a></h2></div></body></html>",
    )
    (post,) = _source(site, item="", profile="drupal").read(Known()).posts
    assert post.published.instant is None


def test_settings_need_entries_or_a_profile() -> None:
    with pytest.raises(ValueError, match="give item"):
        PageSettings(url="https://a.vidu.example/", profile="")
    with pytest.raises(ValueError, match="not a CSS selector"):
        PageSettings(url="https://a.vidu.example/", pager="a[")


def _list_of(numbers: range, pager: str = "") -> str:
    items = "".join(
        f"<div class=item><h3><a href=/{n}>Bài {n}</a></h3><i class=date>{n:02}/10/2026</i></div>" for n in numbers
    )
    return f"<html><body>{items}{pager}</body></html>"


@pytest.mark.parametrize(
    ("pager", "setting", "second"),
    [
        ("<a class=sau href='/tin-tuc/cu-hon'>Cũ hơn</a>", "a.sau", "/tin-tuc/cu-hon"),
        ("", "trang/{page}/", "/tin-tuc/trang/2/"),
        ("<a href='/tin-tuc/page-2'>2</a><a href='/tin-tuc/page-9'>Cuối</a>", "", "/tin-tuc/page-2"),
        ("<a rel=next href='/tin-tuc/sau'>Sau</a>", "", "/tin-tuc/sau"),
    ],
    ids=["selector", "template", "numbers", "rel=next"],
)
def test_older_posts_stand_on_the_pages_behind_the_list(site: LocalSite, pager: str, setting: str, second: str) -> None:
    site.page("/tin-tuc", _list_of(range(9, 5, -1), pager))
    site.page(second, _list_of(range(5, 2, -1)))
    source = _source(site, pager=setting)
    since = datetime(2026, 9, 1, tzinfo=UTC)
    first = source.archive(since, None)
    assert first.next is not None
    assert first.complete_from == datetime(2026, 10, 6, 17, tzinfo=UTC)  # of the sixth more may stand behind
    older = source.archive(since, first.next)
    assert [post.title for post in older.posts] == ["Bài 5", "Bài 4", "Bài 3"]


def test_a_site_that_repeats_its_last_page_has_ended(site: LocalSite) -> None:
    site.page("/tin-tuc", _list_of(range(9, 5, -1)))
    source = _source(site, pager="?page={page}")
    since = datetime(2026, 9, 1, tzinfo=UTC)
    first = source.archive(since, None)
    second = source.archive(since, first.next)
    assert (second.posts, second.next, second.complete_from) == ((), None, since)


def test_a_list_of_one_page_without_a_sitemap_has_no_archive(site: LocalSite) -> None:
    site.page("/tin-tuc", _list_of(range(9, 5, -1)))
    source = _source(site)
    since = datetime(2026, 9, 1, tzinfo=UTC)
    robots = source.archive(since, source.archive(since, None).next)
    guesses = [source.archive(since, robots.next)]
    guesses.append(source.archive(since, guesses[-1].next))
    with pytest.raises(SourceError) as caught:
        source.archive(since, guesses[-1].next)
    assert (caught.value.kind, caught.value.permanent) == ("no_archive", True)
