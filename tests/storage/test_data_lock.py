"""One process owns the data; another is refused until it is gone, however it went."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from syncd.errors import AlreadyRunning, StorageError
from syncd.storage.engine import parse_url
from syncd.storage.lock import DataLock

OWNER = """
import sys
from pathlib import Path
from syncd.storage.lock import DataLock
with DataLock(Path(sys.argv[1]), sys.argv[2]):
    sys.stdout.write("held\\n")
    sys.stdout.flush()
    sys.stdin.read()
"""


def until(condition: Callable[[], bool], *, within_s: float = 10) -> bool:
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def owner(tmp_path: Path, empty_url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that owns the data."""
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path / "var"), empty_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.wait(10)
        process.stdin.close()
        process.stdout.close()


def is_free(data_dir: Path, url: str) -> bool:
    try:
        with DataLock(data_dir, url):
            return True
    except AlreadyRunning:
        return False


def test_a_second_process_is_refused_and_told_who_owns_the_data(
    owner: subprocess.Popen[str], tmp_path: Path, empty_url: str
) -> None:
    with pytest.raises(AlreadyRunning) as caught, DataLock(tmp_path / "var", empty_url):
        pass
    assert re.search(rf"\b{owner.pid}\b", caught.value.message)
    assert caught.value.hint is not None


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_data_are_free_after_their_owner_died(
    owner: subprocess.Popen[str], tmp_path: Path, empty_url: str, how: signal.Signals
) -> None:
    assert not is_free(tmp_path / "var", empty_url)
    owner.send_signal(how)
    owner.wait(10)
    # PostgreSQL notices a moment later that the connection is gone.
    assert until(lambda: is_free(tmp_path / "var", empty_url))


def test_the_data_are_free_after_the_lock_was_given_back(tmp_path: Path, empty_url: str) -> None:
    lock = DataLock(tmp_path / "var", empty_url)
    lock.release()
    assert not lock.still_held()
    for _ in range(2):
        with lock:
            assert lock.still_held()
            assert not is_free(tmp_path / "var", empty_url)
        assert not lock.still_held()
        assert until(lambda: is_free(tmp_path / "var", empty_url))


def test_the_lock_file_names_its_owner_and_nobody_before(tmp_path: Path) -> None:
    path = tmp_path / "var" / "syncd.lock"
    path.parent.mkdir()
    path.write_text("99999999999\n")
    with DataLock(path.parent, f"sqlite:///{tmp_path}/var/syncd.db"):
        assert path.read_text() == f"{os.getpid()}\n"
    assert path.exists()


def test_a_folder_that_cannot_be_made_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file")
    with pytest.raises(StorageError, match="cannot make"), DataLock(tmp_path / "var", f"sqlite:///{tmp_path}/var/x.db"):
        pass


def test_a_lock_that_the_server_forgot_is_noticed(postgres_url: str, tmp_path: Path) -> None:
    lock = DataLock(tmp_path, postgres_url)
    with lock:
        assert lock.still_held()
        plain = parse_url(postgres_url).set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(plain, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'syncd owner%'"
                " AND datname = current_database()"
            )
        assert until(lambda: not lock.still_held())


def test_a_server_that_is_not_there_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(StorageError) as caught, DataLock(tmp_path, "postgresql://u:Secret@127.0.0.1:1/x"):
        pass
    assert "Secret" not in str(caught.value)
