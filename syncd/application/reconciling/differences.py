"""What makes the three counts of one unit and period differ, post by post: no second opinion of what counts, only the cause by its name."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from syncd.application.figures.deliveries import typed_instant
from syncd.application.figures.statements import instant_as_json
from syncd.application.publishing.attempt import ANY_TEXT, LEFT
from syncd.application.publishing.unmapped import UNMAPPED
from syncd.application.reading_back.sightings import GONE
from syncd.application.reconciling.causes import CAUSES, CauseWords
from syncd.application.wording import withheld_title
from syncd.domain.identity import same_story, title_sha256
from syncd.domain.judging import NOT_CARRIED, belongs_to, holders, is_accepted, is_public
from syncd.domain.model import Delivery, Origin, Period, PeriodFacts, PostFact, PostId, UnitId, Verdict
from syncd.ports.portal import PortalState
from syncd.ports.records import PostRecord, PushRecord, PushState, SightingRecord
from syncd.ports.watch import AnswerRecord, PortalAlarm

QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One post by which the counts differ, or which is worth a note. `cause` is one of `causes.CAUSES`; `decided`: a person has spoken."""

    cause: str
    ref: str
    unit: UnitId | None
    title: str
    url: str
    since: datetime | None = None
    decided: bool = False

    @property
    def words(self) -> CauseWords:
        return CAUSES[self.cause]

    @property
    def needs_person(self) -> bool:
        return self.words.person and not self.decided

    def as_json(self, language: str) -> dict[str, Any]:
        words = self.words
        return {
            "kind": words.kind.value,
            "cause": self.cause,
            "owner": words.owner.value,
            "ref": self.ref,
            "unit": self.unit,
            "title": self.title,
            "url": self.url,
            "since": instant_as_json(self.since),
            "needs_person": self.needs_person,
            "told": words.tell(language),
            "mend": words.way_out(language, ref=self.ref, unit=self.unit or "U"),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the database holds about the posts of one period, by post."""

    posts: Mapping[PostId, PostRecord] = field(default_factory=dict)
    pushes: Mapping[PostId, PushRecord] = field(default_factory=dict)
    seen: Mapping[PostId, SightingRecord] = field(default_factory=dict)
    copies: Mapping[PostId, Sequence[SightingRecord]] = field(default_factory=dict)  # all that stand, seen by their key
    typed: Mapping[str, Sequence[SightingRecord]] = field(default_factory=dict)  # by text: those no post stands behind
    answers: Mapping[str, AnswerRecord] = field(default_factory=dict)
    set_back: PortalAlarm | None = None
    language: str = "vi"


def differences_of(period: Period, facts: PeriodFacts, verdict: Verdict, known: Known) -> list[Difference]:
    """Every difference of the unit in the period, in the order of the counts, then by instant.

    Several entries of one post are one: so what is not delivered, not visible and not written adds up with the three counts.
    """
    own = [post for post in facts.posts if belongs_to(post, period)]
    held = holders(facts.posts)
    groups: dict[str, list[PostFact]] = defaultdict(list)
    for post in sorted(own, key=lambda post: (post.first_seen, post.ref)):
        groups[held[post.ref]].append(post)
    reasons = {judgement.post.ref: judgement.reason for judgement in verdict.judgements}
    found: list[Difference] = []
    for entries in groups.values():
        written = [post for post in entries if post.origin is Origin.SITE]
        accepted = [post for post in written if is_accepted(post)]
        public = [post for post in entries if is_public(post)]
        if written and not accepted:
            found.append(_not_delivered(written[0], known, reasons.get(written[0].ref)))
        if accepted and not public:
            found.append(_not_visible(accepted[0], known))
        if public and not accepted:
            found.append(_difference("typed", public[0], public[0].portal_instant, known))
        for post in entries:
            found += _notes(post, period, known)
    return sorted(found, key=lambda each: (_ORDER[each.cause], each.since or facts.now, each.ref))


_ORDER = {name: number for number, name in enumerate(CAUSES)}


def _difference(cause: str, post: PostFact, since: datetime | None, known: Known) -> Difference:
    hidden = post.withheld
    return Difference(
        cause=cause,
        ref=post.ref,
        unit=post.unit,
        title=withheld_title(post.ref, known.language) if hidden else post.title,
        url="" if hidden else post.portal_url or post.url,
        since=since,
        decided=post.decision is not None and cause in _ENDED_BY_COUNTING,
    )


_ENDED_BY_COUNTING = frozenset(("trashed", "deleted", "not_listed", "quarantined"))


def _id(post: PostFact) -> PostId | None:
    kind, _, number = post.ref.partition(":")
    return PostId(int(number)) if kind == "post" else None


def _not_delivered(post: PostFact, known: Known, reason: str | None) -> Difference:
    id_ = _id(post)
    push = known.pushes.get(id_) if id_ is not None else None
    if push is None:
        return _difference("not_carried" if reason == NOT_CARRIED else "not_queued", post, post.first_seen, known)
    return _difference(waiting_cause(push), post, push.attempted_at or push.queued_at, known)


def waiting_cause(push: PushRecord) -> str:
    """Why a push that never arrived has not."""
    match push.state:
        case PushState.HELD_BACK:
            return "held_back"
        case PushState.DEAD:
            return "quarantined" if push.error_kind == QUARANTINE else "refused"
        case PushState.QUARANTINED:
            return "quarantined"
        case PushState.UNKNOWN | PushState.INTENT:
            return "unknown"
        case _:
            if push.error_kind == UNMAPPED:
                return "unmapped"
            return "retrying" if push.attempts else "queued"


def _not_visible(post: PostFact, known: Known) -> Difference:
    id_ = _id(post)
    push = known.pushes.get(id_) if id_ is not None else None
    seen = known.seen.get(id_) if id_ is not None else None
    cause, since = hidden_cause(push, seen, known.set_back)
    return _difference(cause, post, since, known)


_HIDDEN = {
    PortalState.PENDING.value: "pending",
    PortalState.DRAFT.value: "draft",
    PortalState.SCHEDULED.value: "scheduled",
    PortalState.PRIVATE.value: "private",
    PortalState.TRASH.value: "trashed",
    GONE: "deleted",
}


def hidden_cause(
    push: PushRecord | None, seen: SightingRecord | None, set_back: PortalAlarm | None
) -> tuple[str, datetime | None]:
    """Why a post that the portal took is not public there, and since when that is known."""
    if push is not None and push.withdrawn_at is not None:
        return "withdrawn", push.withdrawn_at
    gone = (seen is not None and seen.gone_at is not None) or (push is not None and push.portal_state == GONE)
    if gone and set_back is not None and push is not None and push.accepted_at is not None:
        known_gone = seen.gone_at if seen is not None and seen.gone_at is not None else set_back.found_at
        if push.accepted_at >= set_back.since and known_gone >= set_back.found_at:
            return "lost", set_back.since
    if seen is not None and (push is None or push.accepted_at is None or seen.last_seen >= push.accepted_at or gone):
        return ("deleted", seen.gone_at) if seen.gone_at is not None else (_HIDDEN[seen.state], seen.last_seen)
    if push is not None and push.portal_state in _HIDDEN:
        return _HIDDEN[push.portal_state], push.accepted_at
    return "not_listed", push.accepted_at if push is not None else None


# --- notes -------------------------------------------------------------------------------------------


def _notes(post: PostFact, period: Period, known: Known) -> Iterator[Difference]:
    """What is worth knowing of one post though the counts may agree."""
    answer = known.answers.get(post.ref)
    if answer is not None and answer.silent_since is not None and is_public(post):
        yield _difference("silent", post, answer.silent_since, known)
    id_ = _id(post)
    push = known.pushes.get(id_) if id_ is not None else None
    if id_ is None or push is None or push.accepted_at is None:
        return
    seen, record = known.seen.get(id_), known.posts.get(id_)
    for cause, since in (
        ("not_looked", push.accepted_at if post.delivery is Delivery.ACCEPTED else None),
        ("date_moved", _moved(post, seen, period)),
        ("same_key_twice", _twice(known.copies.get(id_, ()))),
        ("typed_and_carried", _typed_beside(record, push, seen, known.typed)),
        *_edits(post, push, seen, record),
    ):
        if since is not None:
            yield _difference(cause, post, since, known)


def _moved(post: PostFact, seen: SightingRecord | None, period: Period) -> datetime | None:
    if seen is None or seen.published_at is None or not is_public(post):
        return None
    return None if seen.published_at in period or post.source_instant is None else seen.last_seen


def _twice(copies: Sequence[SightingRecord]) -> datetime | None:
    return max(seen.first_seen for seen in copies) if len(copies) > 1 else None


def _typed_beside(
    record: PostRecord | None,
    push: PushRecord,
    seen: SightingRecord | None,
    typed: Mapping[str, Sequence[SightingRecord]],
) -> datetime | None:
    """When a typed copy was made beside the carried one; a typed one that was taken over is no second."""
    if record is None or not record.text_sha256 or seen is None or seen.key is None or seen.gone_at is not None:
        return None
    if seen.state != PortalState.PUBLIC or push.withdrawn_at is not None:
        return None
    for other in typed.get(record.text_sha256, ()):
        if other.unit == push.unit and same_story(record.title, record.words, other.title):
            return typed_instant(other)
    return None


def _edits(
    post: PostFact, push: PushRecord, seen: SightingRecord | None, record: PostRecord | None
) -> Iterable[tuple[str, datetime | None]]:
    if push.error_kind == LEFT:
        return [("left", push.attempted_at or push.accepted_at)]
    behind = record is not None and push.state is PushState.DELIVERED and record.version > (push.delivered_version or 1)
    if behind and record is not None:
        return [("edit_waiting", record.changed_at or push.accepted_at)]
    found: list[tuple[str, datetime | None]] = []
    refused = push.state is PushState.DELIVERED and push.error is not None and push.error_kind != QUARANTINE
    if refused and push.withdrawn_at is None:
        found.append(("edit_refused", push.attempted_at))
    if edited_there(push, seen) and is_public(post):
        found.append(("edited_there", seen.last_seen if seen else None))
    return found


def edited_there(push: PushRecord, seen: SightingRecord | None) -> bool:
    """Whether what the census saw is not what we delivered."""
    if seen is None or seen.key is None or seen.gone_at is not None or push.portal_id != seen.portal_id:
        return False
    acted = max(at for at in (push.accepted_at, push.attempted_at, seen.first_seen) if at is not None)
    if seen.last_seen < acted:  # a look before our own act tells nothing of it
        return False
    text, title = push.delivered_text_sha256, push.delivered_title_sha256
    if text == ANY_TEXT:
        return False
    return (bool(text) and bool(seen.content_sha256) and seen.content_sha256 != text) or (
        title is not None and title_sha256(seen.title) != title
    )
