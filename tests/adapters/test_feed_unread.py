"""Settled entries that stay unread change nothing: each list comes out as it does where they are read, but for their dates."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sources import feed_documents
from adapters.sources.feed_dates import FeedOptions
from adapters.sources.feed_documents import NotAFeed, ParsedFeed, parse_feed
from adapters.sources.feed_unread import may_stay_unread
from syncd.domain.model import Precision

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "feeds"
HOST = "https://ban-a.vidu.example"
BASE = f"{HOST}/tin/rss"
OPTIONS = FeedOptions(read_as="thử")
LINKS = [
    f"{HOST}/tin/1.html", f"{HOST}/tin/2.html", f"{HOST}/tin/3.html", f"{HOST}/tin/4.html", "http://www.ban-a.vidu.example/tin/1.html#x", "1.html",
    f"{HOST}/", HOST, "", f"{HOST}/tin/", "./", f"{HOST}/index.php?id=5&amp;x=6", f"{HOST}/index.php?id=6", f"{HOST}/tin/m%C3%B4i.html",
    f"{HOST}/tin/7?utm_source=x", "/tin/7/index.html", "<![CDATA[https://ban-a.vidu.example/tin/8]]>", f"{HOST}/tin/9", f"{HOST}/tin/10",
]  # fmt: skip
GUIDS = [
    "",
    "news_1",
    "news_2",
    "news_22",
    " news_2 ",
    f"{HOST}/?p=1",
    f"{HOST}/?p=12",
    "3",
    "số 4",
    "tag:vidu.example,2026:5",
    f"{HOST}/tin/2.html",
]
DATES = [
    *(f"{day:02} Oct 2026 08:{day:02}:00 +0700" for day in (1, 5, 9, 14, 20)),
    *(f"{day:02} Oct 2026 08:10:00 +0700" for day in (2, 6, 15)),
    "2026-10-03T08:00:00Z", "04 Sep 2026 08:09:00 +0700", "10/5/2026 08:00", "10/25/2026 08:00", "", "hôm qua", "12/2026", "2099-01-01T00:00:00Z", "07/10/2026",
]  # fmt: skip
ITEMS = st.builds(
    lambda title, link, guid, date: (
        f"<item><title>{title}</title><link>{link}</link><guid>{guid}</guid><pubDate>{date}</pubDate><description>{title}.</description></item>"
    ),
    st.sampled_from(["Tin một", "Tin hai", "Tin ba", ""]),
    st.sampled_from(LINKS),
    st.sampled_from(GUIDS),
    st.one_of(st.sampled_from(DATES[:5]), st.sampled_from(DATES)),
)
USUAL = [
    f"<item><title>Tin {n}</title><link>{HOST}/bai/{n}.html</link><guid>news_{n}</guid><pubDate>{n:02} Oct 2026 08:00:00 GMT</pubDate></item>"
    for n in range(29, 20, -1)
]


def document(items: list[str]) -> bytes:
    return f"<rss><channel><title>t</title>{''.join(items)}</channel></rss>".encode()


def fingerprints(feed: ParsedFeed) -> set[str]:
    return {post.fingerprint for post in feed.posts} - {""}


def covers_from(feed: ParsedFeed) -> datetime | None:
    """As `recording` finds it."""
    dated = [date.instant for date in feed.dates if date.instant is not None and date.precision is not Precision.MONTH]
    return None if not dated else dated[0] if dated == sorted(dated) else dated[-1]


def told(body: bytes, base: str, settled: set[str], options: FeedOptions) -> tuple[object, ...]:
    feed = parse_feed(body, base_url=base, options=options, settled=settled)
    # What is to be said of dates is said of those that were read.
    notes = tuple(note for note in feed.notes if "date" not in note and "day" not in note)
    return feed.posts, feed.settled, feed.skipped, notes, covers_from(feed), feed.list_sha256, feed.total, feed.title


def assert_the_same(body: bytes, base: str, settled: set[str], options: FeedOptions = OPTIONS) -> None:
    quick = told(body, base, settled, options)
    with patch.object(feed_documents, "may_stay_unread", lambda *_: False):
        assert quick == told(body, base, settled, options)


@given(
    st.lists(ITEMS, max_size=4),
    st.lists(ITEMS, max_size=3),
    st.integers(0, 9),
    st.booleans(),
    st.sampled_from(["auto", "unreliable", "reliable"]),
)
def test_made_up_lists_are_the_same(
    before: list[str], new: list[str], usual: int, pinned: bool, minutes: Literal["auto", "unreliable", "reliable"]
) -> None:
    options = FeedOptions(
        read_as="thử", minutes=minutes, fetched_at=datetime.fromisoformat("2026-11-01T00:00:00+07:00")
    )
    before = [*before, *USUAL[:usual]]
    settled = fingerprints(parse_feed(document(before), base_url=BASE, options=options)) if before else set()
    listed = [*before[:1], *new, *before[1:]] if pinned else [*new, *before]
    if listed:
        assert_the_same(document(listed), BASE, settled, options)


@pytest.mark.parametrize(
    ("new", "unread"),
    [
        (USUAL[0], True),
        (USUAL[0].replace("/bai/29.html", "/bai/25.html"), False),
        (USUAL[0].replace("/bai/29.html", "/bai/25.html?utm_source=x"), False),
        (USUAL[0].replace("news_29", "news_25"), False),
        (USUAL[0].replace("news_29", f"{HOST}/bai/25.html"), False),
        (USUAL[0].replace("/bai/29.html", "/"), False),
        (USUAL[0].replace("29 Oct 2026 08:00:00 GMT", "10/29/2026 08:00"), False),
        (USUAL[0].replace("29 Oct 2026 08:00:00 GMT", "01 Oct 2026 08:00:00 GMT"), False),
        (USUAL[0].replace("<title>Tin 29</title>", ""), False),
        (USUAL[1], False),
    ],
)
def test_what_new_entry_leaves_the_others_unread(new: str, unread: bool) -> None:
    settled = fingerprints(parse_feed(document(USUAL[1:]), base_url=BASE, options=OPTIONS))
    judged = []

    def judge(*asked: object) -> bool:
        judged.append(may_stay_unread(*asked))  # type: ignore[arg-type]  # handed on as they are
        return judged[-1]

    with patch.object(feed_documents, "may_stay_unread", judge):
        feed = parse_feed(document([new, *USUAL[1:]]), base_url=BASE, options=OPTIONS, settled=settled)
    assert judged == [unread]
    assert (len(feed.dates) == 2) == unread
    assert_the_same(document([new, *USUAL[1:]]), BASE, settled)


def test_comments_counted_in_an_entry_are_no_other_list() -> None:
    counted = [item.replace("</item>", "<comments>1</comments></item>") for item in USUAL]
    first = parse_feed(document(USUAL), base_url=BASE, options=OPTIONS)
    again = parse_feed(document([counted[0], *USUAL[1:]]), base_url=BASE, options=OPTIONS, settled=fingerprints(first))
    assert len(again.posts) == 1
    assert again.list_sha256 == first.list_sha256


def _variants(body: bytes) -> Iterator[bytes]:
    """The list as it is, turned round, and with its last entry on top."""
    start, end = body.find(b"<item>"), body.rfind(b"</item>") + 7
    yield body
    items = [item + b"</item>" for item in body[start:end].split(b"</item>")[:-1]]
    if start >= 0:
        yield body[:start] + b"".join(items[::-1]) + body[end:]
        yield body[:start] + b"".join([*items[-1:], *items[:-1]]) + body[end:]


@pytest.mark.slow
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not here")
def test_every_feed_of_the_corpus_is_the_same() -> None:
    compared = 0
    for path in sorted(CORPUS.iterdir()):
        body = path.read_bytes()
        try:
            posts = parse_feed(body, base_url=BASE, options=OPTIONS).posts
        except NotAFeed:
            continue
        prints = [post.fingerprint for post in posts if post.fingerprint]
        news: list[set[str]] = [
            set(),
            set(prints[:1]),
            set(prints[-1:]),
            set(prints[len(prints) // 2 :][:1]),
            set(prints[:3]),
        ]
        for variant in _variants(body):
            for new in news:
                assert_the_same(variant, BASE, set(prints) - new)
                compared += len(prints) > 2
    assert compared >= 1_000
