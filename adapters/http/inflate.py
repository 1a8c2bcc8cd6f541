"""Undoing a content coding within bounds (RFC 9110, 8.4)."""

import zlib

# Names that servers send in Content-Encoding although the bytes are plain.
_PLAIN = frozenset({"", "identity", "none", "utf-8"})
_GZIP_MAGIC = b"\x1f\x8b"


class CodingError(Exception):
    """The body cannot be decoded. `kind` is `bad_coding`, `truncated` or `too_large`."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


def check_coding(coding: str) -> str:
    """The one coding of a Content-Encoding value: empty, `gzip` or `deflate`.

    Raises:
        CodingError: a coding we did not ask for, or several on top of each other, which only a bomb needs.
    """
    names = [name for part in coding.split(",") if (name := part.strip().lower()) not in _PLAIN]
    if not names:
        return ""
    if len(names) > 1:
        raise CodingError("bad_coding", f"{len(names)} content codings on top of each other")
    name = names[0].removeprefix("x-")
    if name not in ("gzip", "deflate"):
        raise CodingError("bad_coding", f"content coding {names[0][:40]!r} was not asked for")
    return name


def inflate(data: bytes, coding: str, *, limit: int) -> bytes:
    """The bytes behind `coding` (from `check_coding`). Never holds more than `limit` + 1 of them.

    `deflate` may come with the zlib wrapper or, against the standard, without it. A checksum that does not fit is an error.

    Raises:
        CodingError: damaged, cut short, or longer than `limit`.
    """
    if not coding or not data:
        return data
    if coding == "gzip":
        return _inflate_members(data, limit)
    wrapped = len(data) >= 2 and data[0] & 0x0F == 8 and int.from_bytes(data[:2]) % 31 == 0
    return _inflate_one(data, zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS, limit)[0]


def _inflate_members(data: bytes, limit: int) -> bytes:
    """A gzip file may hold several members (RFC 1952, 2.2). What follows the last one is padding and is left out."""
    parts: list[bytes] = []
    size = 0
    while True:
        part, data = _inflate_one(data, 16 + zlib.MAX_WBITS, limit - size)
        parts.append(part)
        size += len(part)
        if not data.startswith(_GZIP_MAGIC):
            return b"".join(parts)


def _inflate_one(data: bytes, window: int, limit: int) -> tuple[bytes, bytes]:
    """One compressed stream, and what follows it."""
    stream = zlib.decompressobj(window)
    try:
        body = stream.decompress(data, limit + 1)
    except zlib.error as err:
        raise CodingError("bad_coding", str(err).rpartition(": ")[2]) from err
    if len(body) > limit:
        raise CodingError("too_large", f"more than {limit} bytes after decompression")
    if not stream.eof:
        raise CodingError("truncated", "the compressed body ends in the middle")
    return body, stream.unused_data
