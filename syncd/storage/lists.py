"""What sources' lists were like, what left them, and what posts said before their edits, in the database."""

from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter

from sqlalchemy import bindparam, delete, select

from syncd.domain.changes import ListedPost, Told
from syncd.domain.model import PostId, SourceId, UnitId
from syncd.ports.histories import ListRecord, VersionRecord
from syncd.ports.records import PostRecord
from syncd.storage.posts import WITHOUT_HTML
from syncd.storage.prepared import Prepared, PreparedAmong
from syncd.storage.sources import BEGINNING
from syncd.storage.tables import list_histories, listed, post_versions, posts, windows
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
    lambda _: select(*(list_histories.c[name] for name in _LIST)).where(list_histories.c.source == bindparam("source")),
    ["source"],
)
_PUT = Prepared(lambda dialect: insert_or_replace(dialect, list_histories, ("source",)), _LIST)
_STANDING = Prepared(
    lambda _: (
        select(posts.c.id, posts.c.instant, posts.c.precision)
        .join(listed, listed.c.post == posts.c.id)
        .where(listed.c.source == bindparam("source"))
    ),
    ["source"],
)
_MISSED = Prepared(
    lambda _: select(posts.c.id).where(posts.c.source == bindparam("source"), posts.c.gone_since.is_not(None)),
    ["source"],
)
_COVER = Prepared(lambda dialect: insert_or_advance(dialect, windows, "end"), ["source", "start", "unit", "end"])
_WHOLE = Prepared(
    lambda _: select(windows.c.unit, windows.c.end).where(
        windows.c.source == bindparam("of"), windows.c.start == bindparam("beginning")
    ),
    ["of", "beginning"],
)
_NOT_WHOLE = Prepared(
    lambda _: delete(windows).where(windows.c.source == bindparam("of"), windows.c.start == bindparam("beginning")),
    ["of", "beginning"],
)
_OTHERS = PreparedAmong(
    lambda texts: select(posts.c.text_sha256, posts.c.title, posts.c.url).where(
        posts.c.unit != bindparam("of"), posts.c.text_sha256.in_(texts)
    ),
    ["of"],
)

_VERSION = names_of(VersionRecord, without=())
_version_values = attrgetter(*_VERSION)
_ADD_VERSION = Prepared(lambda dialect: insert_new(dialect, post_versions), _VERSION)


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
        query = select(list_histories).where(list_histories.c.alarm.is_not(None))
        ordered = query.order_by(list_histories.c.alarm_since, list_histories.c.source)
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
        query = select(*WITHOUT_HTML).where(
            posts.c.gone_since.is_not(None), posts.c.gone_since <= until, posts.c.gone_at.is_(None)
        )
        return records_of(PostRecord, self._transaction.execute(query.order_by(posts.c.gone_since, posts.c.id)))

    def instants(self, since: datetime) -> dict[SourceId, list[datetime]]:
        query = select(posts.c.source, posts.c.instant).where(posts.c.instant >= since)
        found: dict[SourceId, list[datetime]] = {}
        for row in self._transaction.execute(query.order_by(posts.c.instant)):
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
            query = select(post_versions).where(post_versions.c.post.in_(chunk))
            ordered = query.order_by(post_versions.c.post, post_versions.c.version)
            for record in records_of(VersionRecord, self._transaction.execute(ordered)):
                found.setdefault(record.post, []).append(record)
        return found
