"""What sources' lists were like, what left them, and what posts said before their edits, in the database."""

from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter

from syncd.domain.changes import ListedPost, Told
from syncd.domain.model import PostId, SourceId, UnitId
from syncd.ports.histories import ListRecord, VersionRecord
from syncd.ports.records import PostRecord
from syncd.storage.library import sql, tables
from syncd.storage.posts import POST, without_html
from syncd.storage.prepared import Prepared, PreparedAmong
from syncd.storage.sources import BEGINNING
from syncd.storage.transaction import (
    Transaction,
    chunks,
    insert_new,
    insert_or_advance,
    insert_or_replace,
    names_of,
    records_of,
)

_LIST = names_of(ListRecord, without=())
_list_values = attrgetter(*_LIST)
_GET = Prepared(
    lambda _: sql.select(*(tables.list_histories.c[name] for name in _LIST)).where(
        tables.list_histories.c.source == sql.bindparam("source")
    ),
    ["source"],
    name="lists.get",
)
_PUT = Prepared(lambda dialect: insert_or_replace(dialect, tables.list_histories, ("source",)), _LIST, name="lists.put")
_STANDING = Prepared(
    lambda _: (
        sql.select(tables.posts.c.id, tables.posts.c.instant, tables.posts.c.precision)
        .join(tables.listed, tables.listed.c.post == tables.posts.c.id)
        .where(tables.listed.c.source == sql.bindparam("source"))
    ),
    ["source"],
    name="lists.standing",
)
_MISSED = Prepared(
    lambda _: sql.select(tables.posts.c.id).where(
        tables.posts.c.source == sql.bindparam("source"), tables.posts.c.gone_since.is_not(None)
    ),
    ["source"],
    name="lists.missed",
)
_MISSED_UNTIL = Prepared(
    lambda _: (
        without_html(POST)
        .where(
            tables.posts.c.gone_since.is_not(None),
            tables.posts.c.gone_since <= sql.bindparam("until"),
            tables.posts.c.gone_at.is_(None),
        )
        .order_by(tables.posts.c.gone_since, tables.posts.c.id)
    ),
    ["until"],
    name="lists.missed_until",
)
_COVER = Prepared(
    lambda dialect: insert_or_advance(dialect, tables.windows, "end"),
    ["source", "start", "unit", "end"],
    name="lists.cover",
)
_WHOLE = Prepared(
    lambda _: sql.select(tables.windows.c.unit, tables.windows.c.end).where(
        tables.windows.c.source == sql.bindparam("of"), tables.windows.c.start == sql.bindparam("beginning")
    ),
    ["of", "beginning"],
    name="lists.whole",
)
_NOT_WHOLE = Prepared(
    lambda _: sql.delete(tables.windows).where(
        tables.windows.c.source == sql.bindparam("of"), tables.windows.c.start == sql.bindparam("beginning")
    ),
    ["of", "beginning"],
    name="lists.not_whole",
)
_OTHERS = PreparedAmong(
    lambda texts: sql.select(tables.posts.c.text_sha256, tables.posts.c.title, tables.posts.c.url).where(
        tables.posts.c.unit != sql.bindparam("of"), tables.posts.c.text_sha256.in_(texts)
    ),
    ["of"],
    name="lists.others",
)

_VERSION = names_of(VersionRecord, without=())
_version_values = attrgetter(*_VERSION)
_ADD_VERSION = Prepared(lambda dialect: insert_new(dialect, tables.post_versions), _VERSION, name="lists.add_version")


class SqlListStore:
    """Implements `ports.store.ListStore`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def get(self, source: SourceId) -> ListRecord | None:
        rows = self._transaction.rows(_GET, (source,))
        return ListRecord(**dict(zip(_LIST, rows[0], strict=True))) if rows else None

    def put(self, record: ListRecord) -> None:
        self._transaction.run(_PUT, _list_values(record))

    def standing(self, source: SourceId) -> list[ListedPost]:
        rows = self._transaction.rows(_STANDING, (source,))
        return [
            ListedPost(post=PostId(post), instant=instant, precision=precision) for post, instant, precision in rows
        ]

    def texts_of_others(self, unit: UnitId, text_sha256: Iterable[str]) -> list[Told]:
        found: list[Told] = []
        for chunk in chunks(set(text_sha256)):
            statement, texts = _OTHERS.among(chunk)
            rows = self._transaction.rows(statement, (unit, *texts))
            found += [Told(text_sha256=text, title=title, url=url) for text, title, url in rows]
        return found

    def alarmed(self) -> list[ListRecord]:
        query = sql.select(tables.list_histories).where(tables.list_histories.c.alarm.is_not(None))
        ordered = query.order_by(tables.list_histories.c.alarm_since, tables.list_histories.c.source)
        return records_of(ListRecord, self._transaction.execute(ordered))

    def cover(self, source: SourceId, unit: UnitId, start: datetime, end: datetime) -> None:
        self._transaction.run(_COVER, (source, start, unit, end))

    def begins_at(self, source: SourceId, start: datetime) -> None:
        rows = self._transaction.rows(_WHOLE, (source, BEGINNING))
        for unit, end in rows:
            self._transaction.run(_NOT_WHOLE, (source, BEGINNING))
            if start < end:
                self.cover(source, UnitId(unit), start, end)

    def missed(self, source: SourceId) -> set[PostId]:
        return {PostId(post) for (post,) in self._transaction.rows(_MISSED, (source,))}

    def missed_until(self, until: datetime) -> list[PostRecord]:
        rows = self._transaction.rows(_MISSED_UNTIL, (until,))
        return [PostRecord(**dict(zip(POST, row, strict=True))) for row in rows]

    def instants(self, since: datetime) -> dict[SourceId, list[datetime]]:
        query = sql.select(tables.posts.c.source, tables.posts.c.instant).where(tables.posts.c.instant >= since)
        found: dict[SourceId, list[datetime]] = {}
        for row in self._transaction.execute(query.order_by(tables.posts.c.instant)):
            found.setdefault(row.source, []).append(row.instant)
        return found


class SqlVersionStore:
    """Implements `ports.store.VersionStore`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, version: VersionRecord) -> None:
        self._transaction.run(_ADD_VERSION, _version_values(version))

    def of(self, posts_: Iterable[PostId]) -> dict[PostId, list[VersionRecord]]:
        found: dict[PostId, list[VersionRecord]] = {}
        for chunk in chunks(posts_):
            query = sql.select(tables.post_versions).where(tables.post_versions.c.post.in_(chunk))
            ordered = query.order_by(tables.post_versions.c.post, tables.post_versions.c.version)
            for record in records_of(VersionRecord, self._transaction.execute(ordered)):
                found.setdefault(record.post, []).append(record)
        return found
