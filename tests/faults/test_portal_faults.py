"""What each fault of a portal does to a delivery: nothing is lost, nothing stands there twice, no unit is blamed, a person is told what to do."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.ports.portal import DeliveryClass
from tests.application.collecting import ExampleOffice
from tests.faults.portal import FAULTS
from tests.faults.portal_world import fault_office, portal_world

NAMES = Path(__file__).parents[1] / "data" / "portal_faults.txt"


ALSO_A_DAILY = ("P04 reset after commit", "P22 commit after 60 s", "P32 second pusher", "P35 same key other body")


UNITS = {name: name.partition(" ")[0].lower() for name in FAULTS}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExampleOffice]:
    units = [f"{unit}-{letter.lower()}" for unit in UNITS.values() for letter in DeliveryClass]
    with fault_office(tmp_path_factory.mktemp("office"), units) as made:
        yield made


def plays_out(name: str, office: ExampleOffice, delivery_class: DeliveryClass) -> None:
    unit, keeps_ids = f"{UNITS[name]}-{delivery_class.lower()}", delivery_class is DeliveryClass.A
    with portal_world(office, unit, keeps_ids=keeps_ids) as world:
        FAULTS[name](world)
        world.rounds()
        world.publish()
        assert world.services.portal.capabilities.delivery_class is delivery_class
        world.each_stands_once()
        world.nobody_is_blamed()


def test_every_fault_of_the_list_is_here() -> None:
    lines = NAMES.read_text(encoding="utf-8").splitlines()
    named = [line for line in lines if line and not line.startswith("#")]
    assert sorted(FAULTS) == sorted(named)
    assert len(named) == 36


@pytest.mark.parametrize("name", FAULTS)
def test_fault_has_its_outcome(office: ExampleOffice, name: str) -> None:
    plays_out(name, office, DeliveryClass.B)


@pytest.mark.parametrize(
    "name", [name if name in ALSO_A_DAILY else pytest.param(name, marks=pytest.mark.slow) for name in FAULTS]
)
def test_fault_has_its_outcome_where_the_portal_enforces_our_key(office: ExampleOffice, name: str) -> None:
    plays_out(name, office, DeliveryClass.A)
