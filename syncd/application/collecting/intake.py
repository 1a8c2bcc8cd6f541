"""Write down what a reading brought: new posts with their pushes and leaves, edits, and which stories are the same.

Everything happens in the caller's unit of work; nothing is committed here.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache

from syncd.application.collecting.arrivals import MAX_VERSIONS, Arrival, Sorted, body_of, recognised
from syncd.application.collecting.duplicates import mark_duplicates, story_of
from syncd.application.collecting.post_rows import (
    Look,
    attachments_of,
    images_of,
    is_reprint,
    mark_in,
    new_mark_in,
    new_record,
    told_of,
)
from syncd.application.publishing.flood import FloodGate
from syncd.application.services import Services
from syncd.domain import identity
from syncd.domain.ledger import LeafKind
from syncd.domain.model import Unit
from syncd.ports.histories import VersionRecord
from syncd.ports.records import Alias, PostRecord, PushRecord, PushState
from syncd.ports.source import Source
from syncd.ports.store import UnitOfWork
from syncd.vietnamese.fold import fold

PUSH_PATIENCE = timedelta(hours=6)  # how long a push waits for the whole text before the summary goes out
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


def take_in(uow: UnitOfWork, services: Services, unit: Unit, source: Source, brought: Sorted, look: Look) -> Intake:
    """Write new posts with their pushes and leaves, and edits; nothing is committed here."""
    found = brought.names
    if found is None:
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
    restless = tuple(
        f"post:{arrival.stored}" if _is_withheld(arrival) else arrival.post.title
        for arrival in brought.arrivals
        if arrival.restless
    )
    return Intake(new=len(fresh), changed=changed, unchanged=unchanged, held_back=held_back, restless=restless)


def _is_withheld(arrival: Arrival) -> bool:
    return (arrival.known is not None and arrival.known.quarantine is not None) or mark_in(arrival) is not None


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
        mark_duplicates(uow, taken, [*stories, *(story_of(post, record) for post, record in taken)])
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
    marks = [mark_in(arrival) for arrival in fresh]
    told = [
        told_of(
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
        new_record(unit, source, key, arrival, look, hosts, quarantine=mark, leaf=leaf)
        for key, arrival, mark in zip(keys, fresh, marks, strict=True)
    ]


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
        images=images_of(post) or old.images,
        attachments=attachments_of(post) or old.attachments,
        words=text.words if post.full_text else old.words,
        text_sha256=text.sha256,
        data_sha256=arrival.data_sha256,
        version=old.version + 1,
        reprint=old.reprint or is_reprint(unit, text, hosts),
        quarantine=old.quarantine or new_mark_in(arrival, old),
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
            **told_of(
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
        mark_duplicates(uow, [(post_id, record)], uow.posts.first_with_text([record.text_sha256]))
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


def _settles_date(arrival: Arrival, old: PostRecord) -> bool:
    """Whether its own page, read for the first time, ends a doubt that the list left about its date. A person's decision stands."""
    completed = arrival.read_page and old.words is None
    return completed and bool(old.date_doubt) and arrival.post.published.doubt != old.date_doubt and not old.decision


def _own_hosts(uow: UnitOfWork, unit: Unit, source: Source) -> set[str]:
    return {identity.host_of(state.url) for state in uow.sources.all() if state.unit == unit.id} | {
        identity.host_of(source.url)
    }
