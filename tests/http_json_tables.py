"""The tables of docs/portals, as an operator copies them, with the address and secrets of a test put in."""

import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from adapters.http.client import PoliteClient
from adapters.portals.http_json import HttpJsonPortal, HttpJsonSettings
from syncd.clock import SystemClock
from syncd.config.adapters import read_settings
from syncd.errors import ConfigError
from syncd.ports.clock import Clock

TABLES = Path(__file__).parents[1] / "docs" / "portals"
SETTLE = timedelta(seconds=120)
_COMMON = ("kind", "name", "approval", "categories", "authors")


def table(name: str, *, url: str, auth: Mapping[str, Any]) -> dict[str, Any]:
    """The `[portal]` table of docs/portals/http_json-<name>.toml, with `auth` in place of its own secrets."""
    made: dict[str, Any] = tomllib.loads((TABLES / f"http_json-{name}.toml").read_text())["portal"]
    own = {key: value for key, value in made["auth"].items() if not key.endswith(("_file", "_env"))}
    return {**made, "url": url, "auth": {**own, **auth}, "allow_addresses": ["127.0.0.0/8"]}


def settings_of(values: Mapping[str, Any], base: Path = Path(".")) -> HttpJsonSettings:
    """The settings of a table. Raises the first problem that `syncd check` would tell."""
    settings, problems = read(values, base)
    for problem in problems:
        raise problem
    assert settings is not None
    return settings


def read(values: Mapping[str, Any], base: Path = Path(".")) -> tuple[HttpJsonSettings | None, list[ConfigError]]:
    """As `syncd check` reads it."""
    own = {key: value for key, value in values.items() if key not in _COMMON}
    return read_settings(HttpJsonSettings, own, prefix="portal", base=base)


def portal_of(values: Mapping[str, Any], client: PoliteClient, *, clock: Clock | None = None) -> HttpJsonPortal:
    return HttpJsonPortal(settings_of(values), name="cong", http=client, clock=clock or SystemClock(), settle=SETTLE)
