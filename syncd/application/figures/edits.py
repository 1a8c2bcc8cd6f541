"""The edits of one post, each with what it changed, ready to be shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from syncd.application.figures.statements import instant_as_json
from syncd.domain.differences import Piece, word_difference
from syncd.domain.identity import visible_lines
from syncd.ports.histories import VersionRecord
from syncd.ports.records import PostRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """From one version of a post to the next, `at`. `reason`: edited, completed (its text was read later), or dated."""

    version: int  # the one before
    at: datetime
    reason: str
    title: tuple[Piece, ...]
    text: tuple[Piece, ...]
    images: int  # pictures more, or fewer

    def as_json(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "at": instant_as_json(self.at),
            "reason": self.reason,
            "title": [_as_json(piece) for piece in self.title],
            "text": [_as_json(piece) for piece in self.text],
            "images": self.images,
        }


def edits_of(post: PostRecord, versions: Sequence[VersionRecord]) -> tuple[Edit, ...]:
    """What each edit changed, the oldest first. `versions` are all that are kept of the post, and `post` is what came after them."""
    later: list[VersionRecord | PostRecord] = [*versions[1:], *([post] if versions else [])]
    return tuple(
        Edit(
            version=before.version,
            at=before.until,
            reason=before.reason,
            title=word_difference(before.title, after.title),
            text=word_difference(" ".join(visible_lines(before.html)), " ".join(visible_lines(after.html))),
            images=len(after.images) - len(before.images),
        )
        for before, after in zip(versions, later, strict=True)
    )


def _as_json(piece: Piece) -> dict[str, Any]:
    return {"part": piece.part.value, "text": piece.text, "words": piece.words}
