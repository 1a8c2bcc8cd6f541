import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncd.domain.bands import Combine, Grade, RankingRules
from syncd.domain.missing import MissingMonths
from syncd.domain.model import Status, Unit, UnitId
from syncd.domain.ranking import GradeResult, Score, grade
from syncd.domain.rules import parse_ruleset
from syncd.errors import UsageError

RULESETS = Path(__file__).parents[2] / "syncd" / "rulesets"
TOT, KHA, TRUNG_BINH, YEU = Grade.TOT, Grade.KHA, Grade.TRUNG_BINH, Grade.YEU

LETTER_002 = {  # the annexes 2 to 7: the least points of Tốt, Khá, Trung bình
    "huyen-uy": (750, 700, 650),
    "ban": (450, 400, 350),
    "mat-tran-doan-the": (650, 600, 550),
    "lien-doan-lao-dong": (550, 500, 450),
    "bao": (600, 550, 500),
    "cuu-chien-binh": (350, 300, 250),
}


def shipped(name: str, **changes: Any) -> RankingRules:
    data = tomllib.loads((RULESETS / f"{name}.toml").read_text("utf-8"))
    data["ranking"] |= changes
    ranking = parse_ruleset(data, origin=name).ranking
    assert ranking is not None
    return ranking


RULES_2022 = shipped("binh-thuan-2022")
RULES_2020 = shipped("binh-thuan-2020")
IN_ORDER = shipped("binh-thuan-2022", combine="in_order")


def months(pattern: str = "") -> MissingMonths:
    """M missing, U undetermined, + met; in a row."""
    words = {"M": Status.MISSING, "U": Status.UNDETERMINED, "+": Status.MET}
    return MissingMonths(
        missing=pattern.count("M"),
        undetermined=pattern.count("U"),
        final="U" not in pattern,
        months=tuple((f"2022-{n:02}", words[letter], 1) for n, letter in enumerate(pattern, 1)),
        longest_run=max(len(run) for run in pattern.replace("U", "+").split("+")),
    )


def graded(
    group: str, score: float, pattern: str = "", rules: RankingRules = RULES_2022, waived: bool = False, **sheet: Any
) -> GradeResult:
    unit = Unit(id=UnitId("u"), name="Đơn vị Ví Dụ", group=group)
    return grade(unit, Score(score=score, **sheet), months(pattern), rules, waived)


EDGES = [
    (group, edge + step, at if step >= 0 else below)
    for group, edges in LETTER_002.items()
    for edge, at, below in zip(edges, (TOT, KHA, TRUNG_BINH), (KHA, TRUNG_BINH, YEU), strict=True)
    for step in (-1, -0.5, -0.01, 0, 0.01, 1)
]


@pytest.mark.parametrize(("group", "score", "expected"), EDGES)
def test_each_edge_of_each_band_of_letter_002(group: str, score: float, expected: Grade) -> None:
    found = graded(group, score)

    assert (found.grade, found.band) == (expected, expected)
    assert [line.rule for line in found.trace] == ["band"]


@pytest.mark.parametrize("group", LETTER_002)
def test_the_ends_of_each_scale(group: str) -> None:
    assert graded(group, 0).grade is YEU
    assert graded(group, LETTER_002[group][0] + 50).grade is TOT


@pytest.mark.parametrize(
    ("score", "sheet", "pattern", "expected", "rules"),
    [
        (780, {"zero_criteria": 1}, "", KHA, ["zero_criterion"]),
        (780, {"zero_criteria": 4}, "", KHA, ["zero_criterion"]),
        (720, {"zero_criteria": 1}, "", TRUNG_BINH, ["zero_criterion"]),
        (600, {"zero_criteria": 1}, "", YEU, ["zero_criterion"]),
        (780, {"report_days_late": 4}, "", TOT, []),
        (780, {"report_days_late": 5}, "", KHA, ["report_late"]),
        (780, {"report_sent": False}, "", KHA, ["report_late"]),
        (720, {"report_days_late": 30}, "", KHA, ["report_late"]),
        (660, {"report_sent": False}, "", TRUNG_BINH, ["report_late"]),
        (780, {}, "MM", TOT, []),
        (780, {}, "M+M+M", YEU, ["missing_months"]),
        (780, {}, "MMMM", YEU, ["missing_months"]),
    ],
)
def test_each_override_of_2022(
    score: float, sheet: dict[str, Any], pattern: str, expected: Grade, rules: list[str]
) -> None:
    found = graded("huyen-uy", score, pattern, **sheet)

    assert found.grade is expected
    assert [line.rule for line in found.trace[1:]] == rules
    assert not any(line.assumed for line in found.trace)


@pytest.mark.parametrize(
    ("rules", "score", "sheet", "pattern", "expected"),
    [
        (RULES_2022, 780, {"zero_criteria": 1, "report_sent": False}, "", KHA),
        (IN_ORDER, 780, {"zero_criteria": 1, "report_sent": False}, "", KHA),
        (RULES_2022, 720, {"zero_criteria": 1, "report_days_late": 5}, "", TRUNG_BINH),
        (RULES_2022, 780, {"zero_criteria": 1}, "MMM", YEU),
        (IN_ORDER, 780, {"zero_criteria": 1, "report_days_late": 9}, "MMM", YEU),
    ],
)
def test_overrides_combined(
    rules: RankingRules, score: float, sheet: dict[str, Any], pattern: str, expected: Grade
) -> None:
    assert graded("huyen-uy", score, pattern, rules, **sheet).grade is expected


@pytest.mark.parametrize(("combine", "expected"), [(Combine.LOWEST, KHA), (Combine.IN_ORDER, TRUNG_BINH)])
def test_two_drops_stack_only_in_order(combine: Combine, expected: Grade) -> None:
    zero = {"id": "zero", "when": "zero_criterion", "down": 1, "text": "Có tiêu chí 0 điểm"}
    short = {"id": "short", "when": "missing_months", "down": 1, "text": "Thiếu tin, bài"}
    rules = shipped("binh-thuan-2020", overrides=[zero, short], combine=combine.value)

    found = graded("huyen-uy", 780, "M", rules, zero_criteria=1)

    assert found.grade is expected
    assert [(line.before, line.after) for line in found.trace[1:]] == [
        (TOT, KHA),
        (TOT, KHA) if combine is Combine.LOWEST else (KHA, TRUNG_BINH),
    ]


@pytest.mark.parametrize("combine", Combine)
def test_yeu_is_the_floor(combine: Combine) -> None:
    rules = shipped("binh-thuan-2022", combine=combine.value)

    assert graded("ban", 10, "MMMM", rules, zero_criteria=3, report_sent=False).grade is YEU


def test_in_2020_a_shortfall_cost_one_grade_and_the_trigger_is_assumed() -> None:
    short = graded("bao", 620, "MMM", RULES_2020)
    spared = graded("bao", 620, "MMM", RULES_2020, waived=True)

    assert (short.band, short.grade) == (TOT, KHA)
    assert [(line.rule, line.assumed) for line in short.trace] == [("band", False), ("short", True)]
    assert (spared.grade, spared.missing.missing) == (TOT, 3)
    assert spared.trace[-1].rule == "waived:short"
    assert graded("bao", 620, "", RULES_2020).grade is TOT


def test_a_waiver_spares_the_missing_months_alone() -> None:
    found = graded("huyen-uy", 780, "MMM", waived=True, zero_criteria=1)

    assert (found.grade, [line.rule for line in found.trace]) == (
        KHA,
        ["band", "zero_criterion", "waived:missing_months"],
    )


@pytest.mark.parametrize(
    ("pattern", "certain", "could_be"),
    [("MMU", TOT, YEU), ("MU+", TOT, None), ("MMMU", YEU, None), ("UUU", TOT, YEU), ("MM", TOT, None)],
)
def test_a_grade_that_undetermined_months_could_change_is_provisional(
    pattern: str, certain: Grade, could_be: Grade | None
) -> None:
    found = graded("huyen-uy", 760, pattern)

    assert (found.grade, found.could_be, found.provisional) == (certain, could_be, could_be is not None)


@pytest.mark.parametrize(
    ("pattern", "certain", "could_be"),
    [("M+M+M", TOT, None), ("MMM", YEU, None), ("MUM", TOT, YEU), ("M+MU", TOT, None)],
)
def test_months_in_a_row_where_the_rule_set_asks_for_them(pattern: str, certain: Grade, could_be: Grade | None) -> None:
    found = graded("huyen-uy", 760, pattern, shipped("binh-thuan-2022", consecutive=True))

    assert (found.grade, found.could_be) == (certain, could_be)


def test_the_trace_tells_the_story_in_vietnamese() -> None:
    found = graded("ban", 449.5, "MMM", self_score=480.0, report_days_late=6)

    assert [line.detail for line in found.trace] == [
        "Phụ lục 3 (các ban của Tỉnh ủy): 449,5 điểm, từ 400 điểm xếp loại Khá",
        "Gửi báo cáo trễ từ 5 ngày trở lên hoặc không gửi: không xếp loại Tốt (gửi trễ 6 ngày)",
        "Thiếu số lượng tin, bài từ 3 tháng trở lên: xếp loại Yếu (thiếu 3 tháng)",
    ]
    assert found.score.self_score == 480.0
    assert [each.label for each in Grade] == ["Tốt", "Khá", "Trung bình", "Yếu"]


def test_more_points_than_there_are_is_told() -> None:
    assert "vượt mức tối đa 500 điểm" in graded("ban", 501).trace[0].detail


def test_a_group_without_a_band_is_refused() -> None:
    with pytest.raises(UsageError, match="'doan-la'") as caught:
        graded("doan-la", 500)
    assert caught.value.hint is not None
    assert "huyen-uy" in caught.value.hint


def test_the_star_stands_for_every_other_group() -> None:
    assert graded("doan-la", 92, rules=shipped("default")).grade is TOT


@pytest.mark.parametrize("sheet", [{"score": -1}, {"score": float("nan")}, {"score": 1, "zero_criteria": -1}])
def test_a_score_that_cannot_be_is_refused(sheet: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Score(**sheet)


@settings(deadline=None)
@given(
    st.sampled_from([RULES_2022, RULES_2020, IN_ORDER]),
    st.integers(600, 800),
    st.text("MU+", max_size=6),
    st.integers(0, 3),
    st.integers(0, 8),
)
def test_a_month_more_never_raises_a_grade(
    rules: RankingRules, score: int, pattern: str, zero_criteria: int, days_late: int
) -> None:
    sheet: dict[str, Any] = {"zero_criteria": zero_criteria, "report_days_late": days_late}
    before, after = (graded("huyen-uy", score, each, rules, **sheet) for each in (pattern, pattern + "M"))

    assert after.grade.rank <= before.grade.rank <= before.band.rank
    assert before.could_be is None or before.could_be.rank < before.grade.rank
