"""One unit in one period, ready to be shown: the same words and order in mail, on pages and in dossiers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from syncd.application.figures.quota_table import QuotaCell, QuotaTable, UnitRow, assessment_of, periods_of, tabulate
from syncd.application.services import Services
from syncd.application.wording import CAUSE, DELIVERY, OWNER, REASON, STATUS, cause_in_words, withheld_title, words
from syncd.domain.bands import Trigger
from syncd.domain.model import Cause, Period, PeriodId, PostJudgement, Status, Unit, UnitId
from syncd.domain.rules import RuleSet
from syncd.ports.store import UnitOfWork

SYMBOL = {
    Status.MET: "✓",
    Status.MISSING: "✗",
    Status.UNDETERMINED: "?",
    Status.EXEMPT: "–",
    Status.OPEN: "…",
}
WORST_FIRST = (Status.MISSING, Status.UNDETERMINED, Status.OPEN, Status.MET, Status.EXEMPT)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostLine:
    """One post and what became of it; of one with a secrecy mark neither title nor address. `at` is the instant that places it in the period; `post` its number, None for a typed one."""

    title: str
    url: str
    at: datetime | None
    counts: bool
    reason: str
    delivery: str
    portal_url: str | None
    portal_at: datetime | None
    post: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseLine:
    text: str
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A verdict in figures and words. `deadline` is the end of the grace: until then what is missing can still be made good."""

    unit: Unit
    period: Period
    status: str
    status_words: str
    symbol: str
    required: int
    written: int | None
    delivered: int
    visible: int
    counted: int
    waiting: int
    short: int
    coverage_percent: int | None
    covered_days: int | None
    total_days: int
    deadline: datetime
    causes: tuple[CauseLine, ...]
    counting: tuple[PostLine, ...]
    not_counting: tuple[PostLine, ...]
    closed_at: datetime | None
    as_closed: str | None
    as_closed_counted: int | None
    documents: tuple[str, ...]  # of the adjustments beside the statement
    ruleset: str
    decree: str

    @property
    def can_be_made_good(self) -> bool:
        return self.status in (Status.OPEN, Status.UNDETERMINED) and self.short > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """What the decree attaches to `at_least` missing months, in its own words."""

    at_least: int
    text: str
    reached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SoFar:
    """Missing months of the assessment up to and including a period."""

    assessment: str | None
    first: PeriodId
    missing: int
    undetermined: int
    consequences: tuple[Consequence, ...]


def sheet_of(services: Services, unit: Unit, cell: QuotaCell) -> Sheet:
    """What one cell of the quota table says."""
    language = services.office.language
    verdict = cell.verdict
    rules = services.rulesets.period(cell.period.id)[1]
    # Posts of the neighbouring periods are judged too, so that none falls between; they have no place on this sheet.
    lines = [_line(judgement, language) for judgement in verdict.judgements if judgement.reason != "other_period"]
    return Sheet(
        unit=unit,
        period=cell.period,
        status=verdict.status.value,
        status_words=words(STATUS, verdict.status, language),
        symbol=SYMBOL[verdict.status],
        required=verdict.required,
        written=verdict.written,
        delivered=verdict.delivered,
        visible=verdict.visible,
        counted=verdict.counted,
        waiting=verdict.waiting,
        short=0 if verdict.status is Status.EXEMPT else max(0, verdict.required - verdict.counted),
        coverage_percent=None if verdict.coverage is None else int(verdict.coverage * 100),
        covered_days=verdict.covered_days,
        total_days=verdict.total_days,
        deadline=cell.deadline,
        causes=tuple(_cause(cause, language) for cause in verdict.causes),
        counting=tuple(line for line in lines if line.counts),
        not_counting=tuple(line for line in lines if not line.counts),
        closed_at=cell.statement.closed_at if cell.statement else None,
        as_closed=words(STATUS, cell.as_closed.status, language) if cell.as_closed else None,
        as_closed_counted=cell.as_closed.counted if cell.as_closed else None,
        documents=tuple(adjustment.document for adjustment in cell.adjustments),
        ruleset=rules.name,
        decree=rules.document,
    )


def worst_first(table: QuotaTable) -> list[UnitRow]:
    """The rows, those that need a person most on top: by missing months, then by their worst period, then by what is short."""

    def rank(row: UnitRow) -> tuple[int, int, int]:
        worst = min(WORST_FIRST.index(verdict.status) for verdict in row.verdicts)
        short = sum(max(0, v.required - v.counted) for v in row.verdicts if v.status is not Status.EXEMPT)
        return (-row.missing.missing, worst, -short)

    return sorted(table.rows, key=rank)


def table_so_far(
    uow: UnitOfWork, services: Services, period: PeriodId, units: Sequence[UnitId] | None = None
) -> tuple[QuotaTable, str | None]:
    """The quota table from the start of the assessment that holds `period` up to it, and the assessment's id; the period alone where none does."""
    for assessment in services.assessments.values():
        periods = periods_of(services, assessment)
        if period in periods:
            until = periods[: periods.index(period) + 1]
            return tabulate(uow, services, until, units=units, ruleset=assessment.ruleset), assessment.id
    return tabulate(uow, services, [period], units=units), None


def so_far(services: Services, row: UnitRow, assessment: str | None) -> SoFar:
    """The missing months of one row of `table_so_far`."""
    if assessment is not None:
        rules = services.rulesets.get(assessment_of(services, assessment).ruleset)
    else:
        rules = services.rulesets.period(row.cells[-1].period.id)[1]
    return SoFar(
        assessment=assessment,
        first=row.cells[0].period.id,
        missing=row.missing.missing,
        undetermined=row.missing.undetermined,
        consequences=_consequences(rules, row.missing.missing),
    )


def _consequences(rules: RuleSet, missing: int) -> tuple[Consequence, ...]:
    overrides = rules.ranking.overrides if rules.ranking else ()
    return tuple(
        Consequence(at_least=override.at_least, text=override.text, reached=missing >= override.at_least)
        for override in sorted(overrides, key=lambda override: override.at_least)
        if override.when is Trigger.MISSING_MONTHS
    )


def _line(judgement: PostJudgement, language: str) -> PostLine:
    post = judgement.post
    kind, _, number = post.ref.partition(":")
    return PostLine(
        title=withheld_title(post.ref, language) if post.withheld else post.title,
        url="" if post.withheld else post.url,
        at=post.source_instant or post.portal_instant or post.first_seen,
        counts=judgement.counts,
        reason=words(REASON, judgement.reason, language),
        delivery=words(DELIVERY, post.delivery, language),
        portal_url=None if post.withheld else post.portal_url,
        portal_at=post.portal_instant,
        post=int(number) if kind == "post" else None,
    )


def _cause(cause: Cause, language: str) -> CauseLine:
    text = cause_in_words(cause, language) if cause.name in CAUSE else f"{cause.name}: {cause.number}"
    return CauseLine(text=text, owner=words(OWNER, cause.owner, language))
