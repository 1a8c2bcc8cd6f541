"""A person's decision about one post: whether it counts, whose it is, whether it is sent (again), or which of two versions stands on the portal.

What waits on a person ends by this or never. Each decision is a leaf, written in the same transaction as what it changes; a closed
statement stays as it is, and a recount shows the difference beside it.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from syncd.application.publishing.attempt import ANY_TEXT, LEFT
from syncd.application.reading_back.attribution import BY_PERSON
from syncd.application.reading_back.sightings import GONE
from syncd.application.services import Services
from syncd.domain.ledger import LeafKind
from syncd.domain.model import PostId, UnitId
from syncd.errors import UsageError
from syncd.ports.portal import PortalState
from syncd.ports.records import PostRecord, PushRecord, PushState, SightingRecord
from syncd.ports.store import UnitOfWork

_AT_ONCE = 100  # decisions in one transaction


class Decision(StrEnum):
    COUNT = "count"  # flagged, in doubt, or gone from the portal: it counts
    EXCLUDE = "exclude"  # it does not
    RELEASE = "release"  # withheld as secret or internal: it is neither, and goes to the portal
    RETRY = "retry"  # refused, or out of tries: send it again
    OVERWRITE = "overwrite"  # changed on the portal and edited by its unit since: our version replaces theirs
    KEEP = "keep"  # the same: theirs stays, the matter is closed
    ASSIGN = "assign"  # typed by hand on the portal: it is this unit's


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideReport:
    """What was decided about `ref`, and what stood before. `title` is empty for a post that bears a secrecy mark still."""

    ref: str
    unit: UnitId | None
    title: str
    decision: Decision
    before: str | None
    leaf: int

    def as_json(self) -> dict[str, Any]:
        return {
            "ref": self.ref,
            "unit": self.unit,
            "title": self.title,
            "decision": self.decision.value,
            "before": self.before,
            "leaf": self.leaf,
        }


def decide(
    services: Services, ref: str, decision: Decision, *, reason: str, by: str, unit: UnitId | None = None
) -> DecideReport:
    """Decide about the post that `ref` names, as `syncd explain --json` does: `post:12`, or `sighting:7` for a typed one.

    The newest decision stands. It needs its reason, and the name of who decides; `unit` goes with ASSIGN alone.

    Raises:
        UsageError: no such post or unit, a decision that does not fit what it waits for, or no reason or name.
    """
    reason, by = _signed(reason, by)
    if (decision is Decision.ASSIGN) != (unit is not None):
        raise UsageError(
            "assign names the unit, and no other decision does", hint=f"syncd decide {ref} assign --unit U"
        )
    if unit is not None and unit not in services.units:
        raise UsageError(f"unknown unit {unit}", subject=unit, hint="syncd status lists the units")
    with services.db.write() as uow:
        report = _decided(uow, services, ref, decision, reason, by, unit)
        uow.commit()
    return report


def decide_each(
    services: Services, refs: Sequence[str], decision: Decision, *, reason: str, by: str
) -> list[DecideReport]:
    """The same decision about many posts, each with its own leaf; those that it does not fit any more are passed over.

    Raises:
        UsageError: no reason or name; nothing is decided then.
    """
    reason, by = _signed(reason, by)
    reports = []
    for start in range(0, len(refs), _AT_ONCE):
        with services.db.write() as uow:
            for ref in refs[start : start + _AT_ONCE]:
                with suppress(UsageError):  # raised before anything is written
                    reports.append(_decided(uow, services, ref, decision, reason, by, None))
            uow.commit()
    return reports


def _signed(reason: str, by: str) -> tuple[str, str]:
    reason, by = reason.strip(), " ".join(by.split())
    if not reason or not by:
        raise UsageError("a decision needs its reason and the name of who decides", hint='--reason "…" --by "…"')
    return reason, by


def _decided(
    uow: UnitOfWork, services: Services, ref: str, decision: Decision, reason: str, by: str, unit: UnitId | None
) -> DecideReport:
    kind, _, number = ref.partition(":")
    if kind not in ("post", "sighting") or not (number.isascii() and number.isdigit()):
        raise UsageError(f"{ref!r} names no post", subject=ref, hint="write post:12, as syncd explain --json shows it")
    if kind == "post":
        about = _on_post(uow, services, PostId(int(number)), decision)
    elif unit is not None:
        about = _assigned(uow, int(number), unit)
    else:
        about = _on_sighting(uow, int(number), decision)
    owner, title, subject, before = about
    data = {
        "action": "decide",
        "ref": ref,
        "decision": decision.value,
        "before": before,
        "reason": reason,
        "by": by,
    }
    leaf = uow.ledger.append(LeafKind.ADMIN_ACTION, services.clock.now(), {**data, **subject}, unit=owner)
    return DecideReport(ref=ref, unit=owner, title=title, decision=decision, before=before, leaf=leaf)


_About = tuple[UnitId | None, str, dict[str, Any], str | None]


def _on_post(uow: UnitOfWork, services: Services, number: PostId, decision: Decision) -> _About:
    post = uow.posts.get(number)
    if post is None:
        raise UsageError(f"there is no post {number}", subject=f"post:{number}")
    before: str | None
    if decision is Decision.ASSIGN:
        raise UsageError(f"post {number} was read on its unit's site: it is that unit's", subject=f"post:{number}")
    if decision in (Decision.COUNT, Decision.EXCLUDE):
        uow.posts.update(replace(post, decision=decision.value))
        before = post.decision
    elif decision in (Decision.OVERWRITE, Decision.KEEP):
        before = _between_versions(uow, services.portal.name, post, number, decision)
    else:
        before = _send_again(uow, services.portal.name, post, number, decision)
    told = post.title if post.quarantine is None or decision is Decision.RELEASE else ""
    return post.unit, told, {"key": post.key}, before


def _send_again(uow: UnitOfWork, portal: str, post: PostRecord, number: PostId, decision: Decision) -> str:
    push = uow.pushes.get(portal, number)
    withheld = push is not None and (push.state is PushState.QUARANTINED or push.error_kind == "quarantine")
    fits = withheld if decision is Decision.RELEASE else push is not None and _may_be_retried(push)
    if push is None or not fits:
        state = "not withheld" if decision is Decision.RELEASE else "not refused"
        raise UsageError(f"post {number} is {state}", subject=f"post:{number}", hint="syncd status tells what waits")
    queued = replace(
        push,
        state=PushState.DELIVERED if push.state is PushState.DELIVERED else PushState.QUEUED,
        attempts=0,
        not_before=None,
        error=None,
        error_kind=None,
        hint=None,
    )
    if decision is Decision.RELEASE:
        uow.posts.update(replace(post, quarantine=None))
        files = uow.media.fetched(post.unit, [file["url"] for file in post.attachments])
        # With other bytes behind the same address they are looked at anew.
        uow.media.put_fetched([replace(file, mark=None) for file in files.values() if file.mark is not None])
    if push.state is PushState.DELIVERED:  # an edit of a post that stands there was withheld
        queued = replace(queued, version=post.version, delivered_version=post.version - 1)
    uow.pushes.update(queued)
    return push.state.value


def _may_be_retried(push: PushRecord) -> bool:
    """What is known not to stand there: dead, put off, or an edit that was refused."""
    if push.state is PushState.DELIVERED:
        return push.error is not None and push.error_kind not in (LEFT, "quarantine")
    return push.state is PushState.DEAD or (push.state is PushState.QUEUED and push.error is not None)


def _between_versions(uow: UnitOfWork, portal: str, post: PostRecord, number: PostId, decision: Decision) -> str | None:
    push = uow.pushes.get(portal, number)
    if push is None or push.error_kind != LEFT:
        raise UsageError(
            f"post {number} waits for no such decision", subject=f"post:{number}", hint="syncd status tells what waits"
        )
    settled = replace(push, error=None, error_kind=None, hint=None, not_before=None)
    if decision is Decision.OVERWRITE:
        seen = uow.sightings.get(portal, push.portal_id) if push.portal_id is not None else None
        gone = push.portal_state in (GONE, PortalState.TRASH.value) or push.withdrawn_at is not None
        if gone or (seen is not None and seen.key != push.key):
            raise UsageError(
                f"no copy of post {number} stands there that is ours to overwrite",
                subject=f"post:{number}",
                hint=f"syncd decide post:{number} keep",
            )
        settled = replace(settled, delivered_version=post.version - 1, delivered_text_sha256=ANY_TEXT)
        settled = replace(settled, delivered_title_sha256=None)
    uow.pushes.update(settled)
    return push.error


def _assigned(uow: UnitOfWork, number: int, unit: UnitId) -> _About:
    seen = uow.sightings.by_id(number)
    ref = f"sighting:{number}"
    if seen is None:
        raise UsageError(f"the census never saw {ref}", subject=ref)
    if seen.post is not None:
        raise UsageError(f"{ref} is a post that was carried: it is its unit's", subject=ref)
    uow.sightings.put([replace(seen, unit=unit, attributed_by=BY_PERSON)])
    return unit, seen.title, {"portal": seen.portal, "portal_id": seen.portal_id}, seen.unit


def _on_sighting(uow: UnitOfWork, number: int, decision: Decision) -> _About:
    seen: SightingRecord | None = uow.sightings.by_id(number)
    ref = f"sighting:{number}"
    if seen is None:
        raise UsageError(f"the census never saw {ref}", subject=ref)
    if decision not in (Decision.COUNT, Decision.EXCLUDE):
        raise UsageError(f"{ref} stands on the portal: nothing of it is to be sent", subject=ref)
    if seen.unit is None and decision is Decision.COUNT:
        raise UsageError(
            f"{ref} belongs to no known unit and cannot count",
            subject=ref,
            hint=f"syncd decide {ref} assign --unit U, or set the unit's portal_authors or portal_categories",
        )
    uow.sightings.put([replace(seen, decision=decision.value)])
    return seen.unit, seen.title, {"portal": seen.portal, "portal_id": seen.portal_id}, seen.decision
