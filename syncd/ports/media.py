"""What our database keeps of the files that belong to posts: where each was fetched, and where it stands at the portal."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from syncd.domain.model import UnitId


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedFile:
    """A file of a unit's posts as it was read last; one row per (unit, url). `sha256` is None where it is none that a portal takes, or could not be read: `trouble` says why."""

    unit: UnitId
    url: str
    fetched_at: datetime
    sha256: str | None = None
    content_type: str = ""
    size: int = 0  # bytes
    mark: str | None = None  # the secrecy mark found in its text; None as well once a person has released it
    trouble: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A file at the portal, by its hash; one row per (portal, sha256)."""

    portal: str
    sha256: str
    portal_id: str
    url: str
    placed_at: datetime


class MediaStore(Protocol):
    def fetched(self, unit: UnitId, urls: Iterable[str]) -> Mapping[str, FetchedFile]:
        """By address."""
        ...

    def put_fetched(self, files: Sequence[FetchedFile]) -> None: ...
    def stored(self, portal: str, sha256: Iterable[str]) -> Mapping[str, StoredFile]:
        """By hash."""
        ...

    def put_stored(self, files: Sequence[StoredFile]) -> None: ...
    def forget_placed_since(self, portal: str, since: datetime) -> None:
        """The portal lost what it was given at or after `since`."""
        ...

    def forget_stored(self, portal: str, sha256: Iterable[str]) -> None:
        """The portal may have lost them: they are looked up there again."""
        ...
