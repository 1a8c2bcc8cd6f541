"""The mail server."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message, ready to send. `message_id` is stable over retries: the hash of what it is about."""

    message_id: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    html: str
    reply_to: str | None = None


class Mailer(Protocol):
    name: str

    def verify(self) -> str:
        """Reach the server without sending: what it says of itself."""
        ...

    def compose(self, letter: Letter) -> bytes:
        """The whole message, dated now, as it will go over the wire: kept as evidence, and sent again unchanged on a retry.

        Raises:
            MailError: `permanent`, for an address that is none.
        """
        ...

    def send(self, letter: Letter, message: bytes) -> str:
        """Hand `message`, as `compose` made it, over to the letter's recipients; the server's answer.

        May refuse single recipients: then it raises after the others were accepted.

        Raises:
            MailError: `permanent` for 5xx, `unknown` when the connection broke after the final dot.
        """
        ...
