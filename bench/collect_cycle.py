"""One look at each of 500 units' feeds: cold, nothing new, one new post each; beside bare sockets and lxml."""

from concurrent.futures import ThreadPoolExecutor
from itertools import repeat

from yardstick import floor
from yardstick.farm import Farm, farm
from yardstick.feeds import ITEMS
from yardstick.measure import Spent, memory_mb, show, spent
from yardstick.office import office, scratch, write_config

from syncd.application.collecting.collect import collect

SITES = 500
WORKERS = 8
ROUNDS = ("cold", "nothing new", "one new post each")


def main() -> None:
    ours, least = looks_of_syncd(), looks_of_the_floor()
    rows = [
        [
            name,
            mine.cpu_s * 1000 / SITES,
            bare.cpu_s * 1000 / SITES,
            mine.cpu_s / bare.cpu_s,
            mine.wall_s,
            SITES / mine.cpu_s,
        ]
        for name, mine, bare in zip(ROUNDS, ours, least, strict=True)
    ]
    show(
        f"One look at {SITES} feeds of {ITEMS} items over http, {WORKERS} workers",
        ["", "ms CPU a feed", "floor, ms CPU a feed", "times the floor", "wall s", "feeds a CPU second"],
        rows,
    )
    show("Memory of the process after that", ["peak MB"], [[memory_mb(peak=True)]])


def looks_of_syncd() -> list[Spent]:
    """Everything: fetched, parsed, judged, cleaned, stored with leaves and pushes, the bytes kept on disk."""
    costs = []
    with scratch() as folder, farm(SITES) as sites:
        config = write_config(folder, map(sites.url, range(SITES)), workers=WORKERS)
        with office(config) as services:
            for new, generation in ((ITEMS, 0), (0, 0), (1, 1)):
                sites.turn(generation)
                with spent() as cost:
                    reports = collect(services)
                assert all(report.new == new and not report.failed for report in reports.values()), "not as expected"
                costs.append(cost)
    return costs


def looks_of_the_floor() -> list[Spent]:
    """Fetched and parsed into dicts, and forgotten."""
    costs = []
    with farm(SITES) as sites:
        known: dict[int, str | None] = dict.fromkeys(range(SITES))
        for generation in (0, 0, 1):
            sites.turn(generation)
            with spent() as cost, ThreadPoolExecutor(WORKERS) as pool:
                etags = pool.map(look, repeat(sites), known, known.values())
                known = dict(zip(known, etags, strict=True))
            costs.append(cost)
    return costs


def look(sites: Farm, site: int, etag: str | None) -> str:
    body, etag = floor.fetch(sites.url(site), etag)
    if body:
        floor.parse(body)
    return etag


if __name__ == "__main__":
    main()
