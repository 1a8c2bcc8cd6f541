"""Collect, publish and census with the real adapters on loopback: a feed, the outbox, and a WordPress that loses answers."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.articles.reading import DirectReader
from adapters.http.client import HttpSettings, PoliteClient
from adapters.portals.outbox import OutboxPortal, OutboxSettings
from adapters.portals.wordpress import WordPressPortal, WordPressSettings
from adapters.sources.feed import FeedSettings, FeedSource
from syncd.application.collecting.collect import collect
from syncd.application.publishing.publish import publish
from syncd.application.reading_back.census import take_census
from syncd.domain.model import SourceId, UnitId
from syncd.ports.portal import Portal
from syncd.ports.records import PushState
from syncd.ports.secret import Secret
from syncd.testing.clock import FakeClock
from syncd.testing.local_portal import Effect, Fault, LocalPortal
from syncd.testing.local_site import LocalSite
from tests.application.collecting import ExampleOffice, open_office, story

SETTLE = timedelta(seconds=120)


def rss(numbers: range) -> bytes:
    items = "".join(
        f"<item><title>Tin số {n} &amp; hơn</title><link>http://ban-a.example/tin/{n}.html</link>"
        f'<guid isPermaLink="false">news_{n}</guid><pubDate>Mon, {12 + n % 3} Oct 2026 08:30:00 +0700</pubDate>'
        f"<description><![CDATA[{story(f'bàn việc số {n}')}]]></description></item>"
        for n in numbers
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Ban A</title>{items}</channel></rss>'.encode()


@pytest.fixture
def http(clock: FakeClock) -> PoliteClient:
    settings = HttpSettings(
        user_agent="syncd-test", contact="test@vidu.example", allow_addresses=("127.0.0.0/8",), spacing_s=0
    )
    return PoliteClient(settings, clock=clock)


@pytest.fixture
def office(tmp_path: Path, clock: FakeClock, local_site: LocalSite, http: PoliteClient) -> Iterator[ExampleOffice]:
    made = open_office(tmp_path, clock, {"ban-a": 1, "ban-b": 1})

    def open_source(id: SourceId) -> FeedSource:
        settings = FeedSettings(url=local_site.url(f"/{id}.xml"), window=100, article="none")
        return FeedSource(
            settings, id=id, unit=UnitId(id.split("/")[0]), http=http, clock=clock, articles=DirectReader()
        )

    made.services = replace(made.services, open_source=open_source)
    yield made
    made.db.close()


def carried(office: ExampleOffice, portal: Portal, runs: int = 1) -> None:
    office.services = replace(office.services, portal=portal)
    collect(office.services)
    for _ in range(runs):
        publish(office.services)
        office.clock.advance(SETTLE + timedelta(hours=6))


def test_a_feed_becomes_files_in_the_outbox_and_the_census_sees_them(
    office: ExampleOffice, local_site: LocalSite, http: PoliteClient, tmp_path: Path
) -> None:
    local_site.page("/ban-a/1.xml", rss(range(5)), content_type="application/rss+xml", etag='"1"')
    settings = OutboxSettings(directory=tmp_path / "cong", base_url="http://127.0.0.1/cong/")
    portal = OutboxPortal(settings, name="cong", http=http, clock=office.clock, settle=SETTLE)
    carried(office, portal)
    report = take_census(office.services)
    assert (report.complete, report.units, report.duplicates) == (True, {"ban-a": {"public": 5}}, ())
    assert [line.own for line in report.periods] == [0, 0, 5]
    again = collect(office.services)
    assert (again[UnitId("ban-a")].unchanged, again[UnitId("ban-a")].new) == (5, 0)  # answered with 304
    assert again[UnitId("ban-b")].errors[0].kind == "http_status"  # no such page: the other unit is not touched by it


def test_an_edit_reaches_the_outbox_and_is_not_mistaken_for_an_editors(
    office: ExampleOffice, local_site: LocalSite, http: PoliteClient, tmp_path: Path
) -> None:
    local_site.page("/ban-a/1.xml", rss(range(2)), content_type="application/rss+xml")
    settings = OutboxSettings(directory=tmp_path / "cong", base_url="http://127.0.0.1/cong/")
    portal = OutboxPortal(settings, name="cong", http=http, clock=office.clock, settle=SETTLE)
    carried(office, portal)
    local_site.page(
        "/ban-a/1.xml",
        rss(range(2)).replace("bàn việc".encode(), "sơ kết việc".encode()),
        content_type="application/rss+xml",
    )
    collect(office.services)
    report = publish(office.services)
    assert (report.total.updated, report.notes) == (2, ())


@pytest.mark.parametrize(
    "fault",
    [Fault(effect=Effect.DONE, reset=True, times=3), Fault(reset=True, times=3)],
    ids=["made, answer lost", "nothing made"],
)
def test_a_wordpress_that_loses_answers_ends_with_one_copy_of_each(
    office: ExampleOffice, local_site: LocalSite, http: PoliteClient, fault: Fault
) -> None:
    local_site.page("/ban-a/1.xml", rss(range(6)), content_type="application/rss+xml")
    with LocalPortal() as there:
        there.inject(fault)
        settings = WordPressSettings(
            url=there.url, username=there.username, password=Secret(there.password), allow_addresses=("127.0.0.0/8",)
        )
        portal = WordPressPortal(settings, name="cong", http=http, clock=office.clock, settle=SETTLE)
        carried(office, portal, runs=4)
        assert {office.push(post).state for post in office.posts()} == {PushState.DELIVERED}
        assert [len(there.copies(post.key)) for post in office.posts()] == [1] * 6
        report = take_census(office.services)
        assert (report.complete, report.units, report.duplicates) == (True, {"ban-a": {"public": 6}}, ())
