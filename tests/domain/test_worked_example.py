"""The worked example of design section 9, to the digit, and the 2020 story of the appeal letter."""

from datetime import UTC, datetime

from syncd.domain.missing import missing_months
from syncd.domain.model import (
    Adjustment,
    AdjustmentKind,
    Cause,
    CauseOwner,
    Delivery,
    PeriodFacts,
    PeriodId,
    PostFact,
    Status,
    Verdict,
    Window,
)
from syncd.domain.quota import in_force
from tests.domain.facts import SITE, UNIT, facts, judged, local, post, posts, reasons, rules, typed

RULES = rules(counts_by="source", reprints="exclude")
BLIND = (
    Window(start=None, end=local("2026-10-11 00:00")),
    Window(start=local("2026-10-20 00:00"), end=local("2026-11-03 00:00")),
)


def as_read() -> list[PostFact]:
    return [*posts(10), post("post:dan-lai", "2026-10-21 08:00", reprint=True), typed("sighting:1", "2026-10-22 08:00")]


def unread(reached: str) -> list[PostFact]:
    return posts(4, "2026-10-15 08:00", "post:bu", portal_instant=local(reached))


def before_backfill(now: str = "2026-11-05 00:00") -> PeriodFacts:
    return facts(*as_read(), now=now, readings={SITE: BLIND}, census_after_end=local("2026-11-02 00:00"))


def figures(verdict: Verdict) -> tuple[int | None, int, int, int]:
    return verdict.written, verdict.delivered, verdict.visible, verdict.counted


def test_before_the_backfill_october_is_undetermined() -> None:
    verdict = judged(before_backfill(), RULES)

    assert verdict.status is Status.UNDETERMINED
    assert figures(verdict) == (11, 11, 12, 11)
    assert (verdict.required, verdict.covered_days, verdict.total_days) == (12, 22, 31)
    assert f"{verdict.coverage:.2f}" == "0.71"
    assert set(verdict.causes) == {
        Cause(name="not_read", owner=CauseOwner.OURS, number=9, measure="days"),
        Cause(name="excluded:reprint", owner=CauseOwner.UNIT, number=1, measure="posts"),
    }


def test_a_backfill_within_the_grace_makes_it_met() -> None:
    given = facts(*as_read(), *unread("2026-11-03 10:00"), now="2026-11-03 12:00")

    verdict = judged(given, RULES)

    assert verdict.status is Status.MET
    assert figures(verdict) == (15, 15, 16, 15)
    assert verdict.coverage == 1.0


def test_time_alone_never_ends_what_is_undetermined() -> None:
    assert judged(before_backfill(now="2046-11-05 00:00"), RULES).status is Status.UNDETERMINED


def test_closed_before_the_backfill_the_statement_stands_and_an_adjustment_beside_it() -> None:
    as_closed = judged(before_backfill(), RULES)

    now = in_force(as_closed, [adjustment(posts=4)])

    assert (as_closed.status, as_closed.counted) == (Status.UNDETERMINED, 11)
    assert (now.status, now.counted) == (Status.MET, 15)
    assert missing_months([as_closed], RULES).undetermined == 1
    assert missing_months([now], RULES).final


def test_posts_that_nothing_carried_are_the_gap_of_the_2020_letter() -> None:
    """Over quota on the own site, no technical link in the first months, carried afterwards."""
    ruleset = rules()
    since = local("2020-04-01 00:00")
    written = posts(15, "2020-02-10 08:00", delivery=Delivery.NONE, portal_instant=None)
    backfilled = posts(15, "2020-02-10 08:00", portal_instant=local("2020-04-02 09:00"))

    before = judged(facts(*written, now="2020-03-20 00:00", delivery_since=None), ruleset, period="2020-02")
    after = judged(facts(*backfilled, now="2020-05-01 00:00", delivery_since=since), ruleset, period="2020-02")
    shown = judged(facts(*backfilled, delivery_since=since), rules(make_up="own-period"), period="2020-02")
    april = judged(facts(*backfilled, delivery_since=since), ruleset, period="2020-04")

    for verdict, reason in ((before, "not_carried"), (after, "make_up")):
        assert (verdict.status, verdict.written, verdict.counted) == (Status.MISSING, 15, 0)
        assert set(reasons(verdict).values()) == {reason}
        assert [(cause.name, cause.owner, cause.number) for cause in verdict.causes] == [
            ("not_carried", CauseOwner.UNIT, 15)
        ]
    assert (shown.status, shown.counted) == (Status.MET, 15)
    assert april.counted == 0
    assert set(reasons(april).values()) == {"other_period"}


def adjustment(**changes: object) -> Adjustment:
    values: dict[str, object] = {
        "unit": UNIT.id,
        "period": PeriodId("2026-10"),
        "kind": AdjustmentKind.POSTS,
        "reason": "Bổ sung theo hồ sơ",
        "document": "Công văn số 05-CV/VD ngày 20/11/2026",
        "approved_by": ("Nguyễn Văn A", "Trần Thị B"),
        "at": datetime(2026, 11, 20, tzinfo=UTC),
    }
    return Adjustment(**(values | changes))  # type: ignore[arg-type]  # a table of defaults
