"""The tables that belong to an adapter: its own plain dataclass, validated here, with secrets read from where they lie."""

import dataclasses
import os
import types
import typing
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError

from syncd.config.problems import from_validation, unknown_keys
from syncd.errors import ConfigError
from syncd.ports.secret import Secret


def read_settings(
    settings: type[Any], table: dict[str, Any], *, prefix: str, base: Path
) -> tuple[Any | None, list[ConfigError]]:
    """An instance of the adapter's settings, or None and what is wrong.

    A field of type `Secret`, here or in a table within, may be given as `<name>_file` or `<name>_env`; a `Path` is taken relative to `base`.
    Settings with a method `problems` are asked for what no single value tells: errors whose keys start at their table.
    """
    problems: list[ConfigError] = []
    values = _with_secrets(settings, table, prefix, base, problems)
    problems += _unknown(settings, values, prefix)
    if problems:
        return None, problems
    try:
        made = _shape(settings).validator.validate_python(values)
    except ValidationError as error:
        return None, from_validation(error, prefix, _all_fields(settings), values)
    made = _with_absolute_paths(made, base)
    if hasattr(made, "problems"):
        problems = [
            ConfigError(found.message, key=f"{prefix}.{found.key}", value=found.value, hint=found.hint)
            for found in made.problems()
        ]
    return None if problems else made, problems


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """What follows from a settings class alone: its fields' names, those that hold secrets or paths, and tables within by their field."""

    fields: frozenset[str]
    secrets: tuple[str, ...]
    paths: tuple[str, ...]
    tables: tuple[tuple[str, type[Any]], ...]
    validator: TypeAdapter[Any]


_SHAPES: dict[type[Any], _Shape] = {}  # an office with a thousand sources has a thousand tables of two or three kinds


def _shape(settings: type[Any]) -> _Shape:
    if settings not in _SHAPES:
        _SHAPES[settings] = _shape_of(settings)
    return _SHAPES[settings]


def _shape_of(settings: type[Any]) -> _Shape:
    hints = {
        name: typing.get_args(hint) if typing.get_origin(hint) in (types.UnionType, typing.Union) else (hint,)
        for name, hint in typing.get_type_hints(settings).items()
    }
    tables = [
        (name, member)
        for name, members in hints.items()
        for member in members
        if dataclasses.is_dataclass(member) and isinstance(member, type)
    ]
    for hint in typing.get_type_hints(settings).values():
        for table in _tables_in(hint):
            _shape(table)
    # pydantic takes `Secret` values as they are, in the settings and in the tables inside them
    settings.__pydantic_config__ = ConfigDict(arbitrary_types_allowed=True, extra="forbid")
    return _Shape(
        fields=frozenset(hints),
        secrets=tuple(name for name, members in hints.items() if Secret in members),
        paths=tuple(name for name, members in hints.items() if Path in members),
        tables=tuple(tables),
        validator=TypeAdapter(settings),
    )


def _tables_in(hint: Any) -> list[type[Any]]:
    """The settings classes a type names: itself, or within a union, a tuple or a dict."""
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return [hint]
    return [table for part in typing.get_args(hint) for table in _tables_in(part)]


def _all_fields(settings: type[Any]) -> frozenset[str]:
    """The names of its fields and of those in the tables within."""
    within = [table for hint in typing.get_type_hints(settings).values() for table in _tables_in(hint)]
    return _shape(settings).fields.union(*(_all_fields(table) for table in within))


def _unknown(settings: type[Any], table: dict[str, Any], prefix: str) -> list[ConfigError]:
    problems = unknown_keys(table, _shape(settings).fields, prefix)
    for name, within in _shape(settings).tables:
        if isinstance(table.get(name), dict):
            problems += _unknown(within, table[name], f"{prefix}.{name}")
    return problems


def _with_secrets(
    settings: type[Any], table: dict[str, Any], prefix: str, base: Path, problems: list[ConfigError]
) -> dict[str, Any]:
    values = dict(table)
    for name, within in _shape(settings).tables:
        if isinstance(values.get(name), dict):
            values[name] = _with_secrets(within, values[name], f"{prefix}.{name}", base, problems)
    for name in _shape(settings).secrets:
        if isinstance(values.get(name), str):
            values[name] = Secret(values[name])
        if (file := values.pop(f"{name}_file", None)) is not None:
            try:
                values[name] = Secret((base / str(file)).read_text(encoding="utf-8").strip())
            except OSError as error:
                problems.append(
                    ConfigError(
                        f"cannot be read: {error.strerror}",
                        key=f"{prefix}.{name}_file",
                        hint="make the file, readable by this user only (chmod 600)",
                    )
                )
                values[name] = Secret("")
        if (variable := values.pop(f"{name}_env", None)) is not None:
            if str(variable) in os.environ:
                values[name] = Secret(os.environ[str(variable)])
            else:
                problems.append(
                    ConfigError(
                        f"the environment has no {variable}",
                        key=f"{prefix}.{name}_env",
                        hint="set it where the service is started",
                    )
                )
                values[name] = Secret("")
    return values


def _with_absolute_paths(settings: Any, base: Path) -> Any:
    paths = {
        name: base / getattr(settings, name)
        for name in _shape(type(settings)).paths
        if getattr(settings, name) is not None
    }
    return dataclasses.replace(settings, **paths) if paths else settings
