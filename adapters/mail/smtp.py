"""Send mail over SMTP (RFC 5321) with the standard library's smtplib, one connection a message.

`starttls` (RFC 3207) is required when asked for: a server that does not offer it is refused before anything is said. The dialogue is spelled
out so that the stage at which it broke is known: only after the message was on its way is the outcome unknown.
"""

import contextlib
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass

from adapters.mail.message import build, clean_header, envelope
from syncd.errors import MailError
from syncd.ports.clock import Clock
from syncd.ports.mail import Letter
from syncd.ports.secret import Secret

SECURITIES = ("starttls", "tls", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """`security`: `starttls` | `tls` | `none`. `timeout_s` bounds each step of the dialogue."""

    host: str
    port: int = 587
    security: str = "starttls"
    username: str = ""
    password: Secret | None = None
    timeout_s: float = 30.0

    def __post_init__(self) -> None:
        if self.security not in SECURITIES:
            raise ValueError(f"security must be one of {', '.join(SECURITIES)}")


class SmtpMailer:
    """One mail server. May be shared by threads: every call has its own connection."""

    name = "smtp"
    Settings = SmtpSettings

    def __init__(self, settings: SmtpSettings, *, clock: Clock, tls: ssl.SSLContext | None = None) -> None:
        self._settings = settings
        self._clock = clock
        self._tls = tls  # None: the system's certificate authorities

    def verify(self) -> str:
        with self._session() as smtp:
            said = clean_header((smtp.ehlo_resp or smtp.helo_resp or b"").decode("ascii", "replace"))
            return f"{self._settings.host}:{self._settings.port} {said}"

    def compose(self, letter: Letter) -> bytes:
        return build(letter, date=self._clock.now())

    def send(self, letter: Letter, message: bytes) -> str:
        sender, recipients = envelope(letter)
        with self._session() as smtp:
            self._step(smtp.mail(sender), "MAIL FROM", expected=(250,))
            refused: dict[str, MailError] = {}
            for recipient in recipients:
                try:
                    self._step(smtp.rcpt(recipient), f"RCPT TO {recipient}", expected=(250, 251))
                except MailError as err:
                    refused[recipient] = err
            if len(refused) == len(recipients):
                raise next(iter(refused.values()))
            self._step(smtp.docmd("DATA"), "DATA", expected=(354,))
            answer = self._transmit(smtp, message)
        if refused:
            raise MailError(
                f"{self._settings.host} refused {', '.join(refused)} and took the message for the others",
                kind="some_refused",
                permanent=True,
                subject=letter.message_id,
                hint="; ".join(err.message for err in refused.values()),
            )
        return answer

    def _transmit(self, smtp: smtplib.SMTP, message: bytes) -> str:
        stuffed = re.sub(rb"(?m)^\.", b"..", message)
        try:
            smtp.send(stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n")
            reply = smtp.getreply()
        except (OSError, smtplib.SMTPException) as err:
            raise MailError(
                f"{self._settings.host} did not answer after the message was sent: {_said(err)}",
                unknown=True,
                kind="no_answer",
                subject=self._settings.host,
                hint="it may have been accepted; it is sent once more with the same Message-ID",
            ) from err
        return self._step(reply, "the message", expected=(250,))

    @contextlib.contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        settings = self._settings
        smtp: smtplib.SMTP | None = None
        try:
            context = self._tls or ssl.create_default_context()
            if settings.security == "tls":
                smtp = smtplib.SMTP_SSL(settings.host, settings.port, timeout=settings.timeout_s, context=context)
            else:
                smtp = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout_s)
            smtp.ehlo_or_helo_if_needed()
            if settings.security == "starttls":
                if not smtp.has_extn("starttls"):
                    raise MailError(
                        f"{settings.host}:{settings.port} does not offer STARTTLS: nothing was sent",
                        kind="no_starttls",
                        subject=settings.host,
                        hint='use port 465 with security = "tls", or security = "none" on a network you trust',
                    )
                smtp.starttls(context=context)
                smtp.ehlo_or_helo_if_needed()
            if settings.username:
                smtp.login(settings.username, settings.password.reveal() if settings.password else "")
            yield smtp
        except smtplib.SMTPResponseException as err:
            raise self._refusal(err.smtp_code, err.smtp_error, "the connection") from err
        except (OSError, smtplib.SMTPException) as err:
            raise MailError(
                f"{settings.host}:{settings.port} cannot be used: {_said(err)}",
                kind=_kind(err),
                subject=settings.host,
                hint="look at [mail] host, port and security, and at the mail server",
            ) from err
        finally:
            if smtp is not None:
                # The answer to QUIT changes nothing: what was accepted is accepted.
                with contextlib.suppress(OSError, smtplib.SMTPException):
                    smtp.quit()
                smtp.close()

    def _step(self, reply: tuple[int, bytes], step: str, *, expected: tuple[int, ...]) -> str:
        code, text = reply
        if code not in expected:
            raise self._refusal(code, text, step)
        return clean_header(f"{code} {text.decode('utf-8', 'replace')}")

    def _refusal(self, code: int, text: bytes | str, step: str) -> MailError:
        said = clean_header(text.decode("utf-8", "replace") if isinstance(text, bytes) else text)
        return MailError(
            f"{self._settings.host} refused {clean_header(step)}: {code} {said}",
            kind="login" if code in (530, 534, 535, 538) else f"smtp_{code}",
            permanent=500 <= code < 600,
            subject=self._settings.host,
            hint="look at [mail] username and password" if code in (530, 534, 535, 538) else None,
        )


def _said(err: Exception) -> str:
    return clean_header(str(err) or type(err).__name__)


def _kind(err: Exception) -> str:
    if isinstance(err, ssl.SSLError):
        return "tls"
    if isinstance(err, TimeoutError):
        return "timeout"
    if isinstance(err, socket.gaierror):
        return "dns"
    if isinstance(err, ConnectionRefusedError):
        return "refused"
    return "reset" if isinstance(err, ConnectionError | smtplib.SMTPServerDisconnected) else "protocol"
