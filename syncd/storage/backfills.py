"""Backfills, and pushes that are held back, in the database."""

from datetime import date

from sqlalchemy import select

from syncd.domain.model import SourceId
from syncd.ports.histories import BackfillRecord
from syncd.ports.records import PushRecord, PushState
from syncd.storage.tables import backfills, posts, pushes, released_pushes
from syncd.storage.transaction import Transaction, record_of, records_of, values_of


class SqlBackfillStore:
    """Implements `ports.store.BackfillStore`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def get(self, source: SourceId) -> BackfillRecord | None:
        query = select(backfills).where(backfills.c.source == source)
        return record_of(BackfillRecord, self._transaction.execute(query).one_or_none())

    def put(self, backfill: BackfillRecord) -> None:
        self._transaction.execute(
            self._transaction.insert_or_replace(backfills, by=("source",)), values_of(backfill, without=())
        )

    def unfinished(self) -> list[BackfillRecord]:
        query = select(backfills).where(backfills.c.finished_at.is_(None))
        return records_of(BackfillRecord, self._transaction.execute(query.order_by(backfills.c.source)))


class SqlFloodStore:
    """Implements `ports.store.FloodStore`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def held_back(self, portal: str, *, limit: int) -> list[PushRecord]:
        query = (
            select(pushes)
            .join(posts, posts.c.id == pushes.c.post)
            .where(pushes.c.state == PushState.HELD_BACK, pushes.c.portal == portal)
            .order_by(posts.c.instant.desc(), pushes.c.id)
            .limit(limit)
        )
        return records_of(PushRecord, self._transaction.execute(query))

    def released(self, portal: str, day: date) -> int:
        query = select(released_pushes.c.number).where(
            released_pushes.c.portal == portal, released_pushes.c.day == day.isoformat()
        )
        return self._transaction.execute(query).scalar_one_or_none() or 0

    def set_released(self, portal: str, day: date, number: int) -> None:
        row = {"portal": portal, "day": day.isoformat(), "number": number}
        self._transaction.execute(self._transaction.insert_or_replace(released_pushes, by=("portal", "day")), row)
