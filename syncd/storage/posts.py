"""Posts and their aliases in the database."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from syncd.domain.model import PostId, Precision, SourceKey, UnitId, local_month
from syncd.errors import StorageError
from syncd.ports.histories import Filed
from syncd.ports.records import Alias, PostRecord, StoryRecord
from syncd.storage.library import sql, tables
from syncd.storage.prepared import Prepared, PreparedAmong
from syncd.storage.transaction import (
    Transaction,
    chunks,
    insert_new,
    names_of,
    record_of,
    records_of,
    values_of,
)

if TYPE_CHECKING:
    from sqlalchemy import Select

_DIGEST_BYTES = 16
POST = names_of(PostRecord, without=())
_NEW_POST = names_of(PostRecord)
_post_values = attrgetter(*_NEW_POST)
_ADD = Prepared(lambda _: sql.insert(tables.posts), (*_NEW_POST, "id", "instant", "month"), name="posts.add")
_ADD_ALIAS = Prepared(
    lambda dialect: insert_new(dialect, tables.post_aliases), ["unit", "digest", "kind", "post"], name="posts.add_alias"
)
_FIND = PreparedAmong(
    lambda digests: sql.select(tables.post_aliases.c.digest, tables.post_aliases.c.post).where(
        tables.post_aliases.c.unit == sql.bindparam("of"), tables.post_aliases.c.digest.in_(digests)
    ),
    ["of"],
    name="posts.find",
)
_STORY = names_of(StoryRecord, without=())
_FIRST_WITH_TEXT = PreparedAmong(
    lambda texts: sql.select(*(tables.posts.c[name] for name in _STORY)).where(
        tables.posts.c.text_sha256.in_(texts), tables.posts.c.duplicate_of.is_(None)
    ),
    name="posts.first_with_text",
)
_REPEAT = Prepared(
    lambda _: (
        sql.update(tables.posts)
        .where(tables.posts.c.id == sql.bindparam("of"))
        .values(duplicate_of=sql.bindparam("first"))
    ),
    ["of", "first"],
    name="posts.repeat",
)
_REPEAT_WITH = Prepared(
    lambda _: (
        sql.update(tables.posts)
        .where(tables.posts.c.duplicate_of == sql.bindparam("of"))
        .values(duplicate_of=sql.bindparam("first"))
    ),
    ["of", "first"],
    name="posts.repeat_with",
)
_MANY = PreparedAmong(
    lambda ids: sql.select(*(tables.posts.c[name] for name in POST)).where(tables.posts.c.id.in_(ids)),
    name="posts.many",
)
_UNCHANGED_BY_UPDATE = ("id", "unit", "key", "first_seen", "published_at")


@lru_cache(maxsize=4_000)  # asked before, within and at the end of one look
def alias_digest(alias: Alias) -> bytes:
    """What an alias is looked up by."""
    return hashlib.sha256(f"{alias.kind}\n{alias.value}".encode("utf-8", "surrogatepass")).digest()[:_DIGEST_BYTES]


class SqlPostStore:
    """Implements `ports.store.PostStore`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def find(self, unit: UnitId, aliases: Iterable[Alias]) -> dict[Alias, PostId]:
        wanted = {alias_digest(alias): alias for alias in aliases}
        found: dict[Alias, PostId] = {}
        for chunk in chunks(wanted):
            statement, digests = _FIND.among(chunk)
            rows = self._transaction.rows(statement, (unit, *digests))
            found.update({wanted[digest]: PostId(post) for digest, post in rows})
        return found

    def add(self, posts_: Sequence[tuple[PostRecord, Sequence[Alias]]]) -> list[PostId]:
        if not posts_:
            return []
        last = self._transaction.rows(_LAST_NEW_ID, (len(posts_),))[0][0]
        ids = [PostId(last - left) for left in reversed(range(len(posts_)))]
        rows = [_new_row(post, new_id) for (post, _), new_id in zip(posts_, ids, strict=True)]
        self._transaction.run(_ADD, *rows)
        self._insert_aliases(
            [
                _alias_row(post.unit, new_id, alias)
                for (post, aliases), new_id in zip(posts_, ids, strict=True)
                for alias in aliases
            ]
        )
        return ids

    def add_aliases(self, unit: UnitId, post: PostId, aliases: Iterable[Alias], *, most: int | None = None) -> None:
        wanted = list(aliases)
        if most is not None:
            counted = sql.select(tables.post_aliases.c.kind, sql.func.count().label("number")).where(
                tables.post_aliases.c.post == post
            )
            rows = self._transaction.execute(counted.group_by(tables.post_aliases.c.kind))
            room = {row.kind: most - row.number for row in rows}
            kept = []
            for alias in wanted:
                room[alias.kind] = room.get(alias.kind, most) - 1
                if room[alias.kind] >= 0:
                    kept.append(alias)
            wanted = kept
        self._insert_aliases([_alias_row(unit, post, alias) for alias in wanted])

    def _insert_aliases(self, rows: list[tuple[Any, ...]]) -> None:
        if rows:
            self._transaction.run(_ADD_ALIAS, *rows)

    def get(self, post: PostId) -> PostRecord | None:
        return self.many([post]).get(post)

    def many(self, posts_: Iterable[PostId]) -> dict[PostId, PostRecord]:
        found: dict[PostId, PostRecord] = {}
        for chunk in chunks(posts_):
            statement, ids = _MANY.among(chunk)
            for row in self._transaction.rows(statement, ids):
                record = PostRecord(**dict(zip(POST, row, strict=True)))
                if record.id is not None:
                    found[record.id] = record
        return found

    def by_key(self, key: SourceKey) -> PostRecord | None:
        return record_of(
            PostRecord,
            self._transaction.execute(sql.select(tables.posts).where(tables.posts.c.key == key)).one_or_none(),
        )

    def update(self, post: PostRecord) -> None:
        values = values_of(post, without=_UNCHANGED_BY_UPDATE)
        if post.published_at is not None:
            # Only where none was recorded, or one in doubt: a later date of the page never moves a sure one.
            dated = {
                "published_at": post.published_at,
                "instant": post.published_at,
                "month": local_month(post.published_at),
            }
            unsure = sql.or_(tables.posts.c.published_at.is_(None), tables.posts.c.date_doubt.is_not(None))
            first = sql.update(tables.posts).where(tables.posts.c.id == post.id, unsure).values(dated)
            self._transaction.execute(first)
        statement = sql.update(tables.posts).where(tables.posts.c.id == post.id).values(values)
        if self._transaction.execute(statement).rowcount != 1:
            raise StorageError(f"there is no post {post.id} to update", subject=post.key)

    def with_text(self, text_sha256: Iterable[str]) -> list[PostRecord]:
        found: list[PostRecord] = []
        for chunk in chunks(set(text_sha256)):
            query = sql.select(tables.posts).where(tables.posts.c.text_sha256.in_(chunk))
            found += records_of(
                PostRecord, self._transaction.execute(query.order_by(tables.posts.c.instant, tables.posts.c.id))
            )
        return found

    def first_with_text(self, text_sha256: Iterable[str]) -> list[StoryRecord]:
        found: list[StoryRecord] = []
        for chunk in chunks(set(text_sha256)):
            statement, texts = _FIRST_WITH_TEXT.among(chunk)
            found += [
                StoryRecord(**dict(zip(_STORY, row, strict=True))) for row in self._transaction.rows(statement, texts)
            ]
        return found

    def mark_repeated(self, originals: Mapping[PostId, PostId]) -> None:
        pairs = [(post, first) for post, first in originals.items()]
        self._transaction.run(_REPEAT, *pairs)
        self._transaction.run(_REPEAT_WITH, *pairs)

    def filed_since(self, start: datetime, *, titles: bool = False) -> list[Filed]:
        posts = tables.posts
        by = [posts.c.unit, posts.c.categories, *([posts.c.title] if titles else [])]
        shown: list[Any] = [] if titles else [sql.literal_column("''").label("title")]
        counted = [sql.func.count().label("posts"), sql.func.max(posts.c.id).label("newest")]
        query = sql.select(*by, *shown, *counted).where(posts.c.instant >= start, posts.c.quarantine.is_(None))
        return records_of(Filed, self._transaction.execute(query.group_by(*by)))

    def in_doubt(self, *, unit: UnitId | None = None) -> list[PostRecord]:
        doubted = sql.or_(
            tables.posts.c.date_doubt.is_not(None),
            tables.posts.c.published_at.is_(None),
            tables.posts.c.precision == Precision.MONTH.value,
        )
        query = without_html().where(tables.posts.c.decision.is_(None), doubted)
        if unit is not None:
            query = query.where(tables.posts.c.unit == unit)
        return records_of(
            PostRecord, self._transaction.execute(query.order_by(tables.posts.c.instant, tables.posts.c.id))
        )

    def in_window(self, start: datetime, end: datetime, *, unit: UnitId | None = None) -> list[PostRecord]:
        query = without_html().where(tables.posts.c.instant >= start, tables.posts.c.instant < end)
        if unit is not None:
            query = query.where(tables.posts.c.unit == unit)
        return records_of(
            PostRecord, self._transaction.execute(query.order_by(tables.posts.c.instant, tables.posts.c.id))
        )


def without_html(names: Sequence[str] | None = None) -> "Select[Any]":
    """Those columns of posts, else all, their text empty."""
    columns = tables.posts.c if names is None else [tables.posts.c[name] for name in names]
    return sql.select(
        *(sql.literal_column("''").label("html") if column.name == "html" else column for column in columns)
    )


def _last_new_id(dialect: str) -> "Select[Any]":
    """The last of so many new ids in a row: there is one writer at a time."""
    count = sql.bindparam("count", type_=sql.Integer)
    if dialect == "sqlite":
        return sql.select(sql.func.coalesce(sql.func.max(tables.posts.c.id), sql.literal_column("0")) + count)
    taken = sql.select(sql.func.nextval(sql.literal_column("pg_get_serial_sequence('posts', 'id')")).label("id"))
    return sql.select(
        sql.func.max(taken.select_from(sql.func.generate_series(sql.literal_column("1"), count)).subquery().c.id)
    )


_LAST_NEW_ID = Prepared(_last_new_id, ["count"], name="posts.last_new_id")


def _new_row(post: PostRecord, new_id: PostId) -> tuple[Any, ...]:
    instant = post.published_at or post.first_seen
    return (*_post_values(post), new_id, instant, local_month(instant))


def _alias_row(unit: UnitId, post: PostId, alias: Alias) -> tuple[Any, ...]:
    return (unit, alias_digest(alias), alias.kind, post)
