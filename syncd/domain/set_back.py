"""Whether posts that are missing on the portal were deleted one by one, or a restored backup took them all at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

ENOUGH = 3  # so many of the newest are gone together: no editor's hand, or one that a person should confirm
_RISING = 3  # so many numbers tell that the portal counts upwards


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """One post that the portal accepted. `standing` is None where nobody looked; `known_until` is when it was last known to stand.

    `number` is the portal's id where that is one; `taken`: another post of ours stands under its id.
    """

    accepted_at: datetime
    known_until: datetime
    standing: bool | None
    number: int | None = None
    taken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """`since`: when the oldest of the lost posts was accepted."""

    since: datetime
    posts: int


def lost_at_once(carried: Sequence[Carried]) -> Loss | None:
    """What a restored backup took; None where editors may have done it.

    A backup cannot lack a post and hold a later one. So the lost posts are the newest of those that had been accepted when the last of them
    was still seen; what was carried after that may stand. Three are enough; one is, where the portal gives out numbers again that it gave before.
    """
    lost = [post for post in carried if post.standing is False]
    if not lost:
        return None
    until = max(post.known_until for post in lost)
    run: list[Carried] = []
    for post in sorted(carried, key=_order, reverse=True):
        if post.accepted_at > until or post.standing is None:
            continue
        if post.standing:
            break
        run.append(post)
    if not run or len(run) < (1 if _counts_anew(carried, run, until) else ENOUGH):
        return None
    return Loss(since=min(post.accepted_at for post in run), posts=len(run))


def _order(post: Carried) -> tuple[datetime, bool]:
    """Posts that were sent side by side stand in no order among themselves: within a minute the lost ones count as the later."""
    return post.accepted_at.replace(second=0, microsecond=0), post.standing is False


def _counts_anew(carried: Sequence[Carried], run: Sequence[Carried], until: datetime) -> bool:
    if any(post.taken for post in run):
        return True
    ordered = sorted(carried, key=lambda post: post.accepted_at)
    before = [post.number for post in ordered if post.accepted_at <= until and post.number is not None]
    after = [post.number for post in ordered if post.accepted_at > until and post.number is not None and post.standing]
    taken = [post.number for post in run if post.number is not None]
    rising = len(before) >= _RISING and all(one < other for one, other in pairwise(before))
    return rising and bool(taken) and any(number <= max(taken) for number in after)
