"""Looks that found nothing new and share a transaction: what stands afterwards is what each would have written by itself."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syncd.application.collecting.collect import collect, collect_unit
from syncd.application.collecting.kept_looks import KEPT_S, MOST_KEPT, KeptLooks
from syncd.application.collecting.looks import Tally, look_at
from syncd.application.evidence.verify import verify_ledger
from syncd.application.services import Services
from syncd.domain.model import SourceId
from syncd.errors import SourceError, StorageError
from syncd.ports.records import LookRecord
from syncd.ports.store import Database, UnitOfWork
from syncd.testing.clock import FakeClock
from tests.application.collecting import ExampleOffice, item, open_office

UNITS = {f"ban-{number}": 1 for number in range(20)}
ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


@dataclass
class WatchedDatabase:
    """Our database, its units of work that write counted; they are refused while it is `full`."""

    real: Database
    writes: int = 0
    full: bool = False

    def write(self) -> AbstractContextManager[UnitOfWork]:
        self.writes += 1
        if self.full:
            raise StorageError("the database refused: disk is full")
        return self.real.write()

    def read(self) -> AbstractContextManager[UnitOfWork]:
        return self.real.read()


@contextmanager
def an_office(folder: Path) -> Iterator[ExampleOffice]:
    """Twenty units of one site each, which were read an hour ago."""
    folder.mkdir(exist_ok=True)
    made = open_office(folder, FakeClock(), UNITS)
    for number, site in enumerate(made.sites.values()):
        site.posts = [item(number, url=f"{site.url}tin-1")]
    collect(made.services)
    made.clock.advance(timedelta(hours=1))
    yield made
    made.db.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[ExampleOffice]:
    with an_office(tmp_path) as made:
        yield made


def watched(office: ExampleOffice) -> tuple[Services, WatchedDatabase]:
    db = WatchedDatabase(office.db)
    return replace(office.services, db=db), db


def looks(office: ExampleOffice) -> list[LookRecord]:
    with office.db.read() as uow:
        return uow.looks.in_window(*ALWAYS)


def what_stands(office: ExampleOffice) -> list[Any]:
    """All that a look writes, whoever was first."""
    with office.db.read() as uow:
        outages = uow.outages.overlapping(*ALWAYS)
        told = [uow.sources.all(), uow.looks.windows(ALWAYS[0])]
    rows = [replace(look, id=None, leaf=None) for look in looks(office)]
    gaps = sorted((outage.subject, outage.start, outage.end) for outage in outages)
    titles = sorted((post.title, post.version) for post in office.posts())
    return [*told, sorted(rows, key=lambda row: (row.at, row.source)), gaps, titles]


def mix(office: ExampleOffice) -> None:
    """Every fourth site fails for one look, and every fifth one brings a post."""
    for number, site in enumerate(office.sites.values()):
        failed = SourceError("no answer", unit=site.unit, url=site.url, kind="timeout")
        site.down = failed if number % 4 == 0 and site.down is None else None
        if number % 5 == 0:
            told = str(len(site.posts))
            site.posts = [item(1000 + number, url=f"{site.url}tin-{told}", guid=f"g{number}-{told}"), *site.posts]


def test_looks_that_found_nothing_new_share_a_transaction(office: ExampleOffice) -> None:
    services, db = watched(office)
    reports = collect(services)
    assert sum(report.unchanged for report in reports.values()) == len(UNITS)
    assert db.writes == 2  # sixteen and four
    assert len(looks(office)) == 2 * len(UNITS)


def test_what_stands_is_what_looks_recorded_one_by_one_leave(tmp_path: Path) -> None:
    with an_office(tmp_path / "together") as together, an_office(tmp_path / "single") as single:
        for _ in range(3):
            for office in (together, single):
                mix(office)
                office.clock.advance(timedelta(days=1))
            reports = collect(together.services)
            assert reports == {unit.id: collect_unit(single.services, unit) for unit in single.services.units.values()}
            assert what_stands(together) == what_stands(single)
        for kind in ("fetch_ok", "fetch_failed", "posts_collected"):
            assert len(together.leaves(kind)) == len(single.leaves(kind))
        verify_ledger(together.db)


def test_a_look_that_ends_a_failure_is_recorded_at_once(office: ExampleOffice) -> None:
    site, unit = office.site("ban-3/1"), office.unit("ban-3")
    site.down = SourceError("no answer", unit=site.unit, url=site.url, kind="timeout")
    collect_unit(office.services, unit)
    site.down = None
    office.clock.advance(timedelta(days=1))
    services, db = watched(office)
    kept = KeptLooks(db, office.clock)
    look_at(services, unit, site.id, Tally(), kept=kept)
    assert looks(office)[-1].leaf is not None
    assert db.writes == 1


def test_a_crash_loses_the_knowledge_that_we_looked_and_nothing_else(office: ExampleOffice) -> None:
    before = what_stands(office)
    lost = KeptLooks(office.db, office.clock)
    for number in range(5):
        look_at(office.services, office.unit(f"ban-{number}"), SourceId(f"ban-{number}/1"), Tally(), kept=lost)
    assert what_stands(office) == before
    office.clock.advance(timedelta(hours=1))
    collect(office.services)
    with office.db.read() as uow:
        windows = uow.looks.windows(ALWAYS[0])
    assert all(found[-1].end == office.clock.now() and found[-1].start is None for found in windows.values())


def test_none_is_kept_for_long(office: ExampleOffice) -> None:
    services, db = watched(office)
    kept = KeptLooks(db, office.clock)

    def look(number: int) -> None:
        look_at(services, office.unit(f"ban-{number}"), SourceId(f"ban-{number}/1"), Tally(), kept=kept)

    for number in range(MOST_KEPT - 1):
        look(number)
    assert db.writes == 0
    look(MOST_KEPT - 1)
    assert db.writes == 1
    look(17)
    office.clock.advance(timedelta(seconds=KEPT_S))
    look(18)
    assert db.writes == 2
    kept.write()
    assert db.writes == 2


def test_a_refused_write_is_told_by_the_run(office: ExampleOffice) -> None:
    before = what_stands(office)
    services, db = watched(office)
    db.full = True
    with pytest.raises(StorageError):
        collect(services)
    with pytest.raises(StorageError):  # fewer than are written before the end of the run
        collect(services, [office.unit("ban-1").id])
    assert what_stands(office) == before


def test_a_run_that_is_broken_off_records_its_looks(office: ExampleOffice) -> None:
    def broken_off() -> None:
        with KeptLooks(office.db, office.clock) as kept:
            look_at(office.services, office.unit("ban-1"), SourceId("ban-1/1"), Tally(), kept=kept)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert looks(office)[-1].source == "ban-1/1"
