"""The score sheet: a CSV file with one line per unit, every wrong cell reported."""

import csv
import io
from collections.abc import Collection
from pathlib import Path

from syncd.domain.model import UnitId
from syncd.domain.ranking import Score
from syncd.errors import ConfigError, ConfigInvalid

COLUMNS = ("unit", "score", "self_score", "zero_criteria", "report_days_late", "report_sent")
_YES = {"1", "yes", "true", "có", "co", "x"}
_NO = {"0", "no", "false", "không", "khong"}


def read_scores(path: Path, units: Collection[UnitId]) -> dict[UnitId, Score]:
    """Scores by unit. A decimal comma is read as a point; an empty cell takes the default.

    Raises:
        ConfigInvalid: with every wrong cell, as `scores.csv:7 score`.
    """
    problems: list[ConfigError] = []
    scores: dict[UnitId, Score] = {}
    try:
        reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""), strict=True)
        for name in reader.fieldnames or []:
            if name not in COLUMNS:
                problems.append(
                    ConfigError(f'unknown column "{name}"', key=path.name, hint=f"columns: {', '.join(COLUMNS)}")
                )
        for number, cells in enumerate(reader, start=2):
            line = _Line({name: (cells.get(name) or "").strip() for name in COLUMNS}, f"{path.name}:{number}")
            unit = UnitId(line.cells["unit"])
            if unit not in units:
                line.wrong("unit", f'there is no unit "{unit}"', "use the id of the configuration")
            elif unit in scores:
                line.wrong("unit", f'"{unit}" stands twice', "keep one line")
            score = line.number("score", required=True)
            made = Score(
                score=score if score is not None else 0.0,
                self_score=line.number("self_score"),
                zero_criteria=line.count("zero_criteria"),
                report_days_late=line.count("report_days_late"),
                report_sent=line.flag("report_sent", default=True),
            )
            problems += line.problems
            if not line.problems:
                scores[unit] = made
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        problems.append(
            ConfigError(f"cannot be read: {error}", key=path.name, hint="a UTF-8 CSV file with a header line")
        )
    if problems:
        raise ConfigInvalid(problems)
    return scores


class _Line:
    """One line's cells, and what is wrong with them."""

    def __init__(self, cells: dict[str, str], place: str) -> None:
        self.cells = cells
        self.place = place
        self.problems: list[ConfigError] = []

    def wrong(self, column: str, message: str, hint: str) -> None:
        self.problems.append(ConfigError(message, key=f"{self.place} {column}", hint=hint))

    def number(self, column: str, *, required: bool = False) -> float | None:
        text = self.cells[column]
        if not text:
            if required:
                self.wrong(column, "is empty", "a number")
            return None
        try:
            value = float(text.replace(",", "."))
        except ValueError:
            self.wrong(column, f'"{text}" is no number', "such as 742.5")
            return None
        if not 0 <= value <= 10_000:
            self.wrong(column, f'"{text}" is out of range', "between 0 and 10000")
            return None
        return value

    def count(self, column: str) -> int:
        text = self.cells[column] or "0"
        if not text.isascii() or not text.isdigit():
            self.wrong(column, f'"{text}" is no whole number', "0 or more")
            return 0
        return int(text)

    def flag(self, column: str, *, default: bool) -> bool:
        text = self.cells[column].casefold()
        if text and text not in _YES | _NO:
            self.wrong(column, f'"{text}" is neither yes nor no', "có or không")
        return default if not text else text in _YES
