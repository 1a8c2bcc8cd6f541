"""The pictures and attachments of a post, on their way to the portal: fetched, judged for secrecy marks, put there once each.

Nothing of it makes the outcome of a post unclear: files are put before the post is sent, known by their hash, and looked up again where
we do not know. A file that cannot be had keeps no post back: the text then goes on linking to the unit's own site.
"""

import html
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from syncd.application.services import Services
from syncd.errors import ForeignError, PortalError
from syncd.ports.media import FetchedFile, StoredFile
from syncd.ports.portal import FileToPush, PlacedFile
from syncd.ports.records import PostRecord

MOST_FILES = 40  # of one post; each costs the unit's own site a request
_TROUBLE_STANDS = timedelta(hours=20)  # a file that could not be had is not asked for at each try of its post


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    url: str
    is_picture: bool
    name: str = ""
    alt: str = ""
    caption: str = ""


@dataclass(slots=True, kw_only=True)
class PostFiles:
    """What became of a post's files. `placed`: by the address at the unit's site.

    `marked` is one that bears a secrecy mark. It is to be written down together with what follows from it. One written down without a mark
    and unchanged since bears none, or was released by a person.
    """

    placed: dict[str, PlacedFile] = field(default_factory=dict)
    picture: PlacedFile | None = None
    picture_inside: FileToPush | None = None
    troubles: list[str] = field(default_factory=list)
    marked: FetchedFile | None = None

    def linked(self, text: str) -> str:
        """The text with the addresses of its files at the portal in place of those at the unit's site."""
        for url, placed in self.placed.items():
            text = text.replace(f'"{html.escape(url)}"', f'"{html.escape(placed.url)}"')
        return text


class FilePlacer:
    """Puts the files of posts. Shared by the threads of one batch: two posts with one picture put it once."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._capabilities = services.portal.capabilities
        self._guard = threading.Lock()
        self._busy: dict[str, threading.Lock] = {}

    def place(self, post: PostRecord) -> PostFiles:
        """Fetch what is not known yet and put what does not stand there yet.

        Raises:
            PortalError: the portal is in trouble; the post was not touched.
        """
        files = PostFiles()
        wanted = self._wanted(post, files)
        if not wanted:
            return files
        with self._services.db.read() as uow:
            known = uow.media.fetched(post.unit, [each.url for each in wanted])
            hashes = [row.sha256 for row in known.values() if row.sha256]
            stored = uow.media.stored(self._services.portal.name, hashes)
        fetched: list[FetchedFile] = []
        put: list[StoredFile] = []
        for number, each in enumerate(wanted):
            inside = number == 0 and each.is_picture and self._capabilities.image_inside
            row = known.get(each.url)
            if row is not None and self._is_current(row, post) and not inside:
                if row.trouble is not None:
                    files.troubles.append(row.trouble)
                    continue
                standing = stored.get(row.sha256 or "")
                if standing is not None:
                    self._show(files, each, standing)
                    continue
            row, file = self._fetch(post, each, row)
            if row.mark is not None:
                files.marked = row
                break
            fetched.append(row)
            if row.trouble is not None:
                files.troubles.append(row.trouble)
            if file is None:
                continue
            if inside:
                files.picture_inside = file
                continue
            standing = self._put(file, files)
            if standing is not None:
                put.append(standing)
                self._show(files, each, standing)
        if fetched or put:
            with self._services.db.write() as uow:
                uow.media.put_fetched(fetched)
                uow.media.put_stored(put)
                uow.commit()
        return files

    def forget(self, files: PostFiles) -> None:
        """The portal refuses a post that shows these: they may be gone there, so look them up anew."""
        with self._services.db.write() as uow:
            uow.media.forget_stored(self._services.portal.name, [placed.sha256 for placed in files.placed.values()])
            uow.commit()

    # --- steps ---------------------------------------------------------------------------------------

    def _wanted(self, post: PostRecord, files: PostFiles) -> list[_Wanted]:
        rule = self._services.publish_rules.files
        if self._services.fetch_file is None or rule == "none":
            return []
        pictures = [
            _Wanted(url=image["url"], is_picture=True, alt=image.get("alt", ""), caption=image.get("caption", ""))
            for image in post.images
        ]
        attached = [_Wanted(url=file["url"], is_picture=False, name=file.get("title", "")) for file in post.attachments]
        if rule == "first":
            pictures, attached = pictures[:1], []
        if not self._capabilities.files:
            # Attachments are read all the same: a mark in one of them keeps the post back.
            pictures = pictures[:1] if self._capabilities.image_inside else []
        once = {each.url: each for each in reversed((*pictures, *attached))}
        wanted = [each for each in (*pictures, *attached) if once.pop(each.url, None) is not None]
        web = [each for each in wanted if each.url.lower().startswith(("http://", "https://"))]
        if len(web) > MOST_FILES:
            files.troubles.append(f"{len(web)} files: the first {MOST_FILES} were copied")
        return web[:MOST_FILES]

    def _is_current(self, row: FetchedFile, post: PostRecord) -> bool:
        if row.trouble is not None and self._services.clock.now() - row.fetched_at > _TROUBLE_STANDS:
            return False
        return post.changed_at is None or row.fetched_at >= post.changed_at

    def _fetch(
        self, post: PostRecord, wanted: _Wanted, before: FetchedFile | None
    ) -> tuple[FetchedFile, FileToPush | None]:
        services, kind = self._services, "picture" if wanted.is_picture else "file"
        assert services.fetch_file is not None
        row = FetchedFile(unit=post.unit, url=wanted.url, fetched_at=services.clock.now())
        try:
            file = services.fetch_file(post.unit, wanted.url)
        except ForeignError as err:
            return replace(row, trouble=f"{kind} {wanted.url}: {err.message}"), None
        if file is None:
            return replace(row, trouble=f"{kind} {wanted.url}: no kind of file that portals take"), None
        row = replace(row, sha256=file.sha256, content_type=file.content_type, size=len(file.data))
        judged = before is not None and before.sha256 == row.sha256 and before.mark is None
        if not wanted.is_picture and services.file_mark is not None and not judged:
            row = replace(row, mark=services.file_mark(wanted.name, file.data, file.content_type))
        return row, replace(file, name=wanted.name, alt=wanted.alt, caption=wanted.caption)

    def _put(self, file: FileToPush, files: PostFiles) -> StoredFile | None:
        if not self._capabilities.files:
            return None
        portal = self._services.portal
        with self._alone_with(file.sha256):
            try:
                placed = portal.put_file(file)
            except PortalError as err:
                if err.kind != "file_refused":
                    raise
                files.troubles.append(err.message)
                return None
        return StoredFile(
            portal=portal.name,
            sha256=file.sha256,
            portal_id=placed.id,
            url=placed.url,
            placed_at=self._services.clock.now(),
        )

    @contextmanager
    def _alone_with(self, sha256: str) -> Iterator[None]:
        """A portal without unique names would keep a file twice that two threads put at once."""
        with self._guard:
            lock = self._busy.setdefault(sha256, threading.Lock())
        with lock:
            yield

    def _show(self, files: PostFiles, wanted: _Wanted, standing: StoredFile) -> None:
        placed = PlacedFile(
            sha256=standing.sha256, id=standing.portal_id, url=standing.url, alt=wanted.alt, caption=wanted.caption
        )
        if placed.url:
            files.placed[wanted.url] = placed
        if wanted.is_picture and files.picture is None:
            files.picture = placed
