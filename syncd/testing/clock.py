"""A clock that stands still until it is told to move."""

import threading
from datetime import UTC, datetime, timedelta

DEFAULT_START = datetime(2026, 10, 15, 2, 0, tzinfo=UTC)  # 09:00 of a Thursday at UTC+07:00


class FakeClock:
    """A `Clock` for tests: `advance` moves it, and so does `sleep`, which returns at once. May be shared by threads.

    `slept` keeps the length of every sleep, in order.
    """

    def __init__(self, start: datetime = DEFAULT_START) -> None:
        if start.tzinfo is None:
            raise ValueError("start must be aware")
        self._lock = threading.Lock()
        self._now = start.astimezone(UTC)
        self._monotonic = 1000.0
        self.slept: list[float] = []

    def now(self) -> datetime:
        with self._lock:
            return self._now

    def monotonic(self) -> float:
        with self._lock:
            return self._monotonic

    def sleep(self, seconds: float) -> None:
        self.advance(timedelta(seconds=seconds))
        with self._lock:
            self.slept.append(seconds)

    def advance(self, by: timedelta) -> None:
        """Let time pass, on both clocks."""
        if by < timedelta(0):
            raise ValueError("time does not run backwards; use `step` for a wall clock that is set")
        with self._lock:
            self._now += by
            self._monotonic += by.total_seconds()

    def step(self, to: datetime) -> None:
        """Set the wall clock, as an operator or NTP would; the monotonic one does not notice."""
        with self._lock:
            self._now = to.astimezone(UTC)
