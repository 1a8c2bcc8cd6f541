"""The verdict on one unit in one period: what was required, written, delivered, seen and counted, and why they differ.

Counts are sums of weights (1 for each kind unless the rule set says otherwise) where they meet the quota - counted,
waiting - and numbers of posts where they only inform: written, delivered, visible.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from syncd.domain.coverage import Coverage, active_days, coverage_of, days_down, deadline_of
from syncd.domain.judging import (
    COUNTED_LATE,
    MAKE_UP,
    NOT_CARRIED,
    OTHER_PERIOD,
    SAME_POST,
    Case,
    belongs_to,
    holders,
    is_accepted,
    is_public,
    is_waiting,
    judge_all,
)
from syncd.domain.model import (
    Adjustment,
    AdjustmentKind,
    Cause,
    CauseOwner,
    Origin,
    Period,
    PeriodFacts,
    PostFact,
    PostJudgement,
    Status,
    Unit,
    Verdict,
)
from syncd.domain.periods import parts_of
from syncd.domain.rules import RuleSet

CAUSES = {
    "not_written": CauseOwner.UNIT,
    "not_carried": CauseOwner.UNIT,
    "excluded:duplicate": CauseOwner.UNIT,
    "excluded:reprint": CauseOwner.UNIT,
    "excluded:back_dated": CauseOwner.UNIT,
    "excluded:too_short": CauseOwner.UNIT,
    "excluded:decision": CauseOwner.UNIT,
    "portal_down": CauseOwner.OFFICE,
    "held_for_review": CauseOwner.OFFICE,
    "removed_on_portal": CauseOwner.OFFICE,
    "quarantined": CauseOwner.OFFICE,
    "awaiting_decision": CauseOwner.OFFICE,  # flagged, or the date in doubt
    "unattributed": CauseOwner.OURS,  # on the portal, of nobody we know
    "not_read": CauseOwner.OURS,
    "push_failed": CauseOwner.OURS,
    "push_pending": CauseOwner.OURS,  # queued, or sent with an unknown outcome
    "no_census": CauseOwner.OURS,  # days that no complete census has read since the end
    "source_down": CauseOwner.EVIDENCE,
    "late": CauseOwner.EVIDENCE,
}
"""Every cause there is, with its owner. `excluded:` is followed by the reason."""

_LACKS_NOTHING = frozenset((Status.EXEMPT, Status.MET))
_DAYS = frozenset(("portal_down", "not_read", "no_census", "source_down"))
_CAUSE_OF = {
    NOT_CARRIED: "not_carried",
    COUNTED_LATE: "late",
    "waiting:held": "held_for_review",
    "waiting:removed": "removed_on_portal",
    "waiting:quarantined": "quarantined",
    "waiting:failed": "push_failed",
    "waiting:queued": "push_pending",
    "waiting:unknown": "push_pending",
}


def required_posts(unit: Unit, period: Period, rules: RuleSet) -> int:
    """How many posts the unit owes in the period: prorated by its days in the quota and rounded down, merged months summed."""
    quota = rules.required_of(unit)
    owed = 0
    for part in parts_of(period, rules.calendar):
        whole = (part.last_day - part.first_day).days + 1
        owed += quota * len(active_days(unit, part)) // whole
    return owed


def assess(unit: Unit, period: Period, facts: PeriodFacts, rules: RuleSet) -> Verdict:
    """Judge one unit in one period by the facts known at `facts.now`.

    Written S: posts of the unit's site whose source instant lies in the period; None without a site. Delivered D: those
    that the portal accepted, whatever became of them. Visible V: posts of the period, typed ones included, seen public
    or accepted as public where no census has looked since. Counted C: the weights of the judgements that count. The
    same post at two places is one in each.

    The status is the first of these that holds: exempt; met where C reaches the quota; open before the end and its grace
    (working days, and as long as the portal was down); undetermined where what waits on anyone but the unit could fill
    the shortfall, where a whole day of the period was read by nobody, or where no complete census followed; missing.
    """
    deadline = deadline_of(period, rules, facts.portal_outages, facts.now)
    judgements = judge_all(Case(period=period, deadline=deadline, facts=facts, rules=rules))
    coverage = coverage_of(unit, period, facts) if unit.sources else None
    required = required_posts(unit, period, rules)
    counted = sum(judgement.weight for judgement in judgements if judgement.counts)
    unattributed = facts.unattributed * max([1, *rules.weights.values()])
    waiting = unattributed + sum(each.weight for each in judgements if is_waiting(each.reason))
    seen_whole = facts.census_after_end is not None and (coverage is None or not coverage.uncovered)
    if facts.exemption is not None:
        status = Status.EXEMPT
    elif counted >= required:
        status = Status.MET
    elif facts.now < deadline:
        status = Status.OPEN
    elif counted + waiting >= required or not seen_whole:
        status = Status.UNDETERMINED
    else:
        status = Status.MISSING

    own = [post for post in facts.posts if belongs_to(post, period)]
    written = [post for post in own if post.origin is Origin.SITE]
    held = holders(facts.posts)
    numbers = _numbers_of_posts(judgements)
    if facts.unattributed:
        numbers["unattributed"] = facts.unattributed
    if status not in _LACKS_NOTHING:
        known = unattributed + sum(each.weight for each in judgements if each.reason not in (SAME_POST, OTHER_PERIOD))
        if status is Status.OPEN or seen_whole:  # elsewhere it may have been written where nobody looked
            numbers["not_written"] = max(0, required - known)
        numbers["portal_down"] = days_down(period, deadline, facts.portal_outages, facts.now)
        numbers.update(_numbers_of_days(coverage))
        if status is not Status.OPEN and facts.census_after_end is None:
            numbers["no_census"] = len(active_days(unit, period))
    return Verdict(
        unit=unit.id,
        period=period.id,
        status=status,
        required=required,
        written=_distinct(written, held) if unit.sources else None,
        delivered=_distinct(filter(is_accepted, written), held),
        visible=_distinct(filter(is_public, own), held),
        counted=counted,
        waiting=waiting,
        covered_days=None if coverage is None else coverage.covered,
        total_days=len(active_days(unit, period)) if coverage is None else coverage.total,
        causes=_causes(numbers),
        judgements=judgements,
        ruleset=rules.id,
        months=period.months,
    )


def low_coverage(verdict: Verdict, rules: RuleSet) -> bool:
    """Whether so little of the period was read that a warning is due. It decides nothing."""
    return verdict.coverage is not None and verdict.coverage < rules.min_coverage


def in_force(verdict: Verdict, adjustments: Sequence[Adjustment]) -> Verdict:
    """The figures in force: the closed verdict and, in the order they were made, the adjustments beside it.

    Adjustments of other units and periods are passed over. Posts +n or -n move the count: where it reaches the quota
    the period is met, unless it is exempt; where posts are taken off a met one and it falls below, it is missing only if
    the adjustment says so, else undetermined. A verdict or an exemption stands as decided. A waived penalty changes
    neither count nor status: it is the ranking's affair.

    The causes are those of the figures in force: posts taken off are excluded by decision, posts added fill what was
    not written, and what is met or exempt lacks nothing.
    """
    counted, status = verdict.counted, verdict.status
    added = 0
    for adjustment in sorted(adjustments, key=lambda each: each.at):
        if (adjustment.unit, adjustment.period) != (verdict.unit, verdict.period):
            continue
        match adjustment.kind:
            case AdjustmentKind.POSTS:
                before, counted = counted, max(0, counted + adjustment.posts)
                added += counted - before
                status = _after_recount(status, counted >= verdict.required, adjustment)
            case AdjustmentKind.VERDICT:
                status = adjustment.status or status
            case AdjustmentKind.EXEMPTION:
                status = Status.EXEMPT
            case AdjustmentKind.PENALTY_WAIVED:
                pass
    if (counted, status) == (verdict.counted, verdict.status):
        return verdict
    return replace(verdict, counted=counted, status=status, causes=_causes_in_force(verdict, status, added))


def _causes_in_force(verdict: Verdict, status: Status, added: int) -> tuple[Cause, ...]:
    numbers = Counter({cause.name: cause.number for cause in verdict.causes})
    if added < 0:
        numbers["excluded:decision"] -= added
    numbers["not_written"] -= max(0, added)
    if status in _LACKS_NOTHING:
        for name in (*_DAYS, "not_written"):
            del numbers[name]
    return _causes(numbers)


def _after_recount(status: Status, enough: bool, adjustment: Adjustment) -> Status:
    if status is Status.EXEMPT:
        return status
    if enough:
        return Status.MET
    if adjustment.status is not None:
        return adjustment.status
    # Met by decision, and posts added to it: more posts never make it worse.
    return Status.UNDETERMINED if status is Status.MET and adjustment.posts < 0 else status


def _distinct(posts: Iterable[PostFact], held: dict[str, str]) -> int:
    return len({held[post.ref] for post in posts})


def _numbers_of_posts(judgements: Iterable[PostJudgement]) -> Counter[str]:
    numbers: Counter[str] = Counter()
    for judgement in judgements:
        reason = judgement.reason
        if reason == MAKE_UP:
            cause = None if judgement.counts else "not_carried"
        elif reason.startswith("excluded:"):
            cause = reason
        else:
            cause = _CAUSE_OF.get(reason, "awaiting_decision" if is_waiting(reason) else None)
        if cause is not None:
            numbers[cause] += 1
    return numbers


def _numbers_of_days(coverage: Coverage | None) -> dict[str, int]:
    if coverage is None:
        return {}
    down = len(coverage.source_down)
    return {"not_read": len(coverage.uncovered) - down, "source_down": down}


def _causes(numbers: Counter[str]) -> tuple[Cause, ...]:
    return tuple(
        Cause(name=name, owner=owner, number=numbers[name], measure="days" if name in _DAYS else "posts")
        for name, owner in CAUSES.items()
        if numbers[name] > 0
    )
