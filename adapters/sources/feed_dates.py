"""The dates of one feed, all read together: one order of day and month for all of them, and minutes that are none are cut.

NukeViet before 4.6 prints the month where the minutes belong (includes/core/theme_functions.php, `H:m:s`): where that shows, the
minutes are cut and the precision is the hour.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal

from adapters.sources.feed_items import RawFeed, RawItem
from syncd.domain.model import LOCAL, Precision, ReadDate
from syncd.vietnamese.readings import DayOrder

_NUKEVIET_GUID = re.compile(r"^\s*news_\d+\s*$")
_NO_MINUTES_UNSIGNED = 5  # so many items with minutes equal to the month, without NukeViet's signature: one in 10^8
_MONTHS_UNSIGNED = 2  # they span: who posts at ten past each hour in October is honest
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_NUMBER_OF = {name: f"{number:02}" for number, name in enumerate(_MONTHS, start=1)}
# What nearly every feed prints, in a form that can mean one instant only. Years are those in which no software's "no date" lies.
_CLOCK = r"((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)"
_MAIL_DATE = re.compile(
    rf"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?(\d\d) ({'|'.join(_MONTHS)}) (20[0-8]\d) {_CLOCK} (?:GMT|([+-](?:0\d|1[0-3])[03]0))"
)
_ISO_DATE = re.compile(rf"(20[0-8]\d-\d\d-\d\d)T{_CLOCK}(?:Z|([+-](?:0\d|1[0-3]):[03]0))")
_FUTURE = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedOptions:
    """What is known of a source beforehand. `zone` None: a date without a zone has no instant.

    `read_as` names all else that decides how an entry is read; with it each entry gets a fingerprint, and without it none.
    """

    zone: tzinfo | None = LOCAL
    day_order: DayOrder = "day-first"
    minutes: Literal["reliable", "unreliable", "auto"] = "auto"
    fetched_at: datetime | None = None
    read_as: str = ""


def read_dates(raw: RawFeed, options: FeedOptions, notes: list[str]) -> list[ReadDate]:
    """The date of each item but the unread ones, in order; `notes` gets what a person should know about them."""
    items = [item for item in raw.items if not item.unread]
    plain = [plain_date(item.date, options) for item in items]
    dates = [date for date in plain if date is not None]
    if len(dates) < len(plain):
        dates = _all_read(items, plain, options, notes)
    doubts = Counter(date.doubt for date in dates if date.doubt is not None)
    for doubt, words in (
        ("no_zone", "without zone"),
        ("bad_zone", "with an impossible zone"),
        ("future", "in the future"),
    ):
        if count := doubts[doubt]:
            notes.append(f"{count} dates {words}")
    if unreadable := sum(bool(date.raw) and date.doubt in ("unreadable", "empty_date") for date in dates):
        notes.append(f"{unreadable} dates that are none")
    if options.minutes == "unreliable" or (options.minutes == "auto" and _minutes_are_months(raw, dates)):
        notes.append("minutes cut: this feed prints the month in their place (NukeViet before 4.6)")
        return [plain_minutes(date) for date in dates]
    return dates


def plain_minutes(date: ReadDate) -> ReadDate:
    """The same date with nothing below the hour."""
    if date.instant is None or date.precision not in (Precision.SECOND, Precision.MINUTE):
        return date
    return replace(date, instant=date.instant.replace(minute=0, second=0), precision=Precision.HOUR)


def _all_read(
    items: Sequence[RawItem], plain: Sequence[ReadDate | None], options: FeedOptions, notes: list[str]
) -> list[ReadDate]:
    from syncd.vietnamese.date_orders import (
        order_of,
    )  # with the grammar of dates 20 ms, and most feeds print plain ones

    # A plain date says nothing of the order.
    order = order_of([item.date for item, date in zip(items, plain, strict=True) if date is None], options.day_order)
    if order.note:
        notes.append(order.note)
    dates = []
    for item, date in zip(items, plain, strict=True):
        if date is None:
            printed, read = _first_read([item.date, *item.other_dates], order.order, options)
            dates.append(order.judged(read, printed))
        else:
            dates.append(date)
    return dates


def _first_read(printed: Sequence[str], order: DayOrder, options: FeedOptions) -> tuple[str, ReadDate]:
    from syncd.vietnamese.dates import parse_date

    read = [
        (
            text,
            parse_date(text, default_zone=options.zone, day_order=order, fetched_at=options.fetched_at, origin="feed"),
        )
        for text in dict.fromkeys(printed)
    ]
    return next(((text, date) for text, date in read if date.instant is not None), read[0])


def plain_date(printed: str, options: FeedOptions) -> ReadDate | None:
    """What `parse_date` makes of the two usual forms, in a fiftieth of its time; None for any other."""
    printed = printed.strip()
    if found := _MAIL_DATE.fullmatch(printed):
        day, month, year, clock, zone = found.groups()
        iso = f"{year}-{_NUMBER_OF[month]}-{day}T{clock}{zone or '+0000'}"
    elif found := _ISO_DATE.fullmatch(printed):
        iso = f"{found[1]}T{found[2]}{found[3] or '+0000'}"
    else:
        return None
    try:
        instant = datetime.fromisoformat(iso).astimezone(UTC)
    except ValueError:
        return None
    late = options.fetched_at is not None and instant > options.fetched_at + _FUTURE
    return ReadDate(
        instant=instant, precision=Precision.SECOND, raw=printed, origin="feed", doubt="future" if late else None
    )


def _minutes_are_months(raw: RawFeed, dates: list[ReadDate]) -> bool:
    instants = [date.instant for date in dates if date.instant is not None and date.precision is Precision.SECOND]
    if not instants or not all(instant.minute == instant.month for instant in instants):
        return False
    signed = "nukeviet" in raw.generator.lower() or any(_NUKEVIET_GUID.match(item.guid) for item in raw.items)
    if signed:
        return True
    return len(instants) >= _NO_MINUTES_UNSIGNED and len({instant.month for instant in instants}) >= _MONTHS_UNSIGNED
