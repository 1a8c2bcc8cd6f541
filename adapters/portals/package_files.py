"""What stands in a package that a person carries to the portal: pages, pictures, the list, a receipt to fill in, and how to go about it."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from pathlib import Path
from typing import Any

import nh3

from adapters.portals.outbox_files import OutboxEntry, sync_directory, write_over
from adapters.portals.package_receipts import receipt_form, table
from syncd.domain.model import LOCAL, SourceKey
from syncd.ports.portal import PortalState

INSTRUCTIONS = "HUONG-DAN.txt"
_NAME = re.compile(r"goi-(\d{4,})")
_CONTENTS = "goi.json"
_CSP = "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_LIST = (
    "stt",
    "viec",
    "tieu_de",
    "ngay",
    "don_vi",
    "chuyen_muc",
    "cach_dang",
    "dia_chi",
    "tep",
    "bai_goc",
    "ma",
    "lan",
)
_HOW = {
    PortalState.PUBLIC: "đăng công khai",
    PortalState.PENDING: "gửi chờ duyệt",
    PortalState.DRAFT: "lưu bản nháp",
    PortalState.PRIVATE: "gỡ khỏi trang công khai",
}


class Errand(StrEnum):
    """What a person is asked to do with a post."""

    NEW = "mới"
    EDIT = "sửa"
    WITHDRAW = "gỡ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One post of a package. `address`: where it stands by the last receipt."""

    key: SourceKey
    errand: Errand
    entry: OutboxEntry
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver:
    """What earlier packages asked for: the last turn of each key, and the number of the last package."""

    turns: Mapping[SourceKey, int]
    last: int


def handed_over(root: Path, known: dict[str, Mapping[str, Any]]) -> HandedOver:
    """Read what the packages in `root` hold; `known` keeps what was read, since a package never changes.

    Raises:
        ValueError: a package's list is damaged.
    """
    turns: dict[SourceKey, int] = {}
    last = 0
    for name in sorted(os.listdir(root)):
        if (found := _NAME.fullmatch(name)) is None:
            continue
        last = max(last, int(found[1]))
        if name not in known:
            known[name] = json.loads((root / name / _CONTENTS).read_bytes())
        for key, turn in known[name].items():
            turns[SourceKey(key)] = max(turn, turns.get(SourceKey(key), 0))
    return HandedOver(turns=turns, last=last)


def remove_half_made(root: Path) -> None:
    """Remove what a writer that died left of a package."""
    for folder in root.glob(".goi-*.tmp"):
        shutil.rmtree(folder)


def write_package(root: Path, number: int, items: Sequence[Item], *, files: Path, files_url: str, portal: str) -> str:
    """Make the next package, whole or not at all; its name. `files` holds the pictures that texts link to under `files_url`."""
    name = f"goi-{number:04d}"
    folder = root / f".{name}.tmp"
    (folder / "tep").mkdir(parents=True)
    rows = []
    for place, item in enumerate(items, start=1):
        page = f"bai-{place:03d}.html"
        html = item.entry.html.replace(files_url, "tep/")
        linked = sorted(set(re.findall(r"tep/(syncd-[0-9a-f]{16}\.[a-z]{3,4})", html)))
        if item.entry.image is not None:
            linked = sorted({*linked, Path(item.entry.image.file).name})
        for file in linked:
            if (files / file).is_file():
                _put(folder / "tep" / file, (files / file).read_bytes())
        _put(folder / page, _page(item, html))
        rows.append(_row(place, item, page, linked))
    _put(folder / "danh-sach.csv", table(_LIST, rows))
    _put(folder / f"bien-nhan-{name}.csv", receipt_form(_asked(rows)))
    _put(folder / INSTRUCTIONS, _instructions(name, items, portal=portal).encode())
    _put(folder / _CONTENTS, json.dumps({item.key: item.entry.version for item in items}, indent=1).encode())
    sums = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n"
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    ]
    _put(folder / "SHA256SUMS", "".join(sums).encode())
    os.replace(folder, root / name)
    sync_directory(root)
    return name


def _put(path: Path, data: bytes) -> None:
    write_over(path, data, durable=True, mode=0o644)


def _asked(rows: Sequence[Mapping[str, str]]) -> Sequence[Mapping[str, str]]:
    # an address or a date that stands there already would read as an answer
    return [{**row, "dia_chi": "", "ngay": ""} for row in rows]


def _row(place: int, item: Item, page: str, linked: Sequence[str]) -> dict[str, str]:
    entry = item.entry
    return {
        "stt": str(place),
        "viec": item.errand.value,
        "tieu_de": entry.title,
        "ngay": entry.published_at.astimezone(LOCAL).strftime("%d/%m/%Y %H:%M:%S"),
        "don_vi": entry.author or entry.unit_name,
        "chuyen_muc": ", ".join(entry.categories),
        "cach_dang": _HOW.get(entry.state, ""),
        "dia_chi": item.address,
        "tep": ", ".join([page, *(f"tep/{file}" for file in linked)]),
        "bai_goc": entry.source_url,
        "ma": item.key,
        "lan": str(entry.version),
    }


def _page(item: Item, html: str) -> bytes:
    """The post as it is to be copied into the portal's editor; no foreign script or address is loaded by looking at it."""
    entry = item.entry
    told = [
        ("Việc cần làm", f"{item.errand.value}: {_HOW.get(entry.state, '')}"),
        ("Đang ở địa chỉ", item.address),
        ("Ngày đăng", entry.published_at.astimezone(LOCAL).strftime("%d/%m/%Y %H:%M:%S")),
        ("Đơn vị", entry.unit_name),
        ("Tác giả trên Cổng", entry.author),
        ("Chuyên mục", ", ".join(entry.categories)),
        ("Tóm tắt", entry.summary),
        ("Bài gốc", entry.source_url),
        ("Mã", f"{item.key} (lần {entry.version})"),
    ]
    rows = "\n".join(f"<tr><th>{name}</th><td>{escape(value)}</td></tr>" for name, value in told if value)
    picture = ""
    if entry.image is not None:
        source = escape(f"tep/{Path(entry.image.file).name}")
        caption = f"<figcaption>{escape(entry.image.caption)}</figcaption>" if entry.image.caption else ""
        picture = f'<figure><img src="{source}" alt="{escape(entry.image.alt)}">{caption}</figure>'
    text = f"""<!doctype html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_CSP}">
<title>{escape(entry.title)}</title>
<style>body{{max-width:46rem;margin:0 auto;padding:1rem;font:1rem/1.5 sans-serif}}th{{text-align:left;vertical-align:top;padding-right:1rem}}
table{{border-bottom:1px solid #999;margin-bottom:1rem}}img{{max-width:100%}}</style>
</head>
<body>
<table>
{rows}
</table>
<h1>{escape(entry.title)}</h1>
{picture}
<article>
{nh3.clean(html)}
</article>
</body>
</html>
"""
    return text.encode("utf-8", "replace")


def _instructions(name: str, items: Sequence[Item], *, portal: str) -> str:
    counts = {errand: sum(item.errand is errand for item in items) for errand in Errand}
    return f"""GÓI TIN, BÀI {name}
Cổng: {portal}
Gồm: {counts[Errand.NEW]} bài đăng mới, {counts[Errand.EDIT]} bài sửa, {counts[Errand.WITHDRAW]} bài gỡ.

CÁC BƯỚC
1. Chép cả thư mục {name} về máy. Có thể kiểm tra tệp còn nguyên vẹn: sha256sum -c SHA256SUMS
2. Mở danh-sach.csv để xem việc cần làm với từng bài:
   - "mới": đăng bài lên Cổng theo cột cach_dang, đúng tiêu đề, ngày, chuyên mục. Nội dung ở tệp bai-NNN.html
     (mở bằng trình duyệt, chọn phần bài, sao chép vào trình soạn thảo của Cổng); ảnh và tệp đính kèm ở thư mục tep.
   - "sửa": mở bài đã đăng ở cột dia_chi, thay tiêu đề và nội dung bằng bản trong gói.
   - "gỡ": đưa bài ở cột dia_chi ra khỏi trang công khai; không xóa hẳn.
   Bài đã có trên Cổng (do người khác đăng trước) thì không đăng lần nữa, chỉ ghi địa chỉ của bài đó vào biên nhận.
3. Ghi kết quả vào bien-nhan-{name}.csv, mỗi bài một dòng:
   - trang_thai: đã đăng | đã sửa | chờ duyệt | hẹn giờ | bản nháp | đã gỡ | từ chối | đã xóa
   - dia_chi: địa chỉ đầy đủ của bài trên Cổng, bắt đầu bằng http:// hoặc https://
   - ngay: ngày in trên Cổng, nếu khác ngày trong danh sách. Ví dụ: 31/10/2026 08:30
   Không sửa cột ma và cột lan. Bài chưa làm thì để trống trang_thai và dia_chi.
   Khi lưu bằng bảng tính, chọn kiểu "CSV UTF-8".
4. Chép tệp biên nhận vào thư mục bien-nhan (bên cạnh thư mục {name}). Có thể nộp nhiều lần: dòng sau thay dòng trước.
   Bài do cán bộ tự đăng trên Cổng cũng ghi vào biên nhận: để trống cột ma và lan, ghi tieu_de, don_vi, dia_chi, ngay.

Chưa có biên nhận thì bài vẫn được tính là đang chờ, chưa phải đã đăng.
"""
