"""Write down what a census saw: sightings, what changed since the one before as leaves, and what it means for our pushes.

Everything happens in the caller's unit of work; nothing is committed here.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from syncd.application.reading_back.attribution import BY_KEY, BY_PERSON, Attribution
from syncd.domain.identity import same_story, title_sha256
from syncd.domain.ledger import LeafKind, instant_text
from syncd.domain.model import PostId, UnitId, local_month
from syncd.ports.portal import PortalPost, PortalState
from syncd.ports.records import PostRecord, PushRecord, PushState, SightingRecord
from syncd.ports.store import UnitOfWork

# A portal's clock may be off by a day, and a listing takes its time: a unit's own post must not be called late for that.
_LATE_AFTER = timedelta(hours=25)
_NOT_THERE_YET = frozenset(
    (PushState.QUEUED, PushState.HELD_BACK, PushState.UNKNOWN, PushState.DEAD, PushState.QUARANTINED)
)
_TO_BE_SENT = frozenset((PushState.QUEUED, PushState.HELD_BACK, PushState.DEAD))
GONE = "gone"


@dataclass(slots=True, kw_only=True)
class Taken:
    """What was made of one listing. `copies`: key -> addresses of the posts, not trashed, that carry it."""

    own: int = 0
    typed: int = 0
    unattributed: int = 0
    unknown_keys: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    late: int = 0
    adopted: int = 0
    units: dict[UnitId, Counter[str]] = field(default_factory=dict)
    copies: dict[str, list[str]] = field(default_factory=dict)


def take_in(
    uow: UnitOfWork,
    *,
    portal: str,
    at: datetime,
    window: tuple[datetime, datetime],
    listed: Sequence[PortalPost],
    missing: Mapping[str, PortalPost | None],
    attribution: Attribution,
    lacked_at: datetime | None,
) -> Taken:
    """Compare with the sightings there are and write the difference.

    `missing` are the known posts that were not listed, as the portal answered when asked for each. `lacked_at` is when the
    newest complete census before this one began: what is dated before it and seen only now is a late sighting.
    """
    taken = Taken()
    known = {row.portal_id: row for row in uow.sightings.in_window(portal, *window)}
    rows: list[SightingRecord] = []
    for post in listed:
        # One whose date was moved stands outside the window.
        before = known.get(post.id) or uow.sightings.get(portal, post.id)
        row = _sighting(uow, portal, at, post, before, attribution, lacked_at)
        rows.append(row)
        if before is not None and before.post is not None and row.post is None:
            _lose(uow, portal, before)
        _count(taken, post, row)
        _note_change(uow, taken, at, row, before)
    for portal_id, answer in missing.items():
        before = known.get(portal_id)
        if before is None:
            continue
        if answer is None:
            row = replace(before, gone_at=at)
            taken.gone += 1
        else:
            row = _sighting(uow, portal, at, answer, before, attribution, lacked_at)
            if before.post is not None and row.post is None:
                _lose(uow, portal, before)
        rows.append(row)
        _note_change(uow, taken, at, row, before)
    rows = _adopt_typed(uow, taken, portal, at, rows)
    uow.sightings.put(rows)
    _tell_pushes(uow, taken, portal, at, rows)
    return taken


def take_in_apart(
    uow: UnitOfWork, portal: str, at: datetime, posts: Sequence[PortalPost], attribution: Attribution
) -> None:
    """Write down carried posts that were asked for one by one because no listing held them: a portal whose clock is wrong dates them elsewhere."""
    taken = Taken()
    rows = []
    for post in posts:
        before = uow.sightings.get(portal, post.id)
        rows.append(_sighting(uow, portal, at, post, before, attribution, None))
        _note_change(uow, taken, at, rows[-1], before)
    uow.sightings.put(rows)
    _tell_pushes(uow, taken, portal, at, rows)


def _sighting(
    uow: UnitOfWork,
    portal: str,
    at: datetime,
    post: PortalPost,
    before: SightingRecord | None,
    attribution: Attribution,
    lacked_at: datetime | None,
) -> SightingRecord:
    unit, rule = attribution.unit_of(post)
    if before is not None and _is_another(post, before):
        before = None
    ours: PostId | None = before.post if before else None
    if post.key is not None and before is not None and before.key == post.key and ours is not None:
        unit, rule = before.unit, BY_KEY
    elif post.key is not None:
        known = uow.posts.by_key(post.key)
        ours = known.id if known else None
        unit, rule = (known.unit, BY_KEY) if known else (unit, rule)
    elif before is not None and (before.attributed_by == BY_PERSON or ours is not None):
        # A person's word, and a copy taken over for a post of ours, stand.
        unit, rule = before.unit, before.attributed_by
    late = (
        post.key is None
        and lacked_at is not None
        and post.published_at is not None
        and post.published_at + _LATE_AFTER < lacked_at
    )
    return SightingRecord(
        portal=portal,
        portal_id=post.id,
        title=post.title,
        url=post.url,
        state=post.state.value,
        first_seen=before.first_seen if before else at,
        last_seen=at,
        published_at=post.published_at,
        month=local_month(post.published_at or (before.first_seen if before else at)),
        key=post.key,
        post=ours,
        unit=unit,
        attributed_by=rule,
        author=post.author,
        categories=post.categories,
        content_sha256=post.content_sha256,
        version=post.version,
        late_sighting=before.late_sighting if before else late,
        decision=before.decision if before else None,
    )


def _is_another(post: PortalPost, before: SightingRecord) -> bool:
    """Whether a number was given to another post: a portal restored from a backup counts on from an older number.

    An editor may take our key out of a text, or write a post anew; title, text and date together are the post itself.
    """
    return (
        post.key is None
        and post.title != before.title
        and post.content_sha256 != before.content_sha256
        and post.published_at != before.published_at
    )


def is_of_unknown_key(sighting: SightingRecord) -> bool:
    """Carried by syncd, and no post of this database; what `syncd portal check` leaves is a draft."""
    hidden = (PortalState.DRAFT.value, PortalState.TRASH.value)
    ours = sighting.key is not None and sighting.post is None
    return ours and sighting.gone_at is None and sighting.state not in hidden


def _count(taken: Taken, post: PortalPost, row: SightingRecord) -> None:
    if row.post is not None:
        taken.own += 1
    elif row.unit is not None:
        taken.typed += 1
    elif post.state is PortalState.PUBLIC:
        taken.unattributed += 1
    taken.unknown_keys += is_of_unknown_key(row)
    if row.unit is not None:
        taken.units.setdefault(row.unit, Counter())[row.state] += 1
    if row.key is not None and post.state is not PortalState.TRASH:
        taken.copies.setdefault(row.key, []).append(row.url)


# --- leaves ----------------------------------------------------------------------------------------------


def _note_change(
    uow: UnitOfWork, taken: Taken, at: datetime, row: SightingRecord, before: SightingRecord | None
) -> None:
    events = _events(row, before)
    if not events:
        return
    if before is None:
        taken.new += 1
        taken.late += row.late_sighting
    elif row.gone_at is None:
        taken.changed += 1
    uow.ledger.append(
        LeafKind.READBACK,
        at,
        {
            "portal": row.portal,
            "portal_id": row.portal_id,
            "events": events,
            "key": row.key,
            "url": row.url,
            "state": GONE if row.gone_at else row.state,
            "was": before.state if before else None,
            "published": instant_text(row.published_at) if row.published_at else None,
            "title_sha256": title_sha256(row.title),
            "content_sha256": row.content_sha256,
            "author": row.author,
            "attributed_by": row.attributed_by,
            "late": row.late_sighting,
        },
        unit=row.unit,
    )


def _events(row: SightingRecord, before: SightingRecord | None) -> list[str]:
    if before is None:
        return ["seen"]
    if row.gone_at is not None:
        return ["gone"]
    differs = {
        "back": before.gone_at is not None,
        "state": row.state != before.state,
        "text": row.content_sha256 != before.content_sha256 or row.title != before.title,
        "date": row.published_at != before.published_at,
        "unit": row.unit != before.unit,
        "another": before.post is not None and row.post is None,
    }
    return [event for event, happened in differs.items() if happened]


# --- what it means for our pushes ------------------------------------------------------------------------


def _tell_pushes(uow: UnitOfWork, taken: Taken, portal: str, at: datetime, rows: Sequence[SightingRecord]) -> None:
    """A push whose post is seen by its key is delivered, whatever we thought of it; one whose number is another post's is gone."""
    seen = [row for row in rows if row.post is not None and row.key is not None]
    pushes = uow.pushes.for_posts([row.post for row in seen if row.post is not None])
    for row in seen:
        push = pushes.get(row.post) if row.post is not None else None
        if push is None or push.portal != portal or push.state is PushState.INTENT:
            continue
        if push.state in _NOT_THERE_YET:
            if row.gone_at is None:
                post = uow.posts.get(push.post)
                pushes[push.post] = _adopted(uow, push, row, at, post)
                taken.adopted += 1
        elif push.portal_id in (None, row.portal_id):
            state = GONE if row.gone_at else row.state
            if (push.portal_id, push.portal_state, push.portal_url) != (row.portal_id, state, row.url):
                pushes[push.post] = replace(push, portal_id=row.portal_id, portal_state=state, portal_url=row.url)
                uow.pushes.update(pushes[push.post])


def _lose(uow: UnitOfWork, portal: str, before: SightingRecord) -> None:
    push = uow.pushes.get(portal, before.post) if before.post is not None else None
    if push is not None and push.state is PushState.DELIVERED and push.portal_id == before.portal_id:
        uow.pushes.update(replace(push, portal_state=GONE))


def _adopt_typed(
    uow: UnitOfWork, taken: Taken, portal: str, at: datetime, rows: Sequence[SightingRecord]
) -> list[SightingRecord]:
    """A hand-typed copy of a post that still waits to be sent is that post: a second copy must not be made."""
    typed = {
        (row.unit, row.content_sha256): row
        for row in rows
        if row.key is None and row.post is None and row.unit and row.content_sha256
        and row.gone_at is None and row.state != PortalState.TRASH.value
    }  # fmt: skip
    posts = uow.posts.with_text({text for _, text in typed}) if typed else []
    pushes = uow.pushes.for_posts([post.id for post in posts if post.id is not None])
    taken_over: dict[str, PostId] = {}
    for post in posts:
        row = typed.get((post.unit, post.text_sha256))
        push = pushes.get(post.id) if post.id is not None else None
        if row is None or push is None or push.portal != portal or push.state not in _TO_BE_SENT:
            continue
        if same_story(post.title, post.words, row.title) and row.portal_id not in taken_over:
            _adopted(uow, push, row, at, post)
            taken.adopted += 1
            taken_over[row.portal_id] = push.post
    return [replace(row, post=taken_over.get(row.portal_id, row.post)) for row in rows]


def _adopted(
    uow: UnitOfWork, push: PushRecord, row: SightingRecord, at: datetime, post: PostRecord | None
) -> PushRecord:
    printed = None if row.late_sighting else row.published_at
    accepted = (push.attempted_at or at) if row.key is not None else (printed or row.first_seen)
    current = post is None or row.key is None or row.content_sha256 == post.text_sha256
    version = post.version if post else push.version
    adopted = replace(
        push,
        state=PushState.DELIVERED,
        delivered_version=version if current else version - 1,
        portal_id=row.portal_id,
        portal_url=row.url,
        portal_state=row.state,
        accepted_at=push.accepted_at or accepted,
        adopted=True,
        delivered_text_sha256=row.content_sha256,
        not_before=None,
        error=None,
        error_kind=None,
        hint=None,
    )
    uow.pushes.update(adopted)
    uow.ledger.append(
        LeafKind.PUSH_RESULT,
        at,
        {
            "portal": adopted.portal,
            "key": adopted.key,
            "attempt": adopted.attempts,
            "outcome": "adopted",
            "version": adopted.version,
            "portal_id": adopted.portal_id,
            "portal_url": adopted.portal_url,
            "portal_state": adopted.portal_state,
            "accepted_at": instant_text(adopted.accepted_at) if adopted.accepted_at else None,
            "error_kind": None,
            "error": None,
        },
        unit=adopted.unit,
    )
    return adopted
