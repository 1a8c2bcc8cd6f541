"""What the census saw, and what answered nobody, in the database."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from syncd.domain.model import OutageOwner, PostId
from syncd.ports.records import CensusRecord, OutageRecord, SightingRecord
from syncd.storage.library import sql, tables
from syncd.storage.prepared import Prepared
from syncd.storage.transaction import Transaction, chunks, record_of, records_of, values_of

_CLOSE = Prepared(
    lambda _: (
        sql.update(tables.outages)
        .where(tables.outages.c.subject == sql.bindparam("of"), tables.outages.c.end.is_(None))
        .values(end=sql.bindparam("until"))
    ),
    ["of", "until"],
    name="census.close",
)


class SqlCensusStore:
    """Implements `ports.store.CensusStore`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, census: CensusRecord) -> int:
        statement = sql.insert(tables.censuses).returning(tables.censuses.c.id)
        return int(self._transaction.execute(statement, values_of(census)).scalar_one())

    def latest_complete(self, portal: str, start: datetime, end: datetime) -> CensusRecord | None:
        query = (
            _complete(portal, start, end)
            .order_by(tables.censuses.c.started_at.desc(), tables.censuses.c.id.desc())
            .limit(1)
        )
        return record_of(CensusRecord, self._transaction.execute(query).one_or_none())

    def first_complete_after(self, portal: str, start: datetime, end: datetime, after: datetime) -> CensusRecord | None:
        query = _complete(portal, start, end).where(tables.censuses.c.started_at >= after)
        query = query.order_by(tables.censuses.c.started_at, tables.censuses.c.id).limit(1)
        return record_of(CensusRecord, self._transaction.execute(query).one_or_none())

    def latest(self, portal: str) -> CensusRecord | None:
        query = sql.select(tables.censuses).where(tables.censuses.c.portal == portal)
        query = query.order_by(tables.censuses.c.started_at.desc(), tables.censuses.c.id.desc()).limit(1)
        return record_of(CensusRecord, self._transaction.execute(query).one_or_none())


def _complete(portal: str, start: datetime, end: datetime) -> Any:
    return sql.select(tables.censuses).where(
        tables.censuses.c.portal == portal,
        tables.censuses.c.complete,
        tables.censuses.c.start <= start,
        tables.censuses.c.end >= end,
    )


class SqlSightingStore:
    """Implements `ports.store.SightingStore`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def get(self, portal: str, portal_id: str) -> SightingRecord | None:
        query = sql.select(tables.sightings).where(
            tables.sightings.c.portal == portal, tables.sightings.c.portal_id == portal_id
        )
        return record_of(SightingRecord, self._transaction.execute(query).one_or_none())

    def by_id(self, sighting: int) -> SightingRecord | None:
        query = sql.select(tables.sightings).where(tables.sightings.c.id == sighting)
        return record_of(SightingRecord, self._transaction.execute(query).one_or_none())

    def put(self, sightings_: Sequence[SightingRecord]) -> None:
        if not sightings_:
            return
        self._transaction.execute(
            self._transaction.insert_or_replace(tables.sightings, by=("portal", "portal_id"), kept=("first_seen",)),
            [{**values_of(seen), "instant": seen.published_at or seen.first_seen} for seen in sightings_],
        )

    def in_window(self, portal: str, start: datetime, end: datetime) -> list[SightingRecord]:
        query = sql.select(tables.sightings).where(
            tables.sightings.c.portal == portal, tables.sightings.c.instant >= start, tables.sightings.c.instant < end
        )
        query = query.order_by(tables.sightings.c.instant, tables.sightings.c.id)
        return records_of(SightingRecord, self._transaction.execute(query))

    def late(self, portal: str, start: datetime, end: datetime) -> list[SightingRecord]:
        query = sql.select(tables.sightings).where(
            tables.sightings.c.portal == portal,
            tables.sightings.c.late_sighting,
            tables.sightings.c.first_seen >= start,
            tables.sightings.c.first_seen < end,
        )
        return records_of(
            SightingRecord,
            self._transaction.execute(query.order_by(tables.sightings.c.first_seen, tables.sightings.c.id)),
        )

    def typed_with_text(self, portal: str, text_sha256: Iterable[str]) -> list[SightingRecord]:
        found: list[SightingRecord] = []
        for chunk in chunks(set(text_sha256)):
            query = sql.select(tables.sightings).where(
                tables.sightings.c.portal == portal,
                tables.sightings.c.post.is_(None),
                tables.sightings.c.content_sha256.in_(chunk),
            )
            found += records_of(SightingRecord, self._transaction.execute(query.order_by(tables.sightings.c.id)))
        return found

    def for_posts(self, portal: str, posts: Iterable[PostId]) -> dict[PostId, SightingRecord]:
        found: dict[PostId, SightingRecord] = {}
        for chunk in chunks(posts):
            query = sql.select(tables.sightings).where(
                tables.sightings.c.portal == portal, tables.sightings.c.post.in_(chunk)
            )
            # The newest sighting stands where a post was made twice on the portal.
            rows = self._transaction.execute(query.order_by(tables.sightings.c.last_seen, tables.sightings.c.id))
            found.update({seen.post: seen for seen in records_of(SightingRecord, rows) if seen.post is not None})
        return found


class SqlOutageStore:
    """Implements `ports.store.OutageStore`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def open(self, subject: str, start: datetime, owner: OutageOwner, reason: str) -> None:
        values = {"subject": subject, "start": start, "end": None, "owner": owner, "reason": reason}
        self._transaction.execute(self._transaction.insert_new(tables.outages), values)

    def close(self, subject: str, end: datetime) -> None:
        self.close_all({subject: end})

    def close_all(self, ends: Mapping[str, datetime]) -> None:
        self._transaction.run(_CLOSE, *ends.items())

    def assign(self, subject: str, owner: OutageOwner) -> None:
        self._transaction.execute(
            sql.update(tables.outages)
            .where(tables.outages.c.subject == subject, tables.outages.c.end.is_(None))
            .values(owner=owner)
        )

    def overlapping(self, start: datetime, end: datetime) -> list[OutageRecord]:
        query = sql.select(tables.outages).where(
            tables.outages.c.start < end, sql.or_(tables.outages.c.end.is_(None), tables.outages.c.end > start)
        )
        return records_of(
            OutageRecord, self._transaction.execute(query.order_by(tables.outages.c.start, tables.outages.c.id))
        )
