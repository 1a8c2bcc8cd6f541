"""Packages and receipts: the contract with editors who answer at once, and what people do otherwise."""

import csv
import hashlib
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.http.client import HttpSettings, PoliteClient
from adapters.portals.package import PackagePortal, PackageSettings
from adapters.portals.package_receipts import receipt_form, table
from syncd.domain.model import LOCAL, Approval, SourceKey
from syncd.ports.portal import Portal, PortalPost, PortalState, PostToPush
from syncd.testing.clock import FakeClock
from syncd.testing.portal_contract import (
    HARD_TITLES,
    PortalArena,
    PortalContract,
    new_key,
    refusal,
    sample_image,
    sample_post,
)

PORTAL = "https://cong.vidu.example/"
OCTOBER = (datetime(2025, 9, 30, 17, tzinfo=UTC), datetime(2025, 10, 31, 17, tzinfo=UTC))
SAYING = {Approval.AUTO: "đã đăng", Approval.PENDING: "chờ duyệt", Approval.DRAFT: "bản nháp"}


def open_packages(folder: Path, clock: FakeClock, *, posts_per_package: int = 50) -> PackagePortal:
    settings = PackageSettings(directory=folder, portal_url=PORTAL, posts_per_package=posts_per_package)
    client = PoliteClient(HttpSettings(), clock=clock)
    return PackagePortal(settings, name="cong", http=client, clock=clock, settle=timedelta(seconds=120))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "goi"


@pytest.fixture
def packages(folder: Path, clock: FakeClock) -> PackagePortal:
    portal = open_packages(folder, clock)
    portal.verify()
    return portal


class Editors:
    """People who fill in receipts; each one is a file of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "bien-nhan"
        self.written = 0

    def answer(self, *rows: dict[str, str], name: str = "") -> None:
        self.put(receipt_form(rows), name=name)

    def put(self, data: bytes, *, name: str = "") -> None:
        self.written += 1
        (self.folder / (name or f"bien-nhan-{self.written:05d}.csv")).write_bytes(data)

    def did(self, key: str, what: str = "đã đăng", *, turn: int = 1, **cells: str) -> None:
        row = {"ma": key, "lan": str(turn), "trang_thai": what, "dia_chi": f"{PORTAL}{key}.html", **cells}
        self.answer(row)


class PromptPortal(PackagePortal):
    """Beside a person who does at once what a package asks for."""

    editors: Editors

    def create(self, post: PostToPush, key: SourceKey) -> PortalPost:
        if self.find(key) is not None:
            return super().create(post, key)
        super().create(post, key)
        self.editors.did(key, SAYING[post.approval])
        found = self.find(key)
        assert found is not None
        return found


class PackageArena:
    stranger: Portal | None = None

    def __init__(self, portal: PromptPortal, folder: Path) -> None:
        self.portal: Portal = portal
        self.editors = portal.editors
        self.folder = folder

    def type_by_hand(self, *, title: str, html: str, date: datetime, copies: int = 1) -> list[str]:
        heads = ("tieu_de", "trang_thai", "dia_chi", "ngay", "noi_dung")
        at = date.astimezone(LOCAL).strftime("%d/%m/%Y %H:%M:%S")
        addresses = [f"{PORTAL}tay-{self.editors.written}-{number}.html" for number in range(copies)]
        rows = [
            {"tieu_de": title, "trang_thai": "Đã đăng", "dia_chi": address, "ngay": at, "noi_dung": html}
            for address in addresses
        ]
        self.editors.put(table(heads, rows))
        return ["tay-" + hashlib.sha256(address.encode()).hexdigest()[:24] for address in addresses]

    def trash(self, portal_id: str) -> None:
        self.editors.did(portal_id, "Từ chối")

    def delete(self, portal_id: str) -> None:
        self.editors.did(portal_id, "ĐÃ XOÁ")

    def files(self) -> int:
        return len(list((self.folder / "images").iterdir()))


class TestPackages(PortalContract):
    @pytest.fixture
    def arena(self, folder: Path, clock: FakeClock) -> PortalArena:
        settings = PackageSettings(directory=folder, portal_url=PORTAL)
        client = PoliteClient(HttpSettings(), clock=clock)
        portal = PromptPortal(settings, name="cong", http=client, clock=clock, settle=timedelta(seconds=120))
        portal.editors = Editors(folder)
        portal.verify()
        return PackageArena(portal, folder)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


@pytest.fixture
def editors(folder: Path) -> Editors:
    return Editors(folder)


# --- packages -------------------------------------------------------------------------------------------


def test_post_without_receipt_waits_and_has_no_address(packages: PackagePortal) -> None:
    key = new_key()
    made = packages.create(sample_post(), key)
    assert (made.state, made.url) == (PortalState.PENDING, "")
    assert packages.find(key) == made
    (listed,) = packages.list(*OCTOBER)
    assert listed.state is PortalState.PENDING


def test_package_holds_what_a_person_needs(packages: PackagePortal, folder: Path) -> None:
    key, image = new_key(), sample_image()
    placed = packages.put_file(image)
    html = f'<p>Xem <a href="{placed.url}">ảnh</a>.</p><script>alert(1)</script>'
    packages.create(sample_post(html=html, image=placed, categories=("Tin tức",)), key)
    assert "handed over goi-0001" in packages.verify()
    package = folder / "goi-0001"
    assert sorted(path.name for path in package.iterdir()) == [
        "HUONG-DAN.txt",
        "SHA256SUMS",
        "bai-001.html",
        "bien-nhan-goi-0001.csv",
        "danh-sach.csv",
        "goi.json",
        "tep",
    ]
    page = (package / "bai-001.html").read_text()
    assert f'href="tep/{image.filename}"' in page
    assert "<script" not in page
    assert (package / "tep" / image.filename).read_bytes() == image.data
    (row,) = rows_of(package / "danh-sach.csv")
    assert (row["viec"], row["ma"], row["ngay"], row["chuyen_muc"]) == ("mới", key, "14/10/2025 08:30:00", "Tin tức")
    assert subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=package, check=False).returncode == 0
    assert "1 bài đăng mới, 0 bài sửa, 0 bài gỡ" in (package / "HUONG-DAN.txt").read_text()


def test_each_change_is_handed_over_once(packages: PackagePortal, folder: Path, editors: Editors) -> None:
    key = new_key()
    packages.create(sample_post(), key)
    packages.verify()
    packages.verify()
    assert not (folder / "goi-0002").exists()
    editors.did(key)
    packages.update(key, sample_post(title="Sửa tiêu đề"), key)
    packages.verify()
    (edit,) = rows_of(folder / "goi-0002" / "danh-sach.csv")
    assert (edit["viec"], edit["lan"], edit["tieu_de"], edit["dia_chi"]) == (
        "sửa",
        "2",
        "Sửa tiêu đề",
        f"{PORTAL}{key}.html",
    )
    packages.withdraw(key, key)
    packages.verify()
    (gone,) = rows_of(folder / "goi-0003" / "danh-sach.csv")
    assert (gone["viec"], gone["lan"], gone["cach_dang"]) == ("gỡ", "3", "gỡ khỏi trang công khai")


def test_process_that_died_before_it_noted_a_package_hands_nothing_over_twice(
    packages: PackagePortal, folder: Path, clock: FakeClock
) -> None:
    packages.create(sample_post(), new_key())
    packages.verify()
    (folder / ".goi-0002.tmp").mkdir()
    again = open_packages(folder, clock)
    assert "handed over" not in again.verify()
    again.create(sample_post(), new_key())
    assert not (folder / ".goi-0002.tmp").exists()
    assert "handed over goi-0002" in again.verify()


WRITER = """
import sys
from datetime import timedelta
from pathlib import Path
from adapters.http.client import HttpSettings, PoliteClient
from adapters.portals.package import PackagePortal, PackageSettings
from syncd.clock import SystemClock
from syncd.testing.portal_contract import new_key, sample_image, sample_post
clock = SystemClock()
settings = PackageSettings(directory=Path(sys.argv[1]), portal_url="https://cong.vidu.example", posts_per_package=2)
portal = PackagePortal(settings, name="c", http=PoliteClient(HttpSettings(), clock=clock), clock=clock, settle=timedelta(0))
while True:
    portal.verify()
    for _ in range(3):
        key = new_key()
        portal.create(sample_post(image=portal.put_file(sample_image())), key)
        sys.stdout.write(f"{key}\\n")
        sys.stdout.flush()
"""


def test_writer_killed_at_any_point_hands_each_post_over_once_and_whole(folder: Path, clock: FakeClock) -> None:
    done: set[str] = set()
    for lines in (4, 7, 11):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(lines)]
        writer.send_signal(signal.SIGKILL)
        said += writer.stdout.readlines()
        writer.stdout.close()
        writer.wait()
        done |= {line.strip() for line in said}
    open_packages(folder, clock).verify()
    packages = sorted(folder.glob("goi-*"))
    handed = [row["ma"] for package in packages for row in rows_of(package / "danh-sach.csv")]
    assert len(handed) == len(set(handed))
    assert done <= set(handed)
    assert [int(package.name.removeprefix("goi-")) for package in packages] == list(range(1, len(packages) + 1))
    for package in packages:
        assert subprocess.run(["sha256sum", "-c", "--quiet", "SHA256SUMS"], cwd=package, check=False).returncode == 0
        assert len(list((package / "tep").iterdir())) == len(rows_of(package / "danh-sach.csv"))
    assert not list(folder.rglob("*.tmp"))


def test_many_posts_make_several_packages(folder: Path, clock: FakeClock) -> None:
    packages = open_packages(folder, clock, posts_per_package=2)
    for _ in range(5):
        packages.create(sample_post(), new_key())
    assert "goi-0001, goi-0002, goi-0003" in packages.verify()
    assert [len(rows_of(folder / f"goi-000{number}" / "danh-sach.csv")) for number in (1, 2, 3)] == [2, 2, 1]


def test_post_withdrawn_before_anybody_saw_it_is_never_handed_over(packages: PackagePortal, folder: Path) -> None:
    key = new_key()
    packages.create(sample_post(), key)
    assert packages.withdraw(key, key).state is PortalState.PENDING
    packages.verify()
    assert not (folder / "goi-0001").exists()


def test_damaged_package_stops_before_anything_is_handed_over_twice(
    packages: PackagePortal, folder: Path, clock: FakeClock
) -> None:
    packages.create(sample_post(), new_key())
    packages.verify()
    (folder / "goi-0001" / "goi.json").write_text("{")
    assert refusal(open_packages(folder, clock).verify).kind == "protocol"


def test_list_is_read_by_a_spreadsheet_as_text_whatever_a_title_holds(packages: PackagePortal, folder: Path) -> None:
    titles = [*HARD_TITLES, '=HYPERLINK("http://a.vidu.example")', "+84 24 1234", "Tin\ncó; dấu"]
    for title in titles:
        packages.create(sample_post(title=title), new_key())
    packages.verify()
    told = {row["tieu_de"] for row in rows_of(folder / "goi-0001" / "danh-sach.csv")}
    assert '\'=HYPERLINK("http://a.vidu.example")' in told
    assert {"'+84 24 1234", "Tin có; dấu"} <= told


# --- receipts -------------------------------------------------------------------------------------------


def test_receipt_makes_it_public_where_it_says(packages: PackagePortal, editors: Editors, folder: Path) -> None:
    key = new_key()
    packages.create(sample_post(), key)
    packages.verify()
    form = (folder / "goi-0001" / "bien-nhan-goi-0001.csv").read_bytes().decode("utf-8-sig")
    assert packages.find(key) == packages.read(key)
    editors.put(form.encode(), name="chua-dien.csv")
    assert packages.read(key).state is PortalState.PENDING  # type: ignore[union-attr]  # it stands
    filled = [
        {**row, "trang_thai": "Đã đăng", "dia_chi": f"{PORTAL}tin/1", "ngay": "15/10/2025 09:00"}
        for row in rows_of(folder / "goi-0001" / "bien-nhan-goi-0001.csv")
    ]
    editors.answer(*filled)
    found = packages.find(key)
    assert found is not None
    assert (found.state, found.url) == (PortalState.PUBLIC, f"{PORTAL}tin/1")
    assert found.published_at == datetime(2025, 10, 15, 2, tzinfo=UTC)


def test_withdrawal_counts_as_done_only_when_a_receipt_says_so_and_an_old_one_changes_nothing(
    packages: PackagePortal, editors: Editors
) -> None:
    key = new_key()
    packages.create(sample_post(), key)
    editors.did(key)
    assert packages.withdraw(key, key).state is PortalState.PENDING
    editors.did(key, "đã gỡ", turn=2)
    assert packages.read(key).state is PortalState.DRAFT  # type: ignore[union-attr]  # it stands
    editors.did(key)  # the first receipt once more
    assert packages.read(key).state is PortalState.DRAFT  # type: ignore[union-attr]  # it stands


WRONG = {
    "no key": ({"ma": "abc", "trang_thai": "đã đăng", "dia_chi": PORTAL}, "is no key"),
    "no state": ({"ma": "syncd-" + "a" * 32, "trang_thai": "xong", "dia_chi": PORTAL}, "is no state"),
    "no address": ({"ma": "syncd-" + "a" * 32, "trang_thai": "đã đăng"}, "no address"),
    "script as address": ({"ma": "syncd-" + "a" * 32, "dia_chi": "javascript:alert(1)"}, "is no web address"),
    "date of the other kind": ({"ma": "syncd-" + "a" * 32, "dia_chi": PORTAL, "ngay": "31/31/2025"}, "is no date"),
    "turn that is none": ({"ma": "syncd-" + "a" * 32, "lan": "hai", "dia_chi": PORTAL}, "is no number"),
    "typed without a date": ({"tieu_de": "Tin", "dia_chi": PORTAL}, "its date"),
}


@pytest.mark.parametrize(("row", "why"), WRONG.values(), ids=WRONG.keys())
def test_wrong_line_is_named_and_stops_the_census_and_no_delivery(
    row: dict[str, str], why: str, packages: PackagePortal, editors: Editors
) -> None:
    key = new_key()
    packages.create(sample_post(), key)
    good = {"ma": key, "lan": "1", "trang_thai": "đã đăng", "dia_chi": f"{PORTAL}1"}
    editors.answer(good, row)
    error = refusal(lambda: list(packages.list(*OCTOBER)))
    assert "bien-nhan/bien-nhan-00001.csv line 3: " in error.message
    assert why in error.message
    assert "line 3" in packages.verify()
    assert packages.find(key).state is PortalState.PUBLIC  # type: ignore[union-attr]  # it stands
    assert packages.create(sample_post(), new_key())


FILES = {
    "of another encoding": ("ma;trang_thai;dia_chi\nx;đã đăng;".encode() + b"\xff\xfe\xff", "UTF-8"),
    "without heads": (b"a;b;c\n1;2;3\n", "no column"),
    "of a spreadsheet": (b"PK\x03\x04\x00\xff", "UTF-8"),
}


@pytest.mark.parametrize(("data", "why"), FILES.values(), ids=FILES.keys())
def test_file_that_is_no_receipt_is_named(data: bytes, why: str, packages: PackagePortal, editors: Editors) -> None:
    editors.put(data)
    error = refusal(lambda: list(packages.list(*OCTOBER)))
    assert why in error.message
    assert error.hint


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("sign", [";", ",", "\t"])
def test_receipt_as_any_spreadsheet_saves_it(
    encoding: str, sign: str, packages: PackagePortal, editors: Editors
) -> None:
    key = new_key()
    packages.create(sample_post(), key)
    lines = [["Ngày", "Địa chỉ", "Trạng thái", "Mã"], ["15/10/2025", f"{PORTAL}1", "ĐÃ ĐĂNG", key]]
    editors.put("\r\n".join(sign.join(line) for line in lines).encode(encoding))
    found = packages.find(key)
    assert found is not None
    assert (found.state, found.published_at) == (PortalState.PUBLIC, datetime(2025, 10, 14, 17, tzinfo=UTC))


def test_one_post_at_two_addresses_in_one_receipt_is_asked_about(packages: PackagePortal, editors: Editors) -> None:
    key = new_key()
    packages.create(sample_post(), key)
    line = {"ma": key, "trang_thai": "đã đăng", "dia_chi": f"{PORTAL}1"}
    editors.answer(line, {**line, "dia_chi": f"{PORTAL}2"})
    assert "posted twice?" in refusal(lambda: list(packages.list(*OCTOBER))).message


def test_folder_that_is_not_there_is_no_empty_portal(folder: Path, clock: FakeClock) -> None:
    portal = open_packages(folder, clock)
    for call in (lambda: portal.find(new_key()), lambda: list(portal.list(*OCTOBER))):
        assert refusal(call).kind == "refused"
