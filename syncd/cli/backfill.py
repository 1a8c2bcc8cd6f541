"""backfill: the older posts of one unit, page by page, with a bar that shows how far back it has come."""

import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from syncd.cli.context import ConfigOption, JsonOption, NowOption, clock_for, config_from, performing
from syncd.cli.output import counts_table, emit

_STEP_PAGES = 3  # of one call: the daemon's other commands, and the bar, must not wait for a whole archive
_STEP_SECONDS = 30.0
_COUNTS = ("new", "changed", "unchanged", "skipped", "pages")


def backfill(
    unit: Annotated[str, typer.Option("--unit", help="Đơn vị (the unit)")],
    since: Annotated[
        str, typer.Option("--since", help="Đọc lùi đến ngày này, 2026-01-31 (read back to this day)", metavar="DATE")
    ],
    most: Annotated[
        int, typer.Option("--max", min=1, help="Nhiều nhất bao nhiêu bài mới (at most so many new posts)")
    ] = 1000,
    config: ConfigOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read older posts from sitemap, archive pages, pagers; what was read stands, and the next call goes on from there."""
    read = config_from(config)
    total: dict[str, Any] = dict.fromkeys(_COUNTS, 0) | {"notes": []}
    started = clock_for(now).now()
    with performing(read, now) as perform, _Bar() as show:
        anew = True
        while True:
            arguments = {
                "unit": unit, "since": since, "max_posts": most - total["new"],
                "max_pages": _STEP_PAGES, "max_seconds": _STEP_SECONDS, "anew": anew,
            }  # fmt: skip
            document, code = perform("backfill", arguments)
            step = document["units"][unit]
            notes = [*total["notes"], *step["notes"]]
            total = {**step, **{name: total[name] + step[name] for name in _COUNTS}, "notes": notes}
            show(total, started, since)
            going_on = any(not source["finished"] and not source["error"] for source in step["sources"])
            if not going_on or total["new"] >= most:
                break
            anew = False
    document["units"][unit] = total
    emit(document, as_json=as_json, show=counts_table, language=read.office.language)
    raise typer.Exit(code)


class _Bar:
    """A bar on a terminal, a line for each step elsewhere; both on standard error."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stderr, highlight=False, soft_wrap=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("ngày (days)"))
        self._progress = Progress(*columns, console=self._console) if self._console.is_terminal else None
        self._task: Any = None

    def __enter__(self) -> Any:
        if self._progress is not None:
            self._progress.start()
        return self._show

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def _show(self, total: dict[str, Any], started: datetime, since: str) -> None:
        back_to = datetime.fromisoformat(since).replace(tzinfo=UTC)
        oldest = datetime.fromisoformat(total["oldest"]) if total["oldest"] else started
        whole, done = max((started - back_to).days, 1), (started - oldest).days
        done = whole if total["complete"] else min(max(done, 0), whole)
        text = f"{total['pages']} trang, {total['new']} bài mới (pages, new posts)"
        if self._progress is None:
            self._console.print(f"{text}; {done}/{whole} ngày (days)")
        elif self._task is None:
            self._task = self._progress.add_task(text, total=whole, completed=done)
        else:
            self._progress.update(self._task, description=text, completed=done)
