"""What became of a post on its way to the portal and there, from its push and from what the census saw."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from syncd.domain.model import Delivery, PostId
from syncd.ports.portal import PortalState
from syncd.ports.records import PushRecord, PushState, SightingRecord

STALE = timedelta(minutes=5)  # a portal's list may be that much behind what it has just taken
# From what is worth nothing to what is worth most for one text that went to the portal by two ways.
STANDING = (
    Delivery.NONE,
    Delivery.FAILED,
    Delivery.UNKNOWN,
    Delivery.QUEUED,
    Delivery.QUARANTINED,
    Delivery.REMOVED,
    Delivery.HELD,
    Delivery.ACCEPTED,
    Delivery.VISIBLE,
)


def delivery_of(push: PushRecord | None, sighting: SightingRecord | None, looked: datetime | None) -> Delivery:
    """What became of a post, from its push, the census's sight of it and the start of the newest census that would list it.

    A post that was accepted once stays delivered while an edit of it waits, fails or is unknown.
    """
    if push is not None and _sent_anew(push):
        return _BEFORE_ACCEPTANCE[push.state]
    if push is not None and sighting is not None and _of_a_lost_copy(sighting, push):
        sighting = None
    if push is not None and push.withdrawn_at is not None and not _public_since(push.withdrawn_at, sighting):
        return Delivery.REMOVED
    if sighting is not None:
        looked_at = max(sighting.last_seen, sighting.gone_at or sighting.last_seen)
        # A post taken over by its key was seen before that act: what the act learned is newer.
        if push is None or push.accepted_at is None or looked_at >= push.accepted_at:
            return seen_as(sighting)
    if push is None:
        return Delivery.NONE
    if push.accepted_at is None and push.state is not PushState.DELIVERED:
        return _BEFORE_ACCEPTANCE[push.state]
    if push.portal_state == PortalState.TRASH:
        return Delivery.REMOVED
    if push.portal_state not in (None, PortalState.PUBLIC):
        return Delivery.HELD
    # One that a census has listed is gone only when a census says so: instants alone may come from a clock that was set back.
    acted = max((at for at in (push.accepted_at, push.attempted_at) if at is not None), default=None)
    missed = sighting is None and looked is not None and acted is not None and looked > acted + STALE
    return Delivery.REMOVED if missed else Delivery.ACCEPTED


def _sent_anew(push: PushRecord) -> bool:
    """Whether the portal had it, lost it, and has not been given it again."""
    return push.accepted_at is not None and push.portal_id is None and push.state is not PushState.DELIVERED


def _of_a_lost_copy(sighting: SightingRecord, push: PushRecord) -> bool:
    """Whether what the census saw is a copy that the portal lost, and another one was made since."""
    return sighting.gone_at is not None and push.portal_id not in (None, sighting.portal_id)


def _public_since(withdrawn_at: datetime, sighting: SightingRecord | None) -> bool:
    """Whether a person at the portal put back what we withdrew."""
    return sighting is not None and sighting.last_seen > withdrawn_at and seen_as(sighting) is Delivery.VISIBLE


_BEFORE_ACCEPTANCE = {
    PushState.QUEUED: Delivery.QUEUED,
    PushState.HELD_BACK: Delivery.QUEUED,
    PushState.INTENT: Delivery.UNKNOWN,
    PushState.UNKNOWN: Delivery.UNKNOWN,
    PushState.DEAD: Delivery.FAILED,
    PushState.QUARANTINED: Delivery.QUARANTINED,
}


def seen_as(sighting: SightingRecord) -> Delivery:
    if sighting.gone_at is not None or sighting.state == PortalState.TRASH:
        return Delivery.REMOVED
    return Delivery.VISIBLE if sighting.state == PortalState.PUBLIC else Delivery.HELD


def typed_instant(sighting: SightingRecord) -> datetime:
    """The printed date, unless an earlier complete census lacked the post: then the first sighting."""
    if sighting.late_sighting or sighting.published_at is None:
        return sighting.first_seen
    return sighting.published_at


def best_sightings(sightings: Iterable[SightingRecord]) -> dict[PostId, SightingRecord]:
    """Of each carried post its sighting; where it stands there twice, the one that is worth most."""
    best: dict[PostId, SightingRecord] = {}
    for seen in sightings:
        if seen.post is None:
            continue
        rival = best.get(seen.post)
        if rival is None or STANDING.index(seen_as(seen)) > STANDING.index(seen_as(rival)):
            best[seen.post] = seen
    return best
