"""Writers that wait share one COMMIT: together durable, each one's failure its own."""

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from syncd.application.evidence.verify import verify_ledger
from syncd.clock import SystemClock
from syncd.domain.ledger import LeafKind
from syncd.domain.model import PostId, SourceId, UnitId
from syncd.errors import StorageError
from syncd.ports.records import SourceState
from syncd.storage.engine import SqlDatabase, open_database
from syncd.storage.uow import SqlUnitOfWork
from tests.databases import migrated

AT = datetime(2026, 10, 31, 17, 0, tzinfo=UTC)
STATE = SourceState(source=SourceId("ban-a/1"), unit=UnitId("ban-a"), url="https://ban-a.vidu.example/rss")

Work = Callable[[SqlUnitOfWork], object]


def state(number: int) -> SourceState:
    return replace(STATE, source=SourceId(f"ban-{number}/1"))


def put(number: int) -> Work:
    """A unit of work that writes one source and one leaf."""

    def work(uow: SqlUnitOfWork) -> None:
        uow.sources.put(state(number))
        uow.ledger.append(LeafKind.DAEMON_MARK, AT, {"number": number})
        uow.commit()

    return work


def stored(db: SqlDatabase) -> set[int]:
    with db.read() as uow:
        return {int(found.source.removesuffix("/1").removeprefix("ban-")) for found in uow.sources.all()}


def crowd(db: SqlDatabase, works: Sequence[Work]) -> list[Future[None]]:
    """Let these run as one group as far as they may: in this order, each in a thread, all waiting before the first one begins."""

    def unit_of_work(work: Work) -> None:
        with db.write() as uow:
            work(uow)

    with ThreadPoolExecutor(len(works)) as pool:
        with db.write():
            futures = []
            for waiting, work in enumerate(works, start=1):
                futures.append(pool.submit(unit_of_work, work))
                deadline = time.monotonic() + 20
                while len(db._writers._queue) < waiting:
                    assert time.monotonic() < deadline, "it does not wait for its turn"
                    time.sleep(0.001)
        for future in futures:
            future.exception(timeout=60)
    return futures


def statements(db: SqlDatabase, works: Sequence[Work]) -> list[str]:
    """What SQLite is told to run meanwhile."""
    told: list[str] = []
    with db.write() as uow:
        driver: Any = uow._transaction._driver
        driver.set_trace_callback(told.append)
    crowd(db, works)
    with db.write():
        driver.set_trace_callback(None)
    return told


def test_writers_that_wait_share_one_commit(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'syncd.db'}"
    migrated(url)
    with open_database(url, clock=SystemClock()) as db:
        told = statements(db, [put(number) for number in range(8)])
        assert stored(db) == set(range(8))
        assert verify_ledger(db).size == 8
    assert told.count("COMMIT") == 1
    assert sum(line.startswith("SAVEPOINT") for line in told) == 7


def test_a_writer_alone_needs_no_savepoint(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'syncd.db'}"
    migrated(url)
    with open_database(url, clock=SystemClock()) as db:
        told = statements(db, [put(1)])
    assert not any("SAVEPOINT" in line for line in told)


def test_a_group_has_a_bound(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'syncd.db'}"
    migrated(url)
    with open_database(url, clock=SystemClock()) as db:
        told = statements(db, [put(number) for number in range(36)])
        assert stored(db) == set(range(36))
    assert 3 <= told.count("COMMIT") <= 6


def test_one_that_gives_up_takes_nothing_else_with_it(db: SqlDatabase) -> None:
    def give_up(uow: SqlUnitOfWork) -> None:
        uow.sources.put(state(99))
        uow.ledger.append(LeafKind.DAEMON_MARK, AT, {"number": 99})
        list(uow.ledger.leaves())  # written, but not kept

    def break_off(uow: SqlUnitOfWork) -> None:
        give_up(uow)
        raise RuntimeError("it broke")

    for works in ([give_up, put(1), break_off, put(2), give_up], [put(3), break_off, put(4)]):
        broken = [future for future in crowd(db, works) if future.exception() is not None]
        assert [str(future.exception()) for future in broken] == ["it broke"]
    assert stored(db) == {1, 2, 3, 4}
    assert verify_ledger(db).size == 4


def test_a_refused_statement_takes_nothing_else_with_it(db: SqlDatabase) -> None:
    def refused(uow: SqlUnitOfWork) -> None:
        uow.sources.put(state(99))
        uow.sources.put(replace(STATE, url=None))  # type: ignore[arg-type]  # what the test is about

    first, second, third = crowd(db, [put(1), refused, put(2)])
    assert isinstance(second.exception(), StorageError)
    assert first.exception() is third.exception() is None
    assert stored(db) == {1, 2}
    assert verify_ledger(db).size == 2


@pytest.mark.parametrize("before", [0, 1], ids=["first", "joined"])
def test_a_unit_of_work_goes_on_after_a_refusal_only_where_the_database_lets_it(db: SqlDatabase, before: int) -> None:
    def stubborn(uow: SqlUnitOfWork) -> None:
        with pytest.raises(StorageError):
            uow.sources.put(replace(STATE, url=None))  # type: ignore[arg-type]  # what the test is about
        put(9)(uow)

    futures = crowd(db, [*map(put, range(before)), stubborn, put(5)])
    told = isinstance(futures[before].exception(), StorageError)
    assert told == (db.backend == "postgresql")
    assert stored(db) == {*range(before), 5} | (set() if told else {9})


def test_what_one_reads_of_the_others_is_durable_when_it_is_told(db: SqlDatabase) -> None:
    seen: list[bool] = []

    def look(uow: SqlUnitOfWork) -> None:
        seen.append(uow.sources.get(state(1).source) is not None)

    def durable() -> None:
        with db.write() as uow:
            look(uow)
        seen.append(stored(db) == {1})

    with ThreadPoolExecutor(1) as pool:
        told: list[Future[None]] = []

        def first(uow: SqlUnitOfWork) -> None:
            told.append(pool.submit(durable))
            deadline = time.monotonic() + 20
            while not db._writers._queue:
                assert time.monotonic() < deadline
                time.sleep(0.001)
            put(1)(uow)

        crowd(db, [first])
        told[0].result(timeout=60)
    assert seen == [True, True]


def test_a_commit_that_fails_is_told_to_everyone_and_nothing_is_kept(db: SqlDatabase) -> None:
    _defer_foreign_keys(db)

    def dangling(uow: SqlUnitOfWork) -> None:
        if db.backend == "sqlite":
            uow._transaction.execute(text("PRAGMA defer_foreign_keys = ON"))
        uow.sources.put_listed(STATE.source, {"entry": PostId(77)}, before={})
        uow.commit()

    def only_reads(uow: SqlUnitOfWork) -> None:
        assert uow.sources.get(state(1).source) is not None

    futures = crowd(db, [put(1), put(2), dangling, only_reads, put(3)])
    assert [type(future.exception()) for future in futures] == [StorageError] * 5
    assert stored(db) == set()
    assert verify_ledger(db).size == 0
    crowd(db, [put(4), put(5)])
    assert stored(db) == {4, 5}
    assert verify_ledger(db).size == 2


def _defer_foreign_keys(db: SqlDatabase) -> None:
    if db.backend == "postgresql":
        with db.write() as uow:
            uow._transaction.execute(
                text("ALTER TABLE listed ALTER CONSTRAINT fk_listed_post_posts DEFERRABLE INITIALLY DEFERRED")
            )
            uow.commit()


def test_on_a_full_disk_what_is_told_is_what_is_kept(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'syncd.db'}"
    migrated(url)
    with open_database(url, clock=SystemClock()) as db:
        with db.write() as uow:
            driver: Any = uow._transaction._driver
            (pages,) = driver.execute("PRAGMA page_count").fetchone()
            driver.execute(f"PRAGMA max_page_count = {pages + 6}").close()

        def much(uow: SqlUnitOfWork) -> None:
            uow.sources.put(replace(state(99), last_error="x" * 100_000))
            uow.commit()

        futures = crowd(db, [put(1), much, put(2), much, put(3)])
        failed = [index for index, future in enumerate(futures) if isinstance(future.exception(), StorageError)]
        # SQLite then gives up the whole transaction: who shared it is told so too.
        assert {1, 3} <= set(failed) <= {0, 1, 2, 3}
        assert stored(db) == {number for index, number in ((0, 1), (2, 2), (4, 3)) if index not in failed}
        assert verify_ledger(db).size == len(stored(db))


def test_a_transaction_that_the_database_gave_up_is_told_to_all_of_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'syncd.db'}"
    migrated(url)
    with open_database(url, clock=SystemClock()) as db:

        def lost(uow: SqlUnitOfWork) -> None:
            uow._transaction._driver.execute("ROLLBACK")  # as SQLite itself does on some failures of the disk
            with pytest.raises(StorageError):
                uow.sources.put(replace(STATE, url=None))  # type: ignore[arg-type]  # what the test is about
            with pytest.raises(StorageError, match="has ended"):
                uow.sources.put(state(98))
            with pytest.raises(StorageError, match="has ended"):
                uow.commit()

        futures = crowd(db, [put(1), lost, put(2)])
        assert [type(future.exception()) for future in futures] == [StorageError, StorageError, type(None)]
        assert stored(db) == {2}
        crowd(db, [lost])
        assert stored(db) == {2}
        assert verify_ledger(db).size == 1


def test_who_waits_too_long_gives_up_and_the_others_go_on(db: SqlDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncd.storage.writers.WRITER_TIMEOUT_S", 0.05)
    tried = threading.Event()

    def impatient() -> None:
        try:
            with db.write() as uow:
                put(1)(uow)
        finally:
            tried.set()

    with ThreadPoolExecutor(1) as pool:
        with db.write() as uow:
            future = pool.submit(impatient)
            assert tried.wait(20)
            put(2)(uow)
        with pytest.raises(StorageError, match="another thread has been writing"):
            future.result(timeout=20)
    crowd(db, [put(3)])
    assert stored(db) == {2, 3}


class Interrupted(BaseException):
    pass


@pytest.fixture
def interrupt() -> Iterator[Callable[[], None]]:
    """What breaks off the main thread wherever it is, once, as Ctrl-C does. To be called until it has: a lock may be asked for just then."""
    broken_off = False

    def break_off(*_: object) -> None:
        nonlocal broken_off
        if not broken_off:
            broken_off = True
            raise Interrupted

    before = signal.signal(signal.SIGUSR1, break_off)
    main = threading.main_thread().ident
    assert main is not None
    yield lambda: signal.pthread_kill(main, signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, before)


def test_who_is_interrupted_while_it_waits_for_its_turn_keeps_nobody_out(
    db: SqlDatabase, interrupt: Callable[[], None]
) -> None:
    def hold() -> None:
        with db.write() as uow:
            holding.set()
            deadline = time.monotonic() + 20
            while not db._writers._queue:
                assert time.monotonic() < deadline
                time.sleep(0.001)
            while db._writers._queue:
                assert time.monotonic() < deadline
                interrupt()
                time.sleep(0.001)
            put(1)(uow)

    holding = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(hold)
        assert holding.wait(20)
        with pytest.raises(Interrupted), db.write() as uow:
            put(9)(uow)
        held.result(timeout=20)
    crowd(db, [put(2), put(3)])
    assert stored(db) == {1, 2, 3}


def test_who_is_interrupted_while_it_waits_for_its_group_takes_nothing_from_it(
    db: SqlDatabase, interrupt: Callable[[], None]
) -> None:
    def join() -> None:
        with db.write() as uow:
            for _ in range(2_000):
                interrupt()
                if told.wait(0.01):
                    break
            put(2)(uow)

    told = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        with db.write() as uow:
            joined = pool.submit(join)
            deadline = time.monotonic() + 20
            while not db._writers._queue:
                assert time.monotonic() < deadline
                time.sleep(0.001)
            with pytest.raises(Interrupted):
                put(1)(uow)
            told.set()
        joined.result(timeout=20)
    assert stored(db) == {1, 2}
    assert verify_ledger(db).size == 2


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("timeout_s", [60.0, 0.004], ids=["patient", "impatient"])
def test_whatever_fails_what_was_told_is_what_is_kept(
    db: SqlDatabase, monkeypatch: pytest.MonkeyPatch, seed: int, timeout_s: float
) -> None:
    monkeypatch.setattr("syncd.storage.writers.WRITER_TIMEOUT_S", timeout_s)
    kept: set[int] = set()

    def writer(thread: int) -> None:
        dice = random.Random(f"{seed} {thread}")
        for turn in range(12):
            number = thread * 1_000 + turn
            try:
                with db.write() as uow:
                    uow.sources.put(state(number))
                    for _ in range(dice.randrange(3)):
                        uow.ledger.append(LeafKind.DAEMON_MARK, AT, {"number": number})
                    fate = dice.randrange(8)
                    if fate == 0:
                        continue
                    if fate == 1:
                        raise RuntimeError
                    if fate == 2:
                        uow.sources.put(replace(STATE, url=None))  # type: ignore[arg-type]  # what the test is about
                    if fate == 3:
                        time.sleep(0.003)
                    uow.commit()
                kept.add(number)
            except (RuntimeError, StorageError):
                continue

    with ThreadPoolExecutor(6) as pool:
        for done in [pool.submit(writer, thread) for thread in range(6)]:
            done.result(timeout=60)
    assert stored(db) == kept
    verify_ledger(db)
    with db.write() as uow:
        put(99_999)(uow)
    assert stored(db) == kept | {99_999}


KILLED = """
import os, sys, threading
from syncd.clock import SystemClock
from syncd.storage.engine import open_database
from tests.storage.test_group_commit import put

db = open_database(sys.argv[1], clock=SystemClock())

def write(thread):
    for number in range(thread * 10_000, thread * 10_000 + 10_000):
        with db.write() as uow:
            put(number)(uow)
        os.write(1, f"{number}\\n".encode())

for thread in range(6):
    threading.Thread(target=write, args=(thread,), daemon=True).start()
threading.Event().wait()
"""


@pytest.mark.parametrize("acknowledged", [40, pytest.param(700, marks=pytest.mark.slow)])
def test_what_was_told_before_the_process_was_killed_is_there(tmp_path: Path, acknowledged: int) -> None:
    url = f"sqlite:///{tmp_path / 'syncd.db'}"
    migrated(url)
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", KILLED, url], stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        told = [int(process.stdout.readline()) for _ in range(acknowledged)]
        process.send_signal(signal.SIGKILL)
        told += [int(line) for line in process.stdout.read().split("\n")[:-1]]
    with open_database(url, clock=SystemClock()) as db:
        found = stored(db)
        assert set(told) <= found
        assert verify_ledger(db).size == len(found)
        for thread in range(6):  # each thread's are there in order, none left out
            own = sorted(number for number in found if number // 10_000 == thread)
            assert own == list(range(thread * 10_000, thread * 10_000 + len(own)))
