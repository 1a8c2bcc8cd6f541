"""Dates that no element of an entry holds, on list pages: beside the link, between two entries, in another place of the page."""

from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup

from adapters.site_profiles import ListRules
from adapters.sources.list_page import Printing, read_list
from syncd.domain.model import LOCAL

PRINTING = Printing(zone=LOCAL, day_order="day-first", fetched_at=datetime(2026, 11, 1, tzinfo=UTC))


def _dates(html: str, item: str, date: str) -> list[tuple[str, str]]:
    found = read_list(BeautifulSoup(html, "lxml"), "http://a.vidu.example/", ListRules(item=item, date=date), PRINTING)
    return [(post.title, post.published.raw) for post in found.posts]


def test_post_listed_twice_has_the_date_of_either_place() -> None:
    html = "<li><h2><a href=/1>Bài một</a></h2></li><li><a href=/2>Bài hai</a> <i>29/10/2026</i></li><li><a href=/1>Bài một</a> <i>28/10/2026</i></li>"
    assert _dates(html, "li", "i") == [("Bài một", "28/10/2026"), ("Bài hai", "29/10/2026")]


def test_date_between_two_entries_is_that_of_the_first() -> None:
    html = "<td><a href=/1>Bài một</a><br><i>30/10/2026</i><br><a href=/2>Bài hai</a><!-- 1/1/2020 --><br>29/10/2026 09:15<hr><a href=/3>Bài ba</a></td>"
    assert _dates(f"<table><tr>{html}</tr></table>", "td > a", ":scope ~ *") == [
        ("Bài một", "30/10/2026"),
        ("Bài hai", "29/10/2026 09:15"),
        ("Bài ba", ""),
    ]


@pytest.mark.parametrize(
    ("entry", "title"),
    [
        ("<a href=/1 title='Bài một'><h4><span>12</span>&nbsp; Bài một</h4></a>", "Bài một"),
        ("<a href=/1 title='Bài một'>Bài một <em>(30/10/2026 08:05) </em></a>", "Bài một"),
        ("<a href=/1 title='Bài một'>Bài một: phần hai</a>", "Bài một: phần hai"),
        ("<a href=/1 title='Xem tiếp'>30 năm một chặng đường</a>", "30 năm một chặng đường"),
        ("<a href=/1 title='30 năm một chặng đường'>30 năm một chặng đường</a>", "30 năm một chặng đường"),
    ],
)
def test_number_or_date_beside_the_name_of_a_link_is_no_part_of_its_title(entry: str, title: str) -> None:
    assert [each for each, _ in _dates(f"<li>{entry}</li>", "li", "")] == [title]


def test_clock_behind_the_last_entry_is_not_its_date() -> None:
    html = "<div><a href=/1>Bài một</a><br>Chủ nhật, 01/11/2026<br><a href=/2>Bài hai</a><hr><i>Chủ nhật, 01/11/2026</i></div>"
    assert _dates(html, "a", ":scope ~ *") == [("Bài một", "Chủ nhật, 01/11/2026"), ("Bài hai", "")]


@pytest.mark.parametrize(
    "lead",
    ["Chiều 02/09/2020, tại hội trường Huyện ủy đã diễn ra hội nghị với sự tham gia của toàn thể cán bộ, đảng viên."],
)
def test_day_that_a_lead_speaks_of_is_no_date(lead: str) -> None:
    html = f"<p><a href=/1>Bài một</a><br>30/10/2026 09:15<br>{lead}</p><p><a href=/2>Bài hai</a><br>{lead}</p>"
    assert _dates(html, "p", ":scope") == [("Bài một", "30/10/2026 09:15"), ("Bài hai", "")]
    assert _dates(f"<div><b><a href=/1>Bài một</a></b>{lead}</div>", "b", ":scope ~ *") == [("Bài một", "")]
