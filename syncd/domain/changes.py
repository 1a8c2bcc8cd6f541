"""Whether a reading may be believed, judged by what the same source showed before.

A site that is being moved, a template that lost its text, the feed of another unit under the old address: each looks like hundreds
of edits or deletions. Such a reading is held: what it would change waits for a person, or for the next reading that is as usual.
"""

import re
from collections.abc import Collection, Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from syncd.domain.identity import normal_url
from syncd.domain.model import PostId, Precision
from syncd.vietnamese.fold import fold

MANY = 5  # below that, a morning's corrections look like a large share
LARGE_SHARE = 0.5  # of what was known: no editorial office rewrites half of its list between two looks
SOUND_SHARE = 0.8  # of the entries dated, readable, with a title of their own: then the selectors match
FOREIGN_SHARE = 0.8  # of the entries are posts of another unit
SILENCE_POSTS = 8  # fewer say nothing about a rhythm
SILENCE_LEAST = timedelta(days=7)  # a week without posts is nobody's alarm
SILENCE_TIMES = 3  # times the longest pause of the source's own history
_MEANS = {Precision.DAY: timedelta(days=1), Precision.MONTH: timedelta(days=31)}
_NUMBERS = re.compile(r"\d+")


class AlarmKind(StrEnum):
    FOREIGN_LIST = "foreign_list"  # nearly all entries are posts of another unit
    TURNED_OVER = "turned_over"  # none of the posts that must still stand there does
    LAYOUT = "layout"  # entries are there, but their dates, titles or links are no longer found
    SHRUNK = "shrunk"  # far shorter than this list ever was
    MASS_DELETION = "mass_deletion"  # a large share is gone from within the list
    MASS_CHANGE = "mass_change"  # a large share of the known entries says something else


@dataclass(frozen=True, slots=True, kw_only=True)
class ListShape:
    """What was found in one list: entries read, how many of them are dated, have a title of their own, and how many could not be read."""

    items: int
    dated: int
    titles: int  # different ones
    skipped: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ListHistory:
    """What a source's lists were like: the last good one, and the shortest and longest of the good ones.

    `scrolls`: entries have dropped off its end, so that it never reaches back to the beginning again.
    """

    last: ListShape
    least: int
    most: int
    scrolls: bool = False

    def with_list(self, shape: ListShape, *, scrolled: bool) -> "ListHistory":
        """The history after one more good list."""
        return ListHistory(
            last=shape,
            least=min(self.least, shape.items),
            most=max(self.most, shape.items),
            scrolls=self.scrolls or scrolled,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSeen:
    """One reading against what is known: `known` of its entries are known posts of this source, `changed` of those say something else.

    `stood` posts of the last list must stand in this one too, and `vanished` of them do not. `foreign` entries are posts of another unit (`foreign_entries`).
    """

    shape: ListShape
    known: int = 0
    changed: int = 0
    stood: int = 0
    vanished: int = 0
    foreign: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Why a reading is held: `before` and `after` are the numbers that tell, of `part`."""

    kind: AlarmKind
    part: str  # entries | dates | titles | readable | known
    before: int
    after: int

    @property
    def takes_new(self) -> bool:
        """Whether its new posts are taken in all the same. Not where the whole list may be somebody else's."""
        return self.kind not in (AlarmKind.FOREIGN_LIST, AlarmKind.TURNED_OVER)


def alarm_of(history: ListHistory | None, seen: ListSeen) -> Alarm | None:
    """What is wrong with a reading, the gravest first; None where it is as usual."""
    shape = seen.shape
    if shape.items >= MANY and not seen.known and seen.foreign >= FOREIGN_SHARE * shape.items:
        return Alarm(kind=AlarmKind.FOREIGN_LIST, part="entries", before=shape.items, after=shape.items - seen.foreign)
    if history is None:
        return None
    if seen.stood >= MANY and seen.vanished == seen.stood:
        return Alarm(kind=AlarmKind.TURNED_OVER, part="entries", before=seen.stood, after=0)
    lost = _lost_by_selectors(history.last, shape)
    if lost is not None:
        return lost
    last = history.last.items
    if last >= MANY and shape.items < history.least and shape.items <= LARGE_SHARE * last:
        return Alarm(kind=AlarmKind.SHRUNK, part="entries", before=last, after=shape.items)
    if _large(seen.vanished, seen.stood):
        return Alarm(kind=AlarmKind.MASS_DELETION, part="entries", before=seen.stood, after=seen.stood - seen.vanished)
    if _large(seen.changed, seen.known):
        return Alarm(kind=AlarmKind.MASS_CHANGE, part="known", before=seen.known, after=seen.known - seen.changed)
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One entry, or one post of another unit, as it is told from the rest: by its text, title and address."""

    text_sha256: str
    title: str
    url: str


def foreign_entries(entries: Iterable[Told], others: Iterable[Told]) -> int:
    """How many entries are posts of other units: the same text under the same title or at the same address.

    The text alone proves nothing: units print the same announcements, each under a title and an address of its own.
    """
    entries = [entry for entry in entries if entry.text_sha256]
    titles, urls = set(), set()
    for other in others:
        titles.add((other.text_sha256, fold(other.title)))
        urls.add((other.text_sha256, normal_url(other.url)))
    return sum(
        (entry.text_sha256, fold(entry.title)) in titles or (entry.text_sha256, normal_url(entry.url)) in urls
        for entry in entries
    )


def _large(part: int, whole: int) -> bool:
    return part >= MANY and part >= LARGE_SHARE * whole


def _lost_by_selectors(before: ListShape, now: ListShape) -> Alarm | None:
    found_before, found_now = before.items + before.skipped, now.items + now.skipped
    parts = (
        ("readable", before.items, found_before, now.items, found_now),
        ("dates", before.dated, before.items, now.dated, now.items),
        ("titles", before.titles, before.items, now.titles, now.items),
    )
    for part, was, of, is_now, of_now in parts:
        if of < MANY or of_now < MANY:
            continue
        if was >= SOUND_SHARE * of and is_now <= LARGE_SHARE * of_now:
            return Alarm(kind=AlarmKind.LAYOUT, part=part, before=was, after=is_now)
    return None


# --- what left the list ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPost:
    """One known post that stands, or stood, in a list. `instant` is when it was published, or first seen where that is unknown."""

    post: PostId
    instant: datetime
    precision: Precision


@dataclass(frozen=True, slots=True, kw_only=True)
class Departed:
    """What stood in the last list and not in this one. `stayed` are those that stand in both.

    `vanished` were taken from within what the list still covers; `scrolled` dropped off its end.
    """

    vanished: tuple[PostId, ...]
    scrolled: tuple[PostId, ...]
    stayed: int

    @property
    def stood(self) -> int:
        """How many had to be there still."""
        return self.stayed + len(self.vanished)


def departed(
    before: Collection[ListedPost],
    listed: Set[PostId],
    dates: Iterable[tuple[datetime, Precision]],
    *,
    whole: bool,
) -> Departed:
    """Tell what was taken out of a list from what merely scrolled off its end, in whatever order the site shows it.

    `listed` are the known posts that stand in it now, `dates` those of all that stands in it. A post is taken out where an older one
    still stands. `whole` tells that both lists reach back to the beginning, so that nothing
    can have scrolled off.
    """
    oldest = min((_latest(instant, precision) for instant, precision in dates), default=None)
    vanished: list[PostId] = []
    scrolled: list[PostId] = []
    for entry in before:
        if entry.post not in listed:
            within = whole or (oldest is not None and entry.instant > oldest)
            (vanished if within else scrolled).append(entry.post)
    return Departed(
        vanished=tuple(vanished), scrolled=tuple(scrolled), stayed=sum(entry.post in listed for entry in before)
    )


def _latest(instant: datetime, precision: Precision) -> datetime:
    """The last moment a printed date can mean: of a day or a month, its end."""
    return instant + _MEANS.get(precision, timedelta(0))


# --- edits and silence -------------------------------------------------------------------------------


def only_numbers_differ(before: str, after: str) -> bool:
    """Whether two texts are the same but for their numbers: a view counter, a clock, a sum of comments."""
    return before != after and _NUMBERS.sub("0", before) == _NUMBERS.sub("0", after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A source has shown nothing new `since`; the longest pause before that was `longest`."""

    since: datetime
    longest: timedelta


def silence(instants: Sequence[datetime], now: datetime) -> Silence | None:
    """Whether nothing new has come for far longer than the source's own rhythm; None where that cannot be said.

    `instants` are those of its posts, in any order.
    """
    ordered = sorted(instant for instant in instants if instant <= now)
    if len(ordered) < SILENCE_POSTS:
        return None
    longest = max(later - earlier for earlier, later in pairwise(ordered))
    if now - ordered[-1] <= max(SILENCE_TIMES * longest, SILENCE_LEAST):
        return None
    return Silence(since=ordered[-1], longest=longest)
