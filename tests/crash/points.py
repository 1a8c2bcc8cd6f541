"""One crash point, again and again: what leads the service there, and what is looked at afterwards."""

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from syncd.testing.crash_points import CRASH_POINTS
from tests.crash.invariants import check, no_copy_twice
from tests.crash.sites import UNITS
from tests.crash.world import Crash, Died, World

_REACHED_WITHIN_S = 30.0
_BATCH = len(UNITS) * 2  # letters of one mailing
IN_A_ROW = {"CP48": 5}


def _write(world: World, round_: int) -> None:
    unit = UNITS[round_ % len(UNITS)]
    world.sites.write(unit, world.clock.now() - timedelta(minutes=1))


def _collect(world: World, round_: int) -> None:
    world.ask("collect")


def _publish(world: World, round_: int) -> None:
    world.ask("collect")
    world.ask("publish")


def _edit(world: World, round_: int) -> None:
    world.sites.edit(world.sites.posts[round_ % 3])
    _publish(world, round_)


def _close(world: World, round_: int) -> None:
    world.ask("close", period="2026-09", force="Giả định: Cổng chưa đọc lại đủ")
    world.ask("rank-push", assessment="nam-2026")


def _rank(world: World, round_: int) -> None:
    world.ask("rank-push", assessment="nam-2026")


def _mail(world: World, round_: int) -> None:
    # each letter goes out once, so each round has another month's
    world.mail_to("statement", f"{2016 + round_ // 12}-{round_ % 12 + 1:02}")


def _dossier(world: World, round_: int) -> None:
    world.ask("dossier-build", unit=UNITS[0], periods=["2026-10"], out=str(world.folder / "ho-so.zip"))


def _drain(world: World, round_: int) -> None:
    world.child.terminate()


def _nothing(world: World, round_: int) -> None:
    """It dies while it starts."""


LEADS: Mapping[str, Callable[[World, int], None]] = {
    "collect": _collect,
    "publish": _publish,
    "picture": _publish,
    "edit": _edit,
    "close": _close,
    "rank": _rank,
    "mail": _mail,
    "batch": _mail,
    "dossier": _dossier,
    "drain": _drain,
    "start": _nothing,
}
_BRING_POSTS = frozenset(("collect", "publish", "picture", "drain", "start"))


def sweep_point(world: World, name: str, kills: int) -> None:
    """Kill the service at one point so many times, start it again each time, and hold the invariants to what is left."""
    part = CRASH_POINTS[name].part
    world.sites.slow = name == "CP03"
    world.sites.pictured = part == "picture"
    for unit in UNITS:
        world.sites.write(unit, world.clock.now() - timedelta(hours=1))
    world.settle()
    for number in range(kills):
        world.let_portal_end()
        # so that slots are due; and now and then an outcome is asked for again before its time, now and then long after
        if part not in ("mail", "batch"):
            world.clock.leap(timedelta(seconds=world.chance.choice((61, 90, 130, 600))))
        nth = _BATCH // 2 if part == "batch" else world.chance.randint(1, 2) if part != "start" else 1
        if number % IN_A_ROW.get(name, 1) == 0 and part in _BRING_POSTS:
            _write(world, number)
        _die_once(world, name, nth, number)
        no_copy_twice(world)
    world.settle()
    if part == "close":
        world.ask_once(lambda: _close(world, 0))
    if part == "dossier":
        world.ask_once(lambda: _dossier(world, 0))
    check(world)


def _die_once(world: World, name: str, nth: int, round_: int) -> None:
    mark = world.folder / "mark"
    mark.unlink(missing_ok=True)
    lead = LEADS[CRASH_POINTS[name].part]
    try:
        world.start(Crash(point=name, nth=nth, mark=mark))
        if world.child.is_alive():
            lead(world, round_)
    except Died:
        pass
    died_at(world, name, mark)


def died_at(world: World, name: str, mark: Path) -> None:
    """Hold that the child died there, and of nothing else."""
    deadline = time.monotonic() + _REACHED_WITHIN_S
    while world.child.is_alive() and time.monotonic() < deadline:
        time.sleep(0.005)
    assert not world.child.is_alive(), f"{name} was not reached"
    assert world.child.exitcode == -9, world.told(f"{name} was not reached: it ended with {world.child.exitcode}")
    assert mark.exists(), f"it was killed, but not at {name}"
    world.tally.kills += 1
    world.tally.reached[name] += 1
