import unicodedata
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.vietnamese.secrecy_names import find_mark_in_name

MARKED = [
    ("Công văn MẬT.pdf", "Mật"),
    ("Công văn mật 12.docx", "Mật"),
    ("Tài liệu mật.docx", "Mật"),
    ("Thông báo mật.pdf", "Mật"),
    ("Báo cáo tuần (Mật).docx", "Mật"),
    ("Kế hoạch 12 - Mật.pdf", "Mật"),
    ("Kế hoạch phòng thủ Mật.pdf", "Mật"),
    ("Mật - Kế hoạch phòng thủ khu vực.doc", "Mật"),
    ("MẬT_Kế hoạch diễn tập.pdf", "Mật"),
    ("MẬT.pdf", "Mật"),
    ("KẾ HOẠCH DIỄN TẬP (MẬT).PDF", "Mật"),
    ("KẾ HOẠCH DIỄN TẬP - MẬT.PDF", "Mật"),
    ("Kế hoạch [mật].xlsx", "Mật"),
    ("Tối mật - Đề án.pdf", "Tối mật"),
    ("Đề án (TỐI MẬT).pdf", "Tối mật"),
    ("Phương án tuyệt mật.doc", "Tuyệt mật"),
    ("TUYỆT MẬT.pdf", "Tuyệt mật"),
    ("Đề cương tuyên truyền (lưu hành nội bộ).pdf", "Lưu hành nội bộ"),
    ("Tài liệu lưu hành nội bộ.doc", "Lưu hành nội bộ"),
    ("Báo cáo số 45-BC/TU(M)", "Mật"),
    ("Công văn số 12-CV/TU (M) về việc họp", "Mật"),
    ("Cong van MAT.pdf", "Mật"),
    ("Cong_van_MAT_12.pdf", "Mật"),
    ("cong-van-mat.pdf", "Mật"),
    ("12-cong-van-mat.pdf", "Mật"),
    ("tai-lieu-mat-2026.docx", "Mật"),
    ("thong-bao-mat.pdf", "Mật"),
    ("CongVanMat.pdf", "Mật"),
    ("BC tuan 41 (MAT).doc", "Mật"),
    ("45-BC-TU-MAT.pdf", "Mật"),
    ("45_BC_TU-M.pdf", "Mật"),
    ("45-BC-TU(M).pdf", "Mật"),
    ("MAT-CV-12.pdf", "Mật"),
    ("BC_MAT.mat.pdf", "Mật"),
    ("de-an-toi-mat.pdf", "Tối mật"),
    ("TOI MAT ke hoach.pdf", "Tối mật"),
    ("phuong-an-tuyet-mat-2026.pdf", "Tuyệt mật"),
    ("de-cuong-luu-hanh-noi-bo.pdf", "Lưu hành nội bộ"),
    ("DE_CUONG_LUU_HANH_NOI_BO.PDF", "Lưu hành nội bộ"),
]

FREE = [
    "bao-mat-thong-tin.pdf",
    "mat-tran-to-quoc.pdf",
    "MAT TRAN TO QUOC.pdf",
    "Mặt trận Tổ quốc.pdf",
    "Mặt trận.pdf",
    "Ủy ban MTTQ - Mặt trận xã.docx",
    "Bảo mật thông tin.pdf",
    "BẢO MẬT THÔNG TIN.pdf",
    "Tập huấn Bảo Mật.pptx",
    "THONG TIN BAO MAT.pdf",
    "BAO MAT thong tin.pdf",
    "Mật ong rừng.pdf",
    "MẬT ONG RỪNG.jpg",
    "Mat ong rung.pdf",
    "Mật độ dân số 2026.xlsx",
    "mat-do-xay-dung.pdf",
    "Đổi mật khẩu hộp thư.docx",
    "huong-dan-doi-mat-khau.pdf",
    "Danh mục văn bản không Mật.pdf",
    "cong-van-khong-mat.pdf",
    "Quyết định giải mật.pdf",
    "quyet-dinh-giai-mat.pdf",
    "Luật Bảo vệ bí mật nhà nước.pdf",
    "luat-bao-ve-bi-mat-nha-nuoc.pdf",
    "LUẬT BẢO VỆ BÍ MẬT NHÀ NƯỚC.PDF",
    "Danh mục bí mật nhà nước độ Tối mật, độ Mật.pdf",
    "Quyết định về bí mật nhà nước độ Tuyệt mật thuộc lĩnh vực nội vụ.pdf",
    "LE RA MAT SACH.pdf",
    "le-ra-mat.pdf",
    "Tien mat.xlsx",
    "bien-ban-vang-mat.doc",
    "mat-bang.pdf",
    "Ke hoach giai phong MAT bang.pdf",
    "mat.pdf",
    "du-lieu.mat",
    "benh-ve-mat.pdf",
    "kham-MAT-tu-thien.pdf",
    "tren-duong-toi-mat-tran.pdf",
    "Quy định về văn bản mật.pdf",
    "Ngọt ngào tuần trăng mật.pdf",
    "format.pdf",
    "Tham mưu.pdf",
    "size-M.pdf",
    "Bao cao (M).pdf",
    "luu-tru-noi-bo.pdf",
    "",
    "()",
    ")].pdf",
]


@pytest.mark.parametrize(("name", "mark"), MARKED, ids=[name for name, _ in MARKED])
def test_a_mark_in_a_name_is_found(name: str, mark: str) -> None:
    assert find_mark_in_name(name) == mark
    assert find_mark_in_name("Tải về", f"https://ban-a.example/files/{quote(name, safe='')}") == mark
    assert find_mark_in_name("", quote(unicodedata.normalize("NFD", name), safe="")) == mark


@pytest.mark.parametrize("name", FREE, ids=lambda name: name or "nothing")
def test_the_word_in_a_name_is_no_mark(name: str) -> None:
    assert find_mark_in_name(name) is None
    assert find_mark_in_name("Tải về", f"https://ban-a.example/mat/{quote(name)}") is None


@pytest.mark.parametrize(
    ("url", "mark"),
    [
        ("https://ban-a.example/C%C3%B4ng+v%C4%83n+M%E1%BA%ACT.pdf", "Mật"),
        ("https://ban-a.example/C%25C3%25B4ng%2520v%25C4%2583n%2520M%25E1%25BA%25ACT.pdf", "Mật"),
        ("https://ban-a.example/documents/20143/Cong+van+MAT.pdf/0f5e9b1c-77aa-4b1e", "Mật"),
        ("https://ban-a.example/tai.aspx?id=7&path=C%3A%5Cluu%5CCong%20van%20MAT.pdf", "Mật"),
        ("/files/tai-lieu-mat.pdf#page=2", "Mật"),
        ("https://ban-a.example/bai/mat-tran-to-quoc/post/7", None),
        ("https://[ban-a/Cong van MAT.pdf", "Mật"),
        ("https://ban-a.example/%FF%FE.pdf", None),
    ],
)
def test_the_name_is_taken_from_the_address(url: str, mark: str | None) -> None:
    assert find_mark_in_name("", url) == mark


@given(st.text(), st.text())
def test_no_name_is_too_strange(title: str, url: str) -> None:
    find_mark_in_name(title, url)
    find_mark_in_name("mat " + title, f"https://ban-a.example/mat{url}")
