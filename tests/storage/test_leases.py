"""The right to write on PostgreSQL: one holder, and who lost it writes nothing more."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from syncd.application.evidence.verify import verify_ledger
from syncd.clock import SystemClock
from syncd.domain.ledger import LeafKind
from syncd.errors import AlreadyRunning, LeaseLost, StorageError
from syncd.storage.engine import SqlDatabase, open_database, parse_url
from syncd.storage.lock import DataLock
from syncd.storage.schema import upgrade

AT = datetime(2026, 10, 31, 17, 0, tzinfo=UTC)

HOLDER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from syncd.clock import SystemClock
from syncd.domain.ledger import LeafKind
from syncd.errors import StorageError
from syncd.storage.engine import open_database
from syncd.storage.lock import DataLock

def write(before_commit):
    try:
        with database.write() as uow:
            uow.ledger.append(LeafKind.DAEMON_MARK, datetime(2026, 10, 31, tzinfo=UTC), {"by": "holder"})
            before_commit()
            uow.commit()
    except StorageError as error:
        return type(error).__name__
    return "kept"

def say(what):
    sys.stdout.write(what + "\\n")
    sys.stdout.flush()

def in_the_middle():
    say("writing")
    sys.stdin.readline()

with DataLock(Path("."), sys.argv[1], lease_s=float(sys.argv[2])) as lock:
    with open_database(sys.argv[1], clock=SystemClock(), fence=lock.fence) as database:
        say("held")
        for line in sys.stdin:
            say(write(in_the_middle if line == "slowly\\n" else lambda: None))
"""


def until(condition: Callable[[], bool], *, within_s: float = 20) -> bool:
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def url(postgres_url: str) -> str:
    upgrade(postgres_url)
    return postgres_url


@pytest.fixture
def sql(url: str) -> Iterator[psycopg.Connection[Any]]:
    """The database as its administrator sees it."""
    plain = parse_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        yield connection


@contextmanager
def owning(url: str, *, lease_s: float = 60) -> Iterator[tuple[DataLock, SqlDatabase]]:
    with (
        DataLock(Path("."), url, lease_s=lease_s) as lock,
        open_database(url, clock=SystemClock(), fence=lock.fence) as db,
    ):
        yield lock, db


def mark(db: SqlDatabase) -> None:
    with db.write() as uow:
        uow.ledger.append(LeafKind.DAEMON_MARK, AT, {})
        uow.commit()


def run_out(sql: psycopg.Connection[Any]) -> None:
    """What a minute without a renewal does."""
    sql.execute("UPDATE leases SET expires_at = clock_timestamp()")


def epoch(sql: psycopg.Connection[Any]) -> int:
    found = sql.execute("SELECT epoch FROM leases").fetchone()
    assert found is not None
    return int(found[0])


class Holder:
    """Another process that owns the data, and writes when it is told to."""

    def __init__(self, url: str, lease_s: float) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, url, str(lease_s)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.said() == "held"

    def said(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def tell(self, what: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()

    def close(self) -> None:
        self.process.kill()
        self.process.wait(10)
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()


@pytest.fixture
def holder(url: str) -> Iterator[Holder]:
    holding = Holder(url, lease_s=1)
    try:
        yield holding
    finally:
        holding.process.send_signal(signal.SIGCONT)
        holding.close()


def taken_over(lock: DataLock, *, patient: bool = True) -> bool:
    try:
        lock.acquire(patient=patient)
    except AlreadyRunning:
        return False
    return True


def test_each_taking_counts_the_epoch_up_and_giving_back_frees_it_at_once(
    url: str, sql: psycopg.Connection[Any]
) -> None:
    for number in (1, 2, 3):
        with owning(url) as (_, db):
            mark(db)
            assert epoch(sql) == number
            with pytest.raises(AlreadyRunning, match=r"process \d+ on .+ owns the data"), owning(url):
                pass
    with open_database(url, clock=SystemClock()) as db:
        assert verify_ledger(db).size == 3


def test_who_lost_the_lease_writes_nothing_more_and_learns_it(url: str, sql: psycopg.Connection[Any]) -> None:
    with owning(url, lease_s=2) as (old_lock, old):
        mark(old)
        sql.execute("UPDATE leases SET holder = 'elsewhere 7 0', epoch = epoch + 1")
        for _ in range(2):
            with pytest.raises(LeaseLost, match="taken over by elsewhere 7") as caught:
                mark(old)
            assert caught.value.hint is not None
        assert until(lambda: not old_lock.still_held())
        assert verify_ledger(old).size == 1
    assert epoch(sql) == 2, "what is another's is not given back"


def test_a_lease_that_ran_out_unnoticed_is_renewed_where_nobody_took_it(url: str, sql: psycopg.Connection[Any]) -> None:
    with owning(url, lease_s=2) as (lock, db):
        run_out(sql)
        mark(db)
        alive = "SELECT expires_at > clock_timestamp() FROM leases"
        assert until(lambda: sql.execute(alive).fetchone() == (True,))
        assert lock.still_held()


def test_a_take_over_waits_for_the_transaction_under_way_and_no_next_one_begins(
    url: str, sql: psycopg.Connection[Any]
) -> None:
    with owning(url) as (_, old):
        run_out(sql)
        new = DataLock(Path("."), url)
        thread = threading.Thread(target=new.acquire)
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
        try:
            with old.write() as uow:
                thread.start()
                assert until(lambda: sql.execute(waiting).fetchone() == (1,))
                uow.ledger.append(LeafKind.DAEMON_MARK, AT, {})
                uow.commit()
            thread.join(20)
            assert new.fence is not None
            with pytest.raises(LeaseLost):
                mark(old)
            with open_database(url, clock=SystemClock(), fence=new.fence) as db:
                mark(db)
                assert verify_ledger(db).size == 2
        finally:
            new.release()


def test_the_lease_of_a_killed_process_is_free_at_once(url: str) -> None:
    dead = Holder(url, lease_s=3600)
    dead.close()
    lock = DataLock(Path("."), url)
    began = time.monotonic()
    try:
        assert until(lambda: taken_over(lock, patient=False))
        assert time.monotonic() - began < 5
    finally:
        lock.release()


def test_who_waits_believes_in_a_death_at_the_second_look_only(url: str, sql: psycopg.Connection[Any]) -> None:
    dead = Holder(url, lease_s=3600)
    dead.close()
    hint = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    assert until(lambda: sql.execute(hint).fetchone() == (0,))
    lock = DataLock(Path("."), url)
    try:
        assert [taken_over(lock), taken_over(lock)] == [False, True]
    finally:
        lock.release()


@pytest.mark.parametrize("in_mid_transaction", [False, True], ids=["between", "within"])
def test_a_stopped_holder_is_taken_over_from_and_records_nothing_when_it_wakes(
    holder: Holder, url: str, *, in_mid_transaction: bool
) -> None:
    holder.tell("now")
    assert holder.said() == "kept"
    if in_mid_transaction:
        holder.tell("slowly")
        assert holder.said() == "writing"
    holder.process.send_signal(signal.SIGSTOP)
    lock = DataLock(Path("."), url, lease_s=60)
    try:
        assert not taken_over(lock), "it has just been renewed"
        assert until(lambda: taken_over(lock))
        with open_database(url, clock=SystemClock(), fence=lock.fence) as db:
            mark(db)
            holder.process.send_signal(signal.SIGCONT)
            holder.tell("now")
            if in_mid_transaction:
                assert holder.said() == "StorageError", "the server has ended its transaction"
                holder.tell("now")
            assert holder.said() == "LeaseLost"
            mark(db)
            assert verify_ledger(db).size == 3
    finally:
        lock.release()


def test_a_server_that_ends_every_session_costs_the_holder_nothing(url: str, sql: psycopg.Connection[Any]) -> None:
    hint = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
    with owning(url, lease_s=3) as (lock, db):
        mark(db)
        sql.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid != pg_backend_pid()"
        )
        mark(db)
        assert until(lambda: sql.execute(hint).fetchone() == (1,)), "its session keeps the hint again"
        assert lock.still_held()
        assert epoch(sql) == 1
        assert verify_ledger(db).size == 2
        other = DataLock(Path("."), url)
        assert not taken_over(other, patient=False)


def test_a_session_killed_in_a_transaction_loses_that_transaction_and_no_other(
    url: str, sql: psycopg.Connection[Any]
) -> None:
    def broken_off(db: SqlDatabase) -> None:
        with db.write() as uow:
            uow.ledger.append(LeafKind.DAEMON_MARK, AT, {})
            list(uow.ledger.leaves())  # written, not committed
            sql.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name LIKE 'syncd writer%'"
            )
            uow.commit()

    with owning(url) as (_, db):
        mark(db)
        with pytest.raises(StorageError):
            broken_off(db)
        mark(db)
        assert verify_ledger(db).size == 2
