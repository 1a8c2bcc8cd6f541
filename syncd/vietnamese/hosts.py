"""Whether a host's name may be meant to deceive: letters of two scripts, or of another one that look like Latin."""

import unicodedata

_TONES = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
_VOWELS = frozenset(unicodedata.normalize("NFC", vowel + tone) for vowel in "aăâeêioôơuưy" for tone in _TONES)
_VIETNAMESE = _VOWELS | frozenset("bcdđfghjklmnpqrstvwxz")
# Letters of other scripts that read as Latin ones in most typefaces.
_LOOKALIKES = frozenset("аеорсухіјѕһԁԛԝӏαορνιυ")


def host_doubt(host: str) -> str | None:
    """Why a person should look at a host before trusting it; None for plain names and Vietnamese ones.

    `host` may be in Unicode or in its `xn--` form. The reasons: `bad_idna` (no such name can be), `invisible`, `not_plain`
    (full-width or otherwise dressed-up characters), `mixed_script`, `lookalike` (all of its letters pass for Latin ones),
    `other_script`, `unusual_letters` (Latin, but not of Vietnamese).
    """
    for label in host.rstrip(".").split("."):
        doubt = _label_doubt(label.lower())
        if doubt is not None:
            return doubt
    return None


def _label_doubt(label: str) -> str | None:
    if label.startswith("xn--"):
        try:
            shown = label[4:].encode("ascii").decode("punycode")
        except UnicodeError:
            return "bad_idna"
        if shown.isascii():  # the ASCII name itself would have done
            return "bad_idna"
        label = shown
    if label.isascii():
        return None
    if any(unicodedata.category(char) in ("Cf", "Cc", "Cs", "Co", "Cn") for char in label):
        return "invisible"
    composed = unicodedata.normalize("NFC", label)
    if unicodedata.normalize("NFKC", composed) != composed:
        return "not_plain"
    letters = [char for char in composed if not char.isdecimal() and char not in "-_"]
    scripts = {_script(char) for char in letters}
    if len(scripts) > 1:
        return "mixed_script"
    if scripts != {"LATIN"}:
        return "lookalike" if all(char in _LOOKALIKES for char in letters) else "other_script"
    return None if all(char in _VIETNAMESE for char in letters) else "unusual_letters"


def _script(char: str) -> str:
    return unicodedata.name(char, "UNKNOWN").split()[0]
