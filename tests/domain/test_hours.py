from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.domain.hours import ALWAYS, DailyHours, parse_hours
from syncd.domain.model import LOCAL

HOUR = timedelta(hours=1)
NIGHT = parse_hours("22:00-05:00")
MORNING = parse_hours("07:30-11:30")


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-10-{text}").replace(tzinfo=LOCAL)


@pytest.mark.parametrize(
    ("hours", "instant", "is_open"),
    [
        (ALWAYS, "31 23:59", True),
        (NIGHT, "31 22:00", True),
        (NIGHT, "31 21:59", False),
        (NIGHT, "31 00:00", True),
        (NIGHT, "31 04:59", True),
        (NIGHT, "31 05:00", False),
        (MORNING, "31 07:30", True),
        (MORNING, "31 11:30", False),
    ],
)
def test_hours_are_open_from_their_start_up_to_their_end(hours: DailyHours, instant: str, is_open: bool) -> None:
    assert hours.is_open(at(instant)) is is_open
    assert hours.is_open(at(instant).astimezone(UTC)) is is_open


def test_the_next_open_instant_is_now_or_the_next_start() -> None:
    assert NIGHT.next_open(at("30 23:10")) == at("30 23:10")
    assert NIGHT.next_open(at("30 05:00")) == at("30 22:00")
    assert MORNING.next_open(at("30 12:00")) == at("31 07:30")


@pytest.mark.parametrize(
    ("now", "open_for", "then"),
    [
        ("20 04:00", 3, "20 01:00"),
        ("20 12:00", 3, "20 02:00"),
        ("20 22:30", 3, "20 02:30"),
        ("20 22:30", 7, "19 22:30"),
        ("20 12:00", 15, "18 04:00"),
    ],
)
def test_a_time_that_was_open_is_counted_back_over_closed_hours(now: str, open_for: int, then: str) -> None:
    assert NIGHT.before(at(now), open_for * HOUR) == at(then)


@given(
    start=st.integers(0, 1439),
    end=st.integers(0, 1440),
    now=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)),
    minutes=st.integers(1, 5000),
)
def test_between_the_two_the_hours_were_open_for_just_that_long(
    start: int, end: int, now: datetime, minutes: int
) -> None:
    if start == end:
        return
    hours = DailyHours(start=timedelta(minutes=start), end=timedelta(minutes=end))
    now = now.replace(second=0, microsecond=0, tzinfo=LOCAL)
    then = hours.before(now, timedelta(minutes=minutes))
    days = (now - then) // timedelta(days=1)
    rest = range(int((now - then - timedelta(days=days)).total_seconds() // 60))
    opened = days * hours.length + sum(hours.is_open(then + timedelta(minutes=n)) for n in rest) * timedelta(minutes=1)
    assert opened == timedelta(minutes=minutes)


@pytest.mark.parametrize("text", ["", "22-5", "24:00-05:00", "22:60-05:00", "08:00-08:00", "08:00-25:00", "always"])
def test_what_is_no_range_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        parse_hours(text)


def test_a_whole_day_is_always() -> None:
    assert parse_hours("00:00-24:00") == ALWAYS
    assert ALWAYS.always
    assert not NIGHT.always
