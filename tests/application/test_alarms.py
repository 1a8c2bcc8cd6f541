"""What the sources' own histories say is wrong, as status tells it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.application.collecting.backfill import backfill
from syncd.application.collecting.collect import collect_unit
from syncd.application.figures.findings import Problem
from syncd.application.status import status
from syncd.domain.model import UnitId
from syncd.testing.clock import FakeClock
from tests.application.backfilling import with_archive
from tests.application.collecting import ExampleOffice, item, local, open_office


@pytest.fixture
def office(tmp_path: Path, clock: FakeClock) -> Iterator[ExampleOffice]:
    made = open_office(tmp_path, clock, {"ban-a": 1})
    yield made
    made.db.close()


def found(office: ExampleOffice, kind: str) -> Problem | None:
    return next((problem for problem in status(office.services).problems if problem.kind == kind), None)


def test_a_site_that_falls_silent_is_told_since_when(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(n, f"2026-10-{n:02} 08:00") for n in range(14, 2, -1)]
    collect_unit(office.services, office.unit("ban-a"))
    assert found(office, "source_silent") is None
    office.clock.advance(timedelta(days=5))
    collect_unit(office.services, office.unit("ban-a"))
    office.clock.advance(timedelta(days=30))
    assert found(office, "source_silent") is None  # nobody has looked since
    collect_unit(office.services, office.unit("ban-a"))
    told = found(office, "source_silent")
    assert told is not None
    assert (told.unit, told.since) == ("ban-a", local("2026-10-14 08:00"))
    assert "14/10/2026" in told.message
    assert "syncd probe" in told.hint


def test_older_posts_on_their_way_and_a_backfill_that_stands_still_are_told(office: ExampleOffice) -> None:
    archived = [[item(n, f"2026-08-{n:02} 08:00") for n in (2, 1)], [item(9, "2026-07-30 08:00")]]
    with_archive(office, "ban-a/1", archived)
    services = replace(office.services, publish_rules=replace(office.services.publish_rules, flood_cap=1))
    backfill(services, UnitId("ban-a"), local("2026-07-01 00:00"), max_pages=1)
    problems = {problem.kind: problem for problem in status(services).problems}
    assert "2 tin, bài cũ chờ chuyển lên Cổng, mỗi ngày 1 bài: còn 2 ngày" in problems["pushes_held_back"].message
    assert problems["backfill_unfinished"].hint == "syncd backfill --unit ban-a --since 2026-07-01"
    backfill(services, UnitId("ban-a"), local("2026-07-01 00:00"))
    assert found(office, "backfill_unfinished") is None
