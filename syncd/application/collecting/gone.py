"""Posts that left their site: first missed, and after a grace held to be gone; never uncounted, and kept on the portal.

A post is missed where it was taken out of what its list still covers and its own page says that it is gone, or does not answer.
What merely scrolled off the list, or still stands at its own address, is not missed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from syncd.application.collecting.arrivals import Sorted
from syncd.application.services import Services
from syncd.domain.ledger import LeafKind, instant_text
from syncd.domain.model import PostId, SourceId, UnitId
from syncd.ports.records import PostRecord
from syncd.ports.store import UnitOfWork

ASKED_A_LOOK = 5  # pages of missed posts that one look asks; the others wait for `follow_up`
ASKED_A_RUN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class GoneReport:
    """What became of the posts that had been missed for the whole grace. `waiting`: their pages gave no answer."""

    gone: int = 0
    standing: int = 0
    waiting: int = 0

    def as_json(self) -> dict[str, Any]:
        return {"gone": self.gone, "standing": self.standing, "waiting": self.waiting}


def missed_of(services: Services, source: SourceId, vanished: Iterable[PostId]) -> tuple[PostId, ...]:
    """Those of the posts taken out of a source's list whose own page is not there any more, or does not say so.

    Asks at most `ASKED_A_LOOK` pages; network, and no transaction.
    """
    with services.db.read() as uow:
        posts = [post for post in uow.posts.many(vanished).values() if post.source == source]
    ask = services.page_stands
    asked = posts[:ASKED_A_LOOK] if ask is not None else []
    standing = {post.id for post in asked if ask is not None and ask(post.source, post.url)}
    return tuple(post.id for post in posts if post.id is not None and post.id not in standing)


def miss(uow: UnitOfWork, posts: Iterable[PostId], at: datetime) -> int:
    """Note that posts are missed since `at`; how many were not missed before."""
    missed = [post for post in uow.posts.many(posts).values() if post.gone_since is None]
    for post in missed:
        uow.posts.update(replace(post, gone_since=at))
    return len(missed)


def welcome_back(uow: UnitOfWork, source: SourceId, brought: Sorted, at: datetime) -> int:
    """Posts that are listed again are no longer missed, and no longer gone; how many had been held to be gone."""
    standing = brought.standing | {arrival.stored for arrival in brought.arrivals if arrival.stored is not None}
    away = uow.lists.missed(source)
    away |= {a.known.id for a in brought.arrivals if a.known and a.known.id is not None and a.known.gone_since}
    back = list(uow.posts.many(away & standing).values())
    for post in back:
        uow.posts.update(replace(post, gone_since=None, gone_at=None))
        if post.gone_at is not None:
            uow.ledger.append(LeafKind.POST_GONE, at, _leaf(post, back=True), unit=post.unit)
    return sum(post.gone_at is not None for post in back)


def follow_up(services: Services, *, units: Iterable[UnitId] | None = None) -> GoneReport:
    """Ask the pages of the posts whose grace is over, the longest missed first, at most `ASKED_A_RUN`.

    A page that says it is gone makes the post gone, with a leaf; one that stands ends the matter; one that does not answer is asked again
    by the next run.
    """
    if services.page_stands is None:
        return GoneReport()
    chosen = None if units is None else set(units)
    with services.db.read() as uow:
        due = uow.lists.missed_until(services.clock.now() - services.gone_grace)
    due = [post for post in due if post.unit in services.units and (chosen is None or post.unit in chosen)]
    gone = standing = waiting = 0
    for post in due[:ASKED_A_RUN]:
        known = services.units[post.unit]
        stands = services.page_stands(post.source, post.url) if post.source in known.sources else None
        if stands is None:
            waiting += 1
            continue
        settled = _settle(services, post, stands=stands)
        gone, standing = gone + (settled and not stands), standing + (settled and stands)
    return GoneReport(gone=gone, standing=standing, waiting=waiting + max(0, len(due) - ASKED_A_RUN))


def _settle(services: Services, missed: PostRecord, *, stands: bool) -> bool:
    """Write down what a page said; False where the post has come back meanwhile."""
    if missed.id is None:
        return False
    now = services.clock.now()
    with services.db.write() as uow:
        post = uow.posts.get(missed.id)
        if post is None or post.gone_since != missed.gone_since or post.gone_at is not None:
            return False
        if stands:
            uow.posts.update(replace(post, gone_since=None))
        else:
            uow.posts.update(replace(post, gone_at=now))
            uow.ledger.append(LeafKind.POST_GONE, now, _leaf(post, back=False), unit=post.unit)
        uow.commit()
    return True


def _leaf(post: PostRecord, *, back: bool) -> dict[str, Any]:
    return {
        "key": post.key,
        "source": post.source,
        **({} if post.quarantine else {"url": post.url}),
        "missed_since": instant_text(post.gone_since) if post.gone_since else None,
        "back": back,
    }
