"""Sort out what a reading brings: new posts, edits, posts whose own page is still to be read.

Network, and no transaction: `intake` writes it down afterwards.
"""

import html as html_text
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from syncd.application.services import Services
from syncd.domain import identity
from syncd.domain.model import PostId, Precision, SourceId, Unit
from syncd.errors import ForeignError
from syncd.ports.records import Alias, PostRecord
from syncd.ports.source import PostData, Reading, Source
from syncd.vietnamese.fold import fold
from syncd.vietnamese.storable import storable

PAGES_A_LOOK = 20
PAGE_FAILURES_A_LOOK = 3  # in a row: the site is in trouble, leave it alone until the next look
PAGE_PATIENCE = timedelta(days=3)  # how long a post's own page is tried for


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
        arrival.known = recognised(arrival, found, records)
    _read_pages(services, source, brought)
    return brought


def recognised(
    arrival: Arrival, found: Mapping[Alias, PostId], records: Mapping[PostId, PostRecord]
) -> PostRecord | None:
    """The post that an arrival is, among those known by one of its names; None where each name is another post's."""
    for alias in arrival.aliases:
        record = records.get(found[alias]) if alias in found else None
        if record is not None and _is_same(arrival, alias, record):
            return record
    return None


def _is_same(arrival: Arrival, alias: Alias, record: PostRecord) -> bool:
    """Whether a name proves it. Sites start their numbers anew, name one canonical address on every page, and announce
    each week's schedule in the same words: at one source a name alone is not enough where all else differs.
    """
    post = arrival.post
    if record.source != arrival.source or (alias.kind == "url" and alias.value == identity.normal_url(post.url)):
        return True
    if fold(record.title) == fold(post.title):
        return True
    same_instant = post.published.instant is not None and post.published.instant == record.published_at
    if alias.kind == "guid":
        text = identity.text_sha256(body_of(post))
        return same_instant or bool(text and text == record.text_sha256)
    return same_instant and record.precision not in (Precision.DAY, Precision.MONTH)


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
    no_names = _shared_guids(posts)
    arrivals: list[Arrival] = []
    seen: set[Alias] = set()
    for listed in posts:
        url = identity.normal_url(listed.url)
        # Some feeds point every item at the home page: such an address says nothing about which post it is.
        own_url = bool(url) and (
            shared[url] == 1 or len({post.title for post in reading.posts if identity.normal_url(post.url) == url}) == 1
        )
        if listed.guid and listed.guid not in no_names:
            name = identity.scoped_guid(listed.guid, source.url)
        else:
            name = url if own_url else f"{url}\n{fold(listed.title)}"
        aliases = [Alias(kind="guid", value=name)]
        if own_url:
            aliases.append(Alias(kind="url", value=url))
        aliases += [alias for alias in _told_by(listed) if alias.kind != "text" or side_by_side[alias.value] == 1]
        names = [alias for alias in aliases if alias.value in (name, url)]
        if seen.isdisjoint(names):
            arrivals.append(
                Arrival(
                    source=source.id, listed=listed, post=listed, identity=name, aliases=tuple(dict.fromkeys(aliases))
                )
            )
        seen.update(names)
    return arrivals


def _shared_guids(posts: list[PostData]) -> set[str]:
    """Guids that items of one list share although nothing else is the same: some feeds give each item the site's own address."""
    items: dict[str, set[tuple[str, str]]] = {}
    for post in posts:
        if post.guid:
            items.setdefault(post.guid, set()).add((identity.normal_url(post.url), fold(post.title)))
    return {
        guid
        for guid, named in items.items()
        if len({title for _, title in named}) > 1 and (len({url for url, _ in named}) > 1 or len(named) > 2)
    }


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
    """What every database can keep, whatever a site sends: no NUL, no half surrogates, no date beyond our calendar."""
    published = post.published
    if published.instant is not None and not 1900 <= published.instant.year < 2200:
        published = replace(published, instant=None, precision=Precision.NONE)
    return replace(
        post,
        title=storable(post.title),
        url=storable(post.url),
        guid=storable(post.guid) if post.guid else None,
        canonical_url=storable(post.canonical_url) if post.canonical_url else None,
        published=replace(published, raw=storable(published.raw)),
        author=storable(post.author),
        categories=tuple(storable(category) for category in post.categories),
        summary=storable(post.summary),
        html=storable(post.html),
        images=tuple(
            replace(image, url=storable(image.url), alt=storable(image.alt), caption=storable(image.caption))
            for image in post.images
        ),
    )


def body_of(post: PostData) -> str:
    """The text as html, the summary where there is nothing else."""
    return post.html or (f"<p>{html_text.escape(post.summary)}</p>" if post.summary else "")


def data_sha256_of(post: PostData) -> str:
    """What tells an edit: the hash of the post as its list gave it."""
    return identity.data_sha256(post.title, body_of(post), [image.url for image in post.images])
