"""A machine's clock that is wrong for a while and then set right: nothing stands still, nothing is sent twice, no memory is eaten."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncd.application.collecting.collect import collect
from syncd.application.jobs import Planner
from syncd.application.publishing.publish import publish
from syncd.errors import PortalError, SourceError, StorageError
from syncd.ports.records import PushState, Slot, SlotState
from syncd.testing.clock import FakeClock
from tests.application.collecting import ExampleOffice, item, local, open_office

AHEAD = datetime(2200, 1, 1, tzinfo=UTC)
TODAY = local("2026-10-16 09:03")


@pytest.fixture
def office(tmp_path: Path, clock: FakeClock) -> Iterator[ExampleOffice]:
    made = open_office(tmp_path, clock, {"ban-a": 1})
    yield made
    made.db.close()


@pytest.fixture
def few_slots(office: ExampleOffice) -> None:
    """Some hundred slots to catch up with, not 15,000."""
    office.services = replace(office.services, publish_every=timedelta(hours=1), catch_up=timedelta(days=4))


def run(office: ExampleOffice, slots: list[Slot]) -> dict[str, int]:
    """Take the slots as done; how many of each job."""
    found: dict[str, int] = {}
    with office.db.write() as uow:
        for slot in slots:
            assert uow.slots.claim(slot.id, office.clock.now())
            uow.slots.finish(slot.id, office.clock.now(), SlotState.DONE, {})
            found[slot.job] = found.get(slot.job, 0) + 1
        uow.commit()
    return found


def marks(office: ExampleOffice) -> list[int]:
    return [leaf["data"]["seconds"] for leaf in office.leaves("daemon_mark") if leaf["data"]["mark"] == "clock_step"]


@pytest.mark.usefixtures("few_slots")
@pytest.mark.parametrize("restarted", [False, True])
def test_jobs_go_on_after_a_clock_that_was_174_years_ahead(office: ExampleOffice, restarted: bool) -> None:
    planner = Planner(office.services)
    run(office, planner.plan(office.clock.now()))
    office.clock.step(AHEAD)
    assert run(office, planner.plan(office.clock.now()))["publish"] == 1
    office.clock.step(TODAY)
    if restarted:
        planner = Planner(office.services)
    assert run(office, planner.plan(office.clock.now())).keys() >= {"collect", "publish", "census", "mail-retry"}
    office.clock.advance(timedelta(hours=1))
    assert run(office, planner.plan(office.clock.now()))["collect"] == 1
    assert len(marks(office)) == (1 if restarted else 2)


def test_a_clock_set_back_two_hours_runs_no_slot_twice_and_then_goes_on(office: ExampleOffice) -> None:
    planner = Planner(office.services)
    run(office, planner.plan(office.clock.now()))
    office.clock.advance(timedelta(hours=3))
    run(office, planner.plan(office.clock.now()))
    office.clock.step(office.clock.now() - timedelta(hours=2))
    run(office, planner.plan(office.clock.now()))
    ran = 0
    for _ in range(6):
        office.clock.advance(timedelta(hours=1))
        ran += run(office, planner.plan(office.clock.now())).get("collect", 0)
    assert 4 <= ran <= 6
    assert marks(office) == [-7200]


@pytest.mark.usefixtures("few_slots")
def test_years_of_downtime_make_no_millions_of_slots(office: ExampleOffice) -> None:
    run(office, Planner(office.services).plan(office.clock.now()))
    office.clock.advance(timedelta(days=3650))
    run(office, Planner(office.services).plan(office.clock.now()))
    gaps = {leaf["data"]["job"]: leaf["data"] for leaf in office.leaves("slot_due")}
    assert gaps["publish"]["first"] < "2026-10-16"
    assert gaps["publish"]["count"] is None
    with office.db.read() as uow:
        assert len(uow.slots.recent(job="publish", limit=10**6)) <= 2 * 4 * 24 + 2


def test_what_could_not_be_planned_is_planned_at_the_next_call(
    office: ExampleOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    planner = Planner(office.services)
    with monkeypatch.context() as patch:
        patch.setattr(type(office.db), "write", _full)
        with pytest.raises(StorageError):
            planner.plan(office.clock.now())
    assert run(office, planner.plan(office.clock.now()))["publish"] == 1


def _full(_: object) -> None:
    raise StorageError("the database refused: database or disk is full")


def test_a_site_that_failed_under_a_clock_ahead_is_looked_at_again(office: ExampleOffice) -> None:
    office.clock.step(AHEAD)
    office.site("ban-a/1").down = SourceError("no answer", unit="ban-a", url="https://ban-a.example/1/")
    collect(office.services)
    office.clock.step(TODAY)
    office.site("ban-a/1").down = None
    office.site("ban-a/1").posts = [item(1)]
    collect(office.services)
    assert len(office.posts()) == 1


def test_a_push_of_a_clock_ahead_waits_the_settle_time_anew_and_goes_out_once(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(1)]
    collect(office.services)
    office.clock.step(AHEAD)

    def lose() -> None:
        raise PortalError("no answer", portal="cong", kind="timeout", unknown=True)

    office.portal.after = lose
    publish(office.services)
    hidden = dict(office.portal.posts)  # the portal is still at it
    office.portal.posts.clear()
    office.portal.after = lambda: None
    office.clock.step(TODAY)
    publish(office.services)
    assert office.portal.posts == {}
    office.portal.posts.update({id: replace(post) for id, post in hidden.items()})
    office.clock.advance(timedelta(minutes=3))
    publish(office.services)
    assert len(office.portal.posts) == 1
    assert office.push(office.posts()[0]).state is PushState.DELIVERED
