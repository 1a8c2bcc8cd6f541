"""Killed at random moments, again and again, and started again: nothing lost, nothing twice, and nobody had to help.

The service is the real daemon at work on everything at once: looks, pushes, edits, the census, letters, figures, closings, dossiers. The
portal takes its time, loses answers, fails and works late. `SYNCD_CRASH_RANDOM` sets the kills of each sweep; `make crash` sets more.
"""

import os
import random
import threading
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from tests.crash.invariants import check, no_copy_twice
from tests.crash.sites import UNITS
from tests.crash.world import Died, Refused, Tally, World, misbehaving

KILLS = int(os.environ.get("SYNCD_CRASH_RANDOM", "50"))
WORLD_KILLS = 50  # of one installation; after them everything is looked at, and the next one begins
HURRY = 120.0  # a second here is two minutes there: the portal's longest request is waited out in one second


class Office:
    """People at work: they publish, edit, and type commands, until the service dies under them."""

    def __init__(self, world: World, chance: random.Random) -> None:
        self._world = world
        self._chance = chance
        self._months = iter([f"{year}-{month:02}" for year in range(2016, 2026) for month in range(1, 13)])

    def write(self) -> None:
        world, chance = self._world, self._chance
        world.sites.write(chance.choice(UNITS), world.clock.now() - timedelta(minutes=1))
        if chance.random() < 0.3:
            world.sites.edit(chance.choice(world.sites.posts))

    def command(self) -> None:
        world = self._world
        with suppress(Died, Refused):
            match self._chance.randrange(8):
                case 0:
                    world.mail_to("statement", next(self._months))
                case 1:
                    world.ask("rank-push", assessment="nam-2026")
                case 2:
                    world.ask("close", period="2026-09", force="Giả định")
                case 3:
                    world.ask("dossier-build", unit=UNITS[0], periods=["2026-10"], out=str(world.folder / "ho-so.zip"))
                case 4:
                    world.ask("publish")
                case _:
                    world.ask("sync")


def sweep(world: World, kills: int) -> None:
    chance = world.chance
    office = Office(world, chance)
    with misbehaving(world.portal, random.Random(chance.random())):
        for _ in range(kills):
            office.write()
            world.start()
            typing = threading.Thread(target=office.command, name="command")
            typing.start()
            time.sleep(chance.uniform(0.0, 1.2))
            world.kill()
            typing.join()
            no_copy_twice(world)
    world.settle()
    world.ask_once(
        lambda: world.ask("dossier-build", unit=UNITS[0], periods=["2026-10"], out=str(world.folder / "ho-so.zip"))
    )
    check(world)


def test_three_kills_over_a_wordpress_that_loses_answers_leave_one_copy_of_each(data_dir: Path) -> None:
    with World(data_dir, pace=HURRY, takes_ms=(1, 20), seed=8) as world:
        sweep(world, 3)


def test_two_kills_over_an_outbox_leave_one_copy_of_each(data_dir: Path) -> None:
    with World(data_dir, portal="outbox", pace=HURRY, seed=8) as world:
        sweep(world, 2)


@pytest.mark.slow
@pytest.mark.crash
@pytest.mark.parametrize("batch", range(-(-KILLS // WORLD_KILLS)))
def test_many_kills_over_a_slow_wordpress_that_loses_answers(data_dir: Path, batch: int, tally: Tally) -> None:
    with World(data_dir, pace=HURRY, takes_ms=(10, 200), seed=batch, tally=tally) as world:
        sweep(world, min(WORLD_KILLS, KILLS - batch * WORLD_KILLS))


@pytest.mark.slow
@pytest.mark.crash
def test_many_kills_over_an_outbox(data_dir: Path, tally: Tally) -> None:
    with World(data_dir, portal="outbox", pace=HURRY, seed=3, tally=tally) as world:
        sweep(world, min(WORLD_KILLS, KILLS))


@pytest.mark.slow
@pytest.mark.crash
@pytest.mark.parametrize("batch", range(-(-KILLS // WORLD_KILLS // 5)))
def test_many_kills_on_postgresql(data_dir: Path, batch: int, postgres_url: str, tally: Tally) -> None:
    with World(data_dir, database=postgres_url, pace=HURRY, takes_ms=(10, 200), seed=100 + batch, tally=tally) as world:
        sweep(world, min(WORLD_KILLS, KILLS))
