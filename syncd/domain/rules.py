"""Rule sets: the decree as data, with its dates and document number, and which one is in force when.

Where the decrees are silent a key has a default that is ours; `docs/rulesets.md` lists them for the board to confirm.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from syncd.domain.bands import Band, Combine, Grade, Override, RankingRules, Trigger
from syncd.domain.model import LOCAL, Period, PeriodId, Unit
from syncd.domain.periods import Calendar, CalendarKind, period_by_id, period_of
from syncd.domain.toml_table import Table
from syncd.errors import ConfigError, ConfigInvalid, UsageError

_BEGINNING = date(1970, 1, 1)


class Mode(StrEnum):
    EVERY_PERIOD = "every-period"
    AVERAGE = "average-over-window"


class CountsBy(StrEnum):
    """Which instant decides that a post came in time."""

    PORTAL = "portal"  # that of the portal, by the end of the period
    SOURCE = "source"  # that of the unit's site, provided that it reached the portal within the grace


class MakeUp(StrEnum):
    """What becomes of a post that nothing carried in its period and that came to the portal later."""

    SHOWN = "shown"
    OWN_PERIOD = "own-period"


class Treatment(StrEnum):
    COUNT = "count"
    FLAG = "flag"  # not counted, awaits a person
    EXCLUDE = "exclude"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """One decree as the counting reads it. `grace_days` are working days; `in_force_to` is the last day, inclusive.

    `examples` are the raw `[[examples]]`; `domain.examples` reads and runs them.
    """

    id: str
    name: str
    document: str
    in_force_from: date = _BEGINNING
    in_force_to: date | None = None
    calendar: Calendar = field(default_factory=Calendar)
    mode: Mode = Mode.EVERY_PERIOD
    required: int = 0
    required_by_group: Mapping[str, int] = field(default_factory=dict)
    required_by_unit: Mapping[str, int] = field(default_factory=dict)
    weights: Mapping[str, int] = field(default_factory=dict)
    counts_by: CountsBy = CountsBy.PORTAL
    grace_days: int = 3
    make_up: MakeUp = MakeUp.SHOWN
    min_words: int = 0
    reprints: Treatment = Treatment.FLAG
    duplicates: Treatment = Treatment.FLAG
    back_dated: Treatment = Treatment.FLAG
    min_coverage: float = 0.9
    ranking: RankingRules | None = None
    examples: tuple[Mapping[str, Any], ...] = ()

    def in_force_on(self, day: date) -> bool:
        return self.in_force_from <= day and (self.in_force_to is None or day <= self.in_force_to)

    def required_of(self, unit: Unit) -> int:
        """Posts per whole period: the unit's own number, else by unit, by group, or the common one."""
        if unit.quota is not None:
            return unit.quota
        return self.required_by_unit.get(unit.id, self.required_by_group.get(unit.group, self.required))

    def weight_of(self, kind: str) -> int:
        return self.weights.get(kind, 1)


class DatedRuleSets:
    """Rule sets that follow one another in time. May be shared by threads.

    Raises:
        ConfigInvalid: two are in force on the same day, or have the same id.
    """

    def __init__(self, sets: Iterable[RuleSet]) -> None:
        self._sets = sorted(sets, key=lambda rules: rules.in_force_from)
        problems = []
        for before, after in zip(self._sets, self._sets[1:], strict=False):
            if before.in_force_to is None or before.in_force_to >= after.in_force_from:
                until = after.in_force_from - timedelta(days=1)
                message = f"rule sets {before.id} and {after.id} are both in force on {after.in_force_from}"
                problems.append(
                    ConfigError(message, key="rulesets", value=after.id, hint=f"end {before.id} on {until}")
                )
        ids = [rules.id for rules in self._sets]
        for id in sorted({id for id in ids if ids.count(id) > 1}):
            problems.append(
                ConfigError(f"two rule sets are called {id}", key="rulesets", value=id, hint="give each its own id")
            )
        if problems:
            raise ConfigInvalid(problems)

    def __iter__(self) -> Iterator[RuleSet]:
        return iter(self._sets)

    def gaps(self) -> list[tuple[date, date]]:
        """Stretches of days, both ends included, between two rule sets, on which none is in force."""
        one = timedelta(days=1)
        return [
            (before.in_force_to + one, after.in_force_from - one)
            for before, after in zip(self._sets, self._sets[1:], strict=False)
            if before.in_force_to is not None and before.in_force_to + one < after.in_force_from
        ]

    def at(self, day: date) -> RuleSet:
        """The rule set in force on a local day.

        Raises:
            UsageError: none is.
        """
        for rules in self._sets:
            if rules.in_force_on(day):
                return rules
        raise UsageError(f"no rule set is in force on {day}", subject=str(day), hint=self._dates())

    def get(self, id: str) -> RuleSet:
        for rules in self._sets:
            if rules.id == id:
                return rules
        known = ", ".join(rules.id for rules in self._sets) or "none"
        raise UsageError(f"there is no rule set {id!r}", subject=id, hint=f"known: {known}")

    def period(self, id: str) -> tuple[Period, RuleSet]:
        """The period an id names, and the rule set in force on its first day.

        Where the calendar changed with the rule set, a period that began before the change belongs to the new one.

        Raises:
            UsageError: no rule set in force has such a period.
        """
        found = []
        wrong: UsageError | None = None
        for rules in self._sets:
            try:
                found.append((period_by_id(id, rules.calendar), rules))
            except UsageError as err:
                wrong = err
        for period, rules in found:
            if rules.in_force_on(period.first_day):
                return period, rules
        for period, rules in found:
            if rules.in_force_on(period.last_day):
                return period, rules
        if wrong is not None and not found:
            raise wrong
        raise UsageError(f"no rule set is in force in {id}", subject=id, hint=self._dates())

    def period_at(self, instant: datetime) -> tuple[Period, RuleSet]:
        """The period that holds an instant, and the rule set in force on its first day."""
        rules = self.at(instant.astimezone(LOCAL).date())
        period = period_of(instant, rules.calendar)
        try:
            return self.period(period.id)
        except UsageError:  # it began before the first rule set came into force
            return period, rules

    def between(self, first: PeriodId, last: PeriodId) -> list[tuple[Period, RuleSet]]:
        """All periods from `first` to `last`, both included, each with its rule set, across changes of rule set.

        Raises:
            UsageError: an id is no period, `last` comes before `first`, or no rule set is in force in between.
        """
        step, (end, _) = self.period(first), self.period(last)
        if end.start < step[0].start:
            raise UsageError(f"{last} comes before {first}", subject=f"{first}..{last}", hint="the earlier one first")
        steps = [step]
        while steps[-1][0].start < end.start:
            steps.append(self.period_at(steps[-1][0].end))
        return steps

    def _dates(self) -> str:
        if not self._sets:
            return "add a [[rulesets]] block"
        stretches = (f"{rules.id} {rules.in_force_from}..{rules.in_force_to or ''}" for rules in self._sets)
        return f"in force: {', '.join(stretches)}"


def parse_ruleset(
    data: Mapping[str, Any],
    *,
    origin: str,
    id: str | None = None,
    in_force_from: date | None = None,
    in_force_to: date | None = None,
    document: str | None = None,
) -> RuleSet:
    """Make a rule set of a table as read from TOML.

    `origin` stands before each key path of a problem. The other arguments win over `id`, `from`, `to` and `document`
    of the data; an `id` that is given nowhere is the origin.

    Raises:
        ConfigInvalid: with every problem, unknown keys included.
    """
    problems: list[ConfigError] = []
    top = Table(data, f"{origin}: ", problems)
    default, by_group, by_unit = _required(top)
    weights = top.table("weights")
    own_id, own_document = top.text("id", ""), top.text("document", "")
    own_from, own_to = top.day("from"), top.day("to")
    rules = RuleSet(
        id=id or own_id or origin,
        name=top.text("name"),
        document=document or own_document,
        in_force_from=in_force_from or own_from or _BEGINNING,
        in_force_to=in_force_to or own_to,
        calendar=_calendar(top),
        mode=top.choice("mode", Mode.EVERY_PERIOD),
        required=default,
        required_by_group=by_group,
        required_by_unit=by_unit,
        weights={} if weights is None else weights.wholes(),
        counts_by=top.choice("counts_by", CountsBy.PORTAL),
        grace_days=top.whole("grace", 3, high=60),
        make_up=top.choice("make_up", MakeUp.SHOWN),
        min_words=top.whole("min_words", 0),
        reprints=top.choice("reprints", Treatment.FLAG),
        duplicates=top.choice("duplicates", Treatment.FLAG),
        back_dated=top.choice("back_dated", Treatment.FLAG),
        min_coverage=top.number("min_coverage", 0.9, low=0, high=1) or 0.0,
        ranking=_ranking(top),
        examples=tuple(table.data for table in top.tables("examples")),
    )
    if rules.in_force_to is not None and rules.in_force_to < rules.in_force_from:
        top.problem("to", f"the rule set ends on {rules.in_force_to}, before it starts", "exchange from and to")
    top.finish()
    if problems:
        raise ConfigInvalid(problems)
    return rules


def _required(top: Table) -> tuple[int, dict[str, int], dict[str, int]]:
    value = top.raw("required")
    if value is None:
        top.problem("required", "required is missing", "write required = 12, or a table with default, groups, units")
    table = top.table("required") if isinstance(value, Mapping) else None
    if table is None:
        return top.whole("required", 0), {}, {}
    groups, units = table.table("groups"), table.table("units")
    found = (
        table.whole("default", 0),
        {} if groups is None else groups.wholes(),
        {} if units is None else units.wholes(),
    )
    table.finish()
    return found


def _calendar(top: Table) -> Calendar:
    kind = top.choice("period", CalendarKind.MONTH)
    starts_on_day = top.whole("starts_on_day", 1, low=1, high=28)
    merged_months = top.whole("merged_months", 1, low=1, high=12)
    runs = top.raw("merged") or []
    try:
        if not isinstance(runs, list) or not all(isinstance(run, list) for run in runs):
            raise ValueError("merged must be a list of lists of months")
        merged = tuple(tuple(str(month) for month in run) for run in runs)
        return Calendar(kind=kind, starts_on_day=starts_on_day, merged=merged, merged_months=merged_months)
    except ValueError as err:
        key = "starts_on_day" if "starts_on_day" in str(err) else "merged"
        top.problem(key, str(err), 'e.g. starts_on_day = 1, merged = [["2026-01", "2026-02"]]')
        return Calendar()


def _ranking(top: Table) -> RankingRules | None:
    table = top.table("ranking")
    if table is None:
        return None
    bands = [band for band in map(_band, table.tables("bands")) if band is not None]
    groups = [group for band in bands for group in band.groups]
    for group in sorted({group for group in groups if groups.count(group) > 1}):
        table.problem("bands", f"group {group} stands in two bands", "leave it in one")
    if not bands:
        table.problem(
            "bands", "ranking has no bands", "write [[ranking.bands]] with name, groups, tot, kha, trung_binh"
        )
    overrides = [_override(item) for item in table.tables("overrides")]
    months = table.whole("missing_months_for_weak", 3, high=60)
    if months:
        text = f"Thiếu số lượng tin, bài từ {months} tháng trở lên: xếp loại Yếu"
        overrides.append(
            Override(id="missing_months", when=Trigger.MISSING_MONTHS, at_least=months, at_most=Grade.YEU, text=text)
        )
    rules = RankingRules(
        bands=tuple(bands),
        overrides=tuple(overrides),
        combine=table.choice("combine", Combine.LOWEST),
        consecutive=table.truth("consecutive", False),
    )
    table.finish()
    return rules


def _band(table: Table) -> Band | None:
    name, groups = table.text("name"), table.texts("groups")
    tot, kha, trung_binh = (table.number(grade, None, low=0, high=1e6) for grade in ("tot", "kha", "trung_binh"))
    max_score = table.number("max", None, low=0, high=1e6) if table.raw("max") is not None else None
    if not groups:
        table.problem("groups", "a band needs groups", 'write groups = ["..."], as in the units')
    table.finish()
    if tot is None or kha is None or trung_binh is None:
        return None
    if not trung_binh < kha < tot or (max_score is not None and max_score < tot):
        table.problem("tot", "the points must rise: trung_binh, kha, tot, max", "e.g. 650, 700, 750, 800")
    return Band(name=name, groups=groups, tot=tot, kha=kha, trung_binh=trung_binh, max_score=max_score)


def _override(table: Table) -> Override:
    when = table.choice_or_none("when", Trigger)
    if when is None and table.raw("when") is None:
        table.problem("when", "when is missing", f"one of {', '.join(Trigger)}")
    override = Override(
        id=table.text("id"),
        when=when or Trigger.ZERO_CRITERION,
        at_least=table.whole("at_least", 1, low=1),
        text=table.text("text"),
        down=table.whole("down", 0, high=3),
        at_most=table.choice_or_none("at_most", Grade),
        assumed=table.truth("assumed", False),
    )
    if not override.down and override.at_most is None:
        table.problem("down", "an override lowers nothing", 'write down = 1 or at_most = "kha"')
    table.finish()
    return override
