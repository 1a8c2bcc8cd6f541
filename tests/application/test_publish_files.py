"""Pictures and attachments on their way to the portal."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.application.collecting.collect import collect_unit
from syncd.application.decide import Decision, decide
from syncd.application.publishing.publish import publish
from syncd.application.services import Services
from syncd.domain.model import UnitId
from syncd.errors import PortalError, SourceError
from syncd.ports.portal import Capabilities, DeliveryClass, FileToPush
from syncd.ports.records import PushState
from syncd.ports.source import AttachmentData, ImageData
from syncd.testing.clock import FakeClock
from tests.application.collecting import ExampleOffice, item, open_office, story

PICTURE = "https://ban-a.example/anh/1.jpg?w=800&h=600"
OTHER = "https://ban-a.example/anh/2.jpg"
PAPER = "https://ban-a.example/tep/nghi-quyet.pdf"
DAY = timedelta(days=1)


@dataclass
class Web:
    """The unit's own site: its files by address; one that is an error is raised."""

    files: dict[str, bytes | Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __call__(self, unit: UnitId, url: str) -> FileToPush | None:
        self.asked.append(url)
        found = self.files[url]
        if isinstance(found, Exception):
            raise found
        kind = "application/pdf" if found.startswith(b"%PDF") else "image/jpeg"
        return FileToPush(sha256=hashlib.sha256(found).hexdigest(), content_type=kind, data=found)


@pytest.fixture
def office(tmp_path: Path, clock: FakeClock) -> Iterator[ExampleOffice]:
    made = open_office(tmp_path, clock, {"ban-a": 1})
    yield made
    made.db.close()


@pytest.fixture
def web() -> Web:
    return Web({PICTURE: b"mot", OTHER: b"hai", PAPER: b"%PDF-1.4 nghi quyet"})


def illustrated(number: int, *urls: str, html: str = "", files: tuple[str, ...] = ()) -> object:
    return item(
        number,
        html=html or story(f"việc {number}"),
        images=tuple(ImageData(url=url, alt="Quang cảnh", caption="Ảnh: A") for url in urls),
        attachments=tuple(AttachmentData(url=url, title="Nghị quyết") for url in files),
    )


def bring(office: ExampleOffice, web: Web, *posts: object, mark: str | None = None, **rules: object) -> Services:
    office.site("ban-a/1").posts = list(posts)  # type: ignore[arg-type]  # made by `illustrated`
    collect_unit(office.services, office.unit("ban-a"))
    return replace(
        office.services,
        fetch_file=web,
        file_mark=lambda name, data, kind: mark if data.startswith(b"%PDF") else None,
        publish_rules=replace(office.services.publish_rules, **rules),  # type: ignore[arg-type]  # as the test says
    )


def test_every_picture_is_put_once_and_the_text_shows_the_copy(office: ExampleOffice, web: Web) -> None:
    shown = f'<p><img src="{PICTURE.replace("&", "&amp;")}" alt="Quang cảnh"> và <img src="{OTHER}"></p>'
    services = bring(office, web, illustrated(1, PICTURE, OTHER, html=story("việc 1") + shown), illustrated(2, OTHER))
    assert publish(services).total.sent == 2
    assert sorted(web.asked) == sorted([PICTURE, OTHER])  # the second post's picture is known
    assert len(office.portal.files) == 2
    first = next(sent for sent in office.portal.sent.values() if sent.title == "Tin số 1")
    second = next(sent for sent in office.portal.sent.values() if sent.title == "Tin số 2")
    assert "ban-a.example/anh" not in first.html
    assert first.html.count("https://cong.example/tep/syncd-") == 2
    assert first.image is not None
    assert (first.image.sha256, first.image.caption) == (hashlib.sha256(b"mot").hexdigest(), "Ảnh: A")
    assert second.image is not None
    assert second.image.url.startswith("https://cong.example/tep/syncd-")


def test_an_attachment_is_linked_where_it_stands_at_the_portal(office: ExampleOffice, web: Web) -> None:
    publish(bring(office, web, illustrated(1, files=(PAPER,))))
    (sent,) = office.portal.sent.values()
    assert PAPER not in sent.html
    assert '.pdf">Nghị quyết</a>' in sent.html
    assert sent.image is None


def test_a_file_that_cannot_be_had_keeps_no_post_back_and_is_asked_for_again_another_day(
    office: ExampleOffice, web: Web
) -> None:
    web.files[PICTURE] = SourceError("no answer", unit=UnitId("ban-a"), url=PICTURE)
    services = bring(office, web, illustrated(1, PICTURE))
    report = publish(services)
    assert report.total.sent == 1
    assert [note.note for note in report.notes] == [f"picture {PICTURE}: no answer"]
    office.clock.advance(timedelta(hours=1))
    bring(office, web, illustrated(1, PICTURE), illustrated(2, PICTURE))
    assert publish(services).total.sent == 1
    assert web.asked == [PICTURE]  # its trouble is known
    office.clock.advance(DAY)
    web.files[PICTURE] = b"mot"
    bring(office, web, illustrated(1, PICTURE), illustrated(2, PICTURE), illustrated(3, PICTURE))
    publish(services)
    assert office.portal.sent["p3"].image is not None


def test_a_file_that_the_portal_refuses_keeps_no_post_back(office: ExampleOffice, web: Web) -> None:
    def refuse(file: FileToPush) -> None:
        raise PortalError("too large", portal="cong", kind="file_refused", permanent=True)

    services = bring(office, web, illustrated(1, PICTURE))
    office.portal.put_file = refuse  # type: ignore[method-assign,assignment]  # the portal's answer
    report = publish(services)
    assert (report.total.sent, report.notes[0].note) == (1, "too large")


def test_a_portal_that_fails_at_a_file_leaves_the_post_as_it_was(office: ExampleOffice, web: Web) -> None:
    def fail(file: FileToPush) -> None:
        raise PortalError("no answer", portal="cong", kind="timeout", unknown=True)

    services = bring(office, web, illustrated(1, PICTURE))
    whole = office.portal.put_file
    office.portal.put_file = fail  # type: ignore[method-assign,assignment]  # the portal's answer
    report = publish(services)
    (post,) = office.posts()
    push = office.push(post)
    assert (report.total.retried, push.state, push.attempts) == (1, PushState.QUEUED, 0)
    assert push.error_kind == "timeout"
    office.portal.put_file = whole  # type: ignore[method-assign]
    office.clock.advance(timedelta(hours=1))
    assert publish(services).total.sent == 1
    assert len(office.portal.files) == 1


def test_a_post_refused_with_files_known_from_before_looks_them_up_anew(office: ExampleOffice, web: Web) -> None:
    services = bring(office, web, illustrated(1, PICTURE))
    publish(services)
    office.portal.files.clear()  # restored from a backup
    bring(office, web, illustrated(1, PICTURE), illustrated(2, PICTURE))

    def refuse() -> None:
        if not office.portal.files:
            raise PortalError("no such picture", portal="cong", kind="http_status", permanent=True)

    office.portal.before = refuse
    report = publish(services)
    (dead,) = [post for post in office.posts() if office.push(post).state is PushState.DEAD]
    assert report.total.failed == 1
    decide(services, f"post:{dead.id}", Decision.RETRY, reason="Cổng được khôi phục", by="Nguyễn Văn A")
    assert publish(services).total.sent == 1
    assert len(office.portal.files) == 1


@pytest.mark.parametrize(
    ("rule", "asked"), [("all", [PAPER, PICTURE, OTHER]), ("first", [PAPER, PICTURE]), ("none", [PAPER])]
)
def test_which_files_are_copied_is_a_rule_and_attachments_are_judged_under_any(
    office: ExampleOffice, web: Web, rule: str, asked: list[str]
) -> None:
    services = bring(office, web, illustrated(1, PICTURE, OTHER, files=(PAPER,)), files=rule)
    assert publish(services).total.sent == 1
    assert web.asked == asked
    assert len(office.portal.files) == {"all": 3, "first": 1, "none": 0}[rule]
    bring(office, web, illustrated(2, PICTURE, OTHER, files=(PAPER,)))
    publish(services)
    assert web.asked == asked  # all is known by now


def test_a_picture_travels_inside_the_post_where_the_portal_keeps_it_there(office: ExampleOffice, web: Web) -> None:
    office.portal.capabilities = Capabilities(
        delivery_class=DeliveryClass.A, settle=timedelta(seconds=120), image_inside=True
    )
    publish(bring(office, web, illustrated(1, PICTURE, OTHER)))
    (sent,) = office.portal.sent.values()
    assert sent.image_inside is not None
    assert (sent.image_inside.data, sent.image_inside.alt) == (b"mot", "Quang cảnh")
    assert [file.data for file in office.portal.files.values()] == [b"hai"]


@pytest.mark.parametrize("inside", [True, False])
def test_a_picture_that_the_portals_page_shows_by_itself_is_not_shown_in_the_text_too(
    office: ExampleOffice, web: Web, inside: bool
) -> None:
    office.portal.capabilities = Capabilities(
        delivery_class=DeliveryClass.A, settle=timedelta(seconds=120), image_inside=inside, shows_picture=True
    )
    shown = "".join(f'<figure><img src="{url}"></figure>' for url in (PICTURE.replace("&", "&amp;"), OTHER))
    publish(bring(office, web, illustrated(1, PICTURE, OTHER, html=story("việc 1") + shown)))
    (sent,) = office.portal.sent.values()
    assert PICTURE.replace("&", "&amp;") not in sent.html
    assert sent.html.count("<figure") == sent.html.count('src="https://cong.example/tep/syncd-') == 1


def test_a_picture_that_could_not_be_had_stays_in_the_text(office: ExampleOffice, web: Web) -> None:
    office.portal.capabilities = Capabilities(
        delivery_class=DeliveryClass.A, settle=timedelta(seconds=120), image_inside=True, shows_picture=True
    )
    web.files[OTHER] = SourceError("gone", unit=UnitId("ban-a"), url=OTHER)
    publish(bring(office, web, illustrated(1, OTHER, html=f'{story("việc 1")}<img src="{OTHER}">')))
    (sent,) = office.portal.sent.values()
    assert OTHER in sent.html


def test_a_summary_that_is_the_whole_text_is_not_sent_beside_it(office: ExampleOffice, web: Web) -> None:
    whole = " ".join(f"từ{number}" for number in range(40))
    posts = [
        item(1, html=f"<p>{whole}</p>", summary=whole),
        item(2, html=f"<p>Tóm tắt.</p><p>{whole}</p>", summary="Tóm tắt."),
    ]
    publish(bring(office, web, *posts))
    assert sorted(sent.summary for sent in office.portal.sent.values()) == ["", "Tóm tắt."]


# --- secrecy -------------------------------------------------------------------------------------------


def test_a_mark_in_an_attachment_keeps_the_post_here(office: ExampleOffice, web: Web) -> None:
    services = bring(office, web, illustrated(1, PICTURE, files=(PAPER,)), mark="Mật")
    report = publish(services)
    (post,) = office.posts()
    assert (report.total.sent, report.total.quarantined, office.portal.calls) == (0, 1, 0)
    assert (post.quarantine, office.push(post).state) == ("Mật", PushState.QUARANTINED)
    assert [(note.title, note.url) for note in report.notes] == [("", "")]
    assert office.portal.files == {}  # not its picture either


def test_what_a_person_released_is_not_withheld_for_the_same_file_again(office: ExampleOffice, web: Web) -> None:
    services = bring(office, web, illustrated(1, files=(PAPER,)), mark="Mật")
    publish(services)
    (post,) = office.posts()
    decide(services, f"post:{post.id}", Decision.RELEASE, reason="Đã giải mật", by="Nguyễn Văn A")
    assert publish(services).total.sent == 1
    assert len(office.portal.files) == 1


def test_another_file_with_a_mark_withholds_it_again(office: ExampleOffice, web: Web) -> None:
    services = bring(office, web, illustrated(1, files=(PAPER,)), mark="Mật")
    publish(services)
    (post,) = office.posts()
    decide(services, f"post:{post.id}", Decision.RELEASE, reason="Đã giải mật", by="Nguyễn Văn A")
    web.files[PAPER] = b"%PDF-1.4 van ban khac"
    office.clock.advance(DAY)
    bring(office, web, illustrated(1, files=(PAPER,), html=story("việc khác hẳn")))
    publish(services)
    assert office.push(post).state is PushState.QUARANTINED
