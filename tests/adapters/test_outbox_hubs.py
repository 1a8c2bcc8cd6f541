"""WebSub: hubs are told of the outbox's feed once for each run that changed it, and their trouble is nobody else's."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import feedparser
import pytest

from adapters.http.client import HttpSettings, PoliteClient
from adapters.portals.outbox import OutboxPortal, OutboxSettings
from syncd.clock import SystemClock
from syncd.testing.local_site import LocalSite
from syncd.testing.portal_contract import new_key, sample_post

BASE = "https://cong.vidu.example/tin/"


@pytest.fixture
def hub() -> Iterator[LocalSite]:
    with LocalSite() as site:
        site.page("/hub", b"", status=204)
        yield site


@pytest.fixture
def client() -> Iterator[PoliteClient]:
    made = PoliteClient(HttpSettings(spacing_s=0.0, total_timeout_s=0.5), clock=SystemClock())
    yield made
    made.abort()


def open_outbox(folder: Path, client: PoliteClient, *hubs: str) -> OutboxPortal:
    settings = OutboxSettings(directory=folder, base_url=BASE, hub=hubs, allow_addresses=("127.0.0.0/8",))
    return OutboxPortal(settings, name="cong", http=client, clock=SystemClock(), settle=timedelta(seconds=120))


def test_hub_is_told_once_for_all_posts_of_a_run(tmp_path: Path, hub: LocalSite, client: PoliteClient) -> None:
    outbox = open_outbox(tmp_path, client, hub.url("/hub"))
    outbox.verify()
    hub.forget()
    for _ in range(3):
        outbox.create(sample_post(), new_key())
    assert hub.count() == 0
    outbox.verify()
    outbox.verify()
    open_outbox(tmp_path, client, hub.url("/hub")).verify()  # another process
    assert hub.count() == 1
    request = hub.last()
    assert (request.method, request.headers["content-type"]) == ("POST", "application/x-www-form-urlencoded")
    assert request.body == b"hub.mode=publish&hub.url=https%3A%2F%2Fcong.vidu.example%2Ftin%2Ffeed.xml"


def test_feed_names_its_hubs(tmp_path: Path, hub: LocalSite, client: PoliteClient) -> None:
    open_outbox(tmp_path, client, hub.url("/hub"), "https://hub.vidu.example/?a=1&b=2").verify()
    feed = feedparser.parse((tmp_path / "feed.xml").read_bytes())
    assert not feed.bozo
    assert [link.href for link in feed.feed.links if link.rel == "hub"] == [
        hub.url("/hub"),
        "https://hub.vidu.example/?a=1&b=2",
    ]


@pytest.mark.parametrize("trouble", ["status", "reset", "address"])
def test_hub_that_fails_stops_nothing_and_is_called_again(
    trouble: str, tmp_path: Path, hub: LocalSite, client: PoliteClient
) -> None:
    address = hub.url("/hub")
    if trouble == "status":
        hub.page("/hub", b"", status=503)
    elif trouble == "reset":
        hub.reset("/hub")
    else:
        address = "http://127.0.0.1:99999/hub"
    outbox = open_outbox(tmp_path, client, address)
    assert "hub not reached" in outbox.verify()
    key = new_key()
    assert outbox.create(sample_post(), key) == outbox.find(key)
    hub.page("/hub", b"", status=202)
    if trouble != "address":
        assert "hub not reached" not in outbox.verify()


def test_damaged_note_of_what_was_told_leads_to_one_more_call(
    tmp_path: Path, hub: LocalSite, client: PoliteClient
) -> None:
    outbox = open_outbox(tmp_path, client, hub.url("/hub"))
    outbox.verify()
    (tmp_path / ".hubs.json").write_text("[")
    outbox.verify()
    assert hub.count() == 2
