"""The receipts that people put back: what became of each post of a package, line by line of a CSV file.

A line tells of one post: our key (`ma`) and which turn of it (`lan`), what was done (`trang_thai`), where it stands (`dia_chi`), the
printed date (`ngay`). A line without `ma` is a post that was typed by hand; then `tieu_de` and `ngay` are needed, `don_vi` and
`noi_dung` may follow. Columns are known by their heads, in any order, with or without diacritics.
"""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from unicodedata import combining, normalize

from adapters.portals.content import is_key
from syncd.domain.model import LOCAL, SourceKey
from syncd.ports.portal import PortalState
from syncd.vietnamese.storable import storable

MAX_BYTES = 10_000_000
HEADS = ("ma", "lan", "viec", "tieu_de", "don_vi", "trang_thai", "dia_chi", "ngay", "ghi_chu")
GONE = "da xoa"
STATES: Mapping[str, PortalState | None] = {
    "da dang": PortalState.PUBLIC,
    "da sua": PortalState.PUBLIC,
    "cho duyet": PortalState.PENDING,
    "hen gio": PortalState.SCHEDULED,
    "ban nhap": PortalState.DRAFT,
    "da go": PortalState.DRAFT,
    "tu choi": PortalState.TRASH,
    "da bo": PortalState.TRASH,
    GONE: None,  # it is there no more, not even in a trash
}
_DATES = (
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y-%m-%d",
)
_ADDRESS = re.compile(r"https?://[^\s<>\"']{1,2000}")


class LineInvalid(Exception):
    """One line of a receipt is none; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptLine:
    """`state` None: deleted there. `key` None: typed by hand, and then `title` is what it is called. `turn` counts our own changes, from 1."""

    key: SourceKey | None
    turn: int
    state: PortalState | None
    url: str
    published_at: datetime | None
    title: str
    author: str
    html: str

    @property
    def typed_id(self) -> str:
        """What names a post that was typed by hand: its address."""
        return "tay-" + sha256(self.url.encode("utf-8", "replace")).hexdigest()[:24]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Receipt:
    """One file as it was read once: its lines, and what is wrong with others of them, each named by its number."""

    lines: tuple[ReceiptLine, ...]
    errors: tuple[str, ...]


def read_receipt(data: bytes) -> Receipt:
    """Read one file, as spreadsheets save it: UTF-8 or UTF-16, columns parted by semicolons, commas or tabs."""
    if len(data) > MAX_BYTES:
        return Receipt(lines=(), errors=(f"more than {MAX_BYTES} bytes",))
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError as err:
        return Receipt(lines=(), errors=(f"not saved as UTF-8 (CSV UTF-8): {err.reason} at byte {err.start}",))
    text = storable(text)
    first = text.partition("\n")[0]
    parted = csv.reader(text.splitlines(keepends=True), delimiter=max(";,\t", key=first.count), strict=False)
    lines: list[ReceiptLine] = []
    errors: list[str] = []
    heads: Sequence[str] = ()
    addresses: dict[SourceKey, str] = {}
    while True:
        try:
            row = next(parted)
        except StopIteration:
            break
        except csv.Error as err:
            errors.append(f"line {parted.line_num}: {err}")
            continue
        if not heads:
            heads = [_folded(head).replace(" ", "_") for head in row]
            if missing := {"trang_thai", "dia_chi"} - set(heads):
                return Receipt(lines=(), errors=(f"line 1: no column {', '.join(sorted(missing))}",))
            continue
        try:
            line = _line(dict(zip(heads, row, strict=False)))
            if line is None:
                continue
            if line.key and line.url and addresses.setdefault(line.key, line.url) != line.url:
                raise LineInvalid(f"{line.key} has another address further up: is it posted twice?")
        except LineInvalid as err:
            errors.append(f"line {parted.line_num}: {err}")
        else:
            lines.append(line)
    return Receipt(lines=tuple(lines), errors=tuple(errors))


def receipt_form(rows: Iterable[Mapping[str, str]]) -> bytes:
    """A receipt to be filled in: a row for each post, what was done and where left empty."""
    return table(HEADS, rows)


def table(heads: Sequence[str], rows: Iterable[Mapping[str, str]]) -> bytes:
    """A CSV file that opens well in a spreadsheet, in which no cell is taken for a formula."""
    lines = [heads, *([_cell(row.get(head, "")) for head in heads] for row in rows)]
    text = "".join(";".join(f'"{cell}"' for cell in line) + "\r\n" for line in lines)
    return b"\xef\xbb\xbf" + text.encode("utf-8", "replace")


def _cell(text: str) -> str:
    one_line = " ".join(text.split()).replace('"', '""')
    return f"'{one_line}" if one_line[:1] in ("=", "+", "-", "@") else one_line


def _line(cells: Mapping[str, str]) -> ReceiptLine | None:
    """One line; None while nobody has filled it in."""
    told = {name: value.strip() for name, value in cells.items() if value}
    key, said, url = told.get("ma", ""), _folded(told.get("trang_thai", "")), told.get("dia_chi", "")
    if not said and not url:
        return None
    if key and not is_key(key):
        raise LineInvalid(f"{key[:60]!r} is no key: copy the column ma from danh-sach.csv")
    if said not in ("", *STATES):
        raise LineInvalid(
            f"{told['trang_thai'][:40]!r} is no state; known are đã đăng, đã sửa, chờ duyệt, hẹn giờ, bản nháp, đã gỡ, từ chối, đã xóa"
        )
    turn = told.get("lan", "1")
    if not (turn.isascii() and turn.isdigit() and len(turn) < 7):
        raise LineInvalid(f"{turn[:20]!r} is no number (lan)")
    state = STATES[said or "da dang"]
    if url and not _ADDRESS.fullmatch(url):
        raise LineInvalid(f"{url[:80]!r} is no web address")
    if not url and (not key or (state is PortalState.PUBLIC and turn == "1")):
        raise LineInvalid("no address (dia_chi) of a post that is said to be there")
    date = _date(told.get("ngay", ""))
    if not key and not (told.get("tieu_de") and date):
        raise LineInvalid("a post typed by hand needs its title (tieu_de) and its date (ngay)")
    return ReceiptLine(
        key=SourceKey(key) if key else None,
        turn=int(turn),
        state=state,
        url=url,
        published_at=date,
        title=told.get("tieu_de", ""),
        author=told.get("don_vi", ""),
        html=told.get("noi_dung", ""),
    )


def _date(text: str) -> datetime | None:
    """A date as it is typed, in local time where it says no other."""
    if not text:
        return None
    for form in _DATES:
        try:
            return datetime.strptime(text, form).replace(tzinfo=LOCAL).astimezone(UTC)
        except ValueError:
            continue
    try:
        instant = datetime.fromisoformat(text)
        return (instant if instant.tzinfo else instant.replace(tzinfo=LOCAL)).astimezone(UTC)
    except (ValueError, OverflowError) as err:
        raise LineInvalid(f"{text[:40]!r} is no date such as 31/10/2026 08:30") from err


def _folded(text: str) -> str:
    """Without diacritics, case and needless spaces: what people type in a hurry is the same word."""
    plain = "".join(sign for sign in normalize("NFD", text.casefold()) if not combining(sign)).replace("đ", "d")
    return " ".join(plain.split())
