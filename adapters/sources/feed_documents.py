"""Read a feed document: `parse_feed`, a function of bytes and options alone.

Text is decoded by us before any parser sees it. Every item of the document is accounted for: as a post, by the fingerprint
under which it is settled, as a `Skipped` with its reason, or in `beyond_cap`.
"""

import hashlib
import re
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

from adapters.fragments import count_words, plain_fragment, plain_text
from adapters.html import absolute, clean_html, images_of, text_of_html, title_text
from adapters.sources.feed_dates import FeedOptions, plain_minutes, read_dates
from adapters.sources.feed_encodings import in_unicode
from adapters.sources.feed_items import RawFeed, RawItem
from adapters.sources.feed_trees import NotAFeed, read_raw, read_usual
from adapters.sources.feed_unread import guid_key, may_stay_unread
from syncd.domain.identity import normal_url
from syncd.domain.model import ReadDate
from syncd.ports.source import ImageData, PostData, Skipped
from syncd.vietnamese.text import decode, is_utf8_if_valid, one_line

__all__ = ["FeedOptions", "NotAFeed", "ParsedFeed", "parse_feed", "plain_minutes"]

_MAX_TITLE = 1_000
_MAX_ADDRESS = 2_000
_TITLE_FROM_TEXT = 120
_FULL_TEXT_WORDS = 120  # a "content" shorter than this may be a teaser under another name
_MAIL_AND_NAME = re.compile(r"^[^\s()]+@[^\s()]+\s*\((.+)\)$")
_READING = "2"  # another number lets every entry be read anew, for when this module reads entries otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedFeed:
    """A feed's posts in the order of the document, and the fingerprints of the entries that are settled.

    `dates` are those of both, in order, without those of unread entries between the first and the last, which would change nothing;
    `list_sha256` hashes their addresses and titles as printed. `total` counts all items: posts, settled,
    skipped, and beyond the cap. `cut` tells that the document breaks off, so that more may stand in it.
    """

    format: str
    title: str
    posts: tuple[PostData, ...]
    settled: tuple[str, ...]
    dates: tuple[ReadDate, ...]
    list_sha256: str
    skipped: tuple[Skipped, ...]
    total: int
    notes: tuple[str, ...]
    cut: bool = False

    @property
    def beyond_cap(self) -> int:
        return self.total - len(self.posts) - len(self.settled) - len(self.skipped)


def parse_feed(
    document: bytes | str,
    *,
    content_type: str = "",
    base_url: str = "",
    options: FeedOptions | None = None,
    settled: Collection[str] = (),
    number_of: Callable[[str], str | None] = lambda url: None,
) -> ParsedFeed:
    """Read a whole feed.

    `base_url` is where the document came from: relative addresses stand against it, unless the feed says otherwise. Of the
    entries whose fingerprints are `settled` at most address, guid, title and date are read. `number_of` tells a post's `stable_id` from its address.

    Raises:
        NotAFeed: the document is no feed; `kind` says which fault (`not_a_feed`, `empty_body`, `hostile_document` ...).
    """
    options = options or FeedOptions()
    notes: list[str] = []
    marks = _Marks(options, base_url, settled) if options.read_as else None
    raw, well_formed = _read(document, content_type, base_url, marks, notes)
    urls = [_address_of(item, base_url) for item in raw.items]
    if (
        marks
        and any(item.unread for item in raw.items)
        and not may_stay_unread(raw.items, urls, document, base_url, options)
    ):
        marks.leaves_unread = False
        raw, well_formed = _read(document, content_type, base_url, marks, notes)
        urls = [_address_of(item, base_url) for item in raw.items]
    shared = _sharing(raw.items, urls)
    if any(raw.items[at].brief for at in shared):
        raw, well_formed = _read(document, content_type, base_url, _Marks(options, base_url, ()), notes)
    if not well_formed:
        notes.append("not well-formed: read tolerantly")
    if raw.cut:
        notes.append("the document breaks off before its end")
    if raw.generator:
        notes.append(f"generator: {one_line(raw.generator)[:100]}")
    posts: list[PostData] = []
    standing: list[str] = []
    skipped: list[Skipped] = []
    dates: list[ReadDate] = []
    listed: list[bytes] = []
    old_encodings: Counter[str | None] = Counter()
    fingerprints = _fingerprints(raw.items, shared, marks)
    published = iter(read_dates(raw, options, notes))
    for position, (item, url, fingerprint) in enumerate(zip(raw.items, urls, fingerprints, strict=True), start=1):
        if item.unread:
            standing.append(fingerprint)
            listed.append(item.listed)
            continue
        date = next(published)
        if fingerprint and fingerprint in settled:
            standing.append(fingerprint)
        else:
            in_letters, converted = in_unicode(item)
            old_encodings[converted] += 1
            post = _post(in_letters, url, date, position, base_url, fingerprint, number_of)
            if isinstance(post, Skipped):
                skipped.append(post)
                continue
            posts.append(post)
        dates.append(date)
        listed.append(item.listed or f"{url}\0{item.title}".encode("utf-8", "surrogatepass"))
    notes += [f"{count} entries {note}" for note, count in old_encodings.items() if note]
    if raw.total > len(raw.items):
        notes.append(f"{raw.total} items: only the first {len(raw.items)} are kept")
    return ParsedFeed(
        format=raw.format,
        title=title_text(raw.title[:_MAX_TITLE]),
        posts=tuple(posts),
        settled=tuple(standing),
        dates=tuple(dates),
        list_sha256=hashlib.sha256(b"\0".join(listed)).hexdigest(),
        skipped=tuple(skipped),
        total=raw.total,
        notes=tuple(notes),
        cut=raw.cut,
    )


def _read(
    document: bytes | str, content_type: str, base_url: str, marks: "_Marks | None", notes: list[str]
) -> tuple[RawFeed, bool]:
    """The items as written, and whether the document is well-formed."""
    body = document.encode("utf-8", "surrogatepass") if isinstance(document, str) else document
    if isinstance(document, str) or is_utf8_if_valid(body, content_type=content_type):
        usual = read_usual(body.removeprefix(BOM_UTF8), base_url, marks)
        if usual is not None:
            return usual, True
    if isinstance(document, str):
        return read_raw(document, base_url)
    decoded = decode(document, content_type=content_type)
    if decoded.replaced:
        notes.append(f"{decoded.replaced} broken characters in {decoded.encoding}")
    return read_raw(decoded.text, base_url)


def _address_of(item: RawItem, base_url: str) -> str:
    """Where the item's post stands; empty where it does not say."""
    if item.unread:
        return ""
    base = item.base or base_url
    url = absolute(item.link, base) if item.link.strip() else ""
    if not url and item.guid_is_address:
        url = absolute(one_line(item.guid), base)
    return url


class _Marks:
    """Makes fingerprints: hashes over all that an item prints and all that decides how it is read."""

    def __init__(self, options: FeedOptions, base_url: str, settled: Collection[str]) -> None:
        self.settled = settled
        self.leaves_unread = True
        self._salt = f"{_READING}\0{options.read_as}\0{base_url}\0"

    def marker(self, context: str) -> Callable[[bytes], str]:
        salted = hashlib.blake2b(f"{self._salt}{context}\0".encode("utf-8", "surrogatepass"), digest_size=16)

        def mark(printed: bytes) -> str:
            hashed = salted.copy()
            hashed.update(printed)
            return hashed.hexdigest()

        return mark


def _sharing(items: list[RawItem], urls: list[str]) -> set[int]:
    """The positions of the items without an address, or that share theirs or a guid: what those mean depends on the items beside them."""
    names = [
        (at, normal_url(url), guid_key(item.guid))
        for at, (item, url) in enumerate(zip(items, urls, strict=True))
        if not item.unread
    ]
    pages_seen = Counter(page for _, page, _ in names)
    guids_seen = Counter(guid for _, _, guid in names if guid)
    return {at for at, page, guid in names if not page or pages_seen[page] > 1 or guids_seen[guid] > 1}


def _fingerprints(items: list[RawItem], shared: set[int], marks: _Marks | None) -> list[str]:
    """The fingerprint of each item; empty for those that must be read at each look."""
    if marks is None:
        return [""] * len(items)
    mark = marks.marker("")
    return [
        "" if at in shared else item.fingerprint or mark(_printed(item).encode("utf-8", "surrogatepass"))
        for at, item in enumerate(items)
    ]


def _printed(item: RawItem) -> str:
    """All that an item prints, where its source text is not known."""
    printed = [item.title, item.link, item.base, item.guid, item.date, item.author, item.summary, item.content]
    printed += ["1" if item.guid_is_address else "0", *item.other_dates, "\1", *item.categories, "\1"]
    return "\0".join([*printed, *(part for image in item.images for part in image)])


def _post(
    item: RawItem,
    url: str,
    published: ReadDate,
    position: int,
    base_url: str,
    fingerprint: str,
    number_of: Callable[[str], str | None],
) -> PostData | Skipped:
    if item.broken:
        return Skipped(item=f"item {position}", reason=item.broken)
    if len(item.title) > _MAX_TITLE * 10:
        return Skipped(item=_name(item, position), reason=f"a title of {len(item.title):,} characters")
    guid = one_line(item.guid)
    base = item.base or base_url
    if not url or len(url) > _MAX_ADDRESS:
        reason = "no web address" if len(url) <= _MAX_ADDRESS else f"an address of {len(url):,} characters"
        return Skipped(item=_name(item, position), reason=reason)
    texts = _texts_of(item, base)
    title = title_text(item.title)
    if not title:
        title = _title_from(texts.summary or text_of_html(texts.html))
        if not title:
            return Skipped(item=url[:200], reason="neither title nor text")
    images = texts.images
    if item.images:
        listed = {image.url: image for image in images}
        for address, words in item.images:
            if found := absolute(address, base):
                listed.setdefault(found, ImageData(url=found, alt=one_line(words)))
        images = tuple(listed.values())
    return PostData(
        title=title[:_MAX_TITLE],
        url=url,
        guid=guid or None,
        stable_id=number_of(url),
        published=published,
        author=_author(item.author),
        categories=tuple(dict.fromkeys(filter(None, [title_text(name[:200]) for name in item.categories]))),
        summary=texts.summary,
        html=texts.html,
        full_text=texts.full,
        images=images,
        fingerprint=fingerprint,
    )


def _name(item: RawItem, position: int) -> str:
    """What a person may know an item by that cannot be read."""
    name = title_text(item.title[: _MAX_TITLE + 1]) or one_line(item.guid or item.link) or f"item {position}"
    return name[:80]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Texts:
    """What an item says: its body, its summary as plain text, and whether the body is the whole article."""

    html: str
    summary: str
    full: bool
    images: tuple[ImageData, ...]


def _texts_of(item: RawItem, base: str) -> _Texts:
    plain = plain_fragment(item.content, base) if item.content else None
    html = plain.html if plain else clean_html(item.content, base)
    if html:
        summary = plain_text(item.summary)
        full = _is_long(plain.text if plain else plain_text(html))
    else:
        plain = plain_fragment(item.summary, base)
        html = plain.html if plain else clean_html(item.summary, base)
        summary = plain.text if plain else text_of_html(item.summary)
        full = _is_long(summary) and (plain is not None or _is_long(plain_text(html)))
    return _Texts(html=html, summary=summary, full=full, images=plain.images if plain else images_of(html))


def _is_long(text: str) -> bool:
    return count_words(text) >= _FULL_TEXT_WORDS


def _author(raw: str) -> str:
    if not raw:
        return ""
    name = title_text(raw[:500])
    match = _MAIL_AND_NAME.match(name)
    return match[1] if match else name


def _title_from(text: str) -> str:
    line = one_line(text)
    if len(line) <= _TITLE_FROM_TEXT:
        return line
    return line[:_TITLE_FROM_TEXT].rsplit(" ", 1)[0] + "…"
