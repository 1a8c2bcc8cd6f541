"""Pushes in the database."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import func, or_, select, union_all, update

from syncd.domain.model import PostId, UnitId
from syncd.errors import StorageError
from syncd.ports.records import PushRecord, PushState
from syncd.storage.tables import posts, pushes
from syncd.storage.transaction import Transaction, chunks, record_of, records_of, values_of

_TO_BE_SENT = (PushState.QUEUED, PushState.UNKNOWN, PushState.INTENT)


class SqlPushStore:
    """Implements `ports.store.PushStore`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, pushes_: Sequence[PushRecord]) -> None:
        if pushes_:
            self._transaction.execute(self._transaction.insert_new(pushes), [values_of(push) for push in pushes_])

    def get(self, portal: str, post: PostId) -> PushRecord | None:
        query = select(pushes).where(pushes.c.portal == portal, pushes.c.post == post)
        return record_of(PushRecord, self._transaction.execute(query).one_or_none())

    def for_posts(self, posts_: Iterable[PostId]) -> dict[PostId, PushRecord]:
        found: dict[PostId, PushRecord] = {}
        for chunk in chunks(posts_):
            query = select(pushes).where(pushes.c.post.in_(chunk)).order_by(pushes.c.id)
            found.update({push.post: push for push in records_of(PushRecord, self._transaction.execute(query))})
        return found

    def due(self, portal: str, now: datetime, *, unit: UnitId | None = None, limit: int = 100) -> list[PushRecord]:
        waiting = select(pushes.c.id).where(pushes.c.state.in_(_TO_BE_SENT))
        edited = (
            select(pushes.c.id)
            .join(posts, posts.c.id == pushes.c.post)
            .where(
                pushes.c.state == PushState.DELIVERED,
                posts.c.version > 1,  # says no more than the next line, but lets the small index of edited posts serve
                posts.c.version > func.coalesce(pushes.c.delivered_version, 1),
            )
        )
        query = select(pushes).where(
            pushes.c.id.in_(union_all(waiting, edited)),
            pushes.c.portal == portal,
            or_(pushes.c.not_before.is_(None), pushes.c.not_before <= now),
        )
        if unit is not None:
            query = query.where(pushes.c.unit == unit)
        query = query.order_by(pushes.c.queued_at, pushes.c.id).limit(limit)
        return records_of(PushRecord, self._transaction.execute(query))

    def update(self, push: PushRecord) -> None:
        statement = update(pushes).where(pushes.c.portal == push.portal, pushes.c.post == push.post)
        if self._transaction.execute(statement, values_of(push)).rowcount != 1:
            raise StorageError(f"there is no push of post {push.post} to {push.portal} to update", subject=push.key)

    def in_state(self, *states: PushState) -> list[PushRecord]:
        query = select(pushes).where(pushes.c.state.in_(states)).order_by(pushes.c.queued_at, pushes.c.id)
        return records_of(PushRecord, self._transaction.execute(query))

    def counts(self) -> dict[tuple[UnitId, PushState], int]:
        query = select(pushes.c.unit, pushes.c.state, func.count().label("number"))
        rows = self._transaction.execute(query.group_by(pushes.c.unit, pushes.c.state))
        return {(UnitId(row.unit), row.state): row.number for row in rows}
