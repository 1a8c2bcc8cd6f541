"""Politeness as an office configures it: robots.txt, hours and canaries, through the whole program on real sockets."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.application.collecting.collect import CollectReport, collect
from syncd.application.services import Services
from syncd.bootstrap import database_url, wire
from syncd.config import load_config
from syncd.domain.model import UnitId
from syncd.errors import ConfigInvalid
from syncd.storage.schema import upgrade
from syncd.testing.clock import FakeClock
from syncd.testing.local_site import LocalSite
from tests.acceptance.office import config_text, feed_xml, unit_block

BAN_A = UnitId("ban-a")


@pytest.fixture
def site(local_site: LocalSite) -> LocalSite:
    local_site.page("/rss", feed_xml(local_site.url("/"), 3), content_type="application/rss+xml")
    local_site.page("/robots.txt", "User-agent: *\nDisallow: /rss\n", content_type="text/plain")
    return local_site


@contextmanager
def office(folder: Path, site: LocalSite, clock: FakeClock, http: str = "") -> Iterator[Services]:
    config_file = folder / "config.toml"
    units = unit_block("ban-a", site.url("/rss")) + unit_block("ban-b", site.url("/tin"))
    config_file.write_text(config_text(units).replace("[http]\n", f"[http]\n{http}"), encoding="utf-8")
    config = load_config(config_file)
    (folder / "var").mkdir(exist_ok=True)
    upgrade(database_url(config))
    with wire(config, clock=clock) as wired:
        yield wired.services


def look(services: Services) -> CollectReport:
    return collect(services, [BAN_A])[BAN_A]


def test_a_list_that_robots_txt_forbids_is_not_read_and_says_what_to_do(
    tmp_path: Path, site: LocalSite, clock: FakeClock
) -> None:
    with office(tmp_path, site, clock) as services:
        [failure] = look(services).errors
    assert failure.kind == "robots"
    assert "http.ignore_robots" in (failure.hint or "")
    assert site.count("/rss") == 0
    clock.advance(timedelta(hours=2))
    with office(tmp_path, site, clock) as services:  # a new process
        look(services)
    assert site.count("/robots.txt") == 1


def test_a_host_with_a_reason_is_read_all_the_same(tmp_path: Path, site: LocalSite, clock: FakeClock) -> None:
    reason = 'ignore_robots = { "127.0.0.1" = "Công văn số 02-CV/VD" }\n'
    with office(tmp_path, site, clock, reason) as services:
        assert look(services).new == 3
    assert site.count("/robots.txt") == 0


def test_robots_may_be_left_out_for_all(tmp_path: Path, site: LocalSite, clock: FakeClock) -> None:
    with office(tmp_path, site, clock, "respect_robots = false\n") as services:
        assert look(services).new == 3


def test_hours_are_kept(tmp_path: Path, site: LocalSite, clock: FakeClock) -> None:
    with office(tmp_path, site, clock, 'allowed_hours = "20:00-06:00"\nrespect_robots = false\n') as services:
        assert look(services).closed == 1
        assert site.count() == 0
        clock.advance(timedelta(hours=11))
        assert look(services).new == 3


def test_a_dead_canary_makes_the_outage_ours(tmp_path: Path, site: LocalSite, clock: FakeClock) -> None:
    with LocalSite() as canary:
        keys = f'canaries = ["127.0.0.1:{canary.port}"]\nrespect_robots = false\n'
        with office(tmp_path, site, clock, keys) as services:
            site.pause()
            canary.pause()
            assert look(services).failed == 1
            assert look(services).paused == 1
            canary.resume()
            site.resume()
            clock.advance(timedelta(minutes=2))
            assert look(services).new == 3


@pytest.mark.parametrize(
    ("keys", "refused"),
    [
        (
            'allowed_hours = "25:00-26:00"\nignore_robots = { "vidu.example" = "" }\n',
            {"http.allowed_hours", "http.ignore_robots.vidu.example"},
        ),
        (
            'canaries = ["127.0.0.1:53", "khong-co-cong", "ftp://vidu.example/"]\n',
            {"http.canaries[1]", "http.canaries[2]"},
        ),
    ],
    ids=["hours and reasons", "canaries"],
)
def test_what_cannot_be_is_refused_by_its_key(
    tmp_path: Path, site: LocalSite, clock: FakeClock, keys: str, refused: set[str]
) -> None:
    with pytest.raises(ConfigInvalid) as caught, office(tmp_path, site, clock, keys):
        pass
    assert {problem.key for problem in caught.value.problems} == refused


def test_hours_shorter_than_the_time_between_looks_are_refused(
    tmp_path: Path, site: LocalSite, clock: FakeClock
) -> None:
    keys = 'allowed_hours = "20:00-20:01"\n'
    with office(tmp_path, site, clock, keys):
        pass
    config_file = tmp_path / "config.toml"
    text = config_file.read_text(encoding="utf-8").replace("collect_every_minutes = 1", "collect_every_minutes = 60")
    config_file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigInvalid) as caught:
        load_config(config_file)
    assert [problem.key for problem in caught.value.problems] == ["http.allowed_hours"]
