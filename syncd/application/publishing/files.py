"""The pictures and attachments of a post, on their way to the portal: fetched, judged for secrecy marks, put there once each.

Nothing of it makes the outcome of a post unclear: files are put before the post is sent, known by their hash, and looked up again where
we do not know. A file that cannot be had keeps no post back: the text then goes on linking to the unit's own site.
"""

import html
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta

from syncd.application.publishing.own_picture import without_picture
from syncd.application.services import Services
from syncd.errors import ForeignError, PortalError
from syncd.ports.media import FetchedFile, StoredFile
from syncd.ports.portal import FileToPush, PlacedFile
from syncd.ports.records import PostRecord

_WEB = ("http://", "https://")
MOST_FILES = 40  # of one post; each costs the unit's own site a request
_TROUBLE_STANDS = timedelta(hours=20)  # a file that could not be had is not asked for at each try of its post


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """`inside`: it travels within the post."""

    url: str
    is_picture: bool = False
    inside: bool = False
    name: str = ""
    alt: str = ""
    caption: str = ""


@dataclass(slots=True, kw_only=True)
class PostFiles:
    """What became of a post's files. `placed`: by the address at the unit's site. `shown_apart`: that of the post's own picture, where the portal's page shows it by itself.

    `marked` is one that bears a secrecy mark. It is to be written down together with what follows from it. One written down without a mark
    and unchanged since bears none, or was released by a person.
    """

    placed: dict[str, PlacedFile] = field(default_factory=dict)
    picture: PlacedFile | None = None
    picture_inside: FileToPush | None = None
    shown_apart: str | None = None
    troubles: list[str] = field(default_factory=list)
    marked: FetchedFile | None = None

    def linked(self, text: str) -> str:
        """The text with the addresses of its files at the portal in place of those at the unit's site, without what is shown apart."""
        if self.shown_apart is not None:
            text = without_picture(text, self.shown_apart)
        for url, placed in self.placed.items():
            text = text.replace(f'"{html.escape(url)}"', f'"{html.escape(placed.url)}"')
        return text


@dataclass(slots=True, kw_only=True)
class _Visit:
    """The files of one post while they are placed: what was known, and what is to be written down."""

    post: PostRecord
    files: PostFiles
    known: Mapping[str, FetchedFile]
    stored: Mapping[str, StoredFile]
    fetched: list[FetchedFile] = field(default_factory=list)
    put: list[StoredFile] = field(default_factory=list)


class FilePlacer:
    """Puts the files of posts. Shared by the threads of one batch: two posts with one picture put it once."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._capabilities = services.portal.capabilities
        self._guard = threading.Lock()
        self._busy: dict[str, threading.Lock] = {}

    def place(self, post: PostRecord) -> PostFiles:
        """Fetch what is not known yet, judge the attachments, and put what does not stand there yet.

        Nothing of a post is put before all its attachments were judged.

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
        visit = _Visit(post=post, files=files, known=known, stored=stored)
        attached = []
        for each in wanted:
            if not each.is_picture:
                attached.append((each, self._read(visit, each)))
                if files.marked is not None:
                    return files
        for each, file in attached:
            self._show(visit, each, file)
        for each in wanted:
            if each.is_picture:
                self._show(visit, each, self._read(visit, each))
        if visit.fetched or visit.put:
            with self._services.db.write() as uow:
                uow.media.put_fetched(visit.fetched)
                uow.media.put_stored(visit.put)
                uow.commit()
        return files

    def forget(self, files: PostFiles) -> None:
        """The portal refuses a post that shows these: they may be gone there, so look them up anew."""
        with self._services.db.write() as uow:
            uow.media.forget_stored(self._services.portal.name, [placed.sha256 for placed in files.placed.values()])
            uow.commit()

    # --- steps ---------------------------------------------------------------------------------------

    def _wanted(self, post: PostRecord, files: PostFiles) -> list[_Wanted]:
        """Attachments whatever the rule: a mark in one of them keeps the post here."""
        if self._services.fetch_file is None:
            return []
        can = self._capabilities
        most_pictures = {"none": 0, "first": 1}.get(self._services.publish_rules.files, MOST_FILES)
        pictures = [
            _Wanted(
                url=image["url"],
                is_picture=True,
                inside=can.image_inside and number == 0,
                alt=image.get("alt", ""),
                caption=image.get("caption", ""),
            )
            for number, image in enumerate(post.images[:most_pictures])
            if can.files or (can.image_inside and number == 0)
        ]
        attached = [_Wanted(url=file["url"], name=file.get("title", "")) for file in post.attachments]
        once = {each.url: each for each in (*pictures, *attached) if each.url.lower().startswith(_WEB)}
        if len(once) > MOST_FILES:
            files.troubles.append(f"{len(once)} files: the first {MOST_FILES} were copied")
        # Of many files the attachments come first: they must be judged.
        return sorted(once.values(), key=lambda each: each.is_picture)[:MOST_FILES]

    def _read(self, visit: _Visit, wanted: _Wanted) -> FileToPush | None:
        """The file where its bytes are needed: it is not known as it is now, not judged, or does not stand at the portal."""
        files, row = visit.files, visit.known.get(wanted.url)
        if row is not None and self._is_current(row, visit.post) and not wanted.inside:
            if row.trouble is not None:
                files.troubles.append(row.trouble)
                return None
            if row.mark is None and (row.sha256 in visit.stored or not self._is_copied(wanted)):
                return None
        row, file = self._fetch(visit.post, wanted, row)
        if row.mark is not None:
            files.marked = row
            return None
        visit.known = {**visit.known, wanted.url: row}
        visit.fetched.append(row)
        if row.trouble is not None:
            files.troubles.append(row.trouble)
        return file

    def _is_copied(self, wanted: _Wanted) -> bool:
        return self._capabilities.files and (wanted.is_picture or self._services.publish_rules.files == "all")

    def _show(self, visit: _Visit, wanted: _Wanted, file: FileToPush | None) -> None:
        """Let the post show the copy at the portal, which is put there where it does not stand yet."""
        if wanted.inside:
            visit.files.picture_inside = file
            if file is not None and self._capabilities.shows_picture:
                visit.files.shown_apart = wanted.url
            return
        row = visit.known.get(wanted.url)
        if row is None or row.sha256 is None or not self._is_copied(wanted):
            return
        standing = visit.stored.get(row.sha256)
        if standing is None:
            standing = self._put(file, visit.files) if file is not None else None
            if standing is None:
                return
            visit.put.append(standing)
            visit.stored = {**visit.stored, standing.sha256: standing}
        placed = PlacedFile(
            sha256=standing.sha256, id=standing.portal_id, url=standing.url, alt=wanted.alt, caption=wanted.caption
        )
        if placed.url:
            visit.files.placed[wanted.url] = placed
        if wanted.is_picture and visit.files.picture is None:
            visit.files.picture = placed
            if self._capabilities.shows_picture and not self._capabilities.image_inside:
                visit.files.shown_apart = wanted.url

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
