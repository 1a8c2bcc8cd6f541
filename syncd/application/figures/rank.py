"""Grades of an assessment, and the figures sent to an outside ranking engine.

A figure is absolute and versioned: a new version is made only when what it says has changed, and sending the same one
twice changes nothing there. Claim, send and answer are three steps, so nothing is lost when the process dies between them.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any

from syncd.application.figures.quota_table import (
    QuotaCell,
    QuotaTable,
    UnitRow,
    assessment_of,
    periods_of,
    quota_table,
    tabulate,
    unit_of,
)
from syncd.application.figures.statements import instant_as_json
from syncd.application.services import Assessment, Services
from syncd.domain.ledger import LeafKind, canonical
from syncd.domain.missing import MissingMonths, missing_months
from syncd.domain.model import AdjustmentKind, Status, Unit, UnitId, Verdict
from syncd.domain.ranking import GradeResult, grade
from syncd.domain.retry import next_push
from syncd.domain.rules import RuleSet
from syncd.errors import RankingError, UsageError
from syncd.ports.ranking import RankingEngine, RankingFigure
from syncd.ports.records import FigureRecord, LedgerHead
from syncd.ports.store import UnitOfWork

# So many transient failures in a row mean that the engine itself is down: the rest waits for the next run.
FAILURES_THAT_END_A_RUN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedUnit:
    """One unit's grade; `result` is None where no score was given. `simulated`: the missing months are a what-if."""

    unit: Unit
    missing: MissingMonths
    result: GradeResult | None
    simulated: bool = False
    waived: bool = False

    def as_json(self) -> dict[str, Any]:
        result = self.result
        return {
            "unit": self.unit.id,
            "name": self.unit.name,
            "group": self.unit.group,
            "score": result.score.score if result else None,
            "self_score": result.score.self_score if result else None,
            "grade": result.grade.value if result else None,
            "label": result.grade.label if result else None,
            "band": result.band.value if result else None,
            "missing_months": self.missing.missing,
            "undetermined_months": self.missing.undetermined,
            "final": self.missing.final,
            "provisional": result.provisional if result else not self.missing.final,
            "could_be": result.could_be.value if result and result.could_be else None,
            "waived": self.waived,
            "simulated": self.simulated,
            "trace": [
                {
                    "rule": line.rule,
                    "detail": line.detail,
                    "before": line.before.value if line.before else None,
                    "after": line.after.value,
                    "assumed": line.assumed,
                }
                for line in (result.trace if result else ())
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingTable:
    """Best score first within each group; groups in the order of the configuration, units without a score last."""

    assessment: Assessment
    ruleset: RuleSet
    at: datetime
    units: tuple[RankedUnit, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "assessment": self.assessment.id,
            "first_period": self.assessment.first,
            "last_period": self.assessment.last,
            "ruleset": self.ruleset.id,
            "at": instant_as_json(self.at),
            "units": [unit.as_json() for unit in self.units],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedFigure:
    unit: UnitId
    version: int
    error: str
    hint: str | None
    permanent: bool


@dataclass(slots=True, kw_only=True)
class PushReport:
    """What a run sent: `acknowledged` by version, `waiting` not tried now, `held` what the engine has acknowledged in all."""

    assessment: str
    acknowledged: dict[UnitId, int] = field(default_factory=dict)
    failed: list[FailedFigure] = field(default_factory=list)
    waiting: dict[UnitId, int] = field(default_factory=dict)
    held: dict[UnitId, int | None] = field(default_factory=dict)

    @property
    def needs_person(self) -> bool:
        return bool(self.failed)

    def as_json(self) -> dict[str, Any]:
        return {
            "assessment": self.assessment,
            "acknowledged": dict(self.acknowledged),
            "failed": [
                {"unit": f.unit, "version": f.version, "error": f.error, "hint": f.hint, "permanent": f.permanent}
                for f in self.failed
            ],
            "waiting": dict(self.waiting),
            "held": dict(self.held),
        }


def ranking(services: Services, assessment_id: str, *, simulate: Mapping[UnitId, int] | None = None) -> RankingTable:
    """Grade every unit of an assessment by the rules of its rule set.

    `simulate` puts a number of missing months in place of the counted ones, to see what it would do; nothing is stored.

    Raises:
        UsageError: unknown assessment or unit, or a rule set without a ranking part.
    """
    assessment = assessment_of(services, assessment_id)
    rules = services.rulesets.get(assessment.ruleset)
    if rules.ranking is None:
        raise UsageError(
            f"rule set {rules.id} has no ranking part", subject=rules.id, hint="name one with bands in [[assessments]]"
        )
    for unit, months in (simulate or {}).items():
        unit_of(services, unit)
        if months < 0:
            raise UsageError(f"{months} missing months cannot be", subject=unit)
    table = quota_table(services, periods_of(services, assessment), ruleset=rules.id)
    groups = list(dict.fromkeys(unit.group for unit in services.units.values()))
    ranked = [_ranked(row, assessment, rules, (simulate or {}).get(row.unit.id)) for row in table.rows]
    ranked.sort(key=lambda r: (groups.index(r.unit.group), -r.result.score.score if r.result else float("inf")))
    return RankingTable(assessment=assessment, ruleset=rules, at=table.at, units=tuple(ranked))


def push_ranking(services: Services, assessment_id: str, *, again: bool = False) -> PushReport:
    """Send every unit's figure that the engine has not acknowledged, newest version only.

    `again` also tries those that are not due yet, and those that were refused for good: for a call by hand.

    Raises:
        UsageError: unknown assessment, or no engine is configured.
    """
    assessment = assessment_of(services, assessment_id)
    engine = services.ranking
    if engine is None:
        raise UsageError(
            "no ranking engine is configured", hint='[ranking] kind = "http"; without one, syncd rank grades by itself'
        )
    # Counting takes seconds for many units: it must not keep writers waiting.
    with services.db.read() as uow:
        table = tabulate(uow, services, periods_of(services, assessment), ruleset=assessment.ruleset)
        head = uow.ledger.head()
    with services.db.write() as uow:
        _make_figures(uow, assessment, table, head)
        newest = _newest(uow.figures.figures(assessment.id))
        uow.commit()
    report = PushReport(assessment=assessment.id)
    failures = 0
    now = services.clock.now()
    for figure in newest.values():
        if figure.state == "acknowledged":
            continue
        due = figure.state != "failed" and (figure.not_before is None or figure.not_before <= now)
        if failures >= FAILURES_THAT_END_A_RUN or not (due or again):
            report.waiting[figure.unit] = figure.version
            continue
        error = _send(services, engine, figure)
        if error is None:
            report.acknowledged[figure.unit] = figure.version
            failures = 0
            continue
        report.failed.append(
            FailedFigure(
                unit=figure.unit,
                version=figure.version,
                error=error.message,
                hint=error.hint,
                permanent=error.permanent,
            )
        )
        failures = 0 if error.permanent else failures + 1
    with services.db.read() as uow:
        report.held = acknowledged_versions(uow.figures.figures(assessment.id))
    return report


def acknowledged_versions(figures: list[FigureRecord]) -> dict[UnitId, int | None]:
    """The highest version of each unit's figure that the engine acknowledged; None where it has none."""
    held: dict[UnitId, int | None] = {}
    for figure in figures:
        held.setdefault(figure.unit, None)
        if figure.state == "acknowledged":
            held[figure.unit] = max(held[figure.unit] or 0, figure.version)
    return held


def _ranked(row: UnitRow, assessment: Assessment, rules: RuleSet, simulated: int | None) -> RankedUnit:
    what_if = simulated is not None
    missing = row.missing if simulated is None else _what_if(simulated)
    waived = not what_if and _all_waived(row)
    score = assessment.scores.get(row.unit.id)
    if score is None or rules.ranking is None:
        return RankedUnit(unit=row.unit, missing=missing, result=None, simulated=what_if, waived=waived)
    # Waived in some of its missing periods only: the others keep their weight.
    weighed = missing if what_if or waived else missing_months(_without_waived(row), rules)
    result = replace(grade(row.unit, score, weighed, rules.ranking, waived=waived), missing=missing)
    return RankedUnit(unit=row.unit, missing=missing, result=result, simulated=what_if, waived=waived)


def _what_if(months: int) -> MissingMonths:
    return MissingMonths(missing=months, undetermined=0, final=True, months=(), longest_run=months)


def _is_waived(cell: QuotaCell) -> bool:
    return any(adjustment.kind is AdjustmentKind.PENALTY_WAIVED for adjustment in cell.adjustments)


def _all_waived(row: UnitRow) -> bool:
    """Whether every missing period of the unit had its penalty waived, as in the letter of 2020; the counts stay."""
    short = [cell for cell in row.cells if cell.verdict.status is Status.MISSING]
    return bool(short) and all(_is_waived(cell) for cell in short)


def _without_waived(row: UnitRow) -> list[Verdict]:
    """The verdicts as the overrides see them: a waived period weighs nothing."""
    return [replace(cell.verdict, status=Status.EXEMPT) if _is_waived(cell) else cell.verdict for cell in row.cells]


def _make_figures(uow: UnitOfWork, assessment: Assessment, table: QuotaTable, head: LedgerHead) -> None:
    """Add a version for each unit whose figure says something new; older unsent versions are superseded."""
    newest = _newest(uow.figures.figures(assessment.id))
    for row in table.rows:
        before = newest.get(row.unit.id)
        figure = RankingFigure(
            assessment=assessment.id,
            unit=row.unit.id,
            unit_name=row.unit.name,
            group=row.unit.group,
            version=before.version + 1 if before else 1,
            missing=row.missing.missing,
            undetermined=row.missing.undetermined,
            final=row.missing.final,
            months={cell.period.id: cell.verdict.status.value for cell in row.cells},
            ruleset=assessment.ruleset,
            ledger_size=head.size,
            ledger_root=head.root.hex(),
        )
        body = asdict(figure)
        if before is not None and _content(before.body) == _content(body):
            continue
        if before is not None and before.state != "acknowledged":
            uow.figures.update_figure(replace(before, state="superseded", not_before=None))
        uow.figures.add_figure(
            FigureRecord(
                assessment=assessment.id, unit=row.unit.id, version=figure.version, body=body, made_at=table.at
            )
        )


def _content(body: Mapping[str, Any]) -> dict[str, Any]:
    """What a figure says, apart from its number and the ledger it was drawn from."""
    return {key: value for key, value in body.items() if key not in ("version", "ledger_size", "ledger_root")}


def _newest(figures: list[FigureRecord]) -> dict[UnitId, FigureRecord]:
    return {figure.unit: figure for figure in sorted(figures, key=lambda figure: figure.version)}


def _send(services: Services, engine: RankingEngine, figure: FigureRecord) -> RankingError | None:
    """Claim, send, keep the answer; the error where the engine did not acknowledge."""
    subject = {
        "target": "ranking",
        "engine": engine.name,
        "assessment": figure.assessment,
        "version": figure.version,
        "body_sha256": hashlib.sha256(canonical(dict(figure.body))).hexdigest(),
    }
    claimed = replace(figure, attempts=figure.attempts + 1)
    with services.db.write() as uow:
        uow.figures.update_figure(claimed)
        uow.ledger.append(
            LeafKind.PUSH_SENT, services.clock.now(), {**subject, "attempt": claimed.attempts}, unit=figure.unit
        )
        uow.commit()
    error: RankingError | None = None
    answer: dict[str, Any] | None = None
    try:
        answer = engine.put(RankingFigure(**figure.body))
    except RankingError as err:
        error = err
    now = services.clock.now()
    if error is None:
        result: dict[str, Any] = {"acknowledged": True, "error": None, "kind": None}
        done = replace(claimed, state="acknowledged", acknowledged_at=now, answer=answer, error=None, not_before=None)
    else:
        result = {"acknowledged": False, "error": error.message, "kind": error.kind}
        again_at = next_push(
            now, claimed.attempts, key=f"{figure.assessment}/{figure.unit}", retry_after=error.retry_after
        )
        done = replace(
            claimed,
            state="failed" if error.permanent else "queued",
            error=error.message,
            not_before=None if error.permanent else again_at,
        )
    with services.db.write() as uow:
        uow.figures.update_figure(done)
        uow.ledger.append(LeafKind.PUSH_RESULT, now, {**subject, **result}, unit=figure.unit)
        uow.commit()
    return error
