"""One try to deliver one post: what is known of it while it runs, and how each way it can end is written down."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from syncd.application.services import Services
from syncd.domain.identity import title_sha256
from syncd.domain.ledger import LeafKind, instant_text
from syncd.domain.model import UnitId
from syncd.domain.retry import next_push
from syncd.errors import ForeignError, PortalError
from syncd.ports.portal import PortalPost, PostToPush
from syncd.ports.records import PostRecord, PushRecord, PushState, SightingRecord

LEFT = "left"  # the `error_kind` of a push whose copy somebody there changed: it awaits a person
ANY_TEXT = "*"  # in the place of a delivered text's hash: a person said that whatever stands there is ours to replace
_ABOUT_US = frozenset(("unauthorized", "throttled"))  # says nothing about the post: costs it no try
_WAITS_THERE = frozenset(
    ("awaits_review", "locked")
)  # somebody at the portal has it in hand: it is tried until they are done


class Outcome(StrEnum):
    SENT = "sent"
    UPDATED = "updated"
    ADOPTED = "adopted"  # it stood there already
    UNKNOWN = "unknown"
    RETRY = "retry"
    DEAD = "dead"
    WITHHELD = "withheld"  # marked secret
    WITHDRAWN = "withdrawn"  # taken from the public
    LEFT = "left"  # someone at the portal edited or removed it: not ours to change any more


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishNote:
    """What a person should know about one post. Of one that is marked secret `title` is empty."""

    unit: UnitId
    title: str
    url: str
    note: str


@dataclass(slots=True, kw_only=True)
class Delivered:
    """What became of one push. `about_the_post`: the portal is well and refuses this very post."""

    outcome: Outcome | None = None
    error: ForeignError | None = None
    about_the_post: bool = False
    notes: list[PublishNote] = field(default_factory=list)

    @property
    def answered(self) -> bool:
        """The portal spoke to us."""
        return self.outcome is not None and (self.error is None or self.about_the_post)


@dataclass(slots=True, kw_only=True)
class Attempt:
    """`push` is the row as it was found due, `claim` as it stands now."""

    push: PushRecord
    claim: PushRecord
    post: PostRecord
    payload: PostToPush
    result: Delivered

    def note(self, text: str) -> None:
        self.result.notes.append(note_of(self.post, text))


def note_of(post: PostRecord, text: str) -> PublishNote:
    """A note that tells nothing of a post that is marked secret but its number."""
    if post.quarantine:
        return PublishNote(unit=post.unit, title="", url="", note=f"post:{post.id}: {text}")
    return PublishNote(unit=post.unit, title=post.title, url=post.url, note=text)


class Endings:
    """Writes how attempts end: the push and its leaf in one transaction. Shared by the threads of one batch."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._clock = services.clock

    def record(
        self, attempt: Attempt, outcome: Outcome, changes: Mapping[str, Any], *, typed: SightingRecord | None = None
    ) -> None:
        push = replace(attempt.claim, **changes)
        with self._services.db.write() as uow:
            uow.pushes.update(push)
            if typed is not None:
                uow.sightings.put([typed])
            uow.ledger.append(
                LeafKind.PUSH_RESULT,
                self._clock.now(),
                {
                    "portal": push.portal,
                    "key": push.key,
                    "attempt": attempt.claim.attempts,
                    "outcome": outcome.value,
                    "version": push.version,
                    "portal_id": push.portal_id,
                    "portal_url": push.portal_url,
                    "portal_state": push.portal_state,
                    "accepted_at": instant_text(push.accepted_at) if push.accepted_at else None,
                    "error_kind": push.error_kind,
                    "error": push.error,
                },
                unit=push.unit,
            )
            uow.commit()
        attempt.result.outcome = outcome

    def standing(self, attempt: Attempt, there: PortalPost, *, accepted_at: datetime) -> dict[str, Any]:
        """What to write of a post that stands at the portal with our present version."""
        return {
            "state": PushState.DELIVERED,
            "delivered_version": attempt.post.version,
            "portal_id": there.id,
            "portal_url": there.url,
            "portal_state": there.state.value,
            "accepted_at": attempt.push.accepted_at or accepted_at,
            "delivered_text_sha256": there.content_sha256,
            "delivered_title_sha256": title_sha256(there.title),
            "not_before": None,
            "error": None,
            "error_kind": None,
            "hint": None,
        }

    def leave(self, attempt: Attempt, why: str, **changes: Any) -> None:
        """The copy there is somebody else's by now: a person decides, and we send it nothing."""
        settled = {"delivered_version": attempt.post.version, "not_before": None, "error": why, "error_kind": LEFT}
        self.record(attempt, Outcome.LEFT, {**settled, **changes})
        attempt.note(why)

    def withhold(self, attempt: Attempt) -> None:
        """It bears a secrecy mark: nothing is sent."""
        why = f"marked {attempt.post.quarantine}"
        attempt.note(f"{why}: not sent")
        if attempt.push.delivered_version is not None:
            why += "; an earlier version was delivered"
            changes = {"delivered_version": attempt.post.version, "error": why, "error_kind": "quarantine"}
            self.record(attempt, Outcome.WITHHELD, changes)
        elif attempt.push.state is PushState.QUEUED and attempt.push.attempts == 0:
            changes = {"state": PushState.QUARANTINED, "error": why, "error_kind": "quarantine"}
            self.record(attempt, Outcome.WITHHELD, changes)
        else:
            # It may stand there from an earlier try: a person looks, and nothing is sent.
            changes = {"state": PushState.DEAD, "error": f"{why}; an earlier try may have reached the portal"}
            self.record(attempt, Outcome.WITHHELD, {**changes, "error_kind": "quarantine"})

    # --- what went wrong -----------------------------------------------------------------------------

    def not_looked_up(self, attempt: Attempt, err: ForeignError) -> None:
        """Nothing was sent, so the push is as uncertain as it was before, not more."""
        push, claim = attempt.push, attempt.claim
        before = PushState.UNKNOWN if push.state is PushState.INTENT else push.state
        changes = {
            "state": before,
            "attempts": push.attempts,
            "attempted_at": push.attempted_at,
            "payload_sha256": push.payload_sha256,
            "not_before": self._later(claim, err),
        }
        self.failed(attempt, Outcome.RETRY, changes, err)

    def not_sent(self, attempt: Attempt, err: ForeignError) -> None:
        """The call that writes failed: unknown unless the portal certainly did nothing."""
        claim, now = attempt.claim, self._clock.now()
        is_update = claim.state is PushState.DELIVERED
        out_of_tries = claim.attempts >= self._services.publish_rules.max_attempts
        if not isinstance(err, PortalError) or err.unknown:
            wait = now + self._services.portal.capabilities.settle
            if is_update:
                self.failed(attempt, Outcome.RETRY, {"not_before": max(wait, self._later(claim, err))}, err)
            else:
                self.failed(attempt, Outcome.UNKNOWN, {"state": PushState.UNKNOWN, "not_before": wait}, err)
        elif err.permanent or (out_of_tries and err.kind not in _ABOUT_US | _WAITS_THERE):
            attempt.result.about_the_post = err.permanent and err.kind != "marker_lost"
            if is_update:
                changes: dict[str, Any] = {"delivered_version": attempt.post.version, "not_before": None}
            else:
                changes = {"state": PushState.DEAD, "not_before": None}
            self.failed(attempt, Outcome.DEAD, changes, err)
        else:
            state = PushState.DELIVERED if is_update else PushState.QUEUED
            attempts = claim.attempts - 1 if err.kind in _ABOUT_US else claim.attempts
            if err.kind in _WAITS_THERE:  # ever more rarely, and never out of tries
                attempts = min(attempts, self._services.publish_rules.max_attempts - 1)
            attempt.result.about_the_post = err.kind in _WAITS_THERE
            changes = {"state": state, "attempts": attempts, "not_before": self._later(claim, err)}
            self.failed(attempt, Outcome.RETRY, changes, err)

    def failed(self, attempt: Attempt, outcome: Outcome, changes: Mapping[str, Any], err: ForeignError) -> None:
        attempt.result.error = err
        told = {"error": err.message, "error_kind": err.kind, "hint": err.hint}
        self.record(attempt, outcome, {**changes, **told})
        if outcome is Outcome.DEAD:
            attempt.note(err.message)

    def _later(self, claim: PushRecord, err: ForeignError) -> datetime:
        return next_push(self._clock.now(), claim.attempts, key=claim.key, retry_after=err.retry_after)
