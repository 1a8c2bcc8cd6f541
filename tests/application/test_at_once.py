"""A list that needs no page is recognised, judged and written in one transaction: what comes of it is what the longer way makes."""

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from syncd.application.collecting import recording
from syncd.application.collecting.collect import collect_unit
from syncd.application.collecting.looks import Tally, look_at
from syncd.domain.model import SourceId
from syncd.ports.source import PostData
from syncd.testing.clock import FakeClock
from tests.application.collecting import ExampleOffice, item, open_office, story

UNITS = {"ban-a": 2, "ban-b": 1}
LOOKS = 6


def some_lists(choice: random.Random) -> Iterator[dict[str, list[PostData]]]:
    """What the three sites list at each look: posts come and go, are edited, renamed, moved, reprinted, doubled."""
    lists: dict[str, list[PostData]] = {"ban-a/1": [], "ban-a/2": [], "ban-b/1": []}
    number = 0
    for _ in range(LOOKS):
        for name, posts in lists.items():
            for _ in range(choice.choice((0, 1, 1, 3, 9))):
                number += 1
                made = item(number, f"2026-10-{1 + number % 9:02} 08:30", url=f"https://{name}.example/tin/{number}")
                others = [post for others in lists.values() for post in others]
                if others and choice.random() < 0.3:
                    twin = choice.choice(others)
                    made = choice.choice(
                        (
                            replace(twin, guid=f"khac-{number}"),
                            replace(twin, url=made.url, title=made.title),
                            replace(made, html=twin.html),
                            replace(made, guid=twin.guid),
                            replace(made, full_text=False),
                        )
                    )
                posts.insert(choice.randint(0, len(posts)), made)
            for at, post in enumerate(posts):
                if choice.random() < 0.1:
                    posts[at] = choice.choice(
                        (
                            replace(post, html=story(f"sửa lần {number}")),
                            replace(post, title=f"{post.title} (sửa)"),
                            replace(post, author="Nguyễn Văn A"),
                        )
                    )
            if posts and choice.random() < 0.3:
                del posts[choice.randrange(len(posts)) :: choice.choice((1, 7))]
        yield {name: list(posts) for name, posts in lists.items()}


@contextmanager
def office(folder: Path) -> Iterator[ExampleOffice]:
    folder.mkdir()
    made = open_office(folder, FakeClock(), UNITS)
    yield made
    made.db.close()


def what_came_of_it(office: ExampleOffice, seed: int) -> list[Any]:
    reports = []
    for lists in some_lists(random.Random(seed)):
        for name, posts in lists.items():
            office.site(name).posts = posts
            office.site(name).full = seed % 2 == 0
        reports += [collect_unit(office.services, office.unit(unit)) for unit in UNITS]
        office.clock.advance(timedelta(hours=7))
    with office.db.read() as uow:
        posts = [uow.posts.get(post.id) for post in office.posts() if post.id is not None]
        kept = [
            posts,
            [office.push(post) for post in posts if post is not None],
            uow.versions.of([post.id for post in posts if post is not None and post.id is not None]),
            list(uow.ledger.leaves()),
            uow.sources.all(),
            [(uow.sources.listed(name), uow.lists.get(name), uow.lists.missed(name)) for name in office.sites],
            uow.looks.in_window(office.clock.now() - timedelta(days=30), office.clock.now()),
            uow.looks.windows(office.clock.now() - timedelta(days=30)),
        ]
    return [reports, *kept]


def compare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    with office(tmp_path / f"{seed}-at-once") as made:
        at_once = what_came_of_it(made, seed)
    with monkeypatch.context() as patched, office(tmp_path / f"{seed}-slowly") as made:
        patched.setattr(recording, "_AT_ONCE_CHARS", -1)
        slowly = what_came_of_it(made, seed)
    for one, other in zip(at_once, slowly, strict=True):
        assert one == other


@pytest.mark.parametrize("seed", range(2))
def test_both_ways_make_the_same_of_some_histories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    compare(tmp_path, monkeypatch, seed)


def test_two_sources_read_at_the_same_moment_make_one_post_of_one_story(tmp_path: Path) -> None:
    with office(tmp_path / "office") as made:
        unit = made.unit("ban-a")
        for source in unit.sources:
            made.sites[source].posts = [item(n, guid=f"{source}-{n}") for n in range(40)]
        start = threading.Barrier(len(unit.sources))

        def look(source: SourceId) -> Tally:
            tally = Tally()
            start.wait()
            look_at(made.services, unit, source, tally)
            return tally

        with ThreadPoolExecutor() as pool:
            tallies = list(pool.map(look, unit.sources))
        assert sorted((tally.new, tally.unchanged) for tally in tallies) == [(0, 40), (40, 0)]
        assert len(made.posts()) == 40


@pytest.mark.slow
def test_both_ways_make_the_same_of_many_histories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(2, 50):
        compare(tmp_path, monkeypatch, seed)
