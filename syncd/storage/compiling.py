"""What SQLAlchemy makes of a prepared statement: for its driver at once, or as an entry of the file of those compiled beforehand."""

from collections.abc import Iterable

from sqlalchemy import Boolean, Dialect, Executable
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.types import BigInteger, Integer, LargeBinary, NullType, String, TypeEngine

from syncd.storage.prepared import NAMED, Compiled, Entry
from syncd.storage.types import Hashes, Items, Utc, Word
from syncd.storage.values import Processor


def compiled(statement: Executable, names: tuple[str, ...], dialect: Dialect) -> Compiled:
    compiler, columns = _compiler(statement, names, dialect)
    return Compiled(
        compiler.string,
        names=None if compiler.positiontup else names,
        places=_places(compiler, names),
        binders=_processors(_binder(compiler.binds[name].type, dialect) for name in names),
        readers=_processors(kind.dialect_impl(dialect).result_processor(dialect, None) for kind in columns),
    )


def entries() -> dict[str, Entry]:
    """What belongs into the file, of the statements whose modules are imported."""
    return {name: _entry(name) for name in sorted(NAMED)}


def _entry(name: str) -> Entry:
    prepared = NAMED[name]
    compiler, columns = _compiler(prepared.build("sqlite"), prepared.names, sqlite_dialect())
    given = [_kind(compiler.binds[value].type) for value in prepared.names]
    return Entry(
        text=compiler.string,
        places=list(_places(compiler, prepared.names)),
        binders=[(place, kind) for place, kind in enumerate(given) if kind and kind != "boolean"],
        readers=[(place, kind) for place, kind in enumerate(map(_kind, columns)) if kind],
    )


def _compiler(
    statement: Executable, names: tuple[str, ...], dialect: Dialect
) -> tuple[SQLCompiler, list[TypeEngine[object]]]:
    assert isinstance(statement, ClauseElement)
    compiler = statement.compile(dialect=dialect, column_keys=names)
    assert isinstance(compiler, SQLCompiler)
    if set(compiler.binds) != set(names):
        raise TypeError(f"the statement takes {sorted(compiler.binds)}, not {sorted(names)}")
    return compiler, [column.type for column in getattr(statement, "selected_columns", ())]


def _places(compiler: SQLCompiler, names: tuple[str, ...]) -> tuple[int, ...]:
    places = tuple(names.index(name) for name in compiler.positiontup or ())
    return () if places == tuple(range(len(names))) else places


def _kind(kind: TypeEngine[object]) -> str | None:
    """A column's kind as the file names it; None where its values go as they are."""
    match kind:
        case Utc():
            return "utc"
        case Items():
            return "items"
        case Hashes():
            return "hashes"
        case Word():
            return kind.members.__name__
        case Boolean():
            return "boolean"
        case String() | Integer() | BigInteger() | LargeBinary() | NullType():  # the last: a value of an IN
            return None
    raise TypeError(f"nothing says how a column of the kind {kind!r} is written without SQLAlchemy")


def _binder(kind: TypeEngine[object], dialect: Dialect) -> Processor | None:
    if isinstance(kind, Boolean):
        return None  # both drivers take it as it is
    return kind.dialect_impl(dialect).bind_processor(dialect)


def _processors(found: Iterable[Processor | None]) -> list[tuple[int, Processor]]:
    return [(place, processor) for place, processor in enumerate(found) if processor is not None]
