"""The ledger in the database: leaves, and the one row that says how many there are and what they hash to."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from syncd.domain.ledger import Frontier, LeafKind, leaf_bytes, leaf_hash
from syncd.domain.model import UnitId
from syncd.errors import ChainBroken
from syncd.ports.records import LeafRecord, LedgerHead
from syncd.storage.prepared import Prepared
from syncd.storage.tables import leaves, ledger_head
from syncd.storage.transaction import Transaction, records_of

_STREAM = 1_000  # leaves fetched at a time
_HEAD = Prepared(lambda _: select(ledger_head.c.size, ledger_head.c.peaks), [])
_LOCKED_HEAD = Prepared(lambda _: select(ledger_head.c.size, ledger_head.c.peaks).with_for_update(), [])
_SET_HEAD = Prepared(
    lambda _: update(ledger_head).values(size=bindparam("size"), peaks=bindparam("peaks")), ["size", "peaks"]
)
_ADD = Prepared(lambda _: insert(leaves), ["seq", "kind", "unit", "at", "body", "hash"])


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
            query = select(leaves).where(leaves.c.seq >= following).order_by(leaves.c.seq).limit(_STREAM)
            if end is not None:
                query = query.where(leaves.c.seq < end)
            batch = records_of(LeafRecord, self._transaction.execute(query))
            yield from batch
            if len(batch) < _STREAM:
                return
            following = batch[-1].seq + 1

    def of_unit(self, unit: UnitId, start: datetime, end: datetime) -> list[LeafRecord]:
        self._write_gathered()
        query = select(leaves).where(leaves.c.unit == unit, leaves.c.at >= start, leaves.c.at < end)
        return records_of(LeafRecord, self._transaction.execute(query.order_by(leaves.c.seq)))

    def lock(self) -> None:
        """Hold the head's row until the transaction ends: on PostgreSQL this is what makes writers wait for one another."""
        self._read_head(for_update=True)

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
        return self._frontier or self._read_head(for_update=False)

    def _read_head(self, *, for_update: bool) -> Frontier:
        found = self._transaction.rows(_LOCKED_HEAD if for_update else _HEAD)
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
