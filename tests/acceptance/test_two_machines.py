"""Two daemons over one database: by mistake, or one as the other's stand-by."""

import random
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from syncd.application.evidence.verify import verify_ledger
from syncd.clock import SystemClock
from syncd.storage.engine import open_database
from syncd.storage.schema import upgrade
from syncd.testing.local_portal import LocalPortal
from syncd.testing.local_site import LocalSite
from tests.acceptance.commands import syncd
from tests.acceptance.failover import Pair, write_config
from tests.acceptance.office import config_text, feed_xml, running, unit_block, until


@pytest.fixture
def site() -> Iterator[LocalSite]:
    with LocalSite() as site:
        yield site


def machine(folder: Path, site: LocalSite, database: str, *, lease_s: float = 60) -> Path:
    """The configuration of one of the machines; files, socket and mail in a folder of its own."""
    folder.mkdir()
    site.page("/ban-a.xml", feed_xml(site.url("/"), 3), content_type="application/rss+xml")
    text = config_text(unit_block("ban-a", site.url("/ban-a.xml")))
    text += f'[storage]\ndatabase = "{database}"\nlease_seconds = {lease_s}\n'
    config = folder / "config.toml"
    config.write_text(text, encoding="utf-8")
    return config


def test_a_second_daemon_on_the_same_postgresql_is_refused_or_stands_by_until_the_first_is_gone(
    tmp_path: Path, site: LocalSite, postgres_url: str
) -> None:
    here = machine(tmp_path / "a", site, postgres_url, lease_s=2)
    there = machine(tmp_path / "b", site, postgres_url, lease_s=2)
    upgrade(postgres_url)
    with running(here) as first:
        for command in (["run"], ["publish"]):
            answer = syncd(*command, "-c", there)
            assert answer.code == 2
            assert f"process {first.process.pid} on " in answer.err
        with running(there, standby=True, ready="standing by") as second:
            assert f"process {first.process.pid} on " in second.event("standing by")["reason"]
            first.process.send_signal(signal.SIGSTOP)
            second.event("taking over")
            second.event("running")
            first.process.send_signal(signal.SIGCONT)
            first.event("stopping")
            assert first.process.wait(timeout=60) == 1, "who manages services starts it again"
            assert second.terminate()[0] == 0


def sweep(folder: Path, site: LocalSite, database: str, rounds: int, seed: int) -> list[float]:
    """Stop the leader so many times; how long each take-over took, in seconds."""
    upgrade(database)
    chance = random.Random(seed)
    with ExitStack() as stack:
        portal = stack.enter_context(LocalPortal(takes_s=lambda: chance.uniform(0.01, 0.2)))
        configs = [write_config(folder / name, site, portal, database) for name in "ab"]
        pair = stack.enter_context(Pair(configs, database, site))
        took = []
        pair.show_more(4)
        until(lambda: pair.delivered() > 1, "the first posts are delivered")
        for _ in range(rounds):
            pair.show_more(4)
            took.append(pair.stop_the_leader(lambda: time.sleep(chance.uniform(0.1, 0.8))))
        until(lambda: pair.delivered() == pair.posts(), "everything is delivered")
        until(lambda: pair.losses() >= rounds, "each one that was stopped has learnt of its loss")
        assert pair.standing()[0] == rounds + 1
        rows = pair.sql.execute("SELECT key, portal_id FROM pushes").fetchall()
        assert len(rows) == pair.posts()
        assert [(key, [str(post.id) for post in portal.copies(key)]) for key, _ in rows] == [
            (key, [portal_id]) for key, portal_id in rows
        ]
        assert len(portal.posts()) == pair.posts()
        with open_database(database, clock=SystemClock()) as db:
            verify_ledger(db)
    return took


def test_a_leader_stopped_with_pushes_in_flight_makes_no_second_copy_when_it_wakes(
    tmp_path: Path, site: LocalSite, postgres_url: str
) -> None:
    assert max(sweep(tmp_path, site, postgres_url, rounds=1, seed=5)) < 30


@pytest.mark.slow
def test_fifty_leaders_stopped_with_pushes_in_flight_make_no_second_copy(
    tmp_path: Path, site: LocalSite, postgres_url: str
) -> None:
    assert max(sweep(tmp_path, site, postgres_url, rounds=50, seed=6)) < 30
