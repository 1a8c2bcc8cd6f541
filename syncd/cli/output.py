"""What commands print: one JSON document, or tables with colour and symbols. Standard output is for answers, standard error for the rest."""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from syncd.errors import ConfigInvalid, SyncdError

# A sign beside each colour: colour alone tells nothing on paper or to the colour-blind.
SIGNS = {
    "met": ("✔", "green"),
    "missing": ("✘", "bold red"),
    "undetermined": ("?", "yellow"),
    "exempt": ("–", "cyan"),
    "open": ("…", "blue"),
}
STATUS_WORDS = {
    "vi": {
        "met": "đạt",
        "missing": "thiếu",
        "undetermined": "chưa xác định",
        "exempt": "được miễn",
        "open": "đang mở",
    },
    "en": {name: name for name in SIGNS},
}


def console() -> Console:
    """Standard output, as wide as it is; without colour where it is no terminal."""
    return Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty())


def emit(document: Mapping[str, Any], *, as_json: bool, show: Callable[[Console, Mapping[str, Any]], None]) -> None:
    """Print a document: as it is, or through `show`."""
    if as_json:
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    else:
        show(console(), document)


def report_error(error: SyncdError | str, hint: str | None = None) -> None:
    """What went wrong and the way out, on standard error."""
    err = Console(file=sys.stderr, highlight=False, soft_wrap=True)
    if isinstance(error, ConfigInvalid):
        for problem in error.problems:
            err.print(f"[bold red]✘[/] {escape(problem.key)}: {escape(problem.message)}")
            if problem.hint:
                err.print(f"  [dim]→ {escape(problem.hint)}[/]")
    message = error if isinstance(error, str) else str(error)
    subject = None if isinstance(error, str) else error.subject
    prefix = f"{subject}: " if subject and subject not in message else ""
    err.print(f"[bold red]syncd:[/] {escape(prefix + message)}")
    hint = hint if isinstance(error, str) else error.hint
    if hint:
        err.print(f"  [dim]→ {escape(hint)}[/]")


def table(*columns: str, title: str | None = None) -> Table:
    """A plain table; figures belong in right-aligned columns, whose names start with `#`."""
    made = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(
            column.removeprefix("#"), justify="right" if column.startswith("#") else "left", overflow="fold"
        )
    return made


def status_cell(period: Mapping[str, Any]) -> str:
    """`✔ 15/12`: sign, counted, required."""
    sign, colour = SIGNS[period["status"]]
    return f"[{colour}]{sign} {period['counted']}/{period['required']}[/]"


def quota_table(out: Console, document: Mapping[str, Any]) -> None:
    """Units x periods, with the missing months."""
    language = "vi"
    words = STATUS_WORDS[language]
    made = table("Đơn vị", *[f"#{period}" for period in document["periods"]], "#Tháng thiếu", "#Chưa rõ")
    for unit in document["units"]:
        cells = {period["period"]: status_cell(period) for period in unit["periods"]}
        made.add_row(
            escape(unit["name"]),
            *[cells.get(period, "") for period in document["periods"]],
            f"[bold red]{unit['missing_months']}[/]" if unit["missing_months"] else "0",
            str(unit["undetermined_months"] or ""),
        )
    out.print(made)
    out.print("  ".join(f"[{colour}]{sign}[/] {words[name]}" for name, (sign, colour) in SIGNS.items()))


def counts_table(out: Console, document: Mapping[str, Any]) -> None:
    """Any `{"units": {unit: {name: number}}}`, and beneath it what else the document says."""
    units: Mapping[str, Mapping[str, Any]] = document.get("units", {})
    names = list(
        dict.fromkeys(name for counts in units.values() for name, value in counts.items() if isinstance(value, int))
    )
    if names:
        made = table("Đơn vị", *[f"#{name}" for name in names])
        for unit, counts in units.items():
            made.add_row(escape(unit), *[str(counts.get(name, "")) for name in names])
        out.print(made)
    for unit, counts in units.items():
        for line in counts.get("errors", []):
            out.print(f"[red]✘[/] {escape(unit)}: {escape(_line(line))}")
    for name, value in document.items():
        if name != "units" and value not in (None, [], {}):
            out.print(f"{escape(name)}: {escape(_line(value))}")


def _line(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
