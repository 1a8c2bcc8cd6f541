"""Read the units' websites, several at a time: one unit's trouble is never another's. `looks` does the single look."""

import logging
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from syncd.application.collecting.brake import Acceptance
from syncd.application.collecting.canary import Failed
from syncd.application.collecting.kept_looks import KeptLooks
from syncd.application.collecting.looks import EMPTY_LISTS, NO_USE_AGAIN, SourceFailure, Tally, look_at
from syncd.application.services import Services
from syncd.domain.model import OutageOwner, SourceId, Unit, UnitId
from syncd.domain.retry import TRIES_IN_SLOT, next_look
from syncd.errors import StorageError, UsageError
from syncd.interpreter import share_one_processor
from syncd.ports.records import SourceState
from syncd.ports.store import UnitOfWork

_LOG = logging.getLogger(__name__)
_OUR_NETWORK = frozenset(("dns", "refused"))  # where one source after the other fails so, the cable is ours
_UNITS_THAT_TELL = 3
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectReport:
    """One unit's looks. `new`, `changed`, `unchanged` and `skipped` count posts; the others count sources.

    `resting` ones failed before and their next try is not due; `closed` ones may not be asked at this hour; `paused` ones wait
    until our own network works again; `held` ones showed a list that a person has to look at.
    """

    unit: UnitId
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0
    resting: int = 0
    closed: int = 0
    paused: int = 0
    held: int = 0
    errors: tuple[SourceFailure, ...] = ()
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "new": self.new,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "skipped": self.skipped,
            "failed": self.failed,
            "resting": self.resting,
            "closed": self.closed,
            "paused": self.paused,
            "held": self.held,
            "errors": [
                {"source": failure.source, "kind": failure.kind, "error": failure.error, "hint": failure.hint}
                for failure in self.errors
            ],
            "notes": list(self.notes),
        }


# --- runs --------------------------------------------------------------------------------------------


def collect(
    services: Services, units: Sequence[UnitId] | None = None, *, force: bool = False
) -> dict[UnitId, CollectReport]:
    """Look at all sources of the units (default: of every unit), several units at the same time.

    Whatever happens at one unit, the others are read. `force` looks at resting sources too, and at any hour.

    Raises:
        UsageError: an unknown unit.
        StorageError: our own database failed; what was committed before stands.
    """
    unknown = [unit for unit in units or () if unit not in services.units]
    if unknown:
        raise UsageError(f"unknown unit {', '.join(unknown)}", subject=unknown[0], hint="syncd status lists the units")
    chosen = list(services.units.values()) if units is None else [services.units[unit] for unit in dict.fromkeys(units)]
    return _collect(services, [(unit, unit.sources) for unit in chosen], force=force)


def collect_again(services: Services) -> dict[UnitId, CollectReport]:
    """Look once more at the sources that began to fail at their last slot, where the instant of their next try has come.

    What fails each of its tries waits for a slot again.

    Raises:
        StorageError: our own database failed; what was committed before stands.
    """
    now = services.clock.now()
    with services.db.read() as uow:
        due = {
            state.source
            for state in uow.sources.all()
            if 0 < state.failures < TRIES_IN_SLOT
            and state.last_error_kind not in NO_USE_AGAIN
            and state.not_before is not None
            and state.not_before <= now
        }
    visits = [(unit, tuple(filter(due.__contains__, unit.sources))) for unit in services.units.values()]
    return _collect(services, [(unit, sources) for unit, sources in visits if sources])


def collect_unit(services: Services, unit: Unit, *, force: bool = False) -> CollectReport:
    """Look at each source of one unit. A source that fails is recorded, and the next one is read."""
    report = _visit(services, unit, unit.sources, force)
    _book_outages(services, [report])
    return report


def _collect(
    services: Services, visits: Sequence[tuple[Unit, Sequence[SourceId]]], *, force: bool = False
) -> dict[UnitId, CollectReport]:
    workers = max(services.workers, 1)
    with (
        KeptLooks(services.db, services.clock) as kept,
        ThreadPoolExecutor(workers, thread_name_prefix="collect", initializer=share_one_processor) as pool,
    ):
        begun = [
            (unit, pool.submit(_visit, services, unit, sources, force, kept)) for unit, sources in visits if sources
        ]
    reports = {unit.id: CollectReport(unit=unit.id) for unit, _ in visits}
    for unit, visit in begun:
        trouble = visit.exception()
        if trouble is None:
            reports[unit.id] = visit.result()
        elif isinstance(trouble, StorageError):
            raise trouble
        else:
            _LOG.error("collecting unit %s broke off", unit.id, exc_info=trouble)
            reports[unit.id] = _broken_off(services, unit, trouble)
    _book_outages(services, reports.values())
    return reports


def accept_list(services: Services, unit: Unit, source: SourceId, accept: Acceptance) -> CollectReport:
    """Look at one source and take its list as it stands now: a person says that it is right.

    Raises:
        UsageError: nothing of this source is held.
    """
    with services.db.read() as uow:
        record, state = uow.lists.get(source), uow.sources.get(source)
    empty = state is not None and state.last_error_kind in EMPTY_LISTS
    if not empty and (record is None or record.alarm is None):
        raise UsageError(
            f"nothing of {source} is held", subject=source, hint="syncd status names the sources that are held"
        )
    tally = Tally()
    look_at(services, unit, source, tally, force=True, accept=accept)
    report = _report(unit, tally)
    _book_outages(services, [report])
    return report


def _visit(
    services: Services, unit: Unit, sources: Iterable[SourceId], force: bool, kept: KeptLooks | None = None
) -> CollectReport:
    tally = Tally()
    closed = paused = 0
    for source in sources:
        if not force and not services.allowed_hours.is_open(services.clock.now()):
            closed += 1
        elif services.own_network and not services.own_network.works():
            paused += 1
        else:
            look_at(services, unit, source, tally, force=force, kept=kept)
    return _report(unit, tally, closed=closed, paused=paused)


def _report(unit: Unit, tally: Tally, *, closed: int = 0, paused: int = 0) -> CollectReport:
    return CollectReport(
        unit=unit.id,
        new=tally.new,
        changed=tally.changed,
        unchanged=tally.unchanged,
        skipped=tally.skipped,
        failed=len(tally.errors),
        resting=tally.resting,
        closed=closed,
        paused=paused,
        held=tally.held,
        errors=tuple(tally.errors),
        notes=tuple(tally.notes),
    )


def _book_outages(services: Services, reports: Iterable[CollectReport]) -> None:
    """Open an outage for each source that has begun to fail, and judge whose doing those that last are.

    With canaries, they judge. Without, the judgement rests on what is known of all sources, so it is the same whether they are read
    in one run or slot by slot.
    """
    failures = [failure for report in reports for failure in report.errors]
    if not failures:
        return
    explained = services.own_network.not_the_sites(failures) if services.own_network else []
    with services.db.write() as uow:
        for failure in failures:
            if failure.first:
                _open(uow, failure, failure.at, OutageOwner.SOURCE)
        if services.own_network:
            for failed in explained:
                _take_back(uow, services, failed)
            for failure in failures:
                if failure not in explained:
                    _its_own(uow, failure, failure.at)
        else:
            _judge_by_the_others(uow, services, failures)
        uow.commit()


def _take_back(uow: UnitOfWork, services: Services, failed: Failed) -> None:
    """Our own network explains the failure: it is as if there had been no look, and the gap is ours."""
    subject = f"source:{failed.source}"
    state = uow.sources.get(failed.source)
    if state is None or state.failures == 0 or state.failing_since is None:
        return  # read since
    if state.failing_since >= failed.at:
        uow.outages.assign(subject, OutageOwner.OURS)
    before = state.failures - 1
    if before == 0:
        uow.sources.put(
            replace(
                state,
                failures=0,
                failing_since=None,
                last_error=None,
                last_error_kind=None,
                last_hint=None,
                not_before=None,
            )
        )
    else:
        not_before = next_look(failed.at, before, interval=services.collect_every, again=failed.source)
        uow.sources.put(replace(state, failures=before, not_before=not_before))


def _judge_by_the_others(uow: UnitOfWork, services: Services, failures: Sequence[SourceFailure]) -> None:
    states = {state.source: state for state in uow.sources.all() if state.unit in services.units}
    last_read = max((state.last_ok_at for state in states.values() if state.last_ok_at), default=None)
    for source in _ours(services, states.values(), last_read):
        uow.outages.assign(f"source:{source}", OutageOwner.OURS)
    for failure in failures:
        state = states.get(failure.source)
        since = state.failing_since if state else None
        if last_read is not None and since is not None and since < last_read < failure.at:
            _its_own(uow, failure, last_read)


def _ours(services: Services, states: Iterable[SourceState], last_read: datetime | None) -> list[SourceId]:
    """The sources that fell silent together: nothing has been read since, and none was found or reached. Then the cable is ours.

    One site alone proves nothing about us; three units in a row do, or all where there are fewer.
    """
    fallen = [
        state for state in states if state.failing_since and (last_read is None or state.failing_since > last_read)
    ]
    with_sources = sum(bool(unit.sources) for unit in services.units.values())
    enough = max(2, min(_UNITS_THAT_TELL, with_sources))
    together = len({state.unit for state in fallen}) >= enough
    alike = all(state.last_error_kind in _OUR_NETWORK for state in fallen)
    return [state.source for state in fallen] if together and alike else []


def _its_own(uow: UnitOfWork, failure: SourceFailure, from_then: datetime) -> None:
    """It failed again although our network works: what was ours has ended, from there on it is the site's."""
    subject = f"source:{failure.source}"
    open_now = [outage for outage in uow.outages.overlapping(failure.at, failure.at + _MOMENT) if outage.end is None]
    if any(outage.subject == subject and outage.owner is OutageOwner.OURS for outage in open_now):
        uow.outages.close(subject, from_then)
        _open(uow, failure, from_then, OutageOwner.SOURCE)


def _open(uow: UnitOfWork, failure: SourceFailure, start: datetime, owner: OutageOwner) -> None:
    uow.outages.open(f"source:{failure.source}", start, owner, f"{failure.kind}: {failure.error}")


def _broken_off(services: Services, unit: Unit, trouble: BaseException) -> CollectReport:
    failure = SourceFailure(
        source=unit.sources[0],
        kind="internal",
        error=f"{type(trouble).__name__}: {trouble}",
        hint="a fault of syncd: the log has the details",
        at=services.clock.now(),
        first=False,
    )
    return CollectReport(unit=unit.id, failed=1, errors=(failure,))
