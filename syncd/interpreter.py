"""How Python uses memory and processors, where its own rule costs more than the work: told once, by whatever starts a process or a pool."""

import atexit
import contextlib
import gc
import os

_NEW_OBJECTS = 20_000
_NEW_OBJECTS_AT_START = 300_000


def collect_garbage_seldom() -> None:
    """Look for cyclic garbage after 20,000 new objects, not after 700; not while the process starts, and not at its end.

    Nearly all that a look makes is freed by its count, without the collector. What does hang in cycles (the trees of Beautiful Soup) is
    left some 5 MB longer. Called before anything large is imported: the start makes 100,000 objects that stay, and to go through them
    takes a tenth of it.
    """
    gc.set_threshold(_NEW_OBJECTS_AT_START, 10, 10)
    # at its end the interpreter goes through all objects several times, 0.12 s after a poll, to free what the system frees in no time
    atexit.register(gc.freeze)


def leave_out_what_the_start_made() -> None:
    """From here on look for garbage among what is made later. Does nothing where the start did not call `collect_garbage_seldom`."""
    if gc.get_threshold()[0] == _NEW_OBJECTS_AT_START:
        gc.freeze()
        gc.set_threshold(_NEW_OBJECTS, 10, 10)


def share_one_processor() -> None:
    """Keep the calling thread on the processor on which the others of its pool compute.

    One thread of a process runs Python at a time. With a processor of its own, each that waits takes the interpreter's lock whenever the
    one that has it lets go for a moment, as at every row of a statement: 60 changes of thread in a look that finds nothing new and 300
    in one that brings a post, where 6 and 30 do. Threads that wait for a website wait as well here.
    """
    with contextlib.suppress(OSError):  # forbidden by a sandbox: it works, and costs more
        processors = sorted(os.sched_getaffinity(os.getpid()))  # of the main thread, which is never kept on one
        os.sched_setaffinity(0, {processors[os.getpid() % len(processors)]})
