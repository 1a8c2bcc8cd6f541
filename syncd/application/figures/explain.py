"""Opens one figure down to its posts: what counts, what does not, why, and what would change it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from syncd.application.figures.edits import Edit, edits_of
from syncd.application.figures.quota_table import QuotaCell, QuotaTable, tabulate, unit_of
from syncd.application.figures.statements import instant_as_json
from syncd.application.reconciling.differences import Difference
from syncd.application.reconciling.reconcile import differences_in
from syncd.application.services import Services
from syncd.application.wording import (
    DELIVERY,
    OWNER,
    REASON,
    STATUS,
    cause_in_words,
    day_label,
    instant_label,
    period_label,
    say,
    words,
)
from syncd.domain.judging import OTHER_PERIOD
from syncd.domain.model import (
    Adjustment,
    AdjustmentKind,
    Origin,
    Period,
    PeriodId,
    PostId,
    PostJudgement,
    Status,
    Unit,
    UnitId,
    Verdict,
)
from syncd.errors import UsageError
from syncd.ports.records import PostRecord
from syncd.ports.store import UnitOfWork

# What the words of its delivery and of its reason say already.
_SAID_BY_DELIVERY = frozenset(
    ("queued", "unknown", "quarantined", "refused", "not_carried", "pending", "typed", "not_looked")
)
# A post that reached the portal in the period may have been written up to this long before.
_REACH_BACK = timedelta(days=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedPost:
    """One post, whether it counts, and a sentence that says why. `since_closing`: learned after the period was closed.

    `versions` are its earlier ones, the oldest first; `gone_at` is since when it is known to have left its site; `differences` what the
    reconciliation says of it.
    """

    judgement: PostJudgement
    sentence: str
    since_closing: bool = False
    versions: tuple[Edit, ...] = ()
    gone_at: datetime | None = None
    differences: tuple[Difference, ...] = ()

    def as_json(self) -> dict[str, Any]:
        post = self.judgement.post
        return {
            "ref": post.ref,
            "title": post.title,
            "url": post.url,
            "portal_url": post.portal_url,
            "counts": self.judgement.counts,
            "reason": self.judgement.reason,
            "sentence": self.sentence,
            "weight": self.judgement.weight,
            "origin": post.origin.value,
            "delivery": post.delivery.value,
            "source_instant": instant_as_json(post.source_instant),
            "precision": post.precision.value,
            "portal_instant": instant_as_json(post.portal_instant),
            "first_seen": instant_as_json(post.first_seen),
            "date_doubt": post.date_doubt,
            "since_closing": self.since_closing,
            "gone_at": instant_as_json(self.gone_at),
            "versions": [edit.as_json() for edit in self.versions],
            "causes": [{"cause": each.cause, "since": instant_as_json(each.since)} for each in self.differences],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything behind one verdict. `arrived` are posts that reached the portal in this period but belong to another."""

    unit: Unit
    cell: QuotaCell
    headline: str
    sentences: tuple[str, ...]
    changes: tuple[str, ...]
    posts: tuple[ExplainedPost, ...]
    arrived: tuple[ExplainedPost, ...]

    def as_json(self) -> dict[str, Any]:
        verdict = self.cell.verdict
        return {
            "unit": self.unit.id,
            "name": self.unit.name,
            "group": self.unit.group,
            **self.cell.as_json(),
            "covered_days": verdict.covered_days,
            "total_days": verdict.total_days,
            "headline": self.headline,
            "sentences": list(self.sentences),
            "would_change": list(self.changes),
            "cause_details": [
                {"name": c.name, "owner": c.owner.value, "number": c.number, "measure": c.measure}
                for c in verdict.causes
            ],
            "posts": [post.as_json() for post in self.posts],
            "arrived": [post.as_json() for post in self.arrived],
        }


def explain(services: Services, unit: UnitId, period: PeriodId, *, language: str | None = None) -> Explanation:
    """Why the unit stands where it stands in the period, in the office's language unless another is asked for.

    Raises:
        UsageError: an unknown unit or period, or one in which the unit had no quota.
    """
    known = unit_of(services, unit)
    named, _ = services.rulesets.period(period)
    with services.db.read() as uow:
        table = tabulate(uow, services, [named.id], units=[unit], reach_back=_REACH_BACK)
        records, edits = _histories(uow, table)
        noted: dict[str, list[Difference]] = defaultdict(list)
        for difference in differences_in(uow, services, known, named):
            noted[difference.ref].append(difference)
    cell = table.cell(unit, named.id)
    if cell is None:
        raise UsageError(
            f"{unit} was not under the quota in {named.id}", subject=unit, hint="see active_from, active_to"
        )
    speech = _Speech(language or services.office.language)
    standing = cell.as_closed or cell.recount
    closed_refs = {judgement.post.ref for judgement in standing.judgements}
    judged = [(judgement, False) for judgement in standing.judgements]
    judged += [(judgement, True) for judgement in cell.recount.judgements if judgement.post.ref not in closed_refs]
    explained = [
        ExplainedPost(
            judgement=judgement,
            sentence=speech.post(
                judgement,
                _home(services, judgement),
                records.get(judgement.post.ref),
                noted.get(judgement.post.ref, ()),
            ),
            since_closing=later,
            versions=edits.get(judgement.post.ref, ()),
            gone_at=record.gone_at if (record := records.get(judgement.post.ref)) else None,
            differences=tuple(noted.get(judgement.post.ref, ())),
        )
        for judgement, later in judged
    ]
    return Explanation(
        unit=known,
        cell=cell,
        headline=speech.headline(known, cell),
        sentences=tuple(speech.story(cell)),
        changes=tuple(speech.changes(cell)),
        posts=tuple(post for post in explained if post.judgement.reason != OTHER_PERIOD),
        arrived=tuple(
            post
            for post in explained
            if post.judgement.reason == OTHER_PERIOD
            and post.judgement.post.portal_instant is not None
            and post.judgement.post.portal_instant in named
        ),
    )


def _histories(uow: UnitOfWork, table: QuotaTable) -> tuple[dict[str, PostRecord], dict[str, tuple[Edit, ...]]]:
    """The posts of a table that were edited or left their site, and their edits, by ref."""
    refs = {
        judgement.post.ref
        for row in table.rows
        for cell in row.cells
        for verdict in (cell.as_closed, cell.recount)
        if verdict is not None
        for judgement in verdict.judgements
    }
    posts = uow.posts.many(PostId(int(ref.removeprefix("post:"))) for ref in refs if ref.startswith("post:"))
    restless = {post: record for post, record in posts.items() if record.version > 1 or record.gone_at is not None}
    kept = uow.versions.of(restless)
    return (
        {f"post:{post}": record for post, record in restless.items()},
        {f"post:{post}": edits_of(restless[post], versions) for post, versions in kept.items()},
    )


def _home(services: Services, judgement: PostJudgement) -> Period | None:
    """The period that a post of another period belongs to, where its date and the rules of that time are known."""
    instant = judgement.post.source_instant
    if judgement.reason != OTHER_PERIOD or instant is None:
        return None
    try:
        return services.rulesets.period_at(instant)[0]
    except UsageError:
        return None


class _Speech:
    """Says things in one language."""

    def __init__(self, language: str) -> None:
        self._language = language

    def _say(self, vi: str, en: str) -> str:
        return say(self._language, vi, en)

    def headline(self, unit: Unit, cell: QuotaCell) -> str:
        verdict = cell.verdict
        status = words(STATUS, verdict.status, self._language)
        label = period_label(cell.period, self._language)
        return self._say(
            f"{unit.name}, {label}: tính được {verdict.counted} trên chỉ tiêu {verdict.required} tin, bài. Kết luận: {status}.",
            f"{unit.name}, {label}: {verdict.counted} posts count of {verdict.required} required. Verdict: {status}.",
        )

    def story(self, cell: QuotaCell) -> list[str]:
        """What was counted, what was read, what was closed and adjusted, and each cause with its owner."""
        verdict = cell.verdict
        told = [self._counts(verdict), self._verdict(verdict, cell)]
        if verdict.covered_days is not None and verdict.covered_days < verdict.total_days:
            told.append(
                self._say(
                    f"Hệ thống đọc được Trang của đơn vị trong {verdict.covered_days}/{verdict.total_days} ngày của kỳ.",
                    f"The unit's site was read for {verdict.covered_days} of {verdict.total_days} days of the period.",
                )
            )
        for cause in verdict.causes:
            owner = words(OWNER, cause.owner, self._language)
            told.append(
                self._say(
                    f"{cause_in_words(cause, 'vi')} (trách nhiệm: {owner}).",
                    f"{cause_in_words(cause, 'en')} (rests with: {owner}).",
                )
            )
        if cell.as_closed is not None and cell.statement is not None:
            told.append(self._closed(cell.as_closed, instant_label(cell.statement.closed_at, self._language)))
            told.extend(self._adjusted(adjustment) for adjustment in cell.adjustments)
        return told

    def _counts(self, verdict: Verdict) -> str:
        if verdict.written is None:
            return self._say(
                f"Đơn vị không có Trang riêng được theo dõi; căn cứ rà soát Cổng: đang hiển thị {verdict.visible} tin, bài.",
                f"The unit has no website of its own here and is judged by the portal alone: {verdict.visible} posts are public.",
            )
        return self._say(
            f"Đơn vị đăng {verdict.written} tin, bài trên Trang của mình; Cổng đã nhận {verdict.delivered}; "
            f"đang hiển thị trên Cổng {verdict.visible} (kể cả tin, bài nhập tay).",
            f"Written on the unit's site: {verdict.written}; accepted by the portal: {verdict.delivered}; "
            f"public on the portal: {verdict.visible} (typed ones included).",
        )

    def _verdict(self, verdict: Verdict, cell: QuotaCell) -> str:
        short = verdict.required - verdict.counted
        match verdict.status:
            case Status.MET:
                return self._say("Số được tính không thấp hơn chỉ tiêu.", "What counts reaches the quota.")
            case Status.EXEMPT:
                return self._say("Đơn vị được miễn chỉ tiêu trong kỳ.", "The unit is exempt in this period.")
            case Status.OPEN:
                deadline = instant_label(cell.deadline, self._language)
                return self._say(
                    f"Kỳ chưa chốt: tin, bài của kỳ còn được tiếp nhận đến {deadline}; còn thiếu {short}.",
                    f"The period is still open: its posts are accepted until {deadline}; {short} to go.",
                )
            case Status.UNDETERMINED:
                return self._say(
                    "Chưa thể kết luận đơn vị thiếu, vì phần còn thiếu có thể không do đơn vị.",
                    "It cannot be said that the unit is short, for the shortfall may not be its doing.",
                )
            case Status.MISSING:
                return self._say(f"Thiếu {short} tin, bài so với chỉ tiêu.", f"{short} posts short of the quota.")

    def _closed(self, verdict: Verdict, at: str) -> str:
        status = words(STATUS, verdict.status, self._language)
        return self._say(
            f"Số liệu đã chốt lúc {at}: {verdict.counted} tin, bài, {status}; số đã chốt không thay đổi.",
            f"Closed at {at} with {verdict.counted} posts, {status}; the statement is never changed.",
        )

    def _adjusted(self, adjustment: Adjustment) -> str:
        what = {
            AdjustmentKind.POSTS: self._say(f"{adjustment.posts:+d} tin, bài", f"{adjustment.posts:+d} posts"),
            AdjustmentKind.VERDICT: self._say("kết luận ", "verdict ")
            + words(STATUS, adjustment.status or "", self._language),
            AdjustmentKind.EXEMPTION: self._say("miễn chỉ tiêu", "exemption"),
            AdjustmentKind.PENALTY_WAIVED: self._say("không áp dụng hạ bậc, giữ nguyên số liệu", "penalty waived"),
        }[adjustment.kind]
        names = ", ".join(adjustment.approved_by)
        return self._say(
            f"Điều chỉnh sau khi chốt: {what}, theo {adjustment.document}; phê duyệt: {names}.",
            f"Adjusted after closing: {what}, by {adjustment.document}; approved by {names}.",
        )

    def changes(self, cell: QuotaCell) -> list[str]:
        """What would still turn the verdict, most direct first; nothing for a period that is met or exempt."""
        verdict = cell.verdict
        if verdict.status in (Status.MET, Status.EXEMPT):
            return []
        short = verdict.required - verdict.counted
        found: list[str] = []
        if verdict.waiting:
            found.append(
                self._say(
                    f"{verdict.waiting} tin, bài đang chờ: nếu được xác nhận hết, số được tính là {verdict.counted + verdict.waiting}.",
                    f"{verdict.waiting} posts wait: with all of them confirmed, {verdict.counted + verdict.waiting} would count.",
                )
            )
        if verdict.covered_days is not None and verdict.covered_days < verdict.total_days:
            days = verdict.total_days - verdict.covered_days
            found.append(
                self._say(
                    f"Đọc bù {days} ngày chưa đọc được của Trang: tin, bài tìm thấy sẽ được chuyển lên Cổng và xem xét.",
                    f"Reading the {days} days of the site that were not read: what is found there is carried and judged.",
                )
            )
        if verdict.status is Status.OPEN:
            deadline = instant_label(cell.deadline, self._language)
            last = day_label(cell.period.end - timedelta(seconds=1), self._language)
            found.append(
                self._say(
                    f"Đơn vị đăng thêm {short} tin, bài đến hết ngày {last}; hệ thống chuyển lên Cổng trước {deadline}.",
                    f"{short} more posts by the end of {last}, which this system carries before {deadline}.",
                )
            )
        elif cell.as_closed is None and verdict.status is Status.UNDETERMINED:
            found.append(
                self._say(
                    "Một lần rà soát Cổng trọn vẹn sau khi hết kỳ, hoặc kết luận bằng văn bản.",
                    "A complete census of the portal after the period's end, or a decision in writing.",
                )
            )
        if verdict.status is Status.MISSING or cell.as_closed is not None:
            found.append(
                self._say(
                    "Đơn vị gửi văn bản giải trình kèm minh chứng; Tổ thẩm định quyết định điều chỉnh bên cạnh số đã chốt.",
                    "An appeal with evidence: the board may put an adjustment beside the closed figure.",
                )
            )
        return found

    def post(
        self,
        judgement: PostJudgement,
        home: Period | None = None,
        record: PostRecord | None = None,
        differences: Iterable[Difference] = (),
    ) -> str:
        """Why one post counts or not, and what happened to it when. `home` is the other period it belongs to; `record` is given
        of a post that was edited or left its site; `differences` by which written, delivered and visible differ.
        """
        post = judgement.post
        parts = [words(REASON, judgement.reason, self._language)]
        if home is not None:
            parts[0] += f" ({period_label(home, self._language)})"
        if post.source_instant is not None:
            at = instant_label(post.source_instant, self._language)
            parts.append(self._say(f"đăng trên Trang của đơn vị lúc {at}", f"on the unit's site at {at}"))
        if post.portal_instant is not None:
            at = instant_label(post.portal_instant, self._language)
            typed = post.origin is Origin.TYPED
            parts.append(
                self._say(
                    f"{'nhập tay trên Cổng' if typed else 'lên Cổng'} lúc {at}",
                    f"{'typed on the portal' if typed else 'on the portal'} at {at}",
                )
            )
        parts.append(words(DELIVERY, post.delivery, self._language))
        if record is not None and record.gone_at is not None:
            at = instant_label(record.gone_since or record.gone_at, self._language)
            parts.append(self._say(f"không còn trên Trang của đơn vị từ {at}", f"gone from the unit's site since {at}"))
        parts += [self._noted(difference) for difference in differences if difference.cause not in _SAID_BY_DELIVERY]
        return "; ".join(parts) + "."

    def _noted(self, difference: Difference) -> str:
        told = difference.words.tell(self._language)
        if difference.since is None:
            return told
        at = instant_label(difference.since, self._language)
        return self._say(f"{told} (từ {at})", f"{told} (since {at})")
