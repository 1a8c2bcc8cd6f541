from datetime import timedelta
from pathlib import Path

from syncd.application.collecting.collect import collect
from syncd.application.evidence.fold import fold_looks
from syncd.testing.clock import FakeClock
from tests.application.collecting import item, open_office


def test_each_unit_and_finished_day_gets_one_leaf_with_every_look_that_changed_nothing(
    tmp_path: Path, clock: FakeClock
) -> None:
    office = open_office(tmp_path, clock, {"ban-a": 1, "ban-b": 1})  # from 15 October, 09:00
    office.site("ban-a/1").posts = [item(1)]
    for _ in range(24 + 15):  # hourly, the last look at 23:00 of the 16th
        collect(office.services)
        clock.advance(timedelta(hours=1))
    assert fold_looks(office.services) == 4
    leaves = office.leaves("looks_day")
    assert [(leaf["unit"], leaf["data"]["day"], len(leaf["data"]["looks"])) for leaf in leaves] == [
        ("ban-a", "2026-10-15", 14),
        ("ban-a", "2026-10-16", 24),
        ("ban-b", "2026-10-15", 14),
        ("ban-b", "2026-10-16", 24),
    ]
    assert fold_looks(office.services) == 0
    office.db.close()


def test_a_day_that_is_not_over_is_not_folded(tmp_path: Path, clock: FakeClock) -> None:
    office = open_office(tmp_path, clock, {"ban-a": 1})
    for _ in range(3):
        collect(office.services)
        clock.advance(timedelta(hours=1))
    assert fold_looks(office.services) == 0
    office.db.close()
