"""portal: whether it does what its adapter promises, and what became of it when posts are gone at once."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from syncd.application.wording import words
from syncd.cli.context import ConfigOption, JsonOption, NowOption, config_from, operate
from syncd.cli.output import emit, table
from syncd.errors import UsageError

portal = typer.Typer(
    name="portal",
    help="Cổng: kiểm tra kết nối, phục hồi (the portal: try what it promises; say that it was restored)",
    no_args_is_help=True,
)

STEPS: Mapping[str, tuple[str, str]] = {
    "verify": ("Đăng nhập, quyền của tài khoản", "Log in, rights of the account"),
    "absent": ("Tra một mã chưa từng gửi", "Look up a key never sent"),
    "create": ("Tạo một bài nháp", "Create a draft"),
    "find": ("Tra lại bài vừa tạo", "Find it by its key"),
    "again": ("Gửi lại, không được thành hai bài", "Send it again: no second post"),
    "upload": ("Gửi một ảnh hai lần, chỉ lưu một", "Upload a picture twice, stored once"),
    "update": ("Sửa tiêu đề và nội dung", "Change title and text"),
    "list": ("Đọc danh sách trong ngày", "List these days"),
    "read": ("Đọc lại, so với bản đã gửi", "Read it back and compare"),
}
_SEEN: Mapping[str, str] = {
    "absent": "chưa có trên Cổng",
    "made": "đã tạo bài nháp",
    "found": "tra được theo mã",
    "once": "vẫn chỉ một bài",
    "looked_first": "Cổng không tự chặn bài trùng; phần mềm tra trước khi gửi",
    "at_least_once": "Cổng không chặn được bài trùng; mất trả lời thì có thể thành hai bài",
    "stored_once": "chỉ lưu một tệp",
    "no_files": "Cổng không nhận tệp riêng",
    "changed": "đã sửa, trạng thái giữ nguyên",
    "listed": "có bài vừa tạo trong danh sách",
    "drafts_unlisted": "danh sách không gồm bài nháp",
    "as_sent": "đúng như bản đã gửi",
    "not_tried": "chưa thử",
}
_SIGNS = {True: "[green]✔[/]", False: "[bold red]✘[/]", None: "[dim]–[/]"}
_TEXTS: Mapping[str, tuple[str, str]] = {
    "would": (
        "Lệnh này sẽ ghi lên Cổng: một bài nháp và một ảnh nhỏ, để lại cho biên tập viên xóa. Các bước:",
        "This writes to the portal: a draft and a small picture, left for an editor to remove. The steps:",
    ),
    "how": ("Chạy thật: syncd portal check --yes", "To do it: syncd portal check --yes"),
    "left": ("Bài nháp còn trên Cổng, có thể xóa:", "The draft left on the portal, may be removed:"),
    "ok": ("Cổng làm đúng như mong đợi.", "The portal does what is expected."),
    "not_ok": (
        "Cổng chưa đạt: chưa nên chuyển tin, bài lên cho đến khi sửa xong.",
        "The portal does not hold: send nothing there until this is mended.",
    ),
    "portal_restored": (
        "Chuyển lại {lost} bài bị mất và {older} bản sửa; {stand} bài vẫn còn trên Cổng. Sổ cái: mục {leaf}.",
        "{lost} lost posts and {older} edits are carried again; {stand} stand there still. Ledger: leaf {leaf}.",
    ),
    "portal_removed": (
        "Ghi nhận {lost} bài đã gỡ, không chuyển lại; tiếp tục chuyển tin, bài. Sổ cái: mục {leaf}.",
        "{lost} posts stay away; sending goes on. Ledger: leaf {leaf}.",
    ),
    "step": ("Bước", "Step"),
    "seen": ("Kết quả", "Seen"),
    "seconds": ("Giây", "Seconds"),
}


@portal.callback()
def _portal() -> None:
    """Cổng: kiểm tra kết nối, phục hồi (the portal: try what it promises; say that it was restored)"""


@portal.command(
    "check", help="Thử Cổng bằng một bài nháp (try the portal with one draft: log in, create, find, update, list)"
)
def check(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Tên Cổng (portal.name)", show_default=False)
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Đồng ý ghi một bài nháp lên Cổng (do write a draft there)")
    ] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    settings = config_from(config)
    if name is not None and name != settings.portal.name:
        raise UsageError(
            f'there is no portal "{name}"', hint=f'the portal of this configuration is "{settings.portal.name}"'
        )
    if yes:
        operate(config, None, "portal-check", {}, as_json=as_json, show=_show)
    document = {"portal": settings.portal.name, "would": list(STEPS)}
    emit(document, as_json=as_json, show=_show_plan, language=settings.office.language)


ReasonOption = Annotated[str, typer.Option("--reason", help="Lý do (why)")]
ByOption = Annotated[str, typer.Option("--by", help="Người kết luận (who says so)")]


@portal.command(
    "restored",
    help="Cổng đã được phục hồi từ bản sao lưu: chuyển lại đúng các bài bị mất (it was restored: carry the lost posts again)",
)
def restored(
    reason: ReasonOption, by: ByOption, config: ConfigOption = None, now: NowOption = None, as_json: JsonOption = False
) -> None:
    operate(config, now, "portal-restored", {"reason": reason, "by": by}, as_json=as_json, show=_show_settled)


@portal.command(
    "removed",
    help="Các bài mất cùng lúc là do cố ý gỡ: không chuyển lại (they were removed on purpose: leave them away)",
)
def removed(
    reason: ReasonOption, by: ByOption, config: ConfigOption = None, now: NowOption = None, as_json: JsonOption = False
) -> None:
    operate(config, now, "portal-removed", {"reason": reason, "by": by}, as_json=as_json, show=_show_settled)


def _show_settled(out: Console, document: Mapping[str, Any], language: str) -> None:
    told = words(_TEXTS, document["action"], language)
    for name in ("lost", "older"):
        told = told.replace(f"{{{name}}}", str(len(document[name])))
    out.print(told.replace("{stand}", str(document["stand"])).replace("{leaf}", str(document["leaf"])))


def _show_plan(out: Console, document: Mapping[str, Any], language: str) -> None:
    out.print(words(_TEXTS, "would", language))
    for step in document["would"]:
        out.print(f"  {words(STEPS, step, language)}")
    out.print(words(_TEXTS, "how", language))


def _show(out: Console, document: Mapping[str, Any], language: str) -> None:
    made = table(
        "", words(_TEXTS, "step", language), words(_TEXTS, "seen", language), "#" + words(_TEXTS, "seconds", language)
    )
    for step in document["steps"]:
        said = _SEEN.get(step["seen"]) if language == "vi" else None
        seen = escape(said or step["detail"]) + (f"\n→ {escape(step['hint'])}" if step["hint"] else "")
        seconds = f"{step['seconds']:.2f}" if step["ok"] is not None else ""
        made.add_row(_SIGNS[step["ok"]], words(STEPS, step["step"], language), seen, seconds)
    out.print(made)
    if document["left"]:
        left = document["left"]
        out.print(
            f"{words(_TEXTS, 'left', language)} {escape(left['title'])} ({escape(left['id'])}) {escape(left['url'])}"
        )
    out.print(words(_TEXTS, "ok" if document["ok"] else "not_ok", language))
