"""Mails in the database."""

from sqlalchemy import select, update

from syncd.domain.model import PeriodId
from syncd.errors import StorageError
from syncd.ports.records import MailRecord
from syncd.storage.tables import mails
from syncd.storage.transaction import Transaction, record_of, records_of, values_of


class SqlMailStore:
    """Implements `ports.store.MailStore`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, mail: MailRecord) -> bool:
        statement = self._transaction.insert_new(mails).returning(mails.c.id)
        return self._transaction.execute(statement, values_of(mail)).first() is not None

    def get(self, message_id: str) -> MailRecord | None:
        query = select(mails).where(mails.c.message_id == message_id)
        return record_of(MailRecord, self._transaction.execute(query).one_or_none())

    def update(self, mail: MailRecord) -> None:
        statement = update(mails).where(mails.c.message_id == mail.message_id)
        if self._transaction.execute(statement, values_of(mail)).rowcount != 1:
            raise StorageError(f"there is no mail {mail.message_id} to update", subject=mail.message_id)

    def all(self, *, name: str | None = None, period: PeriodId | None = None) -> list[MailRecord]:
        query = select(mails).order_by(mails.c.made_at, mails.c.id)
        if name is not None:
            query = query.where(mails.c.name == name)
        if period is not None:
            query = query.where(mails.c.period == period)
        return records_of(MailRecord, self._transaction.execute(query))
