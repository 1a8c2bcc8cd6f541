"""The date grammar: what a printed date means, decided from its own text and the few facts the caller has.

Day first is the rule. A weekday confirms or chooses an order and never drops a date; an order that gives no day of the
calendar gives way to the other. Nothing is guessed from a page: the caller hands over the string that stands for the
date. What cannot be an instant keeps its string and says why in `doubt`.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import Literal

from syncd.vietnamese.date_patterns import (
    ClockFound,
    DayFound,
    find_clocks,
    find_days,
    find_far_zone,
    find_month,
    find_relative,
    find_weekday,
    fold_date_text,
    has_bare_numbers,
    read_offset,
    rewrite_odd_iso,
)
from syncd.vietnamese.readings import LOCAL, NO_DATE, Precision, ReadDate
from syncd.vietnamese.readings import DayOrder as DayOrder
from syncd.vietnamese.text import nfc

KEPT_RAW_CHARS = 500
_FARTHEST_CLOCK = 60  # characters between a day and the time that belongs to it
_FUTURE = timedelta(days=1)
# what software prints for "no date": .NET, FILETIME, SQL Server, spreadsheets, Unix
_EMPTY_DAYS = {date(1601, 1, 1), date(1753, 1, 1), date(1899, 12, 30), date(1900, 1, 1), date(1970, 1, 1)}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_YEAR = 2100  # later ones are other calendars (2567) and "for ever" (9999)
# "Hôm nay, thứ tư, ngày 20 tháng 2 năm 2019": a page's clock; "Hôm nay, 08:05" is the time of a post
_TODAY = re.compile(r"(?<![a-z])(?:hom nay|bay gio|today)(?: la| is)?[\s,:\-]{0,4}$")
_WEEKDAY_WORDS = re.compile(
    r"(?<![a-z])(?:ngay|(?:thu\s)(?:hai|ba|tu|nam|sau|bay|[2-7])|chu nhat|mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|satur|sun)(?:day)?(?![a-z])"
)
_BETWEEN_CLOCKS = re.compile(r"\s{0,2}(?:-|~|den)\s{0,2}")
_SPANS = {
    "giay": timedelta(seconds=1), "second": timedelta(seconds=1), "phut": timedelta(minutes=1),
    "minute": timedelta(minutes=1), "min": timedelta(minutes=1), "gio": timedelta(hours=1), "tieng": timedelta(hours=1),
    "hour": timedelta(hours=1), "ngay": timedelta(days=1), "hom": timedelta(days=1), "day": timedelta(days=1),
    "tuan": timedelta(days=7), "week": timedelta(days=7), "thang": timedelta(days=30), "month": timedelta(days=30),
}  # fmt: skip


def parse_date(
    raw: str,
    *,
    default_zone: tzinfo | None = LOCAL,
    day_order: DayOrder = "day-first",
    fetched_at: datetime | None = None,
    origin: str = "feed",
) -> ReadDate:
    """Read one printed date.

    `default_zone` holds where no zone is printed; None: such a date has no instant. A day without a time is given at midnight of
    `default_zone`. `fetched_at` lets relative dates ("3 giờ trước") be read and marks dates of the future. Never raises on
    any text; takes at most a few milliseconds, however long the text is.
    """
    text, bare = fold_date_text(raw)
    kept = nfc(raw[: KEPT_RAW_CHARS * 2]).strip()[:KEPT_RAW_CHARS]
    if not bare:
        return NO_DATE
    bare = rewrite_odd_iso(bare)
    days = find_days(bare)
    reading = _Reading(kept, origin, default_zone, fetched_at)
    if "am lich" in bare:  # a lunar date names another day than the same numbers of ours
        return reading.none("lunar")
    if not days:
        return reading.without_day(text, bare)
    if _is_todays(bare, days):
        return reading.none("clock")
    masked = _blank(bare, days)
    clocks = list(find_clocks(masked))
    day, clock = _choose(days, clocks)
    if day.ranged:
        return reading.none("range")
    if day.of_event:
        return reading.none("other_date")
    if clock is not None and _is_span(clock, clocks, day, masked):
        clock = None
    weekday = find_weekday(text, bare)
    calendar_day, doubt = _settle_order(day, weekday, day_order)
    if calendar_day is None:
        return reading.none(doubt)
    zone = clock.zone if clock and _is_zone(clock.zone, day, masked, clock) else find_far_zone(masked)
    return reading.at(calendar_day, clock, zone, doubt)


def order_evidence(raw: str) -> DayOrder | Literal["either"] | None:
    """Which order of day and month this string alone can have; None where it shows none (a named month, ISO, no date)."""
    if not has_bare_numbers(raw):
        return None
    text, bare = fold_date_text(raw)
    days = find_days(rewrite_odd_iso(bare))
    if not days:
        return None
    day, _ = _choose(days, [])
    first, swapped = _day(day.year, day.b, day.a), _day(day.year, day.a, day.b)
    if not day.a or first == swapped:
        return None
    if first is None or swapped is None:
        return "day-first" if first else "month-first" if swapped else None
    weekday = find_weekday(text, bare)
    fits_first, fits_swapped = first.weekday() == weekday, swapped.weekday() == weekday
    if weekday is None or fits_first == fits_swapped:
        return "either"
    return "day-first" if fits_first else "month-first"


def says_today(bare: str) -> bool:
    """Whether folded text calls a full date today's, as only the clock of a page does."""
    days = find_days(bare)
    return bool(days) and _is_todays(bare, days)


def _is_todays(bare: str, days: list[DayFound]) -> bool:
    if not any(word in bare for word in ("hom nay", "bay gio", "today")):
        return False
    head = _WEEKDAY_WORDS.sub(" ", bare[: days[0].start])
    return _TODAY.search(" ".join(head.split())) is not None


class _Reading:
    """The facts that stay the same while one string is read, and the ways it can end."""

    __slots__ = ("default_zone", "fetched_at", "origin", "raw")

    def __init__(self, raw: str, origin: str, default_zone: tzinfo | None, fetched_at: datetime | None) -> None:
        self.raw = raw
        self.origin = origin
        self.default_zone = default_zone
        self.fetched_at = fetched_at

    def none(self, doubt: str | None) -> ReadDate:
        return ReadDate(instant=None, precision=Precision.NONE, raw=self.raw, origin=self.origin, doubt=doubt)

    def at(self, day: date, clock: ClockFound | None, zone_text: str | None, doubt: str | None) -> ReadDate:
        if day.year < 1900 or day in _EMPTY_DAYS:
            return self.none("empty_date")
        if day.year >= _LAST_YEAR:
            return self.none("unreadable")
        zone: tzinfo | None = self.default_zone
        if zone_text is not None:
            offset = read_offset(zone_text)
            if offset is None:
                return self.none("bad_zone")
            zone = timezone(timedelta(minutes=offset))
        if clock is not None and self._stands_for_no_time(day, clock, zone if zone_text is not None else None):
            clock = None
        if clock is None:
            zone = self.default_zone
        if zone is None:
            return self.none("no_zone")
        hour, minute, second = (clock.hour, clock.minute or 0, clock.second or 0) if clock else (0, 0, 0)
        wall = datetime.combine(day, time(hour % 24, minute, second), zone) + timedelta(days=hour // 24)
        instant = wall.astimezone(UTC)
        if abs(instant - _EPOCH) <= timedelta(days=1):
            return self.none("empty_date")
        precision = Precision.DAY
        if clock is not None:
            precision = (
                Precision.SECOND
                if clock.second is not None
                else Precision.MINUTE
                if clock.minute is not None
                else Precision.HOUR
            )
        return self._given(instant, precision, doubt)

    def _stands_for_no_time(self, day: date, clock: ClockFound, zone: tzinfo | None) -> bool:
        """Local midnight is how a page, or a feed that prints no zone, gives a day whose time the CMS did not keep."""
        if clock.hour or clock.minute or clock.second:
            return False
        if zone is None:
            return True
        midnight = datetime.combine(day, time())
        own = self.default_zone.utcoffset(midnight) if self.default_zone is not None else None
        return self.origin != "feed" and zone.utcoffset(midnight) == own

    def _given(self, instant: datetime, precision: Precision, doubt: str | None) -> ReadDate:
        if doubt is None and self.fetched_at is not None and instant > self.fetched_at + _FUTURE:
            doubt = "future"
        return ReadDate(instant=instant, precision=precision, raw=self.raw, origin=self.origin, doubt=doubt)

    def without_day(self, text: str, bare: str) -> ReadDate:
        """A text that names no day with its year: a month, a relative date, or none."""
        if (month := find_month(bare)) is not None:
            first = _day(month[0], month[1], 1)
            if first is None or first.year < 1900 or first in _EMPTY_DAYS:
                return self.none("unreadable" if first is None else "empty_date")
            if self.default_zone is None:
                return self.none("no_zone")
            instant = datetime.combine(first, time(), self.default_zone).astimezone(UTC)
            return self._given(instant, Precision.MONTH, None)
        if self.fetched_at is None or self.default_zone is None:
            return self.none("unreadable")
        return self._relative(bare, self.fetched_at, self.default_zone)

    def _relative(self, bare: str, fetched_at: datetime, zone: tzinfo) -> ReadDate:
        today = fetched_at.astimezone(zone).date()
        for word, back in (("hom nay", 0), ("today", 0), ("hom qua", 1), ("yesterday", 1), ("hom kia", 2)):
            if word in bare:
                clock = next(find_clocks(bare), None)
                return self.at(today - timedelta(days=back), clock, None, None)
        parts = find_relative(bare)
        if bare in ("vua xong", "vua dang", "moi day", "just now"):
            return self._given(fetched_at.astimezone(UTC), Precision.MINUTE, None)
        if not parts:
            return self.none("unreadable")
        spans = [(count, _SPANS[unit.removesuffix("s")]) for count, unit in parts]
        instant = fetched_at - sum((count * span for count, span in spans), timedelta())
        finest = min(span for _, span in spans)
        if finest >= timedelta(days=7):
            return self._given(instant.astimezone(UTC), Precision.MONTH, "relative")
        if finest >= timedelta(days=1):
            day = instant.astimezone(zone).date()
            return self.at(day, None, None, None)
        precision = Precision.HOUR if finest >= timedelta(hours=1) else Precision.MINUTE
        return self._given(instant.astimezone(UTC), precision, None)


def _blank(bare: str, days: list[DayFound]) -> str:
    """The text with its days made blank, so that what is left to read is time and zone; a time inside a day stays."""
    chars = list(bare)
    for day in days:
        for at in range(day.start, day.end):
            if day.inner is None or not day.inner[0] <= at < day.inner[1]:
                chars[at] = " "
    return "".join(chars)


def _choose(days: list[DayFound], clocks: list[ClockFound]) -> tuple[DayFound, ClockFound | None]:
    """The day that is the date, with its time: a publishing label first, an update's last, then one that has a time."""
    clock_of: dict[int, tuple[int, ClockFound]] = {}
    for clock in clocks:
        distance, index = min((max(clock.start - d.end, d.start - clock.end, 0), i) for i, d in enumerate(days))
        if distance <= _FARTHEST_CLOCK and (index not in clock_of or distance < clock_of[index][0]):
            clock_of[index] = (distance, clock)
    best = max(
        range(len(days)),
        key=lambda i: (
            days[i].published and not days[i].updated,
            not days[i].updated,
            not days[i].ranged and not days[i].of_event,
            i in clock_of,
            -i,
        ),
    )
    return days[best], clock_of[best][1] if best in clock_of else None


def _is_span(clock: ClockFound, clocks: list[ClockFound], day: DayFound, text: str) -> bool:
    """Whether the time is one end of `7h30 - 11h30`, so that the day alone is known."""
    if day.local and clock.zone is not None and clock.zone.startswith("-"):  # "07:30-11:30": no offset
        return True
    return any(
        _BETWEEN_CLOCKS.fullmatch(text[min(clock.end, other.end) : max(clock.start, other.start)])
        for other in clocks
        if other is not clock
    )


def _settle_order(day: DayFound, weekday: int | None, order: DayOrder) -> tuple[date | None, str | None]:
    """The day of the calendar that is meant, or why there is none."""
    if not day.a:
        found = _day(day.year, day.month, day.day)
        return found, None if found else "unreadable"
    first, swapped = _day(day.year, day.b, day.a), _day(day.year, day.a, day.b)
    if order == "month-first":
        first, swapped = swapped, first
    if first is None or swapped is None or first == swapped:
        found = first or swapped
        return found, None if found else "unreadable"
    if weekday is not None and first.weekday() != weekday and swapped.weekday() == weekday:
        return swapped, "ambiguous_order"  # or it is the weekday that is the misprint
    return first, None


def _is_zone(zone: str | None, day: DayFound, text: str, clock: ClockFound) -> bool:
    """Whether the word beside a time is a zone: in the shape of RFC 822 a last word that we do not know is one as well."""
    if zone is None:
        return False
    if zone[-1].isdigit() or zone[-1] in ":?" or "/" in zone or read_offset(zone) is not None:
        return True
    return day.named and not text[clock.end :].strip(" )]")


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
