"""Answers of Drupal and Liferay that are not as their manuals say end in errors that name the portal, and in no others."""

import json
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.http.client import HttpSettings, PoliteClient
from adapters.portals.drupal import DrupalPortal
from adapters.portals.drupal_calls import DrupalSettings
from adapters.portals.drupal_posts import DrupalWorkflow
from adapters.portals.liferay import LiferayPortal
from adapters.portals.liferay_contents import LiferaySettings
from adapters.portals.logins.settings import LoginSettings
from syncd.clock import SystemClock
from syncd.errors import PortalError
from syncd.ports.portal import Portal
from syncd.ports.secret import Secret
from syncd.testing.faulty_portal import Effect, Fault, FaultyPortal
from syncd.testing.liferay_rows import SITE, STRUCTURE, VOCABULARY
from syncd.testing.local_drupal import LocalDrupal
from syncd.testing.local_liferay import LocalLiferay
from syncd.testing.portal_contract import new_key, sample_image, sample_post

START, END = datetime(2025, 10, 1, tzinfo=UTC), datetime(2025, 11, 1, tzinfo=UTC)
AUTH = LoginSettings(kind="basic", username="syncd", password=Secret("correct horse"))
LOOPBACK = ("127.0.0.0/8",)
STRANGE = (
    None, 1, -1, 1.5, "", "x", [], {}, True, [None], [[]], {"a": None}, 10**30, "9" * 400, "2025-99-99",
    "0001-01-01T00:00:00+07:00", "http://[x", "<b>",
)  # fmt: skip
MOST_CALLS = 6  # of one act


@contextmanager
def drupal(client: PoliteClient) -> Iterator[tuple[FaultyPortal, Portal]]:
    with LocalDrupal() as server:
        settings = DrupalSettings(url=server.url, auth=AUTH, workflow=DrupalWorkflow(), allow_addresses=LOOPBACK)
        yield server, DrupalPortal(settings, name="cong", http=client, clock=SystemClock(), settle=timedelta(1))


@contextmanager
def liferay(client: PoliteClient, *, content: Any = "structured") -> Iterator[tuple[FaultyPortal, Portal]]:
    with LocalLiferay() as server:
        settings = LiferaySettings(
            url=server.url,
            site_id=SITE,
            auth=AUTH,
            content=content,
            structure_id=STRUCTURE,
            vocabulary_id=VOCABULARY,
            image_field="anh",
            allow_addresses=LOOPBACK,
        )
        yield server, LiferayPortal(settings, name="cong", http=client, clock=SystemClock(), settle=timedelta(1))


@contextmanager
def liferay_blog(client: PoliteClient) -> Iterator[tuple[FaultyPortal, Portal]]:
    with liferay(client, content="blog") as made:
        yield made


def places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield place
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, held in inside:
        yield from places(held, (*place, name))


def made_strange(body: bytes, dice: random.Random) -> bytes:
    """The JSON with one of its members, at any depth, gone or replaced."""
    document = json.loads(body)
    *way, last = dice.choice(list(places(document))) or (None,)
    if last is None:
        return json.dumps(dice.choice(STRANGE)).encode()
    held = document
    for name in way:
        held = held[name]
    if isinstance(held, dict) and dice.random() < 0.25:
        del held[last]
    else:
        held[last] = dice.choice(STRANGE)
    return json.dumps(document).encode()


@pytest.mark.parametrize("rounds", [60, pytest.param(600, marks=pytest.mark.slow)])
@pytest.mark.parametrize("connect", [drupal, liferay, liferay_blog], ids=lambda connect: connect.__name__)
def test_strange_answers_end_in_errors_of_the_portal(connect: Callable[..., Any], rounds: int) -> None:
    client = PoliteClient(HttpSettings(total_timeout_s=5), clock=SystemClock())
    dice = random.Random(rounds)
    with connect(client) as (server, portal):
        keys = [new_key() for _ in range(3)]
        made = [portal.create(sample_post(categories=("Tin",)), key) for key in keys]
        image = portal.put_file(sample_image())
        rich = sample_post(
            categories=("Tin",), author="unit_a", image=image, html=f'<p>A</p><img src="{image.url}" alt="">'
        )
        acts: tuple[Callable[[], object], ...] = (
            portal.verify,
            lambda: portal.find(keys[0]),
            lambda: portal.read(made[1].id),
            lambda: list(portal.list(START, END)),
            lambda: portal.create(rich, new_key()),
            lambda: portal.update(made[0].id, sample_post(), keys[0]),
            lambda: portal.withdraw(made[2].id, keys[2]),
            lambda: portal.put_file(sample_image()),
        )
        refused = 0
        for number in range(rounds):
            strange = iter([place == number % MOST_CALLS for place in range(MOST_CALLS)])

            def change(body: bytes, strange: Iterator[bool] = strange) -> bytes:
                return made_strange(body, dice) if next(strange, False) else body

            server.inject(Fault(method="*", path="*", effect=Effect.DONE, change=change, times=10_000))
            try:
                dice.choice(acts)()
            except PortalError:
                refused += 1
            server.forgive()
        assert refused > rounds // 20
    client.abort()
