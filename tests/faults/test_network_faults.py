"""What each fault of a network does to a look: to the unit it strikes, to what is known of it, to the next look, to the others.

All strike in one run of `collect`, on a real database and real sockets, each at a unit of its own; then they are over.
"""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest

from adapters.articles.reading import DirectReader
from adapters.http.client import HttpSettings, PoliteClient
from adapters.sources.feed import FeedSettings, FeedSource
from syncd.application.collecting.collect import CollectReport, collect
from syncd.domain.model import OutageOwner, SourceId, UnitId
from syncd.ports.records import OutageRecord, PostRecord, SourceState
from syncd.ports.source import Known, Reading
from syncd.testing.certificates import Authority, openssl_is_there
from tests.application.collecting import ExampleOffice, open_office
from tests.faults.network import DAY, FAULTS, START, LivelyClock, World

pytestmark = pytest.mark.skipif(not openssl_is_there(), reason="the openssl command is missing")

NAMES = Path(__file__).parents[1] / "data" / "network_faults.txt"
TIMEOUT_S = 1.5
HOUR = timedelta(hours=1)
BYSTANDER = "lang-gieng"
UNITS = {f"f{number:02}": name for number, name in enumerate(FAULTS, 1)}
EVER = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


class TimedFeed(FeedSource):
    """Notes how long a reading took, whatever came of it."""

    took_s: ClassVar[dict[str, float]] = {}

    def read(self, known: Known) -> Reading:
        start = time.monotonic()
        try:
            return super().read(known)
        finally:
            self.took_s[self.unit] = time.monotonic() - start


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """How everything stood after one run, by unit."""

    reports: dict[str, CollectReport]
    states: dict[str, SourceState]
    posts: dict[str, list[PostRecord]]
    outages: dict[str, list[OutageRecord]]
    failed_leaves: dict[str, list[dict[str, object]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    world: World
    office: ExampleOffice
    before: Sight
    struck: Sight
    took_s: dict[str, float]
    after: Sight


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("faults")
    root = Authority(folder / "root")
    with contextlib.ExitStack() as stack:
        world = World(
            folder=folder,
            total_timeout_s=TIMEOUT_S,
            root=root,
            intermediate=Authority(folder / "intermediate", name="an intermediate", issuer=root),
            stack=stack,
        )
        world.secure([_host(unit) for unit, name in UNITS.items() if FAULTS[name].secure])
        for unit, name in UNITS.items():
            FAULTS[name].prepare(world, _host(unit))
        office, clock = _office(folder, world)
        stack.callback(office.db.close)
        before = _run(office)
        clock.skip(2 * HOUR)
        world.striking, world.items = True, 3
        struck = _run(office)
        took_s = dict(TimedFeed.took_s)
        clock.skip(2 * DAY)
        world.striking, world.items = False, 4
        yield Story(world=world, office=office, before=before, struck=struck, took_s=took_s, after=_run(office))


def _host(unit: str) -> str:
    return f"{unit}.example"


def _office(folder: Path, world: World) -> tuple[ExampleOffice, LivelyClock]:
    clock = LivelyClock()
    office = open_office(folder, clock, dict.fromkeys([*UNITS, BYSTANDER], 1))  # type: ignore[arg-type]  # reads it as any clock
    settings = HttpSettings(
        spacing_s=0.0,
        connect_timeout_s=TIMEOUT_S / 2,
        total_timeout_s=TIMEOUT_S,
        max_body_bytes=100_000,
        allow_addresses=("127.0.0.0/8", "::1"),
        allow_ports=(80, world.good.port, world.good_tls.port),
        extra_ca_files=(str(world.root.certificate),),
    )
    client = PoliteClient(settings, clock=clock, lookup=world.lookup)

    def open_source(source: SourceId) -> TimedFeed:
        unit = source.partition("/")[0]
        fault = FAULTS.get(UNITS.get(unit, ""))
        secure = fault is not None and fault.secure
        port = world.good_tls.port if secure else world.good.port
        url = f"{'https' if secure else 'http'}://{_host(unit)}:{port}{fault.path if fault else '/rss'}"
        return TimedFeed(
            FeedSettings(url=url), id=source, unit=UnitId(unit), http=client, clock=clock, articles=DirectReader()
        )

    office.services = replace(office.services, open_source=open_source, workers=24)
    return office, clock


def _run(office: ExampleOffice) -> Sight:
    reports = {str(unit): report for unit, report in collect(office.services).items()}
    units = [*UNITS, BYSTANDER]
    with office.db.read() as uow:
        states = {state.unit: state for state in uow.sources.all()}
        outages = uow.outages.overlapping(*EVER)
    leaves = office.leaves("fetch_failed")
    return Sight(
        reports=reports,
        states={str(unit): state for unit, state in states.items()},
        posts={unit: office.posts(unit) for unit in units},
        outages={unit: [o for o in outages if o.subject == f"source:{unit}/1"] for unit in units},
        failed_leaves={unit: [leaf["data"] for leaf in leaves if leaf["unit"] == unit] for unit in units},
    )


def test_every_fault_of_the_list_is_here() -> None:
    lines = NAMES.read_text(encoding="utf-8").splitlines()
    named = [line for line in lines if line and not line.startswith("#")]
    assert sorted(FAULTS) == sorted(named)
    assert len(named) == 81


def test_all_was_well_before(story: Story) -> None:
    assert {unit: len(posts) for unit, posts in story.before.posts.items()} == dict.fromkeys([*UNITS, BYSTANDER], 2)


@pytest.mark.parametrize("unit", UNITS, ids=UNITS.values())
def test_fault_has_its_outcome(story: Story, unit: str) -> None:
    fault = FAULTS[UNITS[unit]]
    report, state, posts = story.struck.reports[unit], story.struck.states[unit], story.struck.posts[unit]
    assert story.took_s[unit] < TIMEOUT_S + 10, "it ends by itself; how soon is the machine's affair"
    if not fault.kind:
        assert (report.failed, state.failures, story.struck.outages[unit]) == (0, 0, [])
        assert {post.title for post in posts} >= {f"Hội nghị giao ban tháng {n} của {_host(unit)}" for n in (1, 2)}
        return
    assert [failure.kind for failure in report.errors] == [fault.kind]
    assert fault.hint in (report.errors[0].hint or "")
    assert report.errors[0].hint, "a way out is named"
    # nothing is lost, and nothing says that the unit wrote nothing
    assert len(posts) == 2
    assert (state.items, state.last_ok_at) == (2, story.before.states[unit].last_ok_at)
    assert [leaf["error_kind"] for leaf in story.struck.failed_leaves[unit]] == [fault.kind]
    assert [(outage.owner, outage.end) for outage in story.struck.outages[unit]] == [(OutageOwner.SOURCE, None)]
    # the next look
    assert (state.failures, state.last_error_kind) == (1, fault.kind)
    assert state.not_before is not None
    assert state.failing_since is not None
    pause = state.not_before - state.failing_since
    if fault.pause is None:
        assert timedelta(0) < pause < HOUR
    else:
        assert pause == pytest.approx(fault.pause, abs=timedelta(minutes=1))


@pytest.mark.parametrize("unit", UNITS, ids=UNITS.values())
def test_when_the_fault_is_over_the_next_look_reads_all(story: Story, unit: str) -> None:
    state = story.after.states[unit]
    assert (state.failures, state.last_error_kind, state.not_before) == (0, None, None)
    assert len(story.after.posts[unit]) == 4
    assert all(outage.end is not None for outage in story.after.outages[unit])


def test_the_others_are_read_meanwhile(story: Story) -> None:
    assert len(story.struck.posts[BYSTANDER]) == 3
    assert story.struck.states[BYSTANDER].failures == 0


def test_nothing_inside_was_asked_for_a_certificate_or_its_revocation(story: Story) -> None:
    assert story.world.trap.connections == 0


def test_an_endless_answer_was_cut_off_soon(story: Story) -> None:
    assert all(sent < 4 << 20 for sent in story.world.sent.values())


def test_a_revoked_certificate_is_on_record_though_not_refused(story: Story) -> None:
    """Nobody here asks for revocation; the look names the certificate, so that it can be judged afterwards."""
    unit = next(unit for unit, name in UNITS.items() if name == "TLS: revoked")
    leaf = [leaf for leaf in story.office.leaves("fetch_ok") if leaf["unit"] == unit][1]
    assert len(leaf["data"]["tls_sha256"]) == 64


def test_a_permanent_move_does_not_change_the_configured_address(story: Story) -> None:
    unit = next(unit for unit, name in UNITS.items() if name == "REDIRECT: 301")
    assert story.struck.states[unit].url.endswith("/rss")
    assert any("/moi: enter that address" in note for note in story.struck.reports[unit].notes)


def test_the_clock_of_the_world_starts_where_the_stories_do() -> None:
    assert abs(LivelyClock().now() - START) < timedelta(seconds=5)
