"""A portal whose clock is off by a day, and one whose look-ups are half a minute behind: no second copy, nothing called late or gone."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from syncd.application.collecting.collect import collect_unit
from syncd.application.publishing.publish import publish
from syncd.application.reading_back.census import take_census
from syncd.application.reconciling.reconcile import reconcile
from syncd.application.status import status
from syncd.domain.model import PeriodId, SourceKey
from syncd.errors import PortalError
from syncd.ports.portal import PortalPost, PostToPush
from syncd.ports.records import SightingRecord
from syncd.testing.clock import FakeClock
from tests.application.collecting import ExampleOffice, ShelfPortal, item, local, open_office, story

HOUR = timedelta(hours=1)
STALE = timedelta(seconds=30)
OCTOBER = PeriodId("2026-10")


@dataclass
class OffPortal(ShelfPortal):
    """Prints its own clock's date, which is `off`, whatever is asked for."""

    off: timedelta = timedelta(0)

    def create(self, post: PostToPush, key: SourceKey) -> PortalPost:
        return super().create(replace(post, published_at=self.clock.now() + self.off), key)


@dataclass
class StalePortal(ShelfPortal):
    """Look-ups and lists show what stood there half a minute ago."""

    made: dict[str, datetime] = field(default_factory=dict)

    def create(self, post: PostToPush, key: SourceKey) -> PortalPost:
        self.made[key] = self.clock.now()
        return super().create(post, key)

    def _shown(self, post: PortalPost | None) -> bool:
        return post is not None and self.clock.now() - self.made.get(post.key or "", local("2020-01-01 00:00")) > STALE

    def find(self, key: SourceKey) -> PortalPost | None:
        found = super().find(key)
        return found if self._shown(found) else None

    def read(self, portal_id: str) -> PortalPost | None:
        found = super().read(portal_id)
        return found if self._shown(found) else None

    def list(self, start: datetime, end: datetime) -> Iterator[PortalPost]:
        return (post for post in super().list(start, end) if self._shown(post))


def office_with(tmp_path: Path, clock: FakeClock, portal: ShelfPortal) -> ExampleOffice:
    office = open_office(tmp_path, clock, {"ban-a": 1})
    return replace(office, portal=portal, services=replace(office.services, portal=portal))


def carry(office: ExampleOffice, *numbers: int, when: str = "2026-10-12 08:30") -> None:
    office.site("ban-a/1").posts = [item(number, when) for number in numbers]
    collect_unit(office.services, office.unit("ban-a"))
    publish(office.services)


def sightings(office: ExampleOffice) -> list[SightingRecord]:
    with office.db.read() as uow:
        return uow.sightings.in_window("cong", local("2026-01-01 00:00"), local("2027-01-01 00:00"))


@pytest.mark.parametrize("off", [timedelta(days=-1), timedelta(days=1)], ids=["behind", "ahead"])
def test_carried_posts_are_seen_whatever_date_the_portal_prints(
    tmp_path: Path, clock: FakeClock, off: timedelta
) -> None:
    office = office_with(tmp_path, clock, OffPortal(clock, off=off))
    clock.advance(local("2026-10-31 22:00") - clock.now())
    carry(office, 1, 2, 3, when="2026-10-31 21:30")
    clock.advance(HOUR)
    take_census(office.services)
    [october] = [each for each in reconcile(office.services).balances if each.period == OCTOBER]
    assert (october.written, october.delivered, october.visible) == (3, 3, 3)
    assert {each.cause for each in october.differences} <= {"date_moved"}
    assert "portal_set_back" not in [each.kind for each in status(office.services).problems]
    for _ in range(3):
        clock.advance(timedelta(hours=6))
        publish(office.services)
        take_census(office.services)
    assert [office.portal.copies(post.key) for post in office.posts()] == [1, 1, 1]
    assert not any(seen.late_sighting for seen in sightings(office))
    office.db.close()


def test_a_typed_post_is_not_late_because_the_portal_s_clock_is_a_day_behind(tmp_path: Path, clock: FakeClock) -> None:
    office = open_office(tmp_path, clock, {"ban-a": 1})
    clock.advance(local("2026-10-31 20:00") - clock.now())
    take_census(office.services)
    office.portal.put("t1", "Gõ tay", story("x"), local("2026-10-30 22:00"), author="Đơn vị ban-a")
    clock.advance(timedelta(hours=6))  # November has begun
    take_census(office.services)
    [seen] = sightings(office)
    assert (seen.late_sighting, seen.month) == (False, "2026-10")
    office.db.close()


def test_a_stale_look_up_makes_no_second_copy(tmp_path: Path, clock: FakeClock) -> None:
    office = office_with(tmp_path, clock, StalePortal(clock))

    def lost() -> None:
        raise PortalError("no answer", portal="cong", kind="timeout", unknown=True)

    office.portal.after = lost
    carry(office, 1)
    office.portal.after = lambda: None
    for _ in range(10):
        clock.advance(timedelta(seconds=15))
        publish(office.services)
    assert [office.portal.copies(post.key) for post in office.posts()] == [1]
    assert office.push(office.posts()[0]).adopted
    office.db.close()


def test_a_stale_list_takes_no_post_for_gone(tmp_path: Path, clock: FakeClock) -> None:
    office = office_with(tmp_path, clock, StalePortal(clock))
    carry(office, 1, 2, 3)
    clock.advance(timedelta(seconds=10))
    assert take_census(office.services).periods[-1].posts == 0
    [october] = [each for each in reconcile(office.services).balances if each.period == OCTOBER]
    assert (october.delivered, october.visible) == (3, 3)
    assert "portal_set_back" not in [each.kind for each in status(office.services).problems]
    carry(office, 1, 2, 3, 4)
    assert len(office.portal.posts) == 4
    office.db.close()
