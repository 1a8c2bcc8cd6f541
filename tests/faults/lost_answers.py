"""A first run of many posts through a portal that loses a part of its answers, with the daemon's own cadence on a clock that is led by hand."""

import random
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from adapters.http.client import HttpSettings, PoliteClient
from syncd.application.collecting.collect import collect_unit
from syncd.application.publishing.publish import publish
from syncd.application.reading_back.census import CensusReport, take_census
from syncd.application.services import Services
from syncd.ports.portal import Portal
from syncd.ports.records import PushRecord, PushState
from syncd.testing.clock import FakeClock
from syncd.testing.faulty_portal import Effect, Fault, FaultyPortal
from syncd.testing.local_site import SeenRequest
from tests.application.collecting import item, local, open_office, story

PUBLISH_EVERY = timedelta(minutes=5)
SETTLE = timedelta(seconds=120)
LOST = 0.20  # made, and the answer never comes
UNDONE = 0.05  # neither
PER_UNIT = 500
_KEY = re.compile(rb"syncd-[0-9a-f]{32}")
_UNFINISHED = (PushState.QUEUED, PushState.INTENT, PushState.UNKNOWN, PushState.DEAD, PushState.HELD_BACK)


@dataclass
class Whims:
    """Loses answers, the same at every run of a test: drawn from the key and how often it was sent."""

    sent: dict[bytes, int] = field(default_factory=dict)
    lost: int = 0
    undone: int = 0

    def __call__(self, request: SeenRequest) -> Fault | None:
        key = _KEY.search(request.body)
        if request.method not in ("POST", "PUT") or key is None:
            return None
        self.sent[key[0]] = self.sent.get(key[0], 0) + 1
        drawn = random.Random(f"{key[0]!r} {self.sent[key[0]]}").random()
        if drawn < LOST:
            self.lost += 1
            return Fault(effect=Effect.DONE, reset=True)
        if drawn < LOST + UNDONE:
            self.undone += 1
            return Fault(reset=True)
        return None


@dataclass
class LossyOffice:
    """Posts that wait to be sent. `longest` is how long an unknown outcome stayed so at most, `runs` how often `publish` ran."""

    services: Services
    clock: FakeClock
    client: PoliteClient
    whims: Whims
    longest: timedelta = timedelta(0)
    resolved: int = 0
    runs: int = 0
    _unknown: dict[int, datetime] = field(default_factory=dict)

    def deliver(self) -> None:
        """Run as the daemon does until nothing waits."""
        while self._in_state(*_UNFINISHED):
            publish(self.services)
            self.runs += 1
            self._note()
            self.clock.advance(PUBLISH_EVERY)

    def _note(self) -> None:
        now = self.clock.now()
        unknown = {push.post: push.attempted_at or now for push in self._in_state(PushState.UNKNOWN, PushState.INTENT)}
        for post, since in self._unknown.items():
            if unknown.get(post) != since:
                self.longest = max(self.longest, now - since)
                self.resolved += 1
        self._unknown = {int(post): since for post, since in unknown.items()}

    def _in_state(self, *states: PushState) -> list[PushRecord]:
        with self.services.db.read() as uow:
            return uow.pushes.in_state(*states)

    def delivered(self) -> list[PushRecord]:
        return self._in_state(PushState.DELIVERED)

    def look_through(self, portal_of: Callable[[PoliteClient, FakeClock], Portal]) -> None:
        """From now on by another adapter, or one with other settings."""
        self.services = replace(self.services, portal=portal_of(self.client, self.clock))

    def census(self) -> CensusReport:
        return take_census(self.services)


@contextmanager
def lossy_office(
    folder: Path,
    server: FaultyPortal,
    portal_of: Callable[[PoliteClient, FakeClock], Portal],
    clock: FakeClock,
    *,
    posts: int,
    at_once: int = 4,
) -> Iterator[LossyOffice]:
    """Posts of October, a day of it for each unit, all read on the 31st, none sent yet; `server` loses answers from now on."""
    with ExitStack() as stack:
        units = [f"ban-{number}" for number in range(-(-posts // PER_UNIT))]
        office = open_office(folder, clock, dict.fromkeys(units, 1))
        stack.callback(office.db.close)
        client = PoliteClient(HttpSettings(spacing_s=0.0), clock=clock)
        stack.callback(client.abort)
        rules = replace(office.services.publish_rules, flood_cap=posts, at_once=at_once)
        services = replace(office.services, portal=portal_of(client, clock), publish_rules=rules)
        for number, unit in enumerate(units):
            mine = range(number * PER_UNIT, min(posts, (number + 1) * PER_UNIT))
            office.site(f"{unit}/1").posts = [
                item(n, f"2026-10-{1 + number:02} {n % 24:02}:{n % 60:02}", html=story(f"{unit} bàn việc số {n}"))
                for n in mine
            ]
            collect_unit(services, office.unit(unit))
        server.befalls = whims = Whims()
        yield LossyOffice(services=services, clock=clock, client=client, whims=whims)


AT_THE_END = local("2026-10-31 08:00")
