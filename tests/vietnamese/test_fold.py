import itertools
import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


TONES = {"grave": "\u0300", "acute": "\u0301", "hook": "\u0309", "tilde": "\u0303", "dot": "\u0323"}
ONSETS = ["", "b", "ch", "đ", "gi", "h", "kh", "l", "ng", "nh", "ph", "qu", "th", "tr", "x"]
# vowels of one rime: the tone may stand on either in the old and the new spelling
TWO_PLACES = ["oa", "oe", "uy"]
# rimes with one place for the tone: no spelling puts it elsewhere, but keyboards of the web do
OTHER = ["oai", "oang", "oeo", "uya", "uyên", "uyêt", "uyu", "uê", "uơ", "ia", "iêu", "yê", "ươi", "ưa", "ua", "uôi"]


@pytest.mark.parametrize("rime", TWO_PLACES)
def test_old_and_new_placement_meet_in_every_syllable(rime: str) -> None:
    for onset, tone in itertools.product(ONSETS, TONES.values()):
        old, new = f"{onset}{rime[0]}{tone}{rime[1]}", f"{onset}{rime}{tone}"
        folded = {
            fold(unicodedata.normalize(form, case(text)))
            for form in ("NFC", "NFD")
            for case in (str.lower, str.upper, str.title)
            for text in (old, new)
        }
        assert len(folded) == 1, (old, new)


def test_no_two_syllables_of_the_language_fold_to_one() -> None:
    seen: dict[str, str] = {}
    for onset, rime, tone in itertools.product(
        ONSETS, [*TWO_PLACES, *OTHER, "i", "y", "u", "ư", "o", "ô", "ơ"], ["", *TONES.values()]
    ):
        vowel = next((at for at, char in enumerate(rime) if char in "êôơưâă"), len(rime) - 1)
        word = unicodedata.normalize("NFC", onset + rime[: vowel + 1] + tone + rime[vowel + 1 :])
        known = seen.setdefault(fold(word), word)
        # "gi" and "qu" are onsets here: "gi" + "a" and "g" + "ia" are one spelling
        assert known == word or sorted(unicodedata.normalize("NFD", known)) == sorted(
            unicodedata.normalize("NFD", word)
        ), (known, word)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("quý", "qúy"),
        ("già", "gìa"),
        ("giữa", "gĩưa"),
        ("thuyền", "thuỳên"),
        ("Thuỵ Sĩ", "THỤY SĨ"),
        ("nguyễn", "NGUYỄN"),
        ("nguyễn", "nguỹên"),
        ("loè xoè", "lòe xòe"),
        ("khuỷu", "khủyu"),
    ],
)
def test_tone_on_another_vowel_is_the_same_word(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("thuy", "thuý"), ("tuy", "tuyê"), ("hoa", "hoà"), ("quy", "qui"), ("lý", "lí"), ("của", "cứa"), ("múa", "mứa")],
)
def test_another_letter_is_another_word(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(st.text(max_size=80))
def test_fold_is_its_own_answer_and_blind_to_form(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold(unicodedata.normalize("NFD", text)) == fold(text)
    assert fold(f"  {text}\u200b ") == fold(text)


def test_order_of_marks_does_not_matter() -> None:
    for seed in range(20):
        marks = list("\u0302\u0323") if seed % 2 else list("\u031b\u0301")
        random.Random(seed).shuffle(marks)
        assert fold("vie" + "".join(marks) + "t") == fold("vie" + "".join(reversed(marks)) + "t")
