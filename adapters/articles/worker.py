"""The reader of article pages in a process of its own, so that no page of a foreign site can hold or fill this one.

The process is a fresh interpreter (never a fork of this one, with its threads and its open database): it is started at
the first page, ends when nothing is asked of it for some minutes, and is killed and started anew where a page takes too
long. It ends as well when this process does, however that ends: the socket between them closes.
"""

import contextlib
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

from adapters.articles.article import ArticleData, ArticleFault, ArticleRules
from syncd.ports.clock import Clock

_BOOT = (
    "import sys; from adapters.articles.worker_process import serve; serve(int(sys.argv[1]), *map(float, sys.argv[2:]))"
)
_MAX_ANSWER_BYTES = 64 << 20
_MAX_STRIKES = 3  # of one host
_MAX_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits:
    """Bounds of the worker process. `cpu_s` is for one page, `wall_s` as well, on a machine that has other work too."""

    cpu_s: float = 10.0
    wall_s: float = 20.0
    start_s: float = 60.0
    idle_s: float = 180.0
    memory_bytes: int = 1 << 30  # of address space
    pages: int = 1_000  # then a fresh process takes over, so that what libraries keep cannot pile up
    forgive: timedelta = timedelta(hours=1)  # for so long a page, or a host of several such, is not tried again


class ArticleWorker:
    """An `ArticleReader` for all threads of this process; their pages take turns. Starts nothing before the first page."""

    def __init__(self, *, clock: Clock, limits: WorkerLimits | None = None) -> None:
        self._limits = limits or WorkerLimits()
        self._clock = clock
        self._turn = threading.Lock()
        self._closed = False
        self._child: _Child | None = None
        self._offenders: dict[str, tuple[float, int, ArticleFault]] = {}  # by address and by host

    def read(
        self, body: bytes, *, content_type: str, url: str, rules: ArticleRules, fetched_at: datetime
    ) -> ArticleData:
        """Read one page, within the bounds.

        Raises:
            ArticleFault: `too_slow` and `worker_died` too: the page is not tried again for an hour, nor are the pages of a
                host that had three such.
        """
        request = pickle.dumps((body, content_type, url, rules, fetched_at))
        with self._turn:
            self._refuse_offender(url)
            try:
                answer = self._ask(request, url)
            except ArticleFault as fault:
                if not self._closed:
                    self._remember(url, fault)
                raise
        if isinstance(answer, tuple):
            message, kind = answer
            raise ArticleFault(message, kind=kind)
        return answer

    @property
    def process_id(self) -> int | None:
        """The worker's process, None where none runs."""
        child = self._child
        return child.process.pid if child is not None and child.runs else None

    def close(self) -> None:
        """End the process at once, whatever it does; later calls of `read` are refused. May be called from any thread."""
        self._closed = True
        if (child := self._child) is not None:
            child.end()

    def _ask(self, request: bytes, url: str) -> ArticleData | tuple[str, str]:
        for _ in range(2):
            if self._closed:
                raise ArticleFault(f"{url} was not read: syncd is stopping", kind="worker_died")
            child = self._running()
            answer = child.exchange(request, self._limits.wall_s)
            if answer is not None:
                return answer
            child.end()
            self._child = None
            if child.overdue:
                raise ArticleFault(f"{url} took longer than {self._limits.wall_s:g} s to be read", kind="too_slow")
            if child.exit_code == 0:  # it had just ended by itself: idle, or after its number of pages
                continue
            if child.exit_code == -signal.SIGXCPU:
                raise ArticleFault(f"{url} took more than {self._limits.cpu_s:g} s of CPU to be read", kind="too_slow")
            break
        raise ArticleFault(f"the reading process ended over {url} ({child.ending})", kind="worker_died")

    def _running(self) -> "_Child":
        if self._child is None or not self._child.runs:
            if self._child is not None:
                self._child.end()
            limits = self._limits
            self._child = _Child(
                (limits.cpu_s, limits.wall_s, limits.idle_s, limits.memory_bytes, limits.pages), limits.start_s
            )
            if self._closed:  # closed meanwhile, by a thread that could not see this one
                self._child.end()
        return self._child

    def _refuse_offender(self, url: str) -> None:
        for key in (url, _host(url)):
            until, strikes, fault = self._offenders.get(key, (0.0, 0, None))
            if fault is None:
                continue
            if until <= self._clock.monotonic():
                del self._offenders[key]
            elif key == url or strikes >= _MAX_STRIKES:
                raise ArticleFault(f"{fault}; not tried again for now", kind=fault.kind)

    def _remember(self, url: str, fault: ArticleFault) -> None:
        until = self._clock.monotonic() + self._limits.forgive.total_seconds()
        for key in (url, _host(url)):
            _, strikes, _ = self._offenders.pop(key, (0.0, 0, fault))
            self._offenders[key] = (until, strikes + 1, fault)
        while len(self._offenders) > _MAX_REMEMBERED:
            del self._offenders[next(iter(self._offenders))]


class _Child:
    """One worker process and the socket to it."""

    def __init__(self, settings: tuple[float, ...], start_s: float) -> None:
        """Start it and wait until it is ready, or has ended."""
        ours, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-P", "-c", _BOOT, str(theirs.fileno()), *map(str, settings)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,  # what is typed at our terminal is not meant for it
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )
        with contextlib.suppress(OSError):  # it has ended, or may not be told
            # the thread that starts it may be kept on one processor; what reads pages is to have the others
            os.sched_setaffinity(self.process.pid, os.sched_getaffinity(os.getpid()))
        self.overdue = False
        self._asking = threading.Lock()  # held while the socket is used
        self._line: Connection = Connection(ours.detach())
        self._reaper = threading.Thread(target=self.process.wait, name="article-worker", daemon=True)
        self._reaper.start()
        self._bounded(start_s, self._line.recv_bytes)

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

    def exchange(self, request: bytes, limit_s: float) -> ArticleData | tuple[str, str] | None:
        """Its answer: the article, or a fault's message and kind; None where it ended first, or was ended at the limit."""

        def ask() -> bytes:
            self._line.send_bytes(request)
            return self._line.recv_bytes(_MAX_ANSWER_BYTES)

        answer = self._bounded(limit_s, ask)
        if answer is None:
            return None
        data: ArticleData | tuple[str, str] = pickle.loads(answer)
        return data

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


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
