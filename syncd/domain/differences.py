"""What changed between two versions of a text, word by word, short enough to be shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

AROUND = 6  # words shown on each side of a change
MOST_WORDS = 3_000  # in which changes are looked for word by word; comparing takes the square of it
MOST_PIECES = 200


class Part(StrEnum):
    SAME = "same"
    GONE = "gone"
    ADDED = "added"
    LEFT_OUT = "left_out"  # unchanged words that are not shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some words in a row. Of a LEFT_OUT one `text` is empty and `words` tells how many there are."""

    part: Part
    text: str
    words: int


def word_difference(before: str, after: str) -> tuple[Piece, ...]:
    """The changes between two texts with a few words around each; empty where no word differs.

    Where texts differ over more than `MOST_WORDS` words, that whole stretch is shown as gone and added. At most `MOST_PIECES`
    pieces: after those the rest is left out.
    """
    old, new = before.split(), after.split()
    if old == new:
        return ()
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    raw: list[tuple[Part, Sequence[str]]] = [(Part.SAME, old[:head])]
    if max(len(middle_old), len(middle_new)) > MOST_WORDS:
        raw += [(Part.GONE, middle_old), (Part.ADDED, middle_new)]
    else:
        for tag, a, b, c, d in SequenceMatcher(None, middle_old, middle_new, autojunk=False).get_opcodes():
            if tag == "equal":
                raw.append((Part.SAME, middle_old[a:b]))
            else:
                raw += [(Part.GONE, middle_old[a:b]), (Part.ADDED, middle_new[c:d])]
    raw.append((Part.SAME, old[len(old) - tail :]))
    return _shown([(part, words) for part, words in raw if words])


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words two lists begin with in common."""
    count = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        count += 1
    return count


def _shown(raw: Sequence[tuple[Part, Sequence[str]]]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for place, (part, words) in enumerate(raw):
        if part is not Part.SAME:
            pieces.append(_piece(part, words))
            continue
        before = 0 if place == 0 else AROUND
        after = 0 if place == len(raw) - 1 else AROUND
        if len(words) <= before + after + 1:
            pieces.append(_piece(Part.SAME, words))
            continue
        if before:
            pieces.append(_piece(Part.SAME, words[:before]))
        pieces.append(Piece(part=Part.LEFT_OUT, text="", words=len(words) - before - after))
        if after:
            pieces.append(_piece(Part.SAME, words[len(words) - after :]))
    if len(pieces) > MOST_PIECES:
        rest = sum(piece.words for piece in pieces[MOST_PIECES:])
        pieces[MOST_PIECES:] = [Piece(part=Part.LEFT_OUT, text="", words=rest)]
    return tuple(pieces)


def _piece(part: Part, words: Sequence[str]) -> Piece:
    return Piece(part=part, text=" ".join(words), words=len(words))
