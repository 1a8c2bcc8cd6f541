"""Older posts read page by page: taken in once, resumed where a run died, covering what they read."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.application.collecting.backfill import backfill
from syncd.application.collecting.collect import collect_unit
from syncd.application.publishing.publish import publish
from syncd.domain.model import SourceId, UnitId
from syncd.errors import SourceError, UsageError
from syncd.ports.records import PushState
from syncd.testing.clock import FakeClock
from tests.application.backfilling import ArchivedSource, with_archive
from tests.application.collecting import ExampleOffice, item, local, open_office

A = UnitId("ban-a")
SOURCE = SourceId("ban-a/1")
SINCE = local("2026-10-01 00:00")


@pytest.fixture
def office(tmp_path: Path, clock: FakeClock) -> Iterator[ExampleOffice]:
    made = open_office(tmp_path, clock, {"ban-a": 1, "ban-b": 1})
    yield made
    made.db.close()


def day(number: int) -> str:
    return f"2026-10-{number:02} 08:00"


@pytest.fixture
def site(office: ExampleOffice) -> ArchivedSource:
    """A list of the two newest posts; behind it 11 to 2 October on five pages."""
    pages = [[item(n, day(n)) for n in (top, top - 1)] for top in range(11, 1, -2)]
    made = with_archive(office, "ban-a/1", pages)
    made.posts, made.full = [item(13, day(13)), item(12, day(12))], True
    collect_unit(office.services, office.unit("ban-a"))
    return made


def test_older_posts_are_taken_in_once_and_the_gap_is_closed(office: ExampleOffice, site: ArchivedSource) -> None:
    site.archived[0].insert(0, item(12, day(12), title="Tin số 12 (bản lưu)"))  # the list has it, in other words
    report = backfill(office.services, A, SINCE)
    assert report.as_json() | {"sources": None, "oldest": None} == {
        "new": 10, "changed": 0, "unchanged": 1, "skipped": 0, "pages": 5, "complete": True, "next": None,
        "oldest": None, "sources": None, "errors": [], "notes": [],
    }  # fmt: skip
    assert len(office.posts("ban-a")) == 12
    assert {post.title for post in office.posts("ban-a")} == {f"Tin số {n}" for n in range(2, 14)}
    with office.db.read() as uow:
        windows = uow.looks.windows(SINCE)[SOURCE]
    assert any(window.start == SINCE and window.end == office.clock.now() for window in windows)
    assert not any(post.back_dated for post in office.posts("ban-a"))
    again = backfill(office.services, A, SINCE)
    assert (again.sources[0].new, again.sources[0].pages) == (0, 5)
    assert len(office.leaves("backfill")) == 10


def test_posts_of_closed_months_go_to_the_portal_so_many_a_day(office: ExampleOffice) -> None:
    august = [item(n, f"2026-08-{n:02} 08:00") for n in range(1, 8)]
    with_archive(office, "ban-a/1", [[item(20, day(2))], august])
    services = replace(office.services, publish_rules=replace(office.services.publish_rules, flood_cap=3))
    report = backfill(services, A, local("2026-08-01 00:00"))
    assert report.notes == ("7 older posts wait: so many a day go to the portal ([portal] flood_cap)",)
    states = {post.title: office.push(post).state for post in office.posts("ban-a")}
    assert states["Tin số 20"] is PushState.QUEUED
    assert [states[f"Tin số {n}"] for n in range(1, 8)] == [PushState.HELD_BACK] * 7
    counts = publish(services).units[A]
    assert (counts.sent, counts.held_back) == (4, 4)
    assert publish(services).units[A].sent == 0  # the day's share is spent
    states = {post.title: office.push(post).state for post in office.posts("ban-a")}
    assert [states[f"Tin số {n}"] for n in (7, 6, 5)] == [PushState.DELIVERED] * 3  # the newest first
    office.clock.advance(timedelta(days=1))
    assert publish(services).units[A].sent == 3
    office.clock.advance(timedelta(days=1))
    assert publish(services).units[A].held_back == 0
    assert len(office.portal.posts) == 8


def test_a_run_that_was_cut_off_goes_on_where_it_stood(office: ExampleOffice, site: ArchivedSource) -> None:
    site.dies_at, site.death = 2, KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        backfill(office.services, A, SINCE)
    assert len(office.posts("ban-a")) == 6
    site.asked.clear()
    report = backfill(office.services, A, SINCE)
    assert site.asked == ["2", "3", "4"]
    assert (report.complete, report.sources[0].new) == (True, 6)
    assert len(office.posts("ban-a")) == 12


def test_a_site_that_fails_keeps_what_was_read_and_says_so(office: ExampleOffice, site: ArchivedSource) -> None:
    site.dies_at = 1
    site.death = SourceError("no answer", unit=A, url=site.url, kind="timeout", hint="later")
    report = backfill(office.services, A, SINCE)
    (source,) = report.sources
    assert (source.new, source.next, source.kind, source.hint, report.complete) == (2, "1", "timeout", "later", False)
    with office.db.read() as uow:
        (row,) = uow.backfills.unfinished()
        assert SOURCE in uow.looks.windows(SINCE)
    assert row.error == "no answer"
    assert backfill(office.services, A, SINCE).complete


def test_a_run_ends_at_its_bounds_and_the_next_goes_on(office: ExampleOffice, site: ArchivedSource) -> None:
    first = backfill(office.services, A, SINCE, max_posts=3)
    assert (first.sources[0].new, first.complete, first.next) == (4, False, "2")
    second = backfill(office.services, A, SINCE, max_pages=1)
    assert (second.sources[0].new, second.next) == (2, "3")
    assert backfill(office.services, A, SINCE).complete
    assert site.asked == [None, "1", "2", "3", "4"]


def test_another_day_begins_anew(office: ExampleOffice, site: ArchivedSource) -> None:
    backfill(office.services, A, SINCE, max_pages=1)
    backfill(office.services, A, SINCE - timedelta(days=1), max_pages=1)
    assert site.asked == [None, None]


def test_a_large_page_is_taken_in_parts_and_read_again_after_a_bound(office: ExampleOffice) -> None:
    site = with_archive(office, "ban-a/1", [[item(n, day(1 + n // 10)) for n in range(45)]])
    first = backfill(office.services, A, SINCE, max_posts=20)
    assert (first.sources[0].new, first.complete, first.next) == (20, False, None)
    second = backfill(office.services, A, SINCE)
    assert (second.sources[0].new, second.complete) == (25, True)
    assert site.asked == [None, None]
    assert len(office.posts("ban-a")) == 45


def test_an_archive_that_cannot_say_how_whole_it_is_covers_nothing(office: ExampleOffice) -> None:
    site = with_archive(office, "ban-a/1", [[item(1, day(9))]])
    site.tells_reach = False
    report = backfill(office.services, A, SINCE)
    assert (report.sources[0].new, report.complete, report.next) == (1, False, None)
    with office.db.read() as uow:
        assert uow.looks.windows(SINCE) == {}
        assert uow.backfills.unfinished() == []


def test_an_archive_that_leads_back_into_itself_is_left(office: ExampleOffice, site: ArchivedSource) -> None:
    site.endless = True
    report = backfill(office.services, A, SINCE)
    assert (report.sources[0].kind, report.complete) == ("protocol", False)
    assert len(site.asked) == 2


def test_a_site_without_an_archive_says_so_and_nothing_is_begun(office: ExampleOffice) -> None:
    with_archive(office, "ban-a/1", [])
    report = backfill(office.services, A, SINCE)
    assert (report.failed, report.sources[0].kind) == (True, "no_archive")
    with office.db.read() as uow:
        assert uow.backfills.unfinished() == []


def test_a_post_that_a_reading_after_its_date_lacked_is_back_dated(office: ExampleOffice) -> None:
    """The list reached back to 1 October on the 14th and did not show it."""
    site = with_archive(office, "ban-a/1", [[item(7, day(5))]])
    site.posts, site.full = [item(2, day(13)), item(1, day(1))], True
    collect_unit(office.services, office.unit("ban-a"))
    backfill(office.services, A, SINCE)
    marks = {post.title: post.back_dated for post in office.posts("ban-a")}
    assert marks == {"Tin số 1": False, "Tin số 2": False, "Tin số 7": True}


@pytest.mark.parametrize(
    ("unit", "since", "says"),
    [("ban-x", SINCE, "unknown unit"), ("ban-a", local("2026-10-15 10:00"), "not in the past")],
)
def test_a_wrong_call_is_refused(office: ExampleOffice, unit: str, since: object, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        backfill(office.services, UnitId(unit), since)  # type: ignore[arg-type]  # a row of a table
