"""Unit websites: what a source adapter gives."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from syncd.domain.model import NO_DATE, ReadDate, SourceId, UnitId


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One answer from outside, as evidence: who answered what, when, with which exact bytes.

    `body` holds the bytes as received after content coding was undone; empty when nothing came (304). `address` is the
    socket's peer; `tls_sha256` the hash of the server's leaf certificate (None over plain http). Seconds are monotonic.
    """

    url: str
    final_url: str
    at: datetime
    status: int
    address: str
    tls_sha256: str | None
    elapsed_s: float
    content_type: str
    body: bytes
    body_sha256: str
    headers: tuple[tuple[str, str], ...] = ()  # as received, names in lower case
    moved_to: str | None = None  # where a permanent redirect (301, 308) led, before any other kind of redirect

    def header(self, name: str) -> str | None:
        """The first value of a header; `name` in lower case."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageData:
    url: str
    alt: str = ""
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentData:
    """A file that a post links to (PDF, DOC and the like), with the words of its link."""

    url: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostData:
    """One post as a source gave it. Text is NFC; addresses are absolute; `html` is cleaned (allow-list).

    `full_text` tells that `html` holds the whole article, not a summary. `article` is the exchange of its own page, if it was read.
    `stable_id` is the number or name by which the site itself keeps the post (`post/218187`, `dDocName=PORTAL353912`): the same under
    every host and path of the source.
    `fingerprint` hashes what the list printed of this entry and all that decides how it is read: see `Known.settled`.
    """

    title: str
    url: str
    guid: str | None = None
    canonical_url: str | None = None
    stable_id: str | None = None
    published: ReadDate = NO_DATE
    author: str = ""
    categories: tuple[str, ...] = ()
    summary: str = ""  # plain text
    html: str = ""
    full_text: bool = False
    images: tuple[ImageData, ...] = ()
    attachments: tuple[AttachmentData, ...] = ()
    article: Exchange | None = None
    fingerprint: str = ""  # empty: this entry is read anew at each look


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """One item that could not be read; the rest of its list was. `item` names it: a title, guid or position."""

    item: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What we remember of a source's last answer, for conditional requests and for the hash.

    `settled` gives the fingerprints of the entries that were taken in for good: such an entry need not be read again, only named in
    `Reading.settled`. It asks the database, so call it once, and only where the list has changed. A source may leave it alone.
    """

    etag: str | None = None
    last_modified: str | None = None
    body_sha256: str | None = None
    settled: Callable[[], Collection[str]] = tuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One look at a source.

    `unchanged` (304, or the same body hash as `Known`): `posts` and `skipped` are empty and mean nothing. Otherwise the list holds
    `posts` and, in the fingerprints `settled`, the entries that stand as they stood when they were taken in; each in list order. A
    source that settles anything gives in `dates`, in list order, the dates of all its entries, or of some from which the same follows: which
    is the last, and whether none is older than the one before it. `list_sha256` hashes the addresses and titles seen, settled ones included. `full` tells that the list may have been cut off at its window, so that it covers back to its
    oldest entry only; a list that is not full covers back to the beginning.
    """

    exchange: Exchange
    unchanged: bool
    posts: tuple[PostData, ...] = ()
    settled: tuple[str, ...] = ()
    dates: tuple[ReadDate, ...] | None = None  # None: those of `posts`
    skipped: tuple[Skipped, ...] = ()
    list_sha256: str | None = None
    full: bool = True
    feed_title: str = ""
    notes: tuple[str, ...] = field(
        default_factory=tuple
    )  # what a person should know: "generator: NukeViet", "3 dates without zone"

    @property
    def items(self) -> int:
        """How many entries the list holds."""
        return len(self.posts) + len(self.settled)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchivePage:
    """One page of what lies behind the list: a sitemap, a page of the pager, a month of an archive.

    `next` names the page to go on with, for `Source.archive`; None: the archive ends here. `complete_from`: every post published at or
    after that instant has been given, by this page and those before it; None where nothing can be said.
    """

    exchange: Exchange
    posts: tuple[PostData, ...]
    skipped: tuple[Skipped, ...] = ()
    next: str | None = None
    complete_from: datetime | None = None


class Source(Protocol):
    """One website or feed of one unit. May be used by one thread at a time."""

    id: SourceId
    unit: UnitId
    url: str

    def read(self, known: Known) -> Reading:
        """Look once. The list only: an article's own page is read by `complete`.

        Raises:
            SourceError: the site could not be read; `permanent` where a retry cannot help.
        """
        ...

    def complete(self, post: PostData) -> PostData:
        """The same post with what only its own page tells (text, date, author, images), where this source is set up to read it.

        Returns `post` itself where there is nothing more to read.

        Raises:
            SourceError: the page could not be read.
        """
        ...

    def archive(self, since: datetime, at: str | None) -> ArchivePage:
        """One page of the older posts, for a backfill; `at` is None for the first one, else `next` of the page before.

        Posts published before `since` may be among them, and posts of the list itself.

        Raises:
            SourceError: the page could not be read; kind `no_archive`, `permanent`: this site offers nothing behind its list.
        """
        ...
