"""WordPress REST and JSON lists as sources, and the paths into JSON."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.articles.reading import DirectReader
from adapters.http.client import HttpSettings, PoliteClient
from adapters.json_path import JsonPath
from adapters.sources.http_json import JsonSettings, JsonSource, Paging
from adapters.sources.wordpress import WordPressSource, WordPressSourceSettings
from syncd.domain.model import Precision, SourceId, UnitId
from syncd.errors import SourceError
from syncd.ports.source import Known, PostData
from syncd.testing.clock import FakeClock
from syncd.testing.local_site import LocalSite

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DOCUMENT: Any = {
    "data": {"items": [{"t": "a", "tags": [{"n": "x"}, {"n": "y"}]}, {"t": None}, {"t": "c"}]},
    "gd.title": 1,
    "by": {"k1": {"v": 1}, "k2": {"v": 2}},
    "0": "không",
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", [DOCUMENT]),
        ("data.items[0].t", ["a"]),
        ("data.items.0.t", ["a"]),
        ("data.items[-1].t", ["c"]),
        ("data.items[*].t", ["a", None, "c"]),
        ("data.items.*.tags[*].n", ["x", "y"]),
        ('"gd.title"', [1]),
        ("by.*.v", [1, 2]),
        ("0", ["không"]),
        ("$", [DOCUMENT]),
        ("$.data.items[*].t", ["a", None, "c"]),
        ("$['gd.title']", [1]),
        ('$["by"].k1["v"]', [1]),
        ("data.items[9].t", []),
        ("data.t", []),
    ],
)
def test_a_path_finds_what_it_says(path: str, found: list[Any]) -> None:
    assert JsonPath.of(path).all(DOCUMENT) == found


def test_the_first_that_is_not_null_is_taken() -> None:
    assert JsonPath.of("data.items[1:].t".replace("[1:]", "[*]")).first(DOCUMENT) == "a"
    assert JsonPath.of("data.items[1].t").first(DOCUMENT) is None


@pytest.mark.parametrize("path", ["a..b", "a.", "a[", "a[x]", "a]b", 'a"b"', "[0]x", "$.", "$['a", "$..a"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="is no path"):
        JsonPath.of(path)


@pytest.fixture
def site() -> Iterator[LocalSite]:
    with LocalSite() as site:
        yield site


def _json(site: LocalSite, **settings: Any) -> JsonSource:
    made = JsonSettings(url=site.url("/api"), **settings)
    return JsonSource(made, id=SourceId("ban-a/1"), unit=UnitId("ban-a"), **_tools())


def _wordpress(site: LocalSite, path: str = "/", **settings: Any) -> WordPressSource:
    made = WordPressSourceSettings(url=site.url(path), **settings)
    return WordPressSource(made, id=SourceId("ban-a/1"), unit=UnitId("ban-a"), **_tools())


def _tools() -> dict[str, Any]:
    clock = FakeClock(NOW)
    http = PoliteClient(HttpSettings(spacing_s=0, allow_addresses=("127.0.0.0/8",)), clock=clock)
    return {"http": http, "clock": clock, "articles": DirectReader()}


def _one(site: LocalSite, entry: dict[str, Any], **settings: Any) -> PostData:
    site.page("/api", json.dumps([entry]), content_type="application/json")
    (post,) = _json(site, **settings).read(Known()).posts
    return post


def test_every_field_is_found_by_its_path(site: LocalSite) -> None:
    entry = {
        "id": 57, "tieu_de": "Hội nghị &amp; tổng kết", "duong_dan": "hoi-nghi", "noi_dung": "<p onclick=x()>Toàn văn</p><script>1</script>",
        "nguoi": {"ten": "Nguyễn Văn A"}, "muc": [{"ten": "Tin"}, {"ten": "Xây dựng Đảng"}], "anh": "/a.jpg", "tom": "<b>Tóm</b> tắt",
    }  # fmt: skip
    post = _one(
        site, entry, title="tieu_de", link="duong_dan", link_format="/tin/{link}-{id}.html", text="noi_dung", author="nguoi.ten",
        category="muc[*].ten", image="anh", summary="tom", id="id",
    )  # fmt: skip
    assert (post.title, post.url, post.guid, post.stable_id) == (
        "Hội nghị & tổng kết", site.url("/tin/hoi-nghi-57.html"), "57", "json:57",
    )  # fmt: skip
    assert (post.html, post.full_text, post.summary) == ("<p>Toàn văn</p>", True, "Tóm tắt")
    assert (post.author, post.categories) == ("Nguyễn Văn A", ("Tin", "Xây dựng Đảng"))
    assert [image.url for image in post.images] == [site.url("/a.jpg")]


@pytest.mark.parametrize(
    ("printed", "instant", "precision"),
    [
        ("30/10/2026 08:05", datetime(2026, 10, 30, 1, 5, tzinfo=UTC), Precision.MINUTE),
        (1793322300, datetime(2026, 10, 30, 1, 5, tzinfo=UTC), Precision.SECOND),
        (1793322300000, datetime(2026, 10, 30, 1, 5, tzinfo=UTC), Precision.SECOND),
        ("1793322300000", datetime(2026, 10, 30, 1, 5, tzinfo=UTC), Precision.SECOND),
        ("/Date(1793322300000+0700)/", datetime(2026, 10, 30, 1, 5, tzinfo=UTC), Precision.SECOND),
        ("2026-10-30T01:05:00Z", datetime(2026, 10, 30, 1, 5, tzinfo=UTC), Precision.SECOND),
        ("/Date(-62135596800000)/", None, Precision.NONE),
        (0, None, Precision.NONE),
        (57, None, Precision.NONE),
        (None, None, Precision.NONE),
        ({"a": 1}, None, Precision.NONE),
        (True, None, Precision.NONE),
    ],
)
def test_dates_are_read_as_json_prints_them(
    site: LocalSite, printed: Any, instant: datetime | None, precision: Precision
) -> None:
    post = _one(site, {"title": "Tin", "url": "/1", "d": printed}, date="d")
    assert (post.published.instant, post.published.precision) == (instant, precision)


def test_text_in_an_old_encoding_is_read_in_unicode_and_the_entry_beside_it_as_it_is(site: LocalSite) -> None:
    text = "Héi nghÞ tæng kÕt c«ng t¸c x©y dùng §¶ng n¨m 2026 cña Ban ChÊp hµnh §¶ng bé huyÖn, ®Ò ra nhiÖm vô träng t©m"
    old = {"id": 1, "title": "Héi nghÞ tæng kÕt", "url": "/1", "noi_dung": {"html": text}}
    new = {"id": 2, "title": "Đêm nhạc của Côté và Müller", "url": "/2", "noi_dung": {"html": "Gặp gỡ họa sĩ Thérèse"}}
    site.page("/api", json.dumps({"tin": [old, new]}), content_type="application/json")
    first, second = _json(site, items="tin", text="noi_dung.html").read(Known()).posts
    assert first.title == "Hội nghị tổng kết"
    assert "công tác xây dựng Đảng năm 2026 của Ban Chấp hành Đảng bộ huyện" in first.html
    assert (second.title, second.html) == ("Đêm nhạc của Côté và Müller", "<p>Gặp gỡ họa sĩ Thérèse</p>")


def test_plain_text_becomes_paragraphs(site: LocalSite) -> None:
    assert (
        _one(site, {"title": "T", "url": "/1", "t": "Một\n\nHai & ba"}, text="t").html
        == "<p>Một</p><p>Hai &amp; ba</p>"
    )


def test_an_entry_without_title_or_address_is_told_and_the_rest_is_read(site: LocalSite) -> None:
    site.page("/api", json.dumps({"x": [{"title": "Một", "url": "/1"}, {"title": "Hai"}, {"url": "/3"}, "lạ"]}))
    reading = _json(site, items="x").read(Known())
    assert [post.title for post in reading.posts] == ["Một"]
    assert [skipped.reason for skipped in reading.skipped] == ["no web address", "no title", "no web address"]


def test_entries_beyond_the_bound_are_told(site: LocalSite) -> None:
    entries = [{"title": f"Tin {n}", "url": f"https://vidu.example/{n}"} for n in range(1_001)]
    site.page("/api", json.dumps(entries), content_type="application/json")
    reading = _json(site).read(Known())
    assert (len(reading.posts), reading.full) == (1_000, True)
    assert reading.notes == ("1001 entries: only the first 1000 are kept",)


@pytest.mark.parametrize("body", ["{}", '{"x": 1}', "null", '"a"', "[1, 2"])
def test_a_document_without_the_list_is_an_error_never_no_posts(site: LocalSite, body: str) -> None:
    site.page("/api", body)
    with pytest.raises(SourceError) as caught:
        _json(site, items="data.items").read(Known())
    assert caught.value.kind in ("layout", "not_json")


def test_a_cursor_leads_on_until_there_is_none(site: LocalSite) -> None:
    def page(number: int, cursor: str | None) -> str:
        return json.dumps({"x": [{"title": f"Tin {number}", "url": f"/{number}"}], "sau": cursor})

    site.page("/api", page(3, "/api-2"))
    site.page("/api-2", page(2, "https://noi-khac.vidu.example/api"))
    source = _json(site, items="x", paging=Paging(kind="cursor", next="sau"))
    since = datetime(2026, 1, 1, tzinfo=UTC)
    first = source.archive(since, None)
    second = source.archive(since, first.next)
    assert [post.title for post in (*first.posts, *second.posts)] == ["Tin 3", "Tin 2"]
    assert (second.next, second.complete_from) == (None, since)  # another host is not followed


@pytest.mark.parametrize(
    "values",
    [{"kind": "cursor"}, {"kind": "page"}, {"kind": "cursor", "next": "a["}],
)
def test_a_paging_that_cannot_work_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Paging(**values)


def test_a_list_without_paging_has_no_archive(site: LocalSite) -> None:
    with pytest.raises(SourceError) as caught:
        _json(site).archive(datetime(2026, 1, 1, tzinfo=UTC), None)
    assert (caught.value.kind, "paging" in (caught.value.hint or "")) == ("no_archive", True)


# --- WordPress ------------------------------------------------------------------------------------------

POST = {
    "id": 12, "date_gmt": "2026-10-30T01:05:00", "guid": {"rendered": "http://a.vidu.example/?p=12"}, "link": "/hoi-nghi/",
    "title": {"rendered": "Hội nghị &#8211; tổng kết"}, "excerpt": {"rendered": "<p>Tóm tắt</p>"},
    "content": {"rendered": "<p>Toàn văn</p>", "protected": False},
    "_embedded": {
        "author": [{"name": "Ban biên tập"}],
        "wp:featuredmedia": [{"source_url": "/wp-content/uploads/a.jpg", "alt_text": "Ảnh", "caption": {"rendered": "<p>Chú thích</p>"}}],
        "wp:term": [[{"taxonomy": "category", "name": "Tin &amp; bài"}], [{"taxonomy": "post_tag", "name": "nhãn"}]],
    },
}  # fmt: skip


def test_a_wordpress_post_is_read_whole(site: LocalSite) -> None:
    site.page("/wp-json/wp/v2/posts", json.dumps([POST]), headers={"X-WP-Total": "1", "X-WP-TotalPages": "1"})
    reading = _wordpress(site, categories=(3, 7)).read(Known())
    (post,) = reading.posts
    assert (post.title, post.url, post.guid, post.stable_id) == (
        "Hội nghị – tổng kết", site.url("/hoi-nghi/"), "http://a.vidu.example/?p=12", "wordpress:12",
    )  # fmt: skip
    assert (post.published.instant, post.published.precision) == (
        datetime(2026, 10, 30, 1, 5, tzinfo=UTC),
        Precision.SECOND,
    )
    assert (post.html, post.full_text, post.author, post.categories) == (
        "<p>Toàn văn</p>",
        True,
        "Ban biên tập",
        ("Tin & bài",),
    )
    assert [(image.alt, image.caption) for image in post.images] == [("Ảnh", "Chú thích")]
    assert not reading.full
    assert site.last().query["categories"] == ["3,7"]


@pytest.mark.parametrize("unknown", ["", "0000-00-00T00:00:00", None])
def test_a_wordpress_post_without_its_world_time_has_the_sites_own(site: LocalSite, unknown: str | None) -> None:
    post = {**POST, "date_gmt": unknown, "date": "2026-10-30T08:05:00"}
    site.page("/wp-json/wp/v2/posts", json.dumps([post]))
    (read,) = _wordpress(site).read(Known()).posts
    assert read.published.instant == datetime(2026, 10, 30, 1, 5, tzinfo=UTC)


@pytest.mark.parametrize("path", ["/", "/wp-json", "/wp-json/wp/v2/posts", "/?x=1"])
def test_the_interface_is_found_from_what_was_given(site: LocalSite, path: str) -> None:
    site.page("/wp-json/wp/v2/posts", json.dumps([POST]))
    assert _wordpress(site, path).read(Known()).posts


def test_a_site_without_pretty_addresses_is_asked_its_way(site: LocalSite) -> None:
    site.page("/", json.dumps([POST]))
    assert _wordpress(site, "/?rest_route=/").read(Known()).posts
    assert site.last().query["rest_route"] == ["/wp/v2/posts"]


def test_a_post_behind_a_password_is_left_to_its_page_and_a_broken_one_told(site: LocalSite) -> None:
    hidden = {**POST, "content": {"rendered": "", "protected": True}}
    site.page("/wp-json/wp/v2/posts", json.dumps([hidden, {"id": 13}, 5]))
    reading = _wordpress(site).read(Known())
    assert [post.full_text for post in reading.posts] == [False]
    assert [skipped.reason for skipped in reading.skipped] == ["no web address", "no post"]


def test_a_closed_interface_is_told_with_the_way_out(site: LocalSite) -> None:
    site.page("/wp-json/wp/v2/posts", '{"code":"rest_disabled","message":"REST API đã tắt"}')
    with pytest.raises(SourceError, match="REST API đã tắt") as caught:
        _wordpress(site).read(Known())
    assert 'kind = "feed"' in (caught.value.hint or "")
