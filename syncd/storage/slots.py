"""Slots in the database."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from syncd.errors import StorageError
from syncd.ports.records import Slot, SlotState
from syncd.storage.tables import slots
from syncd.storage.transaction import Transaction, records_of


class SqlSlotStore:
    """Implements `ports.store.SlotStore`."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def ensure(self, slots_: Iterable[tuple[str, str, datetime]]) -> list[Slot]:
        rows = [
            {"job": job, "subject": subject, "due": due, "state": SlotState.DUE, "outcome": {}}
            for job, subject, due in slots_
        ]
        if not rows:
            return []
        statement = self._transaction.insert_new(slots).returning(*slots.c)
        return sorted(
            records_of(Slot, self._transaction.execute(statement, rows)), key=lambda slot: (slot.due, slot.id)
        )

    def last_due(self, job: str, subject: str, *, until: datetime | None = None) -> datetime | None:
        query = select(func.max(slots.c.due)).where(slots.c.job == job, slots.c.subject == subject)
        if until is not None:
            query = query.where(slots.c.due <= until)
        latest: datetime | None = self._transaction.execute(query).scalar_one()
        return latest

    def claim(self, slot: int, now: datetime) -> bool:
        statement = update(slots).where(slots.c.id == slot, slots.c.state == SlotState.DUE)
        claimed = self._transaction.execute(statement.values(state=SlotState.RUNNING, started_at=now))
        return claimed.rowcount == 1

    def finish(self, slot: int, now: datetime, state: SlotState, outcome: Mapping[str, Any]) -> None:
        statement = update(slots).where(slots.c.id == slot)
        finished = self._transaction.execute(statement.values(state=state, finished_at=now, outcome=dict(outcome)))
        if finished.rowcount != 1:
            raise StorageError(f"there is no slot {slot} to finish", subject=f"slot {slot}")

    def in_state(self, *states: SlotState) -> list[Slot]:
        query = select(slots).where(slots.c.state.in_(states)).order_by(slots.c.due, slots.c.id)
        return records_of(Slot, self._transaction.execute(query))

    def recover(self, now: datetime) -> int:
        statement = update(slots).where(slots.c.state == SlotState.RUNNING)
        return self._transaction.execute(statement.values(state=SlotState.DUE, started_at=None)).rowcount

    def recent(self, *, job: str | None = None, limit: int = 100) -> list[Slot]:
        query = select(slots).order_by(slots.c.due.desc(), slots.c.id.desc()).limit(limit)
        if job is not None:
            query = query.where(slots.c.job == job)
        return records_of(Slot, self._transaction.execute(query))
