"""The unit of work: every store over one transaction."""

from syncd.ports.store import UnitOfWork
from syncd.storage.backfills import SqlBackfillStore, SqlFloodStore
from syncd.storage.census import SqlCensusStore, SqlOutageStore, SqlSightingStore
from syncd.storage.figures import SqlFigureStore
from syncd.storage.ledger import SqlLedger
from syncd.storage.lists import SqlListStore, SqlVersionStore
from syncd.storage.mails import SqlMailStore
from syncd.storage.posts import SqlPostStore
from syncd.storage.pushes import SqlPushStore
from syncd.storage.slots import SqlSlotStore
from syncd.storage.sources import SqlLookStore, SqlSourceStore
from syncd.storage.transaction import Transaction


class SqlUnitOfWork(UnitOfWork):
    """Implements `ports.store.UnitOfWork`. Used by one thread."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self.sources = SqlSourceStore(transaction)
        self.looks = SqlLookStore(transaction)
        self.lists = SqlListStore(transaction)
        self.backfills = SqlBackfillStore(transaction)
        self.posts = SqlPostStore(transaction)
        self.versions = SqlVersionStore(transaction)
        self.pushes = SqlPushStore(transaction)
        self.flood = SqlFloodStore(transaction)
        self.censuses = SqlCensusStore(transaction)
        self.sightings = SqlSightingStore(transaction)
        self.outages = SqlOutageStore(transaction)
        self.figures = SqlFigureStore(transaction)
        self.mails = SqlMailStore(transaction)
        self.slots = SqlSlotStore(transaction)
        self.ledger = SqlLedger(transaction)

    def commit(self) -> None:
        """Make everything durable, once; afterwards the unit of work is at its end."""
        self.ledger.flush()
        self._transaction.commit()
