"""What a look asks of SQLite is compiled beforehand, to the letter as SQLAlchemy compiles it, and with its values."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Boolean, LargeBinary, Text
from sqlalchemy.dialects import sqlite
from sqlalchemy.types import TypeEngine

from syncd.domain.ledger import HASH_BYTES
from syncd.domain.model import Precision
from syncd.storage import census, ledger, lists, posts, pushes, sources
from syncd.storage.compiling import compiled, entries
from syncd.storage.prepared import COMPILED, NAMED, Compiled, beforehand
from syncd.storage.types import Hashes, Items, Utc, Word
from syncd.storage.values import BINDERS, READERS

STORES = (census, ledger, lists, posts, pushes, sources)
AT = datetime(2026, 10, 31, 17, 0, 0, 12, tzinfo=UTC)
DIALECT: Any = sqlite.dialect()
KINDS: list[tuple[str, TypeEngine[Any], Any]] = [
    ("utc", Utc(), AT),
    ("items", Items(), ("một", {"url": "https://ban-a.vidu.example/ảnh.jpg"})),
    ("items", Items(), ()),
    ("hashes", Hashes(), (b"a" * HASH_BYTES, b"b" * HASH_BYTES)),
    ("boolean", Boolean(), True),
    ("Precision", Word(Precision), Precision.DAY),
    ("plain", Text(), "chữ"),
    ("plain", LargeBinary(), b"\x00\xff"),
]


def test_the_file_holds_what_sqlalchemy_makes_of_the_statements() -> None:
    made = json.loads(json.dumps(entries()))
    assert made == beforehand(), "run scripts/compile_statements.py"
    assert {name.split(".")[0] for name in made} == {store.__name__.rpartition(".")[2] for store in STORES}
    assert COMPILED.stat().st_size < 64_000


@pytest.mark.parametrize("name", sorted(beforehand()))
def test_a_statement_takes_as_many_values_in_the_same_order_as_when_compiled_here(name: str) -> None:
    prepared = NAMED[name]
    here = compiled(prepared.build("sqlite"), prepared.names, DIALECT)
    there = Compiled.from_entry(beforehand()[name])
    nothing: list[Any] = [None] * len(prepared.names)
    assert there.text == here.text
    assert list(there.values(nothing)) == list(here.values(nothing))
    assert there._places == here._places
    if prepared.build("sqlite").is_select:
        assert [place for place, _ in there._readers] == [place for place, _ in here._readers]


@pytest.mark.parametrize(
    ("name", "kind", "value"), KINDS, ids=[f"{name}-{number}" for number, (name, *_) in enumerate(KINDS)]
)
def test_a_value_is_kept_as_sqlalchemy_keeps_it_and_read_as_it_reads_it(
    name: str, kind: TypeEngine[Any], value: Any
) -> None:
    bind = kind.dialect_impl(DIALECT).bind_processor(DIALECT) or (lambda plain: plain)
    read = kind.dialect_impl(DIALECT).result_processor(DIALECT, None) or (lambda plain: plain)
    ours = BINDERS.get(name, lambda plain: plain)(value)
    theirs = bind(value)
    assert ours == (bytes(theirs) if isinstance(theirs, memoryview) else theirs)
    assert READERS.get(name, lambda plain: plain)(ours) == read(ours) == value
