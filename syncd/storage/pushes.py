"""Pushes in the database."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from syncd.domain.model import PostId, UnitId
from syncd.domain.retry import LONGEST_WAIT
from syncd.errors import StorageError
from syncd.ports.records import PushRecord, PushState
from syncd.storage.library import sql, tables
from syncd.storage.prepared import Prepared
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
    from sqlalchemy import ColumnElement

_PUSH = names_of(PushRecord)
_push_values = attrgetter(*_PUSH)
_ADD = Prepared(lambda dialect: insert_new(dialect, tables.pushes), _PUSH, name="pushes.add")
_TO_BE_SENT = (PushState.QUEUED, PushState.UNKNOWN, PushState.INTENT)
_NOT_DELIVERED = tuple(state for state in PushState if state is not PushState.DELIVERED)


class SqlPushStore:
    """Implements `ports.store.PushStore`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, pushes_: Sequence[PushRecord]) -> None:
        if pushes_:
            self._transaction.run(_ADD, *map(_push_values, pushes_))

    def get(self, portal: str, post: PostId) -> PushRecord | None:
        query = sql.select(tables.pushes).where(tables.pushes.c.portal == portal, tables.pushes.c.post == post)
        return record_of(PushRecord, self._transaction.execute(query).one_or_none())

    def for_posts(self, posts_: Iterable[PostId]) -> dict[PostId, PushRecord]:
        found: dict[PostId, PushRecord] = {}
        for chunk in chunks(posts_):
            query = sql.select(tables.pushes).where(tables.pushes.c.post.in_(chunk)).order_by(tables.pushes.c.id)
            found.update({push.post: push for push in records_of(PushRecord, self._transaction.execute(query))})
        return found

    def due(self, portal: str, now: datetime, *, unit: UnitId | None = None, limit: int = 100) -> list[PushRecord]:
        waited = sql.or_(
            tables.pushes.c.not_before.is_(None),
            tables.pushes.c.not_before <= now,
            tables.pushes.c.not_before > now + LONGEST_WAIT,
        )
        mine = [tables.pushes.c.portal == portal, waited]
        if unit is not None:
            mine.append(tables.pushes.c.unit == unit)
        waiting = sql.select(tables.pushes).where(tables.pushes.c.state.in_(_TO_BE_SENT), *mine)
        behind = sql.select(tables.pushes).where(*_behind(), *mine)
        query = sql.union_all(waiting, behind).order_by("queued_at", "id").limit(limit)
        return records_of(PushRecord, self._transaction.execute(query))

    def update(self, push: PushRecord) -> None:
        statement = sql.update(tables.pushes).where(
            tables.pushes.c.portal == push.portal, tables.pushes.c.post == push.post
        )
        if self._transaction.execute(statement, values_of(push)).rowcount != 1:
            raise StorageError(f"there is no push of post {push.post} to {push.portal} to update", subject=push.key)

    def in_state(self, *states: PushState) -> list[PushRecord]:
        query = (
            sql.select(tables.pushes)
            .where(tables.pushes.c.state.in_(states))
            .order_by(tables.pushes.c.queued_at, tables.pushes.c.id)
        )
        return records_of(PushRecord, self._transaction.execute(query))

    def to_withdraw(self, portal: str, *, gone: bool) -> list[PushRecord]:
        marked = [tables.posts.c.quarantine.is_not(None)]
        left = [sql.and_(tables.posts.c.gone_since.is_not(None), tables.posts.c.gone_at.is_not(None))] if gone else []
        query = (
            sql.select(tables.pushes)
            .where(
                tables.pushes.c.post.in_(sql.select(tables.posts.c.id).where(sql.or_(*marked, *left))),
                tables.pushes.c.portal == portal,
                tables.pushes.c.accepted_at.is_not(None),
                tables.pushes.c.portal_id.is_not(None),
                tables.pushes.c.withdrawn_at.is_(None),
            )
            .order_by(tables.pushes.c.id)
        )
        return records_of(PushRecord, self._transaction.execute(query))

    def left(self, portal: str) -> list[PushRecord]:
        waiting = sql.text("error_kind = 'left'")  # said as the index says it: a parameter hides it from SQLite
        query = sql.select(tables.pushes).where(waiting, tables.pushes.c.portal == portal).order_by(tables.pushes.c.id)
        return records_of(PushRecord, self._transaction.execute(query))

    def edits_in_trouble(self, portal: str) -> list[PushRecord]:
        query = _delivered(portal).where(tables.pushes.c.error.is_not(None)).order_by(tables.pushes.c.id)
        return records_of(PushRecord, self._transaction.execute(query))

    def delivered_since(self, portal: str, since: datetime) -> list[PushRecord]:
        sent = sql.or_(tables.pushes.c.accepted_at >= since, tables.pushes.c.attempted_at >= since)
        query = _delivered(portal).where(sent)
        query = query.order_by(tables.pushes.c.accepted_at, tables.pushes.c.id)
        return records_of(PushRecord, self._transaction.execute(query))

    def newest_delivered(self, portal: str, *, before: datetime, limit: int) -> list[PushRecord]:
        query = _delivered(portal).where(tables.pushes.c.accepted_at < before)
        # by the primary key, walked from its end: by the instant all that were ever delivered would be sorted
        query = query.order_by(tables.pushes.c.id.desc()).limit(limit)
        return records_of(PushRecord, self._transaction.execute(query))

    def counts(self) -> dict[tuple[UnitId, PushState], int]:
        query = sql.select(tables.pushes.c.unit, tables.pushes.c.state, sql.func.count().label("number"))
        rows = self._transaction.execute(query.group_by(tables.pushes.c.unit, tables.pushes.c.state))
        return {(UnitId(row.unit), row.state): row.number for row in rows}

    def edits_waiting(self) -> dict[UnitId, int]:
        query = (
            sql.select(tables.pushes.c.unit, sql.func.count().label("number"))
            .where(*_behind())
            .group_by(tables.pushes.c.unit)
        )
        return {UnitId(row.unit): row.number for row in self._transaction.execute(query)}


def _delivered(portal: str) -> Any:
    # with `=` SQLite takes the index by state, of nearly all pushes
    return sql.select(tables.pushes).where(
        tables.pushes.c.portal == portal, tables.pushes.c.state.not_in(_NOT_DELIVERED)
    )


def _behind() -> "tuple[ColumnElement[bool], ...]":
    """Delivered, and edited since. From the few edited posts to their pushes: the other way round walks over every post ever delivered."""
    posts, pushes = tables.posts, tables.pushes
    # Written into the statement: with a parameter SQLite cannot know that the index of edited posts covers it.
    edited = posts.c.version > sql.bindparam(None, 1, literal_execute=True)
    return (
        pushes.c.post.in_(sql.select(posts.c.id).where(edited)),
        pushes.c.state.not_in(_NOT_DELIVERED),  # with `=` SQLite takes the index by state, of nearly all pushes
        sql.select(posts.c.version).where(posts.c.id == pushes.c.post).scalar_subquery()
        > sql.func.coalesce(pushes.c.delivered_version, 1),
    )
