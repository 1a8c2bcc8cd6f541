"""Once a month the counted posts are asked for at their public addresses; what does not answer is told, and changes no figure."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from syncd.application.figures.close import close_period
from syncd.application.figures.explain import explain
from syncd.application.jobs import BY_NAME
from syncd.application.reconciling import answers as module
from syncd.application.reconciling.answers import ask_counted
from syncd.application.services import Services
from syncd.application.status import status
from syncd.domain.model import PeriodId, UnitId
from syncd.ports.records import Slot, SlotState
from tests.application.figures_world import World, closing, local, make_world, unit

OCTOBER, BAN_A = PeriodId("2026-10"), UnitId("ban-a")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A closed October with three counted posts and one that was removed."""
    made = make_world(tmp_path, [unit("ban-a", quota=3)], start=local(11, 10))
    made.look("ban-a", local(9, 28))
    made.look("ban-a", local(11, 5))
    for day in (5, 6, 7):
        made.post("ban-a", local(10, day), delivered=local(10, day, 1), sighted=local(11, 6))
    made.post("ban-a", local(10, 8), delivered=local(10, 8, 1), sighted=local(11, 6), portal_state="trash")
    made.census("2026-10", local(11, 6))
    close_period(made.services, OCTOBER)
    yield made
    closing(made)


def asking(world: World, answer: Callable[[str, str], tuple[bool | None, str]]) -> tuple[Services, list[str]]:
    asked: list[str] = []

    def ask(url: str, title: str) -> tuple[bool | None, str]:
        asked.append(url)
        return answer(url, title)

    return replace(world.services, portal_answers=ask), asked


def leaf(services: Services) -> dict[str, Any]:
    with services.db.read() as uow:
        return [json.loads(each.body)["data"] for each in uow.ledger.leaves() if each.kind.value == "readback"][-1]


def test_every_counted_post_is_asked_for_once_a_month(world: World) -> None:
    services, asked = asking(world, lambda url, title: (True, "HTTP 200"))
    report = ask_counted(services)
    assert (report.asked, report.answering, report.silent) == (3, 3, ())
    assert asked == [f"http://cong.example/{number}" for number in (1, 2, 3)]
    assert ask_counted(services).asked == 0
    world.clock.advance(timedelta(days=29))
    assert ask_counted(services).asked == 3


def test_one_that_does_not_answer_is_told_and_changes_no_figure(world: World) -> None:
    before = explain(world.services, BAN_A, OCTOBER)
    services, _ = asking(world, lambda url, title: (not url.endswith("/2"), "HTTP 404"))
    at = world.clock.now()
    slot = Slot(id=1, job="answers", subject="office", due=at, state=SlotState.RUNNING)
    outcome = BY_NAME["answers"].run(services, slot)
    [ref] = outcome["silent"]
    assert leaf(services)["silent"] == [{"ref": ref, "url": "http://cong.example/2", "seen": "HTTP 404"}]
    [told] = [each for each in status(services).problems if each.kind == "posts_silent"]
    assert "http://cong.example/2: HTTP 404" in told.message
    after = explain(services, BAN_A, OCTOBER)
    [post] = [each for each in after.posts if each.judgement.post.ref == ref]
    assert "không còn mở được ở địa chỉ công khai (từ 00:00 ngày 10/11/2026)" in post.sentence
    assert (after.cell.verdict, post.judgement.counts) == (before.cell.verdict, True)

    services, _ = asking(world, lambda url, title: (True, "HTTP 200"))
    world.clock.advance(timedelta(days=29))
    assert ask_counted(services).back == (ref,)
    assert "posts_silent" not in [each.kind for each in status(services).problems]


def test_an_answer_that_says_nothing_is_asked_for_again(world: World) -> None:
    services, asked = asking(world, lambda url, title: (None, "timeout"))
    assert ask_counted(services).unsaid == 3
    assert ask_counted(services).unsaid == 3
    assert len(asked) == 6


def test_so_many_are_asked_for_in_one_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ASKED_A_RUN", 2)
    services, _ = asking(world, lambda url, title: (True, "HTTP 200"))
    assert [ask_counted(services).asked for _ in range(3)] == [2, 1, 0]
