"""The connections of one engine, and the transactions begun and ended on them."""

from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from syncd.storage.transaction import translated

_IN_TRANSACTION = 2  # PostgreSQL: a transaction that is open and has not failed (libpq, PQTRANS_INTRANS)


class Connections:
    """Shared by threads.

    Connections to SQLite stay with us between transactions: to check one out and in again costs more than most reads. Each is begun once
    through the library, which takes that transaction to last as long as the connection; ours begin and end on the driver. Connections to
    PostgreSQL are checked out each time, and found to be alive.
    """

    def __init__(self, engine: Engine, *, begin: str) -> None:
        self._engine = engine
        self._begin = begin
        self._keeps = engine.dialect.name == "sqlite"
        self._idle: list[Connection] = []
        self.errors = (engine.dialect.loaded_dbapi.Error, SQLAlchemyError)

    def begun(self) -> Connection:
        """A connection on which a transaction has begun."""
        try:
            connection = self._idle.pop()
        except IndexError:
            return self._opened()
        try:
            driver_of(connection).execute(self._begin)
        except self.errors as err:
            connection.close()
            raise translated(err) from err
        return connection

    def commit(self, connection: Connection) -> None:
        """End its transaction for good; the driver's or the library's errors are let through."""
        if self._keeps:
            driver_of(connection).commit()
        else:
            connection.commit()

    def stands(self, connection: Connection) -> bool:
        """Whether its transaction can still be committed. Databases end one of their own accord: SQLite on a full disk, PostgreSQL at any error."""
        driver = driver_of(connection)
        if self._keeps:
            return bool(driver.in_transaction)
        return bool(driver.info.transaction_status == _IN_TRANSACTION)

    def give_back(self, connection: Connection) -> None:
        """Roll back what was not committed; the connection serves the next one."""
        try:
            if self._keeps:
                driver_of(connection).rollback()
            else:
                connection.rollback()
        except self.errors:
            connection.invalidate()
        if self._keeps and not connection.invalidated:
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Close all connections that are not in use."""
        while self._idle:
            self._idle.pop().close()
        self._engine.dispose()

    def _opened(self) -> Connection:
        try:
            connection = self._engine.connect()
        except SQLAlchemyError as err:
            raise translated(err) from err
        try:
            connection.begin()
        except self.errors as err:
            connection.close()
            raise translated(err) from err
        return connection


def driver_of(connection: Connection) -> Any:
    """The driver's own connection."""
    return connection.connection.driver_connection
