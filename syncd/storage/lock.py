"""Who owns the data: one process at a time."""

import fcntl
import os
from pathlib import Path
from typing import TYPE_CHECKING, Self

from syncd.errors import AlreadyRunning, StorageError
from syncd.storage.engine import parse_url, sqlite_path
from syncd.storage.ledger import Fence

if TYPE_CHECKING:
    from sqlalchemy import URL

    from syncd.storage.leases import Lease

LOCK_NAME = "syncd.lock"
LEASE_S = 50.0  # with the looks of a stand-by, every four seconds, less than a minute


class DataLock:
    """Exclusive ownership of the data behind a database address, as a context manager.

    SQLite: a lock on `syncd.lock` in `data_dir`, the folder of the database, whose text is the owner's process id; it ends with the
    process, however it ends. PostgreSQL: a lease of `lease_s` seconds, renewed until it is given back (`storage.leases`).
    """

    def __init__(self, data_dir: Path, url: str, *, lease_s: float = LEASE_S) -> None:
        self._held: _FileLock | Lease = (
            _lease(parse_url(url), lease_s) if sqlite_path(url) is None else _FileLock(data_dir / LOCK_NAME)
        )

    @property
    def fence(self) -> Fence | None:
        """What each writing transaction has to check, while the data are ours; None where a file is locked."""
        return self._held.fence

    def acquire(self, *, patient: bool = False) -> None:
        """Take the lock, without waiting. `patient` is for who asks again and again.

        Raises:
            AlreadyRunning: another process owns the data; the message names it.
        """
        self._held.acquire(patient=patient)

    def still_held(self) -> bool:
        """Whether nobody is known to have taken the data over."""
        return self._held.still_held()

    def release(self) -> None:
        """Give the lock back. Does nothing where it is not held."""
        self._held.release()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


def _lease(url: "URL", lease_s: float) -> "Lease":
    from syncd.storage.leases import Lease  # the driver of PostgreSQL is loaded where it is spoken

    return Lease(url, lease_s=lease_s)


class _FileLock:
    fence = None

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self, *, patient: bool) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as err:
            raise StorageError(f"cannot make {self._path}: {err.strerror}", subject=str(self._path)) from err
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            owner = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise AlreadyRunning(
                f"process {owner} owns the data in {self._path.parent}",
                subject=str(self._path),
                hint="stop that process first (it may be the daemon, syncd run)",
            ) from err
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor

    def still_held(self) -> bool:
        return self._descriptor is not None

    def release(self) -> None:
        # The file stays: who removed it could pull it from under a process that has just opened it.
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
