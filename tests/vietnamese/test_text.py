"""Decoding bytes: marks, declarations that lie, single bad bytes, encodings of their own."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.vietnamese.text import decode, is_utf8_if_valid, nfc, one_line

TEXT = "Đảng ủy xã tổ chức hội nghị quán triệt nghị quyết"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_mark_decides(encoding: str) -> None:
    assert decode(TEXT.encode(encoding), content_type="text/xml; charset=windows-1252").text == TEXT


def test_utf8_wins_over_a_declaration_that_lies() -> None:
    body = f"<?xml version='1.0' encoding='ISO-8859-1'?><t>{TEXT}</t>".encode()
    assert TEXT in decode(body, content_type="text/xml; charset=iso-8859-1").text


def test_few_bad_bytes_are_replaced_and_counted() -> None:
    decoded = decode((TEXT * 5).encode() + b"\xff\xfe\xfd")
    assert (decoded.encoding, decoded.replaced) == ("utf-8", 3)
    assert decoded.text.startswith(TEXT)


def test_declared_encoding_is_used_where_utf8_cannot_be() -> None:
    assert decode("Café".encode("cp1252"), content_type="text/html; charset=ISO-8859-1").text == "Café"
    assert decode(b"<meta charset='koi8-r'>" + "Привет".encode("koi8-r")).text.endswith("Привет")


def test_windows_1258_is_known_by_its_tones() -> None:
    body = nfc(TEXT)
    decomposed = (
        "".join(c for c in body if c.isascii()) + "Tiê\u0301ng Viê\u0323t ho\u0323c tâ\u0323p ba\u0301o ca\u0301o"
    )
    assert "Tiếng Việt" in nfc(decode(decomposed.encode("cp1258")).text)


MARKS = [
    codecs.BOM_UTF8,
    codecs.BOM_UTF16_LE,
    codecs.BOM_UTF16_BE,
    codecs.BOM_UTF32_LE,
    b"",
    b"\n",
    b"<\0",
    b"\0<",
    b"\xef\xbf\xbd",
]
HEADS = [
    b"<rss>",
    b"<?xml encoding='iso-2022-jp'?>",
    b'<?xml encoding="HZ-GB-2312"?>',
    b"<?xml encoding='cp1258'?>",
    TEXT.encode(),
    b"\x1b$B",
]


@given(
    st.sampled_from(MARKS),
    st.sampled_from(HEADS),
    st.sampled_from(["", "text/xml; charset=hz", "text/xml; charset=cp1252"]),
)
def test_what_is_called_utf8_at_a_glance_is_decoded_as_such(mark: bytes, head: bytes, content_type: str) -> None:
    body = mark + head
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return
    if is_utf8_if_valid(body, content_type=content_type):
        decoded = decode(body, content_type=content_type)
        assert (decoded.encoding, decoded.replaced, decoded.text) == ("utf-8", 0, text)


def test_undeclared_latin_text_is_windows_1252() -> None:
    assert decode("Le café fermé à l’été".encode("cp1252")).text == "Le café fermé à l’été"


def test_unknown_and_dangerous_declarations_are_passed_over() -> None:
    assert decode(b"caf\xe9", content_type="text/html; charset=no-such").text == "café"
    assert decode(b"<?xml encoding='utf-7'?>+ADw-script+AD4-").encoding == "utf-8"


def test_text_is_composed_and_without_control_characters() -> None:
    assert nfc("Vie\u0323\u0302t\x00 \x1bNam\ud800") == "Việt Nam\ufffd"
    assert one_line(" Hai \n\t dòng ") == "Hai dòng"
