"""A Plone on loopback that keeps what it is sent; written from what a real one was seen to do, see `plone_state`.

with LocalPlone() as portal:
    ...push to portal.url as portal.username / portal.password...
    assert len(portal.copies(key)) == 1
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from syncd.clock import SystemClock
from syncd.ports.clock import Clock
from syncd.testing.faulty_portal import FaultyPortal
from syncd.testing.plone_state import SITE, PloneState, StoredItem


class LocalPlone(FaultyPortal):
    """A Plone as far as syncd sees one, on 127.0.0.1 at a free port. May be shared by threads; `state` is its database."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.state = PloneState(clock or SystemClock())
        super().__init__(self.state.answer, prefix=SITE)

    @property
    def url(self) -> str:
        return f"{self.site.base_url}{SITE}"

    @property
    def username(self) -> str:
        return self.state.accounts[0].login

    @property
    def password(self) -> str:
        return self.state.accounts[0].password

    # --- what people do there ---------------------------------------------------------------------------

    def type_by_hand(
        self,
        *,
        title: str,
        html: str,
        date: datetime | None,
        author: str = "unit_a",
        folder: str = "tin-tuc",
        state: str = "published",
    ) -> str:
        """An editor writes a post in the portal's own pages; its UID. Without a date it gets one when it is published."""
        with self._lock:
            number = len(self.state.items) + 1
            text = {"data": html.replace("&", "&amp;")}
            at = date and date.isoformat()
            item = self.state.put(
                folder, f"bai-{number}", "News Item", title, text=text, effective=at, creators=[author]
            )
            item.state = state
            return item.uid

    def edit(self, uid: str, **members: object) -> None:
        with self._lock:
            for name, value in members.items():
                setattr(self.state.items[uid], name, value)

    def move(self, uid: str, folder: str, name: str | None = None) -> None:
        """To another folder, or under another name."""
        with self._lock:
            item = self.state.items[uid]
            self.state.move(item, folder, name or item.id)

    def approve(self, uid: str) -> None:
        self.edit(uid, state="published")

    def delete(self, uid: str) -> None:
        """Gone: Plone has no trash."""
        with self._lock:
            del self.state.items[uid]

    # --- what stands there ------------------------------------------------------------------------------

    def posts(self) -> tuple[StoredItem, ...]:
        """Every news item, in order of making; copies, not the rows."""
        return self._of("News Item")

    def copies(self, key: str) -> tuple[StoredItem, ...]:
        """The posts that carry a key: one, if all is well."""
        return tuple(post for post in self.posts() if key == post.id or f'<div class="{key}">' in post.html)

    def files(self) -> Sequence[StoredItem]:
        """Pictures and files that stand by themselves."""
        return self._of("Image", "File")

    def _of(self, *types: str) -> tuple[StoredItem, ...]:
        with self._lock:
            return tuple(replace(item) for item in self.state.items.values() if item.type in types)
