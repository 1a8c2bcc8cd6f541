"""How things stand, worst first: what is wrong, since when, and what to do about it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from syncd.application.alarms import held_back, source_alarms, unfinished_backfills, unmapped_problem
from syncd.application.figures.findings import Finder
from syncd.application.figures.problems import Problem, Severity
from syncd.application.figures.quota_table import QuotaTable, tabulate
from syncd.application.figures.statements import instant_as_json
from syncd.application.portal_alarms import portal_alarms, removed_there
from syncd.application.services import Services
from syncd.domain.model import Period
from syncd.errors import UsageError
from syncd.ports.records import SlotState
from syncd.ports.store import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """All problems, worst first, and the same by room."""

    at: datetime
    problems: tuple[Problem, ...]
    units: tuple[Mapping[str, Any], ...]
    portal: Mapping[str, Any]
    slots: Mapping[str, Any]

    @property
    def needs_person(self) -> bool:
        return any(problem.severity >= Severity.ATTENTION for problem in self.problems)

    def as_json(self) -> dict[str, Any]:
        return {
            "ok": not self.needs_person,
            "at": instant_as_json(self.at),
            "problems": [problem.as_json() for problem in self.problems],
            "units": [dict(unit) for unit in self.units],
            "portal": dict(self.portal),
            "slots": dict(self.slots),
        }


def status(services: Services) -> StatusReport:
    """Everything that needs a person or will soon, in the office's language."""
    now = services.clock.now()
    with services.db.read() as uow:
        periods = _periods(services, now)
        table = tabulate(uow, services, [period.id for period in periods]) if periods else None
        finder = Finder(services, uow, now)
        problems = [
            *finder.sources(),
            *source_alarms(services, uow),
            *unfinished_backfills(services, uow),
            *finder.pushes(),
            *held_back(services, uow),
            *unmapped_problem(services, uow),
            *(finder.posts(periods) if periods else ()),
            *(finder.shortfalls(table) if table else ()),
            *finder.portal(periods),
            *portal_alarms(services, uow, periods),
            *(removed_there(services, table) if table else ()),
            *finder.slots(),
            *finder.figures(),
            *finder.mails(),
        ]
        problems.sort(key=lambda problem: (-problem.severity, problem.since or now, problem.unit or "", problem.kind))
        return StatusReport(
            at=now,
            problems=tuple(problems),
            units=tuple(_units(services, uow, problems, table)),
            portal=_portal(services, uow, problems),
            slots=_slots(uow, problems),
        )


def _periods(services: Services, now: datetime) -> list[Period]:
    """The period that runs and the one before it; none where no rule set is in force."""
    try:
        current, _ = services.rulesets.period_at(now)
    except UsageError:
        return []
    try:
        before, _ = services.rulesets.period_at(current.start - timedelta(seconds=1))
    except UsageError:
        return [current]
    return [before, current]


def _units(
    services: Services, uow: UnitOfWork, problems: list[Problem], table: QuotaTable | None
) -> Iterator[dict[str, Any]]:
    """Every unit with its own problems, worst first; those without any at the end, in the order of the configuration."""
    worst = {problem.unit: index for index, problem in reversed(list(enumerate(problems)))}
    pushes = uow.pushes.counts()
    sources = {state.source: state for state in uow.sources.all()}
    for unit in sorted(services.units.values(), key=lambda unit: worst.get(unit.id, len(problems))):
        row = table.row(unit.id) if table else None
        yield {
            "unit": unit.id,
            "name": unit.name,
            "ok": unit.id not in worst,
            "problems": [problem.as_json() for problem in problems if problem.unit == unit.id],
            "sources": [
                {
                    "source": source,
                    "last_look_at": instant_as_json(state.last_look_at),
                    "last_ok_at": instant_as_json(state.last_ok_at),
                    "failures": state.failures,
                    "error_kind": state.last_error_kind if state.failures else None,
                }
                for source in unit.sources
                if (state := sources.get(source)) is not None
            ],
            "pushes": {state.value: count for (owner, state), count in sorted(pushes.items()) if owner == unit.id},
            "periods": {
                cell.period.id: {
                    "status": cell.verdict.status.value,
                    "counted": cell.verdict.counted,
                    "required": cell.verdict.required,
                }
                for cell in (row.cells if row else ())
            },
        }


def _portal(services: Services, uow: UnitOfWork, problems: list[Problem]) -> dict[str, Any]:
    name = services.portal.name
    census = uow.censuses.latest(name)
    own = [problem for problem in problems if problem.subject == f"portal:{name}"]
    return {
        "name": name,
        "ok": not own,
        "last_census_at": instant_as_json(census.finished_at) if census else None,
        "last_census_complete": census.complete if census else None,
        "problems": [problem.as_json() for problem in own],
    }


def _slots(uow: UnitOfWork, problems: list[Problem]) -> dict[str, Any]:
    waiting = uow.slots.in_state(SlotState.DUE)
    return {
        "due": len(waiting),
        "oldest_due": instant_as_json(waiting[0].due) if waiting else None,
        "running": len(uow.slots.in_state(SlotState.RUNNING)),
        "problems": [problem.as_json() for problem in problems if problem.kind.startswith("slot")],
    }
