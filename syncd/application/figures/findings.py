"""Looks for what is wrong, a room at a time: sources, deliveries, posts, figures, portal, jobs, letters.

Every problem says what, since when, and what to do. Nothing here reaches outside the database.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from syncd.application.collecting import canary
from syncd.application.figures.problems import Problem, Severity
from syncd.application.figures.quota_table import QuotaTable
from syncd.application.services import Services
from syncd.application.wording import period_label, say
from syncd.domain.model import OutageOwner, Period, Status, UnitId
from syncd.ports.portal import PortalState
from syncd.ports.records import PushRecord, PushState, Slot, SlotState
from syncd.ports.store import UnitOfWork

# Nothing has run for so many intervals: then it is not late, it stands still.
_INTERVALS_MISSED = 3
# Gaps and failures of slots older than this are history: the ledger has them.
_SLOTS_SHOWN = timedelta(days=7)
# A short unit is worth a line when so little of the period is left.
_LAST_DAYS = timedelta(days=7)


class Finder:
    """Finds problems in what one transaction sees, in the office's language."""

    def __init__(self, services: Services, uow: UnitOfWork, now: datetime) -> None:
        self._services = services
        self._uow = uow
        self._now = now
        self._language = services.office.language

    def _say(self, vi: str, en: str) -> str:
        return say(self._language, vi, en)

    def sources(self) -> Iterable[Problem]:
        """Sources that fail, were never read, or have not been read for long."""
        states = {state.source: state for state in self._uow.sources.all()}
        # hours in which no site may be asked do not make it late
        stale = self._services.allowed_hours.before(self._now, _INTERVALS_MISSED * self._services.collect_every)
        looked = [state.last_look_at for state in states.values() if state.last_look_at is not None]
        standstill = len(looked) > 1 and max(looked) < stale
        cut_off = self._own_network()
        if cut_off:
            yield cut_off
        elif standstill:
            yield Problem(
                kind="sources_stale",
                severity=Severity.BROKEN,
                since=max(looked),
                message=self._say("Không Trang nào được đọc từ lâu", "no source has been read for long"),
                hint=self._say("khởi động dịch vụ: syncd run", "start the service: syncd run"),
            )
        for unit in self._services.units.values():
            for source in unit.sources:
                state = states.get(source)
                if state is None or state.last_look_at is None:
                    yield Problem(
                        kind="source_never_read",
                        severity=Severity.ATTENTION,
                        unit=unit.id,
                        subject=source,
                        message=self._say("Trang của đơn vị chưa được đọc lần nào", "the source was never read"),
                        hint=f"syncd collect --unit {unit.id}",
                    )
                elif state.failures:
                    error = state.last_error or state.last_error_kind or ""
                    yield Problem(
                        kind=f"source_failing:{state.last_error_kind or 'failed'}",
                        severity=Severity.BROKEN if (state.failing_since or self._now) < stale else Severity.ATTENTION,
                        unit=unit.id,
                        subject=source,
                        since=state.failing_since,
                        message=self._say(
                            f"Không đọc được {state.url} ({state.failures} lần liên tiếp): {error}",
                            f"cannot read {state.url} ({state.failures} times in a row): {error}",
                        ),
                        hint=state.last_hint or f"syncd probe {state.url}",
                    )
                elif state.last_look_at < stale and not standstill and not cut_off:
                    yield Problem(
                        kind="source_stale",
                        severity=Severity.ATTENTION,
                        unit=unit.id,
                        subject=source,
                        since=state.last_look_at,
                        message=self._say(
                            f"{state.url} đã lâu không được đọc lại", f"{state.url} has not been read for long"
                        ),
                        hint=self._say(
                            "kiểm tra dịch vụ syncd run có đang chạy không", "check that syncd run is running"
                        ),
                    )

    def _own_network(self) -> Problem | None:
        """Our own network, where the canaries or the sources together say that it is down."""
        ours = [
            outage
            for outage in self._uow.outages.overlapping(self._now, self._now + timedelta(seconds=1))
            if outage.end is None
            and outage.owner is OutageOwner.OURS
            and (outage.subject == canary.SUBJECT or outage.subject.startswith("source:"))
        ]
        told = [outage for outage in ours if outage.subject == canary.SUBJECT]
        if not told and (self._services.own_network is not None or not ours):
            return None
        return Problem(
            kind="own_network_down",
            severity=Severity.BROKEN,
            since=min(outage.start for outage in told or ours),
            subject=canary.SUBJECT,
            message=self._say(
                "Mạng của chính máy này không ra được bên ngoài; không phải lỗi của đơn vị nào",
                "our own network does not reach the outside; no unit is to blame",
            ),
            hint=self._say(
                "kiểm tra dây mạng, DNS, tường lửa của máy chủ; phần mềm tự đọc tiếp khi có mạng",
                "check this machine's cable, DNS and firewall; reading goes on by itself when the network is back",
            ),
        )

    def pushes(self) -> Iterable[Problem]:
        """Deliveries that wait for an answer, for another try, or for a person; one line per unit and state."""
        grouped: dict[tuple[UnitId, PushState], list[PushRecord]] = defaultdict(list)
        states = (PushState.UNKNOWN, PushState.INTENT, PushState.DEAD, PushState.QUARANTINED, PushState.QUEUED)
        for push in self._uow.pushes.in_state(*states):
            if push.state is not PushState.QUEUED or push.attempts:
                grouped[push.unit, push.state].append(push)
        for (unit, state), pushes in grouped.items():
            n = len(pushes)
            newest = max(pushes, key=lambda push: push.attempted_at or push.queued_at)
            severity, vi, en, hint = _PUSH_PROBLEMS[state]
            reason = f": {newest.error}" if newest.error else ""
            ways = [newest.hint or self._say(*hint)]
            if state in (PushState.DEAD, PushState.QUARANTINED):
                ways.append(
                    self._say(f"từng bài: syncd pushes --unit {unit}", f"one by one: syncd pushes --unit {unit}")
                )
            yield Problem(
                kind=f"push_{state.value}",
                severity=severity,
                unit=unit,
                since=min(push.attempted_at or push.queued_at for push in pushes),
                message=self._say(f"{n} {vi}{reason}", f"{n} {en}{reason}"),
                hint="; ".join(ways),
            )

    def posts(self, periods: Sequence[Period]) -> Iterable[Problem]:
        """Posts whose date a person has to settle, and portal posts of nobody."""
        start, end = periods[0].start, periods[-1].end
        doubtful: dict[UnitId, list[datetime]] = defaultdict(list)
        for post in self._uow.posts.in_window(start, end):
            if post.decision is None and (post.date_doubt is not None or post.published_at is None):
                doubtful[post.unit].append(post.first_seen)
        for unit, seen in doubtful.items():
            yield Problem(
                kind="date_in_doubt",
                severity=Severity.ATTENTION,
                unit=unit,
                since=min(seen),
                message=self._say(f"{len(seen)} tin, bài chưa rõ ngày đăng", f"{len(seen)} posts have a date in doubt"),
                hint=self._say(
                    f"syncd explain {unit} {periods[-1].id} liệt kê từng bài; xem lại cách đọc ngày của nguồn",
                    f"syncd explain {unit} {periods[-1].id} lists them; look at how the source's dates are read",
                ),
            )
        nobodys = [
            seen
            for seen in self._uow.sightings.in_window(self._services.portal.name, start, end)
            if seen.unit is None and seen.post is None and seen.state == PortalState.PUBLIC and seen.gone_at is None
        ]
        if nobodys:
            yield Problem(
                kind="unattributed",
                severity=Severity.ATTENTION,
                subject=f"portal:{self._services.portal.name}",
                since=min(seen.first_seen for seen in nobodys),
                message=self._say(
                    f"{len(nobodys)} tin, bài trên Cổng chưa rõ của đơn vị nào, ví dụ: {nobodys[0].title}",
                    f"{len(nobodys)} portal posts belong to no known unit, such as: {nobodys[0].title}",
                ),
                hint=self._say(
                    "khai báo portal_authors hoặc portal_categories của đơn vị trong config.toml",
                    "set the unit's portal_authors or portal_categories in config.toml",
                ),
            )

    def shortfalls(self, table: QuotaTable) -> Iterable[Problem]:
        """Units short in the ended period, and those that will be if nothing more comes."""
        for row in table.rows:
            for cell in row.cells:
                verdict = cell.verdict
                label = period_label(cell.period, self._language)
                figures = f"{verdict.counted}/{verdict.required}"
                if verdict.status is Status.OPEN:
                    if verdict.counted + verdict.waiting >= verdict.required:
                        continue
                    near = self._now >= cell.period.end - _LAST_DAYS
                    yield Problem(
                        kind="behind",
                        severity=Severity.ATTENTION if near else Severity.NOTICE,
                        unit=row.unit.id,
                        message=self._say(f"{label}: mới đạt {figures} tin, bài", f"{label}: {figures} posts so far"),
                        hint=self._say(
                            f"đơn vị đăng thêm đến hết ngày {cell.period.last_day:%d/%m/%Y}",
                            f"the unit has until the end of {cell.period.last_day:%Y-%m-%d}",
                        ),
                    )
                elif verdict.status in (Status.MISSING, Status.UNDETERMINED):
                    missing = verdict.status is Status.MISSING
                    yield Problem(
                        kind=verdict.status.value,
                        severity=Severity.ATTENTION,
                        unit=row.unit.id,
                        since=cell.deadline,
                        message=self._say(
                            f"{label}: {'thiếu' if missing else 'chưa xác định'}, {figures} tin, bài",
                            f"{label}: {verdict.status.value}, {figures} posts",
                        ),
                        hint=f"syncd explain {row.unit.id} {cell.period.id}",
                    )

    def portal(self, periods: Sequence[Period]) -> Iterable[Problem]:
        """The portal out of reach, and censuses that failed or are late."""
        name = self._services.portal.name
        subject = f"portal:{name}"
        for outage in self._uow.outages.overlapping(self._now, self._now + timedelta(seconds=1)):
            if outage.subject == subject and outage.end is None:
                yield Problem(
                    kind="portal_down",
                    severity=Severity.BROKEN,
                    subject=subject,
                    since=outage.start,
                    message=self._say(
                        f"Không làm việc được với Cổng: {outage.reason}", f"portal out of reach: {outage.reason}"
                    ),
                    hint="syncd check --online",
                )
        census = self._uow.censuses.latest(name)
        if census is None:
            yield Problem(
                kind="census_never",
                severity=Severity.ATTENTION,
                subject=subject,
                message=self._say("Chưa rà soát Cổng lần nào", "no census of the portal was taken"),
                hint="syncd census",
            )
        elif not census.complete:
            yield Problem(
                kind="census_incomplete",
                severity=Severity.ATTENTION,
                subject=subject,
                since=census.started_at,
                message=self._say(
                    f"Lần rà soát Cổng gần nhất không trọn vẹn: {census.error}",
                    f"the latest census was not complete: {census.error}",
                ),
                hint="syncd census",
            )
        elif census.started_at < self._now - _INTERVALS_MISSED * self._services.census_every:
            yield Problem(
                kind="census_stale",
                severity=Severity.ATTENTION,
                subject=subject,
                since=census.started_at,
                message=self._say("Cổng đã lâu không được rà soát", "no census was taken for long"),
                hint=self._say("kiểm tra dịch vụ syncd run có đang chạy không", "check that syncd run is running"),
            )

    def slots(self) -> Iterable[Problem]:
        """Jobs that failed or were never run lately, and jobs that nobody takes up."""
        since = self._now - _SLOTS_SHOWN
        grouped: dict[tuple[SlotState, str], list[Slot]] = defaultdict(list)
        for slot in self._uow.slots.in_state(SlotState.FAILED, SlotState.GAP):
            if slot.due >= since:
                grouped[slot.state, slot.job].append(slot)
        for (state, job), slots in grouped.items():
            failed = state is SlotState.FAILED
            reason = slots[-1].outcome.get("error") or slots[-1].outcome.get("reason") or ""
            yield Problem(
                kind=f"slot_{state.value}",
                severity=Severity.ATTENTION if failed else Severity.NOTICE,
                subject=job,
                since=slots[0].due,
                message=self._say(
                    f"Công việc {job}: {len(slots)} lượt {'lỗi' if failed else 'bị bỏ qua, đã ghi nhận'} {reason}",
                    f"job {job}: {len(slots)} slots {'failed' if failed else 'were never run'} {reason}",
                ).rstrip(),
                hint=self._say("xem nhật ký của dịch vụ", "look at the service's log"),
            )
        overdue = [s for s in self._uow.slots.in_state(SlotState.DUE) if s.due < self._now - timedelta(hours=1)]
        if overdue:
            yield Problem(
                kind="slots_overdue",
                severity=Severity.BROKEN,
                since=overdue[0].due,
                message=self._say(
                    f"{len(overdue)} lượt công việc đến hạn chưa được chạy", f"{len(overdue)} due slots were not run"
                ),
                hint=self._say("khởi động dịch vụ: syncd run", "start the service: syncd run"),
            )

    def figures(self) -> Iterable[Problem]:
        """Ranking figures that the engine has not acknowledged."""
        if self._services.ranking is None:
            return
        for assessment in self._services.assessments:
            unsent = [
                f for f in self._uow.figures.figures(assessment) if f.state in ("queued", "failed") and f.attempts
            ]
            for figure in unsent:
                yield Problem(
                    kind=f"ranking_{figure.state}",
                    severity=Severity.ATTENTION,
                    unit=figure.unit,
                    subject=f"ranking:{assessment}",
                    since=figure.made_at,
                    message=self._say(
                        f"Hệ thống xếp loại chưa nhận số liệu lần {figure.version}: {figure.error}",
                        f"the ranking engine did not take version {figure.version}: {figure.error}",
                    ),
                    hint=f"syncd rank --push --assessment {assessment}",
                )

    def mails(self) -> Iterable[Problem]:
        """Letters that were refused, or of which nobody knows whether they went out."""
        for mail in self._uow.mails.all():
            if mail.state in ("failed", "unknown"):
                yield Problem(
                    kind=f"mail_{mail.state}",
                    severity=Severity.ATTENTION,
                    unit=mail.unit,
                    subject=", ".join(mail.recipients),
                    since=mail.made_at,
                    message=self._say(
                        f"Thư {mail.subject!r} chưa gửi được: {mail.error}",
                        f"letter {mail.subject!r} did not go out: {mail.error}",
                    ),
                    hint=self._say("kiểm tra địa chỉ và [mail] trong config.toml", "check address and [mail]"),
                )


_PUSH_PROBLEMS: dict[PushState, tuple[Severity, str, str, tuple[str, str]]] = {
    PushState.DEAD: (
        Severity.BROKEN,
        "tin, bài gửi lên Cổng không thành công, đã dừng gửi",
        "posts could not be delivered and are no longer tried",
        (
            "sửa nguyên nhân Cổng từ chối, rồi: syncd decide post:SỐ retry",
            "mend what the portal refused, then: syncd decide post:N retry",
        ),
    ),
    PushState.QUARANTINED: (
        Severity.ATTENTION,
        "tin, bài tạm giữ vì có dấu hiệu tài liệu mật hoặc nội bộ",
        "posts are withheld: marked secret or internal",
        (
            "cán bộ có thẩm quyền xem xét từng bài: syncd decide post:SỐ release hoặc exclude",
            "a person in charge has to look at each: syncd decide post:N release or exclude",
        ),
    ),
    PushState.UNKNOWN: (
        Severity.ATTENTION,
        "tin, bài đã gửi, chưa rõ Cổng đã nhận hay chưa",
        "posts were sent with an unknown outcome",
        (
            "hệ thống sẽ tự tra lại trên Cổng; syncd publish để tra ngay",
            "looked up by itself; syncd publish does it now",
        ),
    ),
    PushState.INTENT: (
        Severity.ATTENTION,
        "tin, bài đang gửi dở",
        "posts whose sending was cut off",
        (
            "hệ thống sẽ tự tra lại trên Cổng; syncd publish để tra ngay",
            "looked up by itself; syncd publish does it now",
        ),
    ),
    PushState.QUEUED: (
        Severity.NOTICE,
        "tin, bài gửi chưa được, sẽ gửi lại",
        "posts were refused and will be sent again",
        ("chưa cần xử lý", "nothing need be done yet"),
    ),
}
