"""Text that misleads, breaks or hides, through our own entry points: what is kept, what is shown, what is the same."""

import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from adapters.html import title_text
from syncd.domain.identity import data_sha256, normal_url, read_text, same_story, source_key, title_sha256
from syncd.domain.model import UnitId
from syncd.rendering import visible
from syncd.vietnamese.dates import parse_date
from syncd.vietnamese.fold import fold
from syncd.vietnamese.hosts import host_doubt
from syncd.vietnamese.legacy import modern
from syncd.vietnamese.storable import storable
from syncd.vietnamese.text import decode, nfc, one_line

DATA = Path(__file__).parents[1] / "data" / "unicode" / "vectors.json"
NAMED_IN = Path(__file__).parents[3] / "shared" / "reliability.md"
CASES: list[dict[str, Any]] = json.loads(DATA.read_text(encoding="utf-8"))


def given(name: str) -> str:
    case = next(case for case in CASES if case["name"] == name)
    if "bytes" in case:
        return decode(bytes.fromhex(case["bytes"])).text
    return str(case["text"]) + str(case.get("then", "")) * int(case.get("times", 0))


LONG = "Hội nghị quán triệt nghị quyết của Đảng bộ tỉnh Ví Dụ về phát triển kinh tế, xã hội năm 2026"

# name, the title that is kept, how it is shown
TITLES = [
    ("U+202E in title", "Hội nghị \u202egpj.exe", "Hội nghị ⟦U+202E⟧gpj.exe"),
    ("U+2066…2069", "Hội \u2066nghị\u2067 đảng\u2068 bộ\u2069", "Hội ⟦U+2066⟧nghị⟦U+2067⟧ đảng⟦U+2068⟧ bộ⟦U+2069⟧"),
    ("U+200B between letters", "Hội ng\u200bhị", "Hội ng\u200bhị"),
    ("U+FEFF start", "\ufeffHội nghị", "⟦U+FEFF⟧Hội nghị"),
    ('NFC vs NFD "Đại hội"', "Đại hội", "Đại hội"),
    ("decomposed đ + marks", "được", "được"),
    ("full-width digits", "２４/１０/２０２６ ０８:００", "２４/１０/２０２６ ０８:００"),
    ("U+0000", "Hội nghị", "Hội nghị"),
    ("lone surrogate", "Hội \ufffdnghị", "Hội \ufffdnghị"),
    ("overlong UTF-8", f"{LONG} \ufffd\ufffdđược tổ chức", f"{LONG} \ufffd\ufffdđược tổ chức"),
    ("U+FFFE", "Hội nghị", "Hội nghị"),
    ("1,000 combining marks", "Hội nghị á" + "\u0301" * 999, "Hội nghị á" + "\u0301" * 999),
    ("ZWJ emoji", "Gia đình 👨‍👩‍👧 văn hoá", "Gia đình 👨‍👩‍👧 văn hoá"),
    ("tag characters U+E0061", "Hội nghị\U000e0061\U000e0062", "Hội nghị⟦U+E0061⟧⟦U+E0062⟧"),
    ("U+3164 filler", "\u3164", "⟦U+3164⟧"),
    ("U+00A0 vs space", "Hội nghị", "Hội nghị"),
    ("Turkish İ case", "İSTANBUL ılık", "İSTANBUL ılık"),
    ("ß/SS", "Große Straße", "Große Straße"),
    ("K (Kelvin) vs k", "300 K", "300 K"),
    ("windows-1258 page", "Tiếng Việt đẹp", "Tiếng Việt đẹp"),
    ("UTF-8 twice encoded", "Há»™i nghá»‹ Ä‘áº£ng bá»™", "Há»™i nghá»‹ Ä‘áº£ng bá»™"),
    ("title only spaces", "", ""),
    ("RTL override in file name", "vanban\u202efdp.exe", "vanban⟦U+202E⟧fdp.exe"),
]


@pytest.mark.parametrize(("name", "kept", "shown"), TITLES, ids=[case[0] for case in TITLES])
def test_title_is_kept_composed_and_shown_with_nothing_hidden(name: str, kept: str, shown: str) -> None:
    title = title_text(given(name))
    assert title == kept
    assert visible(title) == shown


@pytest.mark.parametrize("name", [case["name"] for case in CASES])
def test_every_entry_point_answers_and_gives_what_can_be_stored(name: str) -> None:
    text = given(name)
    for done in (nfc(text), one_line(text), title_text(text), modern(nfc(text)).text, storable(text)):
        assert "\x00" not in done
        assert storable(done) == done
        done.encode("utf-8")
    assert fold(fold(text)) == fold(text)
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))
    read_text(f"<p>{text}</p>")
    assert re.fullmatch(r"syncd-[0-9a-f]{32}", source_key(UnitId("ban-a"), normal_url(text)))
    assert len(data_sha256(text, text, [])) == len(title_sha256(text)) == 64
    parse_date(text)


# two forms of one thing: the first is equal to the others for matching
SAME = [
    ("U+200B between letters", "Hội nghị"),
    ("U+FEFF start", "Hội nghị"),
    ('NFC vs NFD "Đại hội"', "ĐẠI HỘI"),
    ("decomposed đ + marks", "ĐƯỢC"),
    ("U+00A0 vs space", "hội  nghị"),
    ("full-width digits", "24/10/2026 08:00"),
    ("ß/SS", "GROSSE STRASSE"),
    ("K (Kelvin) vs k", "300 k"),
    ("U+202E in title", "Hội nghị gpj.exe"),
    ("ZWJ emoji", "GIA ĐÌNH 👨‍👩‍👧 VĂN HÓA"),
]


@pytest.mark.parametrize(("name", "other"), SAME, ids=[case[0] for case in SAME])
def test_what_a_reader_takes_for_the_same_is_the_same(name: str, other: str) -> None:
    assert fold(title_text(given(name))) == fold(other)
    assert same_story(given(name), 5, other)


def test_dotted_and_dotless_i_of_turkish_stay_two_letters() -> None:
    assert fold("ılık") != fold("ilik")
    assert len(fold(given("Turkish İ case")).split()) == 2


def test_full_width_digits_are_a_date() -> None:
    assert parse_date(given("full-width digits")).instant == parse_date("24/10/2026 08:00").instant is not None


def test_one_letter_of_another_script_makes_a_host_doubtful_and_another_address() -> None:
    url = given("Cyrillic а in host")
    assert host_doubt(url.split("/")[2]) == "mixed_script"
    assert normal_url(url) != normal_url("https://ban-a.vidu.example/tin-1")


def test_host_that_only_looks_latin_is_doubtful() -> None:
    assert host_doubt(given("punycode xn-- lookalike").split("/")[2]) == "lookalike"


@pytest.mark.parametrize(
    ("host", "doubt"),
    [
        ("ban-a.vidu.example", None),
        ("www.binhthuan.example.", None),
        ("tiếngviệt.example", None),
        ("xn--tingvit-5t4cyc.example", None),
        ("đảng-bộ.example", None),
        ("аррӏе.example", "lookalike"),
        ("новости.example", "other_script"),
        ("中文.example", "other_script"),
        ("bаnk.example", "mixed_script"),
        ("bịnhthuận\u200d.example", "invisible"),
        ("ｖｉｄｕ.example", "not_plain"),
        ("ḅinh.example", "unusual_letters"),
        ("münchen.example", "unusual_letters"),
        ("xn--.example", "bad_idna"),
        ("xn--abc-.example", "bad_idna"),
        ("xn--\udcff.example", "bad_idna"),
        ("", None),
    ],
)
def test_host_is_plain_vietnamese_or_doubtful(host: str, doubt: str | None) -> None:
    assert host_doubt(host) == doubt


def test_old_encodings_are_told() -> None:
    assert modern(given("VNI/TCVN3 legacy text")).note == "converted from TCVN3"
    assert modern("Uûy ban nhaân daân tænh").note == "converted from VNI"
    twice = modern(given("UTF-8 twice encoded"))
    assert (twice.text, twice.note) == ("Hội nghị đảng bộ", "converted from UTF-8 taken for windows-1252")


def test_a_thousand_marks_cost_no_time_and_fold_away_from_no_other_text() -> None:
    text = given("1,000 combining marks") * 50
    assert fold(text) == fold(unicodedata.normalize("NFC", text))


def test_list_is_whole() -> None:
    names = [case["name"] for case in CASES]
    assert len(names) == len(set(names)) == 26
    tested = {case[0] for case in TITLES} | {"Cyrillic а in host", "punycode xn-- lookalike", "VNI/TCVN3 legacy text"}
    assert tested == set(names)
    if not NAMED_IN.exists():
        pytest.skip(f"the list to compare with is not beside this checkout: {NAMED_IN}")
    block = re.search(r"```unicode \(26\)\n(.*?)```", NAMED_IN.read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    assert [each.strip() for line in block[1].strip().split("\n") for each in line.split("|")] == names
