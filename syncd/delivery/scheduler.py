"""Wakes, plans and runs slots. APScheduler only wakes; what is due and what was done stand in the slot table."""

import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

import structlog
from apscheduler.schedulers.background import BackgroundScheduler

from syncd.application.jobs import BY_NAME, JOBS, Lane, Planner
from syncd.application.services import Services
from syncd.errors import LeaseLost, StorageError, SyncdError
from syncd.interpreter import share_one_processor
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
        # once, not for each slot: to list 5,000 units costs a quarter of a look
        self._subjects = {job.name: frozenset(job.subjects(services)) for job in JOBS}
        self._waiting: list[Slot] = []
        self._unclaimed: deque[Slot] = deque()
        self._unrecorded: deque[tuple[Slot, SlotState, Mapping[str, Any]]] = deque()
        self._trouble = ""
        self._running: dict[tuple[str, str], Future[None]] = {}
        self._calls: set[Future[Any]] = set()
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._on_failure = on_failure
        self._lanes: dict[Lane, ThreadPoolExecutor] = {
            "sources": ThreadPoolExecutor(
                services.workers, thread_name_prefix="sources", initializer=share_one_processor
            ),
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
        """Plan what has become due and hand it to the lanes.

        A full disk or a database that is away for a while is waited out. Any other failure ends the daemon: it could not keep its promises.
        """
        try:
            with self._lock:
                if self._stopping.is_set():
                    return
                if not self._still_owner():
                    raise LeaseLost(
                        "another process took the data over", hint="this one did not answer for longer than a lease"
                    )
                self._catch_up()
                self._waiting += self._planner.plan(self._services.clock.now())
                self._dispatch()
                self._trouble = ""
        except StorageError as error:
            if isinstance(error, LeaseLost):
                log.error("stopping", error=str(error), hint=error.hint)
                self._on_failure()
            elif str(error) != self._trouble:
                self._trouble = str(error)
                log.error("nothing can be planned for now", error=str(error), hint=error.hint)
        except Exception:
            log.exception("planning failed; stopping")
            self._on_failure()

    def run(self, lane: Lane, work: Callable[[], T]) -> T:
        """Run something else on a lane, after what runs there now, and wait for it."""
        try:
            future = self._lanes[lane].submit(work)
        except RuntimeError as error:
            raise StorageError("the daemon is stopping", hint="try again when it has stopped or started") from error
        self._calls.add(future)
        future.add_done_callback(self._calls.discard)
        return future.result()

    def stop(self, *, wait_s: float) -> bool:
        """Start nothing more and wait for what runs; False when something is still running after `wait_s`."""
        self._stopping.set()
        if self._alarm.running:
            self._alarm.shutdown(wait=False)
        with self._lock:
            running = [*self._running.values(), *self._calls]
        for lane in self._lanes.values():
            lane.shutdown(wait=False, cancel_futures=True)
        # what was cancelled before it began never becomes done
        return not wait([future for future in running if not future.cancelled()], timeout=wait_s).not_done

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

    def _catch_up(self) -> None:
        """What the database refused earlier: outcomes first, then slots that could not be claimed."""
        for _ in range(len(self._unrecorded)):
            self._record(*self._unrecorded.popleft())
        while self._unclaimed:
            self._waiting.append(self._unclaimed.popleft())

    def _perform(self, slot: Slot) -> None:
        try:
            claimed = _claim(self._services, slot)
        except StorageError as error:
            log.error("slot waits for the database", job=slot.job, subject=slot.subject, error=str(error))
            self._unclaimed.append(slot)
            return
        if claimed:
            if slot.subject in self._subjects.get(slot.job, ()):
                self._record(slot, *_run(self._services, slot))
            else:
                self._record(slot, SlotState.GAP, {"reason": "no longer configured"})

    def _record(self, slot: Slot, state: SlotState, outcome: Mapping[str, Any]) -> None:
        try:
            with self._services.db.write() as uow:
                uow.slots.finish(slot.id, self._services.clock.now(), state, outcome)
                uow.commit()
        except StorageError as error:
            log.error("outcome of a slot waits for the database", job=slot.job, subject=slot.subject, error=str(error))
            self._unrecorded.append((slot, state, outcome))


def _claim(services: Services, slot: Slot) -> bool:
    with services.db.write() as uow:
        claimed = uow.slots.claim(slot.id, services.clock.now())
        uow.commit()
    return claimed


def _run(services: Services, slot: Slot) -> tuple[SlotState, Mapping[str, Any]]:
    """Run a slot's job. The one place where a job's unexpected failure is caught: logged, recorded, and the daemon runs on."""
    try:
        outcome = dict(BY_NAME[slot.job].run(services, slot))
    except SyncdError as error:
        log.warning("slot failed", job=slot.job, subject=slot.subject, error=str(error), hint=error.hint)
        return SlotState.FAILED, {"error": str(error), "hint": error.hint}
    except Exception as error:
        log.exception("slot failed unexpectedly", job=slot.job, subject=slot.subject)
        return SlotState.FAILED, {"error": f"{type(error).__name__}: {error}"}
    log.info("slot done", job=slot.job, subject=slot.subject, due=slot.due.isoformat(), outcome=outcome)
    return SlotState.DONE, outcome
