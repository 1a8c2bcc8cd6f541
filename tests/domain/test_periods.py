import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.domain.model import PeriodId
from syncd.domain.periods import (
    Calendar,
    CalendarKind,
    month_of,
    parts_of,
    period_by_id,
    period_of,
    periods_between,
    working_days_after,
)
from syncd.errors import UsageError
from tests.domain.facts import local

MONTHS = Calendar()
WEEKS = Calendar(kind=CalendarKind.WEEK)
FROM_20 = Calendar(starts_on_day=20)
TET = Calendar(merged=(("2023-01", "2023-02"),))
CALENDARS = [
    MONTHS,
    WEEKS,
    FROM_20,
    TET,
    Calendar(kind=CalendarKind.QUARTER),
    Calendar(kind=CalendarKind.HALF_YEAR, starts_on_day=15),
    Calendar(merged=(("2025-12", "2026-01"), ("2026-03", "2026-04", "2026-05"))),
]


@pytest.mark.parametrize(
    ("instant", "period"),
    [
        (local("2026-10-31 23:59:59.999"), "2026-10"),
        (local("2026-11-01 00:00"), "2026-11"),
        (local("2026-06-30 23:59:59.999"), "2026-06"),
        (local("2026-07-01 00:00"), "2026-07"),
        (datetime(2026, 6, 30, 23, 30, tzinfo=UTC), "2026-07"),
        (datetime(2026, 2, 28, 17, 0, tzinfo=UTC), "2026-03"),
        (datetime(2026, 2, 28, 16, 59, 59, tzinfo=UTC), "2026-02"),
        (local("2024-02-29 00:00"), "2024-02"),
        (local("2024-02-29 23:59:59.999"), "2024-02"),
        (local("2024-03-01 00:00"), "2024-03"),
        (local("2026-12-31 23:59:59.999"), "2026-12"),
        (datetime(2026, 12, 31, 17, 0, tzinfo=UTC), "2027-01"),
    ],
)
def test_a_month_is_cut_at_local_midnight(instant: datetime, period: str) -> None:
    assert period_of(instant, MONTHS).id == period


def test_a_month_from_the_20th_is_named_after_the_month_it_ends_in() -> None:
    period = period_by_id("2017-02", FROM_20)

    assert (period.start, period.end) == (local("2017-01-20 00:00"), local("2017-02-20 00:00"))
    assert (str(period.first_day), str(period.last_day)) == ("2017-01-20", "2017-02-19")
    assert period_of(local("2016-12-19 23:59:59"), FROM_20).id == "2016-12"
    assert period_of(local("2016-12-20 00:00"), FROM_20).id == "2017-01"


@pytest.mark.parametrize(
    ("instant", "period"),
    [("2026-09-28 00:00", "2026-W40"), ("2026-10-04 23:59:59", "2026-W40"), ("2027-01-03 12:00", "2026-W53")],
)
def test_a_week_runs_from_monday_to_sunday(instant: str, period: str) -> None:
    assert period_of(local(instant), WEEKS).id == period


@pytest.mark.parametrize(
    ("week", "month"),
    [
        ("2026-W40", "2026-10"),
        ("2026-W01", "2026-01"),
        ("2026-W05", "2026-01"),
        ("2026-W53", "2026-12"),
        ("2020-W01", "2020-01"),
    ],
)
def test_a_week_belongs_to_the_month_of_its_thursday(week: str, month: str) -> None:
    assert month_of(PeriodId(week)) == month


def test_merged_months_are_one_period_of_two_parts() -> None:
    period = period_of(local("2023-02-10 08:00"), TET)

    assert (period.id, period.months) == ("2023-01+02", 1)
    assert (str(period.first_day), str(period.last_day)) == ("2023-01-01", "2023-02-28")
    assert [part.id for part in parts_of(period, TET)] == ["2023-01", "2023-02"]
    assert period_by_id("2023-01+02", TET) == period_by_id("2023-02", TET) == period


def test_a_period_merged_over_new_year_names_both_years() -> None:
    assert period_by_id("2026-01", CALENDARS[-1]).id == "2025-12+2026-01"


def test_periods_between_includes_both_ends() -> None:
    ids = [period.id for period in periods_between(PeriodId("2022-11"), PeriodId("2023-03"), TET)]

    assert ids == ["2022-11", "2022-12", "2023-01+02", "2023-03"]


def test_periods_between_refuses_the_wrong_order() -> None:
    with pytest.raises(UsageError, match="comes before"):
        periods_between(PeriodId("2026-03"), PeriodId("2026-01"), MONTHS)


@pytest.mark.parametrize(
    "id",
    ["2026-13", "2026-00", "2026-1", "2026-10 ", "tháng 10", "", "2026-W40", "9999-12", "２０２６-10", "2026-01+02"],
)
def test_nonsense_is_refused_with_an_example(id: str) -> None:
    with pytest.raises(UsageError, match=re.escape(repr(id))) as caught:
        period_by_id(id, MONTHS)
    assert caught.value.hint == "write it as 2026-10"


@pytest.mark.parametrize("id", ["2026-W00", "2026-W54", "2025-W53", "2026-10"])
def test_a_week_that_the_year_lacks_is_refused(id: str) -> None:
    with pytest.raises(UsageError):
        period_by_id(id, WEEKS)


@pytest.mark.parametrize(
    "keys",
    [
        {"starts_on_day": 29},
        {"kind": "week", "starts_on_day": 2},
        {"kind": "quarter", "merged": (("2026-01", "2026-02"),)},
        {"merged": (("2026-01", "2026-03"),)},
        {"merged": (("2026-01",),)},
        {"merged": (("2026-01", "2026-02"), ("2026-02", "2026-03"))},
        {"merged": (("2026-01", "Tết"),)},
        {"merged_months": 0},
    ],
)
def test_a_calendar_that_cannot_be_is_refused(keys: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Calendar(**keys)  # type: ignore[arg-type]  # wrong on purpose


@settings(deadline=None)
@given(
    st.datetimes(min_value=datetime(2016, 1, 1), max_value=datetime(2030, 12, 31), timezones=st.just(UTC)),
    st.sampled_from(CALENDARS),
)
def test_every_instant_lies_in_one_period_that_its_id_names(instant: datetime, calendar: Calendar) -> None:
    period = period_of(instant, calendar)

    assert instant in period
    assert period_by_id(period.id, calendar) == period
    assert period_of(period.end, calendar).start == period.end
    assert period_of(period.end - timedelta(microseconds=1), calendar) == period


@pytest.mark.parametrize(
    ("end", "days", "deadline"),
    [
        ("2026-11-01 00:00", 3, "2026-11-05 00:00"),  # a Sunday: Monday, Tuesday, Wednesday
        ("2026-10-01 00:00", 1, "2026-10-02 00:00"),
        ("2026-10-02 00:00", 1, "2026-10-03 00:00"),
        ("2026-10-03 00:00", 1, "2026-10-06 00:00"),
        ("2026-10-01 09:00", 1, "2026-10-03 00:00"),
        ("2026-10-31 00:00", 0, "2026-10-31 00:00"),
        ("2026-12-31 00:00", 10, "2027-01-14 00:00"),
    ],
)
def test_grace_is_whole_working_days(end: str, days: int, deadline: str) -> None:
    assert working_days_after(local(end), days) == local(deadline)


def test_a_merged_period_weighs_what_the_calendar_says() -> None:
    calendar = Calendar(merged=(("2026-01", "2026-02"),), merged_months=2)

    assert period_by_id("2026-01+02", calendar).months == 2
    assert period_by_id("2026-03", calendar).months == 1
