"""A portal on loopback that keeps what it is sent, so that a second copy shows; it speaks WordPress's REST API.

with LocalPortal() as portal:
    portal.inject(Fault(effect=Effect.DONE, reset=True))     # the next post is made, and its answer lost
    ...push to portal.url as portal.username / portal.password...
    assert len(portal.copies(key)) == 1
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from http import HTTPStatus
from types import TracebackType

from syncd.clock import SystemClock
from syncd.ports.clock import Clock
from syncd.testing.local_site import Line, LocalSite, Page, SeenRequest
from syncd.testing.wordpress_state import API, Account, StoredPost, WordPressState


class Effect(StrEnum):
    """Whether a request under a fault takes effect."""

    NONE = "none"
    DONE = "done"
    LATE = "late"  # only when the test calls `catch_up`, long after the answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What happens to the next `times` requests of `method` to `path` (below /wp-json/wp/v2, with `*`).

    Exactly one of: `hang` (no answer while the portal runs), `reset`, `page` (answered in place of the true answer),
    `before` (bytes put before the true answer's body).
    """

    method: str = "POST"
    path: str = "/posts"
    effect: Effect = Effect.NONE
    hang: bool = False
    reset: bool = False
    page: Page | None = None
    before: bytes = b""
    times: int = 1


@dataclass(slots=True)
class _Pending:
    fault: Fault
    left: int = field(init=False)

    def __post_init__(self) -> None:
        self.left = self.fault.times


class LocalPortal:
    """A stock WordPress as far as syncd sees one, on 127.0.0.1 at a free port. May be shared by threads.

    `state` is its database, to be read and changed by a test: by hand an editor does no more.
    """

    def __init__(self, *, clock: Clock | None = None, takes_s: Callable[[], float] | None = None) -> None:
        """`takes_s`: how long each request takes, half of it before it is carried out; not at all where it is not given."""
        self._takes_s = takes_s or (lambda: 0.0)
        self.state = WordPressState(clock or SystemClock())
        self.site = LocalSite()
        self.site.behave("/*", self._behave)
        self._lock = threading.Lock()
        self._faults: list[_Pending] = []
        self._late: list[SeenRequest] = []
        self._open = 0

    @property
    def url(self) -> str:
        return self.site.base_url

    @property
    def account(self) -> Account:
        return self.state.accounts[0]

    @property
    def username(self) -> str:
        return self.account.login

    @property
    def password(self) -> str:
        return self.account.password

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
                self.state.answer(request)

    def forgive(self) -> None:
        """Let nothing more go wrong: faults that have not happened yet are dropped, what was put off is carried out."""
        with self._lock:
            self._faults.clear()
        self.catch_up()

    # --- what people do there ---------------------------------------------------------------------------

    def type_by_hand(
        self, *, title: str, html: str, date: datetime, author: str = "unit_a", category: str = "Tin tức"
    ) -> int:
        """An editor writes a post in the portal's own pages; its id."""
        with self._lock:
            writer = next(account.id for account in self.state.accounts if account.login == author)
            categories = [number for number, name in self.state.categories.items() if name == category]
            post = StoredPost(
                id=self.state.new_id(),
                title=title,
                content=html,
                date=date,
                modified=date,
                author=writer,
                categories=categories,
            )
            self.state.posts[post.id] = post
            return post.id

    def trash(self, post_id: int) -> None:
        with self._lock:
            self.state.posts[post_id].status = "trash"

    def delete(self, post_id: int) -> None:
        """Gone for good, past the trash."""
        with self._lock:
            del self.state.posts[post_id]

    def approve(self, post_id: int) -> None:
        with self._lock:
            self.state.posts[post_id].status = "publish"

    # --- what stands there ------------------------------------------------------------------------------

    def posts(self) -> tuple[StoredPost, ...]:
        """Every post, in order of making; copies, not the rows."""
        with self._lock:
            return tuple(replace(post) for post in self.state.posts.values())

    def copies(self, key: str) -> tuple[StoredPost, ...]:
        """The posts that carry a key: one, if all is well."""
        return tuple(post for post in self.posts() if key in post.content)

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
                page = self.state.answer(request)
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
            line.send(_wire(fault.page or replace(page, body=fault.before + page.body)))
            return True
        return False

    def _fault_for(self, request: SeenRequest) -> Fault | None:
        path = request.path.removeprefix(API)
        for pending in self._faults:
            fault = pending.fault
            if pending.left and fault.method == request.method and fnmatchcase(path, fault.path):
                pending.left -= 1
                return fault
        return None

    def close(self) -> None:
        self.site.close()

    def __enter__(self) -> "LocalPortal":
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
