"""collect, publish, census, sync: one step now."""

from typing import Annotated

import typer

from syncd.cli.context import ConfigOption, JsonOption, NowOption, UnitOption, run_operation
from syncd.cli.output import counts_table, emit


def add_to(app: typer.Typer) -> None:
    app.command("collect", help="Đọc các trang của đơn vị (read the units' sites)")(collect)
    app.command("publish", help="Đưa tin, bài lên Cổng (push posts to the portal)")(publish)
    app.command("census", help="Đọc lại Cổng (read the portal back)")(census)
    app.command("sync", help="collect, publish, census")(sync)


def collect(
    config: ConfigOption = None, now: NowOption = None, unit: UnitOption = None, as_json: JsonOption = False
) -> None:
    _run("collect", config, now, {"unit": unit}, as_json)


def publish(
    config: ConfigOption = None, now: NowOption = None, unit: UnitOption = None, as_json: JsonOption = False
) -> None:
    _run("publish", config, now, {"unit": unit}, as_json)


def census(
    config: ConfigOption = None,
    now: NowOption = None,
    unit: UnitOption = None,
    period: Annotated[str | None, typer.Option("--period", help="Kỳ, ví dụ 2026-10 (one period)")] = None,
    as_json: JsonOption = False,
) -> None:
    _run("census", config, now, {"unit": unit, "period": period}, as_json)


def sync(
    config: ConfigOption = None, now: NowOption = None, unit: UnitOption = None, as_json: JsonOption = False
) -> None:
    _run("sync", config, now, {"unit": unit}, as_json)


def _run(operation: str, config: ConfigOption, now: NowOption, arguments: dict[str, str | None], as_json: bool) -> None:
    document, code = run_operation(config, now, operation, arguments)
    emit(document, as_json=as_json, show=counts_table)
    raise typer.Exit(code)
