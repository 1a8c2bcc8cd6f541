"""The values every room speaks of: units, posts, deliveries, periods, verdicts.

All frozen, all valid by construction: an instant is aware and in UTC, a key is not empty. Periods are cut at
UTC+07:00, a fixed offset (`LOCAL`): the tz database gives +08:00 for Saigon in the early 1970s, and quotas know no
such thing.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import NewType

from syncd.vietnamese.readings import LOCAL as LOCAL
from syncd.vietnamese.readings import NO_DATE as NO_DATE
from syncd.vietnamese.readings import Precision as Precision
from syncd.vietnamese.readings import ReadDate as ReadDate
from syncd.vietnamese.readings import require_utc as require_utc

UnitId = NewType("UnitId", str)
SourceId = NewType("SourceId", str)  # "<unit>/<n>" or "<unit>/<name>", unique in the configuration
SourceKey = NewType(
    "SourceKey", str
)  # "syncd-" + 32 hex digits: one post of one unit, for ever; also its id at the portal
PostId = NewType("PostId", int)
PeriodId = NewType("PeriodId", str)  # "2026-10"; "2026-W40", "2026-Q4", "2026-H1", "2026-01+02" with other calendars


def local_month(instant: datetime) -> str:
    """The calendar month at UTC+07:00, `2026-10`: what is stored beside each instant for counting."""
    return instant.astimezone(LOCAL).strftime("%Y-%m")


def different_people(names: Iterable[str]) -> int:
    """How many people these names are: case, spacing and the way an accent is encoded make no other person."""
    return len({" ".join(unicodedata.normalize("NFC", name).split()).casefold() for name in names} - {""})


def local_midnight(day: date) -> datetime:
    """The first instant of a local day, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=LOCAL).astimezone(UTC)


# --- people and places ---------------------------------------------------------------------------


class Approval(StrEnum):
    """In which state a unit's posts are put on the portal."""

    AUTO = "auto"  # published at once
    PENDING = "pending"  # waits for the portal's editors
    DRAFT = "draft"  # waits as a draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """One unit with a quota. `sources` are the ids of its websites or feeds; empty: judged by the census alone."""

    id: UnitId
    name: str
    group: str
    quota: int | None = None  # posts per period; overrides the rule set
    active_from: date | None = None
    active_to: date | None = None  # last day in the quota, inclusive
    succeeds: tuple[UnitId, ...] = ()
    editors: tuple[str, ...] = ()  # mail addresses
    approval: Approval = Approval.AUTO
    sources: tuple[SourceId, ...] = ()
    portal_authors: tuple[str, ...] = ()  # logins or display names on the portal whose hand-typed posts are this unit's
    portal_categories: tuple[str, ...] = ()  # categories on the portal that are this unit's own

    def __post_init__(self) -> None:
        if not self.id or not self.name:
            raise ValueError("a unit needs an id and a name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Whose service this is: printed on documents and mail."""

    name: str
    language: str = "vi"
    portal_name: str = "Cổng Thông tin điện tử Đảng bộ tỉnh"


# --- periods ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """One quota period, `[start, end)` in UTC. `months` is its weight among the missing months (merged Jan+Feb: 2)."""

    id: PeriodId
    start: datetime
    end: datetime
    months: int = 1

    def __post_init__(self) -> None:
        require_utc("start", self.start)
        require_utc("end", self.end)
        if self.start >= self.end:
            raise ValueError(f"period {self.id} ends before it starts")

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant < self.end

    @property
    def first_day(self) -> date:
        return self.start.astimezone(LOCAL).date()

    @property
    def last_day(self) -> date:
        return (self.end.astimezone(LOCAL) - timedelta(days=1)).date()


# --- the facts a verdict is made of -------------------------------------------------------------------


class Delivery(StrEnum):
    """What became of a post on its way to the portal, and there."""

    NONE = "none"  # nothing carried it and it is not there
    QUEUED = "queued"  # ours: will be sent
    UNKNOWN = "unknown"  # ours: sent, outcome not known
    FAILED = "failed"  # ours: refused or out of tries; awaits a person
    QUARANTINED = "quarantined"  # withheld: marked secret or internal; awaits a person
    HELD = "held"  # accepted; the portal's editors have not published it (pending, draft, scheduled)
    ACCEPTED = "accepted"  # accepted as public; no complete census has looked since
    VISIBLE = "visible"  # a census saw it public
    REMOVED = "removed"  # it was accepted, and a complete census no longer sees it public


class Origin(StrEnum):
    SITE = "site"  # read on the unit's own website
    TYPED = "typed"  # stands only on the portal, typed by hand


@dataclass(frozen=True, slots=True, kw_only=True)
class PostFact:
    """One post as the counting sees it: what happened, no opinion.

    `ref` is `post:<id>` or `sighting:<id>`. `source_instant` is the first instant recorded on the unit's site (None for
    a typed post, or where no date could be read: then `date_doubt` says so). `portal_instant` is that of our accepted push, or for a typed post its
    printed date there (the first sighting where an earlier complete census lacked it). `words` is None where the text was not read in full.
    `duplicate_of` names the entry it is the same post as, of this unit or another; `twin` one of this unit with an equal text under another
    title, where nobody can tell whether they are one post. `decision` is a person's: `count` or `exclude`, for what waited on one.
    `withheld`: it bears a secrecy mark, so that its title and address stand on no paper and in no mail.
    """

    ref: str
    unit: UnitId
    title: str
    url: str
    origin: Origin
    delivery: Delivery
    first_seen: datetime
    source_instant: datetime | None = None
    precision: Precision = Precision.SECOND
    portal_instant: datetime | None = None
    portal_url: str | None = None
    kind: str = "tin"
    words: int | None = None
    reprint: bool = False
    duplicate_of: str | None = None
    twin: str | None = None
    back_dated: bool = False
    date_doubt: str | None = None
    decision: str | None = None
    withheld: bool = False

    def __post_init__(self) -> None:
        require_utc("first_seen", self.first_seen)
        require_utc("source_instant", self.source_instant)
        require_utc("portal_instant", self.portal_instant)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of time that a reading or census covered: `[start, end]`; `start` None reaches to the beginning."""

    start: datetime | None
    end: datetime


class OutageOwner(StrEnum):
    """Whose doing it is that a site was not read."""

    OURS = "ours"
    SOURCE = "source"  # the site itself was down while we did look


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A stretch `[start, end)` in which a system answered nobody; `end` None: it lasts."""

    start: datetime
    end: datetime | None
    owner: OutageOwner = OutageOwner.OURS


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """A unit or group is excused for some periods. `approved_by` holds two names."""

    reason: str
    document: str
    approved_by: tuple[str, ...]
    periods: tuple[PeriodId, ...]
    unit: UnitId | None = None
    group: str | None = None


class AdjustmentKind(StrEnum):
    POSTS = "posts"  # +n or -n
    VERDICT = "verdict"
    EXEMPTION = "exemption"
    PENALTY_WAIVED = "penalty_waived"  # the count unchanged, as in the 2020 letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """An act beside a closed statement, never inside it."""

    unit: UnitId
    period: PeriodId
    kind: AdjustmentKind
    posts: int = 0
    status: "Status | None" = None
    reason: str
    document: str
    approved_by: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodFacts:
    """All that is known of one unit in one period at `now`.

    `posts` holds every post whose source instant, portal instant, or first sight lies in the period's reach, in any order;
    the counting itself decides which belong. `readings` are the windows of the unit's readings, any order, for each source
    (a day is covered when every source covers it). `census_after_end` is when the first complete census of the period
    made after its end was finished. `delivery_since` is when carrying this unit's posts began (None: never).
    `unattributed` counts portal posts of the period that no rule gave to a unit.
    """

    posts: tuple[PostFact, ...]
    now: datetime
    readings: dict[SourceId, tuple[Window, ...]] = field(default_factory=dict)
    source_outages: tuple[Outage, ...] = ()
    portal_outages: tuple[Outage, ...] = ()
    census_after_end: datetime | None = None
    delivery_since: datetime | None = None
    unattributed: int = 0
    exemption: Exemption | None = None


# --- verdicts ----------------------------------------------------------------------------------------


class Status(StrEnum):
    MET = "met"
    MISSING = "missing"
    UNDETERMINED = "undetermined"
    EXEMPT = "exempt"
    OPEN = "open"


class CauseOwner(StrEnum):
    UNIT = "unit"
    OFFICE = "office"
    OURS = "ours"
    EVIDENCE = "evidence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why the counts differ: one of `domain.quota.CAUSES`, with a number and an owner. `measure` is `posts` or `days`."""

    name: str
    owner: CauseOwner
    number: int
    measure: str = "posts"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostJudgement:
    """Whether one post counts in the period, and the reason: a word of `domain.quota.REASONS`."""

    post: PostFact
    counts: bool
    reason: str
    weight: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One unit in one period. `written` is None for a unit without a website; `coverage` too."""

    unit: UnitId
    period: PeriodId
    status: Status
    required: int
    written: int | None
    delivered: int
    visible: int
    counted: int
    waiting: int  # posts waiting on anyone but the unit
    covered_days: int | None
    total_days: int
    causes: tuple[Cause, ...]
    judgements: tuple[PostJudgement, ...]
    ruleset: str
    months: int = 1

    @property
    def coverage(self) -> float | None:
        """Share of the period's days (up to now) that readings cover; None for a unit without a website."""
        if self.covered_days is None:
            return None
        return 1.0 if self.total_days == 0 else self.covered_days / self.total_days
