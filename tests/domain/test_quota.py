from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.domain.coverage import deadline_of
from syncd.domain.judging import holders
from syncd.domain.model import (
    Adjustment,
    AdjustmentKind,
    CauseOwner,
    Delivery,
    Exemption,
    Outage,
    OutageOwner,
    Period,
    PeriodFacts,
    PostFact,
    Precision,
    SourceId,
    Status,
    Unit,
    UnitId,
    Window,
)
from syncd.domain.periods import period_by_id
from syncd.domain.quota import CAUSES, REASONS, in_force, low_coverage, required_posts
from syncd.domain.rules import RuleSet
from tests.domain.facts import (
    SITE,
    UNIT,
    causes,
    facts,
    judged,
    local,
    october,
    post,
    posts,
    reasons,
    rules,
    typed,
    verdict_of,
)

NO_CARRYING = {"delivery_since": None}
EXEMPT = Exemption(
    reason="Nghỉ Tết Nguyên đán",
    document="Công văn số 02-CV/VD ngày 20/01/2026",
    approved_by=("Nguyễn Văn A", "Trần Thị B"),
    periods=(),
    unit=UNIT.id,
)


# --- the order of the verdict -------------------------------------------------------------------------


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
    given = facts(*(typed(f"sighting:{n}", "2026-10-07 08:00") for n in range(3)), readings={}, **NO_CARRYING)

    verdict = judged(given, rules(), unit)

    assert (verdict.status, verdict.counted, verdict.visible) == (Status.MISSING, 3, 3)
    assert (verdict.written, verdict.coverage) == (None, None)
    assert causes(verdict) == {"not_written": 9}


# --- coverage -----------------------------------------------------------------------------------------


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
    down = Outage(start=local("2026-10-12 09:00"), end=local("2026-10-14 09:00"), owner=OutageOwner.SOURCE)
    ours = Outage(start=local("2026-10-15 09:00"), end=local("2026-10-16 09:00"))

    verdict = judged(facts(*posts(2), readings=readings, source_outages=(down, ours)), rules())

    assert verdict.status is Status.UNDETERMINED
    assert causes(verdict) == {"not_read": 6, "source_down": 3}


def test_low_coverage_warns_and_decides_nothing() -> None:
    readings = {SITE: (Window(start=local("2026-10-10 00:00"), end=local("2026-12-01 00:00")),)}

    verdict = judged(facts(*posts(12, "2026-10-12 08:00"), readings=readings), rules())

    assert verdict.status is Status.MET
    assert low_coverage(verdict, rules())
    assert not low_coverage(verdict, rules(min_coverage=0.5))


# --- what counts --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "on_portal", "counts_by", "since", "reason"),
    [
        ("2026-10-31 23:59:59.999", "2026-10-31 23:59:59.999", "portal", "2020-01-01", "counted"),
        ("2026-10-31 23:50", "2026-11-01 00:00", "portal", "2020-01-01", "counted_late"),
        ("2026-10-31 23:50", "2027-02-01 00:00", "portal", "2026-10-31", "counted_late"),
        ("2026-10-31 23:50", "2026-11-01 00:00", "portal", "2026-11-01", "make_up"),
        ("2026-10-31 23:50", "2026-11-04 23:59", "source", "2020-01-01", "counted"),
        ("2026-10-31 23:50", "2026-11-04 23:59", "source", "2026-11-01", "counted"),
        ("2026-10-31 23:50", "2026-11-05 00:01", "source", "2020-01-01", "counted_late"),
        ("2026-10-31 23:50", "2026-11-05 00:01", "source", "2026-11-02", "make_up"),
        ("2026-09-30 23:59:59.999", "2026-10-01 00:10", "portal", "2020-01-01", "other_period"),
        ("2026-10-01 00:00", "2026-09-30 23:59", "portal", "2020-01-01", "counted"),
    ],
)
def test_a_post_of_the_site_belongs_to_the_period_of_its_source_instant(
    written: str, on_portal: str, counts_by: str, since: str, reason: str
) -> None:
    given = facts(post("p", written, portal_instant=local(on_portal)), delivery_since=local(f"{since} 00:00"))

    verdict = judged(given, rules(counts_by=counts_by))

    assert reasons(verdict) == {"p": reason}
    assert verdict.counted == (1 if reason.startswith("counted") else 0)


@pytest.mark.parametrize(
    ("shown", "counted"),
    [("2026-09-30 23:59:59.999", 0), ("2026-10-01 00:00", 1), ("2026-10-31 23:59:59.999", 1), ("2026-11-01 00:00", 0)],
)
def test_a_typed_post_belongs_to_the_period_of_its_portal_instant(shown: str, counted: int) -> None:
    assert judged(facts(typed("sighting:1", shown)), rules()).counted == counted


@pytest.mark.parametrize(
    ("delivery", "since", "reason"),
    [
        (Delivery.NONE, None, "not_carried"),
        (Delivery.NONE, "2026-11-01 00:00", "not_carried"),
        (Delivery.NONE, "2026-10-31 23:59", "waiting:queued"),
        (Delivery.QUEUED, "2026-11-01 00:00", "not_carried"),
        (Delivery.FAILED, "2026-11-01 00:00", "not_carried"),
        (Delivery.QUEUED, "2026-10-01 00:00", "waiting:queued"),
    ],
)
def test_what_nothing_carried_in_the_period_waits_on_nobody(delivery: Delivery, since: str | None, reason: str) -> None:
    given = facts(post("p", delivery=delivery, portal_instant=None), delivery_since=local(since) if since else None)

    assert reasons(judged(given, rules())) == {"p": reason}


@pytest.mark.parametrize(
    ("flag", "option"),
    [
        ({"reprint": True}, "reprints"),
        ({"back_dated": True}, "back_dated"),
        ({"duplicate_of": "post:cua-don-vi-khac"}, "duplicates"),
    ],
)
@pytest.mark.parametrize(
    ("treatment", "decision", "outcome"),
    [
        ("count", None, "counted"),
        ("flag", None, "waiting"),
        ("flag", "count", "counted"),
        ("flag", "exclude", "excluded"),
        ("exclude", None, "excluded"),
        ("exclude", "count", "counted"),
    ],
)
def test_a_flagged_post_is_treated_as_the_rule_set_or_a_person_says(
    flag: dict[str, Any], option: str, treatment: str, decision: str | None, outcome: str
) -> None:
    verdict = judged(facts(post("p", decision=decision, **flag)), rules(**{option: treatment}))

    assert reasons(verdict)["p"].split(":")[0] == outcome
    assert verdict.counted == (1 if outcome == "counted" else 0)


@pytest.mark.parametrize(("words", "counted"), [(99, 0), (100, 1), (None, 1)])
def test_only_a_text_read_in_full_is_left_out_for_its_length(words: int | None, counted: int) -> None:
    assert judged(facts(post("p", words=words)), rules(min_words=100)).counted == counted


def test_weights_are_by_kind() -> None:
    verdict = judged(
        facts(post("p", kind="tin"), post("q", kind="bai"), post("r", kind="video")), rules(weights={"bai": 2})
    )

    assert (verdict.counted, verdict.visible) == (4, 3)


@pytest.mark.parametrize(
    ("written", "doubt", "precision", "reason"),
    [
        ("2026-10-15 08:00", "no_zone", Precision.SECOND, "counted"),
        ("2026-10-31 20:00", "no_zone", Precision.SECOND, "waiting:date_in_doubt"),
        ("2026-11-01 05:00", "no_zone", Precision.SECOND, "waiting:date_in_doubt"),
        ("2026-10-13 08:00", "ambiguous_order", Precision.DAY, "counted"),
        ("2026-10-10 08:00", "ambiguous_order", Precision.DAY, "counted"),
        ("2026-03-10 08:00", "ambiguous_order", Precision.DAY, "waiting:date_in_doubt"),
        ("2026-10-15 08:00", "odd", Precision.DAY, "counted"),
        ("2026-10-31 12:00", "odd", Precision.DAY, "waiting:date_in_doubt"),
        ("2026-10-01 00:00", None, Precision.MONTH, "counted"),
    ],
)
def test_a_doubtful_date_waits_only_where_the_doubt_reaches_over_the_edge(
    written: str, doubt: str | None, precision: Precision, reason: str
) -> None:
    given = post("p", written, date_doubt=doubt, precision=precision)

    assert reasons(judged(facts(given), rules())) == {"p": reason}


def test_a_date_in_the_future_waits_in_both_periods() -> None:
    given = post("p", "2027-10-05 08:00", date_doubt="future", first_seen=local("2026-10-05 09:00"))

    assert reasons(judged(facts(given), rules()))["p"] == "waiting:date_in_doubt"
    assert reasons(judged(facts(given), rules(), period="2027-10"))["p"] == "waiting:date_in_doubt"


# --- one post once ------------------------------------------------------------------------------------


def test_the_same_post_at_two_sources_is_one() -> None:
    verdict = judged(facts(post("post:1"), post("post:2", duplicate_of="post:1")), rules())

    assert (verdict.written, verdict.delivered, verdict.visible, verdict.counted) == (1, 1, 1, 1)
    assert sorted(reasons(verdict).values()) == ["counted", "same_post"]


def test_a_post_typed_by_hand_counts_where_our_push_of_it_failed() -> None:
    verdict = judged(
        facts(
            post("post:1", delivery=Delivery.FAILED, portal_instant=None),
            typed("sighting:1", "2026-10-06 08:00", duplicate_of="post:1"),
        ),
        rules(),
    )

    assert (verdict.written, verdict.visible, verdict.counted, verdict.waiting) == (1, 1, 1, 0)
    assert reasons(verdict) == {"post:1": "same_post", "sighting:1": "counted"}


def test_a_copy_counts_where_the_post_that_holds_its_place_stands() -> None:
    given = facts(post("post:1", "2026-10-31 23:00"), typed("sighting:1", "2026-11-01 08:00", duplicate_of="post:1"))

    assert judged(given, rules()).counted == 1
    november = judged(given, rules(), period="2026-11")
    assert (november.counted, november.waiting) == (0, 0)


def test_two_entries_that_name_each_other_are_one_post() -> None:
    verdict = judged(facts(post("a", duplicate_of="b"), post("b", duplicate_of="a")), rules())

    assert (verdict.written, verdict.counted) == (1, 1)


# --- required posts -----------------------------------------------------------------------------------


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


# --- adjustments --------------------------------------------------------------------------------------


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


# --- properties ---------------------------------------------------------------------------------------

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no failure
RULE_SETS = [
    rules(),
    rules(counts_by="source", reprints="exclude", make_up="own-period"),
    rules(reprints="count", duplicates="exclude", back_dated="count", min_words=100, weights={"bai": 2, "anh": 0}),
]
INSTANTS = st.sampled_from(
    [local(f"2026-{day}") for day in ("09-30 23:59", "10-01 00:00", "10-15 08:00", "10-31 23:59", "11-01 00:00")]
)


@st.composite
def some_posts(draw: st.DrawFn) -> list[PostFact]:
    given: list[PostFact] = []
    for number in range(draw(st.integers(0, 8))):
        earlier = st.sampled_from([each.ref for each in given]) if given else st.none()
        by_hand = draw(st.booleans())
        changes: dict[str, Any] = {
            "delivery": draw(st.sampled_from(Delivery)),
            "first_seen": draw(INSTANTS),
            "portal_instant": draw(st.none() | INSTANTS),
            "kind": draw(st.sampled_from(["tin", "bai", "anh"])),
            "words": draw(st.sampled_from([None, 50, 500])),
            "reprint": draw(st.booleans()),
            "back_dated": draw(st.booleans()),
            "duplicate_of": draw(st.none() | st.just("post:khac") | earlier),
            "date_doubt": draw(st.sampled_from([None, None, "ambiguous_order", "future", "no_zone"])),
            "decision": draw(st.sampled_from([None, None, "count", "exclude"])),
        }
        if by_hand:
            given.append(typed(f"p{number}", "2026-10-05 08:00", **changes))
        else:
            given.append(post(f"p{number}", source_instant=draw(st.none() | INSTANTS), **changes))
    return given


def given_facts(posts: list[PostFact], since: bool) -> PeriodFacts:
    return facts(*posts, delivery_since=local("2026-11-02 00:00" if since else "2026-01-01 00:00"))


@patient
@given(some_posts(), st.sampled_from(RULE_SETS), st.booleans())
def test_adding_a_post_never_lowers_the_units_count(posts: list[PostFact], ruleset: RuleSet, since: bool) -> None:
    counts = [judged(given_facts(posts[:n], since), ruleset).counted for n in range(len(posts) + 1)]

    assert counts == sorted(counts)


@given(
    some_posts().flatmap(lambda posts: st.tuples(st.just(posts), st.permutations(posts))), st.sampled_from(RULE_SETS)
)
def test_the_order_of_posts_never_matters(both: tuple[list[PostFact], list[PostFact]], ruleset: RuleSet) -> None:
    assert judged(given_facts(both[0], False), ruleset) == judged(given_facts(both[1], False), ruleset)


@patient
@given(some_posts(), st.sampled_from(RULE_SETS), st.booleans())
def test_reasons_and_causes_are_closed_sets(posts: list[PostFact], ruleset: RuleSet, since: bool) -> None:
    verdict = judged(given_facts(posts, since), ruleset)

    assert set(reasons(verdict).values()) <= REASONS
    assert all(CAUSES[cause.name] is cause.owner for cause in verdict.causes)
    assert verdict.counted == sum(each.weight for each in verdict.judgements if each.counts)


def whole_year(ruleset: RuleSet) -> list[Period]:
    return [period_by_id(f"2026-{month:02}", ruleset.calendar) for month in range(1, 13)]


@patient
@given(some_posts(), st.sampled_from(RULE_SETS))
def test_no_post_counts_in_two_periods(posts: list[PostFact], ruleset: RuleSet) -> None:
    held = holders(posts)
    counted = [
        held[each.post.ref]
        for period in whole_year(ruleset)
        for each in judged(given_facts(posts, False), ruleset, period=period.id).judgements
        if each.counts
    ]

    assert len(counted) == len(set(counted))
