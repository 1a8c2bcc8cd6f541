"""What one push to the outbox portal costs, beside writing the same number of files durably; and the census of it."""

import os
from pathlib import Path

from yardstick.farm import farm
from yardstick.feeds import ITEMS
from yardstick.measure import show, spent
from yardstick.office import office, scratch, write_config

from syncd.application.collecting.collect import collect
from syncd.application.publishing.publish import publish
from syncd.application.reading_back.census import take_census

SITES = 20


def main() -> None:
    pushes = SITES * ITEMS
    with scratch() as folder, farm(SITES) as sites:
        config = write_config(folder, map(sites.url, range(SITES)))
        with office(config) as services:
            collect(services)
            with spent() as pushing:
                report = publish(services)
            delivered = sum(counts.sent for counts in report.units.values())
            assert delivered == pushes, f"{delivered} of {pushes} delivered"
            with spent() as reading:
                take_census(services)
        with spent() as bare:
            for number in range(pushes):
                write_durably(folder / f"bare-{number}", b"x" * 4_000)
    rows = [
        ["push to the outbox", pushing.cpu_s * 1000 / pushes, pushes / pushing.wall_s, pushing.cpu_s / bare.cpu_s],
        ["census of the outbox", reading.cpu_s * 1000 / pushes, pushes / reading.wall_s, reading.cpu_s / bare.cpu_s],
        ["one durable file of 4 KB (floor)", bare.cpu_s * 1000 / pushes, pushes / bare.wall_s, 1.0],
    ]
    show(f"{pushes} posts of {SITES} units", ["", "ms CPU a post", "posts a second", "times the floor's CPU"], rows)


def write_durably(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


if __name__ == "__main__":
    main()
