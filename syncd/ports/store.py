"""Our own database: the unit of work through which use cases read and write records.

One `UnitOfWork` is one transaction. Leaving it without `commit()` rolls back. No network inside. What a record
changes and its ledger leaf go into the same unit of work.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Any, Protocol

from syncd.domain.changes import ListedPost, Told
from syncd.domain.ledger import LeafKind
from syncd.domain.model import Adjustment, OutageOwner, PeriodId, PostId, SourceId, SourceKey, UnitId, Window
from syncd.ports.histories import BackfillRecord, Filed, ListRecord, VersionRecord
from syncd.ports.media import MediaStore
from syncd.ports.records import (
    Alias,
    CensusRecord,
    FigureRecord,
    LeafRecord,
    LedgerHead,
    LookRecord,
    MailRecord,
    OutageRecord,
    PostRecord,
    PushRecord,
    PushState,
    SightingRecord,
    Slot,
    SlotState,
    SourceState,
    StatementRecord,
    StoryRecord,
)
from syncd.ports.watch import WatchStore


class SourceStore(Protocol):
    def get(self, source: SourceId) -> SourceState | None: ...
    def all(self) -> list[SourceState]: ...
    def put(self, *states: SourceState) -> None: ...
    def listed(self, source: SourceId) -> dict[str, PostId]:
        """The entries of the last list read, and which post each is. An entry is the fingerprint under which it is settled, or
        `post:<id>` where it must be read again at the next look.
        """
        ...

    def put_listed(self, source: SourceId, entries: Mapping[str, PostId], *, before: Mapping[str, PostId]) -> None:
        """Let `entries` be the list, of which `before` was read; only the difference is written."""
        ...


class LookStore(Protocol):
    def add(self, look: LookRecord) -> int: ...
    def add_all(self, looks: Sequence[LookRecord]) -> None: ...
    def in_window(self, start: datetime, end: datetime, *, unit: UnitId | None = None) -> list[LookRecord]:
        """Looks made in `[start, end)`, by time."""
        ...

    def covering(self, start: datetime, *, unit: UnitId | None = None) -> list[LookRecord]:
        """Successful looks made at or after `start`, by time: the ones that can cover something from `start` on."""
        ...

    def windows(self, start: datetime, *, unit: UnitId | None = None) -> dict[SourceId, list[Window]]:
        """What the successful looks made at or after `start` covered, by source.

        Looks that reach back to the same instant are one window, so a year of hourly looks gives some hundreds.
        """
        ...

    def unfolded(self, before: datetime, *, unit: UnitId) -> list[LookRecord]:
        """The unit's looks made before `before` that no leaf holds yet, by time."""
        ...

    def units_unfolded(self, before: datetime) -> list[UnitId]:
        """Whose looks those are, units no longer configured too."""
        ...

    def set_leaf(self, ids: Iterable[int], leaf: int) -> None: ...


class PostStore(Protocol):
    def find(self, unit: UnitId, aliases: Iterable[Alias]) -> dict[Alias, PostId]:
        """Which of these aliases are known for the unit. One query."""
        ...

    def add(self, posts: Sequence[tuple[PostRecord, Sequence[Alias]]]) -> list[PostId]:
        """Insert in one batch, with their aliases; ids in the same order."""
        ...

    def add_aliases(self, unit: UnitId, post: PostId, aliases: Iterable[Alias], *, most: int | None = None) -> None:
        """Aliases already known are left as they are. Where the post has `most` of a kind, no more of that kind is added."""
        ...

    def get(self, post: PostId) -> PostRecord | None: ...
    def many(self, posts: Iterable[PostId]) -> dict[PostId, PostRecord]: ...
    def by_key(self, key: SourceKey) -> PostRecord | None: ...
    def update(self, post: PostRecord) -> None:
        """Replace all but `unit`, `key` and `first_seen`; `published_at` is set where none was recorded, or one in doubt, and else left as it is."""
        ...

    def with_text(self, text_sha256: Iterable[str]) -> list[PostRecord]:
        """Posts of any unit with one of these folded-text hashes."""
        ...

    def first_with_text(self, text_sha256: Iterable[str]) -> list[StoryRecord]:
        """Posts of any unit with one of these folded-text hashes that repeat no other."""
        ...

    def mark_repeated(self, originals: Mapping[PostId, PostId]) -> None:
        """Let each post repeat the one given for it, and with it those that repeated it so far."""
        ...

    def filed_since(self, start: datetime, *, titles: bool = False) -> list[Filed]:
        """Posts whose instant is not before `start` and that bear no secrecy mark, by unit and its own categories; where asked, by title too."""
        ...

    def in_doubt(self, *, unit: UnitId | None = None) -> list[PostRecord]:
        """Posts whose date nobody has decided on: doubted, unknown, or known to the month only. `html` is left empty."""
        ...

    def in_window(self, start: datetime, end: datetime, *, unit: UnitId | None = None) -> list[PostRecord]:
        """Posts whose `published_at` (or `first_seen`, where there is none) lies in `[start, end)`, by instant.

        `html` is left empty here: use `get`.
        """
        ...


class VersionStore(Protocol):
    """What posts said before their edits."""

    def add(self, version: VersionRecord) -> None:
        """Does nothing where this version of the post is kept already."""
        ...

    def of(self, posts: Iterable[PostId]) -> dict[PostId, list[VersionRecord]]:
        """By post, the oldest first; posts that were never edited are left out."""
        ...


class ListStore(Protocol):
    """What the sources' lists were like, what they cover, and what left them."""

    def get(self, source: SourceId) -> ListRecord | None: ...
    def put(self, record: ListRecord) -> None: ...
    def alarmed(self) -> list[ListRecord]:
        """Those with an alarm, the oldest alarm first."""
        ...

    def standing(self, source: SourceId) -> list[ListedPost]:
        """The posts of the last list read, in any order."""
        ...

    def texts_of_others(self, unit: UnitId, text_sha256: Iterable[str]) -> list[Told]:
        """The posts of other units in which these texts stand."""
        ...

    def cover(self, source: SourceId, unit: UnitId, start: datetime, end: datetime) -> None:
        """Note that `[start, end]` of a source was read whole, by other means than its list."""
        ...

    def begins_at(self, source: SourceId, start: datetime) -> None:
        """What was taken to reach back to the beginning reaches back to `start` only."""
        ...

    def missed(self, source: SourceId) -> set[PostId]:
        """Posts of a source that are missed on its site, or gone."""
        ...

    def missed_until(self, until: datetime) -> list[PostRecord]:
        """Posts missed since `until` or earlier and not yet held to be gone, the longest first. `html` is left empty."""
        ...

    def instants(self, since: datetime) -> dict[SourceId, list[datetime]]:
        """When the posts dated since then were published (or first seen, where that is unknown), by source, in order."""
        ...


class BackfillStore(Protocol):
    def get(self, source: SourceId) -> BackfillRecord | None: ...
    def put(self, backfill: BackfillRecord) -> None: ...
    def unfinished(self) -> list[BackfillRecord]: ...


class FloodStore(Protocol):
    """Pushes that are held back, so that a portal is not flooded."""

    def held_back(self, portal: str, *, limit: int) -> list[PushRecord]:
        """Those of the newest posts first."""
        ...

    def released(self, portal: str, day: date) -> int:
        """How many were let go on a local day."""
        ...

    def set_released(self, portal: str, day: date, number: int) -> None: ...


class PushStore(Protocol):
    def add(self, pushes: Sequence[PushRecord]) -> None:
        """Insert in one batch; a row that exists for (portal, post) is left as it is."""
        ...

    def get(self, portal: str, post: PostId) -> PushRecord | None: ...
    def for_posts(self, posts: Iterable[PostId]) -> dict[PostId, PushRecord]: ...
    def due(self, portal: str, now: datetime, *, unit: UnitId | None = None, limit: int = 100) -> list[PushRecord]:
        """QUEUED, UNKNOWN and left-over INTENT rows whose `not_before` has passed (or is None), oldest first; and DELIVERED ones behind their post's version."""
        ...

    def update(self, push: PushRecord) -> None: ...
    def in_state(self, *states: PushState) -> list[PushRecord]: ...
    def counts(self) -> dict[tuple[UnitId, PushState], int]: ...
    def to_withdraw(self, portal: str, *, gone: bool) -> list[PushRecord]:
        """Delivered ones that we have not withdrawn and whose posts were found to bear a secrecy mark, or, where `gone` says so, left their site for good."""
        ...

    def edits_waiting(self) -> dict[UnitId, int]:
        """How many delivered posts stand on the portal in an older version than here."""
        ...

    def left(self, portal: str) -> list[PushRecord]:
        """Those whose copy somebody at the portal changed or removed, and that a person has to decide on."""
        ...

    def edits_in_trouble(self, portal: str) -> list[PushRecord]:
        """Delivered ones with an edit that was refused, withheld or not carried, or that will be tried again."""
        ...

    def delivered_since(self, portal: str, since: datetime) -> list[PushRecord]:
        """Delivered ones that the portal accepted, or that were sent to it, at or after `since`; by the first of these instants."""
        ...

    def newest_delivered(self, portal: str, *, before: datetime, limit: int) -> list[PushRecord]:
        """Of the delivered ones that were accepted before `before` those that were queued last."""
        ...


class CensusStore(Protocol):
    def add(self, census: CensusRecord) -> int: ...
    def latest_complete(self, portal: str, start: datetime, end: datetime) -> CensusRecord | None:
        """The newest complete census whose range holds `[start, end)`."""
        ...

    def first_complete_after(self, portal: str, start: datetime, end: datetime, after: datetime) -> CensusRecord | None:
        """The oldest complete census of `[start, end)` that started at or after `after`."""
        ...

    def latest(self, portal: str) -> CensusRecord | None: ...


class SightingStore(Protocol):
    def get(self, portal: str, portal_id: str) -> SightingRecord | None: ...
    def by_id(self, sighting: int) -> SightingRecord | None: ...
    def put(self, sightings: Sequence[SightingRecord]) -> None:
        """Insert or replace by (portal, portal_id), in one batch; `first_seen` of a known row is kept."""
        ...

    def in_window(self, portal: str, start: datetime, end: datetime) -> list[SightingRecord]:
        """By printed date (or first sighting where none is printed) in `[start, end)`."""
        ...

    def late(self, portal: str, start: datetime, end: datetime) -> list[SightingRecord]:
        """Those first seen in `[start, end)` that an earlier complete census of their printed date lacked."""
        ...

    def typed_with_text(self, portal: str, text_sha256: Iterable[str]) -> list[SightingRecord]:
        """Those that no post of ours stands behind, with one of these folded-text hashes, whatever their date."""
        ...

    def for_posts(self, portal: str, posts: Iterable[PostId]) -> dict[PostId, SightingRecord]: ...


class OutageStore(Protocol):
    def open(self, subject: str, start: datetime, owner: OutageOwner, reason: str) -> None:
        """Does nothing where one is open for the subject."""
        ...

    def close(self, subject: str, end: datetime) -> None:
        """Does nothing where none is open."""
        ...

    def close_all(self, ends: Mapping[str, datetime]) -> None:
        """Close those that are open, subject by subject."""
        ...

    def assign(self, subject: str, owner: OutageOwner) -> None:
        """Say whose doing the open outage is after all. Does nothing where none is open."""
        ...

    def overlapping(self, start: datetime, end: datetime) -> list[OutageRecord]: ...


class FigureStore(Protocol):
    """Statements, adjustments, ranking figures."""

    def add_statement(self, statement: StatementRecord) -> None:
        """A second statement for the same unit and period is refused with StorageError."""
        ...

    def statements(self, *, period: PeriodId | None = None) -> list[StatementRecord]: ...
    def add_adjustment(self, adjustment: Adjustment, leaf: int) -> None: ...
    def adjustments(self) -> list[Adjustment]: ...
    def add_figure(self, figure: FigureRecord) -> None: ...
    def figures(self, assessment: str) -> list[FigureRecord]:
        """All versions, oldest first."""
        ...

    def update_figure(self, figure: FigureRecord) -> None: ...


class MailStore(Protocol):
    def add(self, mail: MailRecord) -> bool:
        """False, and nothing stored, where the message id is known."""
        ...

    def get(self, message_id: str) -> MailRecord | None: ...
    def update(self, mail: MailRecord) -> None: ...
    def all(self, *, name: str | None = None, period: PeriodId | None = None) -> list[MailRecord]: ...


class SlotStore(Protocol):
    def ensure(self, slots: Iterable[tuple[str, str, datetime]]) -> list[Slot]:
        """Insert (job, subject, due) as DUE where unknown; the newly inserted ones."""
        ...

    def last_due(self, job: str, subject: str, *, until: datetime | None = None) -> datetime | None:
        """The newest due instant there is a slot for, of those not after `until`."""
        ...

    def claim(self, slot: int, now: datetime) -> bool:
        """DUE -> RUNNING; False when someone else has it."""
        ...

    def finish(self, slot: int, now: datetime, state: SlotState, outcome: Mapping[str, Any]) -> None: ...
    def in_state(self, *states: SlotState) -> list[Slot]:
        """By due instant."""
        ...

    def recover(self, now: datetime) -> int:
        """RUNNING -> DUE, for slots a dead process left behind; how many. Only the process that owns the data may call this."""
        ...

    def recent(self, *, job: str | None = None, limit: int = 100) -> list[Slot]: ...


class Ledger(Protocol):
    def append(self, kind: LeafKind, at: datetime, data: Mapping[str, Any], *, unit: UnitId | None = None) -> int:
        """Append one leaf and return its number. Takes effect with the unit of work; numbers have no holes."""
        ...

    def head(self) -> LedgerHead:
        """Size and root, this transaction's own leaves included."""
        ...

    def leaves(self, start: int = 0, end: int | None = None) -> Iterator[LeafRecord]:
        """`[start, end)` in order, streamed."""
        ...

    def of_unit(self, unit: UnitId, start: datetime, end: datetime) -> list[LeafRecord]: ...


class UnitOfWork(Protocol):
    """One transaction."""

    sources: SourceStore
    looks: LookStore
    lists: ListStore
    backfills: BackfillStore
    posts: PostStore
    versions: VersionStore
    pushes: PushStore
    flood: FloodStore
    media: MediaStore
    watch: WatchStore
    censuses: CensusStore
    sightings: SightingStore
    outages: OutageStore
    figures: FigureStore
    mails: MailStore
    slots: SlotStore
    ledger: Ledger

    def commit(self) -> None: ...


class Database(Protocol):
    """Shared by threads. Writers wait for one another; readers see the last commit and never wait for writers.

    `commit()` may wait for the writers that come next, to become durable with them: within a unit of work wait for no lock that
    a thread may hold while it commits.
    """

    def write(self) -> AbstractContextManager[UnitOfWork]: ...
    def read(self) -> AbstractContextManager[UnitOfWork]: ...
