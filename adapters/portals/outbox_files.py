"""One post of the outbox as a JSON file: its members, what a file typed by hand may leave out, and how files are written whole."""

import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from syncd.domain.model import LOCAL
from syncd.ports.portal import PortalState
from syncd.vietnamese.storable import storable


class EntryInvalid(Exception):
    """The bytes are not a post; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxImage:
    """`file` is relative to the folder."""

    file: str
    alt: str = ""
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxEntry:
    """One post. Instants are in UTC; `version` counts our own edits."""

    title: str
    html: str
    published_at: datetime
    created_at: datetime
    updated_at: datetime
    state: PortalState = PortalState.PUBLIC
    version: int = 1
    summary: str = ""
    unit_name: str = ""
    source_url: str = ""
    author: str = ""
    categories: tuple[str, ...] = ()
    image: OutboxImage | None = None


def encode_entry(entry: OutboxEntry) -> bytes:
    """The file's bytes: JSON that a person can read and edit."""
    members: dict[str, object] = {
        "title": entry.title,
        "state": entry.state.value,
        "published_at": entry.published_at.isoformat(),
        "created_at": entry.created_at.isoformat(),
        "updated_at": entry.updated_at.isoformat(),
        "version": entry.version,
        "unit": entry.unit_name,
        "author": entry.author,
        "categories": list(entry.categories),
        "source_url": entry.source_url,
        "summary": entry.summary,
        "html": entry.html,
        "image": entry.image and {"file": entry.image.file, "alt": entry.image.alt, "caption": entry.image.caption},
    }
    return (json.dumps(members, ensure_ascii=False, indent=1) + "\n").encode("utf-8", "replace")


def decode_entry(data: bytes, *, written_at: float) -> OutboxEntry:
    """Read a file, ours or typed by hand: `title` and `published_at` are needed, all else has a default.

    A date without zone is local time (+07:00). `written_at` (seconds, the file's own time) stands in for the times we would have noted.

    Raises:
        EntryInvalid: it is no JSON object, or a member is missing or of another kind.
    """
    try:
        members: Any = json.loads(data)
    except (ValueError, RecursionError) as err:
        raise EntryInvalid(f"no JSON: {err}") from err
    if not isinstance(members, dict):
        raise EntryInvalid("no JSON object")
    written = datetime.fromtimestamp(written_at, UTC)
    title = _text(members, "title")
    if not title.strip():
        raise EntryInvalid('"title" is missing')
    published_at = _instant(members, "published_at")
    if published_at is None:
        raise EntryInvalid('"published_at" is missing')
    try:
        state = PortalState(_text(members, "state") or PortalState.PUBLIC)
    except ValueError as err:
        raise EntryInvalid(f'"state" must be one of {", ".join(PortalState)}') from err
    version = members.get("version", 1)
    categories = members.get("categories") or []
    if not isinstance(version, int) or not isinstance(categories, list):
        raise EntryInvalid('"version" must be a number and "categories" a list')
    return OutboxEntry(
        title=title,
        html=_text(members, "html"),
        published_at=published_at,
        created_at=_instant(members, "created_at") or written,
        updated_at=_instant(members, "updated_at") or written,
        state=state,
        version=version,
        summary=_text(members, "summary"),
        unit_name=_text(members, "unit"),
        source_url=_text(members, "source_url"),
        author=_text(members, "author"),
        categories=tuple(storable(str(category)) for category in categories),
        image=_image(members.get("image")),
    )


def _text(members: dict[str, Any], name: str) -> str:
    value = members.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise EntryInvalid(f'"{name}" must be text')
    # JSON can spell half a surrogate pair and NUL, which no page, feed or database can hold
    return storable(value)


def _instant(members: dict[str, Any], name: str) -> datetime | None:
    text = _text(members, name)
    if not text:
        return None
    try:
        instant = datetime.fromisoformat(text)
        instant = (instant if instant.tzinfo else instant.replace(tzinfo=LOCAL)).astimezone(UTC)
        if not 1900 <= instant.year < 2200:
            raise ValueError("no year of our time")
        return instant
    except (ValueError, OverflowError) as err:
        raise EntryInvalid(f'"{name}" is no date such as 2026-10-31T08:00:00+07:00: {text[:40]!r}') from err


def _image(value: object) -> OutboxImage | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise EntryInvalid('"image" must be an object')
    file = _text(value, "file")
    if not file.startswith("images/") or "/" in file.removeprefix("images/") or "\\" in file:
        raise EntryInvalid('"image" needs a "file" under images/')
    return OutboxImage(file=file, alt=_text(value, "alt"), caption=_text(value, "caption"))


# --- files ----------------------------------------------------------------------------------------------


def write_exclusively(path: Path, data: bytes) -> bool:
    """Make a file, whole and durable, or leave the one that stands; whether it was made."""
    temporary = _temporary(path, data, durable=True, mode=0o600)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        temporary.unlink()
    sync_directory(path.parent)
    return True


def write_over(path: Path, data: bytes, *, durable: bool, mode: int = 0o600) -> None:
    """Put a whole file in place of what stands there, if anything."""
    os.replace(_temporary(path, data, durable=durable, mode=mode), path)
    if durable:
        sync_directory(path.parent)


def _temporary(path: Path, data: bytes, *, durable: bool, mode: int) -> Path:
    temporary = path.parent / f".syncd-{os.getpid()}-{os.urandom(6).hex()}.tmp"
    try:
        with temporary.open("xb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)
            if durable:
                file.flush()
                os.fsync(file.fileno())
    except OSError:
        temporary.unlink(missing_ok=True)  # a full disk should not fill further
        raise
    return temporary


def sync_directory(directory: Path) -> None:
    """Force to disk which names stand in a folder."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
