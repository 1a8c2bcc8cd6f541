"""Sending compliance mail, each letter once.

One letter per recipient, so that an address that is refused never holds up another, nor has it sent twice. A letter is claimed
and committed before the call; its exact bytes are kept; a retry sends those bytes again under the same Message-ID.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from syncd.application.figures.statements import instant_as_json
from syncd.application.letters import AddressedLetter, awaits_person, prepare, preview, without_address
from syncd.application.services import Services
from syncd.domain.ledger import LeafKind
from syncd.domain.model import PeriodId, UnitId
from syncd.errors import EvidenceError, MailError, StorageError
from syncd.ports.mail import Letter
from syncd.ports.records import MailRecord

__all__ = ["MailReport", "log", "mail_as_json", "prepare", "preview", "send"]

RETRY_AFTER = timedelta(minutes=15)
GIVE_UP_AFTER = timedelta(days=5)  # RFC 5321, 4.5.4.1
_MAX_ANSWER = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class MailReport:
    """What became of the letters of one name and period. `no_address` names units without an editor's address."""

    name: str
    period: PeriodId
    mails: tuple[MailRecord, ...]
    sent: int
    no_address: tuple[UnitId, ...] = ()

    @property
    def needs_person(self) -> bool:
        return bool(self.no_address) or any(awaits_person(mail) for mail in self.mails)

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "period": self.period,
            "sent": self.sent,
            "no_address": list(self.no_address),
            "mails": [mail_as_json(mail) for mail in self.mails],
        }


def mail_as_json(mail: MailRecord) -> dict[str, Any]:
    return {
        "message_id": mail.message_id,
        "name": mail.name,
        "period": mail.period,
        "unit": mail.unit,
        "recipients": list(mail.recipients),
        "subject": mail.subject,
        "state": mail.state,
        "attempts": mail.attempts,
        "made_at": instant_as_json(mail.made_at),
        "sent_at": instant_as_json(mail.sent_at),
        "not_before": instant_as_json(mail.not_before),
        "answer": mail.answer,
        "error": mail.error,
        "raw_sha256": mail.raw_sha256,
    }


def send(services: Services, name: str, period: PeriodId, *, unit: UnitId | None = None) -> MailReport:
    """Send what has not gone out yet and is due; safe to call again at any time.

    One letter's failure never holds up the next. Refusals that a retry may mend wait 15 minutes, twice as long each time, for five days.
    An outcome that is not known is tried once more after 15 minutes.
    """
    sent = 0
    mails: list[MailRecord] = []
    for addressed in prepare(services, name, period, unit=unit):
        mail, ours = _claim(services, name, period, addressed)
        if ours:
            mail = _deliver(services, addressed.letter, mail)
            sent += mail.state == "sent"
        mails.append(mail)
    return MailReport(
        name=name, period=period, mails=tuple(mails), sent=sent, no_address=without_address(services, name, unit)
    )


def log(services: Services, name: str | None = None, period: PeriodId | None = None) -> list[MailRecord]:
    """What was sent, or could not be, by time."""
    with services.db.read() as uow:
        return sorted(uow.mails.all(name=name, period=period), key=lambda mail: (mail.made_at, mail.message_id))


def _claim(services: Services, name: str, period: PeriodId, addressed: AddressedLetter) -> tuple[MailRecord, bool]:
    """The record, and whether it is ours to send now; committed before anything is sent."""
    letter = addressed.letter
    now = services.clock.now()
    with services.db.read() as uow:
        known = uow.mails.get(letter.message_id)
    if known is not None and not _is_due(known, now):
        return known, False
    if known is None:
        fresh = MailRecord(
            message_id=letter.message_id,
            name=name,
            period=period,
            unit=addressed.unit,
            recipients=letter.recipients,
            subject=letter.subject,
            made_at=now,
            state="sending",
            attempts=1,
            not_before=now + RETRY_AFTER,
        )
        try:
            fresh = replace(fresh, raw_sha256=services.files.put(services.mailer.compose(letter)))
        except MailError as err:
            fresh = replace(fresh, state="failed", attempts=0, not_before=None, error=err.message)
        with services.db.write() as uow:
            if uow.mails.add(fresh):
                uow.commit()
                return fresh, fresh.state == "sending"
    # Read again inside the transaction that claims: another thread may be here too.
    with services.db.write() as uow:
        known = uow.mails.get(letter.message_id)
        if known is None:
            raise StorageError(f"the record of mail {letter.message_id} is gone", subject=letter.message_id)
        if not _is_due(known, now):
            return known, False
        claimed = _claimed_again(known, now)
        uow.mails.update(claimed)
        uow.commit()
    return claimed, claimed.state == "sending"


def _is_due(mail: MailRecord, now: datetime) -> bool:
    return mail.state not in ("sent", "failed") and mail.not_before is not None and mail.not_before <= now


def _claimed_again(known: MailRecord, now: datetime) -> MailRecord:
    # A `sending` row that is due again was left behind by a process that died: its outcome is not known either.
    unknown = known.state in ("unknown", "sending")
    if unknown and _was_retried(known):
        return replace(known, state="unknown", not_before=None)
    return replace(
        known,
        state="sending",
        attempts=known.attempts + 1,
        not_before=now + RETRY_AFTER,
        error=_SECOND_TRY if unknown else known.error,
    )


_SECOND_TRY = "second try: the outcome of the first is not known"


def _was_retried(mail: MailRecord) -> bool:
    return mail.error is not None and mail.error.startswith(_SECOND_TRY)


def _deliver(services: Services, letter: Letter, mail: MailRecord) -> MailRecord:
    try:
        answer = services.mailer.send(letter, services.files.get(mail.raw_sha256 or ""))
    except (MailError, EvidenceError) as err:
        # Without the bytes that were to go out nothing is sent: other ones under the same Message-ID would be another message.
        if isinstance(err, EvidenceError):
            after = replace(mail, state="failed", not_before=None, error=err.message)
        else:
            after = _after_failure(mail, err, services.clock.now())
        with services.db.write() as uow:
            uow.mails.update(after)
            uow.commit()
        return after
    now = services.clock.now()
    after = replace(mail, state="sent", sent_at=now, answer=answer[:_MAX_ANSWER], not_before=None, error=None)
    with services.db.write() as uow:
        uow.mails.update(after)
        # No address in the leaf: a published proof must not name people. The message itself is pinned by its hash.
        body = {
            "name": mail.name,
            "period": mail.period,
            "message_id": mail.message_id,
            "raw_sha256": mail.raw_sha256,
            "answer": after.answer,
            "attempts": mail.attempts,
        }
        uow.ledger.append(LeafKind.MAIL_SENT, now, body, unit=mail.unit)
        uow.commit()
    return after


def _after_failure(mail: MailRecord, err: MailError, now: datetime) -> MailRecord:
    error = f"{err.message} ({err.hint})" if err.hint else err.message
    if err.unknown:
        if _was_retried(mail):
            return replace(mail, state="unknown", not_before=None, error=f"{_SECOND_TRY}; {error}")
        return replace(mail, state="unknown", not_before=now + RETRY_AFTER, error=error)
    if err.permanent:
        return replace(mail, state="failed", not_before=None, error=error)
    if _was_retried(mail):
        error = f"{_SECOND_TRY}; {error}"
    wait = RETRY_AFTER * 2 ** min(mail.attempts - 1, 9)
    if now + wait > mail.made_at + GIVE_UP_AFTER:
        return replace(mail, state="failed", not_before=None, error=error)
    return replace(mail, state="queued", not_before=now + wait, error=error)
