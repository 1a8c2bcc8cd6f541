"""A database that cannot be written for a while: the daemon lives on, and no slot is lost."""

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from syncd.delivery.scheduler import Scheduler
from syncd.ports.records import Slot, SlotState
from syncd.testing.clock import FakeClock
from tests.application.collecting import ExampleOffice, item, open_office


@pytest.fixture
def office(tmp_path: Path, clock: FakeClock) -> Iterator[ExampleOffice]:
    made = open_office(tmp_path, clock, {"ban-a": 1})
    made.site("ban-a/1").posts = [item(1, html="<p>" + "một tin dài " * 2000 + "</p>")]
    yield made
    made.db.close()


def limit_pages(office: ExampleOffice, more: int | None) -> None:
    """Let the database grow by so many pages and no further, as on a full disk; None: by as many as it likes."""
    with office.db.write() as uow:
        connection: Any = uow._transaction._connection
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {2**31 if more is None else pages + more}")


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def slots(office: ExampleOffice, state: SlotState) -> list[Slot]:
    with office.db.read() as uow:
        return uow.slots.in_state(state)


@pytest.mark.parametrize("more", [0, 1, 2, 4])
def test_a_full_disk_is_waited_out(office: ExampleOffice, more: int) -> None:
    failed = threading.Event()
    limit_pages(office, more)
    scheduler = Scheduler(office.services, still_owner=lambda: True, on_failure=failed.set)
    try:
        for _ in range(3):
            scheduler.wake()
            time.sleep(0.02)
        assert not failed.is_set()
        limit_pages(office, None)

        def settled() -> bool:
            scheduler.wake()
            return bool(slots(office, SlotState.DONE)) and not slots(
                office,
                SlotState.DUE,
            )

        until(settled)
        until(lambda: not (scheduler.wake() or slots(office, SlotState.RUNNING)))
        assert not failed.is_set()
        assert len(office.posts()) == 1 or slots(office, SlotState.FAILED)
    finally:
        scheduler.stop(wait_s=10)
