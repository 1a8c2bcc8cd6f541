"""Killed at random moments, again and again, and started again: nothing lost, nothing twice.

The child is the real thing (configuration, lock, database, adapters); the portal loses answers, fails and works late besides.
"""

import json
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from syncd.application.evidence.verify import verify_ledger
from syncd.application.figures.quota_table import quota_table
from syncd.application.publishing.census import take_census
from syncd.application.services import Services
from syncd.cli.context import owning
from syncd.config import load_config
from syncd.domain.ledger import LeafKind
from syncd.domain.model import PeriodId
from syncd.ports.records import PostRecord, PushRecord, PushState
from syncd.storage.schema import upgrade
from syncd.testing.local_portal import LocalPortal
from syncd.testing.local_site import LocalSite
from tests.acceptance.commands import CHILDREN
from tests.acceptance.crash_world import POSTS, START, UNITS, HurriedClock, Sites, misbehaving, work, write_config

OCTOBER = PeriodId("2026-10")


@pytest.fixture
def sites() -> Iterator[Sites]:
    with LocalSite() as site:
        yield Sites(site)


class Sweep:
    """Starts children and kills them. Each stage of the sites' life gets its share of the kills."""

    def __init__(self, config: Path, sites: Sites, seed: int) -> None:
        self.config = config
        self.sites = sites
        self.chance = random.Random(seed)
        self.began = time.time()

    def kill(self, times: int) -> None:
        for number in range(times):
            self.sites.shown = 4 + (POSTS - 4) * number // times
            if number * 2 >= times:
                self.sites.edited = frozenset({(unit, number) for unit in UNITS for number in (1, 3)})
            child = self._start(until_quiet=False)
            time.sleep(self.chance.uniform(0.05, 1.0))
            child.kill()
            child.join()
            assert child.exitcode == -9, "the child ended by itself"

    def finish(self) -> None:
        self.sites.shown = POSTS
        child = self._start(until_quiet=True)
        child.join(timeout=120)
        if child.is_alive():
            child.kill()
        child.join()
        assert child.exitcode == 0, "the last run did not come to an end"

    def _start(self, *, until_quiet: bool) -> Any:
        child = CHILDREN.Process(target=work, args=(str(self.config), self.began, until_quiet))
        child.start()
        return child


def records(services: Services) -> list[tuple[PostRecord, PushRecord]]:
    with services.db.read() as uow:
        posts = uow.posts.in_window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
        pushes = uow.pushes.for_posts([post.id for post in posts if post.id is not None])
    return [(post, pushes[post.id]) for post in posts if post.id is not None]


def last_results(services: Services) -> dict[str, dict[str, Any]]:
    """Key -> what its last leaf says of its delivery."""
    with services.db.read() as uow:
        leaves = [json.loads(leaf.body)["data"] for leaf in uow.ledger.leaves() if leaf.kind is LeafKind.PUSH_RESULT]
    return {data["key"]: data for data in leaves}


def check_ours(services: Services, began: float) -> list[PushRecord]:
    """What must hold on our side, whatever the portal is."""
    kept = records(services)
    assert Counter(post.unit for post, _ in kept) == dict.fromkeys(UNITS, POSTS)  # each listed post once
    assert {push.state for _, push in kept} == {PushState.DELIVERED}  # I3
    told = last_results(services)
    assert {key: data["portal_id"] for key, data in told.items()} == {push.key: push.portal_id for _, push in kept}
    verify_ledger(services.db)  # I4
    assert take_census(services).complete
    return [push for _, push in kept]


def counted(services: Services) -> dict[str, tuple[int | None, int, int]]:
    table = quota_table(services, [OCTOBER])
    return {
        row.unit.id: (verdict.written, verdict.delivered, verdict.visible)
        for row in table.rows
        for verdict in [row.cells[0].recount]
    }


def check_files(folder: Path) -> None:  # I7
    with sqlite3.connect(folder / "syncd.db") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
    check_no_leftovers(folder)


def check_no_leftovers(folder: Path) -> None:
    assert [path for path in folder.rglob(".*") if path.name.startswith((".writing-", ".syncd-"))] == []


def sweep_wordpress(folder: Path, sites: Sites, database: str, kills: int, seed: int) -> None:
    with ExitStack() as stack:
        sweep_began = time.time()
        there = stack.enter_context(LocalPortal(clock=HurriedClock(sweep_began)))
        portal = (
            f'kind = "wordpress"\nurl = "{there.url}"\nusername = "{there.username}"\npassword_file = "password"\n'
            'allow_addresses = ["127.0.0.0/8"]'
        )
        (folder / "password").write_text(there.password)
        config = write_config(folder, sites, portal, database=database)
        there.type_by_hand(title="Gõ tay", html="<p>Một tin gõ tay.</p>", date=START, author="unit_a")
        sweep = Sweep(config, sites, seed)
        sweep.began = sweep_began
        with misbehaving(there, sweep.chance):
            sweep.kill(kills // 2)
            ours = [post for post in there.posts() if "<!-- syncd-" in post.content]
            if ours:
                there.trash(ours[0].id)
            sweep.kill(kills - kills // 2)
        sweep.finish()
        with owning(load_config(config), HurriedClock(sweep.began)) as (wired, _):
            pushes = check_ours(wired.services, sweep.began)
            for push in pushes:  # I1
                assert [str(post.id) for post in there.copies(push.key)] == [push.portal_id], push
            assert len(there.posts()) == len(UNITS) * POSTS + 1
            trashed = {str(ours[0].id)} if ours else set()
            assert {str(post.id) for post in there.posts() if post.status == "trash"} == trashed
            for post, push in records(wired.services):
                standing = there.copies(push.key)[0]
                wanted = sites.text(post.unit, int((post.guid or "").removeprefix("news_")))
                assert push.portal_id in trashed or wanted in standing.content
            visible = Counter(push.unit for push in pushes if push.portal_id not in trashed)
            visible[UNITS[0]] += 1  # the typed one
            assert {unit: figures[2] for unit, figures in counted(wired.services).items()} == dict(visible)
            assert {figures[:2] for figures in counted(wired.services).values()} == {(POSTS, POSTS)}


def sweep_outbox(folder: Path, sites: Sites, kills: int, seed: int) -> None:
    portal = 'kind = "outbox"\ndirectory = "cong"\nbase_url = "http://127.0.0.1:8077/cong/"'
    config = write_config(folder, sites, portal)
    upgrade(f"sqlite:///{folder}/syncd.db")
    sweep = Sweep(config, sites, seed)
    sweep.kill(kills)
    sweep.finish()
    with owning(load_config(config), HurriedClock(sweep.began)) as (wired, _):
        pushes = check_ours(wired.services, sweep.began)
        files = {path.stem: json.loads(path.read_bytes()) for path in (folder / "cong" / "posts").glob("*.json")}
        assert set(files) == {push.key for push in pushes}  # I1
        for post, push in records(wired.services):
            assert sites.text(post.unit, int((post.guid or "").removeprefix("news_"))) in files[push.key]["html"]
        assert set(counted(wired.services).values()) == {(POSTS, POSTS, POSTS)}
    check_files(folder)


def test_eight_kills_over_a_wordpress_that_loses_answers_leave_one_copy_of_each(data_dir: Path, sites: Sites) -> None:
    upgrade(f"sqlite:///{data_dir}/syncd.db")
    sweep_wordpress(data_dir, sites, "sqlite:///syncd.db", kills=5, seed=8)
    check_files(data_dir)


def test_eight_kills_over_an_outbox_leave_one_copy_of_each(data_dir: Path, sites: Sites) -> None:
    sweep_outbox(data_dir, sites, kills=5, seed=8)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_a_hundred_kills_over_a_wordpress_that_loses_answers(data_dir: Path, sites: Sites, seed: int) -> None:
    upgrade(f"sqlite:///{data_dir}/syncd.db")
    sweep_wordpress(data_dir, sites, "sqlite:///syncd.db", kills=100, seed=seed)
    check_files(data_dir)


@pytest.mark.slow
def test_a_hundred_kills_over_an_outbox(data_dir: Path, sites: Sites) -> None:
    sweep_outbox(data_dir, sites, kills=100, seed=3)


@pytest.mark.slow
def test_a_hundred_kills_on_postgresql(data_dir: Path, sites: Sites, postgres_url: str) -> None:
    upgrade(postgres_url)
    sweep_wordpress(data_dir, sites, postgres_url, kills=100, seed=4)
    check_no_leftovers(data_dir)
