"""Captures: whole or not there, whatever happens while they are written."""

import errno
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.errors import EvidenceError, StorageError
from syncd.storage.files import FileStore

DATA = "Đảng bộ tỉnh".encode()
SHA256 = hashlib.sha256(DATA).hexdigest()

DIES_BEFORE_THE_RENAME = """
import os, signal, sys
from pathlib import Path
from syncd.storage.files import FileStore
os.replace = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
FileStore(Path(sys.argv[1])).put(sys.argv[2].encode())
"""


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(tmp_path / "files")


def path_of(store: FileStore, sha256: str) -> Path:
    return store.root / sha256[:2] / sha256


def older_path_of(store: FileStore, sha256: str) -> Path:
    return store.root / sha256[:2] / sha256[2:4] / sha256


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
def test_bytes_come_back_by_their_hash(store: FileStore, data: bytes) -> None:
    sha256 = store.put(data)
    assert sha256 == hashlib.sha256(data).hexdigest()
    assert store.get(sha256) == data
    assert store.has(sha256)


def test_the_same_bytes_are_kept_once(store: FileStore) -> None:
    store.put(DATA)
    before = path_of(store, SHA256).stat().st_ino
    assert store.put(DATA) == SHA256
    assert path_of(store, SHA256).stat().st_ino == before
    assert [path.name for path in store.root.rglob("*") if path.is_file()] == [SHA256]


def test_what_is_not_there_is_said_to_be_missing(store: FileStore) -> None:
    assert not store.has(SHA256)
    with pytest.raises(EvidenceError, match="not there"):
        store.get(SHA256)


@pytest.mark.parametrize("sha256", ["", "../../etc/passwd", "A" * 64, "a" * 63, "a" * 64 + "\n"])
def test_a_name_that_is_no_hash_is_refused(store: FileStore, sha256: str) -> None:
    with pytest.raises(EvidenceError, match="not a SHA-256"):
        store.get(sha256)


def test_bytes_changed_on_the_disk_are_found_out(store: FileStore) -> None:
    store.put(DATA)
    path_of(store, SHA256).write_bytes(DATA.replace(b"t", b"T"))
    with pytest.raises(EvidenceError, match="changed on the disk"):
        store.get(SHA256)


def test_a_file_cut_short_is_put_right_by_storing_it_again(store: FileStore) -> None:
    store.put(DATA)
    path_of(store, SHA256).write_bytes(DATA[:5])
    store.put(DATA)
    assert store.get(SHA256) == DATA


def test_a_capture_of_the_older_layout_is_found_and_left_where_it_is(store: FileStore) -> None:
    older = older_path_of(store, SHA256)
    older.parent.mkdir(parents=True)
    older.write_bytes(DATA)
    assert store.has(SHA256)
    assert store.get(SHA256) == DATA
    assert store.put(DATA) == SHA256
    assert [path for path in store.root.rglob("*") if path.is_file()] == [older]
    older.write_bytes(DATA[:5])
    store.put(DATA)
    assert store.get(SHA256) == DATA
    assert [path for path in store.root.rglob("*") if path.is_file()] == [older]
    (older.parent / ".writing-abc").write_bytes(b"half")
    assert store.sweep() == 1
    assert older.exists()


def test_a_folder_that_was_taken_away_is_made_anew(store: FileStore) -> None:
    store.put(DATA)
    shutil.rmtree(store.root)
    store.put(DATA)
    assert store.get(SHA256) == DATA


def test_a_process_that_dies_while_writing_leaves_nothing_under_the_name(store: FileStore) -> None:
    died = subprocess.run([sys.executable, "-c", DIES_BEFORE_THE_RENAME, str(store.root), DATA.decode()], check=False)
    assert died.returncode == -signal.SIGKILL
    assert not store.has(SHA256)
    leftovers = [path for path in store.root.rglob("*") if path.is_file()]
    assert len(leftovers) == 1
    assert store.put(DATA) == SHA256
    assert store.get(SHA256) == DATA
    assert store.sweep() == 1
    assert store.sweep() == 0
    assert store.get(SHA256) == DATA


def test_a_full_disk_is_an_error_of_ours_and_leaves_nothing(store: FileStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path_of(store, SHA256).parent.mkdir(parents=True)
    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        store.put(DATA)
    assert [path for path in store.root.rglob("*") if path.is_file()] == []


def test_threads_may_store_the_same_bytes_at_once(store: FileStore) -> None:
    blobs = [bytes([number]) * 1000 for number in range(8)] * 8
    with ThreadPoolExecutor(8) as pool:
        hashes = list(pool.map(store.put, blobs))
    assert all(store.get(sha256) == blob for sha256, blob in zip(hashes, blobs, strict=True))
    assert len([path for path in store.root.rglob("*") if path.is_file()]) == 8


def test_nobody_else_may_read_a_capture(store: FileStore) -> None:
    store.put(DATA)
    assert path_of(store, SHA256).stat().st_mode & 0o077 == 0
