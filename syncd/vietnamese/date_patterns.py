"""The shapes in which days, times and zones are printed: regular expressions over folded text, and what they found.

`fold_date_text` makes text small, bare of diacritics and with plain spaces, character for character, so that one
pattern serves `Tháng Sáu`, `tháng 6` and `THANG 6`. Every pattern is linear: none nests a repetition in another.
"""

import html
import itertools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

MAX_CHARS = 2_000  # a printed date is short; a longer text is a page by mistake

_NAMES = {
    1: "january jan janvier janv januar januari gennaio gen enero ene janeiro jaenner janner styczen ledna",
    2: "february feb fevrier fevr februar februari febbraio febrero fevereiro fev",
    3: "march mar mars marzo marz maerz maart mrz marco mrt",
    4: "april apr avril avr aprile abril abr",
    5: "may mai maggio mag mayo maio mei maj",
    6: "june jun juin juni giugno giu junio junho",
    7: "july jul juillet juil juli luglio lug julio julho",
    8: "august aug aout augustus agosto ago augusti",
    9: "september sept sep septembre settembre set septiembre setembro",
    10: "october oct octobre oktober okt ottobre ott octubre outubro out",
    11: "november nov novembre noviembre novembro",
    12: "december dec decembre dezember dez dicembre dic diciembre dezembro desember",
}
MONTH_NAMES = {name: month for month, names in _NAMES.items() for name in names.split()}
_MONTH_NAME = "|".join(sorted(MONTH_NAMES, key=len, reverse=True))

VIETNAMESE_MONTHS = {
    "gieng": 1, "mot": 1, "hai": 2, "ba": 3, "tu": 4, "bon": 4, "nam": 5, "sau": 6, "bay": 7, "tam": 8, "chin": 9,
    "muoi": 10, "muoi mot": 11, "m. mot": 11, "m mot": 11, "muoi hai": 12, "m. hai": 12, "m hai": 12, "chap": 12,
}  # fmt: skip
_VI_MONTH = r"(?:\d{1,2}|" + "|".join(re.escape(w) for w in sorted(VIETNAMESE_MONTHS, key=len, reverse=True)) + r")"

WEEKDAYS = {
    **dict.fromkeys(["mon", "monday", "lun", "lunedi", "lundi", "lunes", "montag"], 0),
    **dict.fromkeys(["tue", "tues", "tuesday", "mardi", "martes", "martedi", "dienstag"], 1),
    **dict.fromkeys(["wed", "wednesday", "mer", "mercoledi", "mercredi", "miercoles", "mittwoch"], 2),
    **dict.fromkeys(["thu", "thur", "thurs", "thursday", "giovedi", "jeu", "jeudi", "jueves", "donnerstag"], 3),
    **dict.fromkeys(["fri", "friday", "ven", "venerdi", "vendredi", "viernes", "freitag"], 4),
    **dict.fromkeys(["sat", "saturday", "sab", "sabato", "samedi", "sabado", "samstag"], 5),
    **dict.fromkeys(["sun", "sunday", "dom", "domenica", "dimanche", "domingo", "sonntag", "cn"], 6),
}
_VI_WEEKDAYS = {"hai": 0, "ba": 1, "tu": 2, "nam": 3, "sau": 4, "bay": 5}

# RFC 822 names taken literally: EST is -05:00, summer or not
ZONES = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360,
    "pst": -480, "pdt": -420, "akst": -540, "akdt": -480, "hst": -600, "bst": 60, "wet": 0, "west": 60, "cet": 60,
    "cest": 120, "met": 60, "mest": 120, "eet": 120, "eest": 180, "msk": 180, "ict": 420, "wib": 420, "sgt": 480,
    "hkt": 480, "awst": 480, "jst": 540, "kst": 540, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780,
    "asia/ho_chi_minh": 420, "asia/saigon": 420, "asia/hanoi": 420, "asia/bangkok": 420, "asia/jakarta": 420,
    "etc/utc": 0, "etc/gmt": 0,
}  # fmt: skip
_MERIDIEM = r"(?P<meridiem>a\.?m\b\.?|p\.?m\b\.?|sa\b|ch\b|sang\b|trua\b|chieu\b|toi\b|dem\b)"
_OFFSET = r"[+-]\d{1,4}(?::\d{0,2})?(?![\d/:h])"
_PLACE = r"(?:africa|america|asia|atlantic|australia|europe|etc|indian|pacific)/[a-z_]{2,30}"
_ZONE = (
    r"[\[(]?(?P<zone>(?:gmt|utc|ut)\s?[+-]\s?\d{1,4}(?::\d{0,2})?(?!\d)|[a-z]{3,4}\s?[+-]\d\d:?\d\d(?![\d:])|(?:gmt|utc) \d{1,2}(?=\s*(?:$|[\])|,]))"  # a lost "+"
    rf"|{_OFFSET}|{_PLACE}|[a-z]{{1,5}}(?![a-z.]))"
)
_YEAR = r"(?P<year>\d{4})(?=\D|$|\d{1,2}[:hg]\d)"  # a time may be glued to the year
# or the day to a time, or to a year in which a title ends: "2021-202502/03/2021 08:09:10"
_START = r"(?:(?<!\d)|(?<=:\d\d)|(?<=\D(?:19|20)\d\d)(?=\d\d/\d\d/\d{4} \d\d:\d\d:\d\d))"

_DAY_PATTERNS = [
    re.compile(pattern)
    for pattern in (
        r"(?<!\d)(?<!\d[-/.])(?P<year>\d{4})\s?(?P<sep>[-/.])\s?(?P<month>\d{1,2})\s?(?P=sep)\s?(?P<day>\d{1,2})(?=\D|$)(?!\s?(?P=sep)\s?\d{4})",
        r"(?<!\d)(?P<year>\d{4})\s?nam\s?(?P<month>\d{1,2})\s?thang\s?(?P<day>\d{1,2})(?=\D|$)",
        # "10.10.2024.5" is an address or a version, "15/12/2022/QĐ" a document's number
        rf"{_START}(?<!\d[./])(?P<a>\d{{1,2}})\s{{0,3}}(?P<sep>[/.\-])\s{{0,3}}(?P<b>\d{{1,2}})\s{{0,3}}(?P=sep)\s{{0,3}}{_YEAR}(?!\.\d+(?![\d:h])|/[a-z]|-\d{{3}}(?!\d))",
        rf"{_START}(?P<a>\d\d),(?P<b>\d\d),{_YEAR}",
        rf"{_START}(?P<a>\d{{1,2}})\s?[/.\-]\s?(?P<b>\d{{1,2}})\s?,?\s?nam\s{{0,2}}{_YEAR}",
        rf"{_START}(?P<day>\d{{1,2}})\s{{0,3}}[/,\-]?\s{{0,3}}thang\s{{0,3}}(?P<word>{_VI_MONTH})\s{{0,3}}[,/\-]?\s{{0,3}}(?:nam)?\s{{0,3}}{_YEAR}",
        rf"(?<![a-z])(?:thang\s{{0,3}}|thg\.?\s?|th\.?)(?P<word>{_VI_MONTH})\s{{1,3}}(?P<day>\d{{1,2}})\s?,?\s{{1,3}}{_YEAR}",
        rf"{_START}(?P<day>\d{{1,2}})[\s/\-]{{0,3}}(?:thg|th|t(?=0\d|1[0-2]))\.?\s?(?P<word>\d{{1,2}})[\s,/\-]{{1,3}}{_YEAR}",
        rf"{_START}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\.?[\s\-,/]{{0,3}}(?:of\s|de\s)?(?P<name>{_MONTH_NAME})\b\.?[\s\-,/]{{0,3}}(?:de\s)?{_YEAR}",
        rf"(?<![a-z])(?P<name>{_MONTH_NAME})\.?[\s\-]{{1,3}}(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[\s,\-]{{1,3}}{_YEAR}",
        rf"(?<![a-z])(?P<name>{_MONTH_NAME})\s{{1,3}}(?P<day>\d{{1,2}})\s(?=\d{{1,2}}:\d\d)(?P<inner>[\d:.]+(?:\s[a-z]{{1,5}}|\s[+-]\d{{2}}(?:\d{{2}})?)?\s){_YEAR}",
        rf"(?<!\d)(?P<day>\d{{1,2}})[\s\-]{{1,3}}(?P<name>{_MONTH_NAME})\b\.?[\s\-]{{1,3}}(?P<year>\d{{2}})(?=\s|$|,)",
        r"(?<![\d/.\-])(?P<a>\d{1,2})\s?(?P<sep>[/.\-])\s?(?P<b>\d{1,2})\s?(?P=sep)\s?(?P<year>\d{2})(?![\d/.:\-])",
        r"(?<!\d)(?P<year>\d{4})\s?年\s?(?P<month>\d{1,2})\s?月\s?(?P<day>\d{1,2})\s?日",
    )
]
_COMPACT = re.compile(
    r"^(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)(?:(?:[t ]?(?P<time>\d{6})|[t ](?P<short>\d{4}))(?P<zone>z|[+-]\d{4})?)?$"
)
# NukeViet prints date('Y-m-dTH:i:s'): the T became the zone
_ZONE_AS_T = re.compile(r"^(\d{4}-\d\d-\d\d)([+-]\d\d|[a-z]{2,4})(\d\d:\d\d(?::\d\d)?)$")
# seconds or milliseconds since 1970, bare or as .NET writes them in JSON; ten digits begin in 2001
_UNIX = re.compile(r"^(?:/date\()?([1-9]\d{9}|[1-9]\d{12})(?:\.\d{1,9})?(?:[+-]\d{4})?(?:\)/)?$")
_DAY_WITH_ZONE = re.compile(r"^(\d{4}-\d\d-\d\d)(?:z|[+-]\d\d:?\d\d)$")
_HOUR_ONLY = re.compile(r"^(\d{4}-\d\d-\d\d)t(\d\d)(z|[+-]\d\d(?::?\d\d)?)?$")
_LOST_PLUS = re.compile(r"^(\d{4}-\d\d-\d\dt\d\d:\d\d(?::\d\d)?) (\d\d:\d\d)$")  # undone as if it stood in an address
# a bare "12/2026" may be the number of a document, and is no date
_MONTH_ONLY = re.compile(
    r"^(?:(?P<year>\d{4})-(?P<month>\d\d)|"
    rf"(?:\D{{0,40}}?(?<![a-z]))thang\s{{0,2}}(?P<word>{_VI_MONTH})\s?(?:[-/,]|nam|\s)\s?(?:nam)?\s?(?P<year2>\d{{4}}))$"
)
_CLOCK = re.compile(
    r"(?<![\d.])(?P<hour>\d{1,2})\s?(?::\s?(?P<minute>\d{1,2})(?:\s?:\s?(?P<second>\d{1,2})(?!\d)(?P<fraction>[.,]\d+)?)?(?!\d)|"
    r"(?:gio\b|h(?![a-z]):?|g(?![a-z]))\s?(?:(?P<minute2>\d{1,2})(?!\d)\s?(?:phut|ph|p|')?(?:\s?(?P<second2>\d{1,2})\s?(?:giay|s)\b)?)?"
    rf"|(?=\s?(?:a\.?m|p\.?m|sa|ch)\b))\s?[':]?\s{{0,2}}(?:{_MERIDIEM}\s{{0,2}})?(?:{_ZONE})?"
)
_MERIDIEM_BEFORE = re.compile(r"(?<![a-z])(sang|trua|chieu|toi|dem|sa|ch|am|pm)\s?,?\s?(?:luc\s)?$")
_RELATIVE_AFTER = re.compile(r"\s?(?:truoc|ago|kem)\b")
_SECOND_ZONE = re.compile(r"[+-]?\d|z(?![a-z])")  # "Z07:00", "+07:00Z": one of the two is a mistake
_FAR_ZONE = re.compile(
    r"(?<![a-z])(?P<zone>(?:gmt|utc)(?:\s?[+-]\s?\d{1,4}(?::\d{0,2})?|\s\d{1,2}|)|gio (?:viet nam|ha noi))(?![\da-z])"
)
_FAR_OFFSET = re.compile(r"(?<![\d:])[+-]{1,2}(?:0\d|1[0-4])[0-5]\d(?![\d:])")
_HOUR_BEFORE_ZONE = re.compile(r"^(.{8,40}\d{4}) (\d\d) ([+-]\d{4})$")
_EMPTY_TIME_FIRST = re.compile(r"^(\d{4}-\d\d-\d\d) 00:00:00(?:\.0+)? (\d\d:\d\d.*)$")
_WEEKDAY_VI = re.compile(r"(?<![a-z])thu\s{1,2}(hai|ba|tu|nam|sau|bay)(?![a-z])|(?<![a-z])chu nhat(?![a-z])")
_WEEKDAY_NUMBER = re.compile(r"(?:thứ\s{0,2}|(?<![a-zà-ỹ])t)([2-7])(?![\d/.:])")
# beside the day only: "thu" is also the Vietnamese autumn
_WEEKDAY_NAME = re.compile(
    r"(?<![a-z])(" + "|".join(sorted(WEEKDAYS, key=len, reverse=True)) + r")\.?[\s,\-]{1,3}(?:day\s|ngay\s)?\d"
)
_UPDATED = re.compile(r"(?:cap nhat|chinh sua|sua doi|ngay sua|sua lan cuoi|updated|modified|last update)[^\d]{0,30}$")
_PUBLISHED = re.compile(r"(?:ngay (?:dang|tao)|dang ngay|dang luc|xuat ban|phat hanh|publish|posted)[^\d]{0,30}$")
# what a document or an event is dated by, and a post is not
_OF_EVENT = re.compile(
    r"(?<![a-z])(?:(?:het )?hieu luc|het han|han (?:nop|chot|cuoi|dang ky|(?:tiep )?nhan)(?: ho so)?(?: den)?|thoi han|(?:ngay )?khai mac"
    r"|ngay (?:sinh|mat|ky|ban hanh|hop)|sinh|tu tran|(?:dong|mo) thau|(?:thoi gian |ngay )(?:bat dau|ket thuc)|^bat dau|^ket thuc"
    r"|expir\w{1,5}|deadline|valid until)(?:[^\d|:]{0,30}:|(?: tu)?(?: ngay)?)\s{0,3}"
    r"(?:\d{1,2}\s?(?:h|g|:|gio)\s?(?:\d{1,2})?(?: phut)?,?\s{1,2}(?:ngay\s{1,2})?)?$"
    r"|(?<!nhat )(?<![a-z])(?:den(?: het)?|truoc) ngay\s{1,2}$"
)
_TWO_NUMBERS = re.compile(r"\d\s{0,3}[/.\-–]\s{0,3}\d")
_VERSION = re.compile(r"(?<![a-z])(?:v|ver|version|phien ban|ban)\s?\.?\s?$")
_NUMBERED = re.compile(r"(?<![a-z])(?:ky|dot|quy|tuan|so|phan|bai|lan)\s?$")  # "Kỳ 2 tháng 10/2024" is no day
# the first of two days: "01-05/12/2022", "từ 21/10 đến 27/10/2024"; a bare number counts only where nothing but a label stands before
_RANGE_BEFORE = re.compile(
    r"(?:^|\(|(?<![a-z])(?:ngay|tu)\s)\s?(?:0?[1-9]|[12]\d|3[01])(?:\s?[-&]\s?|\s?,\s?|\s(?:den|va)\s(?:ngay\s)?)$"
    r"|(?<![\d/.\-])\d{1,2}\s?[/.\-]\s?\d{1,2}(?:\s?-\s?|\s(?:den|va)\s(?:ngay\s)?)$"
)
_RANGE_BETWEEN = re.compile(
    r"\s?-\s?|,?\s(?:den|toi)(?:\shet)?(?:\s(?:thu\s(?:hai|ba|tu|nam|sau|bay|[2-7])|chu nhat),?)?(?:\sngay)?\s"
)
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]|[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
_SAME = str.maketrans(
    dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe63", "-") | dict.fromkeys("\u2044\u2215\u29f8", "/")
)
_RELATIVE = re.compile(
    r"(?<![\d/:.])(\d{1,3})\s?(giay|phut|gio|tieng|ngay|hom|tuan|thang|seconds?|minutes?|mins?|hours?|days?|weeks?|months?)\b"
    r"(?=[^/:]{0,30}?\b(?:truoc|ago)\b)"
)
_SINCE = re.compile(r"^cach day\s(?:khoang\s)?(?P<span>[^/:]{1,30})$")  # "cách đây 2 giờ" leaves the "trước" out


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFound:
    """One printed day. `a` and `b` are set where the order of day and month is not printed; else `day` and `month`."""

    start: int
    end: int
    year: int
    day: int = 0
    month: int = 0
    a: int = 0
    b: int = 0
    inner: tuple[int, int] | None = None  # where a time stands inside the date, as in ctime
    named: bool = False  # an English or other foreign month name: the shape of RFC 822
    local: bool = False  # day, then month in digits or in Vietnamese: no offset follows such a date
    ranged: bool = False  # one end of "01-05/12/2022": days of an event
    published: bool = False  # a label before it says so
    updated: bool = False
    of_event: bool = False  # a label before it says that it is a deadline, a birthday, a law's coming into force


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockFound:
    """One printed time of day. `zone` is its folded text, None where none stands beside it."""

    start: int
    end: int
    hour: int
    minute: int | None
    second: int | None
    zone: str | None


def has_bare_numbers(raw: str) -> bool:
    """Whether two numbers stand side by side as in `9/10`: without that no order of day and month is in question."""
    return _TWO_NUMBERS.search(raw[:MAX_CHARS]) is not None


def fold_date_text(raw: str) -> tuple[str, str]:
    """The text in lower case with plain spaces, with its diacritics and without them; both of one length."""
    text = html.unescape(raw[:MAX_CHARS]) if "&" in raw[:MAX_CHARS] else raw[:MAX_CHARS]
    text = unicodedata.normalize("NFKC", re.sub(r"\s", " ", _INVISIBLE.sub("", text))).lower().translate(_SAME)
    text = unicodedata.normalize("NFC", text)[:MAX_CHARS].strip()
    bare = "".join("d" if c == "đ" else unicodedata.normalize("NFD", c)[0] for c in text)
    return text, bare


def rewrite_odd_iso(bare: str) -> str:
    """Put the known misprints of ISO 8601 right: NukeViet's `2021-06-24+0715:51:07`, a day with a zone, compact forms."""
    if match := _ZONE_AS_T.match(bare):
        return f"{match[1]} {match[3]}{match[2]}" if match[2][0] in "+-" else f"{match[1]} {match[3]} {match[2]}"
    if match := _DAY_WITH_ZONE.match(bare):
        return match[1]
    if match := _HOUR_ONLY.match(bare):
        return f"{match[1]} {match[2]}h {match[3] or ''}"
    if match := _HOUR_BEFORE_ZONE.match(bare):
        return f"{match[1]} {match[2]}h {match[3]}"
    if match := _EMPTY_TIME_FIRST.match(bare):
        return f"{match[1]} {match[2]}"
    if match := _LOST_PLUS.match(bare):
        return f"{match[1]}+{match[2]}"
    if match := _UNIX.match(bare):
        instant = datetime.fromtimestamp(int(match[1][:10]), UTC)
        return instant.strftime("%Y-%m-%d %H:%M:%Sz")
    if match := _COMPACT.match(bare):
        time = match["time"] or (match["short"] + "00" if match["short"] else None)
        clock = f" {time[:2]}:{time[2:4]}:{time[4:]}{match['zone'] or ''}" if time else ""
        return f"{match['year']}-{match['month']}-{match['day']}{clock}"
    return bare


def find_days(bare: str) -> list[DayFound]:
    """All printed days with a year, in the order of the text, none overlapping another."""
    found: list[DayFound] = []
    for pattern in _DAY_PATTERNS:
        for match in pattern.finditer(bare):
            if any(match.start() < other.end and other.start < match.end() for other in found):
                continue
            parts = match.groupdict()
            year = int(parts["year"])
            if len(parts["year"]) == 2:
                year += 2000 if year < 69 else 1900
            month = int(parts.get("month") or 0)
            if name := parts.get("name"):
                month = MONTH_NAMES[name]
            elif word := parts.get("word"):
                month = int(word) if word.isdigit() else VIETNAMESE_MONTHS[word]
            head = bare[max(0, match.start() - 50) : match.start()]
            if (parts.get("sep") == "." and _VERSION.search(head)) or ("word" in parts and _NUMBERED.search(head)):
                continue
            found.append(
                DayFound(
                    start=match.start(),
                    end=match.end(),
                    year=year,
                    month=month,
                    day=int(parts.get("day") or 0),
                    a=int(parts.get("a") or 0),
                    b=int(parts.get("b") or 0),
                    inner=match.span("inner") if parts.get("inner") else None,
                    named=bool(name),
                    local=bool(parts.get("a") or parts.get("word")),
                    ranged=_ends_range(head, parts.get("sep")),
                    published=_PUBLISHED.search(head) is not None,
                    updated=_UPDATED.search(head) is not None,
                    of_event=_OF_EVENT.search(head) is not None,
                )
            )
    found.sort(key=lambda day: day.start)
    for at, (first, second) in enumerate(itertools.pairwise(found)):
        if _RANGE_BETWEEN.fullmatch(bare[first.end : second.start]):
            found[at : at + 2] = [replace(first, ranged=True), replace(second, ranged=True)]
    return found


def _ends_range(head: str, separator: str | None) -> bool:
    """Whether the day after `head` is the last of several; "8.30 - 24/10/2024" is a time before a day."""
    first = _RANGE_BEFORE.search(head)
    return first is not None and ("." not in first[0] or separator == ".")


def find_month(bare: str) -> tuple[int, int] | None:
    """(year, month) where the whole text is a month: `2026-10`, `tháng 10 năm 2026`."""
    match = _MONTH_ONLY.match(bare)
    if match is None:
        return None
    word = match["month"] or match["word"]
    return int(match["year"] or match["year2"]), int(word) if word.isdigit() else VIETNAMESE_MONTHS[word]


def find_clocks(text: str) -> Iterator[ClockFound]:
    """All printed times of day in text from which the days were blanked out."""
    for match in _CLOCK.finditer(text):
        hour, minute, second = (
            int(match["hour"]),
            match["minute"] or match["minute2"],
            match["second"] or match["second2"],
        )
        meridiem = match["meridiem"]
        if meridiem is None and (before := _MERIDIEM_BEFORE.search(text[max(0, match.start() - 12) : match.start()])):
            meridiem = before[1]
        hour = _hour_of_day(hour, meridiem.replace(".", "") if meridiem else None)
        if (hour == 24 and int(minute or 0) == 0) or (hour < 24 and int(minute or 0) < 60 and int(second or 0) <= 60):
            zone, after = match["zone"], text[match.end() : match.end() + 10]
            if zone in ("truoc", "ago", "kem") or _RELATIVE_AFTER.match(after):
                continue
            if zone and (zone == "z" or zone[0] in "+-") and _SECOND_ZONE.match(after):
                zone = "+?"
            yield ClockFound(
                start=match.start(),
                end=match.end(),
                hour=hour,
                minute=int(minute) if minute else None,
                second=min(int(second), 59) if second else None,  # a leap second is the one before it here
                zone=zone,
            )


def find_far_zone(text: str) -> str | None:
    """A `GMT+7` or `-0700` that stands apart from the time."""
    match = _FAR_ZONE.search(text)
    if match is None:
        offset = _FAR_OFFSET.search(text)
        return offset[0] if offset else None
    return "gmt+7" if match["zone"].startswith("gio") else match["zone"]


def find_weekday(text: str, bare: str) -> int | None:
    """The printed weekday, Monday 0. `Thứ 5` is Thursday; `T2` is Monday, while `T02` is a month."""
    if match := _WEEKDAY_VI.search(bare):
        return _VI_WEEKDAYS[match[1]] if match[1] else 6
    if match := _WEEKDAY_NUMBER.search(text):
        return int(match[1]) - 2
    if match := _WEEKDAY_NAME.search(bare):
        return WEEKDAYS[match[1]]
    return None


def find_relative(bare: str) -> list[tuple[int, str]]:
    """The parts of `2 tháng 2 tuần trước`: [(2, "thang"), (2, "tuan")]."""
    if (since := _SINCE.match(bare)) and "truoc" not in bare:
        bare = f"{since['span']} truoc"
    return [(int(match[1]), match[2]) for match in _RELATIVE.finditer(bare)]


def read_offset(zone: str) -> int | None:
    """Minutes east of UTC of a folded zone; None where no such zone exists (`+3000`)."""
    digits = re.search(r"([+-]|(?<=c) |(?<=t) )\s?(\d{1,4})(?::(\d{0,2}))?", zone)
    if digits is None or zone[:2] in ("--", "++", "+-", "-+"):
        return ZONES.get(zone)
    body, tail = digits[2], digits[3]
    if len(body) > 2:
        hours, minutes = int(body[:-2]), int(body[-2:])
    else:
        hours, minutes = int(body), int((tail or "0").ljust(2, "0"))  # a cut-off "+00:0" keeps what it has
    offset = (hours * 60 + minutes) * (-1 if digits[1] == "-" else 1)
    return offset if minutes <= 59 and -12 * 60 <= offset <= 14 * 60 else None


def _hour_of_day(hour: int, meridiem: str | None) -> int:
    if meridiem is None or hour > 12:
        return hour
    if meridiem in ("am", "sa", "sang"):
        return 0 if hour == 12 and meridiem != "sang" else hour
    if meridiem == "trua":
        return hour + 12 if hour <= 3 else hour
    if meridiem == "dem":
        return 0 if hour == 12 else hour + 12 if hour >= 7 else hour
    if meridiem == "toi" and hour == 12:
        return 0
    return 12 if hour == 12 else hour + 12
