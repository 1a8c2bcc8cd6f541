"""The reader of article pages in a process of its own, so that no page of a foreign site can hold or fill this one."""

import pickle
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from adapters.articles.article import ArticleData, ArticleFault, ArticleRules
from adapters.bounded import BoundedProcess, Bounds, OutOfBounds
from syncd.ports.clock import Clock

_JOB = "adapters.articles.worker_process:answer"
_MAX_STRIKES = 3  # of one host
_MAX_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLimits(Bounds):
    """Bounds of the reading process. For as long as `forgive` a page, or a host of several such, is not tried again."""

    forgive: timedelta = timedelta(hours=1)


class ArticleWorker:
    """An `ArticleReader` for all threads of this process; their pages take turns. Starts nothing before the first page."""

    def __init__(self, *, clock: Clock, limits: WorkerLimits | None = None) -> None:
        self._limits = limits or WorkerLimits()
        self._clock = clock
        self._turn = threading.Lock()
        self._process = BoundedProcess(_JOB, self._limits)
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
                answer = self._process.ask(request, url)
            except OutOfBounds as err:
                fault = ArticleFault(str(err), kind=err.kind)
                if not self._process.is_closed:
                    self._remember(url, fault)
                raise fault from err
        data: ArticleData | tuple[str, str] = pickle.loads(answer)
        if isinstance(data, tuple):
            message, kind = data
            raise ArticleFault(message, kind=kind)
        return data

    @property
    def process_id(self) -> int | None:
        """The reading process, None where none runs."""
        return self._process.process_id

    def close(self) -> None:
        """End the process at once, whatever it does; later calls of `read` are refused. May be called from any thread."""
        self._process.close()

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


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""
