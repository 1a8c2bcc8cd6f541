"""What every portal on loopback has in common: it answers requests one by one, and goes wrong as a test asks for."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from fnmatch import fnmatchcase
from http import HTTPStatus
from types import TracebackType
from typing import Self

from syncd.testing.local_site import Line, LocalSite, Page, SeenRequest


class Effect(StrEnum):
    """Whether a request under a fault takes effect."""

    NONE = "none"
    DONE = "done"
    LATE = "late"  # only when the test calls `catch_up`, long after the answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to the next `times` requests of `method` to `path` (below the root of its interface), both with `*`, that hold `saying`.

    Exactly one of: `hang` (no answer while the portal runs), `reset`, `page` (answered in place of the true answer),
    `before` (bytes put before the true answer's body), `change` (what becomes of the true answer's body).
    """

    method: str = "POST"
    path: str = "/posts"
    saying: bytes = b""
    effect: Effect = Effect.NONE
    hang: bool = False
    reset: bool = False
    page: Page | None = None
    before: bytes = b""
    change: Callable[[bytes], bytes] | None = None
    times: int = 1


@dataclass(slots=True)
class _Pending:
    fault: Fault
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.fault.times


class FaultyPortal:
    """A portal on 127.0.0.1 at a free port. May be shared by threads: `carry_out` lets one request in at a time.

    `prefix` is the root of its interface, below which faults name their paths. `befalls` says what becomes of a request that
    no injected fault fits.
    """

    def __init__(
        self, carry_out: Callable[[SeenRequest], Page], *, prefix: str, takes_s: Callable[[], float] | None = None
    ) -> None:
        """`takes_s`: how long each request takes, half of it before it is carried out; not at all where it is not given."""
        self._carry_out = carry_out
        self._prefix = prefix
        self._takes_s = takes_s or (lambda: 0.0)
        self.site = LocalSite()
        self.site.behave("/*", self._behave)
        self._lock = threading.Lock()
        self._faults: list[_Pending] = []
        self.befalls: Callable[[SeenRequest], Fault | None] = lambda request: None
        self._late: list[SeenRequest] = []
        self._open = 0

    @property
    def url(self) -> str:
        return self.site.base_url

    # --- what goes wrong ------------------------------------------------------------------------------

    def inject(self, *faults: Fault) -> None:
        """Let each fault happen, in this order, to the first request it fits."""
        with self._lock:
            self._faults += [_Pending(fault) for fault in faults]

    def catch_up(self) -> None:
        """Carry out what was put off by `Effect.LATE`."""
        with self._lock:
            late, self._late = self._late, []
            for request in late:
                self._carry_out(request)

    def forgive(self) -> None:
        """Let nothing more go wrong: faults that have not happened yet are dropped, what was put off is carried out."""
        with self._lock:
            self._faults.clear()
        self.catch_up()

    def busy(self) -> bool:
        """Whether a request is being carried out, be it that nobody waits for its answer any more."""
        return self._open > 0

    # --- serving ------------------------------------------------------------------------------------------

    def _behave(self, line: Line, request: SeenRequest) -> bool:
        with self._lock:
            self._open += 1
        try:
            return self._answer(line, request)
        finally:
            with self._lock:
                self._open -= 1

    def _answer(self, line: Line, request: SeenRequest) -> bool:
        half_s = self._takes_s() / 2
        line.wait(half_s)
        with self._lock:
            fault = self._fault_for(request)
            if fault is None or fault.effect is Effect.DONE:
                page = self._carry_out(request)
            else:
                page = Page(status=HTTPStatus.NO_CONTENT)
                if fault.effect is Effect.LATE:
                    self._late.append(request)
        line.wait(half_s)
        if fault is None:
            line.send(_wire(page))
            return True
        if fault.hang:
            while not line.wait(0.1):
                pass
        elif fault.reset:
            line.reset()
        else:
            # the connection stays open: one closed without a word would reset the next request at random
            body = fault.change(page.body) if fault.change else fault.before + page.body
            line.send(_wire(fault.page or replace(page, body=body)))
            return True
        return False

    def _fault_for(self, request: SeenRequest) -> Fault | None:
        path = request.path.removeprefix(self._prefix)
        for pending in self._faults:
            fault = pending.fault
            fits = fnmatchcase(request.method, fault.method) and fnmatchcase(path, fault.path)
            if pending.left and fits and fault.saying in request.body:
                pending.left -= 1
                return fault
        return self.befalls(request)

    def close(self) -> None:
        self.site.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _wire(page: Page) -> bytes:
    headers: Mapping[str, str] = {
        "Content-Type": page.content_type or "text/plain",
        **page.headers,
        "Content-Length": str(len(page.body)),
    }
    lines = [f"HTTP/1.1 {page.status} Answer", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + page.body
