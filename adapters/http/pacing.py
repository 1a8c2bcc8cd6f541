"""Politeness: one request in flight per host, and a pause before the next."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from syncd.ports.clock import Clock

MAX_HOLD_S = 24 * 3600.0  # a host that asks for ten years is asked again tomorrow
_SLICE_S = 0.25  # how soon a waiting thread notices the stop
_KEPT_HOSTS = 4096


class Stopped(Exception):
    """The process is stopping: no turn is given any more."""


class Held(Exception):
    """The host asked to be left alone for `seconds` more, which is longer than the caller would wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


@dataclass(slots=True)
class _Host:
    busy: bool = False
    ended: float = float("-inf")
    held_until: float = float("-inf")
    waiting: int = 0


class HostTurns:
    """Gives out turns at hosts. Shared by threads; every time is the monotonic one of the clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hosts: dict[str, _Host] = {}
        self._changed = threading.Condition()
        self._stopped = False

    @contextmanager
    def turn(self, host: str, *, spacing_s: float, patience_s: float) -> Iterator[None]:
        """Have the host alone, not before `spacing_s` after the previous turn ended.

        Waits behind other threads as long as it takes.

        Raises:
            Held: `hold` was called and leaves more than `patience_s` to wait.
            Stopped: `stop` was called, before or meanwhile.
        """
        state = self._take(host)
        ended = state.ended
        try:
            self._wait(state, spacing_s, patience_s)
            try:
                yield
            finally:
                ended = self._clock.monotonic()
        finally:
            with self._changed:
                state.busy = False
                state.ended = ended
                self._changed.notify_all()

    def hold(self, host: str, until: datetime) -> None:
        """Give no turn at the host before `until`, at most a day ahead. An instant that has passed does nothing."""
        seconds = min((until - self._clock.now()).total_seconds(), MAX_HOLD_S)
        with self._changed:
            state = self._hosts.setdefault(host, _Host())
            state.held_until = max(state.held_until, self._clock.monotonic() + seconds)

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _take(self, host: str) -> _Host:
        with self._changed:
            if len(self._hosts) > _KEPT_HOSTS:
                self._forget_idle()
            state = self._hosts.setdefault(host, _Host())
            state.waiting += 1
            try:
                while state.busy and not self._stopped:
                    self._changed.wait()
            finally:
                state.waiting -= 1
            if self._stopped:
                raise Stopped
            state.busy = True
            return state

    def _wait(self, state: _Host, spacing_s: float, patience_s: float) -> None:
        while not self._stopped:
            now = self._clock.monotonic()
            if state.held_until - now > patience_s:
                raise Held(state.held_until - now)
            left = max(state.ended + spacing_s, state.held_until) - now
            if left <= 0:
                return
            self._clock.sleep(min(left, _SLICE_S))
        raise Stopped

    def _forget_idle(self) -> None:
        """Drop hosts not asked for an hour: articles link images on thousands of them."""
        old = self._clock.monotonic() - 3600
        for host, state in list(self._hosts.items()):
            if not state.busy and not state.waiting and state.ended < old and state.held_until < old:
                del self._hosts[host]
