"""One post deleted by hand is never taken for a restored backup; the three newest at once are."""

from datetime import UTC, datetime, timedelta

import pytest

from syncd.domain.set_back import Carried, Loss, lost_at_once

START = datetime(2026, 10, 12, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def posts(picture: str, *, seen: int | None = None, numbers: str = "", taken: str = "") -> list[Carried]:
    """One post an hour: `+` stands, `-` is gone, `?` nobody looked; those accepted up to hour `seen` were seen until then."""
    ids = [int(number) for number in numbers.split()]
    return [
        Carried(
            accepted_at=START + hour * HOUR,
            known_until=START + max(hour, seen if seen is not None and hour <= seen else hour) * HOUR,
            standing={"+": True, "-": False, "?": None}[sign],
            number=ids[hour] if ids else None,
            taken=str(hour) in taken.split(),
        )
        for hour, sign in enumerate(picture)
    ]


@pytest.mark.parametrize(
    ("picture", "first", "lost"),
    [
        ("+++---", 3, 3),
        ("---", 0, 3),
        ("++-?--", 2, 3),
        ("+-+----", 3, 4),
    ],
    ids=["three of three after a date", "all there were", "one nobody looked at", "an older one was deleted before"],
)
def test_the_newest_gone_together_were_taken_by_a_backup(picture: str, first: int, lost: int) -> None:
    assert lost_at_once(posts(picture)) == Loss(since=START + first * HOUR, posts=lost)


@pytest.mark.parametrize(
    "picture",
    ["", "+++", "++-", "-", "+-++", "---+", "++--", "+--?", "?"],
    ids=[
        "none",
        "all stand",
        "the newest",
        "the only one",
        "one between",
        "older ones, the newest stands",
        "two",
        "two and one unseen",
        "unseen",
    ],
)
def test_what_editors_may_have_done_is_no_restore(picture: str) -> None:
    assert lost_at_once(posts(picture, seen=len(picture))) is None


def test_what_was_carried_since_may_stand() -> None:
    assert lost_at_once(posts("++---++", seen=4)) == Loss(since=START + 2 * HOUR, posts=3)


def test_a_later_one_that_stood_with_them_and_stands_clears_the_portal() -> None:
    assert lost_at_once(posts("++---+", seen=5)) is None


def test_one_is_enough_where_numbers_come_again() -> None:
    assert lost_at_once(posts("+++-+", seen=3, numbers="11 12 13 14 14")) == Loss(since=START + 3 * HOUR, posts=1)
    assert lost_at_once(posts("+++-", taken="3")) == Loss(since=START + 3 * HOUR, posts=1)
    assert lost_at_once(posts("+++-+", seen=3, numbers="11 12 13 14 15")) is None


def test_posts_sent_side_by_side_have_no_order_among_themselves() -> None:
    side_by_side = [
        Carried(accepted_at=at, known_until=START + HOUR, standing=standing)
        for at, standing in (
            (START, False),
            (START + timedelta(milliseconds=5), True),
            (START + timedelta(milliseconds=9), False),
            (START + timedelta(milliseconds=12), False),
        )
    ]
    assert lost_at_once(side_by_side) == Loss(since=START, posts=3)


def test_numbers_in_no_order_tell_nothing() -> None:
    assert lost_at_once(posts("+++-+", seen=3, numbers="31 12 77 14 5")) is None
