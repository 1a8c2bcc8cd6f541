"""Packages for a portal without any interface: people carry the posts there by hand, and put back a receipt.

No foreign software, so nothing was tried against one. `publish` keeps each post as a file of its own (class A: the key is the file's name);
`verify`, which every run begins with, hands over what has not been handed over yet: numbered folders `goi-0001`, `goi-0002` and so
on, with pages to copy from, pictures, a list, steps in Vietnamese and a receipt to fill in. A package never changes once it is there.

What stands at the portal is known from the receipts alone: without one a post waits (`pending`, no address) and counts as not there.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.http.client import PoliteClient
from adapters.portals.content import credited, is_key, outgoing_links
from adapters.portals.outbox_files import OutboxEntry
from adapters.portals.outbox_store import STATES, EntryFolder, entry_of
from adapters.portals.package_files import Errand, HandedOver, Item, handed_over, remove_half_made, write_package
from adapters.portals.package_receipts import MAX_BYTES, Receipt, ReceiptLine, read_receipt
from syncd.domain.identity import text_sha256
from syncd.domain.model import SourceKey
from syncd.errors import PortalError
from syncd.ports.clock import Clock
from syncd.ports.portal import (
    Capabilities,
    DeliveryClass,
    FileToPush,
    PlacedFile,
    PortalPost,
    PortalState,
    PostToPush,
)

RECEIPTS = "bien-nhan"
_WITHDRAWN = PortalState.PRIVATE  # what a post's file says once it is to be taken from the public
_SHOWN = (PortalState.PUBLIC, PortalState.SCHEDULED, PortalState.PRIVATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageSettings:
    """`directory` is where packages are fetched from and receipts are put; `portal_url` the portal that they are for."""

    directory: Path
    portal_url: str
    posts_per_package: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """All receipts together: the line that stands for each key, the posts typed by hand, and what could not be read."""

    lines: Mapping[SourceKey, ReceiptLine]
    typed: Mapping[str, ReceiptLine]
    errors: Sequence[str]


class PackagePortal:
    """Hand posts over in packages, and read receipts. Writers of several processes are kept apart by a file lock."""

    Settings = PackageSettings

    def __init__(
        self, settings: PackageSettings, *, name: str, http: PoliteClient, clock: Clock, settle: timedelta
    ) -> None:
        """`http` is not used: nothing is reached over the network."""
        self.name = name
        self.capabilities = Capabilities(delivery_class=DeliveryClass.A, settle=settle)
        self._settings = settings
        self._root = settings.directory
        self._receipts = settings.directory / RECEIPTS
        self._url = settings.portal_url.rstrip("/") + "/"
        self._clock = clock
        self._store = EntryFolder(settings.directory, portal=name, base_url=self._url)
        self._packages: dict[str, Mapping[str, Any]] = {}
        self._read_receipts: dict[str, tuple[tuple[int, int, int], Receipt]] = {}
        self._known_told: tuple[Sequence[tuple[str, Receipt]], _Told] | None = None

    # --- the port -----------------------------------------------------------------------------------

    def verify(self) -> str:
        """Make the folder where it is missing, hand over what waits for it, and tell how things stand, unreadable lines of receipts by name."""
        with self._store.translated(None):
            self._store.make()
            self._receipts.mkdir(exist_ok=True)
            with self._store.changing():
                self._store.sweep()
                remove_half_made(self._root)
                made = self._hand_over()
            told = self._told()
        waiting = sum(key not in told.lines for key in self._keys())
        parts = [f"packages {self._root}: {waiting} post{'' if waiting == 1 else 's'} without a receipt"]
        parts += [f"handed over {', '.join(made)}"] if made else []
        parts += [f"cannot be read: {'; '.join(told.errors[:5])}"] if told.errors else []
        return ", ".join(parts)

    def find(self, key: SourceKey) -> PortalPost | None:
        return self.read(key)

    def create(self, post: PostToPush, key: SourceKey) -> PortalPost:
        """Keep the post for the next package, or return the one that already bears the key, unchanged."""
        if not is_key(key):
            raise ValueError(f"{key!r} is not a key")
        now = self._clock.now()
        entry = entry_of(post, state=STATES[post.approval], created_at=now, updated_at=now)
        entry, data = self._store.encoded(entry, key)
        with self._store.translated(key):
            self._store.make()
            with self._store.changing():
                made = self._store.create(key, data)
        standing = self._seen(key, entry, None) if made else self.read(key)
        if standing is None:
            raise self._store.error(f"post {key} was deleted at the portal", key=key, kind="gone", permanent=True)
        return standing

    def update(self, portal_id: str, post: PostToPush, key: SourceKey) -> PortalPost:
        """Ask for the edit in the next package; the state stays what the last receipt says."""
        with self._store.translated(key), self._store.changing():
            standing, line = self._standing(portal_id, key)
            entry = entry_of(
                post,
                state=standing.state,
                created_at=standing.created_at,
                updated_at=self._clock.now(),
                published_at=standing.published_at,
                version=standing.version + 1,
            )
            if entry.image is None:
                entry = replace(entry, image=standing.image)
            entry, data = self._store.encoded(entry, key)
            self._store.replace(portal_id, data)
        return self._seen(key, entry, line)

    def withdraw(self, portal_id: str, key: SourceKey) -> PortalPost:
        """Ask for the withdrawal in the next package; until a receipt says that it was done the post waits, and counts as not there."""
        with self._store.translated(key), self._store.changing():
            entry, line = self._standing(portal_id, key)
            if entry.state is not _WITHDRAWN and (line is None or line.state in _SHOWN):
                now = self._clock.now()
                changed = replace(entry, state=_WITHDRAWN, updated_at=now, version=entry.version + 1)
                entry, data = self._store.encoded(changed, key)
                self._store.replace(portal_id, data)
        return self._seen(key, entry, line)

    def put_file(self, file: FileToPush) -> PlacedFile:
        """Keep the file; a package holds those that its posts link to, under tep/."""
        return self._store.put_file(file)

    def read(self, portal_id: str) -> PortalPost | None:
        self._store.require(None)
        with self._store.translated(SourceKey(portal_id) if is_key(portal_id) else None):
            told = self._told()
            if portal_id in told.typed:
                return self._typed(told.typed[portal_id])
            return self._standing_by(told, SourceKey(portal_id)) if is_key(portal_id) else None

    def list(self, start: datetime, end: datetime) -> Iterator[PortalPost]:
        """As the port says, from the receipts; a line that cannot be read stops it before its first post."""
        self._store.require(None)
        with self._store.translated(None):
            told = self._told()
            if told.errors:
                raise self._store.error(
                    f"receipts in {self._receipts} cannot be read: {'; '.join(told.errors[:5])}",
                    kind="protocol",
                    hint="mend these lines; until then no census can be complete",
                )
            found = (self._standing_by(told, key) for key in self._keys())
            posts = [post for post in found if post is not None]
        posts += [self._typed(line) for line in told.typed.values()]
        yield from sorted(
            (post for post in posts if post.published_at is not None and start <= post.published_at < end),
            key=lambda post: (post.published_at or start, post.id),
        )

    # --- posts --------------------------------------------------------------------------------------

    def _keys(self) -> Sequence[SourceKey]:
        return [SourceKey(name) for name in self._store.names() if is_key(name)]

    def _standing_by(self, told: _Told, key: SourceKey) -> PortalPost | None:
        entry, line = self._store.entry(key), told.lines.get(key)
        if entry is None or (line is not None and line.state is None):
            return None
        return self._seen(key, entry, line)

    def _standing(self, portal_id: str, key: SourceKey) -> tuple[OutboxEntry, ReceiptLine | None]:
        entry, line = self._store.standing(portal_id, key), self._told().lines.get(SourceKey(portal_id))
        if line is not None and line.state is None:
            raise self._store.error(f"post {portal_id} was deleted at the portal", key=key, kind="gone", permanent=True)
        return entry, line

    def _seen(self, key: SourceKey, entry: OutboxEntry, line: ReceiptLine | None) -> PortalPost:
        state = line.state if line is not None and line.state is not None else PortalState.PENDING
        asked_since = line is None or line.turn < entry.version
        if entry.state is _WITHDRAWN and asked_since and state in _SHOWN:
            state = PortalState.PENDING
        return PortalPost(
            id=key,
            key=key,
            url=line.url if line is not None else "",
            title=entry.title,
            state=state,
            published_at=(line.published_at if line is not None else None) or entry.published_at,
            version=f"{entry.version}/{line.turn if line is not None else 0}",
            author=entry.author,
            author_name=entry.unit_name,
            categories=entry.categories,
            content_sha256=text_sha256(entry.html),
            links=outgoing_links(entry.html, own_url=self._url),
            credit=credited(entry.html),
        )

    def _typed(self, line: ReceiptLine) -> PortalPost:
        return PortalPost(
            id=line.typed_id,
            key=None,
            url=line.url,
            title=line.title,
            state=line.state or PortalState.TRASH,
            published_at=line.published_at,
            author=line.author,
            author_name=line.author,
            content_sha256=text_sha256(line.html) if line.html else "",
            links=outgoing_links(line.html, own_url=self._url),
            credit=credited(line.html),
        )

    # --- packages -----------------------------------------------------------------------------------

    def _hand_over(self) -> Sequence[str]:
        """Make packages of all that no package holds yet, oldest first; their names."""
        try:
            before = handed_over(self._root, self._packages)
        except ValueError as err:
            raise self._store.error(
                f"a package in {self._root} is damaged: {err}",
                kind="protocol",
                hint="put its goi.json back from a copy, else its posts would be handed over twice",
            ) from err
        lines, items = self._told().lines, []
        for key in self._keys():
            try:
                entry = self._store.entry(key)
            except PortalError:
                continue  # one bad file stops no delivery; find and list tell of it
            if entry is not None and (errand := _errand(key, entry, before)) is not None:
                line = lines.get(key)
                items.append(Item(key=key, errand=errand, entry=entry, address=line.url if line else ""))
        items.sort(key=lambda item: (item.entry.updated_at, item.key))
        size = max(self._settings.posts_per_package, 1)
        return [
            write_package(
                self._root,
                before.last + 1 + place // size,
                items[place : place + size],
                files=self._root / "images",
                files_url=f"{self._url}images/",
                portal=self._settings.portal_url,
            )
            for place in range(0, len(items), size)
        ]

    # --- receipts -----------------------------------------------------------------------------------

    def _told(self) -> _Told:
        """What all receipts say together: for each key the line of its last turn, and of equal ones the one put back last."""
        receipts = self._all_receipts()
        if self._known_told is None or self._known_told[0] != receipts:
            self._known_told = (receipts, self._together(receipts))
        return self._known_told[1]

    def _together(self, receipts: Sequence[tuple[str, Receipt]]) -> _Told:
        lines: dict[SourceKey, ReceiptLine] = {}
        typed: dict[str, ReceiptLine] = {}
        errors: list[str] = []
        for name, receipt in receipts:
            errors += [f"{RECEIPTS}/{name} {error}" for error in receipt.errors]
            for line in receipt.lines:
                if line.key is None:
                    typed[line.typed_id] = line
                    continue
                before = lines.get(line.key)
                if before is None or line.turn >= before.turn:
                    url = line.url or (before.url if before else "")
                    date = line.published_at or (before.published_at if before else None)
                    lines[line.key] = replace(line, url=url, published_at=date)
        gone = [name for name, line in typed.items() if line.state is None]
        return _Told(lines=lines, typed={name: typed[name] for name in typed if name not in gone}, errors=errors)

    def _all_receipts(self) -> Sequence[tuple[str, Receipt]]:
        """Every receipt, in the order in which they were put back; read again only when the file is another one."""
        found = []
        for name in os.listdir(self._receipts) if self._receipts.is_dir() else ():
            path = self._receipts / name
            if not name.lower().endswith(".csv") or name.startswith((".", "~")):
                continue
            stat = path.stat()
            mark = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
            known = self._read_receipts.get(name)
            if known is None or known[0] != mark:
                with path.open("rb") as file:
                    known = self._read_receipts[name] = (mark, read_receipt(file.read(MAX_BYTES + 1)))
            found.append((stat.st_mtime_ns, name, known[1]))
        return [(name, receipt) for _, name, receipt in sorted(found, key=lambda item: item[:2])]


def _errand(key: SourceKey, entry: OutboxEntry, before: HandedOver) -> Errand | None:
    """What a person is to do with it next; None where that was asked already, or where it never went out and is not to."""
    turn = before.turns.get(key, 0)
    if turn >= entry.version:
        return None
    if entry.state is _WITHDRAWN:
        return Errand.WITHDRAW if turn else None
    return Errand.EDIT if turn else Errand.NEW
