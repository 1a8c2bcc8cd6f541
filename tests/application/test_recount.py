"""The same facts give the same verdict, through the real database: in whatever order they were recorded, and counted again after closing."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.application.figures.close import close_period
from syncd.application.figures.quota_table import quota_table
from syncd.application.figures.statements import verdict_as_json
from syncd.domain.model import PeriodId, UnitId
from syncd.ports.records import PushState
from tests.application.figures_world import World, closing, local, make_world, unit

OCTOBER, BAN_A = PeriodId("2026-10"), UnitId("ban-a")

Act = Callable[[World], object]


def _post(day: int, **more: Any) -> Act:
    return lambda world: world.post("ban-a", local(10, day, 8), seen=local(10, day, 9), **more)


FACTS: tuple[Act, ...] = (
    lambda world: world.look("ban-a", local(10, 12)),
    lambda world: world.look("ban-a", local(10, 20), covers_from=local(10, 15)),
    lambda world: world.look("ban-a", local(10, 25), outcome="failed"),
    lambda world: world.look("ban-a", local(11, 3), covers_from=local(10, 10)),
    lambda world: world.census("2026-10", local(11, 2)),
    lambda world: world.census("2026-10", local(11, 4), complete=False),
    lambda world: world.census("2026-10", local(11, 5)),
    _post(2, delivered=local(10, 2, 9), sighted=local(11, 2)),
    _post(3, delivered=local(11, 9), sighted=local(11, 9)),
    _post(5, push=PushState.DEAD),
    _post(6, delivered=local(10, 6, 9), reprint=True),
    _post(7, delivered=local(10, 7, 9), date_doubt="ambiguous_order"),
    _post(8, push=PushState.UNKNOWN, text="Một bài", words=300),
    lambda world: world.typed("ban-a", local(10, 9), text="Một bài", title="Một bài"),
    lambda world: world.typed("ban-a", local(10, 10), text="Nhập hai lần", title="Nhập hai lần"),
    lambda world: world.typed("ban-a", local(10, 11), text="Nhập hai lần", title="Nhập hai lần"),
    lambda world: world.typed(None, local(10, 13)),
)


def counted(acts: Sequence[Act]) -> list[tuple[Any, ...]]:
    """The figures in force before closing, as closed, and counted again, after these acts."""
    with tempfile.TemporaryDirectory() as folder:
        world = make_world(Path(folder), [unit("ban-a", quota=9)], start=local(11, 10))
        try:
            for act in acts:
                act(world)
            found = []
            for _ in range(2):
                cell = quota_table(world.services, [OCTOBER]).cell(BAN_A, OCTOBER)
                assert cell is not None
                told = [verdict_as_json(verdict) for verdict in (cell.verdict, cell.recount)]
                assert told[0] == told[1]
                reasons = sorted(
                    (post["source_instant"] or post["portal_instant"], post["reason"]) for post in told[0]["posts"]
                )
                names = ("status", "written", "delivered", "visible", "counted", "waiting", "covered_days", "causes")
                found.append((*(told[0][name] for name in names), reasons))
                if cell.statement is None:
                    close_period(world.services, OCTOBER)
            return found
        finally:
            closing(world)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.permutations(FACTS))
def test_neither_the_order_of_recording_nor_closing_changes_a_figure(acts: list[Act]) -> None:
    before, closed = counted(acts)

    assert before == closed
    assert before == counted(FACTS)[0]
