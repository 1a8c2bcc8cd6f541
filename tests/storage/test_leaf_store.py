"""The ledger in the database: appended to, never changed, and found out when it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text

from syncd.application.evidence.verify import verify_ledger
from syncd.domain.ledger import EMPTY_ROOT, LeafKind, leaf_hash, root_of
from syncd.domain.model import Adjustment, AdjustmentKind, PeriodId, UnitId
from syncd.errors import ChainBroken, LedgerError, StorageError
from syncd.ports.records import StatementRecord
from syncd.storage.engine import SqlDatabase, parse_url

AT = datetime(2026, 10, 31, 17, 0, 0, 123456, tzinfo=UTC)
BAN_A, BAN_B = UnitId("ban-a"), UnitId("ban-b")
HOUR = timedelta(hours=1)


def append(db: SqlDatabase, number: int, *, unit: UnitId | None = BAN_A) -> list[int]:
    with db.write() as uow:
        start = uow.ledger.head().size
        numbers = [
            uow.ledger.append(LeafKind.ITEM_SEEN, AT + (start + n) * HOUR, {"title": f"Tin số {n}"}, unit=unit)
            for n in range(number)
        ]
        uow.commit()
    return numbers


@contextmanager
def intruder(url: str) -> Iterator[Connection]:
    """Someone who writes to the database past this program, triggers taken away."""
    engine = create_engine(parse_url(url))
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            for name in ("leaves_no_update", "leaves_no_delete"):
                connection.execute(text(f"DROP TRIGGER {name}"))
        else:
            connection.execute(text("DROP TRIGGER leaves_only_added_to ON leaves"))
        yield connection
    engine.dispose()


# --- appending -------------------------------------------------------------------------------------


def test_an_empty_ledger_has_the_root_of_nothing(db: SqlDatabase) -> None:
    report = verify_ledger(db)
    assert (report.size, report.root, report.first_at, report.last_at) == (0, EMPTY_ROOT, None, None)


def test_leaves_get_their_number_at_once_and_the_head_counts_them(db: SqlDatabase) -> None:
    assert append(db, 3) == [0, 1, 2]
    with db.write() as uow:
        assert uow.ledger.append(LeafKind.DAEMON_MARK, AT, {"pid": 7}) == 3
        assert uow.ledger.head().size == 4
        own = list(uow.ledger.leaves(3))
        assert [leaf.unit for leaf in own] == [None]
        assert uow.ledger.append(LeafKind.DAEMON_MARK, AT, {"pid": 8}) == 4
        head = uow.ledger.head()
        uow.commit()
    with db.read() as uow:
        assert uow.ledger.head() == head
        leaves = list(uow.ledger.leaves())
    assert [leaf.seq for leaf in leaves] == [0, 1, 2, 3, 4]
    assert all(leaf.hash == leaf_hash(leaf.body) for leaf in leaves)
    assert head.root == root_of(leaf.hash for leaf in leaves)
    assert (
        leaves[0].body
        == (
            '{"at":"2026-10-31T17:00:00.123456Z","data":{"title":"Tin số 0"},"seq":0,"type":"item_seen","unit":"ban-a"}'
        ).encode()
    )


def test_leaves_are_streamed_in_order_over_many_batches(db: SqlDatabase) -> None:
    for _ in range(5):
        append(db, 505)
    with db.read() as uow:
        leaves = uow.ledger.leaves(7, 2_500)
        assert [leaf.seq for leaf in leaves] == list(range(7, 2_500))
        assert len(list(uow.ledger.leaves(2_524))) == 1
        assert list(uow.ledger.leaves(2_525)) == []
        assert [leaf.seq for leaf in uow.ledger.leaves(0, 1_000)][-1] == 999
    report = verify_ledger(db)
    assert (report.size, report.first_at, report.last_at) == (2_525, AT, AT + 2_524 * HOUR)


def test_leaves_of_a_unit_are_found_by_time(db: SqlDatabase) -> None:
    append(db, 3)
    append(db, 2, unit=BAN_B)
    with db.read() as uow:
        assert [leaf.seq for leaf in uow.ledger.of_unit(BAN_A, AT + HOUR, AT + 2 * HOUR)] == [1]
        assert [leaf.seq for leaf in uow.ledger.of_unit(BAN_B, AT, AT + 99 * HOUR)] == [3, 4]


def test_a_leaf_that_cannot_be_written_canonically_is_refused_and_leaves_no_hole(db: SqlDatabase) -> None:
    with db.write() as uow:
        with pytest.raises(LedgerError, match="float"):
            uow.ledger.append(LeafKind.ITEM_SEEN, AT, {"share": 0.5})
        assert uow.ledger.append(LeafKind.ITEM_SEEN, AT, {"share": "0.5"}) == 0
        uow.commit()
    assert verify_ledger(db).size == 1


# --- what is never changed ---------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["leaves", "statements", "adjustments"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET unit = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_database_itself_refuses_to_change_what_is_proved(db: SqlDatabase, table: str, statement: str) -> None:
    with db.write() as uow:
        leaf = uow.ledger.append(LeafKind.MONTH_CLOSE, AT, {}, unit=BAN_A)
        period = PeriodId("2026-10")
        uow.figures.add_statement(StatementRecord(unit=BAN_A, period=period, closed_at=AT, ruleset="r", body={}))
        uow.figures.add_adjustment(
            Adjustment(
                unit=BAN_A,
                period=period,
                kind=AdjustmentKind.PENALTY_WAIVED,
                reason="x",
                document="y",
                approved_by=("a", "b"),
                at=AT,
            ),
            leaf,
        )
        uow.commit()
    with db.write() as uow, pytest.raises(StorageError, match=r'only ever added to|near "TRUNCATE"'):
        uow._transaction.execute(text(statement.format(table)))
    assert verify_ledger(db).size == 1


# --- tampering ---------------------------------------------------------------------------------------

TAMPERINGS: list[tuple[str, str, int, str]] = [
    ("unit", "UPDATE leaves SET unit = 'ban-b' WHERE seq = 3", 3, "do not say"),
    ("no-unit", "UPDATE leaves SET unit = NULL WHERE seq = 3", 3, "do not say"),
    ("kind", "UPDATE leaves SET kind = 'readback' WHERE seq = 4", 4, "do not say"),
    ("instant", "UPDATE leaves SET at = '2026-11-01 17:00:00.000000' WHERE seq = 0", 0, "do not say"),
    ("hash", "UPDATE leaves SET hash = (SELECT hash FROM leaves WHERE seq = 1) WHERE seq = 2", 2, "another hash"),
    ("body", "UPDATE leaves SET body = (SELECT body FROM leaves WHERE seq = 1) WHERE seq = 2", 2, "another hash"),
    (
        "body-and-hash",
        "UPDATE leaves SET body = (SELECT body FROM leaves WHERE seq = 1), "
        "hash = (SELECT hash FROM leaves WHERE seq = 1) WHERE seq = 2",
        2,
        "do not say",
    ),
    ("removed", "DELETE FROM leaves WHERE seq = 5", 5, "leaf 5 is missing"),
    ("first-removed", "DELETE FROM leaves WHERE seq = 0", 0, "leaf 0 is missing"),
    ("last-removed", "DELETE FROM leaves WHERE seq = 8", 8, "8 leaves, but the head says 9"),
    ("moved", "UPDATE leaves SET seq = 99 WHERE seq = 6", 6, "leaf 6 is missing"),
    (
        "added",
        "INSERT INTO leaves (seq, kind, unit, at, body, hash) SELECT 9, kind, unit, at, body, hash FROM leaves WHERE seq = 8",
        9,
        "do not say",
    ),
    ("head-lost", "DELETE FROM ledger_head", 0, "head of the ledger is gone"),
    ("head-size", "UPDATE ledger_head SET size = 7", 7, "cannot be"),
    ("head-same-bits", "UPDATE ledger_head SET size = 10", 9, "9 leaves, but the head says 10"),
    ("head-empty", "UPDATE ledger_head SET size = 0", 0, "cannot be"),
]


@pytest.mark.parametrize(
    ("statement", "seq", "says"), [row[1:] for row in TAMPERINGS], ids=[row[0] for row in TAMPERINGS]
)
def test_a_ledger_that_was_tampered_with_is_found_out(
    db: SqlDatabase, url: str, statement: str, seq: int, says: str
) -> None:
    append(db, 9)
    with intruder(url) as connection:
        connection.execute(text(statement))
    with pytest.raises(ChainBroken, match=says) as caught:
        verify_ledger(db)
    assert caught.value.seq == seq


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"data":1.5}', b"\xff", b'{"seq":2}'])
def test_bytes_that_are_no_leaf_are_found_out_even_with_their_own_hash(db: SqlDatabase, url: str, body: bytes) -> None:
    append(db, 4)
    with intruder(url) as connection:
        replaced: dict[str, Any] = {"body": body, "hash": leaf_hash(body)}
        connection.execute(text("UPDATE leaves SET body = :body, hash = :hash WHERE seq = 2"), replaced)
    with pytest.raises(ChainBroken, match="leaf 2") as caught:
        verify_ledger(db)
    assert caught.value.seq == 2


def test_a_leaf_rewritten_with_all_its_own_figures_is_found_out_by_the_root(db: SqlDatabase, url: str) -> None:
    append(db, 4)
    with db.read() as uow:
        body = list(uow.ledger.leaves())[1].body.replace(b"Tin", b"Bai")
    with intruder(url) as connection:
        connection.execute(
            text("UPDATE leaves SET body = :body, hash = :hash WHERE seq = 1"), {"body": body, "hash": leaf_hash(body)}
        )
    with pytest.raises(ChainBroken, match="root over all leaves"):
        verify_ledger(db)


def test_nothing_is_appended_to_a_ledger_whose_head_is_broken(db: SqlDatabase, url: str) -> None:
    append(db, 3)
    with intruder(url) as connection:
        connection.execute(text("UPDATE ledger_head SET size = 4"))
    with pytest.raises(ChainBroken):
        append(db, 1)
