"""The hours of the day in which websites may be asked, at UTC+07:00."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from syncd.domain.model import LOCAL

_DAY = timedelta(days=1)
_HOURS = re.compile(r"(\d{1,2}):(\d{2})\s*[-–]\s*(\d{1,2}):(\d{2})")


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyHours:
    """From `start` to `end` of each local day, both as time since midnight; `end` before `start`: over midnight. The end is outside."""

    start: timedelta = timedelta(0)
    end: timedelta = _DAY

    def __post_init__(self) -> None:
        if not (timedelta(0) <= self.start < _DAY and timedelta(0) <= self.end <= _DAY):
            raise ValueError("hours lie between 00:00 and 24:00")
        if self.start == self.end:
            raise ValueError('an empty range: for the whole day write "00:00-24:00"')

    @property
    def length(self) -> timedelta:
        return self.end - self.start if self.end > self.start else self.end - self.start + _DAY

    @property
    def always(self) -> bool:
        return self.length == _DAY

    def is_open(self, at: datetime) -> bool:
        return self._into(at) < self.length

    def next_open(self, at: datetime) -> datetime:
        """The first open instant at or after `at`, in UTC."""
        into = self._into(at)
        return at.astimezone(UTC) if into < self.length else (at + _DAY - into).astimezone(UTC)

    def before(self, at: datetime, open_for: timedelta) -> datetime:
        """The latest instant from which to `at` the hours were open for `open_for` in all, in UTC."""
        whole_days, rest = divmod(open_for, self.length)
        back = at - whole_days * _DAY
        into = self._into(back)
        open_today = min(into, self.length)
        if rest <= open_today:
            # from the closing time on nothing more was open
            back -= (into - open_today) + rest if rest else timedelta(0)
        else:
            back -= into + (_DAY - self.length) + (rest - open_today)
        return back.astimezone(UTC)

    def _into(self, at: datetime) -> timedelta:
        """How long ago the hours began last."""
        local = at.astimezone(LOCAL)
        since_midnight = local - local.replace(hour=0, minute=0, second=0, microsecond=0)
        return (since_midnight - self.start) % _DAY


ALWAYS = DailyHours()


def parse_hours(text: str) -> DailyHours:
    """Read `22:00-05:00`. Raises ValueError, with words for the operator."""
    found = _HOURS.fullmatch(text.strip())
    if found is None:
        raise ValueError(f'"{text}" is no range of hours such as "22:00-05:00"')
    first, last = (timedelta(hours=int(found[n]), minutes=int(found[n + 1])) for n in (1, 3))
    if int(found[2]) > 59 or int(found[4]) > 59:
        raise ValueError(f'"{text}" holds more than 59 minutes')
    return DailyHours(start=first, end=last)
