"""Closing a period and adjusting beside it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from syncd.application.figures.close import adjust, close_period
from syncd.application.figures.quota_table import quota_table
from syncd.application.figures.statements import verdict_as_json, verdict_from_json
from syncd.domain.ledger import LeafKind
from syncd.domain.model import AdjustmentKind, PeriodId, Status, UnitId
from syncd.errors import StorageError, UsageError
from tests.application.figures_world import World, backfill, closing, local, make_world, unit, worked_example

OCTOBER = PeriodId("2026-10")
BAN_A = UnitId("ban-a")
SIGNED: dict[str, Any] = {
    "document": "Công văn số 15-CV/VD",
    "approved_by": ("Nguyễn Văn A", "Trần Thị B"),
    "reason": "Đọc bù Trang của đơn vị",
}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = make_world(tmp_path, [unit("ban-a"), unit("ban-b", site=False, quota=1)], start=local(11, 1, 7))
    worked_example(made)
    made.typed("ban-b", local(10, 7))
    yield made
    closing(made)


def october(world: World) -> dict[str, Any]:
    found: dict[str, Any] = quota_table(world.services, [OCTOBER], units=[BAN_A]).as_json()["units"][0]["periods"][0]
    return found


def leaves(world: World, kind: LeafKind) -> list[dict[str, Any]]:
    with world.services.db.read() as uow:
        return [json.loads(leaf.body) for leaf in uow.ledger.leaves() if leaf.kind is kind]


def test_closed_before_the_backfill_then_adjusted_both_figures_stand(world: World) -> None:
    world.go_to(local(11, 6))
    report = close_period(world.services, OCTOBER)
    assert report.counts == {"undetermined": 1, "met": 1}
    assert report.needs_person
    backfill(world, local(11, 7, 9))
    world.go_to(local(11, 8))

    before = october(world)
    adjusted = adjust(world.services, BAN_A, OCTOBER, kind=AdjustmentKind.POSTS, posts=4, **SIGNED)
    after = october(world)

    assert (before["status"], before["counted"]) == ("undetermined", 11)
    assert (before["recount"]["status"], before["recount"]["counted"]) == ("met", 15)
    assert (after["status"], after["counted"]) == ("met", 15)
    assert (after["as_closed"]["status"], after["as_closed"]["counted"]) == ("undetermined", 11)
    assert after["adjustments"][0]["document"] == "Công văn số 15-CV/VD"
    assert adjusted.as_json()["after"] == {"status": "met", "counted": 15}


def test_every_statement_and_the_closing_itself_are_leaves(world: World) -> None:
    world.go_to(local(11, 6))
    report = close_period(world.services, OCTOBER)
    adjust(world.services, BAN_A, OCTOBER, kind=AdjustmentKind.PENALTY_WAIVED, **SIGNED)

    [first, second, whole] = leaves(world, LeafKind.MONTH_CLOSE)
    [adjustment] = leaves(world, LeafKind.ADJUSTMENT)

    assert (first["unit"], second["unit"], whole["unit"]) == ("ban-a", "ban-b", None)
    assert (first["data"]["status"], first["data"]["counted"]) == ("undetermined", 11)
    assert whole["data"]["counts"] == {"undetermined": 1, "met": 1}
    assert whole["data"]["statements"] == [first["seq"], second["seq"]]
    assert (adjustment["unit"], adjustment["data"]["statement"]) == ("ban-a", first["seq"])
    assert whole["seq"] == report.leaf


def test_statement_cannot_be_written_twice_or_closed_again(world: World) -> None:
    world.go_to(local(11, 6))
    close_period(world.services, OCTOBER)
    with pytest.raises(UsageError, match="closed already"):
        close_period(world.services, OCTOBER)
    with world.services.db.write() as uow:
        [statement, _] = uow.figures.statements(period=OCTOBER)
        with pytest.raises(StorageError):
            uow.figures.add_statement(statement)


def test_what_is_learned_later_never_moves_a_closed_figure(world: World) -> None:
    world.go_to(local(11, 6))
    close_period(world.services, OCTOBER)
    closed = october(world)["as_closed"]
    backfill(world, local(11, 7, 9))
    world.typed("ban-a", local(10, 22))
    world.go_to(local(12, 24))

    assert october(world)["as_closed"] == closed
    assert october(world)["status"] == "undetermined"


def test_running_period_is_never_closed_and_grace_only_by_force(world: World) -> None:
    with pytest.raises(UsageError, match="has not ended"):
        close_period(world.services, PeriodId("2026-11"), force="gấp")
    with pytest.raises(UsageError, match="grace") as refused:
        close_period(world.services, OCTOBER)
    assert "wait" in (refused.value.hint or "")
    with pytest.raises(UsageError, match="needs a reason"):
        close_period(world.services, OCTOBER, force=" ")

    report = close_period(world.services, OCTOBER, force="Hội đồng họp sớm")

    assert report.forced == "Hội đồng họp sớm"
    assert report.counts == {"undetermined": 1, "met": 1}
    assert october(world)["as_closed"]["status"] == "undetermined"


def test_closing_without_a_complete_census_is_refused_and_forced_stays_undetermined(tmp_path: Path) -> None:
    world = make_world(tmp_path, [unit("ban-b", site=False)], start=local(11, 6))
    with pytest.raises(UsageError, match="census"):
        close_period(world.services, OCTOBER)
    report = close_period(world.services, OCTOBER, force="Cổng ngừng hoạt động kéo dài")
    assert report.counts == {"undetermined": 1}
    closing(world)


def test_clock_that_was_set_back_blocks_closing(world: World) -> None:
    world.go_to(local(12, 1))
    with world.services.db.write() as uow:
        uow.ledger.append(LeafKind.ADMIN_ACTION, world.clock.now(), {"what": "rehearsal"})
        uow.commit()
    world.clock.step(local(11, 20))
    with pytest.raises(UsageError, match="clock is behind"):
        close_period(world.services, OCTOBER)
    world.clock.step(local(12, 1) - timedelta(minutes=5))
    assert close_period(world.services, OCTOBER).forced is None


def test_unit_configured_later_gets_its_statement_beside_the_others(tmp_path: Path) -> None:
    world = make_world(tmp_path, [unit("ban-b", site=False)], start=local(11, 6))
    world.census("2026-10", local(11, 1, 6))
    close_period(world.services, OCTOBER)
    later = {**world.services.units, UnitId("ban-c"): unit("ban-c", site=False)}
    report = close_period(replace(world.services, units=later), OCTOBER)
    assert [statement.unit for statement in report.statements] == ["ban-c"]
    closing(world)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"approved_by": ("Nguyễn Văn A", " nguyễn văn a ")}, "two different people"),
        ({"approved_by": ("Nguyễn Văn A", "Nguyễn  Văn\u00a0A")}, "two different people"),
        ({"approved_by": ("Nguyễn Văn A",)}, "two different people"),
        ({"document": " "}, "number of the document"),
        ({"posts": 0}, "needs some"),
        ({"posts": -2, "reason": ""}, "hurts a unit"),
        ({"posts": -12}, "less than none"),
        ({"kind": AdjustmentKind.VERDICT, "posts": 0}, "needs a status"),
        ({"kind": AdjustmentKind.VERDICT, "posts": 0, "status": Status.OPEN}, "cannot be opened"),
        ({"kind": AdjustmentKind.EXEMPTION, "posts": 0, "status": Status.MET}, "takes no status"),
        ({"kind": AdjustmentKind.VERDICT, "posts": 0, "status": Status.MISSING, "reason": ""}, "hurts a unit"),
    ],
    ids=lambda value: "" if isinstance(value, dict) else value,
)
def test_adjustment_no_board_could_sign_is_refused(world: World, wrong: dict[str, Any], message: str) -> None:
    world.go_to(local(11, 6))
    close_period(world.services, OCTOBER)
    with pytest.raises(UsageError, match=message):
        adjust(world.services, BAN_A, OCTOBER, **{"kind": AdjustmentKind.POSTS, "posts": 1, **SIGNED, **wrong})
    assert leaves(world, LeafKind.ADJUSTMENT) == []


def test_adjustment_stands_only_beside_a_closed_statement(world: World) -> None:
    world.go_to(local(11, 6))
    with pytest.raises(UsageError, match="not closed"):
        adjust(world.services, BAN_A, OCTOBER, kind=AdjustmentKind.POSTS, posts=1, **SIGNED)


def test_posts_taken_off_leave_it_undetermined_unless_the_decision_says_missing(world: World) -> None:
    world.go_to(local(11, 6))
    close_period(world.services, OCTOBER)
    ban_b = UnitId("ban-b")
    softly = adjust(world.services, ban_b, OCTOBER, kind=AdjustmentKind.POSTS, posts=-1, **SIGNED)
    firmly = adjust(world.services, ban_b, OCTOBER, kind=AdjustmentKind.VERDICT, status=Status.MISSING, **SIGNED)
    assert (softly.before.status, softly.after.status) == (Status.MET, Status.UNDETERMINED)
    assert (firmly.after.status, firmly.after.counted) == (Status.MISSING, 0)


def test_verdict_comes_back_from_its_json_as_it_was(world: World) -> None:
    world.post("ban-a", None)
    for row in quota_table(world.services, [OCTOBER]).rows:
        for verdict in row.verdicts:
            assert verdict_from_json(json.loads(json.dumps(verdict_as_json(verdict)))) == verdict
