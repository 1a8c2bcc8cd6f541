"""What is read out of a file."""

from dataclasses import dataclass
from enum import StrEnum


class TextState(StrEnum):
    READ = "read"
    NO_TEXT = "no text to read"  # a scan: pictures of pages
    LOCKED = "locked with a password"
    UNREADABLE = "could not be read"  # damaged, hostile, or too much
    OTHER = "no kind of file that is read"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileText:
    """The text of a file, page by page or part by part (body, header, footer), lines parted by line feeds.

    `why` says more of a file that could not be read; it quotes nothing of the file.
    """

    state: TextState
    pages: tuple[str, ...] = ()
    why: str = ""


class Unreadable(Exception):
    """The file is damaged, locked or of another kind; the message quotes nothing of it."""

    def __init__(self, state: TextState, why: str = "") -> None:
        super().__init__(why)
        self.state = state
        self.why = why
