"""A process of its own for reading what a foreign site sent, so that no page or file can hold or fill this one.

The process is a fresh interpreter (never a fork of this one, with its threads and its open database): it is started at
the first request, ends when nothing is asked of it for some minutes, and is killed and started anew where a request
takes too long. It ends as well when this process does, however that ends: the socket between them closes.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass

_BOOT = (
    "import sys; from adapters.bounded_process import serve;"
    " serve(sys.argv[1], int(sys.argv[2]), *map(float, sys.argv[3:]))"
)
_MAX_ANSWER_BYTES = 64 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Bounds of the process. `cpu_s` is for one request, `wall_s` as well, on a machine that has other work too."""

    cpu_s: float = 10.0
    wall_s: float = 20.0
    start_s: float = 60.0
    idle_s: float = 180.0
    memory_bytes: int = 1 << 30  # of address space
    requests: int = 1_000  # then a fresh process takes over, so that what libraries keep cannot pile up


class OutOfBounds(Exception):
    """The process gave no answer. `kind`: `too_slow`, or `worker_died`."""

    def __init__(self, message: str, *, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


class BoundedProcess:
    """Answers the requests of all threads of this process, in turns. Starts nothing before the first.

    `job` is the function, bytes in and bytes out, that the process runs: `adapters.articles.worker_process:answer`.
    `silent`: what it writes to its standard error, which may quote what it reads, is not shown.
    """

    def __init__(self, job: str, bounds: Bounds, *, silent: bool = False) -> None:
        self._job = job
        self._bounds = bounds
        self._silent = silent
        self._turn = threading.Lock()
        self._closed = False
        self._child: _Child | None = None

    @property
    def process_id(self) -> int | None:
        """The process, None where none runs."""
        child = self._child
        return child.process.pid if child is not None and child.runs else None

    @property
    def is_closed(self) -> bool:
        return self._closed

    def close(self) -> None:
        """End the process at once, whatever it does; later requests are refused. May be called from any thread."""
        self._closed = True
        if (child := self._child) is not None:
            child.end()

    def ask(self, request: bytes, subject: str) -> bytes:
        """The answer; `subject` is what a fault's message names.

        Raises:
            OutOfBounds: no answer within the bounds. The next request has a new process.
        """
        with self._turn:
            return self._ask(request, subject)

    def _ask(self, request: bytes, subject: str) -> bytes:
        for _ in range(2):
            if self._closed:
                raise OutOfBounds(f"{subject} was not read: syncd is stopping", kind="worker_died")
            child = self._running()
            answer = child.exchange(request, self._bounds.wall_s)
            if answer is not None:
                return answer
            child.end()
            self._child = None
            if child.overdue:
                raise OutOfBounds(f"{subject} took longer than {self._bounds.wall_s:g} s to be read", kind="too_slow")
            if child.exit_code == 0:  # it had just ended by itself: idle, or after its number of requests
                continue
            if child.exit_code == -signal.SIGXCPU:
                raise OutOfBounds(
                    f"{subject} took more than {self._bounds.cpu_s:g} s of CPU to be read", kind="too_slow"
                )
            break
        raise OutOfBounds(f"the reading process ended over {subject} ({child.ending})", kind="worker_died")

    def _running(self) -> "_Child":
        if self._child is None or not self._child.runs:
            if self._child is not None:
                self._child.end()
            self._child = _Child(self._job, self._bounds, silent=self._silent)
            if self._closed:  # closed meanwhile, by a thread that could not see this one
                self._child.end()
        return self._child


class _Child:
    """One process and the socket to it."""

    def __init__(self, job: str, bounds: Bounds, *, silent: bool) -> None:
        """Start it and wait until it is ready, or has ended."""
        numbers = (bounds.cpu_s, bounds.wall_s, bounds.idle_s, bounds.memory_bytes, bounds.requests)
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", _BOOT, job, str(theirs.fileno()), *map(str, numbers)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL if silent else None,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # what is typed at our terminal is not meant for it
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        with contextlib.suppress(OSError):  # it has ended, or may not be told
            # the thread that starts it may be kept on one processor; what reads is to have the others
            os.sched_setaffinity(self.process.pid, os.sched_getaffinity(os.getpid()))
        self.overdue = False
        self._asking = threading.Lock()  # held while the socket is used
        from multiprocessing.connection import Connection  # most commands start no process

        self._line = Connection(ours.detach())
        self._reaper = threading.Thread(target=self.process.wait, name="bounded-process", daemon=True)
        self._reaper.start()
        self._bounded(bounds.start_s, self._line.recv_bytes)

    @property
    def runs(self) -> bool:
        return self._reaper.is_alive()

    @property
    def exit_code(self) -> int | None:
        return self.process.returncode

    @property
    def ending(self) -> str:
        code = self.exit_code
        return "it could not be ended" if code is None else f"signal {-code}" if code < 0 else f"exit code {code}"

    def exchange(self, request: bytes, limit_s: float) -> bytes | None:
        """Its answer; None where it ended first, or was ended at the limit."""

        def ask() -> bytes:
            self._line.send_bytes(request)
            return self._line.recv_bytes(_MAX_ANSWER_BYTES)

        return self._bounded(limit_s, ask)

    def end(self) -> None:
        """Kill it, if it still runs, and leave nothing of it behind."""
        self._kill()
        self._reaper.join(timeout=5.0)
        if self._asking.acquire(timeout=5.0):  # who asks it gets no answer any more, and lets go
            try:
                if not self._line.closed:
                    self._line.close()
            finally:
                self._asking.release()

    def _bounded(self, limit_s: float, act: Callable[[], bytes]) -> bytes | None:
        timer = threading.Timer(limit_s, self._overrun)
        timer.daemon = True
        timer.start()
        try:
            with self._asking:
                return act()
        except (EOFError, OSError):
            self._reaper.join(timeout=5.0)
            return None
        finally:
            timer.cancel()

    def _overrun(self) -> None:
        self.overdue = True
        self._kill()

    def _kill(self) -> None:
        if self._reaper.is_alive():
            self.process.kill()
