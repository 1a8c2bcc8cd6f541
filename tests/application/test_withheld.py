"""What bears a secrecy mark stands by its number alone: in mail, statements, dossiers, leaves, reports and logs."""

import hashlib
import json
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from adapters.file_text.worker import FileTexts
from adapters.mail.maildir import MaildirMailer, MaildirSettings
from syncd.application.collecting.collect import collect_unit
from syncd.application.decide import Decision, decide
from syncd.application.evidence.dossier import build, verify
from syncd.application.figures.close import close_period
from syncd.application.figures.explain import explain
from syncd.application.letters import LETTERS, prepare
from syncd.application.publishing.publish import publish
from syncd.domain.model import PeriodId, UnitId
from syncd.ports.portal import FileToPush
from syncd.ports.records import PostRecord, PushState
from syncd.ports.source import AttachmentData, ImageData
from syncd.rendering import Jinja2Renderer
from syncd.resources import templates_dir
from syncd.testing.clock import FakeClock
from tests.application.collecting import ExampleOffice, item, local, open_office

A, OCTOBER = UnitId("ban-a"), PeriodId("2026-10")
STAMPED = (Path(__file__).parents[1] / "data" / "attachments" / "stamp-in-box.pdf").read_bytes()
# Words of the secret post that stand nowhere else.
TELLING = ("Chim Lạc", "chim-lac", "chim_lac", "Phan Văn Kín", "Lũng Kín")


@pytest.fixture
def office(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Iterator[ExampleOffice]:
    language = getattr(request, "param", "vi")
    made = open_office(tmp_path, clock, {"ban-a": 1})
    unit = replace(made.services.units[A], editors=("bientap@ban-a.vidu.example",), quota=3)
    made.services = replace(
        made.services,
        units={A: unit},
        office=replace(made.services.office, language=language),
        mailer=MaildirMailer(MaildirSettings(directory=tmp_path / "mail"), clock=clock),
        renderer=Jinja2Renderer(language, [templates_dir()]),
        mail_rules=replace(made.services.mail_rules, office_recipients=("vanphong@vidu.example",)),
    )
    yield made
    made.db.close()


@pytest.fixture
def secret(office: ExampleOffice) -> PostRecord:
    """A post with a stamp in it, read with its own page, and an ordinary one that the next list shows beside it."""
    page = item(
        1,
        title="Kế hoạch Chim Lạc",
        url="https://ban-a.example/tin/chim-lac.html",
        guid="chim_lac",
        author="Phan Văn Kín",
        categories=("Lũng Kín",),
        html="<p>TUYỆT MẬT</p><p>Kế hoạch Chim Lạc ở Lũng Kín.</p>" + item(1).html,
        images=(ImageData(url="https://ban-a.example/anh/chim-lac.jpg", caption="Lũng Kín"),),
        attachments=(AttachmentData(url="https://ban-a.example/tep/chim-lac.pdf", title="Kế hoạch Chim Lạc"),),
    )
    site = office.site("ban-a/1")
    site.posts = [replace(page, html="", full_text=False, summary="TUYỆT MẬT Chim Lạc"), item(2)]
    site.pages = {page.url: page}
    collect_unit(office.services, office.unit("ban-a"))
    site.posts = [*site.posts, item(3)]
    at(office, local("2026-10-20 09:00"))
    collect_unit(office.services, office.unit("ban-a"))
    return next(post for post in office.posts("ban-a") if post.quarantine)


def at(office: ExampleOffice, instant: datetime) -> None:
    office.clock.advance(instant - office.clock.now())


def assert_tells_nothing(text: str) -> None:
    assert [word for word in TELLING if word.lower() in text.lower()] == []


@pytest.mark.parametrize("office", ["vi", "en"], indirect=True)
def test_mail_names_a_withheld_post_by_its_number(office: ExampleOffice, secret: PostRecord) -> None:
    at(office, local("2026-11-02 08:00"))
    letters = [each.letter for name in LETTERS for each in prepare(office.services, name, OCTOBER)]
    assert len(letters) == 2
    for letter in letters:
        assert_tells_nothing(letter.subject + letter.text + letter.html)
    statement = letters[0].text
    assert f"post:{secret.id}" in statement
    assert ("bài có dấu mật" if office.services.office.language == "vi" else "a post with a secrecy mark") in statement


def test_reports_and_leaves_name_it_by_its_key(
    office: ExampleOffice, secret: PostRecord, capsys: pytest.CaptureFixture[str]
) -> None:
    report = publish(office.services)
    site = office.site("ban-a/1")
    notes: list[str] = []
    for number in range(30):  # until no further version is kept
        office.clock.advance(timedelta(hours=1))
        site.posts = [replace(site.posts[0], title=f"Kế hoạch Chim Lạc {number}"), *site.posts[1:]]
        notes += collect_unit(office.services, office.unit("ban-a")).notes
    assert f"post:{secret.id}: changes with every look, no further version is kept" in notes
    assert_tells_nothing("".join(notes))
    assert_tells_nothing(json.dumps(report.as_json(), ensure_ascii=False))
    with office.db.read() as uow:
        leaves = [leaf.body.decode() for leaf in uow.ledger.leaves()]
    assert any(secret.key in leaf for leaf in leaves)
    assert_tells_nothing("".join(leaves))
    assert_tells_nothing(repr(office.push(secret)))
    assert capsys.readouterr() == ("", "")


def test_dossier_and_statement_hold_its_number_and_hashes_alone(
    office: ExampleOffice, secret: PostRecord, tmp_path: Path
) -> None:
    at(office, local("2026-11-10 08:00"))
    close_period(office.services, OCTOBER, force="thử nghiệm")
    report = build(office.services, A, [OCTOBER], tmp_path / "ban-a.zip")
    with zipfile.ZipFile(tmp_path / "ban-a.zip") as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    for name, body in parts.items():
        assert_tells_nothing(name + body.decode("utf-8", "replace"))
    posts = json.loads(next(body for name, body in parts.items() if name.endswith("posts.json")))["posts"]
    withheld = next(post for post in posts if post["ref"] == f"post:{secret.id}")
    assert (withheld["title"], withheld["quarantine"], withheld["text_sha256"]) == (
        f"bài có dấu mật, post:{secret.id}",
        "Tuyệt mật",
        secret.text_sha256,
    )
    assert "Tin số 2" in {post["title"] for post in posts}
    assert len(report.withheld) >= 2  # both lists that showed it
    assert secret.page_capture in report.withheld
    assert verify(tmp_path / "ban-a.zip").valid


def test_the_operator_is_told_what_it_is_and_a_decision_says_no_more_than_it_must(
    office: ExampleOffice, secret: PostRecord
) -> None:
    ref = f"post:{secret.id}"
    told = next(post for post in explain(office.services, A, OCTOBER).posts if post.judgement.post.ref == ref)
    assert told.as_json()["title"] == "Kế hoạch Chim Lạc"
    counted = decide(office.services, ref, Decision.EXCLUDE, reason="đang xem xét", by="Nguyễn Văn A")
    assert_tells_nothing(str(counted.as_json()))
    released = decide(office.services, ref, Decision.RELEASE, reason="dấu đã gỡ", by="Nguyễn Văn A")
    assert released.title == "Kế hoạch Chim Lạc"
    assert office.push(secret).state is PushState.QUEUED


def test_a_stamp_inside_a_file_withholds_each_post_that_links_to_it_until_a_person_releases_it(
    office: ExampleOffice,
) -> None:
    url = "https://ban-a.example/tep/bao-cao.pdf"
    stamped = FileToPush(sha256=hashlib.sha256(STAMPED).hexdigest(), content_type="application/pdf", data=STAMPED)
    file = AttachmentData(url=url, title="Báo cáo")
    site = office.site("ban-a/1")
    site.posts = [item(1, attachments=(file,)), item(2, attachments=(file,)), item(3)]
    collect_unit(office.services, office.unit("ban-a"))
    with closing(FileTexts()) as texts:
        services = replace(office.services, fetch_file=lambda unit, url: stamped, file_mark=texts.mark_in)
        for _ in range(2):
            report = publish(services)
        first, second, third = sorted(office.posts("ban-a"), key=lambda post: post.title)
        assert [office.push(post).state for post in (first, second, third)] == [
            PushState.QUARANTINED,
            PushState.QUARANTINED,
            PushState.DELIVERED,
        ]
        assert (first.quarantine, second.quarantine) == ("Tuyệt mật", "Tuyệt mật")
        assert "bao-cao" not in json.dumps(report.as_json())

        decide(services, f"post:{first.id}", Decision.RELEASE, reason="tệp đã giải mật", by="Nguyễn Văn A")
        publish(services)
    assert office.push(first).state is PushState.DELIVERED
    assert office.push(second).state is PushState.QUARANTINED
    assert list(office.portal.files) == [stamped.sha256]
