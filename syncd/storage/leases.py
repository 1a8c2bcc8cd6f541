"""The right to write a PostgreSQL database: a row that is taken for a while, renewed, and lost to whoever takes it next.

Each taking counts the row's `epoch` up, and every writing transaction sees, under a lock on the row, that its own epoch still stands
there (`SqlLedger.lock`). So a process that was stopped, slept or lost its way to the server, and wakes when another has taken over,
can write nothing more. Whether a lease has run out is for the server's clock alone to say.

The row needs no session: it works behind a pooler that shares connections between transactions. Beside it the holder's session keeps an
advisory lock on its epoch, where there is no pooler. That is a hint and no more: who finds it gone need not wait for the lease to run out.
"""

import logging
import os
import secrets
import socket
import threading
from contextlib import suppress
from datetime import timedelta
from itertools import count
from typing import Any

import psycopg
from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from syncd.errors import AlreadyRunning, LeaseLost, StorageError
from syncd.storage.engine import behind_a_pooler, postgresql_arguments
from syncd.storage.ledger import WRITER, Fence
from syncd.storage.transaction import translated

log = logging.getLogger(__name__)

_LOOKS_A_LEASE = 32  # 1.6 s at a lease of 50 s: how soon a loss, or a server that was restarted, is noticed
_RENEWALS_A_LEASE = 4

_KEY = int.from_bytes(
    b"syncd"
)  # held where there is no row yet; any number that no other program in the same database takes
_CLASS = int.from_bytes(b"sync")  # of the hints, with the epoch as second number

_HAS_ROW = "SELECT to_regclass('leases') IS NOT NULL"
_STANDING = """
SELECT holder, epoch, expires_at <= clock_timestamp(), watched AND NOT EXISTS (
    SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = %(class)s AND objid::bigint = epoch
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
FROM leases WHERE name = %(name)s
"""
_TAKE = """
INSERT INTO leases AS lease (name, holder, epoch, expires_at, watched)
VALUES (%(name)s, %(holder)s, 1, clock_timestamp() + %(ttl)s, %(watched)s)
ON CONFLICT (name) DO UPDATE
SET holder = excluded.holder, epoch = lease.epoch + 1, expires_at = clock_timestamp() + %(ttl)s, watched = excluded.watched
WHERE lease.expires_at <= clock_timestamp() OR (lease.holder = %(gone)s AND lease.epoch = %(gone_epoch)s)
RETURNING epoch
"""
_MINE = "name = %(name)s AND holder = %(holder)s AND epoch = %(epoch)s"
_RENEW = f"UPDATE leases SET expires_at = clock_timestamp() + %(ttl)s, watched = %(watched)s WHERE {_MINE}"
_STILL_MINE = f"SELECT 1 FROM leases WHERE {_MINE}"
_END = f"UPDATE leases SET expires_at = clock_timestamp() WHERE {_MINE}"
_FIRST_OWNER = """
SELECT activity.application_name FROM pg_locks AS held JOIN pg_stat_activity AS activity ON activity.pid = held.pid
WHERE held.locktype = 'advisory' AND held.granted AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND held.classid::bigint = %(key)s::bigint >> 32 AND held.objid::bigint = %(key)s::bigint & 4294967295 AND held.objsubid = 1
"""


class Lease:
    """One process's right to write one database. Shared by threads; renewed by a thread of its own from `acquire` to `release`.

    Where there is no schema yet there is no row to take: then an advisory lock of the session is all, until the schema is made.
    """

    def __init__(self, url: URL, *, lease_s: float) -> None:
        self._url = url
        self._lease_s = lease_s
        # Unique to this taking of the data: after a failover to a copy that lags behind, an epoch may be given out again.
        self._holder = f"{socket.gethostname()} {os.getpid()} {secrets.token_hex(4)}"
        self._connection: psycopg.Connection[Any] | None = None
        self._watched = False  # the advisory lock on our epoch says that we live
        self._one_at_a_time = threading.RLock()  # over the connection
        self._missed: Fence | None = None
        self._ended = threading.Event()
        self._keeper: threading.Thread | None = None
        self._held = False
        self.fence: Fence | None = None

    def acquire(self, *, patient: bool = False) -> None:
        """Take the right to write, or be refused at once.

        A lease that has not run out is taken only where its holder's session is gone. `patient`: where it was gone at the call before
        too, since a holder whose server was restarted comes back within two seconds.

        Raises:
            AlreadyRunning: another process has it; the message names it.
        """
        with self._one_at_a_time:
            try:
                connection = self._connected()
                if not _one(connection, _HAS_ROW):
                    self._take_the_database(connection)
                if _one(connection, _HAS_ROW):  # asked again: the schema may have been made a moment ago
                    self._take_the_row(connection, patient)
            except psycopg.Error as err:
                self._disconnect()
                raise translated(err) from err
            except StorageError:
                self._disconnect()
                raise
            self._held = True
        if self.fence is not None:
            self._ended.clear()
            self._keeper = threading.Thread(target=self._keep, name="lease", daemon=True)
            self._keeper.start()

    def renew(self) -> None:
        """Have the lease run anew from now on. It may have run out meanwhile, as long as nobody took it.

        Raises:
            LeaseLost: another process took it.
            StorageError: the server does not answer; a later call may succeed.
        """
        if self._changed(_RENEW) == 0:
            self._held = False
            raise LeaseLost(
                f"the data in database {self._url.database} were taken over by another process",
                subject=self._shown,
                hint="this one did not answer for longer than a lease; it may be started again, or wait with --standby",
            )

    def still_held(self) -> bool:
        """Whether nobody is known to have taken the data over. Asks nobody: what is written is checked as it is written."""
        if self.fence is not None or not self._held:
            return self._held
        with self._one_at_a_time:
            try:
                return self._connection is not None and _one(self._connection, "SELECT true")
            except psycopg.Error:
                return False

    def release(self) -> None:
        """Give the right back, for whoever wants it next. Does nothing where it is not held."""
        self._ended.set()
        if self._keeper is not None:
            self._keeper.join()
            self._keeper = None
        if self._held and self.fence is not None:
            with suppress(StorageError):  # a server that is away: the lease runs out by itself
                self._changed(_END)
        with self._one_at_a_time:
            self._disconnect()
            self._held = False
            self.fence = None

    # --- taking --------------------------------------------------------------------------------------

    def _take_the_database(self, connection: psycopg.Connection[Any]) -> None:
        if not _one(connection, "SELECT pg_try_advisory_lock(%(key)s)", {"key": _KEY}):
            found = connection.execute(_FIRST_OWNER, {"key": _KEY}).fetchone()
            raise self._refused("another session" if found is None else f'"{found[0]}"')

    def _take_the_row(self, connection: psycopg.Connection[Any], patient: bool) -> None:
        found = connection.execute(_STANDING, {"class": _CLASS, "name": WRITER}).fetchone()
        gone = None
        if found is not None:
            holder, epoch, expired, missed = found
            seen = Fence(holder=holder, epoch=epoch, lease_s=self._lease_s)
            gone = seen if missed and (self._missed == seen or not patient) else None
            self._missed = seen if missed else None
            if not expired and gone is None:
                raise self._refused(_shown(holder))
        watched = not behind_a_pooler(connection)
        values = {
            "name": WRITER,
            "holder": self._holder,
            "ttl": timedelta(seconds=self._lease_s),
            "watched": watched,
            "gone": gone.holder if gone else None,
            "gone_epoch": gone.epoch if gone else None,
        }
        with connection.transaction():  # the row is not seen as ours before the hint stands
            taken = connection.execute(_TAKE, values).fetchone()
            if taken is None:
                raise self._refused("a process that was a moment faster")
            if watched:
                self._watched = _one(connection, "SELECT pg_try_advisory_lock(%s, %s)", (_CLASS, taken[0]))
        self.fence = Fence(holder=self._holder, epoch=taken[0], lease_s=self._lease_s)
        if found is not None and not found[2]:
            log.warning("the data are taken over from %s, whose session is gone", _shown(found[0]))
        elif found is not None:
            log.info("the data are taken, epoch %d; the last owner was %s", taken[0], _shown(found[0]))

    def _refused(self, owner: str) -> AlreadyRunning:
        return AlreadyRunning(
            f"{owner} owns the data in database {self._url.database}",
            subject=self._shown,
            hint="it may be the daemon, syncd run: type the command on its machine, or stop it first",
        )

    # --- keeping -------------------------------------------------------------------------------------

    def _keep(self) -> None:
        """Renew until the end, or the loss. While the server is away it is tried again and again: nothing can be written meanwhile."""
        late = trouble = False
        for look in count(1):
            if self._ended.wait(self._lease_s / _LOOKS_A_LEASE):
                return
            late = late or look % (_LOOKS_A_LEASE // _RENEWALS_A_LEASE) == 0
            try:
                if late or self._changed(_STILL_MINE) == 0:
                    self.renew()
                late = trouble = False
            except LeaseLost as error:
                log.error("%s", error)
                return
            except StorageError as error:
                late = True
                if not trouble:
                    log.warning("the lease cannot be renewed for now: %s", error)
                trouble = True

    def _changed(self, statement: str) -> int:
        """Run a statement about our row, on a new connection where the old one is dead; how many rows it concerned."""
        fence = self.fence
        if fence is None:
            raise StorageError("there is no lease")
        with self._one_at_a_time:
            if self._connection is not None:
                with suppress(psycopg.OperationalError):  # a server that was restarted, say
                    return self._run(self._connection, statement, fence)
                self._disconnect()
            try:
                connection = self._connected()
                if not behind_a_pooler(connection):
                    self._watched = _one(connection, "SELECT pg_try_advisory_lock(%s, %s)", (_CLASS, fence.epoch))
                return self._run(connection, statement, fence)
            except psycopg.Error as err:
                self._disconnect()
                raise translated(err) from err

    def _run(self, connection: psycopg.Connection[Any], statement: str, fence: Fence) -> int:
        values = {"name": WRITER, "holder": fence.holder, "epoch": fence.epoch}
        cursor = connection.execute(
            statement, {**values, "ttl": timedelta(seconds=self._lease_s), "watched": self._watched}
        )
        return cursor.rowcount

    # --- the connection ------------------------------------------------------------------------------

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None:
            try:
                _, arguments = self._url.get_dialect()().create_connect_args(self._url)
            except SQLAlchemyError as err:
                raise translated(err) from err
            ours = postgresql_arguments("owner", idle_s=self._lease_s)
            # Nothing prepared: the server must not keep what a pooler may hand to another session.
            self._connection = psycopg.connect(**{**arguments, **ours}, autocommit=True, prepare_threshold=None)
        return self._connection

    def _disconnect(self) -> None:
        self._watched = False
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @property
    def _shown(self) -> str:
        return self._url.render_as_string(hide_password=True)


def _one(connection: psycopg.Connection[Any], query: str, values: Any = None) -> bool:
    found = connection.execute(query, values).fetchone()
    return bool(found and found[0])


def _shown(holder: str) -> str:
    host, pid, *_ = holder.split()
    return f"process {pid} on {host}"
