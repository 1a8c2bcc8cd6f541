"""Our column types write on SQLite, in one step, what the library's own would write."""

import json
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import JSON
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

from syncd.domain.model import Precision
from syncd.storage.types import Items, Utc, Word

SQLITE = sqlite.dialect()
ZONES = st.builds(timezone, st.timedeltas(timedelta(hours=-23), timedelta(hours=23)))


def written(kind: TypeEngine[Any], value: object, dialect: Any = SQLITE) -> Any:
    processor = kind.dialect_impl(dialect).bind_processor(dialect)
    return processor(value) if processor else value


def read(kind: TypeEngine[Any], value: object) -> Any:
    processor = kind.dialect_impl(SQLITE).result_processor(SQLITE, None)
    return processor(value) if processor else value


@given(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=ZONES | st.just(UTC)))
def test_an_instant_is_written_as_the_library_writes_it_and_read_again(instant: datetime) -> None:
    text = written(Utc(), instant)
    assert text == written(sqlite.DATETIME(), instant.astimezone(UTC).replace(tzinfo=None))
    assert read(Utc(), text) == instant
    assert read(Utc(), text).tzinfo is UTC


@given(st.tuples() | st.lists(st.dictionaries(st.text(), st.text()) | st.text()).map(tuple))
def test_items_are_written_as_a_list_of_json(items: tuple[Any, ...]) -> None:
    text = written(Items(), items)
    assert text == written(JSON(), list(items)) == json.dumps(list(items))
    assert read(Items(), text) == items
    kept = tuple(MappingProxyType(item) if isinstance(item, dict) else item for item in items)
    assert written(Items(), kept) == text


@pytest.mark.parametrize("dialect", [SQLITE, postgresql.dialect()], ids=["sqlite", "postgresql"])
def test_a_word_is_written_as_plain_text_and_no_other_word_is(dialect: Any) -> None:
    for member in Precision:
        for given_as in (member, str(member.value)):
            text = written(Word(Precision), given_as, dialect)
            assert (text, type(text)) == (member.value, str)
        assert read(Word(Precision), member.value) is member
    with pytest.raises(ValueError, match="nonsense"):
        written(Word(Precision), "nonsense", dialect)


@pytest.mark.parametrize("kind", [Utc(), Word(Precision), Items()], ids=repr)
def test_nothing_is_written_as_nothing(kind: TypeEngine[Any]) -> None:
    assert written(kind, None) is None
    assert read(kind, None) is None


def test_a_naive_instant_is_refused() -> None:
    for dialect in (SQLITE, postgresql.dialect()):
        with pytest.raises(ValueError, match="naive"):
            written(Utc(), datetime(2026, 10, 31), dialect)
