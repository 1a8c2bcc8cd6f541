"""One crash point, again and again: what leads the service there, and what is looked at afterwards."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from syncd.testing.crash_points import CRASH_POINTS
from tests.crash.invariants import check, no_copy_twice
from tests.crash.sites import UNITS
from tests.crash.world import Crash, Died, Refused, World

_REACHED_WITHIN_S = 10.0
_BATCH = len(UNITS) * 2  # letters of one mailing
_IN_A_ROW = 5  # start-ups that are killed one after the other
_ONCE = frozenset(
    ("CP12", "CP20", "CP21", "CP27", "CP37", "CP42", "CP46", "CP47", "CP48")
)  # reached once only by what leads there


def _write(world: World, round_: int) -> None:
    for unit in (UNITS[round_ % len(UNITS)], UNITS[(round_ + 1) % len(UNITS)]):
        world.sites.write(unit, world.clock.now() - timedelta(minutes=1))


def _collect(world: World, round_: int) -> None:
    world.ask("collect")


def _publish(world: World, round_: int) -> None:
    world.ask("collect")
    world.ask("publish")


def _edit(world: World, round_: int) -> None:
    for post in world.sites.posts[:2]:
        world.sites.edit(post)
    _publish(world, round_)


def _withdraw(world: World, round_: int) -> None:
    """Posts that came to bear a secrecy mark are taken from the public."""
    standing = [post for post in world.sites.posts if not post.secret]
    for post in standing[:2]:
        world.sites.edit(post, secret=True)
    _publish(world, round_)


def _close(world: World, round_: int) -> None:
    with suppress(Refused):  # it is closed already
        world.ask("close", period="2026-09", force="Giả định: Cổng chưa đọc lại đủ")
    world.ask("rank-push", assessment="nam-2026")


def _rank(world: World, round_: int) -> None:
    """Figures are sent only where they say something new, so verdicts change each time."""
    _close(world, round_)
    for unit in UNITS[:2]:
        world.ask(
            "adjust", unit=unit, period="2026-09", kind="verdict", status=("met", "missing")[round_ % 2], reason="Giả định",
            document="Công văn số 02-CV/VD", approved_by=["Nguyễn Văn Giả", "Trần Thị Định"],
        )  # fmt: skip
    world.ask("rank-push", assessment="nam-2026")


def _mail(world: World, round_: int) -> None:
    # each letter goes out once, so each round has another month's
    world.mail_to("statement", f"{2016 + round_ // 12}-{round_ % 12 + 1:02}")


def _dossier(world: World, round_: int) -> None:
    world.ask("dossier-build", unit=UNITS[0], periods=["2026-10"], out=str(world.folder / "ho-so.zip"))


def _drain(world: World, round_: int) -> None:
    world.child.terminate()


def _nothing(world: World, round_: int) -> None:
    """It dies by itself, while it starts or as time passes."""


LEADS: Mapping[str, Callable[[World, int], None]] = {
    "collect": _collect,
    "publish": _publish,
    "plone": _publish,
    "lease": _nothing,
    "picture": _publish,
    "edit": _edit,
    "withdraw": _withdraw,
    "close": _close,
    "rank": _rank,
    "mail": _mail,
    "batch": _mail,
    "dossier": _dossier,
    "drain": _drain,
    "start": _nothing,
}
_BRING_POSTS = frozenset(("collect", "publish", "plone", "picture", "drain", "start", "lease"))


def sweep_point(world: World, name: str, kills: int) -> None:
    """Kill the service at one point so many times, start it again each time, and hold the invariants to what is left."""
    part = CRASH_POINTS[name].part
    world.sites.slow = name == "CP03"
    world.sites.pictured = part == "picture"
    for number in range(max(2 * kills, len(UNITS)) if part == "withdraw" else len(UNITS)):
        world.sites.write(UNITS[number % len(UNITS)], world.clock.now() - timedelta(hours=1))
    world.settle()
    for number in range(kills):
        world.let_portal_end()
        # so that slots are due; and now and then an outcome is asked for again before its time, now and then long after
        if part not in ("mail", "batch"):
            # (an update is not sent again before its time)
            waits_s = (130, 600) if part == "edit" else (61, 90, 130, 600)
            world.clock.leap(timedelta(seconds=world.chance.choice(waits_s)))
        nth = _BATCH // 2 if part == "batch" else 1 if name in _ONCE else world.chance.randint(1, 2)
        if part in _BRING_POSTS and (part != "start" or number % _IN_A_ROW == 0):
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
    part = CRASH_POINTS[name].part
    lead = LEADS[part]
    try:
        world.start(Crash(point=name, nth=nth, mark=mark))
        deadline = time.monotonic() + _REACHED_WITHIN_S
        # Led there again where it was not caught in the act: what the kernel does takes no time on some disks.
        while world.child.is_alive() and time.monotonic() < deadline:
            lead(world, round_)
            time.sleep(0.02)
            if part in _BRING_POSTS and world.child.is_alive():
                _write(world, round_)
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
