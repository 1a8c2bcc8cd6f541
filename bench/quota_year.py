"""What the figures of a year cost: the quota table, status, one unit explained, as library calls and as commands."""

import os
import resource
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from yardstick import year
from yardstick.measure import median_spent, show
from yardstick.office import office, scratch, write_config

from syncd.application.figures.explain import explain
from syncd.application.figures.quota_table import quota_table
from syncd.application.status import status
from syncd.bootstrap import database_url
from syncd.clock import FixedStartClock
from syncd.config import load_config
from syncd.domain.model import UnitId

UNITS = 150
UNIT, MONTH = "don-vi-10", "2026-10"


def main() -> None:
    with scratch() as folder:
        config = write_config(folder, [f"http://don-vi-{n}.vidu.example/rss" for n in range(UNITS)])
        database = database_url(load_config(config))
        rows = []
        with office(config, clock=FixedStartClock(year.NOW)) as services:
            year.fill(services, database)
            floor = median_spent(lambda: count_by_hand(Path(database.removeprefix("sqlite:///"))), times=3)
            unit = UnitId(UNIT)
            table = quota_table(services, year.PERIODS)
            assert sum(len(row.cells) for row in table.rows) == UNITS * 12
            calls = {
                f"quota table, {UNITS} units x 12 months": lambda: quota_table(services, year.PERIODS),
                "quota table, one month": lambda: quota_table(services, year.PERIODS[-3:-2]),
                "status": lambda: status(services),
                "explain, one unit and month": lambda: explain(services, unit, year.PERIODS[9]),
            }
            rows.append(["GROUP BY unit, month in bare sqlite3 (floor)", floor.cpu_s, floor.wall_s])
            for name, call in calls.items():
                cost = median_spent(call, times=3)
                rows.append([name, cost.cpu_s, cost.wall_s])
        for command in (["quota", "--assessment", "2026"], ["status"], ["explain", UNIT, MONTH]):
            rows.append([f"syncd {' '.join(command)} --json", *run(config, *command)])
        size = Path(database.removeprefix("sqlite:///")).stat().st_size / 1e6
    show(
        f"A year of {UNITS} units: {UNITS * year.HOURS:,} looks, {size:,.0f} MB of database",
        ["", "CPU s", "wall s"],
        rows,
    )


def count_by_hand(file: Path) -> None:
    connection = sqlite3.connect(file)
    connection.execute("SELECT unit, month, count(*) FROM posts GROUP BY unit, month").fetchall()
    connection.close()


def run(config: Path, *command: str) -> tuple[float, float]:
    """CPU and wall seconds of one command, start-up and imports included."""
    program = [sys.executable, "-m", "syncd", *command, "-c", str(config), "--now", year.NOW.isoformat(), "--json"]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(program, stdout=subprocess.DEVNULL, env={**os.environ, "COLUMNS": "120"}, check=False)
    after, ended = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    if done.returncode not in (0, 1):
        raise SystemExit(f"syncd {' '.join(command)} ended with {done.returncode}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu, ended - began


if __name__ == "__main__":
    main()
