"""Looks that found nothing new, kept for a moment so that several share one transaction: most looks of a run are such."""

import threading
from collections.abc import Sequence
from typing import Self

from syncd.ports.clock import Clock
from syncd.ports.records import LookRecord, SourceState
from syncd.ports.store import Database, UnitOfWork

MOST_KEPT = 16
KEPT_S = 0.5


class KeptLooks:
    """What the workers of one run of `collect` still have to record. Shared by threads; a source is looked at once in its life.

    All are written with the look that makes `MOST_KEPT`, with the first that comes `KEPT_S` after the oldest, and at the end of the run,
    however it ends. A crash meanwhile loses the knowledge that we looked: nothing was told as done, and the next look covers the time
    between. Writing raises StorageError in the worker, or in the run, that does it.
    """

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._mutex = threading.Lock()  # over the two below
        self._kept: list[tuple[LookRecord, SourceState]] = []
        self._since = 0.0

    def add(self, look: LookRecord, state: SourceState) -> None:
        with self._mutex:
            now = self._clock.monotonic()
            if not self._kept:
                self._since = now
            self._kept.append((look, state))
            due = len(self._kept) >= MOST_KEPT or now - self._since >= KEPT_S
        if due:
            self.write()

    def write(self) -> None:
        """Record all that are kept."""
        with self._mutex:
            kept, self._kept = self._kept, []
        if kept:
            with self._db.write() as uow:
                put_unchanged(uow, kept)
                uow.commit()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.write()


def put_unchanged(uow: UnitOfWork, found: Sequence[tuple[LookRecord, SourceState]]) -> None:
    """Write down looks that were answered and brought nothing, and the states of their sources after them."""
    uow.looks.add_all([look for look, _ in found])
    uow.sources.put(*(state for _, state in found))
    uow.outages.close_all({f"source:{look.source}": look.at for look, _ in found})
