"""One post on its way to the portal: claimed, looked up, sent, recorded.

The claim (state INTENT, for an update only a new `attempted_at`) is committed before anything is sent; after a crash it stands for
an unknown outcome. Nothing is sent without a look-up before it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from syncd.application.publishing.payload import first_image, payload_of, payload_sha256
from syncd.application.services import Services
from syncd.domain.identity import same_story, text_sha256
from syncd.domain.ledger import LeafKind, instant_text
from syncd.domain.model import UnitId
from syncd.domain.retry import next_push
from syncd.errors import ForeignError, PortalError, StorageError
from syncd.ports.portal import PortalPost, PortalState, PostToPush
from syncd.ports.records import PostRecord, PushRecord, PushState, SightingRecord

_TYPED_AROUND = timedelta(days=45)  # how far a hand-typed copy's printed date may be from the post's own
_SLOW_LOOK_UP = timedelta(seconds=1)
_ABOUT_US = frozenset(("unauthorized", "throttled"))  # says nothing about the post: costs it no try


class Outcome(StrEnum):
    SENT = "sent"
    UPDATED = "updated"
    ADOPTED = "adopted"  # it stood there already
    UNKNOWN = "unknown"
    RETRY = "retry"
    DEAD = "dead"
    WITHHELD = "withheld"  # marked secret
    LEFT = "left"  # someone at the portal edited or removed it: not ours to change any more


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishNote:
    """What a person should know about one post."""

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
class _Attempt:
    push: PushRecord  # as it was before
    claim: PushRecord  # as it stands now
    post: PostRecord
    payload: PostToPush
    result: Delivered

    def note(self, text: str) -> None:
        self.result.notes.append(PublishNote(unit=self.post.unit, title=self.post.title, url=self.post.url, note=text))


class Deliverer:
    """Delivers the pushes of one batch. Used by one thread; no other writer may use the portal meanwhile."""

    def __init__(self, services: Services, batch: Sequence[PushRecord]) -> None:
        self._services = services
        self._portal = services.portal
        self._clock = services.clock
        self._typed = self._typed_copies(batch)

    def deliver(self, push: PushRecord) -> Delivered:
        """Bring one post to the portal, or up to date there. What the portal or a crash does ends in a recorded state."""
        result = Delivered()
        if push.state in (PushState.INTENT, PushState.UNKNOWN) and self._sent_later_than_now(push):
            return result
        with self._services.db.read() as uow:
            post = uow.posts.get(push.post)
        if post is None:
            raise StorageError(f"push {push.id} belongs to no post", subject=push.key)
        unit = self._services.units.get(push.unit)
        if unit is None:
            note = "its unit is no longer configured: it stays where it is"
            result.notes.append(PublishNote(unit=push.unit, title=post.title, url=post.url, note=note))
            return result
        image, trouble = first_image(self._services, post)
        payload = payload_of(self._services, unit, post, push, image)
        attempt = _Attempt(push=push, claim=push, post=post, payload=payload, result=result)
        if trouble:
            attempt.note(trouble)
        if post.quarantine:
            self._withhold(attempt)
        elif self._claim(attempt):
            self._look_up_and_send(attempt)
        return result

    def _sent_later_than_now(self, push: PushRecord) -> bool:
        """Whether the clock was set back since the send; then the settle time is counted anew, since nobody knows how much has passed."""
        now = self._clock.now()
        if push.attempted_at is None or push.attempted_at <= now:
            return False
        with self._services.db.write() as uow:
            if uow.pushes.get(push.portal, push.post) == push:
                uow.pushes.update(replace(push, attempted_at=now, not_before=now + self._portal.capabilities.settle))
                uow.commit()
        return True

    # --- the steps -----------------------------------------------------------------------------------

    def _claim(self, attempt: _Attempt) -> bool:
        """Commit the intent; False where the push is not as it was when it was found due."""
        push, now = attempt.push, self._clock.now()
        is_update = push.state is PushState.DELIVERED
        claim = replace(
            push,
            state=PushState.DELIVERED if is_update else PushState.INTENT,
            version=attempt.post.version,
            attempts=1 if is_update and push.error is None else push.attempts + 1,
            attempted_at=now,
            not_before=now + self._portal.capabilities.settle,
            payload_sha256=payload_sha256(attempt.payload),
        )
        with self._services.db.write() as uow:
            if uow.pushes.get(push.portal, push.post) != push:
                return False
            uow.pushes.update(claim)
            uow.ledger.append(
                LeafKind.PUSH_SENT,
                now,
                {
                    "portal": push.portal,
                    "key": push.key,
                    "attempt": claim.attempts,
                    "version": claim.version,
                    "payload_sha256": claim.payload_sha256,
                    "after": push.state.value,
                },
                unit=push.unit,
            )
            uow.commit()
        attempt.claim = claim
        return True

    def _look_up_and_send(self, attempt: _Attempt) -> None:
        push = attempt.push
        try:
            found = self._portal.find(push.key)
            if found is None and push.delivered_version is not None and push.portal_id is not None:
                found = self._portal.read(push.portal_id)
        except ForeignError as err:
            self._not_looked_up(attempt, err)
            return
        if push.delivered_version is not None:
            self._bring_up_to_date(attempt, found)
            return
        typed = self._typed.get((push.unit, attempt.post.text_sha256)) if found is None else None
        if found is not None:
            self._adopt(attempt, found)
        elif typed is not None and same_story(attempt.post.title, attempt.post.words, typed.title):
            self._adopt_typed(attempt, typed)
        elif push.attempts >= self._services.publish_rules.max_attempts:
            self._record(attempt, Outcome.DEAD, {"state": PushState.DEAD, "not_before": None})
            attempt.note("out of tries; the portal does not have it")
        else:
            self._send(attempt, None)

    def _send(self, attempt: _Attempt, standing: PortalPost | None) -> None:
        self._stamp(attempt)
        key = attempt.push.key
        try:
            if standing is None:
                made = self._portal.create(attempt.payload, key)
            else:
                made = self._portal.update(standing.id, attempt.payload, key)
        except ForeignError as err:
            self._not_sent(attempt, err)
            return
        outcome = Outcome.SENT if standing is None else Outcome.UPDATED
        self._record(attempt, outcome, self._standing(attempt, made, accepted_at=self._clock.now()))

    def _stamp(self, attempt: _Attempt) -> None:
        """The settle time runs from the send: after a slow look-up the intent is dated anew."""
        now, claim = self._clock.now(), attempt.claim
        if claim.attempted_at is not None and now - claim.attempted_at < _SLOW_LOOK_UP:
            return
        attempt.claim = replace(claim, attempted_at=now, not_before=now + self._portal.capabilities.settle)
        with self._services.db.write() as uow:
            uow.pushes.update(attempt.claim)
            uow.commit()

    # --- what was found ------------------------------------------------------------------------------

    def _adopt(self, attempt: _Attempt, found: PortalPost) -> None:
        push = attempt.push
        # It was taken at the try we know of; without one (a restored database) all we know is that it is there now.
        changes = self._standing(attempt, found, accepted_at=push.attempted_at or self._clock.now())
        same = push.payload_sha256 in (None, attempt.claim.payload_sha256)
        same = same or found.content_sha256 == text_sha256(attempt.payload.html) or found.state is PortalState.TRASH
        if not same:
            changes["delivered_version"] = attempt.post.version - 1
        self._record(attempt, Outcome.ADOPTED, {**changes, "adopted": True})

    def _adopt_typed(self, attempt: _Attempt, typed: SightingRecord) -> None:
        printed = None if typed.late_sighting else typed.published_at
        changes = {
            "state": PushState.DELIVERED,
            "delivered_version": attempt.post.version,
            "portal_id": typed.portal_id,
            "portal_url": typed.url,
            "portal_state": typed.state,
            "accepted_at": attempt.push.accepted_at or printed or typed.first_seen,
            "adopted": True,
            "delivered_text_sha256": typed.content_sha256,
            "not_before": None,
            "error": None,
            "error_kind": None,
            "hint": None,
        }
        self._record(attempt, Outcome.ADOPTED, changes, typed=replace(typed, post=attempt.post.id))
        # One copy there is one post of ours: the next with the same text is another.
        self._typed = {about: other for about, other in self._typed.items() if other.portal_id != typed.portal_id}
        attempt.note(f"stands there already, typed by hand: {typed.url}")

    def _bring_up_to_date(self, attempt: _Attempt, found: PortalPost | None) -> None:
        push, version = attempt.push, attempt.post.version
        new_text = text_sha256(attempt.payload.html)
        if found is None or found.state is PortalState.TRASH:
            state = "gone" if found is None else found.state.value
            self._leave(attempt, f"removed on the portal ({state}); the edit was not carried", portal_state=state)
        elif found.key != push.key:
            self._leave(attempt, "typed by hand on the portal; the edit was not carried")
        elif found.content_sha256 == push.delivered_text_sha256:
            self._send(attempt, found)
        elif found.content_sha256 == new_text:
            changes = self._standing(attempt, found, accepted_at=self._clock.now())
            self._record(attempt, Outcome.UPDATED, {**changes, "delivered_version": version})
        else:
            self._leave(attempt, "edited on the portal; not overwritten")

    def _leave(self, attempt: _Attempt, why: str, **changes: Any) -> None:
        settled = {"delivered_version": attempt.post.version, "not_before": None, "error": why, "error_kind": "left"}
        self._record(attempt, Outcome.LEFT, {**settled, **changes})
        attempt.note(why)

    def _withhold(self, attempt: _Attempt) -> None:
        why = f"marked {attempt.post.quarantine}"
        attempt.note(f"{why}: not sent")
        if attempt.push.delivered_version is not None:
            why += "; an earlier version stands on the portal"
            changes = {"delivered_version": attempt.post.version, "error": why, "error_kind": "quarantine"}
            self._record(attempt, Outcome.WITHHELD, changes)
        elif attempt.push.state is PushState.QUEUED and attempt.push.attempts == 0:
            changes = {"state": PushState.QUARANTINED, "error": why, "error_kind": "quarantine"}
            self._record(attempt, Outcome.WITHHELD, changes)
        else:
            # It may stand there from an earlier try: a person looks, and nothing is sent.
            changes = {"state": PushState.DEAD, "error": f"{why}; an earlier try may have reached the portal"}
            self._record(attempt, Outcome.WITHHELD, {**changes, "error_kind": "quarantine"})

    # --- what went wrong -----------------------------------------------------------------------------

    def _not_looked_up(self, attempt: _Attempt, err: ForeignError) -> None:
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
        self._failed(attempt, Outcome.RETRY, changes, err)

    def _not_sent(self, attempt: _Attempt, err: ForeignError) -> None:
        claim, now = attempt.claim, self._clock.now()
        is_update = claim.state is PushState.DELIVERED
        out_of_tries = claim.attempts >= self._services.publish_rules.max_attempts
        if not isinstance(err, PortalError) or err.unknown:
            wait = now + self._portal.capabilities.settle
            if is_update:
                self._failed(attempt, Outcome.RETRY, {"not_before": max(wait, self._later(claim, err))}, err)
            else:
                self._failed(attempt, Outcome.UNKNOWN, {"state": PushState.UNKNOWN, "not_before": wait}, err)
        elif err.permanent or (out_of_tries and err.kind not in _ABOUT_US):
            attempt.result.about_the_post = err.permanent and err.kind != "marker_lost"
            if is_update:
                changes: dict[str, Any] = {"delivered_version": attempt.post.version, "not_before": None}
            else:
                changes = {"state": PushState.DEAD, "not_before": None}
            self._failed(attempt, Outcome.DEAD, changes, err)
        else:
            state = PushState.DELIVERED if is_update else PushState.QUEUED
            attempts = claim.attempts - 1 if err.kind in _ABOUT_US else claim.attempts
            changes = {"state": state, "attempts": attempts, "not_before": self._later(claim, err)}
            self._failed(attempt, Outcome.RETRY, changes, err)

    def _failed(self, attempt: _Attempt, outcome: Outcome, changes: Mapping[str, Any], err: ForeignError) -> None:
        attempt.result.error = err
        told = {"error": err.message, "error_kind": err.kind, "hint": err.hint}
        self._record(attempt, outcome, {**changes, **told})
        if outcome is Outcome.DEAD:
            attempt.note(err.message)

    def _later(self, claim: PushRecord, err: ForeignError) -> datetime:
        return next_push(self._clock.now(), claim.attempts, key=claim.key, retry_after=err.retry_after)

    # --- records -------------------------------------------------------------------------------------

    def _standing(self, attempt: _Attempt, there: PortalPost, *, accepted_at: datetime) -> dict[str, Any]:
        return {
            "state": PushState.DELIVERED,
            "delivered_version": attempt.post.version,
            "portal_id": there.id,
            "portal_url": there.url,
            "portal_state": there.state.value,
            "accepted_at": attempt.push.accepted_at or accepted_at,
            "delivered_text_sha256": there.content_sha256,
            "not_before": None,
            "error": None,
            "error_kind": None,
            "hint": None,
        }

    def _record(
        self, attempt: _Attempt, outcome: Outcome, changes: Mapping[str, Any], *, typed: SightingRecord | None = None
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

    def _typed_copies(self, batch: Sequence[PushRecord]) -> dict[tuple[UnitId, str], SightingRecord]:
        """Hand-typed posts of the units around the dates of this batch, by unit and text."""
        now = self._clock.now()
        with self._services.db.read() as uow:
            posts = uow.posts.many([push.post for push in batch if push.delivered_version is None])
            oldest = min((post.published_at or post.first_seen for post in posts.values()), default=now)
            seen = uow.sightings.in_window(self._portal.name, oldest - _TYPED_AROUND, now + _TYPED_AROUND)
        return {
            (typed.unit, typed.content_sha256): typed
            for typed in seen
            if typed.unit
            and typed.content_sha256
            and typed.key is None
            and typed.post is None
            and typed.gone_at is None
            and typed.state != PortalState.TRASH.value
        }
