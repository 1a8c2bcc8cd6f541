"""What the archives of all kinds of source have in common: how far back a page reaches, and whether it is the one before again."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from syncd.domain.model import Precision
from syncd.ports.source import PostData

MAX_STEPS = 2_000  # pages of one archive; a site that goes on for ever does not keep us for ever


def reached(posts: Sequence[PostData]) -> datetime | None:
    """The instant back to which a list newest first is complete; None where it is not in that order, or says nothing.

    Posts of the oldest day may be on the next page where it is printed without a time. Up to two posts on top may be pinned there.
    """
    dated = [post.published for post in posts if post.published.instant is not None]
    if not dated or len(dated) < len(posts) or any(date.precision is Precision.MONTH for date in dated):
        return None
    instants = [date.instant for date in dated if date.instant is not None]
    if not any(instants[n:] == sorted(instants[n:], reverse=True) for n in range(min(3, len(instants)))):
        return None
    oldest = dated[-1]
    return instants[-1] + timedelta(days=1) if oldest.precision is Precision.DAY else instants[-1]


def all_older(posts: Sequence[PostData], since: datetime) -> bool:
    """Whether a page has dates, all of them before `since`."""
    instants = [post.published.instant for post in posts]
    return bool(instants) and all(instant is not None and instant < since for instant in instants)


def page_hash(posts: Sequence[PostData]) -> str:
    """What tells that a page shows the same posts as another."""
    return hashlib.sha256("\n".join(post.url for post in posts).encode("utf-8", "replace")).hexdigest()[:16]
