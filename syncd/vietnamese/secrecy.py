"""Find the marks that forbid a text to leave: Mật, Tối mật, Tuyệt mật, Lưu hành nội bộ.

A mark is a stamp, not a word: it stands alone on its line, in brackets, after "Độ mật:", or in capitals at the head of the text; there
also on the line of the document's number or date, where a file's columns run together, and as "(M)" behind that number. News is full of "bảo mật", "bí mật", "mật ong" and "không Mật"; those are never marks. In doubt a capital stamp at the head counts: a person decides.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_HEAD_LINES = 12
_SHORT_WORDS = 8
_NUMBER_LINE_CHARS = 120  # number, stamp, place and date together; more is a sentence
_MARKS = {
    "tuyệt mật": "Tuyệt mật",
    "tối mật": "Tối mật",
    "mật": "Mật",
    "lưu hành nội bộ": "Lưu hành nội bộ",
}
_ANY = "|".join(_MARKS)  # the longer ones first: "tuyệt mật" is no "mật"
_LEVEL = re.compile(rf"\b(?:mức\s+)?(?:độ|mức)\s+mật\s*[:：]\s*[\"'(\[]*({_ANY})\b", re.IGNORECASE)
_ALONE = re.compile(rf"(?:(?:tài\s+liệu|văn\s+bản|công\s+văn)\s+)?({_ANY})", re.IGNORECASE)
_BRACKETS = re.compile(
    r"[(\[]\s*(?:TÀI LIỆU\s+)?(TUYỆT MẬT|TỐI MẬT|MẬT|LƯU HÀNH NỘI BỘ|Tuyệt mật|Tối mật|Mật|Lưu hành nội bộ)\s*[)\]]"
)
_STAMP = re.compile(r"\b(TUYỆT MẬT|TỐI MẬT|LƯU HÀNH NỘI BỘ)\b")
# The head of a letter as it stands on paper: the stamp beside the number, or beside place and date.
_NUMBER_LINE = re.compile(r"(?:^\W*Số\s*:?\s*[\d.…]+\s*-?\s*[A-ZĐ]|\bngày\s*[\d.…]+\s*tháng\s*[\d.…]+\s*năm\b)")
_BESIDE_NUMBER = re.compile(
    r"(?<!\w)(?<!BÍ )(?<!BẢO )(?<!CƠ )(?<!ĐỘ )(?<!KHÔNG )(?<!GIẢI )(TUYỆT MẬT|TỐI MẬT|MẬT)(?!\w)(?! (?:ONG|ĐỘ|KHẨU|MÃ|VỤ)\b)"
)
_SECRET_NUMBER = re.compile(r"^\W*Số\s*:?\s*[\d.…]+\s*[-/][-/A-ZĐ&.]+\s?(?:[(\[]M[)\]]|[-/]M(?!\w))")
_STAMP_CHARS = 60
_NUMBER = re.compile(r"\d+\s?[-/]\s?[A-ZĐ][-/A-ZĐ&.]*")
# A part of every mark: most texts have none, and need not be read line by line.
_NEEDED = ("mật", "lưu", "(m)", "[m]", "-m", "/m")
_TRIM = " \t.,;:!*_-–—|/\"'“”()[]{}<>"


class Stamp(NamedTuple):
    """A mark as the decree spells it ("Tối mật"), and the line or the name that bears it."""

    mark: str
    where: str


def find_mark(title: str, text: str) -> str | None:
    """The mark found, as the decree spells it ("Tối mật"), or None. `text` is plain, a line for each paragraph."""
    return next((stamp.mark for stamp in stamps_in(title, text)), None)


def stamps_in(title: str, text: str) -> Iterator[Stamp]:
    """Every mark of a text with its line, from the top."""
    whole = unicodedata.normalize("NFC", f"{title}\n{text}")
    lower = whole.lower()
    if not any(word in lower for word in _NEEDED):
        return
    yield from _stamps(_lines(whole))


def find_mark_in_pages(pages: Iterable[str]) -> str | None:
    """The mark on any page of a file, by the text read out of it. Each page has a head, where the stamp stands.

    Text in an old encoding is converted before. What was set in capitals with a font of TCVN3 arrives in small letters: there a mark
    alone on a line of the head counts however it is written. Letters set apart ("M Ậ T"), lost spaces ("TỐIMẬT") and letters out of order ("M TẬ") are seen through.
    """
    from syncd.vietnamese.legacy import modern  # its tables cost a start more than a look, and few posts have files

    for page in pages:
        read = modern(page)
        lines = list(map(_put_right, _lines(unicodedata.normalize("NFC", read.text))))
        for stamp in _stamps(lines, case_lost=read.encoding is not None):
            return stamp.mark
    return None


def _stamps(lines: Iterable[str], *, case_lost: bool = False) -> Iterator[Stamp]:
    for number, line in enumerate(lines):
        found = _mark_of(line, head=number < _HEAD_LINES, case_lost=case_lost)
        if found:
            yield Stamp(_MARKS[" ".join(found.lower().split())], line)


def _put_right(line: str) -> str:
    """A stamp whose letters stand apart, run together, or in another order; any other line as it is.

    Where a font lacks letters with two signs, programs draw those after the rest of the line, and so they are read: "M TẬ".
    """
    if len(line) > _STAMP_CHARS:
        return line
    number = _NUMBER.search(line)
    rest = line[: number.start()] + line[number.end() :] if number else line
    letters = [sign for sign in rest if sign.isalpha()]
    stamp = _BY_LETTERS.get("".join(sorted("".join(letters).lower())))
    if stamp is None or any(sign.isdigit() for sign in rest):
        return line
    if stamp.startswith("SỐ "):
        capitals = sum(map(str.isupper, letters)) >= len(letters) - 1  # all but the ố of "Số"
        return f"Số {number.group()} {stamp[3:]}" if number and capitals else line
    if not stamp.startswith("ĐỘ ") and not "".join(letters).isupper():
        if not letters[0].isupper():
            return line
        stamp = stamp.capitalize()
    return f"({stamp})" if "(" in line or "[" in line else stamp


def _letters_of(text: str) -> str:
    return "".join(sorted(sign for sign in text.lower() if sign.isalpha()))


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        collapsed = " ".join(line.split())
        if collapsed:
            yield collapsed


def _mark_of(line: str, *, head: bool, case_lost: bool) -> str | None:
    level = _LEVEL.search(line)
    if level:
        return level.group(1)
    alone = _ALONE.fullmatch(line.strip(_TRIM))
    # In lower case at the foot it may be the last word of a caption; a stamp there is in capitals.
    if alone and (alone.group(1).isupper() or (head and (case_lost or alone.group(1)[0].isupper()))):
        return alone.group(1)
    bracketed = _BRACKETS.search(line)
    if bracketed:
        return bracketed.group(1)
    return _stamp_in_head(line) if head else None


def _stamp_in_head(line: str) -> str | None:
    if _SECRET_NUMBER.search(line):
        return "mật"
    beside = _BESIDE_NUMBER.search(line) if len(line) <= _NUMBER_LINE_CHARS and _NUMBER_LINE.search(line) else None
    if beside:
        return beside.group(1)
    stamp = _STAMP.search(line)
    # A headline set in capitals throughout proves nothing unless it is as short as a stamp.
    if stamp and (not line.isupper() or len(line.split()) <= _SHORT_WORDS):
        return stamp.group(1)
    return None


# By its letters in order: a stamp alone on its line, behind "Độ mật:", or beside the document's number.
_BY_LETTERS = {
    _letters_of(before + mark): before + mark.upper() for mark in _MARKS for before in ("", "ĐỘ MẬT: ", "SỐ ")
}
