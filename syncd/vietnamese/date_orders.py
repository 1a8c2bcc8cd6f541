"""The order of day and month in the dates of one source, settled by all of them together."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from syncd.vietnamese.dates import order_evidence
from syncd.vietnamese.readings import DayOrder, ReadDate

# What .NET prints in its American culture, and no Vietnamese software does: no zero before a number, AM or PM after seconds.
_AMERICAN = re.compile(r"\s*[1-9]\d?/[1-9]\d?/\d{4}\s+[1-9]\d?:\d\d:\d\d\s?[AP]M\s*", re.IGNORECASE)
_ENOUGH_WEEKDAYS = 2  # a weekday may be printed wrong; two that fit the other order alone are no misprint
_WEEKDAY = re.compile(r"[^\W\d_]{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFound:
    """The order in which to read a source's dates. `doubtful`: a date that fits both orders may mean either."""

    order: DayOrder
    doubtful: bool = False
    note: str | None = None

    def judged(self, date: ReadDate, printed: str) -> ReadDate:
        """The date, with the doubt `ambiguous_order` where its order is one."""
        if not self.doubtful or date.doubt is not None or order_evidence(printed) != "either":
            return date
        return replace(date, doubt="ambiguous_order")


def order_of(printed: Iterable[str], configured: DayOrder = "day-first") -> OrderFound:
    """Settle the order for dates that were printed by one program.

    The configured one holds unless dates of the source can be nothing but the other. Where they contradict one another,
    or are all in the American form of .NET and all fit both orders, the configured one holds and is doubtful.
    """
    texts = list(printed)
    seen = [(order_evidence(text), text) for text in texts]
    other: DayOrder = "month-first" if configured == "day-first" else "day-first"
    agreeing = sum(evidence == configured for evidence, _ in seen)
    against = [text for evidence, text in seen if evidence == other]
    by_number = sum(order_evidence(_without_words(text)) == other for text in against)
    if agreeing and against:
        note = f"day and month in both orders: {agreeing} {configured}, {len(against)} {other}"
        return OrderFound(order=configured, doubtful=True, note=note)
    if by_number or len(against) >= _ENOUGH_WEEKDAYS:
        note = f"dates are {other}: {len(against)} of them can be nothing else"
        return OrderFound(order=other, note=note)
    if against:  # one weekday alone: it decides its own date, and makes the others doubtful
        return OrderFound(order=configured, doubtful=True, note=f"one weekday fits {other} only")
    american = sum(evidence == "either" and _AMERICAN.fullmatch(text) is not None for evidence, text in seen)
    if american and not agreeing and configured == "day-first":
        note = f"{american} dates in an American form that fit both orders of day and month"
        return OrderFound(order=configured, doubtful=True, note=note)
    return OrderFound(order=configured)


def _without_words(text: str) -> str:
    """The text without its weekday, so that only the numbers speak."""
    return _WEEKDAY.sub("", text)
