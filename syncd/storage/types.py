"""Column types that keep our values whole on both databases."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Integer, LargeBinary, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from syncd.storage.values import hashes_of, instant_of, joined, json_of, text_of, word_of

RowId = BigInteger().with_variant(Integer, "sqlite")  # SQLite counts up by itself in an INTEGER key only

E = TypeVar("E", bound=StrEnum)


class Json(TypeDecorator[Any]):
    """A JSON document; None is SQL NULL, not the JSON word null."""

    impl = JSON
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            from sqlalchemy.dialects.postgresql import JSONB  # costs every start 25 ms, and SQLite never needs it

            return dialect.type_descriptor(JSONB(none_as_null=True))
        return dialect.type_descriptor(JSON(none_as_null=True))


class Utc(TypeDecorator[datetime]):
    """An instant, aware, in UTC, to the microsecond. A naive one is refused.

    SQLite keeps it as text of fixed width, `2026-10-31 17:00:00.000000`, so that text order is time order.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """For PostgreSQL, whose driver takes instants as they are."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a naive datetime is never stored: {value!r}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    # On SQLite write and read the text in one step: a look writes hundreds of instants, a table of figures reads hundreds of thousands.

    def bind_processor(self, dialect: Dialect) -> Any:
        return text_of if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        return instant_of if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


class Word(TypeDecorator[E]):
    """A member of a closed set, kept as its word."""

    impl = Text
    cache_ok = True

    def __init__(self, members: type[E]) -> None:
        super().__init__()
        self.members = members

    def process_bind_param(self, value: E | None, dialect: Dialect) -> str | None:
        return None if value is None else self.members(value).value

    def bind_processor(self, dialect: Dialect) -> Any:
        """A text is bound as it is: nothing further is asked of the type beneath."""
        return word_of(self.members)

    def process_result_value(self, value: str | None, dialect: Dialect) -> E | None:
        return None if value is None else self.members(value)


class Items(TypeDecorator[tuple[Any, ...]]):
    """A tuple of texts or of mappings, kept as a JSON list."""

    impl = Json
    cache_ok = True

    def process_bind_param(self, value: tuple[Any, ...] | None, dialect: Dialect) -> list[Any] | None:
        if value is None:
            return None
        return [dict(item) if isinstance(item, Mapping) else item for item in value]

    def bind_processor(self, dialect: Dialect) -> Any:
        """On SQLite in one step too: most posts have no files, many no pictures."""
        return json_of if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_result_value(self, value: list[Any] | None, dialect: Dialect) -> tuple[Any, ...] | None:
        return None if value is None else tuple(value)


class Hashes(TypeDecorator[tuple[bytes, ...]]):
    """Hashes in order, kept as their bytes one after the other."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: tuple[bytes, ...] | None, dialect: Dialect) -> bytes | None:
        return joined(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> tuple[bytes, ...] | None:
        return hashes_of(value)
