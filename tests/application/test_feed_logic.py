"""What feeds do that is no error of format, each by its name, with what becomes of the posts."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.application.collecting.collect import CollectReport, collect_unit
from syncd.application.collecting.gone import follow_up
from syncd.domain.model import LOCAL, UnitId
from syncd.ports.records import PushState
from syncd.testing.clock import FakeClock
from syncd.vietnamese.dates import parse_date
from tests.application.collecting import ExampleOffice, item, local, open_office, story

VECTORS = Path(__file__).parents[1] / "data" / "feedlogic_vectors.txt"
A, B = UnitId("ban-a"), UnitId("ban-b")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
IMPLEMENTED: dict[str, Callable[[ExampleOffice], None]] = {}
ON_POSTGRES = ("guid changes each fetch", "deleted then re-posted", "feed of another unit served")


def vector(name: str) -> Callable[[Callable[[ExampleOffice], None]], Callable[[ExampleOffice], None]]:
    def named(act: Callable[[ExampleOffice], None]) -> Callable[[ExampleOffice], None]:
        IMPLEMENTED[name] = act
        return act

    return named


@pytest.fixture
def office(tmp_path: Path, clock: FakeClock) -> Iterator[ExampleOffice]:
    made = open_office(tmp_path, clock, {"ban-a": 1, "ban-b": 1})
    yield made
    made.db.close()


def look(office: ExampleOffice, unit: str = "ban-a") -> CollectReport:
    office.clock.advance(HOUR)
    return collect_unit(office.services, office.unit(unit))


def titles(office: ExampleOffice, unit: str = "ban-a") -> list[str]:
    return sorted(post.title for post in office.posts(unit))


@vector("same guid, new text")
def _(office: ExampleOffice) -> None:
    """An edit: the same post, a version more, its first instant kept, and the old text beside it."""
    site = office.site("ban-a/1")
    site.posts = [item(1)]
    look(office)
    site.posts = [item(1, "2026-10-14 09:00", title="Tin số 1 (sửa)", html=story("đính chính"))]
    assert look(office).changed == 1
    (post,) = office.posts("ban-a")
    assert (post.title, post.version, post.published_at) == ("Tin số 1 (sửa)", 2, local("2026-10-12 08:30"))
    with office.db.read() as uow:
        [versions] = uow.versions.of([post.id]).values() if post.id else []
    assert [(version.version, version.title, version.reason) for version in versions] == [(1, "Tin số 1", "edited")]
    assert office.push(post).version == 2


@vector("guid reused by other unit")
def _(office: ExampleOffice) -> None:
    """`news_1` is unique within one site only: two posts, two keys."""
    office.site("ban-a/1").posts = [item(1)]
    office.site("ban-b/1").posts = [item(1, url="https://ban-b.example/1", title="Tin B", html=story("việc của B"))]
    assert (look(office).new, look(office, "ban-b").new) == (1, 1)
    assert len({post.key for post in office.posts()}) == 2


@vector("guid empty")
def _(office: ExampleOffice) -> None:
    """The address names the post."""
    site = office.site("ban-a/1")
    site.posts = [item(n, guid=None if n % 2 else "") for n in range(4)]
    assert look(office).new == 4
    site.posts = [item(9, guid=None), *site.posts]
    assert look(office).new == 1


@vector("guid changes each fetch")
def _(office: ExampleOffice) -> None:
    """The address recognises it, and the names that are kept of it are bounded."""
    site = office.site("ban-a/1")
    for fetch in range(40):
        site.posts = [item(1, guid=f"{fetch:08x}-0000"), item(2, guid=f"{fetch:08x}-0001")]
        assert look(office).new == (2 if fetch == 0 else 0)
    assert len(office.posts("ban-a")) == 2
    assert max(names(office).values()) <= 24


def names(office: ExampleOffice) -> Counter[int]:
    """How many guids each post is known by."""
    from sqlalchemy import select

    from syncd.storage.tables import post_aliases

    with office.db.read() as uow:
        rows = uow.posts._transaction.execute(  # type: ignore[attr-defined]  # no use case asks for this
            select(post_aliases.c.post).where(post_aliases.c.kind == "guid")
        )
        return Counter(row.post for row in rows)


@vector("link only differs by utm_*")
def _(office: ExampleOffice) -> None:
    """One page, whatever campaign it is counted for."""
    site = office.site("ban-a/1")
    url = item(1).url
    site.posts = [
        item(1, guid=None, url=f"{url}?utm_source=zalo"),
        item(1, guid=None, url=f"{url}?utm_source=fb&fbclid=x"),
    ]
    assert look(office).new == 1
    site.posts = [item(1, guid=None, url=f"{url}?utm_campaign=thang10")]
    assert look(office).new == 0


@vector("same post http/https/www")
def _(office: ExampleOffice) -> None:
    """One page, by whichever door."""
    site = office.site("ban-a/1")
    for count, door in ((1, "http://"), (0, "https://"), (0, "https://www."), (0, "HTTPS://WWW.")):
        site.posts = [item(1, guid=None, url=f"{door}ban-a.example/tin/1.html", html=story(f"bản {door}"))]
        assert look(office).new == count
    assert len(office.posts("ban-a")) == 1


@vector("500 posts in one minute")
def _(office: ExampleOffice) -> None:
    """All are kept and counted once; the portal gets them bit by bit."""
    site = office.site("ban-a/1")
    site.posts = [item(n, "2026-10-15 09:30", html=story(f"số {n} của loạt bài")) for n in range(500)]
    report = look(office)
    assert report.new == 500
    assert any("wait" in note for note in report.notes)
    states = Counter(office.push(post).state for post in office.posts("ban-a"))
    assert states == {PushState.QUEUED: 100, PushState.HELD_BACK: 400}
    assert look(office).new == 0


@vector("back-dated into closed month")
def _(office: ExampleOffice) -> None:
    """A list that reached back beyond its date did not show it: it is flagged, and waits for a person."""
    site = office.site("ban-a/1")
    site.posts = [item(2, "2026-10-13 08:00"), item(1, "2026-08-20 08:00")]
    look(office)
    site.posts = [item(2, "2026-10-13 08:00"), item(3, "2026-09-28 08:00"), item(1, "2026-08-20 08:00")]
    look(office)
    assert {post.title: post.back_dated for post in office.posts("ban-a")} == {
        "Tin số 1": False,
        "Tin số 2": False,
        "Tin số 3": True,
    }


@vector("future-dated")
def _(office: ExampleOffice) -> None:
    """Taken in with its date in doubt: a person settles it; nothing is scheduled on the portal by it."""
    read = parse_date("2027-10-15 08:00", fetched_at=office.clock.now(), default_zone=LOCAL)
    office.site("ban-a/1").posts = [item(1, published=read)]
    look(office)
    (post,) = office.posts("ban-a")
    assert post.date_doubt == "future"


@vector("deleted then re-posted")
def _(office: ExampleOffice) -> None:
    """Missed, then gone, never uncounted; put up again under another guid and address it is the same post, and is back."""
    site = office.site("ban-a/1")
    site.full = True
    services = replace(office.services, page_stands=lambda source, url: False)
    site.posts = [item(n, f"2026-10-{n:02} 08:00") for n in range(12, 6, -1)]
    collect_unit(services, office.unit("ban-a"))
    site.posts = [post for post in site.posts if post.title != "Tin số 10"]
    office.clock.advance(HOUR)
    collect_unit(services, office.unit("ban-a"))
    office.clock.advance(7 * DAY)
    assert follow_up(services).gone == 1
    site.posts = [item(10, "2026-10-23 08:00", guid="news_99", url="https://ban-a.example/tin/99.html"), *site.posts]
    assert (look(office).new, len(office.posts("ban-a"))) == (0, 6)
    [post] = [post for post in office.posts("ban-a") if post.title == "Tin số 10"]
    assert (post.gone_since, post.gone_at, post.published_at) == (None, None, local("2026-10-10 08:00"))
    assert [leaf["data"]["back"] for leaf in office.leaves("post_gone")] == [False, True]


@vector("copied from other unit")
def _(office: ExampleOffice) -> None:
    """It counts for the unit whose site had it first, whichever was read first."""
    office.site("ban-b/1").posts = [item(1, "2026-10-13 08:30", url="https://ban-b.example/1")]
    look(office, "ban-b")
    office.site("ban-a/1").posts = [item(1, "2026-10-12 08:30")]
    look(office)
    (original,), (copy,) = office.posts("ban-a"), office.posts("ban-b")
    assert (original.duplicate_of, copy.duplicate_of) == (None, original.id)


@vector("title-only posts")
def _(office: ExampleOffice) -> None:
    """Kept, each by its address; how long they are nobody can say, and no two are taken for one."""
    site = office.site("ban-a/1")
    site.posts = [item(n, html="", full_text=False, title="Lịch công tác tuần") for n in range(3)]
    assert look(office).new == 3
    assert {post.words for post in office.posts("ban-a")} == {None}
    assert not any(post.duplicate_of for post in office.posts("ban-a"))


@vector("feed shows last 10 only and 30 published")
def _(office: ExampleOffice) -> None:
    """What stood between two looks and was never seen is a gap, not a silence."""
    site = office.site("ban-a/1")
    site.full = True
    day = "2026-10-{:02} 08:00"
    site.posts = [item(n, day.format(n)) for n in range(10, 0, -1)]
    look(office)
    office.clock.advance(10 * DAY)
    site.posts = [item(100 + n, f"2026-10-25 {n:02}:00") for n in range(9, -1, -1)]
    look(office)
    with office.db.read() as uow:
        windows = uow.looks.windows(local("2026-10-01 00:00"), unit=A)
    [first, second] = windows[office.unit("ban-a").sources[0]]
    assert (first.end < local("2026-10-16 00:00"), second.start) == (True, local("2026-10-25 00:00"))
    assert not any(post.gone_since for post in office.posts("ban-a"))


@vector("feed order reversed")
def _(office: ExampleOffice) -> None:
    """The oldest first: nothing is new, nothing is missed, and the reach is the same."""
    site = office.site("ban-a/1")
    site.full = True
    site.posts = [item(n, f"2026-10-{n:02} 08:00") for n in range(12, 2, -1)]
    look(office)
    site.posts = site.posts[::-1]
    report = look(office)
    assert (report.new, report.changed, report.held) == (0, 0, 0)
    site.posts = [*site.posts[1:], item(13, "2026-10-13 08:00")]
    assert look(office).new == 1
    assert not any(post.gone_since for post in office.posts("ban-a"))
    with office.db.read() as uow:
        state = uow.sources.get(office.unit("ban-a").sources[0])
    assert state is not None
    assert state.covers_from == local("2026-10-04 08:00")


@vector("page removed after sync")
def _(office: ExampleOffice) -> None:
    """It stays on the portal and keeps counting; after seven days it is held to be gone, and says since when."""
    site = office.site("ban-a/1")
    site.full = True
    answers: list[bool | None] = [False, None, False]
    services = replace(office.services, page_stands=lambda source, url: answers.pop(0))
    site.posts = [item(n, f"2026-10-{n:02} 08:00") for n in range(12, 6, -1)]
    collect_unit(services, office.unit("ban-a"))
    site.posts = [post for post in site.posts if post.title != "Tin số 9"]
    office.clock.advance(HOUR)
    collect_unit(services, office.unit("ban-a"))
    missed = office.clock.now()
    assert follow_up(services).as_json() == {"gone": 0, "standing": 0, "waiting": 0}
    office.clock.advance(7 * DAY)
    assert follow_up(services).waiting == 1  # no answer: asked again by the next run
    assert follow_up(services).gone == 1
    [post] = [post for post in office.posts("ban-a") if post.gone_at]
    assert (post.title, post.gone_since, post.gone_at) == ("Tin số 9", missed, office.clock.now())
    assert office.push(post).state is PushState.QUEUED
    assert follow_up(services).gone == 0


@vector("feed of another unit served")
def _(office: ExampleOffice) -> None:
    """Nothing of it is taken in, no day is covered by it, and status says so; its own feed ends the matter."""
    b, a = office.site("ban-b/1"), office.site("ban-a/1")
    b.posts = [item(n, url=f"https://ban-b.example/{n}") for n in range(8)]
    look(office, "ban-b")
    a.posts = [item(n, title=f"Tin A {n}", html=story(f"việc {n} của ban A")) for n in range(50, 58)]
    look(office)
    own = a.posts
    a.posts = [replace(post, guid=f"x{post.guid}") for post in b.posts]
    report = look(office)
    assert (report.new, report.held, report.failed) == (0, 1, 0)
    assert len(office.posts("ban-a")) == 8
    with office.db.read() as uow:
        (record,) = uow.lists.alarmed()
        windows = uow.looks.windows(local("2026-10-01 00:00"), unit=A)
    assert record.alarm in ("foreign_list", "turned_over")
    assert windows[record.source][0].end < office.clock.now()
    a.posts = own
    assert look(office).held == 0
    with office.db.read() as uow:
        assert uow.lists.alarmed() == []


# --- as tests --------------------------------------------------------------------------------------------


def test_every_vector_has_its_test() -> None:
    assert list(IMPLEMENTED) == VECTORS.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("name", list(IMPLEMENTED))
def test_feed_logic(office: ExampleOffice, name: str) -> None:
    IMPLEMENTED[name](office)


@pytest.mark.parametrize("name", ON_POSTGRES)
def test_feed_logic_on_postgresql(tmp_path: Path, clock: FakeClock, postgres_url: str, name: str) -> None:
    office = open_office(tmp_path, clock, {"ban-a": 1, "ban-b": 1}, url=postgres_url)
    try:
        IMPLEMENTED[name](office)
    finally:
        office.db.close()
