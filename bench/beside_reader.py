"""A whole poll by syncd and by `reader` (10 workers), by turns over one farm: http, https, 200 ms of latency, and memory."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from http_client import addresses
from yardstick.farm import HOSTS, Farm, farm
from yardstick.feeds import ITEMS
from yardstick.measure import show
from yardstick.office import scratch, write_config
from yardstick.polls import Poll, poll_by_reader, poll_by_syncd, reader_python

from syncd.testing.certificates import Authority

SITES, MANY_SITES, WORKERS = 1_000, 5_000, 10
SLOW_SITES, SLOW_WORKERS, DELAY_S = 1_000, 20, 0.2
PHASES = (("cold", 0, ITEMS), ("nothing new", 0, 0), ("one new item each", 1, 1))
GOALS = {"http cold": 0.15, "http nothing new": 0.50, "http one new item each": 0.12, "https nothing new": 0.12}
COLUMNS = ["", "syncd, ms CPU a feed", "reader, ms CPU a feed", "ratio", "goal", "syncd, peak MB", "reader, peak MB"]


def main() -> None:
    python = reader_python()
    rows = []
    with scratch() as folder:
        _compile(folder, python)
        for scheme, sites, pem, authority in (
            ("http", SITES, None, None),
            ("https", HOSTS, *_certificate(folder)),
        ):
            with farm(sites, certificate=pem) as served, _office(folder / scheme, served, sites, authority) as poll:
                for name, generation, new in PHASES:
                    served.turn(generation)
                    theirs = None
                    if python is not None:
                        urls = [served.url(site) for site in range(sites)]
                        theirs = poll_by_reader(python, folder / scheme, urls, workers=WORKERS, ca_file=authority)
                    rows.append(_row(f"{scheme} {name}", sites, poll(new), theirs))
        show(f"A poll of {SITES} feeds over http, of {HOSTS} over https, {WORKERS} workers", COLUMNS, rows)
        if python is None:
            show("reader", [""], [["not measured: its packages cannot be installed here"]])
        show(
            f"{DELAY_S * 1000:.0f} ms of latency, nothing new",
            ["", "wall s", "bound s", "times the bound"],
            [_slow(folder)],
        )
        with farm(MANY_SITES) as served, _office(folder / "many", served, MANY_SITES, None) as poll:
            peaks = [poll(new).peak_mb for new in (ITEMS, 0)]
        show(f"Memory with {MANY_SITES} feeds", ["cold, peak MB", "nothing new, peak MB"], [peaks])


def _compile(folder: Path, python: Path | None) -> None:
    """A poll of one feed by both, not measured: it leaves their bytecode behind."""
    with farm(1) as served, _office(folder / "first", served, 1, None) as poll:
        poll(ITEMS)
        served.turn(1)
        poll(1)
        if python is not None:
            poll_by_reader(python, folder / "first", [served.url(0)], workers=1, ca_file=None)


def _row(name: str, sites: int, ours: Poll, theirs: Poll | None) -> Sequence[object]:
    goal = GOALS.get(name, "")
    mine = ours.cpu_s * 1000 / sites
    if theirs is None:
        return [name, mine, "", "", goal, ours.peak_mb, ""]
    return [name, mine, theirs.cpu_s * 1000 / sites, ours.cpu_s / theirs.cpu_s, goal, ours.peak_mb, theirs.peak_mb]


def _slow(folder: Path) -> Sequence[object]:
    bound = SLOW_SITES * DELAY_S / SLOW_WORKERS
    with (
        farm(SLOW_SITES, delay_s=DELAY_S) as served,
        _office(folder / "slow", served, SLOW_SITES, None, workers=SLOW_WORKERS) as poll,
    ):
        poll(ITEMS)
        wall_s = poll(0).wall_s
    return [f"{SLOW_SITES} feeds, {SLOW_WORKERS} workers", wall_s, bound, wall_s / bound]


@contextmanager
def _office(
    folder: Path, served: Farm, sites: int, authority: Path | None, *, workers: int = WORKERS
) -> Iterator[Callable[[int], Poll]]:
    folder.mkdir()
    config = write_config(
        folder,
        (served.url(site) for site in range(sites)),
        workers=workers,
        ports=[served.port],
        ca_files=[authority] if authority else [],
    )
    yield lambda new: poll_by_syncd(config, new=new)


def _certificate(folder: Path) -> tuple[Path, Path]:
    root = Authority(folder)
    certificate, key = folder / "farm.pem", folder / "farm.key"
    root.sign("farm", [f"subjectAltName={addresses()}"], key=key, certificate=certificate, days=2)
    certificate.write_bytes(certificate.read_bytes() + key.read_bytes())
    return certificate, root.certificate


if __name__ == "__main__":
    main()
