"""A portal that makes every fifth post and does not say so: nothing is lost, nothing stands there twice, and soon all is known."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.http.client import PoliteClient
from adapters.portals.wordpress import WordPressPortal, WordPressSettings
from adapters.portals.xmlrpc import XmlRpcPortal, XmlRpcSettings
from syncd.ports.portal import DeliveryClass, Portal
from syncd.ports.secret import Secret
from syncd.testing.clock import FakeClock
from syncd.testing.local_portal import LocalPortal
from tests.faults.lost_answers import AT_THE_END, LOST, SETTLE, LossyOffice, lossy_office

A_FEW, MANY = 200, int(os.environ.get("SYNCD_LOST_ANSWERS", "1000"))  # `make crash` takes 10,000
MOST = timedelta(minutes=10)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(AT_THE_END)


@pytest.fixture
def server(clock: FakeClock) -> Iterator[LocalPortal]:
    with LocalPortal(clock=clock) as made:
        yield made


def wordpress(server: LocalPortal) -> Callable[[PoliteClient, FakeClock], Portal]:
    settings = WordPressSettings(
        url=server.url, username=server.username, password=Secret(server.password), allow_addresses=("127.0.0.0/8",)
    )
    return lambda client, clock: WordPressPortal(settings, name="cong", http=client, clock=clock, settle=SETTLE)


def metaweblog(server: LocalPortal, *, recent: int) -> Callable[[PoliteClient, FakeClock], Portal]:
    settings = XmlRpcSettings(
        url=f"{server.url}/xmlrpc.php",
        username=server.username,
        password=Secret(server.password),
        dialect="metaweblog",
        recent_posts=recent,
        allow_addresses=("127.0.0.0/8",),
    )
    return lambda client, clock: XmlRpcPortal(settings, name="cong", http=client, clock=clock, settle=SETTLE)


def copies(server: LocalPortal, office: LossyOffice) -> Counter[str]:
    """How often each key stands there."""
    keys = {push.key for push in office.delivered()}
    return Counter(next(key for key in keys & set(post.content.split()) if key) for post in server.posts())


def lost_answers_make_no_difference(server: LocalPortal, office: LossyOffice, posts: int) -> None:
    office.deliver()
    assert len(office.delivered()) == posts
    assert set(copies(server, office).values()) == {1}
    assert len(server.posts()) == posts
    assert office.whims.lost > posts * LOST * 0.8
    assert office.resolved == office.whims.lost + office.whims.undone
    assert office.longest < MOST
    report = office.census()
    assert (report.complete, report.duplicates) == (True, ())
    assert sum(line.own for line in report.periods) == posts


@pytest.mark.slow
@pytest.mark.crash
@pytest.mark.parametrize("posts", [MANY])
def test_posts_stand_once_where_the_portal_enforces_our_key(
    tmp_path: Path, server: LocalPortal, clock: FakeClock, posts: int
) -> None:
    server.state.keeps_ids = True
    with lossy_office(tmp_path, server, wordpress(server), clock, posts=posts) as office:
        lost_answers_make_no_difference(server, office, posts)
        assert office.services.portal.capabilities.delivery_class is DeliveryClass.A


@pytest.mark.parametrize("posts", [A_FEW, pytest.param(MANY, marks=(pytest.mark.slow, pytest.mark.crash))])
def test_posts_stand_once_where_our_key_can_only_be_looked_up(
    tmp_path: Path, server: LocalPortal, clock: FakeClock, posts: int
) -> None:
    with lossy_office(tmp_path, server, wordpress(server), clock, posts=posts) as office:
        lost_answers_make_no_difference(server, office, posts)
        assert office.services.portal.capabilities.delivery_class is DeliveryClass.B


def test_without_look_up_none_is_lost_and_what_stands_there_twice_is_told(
    tmp_path: Path, server: LocalPortal, clock: FakeClock
) -> None:
    """Class C: only the latest posts can be asked for. What was made before them is made again, and the census tells which, or that it cannot."""
    posts = 40
    with lossy_office(tmp_path, server, metaweblog(server, recent=5), clock, posts=posts) as office:
        assert office.services.portal.capabilities.delivery_class is DeliveryClass.C
        office.deliver()
        standing = copies(server, office)
        assert len(standing) == posts
        assert len(server.posts()) > posts
        assert not office.census().complete
        office.look_through(metaweblog(server, recent=500))
        report = office.census()
        assert report.complete
        told = {duplicate.key: len(duplicate.urls) for duplicate in report.duplicates}
        assert told == {key: count for key, count in standing.items() if count > 1}
