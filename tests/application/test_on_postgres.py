"""The main steps on PostgreSQL: what differs there is the database alone."""

from datetime import timedelta
from pathlib import Path

from syncd.application.collecting.collect import collect
from syncd.application.evidence.fold import fold_looks
from syncd.application.publishing.census import take_census
from syncd.application.publishing.publish import publish
from syncd.errors import PortalError
from syncd.ports.records import PushState
from syncd.testing.clock import FakeClock
from tests.application.collecting import item, open_office, story


def test_posts_are_collected_carried_and_seen_once_after_a_lost_answer(
    tmp_path: Path, clock: FakeClock, postgres_url: str
) -> None:
    office = open_office(tmp_path, clock, {f"ban-{letter}": 1 for letter in "abcdef"}, url=postgres_url)
    for number, site in enumerate(office.sites.values()):
        site.posts = [item(n, url=f"{site.url}{n}", html=story(f"{number} và {n}")) for n in range(5)]
    lost = iter([True, False, True])

    def lose() -> None:
        if next(lost, False):
            raise PortalError("no answer", portal="cong", kind="timeout", unknown=True)

    office.portal.after = lose
    try:
        reports = collect(office.services)
        assert sum(report.new for report in reports.values()) == 30
        for _ in range(3):
            publish(office.services)
            clock.advance(timedelta(hours=6))
        assert {office.push(post).state for post in office.posts()} == {PushState.DELIVERED}
        assert len(office.portal.posts) == 30
        report = take_census(office.services)
        assert (report.complete, sum(line.own for line in report.periods)) == (True, 30)
        assert sum(report.unchanged for report in collect(office.services).values()) == 30
        clock.advance(timedelta(days=1))
        assert fold_looks(office.services) == 6
    finally:
        office.db.close()
