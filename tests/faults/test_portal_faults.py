"""What each fault of a portal does to a delivery: nothing is lost, nothing stands there twice, no unit is blamed, a person is told what to do."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from syncd.ports.portal import DeliveryClass
from tests.faults.portal import FAULTS
from tests.faults.portal_world import PortalWorld, portal_world

NAMES = Path(__file__).parents[1] / "data" / "portal_faults.txt"


ALSO_A_DAILY = ("P04 reset after commit", "P22 commit after 60 s", "P32 second pusher", "P35 same key other body")


@contextmanager
def of_class(delivery_class: DeliveryClass, folder: Path) -> Iterator[PortalWorld]:
    with portal_world(folder, keeps_ids=delivery_class is DeliveryClass.A) as made:
        made.services.portal.verify()
        assert made.services.portal.capabilities.delivery_class is delivery_class
        yield made


def plays_out(name: str, world: PortalWorld) -> None:
    FAULTS[name](world)
    world.rounds()
    world.publish()
    world.each_stands_once()
    world.nobody_is_blamed()


def test_every_fault_of_the_list_is_here() -> None:
    lines = NAMES.read_text(encoding="utf-8").splitlines()
    named = [line for line in lines if line and not line.startswith("#")]
    assert sorted(FAULTS) == sorted(named)
    assert len(named) == 36


@pytest.mark.parametrize("name", FAULTS)
def test_fault_has_its_outcome(tmp_path: Path, name: str) -> None:
    with of_class(DeliveryClass.B, tmp_path) as world:
        plays_out(name, world)


@pytest.mark.parametrize(
    "name", [name if name in ALSO_A_DAILY else pytest.param(name, marks=pytest.mark.slow) for name in FAULTS]
)
def test_fault_has_its_outcome_where_the_portal_enforces_our_key(tmp_path: Path, name: str) -> None:
    with of_class(DeliveryClass.A, tmp_path) as world:
        plays_out(name, world)
