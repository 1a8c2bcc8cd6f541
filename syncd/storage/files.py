"""Captures on disk: `files/ab/cd/<sha256>`, whole or not there."""

import hashlib
import os
import re
import tempfile
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

    def put(self, data: bytes) -> str:
        """Store durably and return the SHA-256 in hex. A file that was cut short by a failing disk is put right.

        Raises:
            StorageError: the disk is full or may not be written; nothing half-written stands under the name.
        """
        sha256 = hashlib.sha256(data).hexdigest()
        path = self._path(sha256)
        with _disk_errors(path):
            if _size(path) != len(data):
                self._make_folder(path.parent)
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
                data = path.read_bytes()
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
        return self._path(sha256).is_file()

    def sweep(self) -> int:
        """Remove what a process that died while writing left behind; how many. Only the process that owns the data may call this."""
        removed = 0
        with _disk_errors(self.root):
            for leftover in self.root.glob(f"*/*/{_LEFTOVER}*"):
                leftover.unlink()
                removed += 1
        return removed

    def _path(self, sha256: str) -> Path:
        if not _SHA256.fullmatch(sha256):
            raise EvidenceError(f"{sha256!r} is not a SHA-256 in hex", subject=sha256)
        return self.root / sha256[:2] / sha256[2:4] / sha256

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        # A new folder is durable only when the one that holds it is; one that was there was made durable by who made it.
        outer_is_new = not folder.parent.is_dir()
        folder.mkdir(parents=True, exist_ok=True)
        _sync_folder(folder.parent)
        if outer_is_new:
            _sync_folder(self.root)


def _write_whole(path: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=_LEFTOVER, dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(name)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


@contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as err:
        raise StorageError(
            f"the capture cannot be read or written: {err.strerror}",
            subject=str(path),
            hint="see the free space and the owner of the folder of captures",
        ) from err
