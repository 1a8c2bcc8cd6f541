"""What is known of the portal as a whole, in the database."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from syncd.ports.watch import AlarmKind, AnswerRecord, PortalAlarm
from syncd.storage.library import sql, tables
from syncd.storage.transaction import Transaction, chunks, record_of, records_of, values_of


class SqlWatchStore:
    """Implements `ports.watch.WatchStore`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def alarm(self, portal: str, kind: AlarmKind) -> PortalAlarm | None:
        query = sql.select(tables.portal_alarms).where(
            tables.portal_alarms.c.portal == portal,
            tables.portal_alarms.c.kind == kind,
            tables.portal_alarms.c.ended_at.is_(None),
        )
        return record_of(PortalAlarm, self._transaction.execute(query).one_or_none())

    def sound(self, alarm: PortalAlarm) -> None:
        self._transaction.execute(self._transaction.insert_new(tables.portal_alarms), values_of(alarm))

    def end(self, portal: str, kind: AlarmKind, at: datetime) -> None:
        self._transaction.execute(
            sql.update(tables.portal_alarms)
            .where(
                tables.portal_alarms.c.portal == portal,
                tables.portal_alarms.c.kind == kind,
                tables.portal_alarms.c.ended_at.is_(None),
            )
            .values(ended_at=at)
        )

    def answers(self, portal: str, refs: Iterable[str]) -> dict[str, AnswerRecord]:
        found: dict[str, AnswerRecord] = {}
        for chunk in chunks(set(refs)):
            query = sql.select(tables.answers).where(tables.answers.c.portal == portal, tables.answers.c.ref.in_(chunk))
            found.update({row.ref: row for row in records_of(AnswerRecord, self._transaction.execute(query))})
        return found

    def silent(self, portal: str) -> list[AnswerRecord]:
        query = sql.select(tables.answers).where(
            tables.answers.c.portal == portal, tables.answers.c.silent_since.is_not(None)
        )
        query = query.order_by(tables.answers.c.silent_since, tables.answers.c.ref)
        return records_of(AnswerRecord, self._transaction.execute(query))

    def put_answers(self, answers: Sequence[AnswerRecord]) -> None:
        if answers:
            statement = self._transaction.insert_or_replace(tables.answers, by=("portal", "ref"))
            self._transaction.execute(statement, [values_of(each, without=()) for each in answers])
