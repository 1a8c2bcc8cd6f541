"""The order in which a verdict is reached, its causes, and the days that were read."""

from typing import Any

import pytest

from syncd.domain.coverage import deadline_of
from syncd.domain.model import (
    CauseOwner,
    Delivery,
    Exemption,
    Outage,
    OutageOwner,
    Precision,
    SourceId,
    Status,
    Unit,
    Window,
)
from syncd.domain.quota import low_coverage
from tests.domain.facts import SITE, UNIT, causes, facts, judged, local, october, post, posts, rules, typed

EXEMPT = Exemption(
    reason="Nghỉ Tết Nguyên đán",
    document="Công văn số 02-CV/VD ngày 20/01/2026",
    approved_by=("Nguyễn Văn A", "Trần Thị B"),
    periods=(),
    unit=UNIT.id,
)


def test_exempt_comes_before_met() -> None:
    assert judged(facts(*posts(20), exemption=EXEMPT), rules()).status is Status.EXEMPT


def test_met_comes_before_open() -> None:
    assert judged(facts(*posts(12), now="2026-10-20 00:00"), rules()).status is Status.MET


@pytest.mark.parametrize(
    ("now", "status"),
    [("2026-10-20 00:00", Status.OPEN), ("2026-11-04 23:59:59.999", Status.OPEN), ("2026-11-05 00:00", Status.MISSING)],
)
def test_a_period_is_open_until_its_grace_is_over(now: str, status: Status) -> None:
    assert judged(facts(*posts(11), now=now), rules()).status is status


def test_downtime_of_the_portal_keeps_the_period_open_as_long() -> None:
    down = Outage(start=local("2026-10-30 00:00"), end=local("2026-11-01 12:00"))

    given = facts(*posts(11), now="2026-11-07 11:59", portal_outages=(down,))
    verdict = judged(given, rules())

    assert verdict.status is Status.OPEN
    assert causes(verdict) == {"not_written": 1, "portal_down": 3}
    over = facts(*posts(11), now="2026-11-07 12:00", portal_outages=(down,))
    assert judged(over, rules()).status is Status.MISSING


@pytest.mark.parametrize(
    ("outages", "deadline"),
    [
        ([("2026-09-01 00:00", "2026-09-30 00:00")], "2026-11-05 00:00"),
        ([("2026-09-30 00:00", "2026-10-02 00:00")], "2026-11-06 00:00"),
        ([("2026-11-04 00:00", "2026-11-05 06:00")], "2026-11-06 06:00"),
        ([("2026-11-04 00:00", "2026-11-05 00:00"), ("2026-11-05 12:00", "2026-11-05 18:00")], "2026-11-06 06:00"),
        ([("2026-11-06 00:00", "2026-11-07 00:00")], "2026-11-05 00:00"),
        ([("2026-10-01 00:00", "2026-10-02 00:00"), ("2026-10-01 12:00", "2026-10-02 00:00")], "2026-11-06 00:00"),
        ([("2026-11-05 00:00", "2026-11-06 00:00")], "2026-11-05 00:00"),
        ([("2026-11-03 00:00", None)], "2026-11-12 00:00"),
    ],
)
def test_each_hour_of_downtime_counts_once_up_to_the_deadline(
    outages: list[tuple[str, str | None]], deadline: str
) -> None:
    given = [Outage(start=local(start), end=local(end) if end else None) for start, end in outages]

    assert deadline_of(october(rules()), rules(), given, local("2026-11-10 00:00")) == local(deadline)


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"delivery": Delivery.UNKNOWN}, "push_pending"),
        ({"delivery": Delivery.QUEUED}, "push_pending"),
        ({"delivery": Delivery.NONE}, "push_pending"),
        ({"delivery": Delivery.FAILED}, "push_failed"),
        ({"delivery": Delivery.QUARANTINED}, "quarantined"),
        ({"delivery": Delivery.HELD}, "held_for_review"),
        ({"delivery": Delivery.REMOVED}, "removed_on_portal"),
        ({"reprint": True}, "awaiting_decision"),
        ({"back_dated": True}, "awaiting_decision"),
        ({"duplicate_of": "post:cua-don-vi-khac"}, "awaiting_decision"),
        ({"source_instant": None, "precision": Precision.NONE, "date_doubt": "unreadable"}, "awaiting_decision"),
        ({"source_instant": local("2026-10-03 08:00"), "date_doubt": "ambiguous_order"}, "awaiting_decision"),
    ],
)
def test_a_post_waiting_on_anyone_but_the_unit_leaves_the_period_undetermined(
    changes: dict[str, Any], cause: str
) -> None:
    verdict = judged(facts(*posts(11), post("post:cho", **changes)), rules())

    assert (verdict.status, verdict.counted, verdict.waiting) == (Status.UNDETERMINED, 11, 1)
    assert causes(verdict) == {cause: 1}


def test_what_waits_without_filling_the_shortfall_leaves_it_missing() -> None:
    verdict = judged(facts(*posts(10), post("post:cho", delivery=Delivery.HELD)), rules())

    assert verdict.status is Status.MISSING
    assert causes(verdict) == {"not_written": 1, "held_for_review": 1}


def test_portal_posts_of_nobody_may_be_the_units() -> None:
    verdict = judged(facts(*posts(11), unattributed=1), rules())

    assert verdict.status is Status.UNDETERMINED
    assert causes(verdict) == {"unattributed": 1}


def test_a_portal_post_of_nobody_may_be_of_the_heaviest_kind() -> None:
    assert judged(facts(*posts(10), unattributed=1), rules(weights={"bai": 2})).status is Status.UNDETERMINED


def test_an_open_period_waits_for_no_census() -> None:
    assert causes(judged(facts(*posts(2), now="2026-10-15 00:00", census_after_end=None), rules())) == {
        "not_written": 10
    }


def test_without_a_complete_census_nothing_is_missing() -> None:
    verdict = judged(facts(*posts(2), census_after_end=None), rules())

    assert verdict.status is Status.UNDETERMINED
    assert causes(verdict) == {"no_census": 31}


def test_a_shortfall_seen_whole_is_missing_and_the_units() -> None:
    verdict = judged(facts(*posts(5)), rules())

    assert verdict.status is Status.MISSING
    assert [(each.name, each.owner, each.number) for each in verdict.causes] == [("not_written", CauseOwner.UNIT, 7)]


def test_a_unit_without_a_website_is_judged_by_the_census_alone() -> None:
    unit = Unit(id=UNIT.id, name=UNIT.name, group="ban")
    given = facts(*(typed(f"sighting:{n}", "2026-10-07 08:00") for n in range(3)), readings={}, delivery_since=None)

    verdict = judged(given, rules(), unit)

    assert (verdict.status, verdict.counted, verdict.visible) == (Status.MISSING, 3, 3)
    assert (verdict.written, verdict.coverage) == (None, None)
    assert causes(verdict) == {"not_written": 9}


@pytest.mark.parametrize(
    ("windows", "covered"),
    [
        ([(None, "2026-11-01 00:00")], 31),
        ([(None, "2026-10-31 23:59:59.999")], 30),
        ([("2026-10-01 00:00", "2026-11-01 00:00")], 31),
        ([("2026-10-01 00:00:00.001", "2026-11-01 00:00")], 30),
        ([(None, "2026-10-10 12:00"), ("2026-10-10 12:00", "2026-11-01 00:00")], 31),
        ([("2026-10-10 12:01", "2026-11-01 00:00"), (None, "2026-10-10 12:00")], 30),
        ([(None, "2026-10-20 00:00"), ("2026-10-05 00:00", "2026-10-06 00:00")], 19),
        ([], 0),
    ],
)
def test_a_day_is_covered_where_it_is_covered_wholly(windows: list[tuple[str | None, str]], covered: int) -> None:
    readings = {SITE: tuple(Window(start=local(start) if start else None, end=local(end)) for start, end in windows)}

    verdict = judged(facts(*posts(11), readings=readings), rules())

    assert (verdict.covered_days, verdict.total_days) == (covered, 31)
    assert verdict.status is (Status.MISSING if covered == 31 else Status.UNDETERMINED)


def test_a_day_needs_every_source() -> None:
    second = SourceId("ban-a/2")
    unit = Unit(id=UNIT.id, name=UNIT.name, group="ban", sources=(SITE, second))
    readings = {
        SITE: (Window(start=None, end=local("2026-12-01 00:00")),),
        second: (Window(start=local("2026-10-03 00:00"), end=local("2026-12-01 00:00")),),
    }

    assert judged(facts(readings=readings), rules(), unit).covered_days == 29
    assert judged(facts(), rules(), unit).covered_days == 0


def test_only_whole_days_that_are_over_are_asked_for() -> None:
    verdict = judged(facts(now="2026-10-15 10:30"), rules())

    assert (verdict.covered_days, verdict.total_days, verdict.status) == (14, 14, Status.OPEN)


def test_days_on_which_the_site_itself_was_down_are_not_ours() -> None:
    readings = {
        SITE: (
            Window(start=None, end=local("2026-10-11 00:00")),
            Window(start=local("2026-10-20 00:00"), end=local("2026-12-01 00:00")),
        )
    }
    down = Outage(start=local("2026-10-12 00:00"), end=local("2026-10-15 00:00"), owner=OutageOwner.SOURCE)
    just_before = Outage(start=local("2026-10-19 23:59"), end=local("2026-10-20 09:00"), owner=OutageOwner.SOURCE)
    ours = Outage(start=local("2026-10-15 09:00"), end=local("2026-10-16 09:00"))

    verdict = judged(facts(*posts(2), readings=readings, source_outages=(down, just_before, ours)), rules())

    assert verdict.status is Status.UNDETERMINED
    assert causes(verdict) == {"not_read": 5, "source_down": 4}


def test_low_coverage_warns_and_decides_nothing() -> None:
    readings = {SITE: (Window(start=local("2026-10-10 00:00"), end=local("2026-12-01 00:00")),)}

    verdict = judged(facts(*posts(12, "2026-10-12 08:00"), readings=readings), rules())

    assert verdict.status is Status.MET
    assert low_coverage(verdict, rules())
    assert not low_coverage(verdict, rules(min_coverage=0.5))
