"""What a picture is, by its own first bytes, never by what a server calls it."""

import struct

_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)

MAX_PIXELS = 100_000_000  # a portal unpacks a picture to make small ones of it: this many take 400 MB there
_JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}


def image_type(data: bytes) -> str | None:
    """The picture's media type by its signature; None for anything that is no JPEG, PNG, GIF or WebP."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for signature, kind in _SIGNATURES if data.startswith(signature)), None)


def pixels(data: bytes) -> int:
    """How many points a picture claims to have, by its own head; 0 where that does not tell."""
    match image_type(data):
        case "image/png" if len(data) >= 24:
            width, height = struct.unpack(">II", data[16:24])
        case "image/gif" if len(data) >= 10:
            width, height = struct.unpack("<HH", data[6:10])
        case "image/jpeg":
            width, height = _jpeg_size(data)
        case "image/webp" if data[12:16] == b"VP8X" and len(data) >= 30:
            width, height = (1 + int.from_bytes(data[at : at + 3], "little") for at in (24, 27))
        case _:
            return 0  # the other kinds of WebP hold 16,383 by 16,383 points at most
    return int(width * height)


def _jpeg_size(data: bytes) -> tuple[int, int]:
    """From the frame's head (ITU T.81, B.2.2), found by going from segment to segment."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        if data[at + 1] in _JPEG_FRAMES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 1 if data[at + 1] == 0xFF else 2 + int.from_bytes(data[at + 2 : at + 4])
    return 0, 0
