"""Grades, what-ifs, and the figures sent to an outside engine."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from syncd.application.figures.close import adjust, close_period
from syncd.application.figures.rank import push_ranking, ranking
from syncd.domain.ledger import LeafKind
from syncd.domain.model import AdjustmentKind, PeriodId, UnitId
from syncd.errors import RankingError, UsageError
from tests.application.figures_world import (
    StandInEngine,
    World,
    backfill,
    closing,
    local,
    make_world,
    unit,
    worked_example,
)

OCTOBER = PeriodId("2026-10")
BAN_A = UnitId("ban-a")
SIGNED: dict[str, Any] = {
    "document": "Công văn số 15-CV/VD",
    "approved_by": ("Nguyễn Văn A", "Trần Thị B"),
    "reason": "Đã giải trình",
}


@pytest.fixture
def engine() -> StandInEngine:
    return StandInEngine()


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path, engine: StandInEngine) -> Iterator[World]:
    """October of the worked example, alone in its assessment, on both databases."""
    made = make_world(
        tmp_path,
        [unit("ban-a")],
        start=local(11, 1, 7),
        window=("2026-10", "2026-10"),
        scores={"ban-a": 460},
        engine=engine,
        url=request.getfixturevalue("postgres_url") if request.param == "postgresql" else None,
    )
    worked_example(made)
    yield made
    closing(made)


@pytest.fixture
def year(tmp_path: Path) -> Iterator[World]:
    """2020's story: January to March missing because nothing carried the posts, then carried on."""
    made = make_world(
        tmp_path,
        [unit("ban-a", quota=1), unit("ban-b", site=False, quota=0)],
        start=local(5, 10),
        window=("2026-01", "2026-03"),
        scores={"ban-a": 460, "ban-b": 455},
    )
    for month in (1, 2, 3):
        made.post("ban-a", local(month, 5), seen=local(5, 2), delivered=local(5, 2, 1), sighted=local(5, 9, 1))
        made.census(f"2026-0{month}", local(5, 9))
    made.look("ban-a", local(5, 2))
    yield made
    closing(made)


def row(world: World, unit_id: str = "ban-a", **more: Any) -> dict[str, Any]:
    [found] = [each for each in ranking(world.services, "2026", **more).as_json()["units"] if each["unit"] == unit_id]
    return found


def results(world: World) -> list[dict[str, Any]]:
    with world.services.db.read() as uow:
        return [json.loads(leaf.body) for leaf in uow.ledger.leaves() if leaf.kind is LeafKind.PUSH_RESULT]


def test_three_missing_months_are_weak_with_the_trace(year: World) -> None:
    found = row(year)
    assert (found["score"], found["missing_months"], found["band"], found["grade"]) == (460, 3, "tot", "yeu")
    assert [line["rule"] for line in found["trace"]] == ["band", "missing_months"]
    assert found["label"] == "Yếu"
    assert [each["unit"] for each in ranking(year.services, "2026").as_json()["units"]] == ["ban-a", "ban-b"]


def test_penalty_waived_for_every_missing_month_leaves_count_and_restores_grade(year: World) -> None:
    for month in ("2026-01", "2026-02", "2026-03"):
        close_period(year.services, PeriodId(month))
        adjust(year.services, BAN_A, PeriodId(month), kind=AdjustmentKind.PENALTY_WAIVED, **SIGNED)

    found = row(year)

    assert (found["missing_months"], found["grade"], found["waived"]) == (3, "tot", True)
    assert found["trace"][-1]["rule"] == "waived:missing_months"


def test_penalty_waived_for_one_month_takes_that_month_from_the_scale(year: World) -> None:
    close_period(year.services, PeriodId("2026-02"))
    adjust(year.services, BAN_A, PeriodId("2026-02"), kind=AdjustmentKind.PENALTY_WAIVED, **SIGNED)

    found = row(year)

    assert (found["missing_months"], found["grade"], found["waived"]) == (3, "tot", False)


def test_simulation_changes_the_grade_and_nothing_else(year: World) -> None:
    assert row(year, simulate={BAN_A: 2})["grade"] == "tot"
    assert row(year, "ban-b", simulate={UnitId("ban-b"): 3})["grade"] == "yeu"
    assert row(year)["grade"] == "yeu"


def test_undetermined_months_make_the_grade_provisional(tmp_path: Path) -> None:
    world = make_world(
        tmp_path, [unit("ban-a")], start=local(5, 10), window=("2026-01", "2026-03"), scores={"ban-a": 460}
    )
    found = row(world)
    assert (found["grade"], found["provisional"], found["could_be"]) == ("tot", True, "yeu")
    closing(world)


def test_unit_without_a_score_has_months_and_no_grade(year: World) -> None:
    assessment = replace(year.services.assessments["2026"], scores={})
    found = row(replace_services(year, assessments={"2026": assessment}))
    assert (found["score"], found["grade"], found["missing_months"], found["trace"]) == (None, None, 3, [])


def test_wrong_calls(year: World) -> None:
    with pytest.raises(UsageError, match="unknown assessment"):
        ranking(year.services, "1999")
    with pytest.raises(UsageError, match="unknown unit"):
        ranking(year.services, "2026", simulate={UnitId("ban-x"): 1})
    with pytest.raises(UsageError, match="no ranking engine"):
        push_ranking(year.services, "2026")


def test_adjustment_after_closing_makes_version_two(world: World, engine: StandInEngine) -> None:
    world.go_to(local(11, 6))
    close_period(world.services, OCTOBER)
    first = push_ranking(world.services, "2026")
    unchanged = push_ranking(world.services, "2026")
    backfill(world, local(11, 7, 9))
    still = push_ranking(world.services, "2026")
    adjust(world.services, BAN_A, OCTOBER, kind=AdjustmentKind.POSTS, posts=4, **SIGNED)
    second = push_ranking(world.services, "2026")

    assert (first.acknowledged, unchanged.acknowledged, still.acknowledged) == ({"ban-a": 1}, {}, {})
    assert (second.acknowledged, second.held) == ({"ban-a": 2}, {"ban-a": 2})
    assert [(f.version, f.missing, f.undetermined, f.final, f.months) for f in engine.figures] == [
        (1, 0, 1, False, {"2026-10": "undetermined"}),
        (2, 0, 0, True, {"2026-10": "met"}),
    ]
    assert engine.figures[0].ledger_size < engine.figures[1].ledger_size
    assert [(leaf["data"]["target"], leaf["data"]["acknowledged"]) for leaf in results(world)] == [
        ("ranking", True)
    ] * 2


def test_failure_is_kept_as_data_and_tried_again_when_due(world: World, engine: StandInEngine) -> None:
    engine.failing = RankingError("no answer", kind="timeout", subject="ban-a")
    failed = push_ranking(world.services, "2026")
    engine.failing = None
    early = push_ranking(world.services, "2026")
    world.clock.advance(timedelta(minutes=6))
    late = push_ranking(world.services, "2026")

    assert (failed.failed[0].error, failed.needs_person, early.waiting) == ("no answer", True, {"ban-a": 1})
    assert late.acknowledged == {"ban-a": 1}
    assert [leaf["data"]["kind"] for leaf in results(world)] == ["timeout", None]


def test_refusal_waits_for_a_call_by_hand(world: World, engine: StandInEngine) -> None:
    engine.failing = RankingError("HTTP 403", kind="http_status", permanent=True, subject="ban-a", hint="the secret")
    push_ranking(world.services, "2026")
    engine.failing = None
    world.clock.advance(timedelta(days=2))

    assert push_ranking(world.services, "2026").waiting == {"ban-a": 1}
    assert push_ranking(world.services, "2026", again=True).acknowledged == {"ban-a": 1}


def test_figure_that_changed_before_it_was_sent_is_superseded(world: World, engine: StandInEngine) -> None:
    engine.failing = RankingError("no answer", kind="timeout", subject="ban-a")
    push_ranking(world.services, "2026")
    backfill(world, local(11, 3, 9))
    engine.failing = None
    report = push_ranking(world.services, "2026", again=True)

    assert report.acknowledged == {"ban-a": 2}
    assert [figure.version for figure in engine.figures] == [2]
    with world.services.db.read() as uow:
        assert [f.state for f in uow.figures.figures("2026")] == ["superseded", "acknowledged"]


def test_engine_that_is_down_ends_the_run_after_three(tmp_path: Path, engine: StandInEngine) -> None:
    world = make_world(tmp_path, [unit(f"ban-{n}") for n in range(6)], start=local(11, 6), engine=engine)
    engine.failing = RankingError("no answer", kind="timeout")
    report = push_ranking(world.services, "2026")
    assert (len(report.failed), len(report.waiting)) == (3, 3)
    closing(world)


def test_death_between_send_and_answer_sends_the_same_version_again(world: World, engine: StandInEngine) -> None:
    class Killed(BaseException):
        pass

    taken = engine.put

    def put_and_die(figure: Any) -> Any:
        taken(figure)
        raise Killed

    engine.put = put_and_die  # type: ignore[method-assign]
    with pytest.raises(Killed):
        push_ranking(world.services, "2026")
    engine.put = taken  # type: ignore[method-assign]
    report = push_ranking(world.services, "2026")

    assert report.acknowledged == {"ban-a": 1}
    assert [figure.version for figure in engine.figures] == [1, 1]


def replace_services(world: World, **more: Any) -> World:
    return replace(world, services=replace(world.services, **more))
