"""One post on its way to the portal: its files put, claimed, looked up, sent, recorded.

The claim (state INTENT, for an update only a new `attempted_at`) is committed before anything is sent; after a crash it stands for
an unknown outcome. Nothing is sent without a look-up before it.
"""

import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from syncd.application.publishing.attempt import ANY_TEXT, Attempt, Delivered, Endings, Outcome, note_of
from syncd.application.publishing.files import FilePlacer, PostFiles
from syncd.application.publishing.look_up import LookUps
from syncd.application.publishing.own_picture import without_picture
from syncd.application.publishing.payload import payload_of, payload_sha256
from syncd.application.services import Services
from syncd.domain.identity import same_story, text_sha256, title_sha256
from syncd.domain.ledger import LeafKind
from syncd.domain.retry import next_push
from syncd.errors import ForeignError, StorageError
from syncd.ports.network import nothing_sent_after
from syncd.ports.portal import PortalPost, PortalState
from syncd.ports.records import PostRecord, PushRecord, PushState, SightingRecord

_RIVAL = "another installation sends the same posts to this portal: some may stand there twice, which the census tells; stop one of the two"
_SLOW_LOOK_UP = timedelta(seconds=1)
_SEND_WITHIN = timedelta(seconds=5)  # also where the portal is said to need no time to settle


class Deliverer:
    """Delivers the pushes of one batch, each by one call of `deliver`. Shared by threads; no other writer may use the portal meanwhile.

    At most `at_once` threads speak to the portal about posts at a time; the others write down and prepare meanwhile.
    """

    def __init__(self, services: Services, batch: Sequence[PushRecord], *, at_once: int = 1) -> None:
        self._services = services
        self._portal = services.portal
        self._clock = services.clock
        self._look_ups = LookUps(services, batch)
        self._files = FilePlacer(services)
        self._endings = Endings(services)
        self._lines = threading.BoundedSemaphore(at_once)

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
            result.notes.append(note_of(post, "its unit is no longer configured: it stays where it is"))
            return result
        files = PostFiles()
        if not post.quarantine:
            try:
                files = self._files.place(post)
            except ForeignError as err:
                self._put_off(push, result, err)
                return result
            if files.marked is not None:
                post = self._quarantine(post, files)
        payload = payload_of(self._services, unit, post, push, files)
        attempt = Attempt(push=push, claim=push, post=post, payload=payload, result=result)
        for trouble in files.troubles if not post.quarantine else ():
            attempt.note(trouble)
        if post.quarantine:
            self._endings.withhold(attempt)
        elif self._claim(attempt):
            self._look_up_and_send(attempt)
            if result.about_the_post and files.placed:
                self._files.forget(files)
        return result

    def _put_off(self, push: PushRecord, result: Delivered, err: ForeignError) -> None:
        """The portal failed before the post was touched: the push waits as it is."""
        later = next_push(self._clock.now(), push.attempts + 1, key=push.key, retry_after=err.retry_after)
        with self._services.db.write() as uow:
            if uow.pushes.get(push.portal, push.post) == push:
                uow.pushes.update(
                    replace(push, not_before=later, error=err.message, error_kind=err.kind, hint=err.hint)
                )
                uow.commit()
        result.outcome, result.error = Outcome.RETRY, err

    def _quarantine(self, post: PostRecord, files: PostFiles) -> PostRecord:
        """One of its files bears a secrecy mark: the post waits for a person from here on."""
        assert files.marked is not None
        marked = replace(post, quarantine=files.marked.mark)
        with self._services.db.write() as uow:
            uow.media.put_fetched([files.marked])
            uow.posts.update(marked)
            uow.commit()
        return marked

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

    @property
    def rival(self) -> bool:
        """Whether somebody else is sending the same posts to this portal."""
        return self._look_ups.rival

    # --- the steps -----------------------------------------------------------------------------------

    def _claim(self, attempt: Attempt) -> bool:
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

    def _look_up_and_send(self, attempt: Attempt) -> None:
        push = attempt.push
        try:
            with self._lines:
                found = self._look_ups.find(push, attempt.post)
                if found is None and push.delivered_version is not None and push.portal_id is not None:
                    found = self._portal.read(push.portal_id)
        except ForeignError as err:
            self._endings.not_looked_up(attempt, err)
            return
        if self._look_ups.take_rival_news():
            attempt.note(_RIVAL)
        if push.delivered_version is not None:
            self._bring_up_to_date(attempt, found)
            return
        typed = self._typed_copy(attempt) if found is None else None
        if found is not None:
            self._adopt(attempt, found)
        elif typed is not None:
            self._adopt_typed(attempt, typed)
        elif push.attempts >= self._services.publish_rules.max_attempts:
            self._endings.record(attempt, Outcome.DEAD, {"state": PushState.DEAD, "not_before": None})
            attempt.note("out of tries; the portal does not have it")
        else:
            self._send(attempt, None)

    def _typed_copy(self, attempt: Attempt) -> SightingRecord | None:
        """One copy there is one post of ours: the next with the same text is another."""
        post = attempt.post
        typed = self._look_ups.take_typed(attempt.push, post.text_sha256)
        if typed is not None and not same_story(post.title, post.words, typed.title):
            self._look_ups.give_back(attempt.push, typed)
            return None
        return typed

    def _send(self, attempt: Attempt, standing: PortalPost | None) -> None:
        key = attempt.push.key
        try:
            with self._lines:
                self._stamp(attempt)
                with nothing_sent_after(self._send_by(attempt.claim)):
                    if standing is None:
                        made = self._portal.create(attempt.payload, key)
                    else:
                        made = self._portal.update(standing.id, attempt.payload, key)
        except ForeignError as err:
            self._endings.not_sent(attempt, err)
            return
        outcome = Outcome.SENT if standing is None else Outcome.UPDATED
        self._endings.record(attempt, outcome, self._endings.standing(attempt, made, accepted_at=self._clock.now()))

    def _stamp(self, attempt: Attempt) -> None:
        """The settle time runs from the send: after a slow look-up the intent is dated anew."""
        now, claim = self._clock.now(), attempt.claim
        if claim.attempted_at is not None and now - claim.attempted_at < _SLOW_LOOK_UP:
            return
        attempt.claim = replace(claim, attempted_at=now, not_before=now + self._portal.capabilities.settle)
        with self._services.db.write() as uow:
            uow.pushes.update(attempt.claim)
            uow.commit()

    def _send_by(self, claim: PushRecord) -> datetime:
        """Long before whoever finds the claim left open looks for the post, and sends it where it is not there."""
        return (claim.attempted_at or self._clock.now()) + max(self._portal.capabilities.settle / 2, _SEND_WITHIN)

    # --- what was found ------------------------------------------------------------------------------

    def _adopt(self, attempt: Attempt, found: PortalPost) -> None:
        push = attempt.push
        # It was taken at the try we know of; without one (a restored database) all we know is that it is there now.
        changes = self._endings.standing(attempt, found, accepted_at=push.attempted_at or self._clock.now())
        same = push.payload_sha256 in (None, attempt.claim.payload_sha256)
        same = same or found.content_sha256 == text_sha256(attempt.payload.html) or found.state is PortalState.TRASH
        if not same:
            changes["delivered_version"] = attempt.post.version - 1
        self._endings.record(attempt, Outcome.ADOPTED, {**changes, "adopted": True})

    def _adopt_typed(self, attempt: Attempt, typed: SightingRecord) -> None:
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
        self._endings.record(attempt, Outcome.ADOPTED, changes, typed=replace(typed, post=attempt.post.id))
        attempt.note(f"stands there already, typed by hand: {typed.url}")

    def _bring_up_to_date(self, attempt: Attempt, found: PortalPost | None) -> None:
        push, version = attempt.push, attempt.post.version
        new_text = text_sha256(attempt.payload.html)
        if found is None or found.state is PortalState.TRASH:
            state = "gone" if found is None else found.state.value
            self._endings.leave(
                attempt, f"removed on the portal ({state}); the edit was not carried", portal_state=state
            )
        elif found.key != push.key:
            self._endings.leave(attempt, "typed by hand on the portal; the edit was not carried")
        elif _as_we_left_it(found, push) or self._sent_and_not_answered(attempt, found):
            self._send(attempt, found)
        elif found.content_sha256 == new_text:
            changes = self._endings.standing(attempt, found, accepted_at=self._clock.now())
            self._endings.record(attempt, Outcome.UPDATED, {**changes, "delivered_version": version})
        else:
            self._endings.leave(attempt, "edited on the portal; not overwritten")

    def _sent_and_not_answered(self, attempt: Attempt, found: PortalPost) -> bool:
        """Whether what stands there is a version between the delivered one and this: ours, of an update whose answer was lost."""
        push = attempt.push
        with self._services.db.read() as uow:
            versions = uow.versions.of([push.post]).get(push.post, [])
        there = (found.content_sha256, title_sha256(found.title))
        return any(
            (text_sha256(text), title_sha256(version.title)) == there
            for version in versions
            if version.version > (push.delivered_version or 0)
            # its picture may have been shown apart
            for text in (version.html, *(without_picture(version.html, image["url"]) for image in version.images[:1]))
        )


def _as_we_left_it(found: PortalPost, push: PushRecord) -> bool:
    """Whether nobody at the portal has changed what we delivered, text and title where we noted it, or a person said that it does not matter."""
    title = push.delivered_title_sha256
    if push.delivered_text_sha256 == ANY_TEXT:
        return True
    return found.content_sha256 == push.delivered_text_sha256 and title in (None, title_sha256(found.title))
