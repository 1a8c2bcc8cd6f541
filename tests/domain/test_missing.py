from typing import Any

import pytest

from syncd.domain.missing import missing_months
from syncd.domain.model import Status, Verdict
from tests.domain.facts import rules, verdict_of

SHORT = {"M": Status.MISSING, "U": Status.UNDETERMINED, "E": Status.EXEMPT, "O": Status.OPEN, "+": Status.MET}


def year(pattern: str, **changes: Any) -> list[Verdict]:
    return [
        verdict_of(f"2026-{month:02}", SHORT[letter], counted=12 if letter == "+" else 4, **changes)
        for month, letter in enumerate(pattern, 1)
    ]


@pytest.mark.parametrize(
    ("pattern", "missing", "undetermined", "final", "run", "possible_run"),
    [
        ("++++", 0, 0, True, 0, 0),
        ("M+MM", 3, 0, True, 2, 2),
        ("MEM+", 2, 0, True, 2, 2),
        ("MUM+", 2, 1, False, 1, 3),
        ("MMMO", 3, 0, False, 3, 3),
        ("EEEE", 0, 0, True, 0, 0),
        ("UUEU", 0, 3, False, 0, 3),
        ("MOM+", 2, 0, False, 1, 1),
        ("", 0, 0, True, 0, 0),
    ],
)
def test_months_are_added_up(
    pattern: str, missing: int, undetermined: int, final: bool, run: int, possible_run: int
) -> None:
    found = missing_months(year(pattern)[::-1], rules())

    assert (found.missing, found.undetermined, found.final) == (missing, undetermined, final)
    assert (found.longest_run, found.possible_run) == (run, possible_run)
    assert [status for _, status, _ in found.months] == [SHORT[letter] for letter in pattern]


def test_a_merged_period_weighs_its_months() -> None:
    verdicts = [verdict_of("2026-01+02", Status.MISSING, months=2), verdict_of("2026-03", Status.MISSING)]

    assert missing_months(verdicts, rules()).missing == 3
    assert missing_months(verdicts, rules()).longest_run == 3


def weeks(*given: tuple[int, Status]) -> list[Verdict]:
    """The five weeks of October 2026, W40 to W44, with what each counted of a quota of 5."""
    return [
        verdict_of(f"2026-W{week}", status, required=5, counted=counted)
        for week, (counted, status) in enumerate(given, 40)
    ]


MET, SHORT_WEEK, OPEN = Status.MET, Status.MISSING, Status.OPEN


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (weeks((5, MET), (5, MET), (5, MET), (5, MET), (5, MET)), Status.MET),
        (weeks((3, SHORT_WEEK), (7, MET), (5, MET), (5, MET), (5, MET)), Status.MET),
        (weeks((3, SHORT_WEEK), (6, MET), (5, MET), (5, MET), (5, MET)), Status.MISSING),
        (weeks((3, SHORT_WEEK), (6, MET), (5, MET), (5, MET), (0, OPEN)), Status.OPEN),
        (weeks((3, Status.UNDETERMINED), (5, MET), (5, MET), (5, MET), (5, MET)), Status.UNDETERMINED),
        (weeks((0, Status.EXEMPT), (5, MET), (5, MET), (5, MET), (5, MET)), Status.MET),
        (weeks((0, Status.EXEMPT), (4, SHORT_WEEK), (5, MET), (5, MET), (5, MET)), Status.MISSING),
        (weeks((2, MET), (5, MET), (5, MET), (5, MET), (5, MET)), Status.MET),
    ],
)
def test_a_month_of_weeks_is_missing_when_their_sum_is_short(given: list[Verdict], status: Status) -> None:
    found = missing_months(given, rules(period="week", required=5))

    assert found.months == (("2026-10", status, 1),)
    assert found.missing == (1 if status is Status.MISSING else 0)


def test_a_week_that_is_short_still_waits_where_the_month_could_be_filled() -> None:
    short = verdict_of("2026-W40", Status.MISSING, required=5, counted=1, waiting=1)
    over = verdict_of("2026-W41", Status.MET, required=5, counted=8)

    assert missing_months([short, over], rules(period="week", required=5)).undetermined == 1


@pytest.mark.parametrize(
    ("counts", "missing"),
    [((12, 12, 12), 0), ((24, 0, 12), 0), ((24, 0, 11), 1), ((12, 0, 12), 1), ((11, 0, 12), 2), ((0, 0, 0), 3)],
)
def test_on_average_the_shortfall_is_months_rounded_up(counts: tuple[int, ...], missing: int) -> None:
    verdicts = [
        verdict_of(f"2026-{month:02}", Status.MET if count >= 12 else Status.MISSING, counted=count)
        for month, count in enumerate(counts, 1)
    ]

    found = missing_months(verdicts, rules(mode="average-over-window"))

    assert (found.missing, found.undetermined, found.final) == (missing, 0, True)


def test_on_average_an_undetermined_month_is_just_met_at_best() -> None:
    verdicts = [
        verdict_of("2026-01", Status.MISSING, counted=0),
        verdict_of("2026-02", Status.UNDETERMINED, counted=2),
        verdict_of("2026-03", Status.MET, counted=12),
        verdict_of("2026-04", Status.OPEN, counted=0),
    ]

    found = missing_months(verdicts, rules(mode="average-over-window"))

    assert (found.missing, found.undetermined, found.final) == (1, 1, False)
