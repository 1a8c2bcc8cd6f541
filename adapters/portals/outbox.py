"""A folder that is a small static website with an Atom feed: the portal for an office whose portal has no API.

The portal, or a person, subscribes to `feed.xml`. No foreign software, so nothing was tried against a foreign version;
the feed follows RFC 4287, its ids RFC 4151.

State is one file per post, `posts/<name>.json`; every page, the index and the feed are made from these and can be made
again at any time. Creating is exclusive (`link(2)`), which is what makes this a class A portal: the key is the file's
name, and of any number of writers one makes it and the others get the standing post. A post typed by hand is a JSON
file of another name; `docs/portals/outbox.md` lists its members.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from adapters.http.client import PoliteClient
from adapters.portals.content import credited, is_key, outgoing_links
from adapters.portals.outbox_files import (
    OutboxEntry,
)
from adapters.portals.outbox_hubs import Hubs
from adapters.portals.outbox_site import page_name
from adapters.portals.outbox_store import STATES, EntryFolder, entry_of
from adapters.portals.outbox_writer import SiteWriter
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


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxSettings:
    """`directory` is served at `base_url`; `title` heads the site and names the feed.

    `hub`: addresses of WebSub hubs that are called when the feed has changed; `allow_addresses`: where one is on a private address.
    """

    directory: Path
    base_url: str
    title: str = "Tin, bài của các đơn vị"
    hub: tuple[str, ...] = ()
    allow_addresses: tuple[str, ...] = ()


class OutboxPortal:
    """Keep posts as files and publish them as a static site. Writers of several processes are kept apart by a file lock."""

    Settings = OutboxSettings

    def __init__(
        self, settings: OutboxSettings, *, name: str, http: PoliteClient, clock: Clock, settle: timedelta
    ) -> None:
        """`http` is used to call hubs, and for nothing else."""
        self.name = name
        self.capabilities = Capabilities(delivery_class=DeliveryClass.A, settle=settle)
        self._root = settings.directory
        self._base_url = settings.base_url.rstrip("/") + "/"
        self._clock = clock
        self._store = EntryFolder(settings.directory, portal=name, base_url=self._base_url)
        self._site = SiteWriter(settings.directory, base_url=self._base_url, title=settings.title, hubs=settings.hub)
        self._hubs = Hubs(
            settings.directory,
            settings.hub,
            feed_url=f"{self._base_url}feed.xml",
            http=http,
            allow_addresses=settings.allow_addresses,
        )

    # --- the port ---------------------------------------------------------------------------------

    def verify(self) -> str:
        """Make the folder where it is missing, make the site again, tell the hubs of it if it changed, and tell what stands there.

        Every run begins here, so hubs are called once for all that the run before it brought. One that fails stops nothing.
        """
        with self._store.translated(None):
            self._store.make()
            with self._store.changing():
                self._store.sweep()
                self._show_all()
            count = len(self._store.names())
            silent = self._hubs.tell()
        hubs = f", hub not reached: {'; '.join(silent)}" if silent else ""
        return f"outbox {self._root}: {count} post{'' if count == 1 else 's'}{hubs}"

    def find(self, key: SourceKey) -> PortalPost | None:
        self._store.require(key)
        return self._load(key)

    def create(self, post: PostToPush, key: SourceKey) -> PortalPost:
        """Make the post, or return the one that already bears the key, unchanged."""
        if not is_key(key):
            raise ValueError(f"{key!r} is not a key")
        now = self._clock.now()
        entry, data = self._store.encoded(
            entry_of(post, state=STATES[post.approval], created_at=now, updated_at=now), key
        )
        with self._store.translated(key):
            self._store.make()
            with self._store.changing() as is_known:
                made = self._store.create(key, data)
                # the post stands from here on; a page that cannot be written now is made by the next call
                if made:
                    self._show(key, entry, is_known=is_known)
        standing = entry if made else self._store.entry(key)
        if standing is None:
            raise self._store.error(f"post {key} vanished while it was made", key=key, unknown=True)
        return self._seen(key, standing)

    def update(self, portal_id: str, post: PostToPush, key: SourceKey) -> PortalPost:
        with self._store.translated(key), self._store.changing() as is_known:
            standing = self._store.standing(portal_id, key)
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
            self._show(portal_id, entry, is_known=is_known)
        return self._seen(portal_id, entry)

    def withdraw(self, portal_id: str, key: SourceKey) -> PortalPost:
        """Make it a draft: its page and its line in the feed go with the site's next making, which is at once."""
        with self._store.translated(key), self._store.changing():
            entry = self._store.standing(portal_id, key)
            if entry.state is PortalState.PUBLIC:
                changed = replace(
                    entry, state=PortalState.DRAFT, updated_at=self._clock.now(), version=entry.version + 1
                )
                entry, data = self._store.encoded(changed, key)
                self._store.replace(portal_id, data)
                self._show_all()
        return self._seen(portal_id, entry)

    def put_file(self, file: FileToPush) -> PlacedFile:
        return self._store.put_file(file)

    def read(self, portal_id: str) -> PortalPost | None:
        self._store.require(None)
        return self._load(portal_id)

    def list(self, start: datetime, end: datetime) -> Iterator[PortalPost]:
        """As the port says; a file that is no post stops the listing before its first post."""
        self._store.require(None)
        found = []
        with self._store.translated(None):
            for name in self._store.names():
                entry = self._store.entry(name)
                if entry is not None and start <= entry.published_at < end:
                    found.append((entry.published_at, name, entry))
        for _, name, entry in sorted(found, key=lambda item: item[:2]):
            yield self._seen(name, entry)

    def _load(self, name: str) -> PortalPost | None:
        with self._store.translated(SourceKey(name) if is_key(name) else None):
            entry = self._store.entry(name)
        return None if entry is None else self._seen(name, entry)

    def _seen(self, name: str, entry: OutboxEntry) -> PortalPost:
        return PortalPost(
            id=name,
            key=SourceKey(name) if is_key(name) else None,
            url=self._base_url + page_name(name),
            title=entry.title,
            state=entry.state,
            published_at=entry.published_at,
            version=f"{entry.version}/{entry.updated_at.isoformat()}",
            author=entry.author,
            author_name=entry.unit_name,
            categories=entry.categories,
            content_sha256=text_sha256(entry.html),
            links=outgoing_links(entry.html, own_url=self._base_url),
            credit=credited(entry.html),
        )

    # --- the site -----------------------------------------------------------------------------------

    def _show(self, name: str, entry: OutboxEntry, *, is_known: bool) -> None:
        if not is_known:
            self._show_all()
        elif entry.state is PortalState.PUBLIC:
            self._site.show(name, entry)

    def _show_all(self) -> None:
        """Bring the whole site in line with the files.

        A file that is no post is left out here, so that one bad file stops no delivery; `list` reports it.
        """
        entries = {}
        for name in self._store.names():
            try:
                entry = self._store.entry(name)
            except PortalError:
                continue
            if entry is not None and entry.state is PortalState.PUBLIC:
                entries[name] = entry
        self._site.show_all(entries)
