"""`parse_feed` over small made-up feeds of each kind, the faults feeds have, and documents built to harm."""

import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.sources.feed_documents import FeedOptions, NotAFeed, ParsedFeed, parse_feed
from syncd.domain.model import Precision

FEEDS = Path(__file__).parents[1] / "data" / "feeds"
ITEM = "<item><title>Tin {0}</title><link>https://a.example/{0}</link></item>"


def _read(name: str, options: FeedOptions | None = None) -> ParsedFeed:
    return parse_feed((FEEDS / name).read_bytes(), base_url="https://goc.vidu.example/rss", options=options)


def _rss(inner: str) -> str:
    return f"<rss version='2.0'><channel><title>t</title>{inner}</channel></rss>"


def test_wordpress_feed_is_read_whole() -> None:
    feed = _read("rss2-wordpress.xml")
    post = feed.posts[0]
    assert feed.title == "Ban Dân vận Tỉnh ủy Ví Dụ"
    assert post.title == "Hội nghị “Dân vận khéo” & biểu dương điển hình"
    assert post.url == "https://danvan.vidu.example/2026/10/hoi-nghi/?a=1&b=2"
    assert (post.guid, post.author) == ("https://danvan.vidu.example/?p=12", "Trần Thị Ví Dụ")
    assert post.categories == ("Tin trong tỉnh",)
    assert post.published.instant == datetime(2026, 10, 30, 20, 30, 15, tzinfo=UTC)
    assert post.summary == "Sáng 31/10, hội nghị khai mạc."
    assert "script" not in post.html
    assert "onclick" not in post.html
    assert [(i.url, i.alt) for i in post.images] == [("https://goc.vidu.example/anh/1.jpg", "Quang cảnh")]


def test_item_that_cannot_be_a_post_is_skipped_with_its_reason() -> None:
    feed = _read("rss2-wordpress.xml")
    assert [(s.item, s.reason) for s in feed.skipped] == [("Tin không có địa chỉ", "no web address")]
    assert (feed.total, feed.beyond_cap) == (2, 0)


def test_nukeviet_minutes_that_are_the_month_are_cut() -> None:
    feed = _read("rss2-nukeviet.xml")
    assert [(p.published.instant, p.published.precision) for p in feed.posts] == [
        (datetime(2026, 10, 30, 8, tzinfo=UTC), Precision.HOUR),
        (datetime(2026, 9, 9, 2, tzinfo=UTC), Precision.HOUR),
    ]
    assert feed.posts[0].guid == "news_101"
    assert any("minutes cut" in note for note in feed.notes)


def _posted_at(*minutes: str) -> ParsedFeed:
    items = "".join(
        f"<item><title>Tin {n}</title><link>https://a.example/{n}</link><pubDate>{date}</pubDate></item>"
        for n, date in enumerate(minutes)
    )
    return parse_feed(_rss(items), base_url="https://a.example/rss")


def test_minutes_equal_to_the_month_are_cut_without_a_signature_only_over_two_months() -> None:
    october = [f"{day:02} Oct 2026 08:10:00 +0700" for day in range(1, 9)]
    honest = _posted_at(*october)
    assert {post.published.precision for post in honest.posts} == {Precision.SECOND}
    broken = _posted_at(*october, "20 Sep 2026 08:09:00 +0700")
    assert {post.published.precision for post in broken.posts} == {Precision.HOUR}


def test_minutes_stay_where_the_profile_calls_them_reliable() -> None:
    feed = _read("rss2-nukeviet.xml", FeedOptions(minutes="reliable"))
    assert feed.posts[0].published.instant == datetime(2026, 10, 30, 8, 10, 7, tzinfo=UTC)


def test_order_of_day_and_month_is_that_of_the_feeds_impossible_dates() -> None:
    feed = _read("rss2-dotnet.xml")
    assert [p.published.instant for p in feed.posts] == [
        datetime(2026, 9, 24, 1, 5, tzinfo=UTC),
        datetime(2026, 9, 10, 7, 15, tzinfo=UTC),
    ]


def test_dates_in_both_orders_leave_the_open_ones_in_doubt() -> None:
    dates = ("9/24/2026", "24/9/2026", "9/10/2026")
    feed = parse_feed(_rss("".join(f"{ITEM.format(i)[:-7]}<pubDate>{d}</pubDate></item>" for i, d in enumerate(dates))))
    assert [p.published.doubt for p in feed.posts] == [None, None, "ambiguous_order"]
    assert feed.posts[2].published.instant == datetime(2026, 10, 8, 17, tzinfo=UTC)


def test_faulty_rss_is_mended() -> None:
    feed = _read("rss2-broken.xml")
    post = feed.posts[0]
    assert post.title == "Chi bộ A sinh hoạt & học tập"
    assert post.url == "https://chibo.vidu.example/tin.php?id=5&muc=2"
    assert post.published.instant == datetime(2026, 10, 5, 2, 30, tzinfo=UTC)
    assert "not well-formed: read tolerantly" in feed.notes


def test_feed_cut_off_in_the_middle_gives_what_is_whole() -> None:
    feed = parse_feed(_rss(ITEM.format(1) + ITEM.format(2))[:-60])
    assert [p.title for p in feed.posts][:1] == ["Tin 1"]


def test_rdf_atom_cdf_and_json_feeds_are_read() -> None:
    rdf, atom, cdf, json = (_read(name) for name in ("rdf.xml", "atom.xml", "cdf.xml", "jsonfeed.json"))
    assert [(f.format, f.total) for f in (rdf, atom, cdf, json)] == [("rdf", 1), ("atom", 1), ("cdf", 2), ("json", 2)]
    assert rdf.posts[0].published.precision is Precision.DAY
    assert atom.posts[0].url == "https://atom.vidu.example/tin/1.html"
    assert atom.posts[0].title == "Ra quân tình nguyện"
    assert atom.posts[0].published.instant == datetime(2026, 10, 5, 2, 30, tzinfo=UTC)
    assert 'href="https://atom.vidu.example/tin/2.html"' in atom.posts[0].html
    assert [p.title for p in cdf.posts] == ["Bài một", "Bài hai"]
    assert json.posts[0].title == "Lương < 5 triệu?"
    assert json.skipped[0].reason == "the item is no object but int"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32-be", "windows-1258", "utf-8-sig"])
def test_bytes_are_decoded_before_they_are_parsed(encoding: str) -> None:
    declared = "utf-8" if encoding == "utf-8-sig" else encoding
    item = "<item><title>Tin số</title><link>https://a.example/1</link></item>"
    text = f"<?xml version='1.0' encoding='{declared}'?>" + _rss(item)
    if encoding == "windows-1258":
        text = text.replace("ố", "ô\u0301")  # it writes the tone as a letter of its own
    assert parse_feed(text.encode(encoding)).posts[0].title == "Tin số"


def test_one_bad_byte_costs_one_letter() -> None:
    feed = parse_feed(_rss(ITEM.format("Đại hội Đảng bộ tỉnh lần thứ XIV")).encode().replace(b"XIV", b"X\xffV"))
    assert feed.posts[0].title == "Tin Đại hội Đảng bộ tỉnh lần thứ X\ufffdV"


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ("", "empty_body"),
        (" \n\x00", "empty_body"),
        ("<!DOCTYPE html><html><body>Đăng nhập</body></html>", "not_a_feed"),
        ("<urlset><url><loc>https://a.example/</loc></url></urlset>", "not_a_feed"),
        ("[1, 2]", "not_a_feed"),
        ("[" * 100_000, "not_a_feed"),
        ("xin chào", "not_a_feed"),
        ("<rss><channel><image><width><a></width></image><item><title>t</title>", "unreadable"),
        ("<rss>" + "<a>" * 100_000, "hostile_document"),
        ('<!DOCTYPE r [<!ENTITY a "aaaa">]>' + _rss("&a;"), "hostile_document"),
        ('<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + _rss("&a;"), "hostile_document"),
        (_rss("".join(f"<p{i}:x/>" for i in range(10_000))), "hostile_document"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_is_no_feed_is_refused_with_its_kind(document: str, kind: str) -> None:
    with pytest.raises(NotAFeed) as caught:
        parse_feed(document)
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    "document",
    [
        _rss("".join(ITEM.format(i) for i in range(10_000))),
        _rss("&" * 300_000),
        _rss("<![CDATA[" * 50_000),
        "<a " + "=" * 300_000,
        "<a " * 100_000,
        _rss(ITEM.format("x" * 5_000_000)),
        _rss(f"<item><title>t</title><link>https://a.example/</link><description>{'&lt;div&gt;' * 100_000}</description></item>"),
        "<!DOCTYPE " * 100_000,
    ],
    ids=["items", "ampersands", "cdata", "equals", "tags", "title", "nested", "doctypes"],
)  # fmt: skip
def test_large_and_hostile_documents_stay_fast(document: str) -> None:
    started = time.process_time()
    try:
        feed = parse_feed(document)
        assert len(feed.posts) + len(feed.skipped) <= 1_000
    except NotAFeed:
        pass
    assert time.process_time() - started < 3


def test_items_beyond_the_cap_are_counted_and_noted() -> None:
    feed = parse_feed(_rss("".join(ITEM.format(i) for i in range(1_200))))
    assert (feed.total, len(feed.posts), feed.beyond_cap) == (1_200, 1_000, 200)
    assert "1200 items: only the first 1000 are kept" in feed.notes


def test_script_addresses_never_become_a_posts_address() -> None:
    inner = "<item><title>x</title><link>javascript:alert(1)</link><guid>javascript:alert(1)</guid></item>"
    assert parse_feed(_rss(inner)).skipped[0].reason == "no web address"


def test_link_that_html_software_made_void_is_read_from_behind_it() -> None:
    (post,) = parse_feed(_rss("<item><title>A</title><link/>https://a.example/1 <author>b</author></item>")).posts
    assert post.url == "https://a.example/1"


def test_second_statement_of_the_date_counts_where_the_first_is_none() -> None:
    dated = (
        "<item><title>A</title><link>https://a.example/1</link><pubDate>{0}</pubDate><lastmod>2026-10-31</lastmod>"
        "<dc:date xmlns:dc='http://purl.org/dc/elements/1.1/'>2026-10-30T08:00:00+07:00</dc:date></item>"
    )
    feed = parse_feed(_rss(dated.format("chưa rõ") + dated.format("29/10/2026 07:00")))
    assert [post.published.raw for post in feed.posts] == ["2026-10-30T08:00:00+07:00", "29/10/2026 07:00"]


def test_change_does_not_stand_in_for_a_publication_that_cannot_be_read() -> None:
    item = (
        "<item><title>A</title><link>https://a.example/1</link><pubDate>?</pubDate><updated>2026-10-30</updated></item>"
    )
    (post,) = parse_feed(_rss(item)).posts
    assert (post.published.instant, post.published.raw) == (None, "?")


def test_items_are_found_where_a_feed_hides_them_and_not_in_other_documents() -> None:
    assert len(parse_feed(_rss(f"<items>{ITEM.format(1)}{ITEM.format(2)}</items>")).posts) == 2
    with pytest.raises(NotAFeed, match="envelope"):
        parse_feed("<envelope><list><item><title>A</title></item></list></envelope>")


def test_atom_entry_is_addressed_by_its_text_for_want_of_a_link_and_may_be_base64() -> None:
    feed = parse_feed(
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>t</title><entry><title mode='base64'>VsOtIGThu6U=</title>"
        "<content src='https://a.example/1.html'/><updated>2026-10-30T08:00:00Z</updated></entry></feed>"
    )
    assert [(post.title, post.url) for post in feed.posts] == [("Ví dụ", "https://a.example/1.html")]


def test_description_of_an_atom_entry_stands_in_for_a_summary() -> None:
    (post,) = parse_feed(
        "<feed xmlns='http://www.w3.org/2005/Atom' xmlns:dc='http://purl.org/dc/elements/1.1/'><title>t</title><entry>"
        "<title>A</title><link href='https://a.example/1'/><dc:description>Tóm tắt</dc:description></entry></feed>"
    ).posts
    assert post.summary == "Tóm tắt"


def test_json_text_keeps_its_paragraphs() -> None:
    (post,) = parse_feed(
        '{"items":[{"url":"https://a.example/1","title":"A","content_text":"Một < hai\\n\\nBa"}]}'
    ).posts
    assert (post.html, post.summary) == ("<p>Một &lt; hai</p><p>Ba</p>", "")


HOSTILE = "a\x00b\x01\x1f\x7f\x9f\ufffe\ud800c"
UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


@pytest.mark.parametrize(
    "document",
    [
        json.dumps(
            {
                "title": HOSTILE,
                "items": [
                    {
                        "id": HOSTILE, "url": f"https://a.example/{HOSTILE}", "title": HOSTILE, "summary": HOSTILE,
                        "content_html": f"<p title='{HOSTILE}'>{HOSTILE}&#1;&#0;</p><img src='/{HOSTILE}' alt='&#1;'>",
                        "image": f"/{HOSTILE}", "date_published": f"2026-10-30{HOSTILE}", "tags": [HOSTILE],
                        "authors": [{"name": HOSTILE}],
                    },
                    {"id": HOSTILE, "title": HOSTILE},
                ],
            }
        ),
        _rss(
            "<item><title>A&#0;&#xD800;B\x00C&amp;#1;</title><link>https://a.example/1&#1;</link><guid>\x00g</guid>"
            "<author>N\x00&amp;#1;</author><category>c\x0b</category><pubDate>2026-10-30\x00</pubDate>"
            "<description>d\x00 &#1; &lt;b title='&amp;#1;'&gt;e&amp;#1;&lt;/b&gt;</description></item>"
        ),
        _rss("<item><title>A\x00</title><link>https://a.example/\x00</link><description>\x00&#1;").encode(),
    ],
    ids=["json", "rss", "cut-off"],
)  # fmt: skip
def test_no_character_that_cannot_be_stored_leaves_a_feed(document: str | bytes) -> None:
    feed = parse_feed(document, base_url="https://a.example/")
    texts = [feed.title, *feed.notes, *(value for skipped in feed.skipped for value in (skipped.item, skipped.reason))]
    for post in feed.posts:
        texts += [post.title, post.url, post.guid or "", post.author, *post.categories, post.summary, post.html]
        texts += [
            post.published.raw,
            *(text for image in post.images for text in (image.url, image.alt, image.caption)),
        ]
    assert [text for text in texts if UNSTORABLE.search(text)] == []
    assert feed.posts


@pytest.mark.parametrize(
    "body",
    [
        _rss(ITEM.format("Đảng uỷ")).encode("utf-16"),
        f"<?xml version='1.0' encoding='utf-16'?>{_rss(ITEM.format('Đảng uỷ'))}".encode(),
        f"<?xml version='1.0' encoding='windows-1258'?>{_rss(ITEM.format('Ban A'))}".encode("cp1258"),
        f"<?xml version='1.0' encoding='no-such-thing'?>{_rss(ITEM.format('Đảng uỷ'))}".encode(),
        f"<?xml version='1.0' encoding='viscii'?>{_rss(ITEM.format('Ban'))}".encode() + b"\xd5\xaa",
        _rss(ITEM.format("Đảng uỷ".encode().decode("cp1252", errors="ignore"))).encode(),
        _rss(ITEM.format("Đảng uỷ")).encode("utf-16")[:-1],
    ],
    ids=["utf-16", "wrong-utf-16", "cp1258", "unknown", "viscii", "double", "odd-utf-16"],
)
def test_no_encoding_makes_a_feed_raise(body: bytes) -> None:
    for content_type in ("", "text/xml; charset=windows-1258", "text/xml; charset=utf-16", "text/xml; charset=x"):
        assert parse_feed(body, content_type=content_type).total == 1


def test_bare_json_list_of_posts_is_read() -> None:
    fetched = "2026-08-20T23:21:56.413942+07:00"
    made = {"title": "Lương < 5 triệu", "link": "/1", "summary": "Tóm tắt", "category": "Tin", "fetched": fetched}
    listed = [
        {**made, "id": "a", "published": "2026-08-20T10:00:00+07:00"},
        {**made, "id": "b", "link": "/2", "published": "2026-08-20T23:21:56.413883+07:00"},
        {"title": "Không có địa chỉ"},
    ]
    feed = parse_feed(json.dumps(listed), base_url="https://a.example/tin.json")
    assert (feed.format, feed.total, [skipped.item for skipped in feed.skipped]) == ("json", 3, ["item 3"])
    assert [(p.title, p.url, p.guid, p.categories) for p in feed.posts] == [
        ("Lương < 5 triệu", f"https://a.example/{n}", name, ("Tin",)) for n, name in ((1, "a"), (2, "b"))
    ]
    # What stands as published is the moment of fetching: no date.
    assert [p.published.instant for p in feed.posts] == [datetime(2026, 8, 20, 3, tzinfo=UTC), None]
    with pytest.raises(NotAFeed):
        parse_feed(json.dumps([{"title": "Không có địa chỉ"}]))


def test_long_document_is_read_as_a_short_one_is() -> None:
    quoted = "<item><title>Trích</title></item>"
    items = "".join(f"<item><title>Tin {n}</title><link>/{n}</link>{quoted}</item>" for n in range(1_500))
    short, long = (
        parse_feed(_rss(items + f"<x>{'y' * length}</x>"), base_url="https://a.example/") for length in (1, 1_000_000)
    )
    assert (long.posts, long.total, long.notes) == (short.posts, short.total, short.notes)
    assert (len(long.posts), long.total) == (1_000, 1_500)
