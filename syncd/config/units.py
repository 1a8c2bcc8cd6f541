"""Where units come from: tables in place, a CSV file, or a folder of TOML files. Back out again unchanged."""

import csv
import io
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from syncd.errors import ConfigError

LISTS = ("succeeds", "editors", "portal_authors", "portal_categories")  # in a CSV cell: separated by semicolons
COLUMNS = (
    "id", "name", "group", "quota", "active_from", "active_to", "approval", *LISTS, "source_kind", "source_url",
)  # fmt: skip

Row = tuple[str, dict[str, Any]]  # key path, values


def read_units(units: object, base: Path) -> tuple[list[Row], list[ConfigError]]:
    """Each unit's raw table with its key path. `units` is what stands in the configuration."""
    if isinstance(units, list):
        return _in_place(units)
    if not isinstance(units, str):
        return [], [
            ConfigError("must be [[units]] tables, a CSV file or a folder", key="units", hint='units = "units.csv"')
        ]
    path = base / units
    try:
        if path.is_dir():
            return _folder(path)
        return _csv(path)
    except OSError as error:
        return [], [
            ConfigError(f"{units} cannot be read: {error.strerror}", key="units", hint="paths start at config.toml")
        ]


def _in_place(units: list[Any], prefix: str = "units") -> tuple[list[Row], list[ConfigError]]:
    rows, problems = [], []
    for index, unit in enumerate(units):
        if isinstance(unit, dict):
            rows.append((f"{prefix}[{index}]", unit))
        else:
            problems.append(ConfigError("must be a table", key=f"{prefix}[{index}]", hint="write it as [[units]]"))
    return rows, problems


def _folder(path: Path) -> tuple[list[Row], list[ConfigError]]:
    rows: list[Row] = []
    problems: list[ConfigError] = []
    for file in sorted(path.glob("*.toml")):
        try:
            data = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            problems.append(
                ConfigError(f"not valid TOML: {error}", key=f"units/{file.name}", hint="mend the line named")
            )
            continue
        more, wrong = _in_place(data.get("units", []), f"{file.name}:units")
        rows += more
        problems += wrong
    return rows, problems


def _csv(path: Path) -> tuple[list[Row], list[ConfigError]]:
    rows: list[Row] = []
    problems: list[ConfigError] = []
    reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""), strict=True)
    unknown = [name for name in reader.fieldnames or [] if name not in COLUMNS]
    problems += [
        ConfigError(f'unknown column "{name}"', key=path.name, hint=f"columns: {', '.join(COLUMNS)}")
        for name in unknown
    ]
    try:
        for number, cells in enumerate(reader, start=2):
            key = f"{path.name}:{number}"
            if None in cells:
                problems.append(
                    ConfigError("has more cells than the header", key=key, hint="quote cells that hold commas")
                )
                continue
            rows.append((key, _unit_of({name: (value or "").strip() for name, value in cells.items()})))
    except csv.Error as error:
        problems.append(
            ConfigError(f"not valid CSV: {error}", key=f"{path.name}:{reader.line_num}", hint="mend the line")
        )
    return rows, problems


def _unit_of(cells: dict[str, str]) -> dict[str, Any]:
    unit: dict[str, Any] = {name: value for name, value in cells.items() if value and not name.startswith("source_")}
    for name in LISTS:
        if name in unit:
            unit[name] = [part.strip() for part in unit[name].split(";") if part.strip()]
    if cells.get("source_url"):
        unit["sources"] = [{"kind": cells.get("source_kind") or "feed", "url": cells["source_url"]}]
    return unit


def write_units_csv(units: Sequence[dict[str, Any]]) -> str:
    """The CSV that `_csv` reads back to the same tables.

    Raises:
        ConfigError: a unit has more than one source, or one with settings of its own: a folder of TOML files holds those.
    """
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for unit in units:
        cells = {name: str(unit[name]) for name in COLUMNS if name in unit and name not in LISTS}
        cells |= {name: "; ".join(unit[name]) for name in LISTS if unit.get(name)}
        match unit.get("sources", []):
            case []:
                pass
            case [{"kind": kind, "url": url, **rest}] if not rest:
                cells |= {"source_kind": kind, "source_url": url}
            case _:
                raise ConfigError(
                    "its sources do not fit into a CSV line", key=str(unit["id"]), hint="keep this unit in a TOML file"
                )
        writer.writerow(cells)
    return out.getvalue()
