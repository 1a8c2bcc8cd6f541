"""A Liferay on loopback that keeps what it is sent; written from the manual of its headless interfaces, see `liferay_state`.

with LocalLiferay() as portal:
    ...push to portal.url, site liferay_rows.SITE, as portal.username / portal.password...
    assert len(portal.copies(key)) == 1
"""

import uuid
from dataclasses import replace
from datetime import datetime

from syncd.clock import SystemClock
from syncd.ports.clock import Clock
from syncd.testing.faulty_portal import FaultyPortal
from syncd.testing.liferay_rows import Kind, StoredContent
from syncd.testing.liferay_state import LiferayState


class LocalLiferay(FaultyPortal):
    """A Liferay as far as syncd sees one, on 127.0.0.1 at a free port. May be shared by threads; `state` is its database."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.state = LiferayState(clock or SystemClock())
        super().__init__(self.state.answer, prefix="/o")

    @property
    def username(self) -> str:
        return self.state.accounts[0].login

    @property
    def password(self) -> str:
        return self.state.accounts[0].password

    # --- what people do there ---------------------------------------------------------------------------

    def type_by_hand(
        self, *, title: str, html: str, date: datetime, kind: Kind = "structured-contents", author: str = "unit_a"
    ) -> int:
        """An editor writes a post in the portal's own pages; its number."""
        with self._lock:
            writer = next(account.id for account in self.state.accounts if account.login == author)
            content = StoredContent(
                id=self.state.new_id(),
                kind=kind,
                code=str(uuid.uuid4()),
                title=title,
                html=html,
                date=date,
                created=date,
                modified=date,
                creator=writer,
            )
            self.state.contents[content.id] = content
            return content.id

    def trash(self, number: int) -> None:
        """Into the recycle bin."""
        with self._lock:
            self.state.contents[number].versions = [8]

    def delete(self, number: int) -> None:
        """Gone for good."""
        with self._lock:
            del self.state.contents[number]

    def approve(self, number: int) -> None:
        """A reviewer lets the latest version go out."""
        with self._lock:
            self.state.contents[number].versions[-1] = 0

    # --- what stands there ------------------------------------------------------------------------------

    def posts(self) -> tuple[StoredContent, ...]:
        """Every post, in order of making; copies, not the rows."""
        with self._lock:
            return tuple(replace(content) for content in self.state.contents.values())

    def copies(self, key: str) -> tuple[StoredContent, ...]:
        """The posts that carry a key: one, if all is well."""
        return tuple(content for content in self.posts() if content.code == key)
