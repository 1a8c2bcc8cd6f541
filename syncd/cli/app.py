"""Puts the commands together, and turns errors into exit codes.

A command's module is imported when that command is called: help must not wait for the database's libraries.
"""

import sys
from collections.abc import Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperGroup

from syncd.errors import SyncdError, UsageError
from syncd.interpreter import collect_garbage_seldom


class Entry(NamedTuple):
    """Where a command or a group of commands lies in `syncd.cli`, and its line in the help."""

    module: str
    name: str
    help: str


COMMANDS: Mapping[str, Entry] = {
    "init": Entry("setup", "init", "Tạo config.toml và cơ sở dữ liệu (write config.toml and create the database)"),
    "check": Entry("setup", "check", "Kiểm tra toàn bộ cấu hình (validate the whole configuration)"),
    "probe": Entry("probing", "probe", "Xem sẽ đọc được gì ở một địa chỉ (what syncd would read at an address)"),
    "db": Entry("setup", "db", "Cơ sở dữ liệu (the database)"),
    "collect": Entry("work", "collect", "Đọc các trang của đơn vị (read the units' sites)"),
    "backfill": Entry("backfill", "backfill", "Đọc bù tin, bài cũ của một đơn vị (read a unit's older posts)"),
    "publish": Entry("work", "publish", "Đưa tin, bài lên Cổng (push posts to the portal)"),
    "census": Entry("work", "census", "Rà soát Cổng (read the portal back)"),
    "reconcile": Entry("reconcile", "reconcile", "Đối chiếu ba bên (written, delivered, visible, and why they differ)"),
    "portal": Entry("portal", "portal", "Cổng: kiểm tra kết nối (the portal: try what it promises)"),
    "sync": Entry("work", "sync", "Đọc, đưa lên Cổng, rà soát Cổng (collect, publish, census)"),
    "run": Entry("daemon", "run", "Chạy dịch vụ (the daemon: scheduler, workers, pages)"),
    "status": Entry("status", "status", "Điều gì đang sai, từ bao giờ, phải làm gì (what is wrong, worst first)"),
    "quota": Entry("figures", "quota", "Bảng chỉ tiêu: đơn vị x kỳ (units x periods)"),
    "explain": Entry(
        "figures", "explain", "Từng tin, bài của một kỳ và vì sao tính hay không (every post and why it counts)"
    ),
    "close": Entry("figures", "close", "Chốt số liệu một kỳ (freeze a period's statements)"),
    "adjust": Entry("figures", "adjust", "Điều chỉnh bên cạnh số đã chốt (an adjustment beside a closed statement)"),
    "decide": Entry("decide", "decide", "Kết luận về một tin, bài đang chờ (a person's decision about one post)"),
    "pushes": Entry("queues", "pushes", "Tin, bài đang chờ lên Cổng (what waits on its way to the portal)"),
    "mapping": Entry(
        "queues", "mapping", "Chuyên mục chưa có quy tắc xếp (categories of the units that no mapping rule places)"
    ),
    "rank": Entry("figures", "rank", "Xếp loại (grades, with the rules applied)"),
    "rules": Entry("figures", "rules", "Bộ quy tắc (rule sets)"),
    "mail": Entry("mail", "mail", "Thư thông báo chỉ tiêu (compliance mail)"),
    "dossier": Entry("evidence", "dossier", "Hồ sơ minh chứng (evidence)"),
    "ledger": Entry("evidence", "ledger", "Sổ cái (the ledger)"),
    "demo": Entry(
        "showcase", "demo", "Cả sản phẩm trên một tỉnh bịa ra (the whole product on a made-up province, offline)"
    ),
}


class Commands(TyperGroup):
    """The commands of `COMMANDS`, each imported when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            if cmd_name.startswith("-"):
                return None  # a wrong option: the library says so
            near = get_close_matches(cmd_name, COMMANDS, n=2)
            hint = f"did you mean {' or '.join(near)}?" if near else "syncd --help lists the commands"
            raise UsageError(f'there is no command "{cmd_name}"', hint=hint)
        entry = COMMANDS[cmd_name]
        import_module("syncd.logs").configure("warning")
        found = getattr(import_module(f"syncd.cli.{entry.module}"), entry.name)
        if isinstance(found, typer.Typer):
            return typer.main.get_group(found)
        alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        alone.command(cmd_name, help=entry.help)(found)
        return typer.main.get_command(alone)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


app = typer.Typer(
    name="syncd",
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def syncd() -> None:
    """Liên thông tin, bài lên Cổng, đếm chỉ tiêu, giữ bằng chứng. (Carries posts to the portal, counts the quota, keeps proof.)"""


def main() -> None:
    """The console script."""
    collect_garbage_seldom()
    try:
        app()
    except SyncdError as error:
        sys.exit(import_module("syncd.cli.output").report_error(error))
