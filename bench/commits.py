"""Commits a second with one leaf each, and leaves in one commit, beside the same rows in bare sqlite3."""

import hashlib
import sqlite3
from pathlib import Path

from yardstick.measure import show, spent
from yardstick.office import scratch

from syncd.clock import SystemClock
from syncd.domain.ledger import LeafKind
from syncd.domain.model import UnitId
from syncd.storage.engine import open_database
from syncd.storage.schema import upgrade

COMMITS = 2_000
BATCH = 20_000
DATA = {"key": "syncd-" + "0" * 32, "url": "http://don-vi-1.vidu.example/bai-1.html", "title_sha256": "0" * 64}


def main() -> None:
    with scratch() as folder:
        address = f"sqlite:///{folder / 'syncd.db'}"
        upgrade(address)
        clock, unit = SystemClock(), UnitId("don-vi-1")
        with open_database(address, clock=clock) as db:
            with spent() as single:
                for _ in range(COMMITS):
                    with db.write() as uow:
                        uow.ledger.append(LeafKind.ITEM_SEEN, clock.now(), DATA, unit=unit)
                        uow.commit()
            with spent() as batch, db.write() as uow:
                for _ in range(BATCH):
                    uow.ledger.append(LeafKind.ITEM_SEEN, clock.now(), DATA, unit=unit)
                uow.commit()
        bare = by_hand(folder / "bare.db")
        with spent() as bare_single:
            for number in range(COMMITS):
                bare.execute("BEGIN IMMEDIATE")
                bare.execute("INSERT INTO leaves VALUES (?, ?)", (number, row(number)))
                bare.execute("COMMIT")
        with spent() as bare_batch:
            bare.execute("BEGIN IMMEDIATE")
            bare.executemany("INSERT INTO leaves VALUES (?, ?)", ((n, row(n)) for n in range(COMMITS, COMMITS + BATCH)))
            bare.execute("COMMIT")
        bare.close()
    rows = [
        ["one leaf a commit", COMMITS / single.wall_s, COMMITS / bare_single.wall_s, single.cpu_s / bare_single.cpu_s],
        [f"{BATCH:,} leaves in one", BATCH / batch.wall_s, BATCH / bare_batch.wall_s, batch.cpu_s / bare_batch.cpu_s],
    ]
    show(
        "Leaves of the ledger, SQLite, WAL, synchronous FULL",
        ["", "leaves a second", "rows a second in bare sqlite3", "times its CPU"],
        rows,
    )


def by_hand(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE leaves (seq INTEGER PRIMARY KEY, body BLOB)")
    return connection


def row(number: int) -> bytes:
    """As many bytes as a leaf's, hashed once."""
    return hashlib.sha256(str(number).encode()).digest() * 10


if __name__ == "__main__":
    main()
