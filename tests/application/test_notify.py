"""Compliance mail: what it says, and that it goes out once whatever happens."""

import mailbox
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from email import policy
from email.parser import BytesParser
from pathlib import Path

import pytest

from adapters.mail.maildir import MaildirMailer, MaildirSettings
from adapters.mail.smtp import SmtpMailer, SmtpSettings
from syncd.application import notify
from syncd.domain.ledger import LeafKind
from syncd.domain.model import PeriodId, UnitId
from syncd.errors import UsageError
from syncd.ports.mail import Letter
from syncd.testing.local_mail import LocalMailServer
from tests.application.figures_world import World, closing, unit
from tests.application.letters_world import make_full_world, october

OCTOBER = PeriodId("2026-10")
A, B, C = UnitId("ban-a"), UnitId("ban-b"), UnitId("ban-c")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = make_full_world(tmp_path)
    october(made)
    yield made
    closing(made)


@pytest.fixture
def server(world: World) -> Iterator[LocalMailServer]:
    """The world's mail goes to this server."""
    with LocalMailServer() as running:
        settings = SmtpSettings(host="127.0.0.1", port=running.port, security="none", timeout_s=5)
        world.services = replace(world.services, mailer=SmtpMailer(settings, clock=world.clock))
        yield running


def states(report: notify.MailReport) -> list[str]:
    return [mail.state for mail in report.mails]


# --- what it says ---------------------------------------------------------------------------------


def test_statement_says_what_counts_what_is_missing_until_when_and_how_to_appeal(world: World) -> None:
    text = notify.preview(world.services, "statement", OCTOBER, A)
    for said in (
        "Kết quả cập nhật tin, bài tháng 10/2026 - Ban-A Tỉnh ủy Ví Dụ",
        "từ ngày 01/10/2026 đến hết ngày 31/10/2026",
        "Công văn số 01-CV/VD",
        "Chỉ tiêu được giao:                 12",
        "Đã đăng trên Trang của đơn vị:      11",
        "Đang hiển thị trên Cổng:            12",
        "Được tính vào chỉ tiêu:             11",
        "22/31 ngày",
        "Chưa đọc được Trang của đơn vị trong 9 ngày (trách nhiệm: hệ thống liên thông)",
        "còn thiếu 1 tin, bài",
        "trước 00:00 05/11/2026",
        "Không tính: tin dẫn lại từ nguồn khác",
        "văn bản giải trình",
        "Số tháng thiếu: 0",
        "Quy định: Thiếu từ 3 tháng",
        "mã gốc SHA-256",
    ):
        assert said in text, said


def test_text_and_html_say_the_same_and_hostile_titles_stay_text(world: World) -> None:
    [addressed] = notify.prepare(world.services, "statement", OCTOBER, unit=C)
    letter = addressed.letter
    assert "<script>alert(1)</script> {{ 7*7 }} ⟦U+202E⟧gnp.exe" in letter.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {{ 7*7 }} ⟦U+202E⟧gnp.exe" in letter.html
    assert "<script" not in letter.html
    assert "http://127.0.0.1:8077/units/ban-c/2026-10" in letter.text
    assert "\n\n\n\n" not in letter.text


def test_english_office_gets_english_mail(tmp_path: Path) -> None:
    world = make_full_world(tmp_path, language="en")
    october(world)
    try:
        text = notify.preview(world.services, "statement", OCTOBER, A)
        assert "October 2026" in text
        assert "9 days of the unit's site were not read" in text
        assert "Kính gửi" not in text
        assert "Worst first" in notify.preview(world.services, "summary", OCTOBER)
    finally:
        closing(world)


def test_summary_is_worst_first_and_names_what_failed(world: World) -> None:
    world.clock.advance(timedelta(days=10))
    text = notify.preview(world.services, "summary", OCTOBER)
    names = [f"{name} Tỉnh ủy Ví Dụ" for name in ("Ban-B", "Ban-A", "Ban-C")]
    assert [text.index(name) for name in names] == sorted(text.index(name) for name in names)
    assert "✗ Ban-B Tỉnh ủy Ví Dụ: Thiếu, được tính 0/12" in text
    assert "1 tin, bài gửi lên Cổng không thành công" in text


@pytest.mark.parametrize(
    ("name", "period", "chosen"),
    [("newsletter", "2026-10", None), ("statement", "2026-13", None), ("statement", "2026-10", "ban-x")],
)
def test_an_unknown_mail_period_or_unit_is_a_wrong_call(
    world: World, name: str, period: str, chosen: str | None
) -> None:
    with pytest.raises(UsageError):
        notify.prepare(world.services, name, PeriodId(period), unit=UnitId(chosen) if chosen else None)


# --- that it goes out once -------------------------------------------------------------------------


def test_each_letter_goes_out_once_with_its_bytes_kept_and_a_leaf(world: World, server: LocalMailServer) -> None:
    report = notify.send(world.services, "statement", OCTOBER)
    again = notify.send(world.services, "statement", OCTOBER)
    assert (report.sent, again.sent) == (3, 0)
    assert (states(report), states(again)) == (["sent"] * 3, ["sent"] * 3)
    assert not report.needs_person
    assert len(server.accepted) == 3
    kept = {world.services.files.get(mail.raw_sha256 or "") for mail in report.mails}
    assert kept == {mail.content for mail in server.accepted}
    with world.services.db.read() as uow:
        leaves = [leaf for leaf in uow.ledger.leaves() if leaf.kind is LeafKind.MAIL_SENT]
    assert {leaf.unit for leaf in leaves} == {A, B, C}
    assert all(b"vidu.example" not in leaf.body.replace(b"@vidu.example>", b"") for leaf in leaves)
    parsed = BytesParser(policy=policy.default).parsebytes(server.accepted[0].content)
    assert parsed["Message-ID"] == report.mails[0].message_id


def test_one_refused_address_never_blocks_the_batch(world: World, server: LocalMailServer) -> None:
    server.answers["RCPT bientap@ban-a.vidu.example"] = ["550 no such user"]
    report = notify.send(world.services, "statement", OCTOBER)
    assert states(report) == ["failed", "sent", "sent"]
    assert report.needs_person
    assert "550" in (report.mails[0].error or "")
    world.clock.advance(timedelta(days=1))
    assert states(notify.send(world.services, "statement", OCTOBER)) == ["failed", "sent", "sent"]
    assert "550" in notify.preview(world.services, "summary", OCTOBER)


def test_a_transient_refusal_waits_and_then_goes_out(world: World, server: LocalMailServer) -> None:
    server.answers["DATA"] = ["451 greylisted"]
    assert states(notify.send(world.services, "statement", OCTOBER, unit=A)) == ["queued"]
    assert states(notify.send(world.services, "statement", OCTOBER, unit=A)) == ["queued"]
    assert len(server.accepted) == 0
    world.clock.advance(timedelta(minutes=15))
    assert states(notify.send(world.services, "statement", OCTOBER, unit=A)) == ["sent"]
    assert len(server.accepted) == 1


def test_transient_refusals_end_after_five_days(world: World, server: LocalMailServer) -> None:
    server.answers["DATA"] = ["451 later"] * 100
    first = notify.send(world.services, "statement", OCTOBER, unit=A).mails[0]
    waits = []
    mail = first
    while mail.state == "queued":
        assert mail.not_before is not None
        waits.append(mail.not_before - world.clock.now())
        world.clock.advance(waits[-1])
        [mail] = notify.send(world.services, "statement", OCTOBER, unit=A).mails
    assert mail.state == "failed"
    assert waits[:3] == [timedelta(minutes=15), timedelta(minutes=30), timedelta(hours=1)]
    assert world.clock.now() - first.made_at <= timedelta(days=5)


def test_an_unknown_outcome_is_tried_once_more_with_the_same_message(world: World, server: LocalMailServer) -> None:
    server.answers["DATA"] = ["drop"]
    assert states(notify.send(world.services, "statement", OCTOBER, unit=A)) == ["unknown"]
    assert states(notify.send(world.services, "statement", OCTOBER, unit=A)) == ["unknown"]
    world.clock.advance(timedelta(minutes=15))
    assert states(notify.send(world.services, "statement", OCTOBER, unit=A)) == ["sent"]
    assert [mail.content for mail in server.accepted] == [server.accepted[0].content] * 2


def test_a_second_unknown_outcome_awaits_a_person(world: World, server: LocalMailServer) -> None:
    server.answers["DATA"] = ["drop", "451 later", "drop"]
    for _ in range(5):
        report = notify.send(world.services, "statement", OCTOBER, unit=A)
        world.clock.advance(timedelta(hours=2))
    assert states(report) == ["unknown"]
    assert report.needs_person
    assert len(server.accepted) == 2


def test_a_kept_message_that_is_lost_fails_alone(world: World, server: LocalMailServer, tmp_path: Path) -> None:
    server.answers["DATA"] = ["451 greylisted"]
    notify.send(world.services, "statement", OCTOBER, unit=A)
    shutil.rmtree(tmp_path / "files")
    world.clock.advance(timedelta(minutes=15))
    assert states(notify.send(world.services, "statement", OCTOBER)) == ["failed", "sent", "sent"]


def test_threads_that_send_at_once_send_one_message(world: World, server: LocalMailServer) -> None:
    server.answers["DATA"] = ["451 greylisted"]
    notify.send(world.services, "statement", OCTOBER, unit=A)
    world.clock.advance(timedelta(minutes=15))
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(notify.send, world.services, "statement", OCTOBER, unit=A) for _ in range(8)]:
            done.result(timeout=30)
    assert len(server.accepted) == 1


def test_a_process_killed_while_sending_is_an_unknown_outcome(world: World) -> None:
    class Killed(BaseException):
        pass

    class DyingMailer(MaildirMailer):
        def send(self, letter: Letter, message: bytes) -> str:
            super().send(letter, message)
            raise Killed

    maildir = world.services.mailer
    settings = MaildirSettings(directory=Path(str(maildir.verify().removeprefix("maildir "))))
    world.services = replace(world.services, mailer=DyingMailer(settings, clock=world.clock))
    with pytest.raises(Killed):
        notify.send(world.services, "statement", OCTOBER, unit=A)
    world.services = replace(world.services, mailer=maildir)
    assert states(notify.send(world.services, "statement", OCTOBER, unit=A)) == ["sending"]
    world.clock.advance(timedelta(minutes=15))
    assert states(notify.send(world.services, "statement", OCTOBER, unit=A)) == ["sent"]
    ids = [message["Message-ID"] for message in mailbox.Maildir(settings.directory, create=False)]
    assert len(ids) == 2
    assert len(set(ids)) == 1


def test_an_address_that_is_none_is_a_failed_mail_and_a_unit_without_one_is_named(tmp_path: Path) -> None:
    world = make_full_world(tmp_path, unit("ban-a", editors=("a@b>,<c@d",)), unit("ban-b"))
    try:
        report = notify.send(world.services, "statement", OCTOBER)
        assert states(report) == ["failed"]
        assert report.no_address == (B,)
        assert report.needs_person
    finally:
        closing(world)


def test_log_shows_what_was_sent(world: World) -> None:
    notify.send(world.services, "summary", OCTOBER)
    [mail] = notify.log(world.services, "summary")
    document = notify.mail_as_json(mail)
    assert (document["state"], document["unit"], document["recipients"]) == ("sent", None, ["vanphong@vidu.example"])
    assert notify.log(world.services, "statement") == []


def test_two_letters_of_one_period_never_share_an_id(world: World) -> None:
    letters = [
        addressed.letter
        for name in ("statement", "summary")
        for period in (OCTOBER, PeriodId("2026-11"))
        for addressed in notify.prepare(world.services, name, period)
    ]
    assert len({letter.message_id for letter in letters}) == len(letters) == 8
