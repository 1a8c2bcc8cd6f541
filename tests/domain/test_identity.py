import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.domain.identity import (
    data_sha256,
    normal_url,
    read_text,
    reprint_of,
    same_story,
    scoped_guid,
    source_key,
    text_alias,
    text_sha256,
    visible_lines,
)
from syncd.domain.model import UnitId

UNIT = UnitId("ban-a")
STORY = "<p>Sáng 12/10, Ban A họp giao ban tháng 10 tại hội trường, đồng chí Trần Thị B, Trưởng ban, chủ trì và phát biểu kết luận với toàn thể cán bộ.</p>"


@pytest.mark.parametrize(
    "url",
    [
        "https://ban-a.example/tin/hop-12.html",
        "http://www.ban-a.example/tin/hop-12.html#top",
        "HTTPS://BAN-A.example:443/tin/hop-12.html?utm_source=fb&fbclid=x",
        "https://ban-a.example/tin/hop-12.html/",
    ],
)
def test_one_page_has_one_normal_address(url: str) -> None:
    assert normal_url(url) == "//ban-a.example/tin/hop-12.html"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/", "https://a.example/index.html"),
        ("https://a.example", "https://a.example/Default.aspx"),
        ("https://a.example/h%E1%BB%8Dp", "https://a.example/họp"),
        ("https://a.example/ho%CC%A3p", "https://a.example/họp"),
    ],
)
def test_spellings_of_one_address_meet(one: str, other: str) -> None:
    assert normal_url(one) == normal_url(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/?p=1", "https://a.example/?p=2"),
        ("https://a.example/x", "https://a.example:8080/x"),
        ("https://a.example/A", "https://a.example/a"),
    ],
)
def test_different_pages_stay_apart(one: str, other: str) -> None:
    assert normal_url(one) != normal_url(other)


@pytest.mark.parametrize("url", ["", "not a url", "http://[::1", "http://a.example:99999/x", "mailto:a@b.example"])
def test_nonsense_addresses_do_no_harm(url: str) -> None:
    assert normal_url(url) == url


def test_a_bare_guid_is_bound_to_its_feed_and_an_address_is_not() -> None:
    assert scoped_guid("news_12", "https://a.example/tin/rss/") != scoped_guid("news_12", "https://a.example/bai/rss/")
    assert scoped_guid("https://a.example/x", "https://a.example/1/") == scoped_guid(
        "http://www.a.example/x", "https://a.example/2/"
    )


def test_the_key_depends_on_unit_and_identity_and_has_a_fixed_form() -> None:
    key = source_key(UNIT, "//a.example/x")
    assert key == source_key(UNIT, "//a.example/x") != source_key(UnitId("ban-b"), "//a.example/x")
    assert len(key) == len("syncd-") + 32


def test_the_text_hash_sees_what_a_reader_sees() -> None:
    other = "<div><!-- syncd-0 --><script>x()</script><b>SÁNG 12/10</b>, Ban A họp giao ban\ntháng 10 tại hội trường, đồng chí Trần Thị B,&nbsp;Trưởng ban, chủ trì và phát biểu kết luận với toàn thể cán bộ.</div>"
    assert text_sha256(STORY) == text_sha256(other)
    assert text_sha256(STORY) != text_sha256(STORY.replace("giao ban", "sơ kết"))


@pytest.mark.parametrize(
    "credit",
    ['<p class="syncd-credit">Theo <a href="x">Ban A</a></p>', "<p>Nguồn: Ban A</p>", "<p>(Nguồn: <a>Ban A</a>)</p>"],
)
def test_a_trailing_credit_line_does_not_change_the_text_hash(credit: str) -> None:
    assert text_sha256(STORY + credit) == text_sha256(STORY)


def test_a_text_that_is_nothing_but_a_source_line_is_kept() -> None:
    assert text_sha256("<p>Nguồn: Ban A</p>") != ""


def test_no_text_equals_no_other() -> None:
    assert text_sha256("<img src='x'>") == text_sha256("") == ""
    assert text_alias("Thông báo", read_text("")) is None


def test_unclosed_and_stray_elements_hide_nothing_else() -> None:
    html = "<style>p{}</style><p>một<p>hai</i><br>ba<script>if (a<b) {}</script> bốn"
    assert visible_lines(html) == ["một", "hai", "ba bốn"]


def test_a_short_text_is_recognised_with_its_title_only() -> None:
    short, long = read_text("<p>Xem chi tiết</p>"), read_text(STORY)
    assert text_alias("Họp tháng 9", short) != text_alias("Họp tháng 10", short)
    assert text_alias("Một", long) == text_alias("Hai", long)
    assert same_story("Một", 30, "Hai")
    assert not same_story("Một", 3, "Hai")
    assert same_story("Hoà", 3, "Hòa")


def test_an_edit_of_title_text_or_picture_changes_the_data_hash() -> None:
    base = data_sha256("a", "b", ["c"])
    assert len({base, data_sha256("x", "b", ["c"]), data_sha256("a", "x", ["c"]), data_sha256("a", "b", ["x"])}) == 4


ANY_TEXT = st.text() | st.text('ạẬ"\\\n\x00\x1f\x7f\u2028\ud83d\ude00\U0001f600 a<&/')


@given(ANY_TEXT, ANY_TEXT, st.lists(ANY_TEXT, max_size=3))
def test_the_data_hash_is_that_of_the_json_list(title: str, html: str, images: list[str]) -> None:
    told = json.dumps([title, html, images], ensure_ascii=True)
    assert data_sha256(title, html, images) == hashlib.sha256(told.encode()).hexdigest()


PIECES = (
    "chữ", " & ", "&lt;p&gt;", "\n", "<p>", "</p>", '<p class="syncd-credit">', '<ul class="syncd-credit">', "</ul>", "<li>", "<br>", "</div>",
    '<a href="https://ban-a.example/?a=1&amp;b=2">', "</a>", '<a title="', '">', "<script>", "</script>", "<title>", "<!-- syncd-", "0" * 32, " -->",
)  # fmt: skip
CREDIT = (
    '<ul class="syncd-credit"><li><a href="x">tệp</a></li></ul><p class="syncd-credit">Nguồn: <a href="x">A</a></p>'
)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join), st.booleans())
def test_the_quick_way_sees_what_the_parser_sees(html: str, ours: bool) -> None:
    if ours:
        html += f"{CREDIT}\n<!-- syncd-{'0' * 32} -->"
    by_parser = "<I></I>"  # not of the form we write
    assert visible_lines(html) == visible_lines(by_parser + html)


def test_words_are_counted_as_syllables() -> None:
    assert read_text("<p>Đảng bộ tỉnh</p><p>Ví Dụ</p>").words == 5


@pytest.mark.parametrize(
    ("line", "outlet"),
    [
        ("Nguồn: Báo Ví Dụ", "Báo Ví Dụ"),
        ("(Theo TTXVN)", "TTXVN"),
        ("Nguồn tin: vidu.vn", "vidu.vn"),
        ("Theo Tạp chí Ví Dụ.", "Tạp chí Ví Dụ"),
    ],
)
def test_a_source_line_naming_the_press_flags_a_reprint(line: str, outlet: str) -> None:
    text = read_text(f"{STORY}<p>{line}</p>")
    assert reprint_of(text, unit_name="Ban A Tỉnh ủy Ví Dụ", own_hosts=lambda: {"ban-a.example"}) == outlet


@pytest.mark.parametrize(
    "line",
    [
        "Nguồn: Ban A",
        "Nguồn: ban-a.vidu.vn",
        "Theo kế hoạch, ngày mai họp.",
        "Nguồn: phòng hành chính",
        "Theo báo cáo của các chi bộ trong quý vừa qua thì đa số đều đạt chỉ tiêu đề ra",
    ],
)
def test_other_lines_flag_nothing(line: str) -> None:
    text = read_text(f"{STORY}<p>{line}</p>")
    assert reprint_of(text, unit_name="Ban A Tỉnh ủy Ví Dụ", own_hosts=lambda: {"ban-a.vidu.vn"}) is None
