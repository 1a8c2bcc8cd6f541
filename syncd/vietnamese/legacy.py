"""Text in an old Vietnamese encoding: recognised by what it would say, and converted to Unicode.

Such text is decoded as Western European and looks like it: `Uû ban nh©n d©n` (TCVN3), `Xin chaøo` (VNI). It is taken
for Vietnamese only where its words become syllables of the language by one table, were none before, and next to
nothing speaks against it; text of other languages, and Unicode text with a stray sign in it, stays as it is.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from syncd.vietnamese.legacy_signs import SIGN, Legacy
from syncd.vietnamese.legacy_signs import may_be_legacy as may_be_legacy
from syncd.vietnamese.legacy_tables import TABLES, VISCII_LOW
from syncd.vietnamese.syllables import is_syllable

# Letters that stand in Vietnamese alone and in no old encoding: a line with one of them is Unicode.
_UNICODE_ONLY = re.compile("[\u0102\u0103\u0110\u0111\u01a0\u01a1\u01af\u01b0\u1ea0-\u1ef9\u0300-\u0323]")
_ASCII_WORD = re.compile(r"(?<![^ \t\n])[A-Za-z]+(?=[\s.,;:!?)]|$)")
_SAMPLE = 4_000  # characters that decide; a line of a page says as much as the page
_TRIED = 500  # lines asked one by one; a page of more is no page
_LONG = 20  # from so many words on, one in ten may be a name from abroad or a misprint
_SINGLE_BYTE = frozenset((Legacy.TCVN3, Legacy.VISCII, Legacy.VPS))
_QUOTES = "“”‘’–—…«»·°"
_QUOTE = re.compile("[‘’“”‚„‹›–—…]")
_UPPER = re.compile(r"[A-Z]")
_LOWER = re.compile(r"[a-z]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Modern:
    """Text in Unicode, and what it was converted from; `encoding` None: it is as it was given.

    `damaged`: letters were lost before the text came to us, and not all of them can be told from what is left.
    """

    text: str
    encoding: Legacy | None = None
    damaged: bool = False

    @property
    def note(self) -> str | None:
        """What a person should be told: "converted from TCVN3"."""
        if self.encoding is None:
            return None
        return f"converted from {self.encoding}" + (', some letters "ư" were lost before' if self.damaged else "")


@dataclass(slots=True)
class _Evidence:
    """What the words of a text say about one encoding. `proofs` are syllables by its table alone."""

    proofs: set[str]
    strong: int = 0  # proofs with a sign that no alphabet uses as a letter, or with a letter of two characters
    inner: int = 0  # of those, the ones with the sign amid the word, where neither a quote nor a trademark stands
    proved: int = 0
    either: int = 0
    against: int = 0


def modern(text: str, *, hint: Legacy | None = None) -> Modern:
    """The text in Unicode, whatever it was written in.

    `hint`: the encoding of what it stands beside, for a title too short to prove anything. Plain ASCII and Unicode
    text costs well under a microsecond for 100 characters.
    """
    if text.isascii() or (hint is None and not may_be_legacy(text)):
        return Modern(text=text)
    lines = text.split("\n")
    converted, encoding = convert_lines(lines, hint)
    if encoding is None:
        return Modern(text=text)
    return Modern(text="\n".join(converted), encoding=encoding, damaged=is_damaged(text, encoding))


def convert_lines(lines: Sequence[str], hint: Legacy | None = None) -> tuple[list[str], Legacy | None]:
    """Each line in Unicode, converted where it is in an old encoding, and that encoding if any was.

    Lines that prove nothing follow the rest; a line with letters that only Unicode has is left alone.
    """
    doubtful = [line for line in lines if not line.isascii() and not _UNICODE_ONLY.search(line)]
    encoding = recognise_legacy("\n".join(doubtful)) if doubtful else None
    mixed = len(doubtful) < sum(not line.isascii() for line in lines)
    if encoding is None:  # one paragraph among many in another language
        tried = list(dict.fromkeys(filter(may_be_legacy, doubtful)))[:_TRIED]
        encoding = next((found for line in tried if (found := recognise_legacy(line))), None)
        mixed = True
    encoding = encoding or hint
    if encoding is None:
        return list(lines), None
    chosen = {line for line in set(doubtful) if _belongs(line, encoding, lenient=not mixed)}
    done = [convert(line, encoding) if line in chosen else line for line in lines]
    return done, encoding if chosen else None


def recognise_legacy(text: str) -> Legacy | None:
    """The old encoding that the text as a whole is in; None where that is not beyond doubt."""
    if not may_be_legacy(text):
        return None
    sample = _sample(text)
    others = _ASCII_WORD.findall(sample)
    native = sum(is_syllable(word) for word in others)
    found = {encoding: _weigh(sample, encoding) for encoding in TABLES}
    best = max(TABLES, key=lambda encoding: found[encoding].proved - 2 * found[encoding].against)
    return best if _is_proved(found[best], best, native, len(others)) else None


def convert(text: str, encoding: Legacy) -> str:
    """The text read by the table of an encoding; characters that it has no letter for stay. Composed.

    TCVN3 has no capitals with a tone: words whose plain letters are capitals get them, others stay small.
    """
    if encoding is Legacy.VISCII:
        text = text.translate(_VISCII_LOW)
    meanings = _meanings(encoding)
    done = _letters(encoding).sub(lambda found: meanings[found[0]], text)
    if encoding is Legacy.TCVN3:
        done = _composed("\n".join(map(_capitals, done.split("\n"))))
        if is_damaged(text, encoding):
            done = _HORNED.sub(lambda found: _with_lost_horn(found[0]), done)
    return _composed(done)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


_VISCII_LOW = str.maketrans(VISCII_LOW)
_HORNED = re.compile(r"[^\W\d_]*[ơớờởỡợƠỚỜỞỠỢ][^\W\d_]*")


# TCVN3's "ơ" and its toned forms where no syllable can have them without an "ư" before: "tr­êng" that lost its soft hyphen
_LOST = re.compile("[¬¥ëêìíî](?:ng|c|u)(?![a-z])")


def is_damaged(text: str, encoding: Legacy) -> bool:
    """Whether TCVN3's "ư", which looks like a soft hyphen and is dropped by much software, is missing."""
    return encoding is Legacy.TCVN3 and "\xad" not in text and _LOST.search(text) is not None


@lru_cache(maxsize=2_000)
def _with_lost_horn(word: str) -> str:
    """Put back the "ư" where the word can be no other: "trờng" is "trường"; and in the commonest of the rest."""
    if is_syllable(word) and word.lower() != "ngời":
        return word
    whole = re.sub("(?=[ơớờởỡợƠỚỜỞỠỢ])", "Ư" if word.isupper() else "ư", word)
    return whole if is_syllable(whole) else word


def _sample(text: str) -> str:
    if len(text) <= _SAMPLE:
        return text
    picked: list[str] = []
    room = _SAMPLE
    for line in text.split("\n"):
        if SIGN.search(line):
            picked.append(line[:room])
            room -= len(picked[-1]) + 1
            if room <= 0:
                break
    return "\n".join(picked)


def _belongs(line: str, encoding: Legacy, *, lenient: bool) -> bool:
    """Whether a line of a text that is in `encoding` is so itself. `lenient`: the whole text is, so doubt is for it."""
    found = _weigh(line[:_SAMPLE], encoding)
    if found.against > 1 and found.against * 4 > found.proved + found.either:
        return False
    if not lenient:
        return found.proved > 0 and found.against <= found.proved // 4
    return found.proved + found.either > found.against


def _is_proved(found: _Evidence, encoding: Legacy, native: int, others: int) -> bool:
    judged = found.proved + found.against
    words = judged + found.either
    if not found.proofs or found.strong * 5 < found.proved or found.proved * 5 < words:
        return False
    if found.against * 10 > judged or (found.against and words < _LONG):
        return False
    # A title of a few words must be Vietnamese in full; in a long text half of the plain words may be names.
    if native * 2 < others if words + others >= _LONG else (others - native) * 3 > words + others:
        return False
    if len(found.proofs) >= 2:
        return found.strong > 0
    return words >= 2 and found.inner > 0 and encoding in _SINGLE_BYTE


def _weigh(text: str, encoding: Legacy) -> _Evidence:
    found = _Evidence(proofs=set())
    for word in _words(encoding).findall(text):
        if word.isascii():
            continue
        verdict = _judge(word, encoding)
        if verdict == "proof":
            found.proved += 1
            found.proofs.add(word.lower())
            places = [match.span() for match in _strong(encoding).finditer(word)]
            found.strong += bool(places)
            found.inner += any(start > 0 and end < len(word) for start, end in places)
        elif verdict == "either":
            found.either += 1
        else:
            found.against += 1
    return found


@lru_cache(maxsize=20_000)
def _judge(word: str, encoding: Legacy) -> str:
    if not _letters(encoding).sub("", word).isascii():
        return "against"
    if _QUOTE.sub("", word).isascii():  # "l’eau": letters of VISCII and VPS, but far oftener quotes
        return "either"
    converted = convert(word, encoding)
    said = converted.strip(_QUOTES)
    if encoding is Legacy.TCVN3 and not _LOWER.search(said):
        said = said.capitalize()  # "CñA": capitals as far as it has them
    if not is_syllable(said) or said not in (said.lower(), said.upper(), said.capitalize()):
        return "either" if converted.isupper() and len(converted) <= 6 else "against"  # "QĐ", "HĐND"
    plain = _composed(word)  # a lone sign proves nothing: "£", "¸"
    return "either" if len(word) == 1 or plain == converted or is_syllable(plain) else "proof"


def _capitals(line: str) -> str:
    """Capitals for the letters with a tone in words of capitals: "QUYếT ĐịNH"."""
    words = re.split(r"(\s+)", line)
    shouted = [len(_UPPER.findall(word)) > 1 and not _LOWER.search(word) for word in words]
    if not any(shouted):
        return line
    alone = not any(_LOWER.search(word[1:]) for word in words)
    return "".join(
        word.upper() if loud or (alone and word[:1].isupper()) else word
        for word, loud in zip(words, shouted, strict=True)
    )


@cache
def _meanings(encoding: Legacy) -> dict[str, str]:
    return {**TABLES[encoding].singles, **TABLES[encoding].pairs}


@cache
def _letters(encoding: Legacy) -> re.Pattern[str]:
    table = TABLES[encoding]
    singles = "[" + re.escape("".join(sorted(table.singles))) + "]" if table.singles else ""
    return re.compile("|".join(filter(None, (_grouped(table.pairs), singles))))


def _grouped(pairs: Iterable[str]) -> str:
    """`a[ùø]|o[ùø]` for a list of pairs: tried a base at a time."""
    by_base: dict[str, str] = {}
    for pair in sorted(pairs):
        by_base[pair[:-1]] = by_base.get(pair[:-1], "") + pair[-1]
    return "|".join(f"{re.escape(base)}[{re.escape(marks)}]" for base, marks in by_base.items())


@cache
def _words(encoding: Legacy) -> re.Pattern[str]:
    alphabet = re.escape("".join(sorted(TABLES[encoding].alphabet - {"\xa0"})))
    # a no-break space parts words, but for the second half of an "à"
    blank = "|(?<=[ÃÆº»])\xa0" if encoding is Legacy.TWICE else ""
    return re.compile(rf"(?:[^\W\d_]|[{alphabet}]{blank})+")


@cache
def _strong(encoding: Legacy) -> re.Pattern[str]:
    table = TABLES[encoding]
    if table.pairs:
        return re.compile(_grouped(table.pairs))
    signs = _QUOTE.sub("", "".join(sorted(c for c in table.alphabet if c < "\xc0" or c > "\xff")))
    return re.compile(f"[{re.escape(signs)}]|(?<=[a-zß-ÿ])[À-Þ]")  # "TiÕng": no language has a capital there
