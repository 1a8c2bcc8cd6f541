#!/usr/bin/env python3
# ruff: noqa: T201 - this program speaks to a reader at a terminal
"""Kiểm tra hồ sơ minh chứng này mà không cần mạng, không cần phần mềm nào ngoài Python 3.8 trở lên.

Cách dùng: giải nén hồ sơ, mở cửa sổ dòng lệnh tại thư mục bag/data rồi gõ:  python3 verify.py
"""

import base64
import hashlib
import json
import re
import sys
from pathlib import Path

BAG = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
DATA = BAG / "data"
STATUS = {
    "met": ("Đạt", "met"),
    "missing": ("Thiếu", "missing"),
    "undetermined": ("Chưa xác định", "undetermined"),
    "exempt": ("Được miễn", "exempt"),
    "open": ("Đang trong kỳ", "open"),
}


class Broken(Exception):
    """Một điều không đúng, nói bằng tiếng Việt."""


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def files_below(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file()) if folder.is_dir() else []


def check_manifest(manifest, present):
    listed = {}
    for line in (BAG / manifest).read_text(encoding="utf-8").splitlines():
        digest, name = line[:64], line[66:]
        if not re.fullmatch(r"[0-9a-f]{64} [ *].+", line) or ".." in name or name.startswith("/"):
            raise Broken(f"{manifest} có dòng không hợp lệ: {line[:80]}")
        listed[name] = digest
    for name in sorted(present - set(listed)):
        raise Broken(f"tệp {name} không có trong {manifest} (tệp bị thêm vào, hoặc dòng bị xóa)")
    for name, digest in sorted(listed.items()):
        if name not in present:
            raise Broken(f"thiếu tệp {name}")
        if sha256(BAG / name) != digest:
            raise Broken(f"tệp {name} đã bị thay đổi")
    return f"{len(listed)} tệp còn nguyên vẹn"


def payload():
    here = {path.relative_to(BAG).as_posix() for path in files_below(DATA)}
    return check_manifest("manifest-sha256.txt", {name for name in here if "/__pycache__/" not in name})


def tags():
    names = {path.name for path in BAG.iterdir() if path.is_file()} - {"tagmanifest-sha256.txt"}
    return check_manifest("tagmanifest-sha256.txt", names)


def captures():
    found = files_below(DATA / "captures")
    for path in found:
        if sha256(path) != path.name:
            raise Broken(f"bản chụp {path.name} không đúng với tên của nó")
    return f"{len(found)} bản chụp trang, mỗi bản đúng mã băm của nó"


def checkpoint():
    origin, size, root = (DATA / "checkpoint.txt").read_text(encoding="utf-8").splitlines()[:3]
    return origin, int(size), base64.b64decode(root, validate=True)


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_from(leaf, index, size, path):
    """Gốc mà đường dẫn từ một mục đi tới (RFC 9162, mục 2.1.3.2)."""
    value, place, last = leaf, index, size - 1
    for step in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            value = node(step, value)
            while place and not place & 1:
                place >>= 1
                last >>= 1
        else:
            value = node(value, step)
        place >>= 1
        last >>= 1
    return value if last == 0 else None


def ledger():
    _, size, root = checkpoint()
    leaves = files_below(DATA / "leaves")
    proofs = {path.name for path in files_below(DATA / "proofs")}
    if {path.name for path in leaves} != proofs:
        raise Broken("số mục và số chứng minh không khớp nhau")
    for path in leaves:
        number = int(path.stem)
        body = path.read_bytes()
        proof = json.loads((DATA / "proofs" / path.name).read_text(encoding="utf-8"))
        if json.loads(body)["seq"] != number or proof["seq"] != number or proof["size"] != size:
            raise Broken(f"mục số {number} hoặc chứng minh của nó mang số khác")
        leaf = hashlib.sha256(b"\x00" + body).digest()
        if not 0 <= number < size or root_from(leaf, number, size, [bytes.fromhex(s) for s in proof["path"]]) != root:
            raise Broken(f"mục số {number} không thuộc sổ cái của mốc này")
    return f"{len(leaves)} việc đã ghi đều thuộc sổ cái {size} mục"


def claim():
    _, size, root = checkpoint()
    text = (DATA / "claim.txt").read_text(encoding="utf-8")
    if root.hex() not in text or str(size) not in re.findall(r"\d+", text):
        raise Broken("claim.txt nói về một sổ cái khác với checkpoint.txt")
    return f"sổ cái {size} mục, mã gốc {root.hex()}"


def figures():
    """Số liệu đã chốt và điều chỉnh phải đúng như các mục của sổ cái, mà bước trên đã chứng minh."""
    document = json.loads((DATA / "figures.json").read_text(encoding="utf-8"))
    told = (DATA / "claim.txt").read_text(encoding="utf-8").splitlines()
    leaves = [json.loads(p.read_bytes()) for p in sorted(files_below(DATA / "leaves"), key=lambda p: int(p.stem))]
    own = [leaf for leaf in leaves if leaf["unit"] == document["unit"]]
    closings = {leaf["data"]["period"]: leaf["data"] for leaf in own if leaf["type"] == "month_close"}
    bound = 0
    for period in document["periods"]:
        name, closed, leaf = period["period"], period["as_closed"], closings.get(period["period"])
        if (leaf is None) != (closed is None):
            raise Broken(f"kỳ {name}: sổ cái và figures.json nói khác nhau về việc đã chốt hay chưa")
        line = f"; chỉ tiêu {period['required']}, được tính {period['counted']},"
        if not any(text.startswith(f"{name}: {word}{line}") for text in told for word in STATUS[period["status"]]):
            raise Broken(f"kỳ {name}: claim.txt không ghi '{STATUS[period['status']][0]}{line}'")
        if leaf is None:
            continue
        bound += 1
        for key in ("status", "required", "written", "delivered", "visible", "counted"):
            if closed[key] != leaf[key]:
                raise Broken(f"kỳ {name}: {key} đã chốt là {leaf[key]}, hồ sơ ghi {closed[key]}")
        if closed["causes"] != {cause["name"]: cause["number"] for cause in leaf["causes"]}:
            raise Broken(f"kỳ {name}: nguyên nhân khác với sổ cái")
        statement = DATA / "statements" / f"{name}.json"
        if sha256(statement) != leaf["body_sha256"]:
            raise Broken(f"kỳ {name}: bản số liệu đã chốt không đúng mã băm trong sổ cái")
        if json.loads(statement.read_bytes())["posts"] != period["closed_posts"]:
            raise Broken(f"kỳ {name}: danh sách tin, bài khác với bản số liệu đã chốt")
        decided = [x["data"] for x in own if x["type"] == "adjustment" and x["data"]["period"] == name]
        keys = ("kind", "posts", "status", "reason", "document", "approved_by")
        if [[a[k] for k in keys] for a in period["adjustments"]] != [[a[k] for k in keys] for a in decided]:
            raise Broken(f"kỳ {name}: các điều chỉnh khác với sổ cái")
        standing = decided[-1]["after"] if decided else leaf
        if (period["status"], period["counted"]) != (standing["status"], standing["counted"]):
            raise Broken(f"kỳ {name}: đang có hiệu lực là {standing['counted']}, hồ sơ ghi {period['counted']}")
    return f"{bound}/{len(document['periods'])} kỳ đã chốt, đúng như sổ cái"


def main():
    sound = True
    for title, check in [
        ("Tệp trong hồ sơ", payload),
        ("Tệp quản lý của hồ sơ", tags),
        ("Bản chụp trang", captures),
        ("Sổ cái", ledger),
        ("Mốc sổ cái", claim),
        ("Số liệu", figures),
    ]:
        try:
            print(f"ĐÚNG  {title}: {check()}")
        except (Broken, OSError, ValueError, KeyError, TypeError) as problem:
            sound = False
            print(f"SAI   {title}: {problem}")
    print("\nHồ sơ nguyên vẹn." if sound else "\nHỒ SƠ KHÔNG CÒN NGUYÊN VẸN.")
    print("Mốc sổ cái chưa có chữ ký số: hãy so mã gốc trên với mã gốc in trong thư hằng tháng mà đơn vị đã nhận.")
    return 0 if sound else 1


if __name__ == "__main__":
    sys.exit(main())
