"""Statements that every look runs, compiled once for each database and handed to its driver as they are.

SQLAlchemy's own way to run a statement costs some 60 µs a call and 10 µs a row; SQLite needs a tenth of that. The statement, the
types of its values and those of its columns are SQLAlchemy's all the same, so both ways read and write the same rows.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import BindParameter, Boolean, Dialect, Executable, bindparam
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.types import TypeEngine

Processor = Callable[[Any], Any]


class Prepared:
    """One statement with named parameters; its values are given by position, in the order of `names`.

    `build` makes the statement for the dialect of that name. Shared by threads.
    """

    def __init__(self, build: Callable[[str], Executable], names: Sequence[str]) -> None:
        self._build = build
        self.names = tuple(names)
        self._compiled: dict[str, Compiled] = {}

    def compiled(self, dialect: Dialect) -> "Compiled":
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = Compiled(self._build(dialect.name), self.names, dialect)
        return found


class PreparedAmong:
    """A statement that names some values and then any number of others, for an IN.

    Prepared for 1, 2, 4, 8 ... of them: what is left of such a list is filled with its last value.
    """

    def __init__(self, build: Callable[[list[BindParameter[Any]]], Executable], names: Sequence[str] = ()) -> None:
        self._build = build
        self._names = tuple(names)
        self._sizes: dict[int, Prepared] = {}

    def among(self, values: list[Any]) -> tuple[Prepared, list[Any]]:
        """The statement for these values, and the values to give it."""
        size = 1 << (len(values) - 1).bit_length()
        found = self._sizes.get(size)
        if found is None:
            others = [f"value_{n}" for n in range(size)]
            statement = self._build([bindparam(name) for name in others])
            found = self._sizes[size] = Prepared(lambda _: statement, (*self._names, *others))
        return found, values + values[-1:] * (size - len(values))


class Compiled:
    """A statement's text for one driver, and what turns our values into the driver's and back."""

    __slots__ = ("_binders", "_names", "_places", "_readers", "text")

    def __init__(self, statement: Executable, names: tuple[str, ...], dialect: Dialect) -> None:
        assert isinstance(statement, ClauseElement)
        compiled = statement.compile(dialect=dialect, column_keys=names)
        assert isinstance(compiled, SQLCompiler)
        self.text = compiled.string
        if set(compiled.binds) != set(names):
            raise TypeError(f"the statement takes {sorted(compiled.binds)}, not {sorted(names)}")
        # Drivers take values by place (SQLite) or by name (psycopg).
        self._names = None if compiled.positiontup else names
        self._places = tuple(names.index(name) for name in compiled.positiontup or ())
        if self._places == tuple(range(len(names))):
            self._places = ()
        self._binders = _processors(_binder(compiled.binds[name].type, dialect) for name in names)
        columns = getattr(statement, "selected_columns", ())
        self._readers = _processors(
            column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns
        )

    def values(self, row: Sequence[Any]) -> Any:
        """What the driver is given for one row."""
        if self._binders:
            row = list(row)
            for place, binder in self._binders:
                if row[place] is not None:
                    row[place] = binder(row[place])
        if self._names is not None:
            return dict(zip(self._names, row, strict=True))
        return [row[place] for place in self._places] if self._places else row

    def read(self, row: Sequence[Any]) -> Sequence[Any]:
        """The columns of a row the driver gave, as our values."""
        if not self._readers:
            return row
        values = list(row)
        for place, reader in self._readers:
            if values[place] is not None:
                values[place] = reader(values[place])
        return values


def _binder(kind: TypeEngine[Any], dialect: Dialect) -> Processor | None:
    if isinstance(kind, Boolean):
        return None  # both drivers take it as it is
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _processors(found: Iterable[Processor | None]) -> tuple[tuple[int, Processor], ...]:
    return tuple((place, processor) for place, processor in enumerate(found) if processor is not None)
