"""Not to flood the portal: posts of periods that are over, and what one reading brings beyond a number, go there so many a day."""

from dataclasses import replace
from datetime import datetime

from syncd.application.open_periods import open_since
from syncd.application.services import Services
from syncd.domain.model import LOCAL, Precision
from syncd.ports.records import PostRecord, PushState


class FloodGate:
    """Says of the new posts of one reading which may go to the portal at once. Used by one thread.

    Posts of a period that is still open, or within its grace, may: they count. At most `flood_cap` of one reading do.
    """

    def __init__(self, services: Services, now: datetime) -> None:
        self._open_since = open_since(services, now)
        self._room = services.publish_rules.flood_cap

    def state_for(self, post: PostRecord) -> PushState:
        """The state in which its push is made."""
        if post.quarantine:
            return PushState.QUARANTINED
        instant = post.published_at or post.first_seen
        # A month alone may mean any of its days, so it is old only when all of them are.
        over = self._open_since is not None and instant < self._open_since and post.precision is not Precision.MONTH
        if over or self._room <= 0:
            return PushState.HELD_BACK
        self._room -= 1
        return PushState.QUEUED


def release(services: Services) -> int:
    """Queue some of the pushes that are held back, those of the newest posts first, as many as the day still allows; how many."""
    now, portal = services.clock.now(), services.portal.name
    day = now.astimezone(LOCAL).date()
    with services.db.read() as uow:
        if not uow.flood.held_back(portal, limit=1):
            return 0
    with services.db.write() as uow:
        released = uow.flood.released(portal, day)
        room = services.publish_rules.flood_cap - released
        held = uow.flood.held_back(portal, limit=room) if room > 0 else []
        for push in held:
            uow.pushes.update(replace(push, state=PushState.QUEUED, not_before=None))
        if held:
            uow.flood.set_released(portal, day, released + len(held))
            uow.commit()
    return len(held)
