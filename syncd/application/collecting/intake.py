"""Write down what a reading brought: new posts with their pushes and leaves, edits, and which stories are the same.

Everything happens in the caller's unit of work; nothing is committed here.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

from syncd.application.collecting.arrivals import MAX_VERSIONS, Arrival, Sorted, body_of, recognised
from syncd.application.publishing.flood import FloodGate
from syncd.application.services import Services
from syncd.domain import identity
from syncd.domain.ledger import LeafKind, instant_text
from syncd.domain.model import PostId, Precision, SourceKey, Unit, Window
from syncd.ports.histories import VersionRecord
from syncd.ports.records import Alias, PostRecord, PushRecord, PushState, SourceState, StoryRecord
from syncd.ports.source import PostData, Source
from syncd.ports.store import UnitOfWork
from syncd.vietnamese.fold import fold
from syncd.vietnamese.secrecy import find_mark

PUSH_PATIENCE = timedelta(hours=6)  # how long a push waits for the whole text before the summary goes out
BACK_DATED_AFTER = timedelta(hours=24)
POSTS_A_LEAF = 100  # a page of an archive may bring a thousand: no leaf grows without bound
MAX_NAMES = 24  # that one post is recognised by, of each kind: a guid made anew for each answer names nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """How many listed posts were new, changed, or as before.

    `held_back` of the new ones wait, so that the portal is not flooded; `restless` are titles of posts that reached the last version that is kept.
    """

    new: int
    changed: int
    unchanged: int
    held_back: int = 0
    restless: tuple[str, ...] = ()


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


def take_in(uow: UnitOfWork, services: Services, unit: Unit, source: Source, brought: Sorted, look: Look) -> Intake:
    """Write new posts with their pushes and leaves, and edits; nothing is committed here."""
    # Once more, and now with what the pages told: the same story may be known under another address.
    found = uow.posts.find(unit.id, [alias for arrival in brought.arrivals for alias in arrival.aliases])
    unmatched = [arrival for arrival in brought.arrivals if arrival.known is None]
    records = uow.posts.many({found[alias] for arrival in unmatched for alias in arrival.aliases if alias in found})
    standing = set(brought.settled.values())
    hosts = cache(lambda: _own_hosts(uow, unit, source))
    fresh: list[Arrival] = []
    taken: dict[str, set[Alias]] = {}
    changed = 0
    for arrival in brought.arrivals:
        known = arrival.known or recognised(arrival, found, records, standing)
        if known is not None and known.id is not None:
            arrival.stored = known.id
            missing = [alias for alias in arrival.aliases if alias not in found]
            if missing:
                uow.posts.add_aliases(unit.id, known.id, missing, most=MAX_NAMES)
            changed += arrival.known is not None and _take_change(uow, services, unit, arrival, look, hosts)
            continue
        # One story that the list shows under two addresses; under another title it is another post.
        title = fold(arrival.post.title)
        names = taken.setdefault(title, set())
        if names.isdisjoint(arrival.aliases):
            if arrival.aliases[0] in found:
                # Its guid is another post's, and with it the key that would be made of it.
                arrival.identity = f"{arrival.identity}\n{arrival.post.url}\n{title}"
                if uow.posts.by_key(identity.source_key(unit.id, arrival.identity)) is not None:
                    continue
            fresh.append(arrival)
            names.update(arrival.aliases)
    held_back = _take_new(uow, services, unit, source, fresh, look, hosts)
    unchanged = len(brought.settled) + len(brought.kept) + len(brought.arrivals) - len(fresh) - changed
    restless = tuple(arrival.post.title for arrival in brought.arrivals if arrival.restless)
    return Intake(new=len(fresh), changed=changed, unchanged=unchanged, held_back=held_back, restless=restless)


def _take_new(
    uow: UnitOfWork,
    services: Services,
    unit: Unit,
    source: Source,
    fresh: list[Arrival],
    look: Look,
    hosts: Callable[[], Collection[str]],
) -> int:
    if not fresh:
        return 0
    records: list[PostRecord] = []
    for start in range(0, len(fresh), POSTS_A_LEAF):
        records += _seen(uow, unit, source, fresh[start : start + POSTS_A_LEAF], look, hosts)
    texts = [record.text_sha256 for record in records if record.text_sha256]
    stories = uow.posts.first_with_text(texts)
    ids = uow.posts.add([(record, arrival.aliases) for record, arrival in zip(records, fresh, strict=True)])
    gate = FloodGate(services, look.at)
    pushes = []
    for post, record, arrival in zip(ids, records, fresh, strict=True):
        arrival.stored = post
        pushes.append(
            PushRecord(
                portal=services.portal.name,
                post=post,
                unit=unit.id,
                key=record.key,
                state=gate.state_for(record),
                approval=unit.approval,
                queued_at=look.at,
                not_before=look.at + PUSH_PATIENCE if arrival.pending else None,
                error=f"marked {record.quarantine}" if record.quarantine else None,
            )
        )
    uow.pushes.add(pushes)
    if stories or len(set(texts)) < len(texts):
        taken = list(zip(ids, records, strict=True))
        _mark_duplicates(uow, taken, [*stories, *(_story_of(post, record) for post, record in taken)])
    return sum(push.state is PushState.HELD_BACK for push in pushes)


def _seen(
    uow: UnitOfWork,
    unit: Unit,
    source: Source,
    fresh: list[Arrival],
    look: Look,
    hosts: Callable[[], Collection[str]],
) -> list[PostRecord]:
    """The records of new posts, and one leaf that tells of them all."""
    keys = [identity.source_key(unit.id, arrival.identity) for arrival in fresh]
    marks = [_mark_in(arrival) for arrival in fresh]
    told = [
        _told_of(
            key,
            arrival.post,
            text_sha256=arrival.text.sha256,
            published=arrival.post.published.instant,
            published_raw=arrival.post.published.raw,
            precision=arrival.post.published.precision,
            quarantine=mark,
        )
        for key, arrival, mark in zip(keys, fresh, marks, strict=True)
    ]
    data = {"source": source.id, "list_sha256": look.body_sha256, "posts": told}
    leaf = uow.ledger.append(LeafKind.ITEM_SEEN, look.at, data, unit=unit.id)
    return [
        _new_record(unit, source, key, arrival, look, hosts, quarantine=mark, leaf=leaf)
        for key, arrival, mark in zip(keys, fresh, marks, strict=True)
    ]


def _new_record(
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
        images=_images(post),
        attachments=_attachments(post),
        words=text.words if post.full_text else None,
        text_sha256=text.sha256,
        data_sha256=arrival.data_sha256,
        reprint=_is_reprint(unit, text, hosts),
        back_dated=_is_back_dated(published.instant, published.precision, look),
        quarantine=quarantine,
        list_capture=look.list_capture,
        page_capture=look.page_capture(post),
        seen_leaf=leaf,
    )


def _take_change(
    uow: UnitOfWork,
    services: Services,
    unit: Unit,
    arrival: Arrival,
    look: Look,
    hosts: Callable[[], Collection[str]],
) -> bool:
    if arrival.known is None or arrival.known.id is None:
        return False
    post_id = arrival.known.id
    if arrival.edited or arrival.read_page:
        # As it stands in this transaction: another look at the same source may have been quicker.
        arrival.known = uow.posts.get(post_id)
    old = arrival.known
    if old is None or not arrival.here_before or old.version >= MAX_VERSIONS:
        return False
    if arrival.pending or not (arrival.edited or arrival.dated_at_last or (arrival.read_page and old.words is None)):
        return False
    post = arrival.post
    # A summary never replaces a text that was read in full.
    replaced = post.full_text or (old.words is None and bool(body_of(post)))
    body, text = (body_of(post), arrival.text) if replaced else (old.html, identity.read_text(old.html))
    dated = post.published.instant is not None and (old.published_at is None or _settles_date(arrival, old))
    record = replace(
        old,
        title=post.title,
        url=post.url,
        author=post.author or old.author,
        categories=post.categories or old.categories,
        summary=post.summary or old.summary,
        html=body,
        images=_images(post) or old.images,
        attachments=_attachments(post) or old.attachments,
        words=text.words if post.full_text else old.words,
        text_sha256=text.sha256,
        data_sha256=arrival.data_sha256,
        version=old.version + 1,
        reprint=old.reprint or _is_reprint(unit, text, hosts),
        quarantine=old.quarantine or _mark_in(arrival),
        changed_at=look.at,
        list_capture=look.list_capture or old.list_capture,
        page_capture=look.page_capture(post) or old.page_capture,
    )
    if dated:
        published = post.published
        record = replace(
            record,
            published_at=published.instant,
            precision=published.precision,
            date_raw=published.raw,
            date_origin=published.origin,
            date_doubt=published.doubt,
        )
    reason = "edited" if arrival.edited else ("completed" if arrival.read_page else "dated")
    arrival.restless = record.version == MAX_VERSIONS
    uow.ledger.append(
        LeafKind.ITEM_CHANGED,
        look.at,
        {
            **_told_of(
                record.key,
                post,
                text_sha256=record.text_sha256,
                published=record.published_at,
                published_raw=record.date_raw,
                precision=record.precision,
                quarantine=record.quarantine,
            ),
            "source": record.source,
            "list_sha256": look.body_sha256,
            "version": record.version,
            "reason": reason,
            "data_sha256": record.data_sha256,
            "previous": {
                "title_sha256": identity.title_sha256(old.title),
                "data_sha256": old.data_sha256,
                "text_sha256": old.text_sha256,
                "list_capture": old.list_capture,
                "page_capture": old.page_capture,
            },
        },
        unit=unit.id,
    )
    uow.posts.update(record)
    uow.versions.add(
        VersionRecord(
            post=post_id,
            version=old.version,
            until=look.at,
            title=old.title,
            html=old.html,
            images=old.images,
            reason=reason,
        )
    )
    _follow_up(uow, services.portal.name, record)
    if record.text_sha256:
        _mark_duplicates(uow, [(post_id, record)], uow.posts.first_with_text([record.text_sha256]))
    return True


def _follow_up(uow: UnitOfWork, portal: str, record: PostRecord) -> None:
    """Let the push know of a changed post: send the newer version, at once if it only waited for the text; or withhold it."""
    push = uow.pushes.get(portal, record.id) if record.id is not None else None
    if push is None:
        return
    push = replace(push, version=record.version)
    if push.state in (PushState.QUEUED, PushState.HELD_BACK) and record.quarantine:
        push = replace(push, state=PushState.QUARANTINED, error=f"marked {record.quarantine}")
    elif push.state is PushState.QUEUED and push.attempts == 0:
        push = replace(push, not_before=None)
    uow.pushes.update(push)


def _mark_duplicates(uow: UnitOfWork, taken: list[tuple[PostId, PostRecord]], stories: Iterable[StoryRecord]) -> None:
    """One story of several units counts for the one whose site had it first, whoever was read first; the others are flagged.

    `stories` are the posts with one of these texts that repeat no other: only the first of each story known so far is looked at, however
    many repeat it.
    """
    firsts: dict[str, dict[PostId, StoryRecord]] = {}
    for story in stories:
        firsts.setdefault(story.text_sha256, {})[story.id] = story
    repeats: dict[PostId, PostId] = {}
    for post, record in taken:
        known = firsts.get(record.text_sha256, {}) if record.text_sha256 else {}
        same = [story for story in known.values() if story.id == post or _one_story(record, story)]
        if len(same) < 2:
            continue
        first = min(same, key=lambda story: (story.published_at or story.first_seen, story.first_seen, story.id))
        for story in same:
            if story is not first:
                repeats[story.id] = first.id
                del known[story.id]
    if repeats:
        uow.posts.mark_repeated(repeats)


def _story_of(post: PostId, record: PostRecord) -> StoryRecord:
    return StoryRecord(
        id=post,
        text_sha256=record.text_sha256,
        title=record.title,
        words=record.words,
        published_at=record.published_at,
        first_seen=record.first_seen,
    )


def _one_story(record: PostRecord, story: StoryRecord) -> bool:
    """Whichever of the two was read first, and in full."""
    return identity.same_story(record.title, record.words, story.title) or identity.same_story(
        story.title, story.words, record.title
    )


def _settles_date(arrival: Arrival, old: PostRecord) -> bool:
    """Whether its own page, read for the first time, ends a doubt that the list left about its date. A person's decision stands."""
    completed = arrival.read_page and old.words is None
    return completed and bool(old.date_doubt) and arrival.post.published.doubt != old.date_doubt and not old.decision


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


def _own_hosts(uow: UnitOfWork, unit: Unit, source: Source) -> set[str]:
    return {identity.host_of(state.url) for state in uow.sources.all() if state.unit == unit.id} | {
        identity.host_of(source.url)
    }


def _is_reprint(unit: Unit, text: identity.Text, hosts: Callable[[], Collection[str]]) -> bool:
    return identity.reprint_of(text, unit_name=unit.name, own_hosts=hosts) is not None


def _mark_in(arrival: Arrival) -> str | None:
    post, text = arrival.post, "\n".join(arrival.text.lines)
    # Many feeds give the whole text as the summary too: the same lines a second time can tell nothing more.
    return find_mark(post.title, text if post.summary == text else f"{post.summary}\n{text}")


def _images(post: PostData) -> tuple[dict[str, str], ...]:
    return tuple({"url": image.url, "alt": image.alt, "caption": image.caption} for image in post.images)


def _attachments(post: PostData) -> tuple[dict[str, str], ...]:
    return tuple({"url": file.url, "title": file.title} for file in post.attachments)


def _told_of(
    key: SourceKey,
    post: PostData,
    *,
    text_sha256: str,
    published: datetime | None,
    published_raw: str,
    precision: Precision,
    quarantine: str | None,
) -> dict[str, object]:
    """What a leaf says of one post: enough to prove each of its texts, and none of them."""
    return {
        "key": key,
        "url": post.url,
        "title_sha256": identity.title_sha256(post.title),
        "text_sha256": text_sha256,
        "published": instant_text(published) if published else None,
        "published_raw": published_raw,
        "precision": precision.value,
        "page_sha256": post.article.body_sha256 if post.article else None,
        "quarantine": quarantine,
    }
