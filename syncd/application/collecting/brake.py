"""The brake: a reading that looks like a mistake of the site changes nothing that is known, until a person or the site says otherwise.

Whatever the alarm, no edit is taken over, no post is missed, and the reading covers no day, so that nobody is blamed for what it
did not show. New posts are taken in all the same, except where the whole list may be somebody else's.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from syncd.domain.changes import Alarm, Departed, ListHistory, ListShape, only_numbers_differ
from syncd.domain.model import SourceId, UnitId
from syncd.ports.records import ListRecord, PostRecord
from syncd.ports.source import PostData
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


def scrolled(record: ListRecord | None, shape: ListShape, gone: Departed, *, new: int) -> bool:
    """Whether this list proves that it drops its oldest entries: new ones came, old ones went off its end, and it is no shorter."""
    return record is not None and bool(gone.scrolled) and new > 0 and shape.items >= record.items


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
