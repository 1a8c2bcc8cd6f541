"""Compare Vietnamese text as a reader would: whatever the encoding form, tone placement, case and spacing."""

import re
import unicodedata
from collections.abc import Iterable

# Grave, acute, tilde, hook above, dot below: the five tones. Circumflex, breve and horn make letters and stay.
_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_SAME = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "…": "..."}
)
_WORD = re.compile(r"[^\W\d_]+(?:[\u0300-\u036f]+[^\W\d_]*)*")


def fold(text: str) -> str:
    """A key for comparing: "Hoà Bình", "HÒA  BÌNH" and its decomposed form give the same. Not for display.

    Each syllable's tone goes to its end, so old and new placement ("hoà", "hòa") meet; typographic quotes and dashes
    become plain ones, invisible characters go, white space collapses. Letters are kept apart: "ma", "má", "mă" differ.
    """
    return fold_words(text.split())


def fold_words(words: Iterable[str]) -> str:
    """The key of the text that these words make, with a space between each two.

    White space parts what can act on one another in every step below, so each word is folded by itself, and most only once.
    """
    folded = " ".join(map(_folded_part, words))
    # A word of invisible characters alone leaves nothing.
    return " ".join(folded.split()) if "  " in folded or folded[:1] == " " or folded[-1:] == " " else folded


def _fold_part(part: str) -> str:
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", part)).translate(_SAME).casefold()
    decomposed = unicodedata.normalize("NFD", plain)
    return " ".join(_WORD.sub(lambda syllable: _tone_last(syllable.group()), decomposed).split())


class _Folded(dict[str, str]):
    """Short parts with the marks beside them, each folded once: about 4 MB, and then begun anew. Shared by threads."""

    def __missing__(self, part: str) -> str:
        folded = _fold_part(part)
        if len(part) <= _KEPT_CHARS:
            if len(self) >= _KEPT_PARTS:
                self.clear()
            self[part] = folded
        return folded


_KEPT_CHARS = 24
_KEPT_PARTS = 20_000
_folded_part = _Folded().__getitem__


def _tone_last(letters: str) -> str:
    tones = "".join(char for char in letters if char in _TONES)
    return "".join(char for char in letters if char not in _TONES) + tones if tones else letters
