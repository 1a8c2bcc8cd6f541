"""What the pages show, prepared: templates only loop over it.

Every address that came from outside becomes a link only where it is plain http or https.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from syncd.application.alarms import held_list
from syncd.application.collecting.arrivals import MAX_VERSIONS
from syncd.application.figures.edits import Edit, edits_of
from syncd.application.figures.explain import explain
from syncd.application.figures.quota_table import QuotaTable, assessment_of, current_period, periods_of, quota_table
from syncd.application.figures.sheet import SYMBOL, sheet_of, so_far, worst_first
from syncd.application.publishing.attempt import Outcome
from syncd.application.services import Assessment, Services
from syncd.application.wording import STATUS, words
from syncd.domain.differences import Piece
from syncd.domain.ledger import LeafKind, keys_of
from syncd.domain.model import PeriodId, PostId, Status, UnitId
from syncd.domain.periods import period_of
from syncd.errors import UsageError
from syncd.ports.records import LookRecord, PostRecord, PushRecord, PushState, SightingRecord
from syncd.ports.store import UnitOfWork

_RECENT_PERIODS = 6
_FAR = datetime(9999, 1, 1, tzinfo=UTC)

_LEAF = {
    LeafKind.ITEM_SEEN: "Đọc thấy tin, bài lần đầu",
    LeafKind.ITEM_CHANGED: "Tin, bài được sửa trên Trang",
    LeafKind.POST_GONE: "Còn hay không còn trên Trang của đơn vị",
    LeafKind.PUSH_SENT: "Gửi lên Cổng",
    LeafKind.PUSH_RESULT: "Kết quả gửi lên Cổng",
    LeafKind.READBACK: "Rà soát: trạng thái trên Cổng thay đổi",
    LeafKind.RECONCILE: "Đối chiếu với Cổng",
    LeafKind.ADMIN_ACTION: "Cán bộ xử lý",
}
_PUSH = {
    PushState.QUEUED: "đang chờ gửi",
    PushState.HELD_BACK: "tin, bài cũ: chờ gửi dần từng ngày",
    PushState.INTENT: "đang gửi",
    PushState.UNKNOWN: "đã gửi, chưa rõ Cổng có nhận hay không",
    PushState.DELIVERED: "Cổng đã nhận",
    PushState.DEAD: "gửi không thành công, chờ cán bộ xử lý",
    PushState.QUARANTINED: "tạm giữ để kiểm tra độ mật",
}
_EDIT = {"edited": "đơn vị sửa", "completed": "đọc được toàn văn", "dated": "đọc được ngày đăng"}
_EDITED = {
    "edited": "Đơn vị sửa tin, bài",
    "completed": "Hệ thống đọc được toàn văn",
    "dated": "Hệ thống đọc được ngày đăng",
}
_PORTAL: Mapping[str, str] = {
    "draft": "bản nháp",
    "pending": "chờ duyệt",
    "scheduled": "hẹn giờ đăng",
    "public": "đang hiển thị",
    "private": "riêng tư",
    "trash": "đã bị xóa vào thùng rác",
    "gone": "không còn trên Cổng",
}
_OUTCOME: Mapping[str, str] = {
    Outcome.SENT: "Cổng đã nhận",
    Outcome.UPDATED: "Cổng đã nhận bản sửa",
    Outcome.ADOPTED: "đã có sẵn trên Cổng, không gửi lại",
    Outcome.UNKNOWN: "chưa rõ Cổng có nhận hay không, sẽ tra lại",
    Outcome.RETRY: "chưa được, sẽ gửi lại",
    Outcome.DEAD: "không thành công, chờ cán bộ xử lý",
    Outcome.WITHHELD: "tạm giữ để kiểm tra độ mật",
    Outcome.LEFT: "đã được sửa hoặc gỡ trên Cổng, không ghi đè",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One line of a post's history. `at` None: it has no instant of its own."""

    at: datetime | None
    text: str
    detail: str = ""


def link(url: str) -> str | None:
    """`url` where a page may link to it."""
    return url if url.lower().startswith(("http://", "https://")) else None


def chosen_periods(services: Services, assessment: str | None) -> tuple[list[PeriodId], Assessment | None]:
    """The periods, up to now, of the assessment asked for; else of the one that runs now, else of the newest that has ended; else the latest few.

    Raises:
        UsageError: no such assessment.
    """
    if assessment is not None:
        named = assessment_of(services, assessment)
        return _begun(services, periods_of(services, named)), named
    now = services.clock.now()
    begun = []
    for candidate in services.assessments.values():
        first, _ = services.rulesets.period(candidate.first)
        if first.start <= now:
            begun.append((first.start, candidate))
    if not begun:
        return recent_periods(services), None
    _, newest = max(begun, key=lambda pair: pair[0])
    return _begun(services, periods_of(services, newest)), newest


def recent_periods(services: Services) -> list[PeriodId]:
    """The running period and the few before it, oldest first."""
    current, rules = current_period(services)
    periods = [current.id]
    start = current.start
    while len(periods) < _RECENT_PERIODS:
        before = period_of(start - timedelta(seconds=1), rules.calendar)
        try:
            services.rulesets.period(before.id)
        except UsageError:
            break  # before the first rule set
        periods.insert(0, before.id)
        start = before.start
    return periods


def _begun(services: Services, periods: list[PeriodId]) -> list[PeriodId]:
    now = services.clock.now()
    begun = [period for period in periods if services.rulesets.period(period)[0].start <= now]
    return begun or periods[:1]


def overview(services: Services, assessment: str | None, *, recent: bool = False) -> dict[str, Any]:
    """Units x periods, worst first; `recent`: the latest periods, whatever assessment they belong to."""
    periods, running = (recent_periods(services), None) if recent else chosen_periods(services, assessment)
    table = quota_table(services, periods, ruleset=running.ruleset if running else None)
    return {
        **standing(services),
        "assessment": running.id if running else None,
        "assessments": list(services.assessments),
        "periods": periods,
        "rows": [
            {"unit": row.unit, "cells": _cells(services, table, row.unit.id, periods), "missing": row.missing}
            for row in worst_first(table)
        ],
        "legend": [(SYMBOL[status], words(STATUS, status)) for status in Status],
    }


def quota(services: Services, period: str | None, assessment: str | None) -> QuotaTable:
    """One period, or those of an assessment; by default those of the only assessment, else the current period.

    Raises:
        UsageError: no such period or assessment.
    """
    if period is not None:
        return quota_table(services, [PeriodId(period)])
    if assessment is None and len(services.assessments) == 1:
        assessment = next(iter(services.assessments))
    if assessment is None:
        return quota_table(services, [current_period(services)[0].id])
    named = assessment_of(services, assessment)
    return quota_table(services, periods_of(services, named), ruleset=named.ruleset)


def _cells(services: Services, table: QuotaTable, unit: UnitId, periods: list[PeriodId]) -> list[dict[str, Any] | None]:
    cells: list[dict[str, Any] | None] = []
    for period in periods:
        cell = table.cell(unit, period)
        if cell is None:
            cells.append(None)
            continue
        verdict = cell.verdict
        cells.append(
            {
                "period": period,
                "status": verdict.status.value,
                "words": words(STATUS, verdict.status),
                "symbol": SYMBOL[verdict.status],
                "counted": verdict.counted,
                "required": verdict.required,
                "waiting": verdict.waiting,
                "closed": cell.statement is not None,
            }
        )
    return cells


def unit_page(services: Services, unit: UnitId) -> dict[str, Any]:
    """One unit: its periods, and how its sites are read.

    Raises:
        UsageError: no such unit.
    """
    periods, running = chosen_periods(services, None)
    table = quota_table(services, periods, units=[unit], ruleset=running.ruleset if running else None)
    with services.db.read() as uow:
        states = [state for state in uow.sources.all() if state.unit == unit]
        held = {record.source: record for record in uow.lists.alarmed()}
    row = table.row(unit)
    cells = list(row.cells) if row else []
    current, _ = current_period(services)
    if current.id not in periods and (
        later := quota_table(services, [current.id], units=[unit]).cell(unit, current.id)
    ):
        cells.append(later)
    known = services.units[unit]
    return {
        **standing(services),
        "unit": known,
        "sheets": [sheet_of(services, known, cell) for cell in reversed(cells)],
        "so_far": so_far(services, row, running.id if running else None) if row else None,
        "sources": [
            {
                "state": state,
                "link": link(state.url),
                "held": held_list(held[state.source], known, state.url, "vi") if state.source in held else None,
            }
            for state in states
        ],
    }


def period_page(services: Services, unit: UnitId, period: PeriodId) -> dict[str, Any]:
    """Why a unit stands where it stands in one period, post by post.

    Raises:
        UsageError: no such unit or period, or the unit had no quota then.
    """
    explanation = explain(services, unit, period, language="vi")

    def shown(posts: Any) -> list[dict[str, Any]]:
        return [
            {
                "title": each.judgement.post.title,
                "page": _page_of(each.judgement.post.ref),
                "link": link(each.judgement.post.url),
                "url": each.judgement.post.url,
                "counts": each.judgement.counts,
                "sentence": each.sentence,
                "since_closing": each.since_closing,
            }
            for each in posts
        ]

    return {
        **standing(services),
        "unit": explanation.unit,
        "explanation": explanation,
        "sheet": sheet_of(services, explanation.unit, explanation.cell),
        "posts": sorted(shown(explanation.posts), key=lambda post: not post["counts"]),
        "arrived": shown(explanation.arrived),
    }


def _page_of(ref: str) -> str | None:
    kind, _, number = ref.partition(":")
    return f"/posts/{number}" if kind == "post" else None


def post_page(services: Services, number: int) -> dict[str, Any]:
    """What happened to one post, and when.

    Raises:
        UsageError: no such post.
    """
    with services.db.read() as uow:
        post = uow.posts.get(PostId(number))
        if post is None or post.id is None:
            raise UsageError(f"there is no post {number}", subject=str(number))
        push = uow.pushes.get(services.portal.name, post.id)
        sighting = uow.sightings.for_posts(services.portal.name, [post.id]).get(post.id)
        looks = uow.looks.in_window(
            post.first_seen - timedelta(days=2), post.first_seen + timedelta(minutes=10), unit=post.unit
        )
        leaves = _leaves(uow, post)
        edits = edits_of(post, uow.versions.of([post.id]).get(post.id, []))
    unit = services.units.get(post.unit)
    return {
        **standing(services),
        "post": post,
        "unit_id": post.unit,
        "unit_name": unit.name if unit else post.unit,
        "link": link(post.url),
        "portal_link": link(push.portal_url) if push and push.portal_url else None,
        "push_words": _PUSH[push.state] if push else "chưa được chuyển lên Cổng",
        "push": push,
        "placed": services.publish_rules.placing.place(unit, post.categories, post.title) if unit else None,
        "portal_words": _PORTAL.get(sighting.state, sighting.state) if sighting else None,
        "events": _history(post, edits, push, sighting, looks),
        "leaves": leaves,
        "attachments": [
            {"link": link(file["url"]), "title": file["title"] or file["url"]} for file in post.attachments
        ],
        "edits": [
            {"edit": edit, "reason": _EDIT.get(edit.reason, edit.reason), "parts": _parts(edit)} for edit in edits
        ],
    }


def _parts(edit: Edit) -> list[tuple[str, Sequence[Piece]]]:
    """What an edit changed, under its headings."""
    return [(name, pieces) for name, pieces in (("Tiêu đề", edit.title), ("Nội dung", edit.text)) if pieces]


def _leaves(uow: UnitOfWork, post: PostRecord) -> list[dict[str, Any]]:
    found = []
    for leaf in uow.ledger.of_unit(post.unit, post.first_seen - timedelta(days=1), _FAR):
        data = json.loads(leaf.body)["data"]
        if post.key in keys_of(data):
            found.append(
                {
                    "seq": leaf.seq,
                    "at": leaf.at,
                    "words": _LEAF.get(leaf.kind, leaf.kind.value),
                    "detail": _detail(data),
                    "hash": leaf.hash.hex(),
                }
            )
    return found


def _detail(data: Mapping[str, Any]) -> str:
    """What a leaf says that happened; the rest of it stands in the dossier."""
    told = []
    if isinstance(attempt := data.get("attempt"), int):
        told.append(f"lần thứ {attempt}")
    if isinstance(outcome := data.get("outcome"), str):
        told.append(_OUTCOME.get(outcome, outcome))
    if isinstance(state := data.get("state"), str):
        told.append(_PORTAL.get(state, state))
    if isinstance(error := data.get("error"), str):
        told.append(error)
    return ", ".join(told)


def _history(
    post: PostRecord,
    edits: Sequence[Edit],
    push: PushRecord | None,
    sighting: SightingRecord | None,
    looks: list[LookRecord],
) -> list[Event]:
    events = []
    if post.published_at is not None:
        events.append(Event(at=post.published_at, text="Ngày đăng ghi trên Trang của đơn vị", detail=post.date_raw))
    before = [look for look in looks if look.source == post.source and look.at < post.first_seen]
    if before:
        outcome = "không đọc được Trang" if before[-1].outcome == "failed" else "chưa có tin, bài này"
        events.append(Event(at=before[-1].at, text=f"Lần đọc Trang ngay trước đó: {outcome}"))
    events.append(Event(at=post.first_seen, text="Hệ thống đọc thấy lần đầu", detail=_captured(post)))
    for edit in edits:
        what = _EDITED.get(edit.reason, edit.reason)
        events.append(Event(at=edit.at, text=f"{what} (bản thứ {edit.version + 1})"))
    if post.version >= MAX_VERSIONS:
        events.append(Event(at=post.changed_at, text="Nội dung đổi ở mỗi lần đọc: các bản sửa sau không được ghi nữa"))
    if post.gone_since is not None:
        events.append(Event(at=post.gone_since, text="Không thấy trên Trang của đơn vị nữa"))
    if post.gone_at is not None:
        events.append(Event(at=post.gone_at, text="Xác nhận không còn trên Trang của đơn vị (vẫn được tính)"))
    if push is not None:
        events.append(Event(at=push.queued_at, text="Xếp hàng chờ chuyển lên Cổng"))
        if push.attempted_at is not None:
            again = push.accepted_at is not None and push.attempted_at > push.accepted_at
            what = "Gửi bản sửa lên Cổng" if again else "Gửi lên Cổng"
            text = f"{what}, lần thứ {push.attempts}"
            events.append(Event(at=push.attempted_at, text=text, detail=push.error or ""))
        if push.accepted_at is not None:
            events.append(Event(at=push.accepted_at, text="Cổng tiếp nhận"))
    if sighting is not None:
        state = _PORTAL.get(sighting.state, sighting.state)
        events.append(Event(at=sighting.first_seen, text="Rà soát thấy trên Cổng lần đầu"))
        if sighting.last_seen != sighting.first_seen:
            events.append(Event(at=sighting.last_seen, text=f"Rà soát thấy trên Cổng lần gần nhất: {state}"))
        if sighting.gone_at is not None:
            events.append(Event(at=sighting.gone_at, text="Rà soát không còn thấy trên Cổng"))
    return sorted(events, key=lambda event: event.at or _FAR)


def _captured(post: PostRecord) -> str:
    kept = post.page_capture or post.list_capture
    return f"bản chụp SHA-256 {kept}" if kept else ""


def standing(services: Services) -> dict[str, Any]:
    return {
        "office": services.office.name,
        "portal": services.office.portal_name,
        "now": services.clock.now(),
    }
