"""Sort out what a reading brings: new posts, edits, posts whose own page is still to be read.

Network, and no transaction: `intake` writes it down afterwards.
"""

import html as html_text
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

from syncd.application.services import Services
from syncd.domain import identity
from syncd.domain.model import SourceId, Unit
from syncd.errors import ForeignError
from syncd.ports.records import Alias, PostRecord
from syncd.ports.source import PostData, Reading, Source
from syncd.vietnamese.fold import fold

PAGES_A_LOOK = 20
PAGE_FAILURES_A_LOOK = 3  # in a row: the site is in trouble, leave it alone until the next look
PAGE_PATIENCE = timedelta(days=3)  # how long a post's own page is tried for

_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(slots=True, kw_only=True)
class Arrival:
    """One listed post on its way in. `listed` is what the list gave, `post` the same with its own page, where that was read."""

    source: SourceId
    listed: PostData
    post: PostData
    identity: str
    aliases: tuple[Alias, ...]
    known: PostRecord | None = None
    read_page: bool = False
    pending: bool = False  # its own page is still to be read

    @property
    def here_before(self) -> bool:
        """Known, and from this source: another source of the unit words the same post in its own way, which is no edit."""
        return self.known is not None and self.known.source == self.source

    @property
    def edited(self) -> bool:
        """The list says something else than at the last look."""
        return self.here_before and self.known is not None and self.known.data_sha256 != data_sha256_of(self.listed)


@dataclass(slots=True, kw_only=True)
class Sorted:
    """What one reading brings, and what a person should know about it."""

    arrivals: list[Arrival] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def pending(self) -> bool:
        return any(arrival.pending for arrival in self.arrivals)

    @property
    def any_known(self) -> bool:
        return any(arrival.known for arrival in self.arrivals)


def sort_out(services: Services, unit: Unit, source: Source, reading: Reading) -> Sorted:
    """Recognise the listed posts and read the pages of those that need it, new ones first, at most `PAGES_A_LOOK`.

    A page that cannot be read costs its post nothing: it is stored with what the list gave, and tried again at a later look.
    """
    brought = Sorted(arrivals=_recognised_within(unit, source, reading))
    with services.db.read() as uow:
        found = uow.posts.find(unit.id, [alias for arrival in brought.arrivals for alias in arrival.aliases])
        records = uow.posts.many(set(found.values()))
    for arrival in brought.arrivals:
        post = next((found[alias] for alias in arrival.aliases if alias in found), None)
        arrival.known = records.get(post) if post is not None else None
    _read_pages(services, source, brought)
    return brought


def _recognised_within(unit: Unit, source: Source, reading: Reading) -> list[Arrival]:
    posts = [_storable(post) for post in reading.posts]
    shared = Counter(identity.normal_url(post.url) for post in posts)
    # What the source itself lists side by side, under two addresses, are two posts however alike their texts:
    # the counting shows the second as a duplicate, and nothing is lost.
    side_by_side = Counter(
        text
        for _, text in {
            (identity.normal_url(post.url), identity.text_alias(post.title, body_of(post))) for post in posts
        }
    )
    arrivals: list[Arrival] = []
    seen: set[Alias] = set()
    for listed in posts:
        url = identity.normal_url(listed.url)
        # Some feeds point every item at the home page: such an address says nothing about which post it is.
        own_url = bool(url) and (
            shared[url] == 1 or len({post.title for post in reading.posts if identity.normal_url(post.url) == url}) == 1
        )
        if listed.guid:
            name = identity.scoped_guid(listed.guid, source.url)
        else:
            name = url if own_url else f"{url}\n{fold(listed.title)}"
        aliases = [Alias(kind="guid", value=name)]
        if own_url:
            aliases.append(Alias(kind="url", value=url))
        aliases += [alias for alias in _told_by(listed) if alias.kind != "text" or side_by_side[alias.value] == 1]
        if seen.isdisjoint(aliases):
            arrivals.append(
                Arrival(
                    source=source.id, listed=listed, post=listed, identity=name, aliases=tuple(dict.fromkeys(aliases))
                )
            )
        seen.update(aliases)
    return arrivals


def _told_by(post: PostData) -> Iterator[Alias]:
    """The names that the post's own content gives it."""
    if post.canonical_url and identity.host_of(post.canonical_url) == identity.host_of(post.url):
        # A canonical address without a path is a template's mistake: all pages of the site would be one.
        canonical = identity.normal_url(post.canonical_url)
        if "/" in canonical.removeprefix("//") or "?" in canonical:
            yield Alias(kind="url", value=canonical)
    text = identity.text_alias(post.title, body_of(post))
    if text:
        yield Alias(kind="text", value=text)


def _read_pages(services: Services, source: Source, brought: Sorted) -> None:
    oldest = services.clock.now() - PAGE_PATIENCE
    wanted = [a for a in brought.arrivals if a.known is None]
    wanted += [a for a in brought.arrivals if a.edited]
    wanted += [
        a
        for a in brought.arrivals
        if a.here_before and not a.edited and a.known and a.known.words is None and a.known.first_seen >= oldest
    ]
    read = failed_in_a_row = 0
    for arrival in wanted:
        if arrival.listed.full_text:
            continue
        if read >= PAGES_A_LOOK or failed_in_a_row >= PAGE_FAILURES_A_LOOK:
            arrival.pending = True
            continue
        try:
            whole = source.complete(arrival.listed)
        except ForeignError as err:
            read, failed_in_a_row, arrival.pending = read + 1, failed_in_a_row + 1, True
            brought.notes.append(f"{arrival.listed.url}: {err.message}")
            continue
        if whole is not arrival.listed:
            read, failed_in_a_row, arrival.read_page = read + 1, 0, True
            arrival.post = _storable(whole)
            arrival.aliases = tuple(dict.fromkeys([*arrival.aliases, *_told_by(arrival.post)]))


def _storable(post: PostData) -> PostData:
    """No half surrogates (they have no UTF-8 form) and no NUL (PostgreSQL refuses it), whatever a site sends."""
    if not _NOT_STORABLE.search("".join([post.title, post.url, post.guid or "", post.author, post.summary, post.html])):
        return post
    return replace(
        post,
        title=_NOT_STORABLE.sub("\ufffd", post.title),
        url=_NOT_STORABLE.sub("\ufffd", post.url),
        guid=_NOT_STORABLE.sub("\ufffd", post.guid) if post.guid else None,
        author=_NOT_STORABLE.sub("\ufffd", post.author),
        summary=_NOT_STORABLE.sub("\ufffd", post.summary),
        html=_NOT_STORABLE.sub("\ufffd", post.html),
    )


def body_of(post: PostData) -> str:
    """The text as html, the summary where there is nothing else."""
    return post.html or (f"<p>{html_text.escape(post.summary)}</p>" if post.summary else "")


def data_sha256_of(post: PostData) -> str:
    """What tells an edit: the hash of the post as its list gave it."""
    return identity.data_sha256(post.title, body_of(post), [image.url for image in post.images])
