"""A real SMTP server on 127.0.0.1, for tests of mail and for rehearsals. Needs aiosmtpd, imported when one is started; its handlers are coroutines by its own rule."""

import asyncio
import ssl
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedMail:
    """One message as accepted: the envelope and the exact bytes after the removal of dots."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes


@dataclass(slots=True, kw_only=True)
class LocalMailServer:
    """`with LocalMailServer() as server:` listens on `server.port`.

    `answers` maps a step (`MAIL`, `RCPT`, `RCPT <address>`, `DATA`) to replies given before the normal one, in order: each is used once.
    A reply `drop` closes the connection; after `DATA` it does so once the message is in `accepted`. `tls` offers STARTTLS.
    """

    tls: ssl.SSLContext | None = None
    answers: dict[str, list[str]] = field(default_factory=dict)
    accepted: list[ReceivedMail] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    port: int = 0
    _controller: Any = None

    def __enter__(self) -> "LocalMailServer":
        self._controller = _controller(self)
        self._controller.start()
        self.port = self._controller.server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()

    def reply(self, *steps: str) -> str | None:
        """The next reply planned for any of these steps, the more particular first."""
        self.steps.append(steps[0])
        for step in steps:
            if planned := self.answers.get(step):
                return planned.pop(0)
        return None


def _controller(server: LocalMailServer) -> Any:
    from aiosmtpd.controller import Controller

    class Handler:
        async def handle_MAIL(self, smtp: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
            if planned := server.reply("MAIL"):
                return _or_drop(smtp, planned)
            envelope.mail_from = address
            return "250 OK"

        async def handle_RCPT(self, smtp: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
            if planned := server.reply(f"RCPT {address}", "RCPT"):
                return _or_drop(smtp, planned)
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, smtp: Any, session: Any, envelope: Any) -> str:
            planned = server.reply("DATA")
            if planned is None or planned == "drop":
                server.accepted.append(
                    ReceivedMail(
                        sender=envelope.mail_from,
                        recipients=tuple(envelope.rcpt_tos),
                        content=envelope.original_content,
                    )
                )
            return "250 accepted" if planned is None else _or_drop(smtp, planned)

    class EphemeralController(Controller):
        server: asyncio.Server

        def _trigger_server(self) -> None:
            # Port 0 is known only once the server listens; the controller's self-test then connects to it.
            self.port = self.server.sockets[0].getsockname()[1]
            super()._trigger_server()  # type: ignore[no-untyped-call]  # aiosmtpd 1.4.6 leaves it unannotated

    options: dict[str, Any] = {"tls_context": server.tls} if server.tls else {}
    return EphemeralController(Handler(), hostname="127.0.0.1", port=0, server_hostname="localhost", **options)


def _or_drop(smtp: Any, reply: str) -> str:
    if reply == "drop":
        smtp.transport.abort()
        return "421 gone"
    return reply
