"""One thing that is wrong, as `findings` tells it to whoever must act."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

from syncd.application.figures.statements import instant_as_json
from syncd.domain.model import UnitId


class Severity(IntEnum):
    NOTICE = 0  # good to know
    ATTENTION = 1  # a person should act
    BROKEN = 2  # something does not work at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong. `subject` names a source, a portal or a job; `unit` is set where one unit is concerned."""

    kind: str
    severity: Severity
    message: str
    hint: str
    since: datetime | None = None
    unit: UnitId | None = None
    subject: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "severity": self.severity.name.lower(),
            "message": self.message,
            "hint": self.hint,
            "since": instant_as_json(self.since),
            "unit": self.unit,
            "subject": self.subject,
        }
