"""Our own network is down: nobody's failure grows, nobody is asked, and the gap is ours. And the hours in which sites may be asked."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncd.application.collecting.canary import ASK_EVERY, OwnNetwork
from syncd.application.collecting.collect import CollectReport, collect, collect_unit
from syncd.application.figures.findings import Finder
from syncd.application.figures.problems import Problem
from syncd.application.services import Services
from syncd.domain.hours import parse_hours
from syncd.domain.model import OutageOwner
from syncd.errors import SourceError
from syncd.ports.records import OutageRecord, SourceState
from syncd.testing.clock import FakeClock
from tests.application.collecting import ExampleOffice, item, open_office

UNITS = ("ban-a", "ban-b", "ban-c")
HOUR = timedelta(hours=1)
OURS, SOURCE = OutageOwner.OURS, OutageOwner.SOURCE


@dataclass
class StandInCanaries:
    alive: bool = True
    asked: int = 0

    def any_answers(self) -> bool:
        self.asked += 1
        return self.alive


@pytest.fixture
def canaries() -> StandInCanaries:
    return StandInCanaries()


@pytest.fixture
def office(tmp_path: Path, canaries: StandInCanaries) -> Iterator[ExampleOffice]:
    office = open_office(tmp_path, FakeClock(), dict.fromkeys(UNITS, 1))
    office.services = watched(office, canaries)
    for site in office.sites.values():
        site.posts = [item(1, url=f"{site.url}1.html", guid=site.id)]
    collect(office.services)
    office.clock.advance(HOUR)
    yield office
    office.db.close()


def watched(office: ExampleOffice, canaries: StandInCanaries) -> Services:
    """The services of a process that has just started."""
    return replace(office.services, own_network=OwnNetwork(canaries, clock=office.clock, db=office.db))


def cut(office: ExampleOffice, *units: str, kind: str = "dns") -> None:
    for unit in units:
        office.site(f"{unit}/1").down = SourceError("not there", unit=unit, url="https://x.example/", kind=kind)


def mend(office: ExampleOffice) -> None:
    for site in office.sites.values():
        site.down = None


def look(office: ExampleOffice, unit: str) -> CollectReport:
    return collect_unit(office.services, office.unit(unit))


def state(office: ExampleOffice, unit: str) -> SourceState:
    with office.db.read() as uow:
        return next(state for state in uow.sources.all() if state.unit == unit)


def outages(office: ExampleOffice) -> dict[str, OutageRecord]:
    """The newest outage of each subject."""
    with office.db.read() as uow:
        found = uow.outages.overlapping(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
    return {outage.subject: outage for outage in sorted(found, key=lambda outage: outage.start)}


def marks(office: ExampleOffice) -> list[str]:
    return [leaf["data"]["mark"] for leaf in office.leaves("daemon_mark") if leaf["data"].get("subject") == "network"]


def test_the_first_look_that_fails_without_a_network_is_not_the_units(
    office: ExampleOffice, canaries: StandInCanaries
) -> None:
    cut(office, "ban-a")
    canaries.alive = False
    began = office.clock.now()
    report = look(office, "ban-a")
    assert [failure.kind for failure in report.errors] == ["dns"]
    known = state(office, "ban-a")
    assert (known.failures, known.failing_since, known.not_before, known.last_error) == (0, None, None, None)
    assert (known.items, known.last_ok_at) == (1, began - HOUR)
    assert outages(office)["source:ban-a/1"].owner is OURS
    assert (outages(office)["network"].owner, outages(office)["network"].start) == (OURS, began)
    assert marks(office) == ["outage_begins"]


def test_the_others_wait_until_a_canary_answers_and_are_read_at_the_next_slot(
    office: ExampleOffice, canaries: StandInCanaries
) -> None:
    cut(office, *UNITS)
    canaries.alive = False
    look(office, "ban-a")
    office.clock.advance(timedelta(seconds=30))
    for unit in ("ban-b", "ban-c"):
        report = look(office, unit)
        assert (report.paused, report.failed) == (1, 0)
        assert report.as_json()["paused"] == 1
        assert state(office, unit).last_look_at == state(office, unit).last_ok_at
    assert canaries.asked == 1, "once a minute at most"
    canaries.alive = True
    mend(office)
    office.clock.advance(HOUR)
    for unit in UNITS:
        assert look(office, unit).unchanged == 1
    assert canaries.asked == 2
    assert marks(office) == ["outage_begins", "outage_ends"]
    assert all(outage.end is not None for outage in outages(office).values())
    assert set(outages(office)) == {"network", "source:ban-a/1"}, "what was not asked has no outage of its own"


def test_canaries_are_asked_once_a_minute_at_most_however_many_sites_fail(
    office: ExampleOffice, canaries: StandInCanaries
) -> None:
    cut(office, *UNITS)
    for _ in range(10):
        for unit in UNITS:
            collect_unit(office.services, office.unit(unit), force=True)
        office.clock.advance(timedelta(seconds=20))
    assert canaries.asked == 4


def test_a_failure_between_two_answers_is_judged_by_the_later_one(
    office: ExampleOffice, canaries: StandInCanaries
) -> None:
    cut(office, *UNITS)
    look(office, "ban-a")  # a canary answers: this one is the site's
    canaries.alive = False
    office.clock.advance(timedelta(seconds=30))
    look(office, "ban-b")  # too early to ask again
    assert (state(office, "ban-b").failures, outages(office)["source:ban-b/1"].owner) == (1, SOURCE)
    office.clock.advance(ASK_EVERY)
    look(office, "ban-c")
    assert {unit: state(office, unit).failures for unit in UNITS} == {"ban-a": 1, "ban-b": 0, "ban-c": 0}
    owners = {subject: outage.owner for subject, outage in outages(office).items()}
    assert owners == {
        "source:ban-a/1": SOURCE, "source:ban-b/1": OURS, "source:ban-c/1": OURS, "network": OURS,
    }  # fmt: skip


def test_a_site_that_answers_with_an_error_was_reached(office: ExampleOffice, canaries: StandInCanaries) -> None:
    canaries.alive = False
    cut(office, *UNITS, kind="http_status")
    for unit in UNITS:
        look(office, unit)
    assert canaries.asked == 0
    assert {state(office, unit).failures for unit in UNITS} == {1}


def test_with_a_canary_alive_many_silent_sites_are_down_themselves(
    office: ExampleOffice, canaries: StandInCanaries
) -> None:
    cut(office, *UNITS)
    collect(office.services)
    assert {outage.owner for outage in outages(office).values()} == {SOURCE}


def test_a_site_down_before_and_after_keeps_its_count(office: ExampleOffice, canaries: StandInCanaries) -> None:
    cut(office, "ban-a", kind="timeout")
    look(office, "ban-a")
    before = state(office, "ban-a")
    canaries.alive = False
    office.clock.advance(2 * HOUR)
    look(office, "ban-a")
    during = state(office, "ban-a")
    assert (during.failures, during.failing_since) == (1, before.failing_since)
    assert outages(office)["source:ban-a/1"].owner is SOURCE


def test_a_site_that_stays_away_when_our_network_is_back_is_down_itself_from_then_on(
    office: ExampleOffice, canaries: StandInCanaries
) -> None:
    cut(office, "ban-a")
    canaries.alive = False
    look(office, "ban-a")
    canaries.alive = True
    office.clock.advance(HOUR)
    back = office.clock.now()
    look(office, "ban-a")
    assert state(office, "ban-a").failures == 1
    newest = outages(office)["source:ban-a/1"]
    assert (newest.owner, newest.start, newest.end) == (SOURCE, back, None)


def test_a_process_that_starts_into_the_outage_knows_of_it(office: ExampleOffice, canaries: StandInCanaries) -> None:
    cut(office, *UNITS)
    canaries.alive = False
    look(office, "ban-a")
    office.services = watched(office, canaries)
    assert look(office, "ban-b").paused == 1
    canaries.alive = True
    mend(office)
    office.services = watched(office, canaries)
    assert look(office, "ban-b").paused == 0
    assert marks(office) == ["outage_begins", "outage_ends"]


def test_status_names_our_own_network_and_no_source(office: ExampleOffice, canaries: StandInCanaries) -> None:
    cut(office, *UNITS)
    canaries.alive = False
    collect(office.services)
    office.clock.advance(20 * HOUR)
    problems = problems_of(office)
    assert [problem.kind for problem in problems] == ["own_network_down"]
    assert problems[0].since == outages(office)["network"].start
    canaries.alive = True
    mend(office)
    collect(office.services)
    assert problems_of(office) == []


def problems_of(office: ExampleOffice) -> list[Problem]:
    with office.db.read() as uow:
        return list(Finder(office.services, uow, office.clock.now()).sources())


def test_status_calls_no_source_late_for_hours_in_which_it_may_not_be_asked(office: ExampleOffice) -> None:
    office.services = replace(office.services, allowed_hours=parse_hours("08:00-10:00"))
    office.clock.advance(timedelta(hours=22, minutes=30))  # 08:30 of the next day
    assert problems_of(office) == []
    office.clock.advance(24 * HOUR)
    assert [problem.kind for problem in problems_of(office)] == ["sources_stale"]


def test_outside_of_the_hours_sites_wait_and_nothing_failed(office: ExampleOffice) -> None:
    office.services = replace(office.services, allowed_hours=parse_hours("22:00-05:00"))
    before = state(office, "ban-a")
    report = look(office, "ban-a")
    assert (report.closed, report.failed, report.unchanged) == (1, 0, 0)
    assert report.as_json()["closed"] == 1
    assert state(office, "ban-a") == before
    assert outages(office) == {}
    assert collect_unit(office.services, office.unit("ban-a"), force=True).unchanged == 1
    office.clock.step(datetime(2026, 10, 15, 15, 0, tzinfo=UTC))  # 22:00 here
    assert look(office, "ban-a").unchanged == 1


@pytest.mark.parametrize("days", [40, pytest.param(400, marks=pytest.mark.slow)])
def test_a_site_that_fails_for_long_is_asked_daily_to_the_end_and_comes_back_alone(
    office: ExampleOffice, days: int
) -> None:
    cut(office, "ban-a", kind="http_status")
    asked: list[datetime] = []
    first = office.clock.now()
    while office.clock.now() - first < timedelta(days=days):
        assert look(office, "ban-a").failed
        asked.append(office.clock.now())
        resting_until = state(office, "ban-a").not_before
        assert resting_until is not None
        while office.clock.now() + HOUR < resting_until:  # no slot before is used, and the last of them is tried here
            office.clock.advance(HOUR)
        if len(asked) < 10:
            assert look(office, "ban-a").resting
        office.clock.advance(HOUR)
    gaps = [later - earlier for earlier, later in itertools.pairwise(asked)]
    # the tries of the first slot stand at the next ones here, as none is made between
    assert gaps[:7] == [HOUR, HOUR, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 16 * HOUR]
    assert set(gaps[7:]) == {24 * HOUR}
    assert len(asked) > days - 3
    mend(office)
    office.site("ban-a/1").posts.insert(0, item(2, "2027-11-18 08:30", url="https://ban-a.example/1/2.html", guid="2"))
    office.clock.advance(24 * HOUR)
    assert look(office, "ban-a").new == 1
    assert (state(office, "ban-a").failures, state(office, "ban-a").not_before) == (0, None)
    assert outages(office)["source:ban-a/1"].end is not None
