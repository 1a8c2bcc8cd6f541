"""What the row and the leaf of a listed post say. Reads nothing and writes nothing."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from syncd.application.collecting.arrivals import Arrival, body_of
from syncd.application.collecting.linked_files import linked_files
from syncd.domain import identity
from syncd.domain.ledger import instant_text
from syncd.domain.model import Precision, SourceKey, Unit, Window
from syncd.ports.records import PostRecord, SourceState
from syncd.ports.source import PostData, Source
from syncd.vietnamese.secrecy import Stamp, stamps_in
from syncd.vietnamese.secrecy_names import find_mark_in_name

BACK_DATED_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The reading that the posts come from, as their records name it.

    `state` is the source's after the look before. Of a page behind the list it says nothing: there `windows` are all that was ever read
    of the source.
    """

    at: datetime
    state: SourceState | None
    body_sha256: str
    keeps_list: bool  # the exact bytes of the list are among the files
    keeps_pages: bool  # and those of the posts' own pages
    windows: tuple[Window, ...] = ()

    @property
    def list_capture(self) -> str | None:
        return self.body_sha256 if self.keeps_list else None

    def page_capture(self, post: PostData) -> str | None:
        return post.article.body_sha256 if self.keeps_pages and post.article else None


def new_record(
    unit: Unit,
    source: Source,
    key: SourceKey,
    arrival: Arrival,
    look: Look,
    hosts: Callable[[], Collection[str]],
    *,
    quarantine: str | None,
    leaf: int,
) -> PostRecord:
    """The row of a post seen for the first time; `leaf` is the number of the leaf that tells of it."""
    post, text = arrival.post, arrival.text
    published = post.published
    return PostRecord(
        unit=unit.id,
        source=source.id,
        key=key,
        title=post.title,
        url=post.url,
        first_seen=look.at,
        published_at=published.instant,
        precision=published.precision,
        date_raw=published.raw,
        date_origin=published.origin,
        date_doubt=published.doubt,
        guid=post.guid,
        author=post.author,
        categories=post.categories,
        summary=post.summary,
        html=body_of(post),
        images=images_of(post),
        attachments=attachments_of(post),
        words=text.words if post.full_text else None,
        text_sha256=text.sha256,
        data_sha256=arrival.data_sha256,
        reprint=is_reprint(unit, text, hosts),
        back_dated=_is_back_dated(published.instant, published.precision, look),
        quarantine=quarantine,
        list_capture=look.list_capture,
        page_capture=look.page_capture(post),
        seen_leaf=leaf,
    )


def is_reprint(unit: Unit, text: identity.Text, hosts: Callable[[], Collection[str]]) -> bool:
    """Whether a source line names the press; `hosts`, the unit's own, are asked only where it names a host."""
    return identity.reprint_of(text, unit_name=unit.name, own_hosts=hosts) is not None


def mark_in(arrival: Arrival) -> str | None:
    """The mark that forbids the post to leave: in its title, summary or text, or in the name of a file."""
    return next((stamp.mark for stamp in _stamps_of(arrival)), None)


def new_mark_in(arrival: Arrival, old: PostRecord) -> str | None:
    """The mark of an edited post that bore none, or that a person released: what stood there then stays released."""
    stamps = list(_stamps_of(arrival))
    if not stamps:
        return None
    lines = identity.read_text(old.html).lines
    released = {*_stamps_in(old.title, old.summary, lines), *_stamps_in_names(old.attachments)}
    return next((stamp.mark for stamp in stamps if stamp not in released), None)


def _stamps_of(arrival: Arrival) -> Iterator[Stamp]:
    post = arrival.post
    yield from _stamps_in(post.title, post.summary, arrival.text.lines)
    yield from _stamps_in_names(attachments_of(post))


def _stamps_in(title: str, summary: str, lines: Iterable[str]) -> Iterator[Stamp]:
    text = "\n".join(lines)
    # Many feeds give the whole text as the summary too: the same lines a second time can tell nothing more.
    return stamps_in(title, text if summary == text else f"{summary}\n{text}")


def _stamps_in_names(files: Iterable[Mapping[str, str]]) -> Iterator[Stamp]:
    for file in files:
        mark = find_mark_in_name(file["title"], file["url"])
        if mark:
            yield Stamp(mark, f"{file['title']} {file['url']}")


def images_of(post: PostData) -> tuple[dict[str, str], ...]:
    """Its pictures, as rows hold them."""
    return tuple({"url": image.url, "alt": image.alt, "caption": image.caption} for image in post.images)


def attachments_of(post: PostData) -> tuple[dict[str, str], ...]:
    """Its files, as rows hold them: those that its source names, else those that its text links to."""
    files = post.attachments or linked_files(post.html, post.url)
    return tuple({"url": file.url, "title": file.title} for file in files)


def told_of(
    key: SourceKey,
    post: PostData,
    *,
    text_sha256: str,
    published: datetime | None,
    published_raw: str,
    precision: Precision,
    quarantine: str | None,
) -> dict[str, object]:
    """What a leaf says of one post: enough to prove each of its texts, and none of them; of a withheld one not its address either."""
    return {
        "key": key,
        **({"url_sha256": hashlib.sha256(post.url.encode()).hexdigest()} if quarantine else {"url": post.url}),
        "title_sha256": identity.title_sha256(post.title),
        "text_sha256": text_sha256,
        "published": instant_text(published) if published else None,
        "published_raw": published_raw,
        "precision": precision.value,
        "page_sha256": post.article.body_sha256 if post.article else None,
        "quarantine": quarantine,
    }


def _is_back_dated(instant: datetime | None, precision: Precision, look: Look) -> bool:
    """Whether a complete list read before, made after the claimed instant, lacked the post."""
    if instant is None or precision is Precision.MONTH:
        return False
    state = look.state
    if state is None:
        return any(
            (window.start is None or window.start <= instant) and instant + BACK_DATED_AFTER < window.end <= look.at
            for window in look.windows
        )
    if state.last_ok_at is None:
        return False
    if state.last_ok_at > look.at:
        return False  # a clock that was set back since: nothing is known of what stood there when
    covered = state.covers_all or (state.covers_from is not None and state.covers_from <= instant)
    return covered and instant + BACK_DATED_AFTER < state.last_ok_at
