"""SMTP against a real server on loopback, and the Maildir."""

import mailbox
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.mail.maildir import MaildirMailer, MaildirSettings
from adapters.mail.smtp import SmtpMailer, SmtpSettings
from syncd.clock import SystemClock
from syncd.errors import MailError
from syncd.ports.mail import Letter
from syncd.testing.local_mail import LocalMailServer

LETTER = Letter(
    message_id="<feed@vidu.example>",
    sender="syncd <syncd@vidu.example>",
    recipients=("a@vidu.example", "b@vidu.example"),
    subject="Kết quả tháng 10/2026",
    text=".\nmột dòng\n..\n",
    html="<p>một dòng</p>",
)


@pytest.fixture
def server() -> Iterator[LocalMailServer]:
    with LocalMailServer() as running:
        yield running


def mailer(server: LocalMailServer, **settings: object) -> SmtpMailer:
    values: dict[str, object] = {"host": "127.0.0.1", "port": server.port, "security": "none", "timeout_s": 5.0}
    return SmtpMailer(SmtpSettings(**{**values, **settings}), clock=SystemClock())  # type: ignore[arg-type]  # a table of fields


def send(mailer: SmtpMailer | MaildirMailer) -> str:
    return mailer.send(LETTER, mailer.compose(LETTER))


def test_the_server_gets_exactly_the_composed_bytes(server: LocalMailServer) -> None:
    smtp = mailer(server)
    message = smtp.compose(LETTER)
    assert smtp.send(LETTER, message).startswith("250")
    assert [(m.sender, m.recipients, m.content) for m in server.accepted] == [
        ("syncd@vidu.example", LETTER.recipients, message)
    ]


def test_verify_says_who_answers_and_sends_nothing(server: LocalMailServer) -> None:
    assert "127.0.0.1" in mailer(server).verify()
    assert server.accepted == []


@pytest.mark.parametrize(
    ("step", "reply", "permanent"),
    [
        ("MAIL", "451 later", False),
        ("MAIL", "552 too big", True),
        ("DATA", "451 greylisted", False),
        ("DATA", "554 spam", True),
    ],
)
def test_a_refusal_says_whether_a_retry_helps(server: LocalMailServer, step: str, reply: str, permanent: bool) -> None:
    server.answers[step] = [reply]
    with pytest.raises(MailError) as caught:
        send(mailer(server))
    assert (caught.value.permanent, caught.value.unknown) == (permanent, False)
    assert reply in caught.value.message
    assert server.accepted == []


@pytest.mark.parametrize(("reply", "permanent"), [("450 greylisted", False), ("550 no such user", True)])
def test_all_recipients_refused_sends_nothing(server: LocalMailServer, reply: str, permanent: bool) -> None:
    server.answers["RCPT"] = [reply, reply]
    with pytest.raises(MailError) as caught:
        send(mailer(server))
    assert caught.value.permanent is permanent
    assert "DATA" not in server.steps


def test_one_refused_recipient_is_told_after_the_others_were_accepted(server: LocalMailServer) -> None:
    server.answers["RCPT b@vidu.example"] = ["550 no such user"]
    with pytest.raises(MailError, match=r"b@vidu\.example") as caught:
        send(mailer(server))
    assert caught.value.kind == "some_refused"
    assert [m.recipients for m in server.accepted] == [("a@vidu.example",)]


def test_a_connection_lost_after_the_final_dot_is_an_unknown_outcome(server: LocalMailServer) -> None:
    server.answers["DATA"] = ["drop"]
    with pytest.raises(MailError) as caught:
        send(mailer(server))
    assert caught.value.unknown
    assert len(server.accepted) == 1


def test_a_connection_lost_before_the_message_is_no_unknown_outcome(server: LocalMailServer) -> None:
    server.answers["MAIL"] = ["drop"]
    with pytest.raises(MailError) as caught:
        send(mailer(server))
    assert (caught.value.unknown, caught.value.permanent) == (False, False)


def test_a_server_without_starttls_gets_nothing(server: LocalMailServer) -> None:
    with pytest.raises(MailError, match="STARTTLS") as caught:
        send(mailer(server, security="starttls"))
    assert caught.value.kind == "no_starttls"
    assert server.steps == []


def test_nobody_listening_is_refused_with_a_hint() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings = SmtpSettings(host="127.0.0.1", port=free.getsockname()[1], security="none", timeout_s=2)
        with pytest.raises(MailError) as caught:
            SmtpMailer(settings, clock=SystemClock()).verify()
    assert (caught.value.kind, caught.value.unknown) == ("refused", False)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("banner", "permanent"), [(b"421 too busy\r\n", False), (b"554 go away\r\n", True), (b"", False)]
)
def test_a_bad_banner_is_a_mail_error(banner: bytes, permanent: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def greet() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(banner)

        thread = threading.Thread(target=greet)
        thread.start()
        settings = SmtpSettings(host="127.0.0.1", port=listening.getsockname()[1], security="none", timeout_s=2)
        with pytest.raises(MailError) as caught:
            SmtpMailer(settings, clock=SystemClock()).verify()
        thread.join()
    assert caught.value.permanent is permanent


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not on this machine")
    folder = tmp_path_factory.mktemp("tls")
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run(
        [*command.split(), "-keyout", "key.pem", "-out", "cert.pem"], cwd=folder, check=True, capture_output=True
    )
    return folder


def test_starttls_is_used_and_the_certificate_is_checked(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    with LocalMailServer(tls=context) as server:
        settings = SmtpSettings(host="127.0.0.1", port=server.port, timeout_s=5)
        with pytest.raises(MailError) as caught:
            send(SmtpMailer(settings, clock=SystemClock()))
        assert caught.value.kind == "tls"
        assert server.accepted == []
        trusting = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
        assert send(SmtpMailer(settings, clock=SystemClock(), tls=trusting)).startswith("250")


def test_maildir_holds_the_message_and_makes_its_folder(tmp_path: Path) -> None:
    settings = MaildirSettings(directory=tmp_path / "var" / "mail")
    maildir = MaildirMailer(settings, clock=SystemClock())
    maildir.verify()
    send(maildir)
    [message] = list(mailbox.Maildir(settings.directory, create=False))
    assert message["Message-ID"] == LETTER.message_id


def test_a_maildir_that_cannot_be_made_is_a_mail_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(MailError, match="maildir"):
        MaildirMailer(MaildirSettings(directory=tmp_path / "file" / "mail"), clock=SystemClock()).verify()
