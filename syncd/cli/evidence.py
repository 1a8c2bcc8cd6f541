"""dossier and ledger: proof, and its checks."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from syncd.application.evidence.dossier_check import verify as verify_dossier
from syncd.application.evidence.verify import verify_ledger
from syncd.application.wording import words
from syncd.cli.context import ConfigOption, JsonOption, NowOption, operate, reading
from syncd.cli.output import emit
from syncd.cli.wording import TEXTS
from syncd.domain.model import PeriodId
from syncd.errors import ChainBroken, UsageError

dossier = typer.Typer(name="dossier", help="Hồ sơ minh chứng (evidence)", no_args_is_help=True)
ledger = typer.Typer(name="ledger", help="Sổ cái (the ledger)", no_args_is_help=True)


@dossier.command("build", help="Lập hồ sơ minh chứng (build a dossier)")
def build(
    unit: Annotated[str, typer.Option("--unit", help="Đơn vị")],
    periods: Annotated[str, typer.Option("--periods", help="Kỳ hoặc khoảng kỳ", metavar="A..B")],
    out: Annotated[Path, typer.Option("-o", "--output", help="Tệp .zip")],
    config: ConfigOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    first, dots, last = periods.partition("..")
    with reading(config, now) as services:
        names = [
            period.id for period, _ in services.rulesets.between(PeriodId(first), PeriodId(last if dots else first))
        ]
    arguments = {"unit": unit, "periods": names, "out": str(out.resolve())}
    operate(config, now, "dossier-build", arguments, as_json=as_json)


@dossier.command("verify", help="Kiểm tra hồ sơ, không cần mạng (check a dossier offline)")
def verify(file: Annotated[Path, typer.Argument(metavar="FILE")], as_json: JsonOption = False) -> None:
    """Exit code 1 where anything does not hold."""
    if not file.is_file():
        raise UsageError(f"there is no {file}")
    result = verify_dossier(file)
    emit(result.as_json(), as_json=as_json, show=_show_checks)
    raise typer.Exit(0 if result.valid else 1)


def _show_checks(out: Console, document: Mapping[str, Any], language: str) -> None:
    for check in document["checks"]:
        sign = "[green]✔[/]" if check["ok"] else "[bold red]✘[/]"
        out.print(f"{sign} {escape(check['name'])}: {escape(check['detail'])}")
    colour, name = ("green", "dossier_whole") if document["valid"] else ("bold red", "dossier_broken")
    out.print(f"[{colour}]{words(TEXTS, name, language)}[/]")


@ledger.command("verify", help="Tính lại toàn bộ sổ cái (recompute every leaf and the root)")
def ledger_verify(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Exit code 1 where the ledger is not what it was."""
    with reading(config, None) as services:
        try:
            report = verify_ledger(services.db)
            document: dict[str, Any] = {"valid": True, "size": report.size, "root": report.root.hex()}
        except ChainBroken as error:
            with services.db.read() as uow:
                head = uow.ledger.head()
            document = {
                "valid": False, "size": head.size, "root": head.root.hex(), "seq": error.seq, "error": str(error),
                "hint": error.hint,
            }  # fmt: skip

        language = services.office.language
    emit(document, as_json=as_json, show=_show_verified, language=language)
    raise typer.Exit(0 if document["valid"] else 1)


def _show_verified(out: Console, document: Mapping[str, Any], language: str) -> None:
    if document["valid"]:
        out.print(f"[green]✔[/] {_head(document, language)}")
    else:
        out.print(f"[bold red]✘[/] {words(TEXTS, 'leaf', language)} {document['seq']}: {escape(document['error'])}")


def _head(document: Mapping[str, Any], language: str) -> str:
    return f"{document['size']} {words(TEXTS, 'leaves', language)}, {words(TEXTS, 'root', language)} {document['root']}"


@ledger.command("show", help="Các mục của sổ cái (leaves, in order)")
def ledger_show(
    config: ConfigOption = None,
    start: Annotated[int, typer.Option("--from", min=0, help="Mục đầu tiên")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Số mục")] = 50,
    as_json: JsonOption = False,
) -> None:
    with reading(config, None) as services, services.db.read() as uow:
        head = uow.ledger.head()
        leaves = [
            {"hash": leaf.hash.hex(), **json.loads(leaf.body)}
            for leaf in uow.ledger.leaves(start, min(start + limit, head.size))
        ]
        language = services.office.language
    document = {"size": head.size, "root": head.root.hex(), "leaves": leaves}
    emit(document, as_json=as_json, show=_show_leaves, language=language)


def _show_leaves(out: Console, document: Mapping[str, Any], language: str) -> None:
    for leaf in document["leaves"]:
        data = json.dumps(leaf["data"], ensure_ascii=False)
        out.print(f"{leaf['seq']:>6}  {leaf['at']}  {leaf['type']:<13} {escape(leaf['unit'] or '–')}  {escape(data)}")
    out.print(_head(document, language))
