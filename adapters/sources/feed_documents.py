"""Read a feed document: `parse_feed`, a function of bytes and options alone.

Text is decoded by us before any parser sees it. Every item of the document is accounted for: as a post, as a `Skipped`
with its reason, or in `beyond_cap`. Dates are read from the printed strings, all of one feed with one order of day and
month. NukeViet before 4.6 prints the month where the minutes belong (includes/core/theme_functions.php, `H:m:s`): where
that shows, the minutes are cut and the precision is the hour.
"""

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Literal

from adapters.html import absolute, clean_html, images_of, text_of_html, title_text
from adapters.sources.feed_items import RawFeed, RawItem
from adapters.sources.feed_trees import NotAFeed, read_raw
from syncd.domain.model import LOCAL, Precision, ReadDate
from syncd.ports.source import ImageData, PostData, Skipped
from syncd.vietnamese.dates import DayOrder, order_evidence, parse_date
from syncd.vietnamese.text import decode, nfc, one_line

__all__ = ["FeedOptions", "NotAFeed", "ParsedFeed", "parse_feed", "plain_minutes"]

_MAX_TITLE = 1_000
_MAX_ADDRESS = 2_000
_TITLE_FROM_TEXT = 120
_FULL_TEXT_WORDS = 120  # a "content" shorter than this may be a teaser under another name
_NUKEVIET_GUID = re.compile(r"^\s*news_\d+\s*$")
_MAIL_AND_NAME = re.compile(r"^[^\s()]+@[^\s()]+\s*\((.+)\)$")
_NO_MINUTES_UNSIGNED = 5  # so many items with minutes equal to the month, without NukeViet's signature: one in 10^8


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedOptions:
    """What is known of a source beforehand. `zone` None: a date without a zone has no instant."""

    zone: tzinfo | None = LOCAL
    day_order: DayOrder = "day-first"
    minutes: Literal["reliable", "unreliable", "auto"] = "auto"
    fetched_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A feed's posts in the order of the document. `total` counts all its items: posts, skipped, and beyond the cap."""

    format: str
    title: str
    posts: tuple[PostData, ...]
    skipped: tuple[Skipped, ...]
    total: int
    notes: tuple[str, ...]

    @property
    def beyond_cap(self) -> int:
        return self.total - len(self.posts) - len(self.skipped)


def parse_feed(
    document: bytes | str, *, content_type: str = "", base_url: str = "", options: FeedOptions | None = None
) -> ParsedFeed:
    """Read a whole feed.

    `base_url` is where the document came from: relative addresses stand against it, unless the feed says otherwise.

    Raises:
        NotAFeed: the document is no feed; `kind` says which fault (`not_a_feed`, `empty_body`, `hostile_document` ...).
    """
    options = options or FeedOptions()
    notes: list[str] = []
    if isinstance(document, bytes):
        decoded = decode(document, content_type=content_type)
        text = decoded.text
        if decoded.replaced:
            notes.append(f"{decoded.replaced} broken characters in {decoded.encoding}")
    else:
        text = document
    raw, well_formed = read_raw(text, base_url)
    if not well_formed:
        notes.append("not well-formed: read tolerantly")
    if raw.generator:
        notes.append(f"generator: {one_line(raw.generator)[:100]}")
    posts: list[PostData] = []
    skipped: list[Skipped] = []
    dates = _read_dates(raw, options, notes)
    for position, (item, published) in enumerate(zip(raw.items, dates, strict=True), start=1):
        post = _post(item, published, position, base_url)
        if isinstance(post, Skipped):
            skipped.append(post)
        else:
            posts.append(post)
    if raw.total > len(raw.items):
        notes.append(f"{raw.total} items: only the first {len(raw.items)} are kept")
    return ParsedFeed(
        format=raw.format,
        title=title_text(raw.title[:_MAX_TITLE]),
        posts=tuple(posts),
        skipped=tuple(skipped),
        total=raw.total,
        notes=tuple(notes),
    )


def plain_minutes(date: ReadDate) -> ReadDate:
    """The same date with nothing below the hour."""
    if date.instant is None or date.precision not in (Precision.SECOND, Precision.MINUTE):
        return date
    return replace(date, instant=date.instant.replace(minute=0, second=0), precision=Precision.HOUR)


def _read_dates(raw: RawFeed, options: FeedOptions, notes: list[str]) -> list[ReadDate]:
    order, mixed = _order_of(raw, options.day_order, notes)
    dates = []
    for item in raw.items:
        read = [
            (raw_date, _parse(raw_date, order, options)) for raw_date in dict.fromkeys([item.date, *item.other_dates])
        ]
        printed, date = next(((r, d) for r, d in read if d.instant is not None), read[0])
        if mixed and date.doubt is None and order_evidence(printed) == "either":
            date = replace(date, doubt="ambiguous_order")
        dates.append(date)
    for doubt, words in (
        ("no_zone", "without zone"),
        ("bad_zone", "with an impossible zone"),
        ("future", "in the future"),
    ):
        if count := sum(date.doubt == doubt for date in dates):
            notes.append(f"{count} dates {words}")
    if unreadable := sum(bool(date.raw) and date.doubt in ("unreadable", "empty_date") for date in dates):
        notes.append(f"{unreadable} dates that are none")
    if options.minutes == "unreliable" or (options.minutes == "auto" and _minutes_are_months(raw, dates)):
        notes.append("minutes cut: this feed prints the month in their place (NukeViet before 4.6)")
        return [plain_minutes(date) for date in dates]
    return dates


def _parse(printed: str, order: DayOrder, options: FeedOptions) -> ReadDate:
    return parse_date(printed, default_zone=options.zone, day_order=order, fetched_at=options.fetched_at, origin="feed")


def _order_of(raw: RawFeed, configured: DayOrder, notes: list[str]) -> tuple[DayOrder, bool]:
    """The order of day and month in this feed, and whether its own dates contradict one another about it."""
    seen = [order_evidence(item.date) for item in raw.items]
    other: DayOrder = "month-first" if configured == "day-first" else "day-first"
    against = seen.count(other)
    if not against:
        return configured, False
    if seen.count(configured):
        notes.append(f"day and month in both orders: {seen.count(configured)} {configured}, {against} {other}")
        return configured, True
    notes.append(f"dates are {other}: {against} of them can be nothing else")
    return other, False


def _minutes_are_months(raw: RawFeed, dates: list[ReadDate]) -> bool:
    instants = [date.instant for date in dates if date.instant is not None and date.precision is Precision.SECOND]
    if not instants or not all(instant.astimezone(UTC).minute == instant.astimezone(UTC).month for instant in instants):
        return False
    signed = "nukeviet" in raw.generator.lower() or any(_NUKEVIET_GUID.match(item.guid) for item in raw.items)
    return signed or len(instants) >= _NO_MINUTES_UNSIGNED


def _post(item: RawItem, published: ReadDate, position: int, base_url: str) -> PostData | Skipped:
    name = title_text(item.title[: _MAX_TITLE + 1]) or one_line(item.guid or item.link) or f"item {position}"
    if item.broken:
        return Skipped(item=f"item {position}", reason=item.broken)
    if len(item.title) > _MAX_TITLE * 10:
        return Skipped(item=name[:80], reason=f"a title of {len(item.title):,} characters")
    guid = one_line(item.guid)
    base = item.base or base_url
    url = absolute(item.link, base) if item.link.strip() else ""
    if not url and item.guid_is_address:
        url = absolute(guid, base)
    if not url or len(url) > _MAX_ADDRESS:
        reason = "no web address" if len(url) <= _MAX_ADDRESS else f"an address of {len(url):,} characters"
        return Skipped(item=name[:80], reason=reason)
    html = clean_html(item.content, base)
    summary = text_of_html(item.summary)
    if not html and len(summary.split()) >= _FULL_TEXT_WORDS:
        html = clean_html(item.summary, base)
    full_text = len(text_of_html(html).split()) >= _FULL_TEXT_WORDS if html else False
    html = html or clean_html(item.summary, base)
    title = title_text(item.title)
    if not title:
        title = _title_from(summary or text_of_html(html))
        if not title:
            return Skipped(item=url[:200], reason="neither title nor text")
    images = {image.url: image for image in images_of(html)}
    for address, words in item.images:
        if found := absolute(address, base):
            images.setdefault(found, ImageData(url=found, alt=one_line(words)))
    return PostData(
        title=title[:_MAX_TITLE],
        url=url,
        guid=guid or None,
        published=published,
        author=_author(item.author),
        categories=tuple(dict.fromkeys(filter(None, (title_text(c[:200]) for c in item.categories)))),
        summary=nfc(summary),
        html=html,
        full_text=full_text,
        images=tuple(images.values()),
    )


def _author(raw: str) -> str:
    name = title_text(raw[:500])
    match = _MAIL_AND_NAME.match(name)
    return match[1] if match else name


def _title_from(text: str) -> str:
    line = one_line(text)
    if len(line) <= _TITLE_FROM_TEXT:
        return line
    return line[:_TITLE_FROM_TEXT].rsplit(" ", 1)[0] + "…"
