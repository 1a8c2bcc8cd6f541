"""What the judging is given: deliveries, typed copies, readings, doubts."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from syncd.application.figures.deliveries import delivery_of
from syncd.application.figures.facts import exemption_of, gather, is_active
from syncd.application.figures.quota_table import quota_table
from syncd.domain.model import (
    Approval,
    Delivery,
    Exemption,
    Origin,
    PeriodFacts,
    PeriodId,
    PostFact,
    PostId,
    SourceId,
    SourceKey,
    UnitId,
    Verdict,
    Window,
    local_month,
)
from syncd.ports.records import PushRecord, PushState, SightingRecord, SourceState
from tests.application.figures_world import World, closing, local, make_world, unit

OCTOBER = PeriodId("2026-10")
SENT = local(10, 5, 9)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = make_world(tmp_path, [unit("ban-a"), unit("ban-b")], start=local(11, 1, 7))
    yield made
    closing(made)


def facts_of(world: World, unit_id: str = "ban-a", period: PeriodId = OCTOBER) -> PeriodFacts:
    found, _ = world.services.rulesets.period(period)
    with world.services.db.read() as uow:
        return gather(uow, world.services, list(world.services.units.values()), [found])[UnitId(unit_id), period]


def only_post(world: World, unit_id: str = "ban-a") -> PostFact:
    [post] = facts_of(world, unit_id).posts
    return post


def october(world: World, unit_id: str = "ban-a") -> Verdict:
    cell = quota_table(world.services, [OCTOBER]).cell(UnitId(unit_id), OCTOBER)
    assert cell is not None
    return cell.recount


def push(state: PushState, **more: object) -> PushRecord:
    made = PushRecord(
        portal="cong",
        post=PostId(1),
        unit=UnitId("ban-a"),
        key=SourceKey("syncd-" + "0" * 32),
        state=state,
        approval=Approval.AUTO,
        queued_at=SENT,
    )
    return replace(made, **more)


def sighting(state: str, seen: datetime = SENT + timedelta(hours=1), *, gone: datetime | None = None) -> SightingRecord:
    return SightingRecord(
        portal="cong",
        portal_id="1",
        title="Tin",
        url="http://cong.example/1",
        state=state,
        first_seen=seen,
        last_seen=seen,
        published_at=SENT,
        month=local_month(SENT),
        gone_at=gone,
    )


DELIVERED = push(PushState.DELIVERED, accepted_at=SENT, portal_id="1", portal_state="public")


@pytest.mark.parametrize(
    ("pushed", "seen", "looked", "expected"),
    [
        (None, None, None, Delivery.NONE),
        (push(PushState.QUEUED), None, None, Delivery.QUEUED),
        (push(PushState.INTENT), None, None, Delivery.UNKNOWN),
        (push(PushState.UNKNOWN), None, None, Delivery.UNKNOWN),
        (push(PushState.DEAD), None, None, Delivery.FAILED),
        (push(PushState.QUARANTINED), None, None, Delivery.QUARANTINED),
        (DELIVERED, None, None, Delivery.ACCEPTED),
        (DELIVERED, None, SENT - timedelta(hours=1), Delivery.ACCEPTED),
        (DELIVERED, None, SENT + timedelta(hours=1), Delivery.REMOVED),
        (DELIVERED, sighting("public"), None, Delivery.VISIBLE),
        (DELIVERED, sighting("pending"), None, Delivery.HELD),
        (DELIVERED, sighting("draft"), None, Delivery.HELD),
        (DELIVERED, sighting("trash"), None, Delivery.REMOVED),
        (DELIVERED, sighting("public", gone=SENT + timedelta(days=1)), None, Delivery.REMOVED),
        (DELIVERED, sighting("draft", SENT - timedelta(days=1)), None, Delivery.ACCEPTED),
        (DELIVERED, sighting("public", SENT - timedelta(seconds=1)), SENT + timedelta(hours=1), Delivery.ACCEPTED),
        (replace(DELIVERED, portal_state="pending"), None, SENT + timedelta(hours=1), Delivery.HELD),
        (replace(DELIVERED, portal_state="trash"), None, None, Delivery.REMOVED),
        (replace(DELIVERED, state=PushState.UNKNOWN), None, None, Delivery.ACCEPTED),
        (replace(DELIVERED, state=PushState.DEAD), sighting("public"), None, Delivery.VISIBLE),
        (push(PushState.UNKNOWN), sighting("public"), None, Delivery.VISIBLE),
    ],
    ids=[
        "nothing",
        "queued",
        "left over after a crash",
        "unknown",
        "dead",
        "quarantined",
        "accepted",
        "census before it",
        "census after it lacks it",
        "seen",
        "seen pending",
        "seen as draft",
        "seen in trash",
        "seen, then gone",
        "seen before it was taken over",
        "seen by a clock that was set back",
        "held for review",
        "found in trash",
        "its update is unknown",
        "its update was refused",
        "unknown but seen",
    ],
)
def test_delivery(
    pushed: PushRecord | None, seen: SightingRecord | None, looked: datetime | None, expected: Delivery
) -> None:
    assert delivery_of(pushed, seen, looked) is expected


def test_typed_copy_of_an_own_post_is_that_post(world: World) -> None:
    world.post("ban-a", local(10, 5), push=PushState.UNKNOWN, text="Cùng một bài", words=300)
    world.typed("ban-a", local(10, 6), text="Cùng một bài")

    post = only_post(world)

    assert (post.origin, post.delivery, post.portal_instant) == (Origin.SITE, Delivery.VISIBLE, local(10, 6))


def test_typed_copy_of_a_post_of_another_period_counts_there(world: World) -> None:
    world.post("ban-a", local(8, 31, 23), text="Bài cuối tháng tám", words=300)
    world.typed("ban-a", local(10, 2), text="Bài cuối tháng tám")

    post = only_post(world)

    assert (post.origin, post.source_instant) == (Origin.SITE, local(8, 31, 23))


def test_same_text_of_another_unit_is_another_post(world: World) -> None:
    world.post("ban-b", local(10, 5), text="Cùng một bài")
    world.typed("ban-a", local(10, 6), text="Cùng một bài")
    assert only_post(world).origin is Origin.TYPED


def test_same_text_typed_twice_is_one_post(world: World) -> None:
    for day in (6, 7):
        world.typed("ban-a", local(10, day), text="Nhập hai lần", title="Nhập hai lần")
    first, second = sorted(facts_of(world).posts, key=lambda post: post.ref)
    assert (first.duplicate_of, second.duplicate_of) == (None, first.ref)


def test_same_text_typed_under_another_title_waits_for_a_person(world: World) -> None:
    """It may be "Xem tệp đính kèm", twice, of two posts: taking it for one would blame the unit."""
    for day in (6, 7):
        world.typed("ban-a", local(10, day), text="Xem tệp đính kèm", title=f"Thông báo số {day}")

    first, second = sorted(facts_of(world).posts, key=lambda post: post.ref)

    assert (first.twin, second.twin, second.duplicate_of) == (None, first.ref, None)


def test_a_short_text_is_another_post_under_another_title(world: World) -> None:
    world.post("ban-a", local(10, 5), delivered=local(10, 5, 9), text="Xem tệp đính kèm", words=4)
    world.typed("ban-a", local(10, 6), text="Xem tệp đính kèm", title="Thông báo khác")

    assert [(post.duplicate_of, post.twin) for post in facts_of(world).posts] == [(None, None)] * 2


def test_which_periods_are_asked_for_never_changes_a_typed_post(world: World) -> None:
    for month, day in ((9, 10), (10, 7)):
        world.typed("ban-a", local(month, day), text="Nhập hai lần", title="Nhập hai lần")

    alone = quota_table(world.services, [OCTOBER]).cell(UnitId("ban-a"), OCTOBER)
    together = quota_table(world.services, [PeriodId("2026-09"), OCTOBER])

    assert alone is not None
    assert alone == together.cell(UnitId("ban-a"), OCTOBER)
    counted = [together.cell(UnitId("ban-a"), PeriodId(period)) for period in ("2026-09", "2026-10")]
    assert [cell.verdict.counted for cell in counted if cell] == [1, 0]


def test_a_copy_typed_in_the_next_period_is_known_where_that_period_is_not_asked_for(world: World) -> None:
    """The editor typed by hand what was refused: October is closed by itself, and must know."""
    world.post("ban-a", local(10, 20), push=PushState.QUARANTINED, text="Bài bị giữ", words=300)
    world.typed("ban-a", local(11, 5), text="Bài bị giữ")

    assert only_post(world).delivery is Delivery.VISIBLE


def test_a_copy_that_is_gone_holds_no_place_against_one_that_stands(world: World) -> None:
    world.typed("ban-a", local(10, 6), text="Nhập lại", title="Nhập lại", gone_at=local(10, 8))
    world.typed("ban-a", local(10, 9), text="Nhập lại", title="Nhập lại")

    verdict = october(world)

    assert (verdict.counted, verdict.waiting) == (1, 0)


def test_a_source_that_was_exchanged_began_the_carrying_all_the_same(world: World) -> None:
    """A new site in November does not make October's posts ones that nothing carried."""
    with world.services.db.write() as uow:
        old = SourceState(
            source=SourceId("ban-a/cu"), unit=UnitId("ban-a"), url="http://cu.example/", first_look_at=local(9, 1)
        )
        uow.sources.put(old)
        uow.commit()
    world.look("ban-a", local(11, 5))

    assert facts_of(world).delivery_since == local(9, 1)


def test_typed_posts_without_text_are_not_taken_for_one_another(world: World) -> None:
    for day in (6, 7):
        world.typed("ban-a", local(10, day), text="")
    assert [post.duplicate_of for post in facts_of(world).posts] == [None, None]


def test_typed_post_counts_from_its_first_sighting_where_an_earlier_census_lacked_it(world: World) -> None:
    world.typed("ban-a", local(10, 6), seen=local(10, 20), late_sighting=True)
    assert only_post(world).portal_instant == local(10, 20)


def test_typed_post_with_a_date_of_an_earlier_period_is_seen_in_the_period_it_came_in(world: World) -> None:
    world.typed("ban-a", local(8, 6), seen=local(10, 20), late_sighting=True)
    assert only_post(world).portal_instant == local(10, 20)


def test_post_that_stands_twice_on_the_portal_is_as_good_as_the_better_copy(world: World) -> None:
    post = world.post("ban-a", local(10, 5), delivered=local(10, 5, 1), sighted=local(10, 6))
    with world.services.db.write() as uow:
        uow.sightings.put([replace(sighting("trash", local(10, 9)), portal_id="99", post=post)])
        uow.commit()
    assert only_post(world).delivery is Delivery.VISIBLE


def test_sighting_dated_outside_the_period_still_tells_what_became_of_the_post(world: World) -> None:
    post = world.post("ban-a", local(10, 5), delivered=local(10, 5, 1))
    with world.services.db.write() as uow:
        uow.sightings.put([replace(sighting("public"), post=post, published_at=local(2, 1), month="2026-02")])
        uow.commit()
    assert only_post(world).delivery is Delivery.VISIBLE


@pytest.mark.parametrize(
    ("state", "delivery"), [("pending", Delivery.HELD), ("scheduled", Delivery.HELD), ("trash", Delivery.REMOVED)]
)
def test_typed_post_that_is_not_public_says_so(world: World, state: str, delivery: Delivery) -> None:
    world.typed("ban-a", local(10, 6), state=state)
    assert only_post(world).delivery is delivery


def test_drafts_of_nobody_and_of_units_are_no_posts(world: World) -> None:
    world.typed("ban-a", local(10, 6), state="draft")
    world.typed(None, local(10, 6), state="draft")
    facts = facts_of(world)
    assert (facts.posts, facts.unattributed) == ((), 0)


def test_unattributed_posts_are_those_of_the_period(world: World) -> None:
    world.typed(None, local(10, 31, 23, 59))
    world.typed(None, local(11, 1))
    world.typed(None, local(10, 3), gone_at=local(10, 4))
    assert facts_of(world).unattributed == 1


def test_readings_and_the_start_of_carrying_come_from_the_looks(world: World) -> None:
    world.look("ban-a", local(10, 1, 1), covers_from=local(9, 20))
    world.look("ban-a", local(10, 9), outcome="failed")
    world.look("ban-a", local(10, 12), covers_from=local(9, 30))
    world.look("ban-a", local(10, 25), covers_from=local(10, 20))

    facts = facts_of(world)

    assert facts.readings[SourceId("ban-a/0")] == (
        Window(start=local(9, 20), end=local(10, 12)),
        Window(start=local(10, 20), end=local(10, 25)),
    )
    assert facts.delivery_since == local(10, 1, 1)


def test_a_post_in_doubt_is_shown_to_every_period_it_might_belong_to(world: World) -> None:
    world.post("ban-a", local(10, 5), date_doubt="ambiguous_order")
    found = [world.services.rulesets.period(period)[0] for period in ("2026-05", "2026-10")]
    with world.services.db.read() as uow:
        facts = gather(uow, world.services, list(world.services.units.values()), found)
    assert [len(facts[UnitId("ban-a"), PeriodId(period)].posts) for period in ("2026-05", "2026-10")] == [1, 1]
    assert len(facts_of(world, period=PeriodId("2026-05")).posts) == 1


def test_nothing_asked_nothing_read(world: World) -> None:
    with world.services.db.read() as uow:
        assert gather(uow, world.services, [], []) == {}


def test_own_exemption_comes_before_that_of_the_group() -> None:
    common = {"reason": "Tết", "approved_by": ("A", "B"), "periods": (OCTOBER,)}
    group = Exemption(document="1", group="ban", **common)
    own = Exemption(document="2", unit=UnitId("ban-a"), **common)
    assert exemption_of([group, own], unit("ban-a"), OCTOBER) is own
    assert exemption_of([group, own], unit("ban-b"), OCTOBER) is group
    assert exemption_of([group, own], unit("ban-a"), PeriodId("2026-11")) is None


@pytest.mark.parametrize(
    ("first", "last", "active"),
    [(None, None, True), ((10, 31), None, True), ((11, 1), None, False), (None, (10, 1), True), (None, (9, 30), False)],
)
def test_unit_is_active_where_one_day_is(
    world: World, first: tuple[int, int] | None, last: tuple[int, int] | None, active: bool
) -> None:
    period, _ = world.services.rulesets.period("2026-10")
    day = lambda at: None if at is None else period.first_day.replace(month=at[0], day=at[1])  # noqa: E731
    assert is_active(unit("ban-a", active_from=day(first), active_to=day(last)), period) is active
