"""CPU seconds of this process, medians, and how a figure is shown."""

import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(slots=True)
class Spent:
    """What a block cost: user and system time of all threads of this process, and the time on the wall."""

    cpu_s: float = 0.0
    wall_s: float = 0.0


@contextmanager
def spent() -> Iterator[Spent]:
    cost = Spent()
    cpu, wall = time.process_time(), time.perf_counter()
    try:
        yield cost
    finally:
        cost.cpu_s, cost.wall_s = time.process_time() - cpu, time.perf_counter() - wall


def median_spent(work: Callable[[], object], *, times: int) -> Spent:
    """The medians of several runs of the same work."""
    costs = []
    for _ in range(times):
        with spent() as cost:
            work()
        costs.append(cost)
    return Spent(
        cpu_s=statistics.median(cost.cpu_s for cost in costs), wall_s=statistics.median(cost.wall_s for cost in costs)
    )


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print one figure as a table of Markdown, as docs/benchmarks.md holds it."""
    lines = [f"## {title}", "", "| " + " | ".join(columns) + " |", "|" + " --- |" * len(columns)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    sys.stdout.write("\n".join(lines) + "\n\n")
    sys.stdout.flush()


def _cell(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def memory_mb(pid: int | str = "self", *, peak: bool = False) -> float:
    """Resident memory of a process, now or at its highest."""
    field = "VmHWM:" if peak else "VmRSS:"
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith(field):
            return int(line.split()[1]) / 1024
    raise LookupError(f"no {field} of process {pid}")
