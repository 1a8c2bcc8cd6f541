"""What hosts said in robots.txt, kept across restarts in one file."""

import contextlib
import os
import threading
from pathlib import Path
from typing import BinaryIO

_HELD_CHARS = 4096  # a longer line is read from the file when it is asked for
_MAX_WASTE = 1024 * 1024  # bytes of lines that newer ones replaced, besides as many as those in force


class RobotsFile:
    """Records by origin, a line each, the last of an origin in force. Only appended to, until half of it is no longer in force.

    A file for each host cost 0.2 ms to make, and had to be opened anew for each host after each start. Shared by threads; another
    process may append too. A full disk loses the record, and a crash while it is written may cut it short.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "kept"
        self._lock = threading.Lock()
        self._places: dict[str, tuple[int, int]] | None = None  # of the lines in force: offset and length
        self._held: dict[str, bytes] = {}  # short ones that were read with the file and not asked for yet
        self._size = 0
        self._in_force = 0  # bytes
        self._torn = False  # the last line has no end

    def get(self, origin: str) -> str | None:
        """The record of an origin, as it was put or cut short; None where there is none."""
        with self._lock, contextlib.suppress(OSError, UnicodeDecodeError):
            place = self._read().get(origin)
            if place is None:
                return None
            line = self._held.pop(origin, None) or self._line(*place)
            name, _, record = line.decode().rstrip("\n").partition("\t")
            return record if name == origin else None
        return None

    def put(self, origin: str, record: str) -> None:
        """Keep a record; neither may hold a line break, nor the origin a tab."""
        line = f"{origin}\t{record}\n".encode()
        with self._lock, contextlib.suppress(OSError):
            places = self._read()
            with self._appending() as file:
                file.write(b"\n" + line if self._torn else line)
                self._size = file.tell()
            self._torn = False
            self._held.pop(origin, None)
            self._set(places, origin, self._size - len(line), len(line))
            if self._size > _MAX_WASTE + 2 * self._in_force:
                self._rewrite(places)

    def _appending(self) -> BinaryIO:
        try:
            return self._path.open("ab", buffering=0)
        except FileNotFoundError:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return self._path.open("ab", buffering=0)

    def _set(self, places: dict[str, tuple[int, int]], origin: str, start: int, length: int) -> None:
        self._in_force += length - places.get(origin, (0, 0))[1]
        places[origin] = (start, length)

    def _read(self) -> dict[str, tuple[int, int]]:
        if self._places is None:
            try:
                data = self._path.read_bytes()
            except FileNotFoundError:
                data = b""
            self._places, self._in_force = {}, 0
            self._size, self._torn = len(data), not data.endswith(b"\n") and bool(data)
            start = 0
            for line in data.splitlines(keepends=True):
                origin = line.partition(b"\t")[0].decode("ascii", "replace")
                self._set(self._places, origin, start, len(line))
                if len(line) <= _HELD_CHARS:
                    self._held[origin] = line
                else:
                    self._held.pop(origin, None)
                start += len(line)
        return self._places

    def _line(self, start: int, length: int) -> bytes:
        with self._path.open("rb") as file:
            file.seek(start)
            return file.read(length)

    def _rewrite(self, places: dict[str, tuple[int, int]]) -> None:
        part = self._path.with_suffix(f".{threading.get_ident()}")
        moved: dict[str, tuple[int, int]] = {}
        with self._path.open("rb") as old, part.open("wb") as new:
            for origin, (start, length) in places.items():
                old.seek(start)
                moved[origin] = (new.tell(), new.write(old.read(length)))
            self._size = new.tell()
        os.replace(part, self._path)
        places.update(moved)
