"""The crash points: the list is whole, each names what is there, and at each the service dies and comes back with nothing lost, nothing twice.

`SYNCD_CRASH_KILLS` sets how often at each point; `make crash` sets 20.
"""

import os
import re
import time
from pathlib import Path

import pytest

from syncd.storage.schema import revisions, upgrade
from syncd.testing.crash_points import CRASH_POINTS
from syncd.testing.failpoints import Moment, find
from tests.acceptance.commands import CHILDREN
from tests.crash.points import sweep_point
from tests.crash.world import Crash, Tally, World, bring_up

KILLS = int(os.environ.get("SYNCD_CRASH_KILLS", "2"))
DAILY = ("CP18", "CP24", "CP35")
SWEPT = [
    name
    for name, point in CRASH_POINTS.items()
    if point.place and point.part != "upgrade" and point.database in ("", "sqlite")
]
ON_POSTGRESQL = [
    name
    for name, point in CRASH_POINTS.items()
    if point.part in ("publish", "lease") and point.database in ("", "postgresql")
]
THEIRS = Path(__file__).resolve().parents[3] / "shared" / "reliability.md"


def test_the_list_is_the_one_of_the_promise() -> None:
    if not THEIRS.exists():
        pytest.skip("the list of 48 points lies outside the repository and is not here")
    [block] = re.findall(r"```crash \(48\)\n(.*?)```", THEIRS.read_text(encoding="utf-8"), re.DOTALL)
    assert [f"{name} {point.what}" for name, point in CRASH_POINTS.items()] == block.strip().splitlines()


@pytest.mark.parametrize("name", CRASH_POINTS)
def test_each_point_names_what_is_there_or_says_why_not(name: str) -> None:
    point = CRASH_POINTS[name]
    assert (point.place is None) == bool(point.missing)
    for named in point.place.names if point.place else ():
        find(named)


def test_a_name_that_is_gone_is_said_at_once() -> None:
    with pytest.raises(LookupError, match="renamed"):
        find("syncd.storage.files:FileStore.put_away")


def test_nothing_of_the_product_knows_of_failpoints() -> None:
    root = Path(__file__).resolve().parents[2]
    sources = [path for room in ("syncd", "adapters") for path in (root / room).rglob("*.py")]
    assert [
        path for path in sources if "testing" not in path.parts and "failpoint" in path.read_text(encoding="utf-8")
    ] == []


@pytest.mark.parametrize("name", DAILY)
def test_killed_at_a_point_and_back(data_dir: Path, name: str) -> None:
    with World(data_dir, seed=1) as world:
        sweep_point(world, name, 2 if name == "CP24" else 1)  # what a lost answer leaves is seen at the next edit


@pytest.mark.slow
@pytest.mark.crash
@pytest.mark.parametrize("name", SWEPT)
def test_killed_at_each_point_again_and_again(data_dir: Path, name: str, tally: Tally) -> None:
    if CRASH_POINTS[name].place.moment is Moment.FORCING and not Path("/proc/self/syscall").exists():  # type: ignore[union-attr]  # the swept ones have places
        pytest.skip("this kernel does not tell which call a thread is in")
    portal = "plone" if CRASH_POINTS[name].part == "plone" else "wordpress"
    with World(data_dir, portal=portal, seed=KILLS, tally=tally) as world:
        sweep_point(world, name, max(KILLS, 5) if CRASH_POINTS[name].part == "start" else KILLS)


@pytest.mark.slow
@pytest.mark.crash
@pytest.mark.parametrize("name", ON_POSTGRESQL)
def test_killed_at_each_point_of_a_push_on_postgresql(
    data_dir: Path, name: str, postgres_url: str, tally: Tally
) -> None:
    with World(data_dir, database=postgres_url, lease_s=2.0, seed=KILLS, tally=tally) as world:
        sweep_point(world, name, KILLS)


@pytest.mark.slow
@pytest.mark.crash
def test_killed_between_two_migrations_it_is_as_before_and_comes_up_at_the_next_try(
    tmp_path: Path, tally: Tally
) -> None:
    for number in range(max(KILLS, 2)):
        folder = tmp_path / str(number)
        folder.mkdir()
        url = f"sqlite:///{folder}/syncd.db"
        mark = folder / "mark"
        crash = Crash(point="CP43", nth=number % (len(revisions()) - 1) + 1, mark=mark)
        child = CHILDREN.Process(target=bring_up, args=(url, folder, crash))
        began = time.monotonic()
        child.start()
        child.join(60)
        assert (child.exitcode, mark.exists()) == (-9, True)
        assert upgrade(url) == revisions()
        tally.kills += 1
        tally.reached["CP43"] += 1
        tally.longest_recovery_s = max(tally.longest_recovery_s, time.monotonic() - began)
