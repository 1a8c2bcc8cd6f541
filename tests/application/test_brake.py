"""Readings that look like a mistake of the site: what they would change waits, and nobody is blamed for what they did not show."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.application.collecting.brake import Acceptance
from syncd.application.collecting.collect import CollectReport, accept_list, collect_unit
from syncd.application.status import status
from syncd.domain.model import NO_DATE, SourceId
from syncd.errors import SourceError, UsageError
from syncd.ports.histories import ListRecord
from syncd.ports.source import Skipped
from syncd.testing.clock import FakeClock
from tests.application.collecting import ExampleOffice, ShelfSource, item, local, open_office, story

SOURCE = SourceId("ban-a/1")
HOUR = timedelta(hours=1)
SURE = Acceptance(reason="Trang đã chuyển sang phần mềm mới", by="Nguyễn Văn A")


@pytest.fixture
def office(tmp_path: Path, clock: FakeClock) -> Iterator[ExampleOffice]:
    made = open_office(tmp_path, clock, {"ban-a": 1})
    yield made
    made.db.close()


@pytest.fixture
def site(office: ExampleOffice) -> ShelfSource:
    """Ten posts, 3 to 12 October, the newest first; read once."""
    made = office.site("ban-a/1")
    made.posts, made.full = [item(n, f"2026-10-{n:02} 08:00") for n in range(12, 2, -1)], True
    collect_unit(office.services, office.unit("ban-a"))
    return made


def look(office: ExampleOffice) -> CollectReport:
    office.clock.advance(HOUR)
    return collect_unit(office.services, office.unit("ban-a"))


def record(office: ExampleOffice) -> ListRecord:
    with office.db.read() as uow:
        found = uow.lists.get(SOURCE)
    assert found is not None
    return found


def covered_until(office: ExampleOffice) -> object:
    with office.db.read() as uow:
        return max(window.end for window in uow.looks.windows(local("2026-10-01 00:00"))[SOURCE])


def problems(office: ExampleOffice) -> list[str]:
    return [problem.kind for problem in status(office.services).problems]


def test_a_mass_change_waits_and_new_posts_do_not(office: ExampleOffice, site: ShelfSource) -> None:
    before, reached = {post.title for post in office.posts()}, covered_until(office)
    rewritten = [replace(post, title=f"{post.title} - Ban A", html=story("chữ ký mới")) for post in site.posts]
    site.posts = [item(13, "2026-10-15 08:00"), *rewritten]
    report = look(office)
    assert (report.new, report.changed, report.held, report.unchanged) == (1, 0, 1, 10)
    assert {post.title for post in office.posts()} == before | {"Tin số 13"}
    assert covered_until(office) == reached
    held = record(office)
    assert (held.alarm, held.alarm_before, held.alarm_after) == ("mass_change", 10, 0)
    assert "source_held:mass_change" in problems(office)
    assert [leaf["data"]["alarm"] for leaf in office.leaves("reading_held")] == ["mass_change"]
    assert look(office).held == 1
    assert len(office.leaves("reading_held")) == 1  # said once, while it lasts


def test_what_is_held_is_taken_in_when_a_person_says_so(office: ExampleOffice, site: ShelfSource) -> None:
    site.posts = [replace(post, title=f"{post.title} - Ban A") for post in site.posts]
    look(office)
    with pytest.raises(UsageError, match="nothing of ban-a/9 is held"):
        accept_list(office.services, office.unit("ban-a"), SourceId("ban-a/9"), SURE)
    report = accept_list(office.services, office.unit("ban-a"), SOURCE, SURE)
    assert (report.changed, report.held) == (10, 0)
    assert record(office).alarm is None
    (leaf,) = office.leaves("admin_action")
    assert (leaf["data"]["action"], leaf["data"]["alarm"], leaf["data"]["by"]) == (
        "accept_list",
        "mass_change",
        SURE.by,
    )
    assert look(office).held == 0
    assert covered_until(office) == office.clock.now()
    with pytest.raises(UsageError, match="nothing of ban-a/1 is held"):
        accept_list(office.services, office.unit("ban-a"), SOURCE, SURE)


def test_a_list_that_is_as_it_was_ends_the_alarm(office: ExampleOffice, site: ShelfSource) -> None:
    usual = site.posts
    site.posts = [replace(post, title=f"{post.title} - Ban A") for post in usual]
    look(office)
    site.posts = usual
    report = look(office)
    assert (report.held, report.changed, report.unchanged) == (0, 0, 10)
    assert report.notes == ("ban-a/1: no longer held (mass_change)",)
    assert record(office).alarm is None
    assert not any(kind.startswith("source_held") for kind in problems(office))
    assert covered_until(office) == office.clock.now()


def test_a_counter_in_every_entry_is_no_mass_change(office: ExampleOffice, site: ShelfSource) -> None:
    site.posts = [replace(post, html=f"{post.html}<p>Lượt xem: 1</p>") for post in site.posts]
    accept_list_if_held(office)
    for views in (25, 310):
        site.posts = [
            replace(post, html=post.html.rsplit("<p>", 1)[0] + f"<p>Lượt xem: {views}</p>") for post in site.posts
        ]
        assert look(office).held == 0


def accept_list_if_held(office: ExampleOffice) -> None:
    if look(office).held:
        accept_list(office.services, office.unit("ban-a"), SOURCE, SURE)


def test_a_mass_deletion_waits_and_nobody_is_missed(office: ExampleOffice, site: ShelfSource) -> None:
    usual = site.posts
    site.posts = [post for post in usual if post.title in ("Tin số 12", "Tin số 4", "Tin số 3", "Tin số 8")]
    assert look(office).held == 1
    assert record(office).alarm in ("shrunk", "mass_deletion")
    assert not any(post.gone_since for post in office.posts())
    site.posts = [item(20, "2026-10-15 08:00"), *usual]
    assert (look(office).held, len(office.posts())) == (0, 11)


def test_a_list_of_one_where_there_were_ten_is_held(office: ExampleOffice, site: ShelfSource) -> None:
    site.posts, site.full = site.posts[:1], False
    reached = covered_until(office)
    assert look(office).held == 1
    assert (record(office).alarm, record(office).alarm_before, record(office).alarm_after) == ("shrunk", 10, 1)
    assert covered_until(office) == reached
    assert accept_list(office.services, office.unit("ban-a"), SOURCE, SURE).held == 0
    assert record(office).least == 1


def test_a_list_that_turned_over_is_not_taken_in(office: ExampleOffice, site: ShelfSource) -> None:
    site.posts = [item(100 + n, f"2026-09-{n:02} 08:00", html=story(f"việc khác {n}")) for n in range(1, 11)]
    report = look(office)
    assert (report.new, report.held, len(office.posts())) == (0, 1, 10)
    assert record(office).alarm == "turned_over"
    assert accept_list(office.services, office.unit("ban-a"), SOURCE, SURE).new == 10


def test_dates_that_are_no_longer_found_are_told_with_before_and_after(
    office: ExampleOffice, site: ShelfSource
) -> None:
    site.posts = [replace(post, published=NO_DATE, author="Ban A") for post in site.posts]
    site.posts = [replace(post, html=f"{post.html}<p>.</p>") for post in site.posts]
    assert look(office).held == 1
    held = record(office)
    assert (held.alarm, held.alarm_part, held.alarm_before, held.alarm_after) == ("layout", "dates", 10, 0)


def test_entries_that_can_no_longer_be_read_are_an_alarm(office: ExampleOffice, site: ShelfSource) -> None:
    site.posts, kept = site.posts[:4], site.posts[4:]
    site.skipped = tuple(Skipped(item=post.title, reason="no web address") for post in kept)
    assert look(office).held == 1
    assert (record(office).alarm, record(office).alarm_part) == ("layout", "readable")


def test_a_layout_that_is_not_understood_at_all_names_the_last_good_list(
    office: ExampleOffice, site: ShelfSource
) -> None:
    site.down = SourceError("no post found", unit="ban-a", url=site.url, kind="layout", hint="check the selectors")
    report = look(office)
    assert report.errors[0].error == (
        f"{site.url}: no post found; the last good list, of 2026-10-15, held 10 entries, 10 of them dated"
    )
    assert report.errors[0].hint == "check the selectors"


def test_an_empty_list_can_be_accepted(office: ExampleOffice, site: ShelfSource) -> None:
    site.posts, site.full = [], False
    assert look(office).errors[0].kind == "empty_suspect"
    report = accept_list(office.services, office.unit("ban-a"), SOURCE, SURE)
    assert (report.failed, report.held) == (0, 0)
    assert all(post.gone_since for post in office.posts())


# --- the reach of a list ---------------------------------------------------------------------------------


def test_a_short_list_that_scrolls_no_longer_counts_as_the_whole_site(office: ExampleOffice) -> None:
    """Five entries, never more: until one drops off, nobody can tell that from a site of five posts."""
    site = office.site("ban-a/1")
    site.posts, site.full = [item(n, f"2026-10-{n:02} 08:00") for n in (9, 8, 7, 6, 5)], False
    look(office)
    with office.db.read() as uow:
        (window,) = uow.looks.windows(local("2026-10-01 00:00"))[SOURCE]
    assert window.start is None
    site.posts = [item(10, "2026-10-10 08:00"), *site.posts[:4]]
    look(office)
    with office.db.read() as uow:
        starts = sorted(str(window.start) for window in uow.looks.windows(local("2026-10-01 00:00"))[SOURCE])
    assert starts == [str(local("2026-10-05 08:00")), str(local("2026-10-06 08:00"))]
    assert record(office).scrolls
    assert not any(post.gone_since for post in office.posts())
    site.posts = site.posts[:4]
    look(office)
    with office.db.read() as uow:
        state = uow.sources.get(SOURCE)
    assert state is not None
    assert not state.covers_all


# --- posts that leave their site -------------------------------------------------------------------------


def test_what_still_stands_at_its_own_address_is_not_missed(office: ExampleOffice, site: ShelfSource) -> None:
    asked: list[str] = []
    services = replace(office.services, page_stands=lambda source, url: not asked.append(url))  # type: ignore[func-returns-value]  # asked.append gives None
    site.posts = [post for post in site.posts if post.title != "Tin số 8"]
    office.clock.advance(HOUR)
    collect_unit(services, office.unit("ban-a"))
    assert asked == [item(8).url]
    assert not any(post.gone_since for post in office.posts())


def test_what_scrolled_off_is_not_even_asked_for(office: ExampleOffice, site: ShelfSource) -> None:
    asked: list[str] = []
    services = replace(office.services, page_stands=lambda source, url: asked.append(url))
    site.posts = [item(13, "2026-10-15 08:00"), *site.posts[:-1]]
    office.clock.advance(HOUR)
    assert collect_unit(services, office.unit("ban-a")).new == 1
    assert asked == []


def test_a_post_that_changes_with_every_look_is_told_once(office: ExampleOffice, site: ShelfSource) -> None:
    told = []
    for number in range(30):
        site.posts = [replace(site.posts[0], html=story(f"lần {'x' * number}")), *site.posts[1:]]
        told += look(office).notes
    assert told == ["Tin số 12: changes with every look, no further version is kept"]
    [post] = [post for post in office.posts() if post.title == "Tin số 12"]
    assert post.version == 24
    with office.db.read() as uow:
        assert len(uow.versions.of([post.id] if post.id else [])[post.id or 0]) == 23  # type: ignore[index]  # post 0 is none


def test_a_date_found_later_dates_the_post(office: ExampleOffice) -> None:
    site = office.site("ban-a/1")
    site.posts = [item(1, None)]
    look(office)
    site.posts = [item(1, "2026-10-12 08:30")]
    assert look(office).changed == 1
    (post,) = office.posts()
    assert post.published_at == local("2026-10-12 08:30")


@pytest.mark.parametrize(
    ("title", "host", "new", "held"),
    [
        ("Ban B đưa tin số {}", "ban-b.example", 8, 0),
        ("Tin số {}", "ban-b.example", 0, 1),
        ("Ban B đưa tin số {}", "ban-a.example", 0, 1),
    ],
    ids=["own titles and addresses", "another unit's titles", "another unit's addresses"],
)
def test_texts_that_units_share_make_no_foreign_list(
    tmp_path: Path, clock: FakeClock, title: str, host: str, new: int, held: int
) -> None:
    office = open_office(tmp_path, clock, {"ban-a": 1, "ban-b": 1})
    office.site("ban-a/1").posts = [item(n) for n in range(8)]
    office.site("ban-b/1").posts = [
        item(n, title=title.format(n), url=f"https://{host}/tin/{n}.html", guid=f"b{n}") for n in range(8)
    ]
    assert collect_unit(office.services, office.unit("ban-a")).new == 8
    report = collect_unit(office.services, office.unit("ban-b"))
    assert (report.new, report.held) == (new, held)
    office.db.close()
