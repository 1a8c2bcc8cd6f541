"""Sources and looks in the database."""

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import insert, select, update

from syncd.domain.model import SourceId, UnitId, Window
from syncd.ports.records import LookRecord, SourceState
from syncd.storage.tables import looks, sources, windows
from syncd.storage.transaction import Transaction, chunks, record_of, records_of, values_of

FAILED = "failed"
BEGINNING = datetime.min.replace(tzinfo=UTC)  # where a window starts that covers all before its end
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
        if look.outcome != FAILED and (look.covers_all or look.covers_from is not None):
            start = BEGINNING if look.covers_all else look.covers_from
            reach = {"source": look.source, "start": start, "unit": look.unit, "end": look.at}
            self._transaction.execute(self._transaction.insert_or_advance(windows, "end"), reach)
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
        query = select(windows.c.source, windows.c.start, windows.c.end).where(windows.c.end >= start)
        if unit is not None:
            query = query.where(windows.c.unit == unit)
        found: dict[SourceId, list[Window]] = {}
        for row in self._transaction.execute(query.order_by(windows.c.end, windows.c.start)).all():
            window = Window(start=None if row.start == BEGINNING else row.start, end=row.end)
            found.setdefault(row.source, []).append(window)
        return found

    def unfolded(self, before: datetime) -> list[LookRecord]:
        query = select(looks).where(looks.c.leaf.is_(None), looks.c.at < before)
        return records_of(LookRecord, self._transaction.execute(query.order_by(looks.c.unit, looks.c.at, looks.c.id)))

    def set_leaf(self, ids: Iterable[int], leaf: int) -> None:
        for chunk in chunks(ids):
            self._transaction.execute(update(looks).where(looks.c.id.in_(chunk)).values(leaf=leaf))
