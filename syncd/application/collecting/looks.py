"""One look at one source: read, judged, and recorded whatever it showed.

One transaction per look: posts, pushes, look, source state and leaves stand or fall together. Captured bytes are on disk before it.
What a list would change is judged first, against what the same list was like (`brake`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cache

from syncd.application.collecting import arrivals, brake, intake
from syncd.application.collecting.brake import Acceptance
from syncd.application.collecting.kept_looks import KeptLooks
from syncd.application.collecting.recording import (
    can_be_taken_at_once,
    look_leaf,
    record_held,
    record_reading,
    record_unchanged,
    row_of,
    take_at_once,
)
from syncd.application.services import Services
from syncd.domain.ledger import LeafKind
from syncd.domain.model import PostId, SourceId, Unit
from syncd.domain.retry import LONGEST_WAIT, next_look
from syncd.errors import ForeignError, SourceError
from syncd.ports.records import LookRecord, SourceState
from syncd.ports.source import Known, Reading, Source
from syncd.vietnamese.storable import storable

EMPTY_LISTS = frozenset(("nothing_readable", "empty_suspect"))  # kinds of failure that a person may accept as they are
# Failures after which another try within minutes cannot help, and may lock us out.
NO_USE_AGAIN = frozenset(("login", "robots"))
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
    kept: KeptLooks | None = None,
) -> None:
    """Look once at one source and write down what came of it; a site that fails is a result, not an exception.

    Does nothing but count where the source rests after failures, unless `force`d. With `accept` the list is taken as it stands, however
    little it is like those before. A look that found nothing new may be written later, with those `kept` so far.
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
    if reading.exchange.moved_to:
        tally.notes.append(storable(f"{url} has moved for good to {reading.exchange.moved_to}: enter that address"))
    if reading.unchanged and state is not None:
        record_unchanged(services, unit, source, state, reading.exchange, kept)
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
    if reading is None:
        look = LookRecord(source=source, unit=unit.id, at=started, url=url, outcome="failed")
    else:
        look = row_of(unit, source, reading.exchange, outcome="failed")
    look = replace(look, error_kind=err.kind, error=err.message)
    with services.db.write() as uow:
        leaf = None
        if before.failures == 0 or before.last_error_kind != err.kind:
            leaf = uow.ledger.append(LeafKind.FETCH_FAILED, at, look_leaf(look), unit=unit.id)
        uow.looks.add(replace(look, leaf=leaf))
        uow.sources.put(
            replace(
                before,
                url=url,
                first_look_at=before.first_look_at or look.at,
                last_look_at=look.at,
                failures=failures,
                failing_since=before.failing_since or look.at,
                last_error=err.message.removeprefix(f"{url}: "),
                last_error_kind=err.kind,
                last_hint=err.hint,
                not_before=next_look(
                    at,
                    failures,
                    interval=services.collect_every,
                    retry_after=err.retry_after,
                    again=None if err.kind in NO_USE_AGAIN else source,
                ),
            )
        )
        uow.commit()
    told = err.message if err.message.startswith(url) else f"{url}: {err.message}"[:1_000]
    return SourceFailure(
        source=source, kind=err.kind, error=told, hint=err.hint, at=look.at, first=before.failures == 0
    )


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
    arrived = arrivals.arrived(source, reading)
    if accept is None and can_be_taken_at_once(state, reading):
        taken = take_at_once(services, unit, source, state, reading, arrived, listed)
        if taken is not None:
            _tell(tally, source, reading, *taken)
            return
    with services.db.read() as uow:
        brought = arrivals.recognise(uow, unit, reading, arrived, listed)
        judged = brake.judge(uow, source, reading, brought)
    if judged.alarm is None or judged.alarm.takes_new or accept is not None:
        if judged.alarm is not None and accept is None:
            brought = brake.new_ones_of(brought)
        arrivals.read_pages(services, source, brought)
        with services.db.read() as uow:
            judged = brake.judge_texts(uow, unit, brought, judged)
    if judged.alarm is not None and accept is None:
        counts, record = record_held(services, unit, source, state, reading, brought, judged, judged.alarm)
        tally.held += 1
        tally.notes.append(f"{source.id}: held, {brake.sentence(record)}; syncd status tells what to do")
        _count(tally, reading, brought, counts)
    else:
        counts = record_reading(services, unit, source, state, reading, brought, judged, accept)
        _tell(tally, source, reading, brought, judged, counts)


def _tell(
    tally: Tally,
    source: Source,
    reading: Reading,
    brought: arrivals.Sorted,
    judged: brake.Judged,
    counts: intake.Intake,
) -> None:
    if judged.record is not None and judged.record.alarm is not None:
        tally.notes.append(f"{source.id}: no longer held ({judged.record.alarm})")
    _count(tally, reading, brought, counts)


def _count(tally: Tally, reading: Reading, brought: arrivals.Sorted, counts: intake.Intake) -> None:
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
