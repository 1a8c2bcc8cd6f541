"""What happens to posts in an office's year, by the program itself on a real WordPress and a real Plone: in the end the three counts agree with what stands there."""

import re
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from syncd.testing.local_site import LocalSite
from syncd.testing.portal_contract import PNG
from tests.portals.offices import NOW, Editors, Office, PloneEditors, Story, WordPressEditors, fetched, stories

pytestmark = pytest.mark.slow

PAPERS = Path(__file__).parents[1] / "data" / "attachments"
PICTURES = ("hoi-truong", "trao-bang", "doan-xe")


@pytest.fixture(params=["wordpress", "plone"])
def editors(request: pytest.FixtureRequest) -> Editors:
    portal = request.getfixturevalue(request.param)
    made: Editors = WordPressEditors(portal) if request.param == "wordpress" else PloneEditors(portal)
    made.empty()
    return made


@pytest.fixture
def office(tmp_path: Path, editors: Editors) -> Iterator[Office]:
    with LocalSite() as site:
        yield Office(folder=tmp_path / "office", site=site, editors=editors)


def paragraph(number: int) -> str:
    return (
        f"<p>Đoạn {number}: Ban Tuyên giáo Ví Dụ tổ chức hội nghị báo cáo viên tháng 10, thông báo tình hình thời sự, định hướng "
        "công tác tuyên truyền; các đại biểu thảo luận và thống nhất những việc phải làm trong tháng tới tại cơ sở.</p>"
    )


def figure(name: str, caption: str) -> str:
    return f"<figure><img src='/anh/{name}.png' alt='Ảnh {name}'><figcaption>{caption}</figcaption></figure>"


def illustrated(office: Office, pictures: tuple[str, ...] = PICTURES) -> str:
    """An article of several paragraphs with a captioned picture after each, and a paper to read."""
    for name in pictures:
        office.site.page(f"/anh/{name}.png", picture(name), content_type="image/png")
    office.site.page("/tep/ke-hoach.pdf", (PAPERS / "plain.pdf").read_bytes(), content_type="application/pdf")
    shown = "".join(
        paragraph(number) + figure(name, f"Chú thích: {name}") for number, name in enumerate(pictures, start=1)
    )
    return shown + paragraph(9) + "<p>Xem <a href='/tep/ke-hoach.pdf'>Kế hoạch tuyên truyền</a>.</p>"


def picture(name: str) -> bytes:
    return PNG + name.encode()


def addresses(html: str, attribute: str) -> list[str]:
    return [unescape(url) for url in re.findall(rf'{attribute}="([^"]+)"', html)]


def completed(told: list[Story], count: int) -> list[Story]:
    """The same list, whose first `count` posts the unit has added a paragraph to."""
    return [replace(story, body=story.body + "<p>Bổ sung.</p>") for story in told[:count]] + told[count:]


def test_pictures_and_papers_are_copied_once_each_and_shown_to_readers(office: Office) -> None:
    office.set_up({"c": ""}, article="auto")
    again = paragraph(5) + figure(PICTURES[0], "Cùng một ảnh") + paragraph(6)
    told = [
        Story(title="Hội nghị báo cáo viên tháng 10", body=illustrated(office)),
        Story(title="Triển khai kế hoạch tuyên truyền", body=again),
    ]
    office.publish("c", told)
    office.run("sync", code=0)
    posts = office.standing()
    assert posts.keys() == {story.title for story in told}
    first, second = (posts[story.title] for story in told)
    inside = PICTURES if office.editors.pictures_stay_inside else PICTURES[1:]
    assert [fetched(url) for url in addresses(first.html, "src")] == [picture(name) for name in inside]
    assert [name for name in PICTURES if f"Chú thích: {name}" in first.html] == list(inside)
    assert [fetched(url) for url in addresses(second.html, "src")] == [picture(PICTURES[0])] * (len(inside) - 2)
    assert (first.own_picture, second.own_picture) == (picture(PICTURES[0]), picture(PICTURES[0]))
    paper, source = addresses(first.html, "href")
    assert fetched(paper) == (PAPERS / "plain.pdf").read_bytes()
    assert source == f"{office.site.base_url}/c/0.html"
    files = office.editors.files()
    assert files == len(inside) + 1

    # the unit puts one more picture into its post: nothing else is stored again
    office.publish("c", [Story(title=told[0].title, body=illustrated(office, (*PICTURES, "le-ky"))), told[1]])
    office.run("sync", code=0)
    edited = office.standing()[told[0].title]
    assert [fetched(url) for url in addresses(edited.html, "src")] == [picture(name) for name in (*inside, "le-ky")]
    assert edited.own_picture == picture(PICTURES[0])
    assert office.editors.files() == files + 1
    assert office.figures() == {"ban-c": (2, 2, 2)}
    assert office.causes() == {}


def test_a_post_with_a_marked_paper_never_leaves(office: Office) -> None:
    office.set_up({"c": ""}, article="auto")
    body = illustrated(office, PICTURES[:1])
    office.site.page("/tep/ke-hoach.pdf", (PAPERS / "stamp-in-box.pdf").read_bytes(), content_type="application/pdf")
    office.publish("c", [Story(title="Kế hoạch phòng thủ", body=body), *stories("c", 2)])
    document = office.run("sync", code=1)
    assert document["publish"]["units"]["ban-c"]["quarantined"] == 1
    assert office.standing().keys() == {story.title for story in stories("c", 2)}
    assert office.editors.files() == 0
    assert office.figures() == {"ban-c": (3, 2, 2)}
    assert office.causes() == {"quarantined": 1}
    withheld = office.explained("ban-c")["Kế hoạch phòng thủ"]
    assert withheld["counts"] is False


def test_pending_posts_are_visible_once_a_person_has_approved_them(office: Office) -> None:
    office.set_up({"a": "", "b": 'approval = "pending"'})
    office.publish("a", stories("a", 3))
    office.publish("b", stories("b", 4))
    office.run("sync", code=0)
    posts = office.standing()
    assert {title: post.state for title, post in posts.items()} == {
        story.title: "pending" if unit == "b" else "public" for unit, told in office.told.items() for story in told
    }
    assert office.figures() == {"ban-a": (3, 3, 3), "ban-b": (4, 4, 0)}
    waiting = office.explained("ban-b")
    assert {(post["counts"], post["delivery"]) for post in waiting.values()} == {(False, "held")}

    for story in office.told["b"][:3]:
        office.editors.approve(posts[story.title])
    office.run("sync", code=0)
    assert office.figures() == {"ban-a": (3, 3, 3), "ban-b": (4, 4, 3)}
    assert office.causes() == {"pending": 1}
    told = office.explained("ban-b")
    assert [told[story.title]["counts"] for story in office.told["b"]] == [True, True, True, False]
    assert len(office.standing()) == 7


def test_the_source_updates_its_copy_and_never_what_an_editor_wrote(office: Office) -> None:
    office.set_up({"a": ""})
    told = stories("a", 15)
    office.publish("a", told)
    office.run("sync", code=0)
    posts = office.standing()
    by_text, by_title, by_both = (posts[story.title] for story in told[:3])
    office.editors.edit(by_text, html="<p>Biên tập viên đã viết lại đoạn này.</p>")
    office.editors.edit(by_title, title="Tin số 1, biên tập viên đặt lại tên")
    office.editors.edit(by_both, title="Tin số 2, viết lại", html="<p>Viết lại toàn bộ tin số 2.</p>")
    office.publish("a", completed(told, 5))
    document = office.run("sync")
    assert document["publish"]["units"]["ban-a"]["updated"] == 2
    assert len([note for note in document["publish"]["notes"] if "edited on the portal" in note["note"]]) == 3
    now = {post.id: post for post in office.editors.posts()}
    assert len(now) == 15
    assert now[by_text.id].title == by_text.title
    assert "viết lại đoạn này" in now[by_text.id].html
    assert now[by_title.id].title == "Tin số 1, biên tập viên đặt lại tên"
    assert "Bổ sung" not in now[by_title.id].html
    assert (now[by_both.id].title, "Bổ sung" in now[by_both.id].html) == ("Tin số 2, viết lại", False)
    for story in told[3:5]:
        assert "Bổ sung" in now[posts[story.title].id].html
    again = office.run("sync")
    assert (again["publish"]["units"]["ban-a"]["updated"], len(office.editors.posts())) == (0, 15)
    assert office.figures() == {"ban-a": (15, 15, 15)}
    assert office.causes() == {"left": 3}


def test_what_was_thrown_away_stays_away_and_no_longer_counts(office: Office) -> None:
    office.set_up({"a": ""})
    told = stories("a", 12)
    office.publish("a", told)
    office.run("sync", code=0)
    posts = office.standing()
    office.editors.throw_away(posts[told[0].title])
    office.editors.delete(posts[told[1].title])
    office.publish("a", completed(told, 3))
    for _ in range(2):
        document = office.run("sync")
    assert office.standing().keys() == {story.title for story in told[2:]}
    assert office.figures() == {"ban-a": (12, 12, 10)}
    gone = {"trashed": 1, "deleted": 1} if office.editors.keeps_trash else {"deleted": 2}
    assert office.causes() == {**gone, "left": 2}  # what the unit added to them was not carried
    explained = office.explained("ban-a")
    assert {title for title, post in explained.items() if post["delivery"] == "removed"} == {
        told[0].title,
        told[1].title,
    }
    assert {post["counts"] for post in explained.values() if post["delivery"] == "removed"} == {False}
    assert document["census"]["complete"] is True


@pytest.fixture
def other_site() -> Iterator[LocalSite]:
    """A host of its own, by which links to it are known."""
    with LocalSite(host="127.0.0.2") as site:
        yield site


def test_hand_typed_posts_are_given_to_their_units_and_typed_copies_are_not_made_again(
    office: Office, other_site: LocalSite
) -> None:
    office.sites["b"] = other_site
    office.set_up({"a": 'portal_authors = ["unit_a"]', "b": ""})
    told = [replace(story, days_ago=0) for story in stories("a", 3)]
    office.publish("a", told[:1])
    office.publish("b", [])
    office.run("sync", code=0)
    typed = told[2]
    office.editors.type_post(typed.title, html=typed.body, author="unit_a", at=NOW)
    office.editors.type_post("Tin gõ tay trên Cổng", html="<p>Gõ tay cho Ban A.</p>", author="unit_a", at=NOW)
    source = f"<p>Theo <a href='{other_site.base_url}/77.html'>trang của Ban</a>: họp bàn việc khác hẳn.</p>"
    office.editors.type_post("Tin của Ban B gõ tay", html=source, author="admin", at=NOW)
    office.run("census", code=0)
    office.publish("a", told)
    office.run("sync", code=0)
    assert len(office.editors.posts()) == 5
    assert office.standing()[typed.title].key is None
    assert office.figures() == {"ban-a": (3, 3, 4), "ban-b": (0, 0, 1)}
    assert office.causes() == {"typed": 2}
    origins = {title: post["origin"] for title, post in office.explained("ban-a").items()}
    assert {title for title, origin in origins.items() if origin == "typed"} == {"Tin gõ tay trên Cổng"}
    assert all(post["counts"] for post in office.explained("ban-a").values())
