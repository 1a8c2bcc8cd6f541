"""Calendars and the periods they cut: months, weeks, quarters, half-years, merged months, cut-off days.

All cuts are local midnights at UTC+07:00. With `starts_on_day = 20` the month `2017-02` runs from 20 January to
19 February: a month is named after the one it ends in, as a district of Bình Thuận reported it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from syncd.domain.model import LOCAL, Period, PeriodId, local_midnight
from syncd.errors import UsageError

_FIRST_YEAR, _LAST_YEAR = 1970, 2200
_MERGED = re.compile(r"(?P<year>\d{4})-(?P<month>\d\d)(?:\+(?:\d{4}-)?\d\d)+", re.ASCII)


class CalendarKind(StrEnum):
    MONTH = "month"
    WEEK = "week"  # ISO 8601: Monday to Sunday
    QUARTER = "quarter"
    HALF_YEAR = "half-year"


_MONTHS_IN = {CalendarKind.MONTH: 1, CalendarKind.QUARTER: 3, CalendarKind.HALF_YEAR: 6}
_LETTER = {CalendarKind.QUARTER: "Q", CalendarKind.HALF_YEAR: "H", CalendarKind.WEEK: "W"}
_PATTERN = {
    CalendarKind.MONTH: re.compile(r"(\d{4})-(\d\d)", re.ASCII),
    CalendarKind.WEEK: re.compile(r"(\d{4})-W(\d\d)", re.ASCII),
    CalendarKind.QUARTER: re.compile(r"(\d{4})-Q(\d)", re.ASCII),
    CalendarKind.HALF_YEAR: re.compile(r"(\d{4})-H(\d)", re.ASCII),
}
_EXAMPLE = {
    CalendarKind.MONTH: "2026-10",
    CalendarKind.WEEK: "2026-W40",
    CalendarKind.QUARTER: "2026-Q4",
    CalendarKind.HALF_YEAR: "2026-H1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """How a rule set cuts time. `merged` lists runs of months that make one period, e.g. `(("2023-01", "2023-02"),)`.

    `merged_months` is what one short merged period weighs among the missing months.
    """

    kind: CalendarKind = CalendarKind.MONTH
    starts_on_day: int = 1
    merged: tuple[tuple[str, ...], ...] = ()
    merged_months: int = 1

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", CalendarKind(self.kind))
        if not 1 <= self.starts_on_day <= 28:
            raise ValueError(f"a period starts on day 1 to 28, not {self.starts_on_day}")
        if self.kind is CalendarKind.WEEK and self.starts_on_day != 1:
            raise ValueError("weeks start on Monday: starts_on_day must be 1")
        if self.merged and self.kind is not CalendarKind.MONTH:
            raise ValueError("only months can be merged")
        if self.merged_months < 1:
            raise ValueError(f"a merged period weighs at least 1 month, not {self.merged_months}")
        seen: set[int] = set()
        for run in self.merged:
            indexes = [_index_of_month(month) for month in run]
            if len(indexes) < 2 or indexes != list(range(indexes[0], indexes[0] + len(indexes))):
                raise ValueError(f"merged months must be two or more that follow one another, not {' '.join(run)}")
            if seen & set(indexes):
                raise ValueError(f"a month is merged twice: {' '.join(run)}")
            seen.update(indexes)


def period_of(instant: datetime, calendar: Calendar) -> Period:
    """The period that holds an instant."""
    day = instant.astimezone(LOCAL).date()
    if calendar.kind is CalendarKind.WEEK:
        year, week, _ = day.isocalendar()
        return _week(year, week)
    month = day.year * 12 + day.month - 1
    if calendar.starts_on_day > 1 and day.day >= calendar.starts_on_day:
        month += 1
    return _holding(month, calendar)


def period_by_id(id: str, calendar: Calendar) -> Period:
    """The period an id names. The id of a month that is merged with others gives the merged period.

    Raises:
        UsageError: not an id of this calendar; the hint shows one that is.
    """
    match = _PATTERN[calendar.kind].fullmatch(id)
    if match is None:
        return _merged_by_id(id, calendar)
    year, number = int(match[1]), int(match[2])
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise _no_period(id, calendar)
    if calendar.kind is CalendarKind.WEEK:
        try:
            return _week(year, number)
        except ValueError as err:
            raise _no_period(id, calendar) from err
    months = _MONTHS_IN[calendar.kind]
    if not 1 <= number <= 12 // months:
        raise _no_period(id, calendar)
    return _holding(year * 12 + (number - 1) * months, calendar)


def periods_between(first: PeriodId, last: PeriodId, calendar: Calendar) -> list[Period]:
    """All periods from `first` to `last`, both included, in order.

    Raises:
        UsageError: an id is none of this calendar, or `last` comes before `first`.
    """
    period, end = period_by_id(first, calendar), period_by_id(last, calendar)
    if end.start < period.start:
        raise UsageError(f"{last} comes before {first}", subject=f"{first}..{last}", hint="write the earlier one first")
    periods = [period]
    while period.start < end.start:
        period = period_of(period.end, calendar)
        periods.append(period)
    return periods


def parts_of(period: Period, calendar: Calendar) -> Sequence[Period]:
    """The single months of a merged period; of any other, itself."""
    for run in calendar.merged:
        if _merged_id(run) == period.id:
            return [_months(_index_of_month(month), 1, PeriodId(month), calendar) for month in run]
    return [period]


def month_of(period: PeriodId) -> str:
    """Under which month a period is listed: a week under the month of its Thursday, any other under its own id."""
    match = _PATTERN[CalendarKind.WEEK].fullmatch(period)
    if match is None:
        return period
    return date.fromisocalendar(int(match[1]), int(match[2]), 4).strftime("%Y-%m")


def working_days_after(end: datetime, days: int) -> datetime:
    """The instant when `days` whole working days (local Monday to Friday) have passed after `end`; `end` itself for 0.

    A day that has begun at `end` is not a whole one.
    """
    if days <= 0:
        return end
    day = end.astimezone(LOCAL).date()
    if local_midnight(day) < end:
        day += timedelta(days=1)
    left = days
    while True:
        if day.weekday() < 5:
            left -= 1
        day += timedelta(days=1)
        if left == 0:
            return local_midnight(day)


def _index_of_month(month: str) -> int:
    match = _PATTERN[CalendarKind.MONTH].fullmatch(month)
    if match is None or not 1 <= int(match[2]) <= 12 or not _FIRST_YEAR <= int(match[1]) <= _LAST_YEAR:
        raise ValueError(f"{month!r} is no month; write it as 2026-01")
    return int(match[1]) * 12 + int(match[2]) - 1


def _holding(month: int, calendar: Calendar) -> Period:
    """The period that holds a month, counted from year 0."""
    for run in calendar.merged:
        start = _index_of_month(run[0])
        if start <= month < start + len(run):
            return _months(start, len(run), _merged_id(run), calendar, weight=calendar.merged_months)
    length = _MONTHS_IN[calendar.kind]
    start = month - month % length
    year, number = start // 12, start % 12 // length + 1
    id = f"{year:04}-{number:02}" if length == 1 else f"{year:04}-{_LETTER[calendar.kind]}{number}"
    return _months(start, length, PeriodId(id), calendar)


def _months(start: int, length: int, id: PeriodId, calendar: Calendar, *, weight: int = 1) -> Period:
    back = 0 if calendar.starts_on_day == 1 else 1
    first, after = start - back, start + length - back
    return Period(
        id=id,
        start=local_midnight(date(first // 12, first % 12 + 1, calendar.starts_on_day)),
        end=local_midnight(date(after // 12, after % 12 + 1, calendar.starts_on_day)),
        months=weight,
    )


def _week(year: int, week: int) -> Period:
    monday = date.fromisocalendar(year, week, 1)
    return Period(
        id=PeriodId(f"{year:04}-W{week:02}"),
        start=local_midnight(monday),
        end=local_midnight(monday + timedelta(days=7)),
    )


def _merged_id(run: Sequence[str]) -> PeriodId:
    year = run[0][:4]
    return PeriodId("+".join([run[0], *(month[5:] if month[:4] == year else month for month in run[1:])]))


def _merged_by_id(id: str, calendar: Calendar) -> Period:
    if _MERGED.fullmatch(id):
        for run in calendar.merged:
            if _merged_id(run) == id:
                return _holding(_index_of_month(run[0]), calendar)
    raise _no_period(id, calendar)


def _no_period(id: str, calendar: Calendar) -> UsageError:
    return UsageError(
        f"{id!r} is no {calendar.kind} of this calendar", subject=id, hint=f"write it as {_EXAMPLE[calendar.kind]}"
    )
