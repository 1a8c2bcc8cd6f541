"""The examples written inside a rule set: cases with the answer that the office expects, run by `syncd rules test`.

A case of counting gives posts of one period and the status and count they come to; a case of ranking gives points and
missing months and the grade. Whatever a case leaves out is as good as it can be: everything read, the census complete,
the grace over, the report in time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from syncd.domain.bands import Grade
from syncd.domain.coverage import deadline_of
from syncd.domain.missing import MissingMonths
from syncd.domain.model import (
    LOCAL,
    Delivery,
    Origin,
    Period,
    PeriodFacts,
    PostFact,
    SourceId,
    Status,
    Unit,
    UnitId,
    Window,
)
from syncd.domain.periods import period_by_id
from syncd.domain.quota import assess
from syncd.domain.ranking import Score, grade
from syncd.domain.rules import RuleSet
from syncd.domain.toml_table import Table
from syncd.errors import ConfigError, ConfigInvalid, UsageError

_UNIT = UnitId("vi-du")
_SOURCE = SourceId("vi-du/1")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleResult:
    """One case: what the rule set says should come out and what does. `problem` where the case cannot be run as it is written."""

    name: str
    ok: bool
    expected: str
    found: str
    problem: str | None = None


def run_examples(ruleset: RuleSet) -> list[ExampleResult]:
    """Run every example of a rule set, in its order. A case that is written wrongly is a failed one that says so."""
    results = []
    for number, data in enumerate(ruleset.examples):
        problems: list[ConfigError] = []
        table = Table(data, f"{ruleset.id}: examples[{number}].", problems)
        name = table.text("name")
        try:
            expected, found = (_ranked if "score" in data else _counted)(table, ruleset)
            table.finish()
            if problems:
                raise ConfigInvalid(problems)
            results.append(ExampleResult(name=name, ok=expected == found, expected=expected, found=found))
        except ConfigInvalid as err:
            told = "; ".join(f"{each.key}: {each.message} ({each.hint})" for each in err.problems)
            results.append(ExampleResult(name=name, ok=False, expected="", found="", problem=told))
        except UsageError as err:
            results.append(ExampleResult(name=name, ok=False, expected="", found="", problem=f"{err} ({err.hint})"))
    return results


def _ranked(table: Table, ruleset: RuleSet) -> tuple[str, str]:
    if ruleset.ranking is None:
        raise UsageError("the rule set has no ranking part", hint="write [ranking] and its bands")
    unit = Unit(id=_UNIT, name="Ví dụ", group=table.text("group"))
    score = Score(
        score=table.number("score", None, low=0, high=1e6) or 0.0,
        zero_criteria=table.whole("zero_criteria", 0),
        report_days_late=table.whole("report_days_late", 0),
        report_sent=table.truth("report_sent", True),
    )
    missing, undetermined = table.whole("missing_months", 0), table.whole("undetermined_months", 0)
    listed = [Status.MISSING] * missing + [Status.UNDETERMINED] * undetermined
    result = grade(
        unit,
        score,
        MissingMonths(
            missing=missing,
            undetermined=undetermined,
            final=not undetermined,
            months=tuple((f"{n:02}", status, 1) for n, status in enumerate(listed, 1)),
            longest_run=missing,
        ),
        ruleset.ranking,
        waived=table.truth("waived", False),
    )
    expected = table.choice_or_none("expect_grade", Grade)
    could_be = table.choice_or_none("expect_could_be", Grade)
    if expected is None:
        table.problem("expect_grade", "expect_grade is missing", "tot, kha, trung_binh or yeu")
    return _grades(expected, could_be), _grades(result.grade, result.could_be)


def _grades(certain: Grade | None, could_be: Grade | None) -> str:
    return f"{certain}, could be {could_be}" if could_be else str(certain)


def _counted(table: Table, ruleset: RuleSet) -> tuple[str, str]:
    period = period_by_id(table.text("period"), ruleset.calendar)
    deadline = deadline_of(period, ruleset, (), period.end)
    unread = table.whole("days_not_read", 0, high=31)
    unit = Unit(
        id=_UNIT,
        name="Ví dụ",
        group=table.text("group", ""),
        quota=table.whole("quota", 0) if table.raw("quota") is not None else None,
        sources=(_SOURCE,),
    )
    blind = period.start + timedelta(days=unread)
    windows = (Window(start=None, end=period.start), Window(start=blind, end=deadline))
    facts = PeriodFacts(
        posts=tuple(_posts(table, period)),
        now=deadline,
        readings={_SOURCE: windows},
        census_after_end=deadline,
        delivery_since=None if table.truth("not_carried", False) else period.start,
    )
    verdict = assess(unit, period, facts, ruleset)
    expected = table.choice_or_none("expect_status", Status)
    if expected is None:
        table.problem("expect_status", "expect_status is missing", f"one of {', '.join(Status)}")
    count = table.whole("expect_counted", 0)
    return f"{expected}, {count}", f"{verdict.status}, {verdict.counted}"


def _posts(table: Table, period: Period) -> Iterator[PostFact]:
    """The posts of a case: `[[examples.posts]]`, each standing for `count` alike, written and on the portal at local times."""
    for row, each in enumerate(table.tables("posts")):
        written = _instant(each, "written") or period.start
        on_portal = _instant(each, "on_portal") or written
        typed = each.truth("typed", False)
        words = each.whole("words", 0) if each.raw("words") is not None else None
        delivery = each.choice("delivery", Delivery.VISIBLE)
        kind, reprint, back_dated = (
            each.text("kind", "tin"),
            each.truth("reprint", False),
            each.truth("back_dated", False),
        )
        for n in range(each.whole("count", 1, low=1, high=1000)):
            yield PostFact(
                ref=f"post:{row}.{n}",
                unit=_UNIT,
                title="Ví dụ",
                url="https://vidu.example/",
                origin=Origin.TYPED if typed else Origin.SITE,
                delivery=delivery,
                first_seen=on_portal if typed else written,
                source_instant=None if typed else written,
                portal_instant=None if delivery is Delivery.NONE else on_portal,
                kind=kind,
                words=words,
                reprint=reprint,
                back_dated=back_dated,
            )
        each.finish()


def _instant(table: Table, name: str) -> datetime | None:
    value = table.raw(name)
    if value is None:
        return None
    if not isinstance(value, datetime):
        table.problem(name, f"{name} must be a time, not {value!r}", f"write {name} = 2026-10-31T23:59:00")
        return None
    return (value.replace(tzinfo=LOCAL) if value.tzinfo is None else value).astimezone(UTC)
