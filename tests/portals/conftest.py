"""One real WordPress and one real Plone for the whole session."""

import json
import os
import subprocess
from collections.abc import Iterator

import pytest

from adapters.http.client import HttpSettings, PoliteClient
from syncd.clock import SystemClock
from tests.portals.plone import CANNOT_INSTALL, RealPlone
from tests.portals.plone import SCRIPT as PLONE_SCRIPT
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


@pytest.fixture(scope="session")
def plone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealPlone]:
    """Installed once a session, some 75 s; SYNCD_PORTAL_VENV names an environment to install it into and keep."""
    environment = {**os.environ, "SYNCD_PORTAL_STATE": str(tmp_path_factory.mktemp("plone") / "state")}

    def run(verb: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(PLONE_SCRIPT), verb], env=environment, stdout=subprocess.PIPE, text=True, timeout=570
        )

    started = run("start")
    if started.returncode == CANNOT_INSTALL:
        pytest.skip("Plone cannot be installed here")
    client = PoliteClient(HttpSettings(), clock=SystemClock())
    try:
        assert started.returncode == 0
        yield RealPlone(site=json.loads(started.stdout), client=client)
    finally:
        client.abort()
        run("destroy")
