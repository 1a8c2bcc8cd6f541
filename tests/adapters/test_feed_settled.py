"""Entries that stand as they stood are named, not read again; whatever else the list shows stays right."""

from dataclasses import replace
from datetime import datetime
from email.utils import format_datetime

from hypothesis import given
from hypothesis import strategies as st

from adapters.sources.feed_dates import FeedOptions, plain_date
from adapters.sources.feed_documents import ParsedFeed, parse_feed
from syncd.vietnamese.dates import order_evidence, parse_date

OPTIONS = FeedOptions(read_as="thử")
BASE = "https://ban-a.vidu.example/rss"


def item(number: int, *, link: str = "", guid: str = "", date: str = "", title: str = "") -> str:
    return (
        f"<item><title>{title or f'Tin số {number}'}</title><link>{link or f'https://ban-a.vidu.example/{number}.html'}</link>"
        f"<guid>{guid or f'news_{number}'}</guid><pubDate>{date or f'Thu, {number:02} Oct 2026 08:00:00 +0700'}</pubDate>"
        f"<description>Nội dung tin {number}</description></item>"
    )


def read(*items: str, settled: set[str] | frozenset[str] = frozenset(), options: FeedOptions = OPTIONS) -> ParsedFeed:
    return parse_feed(
        f"<rss><channel><title>t</title>{''.join(items)}</channel></rss>",
        base_url=BASE,
        options=options,
        settled=settled,
    )


def covers_from(feed: ParsedFeed) -> datetime | None:
    """As `recording` finds it."""
    dated = [date.instant for date in feed.dates if date.instant is not None]
    return dated[0] if dated == sorted(dated) else dated[-1]


def fingerprints(feed: ParsedFeed) -> set[str]:
    return {post.fingerprint for post in feed.posts} - {""}


def test_settled_entries_are_named_and_dated_and_the_list_is_the_same() -> None:
    items = [item(number) for number in (9, 8, 7)]
    first = read(*items)
    again = read(*items, settled=fingerprints(first))
    assert (again.posts, again.settled) == ((), tuple(post.fingerprint for post in first.posts))
    assert again.dates == (first.posts[0].published, first.posts[2].published)
    assert (again.list_sha256, again.total, again.beyond_cap) == (first.list_sha256, 3, 0)


def test_a_new_and_an_edited_entry_are_read_beside_settled_ones() -> None:
    first = read(item(8), item(7))
    again = read(item(9), item(8, title="Tin số 8, đã sửa"), item(7), settled=fingerprints(first))
    assert [post.title for post in again.posts] == ["Tin số 9", "Tin số 8, đã sửa"]
    assert len(again.settled) == 1
    assert [date.raw[5:7] for date in again.dates] == ["09", "08", "07"]
    assert again.list_sha256 != first.list_sha256


def test_what_a_list_covers_is_known_though_entries_stay_unread() -> None:
    items = [item(number) for number in (9, 8, 7, 6)]
    for listed in (items, items[::-1], [items[0], items[3], items[1], items[2]]):
        first = read(*listed)
        assert covers_from(read(*listed, settled=fingerprints(first))) == covers_from(first)


@given(
    st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2089, 12, 31)),
    st.sampled_from(["+0700", "-0330", "+0000", "GMT"]),
    st.booleans(),
)
def test_plain_date_is_read_as_by_the_grammar_and_says_nothing_of_an_order(at: datetime, zone: str, mail: bool) -> None:
    iso_zone = "Z" if zone == "GMT" else f"{zone[:3]}:{zone[3:]}"
    text = format_datetime(at).replace("-0000", zone) if mail else at.replace(microsecond=0).isoformat() + iso_zone
    read = plain_date(text, FeedOptions())
    assert read is not None
    assert read == parse_date(text, origin="feed")
    assert order_evidence(text) is None


def test_entries_that_share_an_address_or_a_guid_are_read_at_each_look() -> None:
    page = "https://ban-a.vidu.example/"
    assert fingerprints(read(item(1, link=page), item(2, link="http://www.ban-a.vidu.example/index.html"))) == set()
    assert fingerprints(read(item(1, guid="x"), item(2, guid="x"))) == set()
    assert len(fingerprints(read(item(1, guid="x"), item(2, guid="x"), item(3)))) == 1


def test_other_options_and_another_address_of_the_feed_let_everything_be_read_anew() -> None:
    first = fingerprints(read(item(1)))
    assert fingerprints(read(item(1), options=replace(OPTIONS, read_as="khác"))).isdisjoint(first)
    other = parse_feed(f"<rss><channel>{item(1)}</channel></rss>", base_url=f"{BASE}2", options=OPTIONS)
    assert fingerprints(other).isdisjoint(first)
    assert fingerprints(read(item(1), options=replace(OPTIONS, read_as=""))) == set()


def test_the_minutes_and_the_order_of_dates_are_judged_over_settled_entries_too() -> None:
    dates = [f"{day:02} Oct 2026 08:10:{day:02} +0700" for day in range(1, 7)]
    items = [item(number, date=date) for number, date in enumerate(dates, start=1)]
    first = read(*items)
    assert any("minutes cut" in note for note in first.notes)
    again = read(item(9, date="09 Oct 2026 08:10:09 +0700"), *items, settled=fingerprints(first))
    assert again.posts[0].published.precision.value == "hour"
    american = [item(number, date=f"10/{number}/2026 08:00") for number in (25, 26)]
    settled = fingerprints(read(*american))
    newest = read(item(5, date="10/5/2026 08:00"), *american, settled=settled).posts[0].published
    assert newest.instant is not None
    assert (newest.instant.month, newest.instant.day) == (10, 5)


def test_settled_entry_that_a_new_one_shares_its_address_with_is_read_in_full() -> None:
    page = "https://ban-a.vidu.example/8.html"
    settled = fingerprints(read(item(8)))
    again = read(item(9, link=page), item(8), settled=settled)
    assert again.settled == ()
    assert [post.summary for post in again.posts] == ["Nội dung tin 9", "Nội dung tin 8"]
    assert fingerprints(again) == set()


def test_what_the_channel_says_beside_its_entries_settles_nothing_anew() -> None:
    first = read(item(8), item(7))
    document = f"<rss><channel><title>t</title><lastBuildDate>x</lastBuildDate>\r\n{item(7)}\r\n</channel></rss>"
    again = parse_feed(document, base_url=BASE, options=OPTIONS, settled=fingerprints(first))
    assert again.settled == (first.posts[1].fingerprint,)
    other = f'<rss xmlns="urn:x"><channel><title>t</title>{item(7)}</channel></rss>'
    assert parse_feed(other, base_url=BASE, options=OPTIONS, settled=fingerprints(first)).settled == ()
