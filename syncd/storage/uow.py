"""The unit of work: every store over one transaction."""

from typing import Any, get_type_hints

from syncd.ports.store import UnitOfWork
from syncd.storage.backfills import SqlBackfillStore, SqlFloodStore
from syncd.storage.census import SqlCensusStore, SqlOutageStore, SqlSightingStore
from syncd.storage.figures import SqlFigureStore
from syncd.storage.ledger import SqlLedger
from syncd.storage.lists import SqlListStore, SqlVersionStore
from syncd.storage.mails import SqlMailStore
from syncd.storage.media import SqlMediaStore
from syncd.storage.posts import SqlPostStore
from syncd.storage.pushes import SqlPushStore
from syncd.storage.slots import SqlSlotStore
from syncd.storage.sources import SqlLookStore, SqlSourceStore
from syncd.storage.transaction import Transaction


class SqlUnitOfWork(UnitOfWork):
    """Implements `ports.store.UnitOfWork`. Used by one thread."""

    sources: SqlSourceStore
    looks: SqlLookStore
    lists: SqlListStore
    backfills: SqlBackfillStore
    posts: SqlPostStore
    versions: SqlVersionStore
    pushes: SqlPushStore
    flood: SqlFloodStore
    media: SqlMediaStore
    censuses: SqlCensusStore
    sightings: SqlSightingStore
    outages: SqlOutageStore
    figures: SqlFigureStore
    mails: SqlMailStore
    slots: SqlSlotStore
    ledger: SqlLedger

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def __getattr__(self, name: str) -> Any:
        """A store is made when it is asked for first: most units of work need three of them."""
        if name not in _STORES:
            raise AttributeError(name)
        store = _STORES[name](self._transaction)
        setattr(self, name, store)
        return store

    def commit(self) -> None:
        """Make everything durable, once; afterwards the unit of work is at its end."""
        self.ledger.flush()
        self._transaction.commit()


_STORES = get_type_hints(SqlUnitOfWork)
