"""Which post is which where a site's own names mislead, and what no site may do to our database by what it sends."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from syncd.application.collecting.collect import collect, collect_unit
from syncd.domain.model import UnitId
from syncd.errors import SourceError
from syncd.ports.source import ImageData, PostData
from syncd.testing.clock import FakeClock
from tests.application.collecting import ExampleOffice, item, local, open_office, read_date, story

NASTY = "x\x00y\ud800z"  # what PostgreSQL refuses, and what has no UTF-8 form


@pytest.fixture(params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Iterator[ExampleOffice]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    made = open_office(tmp_path, clock, {"ban-a": 2, "ban-b": 1}, url=url)
    yield made
    made.db.close()


def test_a_guid_that_every_item_bears_names_none_of_them(office: ExampleOffice) -> None:
    site, unit = office.site("ban-a/1"), office.unit("ban-a")
    site.posts = [item(n, guid="https://ban-a.example/") for n in (1, 2, 3)]
    assert collect_unit(office.services, unit).new == 3
    site.posts = [item(4, "2026-10-14 08:30", guid="https://ban-a.example/"), *site.posts]
    assert collect_unit(office.services, unit).new == 1
    site.posts = [item(5, "2026-10-15 08:30", guid="https://ban-a.example/")]
    assert collect_unit(office.services, unit).new == 1
    assert {post.title for post in office.posts("ban-a")} == {f"Tin số {n}" for n in (1, 2, 3, 4, 5)}


def test_a_site_that_starts_its_numbers_anew_overwrites_no_older_post(office: ExampleOffice) -> None:
    site, unit = office.site("ban-a/1"), office.unit("ban-a")
    site.posts = [item(1, guid="news_1")]
    collect_unit(office.services, unit)
    site.posts = [item(2, "2026-10-14 08:30", guid="news_1")]
    for expected in (1, 0, 0):
        assert collect_unit(office.services, unit).new == expected
    assert [post.title for post in office.posts("ban-a")] == ["Tin số 1", "Tin số 2"]


def test_numbers_started_anew_on_one_address_for_all_are_no_trouble_either(office: ExampleOffice) -> None:
    site, unit = office.site("ban-a/1"), office.unit("ban-a")
    home: dict[str, Any] = {"url": "https://ban-a.example/", "html": ""}
    for week, expected in ((1, 2), (2, 2), (2, 0)):
        site.posts = [item(10 * week + n, f"2026-10-{week}{n} 08:30", guid=f"news_{n}", **home) for n in (1, 2)]
        assert collect_unit(office.services, unit).new == expected


@pytest.mark.parametrize(
    "alike",
    [{"html": story("đăng lịch tuần, xem tệp đính kèm")}, {"canonical_url": "https://ban-a.example/tin-tuc"}],
    ids=["the same words each week", "one canonical address on every page"],
)
def test_posts_of_one_source_that_share_only_words_or_a_canonical_address_are_several(
    office: ExampleOffice, alike: dict[str, str]
) -> None:
    for number in (1, 2, 3):
        office.site("ban-a/1").posts = [item(number, f"2026-10-1{number} 08:30", **alike)]
        collect_unit(office.services, office.unit("ban-a"))
    assert len(office.posts("ban-a")) == 3


def test_posts_whose_pages_turn_out_alike_are_kept_apart_by_their_titles(office: ExampleOffice) -> None:
    site = office.site("ban-a/1")
    site.posts = [item(n, f"2026-10-1{n} 08:30", html="", full_text=False) for n in (1, 2)]
    same = story("đăng lịch tuần, xem tệp đính kèm")
    site.pages = {post.url: replace(post, html=same, full_text=True) for post in site.posts}
    assert collect_unit(office.services, office.unit("ban-a")).new == 2


def test_a_post_that_moved_to_another_address_is_the_same_post(office: ExampleOffice) -> None:
    site = office.site("ban-a/1")
    site.posts = [item(1)]
    collect_unit(office.services, office.unit("ban-a"))
    site.posts = [item(1, guid="bai-1", url="https://ban-a.example/moi/1")]
    assert collect_unit(office.services, office.unit("ban-a")).new == 0


class _Asked(dict[str, Any]):
    """Pages that are made when they are read."""

    def get(self, key: str, default: Any = None) -> Any:
        return self[key]() if key in self else default


def test_an_edit_that_another_look_took_meanwhile_is_taken_once(office: ExampleOffice) -> None:
    site, unit = office.site("ban-a/1"), office.unit("ban-a")
    site.posts = [item(1, full_text=False)]
    collect_unit(office.services, unit)
    edited = item(1, title="Tin đã sửa", full_text=False)
    site.posts = [edited]
    hurried = [True]

    def meanwhile() -> PostData:
        if hurried.pop():
            hurried.append(False)
            collect_unit(office.services, unit)
        return replace(edited, full_text=True)

    site.pages = _Asked({edited.url: meanwhile})
    collect_unit(office.services, unit)
    assert [post.version for post in office.posts("ban-a")] == [2]


def test_after_a_clock_that_ran_ahead_nothing_is_called_back_dated(office: ExampleOffice) -> None:
    site, unit = office.site("ban-a/1"), office.unit("ban-a")
    site.posts = [item(1)]
    office.clock.step(local("2200-01-01 00:00"))
    collect_unit(office.services, unit)
    office.clock.step(local("2026-10-16 08:00"))
    site.posts = [item(2, "2026-10-15 08:30"), item(1)]
    collect_unit(office.services, unit)
    assert [post.back_dated for post in office.posts("ban-a")] == [False, False]


# --- what a site may send ------------------------------------------------------------------------------


def test_no_field_of_a_post_can_stop_a_look(office: ExampleOffice) -> None:
    image = ImageData(url=f"https://ban-a.example/{NASTY}", alt=NASTY, caption=NASTY)
    published = replace(read_date("2026-10-12 08:30"), raw=NASTY)
    canonical = f"https://ban-a.example/{NASTY}"
    changes: dict[str, Any] = {"title": NASTY, "author": NASTY, "categories": (NASTY,), "images": (image,)}
    site = office.site("ban-a/1")
    site.posts = [item(1, published=published, canonical_url=canonical, guid=NASTY, **changes), item(2)]
    assert collect_unit(office.services, office.unit("ban-a")).new == 2


def test_a_date_beyond_our_calendar_is_kept_as_it_was_printed_and_no_more(office: ExampleOffice) -> None:
    far = replace(read_date("2026-10-12 08:30"), instant=datetime(9999, 12, 31, 23, 59, tzinfo=UTC), raw="31/12/9999")
    office.site("ban-a/1").posts = [item(1, published=far), item(2)]
    assert collect_unit(office.services, office.unit("ban-a")).new == 2
    assert {(post.published_at is None, post.date_raw) for post in office.posts("ban-a")} >= {(True, "31/12/9999")}


def test_no_error_of_a_site_can_keep_a_look_from_being_recorded(office: ExampleOffice) -> None:
    office.site("ban-a/1").down = SourceError(
        f"answered {NASTY * 10_000}", unit="ban-a", url=f"https://ban-a.example/{NASTY}", kind="protocol", hint=NASTY
    )
    report = collect(office.services)[UnitId("ban-a")]
    assert [failure.kind for failure in report.errors] == ["protocol"]
    assert len(report.errors[0].error) <= 1000
    assert len(office.leaves("fetch_failed")) == 1
