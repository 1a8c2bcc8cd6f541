"""status: what is wrong, since when, what to do."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape

from syncd.application.status import status as status_of
from syncd.application.wording import instant_label, words
from syncd.cli.context import ConfigOption, JsonOption, NowOption, reading
from syncd.cli.output import emit
from syncd.cli.wording import TEXTS

# Sign and colour of a problem: broken, a person should act, good to know.
SEVERITIES = {"broken": ("✘", "bold red"), "attention": ("!", "yellow"), "notice": ("·", "cyan")}


def status(config: ConfigOption = None, now: NowOption = None, as_json: JsonOption = False) -> None:
    """Exit code 1 where something needs a person."""
    with reading(config, now) as services:
        report = status_of(services)
        language = services.office.language
    emit(report.as_json(), as_json=as_json, show=show_status, language=language)
    raise typer.Exit(1 if report.needs_person else 0)


def show_status(out: Console, document: Mapping[str, Any], language: str) -> None:
    for problem in document["problems"]:
        sign, colour = SEVERITIES[problem["severity"]]
        who = problem["unit"] or problem["subject"]
        since = ""
        if problem["since"]:
            at = instant_label(datetime.fromisoformat(problem["since"]), language)
            since = f" ({words(TEXTS, 'since', language)} {at})"
        line = f"{who}: {problem['message']}{since}" if who else f"{problem['message']}{since}"
        out.print(f"[{colour}]{sign}[/] {escape(line)}")
        out.print(f"  [dim]→ {escape(problem['hint'])}[/]")
    if not document["problems"]:
        out.print(f"[green]✔[/] {words(TEXTS, 'nothing_wrong', language)}")
