"""The report of a sweep: how many kills, where, and how long the longest recovery took."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.crash.world import Tally


@pytest.fixture(scope="session")
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """Counts over the whole session; written to the file that `SYNCD_CRASH_REPORT` names, one line a process, and shown at the end."""
    counted = Tally()
    yield counted
    if report := os.environ.get("SYNCD_CRASH_REPORT"):
        with Path(report).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(counted)) + "\n")
