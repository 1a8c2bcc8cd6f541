"""From bytes to clean text: which encoding a document is in, and text in one Unicode form without hidden damage.

VISCII and VPS are known by their words, declared or not. Fonts that pretend to be Latin text (TCVN3, VNI) are no matter of
decoding: a document may be in them here and there only; `legacy.modern` reads those.
"""

import codecs
import re
import unicodedata
from dataclasses import dataclass

from syncd.vietnamese.legacy_signs import Legacy

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_UNMARKED = (  # "<?" or a tag without a byte order mark
    (re.compile(rb"<\0\0\0"), "utf-32-le"),
    (re.compile(rb"\0\0\0<"), "utf-32-be"),
    (re.compile(rb"<\0[^\0]\0"), "utf-16-le"),
    (re.compile(rb"\0<\0[^\0]"), "utf-16-be"),
)
# what the label means in practice (WHATWG Encoding, 4.2)
_ALIASES = {
    "gb2312": "gb18030", "gbk": "gb18030", "x-gbk": "gb18030", "shift_jis": "cp932", "shift-jis": "cp932",
    "sjis": "cp932", "x-sjis": "cp932", "iso-8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252",
    "ascii": "cp1252", "us-ascii": "cp1252", "euc-kr": "cp949", "ks_c_5601-1987": "cp949", "x-cp1258": "cp1258",
    "big5": "big5hkscs", "unicode": "utf-16", "utf8": "utf-8",
}  # fmt: skip
# names that Python has no decoder for
_LEGACY_LABELS = {
    "viscii": Legacy.VISCII, "csviscii": Legacy.VISCII, "viscii1.1-1": Legacy.VISCII, "x-viet-viscii": Legacy.VISCII,
    "vps": Legacy.VPS, "x-viet-vps": Legacy.VPS, "tcvn": Legacy.TCVN3, "tcvn3": Legacy.TCVN3, "x-viet-tcvn": Legacy.TCVN3,
    "tcvn5712-1": Legacy.TCVN3, "x-viet-tcvn5712": Legacy.TCVN3, "vni": Legacy.VNI, "x-viet-vni": Legacy.VNI,
}  # fmt: skip
_WHOLLY = {Legacy.VISCII, Legacy.VPS}  # a document in one of these is so throughout
_REFUSED = {"utf-7", "utf7"}  # a way past filters, never an honest document
_DECLARED = re.compile(
    rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._:-]+)|<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9._:-]+)""",
    re.IGNORECASE,
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([A-Za-z0-9._:-]+)", re.IGNORECASE)
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_KANA = re.compile("[\u3040-\u30ff]")
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_HIGH_RUNS = re.compile(rb"[\xa1-\xff]{3,}")
# windows-1258 writes the tone as a letter of its own after the vowel; đ, ơ and ư have places of their own
_TONE_AFTER_VOWEL = re.compile(rb"[aeiouyAEIOUY\xc2\xca\xd4\xc3\xd5\xdd\xe2\xea\xf4\xe3\xf5\xfd][\xcc\xd2\xde\xec\xf2]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff]")
_WESTERN = {byte: char for byte in range(0x80, 0xA0) if (char := bytes([byte]).decode("cp1252", errors="ignore"))}
_MARKUP = re.compile(r"<[^<>]{0,2000}>")
_SURROGATE = re.compile("[\ud800-\udfff]")
_MOSTLY_VALID = 0.02  # share of broken bytes up to which UTF-8 with replacements is still the best reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """Text as decoded, its line ends and Unicode form untouched. `replaced` counts U+FFFD put in for broken bytes."""

    text: str
    encoding: str
    replaced: int = 0


def decode(body: bytes, *, content_type: str = "") -> Decoded:
    """Decode a document: byte order mark, then UTF-8 where it proves itself, the HTTP charset, the declared one, a guess.

    UTF-8 goes before a declaration because text that is no UTF-8 hardly ever looks like it, while declarations are
    often copied from elsewhere. Never raises; a few broken bytes become U+FFFD and cost nothing else.
    """
    for mark, encoding in _BOMS:
        if body.startswith(mark):
            return _replacing(body[len(mark) :], encoding)
    head = body[:2048]
    for pattern, encoding in _UNMARKED:
        if pattern.match(head.lstrip(b"\r\n\t ")) or pattern.match(head):
            return _replacing(body, encoding)
    labels = _labels(head, content_type)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_legacy(body, labels)
    if body.isascii() and _may_be_shifted(labels):
        return _decode_legacy(body, labels)
    return Decoded(text=text, encoding="utf-8")


def is_utf8_if_valid(body: bytes, *, content_type: str = "") -> bool:
    """Whether `decode` takes a document for UTF-8 provided that its bytes are valid as such; only its head is looked at."""
    if body.startswith(codecs.BOM_UTF8):
        return b"\xef\xbf\xbd" not in body  # which would be counted as broken
    head = body[:2048]
    return (
        b"\0" not in head
        and not head.startswith((b"\xff", b"\xfe"))
        and not _may_be_shifted(_labels(head, content_type))
    )


def nfc(text: str) -> str:
    """The text composed, without control characters, and with U+FFFD for what no database or file can hold."""
    if text.isprintable():  # neither control characters nor surrogates are
        return text if text.isascii() else unicodedata.normalize("NFC", text)
    return _CONTROL.sub("", _SURROGATE.sub("\ufffd", unicodedata.normalize("NFC", text)))


def one_line(text: str) -> str:
    """The text composed, on one line, white space collapsed: a title or a name."""
    if text.isprintable():  # no white space but the space itself
        composed = text if text.isascii() else unicodedata.normalize("NFC", text)
        return " ".join(composed.split()) if "  " in composed else composed.strip(" ")
    return " ".join(nfc(text).split())


def _labels(head: bytes, content_type: str) -> list[str]:
    """The names that a document's encoding is given, the weightier first."""
    labels = [m[1] for m in [_CHARSET.search(content_type)] if m]
    return labels + [(m[1] or m[2]).decode("ascii") for m in [_DECLARED.search(head)] if m]


def _may_be_shifted(labels: list[str]) -> bool:
    """Whether ASCII bytes may stand for other letters."""
    return any(label.lower().startswith(("iso-2022", "hz")) for label in labels)


def _decode_legacy(body: bytes, labels: list[str]) -> Decoded:
    from syncd.vietnamese.legacy import convert  # with its tables 8 ms, and hardly any document is in one of them

    broken = _broken_utf8(body)
    if broken is not None and broken * 20 < len(_MULTIBYTE.findall(body)):
        return _replacing(body, "utf-8")
    for label in labels:
        encoding = _ALIASES.get(label.lower(), label.lower())
        if legacy := _LEGACY_LABELS.get(encoding):
            return Decoded(text=convert(_western(body), legacy), encoding=legacy.lower())
        if encoding == "cp1252":
            return _latin(body)
        if encoding in _REFUSED or encoding == "utf-8":
            continue
        try:
            return Decoded(text=body.decode(encoding), encoding=encoding)
        except UnicodeDecodeError:
            continue
        except (LookupError, ValueError, TypeError):  # no text encoding of that name
            continue
    if broken is not None:
        return _replacing(body, "utf-8")
    return _guess(body)


def _broken_utf8(body: bytes) -> int | None:
    """How many bytes are no UTF-8, where the rest proves that it is meant: few are broken, and more pairs are whole."""
    whole = _MULTIBYTE.findall(body)
    broken = len(_NOT_ASCII.findall(body)) - sum(len(pair) for pair in whole)
    return broken if broken < _MOSTLY_VALID * len(body) and len(whole) >= broken else None


def _guess(body: bytes) -> Decoded:
    for encoding in ("cp932", "euc_jp"):
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        if len(_KANA.findall(text)) * 3 >= sum(char > "\x7f" for char in text):
            return Decoded(text=text, encoding=encoding)
    run_bytes = sum(len(run) for run in _HIGH_RUNS.findall(body))
    if run_bytes * 2 > len(_NOT_ASCII.findall(body)):  # whole words beyond ASCII: no Latin script writes so
        try:
            return Decoded(text=body.decode("gb2312"), encoding="gb2312")
        except UnicodeDecodeError:
            lower = sum(0xC0 <= byte < 0xE0 for byte in body) * 2 > sum(byte >= 0xC0 for byte in body)
            return _replacing(body, "koi8-r" if lower else "cp1251")
    tones = len(_TONE_AFTER_VOWEL.findall(body))
    if tones * 5 >= len(_NOT_ASCII.findall(body)) > 0:
        return _replacing(body, "cp1258")
    return _latin(body)


def _latin(body: bytes) -> Decoded:
    """The document as windows-1252, unless its words are Vietnamese by an encoding that looks like it."""
    from syncd.vietnamese.legacy import convert, recognise_legacy

    text = _western(body)
    found = recognise_legacy(_MARKUP.sub("\n", text))
    if found in _WHOLLY:
        return Decoded(text=convert(text, found), encoding=found.lower())
    return _replacing(body, "cp1252")


def _western(body: bytes) -> str:
    """windows-1252 with nothing lost: the five bytes that it has no character for stay as controls."""
    return body.decode("latin-1").translate(_WESTERN)


def _replacing(body: bytes, encoding: str) -> Decoded:
    text = body.decode(encoding, errors="replace")
    return Decoded(text=text, encoding=encoding, replaced=text.count("\ufffd"))
