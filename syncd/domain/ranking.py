"""The grade of a unit: from its points to a band, and down by the overrides, with a trace of every step."""

from dataclasses import dataclass
from math import isfinite

from syncd.domain.bands import Band, Combine, Grade, Override, RankingRules, Trigger
from syncd.domain.missing import MissingMonths
from syncd.domain.model import Unit, UnitId
from syncd.errors import UsageError

__all__ = [
    "Band",
    "Combine",
    "Grade",
    "GradeResult",
    "Override",
    "RankingRules",
    "Score",
    "TraceLine",
    "Trigger",
    "grade",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One unit's line of the score sheet. `score` is the appraised one; `self_score`, the unit's own, is kept beside it and decides nothing."""

    score: float
    self_score: float | None = None
    zero_criteria: int = 0
    report_days_late: int = 0
    report_sent: bool = True

    def __post_init__(self) -> None:
        if not isfinite(self.score) or self.score < 0:
            raise ValueError(f"a score is a number from 0 on, not {self.score}")
        if self.zero_criteria < 0 or self.report_days_late < 0:
            raise ValueError("criteria at zero and days late are numbers from 0 on")


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceLine:
    """One step: the rule, what it saw (in Vietnamese, as the decree words it), the grade before and after.

    `assumed` marks a reading of the decree that is ours.
    """

    rule: str
    detail: str
    before: Grade | None
    after: Grade
    assumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GradeResult:
    """`band` is the grade by points alone. `provisional`: undetermined months could lower the grade, to `could_be`."""

    unit: UnitId
    score: Score
    grade: Grade
    band: Grade
    missing: MissingMonths
    provisional: bool
    could_be: Grade | None
    trace: tuple[TraceLine, ...]


def grade(unit: Unit, score: Score, missing: MissingMonths, rules: RankingRules, waived: bool = False) -> GradeResult:
    """Grade one unit. `waived`: a decision spares it the penalty for missing months; their number stays as it is.

    Raises:
        UsageError: the unit's group stands in no band.
    """
    band = rules.band_for(unit.group)
    if band is None:
        known = ", ".join(group for each in rules.bands for group in each.groups)
        raise UsageError(
            f"no band of points is for group {unit.group!r}", subject=unit.id, hint=f"groups with a band: {known}"
        )
    by_points = band.grade_for(score.score)
    certain = missing.longest_run if rules.consecutive else missing.missing
    at_worst = missing.possible_run if rules.consecutive else missing.missing + missing.undetermined
    trace = [_band_line(band, score, by_points)]
    result, steps = _lowered(by_points, score, certain, rules, waived)
    worst, _ = _lowered(by_points, score, at_worst, rules, waived)
    return GradeResult(
        unit=unit.id,
        score=score,
        grade=result,
        band=by_points,
        missing=missing,
        provisional=worst is not result,
        could_be=worst if worst is not result else None,
        trace=(*trace, *steps),
    )


def _lowered(
    by_points: Grade, score: Score, missing: int, rules: RankingRules, waived: bool
) -> tuple[Grade, list[TraceLine]]:
    result, steps = by_points, []
    for override in rules.overrides:
        seen = _seen(override, score, missing)
        if seen is None:
            continue
        if waived and override.when is Trigger.MISSING_MONTHS:
            detail = f"Không áp dụng theo quyết định đã ban hành: {override.text} ({seen})"
            steps.append(TraceLine(rule=f"waived:{override.id}", detail=detail, before=result, after=result))
            continue
        before = by_points if rules.combine is Combine.LOWEST else result
        after = override.applied_to(before)
        detail = f"{override.text} ({seen})"
        steps.append(TraceLine(rule=override.id, detail=detail, before=before, after=after, assumed=override.assumed))
        result = after if rules.combine is Combine.IN_ORDER else result.at_most(after)
    return result, steps


def _seen(override: Override, score: Score, missing: int) -> str | None:
    """What the override fires on, in words; None where it does not."""
    match override.when:
        case Trigger.ZERO_CRITERION:
            fires, words = score.zero_criteria >= override.at_least, f"{score.zero_criteria} tiêu chí 0 điểm"
        case Trigger.REPORT_LATE:
            fires = not score.report_sent or score.report_days_late >= override.at_least
            words = f"gửi trễ {score.report_days_late} ngày" if score.report_sent else "không gửi báo cáo"
        case Trigger.MISSING_MONTHS:
            fires, words = missing >= override.at_least, f"thiếu {missing} tháng"
    return words if fires else None


def _band_line(band: Band, score: Score, by_points: Grade) -> TraceLine:
    edges = {Grade.TOT: band.tot, Grade.KHA: band.kha, Grade.TRUNG_BINH: band.trung_binh}
    if by_points is Grade.YEU:
        reach = f"dưới {_points(band.trung_binh)} điểm"
    else:
        reach = f"từ {_points(edges[by_points])} điểm"
    detail = f"{band.name}: {_points(score.score)} điểm, {reach} xếp loại {by_points.label}"
    if band.max_score is not None and score.score > band.max_score:
        detail += f"; vượt mức tối đa {_points(band.max_score)} điểm, cần kiểm tra lại phiếu điểm"
    return TraceLine(rule="band", detail=detail, before=None, after=by_points)


def _points(value: float) -> str:
    return (str(int(value)) if value == int(value) else str(value)).replace(".", ",")
