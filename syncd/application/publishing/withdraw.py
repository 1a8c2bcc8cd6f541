"""Take posts from the public at the portal: those that came to bear a secrecy mark, and by rule those that left their unit's site.

Withdrawing twice is withdrawing once, so an outcome that is not known needs no waiting: the next run does it again.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from syncd.application.publishing.attempt import LEFT, Delivered, Outcome, note_of
from syncd.application.services import Services
from syncd.domain.ledger import LeafKind, instant_text
from syncd.domain.retry import next_push
from syncd.errors import ForeignError
from syncd.ports.portal import PortalPost
from syncd.ports.records import PostRecord, PushRecord


def withdraw(services: Services) -> Iterator[tuple[PushRecord, Delivered]]:
    """Withdraw what is due, one after the other; the caller may stop at any of them."""
    now, rules = services.clock.now(), services.publish_rules
    with services.db.read() as uow:
        due = uow.pushes.to_withdraw(services.portal.name, gone=rules.withdraw_gone)
        posts = uow.posts.many([push.post for push in due])
    for push in due:
        if push.not_before is None or push.not_before <= now:
            yield push, _withdraw(services, push, posts[push.post])


def _withdraw(services: Services, push: PushRecord, post: PostRecord) -> Delivered:
    result, now = Delivered(), services.clock.now()
    why = f"marked {post.quarantine}" if post.quarantine else "gone from its unit's site"
    assert push.portal_id is not None
    try:
        found = services.portal.read(push.portal_id)
        if found is not None and found.key != push.key:
            # Typed by hand, or made into another post: not ours to take away.
            result.notes.append(note_of(post, f"{why}; the portal's own copy {found.url} stands: a person decides"))
            stands = f"{why}; the portal's own copy stands"
            _record(services, push, result, Outcome.LEFT, why, withdrawn_at=now, error=stands, error_kind=LEFT)
            return result
        if found is not None:
            _announce(services, push, why)
            found = services.portal.withdraw(push.portal_id, push.key)
    except ForeignError as err:
        result.error = err
        if err.kind != "gone":
            later = next_push(now, push.attempts + 1, key=push.key, retry_after=err.retry_after)
            told = {"error": err.message, "error_kind": err.kind, "hint": err.hint}
            _record(services, push, result, Outcome.RETRY, why, not_before=later, **told)
            return result
        found, result.error = None, None
    result.notes.append(note_of(post, f"{why}: taken from the public at the portal"))
    _record(services, push, result, Outcome.WITHDRAWN, why, withdrawn_at=now, not_before=None, **_left_as(found))
    return result


def _left_as(found: PortalPost | None) -> dict[str, Any]:
    return {"portal_state": "gone"} if found is None else {"portal_state": found.state.value, "portal_url": found.url}


def _announce(services: Services, push: PushRecord, why: str) -> None:
    with services.db.write() as uow:
        data = {"portal": push.portal, "key": push.key, "action": "withdraw", "why": why, "portal_id": push.portal_id}
        uow.ledger.append(LeafKind.PUSH_SENT, services.clock.now(), data, unit=push.unit)
        uow.commit()


def _record(
    services: Services, push: PushRecord, result: Delivered, outcome: Outcome, why: str, **changes: Any
) -> None:
    with services.db.write() as uow:
        # An editor's answer may have come in between: only what the withdrawal itself learned is written.
        standing = uow.pushes.get(push.portal, push.post) or push
        written = replace(standing, **changes)
        uow.pushes.update(written)
        uow.ledger.append(
            LeafKind.PUSH_RESULT,
            services.clock.now(),
            {
                "portal": push.portal,
                "key": push.key,
                "outcome": outcome.value,
                "why": why,
                "portal_id": push.portal_id,
                "portal_state": written.portal_state,
                "withdrawn_at": instant_text(written.withdrawn_at) if written.withdrawn_at else None,
                "error_kind": written.error_kind,
                "error": written.error,
            },
            unit=push.unit,
        )
        uow.commit()
    result.outcome = outcome
