"""One open transaction, as the stores use it: statements in, rows out, the library's errors translated."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection, CursorResult, Executable, Row, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError, SQLAlchemyError, StatementError

from syncd.errors import StorageError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R", bound="DataclassInstance")
T = TypeVar("T")

IN_CHUNK = 5_000  # values in one IN (...): SQLite takes 32,766 parameters, PostgreSQL 65,535

# What the library lets through as it is: text that has no UTF-8 form, integers beyond 64 bits.
FAILURES = (SQLAlchemyError, UnicodeError, OverflowError)


def translated(err: Exception) -> StorageError:
    """The same failure as an error of ours, without the statement and its values."""
    cause = err.orig if isinstance(err, StatementError) and err.orig is not None else err
    seen = str(cause).strip().split("\n")[0]
    hint = None
    if "locked" in seen or "lock timeout" in seen:
        hint = "another program writes to the database; stop it, or try again when it is done"
    elif "disk is full" in seen or "No space left" in seen:
        hint = "free some space on the disk of the database; nothing of this transaction was kept"
    elif isinstance(err, OperationalError):
        hint = "see that the database is reachable and that its files may be written"
    return StorageError(f"the database refused: {seen}", hint=hint)


class Transaction:
    """Used by one thread. After its end every statement is refused, so that nothing is written to no transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
        self.open = True

    def execute(
        self, statement: Executable, rows: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
    ) -> CursorResult[Any]:
        if not self.open:
            raise StorageError("this unit of work has ended")
        try:
            return self._connection.execute(statement, rows)
        except FAILURES as err:
            raise translated(err) from err

    def insert(self, table: Table) -> "sqlite.Insert | postgresql.Insert":
        """An INSERT that knows `on_conflict_do_update` and `on_conflict_do_nothing`, alike on both databases."""
        return self._insert(table)

    def commit(self) -> None:
        if not self.open:
            raise StorageError("this unit of work has ended")
        self.open = False
        try:
            self._connection.commit()
        except FAILURES as err:
            raise translated(err) from err


def values_of(record: "DataclassInstance", *, without: Iterable[str] = ("id",)) -> dict[str, Any]:
    """A record's fields by column name."""
    left_out = set(without)
    return {
        field.name: dict(value) if isinstance(value := getattr(record, field.name), Mapping) else value
        for field in fields(record)
        if field.name not in left_out
    }


def record_of(kind: type[R], row: Row[Any] | None) -> R | None:
    """The row as a record; None for no row."""
    return None if row is None else records_of(kind, [row])[0]


def records_of(kind: type[R], rows: Iterable[Row[Any]]) -> list[R]:
    """The rows as records, in the same order. Columns that the record lacks are passed over."""
    found = list(rows)
    if not found:
        return []
    names = [field.name for field in fields(kind)]
    places = [found[0]._fields.index(name) for name in names]
    return [kind(**{name: row[place] for name, place in zip(names, places, strict=True)}) for row in found]


def chunks(values: Iterable[T], size: int = IN_CHUNK) -> Iterator[list[T]]:
    """The values in lists of at most `size`, so that one statement never has too many parameters."""
    rest = iter(values)
    while chunk := list(islice(rest, size)):
        yield chunk
