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
    """
    problems: list[ConfigError] = []
    values = _with_secrets(settings, table, prefix, base, problems)
    problems += _unknown(settings, values, prefix)
    if problems:
        return None, problems
    _accept_foreign_types(settings)
    try:
        made = TypeAdapter(settings).validate_python(values)
    except ValidationError as error:
        return None, from_validation(error, prefix, _fields(settings), values)
    return _with_absolute_paths(made, base), []


def _fields(settings: type[Any]) -> list[str]:
    return [field.name for field in dataclasses.fields(settings)]


def _hints(settings: type[Any]) -> dict[str, list[Any]]:
    """Each field's type, a union as its members."""
    return {
        name: list(typing.get_args(hint)) if typing.get_origin(hint) in (types.UnionType, typing.Union) else [hint]
        for name, hint in typing.get_type_hints(settings).items()
    }


def _unknown(settings: type[Any], table: dict[str, Any], prefix: str) -> list[ConfigError]:
    problems = unknown_keys(table, _fields(settings), prefix)
    for name, members in _hints(settings).items():
        for member in members:
            if dataclasses.is_dataclass(member) and isinstance(member, type) and isinstance(table.get(name), dict):
                problems += _unknown(member, table[name], f"{prefix}.{name}")
    return problems


def _accept_foreign_types(settings: type[Any]) -> None:
    """Let pydantic take `Secret` values as they are, in the settings and in the tables inside them."""
    settings.__pydantic_config__ = ConfigDict(arbitrary_types_allowed=True)
    for members in _hints(settings).values():
        for member in members:
            if dataclasses.is_dataclass(member) and isinstance(member, type):
                _accept_foreign_types(member)


def _with_secrets(
    settings: type[Any], table: dict[str, Any], prefix: str, base: Path, problems: list[ConfigError]
) -> dict[str, Any]:
    values = dict(table)
    for name, members in _hints(settings).items():
        for member in members:
            if dataclasses.is_dataclass(member) and isinstance(member, type) and isinstance(values.get(name), dict):
                values[name] = _with_secrets(member, values[name], f"{prefix}.{name}", base, problems)
        if Secret not in members:
            continue
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
        for name, members in _hints(type(settings)).items()
        if Path in members and getattr(settings, name) is not None
    }
    return dataclasses.replace(settings, **paths) if paths else settings
