"""One open transaction, as the stores use it: statements in, rows out, the library's errors translated."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from functools import cache
from importlib import import_module
from itertools import islice
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from syncd.errors import StorageError
from syncd.storage.prepared import Prepared

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from sqlalchemy import Connection, CursorResult, Dialect, Executable, Insert, Row, Table

R = TypeVar("R", bound="DataclassInstance")
T = TypeVar("T")

IN_CHUNK = 5_000  # values in one IN (...): SQLite takes 32,766 parameters, PostgreSQL 65,535

# What the library and the drivers let through as it is: text that has no UTF-8 form, integers beyond 64 bits.
_PASSED_ON: tuple[type[Exception], ...] = (UnicodeError, OverflowError)


def library_errors() -> tuple[type[Exception], ...]:
    """What SQLAlchemy raises, to be asked when something has been raised: none of it where nothing has loaded it."""
    loaded = sys.modules.get("sqlalchemy.exc")
    return (loaded.SQLAlchemyError,) if loaded else ()


def translated(err: Exception) -> StorageError:
    """The same failure as an error of ours, without the statement and its values."""
    cause = getattr(err, "orig", None) or err
    seen = str(cause).strip().split("\n")[0]
    hint = None
    if "locked" in seen or "lock timeout" in seen:
        hint = "another program writes to the database; stop it, or try again when it is done"
    elif "disk is full" in seen or "No space left" in seen:
        hint = "free some space on the disk of the database; nothing of this transaction was kept"
    elif "malformed" in seen or "not a database" in seen:
        hint = "the file is damaged: stop the service, keep the file, and restore the database from a backup"
    elif "unsupported startup parameter" in seen:
        hint = "PgBouncer needs ignore_startup_parameters = options; or give the address of the database server itself"
    elif any(kind.__name__ == "OperationalError" for kind in type(err).__mro__):  # the library's, or the driver's
        hint = "see that the database is reachable and that its files may be written"
    return StorageError(f"the database refused: {seen}", hint=hint)


class Opened(Protocol):
    """A connection to the database: its driver's own, and SQLAlchemy's around it, made where a statement asks for it."""

    dialect: str
    driver: Any
    driver_error: type[Exception]

    def library(self) -> "Connection": ...


class Transaction:
    """Used by one thread. After its end every statement is refused, so that nothing is written to no transaction.

    `commit` makes it durable; without one there is nothing to be made durable. `failure` is what the database last refused.
    """

    def __init__(self, opened: Opened, *, commit: Callable[[], None] | None = None) -> None:
        self._opened = opened
        self._commit = commit
        self._dialect = opened.dialect
        self._driver: Any = opened.driver
        self._failures: tuple[type[Exception], ...] = (opened.driver_error, ValueError, *_PASSED_ON)
        self.open = True
        self.failure: Exception | None = None

    @property
    def _connection(self) -> "Connection":
        return self._opened.library()

    def _library_dialect(self) -> "Dialect":
        return self._connection.dialect

    def execute(
        self, statement: "Executable", rows: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> "CursorResult[Any]":
        if not self.open:
            raise StorageError("this unit of work has ended")
        try:
            return self._connection.execute(statement, rows)
        except library_errors() + _PASSED_ON as err:
            raise self._refused(err) from err

    def rows(self, statement: Prepared, values: Sequence[Any] = ()) -> list[Sequence[Any]]:
        """The rows of a prepared query."""
        if not self.open:
            raise StorageError("this unit of work has ended")
        compiled = statement.compiled(self._dialect, self._library_dialect)
        try:
            return [compiled.read(row) for row in self._driver.execute(compiled.text, compiled.values(values))]
        except self._failures as err:
            raise self._refused(err) from err

    def run(self, statement: Prepared, *rows: Sequence[Any]) -> int:
        """Run a prepared statement once for each row of values; how many rows were concerned."""
        if not self.open:
            raise StorageError("this unit of work has ended")
        compiled = statement.compiled(self._dialect, self._library_dialect)
        cursor = self._driver.cursor()
        try:
            if len(rows) == 1:
                cursor.execute(compiled.text, compiled.values(rows[0]))
            elif rows:
                cursor.executemany(compiled.text, [compiled.values(row) for row in rows])
            return int(cursor.rowcount)
        except self._failures as err:
            raise self._refused(err) from err
        finally:
            cursor.close()

    def insert_new(self, table: "Table") -> "Insert":
        """An INSERT that leaves alone what is there already under the same key."""
        return insert_new(self._dialect, table)

    def insert_or_replace(self, table: "Table", *, by: tuple[str, ...], kept: tuple[str, ...] = ()) -> "Insert":
        """An INSERT that replaces what is there already with the same `by`, all but its id and the columns `kept`."""
        return insert_or_replace(self._dialect, table, by, kept)

    def insert_or_advance(self, table: "Table", column: str) -> "Insert":
        """An INSERT that, where the key is there already, only moves `column` up."""
        return insert_or_advance(self._dialect, table, column)

    def commit(self) -> None:
        if not self.open:
            raise StorageError("this unit of work has ended")
        self.open = False
        if self._commit is not None:
            self._commit()

    def _refused(self, err: Exception) -> StorageError:
        self.failure = err
        if self._dialect == "sqlite" and not self._driver.in_transaction:
            # On a full disk SQLite may have rolled back all of it: what came next would be committed by itself.
            self.open = False
        return translated(err)


@cache
def _insert_of(dialect: str) -> "Callable[[Table], Any]":
    """The INSERT of one database; what belongs to the other is not loaded: PostgreSQL's dialect costs every start 25 ms."""
    insert: Callable[[Table], Any] = import_module(f"sqlalchemy.dialects.{dialect}").insert
    return insert


# Building a statement of twenty columns costs more than running it: each is built once.
@cache
def insert_new(dialect: str, table: "Table") -> "Insert":
    statement: Insert = _insert_of(dialect)(table).on_conflict_do_nothing()
    return statement


@cache
def insert_or_replace(dialect: str, table: "Table", by: tuple[str, ...], kept: tuple[str, ...] = ()) -> "Insert":
    added = _insert_of(dialect)(table)
    left = {"id", *by, *kept}
    replaced = {column.name: added.excluded[column.name] for column in table.c if column.name not in left}
    statement: Insert = added.on_conflict_do_update(index_elements=by, set_=replaced)
    return statement


@cache
def insert_or_advance(dialect: str, table: "Table", column: str) -> "Insert":
    added = _insert_of(dialect)(table)
    statement: Insert = added.on_conflict_do_update(
        index_elements=table.primary_key.columns,
        set_={column: added.excluded[column]},
        where=added.excluded[column] > table.c[column],
    )
    return statement


def values_of(record: "DataclassInstance", *, without: Iterable[str] = ("id",)) -> dict[str, Any]:
    """A record's fields by column name."""
    left_out = set(without)
    return {
        field.name: dict(value) if isinstance(value := getattr(record, field.name), Mapping) else value
        for field in fields(record)
        if field.name not in left_out
    }


def record_of(kind: type[R], row: "Row[Any] | None") -> R | None:
    """The row as a record; None for no row."""
    return None if row is None else records_of(kind, [row])[0]


def records_of(kind: type[R], rows: "Iterable[Row[Any]]") -> list[R]:
    """The rows as records, in the same order. Columns that the record lacks are passed over."""
    found = rows.all() if hasattr(rows, "all") else list(rows)
    if not found:
        return []
    names = [field.name for field in fields(kind)]
    picked = itemgetter(*map(found[0]._fields.index, names))
    return [kind(**dict(zip(names, picked(row), strict=True))) for row in found]


def names_of(kind: type["DataclassInstance"], *, without: Iterable[str] = ("id",)) -> tuple[str, ...]:
    """The names of a record's fields: its columns."""
    left_out = set(without)
    return tuple(field.name for field in fields(kind) if field.name not in left_out)


def chunks(values: Iterable[T], size: int = IN_CHUNK) -> Iterator[list[T]]:
    """The values in lists of at most `size`, so that one statement never has too many parameters."""
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk
