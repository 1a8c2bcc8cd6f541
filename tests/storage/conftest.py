"""Every test of storage that asks for a `db` runs on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.clock import SystemClock
from syncd.storage.engine import SqlDatabase, open_database
from tests.databases import migrated


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database without a schema."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'var' / 'syncd.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def url(empty_url: str) -> str:
    """The address of a new database."""
    migrated(empty_url)
    return empty_url


@pytest.fixture
def db(url: str) -> Iterator[SqlDatabase]:
    with open_database(url, clock=SystemClock()) as database:
        yield database
