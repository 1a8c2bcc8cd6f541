"""Units of work: all or nothing, one writer after the other, readers undisturbed."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import psycopg
import pytest

from syncd.application.evidence.verify import verify_ledger
from syncd.clock import SystemClock
from syncd.domain.ledger import LeafKind
from syncd.domain.model import SourceId, UnitId
from syncd.errors import StorageError
from syncd.ports.records import SourceState
from syncd.storage.engine import SqlDatabase, open_database, parse_url
from syncd.storage.schema import upgrade
from syncd.testing.clock import FakeClock

AT = datetime(2026, 10, 31, 17, 0, tzinfo=UTC)
STATE = SourceState(source=SourceId("ban-a/1"), unit=UnitId("ban-a"), url="https://ban-a.vidu.example/rss")


def in_threads(number: int, work: Callable[[int], Any]) -> None:
    with ThreadPoolExecutor(number) as pool:
        for done in [pool.submit(work, index) for index in range(number)]:
            done.result(timeout=60)


def store(db: SqlDatabase, state: SourceState) -> None:
    with db.write() as uow:
        uow.sources.put(state)
        uow.commit()


def failures(db: SqlDatabase) -> int:
    with db.read() as uow:
        state = uow.sources.get(STATE.source)
        assert state is not None
        return state.failures


def test_eight_threads_that_read_and_then_write_lose_nothing(db: SqlDatabase) -> None:
    store(db, STATE)

    def increment(_: int) -> None:
        for _ in range(40):
            with db.write() as uow:
                state = uow.sources.get(STATE.source)
                assert state is not None
                uow.sources.put(replace(state, failures=state.failures + 1))
                uow.commit()

    in_threads(8, increment)
    assert failures(db) == 320


def test_two_processes_worth_of_connections_lose_nothing_either(db: SqlDatabase, url: str) -> None:
    store(db, STATE)
    with open_database(url, clock=SystemClock()) as other:

        def increment(index: int) -> None:
            for _ in range(20):
                with (db, other)[index].write() as uow:
                    state = uow.sources.get(STATE.source)
                    assert state is not None
                    uow.sources.put(replace(state, failures=state.failures + 1))
                    uow.ledger.append(LeafKind.DAEMON_MARK, AT, {"by": index})
                    uow.commit()

        in_threads(2, increment)
    assert failures(db) == 40
    assert verify_ledger(db).size == 40


def test_leaf_numbers_have_no_holes_under_concurrent_writers_that_give_up_now_and_then(db: SqlDatabase) -> None:
    promised: list[tuple[int, int, int]] = []

    def write(index: int) -> None:
        for turn in range(20):
            with db.write() as uow:
                numbers = [
                    uow.ledger.append(LeafKind.DAEMON_MARK, AT, {"thread": index, "turn": turn, "leaf": leaf})
                    for leaf in range(3)
                ]
                if turn % 4 != 3:
                    uow.commit()
                    promised.extend((seq, index, leaf) for leaf, seq in enumerate(numbers))

    in_threads(8, write)
    assert sorted(seq for seq, _, _ in promised) == list(range(8 * 15 * 3))
    assert verify_ledger(db).size == 8 * 15 * 3
    with db.read() as uow:
        found = {leaf.seq: leaf.body for leaf in uow.ledger.leaves()}
    for seq, index, leaf in promised:
        assert f'"leaf":{leaf},"thread":{index}'.encode() in found[seq]


def test_leaving_without_commit_leaves_nothing(db: SqlDatabase) -> None:
    with db.write() as uow:
        uow.sources.put(STATE)
        uow.ledger.append(LeafKind.DAEMON_MARK, AT, {})
        list(uow.ledger.leaves())  # written, but not committed

    def break_off() -> None:
        with db.write() as uow:
            uow.sources.put(STATE)
            uow.ledger.append(LeafKind.DAEMON_MARK, AT, {})
            raise RuntimeError("it broke")

    with pytest.raises(RuntimeError, match="it broke"):
        break_off()
    with db.read() as uow:
        assert uow.sources.all() == []
        assert uow.ledger.head().size == 0
        assert list(uow.ledger.leaves()) == []


def test_a_writer_that_failed_does_not_keep_the_others_out(db: SqlDatabase) -> None:
    with pytest.raises(StorageError), db.write() as uow:
        uow.sources.put(replace(STATE, last_ok_at=datetime(2026, 10, 31)))
    store(db, STATE)
    assert failures(db) == 0


def test_readers_do_not_wait_for_a_writer_and_see_the_last_commit(db: SqlDatabase) -> None:
    store(db, STATE)
    with db.write() as uow:
        uow.sources.put(replace(STATE, failures=7))
        in_threads(8, lambda _: [failures(db) for _ in range(5)])
        assert failures(db) == 0
        uow.commit()
    assert failures(db) == 7


def test_a_reader_sees_one_state_from_its_first_statement_to_its_end(db: SqlDatabase) -> None:
    store(db, STATE)
    with db.read() as uow:
        before = uow.sources.get(STATE.source)
        store(db, replace(STATE, failures=7))
        assert uow.sources.get(STATE.source) == before


def test_a_reader_cannot_write(db: SqlDatabase) -> None:
    with db.read() as uow, pytest.raises(StorageError, match=r"read-?only"):
        uow.sources.put(STATE)


def test_a_thread_cannot_wait_for_itself(db: SqlDatabase) -> None:
    with db.write(), pytest.raises(StorageError, match="this thread has a unit of work open"), db.write():
        pass
    store(db, STATE)


def test_nothing_can_be_written_after_the_end(db: SqlDatabase) -> None:
    with db.write() as uow:
        uow.commit()
        for late in (lambda: uow.sources.put(STATE), uow.commit):
            with pytest.raises(StorageError, match="has ended"):
                late()
    with pytest.raises(StorageError, match="has ended"):
        uow.sources.all()
    with db.read() as uow:
        assert uow.sources.all() == []


def test_a_second_thread_waits_for_the_first(db: SqlDatabase) -> None:
    order: list[str] = []
    trying = threading.Event()

    def second() -> None:
        trying.set()
        with db.write() as uow:
            order.append("second")
            uow.commit()

    with db.write() as uow:
        thread = threading.Thread(target=second)
        thread.start()
        assert trying.wait(10)
        uow.sources.put(STATE)
        order.append("first")
        uow.commit()
    thread.join(10)
    assert order == ["first", "second"]


@pytest.mark.parametrize(
    ("instant", "same"),
    [
        (datetime(2026, 10, 31, 23, 59, 59, 999999, tzinfo=UTC), None),
        (datetime(1, 1, 1, tzinfo=UTC), None),
        (datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), None),
        (datetime(2026, 11, 1, 0, 0, tzinfo=timezone(timedelta(hours=7))), AT),
    ],
    ids=["microseconds", "first", "last", "local"],
)
def test_instants_come_back_the_same_in_utc(db: SqlDatabase, instant: datetime, same: datetime | None) -> None:
    store(db, replace(STATE, last_ok_at=instant))
    with db.read() as uow:
        state = uow.sources.get(STATE.source)
    assert state is not None
    assert state.last_ok_at is not None
    assert state.last_ok_at == (same or instant)
    assert state.last_ok_at.tzinfo is UTC


def test_a_naive_instant_is_refused(db: SqlDatabase) -> None:
    with pytest.raises(StorageError, match="naive"):
        store(db, replace(STATE, last_ok_at=datetime(2026, 10, 31, 17, 0)))


def test_a_database_server_that_was_restarted_is_reached_again(postgres_url: str) -> None:
    upgrade(postgres_url)
    plain = parse_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with open_database(postgres_url, clock=SystemClock()) as database:
        store(database, STATE)
        assert failures(database) == 0
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        store(database, replace(STATE, failures=1))
        assert failures(database) == 1


def test_a_transaction_whose_server_goes_away_is_an_error_of_ours(postgres_url: str) -> None:
    upgrade(postgres_url)
    plain = parse_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with open_database(postgres_url, clock=SystemClock()) as database:
        with database.write() as uow, psycopg.connect(plain, autocommit=True) as connection:
            uow.sources.put(STATE)
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            with pytest.raises(StorageError):
                uow.commit()
        with database.read() as uow:
            assert uow.sources.all() == []


def test_a_unit_of_work_that_keeps_the_others_waiting_is_named_in_the_log(
    url: str, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    with open_database(url, clock=clock) as database:
        with database.write():
            clock.advance(timedelta(seconds=5))
        assert caplog.messages == []
        with database.write():
            clock.advance(timedelta(seconds=7))
    assert caplog.messages == ["a unit of work held the writer for 7.0 s"]


def test_text_that_no_database_can_keep_is_an_error_of_ours(db: SqlDatabase) -> None:
    with pytest.raises(StorageError):
        store(db, replace(STATE, last_error="half a pair \ud800"))


def test_an_error_does_not_repeat_the_values(db: SqlDatabase) -> None:
    with db.write() as uow:
        uow.sources.put(STATE)
        with pytest.raises(StorageError) as caught:
            uow.sources.put(replace(STATE, source=SourceId("ban-a/2"), url=None, last_hint="do not print"))  # type: ignore[arg-type]  # what the test is about
    assert "do not print" not in caught.value.message
