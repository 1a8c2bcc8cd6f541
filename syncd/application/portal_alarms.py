"""What the portal as a whole says is wrong: set back, copies that people changed, posts twice or of an older database, posts that do not answer."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from syncd.application.figures.problems import Problem, Severity
from syncd.application.figures.quota_table import QuotaTable
from syncd.application.reading_back.sightings import is_of_unknown_key
from syncd.application.services import Services
from syncd.application.wording import period_label, say
from syncd.domain.model import Period, UnitId
from syncd.ports.portal import PortalState
from syncd.ports.records import PushRecord, SightingRecord
from syncd.ports.store import UnitOfWork
from syncd.ports.watch import AlarmKind

_SIGNED = '--reason "…" --by "…"'


def portal_alarms(services: Services, uow: UnitOfWork, periods: Sequence[Period]) -> Iterable[Problem]:
    """Worst first: nothing is sent; a person must choose; worth knowing."""
    yield from _memories(services, uow)
    yield from _left(services, uow)
    if periods:
        seen = uow.sightings.in_window(services.portal.name, periods[0].start, periods[-1].end)
        yield from _twice(services, seen)
        yield from _of_older_ledger(services, seen)
    yield from _silent(services, uow)


def _memories(services: Services, uow: UnitOfWork) -> Iterable[Problem]:
    language, name = services.office.language, services.portal.name
    alarm = uow.watch.alarm(name, AlarmKind.PORTAL_SET_BACK)
    if alarm is not None:
        yield Problem(
            kind="portal_set_back",
            severity=Severity.BROKEN,
            subject=f"portal:{name}",
            since=alarm.since,
            message=say(
                language,
                f"Cổng mất cùng lúc {alarm.posts} tin, bài đã chuyển: có thể đã được phục hồi từ bản sao lưu cũ; tạm dừng chuyển",
                f"the portal lost {alarm.posts} delivered posts at once: it may have been restored from an old backup; nothing is sent",
            ),
            hint=say(
                language,
                f"hỏi bộ phận quản trị Cổng; nếu đúng là phục hồi: syncd portal restored {_SIGNED}; nếu cố ý gỡ: syncd portal removed {_SIGNED}",
                f"ask who runs the portal; if it was restored: syncd portal restored {_SIGNED}; if removed on purpose: syncd portal removed {_SIGNED}",
            ),
        )
    behind = uow.watch.alarm(name, AlarmKind.LEDGER_BEHIND)
    if behind is not None:
        yield Problem(
            kind="ledger_behind",
            severity=Severity.ATTENTION,
            subject=f"portal:{name}",
            since=behind.since,
            message=say(
                language,
                "Đã lâu không rà soát Cổng (máy dừng lâu hoặc cơ sở dữ liệu phục hồi từ bản cũ): phải rà soát trọn vẹn rồi mới chuyển tiếp",
                "nothing was heard of the portal for long (machine down, or database restored): a complete census has to come before any push",
            ),
            hint="syncd census",
        )


def _left(services: Services, uow: UnitOfWork) -> Iterable[Problem]:
    language = services.office.language
    by_unit: dict[UnitId, list[PushRecord]] = defaultdict(list)
    for push in uow.pushes.left(services.portal.name):
        by_unit[push.unit].append(push)
    for unit, pushes in by_unit.items():
        refs = ", ".join(f"post:{push.post}" for push in pushes[:5]) + (", …" if len(pushes) > 5 else "")
        yield Problem(
            kind="copy_changed",
            severity=Severity.ATTENTION,
            unit=unit,
            since=min(push.attempted_at or push.queued_at for push in pushes),
            message=say(
                language,
                f"{len(pushes)} tin, bài đơn vị đã sửa, nhưng bản trên Cổng do người khác sửa hoặc gỡ nên không ghi đè: {refs}",
                f"{len(pushes)} posts edited by their unit were changed or removed on the portal too, and not overwritten: {refs}",
            ),
            hint=say(
                language,
                f"mở cả hai bản; ghi đè bản trên Cổng: syncd decide {refs.split(',')[0]} overwrite {_SIGNED}; giữ bản trên Cổng: … keep",
                f"look at both; ours over theirs: syncd decide {refs.split(',')[0]} overwrite {_SIGNED}; theirs stays: … keep",
            ),
        )


def _twice(services: Services, seen: Iterable[SightingRecord]) -> Iterable[Problem]:
    language = services.office.language
    copies: dict[str, list[SightingRecord]] = defaultdict(list)
    for sighting in seen:
        if sighting.key is not None and sighting.gone_at is None and sighting.state != PortalState.TRASH:
            copies[sighting.key].append(sighting)
    twice = [found for found in copies.values() if len(found) > 1]
    if twice:
        urls = ", ".join(sighting.url for sighting in twice[0])
        yield Problem(
            kind="twice_on_portal",
            severity=Severity.ATTENTION,
            subject=f"portal:{services.portal.name}",
            since=min(max(sighting.first_seen for sighting in found) for found in twice),
            message=say(
                language,
                f"{len(twice)} tin, bài đứng hai lần trên Cổng với cùng mã, ví dụ: {urls}",
                f"{len(twice)} posts stand on the portal twice under one key, such as: {urls}",
            ),
            hint=say(
                language,
                "biên tập viên xóa một bản; hệ thống không tự xóa",
                "an editor of the portal removes one; this system deletes nothing",
            ),
        )


def _of_older_ledger(services: Services, seen: Iterable[SightingRecord]) -> Iterable[Problem]:
    language = services.office.language
    unknown = [sighting for sighting in seen if is_of_unknown_key(sighting)]
    if unknown:
        yield Problem(
            kind="unknown_keys",
            severity=Severity.ATTENTION,
            subject=f"portal:{services.portal.name}",
            since=min(sighting.first_seen for sighting in unknown),
            message=say(
                language,
                f"{len(unknown)} tin, bài trên Cổng do liên thông chuyển lên mà cơ sở dữ liệu này không có, ví dụ: {unknown[0].title}",
                f"{len(unknown)} posts on the portal were carried by syncd and are unknown to this database, such as: {unknown[0].title}",
            ),
            hint=say(
                language,
                "cơ sở dữ liệu có thể đã phục hồi từ bản cũ; hệ thống tự nhận lại khi đọc lại bài, bài cũ hơn: syncd backfill",
                "the database may be an older copy; they are taken over when their posts are read again; for older ones: syncd backfill",
            ),
        )


def removed_there(services: Services, table: QuotaTable) -> Iterable[Problem]:
    """Posts of open periods that the portal took and shows no more, and that nobody has decided on: one line per unit and period."""
    language = services.office.language
    for row in table.rows:
        for cell in row.cells:
            away = [each.post for each in cell.recount.judgements if each.reason == "waiting:removed"]
            if not away or cell.as_closed is not None:
                continue
            label, command = (
                period_label(cell.period, language),
                f"syncd reconcile --unit {row.unit.id} --period {cell.period.id}",
            )
            yield Problem(
                kind="removed_on_portal",
                severity=Severity.ATTENTION,
                unit=row.unit.id,
                message=say(
                    language,
                    f"{label}: {len(away)} tin, bài Cổng đã nhận nhưng không còn hiển thị",
                    f"{label}: {len(away)} posts were taken by the portal and are no longer public",
                ),
                hint=say(
                    language,
                    f"{command} nêu nguyên nhân từng bài; hỏi Ban Biên tập Cổng, rồi: syncd decide {away[0].ref} count hoặc exclude {_SIGNED}",
                    f"{command} names the cause of each; ask the portal's editors, then: syncd decide {away[0].ref} count, or exclude {_SIGNED}",
                ),
            )


def _silent(services: Services, uow: UnitOfWork) -> Iterable[Problem]:
    language = services.office.language
    silent = uow.watch.silent(services.portal.name)
    if silent:
        first = silent[0]
        yield Problem(
            kind="posts_silent",
            severity=Severity.NOTICE,
            subject=f"portal:{services.portal.name}",
            since=first.silent_since,
            message=say(
                language,
                f"{len(silent)} tin, bài đã tính không còn mở được trên Cổng, ví dụ {first.url}: {first.detail}",
                f"{len(silent)} counted posts do not answer on the portal any more, such as {first.url}: {first.detail}",
            ),
            hint=say(
                language,
                "mở địa chỉ bằng trình duyệt và báo Ban Biên tập Cổng; số đã tính không thay đổi",
                "open the address in a browser and tell the portal's editors; no figure changes",
            ),
        )
