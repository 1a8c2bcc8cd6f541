"""Opening the database, SQLite or PostgreSQL, with one writer at a time on both."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from syncd.errors import StorageError
from syncd.ports.clock import Clock
from syncd.storage.connections import BUSY_TIMEOUT_S, Connections, ServerConnections, SqliteConnections
from syncd.storage.ledger import Fence
from syncd.storage.transaction import Transaction, library_errors, translated
from syncd.storage.uow import SqlUnitOfWork
from syncd.storage.writers import WRITER_TIMEOUT_S, Writers

if TYPE_CHECKING:
    from sqlalchemy import URL, Connection, Engine

REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0006",
    "0007",
)  # the schema's revisions, oldest first: opening a database must not cost the import of Alembic
# SQLite's 2 MB do not hold the pages that some looks committed together change: each would be written to the WAL several times.
_WRITER_CACHE_KB = 8_000
# With a plain BEGIN two transactions that read and then write end in "database is locked" or in a lost update.
_BEGIN_WRITING = "BEGIN IMMEDIATE"
_BEGIN_READING = "BEGIN"
_SQLITE = "sqlite:///"
_WRITING = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"cache_size=-{_WRITER_CACHE_KB}")
# SQLite before 3.51.3 can damage a WAL that two connections check-point at once: the writer alone does.
_READING = ("query_only=ON", "wal_autocheckpoint=0")


def parse_url(url: str) -> "URL":
    """The address of a database as SQLAlchemy takes it; PostgreSQL is spoken to through psycopg."""
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        parsed = make_url(url)
    except ArgumentError as err:
        raise StorageError(
            "the database address cannot be read",
            hint="sqlite:///var/syncd.db or postgresql+psycopg://user@host/name",
        ) from err
    backend = parsed.get_backend_name()
    if backend in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise StorageError(f"databases of the kind {backend} are not spoken", hint="use sqlite or postgresql+psycopg")
    if not parsed.database or parsed.database == ":memory:":
        raise StorageError("the database needs a file", hint="sqlite:///var/syncd.db")
    return parsed


def sqlite_path(url: str) -> Path | None:
    """The file of an SQLite database, as an address names it; None for PostgreSQL. Loads no library for an address without options.

    Raises:
        StorageError: the address cannot be read.
    """
    path = url.removeprefix(_SQLITE)
    if path != url and path and "?" not in path and path != ":memory:":
        return Path(path)
    return sqlite_file(parse_url(url))


def sqlite_file(url: "URL") -> Path | None:
    """The file of an SQLite database; None for PostgreSQL."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def make_write_engine(url: "URL", *, idle_s: float = 0) -> "Engine":
    """An engine with one connection, whose transactions take the write lock when they begin.

    PostgreSQL ends a transaction that has asked for nothing for `idle_s` (0: never does): that of a stopped process
    would keep out whoever takes over.
    """
    from sqlalchemy import create_engine

    if sqlite_file(url) is None:
        arguments = postgresql_arguments("writer", idle_s=idle_s)
        engine = create_engine(url, pool_size=1, max_overflow=0, pool_pre_ping=True, connect_args=arguments)
        _mind_poolers(engine)
        return engine
    engine = create_engine(url, pool_size=1, max_overflow=0, connect_args=_SQLITE_ARGUMENTS)
    _at_connect(engine, *_WRITING)
    _at_begin(engine, _BEGIN_WRITING)
    return engine


def _server_readers(url: "URL") -> "Engine":
    """An engine as wide as its readers; each transaction sees one state of the database and cannot write."""
    from sqlalchemy import create_engine

    engine = create_engine(
        url,
        pool_size=8,
        max_overflow=32,
        pool_pre_ping=True,  # a server that was restarted costs no job
        isolation_level="REPEATABLE READ",
        connect_args=postgresql_arguments("reader"),
    )
    _mind_poolers(engine)
    return engine.execution_options(postgresql_readonly=True)


_SQLITE_ARGUMENTS: dict[str, Any] = {
    "check_same_thread": False,
    "isolation_level": None,  # the driver begins nothing by itself
    "timeout": BUSY_TIMEOUT_S,
}


def postgresql_arguments(role: str, *, idle_s: float = 0) -> dict[str, Any]:
    """How a connection is opened, and called in the server's own lists. `idle_s`: how long a transaction may ask for nothing; 0 for ever."""
    options = {
        "lock_timeout": int(WRITER_TIMEOUT_S * 1000),
        "idle_in_transaction_session_timeout": int(idle_s * 1000),
        "timezone": "UTC",
    }
    return {
        "application_name": f"syncd {role} {socket.gethostname()} {os.getpid()}"[:63],
        "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
        "connect_timeout": 10,
        "tcp_user_timeout": 30_000,  # a server that vanished without a word is noticed in half a minute, not in a quarter of an hour
    }


def behind_a_pooler(connection: Any) -> bool:
    """Whether a driver's connection ends at a pooler: what greeted it is not the process that answers.

    Then nothing may be left in the session: the next transaction may be another session's.
    """
    (answering,) = connection.execute("SELECT pg_backend_pid()").fetchone()
    return bool(answering != connection.info.backend_pid)


def _mind_poolers(engine: "Engine") -> None:
    from sqlalchemy import event

    @event.listens_for(engine, "connect")
    def prepare_nothing(connection: Any, _record: Any) -> None:
        if behind_a_pooler(connection):
            connection.prepare_threshold = None
        connection.rollback()


def _at_connect(engine: "Engine", *pragmas: str) -> None:
    from sqlalchemy import event

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: Any) -> None:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()


def _at_begin(engine: "Engine", statement: str) -> None:
    from sqlalchemy import event

    @event.listens_for(engine, "begin")
    def begin(connection: "Connection") -> None:
        driver: Any = connection.connection.driver_connection
        driver.execute(statement)


class SqlDatabase:
    """Implements `ports.store.Database`: our database, shared by threads. With a `fence` every writing transaction proves it."""

    def __init__(self, url: str, *, clock: Clock, fence: Fence | None = None) -> None:
        path = sqlite_path(url)
        self.backend = "postgresql" if path is None else "sqlite"
        self._fence = fence
        self._writing: Connections
        if path is None:
            self._writing = ServerConnections(make_write_engine(parse_url(url), idle_s=fence.lease_s if fence else 0))
        else:
            self._writing = SqliteConnections(path, *_WRITING, begin=_BEGIN_WRITING)
        self._reading, _ = _readers(url)
        self._writers = Writers(self._writing, clock=clock)

    @contextmanager
    def write(self) -> Iterator[SqlUnitOfWork]:
        """One transaction that may write. Waits for the writers before it, at most a minute.

        Raises:
            StorageError: also where this thread writes already: it would wait for itself.
            LeaseLost: another process took the data over.
        """
        turn = self._writers.turn()
        try:
            unit_of_work = SqlUnitOfWork(turn.transaction)
            if self.backend == "postgresql":
                unit_of_work.ledger.lock(self._fence)
            yield unit_of_work
        except BaseException as err:
            with suppress(StorageError):  # what broke it tells more than what came of it
                turn.end()
            if isinstance(err, library_errors()):  # rows are fetched after their statement: a damaged page shows there
                raise translated(err) from err
            raise
        turn.end()

    @contextmanager
    def read(self) -> Iterator[SqlUnitOfWork]:
        """One transaction that only reads, and sees the last commit before its first statement, unchanged to its end."""
        connection = self._reading.begun()
        transaction = Transaction(connection)
        try:
            yield SqlUnitOfWork(transaction)
        except library_errors() as err:
            raise translated(err) from err
        finally:
            transaction.open = False
            self._reading.give_back(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back all connections that are not in use."""
        self._writing.close()
        self._reading.close()


def _readers(url: str) -> tuple[Connections, str]:
    """The connections of those who read, and what asks such a one whether there is a schema."""
    path = sqlite_path(url)
    if path is not None:
        query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'"
        return SqliteConnections(path, *_READING, begin=_BEGIN_READING), query
    query = "SELECT 1 FROM pg_tables WHERE tablename = 'alembic_version' AND schemaname = ANY (current_schemas(false))"
    return ServerConnections(_server_readers(parse_url(url))), query


def stored_revision(url: str) -> str | None:
    """The schema's revision in the database; None where there is no schema or no file yet."""
    path = sqlite_path(url)
    if path is not None and not path.exists():
        return None
    connections, tables = _readers(url)
    connection = connections.begun()
    try:
        if connection.driver.execute(tables).fetchone() is None:
            return None
        found = connection.driver.execute("SELECT version_num FROM alembic_version").fetchone()
        return None if found is None else str(found[0])
    except connection.driver_error as err:
        raise translated(err) from err
    finally:
        connections.give_back(connection)
        connections.close()


def open_database(url: str, *, clock: Clock, fence: Fence | None = None) -> SqlDatabase:
    """Open a database whose schema is the one this program knows. Creates and changes nothing.

    `fence` is what every writing transaction has to prove (`DataLock.fence`).

    Raises:
        StorageError: no database, an older schema (the hint says how to bring it up), or a newer one.
    """
    revision = stored_revision(url)
    if revision == REVISIONS[-1]:
        return SqlDatabase(url, clock=clock, fence=fence)
    shown = parse_url(url).render_as_string(hide_password=True)
    if revision is None:
        raise StorageError("there is no syncd database here", subject=shown, hint="create it with: syncd init")
    if revision not in REVISIONS:
        raise StorageError(
            f"the database has schema {revision}, newer than this program knows ({REVISIONS[-1]})",
            subject=shown,
            hint="run the version of syncd that made it, or a later one",
        )
    raise StorageError(
        f"the database has schema {revision}, this program needs {REVISIONS[-1]}",
        subject=shown,
        hint="bring it up with: syncd db upgrade",
    )
