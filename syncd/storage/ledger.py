"""The ledger in the database: leaves, and the one row that says how many there are and what they hash to."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from syncd.domain.ledger import Frontier, LeafKind, leaf_bytes, leaf_hash
from syncd.domain.model import UnitId
from syncd.errors import ChainBroken, LeaseLost
from syncd.ports.records import LeafRecord, LedgerHead
from syncd.storage.library import sql, tables
from syncd.storage.prepared import Prepared
from syncd.storage.transaction import Transaction, records_of

_STREAM = 1_000  # leaves fetched at a time
_HEAD = Prepared(lambda _: sql.select(tables.ledger_head.c.size, tables.ledger_head.c.peaks), [], name="ledger.head")
_LOCKED_HEAD = Prepared(
    lambda _: sql.select(tables.ledger_head.c.size, tables.ledger_head.c.peaks).with_for_update(), []
)
# One statement for both rows: what the lease costs a transaction is no round trip. It waits for whoever takes the lease over, and is
# then answered with nothing; whoever takes it over waits for the end of the transaction.
_FENCED_HEAD = Prepared(
    lambda _: (
        sql.select(tables.ledger_head.c.size, tables.ledger_head.c.peaks)
        .where(
            tables.leases.c.name == sql.bindparam("name"),
            tables.leases.c.holder == sql.bindparam("holder"),
            tables.leases.c.epoch == sql.bindparam("epoch"),
        )
        .with_for_update()
    ),
    ["name", "holder", "epoch"],
)
_HOLDER = Prepared(
    lambda _: sql.select(tables.leases.c.holder, tables.leases.c.epoch).where(
        tables.leases.c.name == sql.bindparam("name")
    ),
    ["name"],
)
_SET_HEAD = Prepared(
    lambda _: sql.update(tables.ledger_head).values(size=sql.bindparam("size"), peaks=sql.bindparam("peaks")),
    ["size", "peaks"],
    name="ledger.set_head",
)
_ADD = Prepared(lambda _: sql.insert(tables.leaves), ["seq", "kind", "unit", "at", "body", "hash"], name="ledger.add")
WRITER = "writer"  # the name of the one lease there is


class Fence(NamedTuple):
    """The right to write that a transaction has to prove: who took the lease, and which taking it was; `lease_s`, for how long it is taken."""

    holder: str
    epoch: int
    lease_s: float


class SqlLedger:
    """Implements `ports.store.Ledger`. Leaves are gathered and written in one batch by `flush`, at the latest at commit."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self._frontier: Frontier | None = None
        self._gathered: list[tuple[Any, ...]] = []
        self._stored_size = 0

    def append(self, kind: LeafKind, at: datetime, data: Mapping[str, Any], *, unit: UnitId | None = None) -> int:
        frontier = self._current()
        seq = frontier.size
        body = leaf_bytes(seq=seq, kind=kind, unit=unit, at=at, data=data)
        hashed = leaf_hash(body)
        self._gathered.append((seq, kind, unit, at, body, hashed))
        self._frontier = frontier.append(hashed)
        return seq

    def head(self) -> LedgerHead:
        frontier = self._current()
        return LedgerHead(size=frontier.size, root=frontier.root())

    def leaves(self, start: int = 0, end: int | None = None) -> Iterator[LeafRecord]:
        self._write_gathered()
        following = start
        while True:
            query = (
                sql.select(tables.leaves)
                .where(tables.leaves.c.seq >= following)
                .order_by(tables.leaves.c.seq)
                .limit(_STREAM)
            )
            if end is not None:
                query = query.where(tables.leaves.c.seq < end)
            batch = records_of(LeafRecord, self._transaction.execute(query))
            yield from batch
            if len(batch) < _STREAM:
                return
            following = batch[-1].seq + 1

    def of_unit(self, unit: UnitId, start: datetime, end: datetime) -> list[LeafRecord]:
        self._write_gathered()
        query = sql.select(tables.leaves).where(
            tables.leaves.c.unit == unit, tables.leaves.c.at >= start, tables.leaves.c.at < end
        )
        return records_of(LeafRecord, self._transaction.execute(query.order_by(tables.leaves.c.seq)))

    def lock(self, fence: Fence | None) -> None:
        """Hold the head's row until the transaction ends: on PostgreSQL this is what makes writers wait for one another.

        With a fence the lease's row is held beside it.

        Raises:
            LeaseLost: the lease is another's by now.
        """
        if fence is None:
            self._take_head(self._transaction.rows(_LOCKED_HEAD))
            return
        found = self._transaction.rows(_FENCED_HEAD, (WRITER, fence.holder, fence.epoch))
        if not found:
            self._take_head(self._transaction.rows(_HEAD))
            holder, epoch = (self._transaction.rows(_HOLDER, (WRITER,)) or [("nobody", 0)])[0]
            raise LeaseLost(
                f"the data were taken over by {holder} (epoch {epoch}, ours was {fence.epoch}): nothing more is written here",
                subject=fence.holder,
                hint="this process did not answer for longer than a lease; it may be started again, or wait with --standby",
            )
        self._take_head(found)

    def flush(self) -> None:
        """Write what was appended: the leaves, then the head, last of all."""
        self._write_gathered()
        if self._frontier is not None and self._frontier.size != self._stored_size:
            self._transaction.run(_SET_HEAD, (self._frontier.size, self._frontier.peaks))
            self._stored_size = self._frontier.size

    def _write_gathered(self) -> None:
        if self._gathered:
            self._transaction.run(_ADD, *self._gathered)
            self._gathered = []

    def _current(self) -> Frontier:
        return self._frontier or self._take_head(self._transaction.rows(_HEAD))

    def _take_head(self, found: list[Sequence[Any]]) -> Frontier:
        if not found:
            raise ChainBroken("the head of the ledger is gone", seq=0, hint="restore the database from a backup")
        size, peaks = found[0]
        try:
            self._frontier = Frontier(size=size, peaks=peaks)
        except ValueError as err:
            raise ChainBroken(
                f"the head of the ledger cannot be: {err}", seq=size, hint="restore the database from a backup"
            ) from err
        self._stored_size = size
        return self._frontier
