"""What has not reached the portal, or not as its unit has it now: every push that waits, what for, and what a person can do about it."""

import json
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from syncd.application.publishing.attempt import LEFT
from syncd.application.publishing.unmapped import UNMAPPED
from syncd.application.services import Services
from syncd.application.wording import withheld_title
from syncd.domain.ledger import LeafKind, instant_text, keys_of
from syncd.domain.model import UnitId
from syncd.ports.records import PostRecord, PushRecord, PushState
from syncd.ports.store import UnitOfWork

SHOWN = 200  # pushes told one by one, unless more are asked for
_SIGNED = '--reason "…" --by "…"'
_ACTS = (LeafKind.PUSH_SENT, LeafKind.PUSH_RESULT, LeafKind.ADMIN_ACTION)
_FAR = datetime(9999, 1, 1, tzinfo=UTC)


class Wait(StrEnum):
    """What a push waits for, worst first."""

    DEAD = "dead"  # refused, or out of tries: a person mends the reason and lets it go again
    LEFT = "left"  # changed or removed by somebody at the portal: a person says whose version stands
    QUARANTINED = "quarantined"  # a person in charge says whether it may go out
    UNMAPPED = "unmapped"  # a rule that places it
    UNKNOWN = "unknown"  # sent without an answer: looked up by itself
    QUEUED = "queued"  # sent by itself
    HELD_BACK = "held_back"  # an older post, sent by turns


_OF_STATE = {
    PushState.QUEUED: Wait.QUEUED,
    PushState.HELD_BACK: Wait.HELD_BACK,
    PushState.INTENT: Wait.UNKNOWN,
    PushState.UNKNOWN: Wait.UNKNOWN,
    PushState.DEAD: Wait.DEAD,
    PushState.QUARANTINED: Wait.QUARANTINED,
}
NEED_A_PERSON = frozenset((Wait.DEAD, Wait.LEFT, Wait.QUARANTINED, Wait.UNMAPPED))
_ACT: Mapping[Wait, str] = {
    Wait.DEAD: f"syncd decide {{ref}} retry {_SIGNED}",
    Wait.LEFT: f"syncd decide {{ref}} overwrite|keep {_SIGNED}",
    Wait.QUARANTINED: f"syncd decide {{ref}} release|exclude {_SIGNED}",
    Wait.UNMAPPED: "syncd mapping",
    Wait.UNKNOWN: "syncd publish",
    Wait.QUEUED: "syncd publish",
    Wait.HELD_BACK: "",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """One push that waits. `edit`: an earlier version stands on the portal. `next_at` None: no try is planned."""

    wait: Wait
    push: PushRecord
    title: str  # of one with a secrecy mark only its number
    edit: bool

    @property
    def ref(self) -> str:
        return f"post:{self.push.post}"

    @property
    def since(self) -> datetime:
        """When it began to wait; of an edit, when it was last tried."""
        return (self.push.attempted_at if self.edit else None) or self.push.queued_at

    @property
    def next_at(self) -> datetime | None:
        return self.push.not_before if self.wait in (Wait.QUEUED, Wait.UNKNOWN, Wait.UNMAPPED) else None

    @property
    def act(self) -> str:
        """The command of whoever decides; empty where nothing need be done."""
        return _ACT[self.wait].replace("{ref}", self.ref)

    def as_json(self) -> dict[str, Any]:
        push = self.push
        return {
            "ref": self.ref,
            "unit": push.unit,
            "title": self.title,
            "state": self.wait.value,
            "edit": self.edit,
            "since": instant_text(self.since),
            "tries": push.attempts,
            "tried_at": instant_text(push.attempted_at) if push.attempted_at else None,
            "next_at": instant_text(self.next_at) if self.next_at else None,
            "error_kind": push.error_kind,
            "error": push.error,
            "hint": push.hint,
            "act": self.act,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingList:
    """All that wait by what they wait for, and the first of them, worst first, oldest first."""

    counts: Mapping[Wait, int]
    shown: tuple[Waiting, ...]

    @property
    def needs_person(self) -> bool:
        return any(self.counts.get(wait) for wait in NEED_A_PERSON)

    def as_json(self) -> dict[str, Any]:
        return {
            "counts": {wait.value: self.counts[wait] for wait in Wait if self.counts.get(wait)},
            "pushes": [each.as_json() for each in self.shown],
            "more": sum(self.counts.values()) - len(self.shown),
        }


def waiting(
    services: Services,
    uow: UnitOfWork,
    *,
    waits: Collection[Wait] = tuple(Wait),
    unit: UnitId | None = None,
    limit: int = SHOWN,
) -> WaitingList:
    """The pushes that wait for one of `waits`."""
    found = pushes_waiting(services, uow, waits=waits, unit=unit)
    posts = uow.posts.many(push.post for _, push in found[:limit])
    shown = tuple(
        Waiting(wait=wait, push=push, title=_title(push, posts.get(push.post)), edit=push.state is PushState.DELIVERED)
        for wait, push in found[:limit]
    )
    return WaitingList(counts=Counter(wait for wait, _ in found), shown=shown)


def pushes_waiting(
    services: Services, uow: UnitOfWork, *, waits: Collection[Wait] = tuple(Wait), unit: UnitId | None = None
) -> list[tuple[Wait, PushRecord]]:
    """The same without their titles: worst first, oldest first."""
    portal = services.portal.name
    pushes = [*uow.pushes.in_state(*_OF_STATE), *uow.pushes.edits_in_trouble(portal)]
    found = [
        (wait, push)
        for push in pushes
        if push.portal == portal and unit in (None, push.unit) and (wait := wait_of(push)) is not None and wait in waits
    ]
    order = {wait: number for number, wait in enumerate(Wait)}
    found.sort(key=lambda pair: (order[pair[0]], pair[1].queued_at, pair[1].post))
    return found


def wait_of(push: PushRecord) -> Wait | None:
    """What a push waits for; None: nothing."""
    delivered = push.state is PushState.DELIVERED
    if push.error_kind == "quarantine":
        return Wait.QUARANTINED
    if not delivered:
        return Wait.UNMAPPED if push.error_kind == UNMAPPED else _OF_STATE[push.state]
    if push.error is None:
        return None
    if push.error_kind == LEFT:
        return Wait.LEFT
    return Wait.DEAD if push.not_before is None else Wait.QUEUED


def history(uow: UnitOfWork, push: PushRecord, first_seen: datetime) -> list[dict[str, Any]]:
    """Every try and every decision about a push, from the ledger, oldest first."""
    told = []
    for leaf in uow.ledger.of_unit(push.unit, first_seen - timedelta(days=1), _FAR):
        if leaf.kind in _ACTS:
            data = json.loads(leaf.body)["data"]
            if push.key in keys_of(data):
                names = (
                    "attempt",
                    "version",
                    "outcome",
                    "portal_state",
                    "error_kind",
                    "error",
                    "decision",
                    "reason",
                    "by",
                )
                act = {name: data[name] for name in names if data.get(name) is not None}
                told.append({"leaf": leaf.seq, "at": instant_text(leaf.at), "kind": leaf.kind.value, **act})
    return told


def _title(push: PushRecord, post: PostRecord | None) -> str:
    if post is None:
        return ""
    return withheld_title(f"post:{push.post}") if post.quarantine or wait_of(push) is Wait.QUARANTINED else post.title
