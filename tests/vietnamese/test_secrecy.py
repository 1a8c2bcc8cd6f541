import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.vietnamese.secrecy import find_mark, find_mark_in_pages

BODY = "\nSáng 12/10, Ban A họp giao ban tháng.\nĐồng chí Nguyễn Văn A chủ trì."


@pytest.mark.parametrize(
    ("title", "text", "mark"),
    [
        ("Báo cáo", "MẬT" + BODY, "Mật"),
        ("Báo cáo", "TỐI MẬT" + BODY, "Tối mật"),
        ("Báo cáo", "[TUYỆT MẬT]" + BODY, "Tuyệt mật"),
        ("Báo cáo", "Tối mật" + BODY, "Tối mật"),
        ("Báo cáo", "TÀI LIỆU MẬT" + BODY, "Mật"),
        ("Báo cáo", "TỈNH ỦY VÍ DỤ\nĐộ mật: Mật" + BODY, "Mật"),
        ("Báo cáo", BODY + "\nMức độ mật: TỐI MẬT", "Tối mật"),
        ("Báo cáo", "LƯU HÀNH NỘI BỘ" + BODY, "Lưu hành nội bộ"),
        ("Báo cáo", "LƯU HÀNH NỘI BỘ Số: 12-BC/BAN" + BODY, "Lưu hành nội bộ"),
        ("Báo cáo", "Đề cương tuyên truyền (Lưu hành nội bộ)" + BODY, "Lưu hành nội bộ"),
        ("Đề cương (MẬT)", BODY, "Mật"),
        ("Báo cáo", BODY + "\n" * 3 + "- MẬT -", "Mật"),
        ("Báo cáo", "TỈNH ỦY VÍ DỤ\nSố 45-BC/TU MẬT" + BODY, "Mật"),
        ("Báo cáo", "Số: 45-BC/TU TỐI MẬT Ví Dụ, ngày 12 tháng 3 năm 2026" + BODY, "Tối mật"),
        ("Báo cáo", "MẬT Ví Dụ, ngày 12 tháng 3 năm 2026" + BODY, "Mật"),
        ("Báo cáo", "BAN A\nSố: 45-BC/TU(M)" + BODY, "Mật"),
        ("Báo cáo", "Số 45/BC-BAN-M" + BODY, "Mật"),
        ("Báo cáo", unicodedata.normalize("NFD", "TUYỆT MẬT") + BODY, "Tuyệt mật"),
    ],
)
def test_document_marks_are_found(title: str, text: str, mark: str) -> None:
    assert find_mark(title, text) == mark


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("Tập huấn bảo mật thông tin", "Cán bộ học về bảo mật, bí mật nhà nước." + BODY),
        ("TĂNG CƯỜNG BẢO MẬT THÔNG TIN", "BẢO VỆ BÍ MẬT NHÀ NƯỚC" + BODY),
        ("MẬT ONG RỪNG VÍ DỤ ĐƯỢC MÙA", "Mật ong năm nay được giá." + BODY),
        ("Công bố văn bản không Mật", "Chỉ đăng văn bản không Mật." + BODY),
        ("Báo cáo", "Độ mật: Không" + BODY),
        ("Báo cáo", "Không mật" + BODY),
        ("Xét xử vụ làm lộ tài liệu tuyệt mật", "Bị cáo làm lộ tài liệu tối mật, tuyệt mật." + BODY),
        ("Tặng sách", "Cuốn sách lưu hành nội bộ được trao cho chi bộ." + BODY),
        ("Ảnh", BODY + "\nmật"),
        ("Hội nghị", "Mặt trận Tổ quốc xã Ví Dụ họp.\nMặt trận" + BODY),
        ("Tin", "Mật độ dân số tăng\nMẬT ĐỘ DÂN SỐ" + BODY),
        ("Tin", "Giải mật\nKhông Mật" + BODY),
        ("LUẬT BẢO VỆ BÍ MẬT NHÀ NƯỚC", "Số: 117/2025/QH15 LUẬT BẢO VỆ BÍ MẬT NHÀ NƯỚC" + BODY),
        ("Tin", "TẬP HUẤN BẢO VỆ BÍ MẬT, ngày 12 tháng 3 năm 2026" + BODY),
        ("Tin", "Ngày 12/3, Ban A trả lời Công văn số 45-CV/TU(M)." + BODY),
        ("Tin", "Số: 45-MT/TU ngày 12 tháng 3 năm 2026\n5 km/m" + BODY),
        ("Danh mục bí mật nhà nước độ Tối mật, độ Mật", "Quyết định về danh mục độ Tuyệt mật, độ Mật." + BODY),
    ],
)
def test_the_word_in_news_is_no_mark(title: str, text: str) -> None:
    assert find_mark(title, text) is None


@pytest.mark.parametrize(
    ("pages", "mark"),
    [
        (["Trang một" + BODY, "M Ậ T" + BODY], "Mật"),
        (["T Ố I  M Ậ T" + BODY], "Tối mật"),
        (["BAN A\nTUYỆTMẬT\nSố 12-BC/BAN"], "Tuyệt mật"),
        (["LƯUHÀNHNỘIBỘ" + BODY], "Lưu hành nội bộ"),
        (["Uû ban nh©n d©n tØnh VÝ Dô\nmËt\nC¸n bé, ®¶ng viªn häp th­êng kú quý IV"], "Mật"),
        (["Uû ban nh©n d©n tØnh VÝ Dô\nb¶o mËt th«ng tin\nC¸n bé, ®¶ng viªn häp th­êng kú quý IV"], None),
        (["T NH Y VÍ DỈ Ủ Ụ\nTUY T M TỆ Ậ" + BODY], "Tuyệt mật"),
        (["M TẬ" + BODY], "Mật"),
        (["T i m tố ậ" + BODY], "Tối mật"),
        (["S  45-BC/BAN M Tố Ậ" + BODY], "Mật"),
        (["Đ  m t: T i m tộ ậ ố ậ" + BODY], "Tối mật"),
        ([BODY + "\n(L u hành n i b )ư ộ ộ"], "Lưu hành nội bộ"),
        (["b o m tả ậ\nm tậ" + BODY], None),
        (["S  45-BC/BANố\nSố 12 mật ong" + BODY], None),
        (["Trang một" + BODY, "T I N"], None),
        (["BẢOMẬT" + BODY, "M ậ t o n g"], None),
        (["", "\x00"], None),
        ([], None),
    ],
)
def test_each_page_of_a_file_has_a_head(pages: list[str], mark: str | None) -> None:
    assert find_mark_in_pages(pages) == mark


WORDS = st.text() | st.sampled_from(
    ["mật", "MẬT", "Tối mật", "TUYỆT MẬT", "(Mật)", "Độ mật: Mật", "lưu hành nội bộ", "LƯU  HÀNH NỘI BỘ", "bảo mật", "\x00", "\n", " ", "M\u1ea0\u0302T"]
)  # fmt: skip
TEXTS = st.lists(WORDS, max_size=6).map("".join)


@given(TEXTS, TEXTS)
def test_the_same_lines_a_second_time_change_nothing(title: str, text: str) -> None:
    assert find_mark(title, f"{text}\n{text}") == find_mark(title, text)


@given(st.lists(TEXTS, max_size=3))
def test_no_page_is_too_strange(pages: list[str]) -> None:
    find_mark_in_pages(pages)
