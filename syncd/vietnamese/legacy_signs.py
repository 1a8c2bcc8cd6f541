"""The names of the old Vietnamese encodings, and the cheapest tests for text in one: what nearly all text is asked, and no more.

The tables by which such text is read stand apart (`legacy_tables`): few processes ever meet any.
"""

import re
from enum import StrEnum

# What every text in such an encoding has somewhere and Unicode text hardly ever: the first and cheapest test.
SIGN = re.compile("[\x80-\x9f¢-¶¸¹º¼-¾ÄÅÆËÎÏÐÑÖ×ØÛÜÞßäåæçëîïðñöøûüþÿŒœŠšŸŽžƒ†‡ˆ‰‹›€™]")
# The same in a fifth of the time, for text long enough to have one among its Latin-1 characters
_NO_SIGNS = bytes(byte for byte in range(256) if not SIGN.match(chr(byte)))
_SHORT = 200
_SIGN_REFERENCE = re.compile(
    r"&(?:#0*(?:1[3-9]\d|2[0-5]\d)|#[xX]0*[89a-fA-F][0-9a-fA-F]|reg|copy|micro|para|cedil|sup1|shy|yen|pound|curren|brvbar"
    r"|sect|uml|ordf|laquo|not|macr|plusmn|acute|frac\d\d|[AaEeIiOoUuYyNnCc](?:uml|ring|tilde|slash|cedil|circ|grave|acute)"
    r"|AElig|aelig|THORN|thorn|ETH|eth|szlig|times|divide);"
)


class Legacy(StrEnum):
    """An old encoding, by the name under which its users know it."""

    TCVN3 = "TCVN3"
    VNI = "VNI"
    VISCII = "VISCII"
    VPS = "VPS"
    CP1258 = "windows-1258"
    BKHCM2 = "BK HCM 2"
    TWICE = "UTF-8 taken for windows-1252"  # "Viá»‡t Nam"


def may_be_legacy(text: str) -> bool:
    """The cheapest test: False for all ASCII and nearly all Unicode text, which then needs no `modern`."""
    if text.isascii():
        return False
    if len(text) < _SHORT:
        return SIGN.search(text) is not None
    return bool(text.encode("latin-1", "ignore").translate(None, _NO_SIGNS))


def may_hold_legacy(source: str) -> bool:
    """The cheapest test for markup: False for nearly all text, which then needs no `modern_html`."""
    return may_be_legacy(source) or ("&" in source and _SIGN_REFERENCE.search(source) is not None)
