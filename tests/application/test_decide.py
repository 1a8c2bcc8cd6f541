"""What waits on a person ends by that person's word, and the ledger holds it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.application.decide import Decision, decide
from syncd.application.figures.close import close_period
from syncd.application.figures.explain import explain
from syncd.application.figures.quota_table import quota_table
from syncd.domain.ledger import LeafKind
from syncd.domain.model import PeriodId, PostId, UnitId, Verdict
from syncd.errors import UsageError
from syncd.ports.records import PushState
from tests.application.figures_world import World, closing, local, make_world, unit

OCTOBER, BAN_A = PeriodId("2026-10"), UnitId("ban-a")
SIGNED = {"reason": "đã đối chiếu bản giấy", "by": "Nguyễn Văn A"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = make_world(tmp_path, [unit("ban-a", quota=1)], start=local(11, 10))
    made.look("ban-a", local(11, 5))
    made.census("2026-10", local(11, 6))
    yield made
    closing(made)


def october(world: World) -> Verdict:
    cell = quota_table(world.services, [OCTOBER]).cell(BAN_A, OCTOBER)
    assert cell is not None
    return cell.recount


def ref_of(world: World) -> str:
    [post] = explain(world.services, BAN_A, OCTOBER).posts
    return post.judgement.post.ref


@pytest.mark.parametrize(("decision", "status"), [(Decision.COUNT, "met"), (Decision.EXCLUDE, "missing")])
def test_a_post_with_a_doubted_date_counts_or_not_as_decided(world: World, decision: Decision, status: str) -> None:
    world.post("ban-a", local(10, 9), delivered=local(10, 9, 1), date_doubt="ambiguous_order")
    assert october(world).status == "undetermined"

    report = decide(world.services, ref_of(world), decision, **SIGNED)

    assert october(world).status == status
    with world.services.db.read() as uow:
        [leaf] = uow.ledger.leaves(report.leaf, report.leaf + 1)
    assert (leaf.kind, leaf.unit) == (LeafKind.ADMIN_ACTION, BAN_A)
    data = json.loads(leaf.body)["data"]
    assert (data["decision"], data["by"], data["reason"]) == (decision.value, SIGNED["by"], SIGNED["reason"])


def test_a_typed_post_is_decided_too_and_the_newest_decision_stands(world: World) -> None:
    for number in (1, 2):
        world.typed("ban-a", local(10, number + 5), text="Xem tệp đính kèm", title=f"Thông báo số {number}")
    second = explain(world.services, BAN_A, OCTOBER).posts[1].judgement
    assert second.reason == "waiting:twin"

    for decision in (Decision.EXCLUDE, Decision.COUNT):
        decide(world.services, second.post.ref, decision, **SIGNED)

    assert (october(world).counted, october(world).waiting) == (2, 0)


def test_what_was_withheld_is_released_and_what_was_refused_is_tried_again(world: World) -> None:
    withheld = world.post("ban-a", local(10, 9), push=PushState.QUARANTINED, quarantine="MẬT")
    refused = world.post("ban-a", local(10, 10), push=PushState.DEAD)

    decide(world.services, f"post:{withheld}", Decision.RELEASE, **SIGNED)
    decide(world.services, f"post:{refused}", Decision.RETRY, **SIGNED)

    with world.services.db.read() as uow:
        due = {push.post: push.state for push in uow.pushes.due("cong", world.clock.now())}
        released = uow.posts.get(withheld)
    assert due == {withheld: PushState.QUEUED, refused: PushState.QUEUED}
    assert released is not None
    assert released.quarantine is None


def test_a_closed_statement_stays_and_the_decision_shows_beside_it(world: World) -> None:
    world.post("ban-a", local(10, 9), delivered=local(10, 9, 1), date_doubt="ambiguous_order")
    ref = ref_of(world)
    close_period(world.services, OCTOBER)

    decide(world.services, ref, Decision.COUNT, **SIGNED)

    cell = quota_table(world.services, [OCTOBER]).cell(BAN_A, OCTOBER)
    assert cell is not None
    assert (cell.verdict.status, cell.recount.status) == ("undetermined", "met")


@pytest.mark.parametrize(
    ("ref", "decision", "signed"),
    [
        ("post:99", Decision.COUNT, SIGNED),
        ("sighting:99", Decision.COUNT, SIGNED),
        ("12", Decision.COUNT, SIGNED),
        ("post:1", Decision.RELEASE, SIGNED),
        ("post:1", Decision.RETRY, SIGNED),
        ("sighting:1", Decision.RETRY, SIGNED),
        ("sighting:1", Decision.COUNT, SIGNED),
        ("post:1", Decision.COUNT, {**SIGNED, "reason": " "}),
        ("post:1", Decision.COUNT, {**SIGNED, "by": ""}),
    ],
)
def test_a_decision_that_fits_nothing_is_refused_and_leaves_no_leaf(
    world: World, ref: str, decision: Decision, signed: dict[str, str]
) -> None:
    assert world.post("ban-a", local(10, 9), delivered=local(10, 9, 1)) == PostId(1)
    world.typed(None, local(10, 7))
    with world.services.db.read() as uow:
        size = uow.ledger.head().size

    with pytest.raises(UsageError):
        decide(world.services, ref, decision, **signed)

    with world.services.db.read() as uow:
        assert uow.ledger.head().size == size
