"""Sources and looks in the database."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, insert, or_, select, update

from syncd.domain.model import SourceId, UnitId, Window
from syncd.ports.records import LookRecord, SourceState
from syncd.storage.tables import looks, sources
from syncd.storage.transaction import Transaction, chunks, record_of, records_of, values_of
from syncd.storage.types import Utc

FAILED = "failed"
_ADD_LOOK = insert(looks).returning(looks.c.id)


class SqlSourceStore:
    """Implements `ports.store.SourceStore`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def get(self, source: SourceId) -> SourceState | None:
        row = self._transaction.execute(select(sources).where(sources.c.source == source)).one_or_none()
        return record_of(SourceState, row)

    def all(self) -> list[SourceState]:
        return records_of(SourceState, self._transaction.execute(select(sources).order_by(sources.c.source)))

    def put(self, state: SourceState) -> None:
        self._transaction.execute(
            self._transaction.insert_or_replace(sources, by=("source",)), values_of(state, without=())
        )


class SqlLookStore:
    """Implements `ports.store.LookStore`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, look: LookRecord) -> int:
        return int(self._transaction.execute(_ADD_LOOK, values_of(look)).scalar_one())

    def in_window(self, start: datetime, end: datetime, *, unit: UnitId | None = None) -> list[LookRecord]:
        query = select(looks).where(looks.c.at >= start, looks.c.at < end)
        if unit is not None:
            query = query.where(looks.c.unit == unit)
        return records_of(LookRecord, self._transaction.execute(query.order_by(looks.c.at, looks.c.id)))

    def covering(self, start: datetime, *, unit: UnitId | None = None) -> list[LookRecord]:
        query = select(looks).where(looks.c.at >= start, looks.c.outcome != FAILED)
        if unit is not None:
            query = query.where(looks.c.unit == unit)
        return records_of(LookRecord, self._transaction.execute(query.order_by(looks.c.at, looks.c.id)))

    def windows(self, start: datetime, *, unit: UnitId | None = None) -> dict[SourceId, list[Window]]:
        reach = (looks.c.source, looks.c.covers_all, looks.c.covers_from)
        until = func.max(looks.c.at, type_=Utc()).label("until")
        covers = or_(looks.c.covers_all, looks.c.covers_from.is_not(None))
        query = select(*reach, until).where(looks.c.at >= start, looks.c.outcome != FAILED, covers)
        if unit is not None:
            query = query.where(looks.c.unit == unit)
        found: dict[SourceId, list[Window]] = {}
        for row in self._transaction.execute(query.group_by(*reach).order_by(until)):
            window = Window(start=None if row.covers_all else row.covers_from, end=row.until)
            found.setdefault(SourceId(row.source), []).append(window)
        return found

    def unfolded(self, before: datetime) -> list[LookRecord]:
        query = select(looks).where(looks.c.leaf.is_(None), looks.c.at < before)
        return records_of(LookRecord, self._transaction.execute(query.order_by(looks.c.unit, looks.c.at, looks.c.id)))

    def set_leaf(self, ids: Iterable[int], leaf: int) -> None:
        for chunk in chunks(ids):
            self._transaction.execute(update(looks).where(looks.c.id.in_(chunk)).values(leaf=leaf))
