"""What our database keeps about the portal as a whole: that one of its two memories, its own or ours, was set back, and whether counted posts still answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class AlarmKind(StrEnum):
    """Why nothing is sent for now."""

    PORTAL_SET_BACK = "portal_set_back"  # posts that stood there are gone at once: a restored backup; a person decides
    LEDGER_BEHIND = "ledger_behind"  # our database heard nothing of the portal for long: a census has to come first


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalAlarm:
    """`since`: when the oldest of the missing posts was accepted, or the newest census we know of. `found_at` is ours. `posts`: how many are missing."""

    portal: str
    kind: AlarmKind
    found_at: datetime
    since: datetime
    posts: int = 0
    ended_at: datetime | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRecord:
    """Whether the public address of a counted post (`post:12`, `sighting:7`) still shows it; one row per (portal, ref), the newest asking.

    `silent_since` is when it was first found not to answer, None while it does; `detail` what was seen instead.
    """

    portal: str
    ref: str
    url: str
    asked_at: datetime
    silent_since: datetime | None = None
    detail: str = ""


class WatchStore(Protocol):
    def alarm(self, portal: str, kind: AlarmKind) -> PortalAlarm | None:
        """The alarm that stands."""
        ...

    def sound(self, alarm: PortalAlarm) -> None:
        """Does nothing where one of the kind stands."""
        ...

    def end(self, portal: str, kind: AlarmKind, at: datetime) -> None:
        """Does nothing where none stands."""
        ...

    def answers(self, portal: str, refs: Iterable[str]) -> dict[str, AnswerRecord]: ...
    def silent(self, portal: str) -> list[AnswerRecord]:
        """Those that do not answer, the longest first."""
        ...

    def put_answers(self, answers: Sequence[AnswerRecord]) -> None: ...
