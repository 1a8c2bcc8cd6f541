"""Opening the database, SQLite or PostgreSQL, with one writer at a time on both."""

import logging
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from syncd.errors import StorageError
from syncd.ports.clock import Clock
from syncd.storage.transaction import Transaction, translated
from syncd.storage.uow import SqlUnitOfWork

log = logging.getLogger(__name__)

REVISIONS = (
    "0001",
    "0002",
    "0003",
)  # the schema's revisions, oldest first: opening a database must not cost the import of Alembic
BUSY_TIMEOUT_S = 5.0  # SQLite: how long another process may hold the file
WRITER_TIMEOUT_S = 60.0  # how long a writer waits for the writers before it
_LONG_WRITE_S = 5.0


def parse_url(url: str) -> URL:
    """The address of a database as SQLAlchemy takes it; PostgreSQL is spoken to through psycopg."""
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


def sqlite_file(url: URL) -> Path | None:
    """The file of an SQLite database; None for PostgreSQL."""
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def make_write_engine(url: URL) -> Engine:
    """An engine with one connection, whose transactions take the write lock when they begin."""
    if sqlite_file(url) is None:
        arguments = postgresql_arguments("writer")
        return create_engine(url, pool_size=1, max_overflow=0, pool_pre_ping=True, connect_args=arguments)
    engine = create_engine(url, pool_size=1, max_overflow=0, connect_args=_SQLITE_ARGUMENTS)
    _at_connect(engine, "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON")
    # With a plain BEGIN two transactions that read and then write end in "database is locked" or in a lost update.
    _at_begin(engine, "BEGIN IMMEDIATE")
    return engine


def make_read_engine(url: URL) -> Engine:
    """An engine as wide as its readers; each transaction sees one state of the database and cannot write."""
    if sqlite_file(url) is None:
        engine = create_engine(
            url,
            pool_size=8,
            max_overflow=32,
            pool_pre_ping=True,  # a server that was restarted costs no job
            isolation_level="REPEATABLE READ",
            connect_args=postgresql_arguments("reader"),
        )
        return engine.execution_options(postgresql_readonly=True)
    engine = create_engine(url, pool_size=8, max_overflow=-1, connect_args=_SQLITE_ARGUMENTS)
    # SQLite before 3.51.3 can damage a WAL that two connections check-point at once: the writer alone does.
    _at_connect(engine, "query_only=ON", "wal_autocheckpoint=0")
    _at_begin(engine, "BEGIN")
    return engine


_SQLITE_ARGUMENTS: dict[str, Any] = {
    "check_same_thread": False,
    "isolation_level": None,  # the driver begins nothing by itself
    "timeout": BUSY_TIMEOUT_S,
}


def postgresql_arguments(role: str) -> dict[str, Any]:
    """How a connection is opened, and called in the server's own lists."""
    return {
        "application_name": f"syncd {role} {socket.gethostname()} {os.getpid()}"[:63],
        "options": f"-c lock_timeout={int(WRITER_TIMEOUT_S * 1000)} -c timezone=UTC",
    }


def _at_connect(engine: Engine, *pragmas: str) -> None:
    @event.listens_for(engine, "connect")
    def set_pragmas(connection: Any, _record: Any) -> None:
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}").close()


def _at_begin(engine: Engine, statement: str) -> None:
    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        driver.execute(statement)


class SqlDatabase:
    """Implements `ports.store.Database`: our database, shared by threads."""

    def __init__(self, url: URL, *, clock: Clock) -> None:
        self.url = url
        self._clock = clock
        self._writers = _Connections(make_write_engine(url))
        self._readers = _Connections(make_read_engine(url))
        self._lock = threading.Lock()
        self._writing_thread: int | None = None

    @contextmanager
    def write(self) -> Iterator[SqlUnitOfWork]:
        """One transaction that may write. Waits for the writers before it, at most a minute.

        Raises:
            StorageError: also where this thread writes already: it would wait for itself.
        """
        if self._writing_thread == threading.get_ident():
            raise StorageError(
                "this thread has a unit of work open that writes; a second one would wait for it for ever"
            )
        if not self._lock.acquire(timeout=WRITER_TIMEOUT_S):
            raise StorageError(f"another thread has been writing for {WRITER_TIMEOUT_S:.0f} s")
        self._writing_thread = threading.get_ident()
        began = self._clock.monotonic()
        try:
            with self._writers.transaction() as transaction:
                unit_of_work = SqlUnitOfWork(transaction)
                if self.url.get_backend_name() == "postgresql":
                    unit_of_work.ledger.lock()
                yield unit_of_work
        finally:
            self._writing_thread = None
            self._lock.release()
            if (lasted := self._clock.monotonic() - began) > _LONG_WRITE_S:
                log.warning("a unit of work held the writer for %.1f s", lasted)

    @contextmanager
    def read(self) -> Iterator[SqlUnitOfWork]:
        """One transaction that only reads, and sees the last commit before its first statement, unchanged to its end."""
        with self._readers.transaction() as transaction:
            yield SqlUnitOfWork(transaction)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back all connections that are not in use."""
        self._writers.close()
        self._readers.close()


class _Connections:
    """The transactions of one engine. Shared by threads.

    Connections to SQLite stay with us between transactions: to check one out and in again costs more than most reads. Those to
    PostgreSQL are checked out each time, and found to be alive.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._errors = (engine.dialect.loaded_dbapi.Error, SQLAlchemyError)
        self._keeps = engine.dialect.name == "sqlite"
        self._idle: list[Connection] = []

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A transaction; what was not committed in it is rolled back."""
        connection = self._begun()
        transaction = Transaction(connection)
        try:
            yield transaction
        except SQLAlchemyError as err:  # rows are fetched after their statement: a damaged page shows there
            raise translated(err) from err
        finally:
            transaction.open = False
            self._give_back(connection)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()
        self._engine.dispose()

    def _begun(self) -> Connection:
        try:
            connection = self._idle.pop() if self._idle else self._engine.connect()
        except IndexError:  # another thread was quicker
            connection = self._engine.connect()
        except SQLAlchemyError as err:
            raise translated(err) from err
        try:
            connection.begin()
        except self._errors as err:
            connection.close()
            raise translated(err) from err
        return connection

    def _give_back(self, connection: Connection) -> None:
        try:
            connection.rollback()
        except self._errors:
            connection.invalidate()
        if self._keeps and not connection.invalidated:
            self._idle.append(connection)
        else:
            connection.close()


def stored_revision(url: URL) -> str | None:
    """The schema's revision in the database; None where there is no schema or no file yet."""
    path = sqlite_file(url)
    if path is not None and not path.exists():
        return None
    engine = make_read_engine(url)
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            revision: str | None = connection.execute(
                text("SELECT version_num FROM alembic_version")
            ).scalar_one_or_none()
            return revision
    except SQLAlchemyError as err:
        raise translated(err) from err
    finally:
        engine.dispose()


def open_database(url: str, *, clock: Clock) -> SqlDatabase:
    """Open a database whose schema is the one this program knows. Creates and changes nothing.

    Raises:
        StorageError: no database, an older schema (the hint says how to bring it up), or a newer one.
    """
    parsed = parse_url(url)
    shown = parsed.render_as_string(hide_password=True)
    revision = stored_revision(parsed)
    if revision is None:
        raise StorageError("there is no syncd database here", subject=shown, hint="create it with: syncd init")
    if revision not in REVISIONS:
        raise StorageError(
            f"the database has schema {revision}, newer than this program knows ({REVISIONS[-1]})",
            subject=shown,
            hint="run the version of syncd that made it, or a later one",
        )
    if revision != REVISIONS[-1]:
        raise StorageError(
            f"the database has schema {revision}, this program needs {REVISIONS[-1]}",
            subject=shown,
            hint="bring it up with: syncd db upgrade",
        )
    return SqlDatabase(parsed, clock=clock)
