"""A folder that is a small static website with an Atom feed: the portal for an office whose portal has no API.

The portal, or a person, subscribes to `feed.xml`. No foreign software, so nothing was tried against a foreign version;
the feed follows RFC 4287, its ids RFC 4151.

State is one file per post, `posts/<name>.json`; every page, the index and the feed are made from these and can be made
again at any time. Creating is exclusive (`link(2)`), which is what makes this a class A portal: the key is the file's
name, and of any number of writers one makes it and the others get the standing post. A post typed by hand is a JSON
file of another name; `docs/portals.md` lists its members.
"""

import errno
import fcntl
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from adapters.http.client import PoliteClient
from adapters.portals.content import is_key, outgoing_links
from adapters.portals.outbox_files import (
    EntryInvalid,
    OutboxEntry,
    OutboxImage,
    decode_entry,
    encode_entry,
    write_exclusively,
    write_over,
)
from adapters.portals.outbox_site import page_name
from adapters.portals.outbox_writer import SiteWriter
from syncd.domain.identity import text_sha256
from syncd.domain.model import Approval, SourceKey
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

_NAME = re.compile(r"[^/\\\x00]{1,200}")
_STATES = {
    Approval.AUTO: PortalState.PUBLIC,
    Approval.PENDING: PortalState.PENDING,
    Approval.DRAFT: PortalState.DRAFT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxSettings:
    """`directory` is served at `base_url`; `title` heads the site and names the feed."""

    directory: Path
    base_url: str
    title: str = "Tin, bài của các đơn vị"


class OutboxPortal:
    """Keep posts as files and publish them as a static site. Writers of several processes are kept apart by a file lock."""

    Settings = OutboxSettings

    def __init__(
        self, settings: OutboxSettings, *, name: str, http: PoliteClient, clock: Clock, settle: timedelta
    ) -> None:
        """`http` is not used: nothing is reached over the network."""
        self.name = name
        self.capabilities = Capabilities(delivery_class=DeliveryClass.A, settle=settle)
        self._root = settings.directory
        self._posts = settings.directory / "posts"
        self._base_url = settings.base_url.rstrip("/") + "/"
        self._clock = clock
        self._read_entries: dict[str, tuple[tuple[int, int, int], OutboxEntry]] = {}
        self._site = SiteWriter(settings.directory, base_url=self._base_url, title=settings.title)
        self._token = ""  # of our last change, while the site shows what we know

    # --- the port ---------------------------------------------------------------------------------

    def verify(self) -> str:
        """Make the folder where it is missing, make the site again, and tell what stands there."""
        with self._translated(None):
            self._posts.mkdir(parents=True, exist_ok=True)
            (self._root / "images").mkdir(exist_ok=True)
            with self._changing():
                for path in self._root.rglob(".syncd-*.tmp"):
                    path.unlink(missing_ok=True)
                self._show_all()
            count = len(self._names())
        return f"outbox {self._root}: {count} post{'' if count == 1 else 's'}"

    def find(self, key: SourceKey) -> PortalPost | None:
        self._require_folder(key)
        return self._load(key)

    def create(self, post: PostToPush, key: SourceKey) -> PortalPost:
        """Make the post, or return the one that already bears the key, unchanged."""
        if not is_key(key):
            raise ValueError(f"{key!r} is not a key")
        now = self._clock.now()
        entry, data = self._encoded(_entry(post, state=_STATES[post.approval], created_at=now, updated_at=now), key)
        with self._translated(key):
            self._posts.mkdir(parents=True, exist_ok=True)
            with self._changing() as is_known:
                made = write_exclusively(self._posts / f"{key}.json", data)
                # the post stands from here on; a page that cannot be written now is made by the next call
                if made:
                    self._show(key, entry, is_known=is_known)
        standing = entry if made else self._entry(key)
        if standing is None:
            raise self._error(f"post {key} vanished while it was made", key=key, unknown=True)
        return self._seen(key, standing)

    def update(self, portal_id: str, post: PostToPush, key: SourceKey) -> PortalPost:
        with self._translated(key), self._changing() as is_known:
            standing = self._standing(portal_id, key)
            entry = _entry(
                post,
                state=standing.state,
                created_at=standing.created_at,
                updated_at=self._clock.now(),
                published_at=standing.published_at,
                version=standing.version + 1,
            )
            if entry.image is None:
                entry = replace(entry, image=standing.image)
            entry, data = self._encoded(entry, key)
            write_over(self._posts / f"{portal_id}.json", data, durable=True)
            self._show(portal_id, entry, is_known=is_known)
        return self._seen(portal_id, entry)

    def withdraw(self, portal_id: str, key: SourceKey) -> PortalPost:
        """Make it a draft: its page and its line in the feed go with the site's next making, which is at once."""
        with self._translated(key), self._changing():
            entry = self._standing(portal_id, key)
            if entry.state is PortalState.PUBLIC:
                changed = replace(
                    entry, state=PortalState.DRAFT, updated_at=self._clock.now(), version=entry.version + 1
                )
                entry, data = self._encoded(changed, key)
                write_over(self._posts / f"{portal_id}.json", data, durable=True)
                self._show_all()
        return self._seen(portal_id, entry)

    def put_file(self, file: FileToPush) -> PlacedFile:
        path = self._root / "images" / file.filename
        with self._translated(None):
            path.parent.mkdir(parents=True, exist_ok=True)
            # named by their hash: bytes of that name and length are these bytes
            if not path.exists() or path.stat().st_size != len(file.data):
                write_over(path, file.data, durable=True, mode=0o644)
        name = f"images/{file.filename}"
        return PlacedFile(sha256=file.sha256, id=name, url=self._base_url + name, alt=file.alt, caption=file.caption)

    def read(self, portal_id: str) -> PortalPost | None:
        self._require_folder(None)
        return self._load(portal_id)

    def list(self, start: datetime, end: datetime) -> Iterator[PortalPost]:
        """As the port says; a file that is no post stops the listing before its first post."""
        self._require_folder(None)
        found = []
        with self._translated(None):
            for name in self._names():
                entry = self._entry(name)
                if entry is not None and start <= entry.published_at < end:
                    found.append((entry.published_at, name, entry))
        for _, name, entry in sorted(found, key=lambda item: item[:2]):
            yield self._seen(name, entry)

    # --- entries ----------------------------------------------------------------------------------

    def _names(self) -> Sequence[str]:
        files = (name for name in os.listdir(self._posts) if name.endswith(".json") and not name.startswith("."))
        return [name.removesuffix(".json") for name in files]

    def _load(self, name: str) -> PortalPost | None:
        with self._translated(SourceKey(name) if is_key(name) else None):
            entry = self._entry(name)
        return None if entry is None else self._seen(name, entry)

    def _standing(self, name: str, key: SourceKey) -> OutboxEntry:
        entry = self._entry(name)
        if entry is None:
            raise self._error(f"there is no post {name} any more", key=key, kind="gone", permanent=True)
        return entry

    def _entry(self, name: str) -> OutboxEntry | None:
        """One file's post, read again only when the file is another one; None when there is no such file.

        Raises:
            PortalError: the file is not a post.
        """
        if not _NAME.fullmatch(name) or name.startswith("."):
            return None
        path = self._posts / f"{name}.json"
        try:
            with path.open("rb") as file:
                stat = os.fstat(file.fileno())
                mark = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
                known = self._read_entries.get(name)
                if known is not None and known[0] == mark:
                    return known[1]
                name.encode("utf-8")  # else it is no text that could be stored or shown
                entry = decode_entry(file.read(), written_at=stat.st_mtime)
        except FileNotFoundError:
            self._read_entries.pop(name, None)
            return None
        except (EntryInvalid, UnicodeEncodeError) as err:
            raise self._error(
                f"{os.fsencode(path).decode('utf-8', 'backslashreplace')} is not a post: {err}",
                kind="protocol",
                hint="mend or remove the file; until then no census can be complete",
            ) from err
        self._read_entries[name] = (mark, entry)
        return entry

    def _encoded(self, entry: OutboxEntry, key: SourceKey) -> tuple[OutboxEntry, bytes]:
        """The file's bytes, and the post as it will be read from them: what is shown is what is stored."""
        data = encode_entry(entry)
        try:
            return decode_entry(data, written_at=0), data
        except EntryInvalid as err:
            raise self._error(f"cannot keep post {key}: {err}", key=key, kind="protocol", permanent=True) from err

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
        for name in self._names():
            try:
                entry = self._entry(name)
            except PortalError:
                continue
            if entry is not None and entry.state is PortalState.PUBLIC:
                entries[name] = entry
        self._site.show_all(entries)

    @contextmanager
    def _changing(self) -> Iterator[bool]:
        """The folder for ourselves; whether the site still is as we left it.

        Each change leaves a new token in the lock file, so another process's change shows, and so does one of ours that
        failed half-way. What a person changes by hand is seen by the next `verify`.
        """
        with (self._root / ".lock").open("a+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            lock.seek(0)
            is_known = bool(self._token) and lock.read() == self._token
            self._token, token = "", os.urandom(8).hex()
            lock.truncate(0)
            lock.write(token)
            lock.flush()
            yield is_known
            self._token = token

    # --- errors ---------------------------------------------------------------------------------------

    def _require_folder(self, key: SourceKey | None) -> None:
        # a folder on a disk that is not mounted must not read as an empty portal
        if not self._posts.is_dir():
            raise self._error(
                f"{self._posts} is not there",
                key=key,
                kind="refused",
                hint="is its disk mounted? An empty portal is made by `syncd check --online`, never by looking",
            )

    @contextmanager
    def _translated(self, key: SourceKey | None) -> Iterator[None]:
        try:
            yield
        except OSError as err:
            full = err.errno in (errno.ENOSPC, errno.EDQUOT)
            raise self._error(
                f"{self._root} cannot be used: {err.strerror}: {err.filename}",
                key=key,
                kind="disk_full" if full else "failed",
                unknown=key is not None,
                hint="make room on the disk" if full else "the folder must be readable and writable for syncd",
            ) from err

    def _error(
        self,
        message: str,
        *,
        key: SourceKey | None = None,
        kind: str = "failed",
        unknown: bool = False,
        permanent: bool = False,
        hint: str | None = None,
    ) -> PortalError:
        return PortalError(
            message, portal=self.name, key=key, kind=kind, unknown=unknown, permanent=permanent, hint=hint
        )


def _entry(
    post: PostToPush,
    *,
    state: PortalState,
    created_at: datetime,
    updated_at: datetime,
    published_at: datetime | None = None,
    version: int = 1,
) -> OutboxEntry:
    image = post.image
    return OutboxEntry(
        title=post.title,
        html=post.html,
        summary=post.summary,
        published_at=published_at or post.published_at,
        created_at=created_at,
        updated_at=updated_at,
        state=state,
        version=version,
        unit_name=post.unit_name,
        source_url=post.source_url,
        author=post.author or post.unit_name,
        categories=post.categories,
        image=OutboxImage(file=image.id, alt=image.alt, caption=image.caption) if image else None,
    )
