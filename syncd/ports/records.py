"""What our own database keeps, one dataclass per row: columns, units and meaning are written here, once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from syncd.domain.ledger import LeafKind
from syncd.domain.model import (
    Approval,
    OutageOwner,
    PeriodId,
    PostId,
    Precision,
    SourceId,
    SourceKey,
    UnitId,
)

# --- sources and looks ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """What we remember of a source between looks. `failures` counts in a row; `not_before` is the earliest next look."""

    source: SourceId
    unit: UnitId
    url: str
    etag: str | None = None
    last_modified: str | None = None
    body_sha256: str | None = None
    list_sha256: str | None = None
    covers_from: datetime | None = None  # of the last list read: where its oldest entry stands
    covers_all: bool = False  # the last list read was not full
    items: int | None = None  # entries of the last list read
    first_look_at: datetime | None = None
    last_look_at: datetime | None = None
    last_ok_at: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    last_error: str | None = None
    last_error_kind: str | None = None
    last_hint: str | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LookRecord:
    """One look at a source, successful or not. `id` is set by the store. `leaf` is None until it has a leaf of its own or is folded.

    `covers_from`/`covers_all` make it a reading's window: it covers `[covers_from, at]`, or all before `at`.
    """

    source: SourceId
    unit: UnitId
    at: datetime
    url: str
    outcome: str  # changed | unchanged | failed
    status: int | None = None
    error_kind: str | None = None
    error: str | None = None
    address: str | None = None
    tls_sha256: str | None = None
    elapsed_ms: int = 0
    body_bytes: int = 0
    body_sha256: str | None = None
    list_sha256: str | None = None
    items: int | None = None
    covers_from: datetime | None = None
    covers_all: bool = False
    new: int = 0
    changed: int = 0
    skipped: int = 0
    leaf: int | None = None
    id: int | None = None


# --- posts --------------------------------------------------------------------------------------------


class Alias(NamedTuple):
    """One way a post is recognised: kind `guid`, `url`, `id` or `text`, unique within a unit.

    A tuple, because each look hashes and compares some hundred of them.
    """

    kind: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRecord:
    """One post of one unit. `published_at` is the first instant recorded and never moves; None where none could be read.

    `first_seen` is ours. `month` is the local month of `published_at`, or of `first_seen` where there is none. `text_sha256` is the
    folded text's hash (same story, other markup). `words` is None where only a summary was read. `data_sha256` hashes title + html + image addresses as its list gave them: another one is an edit.
    `quarantine` names the mark found (secret, internal), None: free. `gone_since` is when it was first missed on its site, `gone_at` when
    that was held to be for good; None again where it came back. `id` is set by the store.
    """

    unit: UnitId
    source: SourceId
    key: SourceKey
    title: str
    url: str
    first_seen: datetime
    published_at: datetime | None
    precision: Precision
    date_raw: str = ""
    date_origin: str = "none"
    date_doubt: str | None = None
    guid: str | None = None
    author: str = ""
    categories: tuple[str, ...] = ()
    summary: str = ""
    html: str = ""
    images: tuple[Mapping[str, str], ...] = ()  # {"url", "alt", "caption"}
    attachments: tuple[Mapping[str, str], ...] = ()  # {"url", "title"}
    kind: str = "tin"
    words: int | None = None
    text_sha256: str = ""
    data_sha256: str = ""
    version: int = 1
    reprint: bool = False
    back_dated: bool = False
    quarantine: str | None = None
    duplicate_of: PostId | None = None
    decision: str | None = None
    list_capture: str | None = None  # SHA-256 of the list's or feed's bytes it was first read from
    page_capture: str | None = None  # SHA-256 of its own page's bytes
    changed_at: datetime | None = None
    gone_since: datetime | None = None
    gone_at: datetime | None = None
    seen_leaf: int | None = None
    id: PostId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoryRecord:
    """What tells whether two posts with one text are one story, and which of them was first. Meanings as in `PostRecord`."""

    id: PostId
    text_sha256: str
    title: str
    words: int | None
    published_at: datetime | None
    first_seen: datetime


# --- pushes -------------------------------------------------------------------------------------------


class PushState(StrEnum):
    """(HELD_BACK ->) QUEUED -> INTENT -> DELIVERED | UNKNOWN | QUEUED (retry) | DEAD. UNKNOWN -> INTENT again, after the settle time, by way of a look-up."""

    QUEUED = "queued"
    HELD_BACK = "held_back"  # an older post, or one of a flood: so many a day become QUEUED
    INTENT = "intent"  # committed before the call: after a crash it is treated as UNKNOWN
    UNKNOWN = "unknown"
    DELIVERED = "delivered"
    DEAD = "dead"  # refused, or out of tries: awaits a person
    QUARANTINED = "quarantined"  # withheld before any call


@dataclass(frozen=True, slots=True, kw_only=True)
class PushRecord:
    """The delivery of one post to one portal; one row per (portal, post). `payload_sha256` is what was last sent."""

    portal: str
    post: PostId
    unit: UnitId
    key: SourceKey
    state: PushState
    approval: Approval
    queued_at: datetime
    version: int = 1  # the post's version to deliver
    delivered_version: int | None = None
    attempts: int = 0
    attempted_at: datetime | None = None
    not_before: datetime | None = None
    payload_sha256: str | None = None
    portal_id: str | None = None
    portal_url: str | None = None
    portal_state: str | None = None
    accepted_at: datetime | None = None  # the portal instant: that of the first accepted push
    adopted: bool = False  # found by key (or as a hand-typed copy), not made by the call we know of
    delivered_text_sha256: str | None = None  # as the portal answered; another one there later is an editor's edit
    delivered_title_sha256: str | None = None  # the same of its title; None: not noted
    withdrawn_at: datetime | None = None  # when we took it from the public there
    error: str | None = None
    error_kind: str | None = None
    hint: str | None = None
    id: int | None = None


# --- census ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SightingRecord:
    """One post as the census saw it on the portal; one row per (portal, portal_id).

    `post` is set for what we carried (found by key). `unit` is set by attribution for hand-typed ones; `attributed_by` names the rule.
    `gone_at` is when a complete census of its month no longer listed it in any state.
    """

    portal: str
    portal_id: str
    title: str
    url: str
    state: str
    first_seen: datetime
    last_seen: datetime
    published_at: datetime | None
    month: str
    key: SourceKey | None = None
    post: PostId | None = None
    unit: UnitId | None = None
    attributed_by: str | None = None
    author: str = ""
    categories: tuple[str, ...] = ()
    content_sha256: str = ""
    version: str = ""
    late_sighting: bool = False  # an earlier complete census of its printed date lacked it
    gone_at: datetime | None = None
    decision: str | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CensusRecord:
    """One reading-back of the portal over `[start, end)`. Only a complete one proves absence."""

    portal: str
    start: datetime
    end: datetime
    started_at: datetime
    finished_at: datetime
    complete: bool
    posts: int = 0
    error: str | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageRecord:
    """`subject` is `portal:<name>` or `source:<id>`. `end` None: it lasts."""

    subject: str
    start: datetime
    end: datetime | None
    owner: OutageOwner
    reason: str
    id: int | None = None


# --- figures --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementRecord:
    """One unit's closed period, for ever. `body` is the verdict as JSON; `forced` the reason given where closing was blocked."""

    unit: UnitId
    period: PeriodId
    closed_at: datetime
    ruleset: str
    body: Mapping[str, Any]
    forced: str | None = None
    leaf: int | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureRecord:
    """A ranking figure made for one engine, sent or waiting. Versions per (assessment, unit) start at 1 and have no holes."""

    assessment: str
    unit: UnitId
    version: int
    body: Mapping[str, Any]  # RankingFigure as JSON
    made_at: datetime
    state: str = "queued"  # queued | acknowledged | failed | superseded (a newer version replaced it unsent)
    attempts: int = 0
    not_before: datetime | None = None
    acknowledged_at: datetime | None = None
    answer: Mapping[str, Any] | None = None
    error: str | None = None
    id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRecord:
    """One message to one set of recipients; unique by `message_id`. `raw_sha256` is the message as sent, among the files."""

    message_id: str
    name: str  # statement | summary ...
    period: PeriodId | None
    unit: UnitId | None
    recipients: tuple[str, ...]
    subject: str
    made_at: datetime
    state: str = "queued"  # queued | sending | sent | unknown | failed
    attempts: int = 0
    not_before: datetime | None = None
    sent_at: datetime | None = None
    answer: str | None = None
    error: str | None = None
    raw_sha256: str | None = None
    id: int | None = None


# --- slots and ledger -------------------------------------------------------------------------------------


class SlotState(StrEnum):
    DUE = "due"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    GAP = "gap"  # never run: recorded as such, with the reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A due instant of a job for a subject: unique, so it runs once whoever wakes."""

    id: int
    job: str
    subject: str
    due: datetime
    state: SlotState
    started_at: datetime | None = None
    finished_at: datetime | None = None
    outcome: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafRecord:
    """`body` are the exact canonical bytes that `hash` (32 bytes) covers."""

    seq: int  # from 0, no holes
    kind: LeafKind
    unit: UnitId | None
    at: datetime
    body: bytes
    hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerHead:
    size: int
    root: bytes  # RFC 6962 root over all leaves; SHA-256 of nothing at size 0
