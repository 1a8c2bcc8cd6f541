"""What an edit changed, on the post's page, in `syncd explain --json`, and on the portal."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.application.collecting.collect import collect_unit
from syncd.application.collecting.gone import follow_up
from syncd.application.figures.explain import explain
from syncd.application.publishing.publish import publish
from syncd.delivery.views import post_page
from syncd.domain.model import PeriodId, UnitId
from syncd.ports.source import AttachmentData
from syncd.rendering import Jinja2Renderer
from syncd.resources import templates_dir
from syncd.testing.clock import FakeClock
from tests.application.collecting import ExampleOffice, item, open_office

HOUR = timedelta(hours=1)


@pytest.fixture
def office(tmp_path: Path, clock: FakeClock) -> Iterator[ExampleOffice]:
    made = open_office(tmp_path, clock, {"ban-a": 1})
    yield made
    made.db.close()


def look(office: ExampleOffice) -> None:
    office.clock.advance(HOUR)
    collect_unit(office.services, office.unit("ban-a"))


def page(office: ExampleOffice) -> str:
    (post,) = office.posts()
    values = post_page(office.services, post.id or 0)
    return Jinja2Renderer("vi", [templates_dir()]).render("web/post.html", values)


def test_an_edit_is_told_word_by_word_and_reaches_the_portal(office: ExampleOffice) -> None:
    site = office.site("ban-a/1")
    site.posts = [item(1)]
    look(office)
    publish(office.services)
    site.posts = [
        item(1, title="Tin số 1 (đính chính)", html=item(1).html.replace("hội trường", "phòng họp <b>số 2</b>"))
    ]
    look(office)
    document = explain(office.services, UnitId("ban-a"), PeriodId("2026-10")).as_json()
    (post,) = document["posts"]
    (edit,) = post["versions"]
    assert (edit["version"], edit["reason"], post["gone_at"]) == (1, "edited", None)
    assert edit["title"] == [
        {"part": "same", "text": "Tin số 1", "words": 3},
        {"part": "added", "text": "(đính chính)", "words": 2},
    ]
    changed = [(piece["part"], piece["text"]) for piece in edit["text"] if piece["part"] in ("gone", "added")]
    assert changed == [("gone", "hội trường,"), ("added", "phòng họp số 2,")]
    shown = page(office)
    assert "<del>hội trường,</del>" in shown
    assert "<ins>phòng họp số 2,</ins>" in shown
    assert publish(office.services).total.updated == 1
    (sent,) = office.portal.sent.values()
    assert "phòng họp" in sent.html


def test_a_hostile_edit_is_shown_as_text(office: ExampleOffice) -> None:
    site = office.site("ban-a/1")
    site.posts = [item(1)]
    look(office)
    site.posts = [item(1, title="Tin <script>alert(1)</script> số 1")]
    look(office)
    shown = page(office)
    assert "<script" not in shown
    assert "<ins>&lt;script&gt;alert(1)&lt;/script&gt;</ins>" in shown


def test_attachments_are_kept_shown_and_linked_on_the_portal(office: ExampleOffice) -> None:
    files = (
        AttachmentData(url="https://ban-a.example/cv-15.pdf?a=1&b=2", title="Công văn số 15"),
        AttachmentData(url="https://ban-a.example/lich.doc"),
        AttachmentData(url="javascript:alert(1)", title="x"),
    )
    text = f'{item(1).html}<p><a href="https://ban-a.example/lich.doc">Lịch</a></p>'
    office.site("ban-a/1").posts = [item(1, html=text, attachments=files)]
    look(office)
    shown = page(office)
    assert (
        '<a href="https://ban-a.example/cv-15.pdf?a=1&amp;b=2" rel="noopener noreferrer nofollow">Công văn số 15</a>'
        in shown
    )
    assert "javascript:" not in shown
    publish(office.services)
    (sent,) = office.portal.sent.values()
    assert '<li><a href="https://ban-a.example/cv-15.pdf?a=1&amp;b=2">Công văn số 15</a></li>' in sent.html
    assert sent.html.count("lich.doc") == 1  # the text links to it itself
    assert "javascript:" not in sent.html
    (post,) = office.posts()
    assert next(iter(office.portal.posts.values())).content_sha256 == post.text_sha256


def test_a_post_that_left_its_site_still_counts_and_says_since_when(office: ExampleOffice) -> None:
    site = office.site("ban-a/1")
    site.posts, site.full = [item(n, f"2026-10-{n:02} 08:00") for n in range(12, 6, -1)], True
    services = replace(office.services, page_stands=lambda source, url: False)
    collect_unit(services, office.unit("ban-a"))
    publish(services)
    site.posts = [post for post in site.posts if post.title != "Tin số 9"]
    office.clock.advance(HOUR)
    collect_unit(services, office.unit("ban-a"))
    before = explain(services, UnitId("ban-a"), PeriodId("2026-10")).as_json()
    office.clock.advance(timedelta(days=8))
    follow_up(services)
    document = explain(services, UnitId("ban-a"), PeriodId("2026-10"), language="en").as_json()
    assert document["counted"] == before["counted"]
    gone = [post for post in document["posts"] if post["gone_at"]]
    assert [post["title"] for post in gone] == ["Tin số 9"]
    assert "gone from the unit's site since" in gone[0]["sentence"]
