"""Posts, units and facts for the tests of the counting, each as good as it can be unless told otherwise."""

from datetime import UTC, datetime, timedelta
from typing import Any

from syncd.domain.model import (
    LOCAL,
    Delivery,
    Origin,
    Period,
    PeriodFacts,
    PostFact,
    SourceId,
    Status,
    Unit,
    UnitId,
    Verdict,
    Window,
)
from syncd.domain.periods import period_by_id
from syncd.domain.quota import assess
from syncd.domain.rules import RuleSet, parse_ruleset

SITE = SourceId("ban-a/1")
UNIT = Unit(id=UnitId("ban-a"), name="Ban A Tỉnh ủy Ví Dụ", group="ban", sources=(SITE,))
BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)


def local(text: str) -> datetime:
    """`2026-10-31 23:59:59.999` at UTC+07:00, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=LOCAL).astimezone(UTC)


def rules(**keys: Any) -> RuleSet:
    return parse_ruleset({"name": "Thử", "required": 12, **keys}, origin="thu")


def october(ruleset: RuleSet) -> Period:
    return period_by_id("2026-10", ruleset.calendar)


def post(ref: str, written: str | None = "2026-10-05 08:00", **changes: Any) -> PostFact:
    """A post of the unit's site, carried within the hour and seen public."""
    instant = None if written is None else local(written)
    values: dict[str, Any] = {
        "ref": ref,
        "unit": UNIT.id,
        "title": f"Tin {ref}",
        "url": f"https://ban-a.vidu.example/{ref}",
        "origin": Origin.SITE,
        "delivery": Delivery.VISIBLE,
        "first_seen": instant or local("2026-10-05 08:00"),
        "source_instant": instant,
        "portal_instant": None if instant is None else instant + timedelta(minutes=30),
    }
    return PostFact(**(values | changes))


def posts(count: int, written: str = "2026-10-05 08:00", prefix: str = "post", **changes: Any) -> list[PostFact]:
    return [post(f"{prefix}:{number}", written, **changes) for number in range(count)]


def typed(ref: str, shown: str, **changes: Any) -> PostFact:
    """A post typed by hand on the portal, standing on no site."""
    changes = {"first_seen": local(shown), "portal_instant": local(shown)} | changes
    return post(ref, None, origin=Origin.TYPED, **changes)


def facts(*given: PostFact, now: str = "2026-12-01 00:00", **changes: Any) -> PeriodFacts:
    """All read, the census complete, carrying from the beginning, `now` after the grace."""
    values: dict[str, Any] = {
        "posts": given,
        "now": local(now),
        "readings": {SITE: (Window(start=None, end=local(now)),)},
        "census_after_end": local(now),
        "delivery_since": BEGINNING,
    }
    return PeriodFacts(**(values | changes))


def judged(given: PeriodFacts, ruleset: RuleSet, unit: Unit = UNIT, period: str = "2026-10") -> Verdict:
    return assess(unit, period_by_id(period, ruleset.calendar), given, ruleset)


def reasons(verdict: Verdict) -> dict[str, str]:
    return {judgement.post.ref: judgement.reason for judgement in verdict.judgements}


def causes(verdict: Verdict) -> dict[str, int]:
    return {cause.name: cause.number for cause in verdict.causes}


def verdict_of(period: str, status: Status, *, required: int = 12, counted: int = 0, **changes: Any) -> Verdict:
    """A bare verdict, for the adding up of months."""
    values: dict[str, Any] = {
        "unit": UNIT.id,
        "period": period,
        "status": status,
        "required": required,
        "written": counted,
        "delivered": counted,
        "visible": counted,
        "counted": counted,
        "waiting": 0,
        "covered_days": 31,
        "total_days": 31,
        "causes": (),
        "judgements": (),
        "ruleset": "thu",
    }
    return Verdict(**(values | changes))
