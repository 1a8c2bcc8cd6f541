"""Gathers what is known of units in periods, so that the domain can judge it: no opinion is formed here.

One query per store for the whole window; everything is grouped in memory. Which post belongs to which period is the
domain's decision: a post is handed to every period that one of its instants touches.
"""

import hashlib
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from syncd.application.figures.deliveries import STANDING, best_sightings, delivery_of, seen_as, typed_instant
from syncd.application.services import Services
from syncd.domain.coverage import united
from syncd.domain.identity import STORY_WORDS, same_story
from syncd.domain.model import (
    Delivery,
    Exemption,
    Origin,
    Outage,
    Period,
    PeriodFacts,
    PeriodId,
    PostFact,
    PostId,
    Precision,
    Unit,
    UnitId,
)
from syncd.ports.portal import PortalState
from syncd.ports.records import OutageRecord, PostRecord, PushRecord, SightingRecord
from syncd.ports.store import UnitOfWork
from syncd.vietnamese.fold import fold

Facts = dict[tuple[UnitId, PeriodId], PeriodFacts]

# A date in doubt may be a day off in either direction: the neighbouring period must see the post too.
_DOUBT_REACH = timedelta(days=2)
# How long after its end an outage of the portal can still matter to a period: grace, and grace made longer by it.
_GRACE_REACH = timedelta(days=31)
_NO_TEXT = hashlib.sha256(b"").hexdigest()


def gather(
    uow: UnitOfWork,
    services: Services,
    units: Sequence[Unit],
    periods: Sequence[Period],
    *,
    reach_back: timedelta = timedelta(0),
) -> Facts:
    """The facts of every unit in every period, as of now.

    `reach_back` also reads posts written up to that long before the first period: those that only reached the portal
    in it are then among its posts, to be shown apart.
    """
    if not units or not periods:
        return {}
    now = services.clock.now()
    start = min(period.start for period in periods)
    end = max(period.end for period in periods)
    portal = services.portal.name
    only = units[0].id if len(units) == 1 else None
    window = (start - max(reach_back, _DOUBT_REACH), end + _DOUBT_REACH)
    sightings = _sightings(uow, portal, window)
    outages = uow.outages.overlapping(start, max(end, now))
    readings = {source: tuple(united(found)) for source, found in uow.looks.windows(start, unit=only).items()}
    began: dict[UnitId, datetime] = {}
    for state in uow.sources.all():  # a source that is no longer configured carried too
        if state.first_look_at is not None:
            began[state.unit] = min(began.get(state.unit, state.first_look_at), state.first_look_at)
    censuses: dict[PeriodId, datetime | None] = {}
    looked: list[tuple[Period, datetime]] = []
    for period in periods:
        census = uow.censuses.first_complete_after(portal, period.start, period.end, period.end)
        censuses[period.id] = census.finished_at if census else None
        newest = uow.censuses.latest_complete(portal, period.start, period.end)
        if newest is not None:
            looked.append((period, newest.started_at))
    posts = _posts(uow, portal, {unit.id for unit in units}, window, only, sightings, looked)
    by_period = {unit.id: _by_period(posts.get(unit.id, ()), periods) for unit in units}
    facts: Facts = {}
    for period in periods:
        around = (period.start, period.end + _GRACE_REACH)
        portal_outages = _outages(outages, {f"portal:{portal}"}, around)
        unattributed = sum(1 for seen in sightings if is_unattributed(seen) and typed_instant(seen) in period)
        for unit in units:
            facts[unit.id, period.id] = PeriodFacts(
                posts=tuple(by_period[unit.id][period.id]),
                now=now,
                readings={source: readings.get(source, ()) for source in unit.sources},
                source_outages=_outages(outages, {f"source:{source}" for source in unit.sources}, around),
                portal_outages=portal_outages,
                census_after_end=censuses[period.id],
                delivery_since=began.get(unit.id),
                unattributed=unattributed,
                exemption=exemption_of(services.exemptions, unit, period.id),
            )
    return facts


def is_active(unit: Unit, period: Period) -> bool:
    """Whether the unit stood under the quota on at least one day of the period."""
    if unit.active_from is not None and unit.active_from > period.last_day:
        return False
    return unit.active_to is None or unit.active_to >= period.first_day


def exemption_of(exemptions: Iterable[Exemption], unit: Unit, period: PeriodId) -> Exemption | None:
    """The exemption that excuses the unit in the period; its own before its group's."""
    found = [e for e in exemptions if period in e.periods and (e.unit == unit.id or e.group == unit.group)]
    return min(found, key=lambda e: e.unit is None, default=None)


def _sightings(uow: UnitOfWork, portal: str, window: tuple[datetime, datetime]) -> list[SightingRecord]:
    """Everything seen that is dated in the window, and what was only then put there under an older date."""
    found = uow.sightings.in_window(portal, *window)
    known = {seen.portal_id for seen in found}
    return found + [seen for seen in uow.sightings.late(portal, *window) if seen.portal_id not in known]


def _posts(
    uow: UnitOfWork,
    portal: str,
    units: set[UnitId],
    window: tuple[datetime, datetime],
    only: UnitId | None,
    sightings: Sequence[SightingRecord],
    looked: Sequence[tuple[Period, datetime]],
) -> dict[UnitId, list[PostFact]]:
    """Every unit's posts around the window, read on its site or typed on the portal, each once."""
    records = {post.id: post for post in uow.posts.in_window(*window, unit=only) if post.id is not None}
    # Day and month that may be exchanged reach into any period of a year, so doubted posts are read whatever their date.
    records |= {post.id: post for post in uow.posts.in_doubt(unit=only) if post.id is not None}
    typed = {s.portal_id: s for s in sightings if s.unit in units and _is_typed(s)}
    texts = {s.content_sha256 for s in typed.values()} - {"", _NO_TEXT}
    for post in uow.posts.with_text(texts) if texts else []:
        if post.id is not None:
            records.setdefault(post.id, post)
    records = {id_: post for id_, post in records.items() if post.unit in units}
    records |= _holders_of(uow, records)
    pushes = uow.pushes.for_posts(records)
    seen = best_sightings(sightings)
    # Dated elsewhere on the portal than its post is here.
    seen |= uow.sightings.for_posts(portal, records.keys() - seen.keys())
    facts = {
        id_: _site_fact(post, pushes.get(id_), seen.get(id_), _looked_after(post, looked))
        for id_, post in records.items()
    }
    # Copies that were typed under a date of another period: which periods are asked for must not matter.
    texts |= {records[id_].text_sha256 for id_, fact in facts.items() if fact.delivery not in _PUBLIC}
    for sighting in uow.sightings.typed_with_text(portal, texts - {"", _NO_TEXT}):
        if sighting.unit in units and _is_typed(sighting):
            typed.setdefault(sighting.portal_id, sighting)
    twins = _by_text(records.values())
    grouped: dict[UnitId, list[PostFact]] = defaultdict(list)
    alone: dict[tuple[UnitId, str], list[PostFact]] = defaultdict(list)
    # One that is gone holds no place against one that stands.
    for sighting in sorted(typed.values(), key=lambda s: (seen_as(s) is Delivery.REMOVED, typed_instant(s), s.id)):
        if sighting.unit is None:
            continue
        same_text = twins.get((sighting.unit, sighting.content_sha256), ())
        twin = next((p.id for p in same_text if same_story(p.title, p.words, sighting.title)), None)
        if twin is not None:
            facts[twin] = _typed_and_read(facts[twin], sighting)
            continue
        typed_before = alone[sighting.unit, sighting.content_sha256]
        fact = _typed_fact(sighting, sighting.unit)
        if sighting.content_sha256 not in ("", _NO_TEXT):
            fact = _likened(fact, same_text, typed_before)
        grouped[sighting.unit].append(fact)
        typed_before.append(fact)
    for fact in facts.values():
        grouped[fact.unit].append(fact)
    return grouped


def _holders_of(uow: UnitOfWork, records: Mapping[PostId, PostRecord]) -> dict[PostId, PostRecord]:
    """The posts of the same unit that these are the same as, wherever they are dated."""
    wanted = {post.duplicate_of for post in records.values() if post.duplicate_of is not None} - records.keys()
    units = {post.unit for post in records.values() if post.duplicate_of in wanted}
    return {id_: post for id_, post in uow.posts.many(wanted).items() if post.unit in units} if wanted else {}


def _by_text(posts: Iterable[PostRecord]) -> dict[tuple[UnitId, str], list[PostRecord]]:
    """The posts of each unit that hold a text, the original first, by (unit, hash); an empty text is nobody's twin."""
    found: dict[tuple[UnitId, str], list[PostRecord]] = defaultdict(list)
    for post in sorted(posts, key=lambda post: (post.duplicate_of is not None, post.first_seen, post.id)):
        if post.id is not None and post.text_sha256 not in ("", _NO_TEXT):
            found[post.unit, post.text_sha256].append(post)
    return found


def _looked_after(post: PostRecord, censuses: Sequence[tuple[Period, datetime]]) -> datetime | None:
    """When the newest complete census began that must have listed the post by the date it carries on the portal."""
    printed = post.published_at or post.first_seen
    return next((started for period, started in censuses if printed in period), None)


def _site_fact(
    post: PostRecord, push: PushRecord | None, sighting: SightingRecord | None, looked: datetime | None
) -> PostFact:
    return PostFact(
        ref=f"post:{post.id}",
        unit=post.unit,
        title=post.title,
        url=post.url,
        origin=Origin.SITE,
        delivery=delivery_of(push, sighting, looked),
        first_seen=post.first_seen,
        source_instant=post.published_at,
        precision=post.precision,
        portal_instant=push.accepted_at if push else None,
        portal_url=(sighting.url if sighting else None) or (push.portal_url if push else None),
        kind=post.kind,
        words=post.words,
        reprint=post.reprint,
        duplicate_of=None if post.duplicate_of is None else f"post:{post.duplicate_of}",
        back_dated=post.back_dated,
        date_doubt=post.date_doubt,
        decision=post.decision,
        withheld=post.quarantine is not None,
    )


def _typed_fact(sighting: SightingRecord, unit: UnitId) -> PostFact:
    return PostFact(
        ref=f"sighting:{sighting.id}",
        unit=unit,
        title=sighting.title,
        url=sighting.url,
        origin=Origin.TYPED,
        delivery=seen_as(sighting),
        first_seen=sighting.first_seen,
        portal_instant=typed_instant(sighting),
        portal_url=sighting.url,
        decision=sighting.decision,
    )


def _likened(fact: PostFact, read: Sequence[PostRecord], typed: Sequence[PostFact]) -> PostFact:
    """A typed post beside those of the unit with an equal text, read or typed before: one of them, another, or nobody can tell.

    A short text proves nothing without its title, and how long a typed one is only a post that was read whole can say.
    """
    same = next((other.ref for other in typed if fold(other.title) == fold(fact.title)), None)
    if same is not None:
        return replace(fact, duplicate_of=same)
    if any(post.words is not None and post.words < STORY_WORDS for post in read):
        return fact
    doubtful = [*(f"post:{post.id}" for post in read), *(other.ref for other in typed)]
    return replace(fact, twin=doubtful[0] if doubtful else None)


def _typed_and_read(fact: PostFact, sighting: SightingRecord) -> PostFact:
    """One post, read on the site and typed on the portal: there since the earlier of the two, in the better state."""
    typed_at = typed_instant(sighting)
    carried_at = fact.portal_instant
    first = typed_at if carried_at is None else min(typed_at, carried_at)
    better = max(fact.delivery, seen_as(sighting), key=STANDING.index)
    return replace(
        fact, delivery=better, portal_instant=first, portal_url=fact.portal_url if carried_at else sighting.url
    )


_PUBLIC = (Delivery.ACCEPTED, Delivery.VISIBLE)


def _is_typed(sighting: SightingRecord) -> bool:
    """Public there, waiting for the portal's editors, or taken down; somebody's draft is no post yet."""
    standing = {PortalState.PUBLIC, PortalState.PENDING, PortalState.SCHEDULED, PortalState.TRASH}
    return sighting.post is None and sighting.state in standing


def is_unattributed(sighting: SightingRecord) -> bool:
    unowned = sighting.unit is None and sighting.post is None
    return unowned and sighting.gone_at is None and sighting.state == PortalState.PUBLIC and sighting.decision is None


def _by_period(posts: Iterable[PostFact], periods: Sequence[Period]) -> dict[PeriodId, list[PostFact]]:
    """Each post under every period that one of its instants lies in, with the one it is the same as; a doubted one under all."""
    posts = list(posts)
    by_ref = {post.ref: post for post in posts}
    ordered = sorted(periods, key=lambda period: period.start)
    starts = [period.start for period in ordered]
    grouped: dict[PeriodId, list[PostFact]] = {period.id: [] for period in periods}
    for post in posts:
        if post.date_doubt is not None or post.precision is Precision.MONTH:
            touched = {period.id for period in ordered}  # the domain tells how far a doubt reaches
        else:
            touched = set()
            for instant in (post.source_instant, post.portal_instant, post.first_seen):
                index = bisect_right(starts, instant) - 1 if instant is not None else -1
                if instant is not None and index >= 0 and instant in ordered[index]:
                    touched.add(ordered[index].id)
        for period_id in touched:
            grouped[period_id].append(post)
    for handed in grouped.values():
        refs = {post.ref for post in handed}
        for post in handed:  # grows while it is read: what holds a holder's place is needed too
            if post.duplicate_of in by_ref and post.duplicate_of not in refs:
                refs.add(post.duplicate_of)
                handed.append(by_ref[post.duplicate_of])
    return grouped


def _outages(
    outages: Iterable[OutageRecord], subjects: set[str], around: tuple[datetime, datetime]
) -> tuple[Outage, ...]:
    start, end = around
    return tuple(
        Outage(start=outage.start, end=outage.end, owner=outage.owner)
        for outage in outages
        if outage.subject in subjects and outage.start < end and (outage.end is None or outage.end > start)
    )
