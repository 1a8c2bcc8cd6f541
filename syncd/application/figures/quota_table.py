"""The quota table: units x periods, each with the verdict in force.

A closed period is never counted again in silence: its statement stands, adjustments stand beside it, and what a recount
would give today is shown next to both.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from syncd.application.figures.facts import gather, is_active
from syncd.application.figures.statements import instant_as_json, verdict_from_json
from syncd.application.services import Assessment, Services
from syncd.domain.coverage import deadline_of
from syncd.domain.missing import MissingMonths, missing_months
from syncd.domain.model import Adjustment, Cause, Period, PeriodId, Status, Unit, UnitId, Verdict
from syncd.domain.quota import assess, in_force, low_coverage
from syncd.domain.rules import RuleSet
from syncd.errors import UsageError
from syncd.ports.records import StatementRecord
from syncd.ports.store import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaCell:
    """One unit in one period. `verdict` is in force; `recount` is what counting now gives; `as_closed` what was frozen."""

    period: Period
    verdict: Verdict
    recount: Verdict
    deadline: datetime  # the end of grace, the portal's downtime included
    low_coverage: bool = False  # less was read than the rule set asks for: a warning, decides nothing
    as_closed: Verdict | None = None
    statement: StatementRecord | None = None
    adjustments: tuple[Adjustment, ...] = ()

    def as_json(self) -> dict[str, Any]:
        coverage = self.verdict.coverage
        return {
            **_figures(self.verdict),
            "period": self.period.id,
            "coverage": None if coverage is None else round(coverage, 4),
            "low_coverage": self.low_coverage,
            "waiting": self.verdict.waiting,
            "deadline": instant_as_json(self.deadline),
            "ruleset": self.verdict.ruleset,
            "as_closed": None if self.as_closed is None else {**_figures(self.as_closed), "closed_at": self._closed_at},
            "recount": self._recount_as_json(),
            "adjustments": [adjustment_as_json(adjustment) for adjustment in self.adjustments],
        }

    @property
    def _closed_at(self) -> str | None:
        return instant_as_json(self.statement.closed_at) if self.statement else None

    def _recount_as_json(self) -> dict[str, Any] | None:
        """Only where counting the closed period again gives other figures."""
        if self.as_closed is None or _figures(self.as_closed) == _figures(self.recount):
            return None
        return _figures(self.recount)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRow:
    """One unit's line. `missing` counts the verdicts in force of the table's periods."""

    unit: Unit
    cells: tuple[QuotaCell, ...]
    missing: MissingMonths

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        return tuple(cell.verdict for cell in self.cells)

    def as_json(self) -> dict[str, Any]:
        return {
            "unit": self.unit.id,
            "name": self.unit.name,
            "group": self.unit.group,
            "periods": [cell.as_json() for cell in self.cells],
            "missing_months": self.missing.missing,
            "undetermined_months": self.missing.undetermined,
            "final": self.missing.final,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaTable:
    """Units in the order of the configuration; a unit that was not active in a period has no cell there."""

    at: datetime
    periods: tuple[Period, ...]
    rows: tuple[UnitRow, ...]

    def row(self, unit: UnitId) -> UnitRow | None:
        return next((row for row in self.rows if row.unit.id == unit), None)

    def cell(self, unit: UnitId, period: PeriodId) -> QuotaCell | None:
        row = self.row(unit)
        return next((cell for cell in row.cells if cell.period.id == period), None) if row else None

    @property
    def needs_person(self) -> bool:
        """Whether any unit is short or undetermined."""
        awaits = {Status.MISSING, Status.UNDETERMINED}
        return any(verdict.status in awaits for row in self.rows for verdict in row.verdicts)

    def as_json(self) -> dict[str, Any]:
        return {
            "at": instant_as_json(self.at),
            "periods": [period.id for period in self.periods],
            "units": [row.as_json() for row in self.rows],
        }


def quota_table(
    services: Services,
    periods: Sequence[PeriodId],
    *,
    units: Sequence[UnitId] | None = None,
    ruleset: str | None = None,
) -> QuotaTable:
    """The verdicts in force of all units (or of `units`) in these periods.

    Missing months are added up by `ruleset`, or by the rules of the last period.

    Raises:
        UsageError: an unknown unit or period, or none at all.
    """
    with services.db.read() as uow:
        return tabulate(uow, services, periods, units=units, ruleset=ruleset)


def tabulate(
    uow: UnitOfWork,
    services: Services,
    periods: Sequence[PeriodId],
    *,
    units: Sequence[UnitId] | None = None,
    ruleset: str | None = None,
    reach_back: timedelta = timedelta(0),
) -> QuotaTable:
    """`quota_table` inside a transaction that is already open. `reach_back` as for `facts.gather`."""
    if not periods:
        raise UsageError("no period was named", hint="name one, such as 2026-10")
    chosen = [unit_of(services, unit) for unit in units] if units is not None else list(services.units.values())
    # Two months that are merged name one period.
    dated = list({found[0].id: found for found in map(services.rulesets.period, periods)}.values())
    summing = services.rulesets.get(ruleset) if ruleset is not None else dated[-1][1]
    facts = gather(uow, services, chosen, [period for period, _ in dated], reach_back=reach_back)
    statements = _statements(uow, [period.id for period, _ in dated])
    adjustments = _adjustments(uow)
    rows: list[UnitRow] = []
    for unit in chosen:
        cells: list[QuotaCell] = []
        for period, rules in dated:
            statement = statements.get((unit.id, period.id))
            if statement is None and not is_active(unit, period):
                continue
            known = facts[unit.id, period.id]
            recount = assess(unit, period, known, rules)
            as_closed = verdict_from_json(statement.body) if statement else None
            beside = adjustments.get((unit.id, period.id), [])
            verdict = in_force(as_closed, beside) if as_closed else recount
            cells.append(
                QuotaCell(
                    period=period,
                    verdict=verdict,
                    recount=recount,
                    deadline=deadline_of(period, rules, known.portal_outages, known.now),
                    low_coverage=low_coverage(verdict, rules),
                    as_closed=as_closed,
                    statement=statement,
                    adjustments=tuple(beside),
                )
            )
        if cells:
            missing = missing_months([cell.verdict for cell in cells], summing)
            rows.append(UnitRow(unit=unit, cells=tuple(cells), missing=missing))
    return QuotaTable(at=services.clock.now(), periods=tuple(period for period, _ in dated), rows=tuple(rows))


def unit_of(services: Services, unit: UnitId) -> Unit:
    """The unit of that id.

    Raises:
        UsageError: there is none; the hint names what there is.
    """
    found = services.units.get(unit)
    if found is None:
        raise UsageError(f"unknown unit {unit!r}", subject=unit, hint="units: " + ", ".join(services.units))
    return found


def assessment_of(services: Services, assessment: str) -> Assessment:
    """The assessment of that id.

    Raises:
        UsageError: there is none; the hint names what there is.
    """
    found = services.assessments.get(assessment)
    if found is None:
        known = ", ".join(services.assessments) or "none is configured"
        raise UsageError(f"unknown assessment {assessment!r}", subject=assessment, hint=f"assessments: {known}")
    return found


def periods_of(services: Services, assessment: Assessment) -> list[PeriodId]:
    """The periods of an assessment, both ends included, in order."""
    return [period.id for period, _ in services.rulesets.between(assessment.first, assessment.last)]


def current_period(services: Services) -> tuple[Period, RuleSet]:
    """The period that runs now, with the rules in force on its first day."""
    return services.rulesets.period_at(services.clock.now())


def adjustment_as_json(adjustment: Adjustment) -> dict[str, Any]:
    return {
        "kind": adjustment.kind.value,
        "posts": adjustment.posts,
        "status": adjustment.status.value if adjustment.status else None,
        "reason": adjustment.reason,
        "document": adjustment.document,
        "approved_by": list(adjustment.approved_by),
        "at": instant_as_json(adjustment.at),
    }


def _statements(uow: UnitOfWork, periods: Sequence[PeriodId]) -> dict[tuple[UnitId, PeriodId], StatementRecord]:
    # One query per period: a statement holds its posts, and all years at once would be much to read.
    return {(record.unit, period): record for period in periods for record in uow.figures.statements(period=period)}


def _adjustments(uow: UnitOfWork) -> dict[tuple[UnitId, PeriodId], list[Adjustment]]:
    grouped: dict[tuple[UnitId, PeriodId], list[Adjustment]] = defaultdict(list)
    for adjustment in uow.figures.adjustments():
        grouped[adjustment.unit, adjustment.period].append(adjustment)
    return grouped


def _figures(verdict: Verdict) -> dict[str, Any]:
    return {
        "required": verdict.required,
        "written": verdict.written,
        "delivered": verdict.delivered,
        "visible": verdict.visible,
        "counted": verdict.counted,
        "status": verdict.status.value,
        "causes": causes_as_json(verdict.causes),
    }


def causes_as_json(causes: Sequence[Cause]) -> dict[str, int]:
    """Name -> number; `not_read`, `source_down` and `portal_down` are days, the others posts."""
    return {cause.name: cause.number for cause in causes}
