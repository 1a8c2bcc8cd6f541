"""What commands print: one JSON document, or tables with colour and symbols. Standard output is for answers, standard error for the rest."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from syncd.application.wording import words
from syncd.cli.wording import HEADINGS, TEXTS, VERDICTS
from syncd.delivery.control import exit_code_of
from syncd.errors import ConfigInvalid, SyncdError
from syncd.rendering import visible

Show = Callable[[Console, Mapping[str, Any], str], None]  # where to, what, in which language

# A sign beside each colour: colour alone tells nothing on paper or to the colour-blind.
SIGNS = {
    "met": ("✔", "green"),
    "missing": ("✘", "bold red"),
    "undetermined": ("?", "yellow"),
    "exempt": ("–", "cyan"),
    "open": ("…", "blue"),
}
_WIDE = 1000  # columns where nobody looks: a file or a pipe wants each row on one line


class _Visible(Console):
    """Writes out what would steer the terminal or reorder its line: a title comes from anywhere."""

    def render_str(self, text: str, **options: Any) -> Text:
        return super().render_str(visible(text), **options)


class _Answer(_Visible):
    def on_broken_pipe(self) -> None:
        raise  # `answering` knows what to do


@contextmanager
def answering() -> Iterator[Console]:
    """Standard output: as wide as the terminal, without colour and as wide as needed elsewhere.

    `syncd … | head` is no failure: where nobody reads on, the rest is dropped in silence.
    """
    terminal = sys.stdout.isatty()
    out = _Answer(file=sys.stdout, highlight=False, soft_wrap=not terminal, width=None if terminal else _WIDE)
    try:
        yield out
        sys.stdout.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())  # else the interpreter complains when it flushes at its end
        os.close(nowhere)


def emit(document: Mapping[str, Any], *, as_json: bool, show: Show, language: str = "vi") -> None:
    """Print a document: as it is, or through `show`."""
    with answering() as out:
        if as_json:
            sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
        else:
            show(out, document, language)


def report_error(error: SyncdError) -> int:
    """Say what went wrong and the way out on standard error; the exit code."""
    err = _Visible(file=sys.stderr, highlight=False, soft_wrap=True)
    if isinstance(error, ConfigInvalid):
        for problem in error.problems:
            err.print(f"[bold red]✘[/] {escape(problem.key)}: {escape(problem.message)}")
            if problem.hint:
                err.print(f"  [dim]→ {escape(problem.hint)}[/]")
    message = str(error)
    about, _, place = (error.subject or "").partition(": ")
    if place and message.startswith(place):  # "probe: http://…": the message names the place itself
        prefix = f"{about}: "
    else:
        prefix = f"{error.subject}: " if error.subject and error.subject not in message else ""
    err.print(f"[bold red]syncd:[/] {escape(prefix + message)}")
    if error.hint:
        err.print(f"  [dim]→ {escape(error.hint)}[/]")
    return exit_code_of(error)


def table(*columns: str, language: str = "vi") -> Table:
    """A plain table under headings of the catalogue; figures belong in right-aligned columns, whose names start with `#`."""
    made = Table(header_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        heading = words(HEADINGS, column.removeprefix("#"), language)
        made.add_column(heading, justify="right" if column.startswith("#") else "left", overflow="fold")
    return made


def status_cell(period: Mapping[str, Any]) -> str:
    """`✔ 15/12`: sign, counted, required."""
    sign, colour = SIGNS[period["status"]]
    return f"[{colour}]{sign} {period['counted']}/{period['required']}[/]"


def quota_table(out: Console, document: Mapping[str, Any], language: str) -> None:
    """Units x periods, with the missing months."""
    made = table(
        "unit", *[f"#{period}" for period in document["periods"]], "#missing_months", "#undetermined_months",
        language=language,
    )  # fmt: skip
    for unit in document["units"]:
        cells = {period["period"]: status_cell(period) for period in unit["periods"]}
        made.add_row(
            escape(unit["name"]),
            *[cells.get(period, "") for period in document["periods"]],
            f"[bold red]{unit['missing_months']}[/]" if unit["missing_months"] else "0",
            str(unit["undetermined_months"] or ""),
        )
    out.print(made)
    out.print(
        "  ".join(f"[{colour}]{sign}[/] {words(VERDICTS, name, language)}" for name, (sign, colour) in SIGNS.items())
    )


def counts_table(out: Console, document: Mapping[str, Any], language: str) -> None:
    """Any `{"units": {unit: {name: number}}}`, and beneath it what else the document says."""
    units: Mapping[str, Mapping[str, Any]] = document.get("units", {})
    names = list(
        dict.fromkeys(name for counts in units.values() for name, value in counts.items() if isinstance(value, int))
    )
    if names:
        made = table("unit", *[f"#{name}" for name in names], language=language)
        for unit, counts in units.items():
            made.add_row(escape(unit), *[_count(counts.get(name, ""), language) for name in names])
        out.print(made)
    for unit, counts in units.items():
        for failure in counts.get("errors", []):
            out.print(f"[red]✘[/] {escape(unit)}: {escape(_line(failure))}")
            if isinstance(failure, dict) and failure.get("hint"):
                out.print(f"  [dim]→ {escape(failure['hint'])}[/]")
    for name, value in document.items():
        if name == "units" or value in (None, [], {}):
            continue
        if isinstance(value, list) and isinstance(value[0], dict):
            made = table(*value[0], language=language)
            for item in value:
                made.add_row(*("" if item[key] is None else escape(_line(item[key])) for key in value[0]))
            out.print(made)
        else:
            out.print(f"{escape(words(HEADINGS, name, language))}: {escape(_line(value))}")


def _count(value: object, language: str) -> str:
    return words(TEXTS, "yes" if value else "no", language) if isinstance(value, bool) else str(value)


def _line(value: object) -> str:
    """A value as text: sentences as they are, a failure by what it says, anything else as JSON."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and "error" in value:
        return str(value["error"])
    return json.dumps(value, ensure_ascii=False)
