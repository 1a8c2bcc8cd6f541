"""A folder of posts, one JSON file each, that several processes may write: what the outbox and the packages stand on."""

import errno
import fcntl
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from adapters.portals.outbox_files import (
    EntryInvalid,
    OutboxEntry,
    OutboxImage,
    decode_entry,
    encode_entry,
    write_exclusively,
    write_over,
)
from syncd.domain.model import Approval, SourceKey
from syncd.errors import PortalError
from syncd.ports.portal import FileToPush, PlacedFile, PortalState, PostToPush

_NAME = re.compile(r"[^/\\\x00]{1,200}")
STATES = {
    Approval.AUTO: PortalState.PUBLIC,
    Approval.PENDING: PortalState.PENDING,
    Approval.DRAFT: PortalState.DRAFT,
}


class EntryFolder:
    """The posts in `root`/posts and the files in `root`/images, for the portal of that name. May be shared by threads."""

    def __init__(self, root: Path, *, portal: str, base_url: str) -> None:
        self._root = root
        self._posts = root / "posts"
        self._portal = portal
        self._base_url = base_url
        self._read_entries: dict[str, tuple[tuple[int, int, int], OutboxEntry]] = {}
        self._token = ""  # of our last change

    def make(self) -> None:
        """Make what is missing of the folder."""
        self._posts.mkdir(parents=True, exist_ok=True)
        (self._root / "images").mkdir(exist_ok=True)

    def sweep(self) -> None:
        """Remove what writers that died left half written. To be called while `changing`."""
        for path in self._root.rglob(".syncd-*.tmp"):
            path.unlink(missing_ok=True)

    def create(self, key: SourceKey, data: bytes) -> bool:
        """Make the post's file, or leave the one that stands; whether it was made."""
        return write_exclusively(self._posts / f"{key}.json", data)

    def replace(self, name: str, data: bytes) -> None:
        write_over(self._posts / f"{name}.json", data, durable=True)

    def put_file(self, file: FileToPush) -> PlacedFile:
        """Keep a picture or an attachment under its hash."""
        path = self._root / "images" / file.filename
        with self.translated(None):
            path.parent.mkdir(parents=True, exist_ok=True)
            # named by their hash: bytes of that name and length are these bytes
            if not path.exists() or path.stat().st_size != len(file.data):
                write_over(path, file.data, durable=True, mode=0o644)
        name = f"images/{file.filename}"
        return PlacedFile(sha256=file.sha256, id=name, url=self._base_url + name, alt=file.alt, caption=file.caption)

    def names(self) -> Sequence[str]:
        files = (name for name in os.listdir(self._posts) if name.endswith(".json") and not name.startswith("."))
        return [name.removesuffix(".json") for name in files]

    def standing(self, name: str, key: SourceKey) -> OutboxEntry:
        entry = self.entry(name)
        if entry is None:
            raise self.error(f"there is no post {name} any more", key=key, kind="gone", permanent=True)
        return entry

    def entry(self, name: str) -> OutboxEntry | None:
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
            raise self.error(
                f"{os.fsencode(path).decode('utf-8', 'backslashreplace')} is not a post: {err}",
                kind="protocol",
                hint="mend or remove the file; until then no census can be complete",
            ) from err
        self._read_entries[name] = (mark, entry)
        return entry

    def encoded(self, entry: OutboxEntry, key: SourceKey) -> tuple[OutboxEntry, bytes]:
        """The file's bytes, and the post as it will be read from them: what is shown is what is stored."""
        data = encode_entry(entry)
        try:
            return decode_entry(data, written_at=0), data
        except EntryInvalid as err:
            raise self.error(f"cannot keep post {key}: {err}", key=key, kind="protocol", permanent=True) from err

    @contextmanager
    def changing(self) -> Iterator[bool]:
        """The folder for ourselves; whether it still is as we left it.

        Each change leaves a new token in the lock file, so another process's change shows, and so does one of ours that
        failed half-way. What a person changes by hand does not show.
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

    def require(self, key: SourceKey | None) -> None:
        # a folder on a disk that is not mounted must not read as an empty portal
        if not self._posts.is_dir():
            raise self.error(
                f"{self._posts} is not there",
                key=key,
                kind="refused",
                hint="is its disk mounted? An empty portal is made by `syncd check --online`, never by looking",
            )

    @contextmanager
    def translated(self, key: SourceKey | None) -> Iterator[None]:
        try:
            yield
        except OSError as err:
            full = err.errno in (errno.ENOSPC, errno.EDQUOT)
            raise self.error(
                f"{self._root} cannot be used: {err.strerror}: {err.filename}",
                key=key,
                kind="disk_full" if full else "failed",
                unknown=key is not None,
                hint="make room on the disk" if full else "the folder must be readable and writable for syncd",
            ) from err

    def error(
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
            message, portal=self._portal, key=key, kind=kind, unknown=unknown, permanent=permanent, hint=hint
        )


def entry_of(
    post: PostToPush,
    *,
    state: PortalState,
    created_at: datetime,
    updated_at: datetime,
    published_at: datetime | None = None,
    version: int = 1,
) -> OutboxEntry:
    """The post as it is kept."""
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
