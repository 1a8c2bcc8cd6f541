"""One writer at a time; writers that wait for one another share one COMMIT.

A unit of work that ends while another one waits does not commit: it hands the open transaction on, and waits. The next one works within
a savepoint of its own, so that it can fail alone. The last one commits, and only then does any of them return. So what ten threads
write at once costs one COMMIT, and a writer that is alone waits for nobody.
"""

import logging
import threading
from collections import deque

from syncd.errors import StorageError
from syncd.ports.clock import Clock
from syncd.storage.connections import Connections
from syncd.storage.transaction import Opened, Transaction, translated

log = logging.getLogger(__name__)

WRITER_TIMEOUT_S = 60.0  # how long a writer waits for the writers before it
GROUP_MEMBERS = 16  # units of work that share one COMMIT at most
GROUP_AGE_S = 0.05  # no further one joins a transaction that has been open for so long: those who ended wait for it
_LONG_WRITE_S = 5.0
_SAVEPOINT = "unit_of_work"


class _Group:
    """The units of work of one transaction of the database. Only who has the turn touches it."""

    __slots__ = ("began", "connection", "durable", "failure", "kept", "waiting")

    def __init__(self, connection: Opened, began: float) -> None:
        self.connection = connection
        self.began = began
        self.kept = False  # something in it is to be committed
        self.durable = False
        self.failure: Exception | None = None
        self.waiting: list[threading.Lock] = []  # released when it has ended

    def goes_on(self, now: float) -> bool:
        return (
            self.kept and self.failure is None and len(self.waiting) < GROUP_MEMBERS and now - self.began < GROUP_AGE_S
        )


class Turn:
    """One unit of work's turn to write, from its first statement to its end. Used by one thread."""

    __slots__ = ("_writers", "began", "joined", "left", "transaction", "woken")

    def __init__(self, writers: "Writers") -> None:
        self._writers = writers
        self.transaction: Transaction
        self.joined = False  # it works within a savepoint of a transaction that others began
        self.left = False
        self.began = 0.0
        self.woken = threading.Lock()  # held until it is this one's turn
        self.woken.acquire()

    def commit(self) -> None:
        """Keep what was written; returns when it is durable.

        Raises:
            StorageError: nothing of it took effect; but where the way to PostgreSQL broke off while it committed, all of it may have.
        """
        self._writers.keep(self)
        self._writers.leave(self)

    def end(self) -> None:
        """Drop what was not committed; returns when all that it may have read is durable."""
        if not self.left:
            self._writers.drop(self)
            self._writers.leave(self)


class Writers:
    """Hands out turns, first come, first served. Shared by threads."""

    def __init__(self, connections: Connections, *, clock: Clock) -> None:
        self._connections = connections
        self._clock = clock
        self._mutex = threading.Lock()  # over the two below
        self._holder: Turn | None = None
        self._queue: deque[Turn] = deque()
        self._group: _Group | None = None
        self._writing_thread: int | None = None

    def turn(self) -> Turn:
        """Wait for the writers before; a transaction is open afterwards.

        Raises:
            StorageError: they did not end within a minute, or this thread writes already: it would wait for itself.
        """
        if self._writing_thread == threading.get_ident():
            raise StorageError(
                "this thread has a unit of work open that writes; a second one would wait for it for ever"
            )
        turn = Turn(self)
        try:
            self._take(turn)
            self._join(turn)
            self._writing_thread = threading.get_ident()
            turn.began = self._clock.monotonic()
        except BaseException:  # also where a signal breaks it off: whoever had the turn passes it on
            if not self._withdrawn(turn):
                self._pass_on()
            raise
        return turn

    def keep(self, turn: Turn) -> None:
        """Let what was written in this turn be part of the group."""
        group = self._open_group()
        if turn.joined:
            try:
                group.connection.driver.execute(f"RELEASE SAVEPOINT {_SAVEPOINT}")
            except self._connections.errors as err:
                raise translated(err) from err
        elif not self._connections.stands(group.connection):
            raise StorageError("a statement of this unit of work failed: nothing of it can be kept")
        group.kept = True

    def drop(self, turn: Turn) -> None:
        """Take back what was written in this turn, and nothing else."""
        group = self._open_group()
        if not turn.joined:
            return  # the first of a group that is not kept: the group ends with it
        try:
            driver = group.connection.driver
            driver.execute(f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}")
            driver.execute(f"RELEASE SAVEPOINT {_SAVEPOINT}")
        except self._connections.errors as err:
            group.failure = turn.transaction.failure or err

    def leave(self, turn: Turn) -> None:
        """Let the next one in, and wait with it; or end the group.

        Raises:
            StorageError: the group could not be committed.
        """
        group = self._open_group()
        turn.left = True
        turn.transaction.open = False
        now = self._clock.monotonic()
        self._writing_thread = None
        ended = following = None
        if group.goes_on(now):
            with self._mutex:
                if self._queue:
                    ended = threading.Lock()
                    ended.acquire()
                    group.waiting.append(ended)
                    self._holder = following = self._queue.popleft()
        if following is not None:
            following.woken.release()
        else:
            self._pass_on()
        if now - turn.began > _LONG_WRITE_S:
            log.warning("a unit of work held the writer for %.1f s", now - turn.began)
        if ended is not None:
            ended.acquire()
        if group.failure is not None:
            raise translated(group.failure) from group.failure
        if group.kept and not group.durable:
            raise StorageError("the transaction was interrupted before its end: nothing of it was kept")

    def _open_group(self) -> _Group:
        assert self._group is not None
        return self._group

    def _take(self, turn: Turn) -> None:
        with self._mutex:
            if self._holder is None:
                self._holder = turn
                return
            self._queue.append(turn)
        if not turn.woken.acquire(timeout=WRITER_TIMEOUT_S) and self._withdrawn(turn):
            raise StorageError(f"another thread has been writing for {WRITER_TIMEOUT_S:.0f} s")

    def _withdrawn(self, turn: Turn) -> bool:
        """Wait no longer. False where the turn has just been given: it is this one's, to be used or to be passed on."""
        with self._mutex:
            if turn in self._queue:
                self._queue.remove(turn)
            return turn is not self._holder

    def _join(self, turn: Turn) -> None:
        if self._group is not None:
            try:
                self._group.connection.driver.execute(f"SAVEPOINT {_SAVEPOINT}")
                turn.joined = True
            except self._connections.errors as err:
                self._group.failure = err
                self._end_group()
        if self._group is None:
            self._group = _Group(self._connections.begun(), self._clock.monotonic())
        turn.transaction = Transaction(self._group.connection, commit=turn.commit)

    def _pass_on(self) -> None:
        """End the group, if one is open, and give the turn to who has waited longest."""
        try:
            if self._group is not None:
                self._end_group()
        finally:
            with self._mutex:
                self._holder = following = self._queue.popleft() if self._queue else None
            if following is not None:
                following.woken.release()

    def _end_group(self) -> None:
        group, self._group = self._open_group(), None
        try:
            if group.kept and group.failure is None:
                self._connections.commit(group.connection)
                group.durable = True
        except self._connections.errors as err:
            group.failure = err
        finally:
            self._connections.give_back(group.connection)
            for ended in group.waiting:
                ended.release()
