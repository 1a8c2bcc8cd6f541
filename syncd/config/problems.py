"""Turns what validation finds into problems an operator can act on: key path, message, hint."""

import difflib
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from pydantic import ValidationError

from syncd.errors import ConfigError


def key_path(prefix: str, location: Sequence[str | int]) -> str:
    """`units`, 3, `sources`, 0, `url` -> `units[3].sources[0].url`."""
    path = prefix
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else (f".{part}" if path else str(part))
    return path


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that names the known key nearest to `name`, or all of them."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f'did you mean "{close[0]}"?' if close else f"known keys: {', '.join(names)}"


def unknown_keys(table: dict[str, Any], known: Collection[str], prefix: str) -> list[ConfigError]:
    if table.keys() <= set(known):
        return []
    return [
        ConfigError(f'unknown key "{name}"', key=key_path(prefix, [name]), hint=nearest(name, known))
        for name in table
        if name not in known
    ]


def from_validation(
    error: ValidationError, prefix: str, known: Iterable[str], values: dict[str, Any] | None = None
) -> list[ConfigError]:
    """One problem per finding of pydantic. Values are not repeated: they may be secret.

    `values` are what was validated: where a key may be a word or a table, only what concerns the one that was given is told.
    """
    names = list(known)
    problems = []
    for item in error.errors(include_url=False, include_context=True, include_input=False):
        location = [part for part in item["loc"] if isinstance(part, int) or not part.startswith("function-")]
        if values is not None:
            narrowed = _of_what_was_given(location, values)
            if narrowed is None:
                continue
            location = narrowed
        key = key_path(prefix, location)
        match item["type"]:
            case "missing" | "missing_argument" | "missing_keyword_only_argument":
                problems.append(ConfigError("is missing", key=key, hint="add it; see config.example.toml"))
            case "extra_forbidden" | "unexpected_keyword_argument":
                name = str(location[-1])
                problems.append(ConfigError(f'unknown key "{name}"', key=key, hint=nearest(name, names)))
            case "enum" | "literal_error":
                expected = str(item.get("ctx", {}).get("expected", ""))
                problems.append(ConfigError("is not one of the known values", key=key, hint=f"use {expected}"))
            case "string_pattern_mismatch":
                problems.append(
                    ConfigError(
                        "may hold lower-case letters, digits and hyphens only",
                        key=key,
                        hint='for example "ban-to-chuc"',
                    )
                )
            case _:
                message = item["msg"].removeprefix("Value error, ")
                problems.append(ConfigError(message[:1].lower() + message[1:], key=key, hint="see config.example.toml"))
    return problems


def _of_what_was_given(location: Sequence[str | int], values: Any) -> list[str | int] | None:
    """The location without the names of the kinds tried; None where the finding is about another kind than was given."""
    kept: list[str | int] = []
    for part in location:
        word = isinstance(part, str) and part.startswith("literal[")
        table = isinstance(part, str) and part[:1].isupper()  # a class: keys are in lower case
        if word or table:
            if word == isinstance(values, dict):
                return None
            continue
        kept.append(part)
        values = values.get(part) if isinstance(values, dict) else None
    return kept
