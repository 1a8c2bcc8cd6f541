"""The jobs of the daemon: what is due when, for whom, and what becomes of a slot that was missed.

`plan` turns the clock into slots: rows that are unique by (job, subject, due), so each runs once whoever wakes. Slots missed
while nothing ran are caught up (`each`) or stand as gaps that a later run of the same job covers (`latest`); never silence.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from syncd.application.collecting.collect import collect_again, collect_unit
from syncd.application.collecting.gone import follow_up
from syncd.application.evidence.fold import fold_looks
from syncd.application.figures.rank import push_ranking
from syncd.application.notify import send
from syncd.application.publishing.publish import publish
from syncd.application.reading_back.census import take_census
from syncd.application.reconciling.answers import ask_counted
from syncd.application.reconciling.reconcile import reconcile, record
from syncd.application.services import Services
from syncd.domain.ledger import LeafKind
from syncd.domain.model import PeriodId, UnitId
from syncd.domain.schedule import Cadence, DailyAt, Every, MonthlyOnWorkingDay, due_between
from syncd.ports.records import Slot, SlotState
from syncd.ports.store import UnitOfWork

STEP = timedelta(minutes=5)  # a wall clock that differs by more from the one that never steps was set

Lane = Literal[
    "sources", "portal", "office"
]  # `sources` runs in parallel; `portal` has one writer; `office` runs beside it


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One kind of work. `run` gives the slot's outcome as JSON; it must be safe to run again after a crash."""

    name: str
    lane: Lane
    missed: Literal["latest", "each"]
    at_start: bool  # run at the very first start; otherwise the first slot is the next one due
    subjects: Callable[[Services], Iterable[str]]
    cadence: Callable[[Services, str], Cadence]
    run: Callable[[Services, Slot], Mapping[str, Any]]


def _spread(subject: str, interval: timedelta) -> timedelta:
    """A fixed share of the interval for each subject, so that 150 units are not asked in the same second."""
    share = int.from_bytes(hashlib.sha256(subject.encode()).digest()[:4], "big")
    return timedelta(seconds=share % int(interval.total_seconds()))


def _collect(services: Services, slot: Slot) -> Mapping[str, Any]:
    return collect_unit(services, services.units[UnitId(slot.subject)]).as_json()


def _collect_again(services: Services, slot: Slot) -> Mapping[str, Any]:
    return {unit: report.as_json() for unit, report in collect_again(services).items()}


def _publish(services: Services, slot: Slot) -> Mapping[str, Any]:
    return publish(services).as_json()


def _census(services: Services, slot: Slot) -> Mapping[str, Any]:
    return take_census(services).as_json()


def _reconcile(services: Services, slot: Slot) -> Mapping[str, Any]:
    """The night's comparison, after a look of its own. What was found differs from day to day; the outcome says how many of each."""
    look = take_census(services)
    report = reconcile(services)
    leaf = record(services, report)
    document = report.as_json()
    return {"complete": look.complete, "leaf": leaf, "ok": document["ok"], "causes": document["causes"]}


def _answers(services: Services, slot: Slot) -> Mapping[str, Any]:
    return ask_counted(services).as_json()


def _fold(services: Services, slot: Slot) -> Mapping[str, Any]:
    return {"leaves": fold_looks(services)}


def _gone(services: Services, slot: Slot) -> Mapping[str, Any]:
    return follow_up(services).as_json()


def _letters(services: Services, slot: Slot) -> Mapping[str, Any]:
    """Statement and summary for the period that ended last before the slot was due, however late it runs."""
    period = last_ended_period(services, slot.due)
    return {name: send(services, name, period).as_json() for name in ("statement", "summary")}


def _retry_mail(services: Services, slot: Slot) -> Mapping[str, Any]:
    """Letters that wait for another try. `send` passes over those that are sent or not due yet."""
    with services.db.read() as uow:
        waiting = {(mail.name, mail.period) for mail in uow.mails.all() if mail.not_before is not None}
    return {
        f"{name} {period}": send(services, name, period).sent for name, period in sorted(waiting) if period is not None
    }


def _ranking(services: Services, slot: Slot) -> Mapping[str, Any]:
    if services.ranking is None:
        return {}
    return {name: push_ranking(services, name).as_json() for name in services.assessments}


def last_ended_period(services: Services, instant: datetime) -> PeriodId:
    """The newest period that had ended at `instant`.

    Raises:
        UsageError: no rule set was in force then.
    """
    current, _ = services.rulesets.period_at(instant)
    ended, _ = services.rulesets.period_at(current.start - timedelta(microseconds=1))
    return ended.id


def _units_with_sources(services: Services) -> Iterable[str]:
    return [unit.id for unit in services.units.values() if unit.sources]


def _portal(services: Services) -> Iterable[str]:
    return [services.portal.name]


def _office(services: Services) -> Iterable[str]:
    return ["office"]


JOBS: tuple[Job, ...] = (
    Job(
        name="collect", lane="sources", missed="latest", at_start=True, subjects=_units_with_sources, run=_collect,
        cadence=lambda services, subject: Every(
            interval=services.collect_every, offset=_spread(subject, services.collect_every)
        ),
    ),
    Job(
        name="collect-again", lane="sources", missed="latest", at_start=False, subjects=_office, run=_collect_again,
        cadence=lambda services, _: Every(interval=timedelta(minutes=5)),
    ),
    Job(
        name="publish", lane="portal", missed="latest", at_start=True, subjects=_portal, run=_publish,
        cadence=lambda services, _: Every(interval=services.publish_every),
    ),
    Job(
        name="census", lane="portal", missed="latest", at_start=True, subjects=_portal, run=_census,
        cadence=lambda services, _: Every(interval=services.census_every),
    ),
    Job(
        name="fold", lane="office", missed="latest", at_start=False, subjects=_office, run=_fold,
        cadence=lambda services, _: DailyAt(hour=0, minute=10),
    ),
    Job(
        name="reconcile", lane="portal", missed="latest", at_start=False, subjects=_portal, run=_reconcile,
        cadence=lambda services, _: DailyAt(hour=0, minute=20),
    ),
    Job(
        name="gone", lane="sources", missed="latest", at_start=False, subjects=_office, run=_gone,
        cadence=lambda services, _: DailyAt(hour=2),
    ),
    Job(
        name="answers", lane="sources", missed="latest", at_start=False, subjects=_office, run=_answers,
        cadence=lambda services, _: DailyAt(hour=3),
    ),
    Job(
        name="letters", lane="office", missed="each", at_start=False, subjects=_office, run=_letters,
        cadence=lambda services, _: MonthlyOnWorkingDay(day=services.statement_day, hour=services.statement_hour),
    ),
    Job(
        name="mail-retry", lane="office", missed="latest", at_start=True, subjects=_office, run=_retry_mail,
        cadence=lambda services, _: Every(interval=timedelta(minutes=15)),
    ),
    Job(
        name="ranking", lane="office", missed="latest", at_start=False, subjects=_office, run=_ranking,
        cadence=lambda services, _: DailyAt(hour=1),
    ),
)  # fmt: skip

BY_NAME: Mapping[str, Job] = {job.name: job for job in JOBS}


class Planner:
    """Knows what is due next. Used by one thread.

    The next instants are kept in memory, so that asking every few seconds costs no query; the slots in the database decide.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self._next: dict[tuple[str, str], datetime] = {}
        self._took_over = False
        self._asked: tuple[datetime, float] | None = None  # when it was asked last, on both clocks

    def plan(self, now: datetime) -> list[Slot]:
        """Insert what has become due; the slots to run, those left over by a dead process included at the first call.

        Where it raises, nothing was planned, and the next call plans it.
        """
        step = self._step(now)
        # What was next by a clock that has been set since says nothing.
        known = {} if step else self._next
        due = {
            (job.name, subject)
            for job in JOBS
            for subject in job.subjects(self._services)
            if known.get((job.name, subject), now) <= now
        }
        following: dict[tuple[str, str], datetime] = {}
        to_run: list[Slot] = []
        if due:
            with self._services.db.write() as uow:
                if step:
                    _mark_step(uow, now, step)
                if not self._took_over:
                    to_run += uow.slots.in_state(SlotState.DUE)
                for name, subject in sorted(due):
                    cadence = BY_NAME[name].cadence(self._services, subject)
                    to_run += self._plan(uow, BY_NAME[name], subject, cadence, now)
                    following[(name, subject)] = cadence.next_after(now)
                uow.commit()
            self._took_over = True
        self._next = {**known, **following}
        self._asked = (now, self._services.clock.monotonic())
        return to_run

    def _step(self, now: datetime) -> timedelta:
        """How far the wall clock was set since the last call; nothing where it went as it should."""
        if self._asked is None:
            return timedelta(0)
        wall, monotonic = self._asked
        step = now - wall - timedelta(seconds=self._services.clock.monotonic() - monotonic)
        return step if abs(step) > STEP else timedelta(0)

    def _plan(self, uow: UnitOfWork, job: Job, subject: str, cadence: Cadence, now: datetime) -> list[Slot]:
        # Slots of a clock that was ahead for a while are of no account.
        last = uow.slots.last_due(job.name, subject, until=now)
        if last is None:
            latest = cadence.latest_until(now)
            run, gaps, reason = ([latest], [], "") if job.at_start else ([], [latest], "before the first start")
        else:
            # A clock that says 2200 must not make millions of slots; the leaf tells from when on nothing was run.
            rows_from = max(last, now - 2 * self._services.catch_up)
            run, gaps, reason = self._missed(job, list(due_between(cadence, rows_from, now)), now)
        new = {slot.due: slot for slot in uow.slots.ensure((job.name, subject, instant) for instant in [*gaps, *run])}
        for instant in gaps:
            if instant in new:
                uow.slots.finish(new[instant].id, now, SlotState.GAP, {"reason": reason})
        if gaps and last is not None:
            uow.ledger.append(
                LeafKind.SLOT_DUE,
                now,
                {
                    "job": job.name,
                    "subject": subject,
                    "first": cadence.next_after(last).isoformat(),
                    "last": gaps[-1].isoformat(),
                    "count": len(gaps) if rows_from == last else None,  # None: more than have a row each
                    "outcome": "gap",
                    "reason": reason,
                },
                unit=UnitId(subject) if subject in self._services.units else None,
            )
        return [new[instant] for instant in run if instant in new]

    def _missed(self, job: Job, instants: list[datetime], now: datetime) -> tuple[list[datetime], list[datetime], str]:
        """What to run and what stands as a gap, and why."""
        oldest = now - self._services.catch_up
        fresh = [instant for instant in instants if instant >= oldest]
        gaps = [instant for instant in instants if instant < oldest]
        if job.missed == "latest" and fresh:
            gaps += fresh[:-1]
            fresh = fresh[-1:]
        return fresh, gaps, "not running then; the next run covers it" if fresh else "not running then, too long ago"


def _mark_step(uow: UnitOfWork, now: datetime, step: timedelta) -> None:
    data = {"mark": "clock_step", "seconds": round(step.total_seconds())}
    uow.ledger.append(LeafKind.DAEMON_MARK, now, data)
