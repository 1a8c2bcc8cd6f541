"""When a job is due: wall-clock instants at UTC+07:00 that never drift, whatever the host's own zone does."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

from syncd.domain.model import LOCAL


class Cadence(Protocol):
    """A rule that names every due instant of a job."""

    def next_after(self, instant: datetime) -> datetime:
        """The first due instant later than `instant`, in UTC."""
        ...

    def latest_until(self, instant: datetime) -> datetime:
        """The last due instant at or before `instant`, in UTC."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """Each `interval` from local midnight of day one on, shifted by `offset` (to spread many subjects over the interval)."""

    interval: timedelta
    offset: timedelta = timedelta(0)

    def latest_until(self, instant: datetime) -> datetime:
        origin = datetime(2000, 1, 1, tzinfo=LOCAL) + self.offset
        return (origin + (instant - origin) // self.interval * self.interval).astimezone(UTC)

    def next_after(self, instant: datetime) -> datetime:
        return self.latest_until(instant) + self.interval


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyAt:
    """Once a day at a local time."""

    hour: int
    minute: int = 0

    def latest_until(self, instant: datetime) -> datetime:
        return self._daily().latest_until(instant)

    def next_after(self, instant: datetime) -> datetime:
        return self._daily().next_after(instant)

    def _daily(self) -> Every:
        return Every(interval=timedelta(days=1), offset=timedelta(hours=self.hour, minutes=self.minute))


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthlyOnWorkingDay:
    """Once a month, on its n-th working day (Monday to Friday), at a local time."""

    day: int
    hour: int

    def latest_until(self, instant: datetime) -> datetime:
        local = instant.astimezone(LOCAL)
        this = self._instant(local.year, local.month)
        if this <= instant:
            return this
        before = local.replace(day=1) - timedelta(days=1)
        return self._instant(before.year, before.month)

    def next_after(self, instant: datetime) -> datetime:
        local = instant.astimezone(LOCAL)
        this = self._instant(local.year, local.month)
        if this > instant:
            return this
        after = local.replace(day=28) + timedelta(days=4)
        return self._instant(after.year, after.month)

    def _instant(self, year: int, month: int) -> datetime:
        day, working = date(year, month, 1), 0
        while True:
            working += day.weekday() < 5
            if working == self.day:
                return datetime.combine(day, time(self.hour), tzinfo=LOCAL).astimezone(UTC)
            day += timedelta(days=1)


def due_between(cadence: Cadence, after: datetime, until: datetime) -> Iterator[datetime]:
    """Every due instant in `(after, until]`, in order."""
    due = cadence.next_after(after)
    while due <= until:
        yield due
        due = cadence.next_after(due)
