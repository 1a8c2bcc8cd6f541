"""Which posts count in which period, and one post once."""

from typing import Any

import pytest

from syncd.domain.model import Delivery, Precision
from tests.domain.facts import facts, judged, local, post, reasons, rules, typed


@pytest.mark.parametrize(
    ("written", "on_portal", "counts_by", "since", "reason"),
    [
        ("2026-10-31 23:59:59.999", "2026-10-31 23:59:59.999", "portal", "2020-01-01", "counted"),
        ("2026-10-31 23:50", "2026-11-01 00:00", "portal", "2020-01-01", "counted_late"),
        ("2026-10-31 23:50", "2027-02-01 00:00", "portal", "2026-10-31", "counted_late"),
        ("2026-10-31 23:50", "2026-11-01 00:00", "portal", "2026-11-01", "make_up"),
        ("2026-10-31 23:50", "2026-11-04 23:59", "source", "2020-01-01", "counted"),
        ("2026-10-31 23:50", "2026-11-04 23:59", "source", "2026-11-01", "counted"),
        ("2026-10-31 23:50", "2026-11-05 00:00", "source", "2020-01-01", "counted"),
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
    ("keys", "delivery", "now", "reason"),
    [
        ({"counts_by": "source"}, Delivery.QUEUED, "2026-11-03 12:00", "waiting:queued"),
        ({"counts_by": "source"}, Delivery.QUEUED, "2026-11-05 00:01", "not_carried"),
        ({"counts_by": "source"}, Delivery.NONE, "2026-11-03 12:00", "not_carried"),
        ({"make_up": "own-period"}, Delivery.QUEUED, "2026-12-01 00:00", "waiting:queued"),
        ({"make_up": "own-period"}, Delivery.NONE, "2026-12-01 00:00", "not_carried"),
        ({"make_up": "own-period"}, Delivery.VISIBLE, "2026-12-01 00:00", "make_up"),
    ],
)
def test_what_may_still_come_in_time_waits(keys: dict[str, Any], delivery: Delivery, now: str, reason: str) -> None:
    given = post("p", delivery=delivery, portal_instant=local("2026-11-10 08:00"))

    verdict = judged(facts(given, now=now, delivery_since=local("2026-11-01 00:00")), rules(**keys))

    assert reasons(verdict) == {"p": reason}


def test_a_typed_post_without_a_date_belongs_to_its_first_sighting() -> None:
    assert judged(facts(typed("sighting:1", "2026-10-05 08:00", portal_instant=None)), rules()).counted == 1


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
        ("2026-10-12 08:00", "ambiguous_order", Precision.DAY, "waiting:date_in_doubt"),
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
