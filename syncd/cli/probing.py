"""probe: what would be read at an address, or at each of a list of addresses; touches no database."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from syncd.application.wording import words
from syncd.cli import inspection
from syncd.cli.context import JsonOption
from syncd.cli.output import emit, table
from syncd.cli.probe_all import probe_all
from syncd.cli.probe_wording import PROBE_TEXTS, SOURCES_OF_DATES, sentence
from syncd.clock import SystemClock
from syncd.domain.model import LOCAL
from syncd.errors import ForeignError, UsageError

LANGUAGES = ("vi", "en")


def probe(
    url: Annotated[
        str | None, typer.Argument(metavar="URL", help="Trang chủ, trang danh sách hoặc feed (home page, list or feed)")
    ] = None,
    article: Annotated[str | None, typer.Option("--article", help="Một bài viết (one article)", metavar="URL")] = None,
    every: Annotated[
        Path | None,
        typer.Option(
            "--all", help="Mỗi dòng một địa chỉ, hoặc CSV id,name,group,url (a list of addresses)", metavar="FILE"
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Với --all: ghi các khối [[units]] vào tệp này (where the units go)")
    ] = None,
    report: Annotated[
        Path | None, typer.Option("--report", help="Với --all: những gì cần người xem (what needs a person)")
    ] = None,
    allow: Annotated[list[str] | None, typer.Option("--allow", help="Dải địa chỉ nội bộ được phép (CIDR)")] = None,
    language: Annotated[str, typer.Option("--language", help="vi | en")] = "vi",
    as_json: JsonOption = False,
) -> None:
    """Look at addresses the way a source would."""
    if [url, article, every].count(None) != 2:
        raise UsageError(
            "give one address", hint="syncd probe URL, syncd probe --article URL, or syncd probe --all FILE"
        )
    if language not in LANGUAGES:
        raise UsageError(f'there is no language "{language}"', hint="vi or en")
    if every is None and (out or report):
        raise UsageError("--out and --report go with --all", hint="syncd probe --all FILE --out units/tu-probe.toml")
    clock = SystemClock()
    if every is not None:
        raise typer.Exit(probe_all(every, out, report, allow or [], clock, as_json=as_json, language=language))
    try:
        if article is not None:
            document = inspection.probe_article(article, allow or [], clock)
        else:
            document = inspection.probe(str(url), allow or [], clock, language)
    except ForeignError as error:
        if error.kind == "blocked_address":  # no configuration is read here that could allow it
            error.hint = "the address is not public; where that is meant, allow it: --allow 10.1.0.0/16"
        raise
    emit(document, as_json=as_json, show=show_site if article is None else show_article, language=language)


def show_site(out: Console, document: Mapping[str, Any], language: str) -> None:
    """The preview: where it is read, each post with its date as printed, the months, what is doubtful, the block to paste."""
    found = words(PROBE_TEXTS, document["found_by"], language)
    out.print(f"[bold]{escape(document['title'])}[/]")
    out.print(f"{document['kind']}: {escape(document['source_url'])} ({found})")
    if document["profile"]:
        out.print(f"{words(PROBE_TEXTS, 'profile', language)}: {escape(document['profile'])}")
    _posts(out, document["posts"], language)
    months = [
        f"{month or words(PROBE_TEXTS, 'undated', language)}: {count}" for month, count in document["months"].items()
    ]
    out.print(f"{words(PROBE_TEXTS, 'per_month', language)}: {'  '.join(months)}")
    for item in document["skipped"]:
        out.print(
            f"[yellow]![/] {words(PROBE_TEXTS, 'skipped', language)}: {escape(item['item'])}: {escape(item['reason'])}"
        )
    for sample in document["articles"]:
        date = f"{_as_read(sample)} ← {sample['date_raw']}" if sample["published_at"] else "–"
        text = sentence(
            "sample", {"characters": sample["characters"], "images": sample["images"], "date": date}, language
        )
        out.print(
            f"{words(PROBE_TEXTS, 'article', language)}: {escape(sample['title'])}\n  {escape(sample['url'])}\n  {escape(text)}"
        )
    for doubt in document["doubtful"]:
        sign = "[bold red]✘[/]" if doubt["person"] else "[yellow]![/]"
        out.print(f"{sign} {escape(doubt['message'])}")
    out.print(f"\n{escape(document['config'])}")


def _posts(out: Console, posts: list[dict[str, Any]], language: str) -> None:
    made = table("published_at", "date_raw", "date_source", "title", "url", language=language)
    for post in posts:
        source = words(SOURCES_OF_DATES, post["date_source"], language)
        cells = (_as_read(post), post["date_raw"] or "–", source, post["title"], post["url"])
        made.add_row(*(escape(str(cell)) for cell in cells))
    out.print(made)


def _as_read(entry: Mapping[str, Any]) -> str:
    """The date as it was understood, in local time, no finer than it was told."""
    if entry["published_at"] is None:
        return "–"
    instant = datetime.fromisoformat(entry["published_at"]).astimezone(LOCAL)
    shapes = {"month": "%m/%Y", "day": "%d/%m/%Y", "hour": "%d/%m/%Y %H:…", "second": "%d/%m/%Y %H:%M:%S"}
    return instant.strftime(shapes.get(entry["precision"], "%d/%m/%Y %H:%M"))


def show_article(out: Console, document: Mapping[str, Any], language: str) -> None:
    for name in ("title", "url", "canonical_url", "published_at", "precision", "date_raw", "date_source", "author"):
        out.print(f"{name}: {escape(str(document[name] or '–'))}")
    for each in document["attachments"]:
        out.print(f"attachment: {escape(each['title'])} {escape(each['url'])}")
    out.print(escape(document["text"]))
