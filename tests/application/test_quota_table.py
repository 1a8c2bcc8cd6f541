"""The quota table, through the real storage: the worked example of the design and the stories behind it."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from syncd.application.figures.quota_table import assessment_of, current_period, periods_of, quota_table
from syncd.domain.model import Exemption, OutageOwner, PeriodId, UnitId
from syncd.errors import UsageError
from syncd.ports.records import PushState
from tests.application.figures_world import World, backfill, closing, local, make_world, unit, worked_example

OCTOBER = PeriodId("2026-10")


@pytest.fixture
def world_of(tmp_path: Path) -> Iterator[Callable[..., World]]:
    made: list[World] = []

    def make(*units: Any, **more: Any) -> World:
        more.setdefault("start", local(11, 1, 7))
        made.append(make_world(tmp_path, units or (unit("ban-a"),), **more))
        return made[-1]

    yield make
    for world in made:
        closing(world)


def figures(world: World, unit_id: str = "ban-a", period: str = "2026-10") -> dict[str, Any]:
    document = quota_table(world.services, [PeriodId(period)]).as_json()
    [found] = [each for each in document["units"] if each["unit"] == unit_id]
    return found["periods"][0]


def test_worked_example_before_the_backfill_is_undetermined(world_of: Callable[..., World]) -> None:
    world = world_of()
    worked_example(world)
    world.go_to(local(11, 5))

    october = figures(world)

    assert october["required"] == 12
    assert (october["written"], october["delivered"], october["visible"], october["counted"]) == (11, 11, 12, 11)
    assert october["status"] == "undetermined"
    assert october["coverage"] == round(22 / 31, 4)
    assert october["causes"] == {"not_read": 9, "excluded:reprint": 1}
    assert october["low_coverage"]
    assert october["as_closed"] is None


def test_worked_example_after_a_backfill_within_grace_is_met(world_of: Callable[..., World]) -> None:
    world = world_of()
    worked_example(world)
    backfill(world, local(11, 3, 9))
    world.go_to(local(11, 5))

    october = figures(world)

    assert (october["written"], october["delivered"], october["visible"], october["counted"]) == (15, 15, 16, 15)
    assert (october["status"], october["coverage"]) == ("met", 1.0)


def test_undetermined_is_never_turned_by_time(world_of: Callable[..., World]) -> None:
    world = world_of()
    worked_example(world)
    for later in (local(11, 5), local(12, 31), local(6, 1, year=2027)):
        world.go_to(later)
        assert figures(world)["status"] == "undetermined"


def test_before_the_end_of_grace_a_short_period_is_open(world_of: Callable[..., World]) -> None:
    world = world_of()
    worked_example(world)
    world.go_to(local(11, 4, 23))

    document = quota_table(world.services, [OCTOBER])

    assert document.as_json()["units"][0]["periods"][0]["status"] == "open"
    assert document.as_json()["units"][0]["periods"][0]["deadline"] == local(11, 5).isoformat()
    assert not document.rows[0].missing.final


def test_posts_nothing_carried_are_missing_although_written_and_the_backfill_is_shown_apart(
    world_of: Callable[..., World],
) -> None:
    """2020: over quota on the own site for three months, nothing carried across; carried in May."""
    world = world_of(start=local(5, 10), window=("2026-01", "2026-03"))
    for month in (1, 2, 3):
        for day in range(1, 15):
            world.post(
                "ban-a", local(month, day, 8), seen=local(5, 2), delivered=local(5, 2, 1), sighted=local(5, 9, 1)
            )
        world.census(f"2026-0{month}", local(5, 9))
    world.look("ban-a", local(5, 2))

    table = quota_table(world.services, periods_of(world.services, assessment_of(world.services, "2026"))).as_json()

    [found] = table["units"]
    for month in found["periods"]:
        assert (month["written"], month["delivered"], month["visible"], month["counted"]) == (14, 14, 14, 0)
        assert (month["status"], month["causes"]["not_carried"]) == ("missing", 14)
    assert (found["missing_months"], found["undetermined_months"], found["final"]) == (3, 0, True)


def test_unit_without_a_website_is_judged_by_the_census_alone(world_of: Callable[..., World]) -> None:
    world = world_of(unit("ban-b", site=False, quota=2))
    world.typed("ban-b", local(10, 3))
    world.census("2026-10", local(11, 1, 6))
    world.go_to(local(11, 6))

    october = figures(world, "ban-b")

    assert (october["written"], october["coverage"], october["visible"]) == (None, None, 1)
    assert (october["status"], october["causes"]) == ("missing", {"not_written": 1})


def test_without_a_complete_census_nobody_is_missing(world_of: Callable[..., World]) -> None:
    world = world_of(unit("ban-b", site=False))
    world.census("2026-10", local(11, 1, 6), complete=False)
    world.go_to(local(11, 20))

    assert figures(world, "ban-b")["status"] == "undetermined"


def test_portal_posts_of_nobody_keep_a_short_unit_undetermined(world_of: Callable[..., World]) -> None:
    world = world_of(unit("ban-b", site=False, quota=1))
    world.typed(None, local(10, 9))
    world.census("2026-10", local(11, 1, 6))
    world.go_to(local(11, 20))

    october = figures(world, "ban-b")

    assert (october["status"], october["causes"]["unattributed"]) == ("undetermined", 1)


def test_exempt_and_inactive_periods(world_of: Callable[..., World]) -> None:
    tet = Exemption(
        reason="Nghỉ Tết",
        document="Công văn số 02-CV/VD",
        approved_by=("Nguyễn Văn A", "Trần Thị B"),
        periods=(PeriodId("2026-02"),),
        group="ban",
    )
    world = world_of(unit("ban-a", active_from=date(2026, 2, 1)), exemptions=[tet])

    [row] = quota_table(world.services, [PeriodId("2026-01"), PeriodId("2026-02")]).rows

    assert [(cell.period.id, cell.verdict.status) for cell in row.cells] == [("2026-02", "exempt")]


def test_downtime_of_the_site_is_nobodys_silence(world_of: Callable[..., World]) -> None:
    world = world_of()
    world.look("ban-a", local(10, 11))
    world.outage("source:ban-a/0", local(10, 11, 1), local(10, 20, 9), OutageOwner.SOURCE)
    world.look("ban-a", local(10, 20, 9), covers_from=local(10, 20))
    world.look("ban-a", local(11, 1, 1), covers_from=local(10, 20))
    world.census("2026-10", local(11, 1, 6))
    world.go_to(local(11, 6))

    october = figures(world)

    assert (october["status"], october["causes"]) == ("undetermined", {"source_down": 9})


def test_downtime_of_the_portal_extends_the_grace(world_of: Callable[..., World]) -> None:
    world = world_of()
    world.look("ban-a", local(11, 1, 1))
    world.outage("portal:cong", local(10, 30), local(11, 1), OutageOwner.OURS)
    world.census("2026-10", local(11, 1, 6))
    world.go_to(local(11, 6))

    assert figures(world)["status"] == "open"
    world.go_to(local(11, 7))
    assert (figures(world)["status"], figures(world)["causes"]["portal_down"]) == ("missing", 2)


@pytest.mark.parametrize(
    ("push", "cause"),
    [
        (PushState.QUEUED, "push_pending"),
        (PushState.INTENT, "push_pending"),
        (PushState.UNKNOWN, "push_pending"),
        (PushState.DEAD, "push_failed"),
        (PushState.QUARANTINED, "quarantined"),
    ],
)
def test_posts_waiting_on_us_never_make_a_unit_missing(
    world_of: Callable[..., World], push: PushState, cause: str
) -> None:
    world = world_of(unit("ban-a", quota=1))
    world.look("ban-a", local(9, 28))
    world.post("ban-a", local(10, 5), push=push)
    world.look("ban-a", local(11, 1, 1))
    world.census("2026-10", local(11, 1, 6))
    world.go_to(local(11, 20))

    october = figures(world)

    assert (october["status"], october["causes"]) == ("undetermined", {cause: 1})


def test_missing_months_are_those_of_the_verdicts_in_force(world_of: Callable[..., World]) -> None:
    world = world_of(unit("ban-a", quota=1), unit("ban-b", quota=1), start=local(12, 20))
    for name in ("ban-a", "ban-b"):
        world.look(name, local(9, 28))
        world.look(name, local(12, 10))
    world.post("ban-a", local(10, 31, 23, 59), delivered=local(11, 1, 0, 20), sighted=local(12, 10))
    world.post("ban-b", local(11, 1), delivered=local(11, 1, 0, 20), sighted=local(12, 10))
    for period in ("2026-10", "2026-11"):
        world.census(period, local(12, 10))

    table = quota_table(world.services, [OCTOBER, PeriodId("2026-11"), PeriodId("2026-12")])

    statuses = {row.unit.id: [cell.verdict.status for cell in row.cells] for row in table.rows}
    assert statuses == {"ban-a": ["met", "missing", "open"], "ban-b": ["missing", "met", "open"]}
    assert [row.missing.missing for row in table.rows] == [1, 1]
    assert table.needs_person


def test_unknown_units_and_periods_are_wrong_calls(world_of: Callable[..., World]) -> None:
    world = world_of()
    with pytest.raises(UsageError, match="unknown unit"):
        quota_table(world.services, [OCTOBER], units=[UnitId("ban-x")])
    with pytest.raises(UsageError):
        quota_table(world.services, [PeriodId("2026-13")])
    with pytest.raises(UsageError):
        quota_table(world.services, [])
    with pytest.raises(UsageError, match="unknown assessment"):
        assessment_of(world.services, "2031")


def test_current_period_is_cut_at_local_midnight(world_of: Callable[..., World]) -> None:
    world = world_of(start=local(11, 1) - timedelta(seconds=1))
    assert current_period(world.services)[0].id == "2026-10"
    world.go_to(local(11, 1))
    assert current_period(world.services)[0].id == "2026-11"
