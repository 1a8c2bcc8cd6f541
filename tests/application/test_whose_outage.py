"""Whose doing it is that sites were not read, judged slot by slot as the daemon reads them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncd.application.collecting.collect import collect_unit
from syncd.domain.model import OutageOwner
from syncd.errors import SourceError
from syncd.ports.records import OutageRecord
from syncd.testing.clock import FakeClock
from tests.application.collecting import ExampleOffice, item, open_office

UNITS = ("ban-a", "ban-b", "ban-c", "ban-d")
OURS, SOURCE = OutageOwner.OURS, OutageOwner.SOURCE


@pytest.fixture
def office(tmp_path: Path) -> Iterator[ExampleOffice]:
    office = open_office(tmp_path, FakeClock(), dict.fromkeys(UNITS, 1))
    for site in office.sites.values():
        site.posts = [item(1, url=f"{site.url}1.html", guid=site.id)]
    read(office, *UNITS)
    yield office
    office.db.close()


def read(office: ExampleOffice, *units: str) -> None:
    """One slot after the other, five minutes apart."""
    for unit in units:
        office.clock.advance(timedelta(minutes=5))
        collect_unit(office.services, office.unit(unit), force=True)


def fail(office: ExampleOffice, *units: str, kind: str = "dns") -> None:
    for unit in units:
        office.site(f"{unit}/1").down = SourceError("not there", unit=unit, url="https://x.example/", kind=kind)


def outages(office: ExampleOffice) -> list[OutageRecord]:
    with office.db.read() as uow:
        return uow.outages.overlapping(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def owners(office: ExampleOffice) -> dict[str, OutageOwner]:
    return {outage.subject: outage.owner for outage in outages(office) if outage.end is None}


def test_site_after_site_out_of_reach_with_none_read_between_is_our_own_cable(office: ExampleOffice) -> None:
    fail(office, *UNITS)
    read(office, "ban-a", "ban-b")
    assert set(owners(office).values()) == {SOURCE}, "two may be a coincidence"
    read(office, "ban-c")
    assert set(owners(office).values()) == {OURS}
    read(office, "ban-d", *UNITS)
    assert set(owners(office).values()) == {OURS}
    assert len(outages(office)) == 4


def test_a_site_that_was_down_before_stays_its_own_and_does_not_hide_ours(office: ExampleOffice) -> None:
    fail(office, "ban-a", kind="http_status")
    read(office, *UNITS)
    fail(office, "ban-b", "ban-c", "ban-d")
    read(office, *UNITS)
    assert owners(office) == {
        "source:ban-a/1": SOURCE, "source:ban-b/1": OURS, "source:ban-c/1": OURS, "source:ban-d/1": OURS,
    }  # fmt: skip


def test_a_site_that_stays_away_when_the_others_are_back_is_down_itself_from_then_on(office: ExampleOffice) -> None:
    fail(office, *UNITS)
    read(office, *UNITS)
    for unit in ("ban-b", "ban-c", "ban-d"):
        office.site(f"{unit}/1").down = None
    read(office, "ban-b", "ban-c", "ban-d")
    back = office.clock.now()
    read(office, "ban-a")
    mine = [outage for outage in outages(office) if outage.subject == "source:ban-a/1"]
    assert [(outage.owner, outage.end) for outage in mine] == [(OURS, back), (SOURCE, None)]
    assert mine[1].start == back
    assert owners(office) == {"source:ban-a/1": SOURCE}


def test_sites_that_answer_with_errors_were_reached_so_the_fault_is_theirs(office: ExampleOffice) -> None:
    fail(office, *UNITS, kind="http_status")
    read(office, *UNITS)
    assert set(owners(office).values()) == {SOURCE}


def test_one_site_out_of_reach_while_others_are_read_is_down_itself(office: ExampleOffice) -> None:
    fail(office, "ban-c")
    read(office, *UNITS, *UNITS)
    assert owners(office) == {"source:ban-c/1": SOURCE}
