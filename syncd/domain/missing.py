"""How many months a unit is missing in an assessment: the figure that the ranking receives."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from syncd.domain.model import Status, Verdict
from syncd.domain.periods import month_of
from syncd.domain.rules import Mode, RuleSet


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingMonths:
    """`missing` months are certain, `undetermined` ones may be added to them. `final`: neither evidence nor time can change the figure.

    `months` holds (period or month, status, weight) in order. `longest_run` is that of certain missing months in a row,
    exempt ones skipped.
    """

    missing: int
    undetermined: int
    final: bool
    months: tuple[tuple[str, Status, int], ...]
    longest_run: int

    @property
    def possible_run(self) -> int:
        """The longest run, were every undetermined month missing."""
        return _longest_run(self.months, (Status.MISSING, Status.UNDETERMINED))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Month:
    """What the verdicts listed under one month come to. `best` is what could still be counted at most, as far as bounded by the quota."""

    id: str
    status: Status
    weight: int
    required: int = 0
    counted: int = 0
    best: int = 0


def missing_months(verdicts: Sequence[Verdict], rules: RuleSet) -> MissingMonths:
    """Add up one unit's verdicts of an assessment, in any order.

    Open and exempt periods never count. A week is listed under the month of its Thursday, and the month is missing where
    the sum of its weeks is short. With `mode = average-over-window` the months missing are the shortfall of all judged
    periods over the quota of a month, rounded up; a period that is undetermined is taken as missing what it misses now,
    at worst, and as just met, at best.
    """
    groups: dict[str, list[Verdict]] = {}
    for verdict in sorted(verdicts, key=lambda each: each.period):
        groups.setdefault(month_of(verdict.period), []).append(verdict)
    months = [_month(id, group) for id, group in groups.items()]
    listed = tuple((month.id, month.status, month.weight) for month in months)
    missing = sum(month.weight for month in months if month.status is Status.MISSING)
    undetermined = sum(month.weight for month in months if month.status is Status.UNDETERMINED)
    final = all(month.status not in (Status.UNDETERMINED, Status.OPEN) for month in months)
    if rules.mode is Mode.AVERAGE:
        judged = [month for month in months if month.status not in (Status.OPEN, Status.EXEMPT)]
        missing = _months_short(judged, sum(month.best for month in judged))
        undetermined = _months_short(judged, sum(month.counted for month in judged)) - missing
        final = undetermined == 0 and all(month.status is not Status.OPEN for month in months)
    return MissingMonths(
        missing=missing,
        undetermined=undetermined,
        final=final,
        months=listed,
        longest_run=_longest_run(listed, (Status.MISSING,)),
    )


def _month(id: str, group: Sequence[Verdict]) -> _Month:
    """One month of one verdict, or of its weeks together."""
    weight = max(verdict.months for verdict in group)
    judged = [verdict for verdict in group if verdict.status is not Status.EXEMPT]
    if not judged:
        return _Month(id=id, status=Status.EXEMPT, weight=weight)
    required = sum(verdict.required for verdict in judged)
    counted = sum(_counted(verdict) for verdict in judged)
    best = sum(_best(verdict) for verdict in judged)
    if len(group) == 1:
        status = group[0].status
    elif counted >= required:
        status = Status.MET
    elif any(verdict.status is Status.OPEN for verdict in judged):
        status = Status.OPEN
    elif best >= required or any(verdict.status is Status.UNDETERMINED for verdict in judged):
        status = Status.UNDETERMINED
    else:
        status = Status.MISSING
    return _Month(id=id, status=status, weight=weight, required=required, counted=counted, best=best)


def _counted(verdict: Verdict) -> int:
    """A period met by decision counts as its quota."""
    return max(verdict.counted, verdict.required) if verdict.status is Status.MET else verdict.counted


def _best(verdict: Verdict) -> int:
    best = _counted(verdict) + verdict.waiting
    return max(best, verdict.required) if verdict.status is Status.UNDETERMINED else best


def _months_short(judged: Sequence[_Month], counted: int) -> int:
    required, weights = sum(month.required for month in judged), sum(month.weight for month in judged)
    short = max(0, required - counted)
    return 0 if short == 0 else -(-short * weights // required)


def _longest_run(months: Iterable[tuple[str, Status, int]], counting: tuple[Status, ...]) -> int:
    longest = run = 0
    for _, status, weight in months:
        if status in counting:
            run += weight
            longest = max(longest, run)
        elif status is not Status.EXEMPT:
            run = 0
    return longest
