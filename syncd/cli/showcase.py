"""demo: the whole product on a small made-up province, offline."""

import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
import uvicorn
from rich.console import Console
from rich.markup import escape
from starlette.staticfiles import StaticFiles

from syncd.application.figures.explain import explain
from syncd.application.figures.quota_table import quota_table as quota_of
from syncd.application.figures.rank import ranking
from syncd.application.notify import preview
from syncd.application.services import Services
from syncd.bootstrap import wire
from syncd.cli.context import JsonOption
from syncd.cli.figures import show_explanation, show_ranking
from syncd.cli.output import answering, emit, quota_table
from syncd.clock import FixedStartClock
from syncd.config import load_config
from syncd.delivery.static_sites import static_sites
from syncd.delivery.web import create_app
from syncd.demo import story
from syncd.demo.province import NOW, YEAR
from syncd.domain.model import PeriodId, UnitId
from syncd.errors import UsageError

PORT = 8077


def demo(
    directory: Annotated[Path, typer.Option("--dir", help="Thư mục (where to)")] = Path("demo"),
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Không mở trang web (do not stay up)")] = False,
    as_json: JsonOption = False,
) -> None:
    with ExitStack() as stack:
        listener = None if no_serve else stack.enter_context(_listening())
        files = story.prepare(directory)
        err = Console(file=sys.stderr, highlight=False)
        if err.is_terminal:
            with err.status("Đang dựng tỉnh Ví Dụ…") as spinner:
                stack.enter_context(
                    story.played(files, port=PORT, progress=lambda step: spinner.update(f"Tỉnh Ví Dụ: {step}…"))
                )
        else:
            stack.enter_context(story.played(files, port=PORT, progress=lambda step: err.print(f"Tỉnh Ví Dụ: {step}")))
        config = load_config(files.config)
        services = stack.enter_context(wire(config, clock=FixedStartClock(NOW))).services
        table = quota_of(services, [PeriodId(period) for period in story.PERIODS])
        if as_json:
            emit({**table.as_json(), "files": files.as_json()}, as_json=True, show=quota_table)
        else:
            with answering() as out:
                _show(out, services, table.as_json(), files)
        if listener is None:
            return
        app = create_app(services)
        for path, folder in static_sites(config).items():
            app.mount(path, StaticFiles(directory=folder, html=True))
        err.print(f"Xem tại {config.web.base_url}/ và {config.portal_adapter.settings.base_url} ; Ctrl-C để dừng.")
        uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False)).run(sockets=[listener])


@contextmanager
def _listening() -> Iterator[socket.socket]:
    """The port of the pages, taken before the half minute of work.

    Raises:
        UsageError: another program has it.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", PORT))
        except OSError as err:
            raise UsageError(
                f"port {PORT} is taken: {err.strerror}",
                hint="stop the other program (another demo?), or give --no-serve",
            ) from err
        yield listener


def _show(out: Console, services: Services, table: Mapping[str, Any], files: story.DemoFiles) -> None:
    """The table, one cell explained, the grades, one letter, and where everything lies."""
    language = services.office.language
    out.print(f"\n[bold]Chỉ tiêu tin, bài sáu tháng đầu năm {YEAR}, tỉnh Ví Dụ (số liệu bịa ra)[/]\n")
    quota_table(out, table, language)
    out.print(f"\n[bold]Giải thích một ô[/]: syncd explain {story.LATE_UNIT} {story.PERIODS[1]}\n")
    explained = explain(services, UnitId(story.LATE_UNIT), PeriodId(story.PERIODS[1]))
    show_explanation(out, explained.as_json(), language)
    out.print("\n[bold]Xếp loại[/]: syncd rank\n")
    show_ranking(out, ranking(services, str(YEAR)).as_json(), language)
    out.print("\n[bold]Một bức thư[/]: syncd mail preview statement\n")
    letter = preview(services, "statement", PeriodId(story.PERIODS[-1]), UnitId("hoi-im-lang"))
    out.print(escape(letter), soft_wrap=True)
    out.print("\n[bold]Các tệp[/]")
    for name, path in files.as_json().items():
        out.print(f"  {name:<8} {escape(path)}", soft_wrap=True)
    out.print(f"\nThử tiếp: syncd quota -c {escape(str(files.config))}", soft_wrap=True)
