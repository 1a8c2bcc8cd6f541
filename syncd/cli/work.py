"""collect, publish, census, sync: one step now."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from syncd.application.wording import instant_label
from syncd.cli.context import ConfigOption, JsonOption, NowOption, UnitOption, operate, reading
from syncd.cli.output import counts_table, emit, table
from syncd.domain.model import PeriodId


def collect(
    config: ConfigOption = None,
    now: NowOption = None,
    unit: UnitOption = None,
    accept: Annotated[
        str | None,
        typer.Option(
            "--accept",
            help="Nhận danh sách đang bị giữ của nguồn này (take this source's held list)",
            show_default=False,
        ),
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Lý do, với --accept (why)", show_default=False)] = "",
    by: Annotated[str, typer.Option("--by", help="Người quyết định, với --accept (who)", show_default=False)] = "",
    as_json: JsonOption = False,
) -> None:
    if accept is not None:
        operate(config, now, "accept", {"source": accept, "reason": reason, "by": by}, as_json=as_json)
    operate(config, now, "collect", {"unit": unit}, as_json=as_json)


def publish(
    config: ConfigOption = None, now: NowOption = None, unit: UnitOption = None, as_json: JsonOption = False
) -> None:
    operate(config, now, "publish", {"unit": unit}, as_json=as_json)


def census(
    config: ConfigOption = None,
    now: NowOption = None,
    unit: UnitOption = None,
    period: Annotated[
        str | None, typer.Option("--period", help="Chỉ một kỳ, ví dụ 2026-10 (one period)", show_default=False)
    ] = None,
    unattributed: Annotated[
        bool,
        typer.Option("--unattributed", help="Chỉ liệt kê bài chưa rõ của đơn vị nào (list posts of no known unit)"),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """With --unattributed nothing is asked of the portal: what the census saw last is listed."""
    if unattributed:
        # the counting behind it: the other commands here do without, and start the sooner
        from syncd.application.reconciling.reconcile import of_no_unit

        with reading(config, now) as services:
            document = of_no_unit(services, None if period is None else [PeriodId(period)])
            language = services.office.language
        emit(document, as_json=as_json, show=_show_of_no_unit, language=language)
        raise typer.Exit(1 if document["posts"] else 0)
    operate(config, now, "census", {"unit": unit, "period": period}, as_json=as_json)


def _show_of_no_unit(out: Console, document: Mapping[str, Any], language: str) -> None:
    made = table("ref", "published_at", "title", "author", "category", "url", language=language)
    for post in document["posts"]:
        at = instant_label(datetime.fromisoformat(post["published_at"]), language)
        names = (post["title"], post["author"], ", ".join(post["categories"]), post["url"])
        made.add_row(post["ref"], at, *(escape(name) for name in names))
    out.print(made)
    if document["posts"]:
        out.print(f'→ syncd decide {document["posts"][0]["ref"]} assign --unit U --reason "…" --by "…"')


def sync(
    config: ConfigOption = None, now: NowOption = None, unit: UnitOption = None, as_json: JsonOption = False
) -> None:
    operate(config, now, "sync", {"unit": unit}, as_json=as_json, show=show_steps)


def show_steps(out: Console, document: Mapping[str, Any], language: str) -> None:
    """Each step's counts under its name."""
    for step in ("collect", "publish", "census"):
        out.print(f"[bold]{step}[/]")
        counts_table(out, document[step], language)
