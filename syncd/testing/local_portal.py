"""A portal on loopback that keeps what it is sent, so that a second copy shows; it speaks WordPress's REST API and its XML-RPC.

with LocalPortal() as portal:
    portal.inject(Fault(effect=Effect.DONE, reset=True))     # the next post is made, and its answer lost
    ...push to portal.url as portal.username / portal.password...
    assert len(portal.copies(key)) == 1
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import datetime

from syncd.clock import SystemClock
from syncd.ports.clock import Clock
from syncd.testing.faulty_portal import Effect, Fault, FaultyPortal
from syncd.testing.local_site import Page, SeenRequest
from syncd.testing.wordpress_state import API, Account, StoredMedia, StoredPost, WordPressState
from syncd.testing.wordpress_xmlrpc import PATH, WordPressXmlRpc

__all__ = ["Backup", "Effect", "Fault", "LocalPortal"]

Backup = tuple[tuple[dict[int, StoredPost], dict[int, StoredMedia]], int]


class LocalPortal(FaultyPortal):
    """A stock WordPress as far as syncd sees one, on 127.0.0.1 at a free port. May be shared by threads.

    `state` is its database, to be read and changed by a test: by hand an editor does no more.
    """

    def __init__(self, *, clock: Clock | None = None, takes_s: Callable[[], float] | None = None) -> None:
        """`takes_s`: as `FaultyPortal`."""
        self.state = WordPressState(clock or SystemClock())
        self._xmlrpc = WordPressXmlRpc(self.state)
        super().__init__(self._carried_out, prefix=API, takes_s=takes_s)

    def _carried_out(self, request: SeenRequest) -> Page:
        return (self._xmlrpc if request.path == PATH else self.state).answer(request)

    @property
    def account(self) -> Account:
        return self.state.accounts[0]

    @property
    def username(self) -> str:
        return self.account.login

    @property
    def password(self) -> str:
        return self.account.password

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

    def copy(self, post_id: int) -> int:
        """An editor makes a second post of one that stands there, our key in its text among the rest; its id."""
        with self._lock:
            made = replace(self.state.posts[post_id], id=self.state.new_id(), external_id="", slug="")
            self.state.posts[made.id] = made
            return made.id

    def backup(self) -> Backup:
        """What a copy of its database holds now."""
        with self._lock:
            return deepcopy((self.state.posts, self.state.media)), self.state.last_id

    def restore(self, backup: Backup) -> None:
        """Let it be as it was: what was written since is gone, and ids are given anew from there."""
        with self._lock:
            (self.state.posts, self.state.media), self.state.last_id = deepcopy(backup[0]), backup[1]

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
