"""Lay written, delivered and visible side by side, unit by unit and period by period, and name the cause of each difference."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from syncd.application.figures.deliveries import best_sightings, typed_instant
from syncd.application.figures.facts import gather, is_active, is_unattributed
from syncd.application.figures.statements import instant_as_json
from syncd.application.reading_back.sightings import is_of_unknown_key
from syncd.application.reconciling.differences import Difference, Known, differences_of, waiting_cause
from syncd.application.services import Services
from syncd.application.wording import withheld_title
from syncd.domain.ledger import LeafKind
from syncd.domain.model import Period, PeriodFacts, PeriodId, PostId, Unit, UnitId, Verdict
from syncd.domain.quota import assess
from syncd.errors import UsageError
from syncd.ports.portal import PortalState
from syncd.ports.records import PushState, SightingRecord
from syncd.ports.store import UnitOfWork
from syncd.ports.watch import AlarmKind, PortalAlarm

_LATEST = 2  # beside the period that runs: as many as a census reads
_MOMENT = timedelta(microseconds=1)
_UNDER_WAY = (
    PushState.QUEUED,
    PushState.HELD_BACK,
    PushState.INTENT,
    PushState.UNKNOWN,
    PushState.DEAD,
    PushState.QUARANTINED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """One unit in one period. `written` is None for a unit without a website."""

    unit: UnitId
    name: str
    period: PeriodId
    written: int | None
    delivered: int
    visible: int
    differences: tuple[Difference, ...]

    @property
    def needs_person(self) -> bool:
        return any(each.needs_person for each in self.differences)

    def as_json(self, language: str) -> dict[str, Any]:
        return {
            "unit": self.unit,
            "name": self.name,
            "period": self.period,
            "written": self.written,
            "delivered": self.delivered,
            "visible": self.visible,
            "needs_person": self.needs_person,
            "differences": [each.as_json(language) for each in self.differences],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """All balances, by unit and period; `of_nobody` are posts on the portal that no unit is given. `censuses`: period -> when the newest complete census of it began."""

    at: datetime
    portal: str
    language: str
    censuses: dict[PeriodId, datetime | None]
    balances: tuple[Balance, ...]
    of_nobody: tuple[Difference, ...]
    set_back: PortalAlarm | None = None

    @property
    def differences(self) -> tuple[Difference, ...]:
        return tuple(each for balance in self.balances for each in balance.differences) + self.of_nobody

    @property
    def needs_person(self) -> bool:
        return self.set_back is not None or any(each.needs_person for each in self.differences)

    def as_json(self) -> dict[str, Any]:
        return {
            "at": instant_as_json(self.at),
            "portal": self.portal,
            "ok": not self.needs_person,
            "censuses": {period: instant_as_json(at) for period, at in self.censuses.items()},
            "balances": [balance.as_json(self.language) for balance in self.balances],
            "of_nobody": [each.as_json(self.language) for each in self.of_nobody],
            "causes": dict(sorted(Counter(each.cause for each in self.differences).items())),
            "portal_set_back": None
            if self.set_back is None
            else {"since": instant_as_json(self.set_back.since), "posts": self.set_back.posts},
        }


def reconcile(
    services: Services, *, units: Iterable[UnitId] | None = None, periods: Sequence[PeriodId] | None = None
) -> Reconciliation:
    """Compare what the database holds; nothing is asked of the portal. By default every unit, in the period that runs and the two before it.

    Raises:
        UsageError: an unknown period.
    """
    chosen = open_periods(services) if periods is None else [services.rulesets.period(each)[0] for each in periods]
    wanted = None if units is None else frozenset(units)
    shown = [unit for unit in services.units.values() if wanted is None or unit.id in wanted]
    with services.db.read() as uow:
        return _compared(uow, services, shown, chosen, whole=wanted is None)


def open_periods(services: Services) -> list[Period]:
    """The period that runs and the two before it, the oldest first; none where no rule set is in force."""
    chosen: list[Period] = []
    instant = services.clock.now()
    for _ in range(_LATEST + 1):
        try:
            period, _ = services.rulesets.period_at(instant)
        except UsageError:
            break
        chosen.append(period)
        instant = period.start - _MOMENT
    return sorted(chosen, key=lambda period: period.start)


def record(services: Services, report: Reconciliation) -> int:
    """Write one leaf with the counts, the causes and the hash of every difference; its number."""
    by_period: dict[PeriodId, list[Balance]] = defaultdict(list)
    for balance in report.balances:
        by_period[balance.period].append(balance)
    data = {
        "portal": report.portal,
        "three_way": [
            {
                "period": period,
                "units": len(balances),
                "written": sum(balance.written or 0 for balance in balances),
                "delivered": sum(balance.delivered for balance in balances),
                "visible": sum(balance.visible for balance in balances),
                "causes": dict(Counter(each.cause for balance in balances for each in balance.differences)),
                "sha256": _sha256(balances),
            }
            for period, balances in sorted(by_period.items())
        ],
        "of_nobody": len(report.of_nobody),
    }
    with services.db.write() as uow:
        leaf = uow.ledger.append(LeafKind.RECONCILE, services.clock.now(), data)
        uow.commit()
    return leaf


def _sha256(balances: Iterable[Balance]) -> str:
    rows = [
        [balance.unit, balance.written, balance.delivered, balance.visible, each.cause, each.ref]
        for balance in balances
        for each in balance.differences
    ]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def of_no_unit(services: Services, periods: Sequence[PeriodId] | None = None) -> dict[str, Any]:
    """The posts on the portal that no rule gave to a unit, as the newest census saw them, the oldest first.

    Raises:
        UsageError: an unknown period.
    """
    chosen = open_periods(services) if periods is None else [services.rulesets.period(each)[0] for each in periods]
    with services.db.read() as uow:
        seen = [
            sighting
            for period in chosen
            for sighting in uow.sightings.in_window(services.portal.name, period.start, period.end)
            if is_unattributed(sighting)
        ]
    return {
        "posts": [
            {
                "ref": f"sighting:{sighting.id}",
                "title": sighting.title,
                "url": sighting.url,
                "author": sighting.author,
                "categories": list(sighting.categories),
                "published_at": instant_as_json(typed_instant(sighting)),
            }
            for sighting in seen
        ]
    }


def differences_in(uow: UnitOfWork, services: Services, unit: Unit, period: Period) -> list[Difference]:
    """The differences of one unit in one period, as `reconcile` tells them."""
    portal = services.portal.name
    _, rules = services.rulesets.period(period.id)
    facts = gather(uow, services, [unit], [period])[unit.id, period.id]
    seen = uow.sightings.in_window(portal, period.start, period.end)
    known = _known(uow, services, [facts], seen, uow.watch.alarm(portal, AlarmKind.PORTAL_SET_BACK))
    return differences_of(period, facts, assess(unit, period, facts, rules), known)


# --- gathering -----------------------------------------------------------------------------------------


def _compared(
    uow: UnitOfWork, services: Services, units: Sequence[Unit], periods: Sequence[Period], *, whole: bool
) -> Reconciliation:
    portal = services.portal.name
    set_back = uow.watch.alarm(portal, AlarmKind.PORTAL_SET_BACK)
    balances: list[Balance] = []
    nobodys: list[Difference] = _of_units_left_out(uow, services) if whole else []
    censuses: dict[PeriodId, datetime | None] = {}
    for period in periods:
        census = uow.censuses.latest_complete(portal, period.start, period.end)
        censuses[period.id] = census.started_at if census else None
        seen = uow.sightings.in_window(portal, period.start, period.end)
        nobodys += _of_nobody(seen)
        _, rules = services.rulesets.period(period.id)
        active = [unit for unit in units if is_active(unit, period)]
        facts = gather(uow, services, active, [period])
        known = _known(uow, services, [facts[unit.id, period.id] for unit in active], seen, set_back)
        for unit in active:
            found = facts[unit.id, period.id]
            verdict = assess(unit, period, found, rules)
            balances.append(_balance(unit, verdict, differences_of(period, found, verdict, known)))
    balances.sort(key=lambda balance: (balance.period, not balance.needs_person, balance.unit))
    return Reconciliation(
        at=services.clock.now(),
        portal=portal,
        language=services.office.language,
        censuses=censuses,
        balances=tuple(balances),
        of_nobody=tuple(nobodys),
        set_back=set_back,
    )


def _balance(unit: Unit, verdict: Verdict, differences: Sequence[Difference]) -> Balance:
    return Balance(
        unit=unit.id,
        name=unit.name,
        period=verdict.period,
        written=verdict.written,
        delivered=verdict.delivered,
        visible=verdict.visible,
        differences=tuple(differences),
    )


def _known(
    uow: UnitOfWork,
    services: Services,
    facts: Sequence[PeriodFacts],
    listed: Sequence[SightingRecord],
    set_back: PortalAlarm | None,
) -> Known:
    portal = services.portal.name
    refs = {post.ref for each in facts for post in each.posts}
    ids = [PostId(int(ref.removeprefix("post:"))) for ref in refs if ref.startswith("post:")]
    posts, pushes = uow.posts.many(ids), uow.pushes.for_posts(ids)
    seen = best_sightings(listed)
    seen |= uow.sightings.for_posts(portal, set(ids) - seen.keys())
    copies: dict[PostId, list[SightingRecord]] = defaultdict(list)
    for sighting in listed:
        if sighting.post is not None and sighting.key is not None and _stands(sighting):
            copies[sighting.post].append(sighting)
    typed: dict[str, list[SightingRecord]] = defaultdict(list)
    for sighting in uow.sightings.typed_with_text(portal, {post.text_sha256 for post in posts.values()} - {""}):
        if sighting.state == PortalState.PUBLIC and sighting.gone_at is None:
            typed[sighting.content_sha256].append(sighting)
    return Known(
        posts=posts,
        pushes=pushes,
        seen=seen,
        copies=copies,
        typed=typed,
        answers=uow.watch.answers(portal, refs),
        set_back=set_back,
        language=services.office.language,
    )


def _stands(sighting: SightingRecord) -> bool:
    return sighting.gone_at is None and sighting.state != PortalState.TRASH


def _of_nobody(listed: Iterable[SightingRecord]) -> list[Difference]:
    found = []
    for sighting in listed:
        if is_of_unknown_key(sighting):
            cause = "unknown_key"
        elif is_unattributed(sighting):
            cause = "unattributed"
        else:
            continue
        found.append(
            Difference(
                cause=cause,
                ref=f"sighting:{sighting.id}",
                unit=sighting.unit,
                title=sighting.title,
                url=sighting.url,
                since=typed_instant(sighting),
            )
        )
    return found


def _of_units_left_out(uow: UnitOfWork, services: Services) -> list[Difference]:
    """Posts that wait for the portal and whose unit is no longer in the configuration: nothing will ever send them."""
    waiting = [push for push in uow.pushes.in_state(*_UNDER_WAY) if push.unit not in services.units]
    posts = uow.posts.many([push.post for push in waiting])
    found = []
    for push in waiting:
        post = posts.get(push.post)
        if post is None:
            continue
        ref, quarantined = f"post:{push.post}", waiting_cause(push) == "quarantined"
        found.append(
            Difference(
                cause="unit_not_configured",
                ref=ref,
                unit=push.unit,
                title=withheld_title(ref, services.office.language) if quarantined or post.quarantine else post.title,
                url="" if quarantined or post.quarantine else post.url,
                since=push.queued_at,
            )
        )
    return found
