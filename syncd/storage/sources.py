"""Sources and looks in the database."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter

from sqlalchemy import bindparam, delete, insert, select, update

from syncd.domain.model import PostId, SourceId, UnitId, Window
from syncd.ports.records import LookRecord, SourceState
from syncd.storage.prepared import Prepared
from syncd.storage.tables import listed, looks, sources, windows
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
    lambda _: select(*(sources.c[name] for name in _STATE)).where(sources.c.source == bindparam("source")), ["source"]
)
_PUT = Prepared(lambda dialect: insert_or_replace(dialect, sources, ("source",)), _STATE)
_LISTED = Prepared(
    lambda _: select(listed.c.entry, listed.c.post).where(listed.c.source == bindparam("source")), ["source"]
)
_LIST = Prepared(lambda dialect: insert_new(dialect, listed), ["source", "entry", "post"])
_UNLIST = Prepared(
    lambda _: delete(listed).where(listed.c.source == bindparam("source"), listed.c.entry == bindparam("entry")),
    ["source", "entry"],
)
_LOOK = names_of(LookRecord)
_look_values = attrgetter(*_LOOK)
_ADD_LOOK = Prepared(lambda _: insert(looks).returning(looks.c.id), _LOOK)
_ADD_LOOKS = Prepared(lambda _: insert(looks), _LOOK)
_ADD_WINDOW = Prepared(lambda dialect: insert_or_advance(dialect, windows, "end"), ["source", "start", "unit", "end"])


class SqlSourceStore:
    """Implements `ports.store.SourceStore`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def get(self, source: SourceId) -> SourceState | None:
        rows = self._transaction.rows(_GET, (source,))
        return SourceState(**dict(zip(_STATE, rows[0], strict=True))) if rows else None

    def all(self) -> list[SourceState]:
        return records_of(SourceState, self._transaction.execute(select(sources).order_by(sources.c.source)))

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

    def unfolded(self, before: datetime, *, unit: UnitId) -> list[LookRecord]:
        query = select(looks).where(looks.c.unit == unit, looks.c.leaf.is_(None), looks.c.at < before)
        return records_of(LookRecord, self._transaction.execute(query.order_by(looks.c.at, looks.c.id)))

    def units_unfolded(self, before: datetime) -> list[UnitId]:
        query = select(looks.c.unit).where(looks.c.leaf.is_(None), looks.c.at < before).distinct()
        return [UnitId(row.unit) for row in self._transaction.execute(query.order_by(looks.c.unit))]

    def set_leaf(self, ids: Iterable[int], leaf: int) -> None:
        for chunk in chunks(ids):
            self._transaction.execute(update(looks).where(looks.c.id.in_(chunk)).values(leaf=leaf))
