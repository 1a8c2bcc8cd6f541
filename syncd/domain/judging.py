"""Whether one post counts in one period, and the reason in a word.

A post read on the unit's site belongs to the period of its source instant, whenever it reached the portal; a typed post
to the period of its portal instant. What is not certain waits, and what waits never hurts the unit.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from syncd.domain.model import (
    LOCAL,
    Delivery,
    Origin,
    Period,
    PeriodFacts,
    PostFact,
    PostJudgement,
    Precision,
)
from syncd.domain.rules import CountsBy, MakeUp, RuleSet, Treatment

COUNTED = "counted"
COUNTED_LATE = "counted_late"  # reached the portal late through us or the office
MAKE_UP = "make_up"  # nothing carried it in its period; it came to the portal later
NOT_CARRIED = "not_carried"  # nothing carried it in its period, and it is not on the portal
SAME_POST = "same_post"  # the same post of the unit stands there once already
OTHER_PERIOD = "other_period"

_IN_HAND = {
    Delivery.NONE: "waiting:queued",  # carrying exists: it is ours to send
    Delivery.QUEUED: "waiting:queued",
    Delivery.UNKNOWN: "waiting:unknown",
    Delivery.FAILED: "waiting:failed",
    Delivery.QUARANTINED: "waiting:quarantined",
    Delivery.HELD: "waiting:held",
    Delivery.REMOVED: "waiting:removed",
}
_DATE_WAITS = ("waiting:date_in_doubt", "waiting:no_date")
_FLAGS = ("duplicate", "reprint", "back_dated")

REASONS = frozenset(
    (
        COUNTED,
        COUNTED_LATE,
        MAKE_UP,
        NOT_CARRIED,
        SAME_POST,
        OTHER_PERIOD,
        *_IN_HAND.values(),
        "waiting:date_in_doubt",
        "waiting:no_date",
        "waiting:twin",
        *(f"waiting:{flag}" for flag in _FLAGS),
        *(f"excluded:{flag}" for flag in _FLAGS),
        "excluded:too_short",
        "excluded:decision",
    )
)
"""Every reason there is. Only `counted`, `counted_late` and, with `make_up = own-period`, `make_up` count."""

_PUBLIC = frozenset((Delivery.ACCEPTED, Delivery.VISIBLE))
_ARRIVED = _PUBLIC | {Delivery.HELD, Delivery.REMOVED}
_NO_ZONE = timedelta(hours=14)  # as far as zones lie from UTC


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What the judging of every post of a period shares. `deadline` is the end of the grace, downtime included."""

    period: Period
    deadline: datetime
    facts: PeriodFacts
    rules: RuleSet

    @property
    def carried(self) -> bool:
        """Whether carrying this unit's posts had begun before the period ended."""
        since = self.facts.delivery_since
        return since is not None and since < self.period.end


def is_waiting(reason: str) -> bool:
    return reason.startswith("waiting:")


def is_accepted(post: PostFact) -> bool:
    """Whether the portal took it, whatever became of it there."""
    return post.delivery in _ARRIVED


def is_public(post: PostFact) -> bool:
    return post.delivery in _PUBLIC


def own_instant(post: PostFact) -> datetime | None:
    """The instant that decides to which period a post belongs; None where none is known."""
    return post.source_instant if post.origin is Origin.SITE else post.portal_instant or post.first_seen


def belongs_to(post: PostFact, period: Period) -> bool:
    """Whether the post is one of the period's by the date it is known by; a decided one without a date by its first sight."""
    instant = own_instant(post) or (None if post.decision is None else post.first_seen)
    return instant is not None and instant in period


def holders(posts: Iterable[PostFact]) -> dict[str, str]:
    """For each post of a unit the one that holds its place: where `duplicate_of` leads among these posts.

    A reference to a post that is not among them is another unit's affair, and leads nowhere here.
    """
    follows = {post.ref: post.duplicate_of for post in posts}
    held: dict[str, str] = {}
    for ref in follows:
        path = [ref]
        while (after := follows[path[-1]]) is not None and after in follows:
            if after in path:  # two entries that name each other
                path.append(min(path[path.index(after) :]))
                break
            path.append(after)
        held[ref] = path[-1]
    return held


def judge_all(case: Case) -> tuple[PostJudgement, ...]:
    """Judge each post that has to do with the period; by instant, whatever the order given.

    Several entries of one post (`duplicate_of` among the unit's own) take one place: the best entry keeps it, so that a
    post typed by hand counts although our push of it failed. Where the holder belongs to another period, it counts there.
    """
    held = holders(case.facts.posts)
    judged = {post.ref: judgement for post in case.facts.posts if (judgement := judge(post, case)) is not None}
    best: dict[str, PostJudgement] = {}
    for ref, judgement in judged.items():
        rival = best.get(held[ref])
        if rival is None or _goodness(judgement, held[ref]) > _goodness(rival, held[ref]):
            best[held[ref]] = judgement
    elsewhere = {holder for holder in best if not _has_place(holder, held, judged, case)}
    judgements = []
    for ref, judgement in judged.items():
        holder = held[ref]
        if judgement.reason != OTHER_PERIOD and (
            best[holder] is not judgement or (holder in elsewhere and holder != ref)
        ):
            judgement = PostJudgement(post=judgement.post, counts=False, reason=SAME_POST, weight=judgement.weight)
        judgements.append(judgement)
    return tuple(sorted(judgements, key=lambda each: (own_instant(each.post) or each.post.first_seen, each.post.ref)))


def _has_place(holder: str, held: dict[str, str], judged: dict[str, PostJudgement], case: Case) -> bool:
    """Whether a post of several entries belongs to the period: by the date of its holder, or where that is in doubt by the first certain one."""
    if holder not in judged or judged[holder].reason == OTHER_PERIOD:
        return False
    if judged[holder].reason not in _DATE_WAITS:
        return True
    certain = [
        instant
        for post in case.facts.posts
        if held[post.ref] == holder
        and (instant := own_instant(post)) is not None
        and _place(post, case) not in _DATE_WAITS
    ]
    return not certain or min(certain) in case.period


def judge(post: PostFact, case: Case) -> PostJudgement | None:
    """Judge one post for itself, without regard to the unit's other entries of it. None: it has nothing to do with the period."""
    reason = _place(post, case)
    if reason is None:
        reason = _reason(post, case)
    elif reason == OTHER_PERIOD and (post.portal_instant is None or post.portal_instant not in case.period):
        return None
    counts = reason in (COUNTED, COUNTED_LATE) or (
        reason == MAKE_UP and case.rules.make_up is MakeUp.OWN_PERIOD and is_public(post)
    )
    return PostJudgement(post=post, counts=counts, reason=reason, weight=case.rules.weight_of(post.kind))


def _goodness(judgement: PostJudgement, holder: str) -> tuple[int, int, bool, float, str]:
    """By what it is worth to the unit; among equals the holder, then the earliest, whatever was recorded first."""
    reason = judgement.reason
    if judgement.counts:
        rank = 4
    elif is_waiting(reason):
        rank = 3
    elif reason in (MAKE_UP, NOT_CARRIED):
        rank = 2
    else:
        rank = 0 if reason == OTHER_PERIOD else 1
    post = judgement.post
    return rank, judgement.weight, post.ref == holder, -(own_instant(post) or post.first_seen).timestamp(), post.ref


def _place(post: PostFact, case: Case) -> str | None:
    """None where the post belongs to the period; else why not, or why that cannot be told."""
    instant = own_instant(post)
    if post.decision is not None:  # a person has looked at it: its date stands as it was read
        return None if belongs_to(post, case.period) else OTHER_PERIOD
    inside = [each in case.period for each in _possible_instants(post)]
    if not any(inside):
        return OTHER_PERIOD
    if instant is None:
        return "waiting:no_date"
    return None if all(inside) else "waiting:date_in_doubt"


def _possible_instants(post: PostFact) -> tuple[datetime, ...]:
    """Between or at which instants the post may have been published, as far as its date can be trusted."""
    instant, day = own_instant(post), timedelta(days=1)
    if instant is None:  # it appeared since the last look
        return (post.first_seen - day, post.first_seen)
    if post.origin is Origin.TYPED:
        return (instant,)
    match post.date_doubt:
        case None:
            return (instant, _end_of_month(instant)) if post.precision is Precision.MONTH else (instant,)
        case "ambiguous_order":
            local = instant.astimezone(LOCAL)
            if local.day > 12:
                return (instant,)
            return (instant, local.replace(month=local.day, day=local.month).astimezone(instant.tzinfo))
        case "no_zone":
            return (instant - _NO_ZONE, instant, instant + _NO_ZONE)
        case "future":
            return (instant, post.first_seen)
        case _:
            return (instant - day, instant, instant + day)


def _end_of_month(instant: datetime) -> datetime:
    local = instant.astimezone(LOCAL)
    after = (local.replace(day=1) + timedelta(days=32)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (after - timedelta(microseconds=1)).astimezone(instant.tzinfo)


def _reason(post: PostFact, case: Case) -> str:
    """The reason for a post that belongs to the period."""
    rules = case.rules
    treatments = {
        "duplicate": rules.duplicates if _of_another_unit(post, case) else Treatment.COUNT,
        "reprint": rules.reprints if post.reprint else Treatment.COUNT,
        "back_dated": rules.back_dated if post.back_dated else Treatment.COUNT,
    }
    flagged = [flag for flag in _FLAGS if treatments[flag] is not Treatment.COUNT]
    if post.decision == "exclude":
        return f"excluded:{flagged[0]}" if flagged else "excluded:decision"
    if post.decision is None:
        for flag in flagged:
            if treatments[flag] is Treatment.EXCLUDE:
                return f"excluded:{flag}"
        if post.words is not None and post.words < rules.min_words:
            return "excluded:too_short"
    late = False
    if post.origin is Origin.SITE:
        late = _is_late(post, case)
        if not case.carried and rules.make_up is MakeUp.SHOWN and (late or not _can_still_come(post, case)):
            return MAKE_UP if is_accepted(post) else NOT_CARRIED
        if not case.carried and post.delivery is Delivery.NONE:
            return NOT_CARRIED
    if post.decision is None and flagged:
        return f"waiting:{flagged[0]}"
    if post.decision is None and post.twin is not None:
        return "waiting:twin"
    # It was on the portal once; whether it counts although it is gone is for a person to say, and one has said so.
    stands = post.decision == "count" and post.delivery is Delivery.REMOVED
    if post.delivery in _IN_HAND and not stands:
        return _IN_HAND[post.delivery]
    if late:
        return COUNTED_LATE if case.carried else MAKE_UP
    return COUNTED


def _of_another_unit(post: PostFact, case: Case) -> bool:
    return post.duplicate_of is not None and all(post.duplicate_of != other.ref for other in case.facts.posts)


def _is_late(post: PostFact, case: Case) -> bool:
    """Whether it reached the portal after the rule set's limit. A post whose portal instant nobody knows is not held late."""
    if not is_accepted(post) or post.portal_instant is None:
        return False
    if case.rules.counts_by is CountsBy.SOURCE:
        return post.portal_instant > case.deadline
    return post.portal_instant >= case.period.end


def _can_still_come(post: PostFact, case: Case) -> bool:
    """Whether a post that nothing carried in the period is there in time, or may be: within the grace, where the source instant decides."""
    if is_accepted(post):
        return True
    by_source = case.rules.counts_by is CountsBy.SOURCE
    return by_source and post.delivery is not Delivery.NONE and case.facts.now <= case.deadline
