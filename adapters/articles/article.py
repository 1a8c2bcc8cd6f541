"""What is asked of an article's own page, and what it gives: the values that cross into the extraction worker and back.

All are plain and picklable. `ArticleReader` is what the sources and the probe hold; `reading.read_article` does the work
in this process, `worker.ArticleWorker` in one of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Protocol

from syncd.domain.model import LOCAL, NO_DATE, ReadDate
from syncd.ports.source import AttachmentData, ImageData
from syncd.vietnamese.readings import DayOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRules:
    """How one site lays out its articles. CSS selectors, each list tried in its order; an empty one leaves that part to what the page states of itself, then to the generic reading.

    `remove` is cut from the text before it is cleaned. `not_a_date` marks clocks and sidebars: no date is ever read within.
    `zone` None: a date without a zone has no instant.
    """

    content: Sequence[str] = ()
    title: Sequence[str] = ()
    date: Sequence[str] = ()
    author: Sequence[str] = ()
    category: Sequence[str] = ()
    attachments: Sequence[str] = ()
    remove: Sequence[str] = ()
    not_a_date: Sequence[str] = ()
    generic: bool = True  # whether the text may be found without selectors
    zone: tzinfo | None = LOCAL
    day_order: DayOrder = "day-first"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleData:
    """One article as its page gives it. Text is NFC, `html` cleaned to the allow-list, addresses are absolute.

    `found_by` tells how the text was found: `selectors`, `stated` (the page's own JSON-LD), `generic`, or `nothing` (then `html` is empty).
    """

    title: str = ""
    canonical_url: str | None = None
    published: ReadDate = NO_DATE
    author: str = ""
    categories: tuple[str, ...] = ()
    summary: str = ""
    html: str = ""
    text: str = ""
    images: tuple[ImageData, ...] = ()
    attachments: tuple[AttachmentData, ...] = ()
    found_by: str = "nothing"
    notes: tuple[str, ...] = field(default_factory=tuple)


class ArticleFault(Exception):
    """A page that cannot be read as an article. `kind`: `too_large`, `too_slow`, `worker_died`, `not_html`."""

    def __init__(self, message: str, *, kind: str) -> None:
        super().__init__(message)
        self.kind = kind


class ArticleReader(Protocol):
    """May be shared by threads."""

    def read(
        self, body: bytes, *, content_type: str, url: str, rules: ArticleRules, fetched_at: datetime
    ) -> ArticleData:
        """Read one page; `url` is where it came from after redirects.

        Raises:
            ArticleFault: nothing can be read; the next page may.
        """
        ...
