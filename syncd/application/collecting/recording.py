"""Write down what a look showed, whatever it was: one transaction for posts, pushes, look, source state and leaves.

Captured bytes are on disk before it.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from syncd.application.collecting import arrivals, brake, gone, intake
from syncd.application.collecting.brake import Acceptance, Judged
from syncd.application.collecting.kept_looks import KeptLooks, put_unchanged
from syncd.application.collecting.post_rows import Look
from syncd.application.services import Services
from syncd.domain.changes import Alarm
from syncd.domain.ledger import LeafKind
from syncd.domain.model import PostId, Precision, SourceId, Unit
from syncd.ports.histories import ListRecord
from syncd.ports.records import LookRecord, SourceState
from syncd.ports.source import Exchange, Reading, Source
from syncd.ports.store import UnitOfWork

_AT_ONCE_CHARS = 1_000_000  # longer texts are judged before the writer is held, so that no site makes the others wait


def record_unchanged(
    services: Services,
    unit: Unit,
    source: Source,
    state: SourceState,
    exchange: Exchange,
    kept: KeptLooks | None = None,
) -> None:
    """The list is as it was, so what it covered then it covers up to now. Recorded at once unless there are `kept` looks to join."""
    look = row_of(
        unit,
        source.id,
        exchange,
        outcome="unchanged",
        body_sha256=state.body_sha256,
        list_sha256=state.list_sha256,
        items=state.items,
        covers_from=state.covers_from,
        covers_all=state.covers_all,
    )
    if kept is not None and not state.failures:
        kept.add(look, _well(state, look.at))
        return
    with services.db.write() as uow:
        if state.failures:
            look = _with_leaf(uow, LeafKind.FETCH_OK, look, look_leaf(look))
        put_unchanged(uow, [(look, _well(state, look.at))])
        uow.commit()


def can_be_taken_at_once(state: SourceState | None, reading: Reading) -> bool:
    """Whether a list that differs from the one before needs no page of its posts, and is small enough to be judged while nobody else writes."""
    listed_anew = state is None or state.list_sha256 != reading.list_sha256
    small = sum(len(post.html) + len(post.summary) for post in reading.posts) <= _AT_ONCE_CHARS
    return listed_anew and small and all(post.full_text for post in reading.posts)


def take_at_once(
    services: Services,
    unit: Unit,
    source: Source,
    state: SourceState | None,
    reading: Reading,
    arrived: list[arrivals.Arrival],
    listed: Mapping[str, PostId],
) -> tuple[arrivals.Sorted, Judged, intake.Intake] | None:
    """Recognise, judge and record a list in one transaction, in which nothing need be asked twice.

    None, and nothing is changed, where more is needed: the list looks like a mistake, or pages of missed posts have to be asked.
    """
    keeps_list = services.capture in ("feed", "page")
    if keeps_list:
        services.files.put(reading.exchange.body)
    with services.db.write() as uow:
        brought = arrivals.recognise(uow, unit, reading, arrived, listed, for_good=True)
        judged = brake.judge_texts(uow, unit, brought, brake.judge(uow, source, reading, brought))
        if judged.alarm is not None or (judged.departed is not None and judged.departed.vanished):
            return None
        counts = _take_list(uow, services, unit, source, state, reading, brought, judged, keeps_list=keeps_list)
        uow.commit()
    return brought, judged, counts


def record_reading(
    services: Services,
    unit: Unit,
    source: Source,
    state: SourceState | None,
    reading: Reading,
    brought: arrivals.Sorted,
    judged: Judged,
    accept: Acceptance | None,
) -> intake.Intake:
    """Take a list as it is: what is new, what was edited, what left it, and how far it reaches."""
    listed_anew = state is None or state.list_sha256 != reading.list_sha256
    matters = listed_anew or any(new.known is None or new.read_page or new.edited for new in brought.arrivals)
    keeps_list = services.capture in ("feed", "page") and matters
    _keep_files(services, reading.exchange, brought, keeps_list=keeps_list)
    missed = judged.departed.vanished if judged.departed else ()
    if missed:
        missed = gone.missed_of(services, source.id, missed)
    with services.db.write() as uow:
        counts = _take_list(
            uow,
            services,
            unit,
            source,
            state,
            reading,
            brought,
            judged,
            keeps_list=keeps_list,
            missed=missed,
            accept=accept,
        )
        uow.commit()
    return counts


def _take_list(
    uow: UnitOfWork,
    services: Services,
    unit: Unit,
    source: Source,
    state: SourceState | None,
    reading: Reading,
    brought: arrivals.Sorted,
    judged: Judged,
    *,
    keeps_list: bool,
    missed: Collection[PostId] = (),
    accept: Acceptance | None = None,
) -> intake.Intake:
    exchange = reading.exchange
    full = reading.full or judged.scrolls
    before = state or SourceState(source=source.id, unit=unit.id, url=source.url)
    covers_from = _covers_from(reading, before, any_known=brought.any_known) if full else None
    counts = intake.take_in(
        uow,
        services,
        unit,
        source,
        brought,
        Look(
            at=exchange.at,
            state=state,
            body_sha256=exchange.body_sha256,
            keeps_list=keeps_list,
            keeps_pages=services.capture == "page",
        ),
    )
    uow.sources.put_listed(source.id, brought.listed, before=brought.before)
    listed_anew = state is None or state.list_sha256 != reading.list_sha256
    changed = listed_anew or bool(counts.new or counts.changed)
    look = row_of(
        unit,
        source.id,
        exchange,
        outcome="changed" if changed else "unchanged",
        list_sha256=reading.list_sha256,
        items=reading.items,
        covers_from=covers_from,
        covers_all=not full,
        new=counts.new,
        changed=counts.changed,
        skipped=len(reading.skipped),
    )
    if changed or before.failures:
        look = _with_leaf(uow, LeafKind.FETCH_OK, look, look_leaf(look))
    uow.looks.add(look)
    # Without validators the next look gets the whole list again, and with it the posts whose pages are still to be read.
    pending = brought.pending
    uow.sources.put(
        _well(
            before,
            look.at,
            url=source.url,
            etag=None if pending else exchange.header("etag"),
            last_modified=None if pending else exchange.header("last-modified"),
            body_sha256=None if pending else exchange.body_sha256,
            list_sha256=reading.list_sha256,
            covers_from=covers_from,
            covers_all=not full,
            items=reading.items,
        )
    )
    if judged.matters:
        gone.miss(uow, missed, look.at)
        gone.welcome_back(uow, source.id, brought, look.at)
        brake.record_good(uow, unit, source, judged, exchange, accept)
    uow.outages.close(f"source:{source.id}", look.at)
    return counts


def record_held(
    services: Services,
    unit: Unit,
    source: Source,
    state: SourceState | None,
    reading: Reading,
    brought: arrivals.Sorted,
    judged: Judged,
    alarm: Alarm,
) -> tuple[intake.Intake, ListRecord]:
    """The reading covers nothing and is asked for whole again; what it brings that is new is taken in, where the alarm allows it."""
    exchange = reading.exchange
    keeps_list = services.capture in ("feed", "page")
    brought = brake.new_ones_of(brought) if alarm.takes_new else brake.none_of(brought)
    _keep_files(services, exchange, brought, keeps_list=keeps_list)
    before = state or SourceState(source=source.id, unit=unit.id, url=source.url)
    record = brake.held(judged.record, source.id, unit.id, alarm, at=exchange.at, body=exchange.body_sha256)
    with services.db.write() as uow:
        counts = intake.take_in(
            uow,
            services,
            unit,
            source,
            brought,
            Look(
                at=exchange.at,
                state=state,
                body_sha256=exchange.body_sha256,
                keeps_list=keeps_list,
                keeps_pages=services.capture == "page",
            ),
        )
        uow.sources.put_listed(source.id, brought.listed, before=brought.before)
        look = row_of(
            unit,
            source.id,
            exchange,
            outcome="held",
            error_kind=record.alarm,
            error=brake.sentence(record),
            list_sha256=reading.list_sha256,
            items=reading.items,
            new=counts.new,
            skipped=len(reading.skipped),
        )
        if counts.new or record.alarm_since == look.at:
            look = _with_leaf(uow, LeafKind.READING_HELD, look, {**look_leaf(look), **brake.leaf_of(record)})
        uow.looks.add(look)
        # What it covered, and when that was last known, stays as it was.
        uow.sources.put(
            _well(
                before,
                look.at,
                last_ok_at=before.last_ok_at,
                url=source.url,
                etag=None,
                last_modified=None,
                body_sha256=None,
            )
        )
        uow.lists.put(record)
        uow.outages.close(f"source:{source.id}", look.at)
        uow.commit()
    return counts, record


def _keep_files(services: Services, exchange: Exchange, brought: arrivals.Sorted, *, keeps_list: bool) -> None:
    if keeps_list:
        services.files.put(exchange.body)
    if services.capture == "page":
        for arrival in brought.arrivals:
            if arrival.read_page and arrival.post.article:
                services.files.put(arrival.post.article.body)


def _with_leaf(uow: UnitOfWork, kind: LeafKind, look: LookRecord, data: Mapping[str, Any]) -> LookRecord:
    return replace(look, leaf=uow.ledger.append(kind, look.at, data, unit=look.unit))


def _well(state: SourceState, at: datetime, **seen: Any) -> SourceState:
    """The state after a look that was answered; `seen` are the columns that it changes besides."""
    columns: dict[str, Any] = {
        "first_look_at": state.first_look_at or at,
        "last_look_at": at,
        "last_ok_at": at,
        "failures": 0,
        "failing_since": None,
        "last_error": None,
        "last_error_kind": None,
        "last_hint": None,
        "not_before": None,
    }
    return replace(state, **{**columns, **seen})


def _covers_from(reading: Reading, before: SourceState, *, any_known: bool) -> datetime | None:
    """Where a full list begins to be complete; None where nothing can be said.

    Posts of a day may have been cut off where the oldest entry names the day alone. A pinned old post on top is not the list's end.
    """
    dated = [
        date.instant + timedelta(days=1) if date.precision is Precision.DAY else date.instant
        for date in (reading.dates if reading.dates is not None else [post.published for post in reading.posts])
        if date.instant is not None and date.precision is not Precision.MONTH
    ]
    if dated:
        return dated[0] if dated == sorted(dated) else dated[-1]
    # Undated, but it reaches back to posts of the look before: nothing can be missing in between.
    return before.last_ok_at if any_known else None


def row_of(unit: Unit, source: SourceId, exchange: Exchange, *, outcome: str, **found: Any) -> LookRecord:
    """The row of a look that was answered; `found` are its other columns."""
    columns: dict[str, Any] = {"body_sha256": exchange.body_sha256, **found}
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
        **columns,
    )


def look_leaf(look: LookRecord) -> Mapping[str, Any]:
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
