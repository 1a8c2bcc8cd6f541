"""One real WordPress for the whole session."""

import json
import os
import subprocess
from collections.abc import Iterator

import pytest

from adapters.http.client import HttpSettings, PoliteClient
from syncd.clock import SystemClock
from tests.portals.wordpress import PACKAGES_MISSING, SCRIPT, RealWordPress


@pytest.fixture(scope="session")
def wordpress(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealWordPress]:
    environment = {**os.environ, "SYNCD_PORTAL_STATE": str(tmp_path_factory.mktemp("wordpress") / "state")}

    def run(verb: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(SCRIPT), verb], env=environment, stdout=subprocess.PIPE, text=True, timeout=570)

    started = run("start")
    if started.returncode == PACKAGES_MISSING:
        pytest.skip("WordPress's packages are missing and cannot be installed here")
    client = PoliteClient(HttpSettings(), clock=SystemClock())
    try:
        assert started.returncode == 0
        yield RealWordPress(site=json.loads(started.stdout), client=client)
    finally:
        client.abort()
        run("destroy")
