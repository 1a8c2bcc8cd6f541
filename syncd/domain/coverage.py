"""Which local days readings cover, and how the portal's downtime moves the end of the grace."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from syncd.domain.model import LOCAL, Outage, OutageOwner, Period, PeriodFacts, Unit, Window, local_midnight
from syncd.domain.periods import working_days_after
from syncd.domain.rules import RuleSet

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Whole local days of a unit's time in a period, up to now: how many, and which of them some source does not cover.

    `source_down` are those of the uncovered days on which a site itself was down while we looked.
    """

    total: int
    uncovered: tuple[date, ...]
    source_down: tuple[date, ...]

    @property
    def covered(self) -> int:
        return self.total - len(self.uncovered)


def active_days(unit: Unit, period: Period) -> list[date]:
    """The local days of a period on which the unit stands in the quota."""
    first, last = period.first_day, period.last_day
    if unit.active_from is not None:
        first = max(first, unit.active_from)
    if unit.active_to is not None:
        last = min(last, unit.active_to)
    return [first + _DAY * n for n in range((last - first).days + 1)]


def coverage_of(unit: Unit, period: Period, facts: PeriodFacts) -> Coverage:
    """Which days were read. A day is covered where every source of the unit covers it wholly.

    A source without any reading covers nothing. Days before the unit stood in the quota do not matter.
    """
    days = [day for day in active_days(unit, period) if local_midnight(day + _DAY) <= facts.now]
    uncovered: set[date] = set()
    for source in unit.sources if days else ():
        stretches = united(facts.readings.get(source, ()))
        if not _covers(stretches, days[0], days[-1]):
            uncovered.update(day for day in days if not _covers(stretches, day, day))
    down = [outage for outage in facts.source_outages if outage.owner is OutageOwner.SOURCE]
    return Coverage(
        total=len(days),
        uncovered=tuple(sorted(uncovered)),
        source_down=tuple(sorted(day for day in uncovered if _touched(day, down, facts.now))),
    )


def deadline_of(period: Period, rules: RuleSet, portal_outages: Iterable[Outage], now: datetime) -> datetime:
    """When a period stops being open: its end, the working days of grace, and as much time as the portal was down.

    Downtime counts from the start of the period to the deadline itself, so that downtime within the extension extends
    it again; an outage that lasts keeps the period open.
    """
    deadline = working_days_after(period.end, rules.grace_days)
    for start, end in _downtime(portal_outages, now):
        start = max(start, period.start)
        if start >= deadline:
            break
        if end > start:
            deadline += end - start
    return deadline


def days_down(period: Period, until: datetime, portal_outages: Iterable[Outage], now: datetime) -> int:
    """On how many local days from the start of the period to `until` the portal was down, wholly or for a time."""
    days: set[date] = set()
    for start, end in _downtime(portal_outages, now):
        start, end = max(start, period.start), min(end, until)
        while start < end:
            day = start.astimezone(LOCAL).date()
            days.add(day)
            start = local_midnight(day + _DAY)
    return len(days)


def _downtime(outages: Iterable[Outage], now: datetime) -> list[tuple[datetime, datetime]]:
    """Stretches of downtime up to now, in order, each instant once."""
    stretches: list[tuple[datetime, datetime]] = []
    for start, end in sorted((outage.start, min(outage.end or now, now)) for outage in outages):
        if stretches and start <= stretches[-1][1]:
            stretches[-1] = (stretches[-1][0], max(stretches[-1][1], end))
        else:
            stretches.append((start, end))
    return stretches


def united(windows: Iterable[Window]) -> list[Window]:
    """The same stretches of time without overlaps, in order."""
    stretches: list[Window] = []
    for window in sorted(windows, key=lambda each: (each.start is not None, each.start or each.end, each.end)):
        last = stretches[-1] if stretches else None
        if last is not None and (window.start is None or window.start <= last.end):
            stretches[-1] = Window(start=last.start, end=max(last.end, window.end))
        else:
            stretches.append(window)
    return stretches


def _covers(stretches: Sequence[Window], first: date, last: date) -> bool:
    start, end = local_midnight(first), local_midnight(last + _DAY)
    return any((window.start is None or window.start <= start) and end <= window.end for window in stretches)


def _touched(day: date, outages: Iterable[Outage], now: datetime) -> bool:
    start, end = local_midnight(day), local_midnight(day + _DAY)
    return any(outage.start < end and (outage.end or now) > start for outage in outages)
