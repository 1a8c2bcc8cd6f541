"""The quota owed, and adjustments beside a statement."""

from datetime import date, timedelta
from typing import Any

import pytest

from syncd.domain.model import Adjustment, AdjustmentKind, Status, Unit, UnitId, Window
from syncd.domain.periods import period_by_id
from syncd.domain.quota import in_force, required_posts
from tests.domain.facts import SITE, UNIT, facts, judged, local, october, posts, rules, verdict_of


@pytest.mark.parametrize(
    ("unit", "required"),
    [
        ({}, 8),
        ({"group": "bao"}, 12),
        ({"id": UnitId("ban-b")}, 5),
        ({"id": UnitId("ban-b"), "quota": 3}, 3),
        ({"active_from": date(2026, 10, 1)}, 8),
        ({"active_from": date(2026, 10, 2)}, 7),
        ({"active_from": date(2026, 10, 31)}, 0),
        ({"active_to": date(2026, 10, 16)}, 4),
        ({"active_to": date(2026, 9, 30)}, 0),
        ({"active_from": date(2026, 11, 1)}, 0),
    ],
)
def test_the_quota_is_prorated_and_rounded_down(unit: dict[str, Any], required: int) -> None:
    ruleset = rules(required={"default": 12, "groups": {"ban": 8}, "units": {"ban-b": 5}})

    found = Unit(**({"id": UNIT.id, "name": "Ban A", "group": "ban"} | unit))

    assert required_posts(found, october(ruleset), ruleset) == required


def test_a_merged_period_sums_its_months() -> None:
    ruleset = rules(merged=[["2026-01", "2026-02"]])
    period = period_by_id("2026-01+02", ruleset.calendar)
    late = Unit(id=UNIT.id, name="Ban A", group="ban", active_from=date(2026, 2, 15))

    assert required_posts(UNIT, period, ruleset) == 24
    assert required_posts(late, period, ruleset) == 6


def test_days_before_the_unit_existed_need_no_reading() -> None:
    unit = Unit(id=UNIT.id, name="Ban A", group="ban", sources=(SITE,), active_from=date(2026, 10, 16))
    readings = {SITE: (Window(start=local("2026-10-16 00:00"), end=local("2026-12-01 00:00")),)}

    verdict = judged(facts(*posts(2, "2026-10-20 08:00"), readings=readings), rules(), unit)

    assert (verdict.required, verdict.covered_days, verdict.total_days) == (6, 16, 16)
    assert verdict.status is Status.MISSING


def adjusted(kind: AdjustmentKind, at: int = 1, **changes: Any) -> Adjustment:
    values: dict[str, Any] = {
        "unit": UNIT.id,
        "period": "2026-10",
        "kind": kind,
        "reason": "Theo giải trình",
        "document": "Công văn số 05-CV/VD",
        "approved_by": ("Nguyễn Văn A", "Trần Thị B"),
        "at": local("2026-11-20 00:00") + timedelta(days=at),
    }
    return Adjustment(**(values | changes))


@pytest.mark.parametrize(
    ("status", "counted", "adjustments", "after"),
    [
        (Status.MISSING, 9, [adjusted(AdjustmentKind.POSTS, posts=3)], (Status.MET, 12)),
        (Status.MISSING, 9, [adjusted(AdjustmentKind.POSTS, posts=2)], (Status.MISSING, 11)),
        (Status.MISSING, 9, [adjusted(AdjustmentKind.POSTS, posts=-20)], (Status.MISSING, 0)),
        (Status.UNDETERMINED, 9, [adjusted(AdjustmentKind.POSTS, posts=2)], (Status.UNDETERMINED, 11)),
        (Status.MET, 12, [adjusted(AdjustmentKind.POSTS, posts=-1)], (Status.UNDETERMINED, 11)),
        (Status.MET, 12, [adjusted(AdjustmentKind.POSTS, posts=-1, status=Status.MISSING)], (Status.MISSING, 11)),
        (Status.MET, 13, [adjusted(AdjustmentKind.POSTS, posts=-1)], (Status.MET, 12)),
        (Status.MISSING, 9, [adjusted(AdjustmentKind.VERDICT, status=Status.MET)], (Status.MET, 9)),
        (Status.MISSING, 9, [adjusted(AdjustmentKind.EXEMPTION)], (Status.EXEMPT, 9)),
        (Status.MISSING, 9, [adjusted(AdjustmentKind.PENALTY_WAIVED)], (Status.MISSING, 9)),
        (Status.MISSING, 9, [adjusted(AdjustmentKind.POSTS, posts=3, unit="ban-b")], (Status.MISSING, 9)),
        (Status.MISSING, 9, [adjusted(AdjustmentKind.POSTS, posts=3, period="2026-09")], (Status.MISSING, 9)),
        (
            Status.MISSING,
            9,
            [
                adjusted(AdjustmentKind.POSTS, 2, posts=-3, status=Status.MISSING),
                adjusted(AdjustmentKind.POSTS, 1, posts=5),
            ],
            (Status.MISSING, 11),
        ),
    ],
)
def test_adjustments_stand_beside_the_statement(
    status: Status, counted: int, adjustments: list[Adjustment], after: tuple[Status, int]
) -> None:
    found = in_force(verdict_of("2026-10", status, counted=counted), adjustments)

    assert (found.status, found.counted) == after
