"""When jobs are due: wall-clock instants at UTC+07:00."""

from datetime import UTC, datetime, timedelta

import pytest

from syncd.domain.model import LOCAL
from syncd.domain.schedule import DailyAt, Every, MonthlyOnWorkingDay, due_between


def local(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=LOCAL).astimezone(UTC)


def test_hourly_slots_stand_on_the_hour_and_do_not_drift() -> None:
    hourly = Every(interval=timedelta(hours=1))
    assert hourly.next_after(local(2026, 10, 31, 23, 59)) == local(2026, 11, 1)
    assert hourly.next_after(local(2026, 11, 1)) == local(2026, 11, 1, 1)
    assert hourly.latest_until(local(2026, 11, 1)) == local(2026, 11, 1)


def test_an_offset_shifts_every_slot() -> None:
    cadence = Every(interval=timedelta(hours=1), offset=timedelta(minutes=17))
    assert cadence.next_after(local(2026, 2, 28, 23, 30)) == local(2026, 3, 1, 0, 17)
    assert cadence.latest_until(local(2026, 2, 28, 23, 16)) == local(2026, 2, 28, 22, 17)


def test_a_daily_job_is_due_at_its_local_time() -> None:
    assert DailyAt(hour=0, minute=10).next_after(local(2028, 2, 28, 0, 10)) == local(2028, 2, 29, 0, 10)


@pytest.mark.parametrize(
    ("after", "due"),
    [
        pytest.param(local(2026, 10, 15), local(2026, 11, 2, 8), id="the 1st is a Sunday"),
        pytest.param(local(2026, 7, 31), local(2026, 8, 3, 8), id="the 1st is a Saturday"),
        pytest.param(local(2026, 8, 31), local(2026, 9, 1, 8), id="the 1st is a Tuesday"),
        pytest.param(local(2026, 9, 1, 8), local(2026, 10, 1, 8), id="due itself is past"),
        pytest.param(local(2026, 12, 31), local(2027, 1, 1, 8), id="over the year"),
    ],
)
def test_a_monthly_job_is_due_on_the_first_working_day(after: datetime, due: datetime) -> None:
    cadence = MonthlyOnWorkingDay(day=1, hour=8)
    assert cadence.next_after(after) == due
    assert cadence.latest_until(due) == due


def test_every_instant_between_two_times_is_named_once() -> None:
    week = list(due_between(Every(interval=timedelta(hours=6)), local(2026, 10, 1), local(2026, 10, 8)))
    assert len(week) == 28
    assert week[0] == local(2026, 10, 1, 6)
    assert week[-1] == local(2026, 10, 8)
    assert len(set(week)) == 28


def test_nothing_is_due_when_the_clock_stepped_back() -> None:
    assert list(due_between(Every(interval=timedelta(hours=1)), local(2026, 10, 2), local(2026, 10, 1))) == []
