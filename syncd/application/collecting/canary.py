"""Our own network: told apart from a site that is down by addresses that are nobody's website.

Canaries are asked when a look has failed as it would without a network, at most once a minute. If none answers, the failures
since the last proof of life were ours: no unit's failures grow, what was not read counts as our gap, and no other site is
asked until a canary answers again. The beginning and the end of it are leaves.
"""

import threading
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Protocol

from syncd.application import outages
from syncd.domain.model import OutageOwner, SourceId
from syncd.ports.clock import Clock
from syncd.ports.network import Canaries
from syncd.ports.store import Database

SUBJECT = "network"
NETWORK_KINDS = frozenset(("dns", "refused", "timeout", "reset"))  # how a look fails where there is no network
ASK_EVERY = timedelta(minutes=1)
_UNPROVED_FOR = timedelta(minutes=5)  # after that a lone failure is the site's
_MOST_UNPROVED = 10_000


class Failed(Protocol):
    """A look that failed: which source, how, and when it began."""

    @property
    def source(self) -> SourceId: ...
    @property
    def kind(self) -> str: ...
    @property
    def at(self) -> datetime: ...


class OwnNetwork:
    """Knows whether our own network works. Shared by threads; one at a time asks, the others wait for its answer."""

    def __init__(self, canaries: Canaries, *, clock: Clock, db: Database) -> None:
        self._canaries = canaries
        self._clock = clock
        self._db = db
        self._lock = threading.Lock()
        self._works: bool | None = None  # None: not known to this process yet
        self._asked: float | None = None  # monotonic
        self._unproved: list[Failed] = []

    def works(self) -> bool:
        """Whether sites may be asked. While it does not work, the canaries are asked again once a minute."""
        with self._lock:
            if self._works is None:
                with self._db.read() as uow:
                    self._works = outages.standing(uow, SUBJECT) is None
            if not self._works:
                self._ask()
            return self._works

    def not_the_sites(self, failures: Iterable[Failed]) -> list[Failed]:
        """Those of the failures, and of ones given before, that our own network explains. Each is given back once at most."""
        failed = [failure for failure in failures if failure.kind in NETWORK_KINDS]
        if not failed:
            return []
        with self._lock:
            recent = min(failure.at for failure in failed) - _UNPROVED_FOR
            earlier = [failure for failure in self._unproved if failure.at >= recent]
            self._unproved = [*earlier, *failed][-_MOST_UNPROVED:]
            asked = self._ask()
            if self._works and not asked:
                return []  # the next answer tells
            explained, self._unproved = self._unproved, []
            if self._works:
                return []
            self._record(min(failure.at for failure in explained))
            return explained

    def _ask(self) -> bool:
        """Ask the canaries, unless that was done within the minute."""
        now = self._clock.monotonic()
        if self._asked is not None and now - self._asked < ASK_EVERY.total_seconds():
            return False
        worked, self._works = self._works, self._canaries.any_answers()
        self._asked = self._clock.monotonic()
        if self._works and worked is False:
            with self._db.write() as uow:
                outages.end(uow, SUBJECT, self._clock.now())
                uow.commit()
        return True

    def _record(self, since: datetime) -> None:
        with self._db.write() as uow:
            outages.begin(uow, SUBJECT, since, OutageOwner.OURS, "no canary address answers")
            uow.commit()
