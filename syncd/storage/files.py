"""Captures on disk: `files/ab/<sha256>`, whole or not there.

Older ones stand one folder deeper, `files/ab/cd/<sha256>`: they are found there, and left where they are.
"""

import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from syncd.errors import EvidenceError, StorageError

_SHA256 = re.compile(r"[0-9a-f]{64}")
_LEFTOVER = ".writing-"  # how a file is called until all its bytes are on the disk


class FileStore:
    """Implements `ports.files.Files`. Shared by threads; also safe for several processes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._root = str(root)

    def put(self, data: bytes) -> str:
        """Store durably and return the SHA-256 in hex. A file that was cut short by a failing disk is put right.

        Raises:
            StorageError: the disk is full or may not be written; nothing half-written stands under the name.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._path(sha256)
        with _disk_errors(path):
            if os.path.exists(path) and os.path.getsize(path) == len(data):
                return sha256
            try:
                _write_whole(path, data)
            except FileNotFoundError:
                self._make_folder(os.path.dirname(path))
                _write_whole(path, data)
        return sha256

    def get(self, sha256: str) -> bytes:
        """The bytes.

        Raises:
            EvidenceError: not there, or not the bytes of that hash any more.
        """
        path = self._path(sha256)
        try:
            with _disk_errors(path):
                data = Path(path).read_bytes()
        except FileNotFoundError as err:
            raise EvidenceError(
                "the capture is not there", subject=sha256, hint="restore the files from a backup"
            ) from err
        if (found := hashlib.sha256(data).hexdigest()) != sha256:
            raise EvidenceError(
                f"the capture was changed on the disk: its hash is now {found}",
                subject=sha256,
                hint="restore the files from a backup",
            )
        return data

    def has(self, sha256: str) -> bool:
        return os.path.isfile(self._path(sha256))

    def sweep(self) -> int:
        """Remove what a process that died while writing left behind; how many. Only the process that owns the data may call this."""
        removed = 0
        with _disk_errors(self._root):
            for folders in ("*", "*/*"):
                for leftover in self.root.glob(f"{folders}/{_LEFTOVER}*"):
                    leftover.unlink()
                    removed += 1
        return removed

    def _path(self, sha256: str) -> str:
        """Where a capture stands, or where a new one goes."""
        if not _SHA256.fullmatch(sha256):
            raise EvidenceError(f"{sha256!r} is not a SHA-256 in hex", subject=sha256)
        path = f"{self._root}/{sha256[:2]}/{sha256}"
        if not os.path.exists(path) and os.path.exists(older := f"{self._root}/{sha256[:2]}/{sha256[2:4]}/{sha256}"):
            return older
        return path

    def _make_folder(self, folder: str) -> None:
        # A new folder is durable only when the one that holds it is; one that was there was made durable by who made it.
        os.makedirs(folder, exist_ok=True)
        _sync_folder(self._root)


def _write_whole(path: str, data: bytes) -> None:
    folder = os.path.dirname(path)
    name = f"{folder}/{_LEFTOVER}{secrets.token_hex(8)}"
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            rest = memoryview(data)
            while rest:
                rest = rest[file.write(rest) :]
            os.fsync(descriptor)
        os.replace(name, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(name)
        raise
    _sync_folder(folder)


def _sync_folder(folder: str) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _disk_errors(path: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as err:
        raise StorageError(
            f"the capture cannot be read or written: {err.strerror}",
            subject=path,
            hint="see the free space and the owner of the folder of captures",
        ) from err
