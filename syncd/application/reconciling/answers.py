"""Ask once a month whether the posts that were counted still answer at their public addresses. It is recorded, and changes no figure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from syncd.application.figures.statements import verdict_from_json
from syncd.application.services import Services
from syncd.domain.ledger import LeafKind
from syncd.domain.model import PeriodId, PostFact
from syncd.errors import UsageError
from syncd.ports.store import UnitOfWork
from syncd.ports.watch import AnswerRecord

ASKED_A_RUN = 300
_AGAIN_AFTER = timedelta(days=28)
_LOOKS_BACK = timedelta(days=400)  # how long after its closing a period's posts are asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersReport:
    """`unsaid`: the answer said nothing either way, and is asked for again. `silent` and `back` are those that changed, by ref."""

    asked: int = 0
    answering: int = 0
    unsaid: int = 0
    silent: tuple[str, ...] = ()
    back: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "asked": self.asked,
            "answering": self.answering,
            "unsaid": self.unsaid,
            "silent": list(self.silent),
            "back": list(self.back),
        }


def ask_counted(services: Services) -> AnswersReport:
    """Ask for the counted posts of closed periods that were not asked for within four weeks, newest period first, so many a run."""
    if services.portal_answers is None:
        return AnswersReport()
    portal = services.portal.name
    with services.db.read() as uow:
        due = list(_due(uow, services))
        known = uow.watch.answers(portal, [post.ref for post in due])
    records: list[AnswerRecord] = []
    unsaid = 0
    silent: list[AnswerRecord] = []
    back: list[AnswerRecord] = []
    for post in due:
        assert post.portal_url is not None
        answers, seen = services.portal_answers(post.portal_url, post.title)
        if answers is None:
            unsaid += 1
            continue
        before = known.get(post.ref)
        was_silent = before.silent_since if before is not None else None
        record = AnswerRecord(
            portal=portal, ref=post.ref, url=post.portal_url, asked_at=services.clock.now(), detail=seen
        )
        if not answers:
            record = replace(record, silent_since=was_silent or record.asked_at)
        if answers == (was_silent is not None):
            (back if answers else silent).append(record)
        records.append(record)
    if records:
        _record(services, records, silent, back, unsaid)
    return AnswersReport(
        asked=len(due),
        answering=sum(record.silent_since is None for record in records),
        unsaid=unsaid,
        silent=tuple(record.ref for record in silent),
        back=tuple(record.ref for record in back),
    )


def _due(uow: UnitOfWork, services: Services) -> Iterator[PostFact]:
    """One period after the other: all the statements there are need not fit into memory."""
    now, portal, found = services.clock.now(), services.portal.name, 0
    for period in _closed_periods(services):
        counted: dict[str, PostFact] = {}
        for statement in uow.figures.statements(period=period):
            for judgement in verdict_from_json(statement.body).judgements:
                if judgement.counts and judgement.post.portal_url and not judgement.post.withheld:
                    counted[judgement.post.ref] = judgement.post
        known = uow.watch.answers(portal, counted)
        for ref, post in counted.items():
            asked = known.get(ref)
            if asked is not None and now - _AGAIN_AFTER < asked.asked_at <= now:
                continue
            yield post
            found += 1
            if found == ASKED_A_RUN:
                return


def _closed_periods(services: Services) -> Iterator[PeriodId]:
    """The periods of the last year and a bit, newest first, closed or not."""
    now = services.clock.now()
    instant = now
    while now - instant < _LOOKS_BACK:
        try:
            period, _ = services.rulesets.period_at(instant)
        except UsageError:
            return
        if period.end <= now:
            yield period.id
        instant = period.start - timedelta(microseconds=1)


def _record(
    services: Services, records: list[AnswerRecord], silent: list[AnswerRecord], back: list[AnswerRecord], unsaid: int
) -> None:
    data = {
        "portal": services.portal.name,
        "public_addresses": len(records),
        "unsaid": unsaid,
        "silent": [{"ref": record.ref, "url": record.url, "seen": record.detail} for record in silent],
        "back": [record.ref for record in back],
    }
    with services.db.write() as uow:
        uow.watch.put_answers(records)
        uow.ledger.append(LeafKind.READBACK, services.clock.now(), data)
        uow.commit()
