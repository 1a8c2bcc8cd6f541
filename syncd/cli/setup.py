"""init, check, probe, db upgrade: setting up, and looking before anything is decided."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from syncd.bootstrap import data_dir, database_url
from syncd.cli import inspection
from syncd.cli.context import ConfigOption, JsonOption, config_from
from syncd.cli.output import emit, table
from syncd.clock import SystemClock
from syncd.config import load_config
from syncd.errors import ConfigInvalid, UsageError
from syncd.resources import example_config
from syncd.storage.lock import DataLock
from syncd.storage.schema import upgrade

db = typer.Typer(name="db", help="Cơ sở dữ liệu (the database)", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    app.command("init", help="Tạo config.toml và cơ sở dữ liệu (write config.toml and create the database)")(init)
    app.command("check", help="Kiểm tra toàn bộ cấu hình (validate the whole configuration)")(check)
    app.command("probe", help="Xem sẽ đọc được gì ở một địa chỉ (what syncd would read at an address)")(probe)
    app.add_typer(db)


def init(
    directory: Annotated[Path, typer.Argument(metavar="[DIR]", help="Thư mục (where to)")] = Path(),
    config: ConfigOption = None,
) -> None:
    """Write the commented configuration, unless one is there, and create the database it names."""
    path = config or directory / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        sys.stdout.write(f"{path}: giữ nguyên\n")
    else:
        path.write_text(example_config(), encoding="utf-8")
        sys.stdout.write(f"{path}: đã tạo\n")
    _upgrade(path)
    sys.stdout.write("Tiếp theo: sửa config.toml, rồi chạy: syncd check\n")


@db.command("upgrade", help="Nâng cấp cơ sở dữ liệu (apply the schema's migrations)")
def db_upgrade(config: ConfigOption = None) -> None:
    for revision in _upgrade(config):
        sys.stdout.write(f"{revision}\n")


def _upgrade(config_path: Path | None) -> list[str]:
    config = config_from(config_path)
    data_dir(config).mkdir(parents=True, exist_ok=True)
    with DataLock(data_dir(config), database_url(config)):
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
    try:
        checked = load_config(config) if config else config_from(None)
        notes = inspection.gaps(checked)
        if online:
            problems += inspection.reach(checked, SystemClock())
    except ConfigInvalid as error:
        problems += [
            {"key": problem.key, "message": problem.message, "hint": problem.hint} for problem in error.problems
        ]
        code = 2
    else:
        code = 3 if problems else 0

    def show(out: Console, document: object) -> None:
        for problem in problems:
            out.print(f"[bold red]✘[/] {escape(str(problem['key']))}: {escape(str(problem['message']))}")
            if problem["hint"]:
                out.print(f"  [dim]→ {escape(problem['hint'])}[/]")
        for note in notes:
            out.print(f"[yellow]![/] {escape(note)}")
        out.print(f"{len(problems)} lỗi" if problems else "[green]✔[/] Cấu hình hợp lệ")

    emit({"ok": not problems, "problems": problems, "notes": notes}, as_json=as_json, show=show)
    raise typer.Exit(code)


def probe(
    url: Annotated[str | None, typer.Argument(metavar="URL", help="Trang chủ, trang danh sách hoặc feed")] = None,
    article: Annotated[str | None, typer.Option("--article", help="Một bài viết (one article)", metavar="URL")] = None,
    allow: Annotated[list[str] | None, typer.Option("--allow", help="Dải địa chỉ nội bộ được phép (CIDR)")] = None,
    as_json: JsonOption = False,
) -> None:
    """Look at an address the way a source would; no database is touched."""
    if (url is None) == (article is None):
        raise UsageError("give one address", hint="syncd probe URL, or syncd probe --article URL")
    clock = SystemClock()
    if article is not None:
        document = inspection.probe_article(article, allow or [], clock)
    else:
        document = inspection.probe(str(url), allow or [], clock)

    def show_list(out: Console, _: object) -> None:
        out.print(f"{document['kind']}: {escape(document['feed_url'] or document['url'])}")
        made = table("Ngày", "Chuỗi ngày", "Tiêu đề", "Địa chỉ")
        for post in document["posts"]:
            made.add_row(*(escape(str(post[name] or "–")) for name in ("published_at", "date_raw", "title", "url")))
        out.print(made)
        for item in document["skipped"]:
            out.print(f"[yellow]![/] {escape(item['item'])}: {escape(item['reason'])}")
        for note in document["notes"]:
            out.print(f"[yellow]![/] {escape(note)}")
        out.print(escape(document["config"]))

    def show_article(out: Console, _: object) -> None:
        for name in ("title", "url", "canonical_url", "published_at", "precision", "author"):
            out.print(f"{name}: {escape(str(document[name] or '–'))}")
        out.print(escape(document["text"]))

    emit(document, as_json=as_json, show=show_article if article is not None else show_list)
