"""Pushes in the database."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter

from sqlalchemy import and_, bindparam, func, or_, select, union_all, update

from syncd.domain.model import PostId, UnitId
from syncd.domain.retry import LONGEST_WAIT
from syncd.errors import StorageError
from syncd.ports.records import PushRecord, PushState
from syncd.storage.prepared import Prepared
from syncd.storage.tables import posts, pushes
from syncd.storage.transaction import (
    Transaction,
    chunks,
    insert_new,
    names_of,
    record_of,
    records_of,
    values_of,
)

# Written into the statement: with a parameter SQLite cannot know that the index of edited posts covers it.
_EDITED = posts.c.version > bindparam(None, 1, literal_execute=True)
_PUSH = names_of(PushRecord)
_push_values = attrgetter(*_PUSH)
_ADD = Prepared(lambda dialect: insert_new(dialect, pushes), _PUSH)
_TO_BE_SENT = (PushState.QUEUED, PushState.UNKNOWN, PushState.INTENT)
_NOT_DELIVERED = tuple(state for state in PushState if state is not PushState.DELIVERED)
# From the few edited posts to their pushes: the other way round walks over every post ever delivered.
_BEHIND = (
    pushes.c.post.in_(select(posts.c.id).where(_EDITED)),
    pushes.c.state.not_in(_NOT_DELIVERED),  # with `=` SQLite takes the index by state, of nearly all pushes
    select(posts.c.version).where(posts.c.id == pushes.c.post).scalar_subquery()
    > func.coalesce(pushes.c.delivered_version, 1),
)


class SqlPushStore:
    """Implements `ports.store.PushStore`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, pushes_: Sequence[PushRecord]) -> None:
        if pushes_:
            self._transaction.run(_ADD, *map(_push_values, pushes_))

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
        waited = or_(
            pushes.c.not_before.is_(None), pushes.c.not_before <= now, pushes.c.not_before > now + LONGEST_WAIT
        )
        mine = [pushes.c.portal == portal, waited]
        if unit is not None:
            mine.append(pushes.c.unit == unit)
        waiting = select(pushes).where(pushes.c.state.in_(_TO_BE_SENT), *mine)
        behind = select(pushes).where(*_BEHIND, *mine)
        query = union_all(waiting, behind).order_by("queued_at", "id").limit(limit)
        return records_of(PushRecord, self._transaction.execute(query))

    def update(self, push: PushRecord) -> None:
        statement = update(pushes).where(pushes.c.portal == push.portal, pushes.c.post == push.post)
        if self._transaction.execute(statement, values_of(push)).rowcount != 1:
            raise StorageError(f"there is no push of post {push.post} to {push.portal} to update", subject=push.key)

    def in_state(self, *states: PushState) -> list[PushRecord]:
        query = select(pushes).where(pushes.c.state.in_(states)).order_by(pushes.c.queued_at, pushes.c.id)
        return records_of(PushRecord, self._transaction.execute(query))

    def to_withdraw(self, portal: str, *, gone: bool) -> list[PushRecord]:
        marked = [posts.c.quarantine.is_not(None)]
        left = [and_(posts.c.gone_since.is_not(None), posts.c.gone_at.is_not(None))] if gone else []
        query = (
            select(pushes)
            .where(
                pushes.c.post.in_(select(posts.c.id).where(or_(*marked, *left))),
                pushes.c.portal == portal,
                pushes.c.accepted_at.is_not(None),
                pushes.c.portal_id.is_not(None),
                pushes.c.withdrawn_at.is_(None),
            )
            .order_by(pushes.c.id)
        )
        return records_of(PushRecord, self._transaction.execute(query))

    def counts(self) -> dict[tuple[UnitId, PushState], int]:
        query = select(pushes.c.unit, pushes.c.state, func.count().label("number"))
        rows = self._transaction.execute(query.group_by(pushes.c.unit, pushes.c.state))
        return {(UnitId(row.unit), row.state): row.number for row in rows}

    def edits_waiting(self) -> dict[UnitId, int]:
        query = select(pushes.c.unit, func.count().label("number")).where(*_BEHIND).group_by(pushes.c.unit)
        return {UnitId(row.unit): row.number for row in self._transaction.execute(query)}
