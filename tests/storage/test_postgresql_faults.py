"""What a PostgreSQL and the way to it may do to us: an answer lost after COMMIT, a pooler, a restart (D19, D21, D24, D25)."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from syncd.application.evidence.verify import verify_ledger
from syncd.clock import SystemClock
from syncd.domain.ledger import LeafKind
from syncd.errors import AlreadyRunning, StorageError
from syncd.storage.engine import SqlDatabase, open_database, parse_url
from syncd.storage.lock import DataLock
from syncd.storage.schema import upgrade
from tests.postgres_proxy import PostgresProxy

AT = datetime(2026, 10, 31, 17, 0, tzinfo=UTC)


@pytest.fixture
def proxy(postgres_url: str) -> Iterator[PostgresProxy]:
    upgrade(postgres_url)
    with PostgresProxy(postgres_url) as proxy:
        yield proxy


def mark(db: SqlDatabase, number: int = 0) -> None:
    with db.write() as uow:
        uow.ledger.append(LeafKind.DAEMON_MARK, AT, {"number": number})
        uow.commit()


def test_a_commit_whose_answer_is_lost_is_told_as_a_failure_and_stands(proxy: PostgresProxy) -> None:
    with (
        DataLock(Path("."), proxy.url) as lock,
        open_database(proxy.url, clock=SystemClock(), fence=lock.fence) as db,
    ):
        mark(db, 1)
        proxy.lose_commit()
        with pytest.raises(StorageError):
            mark(db, 2)
        assert proxy.lost == 1
        mark(db, 3)
        with db.read() as uow:
            assert [b'"number":%d' % number in leaf.body for number, leaf in enumerate(uow.ledger.leaves(), 1)] == [
                True
            ] * 3
        assert verify_ledger(db).size == 3
        assert lock.still_held()


def round_trips(proxy: PostgresProxy, *, fenced: bool) -> int:
    """Of ten transactions that each write one leaf, when statements are prepared already."""
    with (
        DataLock(Path("."), proxy.url, lease_s=3600) as lock,
        open_database(proxy.url, clock=SystemClock(), fence=lock.fence if fenced else None) as db,
    ):
        for _ in range(10):
            mark(db)
        before = proxy.asked
        for _ in range(10):
            mark(db)
        return proxy.asked - before


def test_proving_the_lease_costs_a_transaction_no_round_trip(proxy: PostgresProxy) -> None:
    assert round_trips(proxy, fenced=True) == round_trips(proxy, fenced=False) > 0


def test_behind_a_pooler_nothing_is_left_in_the_session_and_the_lease_alone_decides(
    proxy: PostgresProxy, postgres_url: str
) -> None:
    proxy.pretend_to_pool = True
    plain = parse_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
    with (
        psycopg.connect(plain, autocommit=True) as sql,
        DataLock(Path("."), proxy.url, lease_s=60) as lock,
        open_database(proxy.url, clock=SystemClock(), fence=lock.fence) as db,
    ):
        for _ in range(10):
            mark(db)
            with db.write() as uow:
                prepared = uow._transaction._driver.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()
                assert prepared == (0,)
        assert sql.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone() == (0,)
        with pytest.raises(AlreadyRunning), DataLock(Path("."), postgres_url):
            pass
        assert lock.still_held()


@pytest.mark.slow
def test_a_server_that_is_restarted_again_and_again_costs_a_writer_no_leaf_and_not_its_lease(
    restarted_postgres: tuple[str, Callable[[], None]],
) -> None:
    url, restart = restarted_postgres
    upgrade(url)
    told: list[int] = []
    ended = threading.Event()
    with (
        DataLock(Path("."), url, lease_s=2) as lock,
        open_database(url, clock=SystemClock(), fence=lock.fence) as db,
        ThreadPoolExecutor(1) as pool,
    ):

        def write() -> None:
            number = 0
            while not ended.is_set():
                number += 1
                with suppress(StorageError):
                    mark(db, number)
                    told.append(number)

        writing = pool.submit(write)
        for _ in range(5):
            before = len(told)
            restart()
            deadline = time.monotonic() + 60
            while len(told) < before + 20:
                assert time.monotonic() < deadline, "it does not write again"
                time.sleep(0.01)
        ended.set()
        writing.result(timeout=60)
        assert lock.still_held()
        assert lock.fence is not None
        assert lock.fence.epoch == 1
        verify_ledger(db)
        with db.read() as uow:
            kept = [json.loads(leaf.body)["data"]["number"] for leaf in uow.ledger.leaves()]
        assert len(set(kept)) == len(kept)
        assert set(told) <= set(kept)
