"""Read what lies behind a source's list: older posts from its sitemap, archive or pager, page by page.

Each page is one transaction with the cursor of the next, so that a backfill that was killed goes on where it stood, and every post
goes the same way as those of a list: it is recognised, counted once, and never pushed twice.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from syncd.application.collecting import arrivals, intake
from syncd.application.collecting.post_rows import Look
from syncd.application.collecting.recording import row_of
from syncd.application.services import Services
from syncd.domain.ledger import LeafKind, instant_text
from syncd.domain.model import Precision, SourceId, Unit, UnitId
from syncd.errors import ForeignError, SourceError, UsageError
from syncd.ports.histories import BackfillRecord
from syncd.ports.records import LookRecord
from syncd.ports.source import ArchivePage, PostData, Reading, Source
from syncd.vietnamese.storable import storable

POSTS_A_RUN = 1_000
PAGES_A_RUN = 200
RUN_TIME = timedelta(minutes=20)
PAGES_IN_ALL = 5_000  # of one backfill: an archive that never ends is a trap or a loop
OUTCOME = "backfill"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceBackfill:
    """One source's share of a run, and how far it has come in all. `next`: the page to go on with, unless it is `finished`."""

    source: SourceId
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    skipped: int = 0
    pages: int = 0
    complete: bool = False
    finished: bool = False
    next: str | None = None
    oldest: datetime | None = None
    error: str | None = None
    kind: str | None = None
    hint: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "new": self.new,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "skipped": self.skipped,
            "pages": self.pages,
            "complete": self.complete,
            "finished": self.finished,
            "next": self.next,
            "oldest": instant_text(self.oldest) if self.oldest else None,
            "error": self.error,
            "kind": self.kind,
            "hint": self.hint,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillReport:
    """One unit's run. `complete`: every source of the unit was read whole back to `since`; else `next` tells whether a run can go on."""

    unit: UnitId
    since: datetime
    sources: tuple[SourceBackfill, ...]
    notes: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        return all(source.complete for source in self.sources)

    @property
    def next(self) -> str | None:
        return next((source.next for source in self.sources if source.next), None)

    @property
    def failed(self) -> bool:
        """No source could be read behind its list."""
        return all(source.error is not None for source in self.sources)

    def as_json(self) -> dict[str, Any]:
        counts = ("new", "changed", "unchanged", "skipped", "pages")
        oldest = [source.oldest for source in self.sources if source.oldest]
        return {
            **{name: sum(getattr(source, name) for source in self.sources) for name in counts},
            "complete": self.complete,
            "next": self.next,
            "oldest": instant_text(max(oldest)) if oldest else None,
            "sources": [source.as_json() for source in self.sources],
            "errors": [
                {"source": source.source, "kind": source.kind, "error": source.error, "hint": source.hint}
                for source in self.sources
                if source.error
            ],
            "notes": list(self.notes),
        }


@dataclass(slots=True, kw_only=True)
class _Bounds:
    """What is left of a run."""

    posts: int
    pages: int
    until: float  # monotonic seconds

    def reached(self, services: Services) -> bool:
        return self.posts <= 0 or self.pages <= 0 or services.clock.monotonic() >= self.until


@dataclass(slots=True, kw_only=True)
class _Run:
    services: Services
    unit: Unit
    since: datetime
    bounds: _Bounds
    anew: bool
    notes: list[str] = field(default_factory=list)
    held_back: int = 0


def backfill(
    services: Services,
    unit: UnitId,
    since: datetime,
    *,
    max_posts: int = POSTS_A_RUN,
    max_pages: int = PAGES_A_RUN,
    max_time: timedelta = RUN_TIME,
    anew: bool = True,
) -> BackfillReport:
    """Read the older posts of a unit's sources back to `since`, or as many as the bounds allow; the next call goes on from there.

    A run with another `since` begins anew, and so does one after a backfill that was finished, unless `anew` is false. What is known
    already is left as it is: only the list tells of edits.

    Raises:
        UsageError: an unknown unit, one without a website, or a `since` that is not in the past.
        StorageError: our own database failed; the pages before stand.
    """
    known = services.units.get(unit)
    if known is None:
        raise UsageError(f"unknown unit {unit}", subject=unit, hint="syncd status lists the units")
    if not known.sources:
        raise UsageError(f"{unit} has no website to read", subject=unit, hint="give it [[units.sources]]")
    if since >= services.clock.now():
        raise UsageError(
            f"{since.date()} is not in the past", subject=unit, hint="--since takes the day to read back to"
        )
    bounds = _Bounds(posts=max_posts, pages=max_pages, until=services.clock.monotonic() + max_time.total_seconds())
    run = _Run(services=services, unit=known, since=since, bounds=bounds, anew=anew)
    sources = tuple(_read_back(run, source) for source in known.sources)
    if run.held_back:
        run.notes.append(f"{run.held_back} older posts wait: so many a day go to the portal ([portal] flood_cap)")
    return BackfillReport(unit=unit, since=since, sources=sources, notes=tuple(run.notes))


def _read_back(run: _Run, source_id: SourceId) -> SourceBackfill:
    services = run.services
    row = _begun(run, source_id)
    done = SourceBackfill(
        source=source_id,
        next=row.next,
        oldest=row.oldest,
        complete=_is_complete(row),
        finished=row.finished_at is not None,
    )
    if row.finished_at is not None:
        return done
    source = services.open_source(source_id)
    seen = {row.next}
    while not run.bounds.reached(services):
        try:
            page = source.archive(run.since, row.next)
            if page.next is not None and (page.next in seen or row.pages >= PAGES_IN_ALL):
                raise _endless(run.unit, source, row)
        except ForeignError as err:
            _stop(run, row, err)
            return replace(done, error=err.message, kind=err.kind, hint=err.hint)
        seen.add(page.next)
        run.bounds.pages -= 1
        before, (row, whole) = row, _take_page(run, source, page, row)
        done = replace(
            done,
            new=done.new + row.new - before.new,
            changed=done.changed + row.changed - before.changed,
            unchanged=done.unchanged + row.unchanged - before.unchanged,
            skipped=done.skipped + row.skipped - before.skipped,
            pages=done.pages + row.pages - before.pages,
            oldest=row.oldest,
            next=row.next,
            complete=_is_complete(row),
            finished=row.finished_at is not None,
        )
        if row.finished_at is not None or not whole:
            break
    return done


def _begun(run: _Run, source: SourceId) -> BackfillRecord:
    """The backfill to go on with, or a new one: where none was begun, with another `since`, or where the one before was finished."""
    now = run.services.clock.now()
    with run.services.db.read() as uow:
        row = uow.backfills.get(source)
    fresh = BackfillRecord(source=source, unit=run.unit.id, since=run.since, started_at=now, updated_at=now)
    if row is None or row.since != run.since or (row.finished_at is not None and run.anew):
        return fresh
    return row


def _is_complete(row: BackfillRecord) -> bool:
    return row.finished_at is not None and row.complete_from is not None and row.complete_from <= row.since


def _take_page(run: _Run, source: Source, page: ArchivePage, row: BackfillRecord) -> tuple[BackfillRecord, bool]:
    """Take in one page, some posts at a time, since each may need its own page read; the cursor moves with the last of them.

    False beside the row where the run's bounds were reached within the page: the next run reads it again, and knows the first posts.
    """
    services = run.services
    wanted = [post for post in page.posts if not _is_older(post, run.since)]
    parts = [wanted[at : at + arrivals.PAGES_A_LOOK] for at in range(0, len(wanted), arrivals.PAGES_A_LOOK)] or [[]]
    if services.capture in ("feed", "page"):
        services.files.put(page.exchange.body)
    for number, part in enumerate(parts):
        last = number == len(parts) - 1
        reading = Reading(exchange=page.exchange, unchanged=False, posts=tuple(part))
        with services.db.read() as uow:
            brought = arrivals.recognise(uow, run.unit, reading, arrivals.arrived(source, reading), {}, archive=True)
        arrivals.read_pages(services, source, brought)
        if services.capture == "page":
            for arrival in brought.arrivals:
                if arrival.read_page and arrival.post.article:
                    services.files.put(arrival.post.article.body)
        run.notes += [storable(note) for note in brought.notes]
        row = _write_down(run, source, page, row, brought, last=last)
        run.bounds.posts -= sum(arrival.known is None for arrival in brought.arrivals)
        if not last and run.bounds.reached(services):
            return row, False
    run.notes += [storable(f"skipped {skipped.item}: {skipped.reason}") for skipped in page.skipped]
    return row, True


def _write_down(
    run: _Run, source: Source, page: ArchivePage, row: BackfillRecord, brought: arrivals.Sorted, *, last: bool
) -> BackfillRecord:
    services, exchange = run.services, page.exchange
    with services.db.write() as uow:
        counts = intake.take_in(
            uow,
            services,
            run.unit,
            source,
            brought,
            Look(
                at=exchange.at,
                state=None,
                body_sha256=exchange.body_sha256,
                keeps_list=services.capture in ("feed", "page"),
                keeps_pages=services.capture == "page",
                windows=tuple(uow.looks.windows(run.since, unit=run.unit.id).get(source.id, ())),
            ),
        )
        run.held_back += counts.held_back
        row = replace(
            row,
            updated_at=services.clock.now(),
            new=row.new + counts.new,
            changed=row.changed + counts.changed,
            unchanged=row.unchanged + counts.unchanged,
            oldest=_oldest(row.oldest, brought),
            error=None,
        )
        if last:
            row = _turned(row, page)
            look = _look(run, source, page, row, counts)
            leaf = uow.ledger.append(LeafKind.BACKFILL, exchange.at, _leaf(page, row, look), unit=run.unit.id)
            uow.looks.add(replace(look, leaf=leaf))
            if row.complete_from is not None and row.finished_at is not None:
                # Begun then, it has met all that stood there then.
                uow.lists.cover(source.id, run.unit.id, max(row.complete_from, row.since), row.started_at)
        uow.backfills.put(row)
        uow.commit()
    return row


def _turned(row: BackfillRecord, page: ArchivePage) -> BackfillRecord:
    """The row after a whole page."""
    complete_from = page.complete_from if page.complete_from is not None else row.complete_from
    reached = complete_from is not None and complete_from <= row.since
    finished = reached or page.next is None
    return replace(
        row,
        next=None if finished else page.next,
        pages=row.pages + 1,
        skipped=row.skipped + len(page.skipped),
        complete_from=complete_from,
        finished_at=row.updated_at if finished else None,
    )


def _look(run: _Run, source: Source, page: ArchivePage, row: BackfillRecord, counts: intake.Intake) -> LookRecord:
    return row_of(
        run.unit,
        source.id,
        page.exchange,
        outcome=OUTCOME,
        items=len(page.posts),
        new=counts.new,
        changed=counts.changed,
        skipped=len(page.skipped),
    )


def _leaf(page: ArchivePage, row: BackfillRecord, look: LookRecord) -> dict[str, Any]:
    return {
        "source": row.source,
        "url": look.url,
        "status": look.status,
        "body_sha256": look.body_sha256,
        "since": instant_text(row.since),
        "page": row.pages,
        "items": look.items,
        "new": row.new,
        "skipped": look.skipped,
        "complete_from": instant_text(row.complete_from) if row.complete_from else None,
        "finished": row.finished_at is not None,
    }


def _stop(run: _Run, row: BackfillRecord, err: ForeignError) -> None:
    """Keep the cursor and say why it went no further. A site with nothing behind its list was not begun at all."""
    if err.kind == "no_archive":
        return
    with run.services.db.write() as uow:
        uow.backfills.put(replace(row, updated_at=run.services.clock.now(), error=err.message))
        uow.commit()


def _endless(unit: Unit, source: Source, row: BackfillRecord) -> SourceError:
    return SourceError(
        f"after {row.pages + 1} pages the archive leads back into itself or does not end",
        unit=unit.id,
        url=source.url,
        kind="protocol",
        permanent=True,
        hint="what was read stands; look at the site's pager, or choose a later --since",
    )


def _is_older(post: PostData, since: datetime) -> bool:
    date = post.published
    return date.instant is not None and date.instant < since and date.precision is not Precision.MONTH


def _oldest(before: datetime | None, brought: arrivals.Sorted) -> datetime | None:
    met = [arrival.post.published.instant for arrival in brought.arrivals if arrival.post.published.instant]
    return min([*met, *([before] if before else [])], default=None)
