"""The connections to one database, and the transactions begun and ended on them."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from syncd.storage.transaction import Opened, library_errors, translated

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

BUSY_TIMEOUT_S = 5.0  # SQLite: how long another process may hold the file
_IN_TRANSACTION = 2  # PostgreSQL: a transaction that is open and has not failed (libpq, PQTRANS_INTRANS)


class Connections(Protocol):
    """Shared by threads. `errors` are those of the driver, and the library's."""

    @property
    def errors(self) -> tuple[type[Exception], ...]: ...

    def begun(self) -> Opened:
        """A connection on which a transaction has begun."""

    def commit(self, connection: Any) -> None:
        """End its transaction for good; the driver's or the library's errors are let through."""

    def stands(self, connection: Any) -> bool:
        """Whether its transaction can still be committed. Databases end one of their own accord: SQLite on a full disk, PostgreSQL at any error."""

    def give_back(self, connection: Any) -> None:
        """Roll back what was not committed; the connection serves the next one."""

    def close(self) -> None:
        """Close all connections that are not in use."""


class SqliteConnection:
    """One connection to a file. Used by one thread at a time."""

    dialect: str = "sqlite"
    driver_error: type[Exception] = sqlite3.Error
    driver: Any

    def __init__(
        self, path: Path, pragmas: tuple[str, ...], adopt: Callable[[sqlite3.Connection], "Connection"]
    ) -> None:
        # isolation_level: the driver begins nothing by itself
        self.driver = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=BUSY_TIMEOUT_S)
        try:
            for pragma in pragmas:
                self.driver.execute(f"PRAGMA {pragma}").close()
        except sqlite3.Error:
            self.driver.close()
            raise
        self._adopt = adopt
        self._library: Connection | None = None

    def library(self) -> "Connection":
        """SQLAlchemy's connection around ours. It takes its transaction to last as long as the connection; ours begin and end on the driver."""
        if self._library is None:
            self._library = self._adopt(self.driver)
            self._library.begin()
        return self._library

    def close(self) -> None:
        if self._library is not None:
            with suppress(*library_errors()):
                self._library.close()
        self.driver.close()


class SqliteConnections:
    """Connections stay with us between transactions: to open one costs more than most reads."""

    def __init__(self, path: Path, *pragmas: str, begin: str) -> None:
        self._path = path
        self._pragmas = pragmas
        self._begin = begin
        self._idle: list[SqliteConnection] = []
        self._engine: Engine | None = None
        self._adopting = threading.Lock()
        self._adopted: sqlite3.Connection

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        return (sqlite3.Error, *library_errors())

    def begun(self) -> SqliteConnection:
        try:
            connection = self._idle.pop() if self._idle else self._opened()
        except IndexError:  # another thread took it
            connection = self._opened()
        try:
            connection.driver.execute(self._begin)
        except sqlite3.Error as err:
            connection.close()
            raise translated(err) from err
        return connection

    def commit(self, connection: SqliteConnection) -> None:
        connection.driver.commit()

    def stands(self, connection: SqliteConnection) -> bool:
        return bool(connection.driver.in_transaction)

    def give_back(self, connection: SqliteConnection) -> None:
        try:
            connection.driver.rollback()
        except sqlite3.Error:
            with suppress(sqlite3.Error):
                connection.close()
        else:
            self._idle.append(connection)

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()
        if self._engine is not None:
            self._engine.dispose()

    def _opened(self) -> SqliteConnection:
        try:
            return SqliteConnection(self._path, self._pragmas, self._around)
        except sqlite3.Error as err:
            raise translated(err) from err

    def _around(self, driver: sqlite3.Connection) -> "Connection":
        from sqlalchemy import create_engine
        from sqlalchemy.pool import NullPool

        with self._adopting:
            if self._engine is None:
                self._engine = create_engine("sqlite://", poolclass=NullPool, creator=lambda: self._adopted)
                # The library looks at its first connection, and rolls it back: that must not be one with a transaction of ours.
                self._adopted = sqlite3.connect(":memory:")
                self._engine.connect().close()
            self._adopted = driver
            return self._engine.connect()


class ServerConnection:
    """One connection to PostgreSQL, checked out of the library's pool."""

    dialect: str = "postgresql"

    def __init__(self, connection: "Connection") -> None:
        self._library = connection
        self.driver: Any = connection.connection.driver_connection
        self.driver_error: type[Exception] = connection.dialect.loaded_dbapi.Error

    def library(self) -> "Connection":
        return self._library


class ServerConnections:
    """Connections to PostgreSQL are checked out each time, and found to be alive."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self.errors: tuple[type[Exception], ...] = (engine.dialect.loaded_dbapi.Error, *library_errors())

    def begun(self) -> ServerConnection:
        try:
            connection = self._engine.connect()
        except self.errors as err:
            raise translated(err) from err
        try:
            connection.begin()
            return ServerConnection(connection)
        except self.errors as err:
            connection.close()
            raise translated(err) from err

    def commit(self, connection: ServerConnection) -> None:
        connection.library().commit()

    def stands(self, connection: ServerConnection) -> bool:
        return bool(connection.driver.info.transaction_status == _IN_TRANSACTION)

    def give_back(self, connection: ServerConnection) -> None:
        library = connection.library()
        try:
            library.rollback()
        except self.errors:
            library.invalidate()
        library.close()

    def close(self) -> None:
        self._engine.dispose()
