"""Compliance mail as it will be read: a statement for each unit's editors, a summary for the office."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from syncd.application.figures.quota_table import unit_of
from syncd.application.figures.sheet import sheet_of, so_far, table_so_far, worst_first
from syncd.application.services import Services
from syncd.domain.model import PeriodId, UnitId
from syncd.errors import UsageError
from syncd.ports.mail import Letter
from syncd.ports.records import MailRecord, PushState
from syncd.ports.store import UnitOfWork

# What a letter's templates print, by the unit concerned (None: the office). The units asked for, None: all.
Letters = Iterator[tuple[UnitId | None, dict[str, Any]]]
MakeLetters = Callable[[UnitOfWork, Services, PeriodId, list[UnitId] | None], Letters]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressedLetter:
    """A letter and whom it concerns; `unit` is None for the office's."""

    letter: Letter
    unit: UnitId | None


def prepare(services: Services, name: str, period: PeriodId, *, unit: UnitId | None = None) -> list[AddressedLetter]:
    """The letters as they would be made now, one per recipient; nothing is stored or sent.

    Raises:
        UsageError: an unknown name, period or unit.
    """
    with services.db.read() as uow:
        return list(_letters(uow, services, name, period, unit))


def preview(services: Services, name: str, period: PeriodId, unit: UnitId | None = None) -> str:
    """Subject and text of the first letter, as its reader will see them, also where no address is known yet."""
    with services.db.read() as uow:
        subject, text, _ = next(iter(_texts(uow, services, name, period, unit)))[1]
    return f"{subject}\n\n{text}"


def domain_of(services: Services) -> str:
    """The domain of the sender's address: names this installation in message ids and in the ledger's checkpoint."""
    return services.mail_rules.sender.rpartition("@")[2].rstrip("> ").lower() or "localhost"


def awaits_person(mail: MailRecord) -> bool:
    """Whether nothing more will be tried for a letter that did not go out for sure."""
    return mail.state == "failed" or (mail.state == "unknown" and mail.not_before is None)


def _letters(
    uow: UnitOfWork, services: Services, name: str, period: PeriodId, unit: UnitId | None
) -> Iterator[AddressedLetter]:
    rules = services.mail_rules
    for about, (subject, text, html) in _texts(uow, services, name, period, unit):
        recipients = services.units[about].editors if about is not None else rules.office_recipients
        for recipient in recipients:
            stem = "|".join((name, period, about or "", recipient))
            letter = Letter(
                message_id=f"<{hashlib.sha256(stem.encode()).hexdigest()}@{domain_of(services)}>",
                sender=rules.sender,
                recipients=(recipient,),
                subject=subject,
                text=text,
                html=html,
                reply_to=rules.reply_to or None,
            )
            yield AddressedLetter(letter=letter, unit=about)


def _texts(
    uow: UnitOfWork, services: Services, name: str, period: PeriodId, unit: UnitId | None
) -> Iterator[tuple[UnitId | None, tuple[str, str, str]]]:
    """Subject, text and HTML, by the unit concerned (None: the office)."""
    if name not in LETTERS:
        raise UsageError(f"unknown mail {name!r}", subject=name, hint="mails: " + ", ".join(LETTERS))
    services.rulesets.period(period)
    chosen = None if unit is None else [unit_of(services, unit).id]
    for about, own in LETTERS[name](uow, services, period, chosen):
        everything = {**_standing(uow, services, period), **own}
        subject, text, html = (
            services.renderer.render(f"mail/{name}/{part}", everything)
            for part in ("subject.txt", "body.txt", "body.html")
        )
        yield about, (subject.strip(), text, html)


def _standing(uow: UnitOfWork, services: Services, period: PeriodId) -> dict[str, Any]:
    head = uow.ledger.head()
    return {
        "office": services.office.name,
        "portal": services.office.portal_name,
        "period": period,
        "now": services.clock.now(),
        "ledger_size": head.size,
        "ledger_root": head.root.hex(),
        "base_url": services.mail_rules.base_url.rstrip("/"),
        "contact": services.mail_rules.reply_to or services.mail_rules.sender,
    }


def _statements(uow: UnitOfWork, services: Services, period: PeriodId, units: list[UnitId] | None) -> Letters:
    table, assessment = table_so_far(uow, services, period, units)
    found = False
    for row in table.rows:
        cell = table.cell(row.unit.id, period)
        if cell is not None:
            found = True
            values = {"sheet": sheet_of(services, row.unit, cell), "so_far": so_far(services, row, assessment)}
            yield row.unit.id, values
    if units and not found:
        raise UsageError(f"unit {units[0]} has no quota in {period}", subject=units[0])


def _summary(uow: UnitOfWork, services: Services, period: PeriodId, _: list[UnitId] | None) -> Letters:
    table, assessment = table_so_far(uow, services, period)
    lines = []
    counts: Counter[str] = Counter()
    for row in worst_first(table):
        cell = table.cell(row.unit.id, period)
        if cell is not None:
            sheet = sheet_of(services, row.unit, cell)
            lines.append({"sheet": sheet, "so_far": so_far(services, row, assessment)})
            counts[sheet.status_words] += 1
    yield None, {"lines": lines, "counts": counts.most_common(), "failures": _failures(uow, services, period)}


def _failures(uow: UnitOfWork, services: Services, period: PeriodId) -> dict[str, Any]:
    names = {unit.id: unit.name for unit in services.units.values()}
    sources = [
        {
            "unit": names.get(state.unit, state.unit),
            "url": state.url,
            "since": state.failing_since,
            "error": state.last_error or "",
            "hint": state.last_hint or "",
        }
        for state in uow.sources.all()
        if state.failures > 0
    ]
    pushes = uow.pushes.counts()
    mails = [
        {
            "unit": names.get(mail.unit, "") if mail.unit else "",
            "to": ", ".join(mail.recipients),
            "error": mail.error or "",
        }
        for mail in uow.mails.all(name="statement", period=period)
        if awaits_person(mail)
    ]
    return {
        "sources": sources,
        "dead_pushes": sum(number for (_, state), number in pushes.items() if state is PushState.DEAD),
        "quarantined": sum(number for (_, state), number in pushes.items() if state is PushState.QUARANTINED),
        "mails": mails,
        "no_address": [names[unit] for unit in without_address(services, "statement", None)],
    }


def without_address(services: Services, name: str, unit: UnitId | None) -> tuple[UnitId, ...]:
    """Units whose statement has nobody to go to."""
    if name != "statement":
        return ()
    return tuple(each.id for each in services.units.values() if not each.editors and unit in (None, each.id))


# Every letter there is: its name is that of its folder in templates/mail.
LETTERS: Mapping[str, MakeLetters] = {"statement": _statements, "summary": _summary}
