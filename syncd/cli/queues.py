"""pushes, mapping: what waits on its way to the portal and what to do about it; what no mapping rule speaks of."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from syncd.application.publishing.unmapped import unmapped
from syncd.application.publishing.waiting import SHOWN, Wait, history, wait_of, waiting
from syncd.application.wording import WAITS, instant_label, withheld_title, words
from syncd.cli.context import ConfigOption, JsonOption, NowOption, UnitOption, operate, reading
from syncd.cli.output import emit, table
from syncd.delivery.operations import known_unit
from syncd.domain.model import PostId
from syncd.errors import UsageError

pushes = typer.Typer(
    name="pushes",
    help="Tin, bài đang chờ lên Cổng (what waits on its way to the portal)",
    invoke_without_command=True,
)
_SIGNS = {
    "dead": ("✘", "bold red"),
    "left": ("!", "yellow"),
    "quarantined": ("!", "yellow"),
    "unmapped": ("!", "yellow"),
    "unknown": ("?", "cyan"),
}
_QUIET = ("·", "dim")
_TEXTS: Mapping[str, tuple[str, str]] = {
    "nothing": ("Không có tin, bài nào đang chờ", "No post waits"),
    "all_mapped": ("Mọi chuyên mục của các đơn vị đều đã có quy tắc", "Every category of the units has its rule"),
    "since": ("từ", "since"),
    "tries": ("số lần gửi", "tries"),
    "next": ("gửi lại lúc", "next try"),
    "edit": ("bản sửa", "an edit"),
    "more": ("và {n} tin, bài nữa; xem thêm: --limit", "and {n} more; --limit shows them"),
    "try": ("Lần", "Try"),
    "at": ("Thời điểm", "At"),
    "act": ("Việc", "What"),
    "result": ("Kết quả", "Outcome"),
    "own": ("Chuyên mục trên Trang", "Category on the site"),
    "under": ("Xếp vào", "Put under"),
    "newest": ("Mới nhất", "Newest"),
    "no_category": ("(không ghi chuyên mục)", "(names none)"),
    "held": ("Đang giữ", "Held"),
    "paste": ("Thêm vào config.toml, rồi khởi động lại dịch vụ:", "Add to config.toml, then restart the service:"),
}
StateOption = Annotated[
    list[Wait] | None, typer.Option("--state", help="Chỉ trạng thái này (only these)", show_default=False)
]


@pushes.callback()
def list_pushes(
    context: typer.Context,
    config: ConfigOption = None,
    now: NowOption = None,
    state: StateOption = None,
    unit: UnitOption = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=100_000, help="Nhiều nhất (at most)")] = SHOWN,
    as_json: JsonOption = False,
) -> None:
    """Exit code 1 where something waits for a person."""
    if context.invoked_subcommand is not None:
        return
    with reading(config, now) as services:
        only = None if unit is None else known_unit(services, unit)
        with services.db.read() as uow:
            found = waiting(services, uow, waits=state or tuple(Wait), unit=only, limit=limit)
        language = services.office.language
    emit(found.as_json(), as_json=as_json, show=_show_pushes, language=language)
    raise typer.Exit(1 if found.needs_person else 0)


@pushes.command("retry", help="Gửi lại hàng loạt (send again, all at once)")
def retry(
    state: Annotated[Wait, typer.Option("--state", help="dead | queued | unmapped")],
    reason: Annotated[str, typer.Option("--reason", help="Lý do (why)")],
    by: Annotated[str, typer.Option("--by", help="Người quyết định (who)")],
    config: ConfigOption = None,
    now: NowOption = None,
    unit: UnitOption = None,
    as_json: JsonOption = False,
) -> None:
    """Each post gets its leaf; the posts go out with the next publishing."""
    arguments = {"state": state.value, "unit": unit, "reason": reason, "by": by}
    operate(config, now, "retry", arguments, as_json=as_json)


@pushes.command("show", help="Mọi lần gửi của một tin, bài (every try of one post)")
def show(
    ref: Annotated[str, typer.Argument(metavar="POST", help="post:12")],
    config: ConfigOption = None,
    now: NowOption = None,
    as_json: JsonOption = False,
) -> None:
    """From the ledger: each try with its outcome, and what persons decided."""
    number = ref.removeprefix("post:")
    if not (number.isascii() and number.isdigit()):
        raise UsageError(f"{ref!r} names no post", subject=ref, hint="write post:12, as syncd pushes shows it")
    with reading(config, now) as services, services.db.read() as uow:
        post = uow.posts.get(PostId(int(number)))
        push = uow.pushes.get(services.portal.name, PostId(int(number)))
        if post is None or push is None:
            raise UsageError(f"there is no push of {ref}", subject=ref, hint="syncd pushes lists those that wait")
        unit = services.units.get(post.unit)
        placed = services.publish_rules.placing.place(unit, post.categories, post.title) if unit else None
        wait = wait_of(push)
        language = services.office.language
        document = {
            "ref": f"post:{number}",
            "unit": post.unit,
            "title": withheld_title(f"post:{number}", language) if post.quarantine else post.title,
            "state": wait.value if wait else push.state.value,
            "portal_url": push.portal_url,
            "placed": {
                "categories": list(placed.categories),
                "categories_by": placed.categories_by,
                "author": placed.author,
                "author_by": placed.author_by,
                "approval": (placed.approval or push.approval).value,
            }
            if placed
            else None,
            "acts": history(uow, push, post.first_seen),
        }
    emit(document, as_json=as_json, show=_show_push, language=language)


def mapping(
    config: ConfigOption = None, now: NowOption = None, unit: UnitOption = None, as_json: JsonOption = False
) -> None:
    """Exit code 1 where posts are held for a rule."""
    with reading(config, now) as services:
        only = None if unit is None else known_unit(services, unit)
        with services.db.read() as uow:
            rows = unmapped(services, uow, unit=only)
        language = services.office.language
    held = sum(row.held for row in rows)
    emit(
        {"unmapped": [row.as_json() for row in rows], "held": held},
        as_json=as_json,
        show=_show_mapping,
        language=language,
    )
    raise typer.Exit(1 if held else 0)


def _show_pushes(out: Console, document: Mapping[str, Any], language: str) -> None:
    for state, number in document["counts"].items():
        sign, colour = _SIGNS.get(state, _QUIET)
        out.print(f"[{colour}]{sign}[/] {number} {words(WAITS, state, language)}")
    if not document["counts"]:
        out.print(f"[green]✔[/] {words(_TEXTS, 'nothing', language)}")
    for push in document["pushes"]:
        sign, colour = _SIGNS.get(push["state"], _QUIET)
        told = [f"{words(_TEXTS, 'since', language)} {_at(push['since'], language)}"]
        if push["tries"]:
            told.append(f"{words(_TEXTS, 'tries', language)}: {push['tries']}")
        if push["next_at"]:
            told.append(f"{words(_TEXTS, 'next', language)} {_at(push['next_at'], language)}")
        edit = f" [{words(_TEXTS, 'edit', language)}]" if push["edit"] else ""
        out.print(
            f"\n[{colour}]{sign}[/] {escape(push['ref'] + '  ' + push['unit'] + '  ' + push['title'] + edit)}"
            f"\n  {escape(words(WAITS, push['state'], language))}; {escape('; '.join(told))}"
        )
        if push["error"]:
            out.print(f"  {escape(push['error'])}")
        for way in dict.fromkeys((push["hint"], push["act"])):
            if way:
                out.print(f"  [dim]→ {escape(way)}[/]")
    if document["more"]:
        out.print(words(_TEXTS, "more", language).replace("{n}", str(document["more"])))


def _show_push(out: Console, document: Mapping[str, Any], language: str) -> None:
    out.print(f"[bold]{escape(document['ref'])}[/]  {escape(document['unit'])}  {escape(document['title'])}")
    state = words(WAITS, document["state"], language)
    out.print(f"{escape(state)}  {escape(document['portal_url'] or '')}")
    if document["placed"]:
        placed = document["placed"]
        there = f"{', '.join(placed['categories'])} ({placed['categories_by'] or '-'})"
        author = f"{placed['author'] or '-'} ({placed['author_by'] or '-'})"
        out.print(escape(f"→ {there}; {author}; {placed['approval']}"))
    made = table("at", "act", "#try", "result", language=language)
    for column, name in zip(made.columns, ("at", "act", "try", "result"), strict=True):
        column.header = words(_TEXTS, name, language)
    for act in document["acts"]:
        result = " ".join(str(act[name]) for name in ("outcome", "portal_state", "decision", "error") if name in act)
        who = f" ({act['by']}: {act['reason']})" if "by" in act and "reason" in act else ""
        made.add_row(_at(act["at"], language), escape(act["kind"]), str(act.get("attempt", "")), escape(result + who))
    out.print(made)


def _show_mapping(out: Console, document: Mapping[str, Any], language: str) -> None:
    rows = document["unmapped"]
    if not rows:
        out.print(f"[green]✔[/] {words(_TEXTS, 'all_mapped', language)}")
        return
    made = table("unit", "own", "#posts", "#held", "under", "newest", language=language)
    for column, name in ((1, "own"), (3, "held"), (4, "under"), (5, "newest")):
        made.columns[column].header = words(_TEXTS, name, language)
    for row in rows:
        own = ", ".join(row["categories"]) or words(_TEXTS, "no_category", language)
        newest = f"{row['newest']['ref']}  {row['newest']['title']}"
        made.add_row(
            *map(escape, (row["unit"], own, str(row["posts"]), str(row["held"] or ""), ", ".join(row["under"]), newest))
        )
    out.print(made)
    out.print(words(_TEXTS, "paste", language))
    for rule in dict.fromkeys(row["rule"] for row in rows):
        out.print(escape(rule) + "\n")


def _at(text: str, language: str) -> str:
    return instant_label(datetime.fromisoformat(text), language)
