"""A Drupal on loopback that keeps what it is sent; written from the manual of its JSON:API, see `drupal_state`.

with LocalDrupal() as portal:
    ...push to portal.url as portal.username / portal.password...
    assert len(portal.copies(key)) == 1
"""

import uuid
from dataclasses import replace
from datetime import datetime

from syncd.clock import SystemClock
from syncd.ports.clock import Clock
from syncd.testing.drupal_rows import StoredNode, shown_html
from syncd.testing.drupal_state import ROOT, DrupalState
from syncd.testing.faulty_portal import FaultyPortal


class LocalDrupal(FaultyPortal):
    """A Drupal as far as syncd sees one, on 127.0.0.1 at a free port. May be shared by threads; `state` is its database."""

    def __init__(self, *, clock: Clock | None = None) -> None:
        self.state = DrupalState(clock or SystemClock())
        super().__init__(self.state.answer, prefix=ROOT)

    @property
    def username(self) -> str:
        return self.state.accounts[0].login

    @property
    def password(self) -> str:
        return self.state.accounts[0].password

    # --- what people do there ---------------------------------------------------------------------------

    def type_by_hand(self, *, title: str, html: str, date: datetime, author: str = "unit_a") -> str:
        """An editor writes a node in the portal's own pages; its UUID, which is one that Drupal made."""
        with self._lock:
            writer = next(account.id for account in self.state.accounts if account.login == author)
            number = self.state.new_number()
            node = StoredNode(
                uuid=str(uuid.uuid4()),
                nid=number,
                title=title,
                value=html,
                format="basic_html",
                author=writer,
                created=int(date.timestamp()),
            )
            self.state.nodes[node.uuid] = node
            return node.uuid

    def save_in_editor(self, node_id: str) -> None:
        """An editor opens a node and saves it: what the text format does not keep is gone from the text itself."""
        with self._lock:
            node = self.state.nodes[node_id]
            node.value = shown_html(node.value)
            node.revision += 1

    def delete(self, node_id: str) -> None:
        """Gone for good: Drupal has no trash."""
        with self._lock:
            del self.state.nodes[node_id]

    def approve(self, node_id: str) -> None:
        with self._lock:
            node = self.state.nodes[node_id]
            node.status, node.moderation_state = True, "published" if self.state.moderated else ""

    # --- what stands there ------------------------------------------------------------------------------

    def posts(self) -> tuple[StoredNode, ...]:
        """Every node, in order of making; copies, not the rows."""
        with self._lock:
            return tuple(replace(node) for node in self.state.nodes.values())

    def copies(self, key: str) -> tuple[StoredNode, ...]:
        """The nodes that carry a key, in their UUID or their text: one, if all is well."""
        return tuple(node for node in self.posts() if node.uuid.replace("-", "") in key or key in node.value)
