"""Read the units' websites, several at a time: one unit's trouble is never another's. `looks` does the single look."""

import logging
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from syncd.application.looks import SourceFailure, Tally, look_at
from syncd.application.services import Services
from syncd.domain.model import OutageOwner, Unit, UnitId
from syncd.errors import StorageError, UsageError

_LOG = logging.getLogger(__name__)
_OUR_NETWORK = frozenset(("dns", "refused"))  # where every single source fails so, the cable is ours


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectReport:
    """One unit's looks. `new`, `changed`, `unchanged` and `skipped` count posts; `failed` and `resting` count sources.

    `resting` ones failed before and their next try is not due.
    """

    unit: UnitId
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0
    resting: int = 0
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

    Whatever happens at one unit, the others are read. `force` looks at resting sources too.

    Raises:
        UsageError: an unknown unit.
        StorageError: our own database failed; what was committed before stands.
    """
    unknown = [unit for unit in units or () if unit not in services.units]
    if unknown:
        raise UsageError(f"unknown unit {', '.join(unknown)}", subject=unknown[0], hint="syncd status lists the units")
    chosen = list(services.units.values()) if units is None else [services.units[unit] for unit in dict.fromkeys(units)]
    with ThreadPoolExecutor(max_workers=max(services.workers, 1), thread_name_prefix="collect") as pool:
        visits = [(unit, pool.submit(_visit, services, unit, force)) for unit in chosen if unit.sources]
    reports = {unit.id: CollectReport(unit=unit.id) for unit in chosen}
    for unit, visit in visits:
        trouble = visit.exception()
        if trouble is None:
            reports[unit.id] = visit.result()
        elif isinstance(trouble, StorageError):
            raise trouble
        else:
            _LOG.error("collecting unit %s broke off", unit.id, exc_info=trouble)
            reports[unit.id] = _broken_off(services, unit, trouble)
    _open_outages(services, reports.values(), _blame(reports.values()))
    return reports


def collect_unit(services: Services, unit: Unit, *, force: bool = False) -> CollectReport:
    """Look at each source of one unit. A source that fails is recorded, and the next one is read."""
    report = _visit(services, unit, force)
    _open_outages(services, [report], OutageOwner.SOURCE)
    return report


def _visit(services: Services, unit: Unit, force: bool) -> CollectReport:
    tally = Tally()
    for source in unit.sources:
        look_at(services, unit, source, tally, force=force)
    return CollectReport(
        unit=unit.id,
        new=tally.new,
        changed=tally.changed,
        unchanged=tally.unchanged,
        skipped=tally.skipped,
        failed=len(tally.errors),
        resting=tally.resting,
        errors=tuple(tally.errors),
        notes=tuple(tally.notes),
    )


def _blame(reports: Iterable[CollectReport]) -> OutageOwner:
    """Ours, where every source of the run failed to be found or reached; one site alone proves nothing about us."""
    reports = [
        report
        for report in reports
        if report.errors or report.new or report.changed or report.unchanged or report.skipped
    ]
    kinds = [failure.kind for report in reports for failure in report.errors]
    whole_run = len(reports) > 1 and all(
        report.failed and not (report.new or report.changed or report.unchanged) for report in reports
    )
    return OutageOwner.OURS if whole_run and set(kinds) <= _OUR_NETWORK else OutageOwner.SOURCE


def _open_outages(services: Services, reports: Iterable[CollectReport], owner: OutageOwner) -> None:
    failures = [failure for report in reports for failure in report.errors if failure.first]
    if not failures:
        return
    with services.db.write() as uow:
        for failure in failures:
            uow.outages.open(f"source:{failure.source}", failure.at, owner, f"{failure.kind}: {failure.error}")
        uow.commit()


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
