"""The text of RTF files, and of Word and Excel files of 1997 to 2003: what can be told without their whole format."""

import codecs
import re
from collections.abc import Iterator

_RTF = re.compile(
    rb"\\([a-zA-Z]{1,32})(-?\d{1,9})?[ ]?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.DOTALL
)
_NO_TEXT = frozenset(
    b"fonttbl colortbl stylesheet listtable listoverridetable rsidtbl generator info pict objdata themedata colorschememapping "
    b"latentstyles datastore xmlnstbl sn sv fldinst bkmkstart bkmkend mmathPr".split()
)
_KEPT = frozenset((b"shpinst", b"shptxt", b"shpgrp"))
_BREAKS = {b"par": "\n", b"line": "\n", b"cell": "\n", b"row": "\n", b"sect": "\n", b"page": "\n", b"tab": " "}
_MAX_DEPTH = 2_000
# Runs of text between the binary parts: UTF-16 letters of Latin scripts, else single bytes.
_WIDE_RUN = re.compile(
    "[\t\x07\x0b\r\x20-\x7e\u00a0-\u024f\u0300-\u036f\u1e00-\u1eff\u2013\u2014\u2018\u2019\u201c\u201d\u2026]{3,}"
)
_NARROW_RUN = re.compile(rb"[\t\x07\x0b\r\x20-\x7e\x80-\xff]{6,}")
_LETTERS = re.compile(r"[^\W\d_]{2,}")
_LINE_ENDS = re.compile("[\x07\x0b\r]+")
_MAX_CHARS = 2_000_000
_LONG_CHARS = 200
_MAX_PAGES = 200
_LOCKED = "EncryptedPackage".encode("utf-16-le")


def is_locked(data: bytes) -> bool:
    """Whether an old container holds nothing but an encrypted new document."""
    return _LOCKED in data


def old_office_pages(data: bytes) -> tuple[str, ...]:
    """The runs of text in a DOC, XLS or PPT file: each long one by itself, so that it has a head, the short ones together.

    Some of them are no text but names of styles and fonts.
    """
    wide = data[: len(data) & ~1].decode("utf-16-le", errors="replace")
    runs = [run.group() for run in _WIDE_RUN.finditer(wide)]
    narrow = (run.group().decode("cp1252", errors="replace") for run in _NARROW_RUN.finditer(data))
    runs += [run for run in narrow if _LETTERS.search(run)]
    lines = [_LINE_ENDS.sub("\n", run)[:_MAX_CHARS] for run in runs]
    long = [each for each in lines if len(each) >= _LONG_CHARS]
    short = "\n".join(each for each in lines if len(each) < _LONG_CHARS)
    return (*long[:_MAX_PAGES], short[:_MAX_CHARS])


def rtf_text(data: bytes) -> str:
    """The text of an RTF file, headers and text boxes among it."""
    return "".join(_rtf_pieces(data))[:_MAX_CHARS]


def _rtf_pieces(data: bytes) -> Iterator[str]:
    encoding = "cp1252"
    hidden: list[bool] = [False]
    substitute = [1]  # how many signs stand in for a Unicode one, by group
    to_skip = 0
    ignorable = False
    at = 0
    while match := _RTF.match(data, at):
        at = match.end()
        word, number, code, sign, brace, plain = match.groups()
        if brace == b"{":
            if len(hidden) < _MAX_DEPTH:
                hidden.append(hidden[-1])
                substitute.append(substitute[-1])
        elif brace == b"}":
            if len(hidden) > 1:
                hidden.pop()
                substitute.pop()
            to_skip = 0
        elif sign == b"*":
            ignorable = True
            continue
        elif word is not None:
            if word == b"bin" and number:
                at += max(0, int(number))
            elif word in _NO_TEXT or (ignorable and word not in _KEPT):
                hidden[-1] = True
            elif word == b"ansicpg" and number:
                encoding = _encoding(number)
            elif word == b"uc" and number:
                substitute[-1] = min(max(0, int(number)), 16)
            elif word == b"u" and number and not hidden[-1]:
                yield chr(int(number) % 0x10000) if not 0xD800 <= int(number) % 0x10000 < 0xE000 else "\ufffd"
                to_skip = substitute[-1]
            elif word in _BREAKS and not hidden[-1]:
                yield _BREAKS[word]
        elif code is not None or plain is not None:
            raw = bytes.fromhex(code.decode()) if code is not None else plain
            raw, to_skip = raw[to_skip:], max(0, to_skip - len(raw))
            if not hidden[-1]:
                yield raw.decode(encoding, errors="replace")
        elif sign == b"~" and not hidden[-1]:
            yield " "
        ignorable = False


def _encoding(code_page: bytes) -> str:
    try:
        return codecs.lookup(f"cp{int(code_page)}").name
    except (LookupError, ValueError):
        return "cp1252"
