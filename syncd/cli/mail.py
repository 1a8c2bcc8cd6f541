"""mail preview, send, log: the monthly letters."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from syncd.application.jobs import last_ended_period
from syncd.application.notify import log as letters_sent
from syncd.application.notify import mail_as_json, prepare
from syncd.application.notify import preview as preview_of
from syncd.application.wording import instant_label
from syncd.cli.context import ConfigOption, JsonOption, NowOption, UnitOption, operate, reading
from syncd.cli.output import emit, table
from syncd.delivery.operations import known_unit
from syncd.domain.model import PeriodId

mail = typer.Typer(name="mail", help="Thư thông báo chỉ tiêu (compliance mail)", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="statement | summary")]
PeriodOption = Annotated[str | None, typer.Option("--period", help="Kỳ; mặc định: kỳ vừa kết thúc")]


@mail.command("preview", help="Xem trước một thư (show a letter, send nothing)")
def preview(
    name: NameArgument,
    period: PeriodOption = None,
    unit: UnitOption = None,
    config: ConfigOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    with reading(config, now) as services:
        asked = (
            services.rulesets.period(PeriodId(period))[0].id
            if period
            else last_ended_period(services, services.clock.now())
        )
        wanted = None if unit is None else known_unit(services, unit)
        text = preview_of(services, name, asked, wanted)
        letters = prepare(services, name, asked, unit=wanted)
    document = {
        "name": name,
        "period": asked,
        "text": text,
        "letters": [
            {
                "unit": letter.unit,
                "recipients": list(letter.letter.recipients),
                "subject": letter.letter.subject,
                "text": letter.letter.text,
                "html": letter.letter.html,
            }
            for letter in letters
        ],
    }

    emit(document, as_json=as_json, show=_show_text)


def _show_text(out: Console, document: Mapping[str, Any], language: str) -> None:
    out.print(escape(document["text"]), soft_wrap=True)


@mail.command("send", help="Gửi thư (send; each letter once)")
def send(
    name: NameArgument,
    period: PeriodOption = None,
    unit: UnitOption = None,
    config: ConfigOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    with reading(config, now) as services:
        asked = period or last_ended_period(services, services.clock.now())
    operate(config, now, "mail-send", {"name": name, "period": asked, "unit": unit}, as_json=as_json)


@mail.command("log", help="Thư đã gửi (what was sent)")
def log(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]")] = None,
    period: Annotated[str | None, typer.Option("--period", help="Kỳ")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    with reading(config, None) as services:
        mails = letters_sent(services, name, PeriodId(period) if period else None)
        language = services.office.language
    document = {"mails": [mail_as_json(mail) for mail in mails]}
    emit(document, as_json=as_json, show=_show_log, language=language)


def _show_log(out: Console, document: Mapping[str, Any], language: str) -> None:
    made = table("state", "period", "unit", "recipients", "subject", "sent_at", "answer", language=language)
    for line in document["mails"]:
        sent = instant_label(datetime.fromisoformat(line["sent_at"]), language) if line["sent_at"] else "–"
        row = (
            line["state"], line["period"], line["unit"], ", ".join(line["recipients"]), line["subject"], sent,
            line["answer"] or line["error"],
        )  # fmt: skip
        made.add_row(*(escape(str(value or "–")) for value in row))
    out.print(made)
