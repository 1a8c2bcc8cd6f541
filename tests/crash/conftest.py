"""The report of a sweep: how many kills, where, and how long the longest recovery took."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.world import Tally


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """Counts over one test; added to the file that `SYNCD_CRASH_REPORT` names, a line a test."""
    counted = Tally()
    yield counted
    if report := os.environ.get("SYNCD_CRASH_REPORT"):
        with Path(report).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"test": request.node.name, **counted.as_json()}) + "\n")
