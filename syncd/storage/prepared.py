"""Statements that every look runs, compiled once for each database and handed to its driver as they are.

SQLAlchemy's own way to run a statement costs some 60 µs a call and 10 µs a row; SQLite needs a tenth of that. The statement, the
types of its values and those of its columns are SQLAlchemy's all the same, so both ways read and write the same rows.

What a look asks of SQLite lies compiled in `sqlite_statements.json`, as bytecode lies beside a module: a command that asks no more
than that does not load SQLAlchemy, which is a third of what it takes to start. `scripts/compile_statements.py` writes the file, and a
test holds it equal to what SQLAlchemy makes of the statements.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from syncd.storage.values import BINDERS, READERS, Processor

if TYPE_CHECKING:
    from sqlalchemy import BindParameter, Dialect, Executable

COMPILED = Path(__file__).with_name("sqlite_statements.json")
COMPILED_SIZES = (1, 2, 4, 8, 16, 32, 64, 128)  # of lists for an IN


class Prepared:
    """One statement with named parameters; its values are given by position, in the order of `names`.

    `build` makes the statement for the dialect of that name. `name` is what it is called among those compiled beforehand, where it
    belongs to them. Shared by threads.
    """

    def __init__(self, build: "Callable[[str], Executable]", names: Sequence[str], *, name: str = "") -> None:
        self.build = build
        self.names = tuple(names)
        self.name = name
        self._compiled: dict[str, Compiled] = {}
        if name:
            NAMED[name] = self

    def compiled(self, dialect: str, library: "Callable[[], Dialect]") -> "Compiled":
        """The statement for the dialect of that name; `library` gives SQLAlchemy's, where it has to be compiled here."""
        found = self._compiled.get(dialect)
        if found is None:
            found = self._compiled[dialect] = self._found(dialect, library)
        return found

    def _found(self, dialect: str, library: "Callable[[], Dialect]") -> "Compiled":
        if dialect == "sqlite" and self.name in beforehand():
            return Compiled.from_entry(beforehand()[self.name])
        from syncd.storage.compiling import compiled

        return compiled(self.build(dialect), self.names, library())


class PreparedAmong:
    """A statement that names some values and then any number of others, for an IN.

    Prepared for 1, 2, 4, 8 ... of them: what is left of such a list is filled with its last value.
    """

    def __init__(
        self, build: "Callable[[list[BindParameter[Any]]], Executable]", names: Sequence[str] = (), *, name: str = ""
    ) -> None:
        self._build = build
        self._names = tuple(names)
        self._name = name
        self._sizes: dict[int, Prepared] = {}
        if name:
            for size in COMPILED_SIZES:
                self._sizes[size] = self._of_size(size)

    def among(self, values: list[Any]) -> tuple[Prepared, list[Any]]:
        """The statement for these values, and the values to give it."""
        size = 1 << (len(values) - 1).bit_length()
        found = self._sizes.get(size)
        if found is None:
            found = self._sizes[size] = self._of_size(size)
        return found, values + values[-1:] * (size - len(values))

    def _of_size(self, size: int) -> Prepared:
        others = [f"value_{n}" for n in range(size)]

        def build(_: str) -> "Executable":
            from sqlalchemy import bindparam

            return self._build([bindparam(name) for name in others])

        named = f"{self._name}/{size}" if self._name and size in COMPILED_SIZES else ""
        return Prepared(build, (*self._names, *others), name=named)


NAMED: dict[str, Prepared] = {}  # those that are compiled beforehand, once the modules they stand in are imported


class Entry(TypedDict):
    """One statement of the file: its text, its values in the order of the text where that is another one, and by place the kinds of
    values and columns that do not go as they are (`values.BINDERS`, `values.READERS`)."""

    text: str
    places: list[int]
    binders: list[tuple[int, str]]
    readers: list[tuple[int, str]]


@cache
def beforehand() -> Mapping[str, Entry]:
    """What was compiled beforehand, by name."""
    found: Mapping[str, Entry] = json.loads(COMPILED.read_text(encoding="utf-8"))
    return found


class Compiled:
    """A statement's text for one driver, and what turns our values into the driver's and back.

    Drivers take values by place (SQLite), in the order of `places` where they stand otherwise in the text, or by name (psycopg).
    """

    __slots__ = ("_binders", "_names", "_places", "_readers", "text")

    def __init__(
        self,
        text: str,
        *,
        names: tuple[str, ...] | None,
        places: Sequence[int],
        binders: Iterable[tuple[int, Processor]],
        readers: Iterable[tuple[int, Processor]],
    ) -> None:
        self.text = text
        self._names = names
        self._places = tuple(places)
        self._binders = tuple(binders)
        self._readers = tuple(readers)

    @classmethod
    def from_entry(cls, entry: Entry) -> "Compiled":
        return cls(
            entry["text"],
            names=None,
            places=entry["places"],
            binders=[(place, BINDERS[kind]) for place, kind in entry["binders"]],
            readers=[(place, READERS[kind]) for place, kind in entry["readers"]],
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
