"""Outages of the portal: since they move deadlines, each beginning and end is a leaf, in the same transaction as its row."""

from datetime import UTC, datetime

from syncd.domain.ledger import LeafKind
from syncd.domain.model import OutageOwner
from syncd.ports.records import OutageRecord
from syncd.ports.store import UnitOfWork

_FOR_EVER = (datetime(9998, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))


def standing(uow: UnitOfWork, subject: str) -> OutageRecord | None:
    """The outage that lasts, if there is one, whatever the clock said when it began."""
    return next((outage for outage in uow.outages.overlapping(*_FOR_EVER) if outage.subject == subject), None)


def begin(uow: UnitOfWork, subject: str, at: datetime, owner: OutageOwner, reason: str) -> None:
    """Write down that it is down; nothing where it was down already."""
    if standing(uow, subject) is None:
        uow.outages.open(subject, at, owner, reason)
        data = {"mark": "outage_begins", "subject": subject, "owner": owner.value, "reason": reason}
        uow.ledger.append(LeafKind.DAEMON_MARK, at, data)


def end(uow: UnitOfWork, subject: str, at: datetime) -> None:
    """Write down that it is up again; nothing where it was not down."""
    outage = standing(uow, subject)
    if outage is not None:
        # A clock that was set back must not make an outage end before it began.
        uow.outages.close(subject, max(at, outage.start))
        uow.ledger.append(LeafKind.DAEMON_MARK, at, {"mark": "outage_ends", "subject": subject})
