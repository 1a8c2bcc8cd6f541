"""What tests of every room may ask for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.testing.clock import FakeClock
from syncd.testing.local_site import LocalSite

pytest_plugins = ["tests.postgres", "tests.province"]


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still at 2026-10-15 09:00 +07:00."""
    return FakeClock()


@pytest.fixture
def local_site() -> Iterator[LocalSite]:
    """An empty website on loopback."""
    with LocalSite() as site:
        yield site


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A folder as an installation has it, empty."""
    path = tmp_path / "var"
    path.mkdir()
    return path
