"""How often Python looks for cyclic garbage: set once, by whatever starts a process."""

import gc

_NEW_OBJECTS = 20_000


def collect_seldom() -> None:
    """Look for cyclic garbage after 20,000 new objects, not after 700.

    Nearly all that a look makes is freed by its count, without the collector; to start makes 100,000 objects that stay. What does hang
    in cycles (the trees of Beautiful Soup) is left some 5 MB longer.
    """
    gc.set_threshold(_NEW_OBJECTS, 10, 10)
