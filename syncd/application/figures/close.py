"""Closing a period, and adjusting beside what was closed.

A statement is written once and never again. Whatever is learned later stands beside it as an adjustment, with a document
number and two names.
"""

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from syncd.application.figures.quota_table import QuotaTable, tabulate, unit_of
from syncd.application.figures.statements import instant_as_json, verdict_as_json, verdict_from_json
from syncd.application.services import Services
from syncd.domain.ledger import LeafKind, canonical
from syncd.domain.model import (
    Adjustment,
    AdjustmentKind,
    Period,
    PeriodId,
    Status,
    UnitId,
    Verdict,
    different_people,
)
from syncd.domain.quota import in_force
from syncd.errors import UsageError
from syncd.ports.records import StatementRecord
from syncd.ports.store import UnitOfWork

# A clock this far behind the newest leaf was set back: what "after the end" means is then not known.
CLOCK_TOLERANCE = timedelta(minutes=5)

_SETTLED = {Status.MET, Status.EXEMPT}
_RANK = {Status.EXEMPT: 3, Status.MET: 3, Status.OPEN: 2, Status.UNDETERMINED: 1, Status.MISSING: 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """Why a period should not be closed yet, and what to do about it."""

    reason: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseReport:
    """What was frozen, in the order of the configuration."""

    period: PeriodId
    closed_at: datetime
    statements: tuple[StatementRecord, ...]
    forced: str | None
    blockers: tuple[Blocker, ...]
    leaf: int

    @property
    def counts(self) -> dict[str, int]:
        return dict(Counter(str(statement.body["status"]) for statement in self.statements))

    @property
    def needs_person(self) -> bool:
        return any(status not in _SETTLED for status in self.counts)

    def as_json(self) -> dict[str, Any]:
        return {
            "period": self.period,
            "closed_at": instant_as_json(self.closed_at),
            "forced": self.forced,
            "blockers": [{"reason": blocker.reason, "hint": blocker.hint} for blocker in self.blockers],
            "leaf": self.leaf,
            "counts": self.counts,
            "units": {
                statement.unit: {key: statement.body[key] for key in ("status", "required", "counted")}
                for statement in self.statements
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustReport:
    """One adjustment, with the verdict in force before and after it."""

    adjustment: Adjustment
    before: Verdict
    after: Verdict
    leaf: int

    def as_json(self) -> dict[str, Any]:
        return {
            "unit": self.adjustment.unit,
            "period": self.adjustment.period,
            "kind": self.adjustment.kind.value,
            "document": self.adjustment.document,
            "before": {"status": self.before.status.value, "counted": self.before.counted},
            "after": {"status": self.after.status.value, "counted": self.after.counted},
            "leaf": self.leaf,
        }


def close_period(services: Services, period_id: PeriodId, *, force: str | None = None) -> CloseReport:
    """Freeze the statements of all units for one period, in one transaction.

    `force` is the reason why it is closed although it should wait; then whatever is not met or exempt stays undetermined,
    for nothing was proved. Units that got a statement before keep it.

    Raises:
        UsageError: the period has not ended, is closed already, or should wait and no reason to force it was given.
    """
    period, _ = services.rulesets.period(period_id)
    period_id = period.id
    now = services.clock.now()
    if now < period.end:
        raise UsageError(
            f"period {period_id} has not ended", subject=period_id, hint=f"close it after {period.last_day:%d/%m/%Y}"
        )
    if force is not None and not force.strip():
        raise UsageError("forcing needs a reason", subject=period_id, hint='--force "why it cannot wait"')
    with services.db.write() as uow:
        table = tabulate(uow, services, [period_id])
        blockers = _blockers(uow, services, period, table, now)
        if blockers and force is None:
            raise UsageError(
                f"period {period_id} should not be closed yet: " + "; ".join(blocker.reason for blocker in blockers),
                subject=period_id,
                hint="; ".join(blocker.hint for blocker in blockers) + "; or force it with a reason",
            )
        fresh = [row.cells[0].recount for row in table.rows if row.cells[0].statement is None]
        if not fresh:
            raise UsageError(
                f"period {period_id} is closed already",
                subject=period_id,
                hint="what is learned later is an adjustment: syncd adjust",
            )
        reason = force if blockers else None
        if reason is not None:
            fresh = [_unproved(verdict) for verdict in fresh]
        statements = [_freeze(uow, verdict, now, reason) for verdict in fresh]
        summary = {
            "period": period_id,
            "forced": reason,
            "blockers": [blocker.reason for blocker in blockers],
            "counts": dict(Counter(verdict.status.value for verdict in fresh)),
            "statements": [statement.leaf for statement in statements],
        }
        leaf = uow.ledger.append(LeafKind.MONTH_CLOSE, now, summary)
        uow.commit()
    return CloseReport(
        period=period_id,
        closed_at=now,
        statements=tuple(statements),
        forced=reason,
        blockers=tuple(blockers),
        leaf=leaf,
    )


def adjust(
    services: Services,
    unit: UnitId,
    period: PeriodId,
    *,
    kind: AdjustmentKind,
    posts: int = 0,
    status: Status | None = None,
    reason: str = "",
    document: str = "",
    approved_by: Sequence[str] = (),
) -> AdjustReport:
    """Put an adjustment beside a closed statement; the statement itself stays as it is.

    `posts` belongs to kind `posts`. `status` belongs to kind `verdict`; with posts taken off it says that the period is then
    missing, which is undetermined otherwise. Two people approve; what hurts the unit also needs its reason written down.

    Raises:
        UsageError: the period is not closed for the unit, or something required is missing.
    """
    unit_of(services, unit)
    period = services.rulesets.period(period)[0].id
    adjustment = Adjustment(
        unit=unit,
        period=period,
        kind=kind,
        posts=posts,
        status=status,
        reason=reason.strip(),
        document=document.strip(),
        approved_by=tuple(name.strip() for name in approved_by if name.strip()),
        at=services.clock.now(),
    )
    _check_shape(adjustment)
    with services.db.write() as uow:
        statement = next((s for s in uow.figures.statements(period=period) if s.unit == unit), None)
        if statement is None:
            raise UsageError(
                f"period {period} is not closed for {unit}", subject=unit, hint=f"syncd close {period} comes first"
            )
        standing = [a for a in uow.figures.adjustments() if a.unit == unit and a.period == period]
        as_closed = verdict_from_json(statement.body)
        before = in_force(as_closed, standing)
        after = in_force(as_closed, [*standing, adjustment])
        if before.counted + adjustment.posts < 0:
            raise UsageError(
                f"{unit} has {before.counted} posts in {period}: {adjustment.posts} would leave less than none",
                subject=unit,
            )
        hurts = after.counted < before.counted or _RANK[after.status] < _RANK[before.status]
        if hurts and not adjustment.reason:
            raise UsageError("an adjustment that hurts a unit needs its reason", subject=unit, hint="--reason")
        data = {
            "period": period,
            "kind": adjustment.kind.value,
            "posts": adjustment.posts,
            "status": adjustment.status.value if adjustment.status else None,
            "reason": adjustment.reason,
            "document": adjustment.document,
            "approved_by": list(adjustment.approved_by),
            "statement": statement.leaf,
            "before": {"status": before.status.value, "counted": before.counted},
            "after": {"status": after.status.value, "counted": after.counted},
        }
        leaf = uow.ledger.append(LeafKind.ADJUSTMENT, adjustment.at, data, unit=unit)
        uow.figures.add_adjustment(adjustment, leaf)
        uow.commit()
    return AdjustReport(adjustment=adjustment, before=before, after=after, leaf=leaf)


def _blockers(uow: UnitOfWork, services: Services, period: Period, table: QuotaTable, now: datetime) -> list[Blocker]:
    """What speaks against closing now, most basic first."""
    found: list[Blocker] = []
    newest = _newest_leaf_at(uow)
    if newest is not None and now < newest - CLOCK_TOLERANCE:
        found.append(
            Blocker(
                reason=f"the clock is behind the ledger, whose newest leaf is of {newest:%Y-%m-%dT%H:%M:%SZ}",
                hint="set the clock right",
            )
        )
    if any(row.cells[0].recount.status is Status.OPEN for row in table.rows):
        found.append(
            Blocker(
                reason="the days of grace have not passed", hint="wait for the end of grace, posts may still arrive"
            )
        )
    census = uow.censuses.first_complete_after(services.portal.name, period.start, period.end, period.end)
    if census is None:
        found.append(
            Blocker(reason="no census of it was complete after its end", hint="syncd census, until it is complete")
        )
    return found


def _newest_leaf_at(uow: UnitOfWork) -> datetime | None:
    size = uow.ledger.head().size
    return next((leaf.at for leaf in uow.ledger.leaves(size - 1, size)), None) if size else None


def _unproved(verdict: Verdict) -> Verdict:
    return verdict if verdict.status in _SETTLED else replace(verdict, status=Status.UNDETERMINED)


def _freeze(uow: UnitOfWork, verdict: Verdict, now: datetime, forced: str | None) -> StatementRecord:
    body = verdict_as_json(verdict)
    data = {
        "period": verdict.period,
        "ruleset": verdict.ruleset,
        "forced": forced,
        "body_sha256": hashlib.sha256(canonical(body)).hexdigest(),
        **{key: body[key] for key in ("status", "required", "written", "delivered", "visible", "counted", "causes")},
        "covered_days": verdict.covered_days,
        "total_days": verdict.total_days,
    }
    leaf = uow.ledger.append(LeafKind.MONTH_CLOSE, now, data, unit=verdict.unit)
    statement = StatementRecord(
        unit=verdict.unit,
        period=verdict.period,
        closed_at=now,
        ruleset=verdict.ruleset,
        body=body,
        forced=forced,
        leaf=leaf,
    )
    uow.figures.add_statement(statement)
    return statement


def _check_shape(adjustment: Adjustment) -> None:
    """Refuse what no board could sign."""
    kind = adjustment.kind
    if (kind is AdjustmentKind.POSTS) != (adjustment.posts != 0):
        raise UsageError(
            "posts belong to an adjustment of kind posts, and it needs some", hint="--posts +4 or --posts=-1"
        )
    if kind is AdjustmentKind.VERDICT and adjustment.status is None:
        raise UsageError("an adjustment of kind verdict needs a status", hint="--status met")
    if adjustment.status is not None and kind not in (AdjustmentKind.VERDICT, AdjustmentKind.POSTS):
        raise UsageError(f"an adjustment of kind {kind.value} takes no status", hint="leave --status out")
    if adjustment.status is Status.OPEN:
        raise UsageError("a closed period cannot be opened again by an adjustment")
    if not adjustment.document:
        raise UsageError("an adjustment needs the number of the document that decides it", hint="--document")
    if different_people(adjustment.approved_by) < 2:
        raise UsageError("an adjustment needs two different people who approve it", hint="--approved-by twice")
