"""init, check, db upgrade: setting up, and looking before anything is decided."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from syncd.application.wording import words
from syncd.bootstrap import data_dir, data_lock, database_url
from syncd.cli import inspection
from syncd.cli.context import ConfigOption, JsonOption, config_from
from syncd.cli.output import answering, emit
from syncd.cli.wording import TEXTS
from syncd.clock import SystemClock
from syncd.config import load_config
from syncd.errors import ConfigInvalid
from syncd.resources import example_config
from syncd.storage.schema import upgrade

db = typer.Typer(name="db", help="Cơ sở dữ liệu (the database)", no_args_is_help=True)


def init(
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="Thư mục (where to)")] = Path(),
    config: ConfigOption = None,
) -> None:
    """Write the commented configuration, unless one is there, and create the database it names."""
    path = config or directory / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        done = "giữ nguyên (left as it is)"
    else:
        path.write_text(example_config(), encoding="utf-8")
        done = "đã tạo (written)"
    _upgrade(path)
    with answering() as out:
        out.print(f"{escape(str(path))}: {done}")
        out.print("Tiếp theo: sửa config.toml, rồi chạy (next: edit config.toml, then run): syncd check")


@db.command("upgrade", help="Nâng cấp cơ sở dữ liệu (apply the schema's migrations)")
def db_upgrade(config: ConfigOption = None) -> None:
    """Print each revision applied; nothing where the database is of this version already."""
    revisions = _upgrade(config)
    with answering() as out:
        for revision in revisions:
            out.print(revision)


def _upgrade(config_path: Path | None) -> list[str]:
    config = config_from(config_path)
    data_dir(config).mkdir(parents=True, exist_ok=True)
    with data_lock(config):
        return upgrade(database_url(config))


def check(
    config: ConfigOption = None,
    as_json: JsonOption = False,
    online: Annotated[
        bool, typer.Option("--online", help="Thử kết nối thật (also reach the sources, the portal, the mail server)")
    ] = False,
) -> None:
    """Validate everything, print every problem at once; exit code 2 where there is one."""
    problems: list[dict[str, str | None]] = []
    notes: list[str] = []
    language = "vi"
    try:
        checked = load_config(config) if config else config_from(None)
        language = checked.office.language
        notes = inspection.gaps(checked)
        if online:
            reached, said = inspection.reach(checked, SystemClock())
            problems += reached
            notes += said
    except ConfigInvalid as error:
        problems += [
            {"key": problem.key, "message": problem.message, "hint": problem.hint} for problem in error.problems
        ]
        code = 2
    else:
        code = 3 if problems else 0

    emit(
        {"ok": not problems, "problems": problems, "notes": notes}, as_json=as_json, show=show_check, language=language
    )
    raise typer.Exit(code)


def show_check(out: Console, document: Mapping[str, Any], language: str) -> None:
    for problem in document["problems"]:
        out.print(f"[bold red]✘[/] {escape(problem['key'])}: {escape(problem['message'])}")
        if problem["hint"]:
            out.print(f"  [dim]→ {escape(problem['hint'])}[/]")
    for note in document["notes"]:
        out.print(f"[yellow]![/] {escape(note)}")
    if document["problems"]:
        out.print(f"{len(document['problems'])} {words(TEXTS, 'problems', language)}")
    else:
        out.print(f"[green]✔[/] {words(TEXTS, 'config_ok', language)}")
