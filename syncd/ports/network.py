"""What the core asks of the HTTP client: whether the outside can be reached at all, and to send nothing that was decided on too long ago."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Protocol

_send_by: ContextVar[datetime | None] = ContextVar("send_by", default=None)


@contextmanager
def nothing_sent_after(instant: datetime) -> Iterator[None]:
    """Within it no request of this thread that may change something is begun after an instant: it ends as one whose outcome is not known.

    Between a decision and its first byte a process may be stopped, or its machine sleep, while another acts in its place.
    """
    before = _send_by.set(instant)
    try:
        yield
    finally:
        _send_by.reset(before)


def send_by() -> datetime | None:
    """The instant of the `nothing_sent_after` around the caller, if any."""
    return _send_by.get()


class Canaries(Protocol):
    """Addresses that answer whenever this machine's own network works. May be shared by threads."""

    def any_answers(self) -> bool:
        """Ask them all, at once; True as soon as one answers. Takes a few seconds at most, and raises nothing."""
        ...
