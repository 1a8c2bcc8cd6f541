"""A unit between its website and a WordPress on loopback, with which a portal's fault is played, and what must hold after it.

October is over by ten minutes: all of its posts were read, and are on their way. The daemon is played by hand: `rounds` of `publish`.
The faults share one database, in which each has a unit, a portal and a clock of its own.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from adapters.http.client import HttpSettings, PoliteClient
from adapters.portals.wordpress import WordPressPortal, WordPressSettings
from syncd.application.collecting.collect import collect_unit
from syncd.application.decide import Decision, decide
from syncd.application.figures.quota_table import quota_table
from syncd.application.publishing.publish import PublishReport, publish
from syncd.application.reading_back.census import CensusReport, take_census
from syncd.application.services import Services
from syncd.application.status import status
from syncd.domain.model import PeriodId, Status, UnitId, Verdict
from syncd.ports.records import PostRecord, PushRecord, PushState
from syncd.ports.secret import Secret
from syncd.testing.clock import FakeClock
from syncd.testing.local_portal import Effect, Fault, LocalPortal
from syncd.testing.wordpress_state import API, StoredPost
from tests.application.collecting import ExampleOffice, ShelfSource, item, local, open_office, story

SETTLE = timedelta(seconds=120)
ROUND = timedelta(minutes=5)
TIMEOUT_S = 0.4
OCTOBER = PeriodId("2026-10")
START = local("2026-11-01 00:10")
POSTS = 4
STRUCK = "Tin số 2"  # in the middle of the batch
_MOST_ROUNDS = 60
_ON_ITS_WAY = (PushState.QUEUED, PushState.INTENT, PushState.UNKNOWN)


@dataclass
class PortalWorld:
    """`server` is the portal. The unit owes as many posts as it wrote."""

    unit: UnitId
    site: ShelfSource
    services: Services
    server: LocalPortal
    clock: FakeClock

    @property
    def posts(self) -> list[PostRecord]:
        with self.services.db.read() as uow:
            return uow.posts.in_window(local("2026-01-01 00:00"), local("2027-01-01 00:00"), unit=self.unit)

    @property
    def struck(self) -> PostRecord:
        return next(post for post in self.posts if post.title == STRUCK)

    @property
    def pushes(self) -> list[PushRecord]:
        with self.services.db.read() as uow:
            return list(uow.pushes.for_posts([post.id for post in self.posts if post.id is not None]).values())

    @property
    def push(self) -> PushRecord:
        """Of the struck post."""
        key = self.struck.key
        return next(push for push in self.pushes if push.key == key)

    def stands(self) -> StoredPost:
        """The one copy of the struck post."""
        (copy,) = self.server.copies(self.struck.key)
        return copy

    # --- what happens -----------------------------------------------------------------------------------

    def strike(self, **fault: object) -> None:
        """Let a fault befall the next call that concerns the struck post."""
        self.server.inject(Fault(saying=STRUCK.encode(), **fault))  # type: ignore[arg-type]  # as the fault says

    def lose_the_answer(self) -> None:
        self.strike(effect=Effect.DONE, reset=True)

    def publish(self) -> PublishReport:
        report = publish(self.services)
        self.nothing_is_in_flight()
        return report

    def publish_beside(self) -> None:
        """A second run while there is one."""
        publish(self.services)

    def census(self) -> CensusReport:
        return take_census(self.services)

    def edit(self, html: str) -> None:
        """The unit says something else in the struck post."""
        self.write(html=html)

    def write(self, **changes: Any) -> None:
        """The struck post is not what it was on the unit's site."""
        self.site.posts = [replace(post, **changes) if post.title == STRUCK else post for post in self.site.posts]
        self.look()

    def look(self) -> None:
        collect_unit(self.services, self.services.units[self.unit])

    def try_again(self) -> None:
        """What a person does when the reason of a refusal is gone."""
        self.server.forgive()
        for push in self.pushes:
            if push.state is PushState.DEAD:
                decide(self.services, f"post:{push.post}", Decision.RETRY, reason="đã sửa ở Cổng", by="Nguyễn Văn A")

    def rounds(self, most: int = _MOST_ROUNDS) -> None:
        """Let the daemon run until nothing is on its way any more."""
        for _ in range(most):
            waiting = [push for push in self.pushes if _waits(push)]
            if not waiting:
                return
            due = min(push.not_before or self.clock.now() for push in waiting)
            self.clock.advance(max(ROUND, due - self.clock.now()))
            self.publish()
        raise AssertionError([(push.state, push.error) for push in waiting])

    def asked_about_posts(self) -> int:
        """How many requests so far concerned posts."""
        return self.server.site.count(f"{API}/posts")

    # --- what must hold ---------------------------------------------------------------------------------

    def nothing_is_in_flight(self) -> None:
        assert PushState.INTENT not in {push.state for push in self.pushes}

    def nobody_is_blamed(self) -> None:
        """Were it to stay as it is until the period is closed, the unit would not be said to have missed its quota."""
        assert self.verdict(local("2026-11-20 08:00")).status is not Status.MISSING

    def verdict(self, at: object = None) -> Verdict:
        services = replace(self.services, clock=FakeClock(at)) if at else self.services  # type: ignore[arg-type]  # an instant
        (row,) = quota_table(services, [OCTOBER]).rows
        return row.cells[0].verdict

    def told(self, kind: str, words: str = "") -> None:
        """`syncd status` names it, with what to do."""
        every = status(self.services).problems
        problems = [problem for problem in every if problem.kind == kind]
        assert problems, [problem.kind for problem in every]
        assert any(words in f"{problem.message} {problem.hint}" for problem in problems), problems
        assert all(problem.hint for problem in problems)

    def each_stands_once(self) -> None:
        """0 lost, 0 twice, and the census says the same."""
        report = self.census()
        assert (report.complete, report.duplicates) == (True, ())
        for push in self.pushes:
            (copy,) = self.server.copies(push.key)
            assert (push.state, push.portal_id) == (PushState.DELIVERED, str(copy.id))
            assert push.delivered_version == push.version
        assert len(self.server.posts()) == POSTS

    def no_sighting_is_late(self) -> None:
        with self.services.db.read() as uow:
            assert uow.sightings.late(self.services.portal.name, local("2026-10-01 00:00"), self.clock.now()) == []


def _waits(push: PushRecord) -> bool:
    edited = push.state is PushState.DELIVERED and push.delivered_version != push.version
    return edited or push.state in _ON_ITS_WAY


@contextmanager
def fault_office(folder: Path, units: Sequence[str]) -> Iterator[ExampleOffice]:
    """The database that the worlds of these units share."""
    office = open_office(folder, FakeClock(START), dict.fromkeys(units, 1))
    yield office
    office.db.close()


@contextmanager
def portal_world(
    office: ExampleOffice, unit: str, *, keeps_ids: bool = False, server: LocalPortal | None = None
) -> Iterator[PortalWorld]:
    """`keeps_ids`: our plugin is at work at the portal, which makes it class A. `server`: a portal that stands already."""
    clock = FakeClock(START)
    with ExitStack() as stack:
        if server is None:
            server = stack.enter_context(LocalPortal(clock=clock))
            server.state.keeps_ids = keeps_ids
        settings = HttpSettings(total_timeout_s=TIMEOUT_S, connect_timeout_s=TIMEOUT_S, spacing_s=0.0)
        client = PoliteClient(settings, clock=clock)
        stack.callback(client.abort)
        services = replace(
            office.services,
            clock=clock,
            portal=_wordpress(server, client, clock, name=f"cong-{unit}"),
            units={UnitId(unit): replace(office.unit(unit), quota=POSTS)},
        )
        site = office.site(f"{unit}/1")
        site.clock, site.full = clock, True
        site.posts = [
            item(n, f"2026-10-{n:02} 08:30", html=story(f"{unit} bàn việc số {n}")) for n in range(1, POSTS + 1)
        ]
        world = PortalWorld(unit=UnitId(unit), site=site, services=services, server=server, clock=clock)
        world.look()
        yield world


def _wordpress(server: LocalPortal, client: PoliteClient, clock: FakeClock, *, name: str) -> WordPressPortal:
    settings = WordPressSettings(
        url=server.url, username=server.username, password=Secret(server.password), allow_addresses=("127.0.0.0/8",)
    )
    return WordPressPortal(settings, name=name, http=client, clock=clock, settle=SETTLE)
