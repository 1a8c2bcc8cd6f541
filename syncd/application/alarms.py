"""What the sources' own histories say is wrong: lists that are held, sites fallen silent, older posts still on their way."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from syncd.application.figures.problems import Problem, Severity
from syncd.application.publishing.unmapped import unmapped_numbers
from syncd.application.services import Services
from syncd.application.wording import day_label, say
from syncd.domain.changes import AlarmKind, silence
from syncd.domain.model import LOCAL, SourceId, Unit
from syncd.ports.histories import ListRecord
from syncd.ports.records import PushState
from syncd.ports.store import UnitOfWork

_RHYTHM = timedelta(days=180)  # how far back a source's rhythm is read


def source_alarms(services: Services, uow: UnitOfWork) -> Iterable[Problem]:
    """Lists that wait for a person, and sources that have shown nothing new for far longer than they ever did."""
    owners = {source: unit for unit in services.units.values() for source in unit.sources}
    language = services.office.language
    states = {state.source: state for state in uow.sources.all() if state.source in owners}
    held = {record.source: record for record in uow.lists.alarmed() if record.source in owners}
    for record in held.values():
        yield held_list(record, owners[record.source], states[record.source].url, language)
    now = services.clock.now()
    for source, instants in uow.lists.instants(now - _RHYTHM).items():
        state = states.get(source)
        if state is None or state.failures or source in held:
            continue
        # What was written since the last look nobody knows.
        quiet = silence(instants, min(now, state.last_ok_at or now))
        if quiet is not None:
            since = day_label(quiet.since, language)
            longest = max(quiet.longest.days, 1)
            yield Problem(
                kind="source_silent",
                severity=Severity.ATTENTION,
                unit=owners[source].id,
                subject=source,
                since=quiet.since,
                message=say(
                    language,
                    f"{state.url} không có tin, bài mới từ {since}; trước đây lâu nhất là {longest} ngày",
                    f"{state.url} has shown nothing new since {since}; its longest pause before was {longest} days",
                ),
                hint=say(
                    language,
                    f"mở Trang bằng trình duyệt; nếu có bài mới hơn, xem lại cách đọc: syncd probe {state.url}",
                    f"open the site in a browser; if newer posts stand there, look at how it is read: syncd probe {state.url}",
                ),
            )


def held_back(services: Services, uow: UnitOfWork) -> Iterable[Problem]:
    """Older posts that go to the portal so many a day."""
    waiting = sum(number for (_, state), number in uow.pushes.counts().items() if state is PushState.HELD_BACK)
    if waiting:
        language, cap = services.office.language, services.publish_rules.flood_cap
        days = -(-waiting // cap) if cap else waiting
        yield Problem(
            kind="pushes_held_back",
            severity=Severity.NOTICE,
            message=say(
                language,
                f"{waiting} tin, bài cũ chờ chuyển lên Cổng, mỗi ngày {cap} bài: còn {days} ngày",
                f"{waiting} older posts wait for the portal, {cap} a day: {days} more days",
            ),
            hint=say(
                language,
                "chưa cần xử lý; muốn nhanh hơn thì tăng [portal] flood_cap",
                "nothing need be done; raise [portal] flood_cap to be faster",
            ),
        )


def unmapped_problem(services: Services, uow: UnitOfWork) -> Iterable[Problem]:
    """One line for all of them; none where an office puts every post under one category."""
    rules, language = services.publish_rules, services.office.language
    if not rules.placing.says_more_than_the_rest and rules.unmapped == "send":
        return
    posts, categories, held = unmapped_numbers(services, uow)
    if not posts and not held:
        return
    if held:
        vi = f"{held} tin, bài giữ lại, chưa gửi lên Cổng vì chưa có quy tắc xếp chuyên mục"
        en = f"{held} posts are held: no rule says under which category of the portal they go"
    else:
        vi = f"{posts} tin, bài thuộc {categories} chuyên mục của các đơn vị chưa có quy tắc xếp chuyên mục trên Cổng"
        en = f"{posts} posts of {categories} categories of the units went out without a rule for their category"
    yield Problem(
        kind="posts_unmapped",
        severity=Severity.ATTENTION if held else Severity.NOTICE,
        message=say(language, vi, en),
        hint=say(
            language,
            "syncd mapping liệt kê từng chuyên mục, kèm dòng cấu hình cần thêm",
            "syncd mapping lists them, each with the line to add to config.toml",
        ),
    )


def unfinished_backfills(services: Services, uow: UnitOfWork) -> Iterable[Problem]:
    """Backfills that were begun and stand still."""
    owners: Mapping[SourceId, Unit] = {source: unit for unit in services.units.values() for source in unit.sources}
    language = services.office.language
    for row in uow.backfills.unfinished():
        if row.source not in owners:
            continue
        since = day_label(row.since, language)
        error = f": {row.error}" if row.error else ""
        yield Problem(
            kind="backfill_unfinished",
            severity=Severity.ATTENTION if row.error else Severity.NOTICE,
            unit=row.unit,
            subject=row.source,
            since=row.updated_at,
            message=say(
                language,
                f"Đọc bù từ {since} chưa xong, đã đọc {row.pages} trang{error}",
                f"the backfill since {since} is not finished, {row.pages} pages read{error}",
            ),
            hint=f"syncd backfill --unit {row.unit} --since {row.since.astimezone(LOCAL).date()}",
        )


def held_list(record: ListRecord, unit: Unit, url: str, language: str) -> Problem:
    """Why a source's list is held, and how that ends."""
    kind = AlarmKind(record.alarm) if record.alarm else AlarmKind.MASS_CHANGE
    vi, en = _WHY[kind]
    numbers = {"before": record.alarm_before, "after": record.alarm_after}
    if kind is AlarmKind.LAYOUT and record.alarm_part:
        part_vi, part_en = _PARTS[record.alarm_part]
        vi, en = vi.replace("{part}", part_vi), en.replace("{part}", part_en)
    tail_vi, tail_en = _TAKES_NEW if kind not in (AlarmKind.FOREIGN_LIST, AlarmKind.TURNED_OVER) else _TAKES_NOTHING
    accept = f'syncd collect --accept {record.source} --reason "…" --by "…"'
    return Problem(
        kind=f"source_held:{kind.value}",
        severity=Severity.ATTENTION,
        unit=unit.id,
        subject=record.source,
        since=record.alarm_since,
        message=say(language, f"{url}: {vi.format(**numbers)}; {tail_vi}", f"{url}: {en.format(**numbers)}; {tail_en}"),
        hint=say(
            language,
            f"mở Trang và đối chiếu; nếu đúng là như vậy: {accept}; nếu Trang hỏng thì chờ Trang trở lại, hoặc syncd probe {url}",
            f"open the site and compare; if it is right: {accept}; if it is broken, wait until it is well, or syncd probe {url}",
        ),
    )


_TAKES_NEW = (
    "tin, bài mới vẫn được nhận, các thay đổi khác tạm giữ",
    "new posts are taken in, what else it changes is held",
)
_TAKES_NOTHING = ("không nhận gì từ lần đọc này", "nothing of it is taken in")
_PARTS = {
    "readable": ("mục đọc được", "readable entries"),
    "dates": ("mục có ngày đăng", "dated entries"),
    "titles": ("tiêu đề khác nhau", "different titles"),
}
_WHY = {
    AlarmKind.FOREIGN_LIST: (
        "hầu hết {before} mục là bài của đơn vị khác",
        "nearly all of {before} entries are another unit's posts",
    ),
    AlarmKind.TURNED_OVER: (
        "cả {before} bài lẽ ra còn trong danh sách đều biến mất cùng lúc",
        "all {before} posts that must still be listed are gone at once",
    ),
    AlarmKind.LAYOUT: (
        "bố cục danh sách có thể đã đổi: trước có {before} {part}, nay còn {after}",
        "the list's layout may have changed: {before} {part} before, {after} now",
    ),
    AlarmKind.SHRUNK: (
        "danh sách trước có {before} mục, nay còn {after}",
        "the list had {before} entries and has {after} now",
    ),
    AlarmKind.MASS_DELETION: (
        "trong {before} bài lẽ ra còn trong danh sách, nay còn {after}",
        "of {before} posts that must still be listed, {after} are",
    ),
    AlarmKind.MASS_CHANGE: (
        "trong {before} bài đã biết, số bài còn như cũ: {after}",
        "of {before} known entries {after} are as they were",
    ),
}
