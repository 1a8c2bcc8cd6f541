"""The provincial portal: what a portal adapter can do and gives back."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from syncd.domain.model import Approval, SourceKey, require_utc
from syncd.vietnamese.storable import storable


class DeliveryClass(StrEnum):
    """What the portal lets us promise."""

    A = "A"  # it enforces our key: exactly-once effect
    B = "B"  # look-up by key only: exactly-once with one writer
    C = "C"  # neither: at least once, duplicates reported, never called exactly-once


class Trash(StrEnum):
    """What becomes of a post that an editor throws away."""

    LISTED = "listed"  # it is kept: `find`, `read` and `list` give it
    FOUND = "found"  # it is kept: `find` and `read` give it, `list` does not
    NONE = "none"  # the portal has no trash: a post is deleted for good, or taken from the public


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """`settle` is the portal's longest request time: after an unknown outcome a look-up tells nothing before it has passed.

    `sees_unpublished`: a census also lists drafts, pending and trashed posts. `drafts`: it tells a draft from a post that waits for approval. `files`: it takes pictures and attachments by `put_file`;
    `image_inside`: a post's own picture travels within the post and is not put before it; `shows_picture`: its page there shows that picture by itself, so that the text need not. `at_once`: how many posts it takes side by side.
    """

    delivery_class: DeliveryClass
    settle: timedelta
    conditional_update: bool = False
    sees_unpublished: bool = True
    drafts: bool = True
    files: bool = True
    image_inside: bool = False
    shows_picture: bool = False
    at_once: int = 1
    trash: Trash = Trash.LISTED


class PortalState(StrEnum):
    DRAFT = "draft"
    PENDING = "pending"
    SCHEDULED = "scheduled"
    PUBLIC = "public"
    PRIVATE = "private"
    TRASH = "trash"


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalPost:
    """One post as it stands on the portal. `key` is ours, None for a hand-typed one.

    `author` is the login (or its form in addresses), `author_name` the name shown, where the portal tells both. `published_at` is the printed date there; `version` whatever changes with each edit (a time, an ETag); `content_sha256`
    hashes the text as `domain.identity.text_sha256` does; `links` are the outgoing addresses of the text (to attribute by source), `credit` is
    whom its last line names ("Nguồn: Ban A").
    What no database of ours could keep is put right here: NUL and half surrogates in a text, a date outside 1900-2199.
    """

    id: str
    key: SourceKey | None
    url: str
    title: str
    state: PortalState
    published_at: datetime | None
    version: str = ""
    author: str = ""
    author_name: str = ""
    categories: tuple[str, ...] = ()
    content_sha256: str = ""
    links: tuple[str, ...] = ()
    credit: str = ""

    def __post_init__(self) -> None:
        require_utc("published_at", self.published_at)
        for name in ("url", "title", "version", "author", "author_name", "credit"):
            object.__setattr__(self, name, storable(getattr(self, name)))
        for name in ("categories", "links"):
            object.__setattr__(self, name, tuple(storable(text) for text in getattr(self, name)))
        if self.published_at is not None and not 1900 <= self.published_at.year < 2200:
            object.__setattr__(self, "published_at", None)


_EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "application/pdf": "pdf",
    "application/msword": "doc",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.ms-excel": "xls",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.ms-powerpoint": "ppt",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/rtf": "rtf",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileToPush:
    """A picture or an attachment; `sha256` of the bytes is its identity at the portal: uploaded once.

    `content_type` is one of those that portals take, judged by the bytes. `name` is what readers see of an attachment; `alt` and `caption` are a picture's.
    """

    sha256: str
    content_type: str
    data: bytes
    name: str = ""
    alt: str = ""
    caption: str = ""

    def __post_init__(self) -> None:
        if self.content_type not in _EXTENSIONS:
            raise ValueError(f"{self.content_type} is no type of file that portals take")

    @property
    def filename(self) -> str:
        """The name it is stored under: made of the hash alone, so that nothing foreign gets into a path."""
        return f"syncd-{self.sha256[:16]}.{_EXTENSIONS[self.content_type]}"

    @property
    def is_image(self) -> bool:
        return self.content_type.startswith("image/")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedFile:
    """A file that stands at the portal: its id there, and the address readers get it from."""

    sha256: str
    id: str
    url: str
    alt: str = ""
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostToPush:
    """What has been decided to stand on the portal. `html` is clean, carries the credit line and links files that were put before; the adapter adds the key.

    The post's own picture is `image`, put there before; or, where `Capabilities.image_inside` says so, `image_inside` with its bytes.
    """

    title: str
    html: str
    summary: str
    published_at: datetime  # the instant to print there
    approval: Approval
    unit_name: str
    source_url: str
    author: str | None = None  # the portal's own name or login for the unit, from the mapping
    categories: tuple[str, ...] = ()
    image: PlacedFile | None = None
    image_inside: FileToPush | None = None


class Portal(Protocol):
    """One portal. One writer at a time; `list` may run beside it in another thread, and so may as many writes as `capabilities.at_once` says.

    `capabilities` hold from the last `verify` on: only then is it known what the portal there can do.
    """

    name: str
    capabilities: Capabilities

    def verify(self) -> str:
        """An authenticated probe: who we are there. Call at start and before each census.

        Raises:
            PortalError: wrong credentials, missing rights or no answer; a wrong password must never read as an empty portal.
        """
        ...

    def find(self, key: SourceKey) -> PortalPost | None:
        """The post that carries our key, in any state, trash included. None only after an authenticated, complete answer.

        Raises:
            PortalError: anything else; nothing is known then.
        """
        ...

    def create(self, post: PostToPush, key: SourceKey) -> PortalPost:
        """Make it. Where the portal enforces the key and already has it, the standing post is returned.

        Raises:
            PortalError: `unknown` unless the portal certainly did nothing.
        """
        ...

    def update(self, portal_id: str, post: PostToPush, key: SourceKey) -> PortalPost:
        """Replace title, text and image of a standing post; never its state."""
        ...

    def withdraw(self, portal_id: str, key: SourceKey) -> PortalPost:
        """Take a standing post from the public, so that a person there can put it back; what is not public stays as it is. Nothing is deleted.

        Raises:
            PortalError: `permanent` with kind `gone` where there is no such post any more.
        """
        ...

    def put_file(self, file: FileToPush) -> PlacedFile:
        """The file's place there, put unless it already is: known by its hash, whoever put it. Called where `capabilities.files` says so.

        Raises:
            PortalError: kind `file_refused` where the portal is well and does not take this very file; the post goes out without it.
        """
        ...

    def read(self, portal_id: str) -> PortalPost | None:
        """The post as it stands, trash included; None when it is gone for good."""
        ...

    def list(self, start: datetime, end: datetime) -> Iterator[PortalPost]:
        """Every post dated in `[start, end)`, hand-typed ones too, in date order.

        Raises:
            PortalError: in the middle, when an answer is missing; what came before is then no complete census.
        """
        ...
