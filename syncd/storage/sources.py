"""Sources and looks in the database."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter

from syncd.domain.model import PostId, SourceId, UnitId, Window
from syncd.ports.records import LookRecord, SourceState
from syncd.storage.library import sql, tables
from syncd.storage.prepared import Prepared
from syncd.storage.transaction import (
    Transaction,
    chunks,
    insert_new,
    insert_or_advance,
    insert_or_replace,
    names_of,
    records_of,
)

FAILED = "failed"
BEGINNING = datetime.min.replace(tzinfo=UTC)  # where a window starts that covers all before its end

_STATE = names_of(SourceState, without=())
_state_values = attrgetter(*_STATE)
_GET = Prepared(
    lambda _: sql.select(*(tables.sources.c[name] for name in _STATE)).where(
        tables.sources.c.source == sql.bindparam("source")
    ),
    ["source"],
    name="sources.get",
)
_PUT = Prepared(lambda dialect: insert_or_replace(dialect, tables.sources, ("source",)), _STATE, name="sources.put")
_LISTED = Prepared(
    lambda _: sql.select(tables.listed.c.entry, tables.listed.c.post).where(
        tables.listed.c.source == sql.bindparam("source")
    ),
    ["source"],
    name="sources.listed",
)
_LIST = Prepared(lambda dialect: insert_new(dialect, tables.listed), ["source", "entry", "post"], name="sources.list")
_UNLIST = Prepared(
    lambda _: sql.delete(tables.listed).where(
        tables.listed.c.source == sql.bindparam("source"), tables.listed.c.entry == sql.bindparam("entry")
    ),
    ["source", "entry"],
    name="sources.unlist",
)
_LOOK = names_of(LookRecord)
_look_values = attrgetter(*_LOOK)
_ADD_LOOK = Prepared(lambda _: sql.insert(tables.looks).returning(tables.looks.c.id), _LOOK, name="sources.add_look")
_ADD_LOOKS = Prepared(lambda _: sql.insert(tables.looks), _LOOK, name="sources.add_looks")
_ADD_WINDOW = Prepared(
    lambda dialect: insert_or_advance(dialect, tables.windows, "end"),
    ["source", "start", "unit", "end"],
    name="sources.add_window",
)


class SqlSourceStore:
    """Implements `ports.store.SourceStore`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def get(self, source: SourceId) -> SourceState | None:
        rows = self._transaction.rows(_GET, (source,))
        return SourceState(**dict(zip(_STATE, rows[0], strict=True))) if rows else None

    def all(self) -> list[SourceState]:
        return records_of(
            SourceState, self._transaction.execute(sql.select(tables.sources).order_by(tables.sources.c.source))
        )

    def put(self, *states: SourceState) -> None:
        self._transaction.run(_PUT, *map(_state_values, states))

    def listed(self, source: SourceId) -> dict[str, PostId]:
        return {entry: PostId(post) for entry, post in self._transaction.rows(_LISTED, (source,))}

    def put_listed(self, source: SourceId, entries: Mapping[str, PostId], *, before: Mapping[str, PostId]) -> None:
        gone = [(source, entry) for entry, post in before.items() if entries.get(entry) != post]
        if gone:
            self._transaction.run(_UNLIST, *gone)
        added = [(source, entry, post) for entry, post in entries.items() if before.get(entry) != post]
        if added:
            self._transaction.run(_LIST, *added)


class SqlLookStore:
    """Implements `ports.store.LookStore`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, look: LookRecord) -> int:
        self._cover([look])
        return int(self._transaction.rows(_ADD_LOOK, _look_values(look))[0][0])

    def add_all(self, looks_: Sequence[LookRecord]) -> None:
        self._cover(looks_)
        self._transaction.run(_ADD_LOOKS, *map(_look_values, looks_))

    def _cover(self, looks_: Sequence[LookRecord]) -> None:
        added = [
            (look.source, BEGINNING if look.covers_all else look.covers_from, look.unit, look.at)
            for look in looks_
            if look.outcome != FAILED and (look.covers_all or look.covers_from is not None)
        ]
        if added:
            self._transaction.run(_ADD_WINDOW, *added)

    def in_window(self, start: datetime, end: datetime, *, unit: UnitId | None = None) -> list[LookRecord]:
        query = sql.select(tables.looks).where(tables.looks.c.at >= start, tables.looks.c.at < end)
        if unit is not None:
            query = query.where(tables.looks.c.unit == unit)
        return records_of(LookRecord, self._transaction.execute(query.order_by(tables.looks.c.at, tables.looks.c.id)))

    def covering(self, start: datetime, *, unit: UnitId | None = None) -> list[LookRecord]:
        query = sql.select(tables.looks).where(tables.looks.c.at >= start, tables.looks.c.outcome != FAILED)
        if unit is not None:
            query = query.where(tables.looks.c.unit == unit)
        return records_of(LookRecord, self._transaction.execute(query.order_by(tables.looks.c.at, tables.looks.c.id)))

    def windows(self, start: datetime, *, unit: UnitId | None = None) -> dict[SourceId, list[Window]]:
        query = sql.select(tables.windows.c.source, tables.windows.c.start, tables.windows.c.end).where(
            tables.windows.c.end >= start
        )
        if unit is not None:
            query = query.where(tables.windows.c.unit == unit)
        found: dict[SourceId, list[Window]] = {}
        for row in self._transaction.execute(query.order_by(tables.windows.c.end, tables.windows.c.start)).all():
            window = Window(start=None if row.start == BEGINNING else row.start, end=row.end)
            found.setdefault(row.source, []).append(window)
        return found

    def unfolded(self, before: datetime, *, unit: UnitId) -> list[LookRecord]:
        query = sql.select(tables.looks).where(
            tables.looks.c.unit == unit, tables.looks.c.leaf.is_(None), tables.looks.c.at < before
        )
        return records_of(LookRecord, self._transaction.execute(query.order_by(tables.looks.c.at, tables.looks.c.id)))

    def units_unfolded(self, before: datetime) -> list[UnitId]:
        query = (
            sql.select(tables.looks.c.unit).where(tables.looks.c.leaf.is_(None), tables.looks.c.at < before).distinct()
        )
        return [UnitId(row.unit) for row in self._transaction.execute(query.order_by(tables.looks.c.unit))]

    def set_leaf(self, ids: Iterable[int], leaf: int) -> None:
        for chunk in chunks(ids):
            self._transaction.execute(sql.update(tables.looks).where(tables.looks.c.id.in_(chunk)).values(leaf=leaf))
