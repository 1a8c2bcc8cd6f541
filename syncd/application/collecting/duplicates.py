"""One story at several units, or at two addresses of one: which of them was first, and which repeat it."""

from collections.abc import Iterable

from syncd.domain import identity
from syncd.domain.model import PostId
from syncd.ports.records import PostRecord, StoryRecord
from syncd.ports.store import UnitOfWork


def mark_duplicates(uow: UnitOfWork, taken: list[tuple[PostId, PostRecord]], stories: Iterable[StoryRecord]) -> None:
    """One story of several units counts for the one whose site had it first, whoever was read first; the others are flagged.

    `stories` are the posts with one of these texts that repeat no other: only the first of each story known so far is looked at, however
    many repeat it.
    """
    firsts: dict[str, dict[PostId, StoryRecord]] = {}
    for story in stories:
        firsts.setdefault(story.text_sha256, {})[story.id] = story
    repeats: dict[PostId, PostId] = {}
    for post, record in taken:
        known = firsts.get(record.text_sha256, {}) if record.text_sha256 else {}
        same = [story for story in known.values() if story.id == post or _one_story(record, story)]
        if len(same) < 2:
            continue
        first = min(same, key=lambda story: (story.published_at or story.first_seen, story.first_seen, story.id))
        for story in same:
            if story is not first:
                repeats[story.id] = first.id
                del known[story.id]
    if repeats:
        uow.posts.mark_repeated(repeats)


def story_of(post: PostId, record: PostRecord) -> StoryRecord:
    """What tells a new post's story from others."""
    return StoryRecord(
        id=post,
        text_sha256=record.text_sha256,
        title=record.title,
        words=record.words,
        published_at=record.published_at,
        first_seen=record.first_seen,
    )


def _one_story(record: PostRecord, story: StoryRecord) -> bool:
    """Whichever of the two was read first, and in full."""
    return identity.same_story(record.title, record.words, story.title) or identity.same_story(
        story.title, story.words, record.title
    )
