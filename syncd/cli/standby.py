"""`syncd run --standby`: wait while another process owns the data, and take over when it ends or no longer answers."""

import signal
from queue import Empty, SimpleQueue

import structlog

from syncd.errors import StorageError
from syncd.storage.lock import DataLock

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 4.0


def stand_by(lock: DataLock, *, every_s: float = LOOK_EVERY_S) -> None:
    """Wait until the data are ours; a database that is away is waited for too. To be called in the main thread.

    Raises:
        SystemExit: a signal asked us to end; code 0.
    """
    end: SimpleQueue[None] = SimpleQueue()
    before = {number: signal.signal(number, lambda *_: end.put(None)) for number in (signal.SIGTERM, signal.SIGINT)}
    waiting_for = ""
    try:
        while (refusal := _refusal(lock)) is not None:
            if refusal.message != waiting_for:
                waiting_for = refusal.message
                log.info("standing by", reason=waiting_for)
            if _asked_to_end(end, wait_s=every_s):
                break
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if refusal is not None or _asked_to_end(end, wait_s=0):
        lock.release()
        log.info("stopped")
        raise SystemExit(0)
    if waiting_for:
        log.info("taking over")


def _refusal(lock: DataLock) -> StorageError | None:
    try:
        lock.acquire(patient=True)
    except StorageError as error:
        return error
    return None


def _asked_to_end(end: "SimpleQueue[None]", *, wait_s: float) -> bool:
    try:
        end.get(timeout=wait_s)
    except Empty:
        return False
    return True
