"""quota, explain, close, adjust, rank, rules: the figures and what follows from them."""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from syncd.application.figures.explain import explain as explain_unit
from syncd.application.figures.rank import ranking
from syncd.application.services import Services
from syncd.application.wording import words
from syncd.cli import inspection
from syncd.cli.context import ConfigOption, JsonOption, NowOption, config_from, operate, reading
from syncd.cli.output import emit, quota_table, table
from syncd.cli.wording import GRADES, TEXTS
from syncd.delivery import views
from syncd.delivery.operations import known_unit
from syncd.domain.model import PeriodId, UnitId
from syncd.errors import UsageError

rules = typer.Typer(name="rules", help="Bộ quy tắc (rule sets)", no_args_is_help=True)


def quota(
    config: ConfigOption = None,
    now: NowOption = None,
    period: Annotated[str | None, typer.Option("--period", help="Một kỳ, ví dụ 2026-10")] = None,
    assessment: Annotated[str | None, typer.Option("--assessment", help="Một đợt thẩm định, ví dụ 2026")] = None,
    csv_file: Annotated[Path | None, typer.Option("--csv", help="Ghi ra tệp CSV")] = None,
    as_json: JsonOption = False,
) -> None:
    """Exit code 1 where a unit is short or undetermined."""
    if period is not None and assessment is not None:
        raise UsageError("give either --period or --assessment")
    with reading(config, now) as services:
        shown = views.quota(services, period, assessment)
        language = services.office.language
    document = shown.as_json()
    if csv_file is not None:
        _write(csv_file, _quota_csv(document))
    emit(document, as_json=as_json, show=quota_table, language=language)
    raise typer.Exit(1 if shown.needs_person else 0)


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8-sig")  # the mark tells spreadsheets that it is UTF-8
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from error


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
        language = services.office.language
    emit(explanation.as_json(), as_json=as_json, show=show_explanation, language=language)


def show_explanation(out: Console, document: Mapping[str, Any], language: str) -> None:
    out.print(f"[bold]{escape(document['headline'])}[/]")
    for line in document["sentences"]:
        out.print(escape(line))
    for post in (*document["posts"], *document["arrived"]):
        sign = "[green]✔[/]" if post["counts"] else "[yellow]·[/]"
        out.print(f"  {sign} {escape(post['title'])}: {escape(post['sentence'])}")
    for line in document["would_change"]:
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
    operate(config, now, "close", {"period": period, "force": force}, as_json=as_json)


def adjust(
    unit: Annotated[str, typer.Argument(metavar="UNIT")],
    period: Annotated[str, typer.Argument(metavar="PERIOD")],
    kind: Annotated[str, typer.Option("--kind", help="posts | verdict | exemption | penalty_waived")],
    reason: Annotated[str, typer.Option("--reason", help="Lý do (why)")],
    document: Annotated[str, typer.Option("--document", help="Số, ngày văn bản (the document's number and date)")],
    approved_by: Annotated[
        list[str], typer.Option("--approved-by", help="Người duyệt, nêu hai người (who approved; give it twice)")
    ],
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
    operate(config, now, "adjust", arguments, as_json=as_json)


def rank(
    config: ConfigOption = None,
    now: NowOption = None,
    assessment: Annotated[str | None, typer.Option("--assessment", help="Đợt thẩm định")] = None,
    simulate: Annotated[
        list[str] | None, typer.Option("--simulate", help="Thử số tháng thiếu", metavar="UNIT=N")
    ] = None,
    push: Annotated[bool, typer.Option("--push", help="Gửi số tháng thiếu sang hệ thống xếp loại")] = False,
    as_json: JsonOption = False,
) -> None:
    with reading(config, now) as services:
        if assessment is None:
            if len(services.assessments) != 1:
                raise UsageError(
                    "which assessment?", hint=f"--assessment {' | '.join(services.assessments) or '(none configured)'}"
                )
            assessment = next(iter(services.assessments))
        language = services.office.language
        graded = None if push else ranking(services, assessment, simulate=_simulated(services, simulate or []))
    if graded is None:
        operate(config, now, "rank-push", {"assessment": assessment}, as_json=as_json)
    emit(graded.as_json(), as_json=as_json, show=show_ranking, language=language)


def _simulated(services: Services, pairs: list[str]) -> dict[UnitId, int]:
    simulated = {}
    for pair in pairs:
        unit, _, number = pair.partition("=")
        if not number.isdigit():
            raise UsageError(f'"{pair}" is no UNIT=N', hint="such as --simulate ban-a=3")
        simulated[known_unit(services, unit)] = int(number)
    return simulated


def show_ranking(out: Console, document: Mapping[str, Any], language: str) -> None:
    made = table("unit", "#score", "band", "#missing_months", "grade", "trace", language=language)
    for unit in document["units"]:
        made.add_row(
            escape(unit["name"]),
            "–" if unit["score"] is None else f"{unit['score']:g}",
            words(GRADES, unit["band"], language) if unit["band"] else "–",
            str(unit["missing_months"]),
            escape(_grade(unit, language)),
            escape("; ".join(line["detail"] for line in unit["trace"])),
        )
    out.print(made)


def _grade(unit: Mapping[str, Any], language: str) -> str:
    """`Khá`, or `Khá (tạm; có thể Yếu)` where months not determined could change it."""
    if not unit["grade"]:
        return "–"
    label = words(GRADES, unit["grade"], language)
    if not unit["provisional"]:
        return label
    doubt = words(TEXTS, "provisional", language)
    if unit["could_be"]:
        doubt += f"; {words(TEXTS, 'could_be', language)} {words(GRADES, unit['could_be'], language)}"
    return f"{label} ({doubt})"


@rules.command("test", help="Chạy các ví dụ ghi trong bộ quy tắc (run the examples inside the rule sets)")
def rules_test(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Một tệp TOML; mặc định: các bộ đang dùng")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    settings = None if file else config_from(config)
    document = inspection.rule_examples(file, settings)
    emit(document, as_json=as_json, show=show_examples, language=settings.office.language if settings else "vi")
    raise typer.Exit(0 if document["ok"] else 1)


def show_examples(out: Console, document: Mapping[str, Any], language: str) -> None:
    for case in document["cases"]:
        sign = "[green]✔[/]" if case["ok"] else "[bold red]✘[/]"
        detail = "" if case["ok"] else f" – {case['detail']}"
        out.print(f"{sign} {escape(case['ruleset'])}: {escape(case['name'] + detail)}")
    right = sum(case["ok"] for case in document["cases"])
    out.print(f"{right}/{len(document['cases'])} {words(TEXTS, 'examples_right', language)}")
