"""The other end of `bounded`: does its job with what comes through a socket, one after the other, within bounds set by the kernel."""

import importlib
import math
import resource
import signal
from multiprocessing.connection import Connection
from pathlib import Path

_FULL_BYTES = 400 << 20  # of resident memory: what a large page leaves behind is not given back by itself


def serve(job: str, fd: int, cpu_s: float, wall_s: float, idle_s: float, memory_bytes: float, requests: float) -> None:
    """Answer until the socket closes, nothing comes for `idle_s`, or `requests` are answered.

    A request that takes more than `cpu_s` ends the process by SIGXCPU, one of more than `wall_s` by SIGALRM: the kernel
    sees to it even where a library never comes back, and where nobody is left to ask.
    """
    module, _, name = job.partition(":")
    answer = getattr(importlib.import_module(module), name)
    for number in (signal.SIGINT, signal.SIGTERM):  # the process that started this one decides
        signal.signal(number, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _lower(resource.RLIMIT_AS, int(memory_bytes))
    line = Connection(fd)
    try:
        line.send_bytes(b"ready")
    except OSError:  # the process that started this one is gone already
        return
    for _ in range(int(requests)):
        try:
            if not line.poll(idle_s):
                return
            request = line.recv_bytes()
        except (EOFError, OSError):
            return
        _bound_next_request(cpu_s, wall_s)
        answered = answer(request)
        signal.setitimer(signal.ITIMER_REAL, 0)
        try:
            line.send_bytes(answered)
        except OSError:
            return
        if _resident_bytes() > _FULL_BYTES:
            return


def _resident_bytes() -> int:
    """What this process holds now. Its `ru_maxrss` would count the process that started it as well, until exec."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize()


def _bound_next_request(cpu_s: float, wall_s: float) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    _lower(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime + cpu_s), soft_only=True)
    signal.setitimer(signal.ITIMER_REAL, wall_s + 1)  # nobody handles the signal: the process ends


def _lower(limit: int, value: int, *, soft_only: bool = False) -> None:
    _, hard = resource.getrlimit(limit)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (value, hard if soft_only else value))
