"""Put mail into a Maildir on this machine: for a first start without a mail server, rehearsals, and offices whose own program sends it on.

Standard library `mailbox.Maildir`: written to `tmp`, synced, moved to `new`. Any mail program or `mutt -f DIR` reads it.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from syncd.errors import MailError
from syncd.ports.clock import Clock
from syncd.ports.mail import Letter

if TYPE_CHECKING:
    import mailbox


@dataclass(frozen=True, slots=True, kw_only=True)
class MaildirSettings:
    directory: Path


class MaildirMailer:
    """Delivers into one Maildir. May be shared by threads: each message is a file of its own."""

    name = "maildir"
    Settings = MaildirSettings

    def __init__(self, settings: MaildirSettings, *, clock: Clock) -> None:
        self._directory = settings.directory
        self._clock = clock

    def verify(self) -> str:
        self._open()
        if not os.access(self._directory / "new", os.W_OK):
            raise self._failed("is not writable")
        return f"maildir {self._directory}"

    def compose(self, letter: Letter) -> bytes:
        from adapters.mail.message import build  # the library for mail: every command reads [mail], few write a letter

        return build(letter, date=self._clock.now())

    def send(self, letter: Letter, message: bytes) -> str:
        from adapters.mail.message import envelope  # as above

        envelope(letter)
        try:
            return f"stored as {self._open().add(message)}"
        except OSError as err:
            raise self._failed(f"could not be written: {err.strerror}") from err

    def _open(self) -> "mailbox.Maildir":
        import mailbox  # as above

        try:
            self._directory.parent.mkdir(parents=True, exist_ok=True)
            return mailbox.Maildir(self._directory, factory=None, create=True)
        except OSError as err:
            raise self._failed(f"could not be opened: {err.strerror}") from err

    def _failed(self, what: str) -> MailError:
        return MailError(
            f"maildir {self._directory} {what}",
            kind="maildir",
            subject=str(self._directory),
            hint="look at [mail] directory and at who may write there",
        )
