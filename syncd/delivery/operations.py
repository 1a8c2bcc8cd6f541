"""Every command that writes, as one function: services and plain arguments in, a JSON document and an exit code out.

The command line runs them itself, or hands them to the daemon that owns the data; both do the same.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from syncd.application.collecting.backfill import PAGES_A_RUN, POSTS_A_RUN, backfill
from syncd.application.collecting.brake import Acceptance
from syncd.application.collecting.collect import accept_list, collect
from syncd.application.collecting.gone import follow_up
from syncd.application.decide import Decision, decide, decide_each
from syncd.application.evidence.dossier import build
from syncd.application.evidence.fold import fold_looks
from syncd.application.figures.close import adjust, close_period
from syncd.application.figures.rank import push_ranking
from syncd.application.notify import send
from syncd.application.publishing.portal_check import check_portal
from syncd.application.publishing.publish import publish
from syncd.application.publishing.waiting import Wait, pushes_waiting
from syncd.application.reading_back.census import take_census
from syncd.application.reading_back.set_back import removed, restored
from syncd.application.reconciling.reconcile import reconcile, record
from syncd.application.services import Services
from syncd.domain.model import AdjustmentKind, PeriodId, SourceId, Status, UnitId, local_midnight
from syncd.errors import UsageError

Outcome = tuple[dict[str, Any], int]

NEEDS_A_PERSON = 1
FOREIGN_FAILED = 3


def known_unit(services: Services, unit: str) -> UnitId:
    """The unit's id.

    Raises:
        UsageError: no such unit; the hint lists some.
    """
    if UnitId(unit) not in services.units:
        raise UsageError(f'there is no unit "{unit}"', hint=f"units: {', '.join(sorted(services.units))}")
    return UnitId(unit)


def _units(services: Services, unit: str | None) -> list[UnitId] | None:
    return None if unit is None else [known_unit(services, unit)]


def run_collect(services: Services, *, unit: str | None = None) -> Outcome:
    # who names a unit wants to know now, even where its source rests after failures
    reports = collect(services, _units(services, unit), force=unit is not None)
    document: dict[str, Any] = {"units": {name: report.as_json() for name, report in sorted(reports.items())}}
    followed = follow_up(services, units=reports)
    if followed.gone or followed.standing:
        document["gone"] = followed.as_json()
    failed = [report for report in reports.values() if report.failed]
    if not failed:
        return document, NEEDS_A_PERSON if any(report.held for report in reports.values()) else 0
    return document, FOREIGN_FAILED if len(failed) == len(reports) else NEEDS_A_PERSON


def run_accept(services: Services, *, source: str, reason: str, by: str) -> Outcome:
    """Take the list of one source as it stands now, whatever it was held for."""
    unit = next((unit for unit in services.units.values() if source in unit.sources), None)
    if unit is None:
        raise UsageError(f'there is no source "{source}"', hint="syncd status names the sources that are held")
    reason, by = reason.strip(), " ".join(by.split())
    if not reason or not by:
        raise UsageError("it needs the reason, and the name of who decides", hint='--reason "…" --by "…"')
    report = accept_list(services, unit, SourceId(source), Acceptance(reason=reason, by=by))
    return {"units": {unit.id: report.as_json()}}, FOREIGN_FAILED if report.failed else 0


def run_backfill(
    services: Services,
    *,
    unit: str,
    since: str,
    max_posts: int = POSTS_A_RUN,
    max_pages: int = PAGES_A_RUN,
    max_seconds: float = 1200.0,
    anew: bool = True,
) -> Outcome:
    try:
        day = date.fromisoformat(since)
    except ValueError as error:
        raise UsageError(f'"{since}" is no day', hint="such as 2026-01-01") from error
    report = backfill(
        services,
        known_unit(services, unit),
        local_midnight(day),
        max_posts=max_posts,
        max_pages=max_pages,
        max_time=timedelta(seconds=max_seconds),
        anew=anew,
    )
    document = {"units": {unit: report.as_json()}}
    if report.failed:
        return document, FOREIGN_FAILED
    return document, 0 if report.complete else NEEDS_A_PERSON


def run_publish(services: Services, *, unit: str | None = None) -> Outcome:
    report = publish(services, unit=None if unit is None else known_unit(services, unit))
    if report.portal_error is not None:
        return report.as_json(), FOREIGN_FAILED
    return report.as_json(), NEEDS_A_PERSON if report.failed or report.quarantined else 0


def run_census(services: Services, *, unit: str | None = None, period: str | None = None) -> Outcome:
    """`unit` only narrows what is shown: a census reads the portal whole."""
    periods = None if period is None else [services.rulesets.period(PeriodId(period))[0]]
    report = take_census(services, periods)
    document = report.as_json()
    if unit is not None:
        known_unit(services, unit)
        document["units"] = {name: counts for name, counts in document["units"].items() if name == unit}
    if not report.complete:
        return document, FOREIGN_FAILED
    return document, NEEDS_A_PERSON if report.needs_person else 0


def run_reconcile(services: Services, *, unit: str | None = None, period: str | None = None) -> Outcome:
    """A census first, so that what is compared is what stands there; then the leaf. `unit` only narrows what is shown."""
    wanted = None if unit is None else [known_unit(services, unit)]
    periods = None if period is None else [services.rulesets.period(PeriodId(period))[0]]
    look = take_census(services, periods)
    report = reconcile(services, periods=None if periods is None else [each.id for each in periods])
    record(services, report)
    if wanted is not None:
        report = reconcile(services, units=wanted, periods=None if periods is None else [each.id for each in periods])
    document = {**report.as_json(), "census": look.as_json()}
    if not look.complete:
        return document, FOREIGN_FAILED
    return document, NEEDS_A_PERSON if report.needs_person else 0


def run_portal_check(services: Services) -> Outcome:
    report = check_portal(services.portal, services.clock)
    return report.as_json(), 0 if report.ok else FOREIGN_FAILED if report.unreachable else NEEDS_A_PERSON


def run_portal_restored(services: Services, *, reason: str, by: str) -> Outcome:
    return restored(services, reason=reason, by=by).as_json(), 0


def run_portal_removed(services: Services, *, reason: str, by: str) -> Outcome:
    return removed(services, reason=reason, by=by).as_json(), 0


def run_sync(services: Services, *, unit: str | None = None) -> Outcome:
    """Collect, publish, census, in that order; the worst exit code of the three."""
    steps = {
        "collect": run_collect(services, unit=unit),
        "publish": run_publish(services, unit=unit),
        "census": run_census(services, unit=unit),
    }
    document: dict[str, Any] = {name: step[0] for name, step in steps.items()}
    document["units"] = {
        name: {step: steps[step][0]["units"][name] for step in steps if name in steps[step][0].get("units", {})}
        for name in sorted({unit for step in steps.values() for unit in step[0].get("units", {})})
    }
    return document, max(code for _, code in steps.values())


def run_close(services: Services, *, period: str, force: str | None = None) -> Outcome:
    report = close_period(services, PeriodId(period), force=force)
    return report.as_json(), NEEDS_A_PERSON if report.needs_person else 0


def run_adjust(
    services: Services,
    *,
    unit: str,
    period: str,
    kind: str,
    posts: int = 0,
    status: str | None = None,
    reason: str,
    document: str,
    approved_by: list[str],
) -> Outcome:
    try:
        parsed_kind = AdjustmentKind(kind)
        parsed_status = Status(status) if status is not None else None
    except ValueError as error:
        kinds, states = ", ".join(AdjustmentKind), ", ".join(Status)
        raise UsageError(str(error), hint=f"kinds: {kinds}; statuses: {states}") from error
    report = adjust(
        services,
        known_unit(services, unit),
        PeriodId(period),
        kind=parsed_kind,
        posts=posts,
        status=parsed_status,
        reason=reason,
        document=document,
        approved_by=tuple(approved_by),
    )
    return report.as_json(), 0


def run_decide(
    services: Services, *, ref: str, decision: str, reason: str, by: str, unit: str | None = None
) -> Outcome:
    owner = None if unit is None else known_unit(services, unit)
    return decide(services, ref, Decision(decision), reason=reason, by=by, unit=owner).as_json(), 0


def run_retry(services: Services, *, state: str, reason: str, by: str, unit: str | None = None) -> Outcome:
    """Send again what was refused, or what waits for its next try, without waiting."""
    if state not in RETRIED_TOGETHER:
        raise UsageError(
            f'what is "{state}" is not sent again all at once',
            hint=f"--state {' or '.join(RETRIED_TOGETHER)}; about others syncd decide, one by one",
        )
    only = None if unit is None else known_unit(services, unit)
    with services.db.read() as uow:
        found = pushes_waiting(services, uow, waits=[Wait(state)], unit=only)
    refs = [f"post:{push.post}" for _, push in found if push.error is not None]
    reports = decide_each(services, refs, Decision.RETRY, reason=reason, by=by)
    counts = Counter(str(report.unit) for report in reports)
    return {"units": {name: {"posts": number} for name, number in sorted(counts.items())}, "posts": len(reports)}, 0


def run_rank_push(services: Services, *, assessment: str) -> Outcome:
    report = push_ranking(services, assessment, again=True)
    return report.as_json(), FOREIGN_FAILED if report.failed else 0


def run_mail_send(services: Services, *, name: str, period: str, unit: str | None = None) -> Outcome:
    report = send(services, name, PeriodId(period), unit=None if unit is None else known_unit(services, unit))
    return report.as_json(), NEEDS_A_PERSON if report.needs_person else 0


def run_dossier_build(services: Services, *, unit: str, periods: list[str], out: str) -> Outcome:
    report = build(services, known_unit(services, unit), [PeriodId(period) for period in periods], Path(out))
    return report.as_json(), 0


def run_fold(services: Services) -> Outcome:
    return {"leaves": fold_looks(services)}, 0


OPERATIONS: Mapping[str, Callable[..., Outcome]] = {
    "collect": run_collect,
    "accept": run_accept,
    "backfill": run_backfill,
    "publish": run_publish,
    "census": run_census,
    "reconcile": run_reconcile,
    "portal-check": run_portal_check,
    "portal-restored": run_portal_restored,
    "portal-removed": run_portal_removed,
    "sync": run_sync,
    "close": run_close,
    "adjust": run_adjust,
    "decide": run_decide,
    "retry": run_retry,
    "rank-push": run_rank_push,
    "mail-send": run_mail_send,
    "dossier-build": run_dossier_build,
    "fold": run_fold,
}

RETRIED_TOGETHER = (Wait.DEAD, Wait.QUEUED, Wait.UNMAPPED)
TOUCH_THE_PORTAL = frozenset(
    {"publish", "census", "reconcile", "portal-check", "portal-restored", "portal-removed", "sync"}
)


def perform(services: Services, operation: str, arguments: Mapping[str, Any]) -> Outcome:
    """Run one operation by name.

    Raises:
        UsageError: no such operation, or not its arguments.
    """
    function = OPERATIONS.get(operation)
    if function is None:
        raise UsageError(
            f'there is no operation "{operation}"', hint="the daemon may be of another version: restart it"
        )
    return function(services, **arguments)
