"""Wakes, plans and runs slots. APScheduler only wakes; what is due and what was done stand in the slot table."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from syncd.application.jobs import BY_NAME, Lane, Planner
from syncd.application.services import Services
from syncd.errors import AlreadyRunning, StorageError, SyncdError
from syncd.ports.records import Slot, SlotState

log = structlog.get_logger(__name__)

T = TypeVar("T")

WAKE_EVERY_S = 2


class Scheduler:
    """Runs every due slot once, on the lane of its job, one run per (job, subject) at a time.

    `sources` has `services.workers` threads; `portal` and `office` have one each, so the portal has one writer.
    """

    def __init__(self, services: Services, *, still_owner: Callable[[], bool], on_failure: Callable[[], None]) -> None:
        self._services = services
        self._still_owner = still_owner
        self._planner = Planner(services)
        self._waiting: list[Slot] = []
        self._running: dict[tuple[str, str], Future[None]] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._on_failure = on_failure
        self._lanes: dict[Lane, ThreadPoolExecutor] = {
            "sources": ThreadPoolExecutor(services.workers, thread_name_prefix="sources"),
            "portal": ThreadPoolExecutor(1, thread_name_prefix="portal"),
            "office": ThreadPoolExecutor(1, thread_name_prefix="office"),
        }
        # misfire_grace_time None: the default drops a wake-up that is one second late
        self._alarm = BackgroundScheduler(timezone="UTC")
        self._alarm.add_job(
            self.wake, "interval", seconds=WAKE_EVERY_S, misfire_grace_time=None, coalesce=True, max_instances=1
        )

    def start(self) -> None:
        self.wake()
        self._alarm.start()

    def wake(self) -> None:
        """Plan what has become due and hand it to the lanes. A failure here ends the daemon: it could not keep its promises."""
        try:
            with self._lock:
                if self._stopping.is_set():
                    return
                if not self._still_owner():
                    raise AlreadyRunning(
                        "the lock on the data is lost", hint="the database server was restarted: start again"
                    )
                self._waiting += self._planner.plan(self._services.clock.now())
                self._dispatch()
        except Exception:
            log.exception("planning failed; stopping")
            self._on_failure()

    def run(self, lane: Lane, work: Callable[[], T]) -> T:
        """Run something else on a lane, after what runs there now, and wait for it."""
        try:
            future = self._lanes[lane].submit(work)
        except RuntimeError as error:
            raise StorageError("the daemon is stopping", hint="try again when it has stopped or started") from error
        return future.result()

    def stop(self, *, wait_s: float) -> bool:
        """Start nothing more and wait for what runs; False when something is still running after `wait_s`."""
        self._stopping.set()
        if self._alarm.running:
            self._alarm.shutdown(wait=False)
        with self._lock:
            running = list(self._running.values())
        for lane in self._lanes.values():
            lane.shutdown(wait=False, cancel_futures=True)
        # the system clock may step: waiting is counted on the one that does not
        deadline = self._services.clock.monotonic() + wait_s
        for future in running:
            left = max(0.0, deadline - self._services.clock.monotonic())
            if not future.cancelled():
                try:
                    future.result(timeout=left)
                except TimeoutError:
                    return False
        return True

    def _dispatch(self) -> None:
        waiting, self._waiting = self._waiting, []
        for slot in waiting:
            subject = (slot.job, slot.subject)
            if subject in self._running:
                self._waiting.append(slot)
                continue
            job = BY_NAME.get(slot.job)
            lane: Lane = job.lane if job else "office"
            future = self._lanes[lane].submit(self._perform, slot)
            self._running[subject] = future
            future.add_done_callback(lambda _, subject=subject: self._finished(subject))  # type: ignore[misc]  # mypy cannot infer the default

    def _finished(self, subject: tuple[str, str]) -> None:
        self._running.pop(subject, None)

    def _perform(self, slot: Slot) -> None:
        perform(self._services, slot)


def perform(services: Services, slot: Slot) -> None:
    """Claim a slot, run its job, record the outcome. The one place where a job's unexpected failure is caught: logged, recorded, and the daemon runs on."""
    now = services.clock.now
    with services.db.write() as uow:
        claimed = uow.slots.claim(slot.id, now())
        uow.commit()
    if not claimed:
        return
    job = BY_NAME.get(slot.job)
    state = SlotState.DONE
    outcome: dict[str, Any] = {}
    if job is None or slot.subject not in set(job.subjects(services)):
        state, outcome = SlotState.GAP, {"reason": "no longer configured"}
    else:
        try:
            outcome = dict(job.run(services, slot))
            log.info("slot done", job=slot.job, subject=slot.subject, due=slot.due.isoformat(), outcome=outcome)
        except SyncdError as error:
            state, outcome = SlotState.FAILED, {"error": str(error), "hint": error.hint}
            log.warning("slot failed", job=slot.job, subject=slot.subject, error=str(error), hint=error.hint)
        except Exception as error:
            state, outcome = SlotState.FAILED, {"error": f"{type(error).__name__}: {error}"}
            log.exception("slot failed unexpectedly", job=slot.job, subject=slot.subject)
    with services.db.write() as uow:
        uow.slots.finish(slot.id, now(), state, outcome)
        uow.commit()
