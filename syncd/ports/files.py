"""Captures: exact bytes, kept by their own hash."""

from typing import Protocol


class Files(Protocol):
    """Content-addressed; may be shared by threads."""

    def put(self, data: bytes) -> str:
        """Store durably (temporary name, fsync, rename) and return the SHA-256 in hex. Storing the same bytes again does nothing."""
        ...

    def get(self, sha256: str) -> bytes:
        """The bytes.

        Raises:
            EvidenceError: not there, or not the bytes of that hash any more.
        """
        ...

    def has(self, sha256: str) -> bool: ...

    def sweep(self) -> int:
        """Remove what a process that died while writing left behind; how many. Only the process that owns the data may call this."""
        ...
