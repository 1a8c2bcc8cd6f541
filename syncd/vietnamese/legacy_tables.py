"""The encodings that Vietnamese was written in before Unicode, as they look in text that was decoded as windows-1252.

In most of them a letter is one character, in three of them a letter may be two: a base and a mark. TCVN3, VISCII and
windows-1258 are as TCVN 5712:1993, RFC 1456 and Microsoft's code page state them; VPS, VNI and BK HCM 2 were never
published as standards: their tables agree with two converters in public use each, and with documents of offices.
"""

import itertools
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from syncd.vietnamese.legacy_signs import Legacy as Legacy


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One encoding. `pairs` go before `singles`: letters of two characters or more, and the ones of one.

    `alphabet` holds every character that stands for a letter or a part of one, ASCII left out.
    """

    singles: Mapping[str, str]
    pairs: Mapping[str, str]
    alphabet: frozenset[str]


# "_": no letter of Vietnamese. Rows of sixteen, from the byte named on the left.
_TCVN3 = (  # A0; capitals with a tone do not exist in it: a font of its own draws them (.VnTimeH)
    "_ĂÂÊÔƠƯĐăâêôơưđ______àảãáạ_ằẳẵắ_______ặầẩẫấậè_ẻẽéẹềểễếệìỉ___ĩíịò_ỏõóọồổỗốộờởỡớợù_ủũúụừửữứựỳỷỹýỵ_"
)
_VISCII = (  # 80
    "ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐ"
    "ỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲ"
    "Õắằặấầẩậẽẹếềểễệố"
    "ồổỗỠƠộờởịỰỨỪỬơớƯ"
    "ÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳ"
    "ĐứÒÓÔạỷừửÙÚỹỵÝỡư"
    "àáâãảăữẫèéêẻìíĩỉ"
    "đựòóôõỏọụùúũủýợỮ"
)
VISCII_LOW = {"\x02": "Ẳ", "\x05": "Ẵ", "\x06": "Ẫ", "\x14": "Ỷ", "\x19": "Ỹ", "\x1e": "Ỵ"}
_VPS = (  # 80; six capitals share a place with their small letters
    "ÀẢÃẤẦẨọỗĂếềểệẮẰẲ"
    "Ế__ỀỂỄỐỒỔỖýỷỵỚỜỞ"
    "_ắằẳẵặỠớÙờởỡŨỨợỪ"
    "ổỬỲỸÍÌộỈĨÓửữÒỎÕự"
    "ầÁÂấẩẫậđẻÉÊẹỉễịỹ"
    "ƯỦồốÔỏơÈừứÚũưÝẺ_"
    "àáâãảạă_èéêẽìí_ĩ"
    "ẴĐòóôõ_Ơụùúủ_ỶẼỳ"
)


def _rows(letters: str) -> dict[str, str]:
    first = 0x100 - len(letters)
    return {
        shown: letter for byte, letter in enumerate(letters, start=first) if letter != "_" for shown in _shown(byte)
    }


def _shown(byte: int) -> Iterable[str]:
    """The characters that a byte turns into: windows-1252's and, from 80 to 9F, the control character of Latin-1."""
    plain = chr(byte)
    try:
        return {plain, bytes([byte]).decode("cp1252")}
    except UnicodeDecodeError:
        return {plain}


def _composed(*parts: str) -> str:
    return unicodedata.normalize("NFC", "".join(parts))


def _pairs(bases: Mapping[str, str], marks: Mapping[str, str]) -> dict[str, str]:
    """Every base with every mark, in both cases and in mixed ones: a mark is often typed in the wrong case."""
    found = {}
    for (shown, base), (mark, added) in itertools.product(bases.items(), marks.items()):
        letter = _composed(base, added)
        for each in {mark, _upper(mark)}:
            found[shown + each] = letter
            found[_upper(shown) + each] = letter.upper()
    return found


def _upper(text: str) -> str:
    return "".join(char.upper() if len(char.upper()) == 1 else char for char in text)


def _both_cases(letters: Mapping[str, str]) -> dict[str, str]:
    return {**letters, **{_upper(shown): letter.upper() for shown, letter in letters.items()}}


_TONES_VNI = {"ù": "\u0301", "ø": "\u0300", "û": "\u0309", "õ": "\u0303", "ï": "\u0323"}
_VNI_PAIRS = {
    **_pairs({**{c: c for c in "aeouy"}, "ô": "ơ", "ö": "ư"}, _TONES_VNI),
    **_pairs(
        {c: _composed(c, "\u0302") for c in "aeo"},
        {"â": "", "á": "\u0301", "à": "\u0300", "å": "\u0309", "ã": "\u0303", "ä": "\u0323"},
    ),
    **_pairs({"a": "ă"}, {"ê": "", "é": "\u0301", "è": "\u0300", "ú": "\u0309", "ü": "\u0303", "ë": "\u0323"}),
}
_VNI_SINGLES = _both_cases({"ô": "ơ", "ö": "ư", "ñ": "đ", "í": "í", "ì": "ì", "æ": "ỉ", "ó": "ĩ", "ò": "ị", "î": "ỵ"})

_TONES_1258 = {"ì": "\u0301", "Ì": "\u0300", "Ò": "\u0309", "Þ": "\u0303", "ò": "\u0323"}
_BASES_1258 = {**{c: c for c in "aeiouyâêô"}, "ã": "ă", "õ": "ơ", "ý": "ư"}
_1258_PAIRS = {
    shown + mark: letter
    for (base, meant), (mark, tone) in itertools.product(_BASES_1258.items(), _TONES_1258.items())
    for shown, letter in (
        (base, _composed(meant, tone)),
        (base.upper(), _composed(meant, tone).upper()),
    )
}
_1258_SINGLES = _both_cases({"ã": "ă", "õ": "ơ", "ý": "ư", "ð": "đ", **{c: c for c in "àáâèéêíóôùú"}})

_BKHCM2_TONES = {"á": "\u0301", "â": "\u0300", "ã": "\u0309", "ä": "\u0303", "å": "\u0323"}
_BKHCM2_PAIRS = {
    **_pairs({**{c: c for c in "aeouy"}, "ú": "ơ", "û": "ư"}, _BKHCM2_TONES),
    **_pairs(
        {"ê": "â", "ï": "ê", "ö": "ô"},
        {"ë": "\u0301", "ì": "\u0300", "í": "\u0309", "î": "\u0303", "å": "\u0323"},
    ),
    **_pairs({"ù": "ă"}, {"æ": "\u0301", "ç": "\u0300", "è": "\u0309", "é": "\u0303", "å": "\u0323"}),
}
_BKHCM2_SINGLES = _both_cases(
    {"à": "đ", "ê": "â", "ù": "ă", "ï": "ê", "ö": "ô", "ú": "ơ", "û": "ư",
     "ñ": "í", "ò": "ì", "ó": "ỉ", "ô": "ĩ", "õ": "ị"}
)  # fmt: skip


_LETTERS = {_composed(vowel, tone) for vowel in "aăâeêioôơuưy" for tone in ("", *_TONES_VNI.values())} | {"đ"}
_TWICE = {
    "".join(shown): letter
    for small in sorted(_LETTERS)
    for letter in (small, small.upper())
    if not letter.isascii()
    for shown in itertools.product(*(sorted(_shown(byte)) for byte in letter.encode()))
} | {"".join(max(_shown(byte)) for byte in sign.encode()): sign for sign in "“”‘’–—…«»·°"}


def _table(singles: Mapping[str, str], pairs: Mapping[str, str] | None = None) -> Table:
    pairs = pairs or {}
    characters = frozenset(c for shown in itertools.chain(singles, pairs) for c in shown if not c.isascii())
    return Table(singles=singles, pairs=pairs, alphabet=characters)


TABLES: Mapping[Legacy, Table] = {
    Legacy.TCVN3: _table(_rows(_TCVN3)),
    Legacy.VNI: _table(_VNI_SINGLES, _VNI_PAIRS),
    Legacy.CP1258: _table(_1258_SINGLES, _1258_PAIRS),
    Legacy.VISCII: _table(_rows(_VISCII)),
    Legacy.VPS: _table(_rows(_VPS)),
    Legacy.BKHCM2: _table(_BKHCM2_SINGLES, _BKHCM2_PAIRS),
    Legacy.TWICE: _table({}, _TWICE),
}
