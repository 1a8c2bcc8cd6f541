"""Find the marks that forbid a text to leave: Mật, Tối mật, Tuyệt mật, Lưu hành nội bộ.

A mark is a stamp, not a word: it stands alone on its line, in brackets, after "Độ mật:", or in capitals at the head of the text.
News is full of "bảo mật", "bí mật", "mật ong" and "không Mật"; those are never marks. In doubt a capital stamp at the head counts: a person decides.
"""

import re
import unicodedata
from collections.abc import Iterator

_HEAD_LINES = 12
_SHORT_WORDS = 8
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
_NEEDED = ("mật", "lưu")  # a word of every mark: most texts have none, and need not be read line by line
_TRIM = " \t.,;:!*_-–—|/\"'“”()[]{}<>"


def find_mark(title: str, text: str) -> str | None:
    """The mark found, as the decree spells it ("Tối mật"), or None. `text` is plain, a line for each paragraph."""
    whole = unicodedata.normalize("NFC", f"{title}\n{text}")
    lower = whole.lower()
    if not any(word in lower for word in _NEEDED):
        return None
    lines = list(_lines(whole))
    for number, line in enumerate(lines):
        found = _mark_of(line, head=number < _HEAD_LINES)
        if found:
            return _MARKS[" ".join(found.lower().split())]
    return None


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        collapsed = " ".join(line.split())
        if collapsed:
            yield collapsed


def _mark_of(line: str, *, head: bool) -> str | None:
    level = _LEVEL.search(line)
    if level:
        return level.group(1)
    alone = _ALONE.fullmatch(line.strip(_TRIM))
    # In lower case at the foot it may be the last word of a caption; a stamp there is in capitals.
    if alone and (alone.group(1).isupper() or (head and alone.group(1)[0].isupper())):
        return alone.group(1)
    bracketed = _BRACKETS.search(line)
    if bracketed:
        return bracketed.group(1)
    stamp = _STAMP.search(line) if head else None
    # A headline set in capitals throughout proves nothing unless it is as short as a stamp.
    if stamp and (not line.isupper() or len(line.split()) <= _SHORT_WORDS):
        return stamp.group(1)
    return None
