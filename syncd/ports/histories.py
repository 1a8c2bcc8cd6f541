"""What our database keeps of how things were: sources' lists, posts before their edits, how far a backfill has come."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from syncd.domain.model import PostId, SourceId, UnitId


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRecord:
    """What a source's lists were like, and the alarm that holds the last one back. One row per source, written when a list changes.

    `items`, `dated`, `titles` and `skipped` are of the last good list, made at `good_at` with the bytes `good_body`; `least` and `most` are
    the shortest and longest good ones; `scrolls` tells that entries have dropped off the end. Of an alarm, `part` is what was counted, `before` and
    `after` the numbers, `body` the hash of the list that is held.
    """

    source: SourceId
    unit: UnitId
    items: int = 0
    dated: int = 0
    titles: int = 0
    skipped: int = 0
    least: int = 0
    most: int = 0
    scrolls: bool = False
    good_at: datetime | None = None
    good_body: str | None = None
    alarm: str | None = None
    alarm_since: datetime | None = None
    alarm_part: str | None = None
    alarm_before: int | None = None
    alarm_after: int | None = None
    alarm_body: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """How many posts of a unit stand under these of its own categories, in their order; and the newest of them. `title` is empty where nobody asked for it."""

    unit: UnitId
    categories: tuple[str, ...]
    posts: int
    newest: PostId
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillRecord:
    """How far the older posts of one source have been read. `next` names the page to go on with; None: from the first one.

    `oldest` is the oldest date met; every post from `complete_from` on has been given. Finished where the archive ended or `since` was reached.
    """

    source: SourceId
    unit: UnitId
    since: datetime
    started_at: datetime
    updated_at: datetime
    next: str | None = None
    pages: int = 0
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    skipped: int = 0
    oldest: datetime | None = None
    complete_from: datetime | None = None
    finished_at: datetime | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionRecord:
    """What a post said before an edit: its version of that number, which stood until `until`. `reason`: edited, or completed (its text was read later)."""

    post: PostId
    version: int
    until: datetime
    title: str
    html: str
    images: tuple[Mapping[str, str], ...] = ()
    reason: str = "edited"
