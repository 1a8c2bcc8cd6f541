"""Asking what stands at the portal before anything is sent: post by post, or many at once by listing the days they are dated on.

A listing serves only posts that this ledger never tried to send. It finds what a lost ledger, an earlier installation or a person with our key
brought there; after a try of ours that ended in the dark each post is asked for by its own key, which finds it under any date.

Where the portal enforces no key, a second installation that sends the same posts at the same time would make them all twice behind a
listing's back. So the listing is made again after a few posts, and once more later: what it did not hold and we did not send, or what stands there
twice now, is another's work, and from then on each post is asked for by itself.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from syncd.application.publishing.payload import printed_instant
from syncd.application.services import Services
from syncd.domain.model import PostId, SourceKey, UnitId, local_month
from syncd.errors import ForeignError
from syncd.ports.portal import DeliveryClass, PortalPost, PortalState
from syncd.ports.records import PostRecord, PushRecord, PushState, SightingRecord

_WORTH_LISTING = 8  # posts of one month: a listing costs a few look-ups, more where the month is full
_STALE = timedelta(seconds=60)  # nobody else writes under our keys, so a listing need not be younger
_LOOK_AGAIN_AFTER = frozenset(
    (4, 32, 128)
)  # posts sent on the word of one month's listings: whether somebody else does write
_TYPED_AROUND = timedelta(days=45)  # how far a hand-typed copy's printed date may be from the post's own
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listing:
    """`twice`: keys that more than one post bears. `after`: how many posts were sent on the word of those before it."""

    at: datetime
    posts: Mapping[SourceKey, PortalPost]
    twice: frozenset[SourceKey]
    after: int


class LookUps:
    """What is known of the portal while one batch is delivered. Shared by its threads. `rival`: somebody else is sending posts of this batch."""

    def __init__(self, services: Services, batch: Sequence[PushRecord]) -> None:
        self._services = services
        self._portal = services.portal
        self._lock = threading.Lock()
        with services.db.read() as uow:
            posts = uow.posts.many([push.post for push in batch if push.delivered_version is None])
            now = services.clock.now()
            oldest = min((printed_instant(post) for post in posts.values()), default=now)
            seen = uow.sightings.in_window(self._portal.name, oldest - _TYPED_AROUND, now + _TYPED_AROUND)
        self._typed = _typed_copies(seen)
        self._months = _worth_listing(batch, posts)
        self._listings: dict[str, _Listing] = {}
        self._untried = frozenset(push.key for push in batch if _never_tried(push))
        self._asked: set[SourceKey] = set()
        self._absent: Counter[str] = Counter()
        self.rival = self._rival_told = False

    def find(self, push: PushRecord, post: PostRecord) -> PortalPost | None:
        """The post that carries the push's key; None only where the portal certainly has none.

        Raises:
            ForeignError: nothing is known.
        """
        month = local_month(printed_instant(post))
        with self._lock:  # the others wait: what they would list is this
            window = self._months.get(month) if _never_tried(push) else None
            listing = None if window is None else self._listing(month, window)
            self._asked.add(push.key)
            if listing is not None:
                self._absent[month] += push.key not in listing.posts
                return listing.posts.get(push.key)
        return self._portal.find(push.key)

    def take_typed(self, push: PushRecord, text_sha256: str) -> SightingRecord | None:
        """A hand-typed copy with this text, which no other post of ours is given afterwards."""
        with self._lock:
            return self._typed.pop((push.unit, text_sha256), None)

    def take_rival_news(self) -> bool:
        """Whether `rival` became true since this was asked last."""
        with self._lock:
            news = self.rival and not self._rival_told
            self._rival_told = self._rival_told or news
        return news

    def give_back(self, push: PushRecord, typed: SightingRecord) -> None:
        """It turned out to be another story."""
        with self._lock:
            self._typed[(push.unit, typed.content_sha256)] = typed

    def _listing(self, month: str, window: tuple[datetime, datetime]) -> _Listing | None:
        now, known = self._services.clock.now(), self._listings.get(month)
        enforced = self._portal.capabilities.delivery_class is DeliveryClass.A
        sent = self._absent[month]
        again = not enforced and sent in _LOOK_AGAIN_AFTER and known is not None and known.after < sent
        if known is not None and timedelta(0) <= now - known.at < _STALE and not again:
            return known
        try:
            listed = [post for post in self._portal.list(*window) if post.key is not None]
        except ForeignError:
            # Each post is asked for by itself then, and the error, if it lasts, is told there.
            self._months.pop(month, None)
            return None
        copies = Counter(post.key for post in listed if post.state is not PortalState.TRASH)
        listing = _Listing(
            at=now,
            posts={post.key: post for post in listed if post.key is not None},
            twice=frozenset(key for key, number in copies.items() if key is not None and number > 1),
            after=sent,
        )
        if known is not None and not enforced and self._another_wrote(known, listing):
            self.rival = True
            self._months.clear()
            return None
        self._listings[month] = listing
        return listing

    def _another_wrote(self, before: _Listing, now: _Listing) -> bool:
        new = now.posts.keys() - before.posts.keys()
        return bool(now.twice - before.twice or (new & self._untried) - self._asked)


def _never_tried(push: PushRecord) -> bool:
    return push.state is PushState.QUEUED and push.attempts == 0 and push.attempted_at is None


def _worth_listing(
    batch: Sequence[PushRecord], posts: Mapping[PostId, PostRecord]
) -> dict[str, tuple[datetime, datetime]]:
    """Month -> from when to when its posts of this batch are dated."""
    instants: dict[str, list[datetime]] = defaultdict(list)
    for push in batch:
        post = posts.get(push.post)
        if post is not None and _never_tried(push):
            instants[local_month(printed_instant(post))].append(printed_instant(post))
    return {
        # portals keep whole seconds or whole minutes
        month: (min(found) - 60 * _SECOND, max(found) + _SECOND)
        for month, found in instants.items()
        if len(found) >= _WORTH_LISTING
    }


def _typed_copies(seen: Sequence[SightingRecord]) -> dict[tuple[UnitId, str], SightingRecord]:
    """Hand-typed posts of units that stand there and are not ours yet, by unit and text."""
    return {
        (typed.unit, typed.content_sha256): typed
        for typed in seen
        if typed.unit
        and typed.content_sha256
        and typed.key is None
        and typed.post is None
        and typed.gone_at is None
        and typed.state != PortalState.TRASH.value
    }
