"""Find the marks that forbid a file to leave in its name: the words that link to it, and the name in its address.

Names are written without tone marks as often as with them, and "mat" alone may be mặt, mắt, mất or mật: it counts only where a stamp
would stand. In capitals beside small letters ("Cong van MAT.pdf"), in brackets, beside a document's number (`45-BC-TU-MAT.pdf`), or
behind a kind of document that begins the name (`cong-van-mat.pdf`). "Mật" with its tone mark counts at the edges of a name as well.
Neither counts in a compound (bảo mật, mật ong, Mặt trận), nor behind "không" and "giải". "(M)" and "-M" count behind a document's
whole number. "Tối mật" in the title of a list of secrets ("Danh mục bí mật nhà nước độ Tối mật") is what that file is about.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import unquote_to_bytes, urlsplit

_MAX_CHARS = 500  # of a name; behind that nobody reads it as one
_EXTENSION = re.compile(
    r"(?:\.(?:pdf|docx?|xlsx?|pptx?|rtf|od[tsp]|txt|zip|rar|7z|jpe?g|png|tiff?|aspx?|html?|mat))+$", re.IGNORECASE
)
_FILE_NAME = re.compile(r"\.[a-z0-9]{2,4}$", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[^\W\d_])(?<![A-ZĐ])(?=[A-ZĐ][^\W\d_])|(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)")
_PART = re.compile(r"[^\W\d_]+|\d+|[()\[\]]|\s+[-–—|]+\s+|.", re.DOTALL)
_NEEDED = re.compile(r"m[aậ]t|l[uư]u|(?<![^\W_])m(?![^\W_])", re.IGNORECASE)
_TYPES = "BC|CV|KH|QĐ|QD|TB|NQ|CT|TTr|TTR|HD|ĐA|PA|GM|CTr|CTR|KL|BB|QC"
_SECRET_NUMBER = re.compile(  # 45-BC/TU(M), 12_CV_TU-M
    rf"(?<!\w)\d{{1,5}} ?[-/_. ] ?(?:{_TYPES})(?:[-/_.& ]{{1,2}}[A-ZĐ]{{2,}})*(?:[-/_ ]?[(\[]M[)\]]|[-/_]M(?![-\w]))"
)
_CODES = frozenset(f"{_TYPES}|TU|TW|UB|UBND|HĐND|HDND|VP|VPTU|BCA|BQP|BTG|BTC|UBKT|BCH|BTV|HU|ĐU|DU|VB|TL".split("|"))
_KINDS = (
    "cong van|tai lieu|van ban|bao cao|to trinh|ke hoach|thong bao|quyet dinh|nghi quyet|chi thi|ho so|de an|phuong an|ket luan|"
    "huong dan|bien ban|giay moi|cong dien|chuong trinh|du thao|cv|vb|tl|bc|kh|tb|qd|nq|ct|hs"
)
_DENIALS = ("không", "khong", "ko", "giải", "giai")
# The other half of compounds with "mật"; without tone marks, of those with mặt, mắt and mất too.
_BEFORE = "bảo bí cơ ẩn trăng thân dịch túi ống đường sỏi lấy nuôi rỉ độ khóa khoá giữ gan chảy tiết"
_BEHIND = "ong độ khẩu mã vụ thiết danh nghị thám thư ngọt đường mía báo tông hiệu gấu hoa chỉ đàm lệnh phục kế dừa hàm truyền giáo"
_BARE_BEFORE = (
    "ra bo vang gap tien kham be khuon thay mo doi dau chong tranh cap chua benh rua trao lam nguoi cac mot hai ba "
    "chu guong ngoai trong cua bai le nhin che gay nuoc"
)
_BARE_BEHIND = (
    "tran bang hang troi trang tien nuoc dat cau mua can an dien bien san kinh na nguoi trai phai cat em xich goc trong tich khac "
    "sau truoc xa gan tu hut to hinh the la gio duoi tren ngoai duong tien so ve tai tham di kiem"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Word:
    """One word of a name, or one number. `plain` is small, without tone marks."""

    text: str
    plain: str
    opened: bool  # a bracket opens before it
    parted: bool  # set off from the word before by more than what parts the other words
    closed: bool = False  # a bracket closes behind it

    @property
    def lower(self) -> str:
        return self.text.lower()

    @property
    def is_code(self) -> bool:
        return self.text.isdigit() or self.text in _CODES


def find_mark_in_name(title: str, url: str = "") -> str | None:
    """The mark in a file's link text, or in the name that its address ends with, as the decree spells it; None without one."""
    for name in (title, *_names_in(url)):
        found = _mark_of(unicodedata.normalize("NFC", name[:_MAX_CHARS]))
        if found:
            return found
    return None


def _names_in(url: str) -> Iterator[str]:
    """The end of the path, and what in the path or the query looks like a file's name."""
    try:
        parts = urlsplit(url)
    except ValueError:  # no address; what it says may still be a name
        yield _decoded(url)
        return
    segments = [_decoded(segment.replace("+", " ")) for segment in parts.path.split("/")[-3:] if segment]
    yield from segments[-1:]
    fields = (field.partition("=")[2] for field in parts.query[:4_000].split("&"))
    for part in (*segments[:-1], *(_decoded(field.replace("+", " ")) for field in fields)):
        name = part.replace("\\", "/").rsplit("/", 1)[-1]
        if _FILE_NAME.search(name):
            yield name


def _decoded(part: str) -> str:
    """Percent signs undone, twice where they were done twice; bytes that are no UTF-8 are read as an old encoding."""
    for _ in range(2):
        raw = unquote_to_bytes(part)
        try:
            part = raw.decode()
        except UnicodeDecodeError:
            from syncd.vietnamese.legacy import modern  # loaded for names in an old encoding only

            return modern(raw.decode("latin-1")).text
    return part


def _mark_of(name: str) -> str | None:
    if not _NEEDED.search(name):
        return None
    stem = _EXTENSION.sub("", name.strip())
    if _SECRET_NUMBER.search(stem):
        return "Mật"
    words = _words_of(stem)
    for place, word in enumerate(words):
        if [each.plain for each in words[place : place + 4]] == ["luu", "hanh", "noi", "bo"]:
            if not _is_denied(words, place):
                return "Lưu hành nội bộ"
        elif word.lower in ("mật", "mat"):
            level = words[place - 1].lower if place else ""
            if level in ("tuyệt", "tuyet", "tối", "toi"):
                if _is_level(words, place):
                    return "Tuyệt mật" if level.startswith("tuy") else "Tối mật"
            elif _is_mark(words, place):
                return "Mật"
    return None


def _is_level(words: list[_Word], end: int) -> bool:
    """Whether "tối mật" or "tuyệt mật", which ends at `end`, is the file's own mark."""
    start = end - 1
    if _is_denied(words, start):
        return False
    if words[start].opened and words[end].closed:
        return True
    about = " ".join(word.plain for word in words)
    if "bi mat nha nuoc" in about or "danh muc" in about:
        return start == 0 and _stands_out(words, start, end)
    if not words[end].lower.isascii() or _stands_out(words, start, end):
        return True
    if _begins_compound(words, end):  # tới mặt trận
        return False
    lost = start > 0 and words[start - 1].plain in ("chung", "cua")  # chúng tôi mất
    return words[start].lower == "tuyet" or (_is_at_edge(words, start, end) and not lost)


def _is_mark(words: list[_Word], place: int) -> bool:
    """Whether the one word "mật", or "mat", is the file's mark."""
    word = words[place]
    bare = word.lower.isascii()
    if _is_denied(words, place):
        return False
    if word.opened and word.closed:
        return True
    if _ends_compound(words, place) or _begins_compound(words, place):
        return False
    if len(words) == 1:
        return not bare or word.text.isupper()
    behind = words[place + 1] if place + 1 < len(words) else None
    if _follows_kind(words, place, from_start=True) and (not bare or behind is None or behind.is_code or behind.parted):
        return True
    if not (word.text.isupper() if bare else word.text[0].isupper()):
        return False
    if word.text.isupper() and _stands_out(words, place, place):
        return True
    if not _is_at_edge(words, place, place):
        return False
    beside = [*words[place - 1 : place], *words[place + 1 : place + 2]]
    parted = word.parted or (behind is not None and behind.parted)
    return parted or _stands_out(words, place, place) or any(each.is_code for each in beside)


def _is_denied(words: list[_Word], place: int) -> bool:
    return place > 0 and words[place - 1].lower in _DENIALS


def _ends_compound(words: list[_Word], place: int) -> bool:
    """Whether the word at `place` makes one word with that before it: bảo mật; ra-mat, ra mắt."""
    if place == 0 or words[place].parted or _follows_kind(words, place):
        return False
    bare = words[place].lower.isascii()
    before = words[place - 1].lower
    return before in _TONED_BEFORE or before in (_ANY_BEFORE if bare else _PLAIN_BEFORE)


def _begins_compound(words: list[_Word], place: int) -> bool:
    """Whether the word at `place` makes one word with that behind it: mật ong; mat-tran, mặt trận."""
    if place + 1 == len(words) or words[place + 1].parted:
        return False
    behind = words[place + 1].lower
    return behind in _TONED_BEHIND or (words[place].lower.isascii() and behind in _PLAIN_BEHIND)


def _stands_out(words: list[_Word], start: int, end: int) -> bool:
    """Whether it is written larger than the rest: in capitals beside small letters, or with a capital amid small words."""
    mark = words[start : end + 1]
    others = [word.text for word in (*words[:start], *words[end + 1 :]) if not word.is_code]
    if all(word.text.isupper() for word in mark):
        return any(not text.isupper() for text in others)
    return mark[0].text[0].isupper() and any(text[0].islower() for text in others)


def _is_at_edge(words: list[_Word], start: int, end: int) -> bool:
    """Whether nothing but numbers and the signs of offices stands on one side of it."""
    return all(word.is_code for word in words[:start]) or all(word.is_code for word in words[end + 1 :])


def _follows_kind(words: list[_Word], place: int, *, from_start: bool = False) -> bool:
    """Whether a kind of document stands right before `place`; `from_start`: with nothing but numbers before it."""
    for kind in _KIND_WORDS:
        start = place - len(kind)
        if start >= 0 and tuple(word.plain for word in words[start:place]) == kind:
            return not from_start or all(word.is_code for word in words[:start])
    return False


def _words_of(stem: str) -> list[_Word]:
    parts = _PART.findall(_CAMEL.sub(" ", stem))
    signs = [part for part in parts if not part[0].isalnum() and part not in "()[]"]
    usual = max(signs, key=signs.count) if signs else " "
    words: list[_Word] = []
    opened = parted = False
    for part in parts:
        if part[0].isalnum():
            words.append(_Word(text=part, plain=_plain(part), opened=opened, parted=parted))
            opened = parted = False
        elif part in "([":
            opened = parted = True
        elif part in ")]":
            words[-1:] = [replace(word, closed=True) for word in words[-1:]]
            parted = True
        else:
            parted = parted or part != usual
    return words


def _plain(text: str) -> str:
    spread = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(sign for sign in spread if not unicodedata.combining(sign))


_KIND_WORDS = tuple(tuple(kind.split()) for kind in _KINDS.split("|"))
_TONED_BEFORE, _TONED_BEHIND = frozenset(_BEFORE.split()), frozenset(_BEHIND.split())
_PLAIN_BEFORE = frozenset(map(_plain, _TONED_BEFORE))
_PLAIN_BEHIND = frozenset(map(_plain, _TONED_BEHIND)) | frozenset(_BARE_BEHIND.split())
_ANY_BEFORE = _PLAIN_BEFORE | frozenset(_BARE_BEFORE.split())
