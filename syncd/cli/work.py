"""collect, publish, census, sync: one step now."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console

from syncd.cli.context import ConfigOption, JsonOption, NowOption, UnitOption, operate
from syncd.cli.output import counts_table


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
    as_json: JsonOption = False,
) -> None:
    operate(config, now, "census", {"unit": unit, "period": period}, as_json=as_json)


def sync(
    config: ConfigOption = None, now: NowOption = None, unit: UnitOption = None, as_json: JsonOption = False
) -> None:
    operate(config, now, "sync", {"unit": unit}, as_json=as_json, show=show_steps)


def show_steps(out: Console, document: Mapping[str, Any], language: str) -> None:
    """Each step's counts under its name."""
    for step in ("collect", "publish", "census"):
        out.print(f"[bold]{step}[/]")
        counts_table(out, document[step], language)
