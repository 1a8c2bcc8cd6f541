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


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """`settle` is the portal's longest request time: after an unknown outcome a look-up tells nothing before it has passed.

    `sees_unpublished`: a census also lists drafts, pending and trashed posts.
    """

    delivery_class: DeliveryClass
    settle: timedelta
    conditional_update: bool = False
    sees_unpublished: bool = True
    images: bool = True


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
    hashes the text as `domain.identity.text_sha256` does; `links` are the outgoing addresses of the text (to attribute by source).
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

    def __post_init__(self) -> None:
        require_utc("published_at", self.published_at)
        for name in ("url", "title", "version", "author", "author_name"):
            object.__setattr__(self, name, storable(getattr(self, name)))
        for name in ("categories", "links"):
            object.__setattr__(self, name, tuple(storable(text) for text in getattr(self, name)))
        if self.published_at is not None and not 1900 <= self.published_at.year < 2200:
            object.__setattr__(self, "published_at", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageToPush:
    """`sha256` of the bytes is its identity at the portal: uploaded once."""

    sha256: str
    content_type: str
    data: bytes
    alt: str = ""
    caption: str = ""

    @property
    def filename(self) -> str:
        extension = {"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp"}
        return f"syncd-{self.sha256[:16]}.{extension[self.content_type]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PostToPush:
    """What has been decided to stand on the portal. `html` is clean and carries the credit line; the adapter adds the key."""

    title: str
    html: str
    summary: str
    published_at: datetime  # the instant to print there
    approval: Approval
    unit_name: str
    source_url: str
    author: str | None = None  # the portal's own name or login for the unit, from the mapping
    categories: tuple[str, ...] = ()
    image: ImageToPush | None = None


class Portal(Protocol):
    """One portal. One writer at a time; `list` may run beside it in another thread."""

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

    def read(self, portal_id: str) -> PortalPost | None:
        """The post as it stands, trash included; None when it is gone for good."""
        ...

    def list(self, start: datetime, end: datetime) -> Iterator[PortalPost]:
        """Every post dated in `[start, end)`, hand-typed ones too, in date order.

        Raises:
            PortalError: in the middle, when an answer is missing; what came before is then no complete census.
        """
        ...
