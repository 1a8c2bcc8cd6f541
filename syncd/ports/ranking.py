"""The ranking engine: takes one absolute, versioned figure per unit."""

from dataclasses import dataclass
from typing import Any, Protocol

from syncd.domain.model import UnitId


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingFigure:
    """Absolute, so applying it twice changes nothing; a higher `version` replaces a lower one.

    `final` is false while `undetermined` months could still change it. `ledger_size` and `ledger_root` say which ledger it was drawn from.
    """

    assessment: str
    unit: UnitId
    unit_name: str
    group: str
    version: int
    missing: int
    undetermined: int
    final: bool
    months: dict[str, str]  # period -> status
    ruleset: str
    ledger_size: int
    ledger_root: str  # hex


class RankingEngine(Protocol):
    name: str

    def put(self, figure: RankingFigure) -> dict[str, Any]:
        """Hand the figure over; the engine's acknowledgement as JSON.

        Raises:
            RankingError: not acknowledged; sending it again is safe.
        """
        ...
