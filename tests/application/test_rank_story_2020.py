"""The story of 2020 from posts to grade: over quota on the own site, nothing carried across for three months.

Two units were lowered a grade for it, appealed by letter, and the penalty was waived while the counts stayed.
"""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from syncd.application.figures.close import adjust, close_period
from syncd.application.figures.explain import explain
from syncd.application.figures.quota_table import assessment_of, periods_of, quota_table
from syncd.application.figures.rank import ranking
from syncd.domain.model import AdjustmentKind, PeriodId, UnitId
from syncd.domain.rules import RuleSet, parse_ruleset
from syncd.resources import ruleset_text
from tests.application.figures_world import World, closing, local, make_world, unit

BAO = UnitId("bao")
SHORT = [PeriodId(f"2020-0{month}") for month in (1, 2, 3)]
DECISION: dict[str, Any] = {
    "kind": AdjustmentKind.PENALTY_WAIVED,
    "document": "Thông báo kết luận số 99-TB/VD",
    "approved_by": ("Nguyễn Văn A", "Trần Thị B"),
}


def rules(name: str) -> RuleSet:
    return parse_ruleset(tomllib.loads(ruleset_text(name)), origin=name, id=name, in_force_from=date(2020, 1, 1))


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Callable[[str], World]]:
    made: list[World] = []

    def told(ruleset: str) -> World:
        world = make_world(
            tmp_path,
            [replace(unit("bao"), group="bao")],
            start=local(11, 18, 9, year=2020),
            rules=rules(ruleset),
            scores={"bao": 620},
            window=("2020-01", "2020-10"),
        )
        made.append(world)
        carried = local(4, 1, 8, year=2020)
        world.look("bao", carried)
        for month in range(1, 11):
            for day in range(1, 15):
                written = local(month, day, 8, year=2020)
                seen = max(written, carried)
                world.post(
                    "bao", written, seen=seen, delivered=seen + timedelta(hours=1), sighted=local(11, 17, year=2020)
                )
            world.census(f"2020-{month:02d}", local(11, 17, year=2020))
        world.look("bao", local(11, 17, year=2020))
        return world

    yield told
    for world in made:
        closing(world)


def graded(world: World) -> dict[str, Any]:
    [found] = ranking(world.services, "2026").as_json()["units"]
    return found


def test_three_months_nothing_carried_are_missing_and_the_rest_is_met(story: Callable[[str], World]) -> None:
    world = story("binh-thuan-2020")
    table = quota_table(world.services, periods_of(world.services, assessment_of(world.services, "2026")))
    [row] = table.rows
    assert [cell.verdict.status for cell in row.cells] == ["missing"] * 3 + ["met"] * 7
    assert [(cell.verdict.written, cell.verdict.counted) for cell in row.cells] == [(14, 0)] * 3 + [(14, 14)] * 7
    assert [dict(cell.as_json()["causes"]) for cell in row.cells[:3]] == [{"not_carried": 14}] * 3


def test_under_the_rules_of_2020_the_unit_falls_one_grade(story: Callable[[str], World]) -> None:
    found = graded(story("binh-thuan-2020"))
    assert (found["band"], found["grade"], found["missing_months"]) == ("tot", "kha", 3)
    assert found["trace"][-1]["assumed"]


def test_under_the_rules_of_2022_the_same_facts_are_weak(story: Callable[[str], World]) -> None:
    found = graded(story("binh-thuan-2022"))
    assert (found["band"], found["grade"], found["missing_months"]) == ("tot", "yeu", 3)


@pytest.mark.parametrize("ruleset", ["binh-thuan-2020", "binh-thuan-2022"])
def test_penalty_waived_after_the_appeal_leaves_every_count_as_it_was(
    story: Callable[[str], World], ruleset: str
) -> None:
    world = story(ruleset)
    for period in SHORT:
        close_period(world.services, period)
    before = [explain(world.services, BAO, period).as_json()["as_closed"] for period in SHORT]
    for period in SHORT:
        adjust(world.services, BAO, period, **DECISION)

    found = graded(world)

    assert (found["grade"], found["missing_months"], found["waived"]) == ("tot", 3, True)
    after = [explain(world.services, BAO, period).as_json() for period in SHORT]
    assert [each["as_closed"] for each in after] == before
    assert {(each["status"], each["counted"]) for each in after} == {("missing", 0)}
    assert all("không áp dụng hạ bậc" in " ".join(each["sentences"]) for each in after)


def test_explanation_tells_the_unit_that_its_posts_stand_on_its_site_and_were_not_carried(
    story: Callable[[str], World],
) -> None:
    found = explain(story("binh-thuan-2020").services, BAO, SHORT[0]).as_json()
    assert {post["reason"] for post in found["posts"]} == {"make_up"}
    assert any("chưa có liên thông" in line for line in found["sentences"])
    assert any("giải trình" in line for line in found["would_change"])
