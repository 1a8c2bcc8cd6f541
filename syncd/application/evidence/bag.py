"""A BagIt folder (RFC 8493) inside a zip, written so that the same contents give the same bytes, and read without trust."""

import hashlib
import os
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from syncd.errors import DossierInvalid, EvidenceError

TOP = "bag/"
DECLARATION = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
MANIFEST = "manifest-sha256.txt"
TAG_MANIFEST = "tagmanifest-sha256.txt"
TAG_FILES = ("bag-info.txt", "bagit.txt", MANIFEST)

_STAMP = (2000, 1, 1, 0, 0, 0)  # of every entry: the time of packing is no evidence
_MAX_ENTRIES = 200_000
_MAX_BYTES = 8 * 1024**3  # all entries together, unpacked
_NAME = re.compile(r"(?:[A-Za-z0-9_][A-Za-z0-9_.-]*/)*[A-Za-z0-9_][A-Za-z0-9_.-]*")


class BagWriter:
    """Writes a bag file by file, in the order of `add`; nothing stands at `out` before the block ends without an error.

    `info` goes into bag-info.txt, in this order.
    """

    def __init__(self, out: Path, info: dict[str, str]) -> None:
        self._out = out
        self._info = info
        self._partial = out.with_name(out.name + ".part")
        self._sums: dict[str, str] = {}
        self._octets = 0

    def __enter__(self) -> "BagWriter":
        try:
            self._out.parent.mkdir(parents=True, exist_ok=True)
            self._zip = zipfile.ZipFile(self._partial, "w", zipfile.ZIP_DEFLATED, compresslevel=9)
        except OSError as err:
            raise EvidenceError(f"{self._out} cannot be written: {err.strerror}", subject=str(self._out)) from err
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None:
                self._finish()
            self._zip.close()
            if error is None:
                os.replace(self._partial, self._out)
        except OSError as err:
            raise EvidenceError(f"{self._out} cannot be written: {err.strerror}", subject=str(self._out)) from err
        finally:
            self._partial.unlink(missing_ok=True)

    def add(self, name: str, content: bytes) -> None:
        """One payload file, `name` below `data/`."""
        path = f"data/{name}"
        if not _NAME.fullmatch(path) or path in self._sums:
            raise EvidenceError(f"{path!r} cannot be a name in a dossier", subject=path)
        self._sums[path] = hashlib.sha256(content).hexdigest()
        self._octets += len(content)
        self._write(path, content)

    def _finish(self) -> None:
        info = {**self._info, "Payload-Oxum": f"{self._octets}.{len(self._sums)}"}
        tags = {
            "bagit.txt": DECLARATION,
            "bag-info.txt": "".join(f"{key}: {value}\n" for key, value in info.items()).encode(),
            MANIFEST: _lines(self._sums),
        }
        for name, content in sorted(tags.items()):
            self._write(name, content)
        self._write(TAG_MANIFEST, _lines({name: hashlib.sha256(content).hexdigest() for name, content in tags.items()}))

    def _write(self, name: str, content: bytes) -> None:
        entry = zipfile.ZipInfo(TOP + name, _STAMP)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.create_system = 3  # Unix, whatever machine packs it
        entry.external_attr = 0o100644 << 16
        self._zip.writestr(entry, content)


class BagReader:
    """Reads a zipped bag without unpacking it. `names` are the paths inside the bag.

    Raises:
        DossierInvalid: on opening, for anything that is no plain bag: other names, links, the same name twice, too large.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as err:
            raise DossierInvalid(
                f"{path.name} is not a zip that can be read", part=path.name, expected="a zip", found=str(err)
            ) from err
        entries = self._zip.infolist()
        self.names: list[str] = []
        try:
            _refuse_too_large(entries)
            seen: set[str] = set()
            for entry in entries:
                name = _safe_name(entry)
                # Twins in case or composition are one file on some systems.
                folded = unicodedata.normalize("NFC", name).casefold()
                if folded in seen:
                    raise DossierInvalid(
                        f"{name} stands twice in the zip", part=name, expected="each name once", found="twice"
                    )
                seen.add(folded)
                self.names.append(name)
        except DossierInvalid:
            self._zip.close()
            raise

    def __enter__(self) -> "BagReader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def read(self, name: str) -> bytes:
        """One file's bytes.

        Raises:
            DossierInvalid: it is not there, or its packed form is damaged.
        """
        try:
            return self._zip.read(TOP + name)
        except KeyError as err:
            raise DossierInvalid(f"{name} is missing", part=name, expected="present", found="nothing") from err
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as err:
            raise DossierInvalid(
                f"{name} cannot be unpacked", part=name, expected="undamaged bytes", found=str(err)
            ) from err

    def below(self, folder: str) -> list[str]:
        """The names below `folder/`, in order."""
        return sorted(name for name in self.names if name.startswith(folder + "/"))


def read_manifest(bag: BagReader, manifest: str) -> Iterator[tuple[str, str]]:
    """The manifest's (sha256, name) pairs.

    Raises:
        DossierInvalid: a line that is none.
    """
    for number, line in enumerate(bag.read(manifest).decode("utf-8", "replace").splitlines(), 1):
        found = re.fullmatch(r"([0-9a-f]{64}) [ *](.+)", line)
        if found is None:
            raise DossierInvalid(
                f"line {number} of {manifest} is no manifest line",
                part=manifest,
                expected="sha256  name",
                found=line[:80],
            )
        yield found.group(1), found.group(2)


def _lines(sums: dict[str, str]) -> bytes:
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())).encode()


def _refuse_too_large(entries: list[zipfile.ZipInfo]) -> None:
    total = sum(entry.file_size for entry in entries)
    if len(entries) > _MAX_ENTRIES or total > _MAX_BYTES:
        raise DossierInvalid(
            "the zip holds more than a dossier can",
            part="zip",
            expected=f"at most {_MAX_ENTRIES} files and {_MAX_BYTES} bytes",
            found=f"{len(entries)} files and {total} bytes",
        )


def _safe_name(entry: zipfile.ZipInfo) -> str:
    # orig_filename: zipfile cuts the other one at a NUL
    name = entry.orig_filename
    plain_file = (entry.external_attr >> 16) & 0o170000 in (0, 0o100000)
    inside = name.removeprefix(TOP)
    if inside == name or not plain_file or not _NAME.fullmatch(inside) or ".." in inside:
        raise DossierInvalid(
            f"the zip holds {name!r}, which is no plain file of a dossier",
            part=name[:200],
            expected=f"a plain file below {TOP}",
            found="a link, a device or another path",
        )
    return inside
