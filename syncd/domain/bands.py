"""The ranking part of a rule set: grades, bands of points by group, and what lowers a grade."""

from dataclasses import dataclass
from enum import StrEnum

_LABELS = {"tot": "Tốt", "kha": "Khá", "trung_binh": "Trung bình", "yeu": "Yếu"}
_ORDER = ("yeu", "trung_binh", "kha", "tot")


class Grade(StrEnum):
    """The four grades of the decree. `rank` orders them: Yếu 0, Tốt 3."""

    TOT = "tot"
    KHA = "kha"
    TRUNG_BINH = "trung_binh"
    YEU = "yeu"

    @property
    def label(self) -> str:
        return _LABELS[self.value]

    @property
    def rank(self) -> int:
        return _ORDER.index(self.value)

    def lowered(self, steps: int) -> "Grade":
        """`steps` grades down; Yếu is the floor."""
        return Grade(_ORDER[max(0, self.rank - steps)])

    def at_most(self, other: "Grade") -> "Grade":
        return self if self.rank <= other.rank else other


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The points of one annex: the least score of each grade (Yếu is below `trung_binh`), and the groups it is for.

    The group `*` stands for every group that no other band names.
    """

    name: str
    groups: tuple[str, ...]
    tot: float
    kha: float
    trung_binh: float
    max_score: float | None = None

    def grade_for(self, score: float) -> Grade:
        if score >= self.tot:
            return Grade.TOT
        if score >= self.kha:
            return Grade.KHA
        if score >= self.trung_binh:
            return Grade.TRUNG_BINH
        return Grade.YEU


class Trigger(StrEnum):
    """What an override looks at."""

    ZERO_CRITERION = "zero_criterion"  # how many criteria were scored 0; several lower the grade once
    REPORT_LATE = "report_late"  # days late; a report not sent is later than any
    MISSING_MONTHS = "missing_months"


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What lowers a grade: where `when` reaches `at_least`, `down` grades down and never above `at_most`.

    `assumed` marks a reading of the decree that is ours, not written there.
    """

    id: str
    when: Trigger
    at_least: int
    text: str
    down: int = 0
    at_most: Grade | None = None
    assumed: bool = False

    def applied_to(self, grade: Grade) -> Grade:
        lowered = grade.lowered(self.down)
        return lowered if self.at_most is None else lowered.at_most(self.at_most)


class Combine(StrEnum):
    """How several overrides meet."""

    LOWEST = "lowest"  # each is applied to the band's grade, the lowest result stands
    IN_ORDER = "in_order"  # one after the other, in the order of the rule set


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingRules:
    """`consecutive`: months count as missing for an override only where they follow one another."""

    bands: tuple[Band, ...]
    overrides: tuple[Override, ...] = ()
    combine: Combine = Combine.LOWEST
    consecutive: bool = False

    def band_for(self, group: str) -> Band | None:
        """The band of a group; None where no band is for it."""
        named = (band for name in (group, "*") for band in self.bands if name in band.groups)
        return next(named, None)
