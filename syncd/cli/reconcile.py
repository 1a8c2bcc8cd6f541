"""reconcile: written, delivered, visible side by side, and why they differ."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from syncd.application.reconciling.reconcile import reconcile as reconciled
from syncd.application.wording import OWNER, instant_label, words
from syncd.cli.context import ConfigOption, JsonOption, NowOption, UnitOption, operate, reading
from syncd.cli.output import emit, table
from syncd.delivery.operations import known_unit
from syncd.domain.model import PeriodId

_SHOWN = 20  # differences of one kind of one unit; --json has them all
_TEXTS: Mapping[str, tuple[str, str]] = {
    "census": ("Rà soát Cổng gần nhất, kỳ", "Newest census of"),
    "never": ("chưa có lần nào trọn vẹn", "none complete yet"),
    "agree": ("khớp", "agree"),
    "of_nobody": ("Trên Cổng, chưa rõ của đơn vị nào:", "On the portal, of no unit:"),
    "ok": ("Không có chênh lệch nào cần người xử lý.", "No difference needs a person."),
    "more": ("và {n} bài nữa (xem --json)", "and {n} more (see --json)"),
    "set_back": (
        "Cổng có thể đã được phục hồi từ bản sao lưu cũ: mất {n} bài; tạm dừng chuyển tin, bài. Xem: syncd status",
        "The portal may have been restored from an old backup: {n} posts are lost; nothing is sent. See: syncd status",
    ),
}


def reconcile(
    config: ConfigOption = None,
    now: NowOption = None,
    unit: UnitOption = None,
    period: Annotated[
        str | None, typer.Option("--period", help="Chỉ một kỳ, ví dụ 2026-10 (one period)", show_default=False)
    ] = None,
    census: Annotated[
        bool, typer.Option("--census", help="Rà soát Cổng trước, ghi vào sổ cái (look at the portal first, and record)")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Without --census nothing is asked of the portal and nothing written. Exit code 1 where something needs a person."""
    if census:
        operate(config, now, "reconcile", {"unit": unit, "period": period}, as_json=as_json, show=_show)
    with reading(config, now) as services:
        report = reconciled(
            services,
            units=None if unit is None else [known_unit(services, unit)],
            periods=None if period is None else [PeriodId(period)],
        )
        language = services.office.language
    emit(report.as_json(), as_json=as_json, show=_show, language=language)
    raise typer.Exit(1 if report.needs_person else 0)


def _show(out: Console, document: Mapping[str, Any], language: str) -> None:
    for period, at in document["censuses"].items():
        looked = instant_label(datetime.fromisoformat(at), language) if at else words(_TEXTS, "never", language)
        out.print(f"{words(_TEXTS, 'census', language)} {period}: {looked}")
    if document["portal_set_back"]:
        told = words(_TEXTS, "set_back", language).replace("{n}", str(document["portal_set_back"]["posts"]))
        out.print(f"[bold red]✘[/] {told}")
    made = table("unit", "period", "#written", "#delivered", "#visible", "differences", language=language)
    for balance in document["balances"]:
        written = "–" if balance["written"] is None else str(balance["written"])
        told = _counted(balance["differences"]) or words(_TEXTS, "agree", language)
        row = (balance["period"], written, str(balance["delivered"]), str(balance["visible"]), told)
        made.add_row(escape(balance["name"]), *row)
    out.print(made)
    for balance in document["balances"]:
        waiting = [each for each in balance["differences"] if each["needs_person"]]
        if waiting:
            out.print(f"[bold]{escape(balance['name'])}, {balance['period']}[/]")
            _list(out, waiting, language)
    if document["of_nobody"]:
        out.print(f"[bold]{words(_TEXTS, 'of_nobody', language)}[/]")
        _list(out, document["of_nobody"], language)
    if document["ok"]:
        out.print(f"[green]✔[/] {words(_TEXTS, 'ok', language)}")


def _counted(differences: list[Mapping[str, Any]]) -> str:
    """`2 đang chờ …; 1 nhập tay …`, in the order of the counts."""
    numbers: dict[str, int] = {}
    for each in differences:
        numbers[each["told"]] = numbers.get(each["told"], 0) + 1
    return "; ".join(f"{number} {told}" for told, number in numbers.items())


def _list(out: Console, differences: list[Mapping[str, Any]], language: str) -> None:
    for each in differences[:_SHOWN]:
        sign = "[yellow]![/]" if each["needs_person"] else "[cyan]·[/]"
        since = f" ({instant_label(datetime.fromisoformat(each['since']), language)})" if each["since"] else ""
        owner = words(OWNER, each["owner"], language)
        out.print(f"{sign} {each['ref']} {escape(each['title'])}: {escape(each['told'])}{since} – {owner}")
        if each["url"]:
            out.print(f"  {escape(each['url'])}")
        out.print(f"  [dim]→ {escape(each['mend'])}[/]")
    if len(differences) > _SHOWN:
        out.print(f"  {words(_TEXTS, 'more', language)}".replace("{n}", str(len(differences) - _SHOWN)))
