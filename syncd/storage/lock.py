"""Who owns the data: one process at a time."""

import fcntl
import os
import threading
from pathlib import Path
from typing import Self

from sqlalchemy import URL, Connection, Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from syncd.errors import AlreadyRunning, StorageError
from syncd.storage.engine import parse_url, postgresql_arguments, sqlite_file
from syncd.storage.transaction import translated

LOCK_NAME = "syncd.lock"
_ADVISORY_KEY = int.from_bytes(b"syncd")  # any number that no other program in the same database takes

_HOLDER = text(
    """
    SELECT activity.pid, activity.application_name, host(activity.client_addr) AS address
    FROM pg_locks AS held JOIN pg_stat_activity AS activity ON activity.pid = held.pid
    WHERE held.locktype = 'advisory' AND held.granted AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND held.classid::bigint = :key >> 32 AND held.objid::bigint = :key & 4294967295 AND held.objsubid = 1
    """
)


class DataLock:
    """Exclusive ownership of the data behind a database address, as a context manager.

    SQLite: a lock on `syncd.lock` in `data_dir`, the folder of the database, whose text is the owner's process id. PostgreSQL: an
    advisory lock on a connection of its own, which must not go through a pooler that shares sessions. Both end with the process,
    however it ends.
    """

    def __init__(self, data_dir: Path, url: str) -> None:
        parsed = parse_url(url)
        self._held: _FileLock | _AdvisoryLock = (
            _AdvisoryLock(parsed) if sqlite_file(parsed) is None else _FileLock(data_dir / LOCK_NAME)
        )

    def acquire(self) -> None:
        """Take the lock, without waiting.

        Raises:
            AlreadyRunning: another process owns the data; the message names it.
        """
        self._held.acquire()

    def still_held(self) -> bool:
        """Whether the data are still ours: a PostgreSQL server that was restarted has forgotten the lock."""
        return self._held.still_held()

    def release(self) -> None:
        """Give the lock back. Does nothing where it is not held."""
        self._held.release()

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


class _FileLock:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
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


class _AdvisoryLock:
    def __init__(self, url: URL) -> None:
        self._url = url
        self._engine: Engine | None = None
        self._connection: Connection | None = None
        self._one_at_a_time = threading.Lock()  # one connection serves one thread

    def acquire(self) -> None:
        engine = create_engine(
            self._url, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args=postgresql_arguments("owner")
        )
        try:
            connection = engine.connect()
            taken = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _ADVISORY_KEY}).scalar_one()
            holder = None if taken else connection.execute(_HOLDER, {"key": _ADVISORY_KEY}).first()
        except SQLAlchemyError as err:
            engine.dispose()
            raise translated(err) from err
        if not taken:
            connection.close()
            engine.dispose()
            owner = (
                "another session"
                if holder is None
                else f'"{holder.application_name}" at {holder.address or "this host"}'
            )
            raise AlreadyRunning(
                f"{owner} owns the data in database {self._url.database}",
                subject=self._url.render_as_string(hide_password=True),
                hint="stop that process first (it may be the daemon, syncd run)",
            )
        self._engine, self._connection = engine, connection

    def still_held(self) -> bool:
        with self._one_at_a_time:
            if self._connection is None:
                return False
            try:
                self._connection.execute(text("SELECT 1"))
            except SQLAlchemyError:
                return False
            return True

    def release(self) -> None:
        with self._one_at_a_time:
            if self._connection is not None and self._engine is not None:
                self._connection.close()
                self._engine.dispose()
            self._engine = self._connection = None
