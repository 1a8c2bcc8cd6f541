"""Carry posts to the portal: intent committed, look up, send, answer committed.

Whatever dies at whichever step, the next run finds out what became of the post before it sends anything: the portal is asked for
our key, and after an unknown outcome only when the portal's longest request time has passed since the send.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from random import SystemRandom
from typing import Any

from syncd.application import outages
from syncd.application.publishing.attempt import Delivered, Outcome, PublishNote
from syncd.application.publishing.before_sending import hold_of
from syncd.application.publishing.deliver import Deliverer
from syncd.application.publishing.flood import release
from syncd.application.publishing.unmapped import hold_unmapped
from syncd.application.publishing.withdraw import withdraw
from syncd.application.services import Services
from syncd.domain.model import OutageOwner, PostId, UnitId
from syncd.errors import ForeignError, UsageError
from syncd.ports.records import PushRecord, PushState

_BATCH = 200
_IN_A_ROW = 3  # unanswered or refused for now: the portal is in trouble, not the posts
_AT_ONCE = frozenset(("unauthorized", "throttled", "marker_lost"))  # the portal speaks of us, not of this post
_NEEDS_A_PERSON = "marker_lost"  # the copy there cannot be found again: the next would be a copy too


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishCounts:
    """Of this run: `sent` (made), `updated`, `adopted` (found there), `withdrawn` (taken from the public), `retried`. As it stands after it: the others; edits wait like new posts."""

    sent: int = 0
    updated: int = 0
    adopted: int = 0
    withdrawn: int = 0
    retried: int = 0
    unknown: int = 0
    failed: int = 0
    quarantined: int = 0
    waiting: int = 0
    held_back: int = 0

    def as_json(self) -> dict[str, int]:
        return {
            "sent": self.sent,
            "updated": self.updated,
            "adopted": self.adopted,
            "withdrawn": self.withdrawn,
            "retried": self.retried,
            "unknown": self.unknown,
            "failed": self.failed,
            "quarantined": self.quarantined,
            "waiting": self.waiting,
            "held_back": self.held_back,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishReport:
    """What one run carried. `portal_error` says why the portal was not used, or not to the end; `hint` what to do."""

    units: dict[UnitId, PublishCounts]
    notes: tuple[PublishNote, ...] = ()
    portal_error: str | None = None
    hint: str | None = None

    @property
    def failed(self) -> int:
        return self.total.failed

    @property
    def quarantined(self) -> int:
        return self.total.quarantined

    @property
    def total(self) -> PublishCounts:
        sums: Counter[str] = Counter()
        for counts in self.units.values():
            sums.update(counts.as_json())
        return PublishCounts(**sums)

    def as_json(self) -> dict[str, Any]:
        return {
            "units": {unit: counts.as_json() for unit, counts in self.units.items()},
            "notes": [{"unit": n.unit, "title": n.title, "url": n.url, "note": n.note} for n in self.notes],
            "portal_error": self.portal_error,
            "hint": self.hint,
        }


@dataclass(slots=True)
class _Run:
    done: dict[UnitId, Counter[str]] = field(default_factory=dict)
    notes: list[PublishNote] = field(default_factory=list)
    error: str | None = None
    hint: str | None = None
    failed_in_a_row: int = 0
    outage_closed: bool = False


def publish(services: Services, *, unit: UnitId | None = None, limit: int | None = None) -> PublishReport:
    """Deliver what is due, oldest first, at most `limit` posts. Only one writer may do this for a portal at a time.

    A portal that fails is a result, not an exception: the report tells, an outage is opened, the posts wait.

    Raises:
        UsageError: an unknown unit.
    """
    if unit is not None and unit not in services.units:
        raise UsageError(f"unknown unit {unit}", subject=unit, hint="syncd status lists the units")
    run = _Run()
    stuck = _stuck(services)
    if stuck is not None:
        run.error, run.hint = stuck.error, stuck.hint
        return _report(services, run, unit)
    try:
        services.portal.verify()
    except ForeignError as err:
        _stop(services, run, err)
        return _report(services, run, unit)
    _withdraw(services, run)
    release(services)
    if run.error is None and (hold := hold_of(services)) is not None:
        run.error, run.hint = hold.error, hold.hint
        return _report(services, run, unit)
    handled: set[PostId] = set()
    while run.error is None:
        due = _due(services, unit, handled, limit)
        if not due:
            break
        if going := hold_unmapped(services, due):
            _deliver(services, run, going)
        handled.update(push.post for push in due)
    if not handled:
        _close_outage(services)
    return _report(services, run, unit)


def _due(services: Services, unit: UnitId | None, handled: set[PostId], limit: int | None) -> list[PushRecord]:
    room = _BATCH if limit is None else min(_BATCH, limit - len(handled))
    if room <= 0:
        return []
    with services.db.read() as uow:
        due = uow.pushes.due(services.portal.name, services.clock.now(), unit=unit, limit=_BATCH + len(handled))
    return [push for push in due if push.post not in handled][:room]


def _withdraw(services: Services, run: _Run) -> None:
    """Before anything is sent: what must not be seen goes first."""
    for push, result in withdraw(services):
        _take(services, run, push, result)
        if run.error is not None:
            return


def _deliver(services: Services, run: _Run, due: Sequence[PushRecord]) -> None:
    """Deliver side by side as many as the portal and the rules allow; where the portal fails, what is under way ends and nothing follows."""
    most = services.portal.capabilities.at_once
    at_once = max(1, min(most, services.publish_rules.at_once))
    deliverer = Deliverer(services, due, at_once=at_once)
    if most == 1:
        for push in due:
            _take(services, run, push, deliverer.deliver(push))
            if run.error is not None:
                return
        return
    waiting, mixed = iter(due), False
    # While one post is on its way, another thread writes down the last one and claims the next.
    workers = 2 * at_once
    with ThreadPoolExecutor(max_workers=workers, thread_name_prefix="publish") as pool:
        under_way = {pool.submit(deliverer.deliver, push): push for push in islice(waiting, workers)}
        while under_way:
            ended, _ = wait(under_way, return_when=FIRST_COMPLETED)
            for future in ended:
                push = under_way.pop(future)
                _take(services, run, push, future.result())
                if deliverer.rival and not mixed:
                    waiting, mixed = iter(_mixed(waiting)), True
                following = next(waiting, None) if run.error is None else None
                if following is not None:
                    under_way[pool.submit(deliverer.deliver, following)] = following


def _mixed(posts: Iterable[PushRecord]) -> list[PushRecord]:
    """In an order of our own, so that two installations seldom meet at one post."""
    rest = list(posts)
    SystemRandom().shuffle(rest)
    return rest


def _take(services: Services, run: _Run, push: PushRecord, result: Delivered) -> None:
    run.notes += result.notes
    if result.outcome is not None:
        run.done.setdefault(push.unit, Counter())[result.outcome.value] += 1
    if result.error is not None and not result.about_the_post:
        run.failed_in_a_row += 1
        if run.error is None and (run.failed_in_a_row >= _IN_A_ROW or result.error.kind in _AT_ONCE):
            _stop(services, run, result.error)
    elif result.answered:
        run.failed_in_a_row = 0
        # what was under way when the portal failed tells nothing of how it is now
        if run.error is None and not run.outage_closed:
            _close_outage(services)
            run.outage_closed = True


def _stop(services: Services, run: _Run, err: ForeignError) -> None:
    run.error, run.hint = err.message, err.hint
    with services.db.write() as uow:
        # The portal itself is down while we did look: no unit's doing, and not ours.
        reason = f"{err.kind}: {err.message}"
        outages.begin(uow, f"portal:{services.portal.name}", services.clock.now(), OutageOwner.SOURCE, reason)
        uow.commit()


def _close_outage(services: Services) -> None:
    subject = f"portal:{services.portal.name}"
    with services.db.read() as uow:
        if outages.standing(uow, subject) is None:
            return
    with services.db.write() as uow:
        outages.end(uow, subject, services.clock.now())
        uow.commit()


def _stuck(services: Services) -> PushRecord | None:
    with services.db.read() as uow:
        dead = uow.pushes.in_state(PushState.DEAD)
    return next((push for push in dead if push.error_kind == _NEEDS_A_PERSON), None)


def _report(services: Services, run: _Run, unit: UnitId | None) -> PublishReport:
    with services.db.read() as uow:
        standing, edits = uow.pushes.counts(), uow.pushes.edits_waiting()
    units = {}
    for id in services.units if unit is None else [unit]:
        done = run.done.get(id, Counter())
        units[id] = PublishCounts(
            sent=done[Outcome.SENT.value],
            updated=done[Outcome.UPDATED.value],
            adopted=done[Outcome.ADOPTED.value],
            withdrawn=done[Outcome.WITHDRAWN.value],
            retried=done[Outcome.RETRY.value],
            unknown=standing.get((id, PushState.UNKNOWN), 0) + standing.get((id, PushState.INTENT), 0),
            failed=standing.get((id, PushState.DEAD), 0),
            quarantined=standing.get((id, PushState.QUARANTINED), 0),
            waiting=standing.get((id, PushState.QUEUED), 0) + edits.get(id, 0),
            held_back=standing.get((id, PushState.HELD_BACK), 0),
        )
    return PublishReport(units=units, notes=tuple(run.notes), portal_error=run.error, hint=run.hint)
