from datetime import UTC, datetime, timedelta

import pytest

from syncd.domain.changes import (
    AlarmKind,
    ListedPost,
    ListHistory,
    ListSeen,
    ListShape,
    Told,
    alarm_of,
    departed,
    foreign_entries,
    only_numbers_differ,
    silence,
)
from syncd.domain.model import PostId, Precision

DAY = timedelta(days=1)
NOON = datetime(2026, 10, 15, 5, tzinfo=UTC)


def shape(items: int, **changes: int) -> ListShape:
    return ListShape(**{"items": items, "dated": items, "titles": items, **changes})


def history(items: int = 30, **changes: object) -> ListHistory:
    return ListHistory(**{"last": shape(items), "least": items, "most": items, **changes})  # type: ignore[arg-type]  # a row of a table


def seen(items: int = 30, **changes: object) -> ListSeen:
    return ListSeen(**{"shape": shape(items), "known": items, **changes})  # type: ignore[arg-type]  # a row of a table


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        (history(), seen(), None),
        (history(), seen(known=0, foreign=24), AlarmKind.FOREIGN_LIST),
        (None, seen(known=0, foreign=24), AlarmKind.FOREIGN_LIST),
        (history(), seen(known=0, foreign=23), None),
        (history(), seen(known=1, foreign=24), None),  # it still knows one of its own
        (None, seen(4, known=0, foreign=4), None),
        (history(), seen(known=0, stood=5, vanished=5), AlarmKind.TURNED_OVER),
        (history(), seen(known=1, stood=6, vanished=5), AlarmKind.MASS_DELETION),
        (history(), seen(known=20, stood=30, vanished=10), None),
        (history(), seen(known=15, stood=30, vanished=15), AlarmKind.MASS_DELETION),
        (history(6), seen(3, known=3, stood=6, vanished=3), AlarmKind.SHRUNK),
        (history(), seen(1, known=1), AlarmKind.SHRUNK),
        (history(), seen(15, known=15), AlarmKind.SHRUNK),
        (history(), seen(16, known=16), None),
        (history(least=1), seen(1, known=1), None),  # such a list was accepted before: a page that starts anew each month
        (history(4), seen(1, known=1), None),
        (history(), seen(changed=15), AlarmKind.MASS_CHANGE),
        (history(), seen(changed=14), None),
        (history(5), seen(5, changed=4), None),
        (history(), ListSeen(shape=shape(30, dated=0), known=30), AlarmKind.LAYOUT),
        (history(), ListSeen(shape=shape(30, dated=15), known=30), AlarmKind.LAYOUT),
        (history(), ListSeen(shape=shape(30, dated=20), known=30), None),
        (history(), ListSeen(shape=shape(30, titles=1), known=30), AlarmKind.LAYOUT),
        (history(), ListSeen(shape=shape(10, skipped=20), known=10), AlarmKind.LAYOUT),
        (history(last=shape(30, dated=0)), ListSeen(shape=shape(30, dated=0), known=30), None),  # it never had dates
    ],
)  # fmt: skip
def test_a_reading_is_believed_as_far_as_the_source_s_own_history_goes(
    before: ListHistory | None, now: ListSeen, kind: AlarmKind | None
) -> None:
    found = alarm_of(before, now)
    assert (found.kind if found else None) is kind


@pytest.mark.parametrize(
    ("entry", "foreign"),
    [
        (("a", "Tin  Hoà Bình", "https://ban-b.example/khac"), 1),
        (("a", "Tiêu đề khác", "http://www.ban-a.example/1/"), 1),
        (("a", "Tiêu đề khác", "https://ban-b.example/1"), 0),
        (("b", "Tin Hòa Bình", "https://ban-a.example/1"), 0),
        (("", "Tin Hòa Bình", "https://ban-a.example/1"), 0),
    ],
    ids=["same title", "same address", "of its own", "another text", "no text"],
)
def test_an_entry_is_foreign_by_text_with_title_or_address(entry: tuple[str, str, str], foreign: int) -> None:
    others = [
        Told(text_sha256="a", title="Tin Hòa Bình", url="https://ban-a.example/1"),
        Told(text_sha256="", title="Tin Hòa Bình", url="https://ban-a.example/1"),
    ]
    text, title, url = entry
    assert foreign_entries([Told(text_sha256=text, title=title, url=url)], others) == foreign


def test_an_alarm_tells_before_and_after() -> None:
    found = alarm_of(history(), ListSeen(shape=shape(28, dated=2), known=28))
    assert found is not None
    assert (found.part, found.before, found.after, found.takes_new) == ("dates", 30, 2, True)
    turned = alarm_of(history(), seen(known=0, stood=12, vanished=12))
    assert turned is not None
    assert not turned.takes_new


def test_a_history_keeps_the_shortest_and_the_longest_list() -> None:
    after = history(10).with_list(shape(7), scrolled=False).with_list(shape(12), scrolled=True)
    assert (after.last.items, after.least, after.most, after.scrolls) == (12, 7, 12, True)
    assert after.with_list(shape(12), scrolled=False).scrolls


# --- what left the list --------------------------------------------------------------------------------


def listed(*numbers: int, precision: Precision = Precision.SECOND) -> list[ListedPost]:
    """Posts dated by their numbers."""
    return [ListedPost(post=PostId(n), instant=NOON + n * DAY, precision=precision) for n in numbers]


@pytest.mark.parametrize(
    ("before", "now", "whole", "vanished", "scrolled"),
    [
        ([5, 4, 3, 2, 1], [6, 5, 4, 3, 2], False, [], [1]),
        ([5, 4, 3, 2, 1], [5, 4, 2, 1], False, [3], []),
        ([5, 4, 3, 2, 1], [7, 6, 5, 3], False, [4], [2, 1]),
        ([1, 2, 3, 4, 5], [2, 3, 4, 5, 6], False, [], [1]),  # the oldest first: what scrolls off stands on top
        ([1, 9, 8, 7], [9, 8, 7], False, [], [1]),  # an old post that was pinned to the top
        ([3, 2, 1], [9, 8, 7], False, [], [3, 2, 1]),  # much was written
        ([9, 8, 7], [3, 2, 1], False, [9, 8, 7], []),  # somebody else's list
        ([3, 2, 1], [3, 2], True, [1], []),
        ([3, 2, 1], [3, 2], False, [], [1]),
        ([3, 2, 1], [], False, [], [3, 2, 1]),
    ],
)
def test_what_was_taken_out_is_told_from_what_scrolled_off(
    before: list[int], now: list[int], whole: bool, vanished: list[int], scrolled: list[int]
) -> None:
    dates = [(entry.instant, entry.precision) for entry in listed(*now)]
    found = departed(listed(*before), {PostId(n) for n in now}, dates, whole=whole)
    assert (list(found.vanished), list(found.scrolled)) == (vanished, scrolled)
    assert found.stood == found.stayed + len(vanished)


def test_posts_of_one_day_may_have_scrolled_off() -> None:
    one_day = [ListedPost(post=PostId(n), instant=NOON, precision=Precision.DAY) for n in (3, 2, 1)]
    assert departed(one_day, {PostId(3)}, [(NOON, Precision.DAY)], whole=False).vanished == ()


# --- numbers, silence ------------------------------------------------------------------------------------


def test_a_counter_is_no_edit_among_many() -> None:
    assert only_numbers_differ("Lượt xem: 12", "Lượt xem: 1305")
    assert not only_numbers_differ("Lượt xem: 12", "Lượt xem: 12")
    assert not only_numbers_differ("Hội nghị ngày 12", "Đại hội ngày 12")


@pytest.mark.parametrize(
    ("days", "quiet_for", "silent"),
    [
        (range(0, 60, 3), 6, False),
        (range(0, 60, 1), 7, False),
        (range(0, 60, 1), 8, True),
        (range(0, 60, 3), 9, False),
        (range(0, 60, 3), 10, True),
        (range(0, 120, 10), 30, False),
        (range(0, 120, 10), 31, True),
        (range(0, 21, 3), 365, False),  # seven posts are no rhythm
        ([0, 30, 31, 32, 33, 34, 35, 36, 37], 89, False),  # it was silent for a month before
    ],
)
def test_silence_is_measured_by_the_source_s_own_rhythm(days: list[int], quiet_for: int, silent: bool) -> None:
    instants = [NOON + day * DAY for day in days]
    found = silence(instants, instants[-1] + quiet_for * DAY)
    assert (found is not None) is silent
    if found:
        assert found.since == instants[-1]


def test_posts_dated_ahead_say_nothing_about_silence() -> None:
    instants = [NOON + day * DAY for day in range(20)] + [NOON + 400 * DAY]
    assert silence(instants, NOON + 40 * DAY) is not None
