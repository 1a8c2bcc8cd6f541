"""Looks at a source that settles its entries: what is not read again still counts, covers and stands in the list."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.application.collecting.collect import CollectReport, collect_unit
from syncd.domain.model import PostId, SourceId
from syncd.errors import SourceError
from syncd.ports.source import Known, PostData, Reading
from syncd.testing.clock import FakeClock
from tests.application.collecting import ExampleOffice, ShelfSource, item, local, open_office

SOURCE = SourceId("ban-a/1")


@dataclass
class SettlingSource(ShelfSource):
    """A shelf whose entries have the hash of what they say as their fingerprint."""

    read_anew: int = 0

    def read(self, known: Known) -> Reading:
        reading = super().read(replace(known, etag=None))
        taken_in = known.settled()
        posts = [replace(post, fingerprint=f"{post.guid} {hash((post.title, post.html))}") for post in reading.posts]
        fresh = [post for post in posts if post.fingerprint not in taken_in]
        self.read_anew = len(fresh)
        return replace(
            reading,
            posts=tuple(fresh),
            settled=tuple(post.fingerprint for post in posts if post.fingerprint in taken_in),
            dates=tuple(post.published for post in posts),
        )


@pytest.fixture
def office(tmp_path: Path, clock: FakeClock) -> Iterator[ExampleOffice]:
    made = open_office(tmp_path, clock, {"ban-a": 1})
    made.sites[SOURCE] = SettlingSource(id=SOURCE, unit=made.site(SOURCE).unit, clock=clock, full=True)
    yield made
    made.db.close()


def look(office: ExampleOffice, posts: list[PostData]) -> tuple[CollectReport, int]:
    site = office.site(SOURCE)
    assert isinstance(site, SettlingSource)
    site.posts = posts
    office.clock.advance(timedelta(hours=1))
    return collect_unit(office.services, office.unit("ban-a")), site.read_anew


def listed(office: ExampleOffice) -> dict[str, PostId]:
    with office.db.read() as uow:
        return uow.sources.listed(SOURCE)


TROUBLE = SourceError("no answer", unit="ban-a", url="https://ban-a.example/", kind="timeout")
THREE = [item(3, "2026-10-14 08:00"), item(2, "2026-10-13 08:00"), item(1, "2026-10-12 08:00")]


def test_what_is_settled_is_counted_and_covered_and_not_read_again(office: ExampleOffice) -> None:
    assert look(office, THREE)[0].new == 3
    newest = item(4, "2026-10-15 08:00")
    report, read_anew = look(office, [newest, *THREE[:2]])
    assert (report.new, report.changed, report.unchanged, read_anew) == (1, 0, 2, 1)
    with office.db.read() as uow:
        state = uow.sources.get(SOURCE)
    assert state is not None
    assert (state.items, state.covers_from) == (3, local("2026-10-13 08:00"))


def test_the_posts_that_stand_in_the_list_are_known(office: ExampleOffice) -> None:
    look(office, THREE)
    ids = {post.title: post.id for post in office.posts("ban-a")}
    assert set(listed(office).values()) == set(ids.values())
    look(office, THREE[:2])
    assert set(listed(office).values()) == {ids["Tin số 3"], ids["Tin số 2"]}


def test_an_edit_of_a_settled_entry_is_seen(office: ExampleOffice) -> None:
    look(office, THREE)
    report, read_anew = look(office, [replace(THREE[0], title="Tin số 3 (đã sửa)"), *THREE[1:]])
    assert (report.new, report.changed, report.unchanged, read_anew) == (0, 1, 2, 1)
    assert {post.version for post in office.posts("ban-a")} == {1, 2}
    assert len(listed(office)) == 3


def test_an_entry_whose_page_is_still_to_be_read_is_not_settled(office: ExampleOffice) -> None:
    teaser = replace(THREE[0], full_text=False, html="", summary="Tóm tắt")
    office.site(SOURCE).pages = {teaser.url: TROUBLE}
    look(office, [teaser, *THREE[1:]])
    assert sorted(entry.startswith("post:") for entry in listed(office)) == [False, False, True]
    office.site(SOURCE).pages = {teaser.url: THREE[0]}
    report, read_anew = look(office, [teaser, *THREE[1:]])
    assert (report.changed, read_anew) == (1, 1)
    assert not any(entry.startswith("post:") for entry in listed(office))


def test_the_same_text_beside_a_settled_entry_is_a_post_of_its_own(office: ExampleOffice) -> None:
    look(office, THREE)
    twin = replace(THREE[0], url="https://ban-a.example/tin/33.html", guid="news_33")
    report, _ = look(office, [twin, *THREE])
    assert report.new == 1
    assert sum(post.duplicate_of is not None for post in office.posts("ban-a")) == 1
