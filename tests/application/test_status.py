"""What is wrong, since when, and what to do: worst first."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from syncd.application.figures.rank import push_ranking
from syncd.application.status import status
from syncd.domain.model import OutageOwner, PeriodId, UnitId
from syncd.errors import RankingError
from syncd.ports.records import MailRecord, PushState, SlotState
from tests.application.figures_world import StandInEngine, World, closing, local, make_world, unit

NOW = local(11, 20)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Two units, both read just now; ban-a has met its quota of nothing, the portal was seen an hour ago."""
    made = make_world(tmp_path, [unit("ban-a", quota=0), unit("ban-b", quota=0)], start=NOW)
    for name in ("ban-a", "ban-b"):
        made.look(name, local(9, 28))
        made.look(name, NOW - timedelta(minutes=10))
    made.census("2026-10", NOW - timedelta(hours=1))
    yield made
    closing(made)


def kinds(world: World) -> list[str]:
    return [problem.kind for problem in status(world.services).problems]


def test_nothing_wrong_is_said_plainly(world: World) -> None:
    report = status(world.services)
    assert (report.problems, report.needs_person) == ((), False)
    document = report.as_json()
    assert (document["ok"], document["portal"]["ok"], document["slots"]["due"]) == (True, True, 0)
    assert [each["unit"] for each in document["units"]] == ["ban-a", "ban-b"]
    assert document["units"][0]["periods"]["2026-11"]["status"] == "met"


def test_failing_source_says_kind_since_and_hint_and_its_unit_comes_first(world: World) -> None:
    for hour in range(1, 5):
        world.look("ban-b", NOW - timedelta(hours=5 - hour), outcome="failed")

    document = status(world.services).as_json()

    [problem] = document["units"][0]["problems"]
    assert (document["units"][0]["unit"], document["ok"]) == ("ban-b", False)
    assert (problem["kind"], problem["severity"]) == ("source_failing:timeout", "broken")
    assert problem["since"] == (NOW - timedelta(hours=4)).isoformat()
    assert problem["hint"] == "ask the unit whether its site is up"
    assert "4 lần liên tiếp" in problem["message"]


def test_source_never_read_and_source_forgotten(world: World) -> None:
    units = {**world.services.units, UnitId("ban-c"): unit("ban-c", quota=0)}
    never = status(replace(world.services, units=units)).as_json()["problems"]
    assert [(problem["kind"], problem["unit"]) for problem in never] == [("source_never_read", "ban-c")]
    world.clock.advance(timedelta(hours=4))
    world.look("ban-b", world.clock.now())
    assert [(problem.kind, problem.unit) for problem in status(world.services).problems] == [("source_stale", "ban-a")]


def test_when_nothing_at_all_is_read_it_is_one_problem_and_not_one_per_unit(world: World) -> None:
    world.clock.advance(timedelta(hours=4))
    [problem] = status(world.services).problems
    assert (problem.kind, problem.unit, problem.since) == ("sources_stale", None, NOW - timedelta(minutes=10))


@pytest.mark.parametrize(
    ("state", "severity"),
    [
        (PushState.DEAD, "broken"),
        (PushState.QUARANTINED, "attention"),
        (PushState.UNKNOWN, "attention"),
        (PushState.INTENT, "attention"),
    ],
)
def test_pushes_that_wait_are_one_line_per_unit_and_state(world: World, state: PushState, severity: str) -> None:
    for day in (3, 4):
        world.post("ban-a", local(11, day), push=state)
    [problem] = status(world.services).as_json()["problems"]
    assert (problem["kind"], problem["severity"], problem["unit"]) == (f"push_{state.value}", severity, "ban-a")
    assert problem["message"].startswith("2 tin, bài")
    assert problem["hint"]


def test_posts_waiting_for_their_first_try_are_no_problem(world: World) -> None:
    world.post("ban-a", local(11, 3), push=PushState.QUEUED)
    assert kinds(world) == []
    assert status(world.services).as_json()["units"][0]["pushes"] == {"queued": 1}


def test_dates_in_doubt_and_posts_of_nobody(world: World) -> None:
    world.post("ban-a", local(11, 3), date_doubt="future")
    world.post("ban-a", None, seen=local(11, 4))
    world.post("ban-a", local(11, 5), date_doubt="future", decision="count")
    world.typed(None, local(11, 6))
    found = {problem.kind: problem.message for problem in status(world.services).problems}
    assert found["date_in_doubt"].startswith("2 tin, bài")
    assert found["unattributed"].startswith("1 tin, bài trên Cổng chưa rõ của đơn vị nào")
    assert set(found) == {"date_in_doubt", "unattributed"}


def test_portal_out_of_reach_is_worst(world: World) -> None:
    world.typed(None, local(11, 6))
    world.outage("portal:cong", NOW - timedelta(hours=2), None, OutageOwner.OURS)
    document = status(world.services).as_json()
    assert document["problems"][0]["kind"] == "portal_down"
    assert (document["portal"]["ok"], len(document["portal"]["problems"])) == (False, 2)


def test_census_that_failed_or_is_late(world: World) -> None:
    world.census("2026-11", NOW - timedelta(minutes=5), complete=False)
    assert kinds(world) == ["census_incomplete"]
    world.census("2026-11", NOW - timedelta(minutes=4))
    assert kinds(world) == []
    world.clock.advance(timedelta(hours=19))
    assert "census_stale" in kinds(world)


def test_shortfalls_of_the_running_and_the_ended_period(tmp_path: Path) -> None:
    world = make_world(tmp_path, [unit("ban-b", site=False, quota=2)], start=local(11, 20))
    world.census("2026-10", local(11, 19, 23))
    found = {problem["kind"]: problem for problem in status(world.services).as_json()["problems"]}
    assert set(found) == {"missing", "behind"}
    assert (found["missing"]["severity"], found["behind"]["severity"]) == ("attention", "notice")
    assert found["missing"]["hint"] == "syncd explain ban-b 2026-10"
    world.go_to(local(11, 24))
    assert [p.severity.name for p in status(world.services).problems if p.kind == "behind"] == ["ATTENTION"]
    closing(world)


def test_slots_that_failed_were_skipped_or_wait(world: World) -> None:
    with world.services.db.write() as uow:
        due = NOW - timedelta(hours=3)
        made = uow.slots.ensure([("census", "cong", due), ("collect", "ban-a", due), ("fold", "office", due)])
        states = {"census": SlotState.FAILED, "collect": SlotState.GAP}
        for slot in made:
            if slot.job in states:
                uow.slots.claim(slot.id, NOW)
                uow.slots.finish(slot.id, NOW, states[slot.job], {"error": "no answer"})
        uow.commit()
    document = status(world.services).as_json()
    assert [problem["kind"] for problem in document["slots"]["problems"]] == [
        "slots_overdue",
        "slot_failed",
        "slot_gap",
    ]
    assert (document["slots"]["due"], document["slots"]["oldest_due"]) == (1, due.isoformat())


def test_letters_and_figures_that_did_not_arrive(world: World) -> None:
    engine = StandInEngine()
    engine.failing = RankingError("HTTP 503", kind="http_status")
    told: dict[str, Any] = {"ranking": engine}
    services = replace(world.services, **told)
    push_ranking(services, "2026")
    with services.db.write() as uow:
        uow.mails.add(
            MailRecord(
                message_id="<1@vidu.example>",
                name="statement",
                period=PeriodId("2026-10"),
                unit=UnitId("ban-a"),
                recipients=("bientap@ban-a.vidu.example",),
                subject="Kết quả tháng 10/2026",
                made_at=NOW,
                state="failed",
                error="550 no such user",
            )
        )
        uow.commit()
    found = {problem.kind: problem.message for problem in status(services).problems}
    assert found["mail_failed"].endswith("550 no such user")
    assert found["ranking_queued"].endswith("HTTP 503")


def test_english_office_is_told_in_english(world: World) -> None:
    world.post("ban-a", local(11, 3), push=PushState.DEAD)
    english = replace(world.services, office=replace(world.services.office, language="en"))
    assert status(english).problems[0].message.startswith("1 posts could not be delivered")


def test_before_the_first_rule_set_there_is_still_a_status(tmp_path: Path) -> None:
    world = make_world(tmp_path, [unit("ban-a")], start=local(3, 1, year=2019))
    assert {"source_never_read", "census_never"} == set(kinds(world))
    closing(world)
