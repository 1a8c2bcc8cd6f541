"""Dates printed beside links: which elements of an entry hold one, and nothing but one."""

import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from adapters.probing.tree import Element, children, way_down, words_of
from syncd.domain.model import Precision, ReadDate
from syncd.vietnamese.dates import parse_date
from syncd.vietnamese.page_clocks import is_clock
from syncd.vietnamese.text import one_line

_MAX_CHARS = 160
_MAX_BESIDE = 8  # elements between a title and the date that belongs to it
_MAX_OTHER_LETTERS = 70  # a label, a name and a count of views; prose has more
_LIKELY = re.compile(
    r"\d{1,2}\s*[/.\-]\s*\d{1,2}\s*[/.\-]\s*\d{2,4}|\d{4}\s*[/.\-]\s*\d{1,2}\s*[/.\-]\s*\d{1,2}|tháng|thg|\bth\d"
    r"|trước|hôm\s+(?:qua|nay|kia)|\bago\b|yesterday|today|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[^\W\d_]")
_PRECISE = {
    Precision.NONE: 0,
    Precision.MONTH: 1,
    Precision.DAY: 2,
    Precision.HOUR: 3,
    Precision.MINUTE: 4,
    Precision.SECOND: 5,
}
_OF_UPDATE = re.compile(r"cập nhật|cap-?nhat|update|modif|sửa", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedElement:
    """An element that prints one date, itself; or by a text of its own outside of the elements within; or right after it."""

    element: Element
    path: str  # signatures from it up to the body: the same for entries that are made alike
    raw: str
    date: ReadDate
    where: Literal["itself", "own", "after"] = "itself"

    @property
    def way(self) -> tuple[str, str]:
        return self.path, self.where

    @property
    def of_update(self) -> bool:
        return _OF_UPDATE.search(f"{self.path} {self.raw}") is not None


def dates_in(entry: Element, title: Element, fetched_at: datetime) -> list[DatedElement]:
    """The elements of an entry that print a date, in page order, each date once: where it is told most precisely in fewest words."""
    return list(_dates_in(entry, entry, title, fetched_at))


def _dates_in(element: Element, entry: Element, title: Element, fetched_at: datetime) -> Iterator[DatedElement]:
    below: list[DatedElement] = []
    for child in children(element):
        if child is title and not len(child):
            continue
        below += _dates_in(child, entry, title, fetched_at)
    here = None if element is entry or _holds(element, title) else _dated(element, fetched_at)
    if here is not None and (not below or _tells_more(here, below)):
        yield here
        return
    yield from below
    if not below and (own := _own(element, title, fetched_at)) is not None:
        yield own


def _dated(element: Element, fetched_at: datetime) -> DatedElement | None:
    raw = str(element.get("datetime") or "") if element.tag == "time" else ""
    raw = one_line(raw) or words_of(element)
    date = read_printed(raw, fetched_at)
    return DatedElement(element=element, path=way_down(element), raw=raw, date=date) if date is not None else None


def _own(element: Element, title: Element, fetched_at: datetime) -> DatedElement | None:
    """The date among the words that stand beside the links of an element, in none of its elements."""
    if element is title:
        return None
    return _first(element, own_words(element), "own", fetched_at)


def date_after(entry: Element, is_other: Callable[[Element], bool], fetched_at: datetime) -> DatedElement | None:
    """The date that follows an entry, before the next one: `is_other` tells elements that belong to that."""
    return _first(entry, _beside(entry, is_other, preceding=False), "after", fetched_at)


def has_date_before(entry: Element, is_other: Callable[[Element], bool], fetched_at: datetime) -> bool:
    """Whether one stands above an entry, behind the one before; a clock above a list is none of its dates."""
    printed = map(one_line, _beside(entry, is_other, preceding=True))
    return any(read_printed(raw, fetched_at) and not is_clock(raw, fetched_at) for raw in printed)


def _beside(entry: Element, is_other: Callable[[Element], bool], *, preceding: bool) -> Iterator[str]:
    parent = entry.getparent()
    if not preceding:
        yield entry.tail or ""
    for sibling in itertools.islice(entry.itersiblings(preceding=preceding), _MAX_BESIDE):
        if preceding:
            yield sibling.tail or ""
        if not isinstance(sibling.tag, str) or is_other(sibling):
            return
        yield words_of(sibling)
        if not preceding:
            yield sibling.tail or ""
    if preceding and parent is not None:
        yield parent.text or ""


def _first(
    element: Element, texts: Iterable[str], where: Literal["own", "after"], fetched_at: datetime
) -> DatedElement | None:
    for raw in map(one_line, texts):
        date = read_printed(raw, fetched_at)
        if date is not None and not (where == "after" and is_clock(raw, fetched_at)):
            return DatedElement(element=element, path=way_down(element), raw=raw, date=date, where=where)
    return None


def own_words(element: Element) -> Iterator[str]:
    """What an element prints itself, outside of the elements within."""
    yield element.text or ""
    for child in children(element):
        yield child.tail or ""


def read_printed(raw: str, fetched_at: datetime) -> ReadDate | None:
    """The date a short text prints; None for prose that mentions one, and for what names no day."""
    if not raw or len(raw) > _MAX_CHARS or not _LIKELY.search(raw) or len(_LETTERS.findall(raw)) > _MAX_OTHER_LETTERS:
        return None
    date = parse_date(raw, fetched_at=fetched_at, origin="list")
    return date if date.instant is not None and date.doubt != "future" else None


def _tells_more(here: DatedElement, below: list[DatedElement]) -> bool:
    """Whether parts of one date are spread over the elements below: `<b>25</b> <i>tháng 10/2026</i>`."""
    best = max(_PRECISE[found.date.precision] for found in below)
    if len(here.raw) > 60 or _PRECISE[here.date.precision] <= best:
        return False
    return len(below) == 1 or best < _PRECISE[Precision.DAY]


def _holds(element: Element, title: Element) -> bool:
    return element is title or any(above is element for above in title.iterancestors())
