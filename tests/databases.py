"""New databases for tests, quickly: SQLite's is written once by the real revisions and copied from then on."""

import os
import tempfile
from functools import cache
from pathlib import Path

from syncd.storage.schema import upgrade


def migrated(url: str) -> None:
    """Make the database at `url`, new, with today's schema; a file that stands there already is brought to it."""
    path = Path(url.removeprefix("sqlite:///"))
    if not url.startswith("sqlite:///") or path.exists():
        upgrade(url)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
        file.write(_schema())


@cache
def _schema() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "syncd.db"
        upgrade(f"sqlite:///{path}")
        assert [each.name for each in path.parent.iterdir()] == [path.name]  # nothing is left beside the file
        return path.read_bytes()
