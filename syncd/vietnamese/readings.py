"""A date as printed somewhere, and what we make of it. The values of the date grammar, re-exported by `syncd.domain.model`.

They stand here because the arrows point inwards: the grammar may not import the domain.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import StrEnum
from typing import Literal

LOCAL = timezone(timedelta(hours=7), "+07:00")
DayOrder = Literal["day-first", "month-first"]  # how 9/10/2026 is read


def require_utc(name: str, instant: datetime | None) -> None:
    """Refuse an instant that is naive or not in UTC. None passes."""
    if instant is not None and instant.utcoffset() != timedelta(0):
        raise ValueError(f"{name} must be an aware datetime in UTC, not {instant!r}")


class Precision(StrEnum):
    """How much of an instant was printed. `NONE`: no instant is known."""

    SECOND = "second"
    MINUTE = "minute"
    HOUR = "hour"  # NukeViet feeds before 4.6: hour and day are right, minutes are not
    DAY = "day"  # given as local midnight
    MONTH = "month"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDate:
    """A date as printed somewhere, and what we make of it.

    `instant` is None when no instant can be known; `raw` is kept all the same. `origin` says where it was printed:
    `feed`, `article`, `list`, `jsonld`, `meta`, `sitemap` or `none`. `doubt` names why a person should look
    (`ambiguous_order`, `future`, `no_zone` ...), None when there is none.
    """

    instant: datetime | None
    precision: Precision
    raw: str
    origin: str = "none"
    doubt: str | None = None

    def __post_init__(self) -> None:
        require_utc("instant", self.instant)
        if (self.instant is None) != (self.precision is Precision.NONE):
            raise ValueError("an instant needs a precision, and no instant has none")


NO_DATE = ReadDate(instant=None, precision=Precision.NONE, raw="")
