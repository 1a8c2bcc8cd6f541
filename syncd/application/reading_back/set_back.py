"""A portal that was set back to an old backup: noticed by the census, and mended by a person's word.

Until then nothing is sent. `restored` queues exactly the lost posts again, under their keys, so that each is looked up before it is
sent; `removed` says that editors took them away on purpose.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from syncd.application.figures.deliveries import STALE
from syncd.application.reading_back.sightings import GONE
from syncd.application.services import Services
from syncd.domain.identity import title_sha256
from syncd.domain.ledger import LeafKind, instant_text
from syncd.domain.model import PostId, SourceKey
from syncd.domain.set_back import Carried, Loss, lost_at_once
from syncd.errors import ForeignError, UsageError
from syncd.ports.portal import PortalPost, PortalState
from syncd.ports.records import PushRecord, PushState, SightingRecord
from syncd.ports.store import UnitOfWork
from syncd.ports.watch import AlarmKind, PortalAlarm

_ASK_AT_MOST = 200  # posts that no listing shows, asked for one by one
_HIDDEN = (GONE, PortalState.TRASH.value)
_FAR_BEHIND = 2  # intervals of the census
_BEFORE = timedelta(hours=1)


def weigh_loss(
    services: Services,
    *,
    listed: Collection[SourceKey],
    missing: Iterable[tuple[SightingRecord, PortalPost | None]],
    started_at: datetime,
    looked_since: datetime,
) -> tuple[Loss | None, list[PortalPost]]:
    """Whether the portal was set back, from what a census listed and what it asked for one by one.

    `missing` are the known posts that were not listed, as the portal answered for each; `looked_since` is when the census before this one began.
    Carried posts that nobody has seen yet are asked for by their keys; those that stand, dated outside what was listed, are given back too.
    """
    answers = {seen.post: (seen, answer) for seen, answer in missing if seen.post is not None}
    with services.db.read() as uow:
        gone = uow.pushes.for_posts([post for post, (seen, answer) in answers.items() if _is_lost(seen, answer)])
        since = min((push.accepted_at for push in gone.values() if push.accepted_at), default=looked_since)
        pushes = uow.pushes.delivered_since(services.portal.name, min(since, looked_since - _BEFORE))
        seen_before = uow.sightings.for_posts(services.portal.name, [push.post for push in pushes])
    asked = 0
    apart: list[PortalPost] = []
    carried: list[Carried] = []
    for push in pushes:
        if push.accepted_at is None or push.withdrawn_at is not None:
            continue
        sighting, answer = answers.get(push.post, (seen_before.get(push.post), None))
        standing: bool | None = None
        if push.key in listed:
            standing = True
        elif push.portal_state in _HIDDEN or (sighting is not None and sighting.gone_at is not None):
            continue  # gone before: told then
        elif push.post in answers and sighting is not None:
            standing = not _is_lost(sighting, answer)
        elif sighting is None and push.accepted_at < started_at - STALE and asked < _ASK_AT_MOST:
            asked += 1
            standing = _ask_for(services, push, apart)
        carried.append(_carried(push, sighting, answer, standing))
    return lost_at_once(carried), apart


def _carried(
    push: PushRecord, sighting: SightingRecord | None, answer: PortalPost | None, standing: bool | None
) -> Carried:
    assert push.accepted_at is not None
    if push.adopted and standing:
        standing = None  # it may have stood there long before it was taken over
    return Carried(
        accepted_at=push.accepted_at,
        known_until=max(push.accepted_at, sighting.last_seen if sighting else push.accepted_at),
        standing=standing,
        number=_number(push),
        taken=standing is False and answer is not None and answer.key not in (None, push.key),
    )


def _number(push: PushRecord) -> int | None:
    id_ = push.portal_id or ""
    return int(id_) if id_.isascii() and id_.isdigit() and not push.adopted else None


def _is_lost(seen: SightingRecord, answer: PortalPost | None) -> bool:
    """Whether it is no longer there: nothing under its id, or another post. A key that an editor took out of the text is no loss."""
    if seen.state == PortalState.TRASH.value:
        return False
    return answer is None or (answer.key is not None and answer.key != seen.key)


def _ask_for(services: Services, push: PushRecord, apart: list[PortalPost]) -> bool | None:
    try:
        found = services.portal.find(push.key)
    except ForeignError:
        return None
    if found is not None:
        apart.append(found)
    return found is not None


def is_behind(uow: UnitOfWork, services: Services) -> bool:
    """Whether our database heard nothing of the portal for long: the machine was down, or an old copy was put back.

    A portal that could never be read whole is not waited for.
    """
    name = services.portal.name
    if uow.watch.alarm(name, AlarmKind.LEDGER_BEHIND) is not None:
        return True
    newest = uow.censuses.latest(name)
    if newest is None or newest.started_at >= services.clock.now() - _FAR_BEHIND * services.census_every:
        return False
    return uow.censuses.latest_complete(name, newest.start, newest.end) is not None


def mark_behind(services: Services) -> None:
    """Let nothing be sent before a complete census, where our database heard nothing of the portal for long."""
    name, now = services.portal.name, services.clock.now()
    with services.db.read() as uow:
        newest = uow.censuses.latest(name)
        if newest is None or not is_behind(uow, services):
            return
    with services.db.write() as uow:
        kind = AlarmKind.LEDGER_BEHIND
        uow.watch.sound(PortalAlarm(portal=name, kind=kind, found_at=now, since=newest.started_at))
        uow.commit()


def sound_alarm(uow: UnitOfWork, portal: str, loss: Loss, at: datetime) -> None:
    """Stop all sending to the portal, with a leaf; nothing where the alarm stands already."""
    if uow.watch.alarm(portal, AlarmKind.PORTAL_SET_BACK) is not None:
        return
    uow.watch.sound(
        PortalAlarm(portal=portal, kind=AlarmKind.PORTAL_SET_BACK, found_at=at, since=loss.since, posts=loss.posts)
    )
    data = {"portal": portal, "alarm": "portal_set_back", "since": instant_text(loss.since), "posts": loss.posts}
    uow.ledger.append(LeafKind.RECONCILE, at, data)


# --- what a person says ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SetBackReport:
    """`lost`: posts that the portal no longer has; `older`: those that stand there in an older version. `stand`: those found well."""

    action: str
    since: datetime
    lost: tuple[PostId, ...]
    older: tuple[PostId, ...]
    stand: int
    leaf: int

    def as_json(self) -> dict[str, Any]:
        return {
            "action": self.action,
            "since": self.since.isoformat(),
            "lost": [f"post:{post}" for post in self.lost],
            "older": [f"post:{post}" for post in self.older],
            "stand": self.stand,
            "leaf": self.leaf,
        }


def restored(services: Services, *, reason: str, by: str) -> SetBackReport:
    """The portal was restored: queue the lost posts again, and those whose newest version is lost. Only one writer may do this for a portal at a time.

    Raises:
        UsageError: no alarm stands, or no reason or name.
        ForeignError: the portal did not answer for each of them; nothing is changed.
    """
    return _settle(services, "portal_restored", reason=reason, by=by)


def removed(services: Services, *, reason: str, by: str) -> SetBackReport:
    """Editors took the posts away on purpose: they stay away, and sending goes on.

    Raises:
        UsageError, ForeignError: as `restored`.
    """
    return _settle(services, "portal_removed", reason=reason, by=by)


def _settle(services: Services, action: str, *, reason: str, by: str) -> SetBackReport:
    reason, by = reason.strip(), " ".join(by.split())
    if not reason or not by:
        raise UsageError("it needs the reason, and the name of who decides", hint='--reason "…" --by "…"')
    name = services.portal.name
    with services.db.read() as uow:
        alarm = uow.watch.alarm(name, AlarmKind.PORTAL_SET_BACK)
        if alarm is None:
            raise UsageError(
                f'nothing says that the portal "{name}" was set back', hint="syncd status tells what waits"
            )
        pushes = uow.pushes.delivered_since(name, alarm.since)
        seen = uow.sightings.for_posts(name, [push.post for push in pushes])
    services.portal.verify()
    concerned = [push for push in pushes if not _settled_before(push, seen.get(push.post), alarm)]
    found = {push.post: _standing_copy(services, push, seen.get(push.post)) for push in concerned}
    lost = [push for push in concerned if found[push.post] is None]
    older = [push for push in concerned if (copy := found[push.post]) and _is_older(push, copy, alarm)]
    again = action == "portal_restored"
    now = services.clock.now()
    with services.db.write() as uow:
        for push in lost:
            uow.pushes.update(_anew(push) if again else replace(push, portal_state=GONE))
        for push in older if again else ():
            uow.pushes.update(_behind(push, found[push.post]))
        if again:
            uow.media.forget_placed_since(name, alarm.since)
        uow.watch.end(name, AlarmKind.PORTAL_SET_BACK, now)
        leaf = uow.ledger.append(LeafKind.ADMIN_ACTION, now, _told(action, alarm, lost, older, reason, by))
        uow.commit()
    return SetBackReport(
        action=action,
        since=alarm.since,
        lost=tuple(push.post for push in lost),
        older=tuple(push.post for push in older),
        stand=len(concerned) - len(lost),
        leaf=leaf,
    )


def _told(
    action: str, alarm: PortalAlarm, lost: Sequence[PushRecord], older: Sequence[PushRecord], reason: str, by: str
) -> Mapping[str, Any]:
    return {
        "action": action,
        "portal": alarm.portal,
        "since": instant_text(alarm.since),
        "lost": [push.key for push in lost],
        "older": [push.key for push in older],
        "reason": reason,
        "by": by,
    }


def _settled_before(push: PushRecord, seen: SightingRecord | None, alarm: PortalAlarm) -> bool:
    """Whether it was withdrawn, thrown away or deleted before the portal was set back."""
    if push.withdrawn_at is not None or push.portal_state == PortalState.TRASH.value:
        return True
    if seen is None:
        return push.portal_state == GONE
    return seen.state == PortalState.TRASH.value or (seen.gone_at is not None and seen.gone_at < alarm.found_at)


def _standing_copy(services: Services, push: PushRecord, seen: SightingRecord | None) -> PortalPost | None:
    found = services.portal.find(push.key)
    if found is None and seen is not None and seen.key is None:  # typed by hand and taken over: it has no key of ours
        typed = services.portal.read(seen.portal_id)
        return typed if typed is not None and typed.key is None and typed.title == seen.title else None
    return found


def _is_older(push: PushRecord, copy: PortalPost, alarm: PortalAlarm) -> bool:
    """Whether an edit that we carried after the backup was made is lost, and the copy stands as it was before."""
    carried_since = push.attempted_at is not None and push.attempted_at >= alarm.since
    return carried_since and (push.delivered_version or 1) > 1 and copy.content_sha256 != push.delivered_text_sha256


def _behind(push: PushRecord, copy: PortalPost | None) -> PushRecord:
    assert copy is not None
    return replace(
        push,
        delivered_version=(push.delivered_version or 1) - 1,
        portal_id=copy.id,
        portal_url=copy.url,
        delivered_text_sha256=copy.content_sha256,
        delivered_title_sha256=title_sha256(copy.title),
        not_before=None,
    )


def _anew(push: PushRecord) -> PushRecord:
    """The same push under the same key, as if never sent; when the portal first took it stays what it was."""
    return replace(
        push,
        state=PushState.QUEUED,
        attempts=0,
        attempted_at=None,
        not_before=None,
        payload_sha256=None,
        delivered_version=None,
        portal_id=None,
        portal_url=None,
        portal_state=None,
        adopted=False,
        delivered_text_sha256=None,
        delivered_title_sha256=None,
        error=None,
        error_kind=None,
        hint=None,
    )
