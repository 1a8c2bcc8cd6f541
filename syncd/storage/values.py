"""How our values are kept in SQLite, and read again: for the column types, and for statements that are run without SQLAlchemy."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from syncd.domain.ledger import HASH_BYTES, LeafKind
from syncd.domain.model import Approval, Precision
from syncd.ports.records import PushState

Processor = Callable[[Any], Any]

_as_json = json.JSONEncoder().encode


def text_of(instant: datetime | None) -> str | None:
    if instant is None:
        return None
    if instant.tzinfo is None:
        raise ValueError(f"a naive datetime is never stored: {instant!r}")
    if instant.tzinfo is not UTC:
        instant = instant.astimezone(UTC)
    return instant.isoformat(" ", "microseconds")[:-6]  # without +00:00


def instant_of(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text + "+00:00")


def json_of(items: tuple[Any, ...] | None) -> str | None:
    if items is None:
        return None
    if not items:
        return "[]"
    plain = [item if type(item) is dict or not isinstance(item, Mapping) else dict(item) for item in items]
    return _as_json(plain)


def items_of(text: str | None) -> tuple[Any, ...] | None:
    return None if text is None else tuple(json.loads(text))


def joined(hashes: tuple[bytes, ...] | None) -> bytes | None:
    return None if hashes is None else b"".join(hashes)


def hashes_of(joint: bytes | None) -> tuple[bytes, ...] | None:
    if joint is None:
        return None
    return tuple(joint[at : at + HASH_BYTES] for at in range(0, len(joint), HASH_BYTES))


def word_of(members: type[StrEnum]) -> Processor:
    """Binds a member, or its word, as its word; any other word is a ValueError."""
    words = {member: member.value for member in members}

    def word(value: Any) -> str | None:
        return None if value is None else words[value] if type(value) is members else members(value).value

    return word


def truth_of(number: int | None) -> bool | None:
    return None if number is None else bool(number)


WORDS: Mapping[str, type[StrEnum]] = {
    members.__name__: members for members in (Approval, LeafKind, Precision, PushState)
}

# By the kind of a column: what binds a value, and what reads one. Texts, numbers and bytes go as they are.
BINDERS: Mapping[str, Processor] = {
    "utc": text_of,
    "items": json_of,
    "hashes": joined,
    **{name: word_of(members) for name, members in WORDS.items()},
}
READERS: Mapping[str, Processor] = {
    "utc": instant_of,
    "items": items_of,
    "hashes": hashes_of,
    "boolean": truth_of,
    **WORDS,
}
