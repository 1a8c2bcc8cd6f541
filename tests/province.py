"""The made-up province of `syncd demo`, played once for all tests of a run, in whichever process asks first."""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.commands import Answer, process


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> tuple[Path, Answer]:
    """The demo's folder, and what `syncd demo` printed."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent  # one folder for all processes of pytest-xdist
    folder, said = shared / "demo", shared / "demo.txt"
    with (shared / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not said.exists():
            answer = process("demo", "--no-serve", "--dir", folder)
            assert answer.code == 0, answer.err
            said.write_text(answer.out, encoding="utf-8")
    return folder, Answer(0, said.read_text(encoding="utf-8"), "")


@pytest.fixture(scope="session")
def demo(played: tuple[Path, Answer]) -> Path:
    """The demo's configuration. For commands that only read."""
    return played[0] / "config.toml"


@pytest.fixture
def own_demo(played: tuple[Path, Answer], tmp_path: Path) -> Callable[[], Path]:
    """Makes a copy of the demo that a test may write to; returns its configuration."""

    def copy() -> Path:
        # a reader's own files beside the database may come and go meanwhile
        shutil.copytree(played[0], tmp_path / "demo", ignore=shutil.ignore_patterns("*.db-wal", "*.db-shm"))
        return tmp_path / "demo" / "config.toml"

    return copy
