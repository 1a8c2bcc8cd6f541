"""One look at one source: read, judged, and recorded whatever it showed.

One transaction per look: posts, pushes, look, source state and leaves stand or fall together. Captured bytes are on disk before it.
What a list would change is judged first, against what the same list was like (`brake`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from syncd.application.collecting import arrivals, brake, gone, intake
from syncd.application.collecting.brake import Acceptance, Judged
from syncd.application.services import Services
from syncd.domain.ledger import LeafKind
from syncd.domain.model import PostId, Precision, SourceId, Unit
from syncd.domain.retry import LONGEST_WAIT, next_look
from syncd.errors import ForeignError, SourceError
from syncd.ports.records import LookRecord, SourceState
from syncd.ports.source import Exchange, Known, Reading, Source
from syncd.vietnamese.storable import storable

EMPTY_LISTS = frozenset(("nothing_readable", "empty_suspect"))  # kinds of failure that a person may accept as they are
_LAYOUT_KINDS = EMPTY_LISTS | {"layout"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFailure:
    """A source that could not be read, why, and what the operator can do."""

    source: SourceId
    kind: str
    error: str
    hint: str | None
    at: datetime
    first: bool  # it was well at the look before


@dataclass(slots=True)
class Tally:
    """What the looks at one unit came to so far. Posts are counted, but `resting`, `held` and `errors` are sources."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    skipped: int = 0
    resting: int = 0
    held: int = 0
    errors: list[SourceFailure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def look_at(
    services: Services,
    unit: Unit,
    source_id: SourceId,
    tally: Tally,
    *,
    force: bool = False,
    accept: Acceptance | None = None,
) -> None:
    """Look once at one source and write down what came of it; a site that fails is a result, not an exception.

    Does nothing but count where the source rests after failures, unless `force`d. With `accept` the list is taken as it stands, however
    little it is like those before.
    """
    with services.db.read() as uow:
        state = uow.sources.get(source_id)
    started = services.clock.now()
    if state and state.not_before and started < state.not_before <= started + LONGEST_WAIT and not force:
        tally.resting += 1
        return
    reading: Reading | None = None
    url = state.url if state else source_id
    try:
        source = services.open_source(source_id)
        url = source.url
        listed = _listed(services, source_id, state)
        reading = source.read(_known(state, listed))
        if accept is None:
            _refuse_suspicious(unit, source, state, reading)
        if reading.unchanged and state is None:
            raise SourceError("not modified, though nothing was asked for", unit=unit.id, url=url, kind="protocol")
    except ForeignError as err:
        err = _with_history(services, source_id, err)
        tally.errors.append(_record_failure(services, unit, source_id, url, state, started, err, reading))
        return
    tally.notes.extend(storable(note) for note in reading.notes)
    if reading.unchanged and state is not None:
        _record_unchanged(services, unit, source, state, reading.exchange)
        tally.unchanged += state.items or 0
    else:
        _take(services, unit, source, state, reading, listed(), tally, accept)


def _listed(services: Services, source: SourceId, state: SourceState | None) -> Callable[[], Mapping[str, PostId]]:
    """What stood in the list when it was read before, asked of the database when it is needed first."""

    @cache
    def listed() -> Mapping[str, PostId]:
        if state is None:
            return {}
        with services.db.read() as uow:
            return uow.sources.listed(source)

    return listed


def _known(state: SourceState | None, listed: Callable[[], Mapping[str, PostId]]) -> Known:
    if state is None:
        return Known()
    return Known(etag=state.etag, last_modified=state.last_modified, body_sha256=state.body_sha256, settled=listed)


def _refuse_suspicious(unit: Unit, source: Source, state: SourceState | None, reading: Reading) -> None:
    """A list without a readable post is no evidence that nothing was written."""
    if reading.unchanged or reading.items:
        return
    if reading.skipped:
        raise SourceError(
            f"none of {len(reading.skipped)} items could be read: {reading.skipped[0].reason}",
            unit=unit.id,
            url=source.url,
            kind="nothing_readable",
            hint="look at the address with: syncd probe",
        )
    if state is not None and state.items:
        raise SourceError(
            "the list is empty, and it held posts before",
            unit=unit.id,
            url=source.url,
            kind="empty_suspect",
            hint="the site may be under maintenance or have moved its list: open the address in a browser",
        )


def _record_failure(
    services: Services,
    unit: Unit,
    source: SourceId,
    url: str,
    state: SourceState | None,
    started: datetime,
    err: ForeignError,
    reading: Reading | None,
) -> SourceFailure:
    before = state or SourceState(source=source, unit=unit.id, url=url)
    failures = before.failures + 1
    at = services.clock.now()
    look = _row(unit, source, url, reading.exchange if reading else None, started, outcome="failed")
    look = replace(look, error_kind=err.kind, error=err.message)
    with services.db.write() as uow:
        leaf = None
        if before.failures == 0 or before.last_error_kind != err.kind:
            leaf = uow.ledger.append(LeafKind.FETCH_FAILED, at, _look_leaf(look), unit=unit.id)
        uow.looks.add(replace(look, leaf=leaf))
        uow.sources.put(
            replace(
                before,
                url=url,
                first_look_at=before.first_look_at or look.at,
                last_look_at=look.at,
                failures=failures,
                failing_since=before.failing_since or look.at,
                last_error=err.message,
                last_error_kind=err.kind,
                last_hint=err.hint,
                not_before=next_look(at, failures, interval=services.collect_every, retry_after=err.retry_after),
            )
        )
        uow.commit()
    return SourceFailure(
        source=source, kind=err.kind, error=err.message, hint=err.hint, at=look.at, first=before.failures == 0
    )


def _record_unchanged(services: Services, unit: Unit, source: Source, state: SourceState, exchange: Exchange) -> None:
    """The list is as it was, so what it covered then it covers up to now."""
    look = replace(
        _row(unit, source.id, source.url, exchange, exchange.at, outcome="unchanged"),
        body_sha256=state.body_sha256,
        list_sha256=state.list_sha256,
        items=state.items,
        covers_from=state.covers_from,
        covers_all=state.covers_all,
    )
    with services.db.write() as uow:
        leaf = None
        if state.failures:
            leaf = uow.ledger.append(LeafKind.FETCH_OK, look.at, _look_leaf(look), unit=unit.id)
        uow.looks.add(replace(look, leaf=leaf))
        uow.sources.put(_well(state, look))
        uow.outages.close(f"source:{source.id}", look.at)
        uow.commit()


def _take(
    services: Services,
    unit: Unit,
    source: Source,
    state: SourceState | None,
    reading: Reading,
    listed: Mapping[str, PostId],
    tally: Tally,
    accept: Acceptance | None,
) -> None:
    brought = arrivals.recognise(services, unit, source, reading, listed)
    judged = brake.judge(services, unit, source, reading, brought)
    if judged.alarm is None or judged.alarm.takes_new or accept is not None:
        if judged.alarm is not None and accept is None:
            brought = brake.new_ones_of(brought)
        arrivals.read_pages(services, source, brought)
        judged = brake.judge_texts(services, unit, brought, judged)
    if judged.alarm is not None and accept is None:
        _record_held(services, unit, source, state, reading, brought, judged, tally)
    else:
        _record_reading(services, unit, source, state, reading, brought, judged, tally, accept)


def _record_reading(
    services: Services,
    unit: Unit,
    source: Source,
    state: SourceState | None,
    reading: Reading,
    brought: arrivals.Sorted,
    judged: Judged,
    tally: Tally,
    accept: Acceptance | None,
) -> None:
    exchange = reading.exchange
    reading = replace(reading, full=reading.full or judged.scrolls)
    listed_anew = state is None or state.list_sha256 != reading.list_sha256
    matters = listed_anew or any(new.known is None or new.read_page or new.edited for new in brought.arrivals)
    keeps_list = services.capture in ("feed", "page") and matters
    _keep_files(services, exchange, brought, keeps_list=keeps_list)
    missed = judged.departed.vanished if judged.departed else ()
    if missed:
        missed = gone.missed_of(services, source.id, missed)
    before = state or SourceState(source=source.id, unit=unit.id, url=source.url)
    covers_from = _covers_from(reading, before, any_known=brought.any_known)
    with services.db.write() as uow:
        counts = intake.take_in(
            uow,
            services,
            unit,
            source,
            brought,
            intake.Look(
                at=exchange.at,
                state=state,
                body_sha256=exchange.body_sha256,
                keeps_list=keeps_list,
                keeps_pages=services.capture == "page",
            ),
        )
        uow.sources.put_listed(source.id, brought.listed, before=brought.before)
        changed = listed_anew or bool(counts.new or counts.changed)
        look = replace(
            _row(unit, source.id, source.url, exchange, exchange.at, outcome="changed" if changed else "unchanged"),
            list_sha256=reading.list_sha256,
            items=reading.items,
            covers_from=covers_from,
            covers_all=not reading.full,
            new=counts.new,
            changed=counts.changed,
            skipped=len(reading.skipped),
        )
        leaf = None
        if changed or before.failures:
            leaf = uow.ledger.append(LeafKind.FETCH_OK, look.at, _look_leaf(look), unit=unit.id)
        uow.looks.add(replace(look, leaf=leaf))
        # Without validators the next look gets the whole list again, and with it the posts whose pages are still to be read.
        uow.sources.put(
            replace(
                _well(before, look),
                url=source.url,
                etag=None if brought.pending else exchange.header("etag"),
                last_modified=None if brought.pending else exchange.header("last-modified"),
                body_sha256=None if brought.pending else exchange.body_sha256,
                list_sha256=reading.list_sha256,
                covers_from=covers_from,
                covers_all=not reading.full,
                items=reading.items,
            )
        )
        if judged.matters:
            gone.miss(uow, missed, look.at)
            gone.welcome_back(uow, source.id, brought, look.at)
            brake.record_good(uow, unit, source, judged, exchange, accept)
        uow.outages.close(f"source:{source.id}", look.at)
        uow.commit()
    _count(tally, counts, reading, brought)
    if judged.record is not None and judged.record.alarm is not None:
        tally.notes.append(f"{source.id}: no longer held ({judged.record.alarm})")


def _record_held(
    services: Services,
    unit: Unit,
    source: Source,
    state: SourceState | None,
    reading: Reading,
    brought: arrivals.Sorted,
    judged: Judged,
    tally: Tally,
) -> None:
    """The reading covers nothing and is asked for whole again; what it brings that is new is taken in, where the alarm allows it."""
    if judged.alarm is None:
        return
    exchange = reading.exchange
    keeps_list = services.capture in ("feed", "page")
    brought = brake.new_ones_of(brought) if judged.takes_new else brake.none_of(brought)
    _keep_files(services, exchange, brought, keeps_list=keeps_list)
    before = state or SourceState(source=source.id, unit=unit.id, url=source.url)
    record = brake.held(judged.record, source.id, unit.id, judged.alarm, at=exchange.at, body=exchange.body_sha256)
    with services.db.write() as uow:
        counts = intake.take_in(
            uow,
            services,
            unit,
            source,
            brought,
            intake.Look(
                at=exchange.at,
                state=state,
                body_sha256=exchange.body_sha256,
                keeps_list=keeps_list,
                keeps_pages=services.capture == "page",
            ),
        )
        uow.sources.put_listed(source.id, brought.listed, before=brought.before)
        look = replace(
            _row(unit, source.id, source.url, exchange, exchange.at, outcome="held"),
            error_kind=record.alarm,
            error=brake.sentence(record),
            list_sha256=reading.list_sha256,
            items=reading.items,
            new=counts.new,
            skipped=len(reading.skipped),
        )
        leaf = None
        if counts.new or record.alarm_since == look.at:
            data = {**_look_leaf(look), **brake.leaf_of(record)}
            leaf = uow.ledger.append(LeafKind.READING_HELD, look.at, data, unit=unit.id)
        uow.looks.add(replace(look, leaf=leaf))
        # What it covered, and when that was last known, stays as it was.
        well = replace(_well(before, look), last_ok_at=before.last_ok_at)
        uow.sources.put(replace(well, url=source.url, etag=None, last_modified=None, body_sha256=None))
        uow.lists.put(record)
        uow.outages.close(f"source:{source.id}", look.at)
        uow.commit()
    _count(tally, counts, reading, brought)
    tally.held += 1
    tally.notes.append(f"{source.id}: held, {brake.sentence(record)}; syncd status tells what to do")


def _keep_files(services: Services, exchange: Exchange, brought: arrivals.Sorted, *, keeps_list: bool) -> None:
    if keeps_list:
        services.files.put(exchange.body)
    if services.capture == "page":
        for arrival in brought.arrivals:
            if arrival.read_page and arrival.post.article:
                services.files.put(arrival.post.article.body)


def _count(tally: Tally, counts: intake.Intake, reading: Reading, brought: arrivals.Sorted) -> None:
    tally.new += counts.new
    tally.changed += counts.changed
    tally.unchanged += counts.unchanged
    tally.skipped += len(reading.skipped)
    tally.notes += [storable(note) for note in brought.notes]
    tally.notes += [storable(f"skipped {skipped.item}: {skipped.reason}") for skipped in reading.skipped]
    tally.notes += [
        storable(f"{title}: changes with every look, no further version is kept") for title in counts.restless
    ]
    if counts.held_back:
        tally.notes.append(f"{counts.held_back} older posts wait: so many a day go to the portal ([portal] flood_cap)")


def _with_history(services: Services, source: SourceId, err: ForeignError) -> ForeignError:
    """A layout that is no longer understood is told with what it held before."""
    if err.kind not in _LAYOUT_KINDS or not isinstance(err, SourceError):
        return err
    with services.db.read() as uow:
        record = uow.lists.get(source)
    if record is None or record.good_at is None:
        return err
    return SourceError(
        f"{err.message}; the last good list, of {record.good_at:%Y-%m-%d}, held {record.items} entries, {record.dated} of them dated",
        unit=err.unit,
        url=err.url,
        kind=err.kind,
        permanent=err.permanent,
        retry_after=err.retry_after,
        hint=err.hint,
    )


def _well(state: SourceState, look: LookRecord) -> SourceState:
    return replace(
        state,
        first_look_at=state.first_look_at or look.at,
        last_look_at=look.at,
        last_ok_at=look.at,
        failures=0,
        failing_since=None,
        last_error=None,
        last_error_kind=None,
        last_hint=None,
        not_before=None,
    )


def _covers_from(reading: Reading, before: SourceState, *, any_known: bool) -> datetime | None:
    """Where a full list begins to be complete; None where it reaches the beginning, or where nothing can be said.

    Posts of a day may have been cut off where the oldest entry names the day alone. A pinned old post on top is not the list's end.
    """
    if not reading.full:
        return None
    dated = [
        date.instant + timedelta(days=1) if date.precision is Precision.DAY else date.instant
        for date in (reading.dates if reading.dates is not None else [post.published for post in reading.posts])
        if date.instant is not None and date.precision is not Precision.MONTH
    ]
    if dated:
        return dated[0] if dated == sorted(dated) else dated[-1]
    # Undated, but it reaches back to posts of the look before: nothing can be missing in between.
    return before.last_ok_at if any_known else None


def _row(
    unit: Unit, source: SourceId, url: str, exchange: Exchange | None, at: datetime, *, outcome: str
) -> LookRecord:
    if exchange is None:
        return LookRecord(source=source, unit=unit.id, at=at, url=url, outcome=outcome)
    return LookRecord(
        source=source,
        unit=unit.id,
        at=exchange.at,
        url=exchange.final_url,
        outcome=outcome,
        status=exchange.status,
        address=exchange.address,
        tls_sha256=exchange.tls_sha256,
        elapsed_ms=round(exchange.elapsed_s * 1000),
        body_bytes=len(exchange.body),
        body_sha256=exchange.body_sha256,
    )


def _look_leaf(look: LookRecord) -> Mapping[str, Any]:
    return {
        "source": look.source,
        "url": look.url,
        "outcome": look.outcome,
        "status": look.status,
        "error_kind": look.error_kind,
        "error": look.error,
        "address": look.address,
        "tls_sha256": look.tls_sha256,
        "elapsed_ms": look.elapsed_ms,
        "body_bytes": look.body_bytes,
        "body_sha256": look.body_sha256,
        "list_sha256": look.list_sha256,
        "items": look.items,
        "new": look.new,
        "changed": look.changed,
        "skipped": look.skipped,
    }
