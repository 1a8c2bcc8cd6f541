"""Run by `polls`: one look at every unit of the configuration named first; each must bring as many new posts as named second."""

import sys
from pathlib import Path

from syncd.interpreter import collect_garbage_seldom


def poll(config: Path, new: int) -> None:
    from syncd.application.collecting.collect import collect
    from syncd.bootstrap import wire
    from syncd.clock import SystemClock
    from syncd.config import load_config

    with wire(load_config(config), clock=SystemClock()) as wired:
        reports = collect(wired.services)
    odd = [report for report in reports.values() if report.failed or report.new != new]
    if odd:
        raise SystemExit(f"{len(odd)} looks were not as expected, the first: {odd[0]}")


if __name__ == "__main__":
    collect_garbage_seldom()  # as every command does before the modules it works with are imported
    poll(Path(sys.argv[1]), int(sys.argv[2]))
    # not from wait4: that counts the memory of the process which started this one, too
    status = Path("/proc/self/status").read_text(encoding="ascii")
    sys.stdout.write(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")))
