"""Read the portal back: what stands there, whose it is, and what is no longer there.

Only a complete listing proves absence, and even then the portal is asked for each missing post by itself: a post whose date was
moved is not gone. What was seen before a listing broke off is true all the same and is kept.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from syncd.application import outages
from syncd.application.open_periods import open_since
from syncd.application.reading_back.attribution import Attribution
from syncd.application.reading_back.set_back import mark_behind, sound_alarm, weigh_loss
from syncd.application.reading_back.sightings import Taken, take_in, take_in_apart
from syncd.application.services import Services
from syncd.domain.ledger import LeafKind, instant_text
from syncd.domain.model import OutageOwner, Period, PeriodId, UnitId
from syncd.domain.periods import period_of
from syncd.domain.set_back import Loss
from syncd.errors import ForeignError
from syncd.ports.portal import PortalPost
from syncd.ports.records import CensusRecord, SightingRecord
from syncd.ports.store import UnitOfWork
from syncd.ports.watch import AlarmKind

_LATEST = 2
_REASON = "census: "
_TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class CensusLine:
    """One period's census. `own`, `typed`, `unattributed` and `unknown_keys` (ours, of another state of this database) count listed posts; the others count what changed since the one before."""

    period: PeriodId
    complete: bool
    posts: int = 0
    own: int = 0
    typed: int = 0
    unattributed: int = 0
    unknown_keys: int = 0
    new: int = 0
    changed: int = 0
    gone: int = 0
    late: int = 0
    adopted: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """Posts on the portal that carry the same key: reported, never deleted by us."""

    key: str
    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CensusReport:
    """`units`: unit -> how many of its posts are listed in each state. `hint` says what to do about `error`. `lost`: posts gone at once, so
    that the portal may have been set back.
    """

    periods: tuple[CensusLine, ...]
    units: dict[UnitId, dict[str, int]] = field(default_factory=dict)
    duplicates: tuple[Duplicate, ...] = ()
    error: str | None = None
    hint: str | None = None
    lost: int = 0

    @property
    def complete(self) -> bool:
        return all(line.complete for line in self.periods)

    @property
    def unattributed(self) -> int:
        return sum(line.unattributed for line in self.periods)

    @property
    def needs_person(self) -> bool:
        unknown = any(line.unknown_keys for line in self.periods)
        return bool(self.unattributed or self.duplicates or self.lost or unknown)

    def as_json(self) -> dict[str, Any]:
        return {
            "complete": self.complete,
            "periods": [
                {
                    "period": line.period,
                    "complete": line.complete,
                    "posts": line.posts,
                    "own": line.own,
                    "typed": line.typed,
                    "unattributed": line.unattributed,
                    "unknown_keys": line.unknown_keys,
                    "new": line.new,
                    "changed": line.changed,
                    "gone": line.gone,
                    "late": line.late,
                    "adopted": line.adopted,
                    "error": line.error,
                }
                for line in self.periods
            ],
            "units": self.units,
            "duplicates": [{"key": each.key, "urls": list(each.urls)} for each in self.duplicates],
            "error": self.error,
            "hint": self.hint,
            "lost": self.lost,
        }


@dataclass(slots=True, kw_only=True)
class _Listing:
    period: Period
    started_at: datetime
    finished_at: datetime
    posts: dict[str, PortalPost] = field(default_factory=dict)
    known: dict[str, SightingRecord] = field(default_factory=dict)  # seen in it before
    missing: dict[str, PortalPost | None] = field(
        default_factory=dict
    )  # known, not listed: as the portal answered for each
    error: ForeignError | None = None


def take_census(services: Services, periods: Sequence[Period] | None = None) -> CensusReport:
    """List the portal's posts of these periods and record what is seen.

    By default the current and the two latest periods, and each ended one of an assessment that no complete census has
    covered since its end. A portal that fails is a result, not an exception: the census is recorded as incomplete.
    """
    chosen = tuple(periods) if periods is not None else _periods_to_read(services)
    mark_behind(services)
    listings = _listed(services, chosen)
    failed = next((listing.error for listing in listings if listing.error), None)
    loss, apart = _loss(services, listings)
    report = _report(_record(services, listings, failed, loss, apart), failed)
    return report if loss is None else replace(report, lost=loss.posts)


def _periods_to_read(services: Services) -> tuple[Period, ...]:
    now = services.clock.now()
    current, rules = services.rulesets.period_at(now)
    chosen = [current]
    for _ in range(_LATEST):
        chosen.append(period_of(chosen[-1].start - timedelta(seconds=1), rules.calendar))
    known = {period.id for period in chosen}
    with services.db.read() as uow:
        for assessment in services.assessments.values():
            for period, _ in services.rulesets.between(assessment.first, assessment.last):
                if period.id in known or period.end > now:
                    continue
                known.add(period.id)
                if not uow.censuses.first_complete_after(services.portal.name, period.start, period.end, period.end):
                    chosen.append(period)
    return tuple(sorted(chosen, key=lambda period: period.start))


# --- reading the portal ----------------------------------------------------------------------------------


def _listed(services: Services, periods: Sequence[Period]) -> list[_Listing]:
    now = services.clock.now()
    try:
        # A wrong password may read as an empty portal; this call tells the difference.
        services.portal.verify()
    except ForeignError as err:
        return [
            _Listing(period=period, started_at=now, finished_at=services.clock.now(), error=err) for period in periods
        ]
    listings = [_list(services, period) for period in periods]
    seen = {id for listing in listings for id in listing.posts}
    for listing in listings:
        if listing.error is None:
            _ask_for_missing(services, listing, seen)
            listing.finished_at = services.clock.now()
    return listings


def _list(services: Services, period: Period) -> _Listing:
    """One period's listing; begun anew where an editor saved something in the middle of it."""
    for tries_left in reversed(range(_TRIES)):
        now = services.clock.now()
        listing = _Listing(period=period, started_at=now, finished_at=now)
        try:
            for post in services.portal.list(period.start, period.end):
                listing.posts[post.id] = post
        except ForeignError as err:
            listing.error = err
            if err.kind == "incomplete" and tries_left:
                continue
        break
    listing.finished_at = services.clock.now()
    return listing


def _ask_for_missing(services: Services, listing: _Listing, seen: set[str]) -> None:
    with services.db.read() as uow:
        known = uow.sightings.in_window(services.portal.name, listing.period.start, listing.period.end)
    for sighting in known:
        listing.known[sighting.portal_id] = sighting
        if sighting.portal_id in seen or sighting.gone_at is not None or sighting.first_seen > listing.started_at:
            continue
        try:
            listing.missing[sighting.portal_id] = services.portal.read(sighting.portal_id)
        except ForeignError as err:
            listing.error = err
            return


def _loss(services: Services, listings: Sequence[_Listing]) -> tuple[Loss | None, list[PortalPost]]:
    """Whether the portal was set back to an old backup, by what the complete listings lack; and carried posts dated outside them."""
    whole = [listing for listing in listings if listing.error is None]
    if not whole:
        return None, []
    started_at = min(listing.started_at for listing in whole)
    with services.db.read() as uow:
        newest = uow.censuses.latest(services.portal.name)
    return weigh_loss(
        services,
        listed={post.key for listing in whole for post in listing.posts.values() if post.key is not None},
        missing=[pair for listing in whole for pair in _not_as_known(listing)],
        started_at=started_at,
        looked_since=newest.started_at if newest else min(listing.period.start for listing in whole),
    )


def _not_as_known(listing: _Listing) -> Iterator[tuple[SightingRecord, PortalPost | None]]:
    """The posts that were not listed, and those whose number another post of ours bears now; as the portal has them."""
    for id, answer in listing.missing.items():
        yield listing.known[id], answer
    for id, sighting in listing.known.items():
        listed = listing.posts.get(id)
        if listed is not None and listed.key is not None and sighting.key not in (None, listed.key):
            yield sighting, listed


# --- writing it down -------------------------------------------------------------------------------------


def _record(
    services: Services,
    listings: Sequence[_Listing],
    failed: ForeignError | None,
    loss: Loss | None,
    apart: Sequence[PortalPost],
) -> list[tuple[_Listing, Taken]]:
    """Everything in one transaction: a census that proves an absence never stands there without its leaf."""
    with services.db.write() as uow:
        sources = [state for state in uow.sources.all() if state.unit in services.units]
        attribution = Attribution(services.units.values(), sources)
        reported = [(listing, _take_in(uow, services.portal.name, listing, attribution)) for listing in listings]
        started_at = min(listing.started_at for listing in listings)
        take_in_apart(uow, services.portal.name, started_at, apart, attribution)
        _append_leaf(uow, services, reported)
        _mark_outage(uow, services, failed)
        if loss is not None:
            sound_alarm(uow, services.portal.name, loss, started_at)
        if _covers_what_is_open(services, listings):
            uow.watch.end(services.portal.name, AlarmKind.LEDGER_BEHIND, services.clock.now())
        uow.commit()
    return reported


def _covers_what_is_open(services: Services, listings: Sequence[_Listing]) -> bool:
    """Whether the listings are complete for the period that runs and those that are within their grace."""
    now = services.clock.now()
    start = open_since(services, now) or now
    whole = [listing.period for listing in listings if listing.error is None]
    ends = [period.end for period in whole]
    return any(period.start <= start for period in whole) and bool(ends) and max(ends) > now


def _take_in(uow: UnitOfWork, portal: str, listing: _Listing, attribution: Attribution) -> Taken:
    earlier = uow.censuses.latest_complete(portal, listing.period.start, listing.period.end)
    taken = take_in(
        uow,
        portal=portal,
        at=listing.started_at,
        window=(listing.period.start, listing.period.end),
        listed=list(listing.posts.values()),
        missing=listing.missing,
        attribution=attribution,
        lacked_at=earlier.started_at if earlier else None,
    )
    uow.censuses.add(
        CensusRecord(
            portal=portal,
            start=listing.period.start,
            end=listing.period.end,
            started_at=listing.started_at,
            finished_at=listing.finished_at,
            complete=listing.error is None,
            posts=len(listing.posts),
            error=listing.error.message if listing.error else None,
        )
    )
    return taken


def _append_leaf(uow: UnitOfWork, services: Services, reported: Sequence[tuple[_Listing, Taken]]) -> None:
    """One leaf for each census: that we looked, over which range, how completely, and the hash of what was listed."""
    uow.ledger.append(
        LeafKind.RECONCILE,
        services.clock.now(),
        {
            "portal": services.portal.name,
            "periods": [
                {
                    "period": listing.period.id,
                    "start": instant_text(listing.period.start),
                    "end": instant_text(listing.period.end),
                    "started_at": instant_text(listing.started_at),
                    "complete": listing.error is None,
                    "error": listing.error.message if listing.error else None,
                    "posts": len(listing.posts),
                    "own": taken.own,
                    "typed": taken.typed,
                    "unattributed": taken.unattributed,
                    "gone": taken.gone,
                    "list_sha256": _list_sha256(listing),
                }
                for listing, taken in reported
            ],
        },
    )


def _list_sha256(listing: _Listing) -> str:
    rows = [
        [
            post.id,
            post.key,
            post.state.value,
            post.published_at and instant_text(post.published_at),
            post.content_sha256,
        ]
        for post in sorted(listing.posts.values(), key=lambda post: post.id)
    ]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def _mark_outage(uow: UnitOfWork, services: Services, failed: ForeignError | None) -> None:
    """A census that failed opens an outage; a good one closes only such: publishing may be down while reading is not."""
    subject, now = f"portal:{services.portal.name}", services.clock.now()
    outage = outages.standing(uow, subject)
    if failed is not None:
        outages.begin(uow, subject, now, OutageOwner.SOURCE, f"{_REASON}{failed.kind}: {failed.message}")
    elif outage is not None and outage.reason.startswith(_REASON):
        outages.end(uow, subject, now)


def _report(reported: Sequence[tuple[_Listing, Taken]], failed: ForeignError | None) -> CensusReport:
    lines: list[CensusLine] = []
    copies: dict[str, list[str]] = {}
    counts: dict[UnitId, Counter[str]] = {}
    for listing, taken in reported:
        lines.append(
            CensusLine(
                period=listing.period.id,
                complete=listing.error is None,
                posts=len(listing.posts),
                own=taken.own,
                typed=taken.typed,
                unattributed=taken.unattributed,
                unknown_keys=taken.unknown_keys,
                new=taken.new,
                changed=taken.changed,
                gone=taken.gone,
                late=taken.late,
                adopted=taken.adopted,
                error=listing.error.message if listing.error else None,
            )
        )
        for unit, states in taken.units.items():
            counts.setdefault(unit, Counter()).update(states)
        for key, urls in taken.copies.items():
            copies.setdefault(key, []).extend(urls)
    units = {unit: dict(sorted(states.items())) for unit, states in sorted(counts.items())}
    return CensusReport(
        periods=tuple(lines),
        units=units,
        duplicates=tuple(Duplicate(key=key, urls=tuple(urls)) for key, urls in copies.items() if len(urls) > 1),
        error=failed.message if failed else None,
        hint=failed.hint if failed else None,
    )
