"""When to try again: pure, so that a test and an auditor compute the same instant.

Sources are looked at for ever (twice more within minutes, then x2 up to a day, then daily): a unit must not be given up. Tries are
spread with full jitter, drawn from a key and the attempt instead of chance; pushes end with a person after the configured number.
"""

import hashlib
from datetime import datetime, timedelta

SOURCE_CAP = timedelta(hours=24)
TRIES_IN_SLOT = 3  # of a source that was well until now
AGAIN_CAP = timedelta(minutes=15)
PUSH_BASE = timedelta(minutes=5)
PUSH_CAP = timedelta(hours=6)
RETRY_AFTER_CAP = timedelta(hours=24)
LONGEST_WAIT = timedelta(days=2)  # more than any of ours: an instant further ahead was set by a clock that was wrong


def next_look(
    now: datetime, failures: int, *, interval: timedelta, retry_after: timedelta | None = None, again: str | None = None
) -> datetime:
    """The earliest next look at a source that failed `failures` times in a row (1 or more).

    Looks happen at wall-clock slots an `interval` apart. Half of one is taken off, so that the slot that is meant is not
    missed by the seconds that the failing look took. What the site itself asked for is kept to the second, up to a day.
    `again`: a key (the source's id) where trying again at once may help: the first failures are then followed by tries within the same
    slot, under full jitter, and only what fails each of them waits for the next slot.
    """
    if again is None:
        wait = _doubled(interval, failures, SOURCE_CAP) - interval / 2
    elif failures < TRIES_IN_SLOT:
        wait = min(_doubled(AGAIN_CAP / 3, failures, AGAIN_CAP), interval / 4) * jitter(again, failures)
    else:
        wait = _doubled(interval, failures - TRIES_IN_SLOT + 1, SOURCE_CAP) - interval / 2
    return now + max(wait, _capped(retry_after))


def next_push(
    now: datetime, attempt: int, *, key: str, retry_after: timedelta | None = None, base: timedelta = PUSH_BASE
) -> datetime:
    """When a refused or unanswered push is tried again after its `attempt`-th try: full jitter under a doubling ceiling."""
    ceiling = _doubled(base, attempt, PUSH_CAP)
    return now + max(ceiling * jitter(key, attempt), _capped(retry_after))


def jitter(key: str, attempt: int) -> float:
    """A fraction in [0, 1) that is the same every time and differs between keys and attempts."""
    digest = hashlib.sha256(f"{key}:{attempt}".encode()).digest()
    return int.from_bytes(digest[:6]) / 2**48


def _doubled(base: timedelta, count: int, cap: timedelta) -> timedelta:
    # 2**30 bases are past any cap; more would overflow a timedelta after months of failures.
    return min(base * 2 ** min(max(count, 1) - 1, 30), max(cap, base)) if base < cap else base


def _capped(retry_after: timedelta | None) -> timedelta:
    return min(max(retry_after or timedelta(0), timedelta(0)), RETRY_AFTER_CAP)
