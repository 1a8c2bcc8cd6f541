"""One figure opened down to its posts, in words; and the words themselves."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from syncd.application import wording
from syncd.application.figures.close import adjust, close_period
from syncd.application.figures.explain import explain
from syncd.domain.judging import REASONS
from syncd.domain.model import (
    AdjustmentKind,
    CauseOwner,
    Delivery,
    PeriodId,
    Status,
    UnitId,
)
from syncd.domain.quota import CAUSES
from syncd.errors import UsageError
from syncd.ports.records import PushState
from tests.application.figures_world import World, backfill, closing, local, make_world, unit, worked_example

OCTOBER = PeriodId("2026-10")
BAN_A = UnitId("ban-a")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = make_world(
        tmp_path, [unit("ban-a"), unit("ban-b", site=False, active_from=local(11, 9).date())], start=local(11, 1, 7)
    )
    yield made
    closing(made)


def opened(world: World, language: str | None = None, period: PeriodId = OCTOBER) -> dict[str, Any]:
    return explain(world.services, BAN_A, period, language=language).as_json()


def test_worked_example_opens_to_each_post_with_its_reason(world: World) -> None:
    worked_example(world)
    world.go_to(local(11, 5))

    found = opened(world)

    assert found["status"] == "undetermined"
    assert (len(found["posts"]), sum(post["counts"] for post in found["posts"])) == (12, found["counted"])
    [reprint] = [post for post in found["posts"] if not post["counts"]]
    assert reprint["reason"] == "excluded:reprint"
    assert reprint["sentence"].startswith("Không tính: tin dẫn lại từ nguồn khác; đăng trên Trang của đơn vị lúc 08:00")
    [typed] = [post for post in found["posts"] if post["origin"] == "typed"]
    assert "nhập tay trên Cổng lúc 10:00 ngày 15/10/2026" in typed["sentence"]


def test_story_tells_counts_gaps_causes_and_what_would_change_it(world: World) -> None:
    worked_example(world)
    world.go_to(local(11, 5))

    found = opened(world)

    assert found["headline"] == (
        "Ban-A Tỉnh ủy Ví Dụ, tháng 10/2026: tính được 11 trên chỉ tiêu 12 tin, bài. Kết luận: Chưa xác định."
    )
    assert "Hệ thống đọc được Trang của đơn vị trong 22/31 ngày của kỳ." in found["sentences"]
    assert "Chưa đọc được Trang của đơn vị trong 9 ngày (trách nhiệm: hệ thống liên thông)." in found["sentences"]
    assert any(line.startswith("Đọc bù 9 ngày") for line in found["would_change"])
    assert found["cause_details"][0] == {"name": "excluded:reprint", "owner": "unit", "number": 1, "measure": "posts"}


def test_english_for_who_asks_for_it(world: World) -> None:
    worked_example(world)
    world.go_to(local(11, 5))
    found = opened(world, "en")
    assert found["headline"].endswith("October 2026: 11 posts count of 12 required. Verdict: undetermined.")
    assert "The unit's site was read for 22 of 31 days of the period." in found["sentences"]


def test_closed_and_adjusted_period_shows_both_and_what_came_since(world: World) -> None:
    worked_example(world)
    world.go_to(local(11, 6))
    close_period(world.services, OCTOBER)
    backfill(world, local(11, 7, 9))
    adjust(
        world.services,
        BAN_A,
        OCTOBER,
        kind=AdjustmentKind.POSTS,
        posts=4,
        document="Công văn số 15-CV/VD",
        approved_by=("Nguyễn Văn A", "Trần Thị B"),
    )

    found = opened(world)

    assert (found["status"], found["counted"], found["as_closed"]["counted"]) == ("met", 15, 11)
    since = [post for post in found["posts"] if post["since_closing"]]
    assert len(since) == 4
    assert {post["reason"] for post in since} == {"counted_late"}
    assert any("Số liệu đã chốt lúc 00:00 ngày 06/11/2026: 11 tin, bài" in line for line in found["sentences"])
    assert any("+4 tin, bài, theo Công văn số 15-CV/VD" in line for line in found["sentences"])
    assert found["would_change"] == []


def test_post_that_arrived_here_but_belongs_elsewhere_is_shown_apart(world: World) -> None:
    world.post("ban-a", local(6, 3), delivered=local(10, 9), sighted=local(10, 9, 1))
    found = opened(world)
    assert found["posts"] == []
    assert [post["reason"] for post in found["arrived"]] == ["other_period"]
    assert found["arrived"][0]["sentence"].startswith("Thuộc kỳ khác (tháng 06/2026); đăng trên Trang")


def test_open_period_says_how_many_more_and_until_when(world: World) -> None:
    world.look("ban-a", local(11, 1, 6))
    found = opened(world, period=PeriodId("2026-11"))
    assert found["status"] == "open"
    assert any(
        line.startswith("Đơn vị đăng thêm 12 tin, bài đến hết ngày 30/11/2026") for line in found["would_change"]
    )


def test_waiting_posts_are_counted_out(world: World) -> None:
    world.look("ban-a", local(9, 30))
    for day in (2, 3):
        world.post("ban-a", local(10, day), push=PushState.UNKNOWN)
    found = opened(world)
    assert {post["reason"] for post in found["posts"]} == {"waiting:unknown"}
    assert any(line.startswith("2 tin, bài đang chờ") for line in found["would_change"])


def test_unit_without_quota_in_the_period_is_a_wrong_call(world: World) -> None:
    with pytest.raises(UsageError, match="not under the quota"):
        explain(world.services, UnitId("ban-b"), OCTOBER)
    with pytest.raises(UsageError, match="unknown unit"):
        explain(world.services, UnitId("ban-x"), OCTOBER)


@pytest.mark.parametrize(
    ("catalogue", "names"),
    [
        (wording.REASON, REASONS),
        (wording.CAUSE, CAUSES),
        (wording.STATUS, Status),
        (wording.OWNER, CauseOwner),
        (wording.DELIVERY, Delivery),
    ],
    ids=["reasons", "causes", "statuses", "owners", "deliveries"],
)
def test_every_name_has_words_in_both_languages_and_no_word_is_idle(catalogue: Any, names: Any) -> None:
    assert {str(name) for name in catalogue} == {str(name) for name in names}
    assert all(vi and en and vi != en for vi, en in catalogue.values())


def test_unknown_name_is_shown_rather_than_hidden() -> None:
    assert wording.words(wording.REASON, "excluded:something_new") == "excluded:something_new"


@pytest.mark.parametrize(
    ("period", "label"),
    [("2026-10", "tháng 10/2026"), ("2024-02", "tháng 02/2024")],
)
def test_period_in_words(world: World, period: str, label: str) -> None:
    assert wording.period_label(world.services.rulesets.period(period)[0]) == label
