"""quota, explain, close, adjust, rank, rules: the figures and what follows from them."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from syncd.application.assess import assessment_of, current_period, periods_of, quota_table
from syncd.application.explain import Explanation
from syncd.application.explain import explain as explain_unit
from syncd.application.rank import ranking
from syncd.application.services import Services
from syncd.cli import inspection
from syncd.cli.context import ConfigOption, JsonOption, NowOption, config_from, reading, run_operation
from syncd.cli.output import counts_table, emit, table
from syncd.cli.output import quota_table as show_quota
from syncd.delivery.operations import known_unit
from syncd.domain.model import PeriodId, UnitId
from syncd.errors import UsageError

rules = typer.Typer(name="rules", help="Bộ quy tắc (rule sets)", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    app.command("quota", help="Bảng chỉ tiêu: đơn vị x kỳ (units x periods)")(quota)
    app.command("explain", help="Từng tin, bài của một kỳ và vì sao tính hay không (every post and why it counts)")(
        explain
    )
    app.command("close", help="Chốt số liệu một kỳ (freeze a period's statements)")(close)
    app.command("adjust", help="Điều chỉnh bên cạnh số đã chốt (an adjustment beside a closed statement)")(adjust)
    app.command("rank", help="Xếp loại (grades, with the rules applied)")(rank)
    app.add_typer(rules)


def quota(
    config: ConfigOption = None,
    now: NowOption = None,
    period: Annotated[str | None, typer.Option("--period", help="Một kỳ, ví dụ 2026-10")] = None,
    assessment: Annotated[str | None, typer.Option("--assessment", help="Một đợt thẩm định, ví dụ 2026")] = None,
    csv_file: Annotated[Path | None, typer.Option("--csv", help="Ghi ra tệp CSV")] = None,
    as_json: JsonOption = False,
) -> None:
    """Exit code 1 where a unit is short or undetermined."""
    with reading(config, now) as services:
        shown = quota_table(services, _periods(services, period, assessment))
    document = shown.as_json()
    if csv_file is not None:
        csv_file.write_text(_quota_csv(document), encoding="utf-8-sig")
    emit(document, as_json=as_json, show=show_quota)
    raise typer.Exit(1 if shown.needs_person else 0)


def _periods(services: Services, period: str | None, assessment: str | None) -> list[PeriodId]:
    """One period, or those of an assessment; by default those of the only assessment, else the current period."""
    if period is not None and assessment is not None:
        raise UsageError("give either --period or --assessment")
    if period is not None:
        return [services.rulesets.period(PeriodId(period))[0].id]
    if assessment is None and len(services.assessments) == 1:
        assessment = next(iter(services.assessments))
    if assessment is None:
        return [current_period(services)[0].id]
    return periods_of(services, assessment_of(services, assessment))


def _quota_csv(document: Mapping[str, Any]) -> str:
    """One line per unit and period. Text that a spreadsheet would take for a formula gets an apostrophe."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    names = ("period", "required", "written", "delivered", "visible", "counted", "status", "coverage")
    writer.writerow(["unit", "name", "group", *names, "causes"])
    for unit in document["units"]:
        for cell in unit["periods"]:
            causes = "; ".join(f"{name}={number}" for name, number in cell["causes"].items())
            writer.writerow(
                [
                    *(_safe(unit[name]) for name in ("unit", "name", "group")),
                    *(cell[name] for name in names),
                    _safe(causes),
                ]
            )
    return out.getvalue()


def _safe(text: str) -> str:
    return f"'{text}" if text.lstrip()[:1] in tuple("=+-@\t\r\n＝＋－＠") else text


def explain(
    unit: Annotated[str, typer.Argument(metavar="UNIT")],
    period: Annotated[str, typer.Argument(metavar="PERIOD", help="ví dụ 2026-10")],
    config: ConfigOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    with reading(config, now) as services:
        explanation = explain_unit(
            services, known_unit(services, unit), services.rulesets.period(PeriodId(period))[0].id
        )
    emit(explanation.as_json(), as_json=as_json, show=lambda out, _: show_explanation(out, explanation))


def show_explanation(out: Console, explanation: Explanation) -> None:
    out.print(f"[bold]{escape(explanation.headline)}[/]")
    for line in explanation.sentences:
        out.print(escape(line))
    for post in (*explanation.posts, *explanation.arrived):
        sign = "[green]✔[/]" if post.judgement.counts else "[yellow]·[/]"
        out.print(f"  {sign} {escape(post.judgement.post.title)}: {escape(post.sentence)}")
    for line in explanation.changes:
        out.print(f"→ {escape(line)}")


def close(
    period: Annotated[str, typer.Argument(metavar="PERIOD", help="ví dụ 2026-10")],
    config: ConfigOption = None,
    now: NowOption = None,
    force: Annotated[
        str | None, typer.Option("--force", help="Lý do chốt dù chưa đủ điều kiện", metavar="REASON")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    document, code = run_operation(config, now, "close", {"period": period, "force": force})
    emit(document, as_json=as_json, show=counts_table)
    raise typer.Exit(code)


def adjust(
    unit: Annotated[str, typer.Argument(metavar="UNIT")],
    period: Annotated[str, typer.Argument(metavar="PERIOD")],
    kind: Annotated[str, typer.Option("--kind", help="posts | verdict | exemption | penalty_waived")],
    reason: Annotated[str, typer.Option("--reason", help="Lý do")],
    document: Annotated[str, typer.Option("--document", help="Số, ngày văn bản")],
    approved_by: Annotated[list[str], typer.Option("--approved-by", help="Người duyệt; nêu hai người")],
    posts: Annotated[int, typer.Option("--posts", help="+n hoặc -n tin, bài")] = 0,
    status: Annotated[str | None, typer.Option("--status", help="met | missing | undetermined | exempt")] = None,
    config: ConfigOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    arguments = {
        "unit": unit, "period": period, "kind": kind, "posts": posts, "status": status, "reason": reason,
        "document": document, "approved_by": approved_by,
    }  # fmt: skip
    result, code = run_operation(config, now, "adjust", arguments)
    emit(result, as_json=as_json, show=counts_table)
    raise typer.Exit(code)


def rank(
    config: ConfigOption = None,
    now: NowOption = None,
    assessment: Annotated[str | None, typer.Option("--assessment", help="Đợt thẩm định")] = None,
    simulate: Annotated[
        list[str] | None, typer.Option("--simulate", help="Thử số tháng thiếu", metavar="UNIT=N")
    ] = None,
    push: Annotated[bool, typer.Option("--push", help="Gửi số tháng thiếu sang hệ thống xếp hạng")] = False,
    as_json: JsonOption = False,
) -> None:
    with reading(config, now) as services:
        if assessment is None:
            if len(services.assessments) != 1:
                raise UsageError(
                    "which assessment?", hint=f"--assessment {' | '.join(services.assessments) or '(none configured)'}"
                )
            assessment = next(iter(services.assessments))
        graded = None if push else ranking(services, assessment, simulate=_simulated(services, simulate or []))
    if graded is None:
        document, code = run_operation(config, now, "rank-push", {"assessment": assessment})
        emit(document, as_json=as_json, show=counts_table)
        raise typer.Exit(code)
    emit(graded.as_json(), as_json=as_json, show=show_ranking)


def _simulated(services: Services, pairs: list[str]) -> dict[UnitId, int]:
    simulated = {}
    for pair in pairs:
        unit, _, number = pair.partition("=")
        if not number.isdigit():
            raise UsageError(f'"{pair}" is no UNIT=N', hint="such as --simulate ban-a=3")
        simulated[known_unit(services, unit)] = int(number)
    return simulated


def show_ranking(out: Console, document: Mapping[str, Any]) -> None:
    made = table("Đơn vị", "#Điểm", "Theo điểm", "#Tháng thiếu", "Xếp loại", "Căn cứ")
    labels = {"tot": "Tốt", "kha": "Khá", "trung_binh": "Trung bình", "yeu": "Yếu", None: "–"}
    for unit in document["units"]:
        label = unit["label"] or "–"
        if unit["provisional"] and unit["label"]:
            label += f" (tạm; có thể {labels[unit['could_be']]})" if unit["could_be"] else " (tạm)"
        made.add_row(
            escape(unit["name"]),
            "–" if unit["score"] is None else f"{unit['score']:g}",
            labels[unit["band"]],
            str(unit["missing_months"]),
            label,
            escape("; ".join(line["detail"] for line in unit["trace"])),
        )
    out.print(made)


@rules.command("test", help="Chạy các ví dụ ghi trong bộ quy tắc (run the examples inside the rule sets)")
def rules_test(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Một tệp TOML; mặc định: các bộ đang dùng")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    document = inspection.rule_examples(file, None if file else config_from(config))

    def show(out: Console, _: object) -> None:
        for case in document["cases"]:
            sign = "[green]✔[/]" if case["ok"] else "[bold red]✘[/]"
            out.print(
                f"{sign} {escape(case['ruleset'])}: {escape(case['name'])}"
                + ("" if case["ok"] else f" – {escape(case['detail'])}")
            )
        out.print(f"{sum(case['ok'] for case in document['cases'])}/{len(document['cases'])} ví dụ đúng")

    emit(document, as_json=as_json, show=show)
    raise typer.Exit(0 if document["ok"] else 1)
