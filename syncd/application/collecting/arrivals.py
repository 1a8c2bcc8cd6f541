"""Sort out what a reading brings: new posts, edits, posts whose own page is still to be read.

Network, and no transaction: `intake` writes it down afterwards.
"""

import html as html_text
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import timedelta

from syncd.application.services import Services
from syncd.domain import identity
from syncd.domain.model import PostId, Precision, SourceId, Unit
from syncd.errors import ForeignError
from syncd.ports.records import Alias, PostRecord
from syncd.ports.source import PostData, Reading, Source
from syncd.ports.store import UnitOfWork
from syncd.vietnamese.fold import fold
from syncd.vietnamese.storable import storable

PAGES_A_LOOK = 20
MAX_VERSIONS = 24  # a page that changes with every look (a view counter) is no news
PAGE_FAILURES_A_LOOK = 3  # in a row: the site is in trouble, leave it alone until the next look
PAGE_PATIENCE = timedelta(days=3)  # how long a post's own page is tried for


@dataclass(slots=True, kw_only=True)
class Arrival:
    """One listed post on its way in. `listed` is what the list gave, `post` the same with its own page, where that was read.

    `text` is what a reader sees of `post`; `data_sha256` tells an edit of `listed`.
    """

    source: SourceId
    listed: PostData
    post: PostData
    text: identity.Text
    data_sha256: str
    identity: str
    aliases: tuple[Alias, ...]
    known: PostRecord | None = None
    from_archive: bool = False
    read_page: bool = False
    pending: bool = False  # its own page is still to be read
    stored: PostId | None = None  # the post it is, once it has been written down
    restless: bool = False  # it has just reached the last version that is kept

    @property
    def here_before(self) -> bool:
        """Known, and from this source: another source of the unit words the same post in its own way, which is no edit."""
        return self.known is not None and self.known.source == self.source

    @property
    def edited(self) -> bool:
        """The list says something else than at the last look. Of a post with too many versions nothing more is asked."""
        if self.known is None or self.from_archive or not self.here_before or self.known.version >= MAX_VERSIONS:
            return False
        return self.known.data_sha256 != self.data_sha256

    @property
    def dated_at_last(self) -> bool:
        """Its date, which could not be read before, can be read now."""
        undated = self.known is not None and not self.from_archive and self.known.published_at is None
        return undated and self.post.published.instant is not None

    @property
    def settled(self) -> bool:
        """Nothing is left to be read of it while its entry stands as it does."""
        whole = not self.read_page or self.post.full_text
        return bool(self.listed.fingerprint) and whole and not self.pending


@dataclass(slots=True, kw_only=True)
class Sorted:
    """What one reading brings, and what a person should know about it.

    `before` is the list as it was read before, `settled` what still stands in it: entries and their posts. `kept` are entries of the
    list before that stay in it, because this reading is held. `names` are the names that are known, where the transaction that writes has
    asked; None: it has still to ask.
    """

    before: Mapping[str, PostId]
    settled: Mapping[str, PostId]
    kept: Mapping[str, PostId] = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    names: Mapping[Alias, PostId] | None = None

    @property
    def pending(self) -> bool:
        return any(arrival.pending for arrival in self.arrivals)

    @property
    def any_known(self) -> bool:
        return bool(self.settled) or any(arrival.known for arrival in self.arrivals)

    @property
    def standing(self) -> set[PostId]:
        """The known posts that the list shows."""
        return set(self.settled.values()) | {
            arrival.known.id for arrival in self.arrivals if arrival.known and arrival.known.id is not None
        }

    @property
    def listed(self) -> dict[str, PostId]:
        """The list as it stands now, once its arrivals have been written down."""
        entries = {**self.kept, **self.settled}
        for arrival in self.arrivals:
            if arrival.stored is not None:
                entries[arrival.listed.fingerprint if arrival.settled else f"post:{arrival.stored}"] = arrival.stored
        return entries


def recognise(
    uow: UnitOfWork,
    unit: Unit,
    reading: Reading,
    arrived: list[Arrival],
    before: Mapping[str, PostId],
    *,
    archive: bool = False,
    for_good: bool = False,
) -> Sorted:
    """Tell which of the posts that `arrived` are known, and as which.

    `archive`: they come from behind the list, where the same posts are worded in another way, which is no edit. `for_good`: in the
    transaction that writes them down, so that it need not be asked once more.
    """
    settled = {entry: before[entry] for entry in reading.settled if entry in before}
    brought = Sorted(before=before, settled=settled, arrivals=arrived)
    found: Mapping[Alias, PostId] = {}
    if arrived:
        found = uow.posts.find(unit.id, [alias for arrival in arrived for alias in arrival.aliases])
        records = uow.posts.many(set(found.values())) if found else {}
        standing = set(settled.values())
        for arrival in arrived:
            arrival.known = recognised(arrival, found, records, standing)
            arrival.from_archive = archive
    if for_good:
        brought.names = found
    return brought


def recognised(
    arrival: Arrival, found: Mapping[Alias, PostId], records: Mapping[PostId, PostRecord], standing: Set[PostId]
) -> PostRecord | None:
    """The post that an arrival is, among those known by one of its names; None where each name is another post's.

    A post that is `standing` in the list beside it is another one, however alike their texts.
    """
    for alias in arrival.aliases:
        record = records.get(found[alias]) if alias in found else None
        if record is None or (alias.kind == "text" and record.id in standing):
            continue
        if _is_same(arrival, alias, record):
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
    if alias.kind in ("guid", "id"):
        text = arrival.text.sha256
        if same_instant or bool(text and text == record.text_sha256):
            return True
        # Weekly schedules and reports of meetings are made of the same words: another date is another post.
        undated = post.published.instant is None or record.published_at is None
        return undated and identity.alike(record.html, body_of(post))
    return same_instant and record.precision not in (Precision.DAY, Precision.MONTH)


def arrived(source: Source, reading: Reading) -> list[Arrival]:
    """The posts that a list gives, each once, with all the names it can be recognised by."""
    posts = reading.posts if _are_storable(reading.posts) else tuple(map(_storable, reading.posts))
    urls = [identity.normal_url(post.url) for post in posts]
    texts = [identity.read_text(body_of(post)) for post in posts]
    titles: dict[str, set[str]] = {}
    for post, url in zip(posts, urls, strict=True):
        titles.setdefault(url, set()).add(post.title)
    # What the source itself lists side by side, under two addresses, are two posts however alike their texts:
    # the counting shows the second as a duplicate, and nothing is lost.
    told = [identity.text_alias(post.title, text) for post, text in zip(posts, texts, strict=True)]
    side_by_side = Counter(text for _, text in set(zip(urls, told, strict=True)))
    no_names = _shared_guids(posts, urls)
    arrivals: list[Arrival] = []
    seen: set[Alias] = set()
    for listed, url, text, story in zip(posts, urls, texts, told, strict=True):
        # Some feeds point every item at the home page: such an address says nothing about which post it is.
        own_url = bool(url) and len(titles[url]) == 1
        if listed.guid and listed.guid not in no_names:
            name = identity.scoped_guid(listed.guid, source.url)
        else:
            name = url if own_url else f"{url}\n{fold(listed.title)}"
        aliases = [Alias("guid", name)]
        if own_url:
            aliases.append(Alias("url", url))
        if listed.stable_id:
            aliases.append(Alias("id", identity.scoped_guid(listed.stable_id, source.url)))
        if listed.canonical_url:
            aliases += _canonical(listed)
        if story and side_by_side[story] == 1:
            aliases.append(Alias("text", story))
        names = [alias for alias in aliases if alias.value in (name, url)]
        if seen.isdisjoint(names):
            arrivals.append(
                Arrival(
                    source=source.id,
                    listed=listed,
                    post=listed,
                    text=text,
                    data_sha256=identity.data_sha256(
                        listed.title, body_of(listed), [image.url for image in listed.images]
                    ),
                    identity=name,
                    aliases=tuple(dict.fromkeys(aliases)),
                )
            )
        seen.update(names)
    return arrivals


def _shared_guids(posts: Sequence[PostData], urls: Sequence[str]) -> set[str]:
    """Guids that items of one list share although nothing else is the same: some feeds give each item the site's own address."""
    often = Counter(post.guid for post in posts if post.guid)
    if len(often) == often.total():
        return set()
    items: dict[str, set[tuple[str, str]]] = {}
    for post, url in zip(posts, urls, strict=True):
        if post.guid and often[post.guid] > 1:
            items.setdefault(post.guid, set()).add((url, fold(post.title)))
    return {
        guid
        for guid, named in items.items()
        if len({title for _, title in named}) > 1 and (len({url for url, _ in named}) > 1 or len(named) > 2)
    }


def _canonical(post: PostData) -> list[Alias]:
    """The name that its canonical address gives a post, where it is one of the same site."""
    if not post.canonical_url or identity.host_of(post.canonical_url) != identity.host_of(post.url):
        return []
    canonical = identity.normal_url(post.canonical_url)
    # A canonical address without a path is a template's mistake: all pages of the site would be one.
    has_path = "/" in canonical.removeprefix("//") or "?" in canonical
    return [Alias("url", canonical)] if has_path else []


def read_pages(services: Services, source: Source, brought: Sorted) -> None:
    """Read the pages of the posts that need it, new ones first, at most `PAGES_A_LOOK`.

    A page that cannot be read costs its post nothing: it is stored with what the list gave, and tried again at a later look.
    """
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
            arrival.text = identity.read_text(body_of(arrival.post))
            story = identity.text_alias(arrival.post.title, arrival.text)
            told = [*_canonical(arrival.post), *([Alias("text", story)] if story else [])]
            arrival.aliases = tuple(dict.fromkeys([*arrival.aliases, *told]))


def _storable(post: PostData) -> PostData:
    """What every database can keep, whatever a site sends: no NUL, no half surrogates, no date beyond our calendar."""
    if _are_storable([post]):
        return post
    published = post.published
    if published.instant is not None and not 1900 <= published.instant.year < 2200:
        published = replace(published, instant=None, precision=Precision.NONE)
    return replace(
        post,
        title=storable(post.title),
        url=storable(post.url),
        guid=storable(post.guid) if post.guid else None,
        canonical_url=storable(post.canonical_url) if post.canonical_url else None,
        stable_id=storable(post.stable_id) if post.stable_id else None,
        published=replace(published, raw=storable(published.raw)),
        author=storable(post.author),
        categories=tuple(storable(category) for category in post.categories),
        summary=storable(post.summary),
        html=storable(post.html),
        images=tuple(
            replace(image, url=storable(image.url), alt=storable(image.alt), caption=storable(image.caption))
            for image in post.images
        ),
        attachments=tuple(
            replace(file, url=storable(file.url), title=storable(file.title)) for file in post.attachments
        ),
    )


def _are_storable(posts: Iterable[PostData]) -> bool:
    """Whether nothing need be changed in any of them, which is seen of all their texts at once."""
    parts: list[str] = []
    for post in posts:
        instant = post.published.instant
        if instant is not None and not 1900 <= instant.year < 2200:
            return False
        parts += (post.title, post.url, post.guid or "", post.canonical_url or "", post.published.raw, post.author)
        parts += (post.summary, post.html, post.stable_id or "", *post.categories)
        for file in post.attachments:
            parts += (file.url, file.title)
        for image in post.images:
            parts += (image.url, image.alt, image.caption)
    text = "".join(parts)
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in text


def body_of(post: PostData) -> str:
    """The text as html, the summary where there is nothing else."""
    return post.html or (f"<p>{html_text.escape(post.summary)}</p>" if post.summary else "")
