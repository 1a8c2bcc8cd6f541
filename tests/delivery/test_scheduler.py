"""The scheduler's own rules, without a process round it."""

import time
from datetime import timedelta
from pathlib import Path

from syncd.delivery.scheduler import Scheduler
from syncd.ports.records import SlotState
from syncd.testing.clock import FakeClock
from tests.application.collecting import open_office


def test_a_slot_left_over_for_what_is_configured_no_more_stands_as_a_gap(tmp_path: Path, clock: FakeClock) -> None:
    office = open_office(tmp_path, clock, {"ban-a": 1})
    left_over = [("collect", "ban-cu"), ("an-old-job", "office")]
    with office.db.write() as uow:
        uow.slots.ensure((job, subject, clock.now() - timedelta(hours=1)) for job, subject in left_over)
        uow.commit()
    scheduler = Scheduler(office.services, still_owner=lambda: True, on_failure=lambda: None)
    try:
        scheduler.wake()
        deadline = time.monotonic() + 20
        gaps: set[tuple[str, str]] = set()
        while not gaps >= set(left_over):
            assert time.monotonic() < deadline, f"only {gaps} so far"
            time.sleep(0.01)
            with office.db.read() as uow:
                gaps = {(slot.job, slot.subject) for slot in uow.slots.in_state(SlotState.GAP)}
    finally:
        scheduler.stop(wait_s=10)
        office.db.close()
