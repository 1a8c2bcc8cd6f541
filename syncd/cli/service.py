"""run and status: the daemon, and what is wrong."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from syncd import logs
from syncd.application.status import status as status_of
from syncd.bootstrap import socket_path
from syncd.cli.context import ConfigOption, JsonOption, NowOption, clock_for, config_from, owning, reading
from syncd.cli.output import emit
from syncd.delivery.daemon import Daemon
from syncd.delivery.pages import static_sites


def add_to(app: typer.Typer) -> None:
    app.command("run", help="Chạy dịch vụ (the daemon: scheduler, workers, pages)")(run)
    app.command("status", help="Điều gì đang sai, từ bao giờ, phải làm gì (what is wrong, worst first)")(status)


def run(
    config: ConfigOption = None,
    now: NowOption = None,
    log_level: Annotated[str, typer.Option("--log-level", help="debug, info, warning, error")] = "info",
) -> None:
    """Serve until SIGTERM; exit code 0 after a clean stop."""
    logs.configure(log_level)
    settings = config_from(config)
    with owning(settings, clock_for(now)) as (wired, lock):
        daemon = Daemon(
            wired.services,
            still_owner=lock.still_held,
            abort_fetches=wired.http.abort,
            socket_path=socket_path(settings),
            host=settings.web.host,
            port=settings.web.port,
            static=static_sites(settings),
        )
        code = daemon.run()
    raise typer.Exit(code)


def status(config: ConfigOption = None, now: NowOption = None, as_json: JsonOption = False) -> None:
    """Exit code 1 where something needs a person."""
    with reading(config, now) as services:
        report = status_of(services)
    emit(report.as_json(), as_json=as_json, show=_show)
    raise typer.Exit(1 if report.needs_person else 0)


def _show(out: Console, document: Mapping[str, Any]) -> None:
    for problem in document["problems"]:
        who = problem.get("unit") or problem.get("subject") or ""
        since = f" (từ {problem['since']})" if problem.get("since") else ""
        out.print(f"[bold red]✘[/] {escape(who)}: {escape(problem['message'])}{escape(since)}")
        if problem.get("hint"):
            out.print(f"  [dim]→ {escape(problem['hint'])}[/]")
    if not document["problems"]:
        out.print("[green]✔[/] Không có gì cần xử lý")
