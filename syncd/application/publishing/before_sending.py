"""What has to be sure before anything is sent: that neither the portal nor our own database was set back to an older state.

Asked only where something waits to be sent. One post is read back for it; a census is taken where our database heard nothing of the
portal for long, or where the newest posts are gone.
"""

from dataclasses import dataclass

from syncd.application.figures.deliveries import STALE
from syncd.application.reading_back.census import CensusReport, take_census
from syncd.application.reading_back.set_back import is_behind
from syncd.application.reading_back.sightings import GONE
from syncd.application.services import Services
from syncd.domain.set_back import ENOUGH
from syncd.errors import ForeignError
from syncd.ports.portal import PortalState
from syncd.ports.records import PushRecord
from syncd.ports.watch import AlarmKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Why nothing is sent for now, and what to do."""

    error: str
    hint: str | None


def hold_of(services: Services) -> Hold | None:
    """None where sending is safe. May take a census."""
    name = services.portal.name
    with services.db.read() as uow:
        alarm = uow.watch.alarm(name, AlarmKind.PORTAL_SET_BACK)
        if alarm is None and not uow.pushes.due(name, services.clock.now(), limit=1):
            return None
        behind = alarm is None and is_behind(uow, services)
    report: CensusReport | None = None
    if behind or (alarm is None and _newest_are_gone(services)):
        report = take_census(services)
    with services.db.read() as uow:
        alarm = uow.watch.alarm(name, AlarmKind.PORTAL_SET_BACK)
        still_behind = uow.watch.alarm(name, AlarmKind.LEDGER_BEHIND)
    if alarm is not None:
        return Hold(
            error=f'the portal "{name}" lost {alarm.posts} posts at once: nothing is sent until a person has said why',
            hint='syncd portal restored --reason "…" --by "…", or syncd portal removed',
        )
    if still_behind is not None:
        why = f": {report.error}" if report is not None and report.error else ""
        return Hold(
            error=f'the portal "{name}" has to be looked at whole before anything is sent, and could not be{why}',
            hint=(report.hint if report is not None else None) or "syncd census",
        )
    return None


def _newest_are_gone(services: Services) -> bool:
    """Whether the posts delivered last no longer stand there. The first that does answers the question."""
    portal, now = services.portal, services.clock.now()
    fresh = max(portal.capabilities.settle, STALE)  # a look-up may be that much behind
    with services.db.read() as uow:
        newest = uow.pushes.newest_delivered(portal.name, before=now - fresh, limit=ENOUGH)
    asked = [push for push in newest if not _known_to_be_away(push)]
    if len(asked) < ENOUGH:
        return False
    for push in asked:
        try:
            found = portal.read(push.portal_id) if push.portal_id is not None else None
        except ForeignError:
            return False  # what the portal cannot tell now, sending will find out
        if found is not None and found.key in (push.key, None):
            return False
    return True


def _known_to_be_away(push: PushRecord) -> bool:
    return push.withdrawn_at is not None or push.portal_state in (GONE, PortalState.TRASH.value)
