"""What the pages say of a list that is held, and of a post that was edited: in words, and in the right order."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.application.collecting.collect import collect_unit
from syncd.delivery.views import post_page, unit_page
from syncd.domain.model import UnitId
from syncd.errors import SourceError
from syncd.rendering import Jinja2Renderer
from syncd.resources import templates_dir
from syncd.testing.clock import FakeClock
from tests.application.collecting import ExampleOffice, item, local, open_office, story

HOUR = timedelta(hours=1)
UNIT = UnitId("ban-a")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[ExampleOffice]:
    office = open_office(tmp_path, FakeClock(local("2026-10-14 09:00")), {"ban-a": 1})
    yield office
    office.db.close()


def look(office: ExampleOffice) -> None:
    office.clock.advance(HOUR)
    collect_unit(office.services, office.unit(UNIT))


def test_the_page_of_a_unit_shows_the_list_that_is_held_and_what_ends_it(office: ExampleOffice) -> None:
    site = office.site("ban-a/1")
    site.posts = [item(number) for number in range(8)]
    look(office)
    site.posts = [replace(post, title=f"{post.title} - Ban A", html=story("chữ ký mới")) for post in site.posts]
    look(office)
    page = Jinja2Renderer("vi", [templates_dir()]).render("web/unit.html", unit_page(office.services, UNIT))
    assert "Danh sách bị giữ từ" in page
    assert "trong 8 bài đã biết, số bài còn như cũ: 0" in page
    assert "syncd collect --accept ban-a/1" in page


def test_the_history_of_a_post_tells_our_late_reading_from_an_edit_of_the_unit(office: ExampleOffice) -> None:
    site = office.site("ban-a/1")
    listed = item(1, full_text=False, html="")
    timeout = SourceError("no answer", unit="ban-a", url=listed.url, kind="timeout")
    site.posts, site.pages = [listed], {listed.url: timeout}
    look(office)
    site.pages = {listed.url: item(1)}
    look(office)
    site.posts = [replace(listed, title="Tựa sửa")]
    look(office)
    (post,) = office.posts()
    assert post.id is not None
    said = [event.text for event in post_page(office.services, post.id)["events"]]
    assert said[-2:] == ["Hệ thống đọc được toàn văn (bản thứ 2)", "Đơn vị sửa tin, bài (bản thứ 3)"]
