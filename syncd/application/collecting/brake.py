"""The brake: a reading that looks like a mistake of the site changes nothing that is known, until a person or the site says otherwise.

Whatever the alarm, no edit is taken over, no post is missed, and the reading covers no day, so that nobody is blamed for what it
did not show. New posts are taken in all the same, except where the whole list may be somebody else's.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from syncd.application.collecting.arrivals import Sorted
from syncd.domain.changes import (
    MANY,
    Alarm,
    Departed,
    ListHistory,
    ListSeen,
    ListShape,
    Told,
    alarm_of,
    departed,
    foreign_entries,
    only_numbers_differ,
)
from syncd.domain.ledger import LeafKind
from syncd.domain.model import SourceId, Unit, UnitId
from syncd.ports.histories import ListRecord
from syncd.ports.records import PostRecord
from syncd.ports.source import Exchange, PostData, Reading, Source
from syncd.ports.store import UnitOfWork
from syncd.vietnamese.fold import fold


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """A person's word that a source's list is right as it stands now."""

    reason: str
    by: str


def shape_of(posts: Iterable[PostData], *, settled: int, skipped: int, last: ListRecord | None) -> ListShape:
    """What was found in a list. Of the `settled` entries, which were not read again, as many are dated as of the list before."""
    posts = list(posts)
    dated, titles = (last.dated, last.titles) if last else (0, 0)
    of = max(last.items if last else 0, 1)
    return ListShape(
        items=len(posts) + settled,
        dated=sum(post.published.instant is not None for post in posts) + round(settled * min(dated / of, 1)),
        titles=len({fold(post.title) for post in posts}) + round(settled * min(titles / of, 1)),
        skipped=skipped,
    )


def history_of(record: ListRecord | None) -> ListHistory | None:
    """What a source's good lists were like; None before the first one."""
    if record is None or record.good_at is None:
        return None
    last = ListShape(items=record.items, dated=record.dated, titles=record.titles, skipped=record.skipped)
    return ListHistory(last=last, least=record.least, most=record.most, scrolls=record.scrolls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a reading looks like beside those before. `record` is the row of the list so far, `shape` what was found now.

    `matters` is false where the list is as it was: then there is nothing to be judged. `scrolls` tells that the list is known to drop its
    oldest entries; `learned_from` is the oldest post of the list before, where this very list proved it.
    """

    matters: bool
    record: ListRecord | None = None
    shape: ListShape | None = None
    departed: Departed | None = None
    alarm: Alarm | None = None
    scrolls: bool = False
    learned_from: datetime | None = None

    @property
    def takes_new(self) -> bool:
        return self.alarm is None or self.alarm.takes_new


def judge(uow: UnitOfWork, source: Source, reading: Reading, brought: Sorted) -> Judged:
    """Judge a list by its entries, before any page is read."""
    now = brought.standing
    left = set(brought.before.values()) - now
    record = uow.lists.get(source.id)
    if not brought.arrivals and not left and not reading.skipped:
        return Judged(
            matters=record is not None and record.alarm is not None,
            record=record,
            scrolls=record is not None and record.scrolls,
        )
    standing = uow.lists.standing(source.id) if left else []
    shape = shape_of(
        [arrival.listed for arrival in brought.arrivals],
        settled=len(brought.settled),
        skipped=len(reading.skipped),
        last=record,
    )
    history = history_of(record)
    scrolls = history is not None and history.scrolls
    whole = not reading.full and not scrolls and history is not None and shape.items < history.last.items
    dates = [(entry.instant, entry.precision) for entry in standing if entry.post in now]
    dates += [
        (date.instant, date.precision)
        for date in (arrival.listed.published for arrival in brought.arrivals)
        if date.instant is not None
    ]
    away = departed(standing, now, dates, whole=whole)
    known = [arrival for arrival in brought.arrivals if arrival.here_before and arrival.known is not None]
    changed = sum(a.edited and a.known is not None and is_real_edit(a.known, a.listed) for a in known)
    seen = ListSeen(
        shape=shape,
        known=len(brought.settled) + len(known),
        changed=changed,
        stood=away.stood if away.vanished else 0,
        vanished=len(away.vanished),
    )
    learned_from = None
    fresh = any(arrival.known is None for arrival in brought.arrivals)
    if not scrolls and away.scrolled and fresh and history is not None and shape.items >= history.last.items:
        # New ones came, old ones went off its end, and it is no shorter: it shows so many and no more.
        scrolls, learned_from = True, min(entry.instant for entry in standing)
    return Judged(
        matters=True,
        record=record,
        shape=shape,
        departed=away,
        alarm=alarm_of(history, seen),
        scrolls=scrolls,
        learned_from=learned_from,
    )


def judge_texts(uow: UnitOfWork, unit: Unit, brought: Sorted, judged: Judged) -> Judged:
    """Judge once more, now that the texts are there, a list of which nothing was known: it may be another unit's."""
    texts = {arrival.text.sha256 for arrival in brought.arrivals if arrival.text.sha256}
    if judged.alarm is not None or judged.shape is None or brought.any_known or len(texts) < MANY:
        return judged
    others = uow.lists.texts_of_others(unit.id, texts)
    if not others:
        return judged
    entries = [Told(text_sha256=a.text.sha256, title=a.post.title, url=a.post.url) for a in brought.arrivals]
    foreign = foreign_entries(entries, others)
    return replace(judged, alarm=alarm_of(history_of(judged.record), ListSeen(shape=judged.shape, foreign=foreign)))


def new_ones_of(brought: Sorted) -> Sorted:
    """Of a reading that is held, what may be taken in: the posts that nobody knew. The list stays as it was otherwise."""
    new = [arrival for arrival in brought.arrivals if arrival.known is None]
    return replace(brought, arrivals=new, kept=brought.before, settled={})


def none_of(brought: Sorted) -> Sorted:
    """A reading of which nothing is taken in."""
    return replace(brought, arrivals=[], kept=brought.before, settled={})


def record_good(
    uow: UnitOfWork, unit: Unit, source: Source, judged: Judged, exchange: Exchange, accept: Acceptance | None
) -> None:
    """Write down that a list was taken as it is: this is what the next ones are judged by."""
    if judged.shape is None:
        if judged.record is not None:
            uow.lists.put(
                replace(
                    judged.record,
                    alarm=None,
                    alarm_since=None,
                    alarm_part=None,
                    alarm_before=None,
                    alarm_after=None,
                    alarm_body=None,
                )
            )
        return
    if judged.learned_from is not None:
        uow.lists.begins_at(source.id, judged.learned_from)
    record = judged.record
    uow.lists.put(
        good(
            record, source.id, unit.id, judged.shape,
            at=exchange.at, body=exchange.body_sha256, scrolls=judged.scrolls,
        )
    )  # fmt: skip
    if accept is not None:
        data = {"action": "accept_list", "source": source.id, "reason": accept.reason, "by": accept.by}
        alarm = leaf_of(record) if record is not None and record.alarm is not None else {"alarm": None}
        uow.ledger.append(
            LeafKind.ADMIN_ACTION, exchange.at, {**alarm, **data, "accepted_sha256": exchange.body_sha256}, unit=unit.id
        )


def is_real_edit(known: PostRecord, listed: PostData) -> bool:
    """Whether an entry says something else than the post we know, numbers apart: a counter in every entry is no mass change."""
    if known.title != listed.title and not only_numbers_differ(known.title, listed.title):
        return True
    pairs = [(known.summary, listed.summary)]
    if known.words is None or listed.full_text:
        pairs.append((known.html, listed.html))  # else the one is an article and the other its summary
    return not any(before != after and only_numbers_differ(before, after) for before, after in pairs)


def good(
    record: ListRecord | None,
    source: SourceId,
    unit: UnitId,
    shape: ListShape,
    *,
    at: datetime,
    body: str,
    scrolls: bool,
) -> ListRecord:
    """The row after a list that was taken as it is; it ends an alarm."""
    history = history_of(record)
    before = history or ListHistory(last=shape, least=shape.items, most=shape.items)
    after = before.with_list(shape, scrolled=scrolls)
    return ListRecord(
        source=source,
        unit=unit,
        items=shape.items,
        dated=shape.dated,
        titles=shape.titles,
        skipped=shape.skipped,
        least=after.least,
        most=after.most,
        scrolls=after.scrolls,
        good_at=at,
        good_body=body,
    )


def held(
    record: ListRecord | None, source: SourceId, unit: UnitId, alarm: Alarm, *, at: datetime, body: str
) -> ListRecord:
    """The row while a list is held; the alarm keeps the instant it began."""
    before = record or ListRecord(source=source, unit=unit)
    return replace(
        before,
        alarm=alarm.kind.value,
        alarm_since=before.alarm_since if before.alarm == alarm.kind.value else at,
        alarm_part=alarm.part,
        alarm_before=alarm.before,
        alarm_after=alarm.after,
        alarm_body=body,
    )


def sentence(record: ListRecord) -> str:
    """What is wrong, for logs and records: `mass_change: 30 known before, 2 now`."""
    return f"{record.alarm}: {record.alarm_before} {record.alarm_part} before, {record.alarm_after} now"


def leaf_of(record: ListRecord) -> dict[str, Any]:
    """What a leaf says of an alarm."""
    return {
        "source": record.source,
        "alarm": record.alarm,
        "part": record.alarm_part,
        "before": record.alarm_before,
        "after": record.alarm_after,
        "list_sha256": record.alarm_body,
        "good_list_sha256": record.good_body,
    }
