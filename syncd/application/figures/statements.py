"""Verdicts as JSON and back: what a closed period's statement holds, for ever.

The body holds no floats, so it has one canonical form and its hash can stand in the ledger.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from syncd.domain.model import (
    Cause,
    CauseOwner,
    Delivery,
    Origin,
    PeriodId,
    PostFact,
    PostJudgement,
    Precision,
    Status,
    UnitId,
    Verdict,
)


def verdict_as_json(verdict: Verdict) -> dict[str, Any]:
    """The whole verdict, each judged post with all that was known of it."""
    return {
        "unit": verdict.unit,
        "period": verdict.period,
        "status": verdict.status.value,
        "required": verdict.required,
        "written": verdict.written,
        "delivered": verdict.delivered,
        "visible": verdict.visible,
        "counted": verdict.counted,
        "waiting": verdict.waiting,
        "covered_days": verdict.covered_days,
        "total_days": verdict.total_days,
        "months": verdict.months,
        "ruleset": verdict.ruleset,
        "causes": [
            {"name": c.name, "owner": c.owner.value, "number": c.number, "measure": c.measure} for c in verdict.causes
        ],
        "posts": [
            {"counts": j.counts, "reason": j.reason, "weight": j.weight, **_post_as_json(j.post)}
            for j in verdict.judgements
        ],
    }


def verdict_from_json(body: Mapping[str, Any]) -> Verdict:
    """The verdict as it was closed."""
    return Verdict(
        unit=UnitId(body["unit"]),
        period=PeriodId(body["period"]),
        status=Status(body["status"]),
        required=body["required"],
        written=body["written"],
        delivered=body["delivered"],
        visible=body["visible"],
        counted=body["counted"],
        waiting=body["waiting"],
        covered_days=body["covered_days"],
        total_days=body["total_days"],
        months=body["months"],
        ruleset=body["ruleset"],
        causes=tuple(
            Cause(name=c["name"], owner=CauseOwner(c["owner"]), number=c["number"], measure=c["measure"])
            for c in body["causes"]
        ),
        judgements=tuple(
            PostJudgement(
                post=_post_from_json(body["unit"], post),
                counts=post["counts"],
                reason=post["reason"],
                weight=post["weight"],
            )
            for post in body["posts"]
        ),
    )


def instant_as_json(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _post_as_json(post: PostFact) -> dict[str, Any]:
    return {
        "ref": post.ref,
        # A statement is never rewritten and leaves the house: what is withheld stands there as its number.
        **({"title": "", "url": "", "withheld": True} if post.withheld else {"title": post.title, "url": post.url}),
        "origin": post.origin.value,
        "delivery": post.delivery.value,
        "first_seen": instant_as_json(post.first_seen),
        "source_instant": instant_as_json(post.source_instant),
        "precision": post.precision.value,
        "portal_instant": instant_as_json(post.portal_instant),
        "portal_url": post.portal_url,
        "kind": post.kind,
        "words": post.words,
        "reprint": post.reprint,
        "duplicate_of": post.duplicate_of,
        "twin": post.twin,
        "back_dated": post.back_dated,
        "date_doubt": post.date_doubt,
        "decision": post.decision,
    }


def _post_from_json(unit: str, post: Mapping[str, Any]) -> PostFact:
    return PostFact(
        ref=post["ref"],
        unit=UnitId(unit),
        title=post["title"],
        url=post["url"],
        origin=Origin(post["origin"]),
        delivery=Delivery(post["delivery"]),
        first_seen=datetime.fromisoformat(post["first_seen"]),
        source_instant=_instant(post["source_instant"]),
        precision=Precision(post["precision"]),
        portal_instant=_instant(post["portal_instant"]),
        portal_url=post["portal_url"],
        kind=post["kind"],
        words=post["words"],
        reprint=post["reprint"],
        duplicate_of=post["duplicate_of"],
        twin=post.get("twin"),  # statements of before hold none
        back_dated=post["back_dated"],
        date_doubt=post["date_doubt"],
        decision=post["decision"],
        withheld=post.get("withheld", False),
    )
