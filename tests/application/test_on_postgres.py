"""The main steps on PostgreSQL: what differs there is the database alone."""

import random
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from syncd.application.collecting.collect import collect
from syncd.application.evidence.fold import fold_looks
from syncd.application.evidence.verify import verify_ledger
from syncd.application.publishing.publish import publish
from syncd.application.reading_back.census import take_census
from syncd.domain.model import SourceId
from syncd.errors import PortalError, StorageError
from syncd.ports.records import PushState
from syncd.storage.schema import upgrade
from syncd.testing.clock import FakeClock
from tests.application.collecting import item, open_office, story
from tests.postgres_proxy import PostgresProxy


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


def test_commits_whose_answers_are_lost_lose_no_post_and_make_no_second_copy(
    tmp_path: Path, clock: FakeClock, postgres_url: str
) -> None:
    upgrade(postgres_url)
    with PostgresProxy(postgres_url) as proxy:
        office = open_office(tmp_path, clock, {"ban-a": 1}, url=proxy.url)
        site = office.sites[SourceId("ban-a/1")]
        site.posts = [item(n, url=f"{site.url}{n}", html=story(f"việc số {n}")) for n in range(6)]
        chance = random.Random(7)
        try:
            for _ in range(40):
                proxy.lose_commit(after=chance.randrange(8))
                with suppress(StorageError):
                    collect(office.services)
                    publish(office.services)
                clock.advance(timedelta(hours=6))
            proxy.lose_none()
            publish(office.services)
            assert proxy.lost > 10
            assert {office.push(post).state for post in office.posts()} == {PushState.DELIVERED}
            assert len(office.posts()) == len(office.portal.posts) == 6
            verify_ledger(office.db)
        finally:
            office.db.close()
