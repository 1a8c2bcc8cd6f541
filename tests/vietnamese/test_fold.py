import unicodedata

import pytest

from syncd.vietnamese.fold import fold


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hoà bình", "hòa bình"),
        ("Uỷ ban", "ỦY BAN"),
        ("thuỷ lợi", "thủy lợi"),
        (unicodedata.normalize("NFD", "Đảng bộ tỉnh Ví Dụ"), "ĐẢNG BỘ TỈNH VÍ DỤ"),
        ("khoẻ  mạnh\n", "khỏe mạnh"),
        ("“Học tập”", '"học tập"'),
        ("Bản\u00a0tin\u200b", "bản tin"),
        ("2020–2025", "2020-2025"),
    ],
)
def test_what_reads_the_same_folds_to_the_same(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"), [("ma", "má"), ("ma", "mă"), ("mã", "mả"), ("dạ", "đạ"), ("to", "tơ"), ("hoá", "hoà")]
)
def test_different_letters_and_tones_stay_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)
