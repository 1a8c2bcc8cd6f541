"""The unit of work: every store over one transaction."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from syncd.ports.store import UnitOfWork
from syncd.storage.transaction import Transaction

if TYPE_CHECKING:
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
    from syncd.storage.watch import SqlWatchStore


class SqlUnitOfWork(UnitOfWork):
    """Implements `ports.store.UnitOfWork`. Used by one thread."""

    sources: "SqlSourceStore"
    looks: "SqlLookStore"
    lists: "SqlListStore"
    backfills: "SqlBackfillStore"
    posts: "SqlPostStore"
    versions: "SqlVersionStore"
    pushes: "SqlPushStore"
    flood: "SqlFloodStore"
    media: "SqlMediaStore"
    watch: "SqlWatchStore"
    censuses: "SqlCensusStore"
    sightings: "SqlSightingStore"
    outages: "SqlOutageStore"
    figures: "SqlFigureStore"
    mails: "SqlMailStore"
    slots: "SqlSlotStore"
    ledger: "SqlLedger"

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def __getattr__(self, name: str) -> Any:
        """A store is made when it is asked for first: most units of work need three of them."""
        if name not in _STORES:
            raise AttributeError(name)
        module, kind = _STORES[name]
        store = getattr(import_module(f"syncd.storage.{module}"), kind)(self._transaction)
        setattr(self, name, store)
        return store

    def commit(self) -> None:
        """Make everything durable, once; afterwards the unit of work is at its end."""
        self.ledger.flush()
        self._transaction.commit()


_STORES = {
    "sources": ("sources", "SqlSourceStore"),
    "looks": ("sources", "SqlLookStore"),
    "lists": ("lists", "SqlListStore"),
    "backfills": ("backfills", "SqlBackfillStore"),
    "posts": ("posts", "SqlPostStore"),
    "versions": ("lists", "SqlVersionStore"),
    "pushes": ("pushes", "SqlPushStore"),
    "flood": ("backfills", "SqlFloodStore"),
    "media": ("media", "SqlMediaStore"),
    "watch": ("watch", "SqlWatchStore"),
    "censuses": ("census", "SqlCensusStore"),
    "sightings": ("census", "SqlSightingStore"),
    "outages": ("census", "SqlOutageStore"),
    "figures": ("figures", "SqlFigureStore"),
    "mails": ("mails", "SqlMailStore"),
    "slots": ("slots", "SqlSlotStore"),
    "ledger": ("ledger", "SqlLedger"),
}
