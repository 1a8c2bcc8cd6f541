"""The other end of `worker`: reads the pages that come through a socket, one after the other, within bounds set by the kernel."""

import math
import pickle
import resource
import signal
from multiprocessing.connection import Connection
from pathlib import Path

from adapters.articles.article import ArticleFault
from adapters.articles.reading import read_article

_FULL_BYTES = 400 << 20  # of resident memory: what a large page leaves behind is not given back by itself


def serve(fd: int, cpu_s: float, wall_s: float, idle_s: float, memory_bytes: float, pages: float) -> None:
    """Read pages until the socket closes, nothing comes for `idle_s`, or `pages` are read.

    A page that takes more than `cpu_s` ends the process by SIGXCPU, one of more than `wall_s` by SIGALRM: the kernel sees
    to it even where a library never comes back, and where nobody is left to ask.
    """
    for number in (signal.SIGINT, signal.SIGTERM):  # the process that started this one decides
        signal.signal(number, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _lower(resource.RLIMIT_AS, int(memory_bytes))
    line = Connection(fd)
    try:
        line.send_bytes(b"ready")
    except OSError:  # the process that started this one is gone already
        return
    for _ in range(int(pages)):
        try:
            if not line.poll(idle_s):
                return
            request = line.recv_bytes()
        except (EOFError, OSError):
            return
        _bound_next_page(cpu_s, wall_s)
        answer = _answer(request)
        signal.setitimer(signal.ITIMER_REAL, 0)
        try:
            line.send_bytes(answer)
        except OSError:
            return
        if _resident_bytes() > _FULL_BYTES:
            return


def _resident_bytes() -> int:
    """What this process holds now. Its `ru_maxrss` would count the process that started it as well, until exec."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize()


def _answer(request: bytes) -> bytes:
    try:
        body, content_type, url, rules, fetched_at = pickle.loads(request)
        article = read_article(body, content_type=content_type, url=url, rules=rules, fetched_at=fetched_at)
        return pickle.dumps(article)
    except ArticleFault as fault:
        return pickle.dumps((str(fault), fault.kind))
    except (MemoryError, RecursionError) as err:
        return pickle.dumps((f"the page asks for too much to be read ({type(err).__name__})", "too_large"))


def _bound_next_page(cpu_s: float, wall_s: float) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    _lower(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime + cpu_s), soft_only=True)
    signal.setitimer(signal.ITIMER_REAL, wall_s + 1)  # nobody handles the signal: the process ends


def _lower(limit: int, value: int, *, soft_only: bool = False) -> None:
    _, hard = resource.getrlimit(limit)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (value, hard if soft_only else value))
