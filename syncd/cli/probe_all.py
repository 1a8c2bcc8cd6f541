"""`syncd probe --all FILE`: many addresses at once, into one file of units; what was written before is kept."""

import csv
import io
import re
import sys
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlsplit

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from syncd import registry
from syncd.application.wording import words
from syncd.cli.inspection import in_words, probing
from syncd.cli.output import emit
from syncd.cli.probe_wording import PROBE_TEXTS
from syncd.errors import ForeignError, UsageError
from syncd.ports.clock import Clock

_WORKERS = 8  # hosts at once; one host is asked by one of them
_MAX_ADDRESSES = 5_000
_COLUMNS = ("id", "name", "group", "url")
_MARK = "# syncd probe: "
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """One line of the list."""

    line: int
    url: str
    unit: Mapping[str, str]


Result = dict[str, Any]  # the probe's document, or {"url", "error": {"kind", "message", "hint"}}


def probe_all(
    file: Path,
    out: Path | None,
    report: Path | None,
    allow: Sequence[str],
    clock: Clock,
    *,
    as_json: bool,
    language: str,
) -> int:
    """Probe every address of the file; 1 where one of them needs a person, else 0.

    Raises:
        UsageError: the file, or what stands in `out`, cannot be read.
    """
    wanted = read_addresses(file)
    text, ids, done = _written(out)
    left = [each for each in wanted if each.url not in done]
    results: list[Result] = []
    with _progress(len(left), language) as step, _appending(out) as target:
        if target is None and not as_json:
            target = sys.stdout
        for each, result in _probed(left, allow, clock, language):
            if "error" not in result:
                _name(result, ids)
                if target is not None:
                    opening = "\n" if text else ""
                    target.write(f"{opening}{_MARK}{each.url}\n{result['config']}\n")
                    target.flush()
                    text = True
            results.append(result)
            step(result)
    needing = [line for result in results for line in _for_a_person(result)]
    if as_json:
        document = {
            "ok": not needing,
            "sites": results,
            "kept": [each.url for each in wanted if each.url in done],
            "needs_person": needing,
        }
        emit(document, as_json=True, show=lambda *_: None, language=language)
    _report(needing, results, len(wanted) - len(left), report, language)
    return 1 if needing else 0


def read_addresses(file: Path) -> list[Wanted]:
    """The addresses of a list: one a line (`#` begins a comment), or a CSV file whose header has `url`, and perhaps `id`, `name`, `group`.

    Raises:
        UsageError: it cannot be read, names an address or id twice, or has columns that are not known.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read: {error}", hint="a text file in UTF-8, one address a line") from error
    wanted = list(_of_csv(text, file) if _is_csv(text) else _of_lines(text))
    if not wanted:
        raise UsageError(
            f"{file} names no address", hint="one address a line, or CSV with the columns id,name,group,url"
        )
    if len(wanted) > _MAX_ADDRESSES:
        raise UsageError(f"{file} names {len(wanted)} addresses, at most {_MAX_ADDRESSES} are probed at once")
    for what in ("url", "id"):
        seen: dict[str, int] = {}
        for each in wanted:
            value = each.url if what == "url" else each.unit.get("id", "")
            if value and value in seen:
                raise UsageError(
                    f"{file}:{each.line}: {value} stands in line {seen[value]} already", hint="leave one of them"
                )
            seen[value] = each.line
    return wanted


def _is_csv(text: str) -> bool:
    first = text.partition("\n")[0]
    return "url" in [cell.strip().lower() for cell in re.split("[,;]", first)] and bool(
        re.search("[,;]", first) or first.strip() == "url"
    )


def _of_lines(text: str) -> Iterator[Wanted]:
    for number, line in enumerate(text.splitlines(), start=1):
        address = re.sub(r"(?:^|\s)#.*", "", line).strip()
        if address:
            yield Wanted(line=number, url=address, unit={})


def _of_csv(text: str, file: Path) -> Iterator[Wanted]:
    delimiter = ";" if text.partition("\n")[0].count(";") else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or []]
    if unknown := [name for name in reader.fieldnames if name not in _COLUMNS]:
        raise UsageError(f'{file}: unknown column "{unknown[0]}"', hint=f"columns: {', '.join(_COLUMNS)}")
    try:
        for row in reader:
            cells = {name: (value or "").strip() for name, value in row.items() if name}
            if not cells.get("url"):
                continue
            unit = {name: cells[name] for name in ("id", "name", "group") if cells.get(name)}
            if "id" in unit and not _ID.fullmatch(unit["id"]):
                raise UsageError(
                    f'{file}:{reader.line_num}: "{unit["id"]}" is no id',
                    hint="small letters, digits and hyphens: ban-to-chuc",
                )
            yield Wanted(line=reader.line_num, url=cells["url"], unit=unit)
    except csv.Error as error:
        raise UsageError(f"{file}:{reader.line_num}: not valid CSV: {error}", hint="mend the line") from error


def _written(out: Path | None) -> tuple[bool, set[str], set[str]]:
    """Of the file to write: whether something stands there, its ids, and the addresses that it answers."""
    if out is None or not out.exists():
        return False, set(), set()
    try:
        text = out.read_text(encoding="utf-8")
        units = tomllib.loads(text).get("units", [])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{out} cannot be read: {error}", hint="mend it, or name another file with --out") from error
    urls = {str(source.get("url", "")) for unit in units for source in unit.get("sources", [])}
    urls |= {line.removeprefix(_MARK).strip() for line in text.splitlines() if line.startswith(_MARK)}
    return bool(text.strip()), {str(unit.get("id", "")) for unit in units}, urls


@contextmanager
def _appending(out: Path | None) -> Iterator[TextIO | None]:
    if out is None:
        yield None
        return
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with out.open("a", encoding="utf-8") as file:
            yield file
    except OSError as error:
        raise UsageError(f"{out} cannot be written: {error.strerror}") from error


def _probed(
    wanted: Sequence[Wanted], allow: Sequence[str], clock: Clock, language: str
) -> Iterator[tuple[Wanted, Result]]:
    """Each address with its result, in the order of the list; hosts side by side, the addresses of one host one after another."""
    waiting: dict[int, Future[Result]] = {each.line: Future() for each in wanted}
    hosts: dict[str, list[Wanted]] = defaultdict(list)
    for each in wanted:
        hosts[urlsplit(each.url if "://" in each.url else f"//{each.url}").netloc.lower()].append(each)
    with probing(allow, clock) as (http, articles):

        def of_one_host(addresses: Sequence[Wanted]) -> None:
            for each in addresses:
                found = waiting[each.line]
                try:
                    document = registry.site_probe()(http, each.url, clock, articles, unit=each.unit)
                    found.set_result(in_words(document, language))
                except ForeignError as error:
                    found.set_result(_fault(each.url, error))
                except BaseException as error:
                    found.set_exception(
                        error
                    )  # a fault of ours ends the whole: whoever waits for it must not wait for ever
                    raise

        pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="probe")
        try:
            for addresses in hosts.values():
                pool.submit(of_one_host, addresses)
            for each in wanted:
                yield each, waiting[each.line].result()
        finally:
            http.abort()
            pool.shutdown(cancel_futures=True)


def _fault(url: str, error: ForeignError) -> Result:
    hint = error.hint
    if error.kind == "blocked_address":
        hint = "the address is not public; where that is meant, allow it: --allow 10.1.0.0/16"
    return {"url": url, "error": {"kind": error.kind, "message": str(error), "hint": hint}}


def _name(result: Result, ids: set[str]) -> None:
    """Make the proposed id unlike those that stand in the file already."""
    proposed = result["unit"]["id"]
    chosen, number = proposed, 1
    while chosen in ids:
        number += 1
        chosen = f"{proposed}-{number}"
    ids.add(chosen)
    result["unit"] = {**result["unit"], "id": chosen}
    result["config"] = result["config"].replace(f'id = "{proposed}"', f'id = "{chosen}"', 1)


def _for_a_person(result: Result) -> list[dict[str, str | None]]:
    """What somebody must look at before the unit is used."""
    if "error" in result:
        message = result["error"]["message"].removeprefix(f"{result['url']}: ")
        return [{"url": result["url"], "message": message, "hint": result["error"]["hint"]}]
    unit = result["unit"]["id"]
    return [
        {"url": result["url"], "unit": unit, "message": doubt["message"], "hint": None}
        for doubt in result["doubtful"]
        if doubt["person"]
    ]


def _report(
    needing: Sequence[Mapping[str, Any]], results: Sequence[Result], kept: int, report: Path | None, language: str
) -> None:
    written = sum("error" not in result for result in results)
    lines = [
        f"{words(PROBE_TEXTS, 'units_written', language)}: {written}; {words(PROBE_TEXTS, 'kept', language)}: {kept}; "
        f"{words(PROBE_TEXTS, 'need_person', language)}: {len({item['url'] for item in needing})}"
    ]
    for item in needing:
        unit = f" ({item['unit']})" if item.get("unit") else ""
        lines.append(f"- {item['url']}{unit}: {item['message']}" + (f"\n  → {item['hint']}" if item["hint"] else ""))
    text = "\n".join(lines) + "\n"
    if report is None:
        sys.stderr.write(text)
        return
    try:
        report.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{report} cannot be written: {error.strerror}") from error
    sys.stderr.write(f"{lines[0]} → {report}\n")


@contextmanager
def _progress(total: int, language: str) -> Iterator[Callable[[Result], None]]:
    """What tells how far it is: a bar on a terminal, a line for each address elsewhere."""
    if not sys.stderr.isatty():
        count = 0

        def line(result: Result) -> None:
            nonlocal count
            count += 1
            sys.stderr.write(f"{count}/{total} {_in_short(result)}\n")
            sys.stderr.flush()

        yield line
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=sys.stderr)) as progress:
        task = progress.add_task("probe", total=total)
        yield lambda result: progress.update(task, advance=1, description=result["url"][:50])


def _in_short(result: Result) -> str:
    if "error" in result:
        return f"✘ {result['url']}: {result['error']['message'].removeprefix(result['url'] + ': ')}"
    return f"✔ {result['url']}: {result['kind']}, {len(result['posts'])}"
