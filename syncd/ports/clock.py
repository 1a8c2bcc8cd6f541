"""Time. Use cases hold a Clock; the domain gets `now` as an argument; nothing else reads the time."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """May be shared by threads."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never steps."""
        ...

    def sleep(self, seconds: float) -> None: ...
