"""What is read out of an answer: a path into its JSON, then filters that make a value of what stands there: `$.title.raw|text`."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from difflib import get_close_matches
from functools import lru_cache
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from adapters.json_path import JsonPath

_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")
_DOTNET = re.compile(r"/Date\((-?\d{1,16})(?:[+-]\d{4})?\)/")
_PRINTED = (
    "%d/%m/%Y %H %M",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%H:%M %d/%m/%Y",
    "%d/%m/%Y",
    "%d-%m-%Y %H:%M:%S",
    "%d-%m-%Y",
)
_MILLISECONDS = 100_000_000_000  # a larger number counts them: as seconds it would be the year 5138


def _text(value: Any) -> Any:
    return unescape(value) if isinstance(value, str) else value


def _tail(value: Any) -> Any:
    """The last part of an address's path."""
    return value.rstrip("/").rsplit("/", 1)[-1] if isinstance(value, str) else value


def _date(zone: tzinfo) -> Callable[[Any], Any]:
    return lambda value: instant(value, zone)


VALUE_FILTERS: dict[str, Callable[[Any], Any]] = {
    "text": _text,  # HTML's entities as the signs they stand for
    "tail": _tail,
    "lower": lambda value: value.lower() if isinstance(value, str) else value,
    "utc": _date(UTC),  # a date without a zone is UTC
}


@dataclass(frozen=True, slots=True)
class ValueSpec:
    """Paths with their filters: `$.title|text`; several joined by ` + ` are one text, with a space between them."""

    parts: tuple[tuple[JsonPath, tuple[str, ...]], ...]

    @classmethod
    @lru_cache(maxsize=512)
    def of(cls, text: str) -> "ValueSpec":
        """Read one. Raises ValueError, with what is wrong."""
        return cls(tuple(_part(each) for each in text.split(" + ")))

    def first(self, document: Any) -> Any:
        """The first value there is; None where there is none."""
        (path, filters), *more = self.parts
        value = _filtered(path.first(document), filters)
        if not more:
            return value
        texts = [plain(value), *(plain(_filtered(path.first(document), filters)) for path, filters in more)]
        return " ".join(text for text in texts if text)

    def all(self, document: Any) -> list[Any]:
        """Every value that the first path finds."""
        path, filters = self.parts[0]
        return [_filtered(value, filters) for value in path.all(document)]


def _part(text: str) -> tuple[JsonPath, tuple[str, ...]]:
    path, *filters = text.split("|") if '"' not in text and "'" not in text else _quoted_parts(text)
    names = tuple(name.strip() for name in filters)
    for name in names:
        if name not in VALUE_FILTERS:
            near = get_close_matches(name, VALUE_FILTERS, n=1)
            told = f'did you mean "{near[0]}"?' if near else f"known: {', '.join(VALUE_FILTERS)}"
            raise ValueError(f"there is no filter {name!r} for what is read; {told}")
    return JsonPath.of(path.strip()), names


def _filtered(value: Any, filters: tuple[str, ...]) -> Any:
    for name in filters:
        value = VALUE_FILTERS[name](value)
    return value


def _quoted_parts(text: str) -> list[str]:
    """Split at bars that stand behind the last quote."""
    end = max(text.rfind('"'), text.rfind("'")) + 1
    head, *rest = text[end:].split("|")
    return [text[:end] + head, *rest]


def plain(value: Any) -> str:
    """A value as text: a number as it is written, true as `true`, anything that is no single value as nothing."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) else ""


def same(found: Any, wanted: Any) -> bool:
    """Whether an answer says what a configuration expects; `"1"` and 1 are the same, and null is `""`."""
    if wanted == "":
        return found is None or found == ""
    return found == wanted or (found is not None and plain(found) == plain(wanted) != "")


def instant(value: Any, zone: tzinfo) -> datetime | None:
    """A date as an API prints it, in UTC: ISO 8601, seconds or milliseconds since 1970, .NET's, or day/month/year. None where there is none.

    Raises:
        ValueError: something stands there that is no date.
    """
    if value is None or value == "" or isinstance(value, bool):
        return None
    if isinstance(value, datetime):
        return value
    text = plain(value).strip()
    found = _DOTNET.fullmatch(text)
    if found or re.fullmatch(r"-?\d{9,14}(\.\d+)?", text):
        number = float(found[1] if found else text)
        seconds = number / 1000 if found or abs(number) > _MILLISECONDS else number
        try:
            return datetime.fromtimestamp(seconds, UTC)
        except (OverflowError, OSError) as err:
            raise ValueError(f"{text!r} is no date") from err
    if text.startswith("0000-00-00"):  # what MySQL keeps where there is none
        return None
    made = _written(text)
    if made is None:
        raise ValueError(f"{text[:60]!r} is no date")
    try:
        return (made if made.tzinfo else made.replace(tzinfo=zone)).astimezone(UTC)
    except OverflowError as err:
        raise ValueError(f"{text!r} is no date") from err


def _written(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    for pattern in _PRINTED:
        try:
            return datetime.strptime(text, pattern)
        except ValueError:
            continue
    return None


def zone_of(text: str) -> tzinfo:
    """`+07:00`, `UTC` or a name such as `Asia/Ho_Chi_Minh`. Raises ValueError for what is none."""
    found = _OFFSET.fullmatch(text)
    if found:
        offset = timedelta(hours=int(found[2]), minutes=int(found[3]))
        return timezone(-offset if found[1] == "-" else offset)
    try:
        return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as err:
        raise ValueError(f"{text!r} is no time zone") from err


def document_of(body: bytes) -> Any:
    """The JSON of an answer; None where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
