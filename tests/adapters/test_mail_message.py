"""The bytes of a letter: what was meant, and nothing a hostile title adds."""

import re
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mail.message import build, clean_header, envelope, split_address
from syncd.errors import MailError
from syncd.ports.mail import Letter

AT = datetime(2026, 11, 2, 1, 30, tzinfo=UTC)
HEADERS = {"Date", "From", "To", "Message-ID", "Subject", "Auto-Submitted", "MIME-Version", "Content-Type"}


def letter(**changes: object) -> Letter:
    values: dict[str, object] = {
        "message_id": "<0123abcd@vidu.example>",
        "sender": "Văn phòng Tỉnh ủy Ví Dụ <syncd@vidu.example>",
        "recipients": ("bientap@ban-a.vidu.example",),
        "subject": "Kết quả cập nhật tin, bài tháng 10/2026",
        "text": "Kính gửi Ban A,\n",
        "html": "<p>Kính gửi Ban A,</p>",
    }
    return Letter(**{**values, **changes})  # type: ignore[arg-type]  # a test's table of fields


def parsed(raw: bytes) -> EmailMessage:
    return cast(EmailMessage, BytesParser(policy=policy.default).parsebytes(raw))


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_letter_reads_back_as_it_was_meant() -> None:
    message = parsed(build(letter(reply_to="vanphong@vidu.example"), date=AT))
    assert set(message.keys()) == HEADERS | {"Reply-To"}
    assert message["Subject"] == "Kết quả cập nhật tin, bài tháng 10/2026"
    assert message["From"] == "Văn phòng Tỉnh ủy Ví Dụ <syncd@vidu.example>"
    assert message["Date"] == "Mon, 02 Nov 2026 08:30:00 +0700"
    assert message["Auto-Submitted"] == "auto-generated"
    assert body(message, "plain") == "Kính gửi Ban A,\n"
    assert body(message, "html") == "<p>Kính gửi Ban A,</p>\n"


def test_the_same_letter_at_the_same_time_is_the_same_bytes() -> None:
    assert build(letter(), date=AT) == build(letter(), date=AT)


SUBJECTS = {
    "crlf": "x\r\nBcc: a@b",
    "lf": "x\nBcc: a@b",
    "cr": "x\rBcc: a@b",
    "encoded lf": "x 💩 =?UTF-8?Q?=0A?=Bcc: a@b",
    "encoded crlf": "x =?UTF-8?Q?=0D=0A?=Bcc: a@b",
    "base64 crlf": "=?utf-8?b?DQpCY2M6IGFAYg==?=",
    "trailing lf": "x\n",
    "nul": "x\0y",
    "line separator": "x\u2028Bcc: a@b",
    "vertical tab": "x\x0bBcc: a@b",
    "next line": "x\x85Bcc: a@b",
    "5,000 characters": "tin " * 1250,
    "unit name": 'A" <evil@x>, "B',
    "file name": "x\r\nContent-Type: text/html",
    "direction override": "x\u202egnp",
    "lone surrogate": "x\ud800y",
}


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS.keys())
def test_hostile_subject_stays_text(subject: str) -> None:
    raw = build(letter(subject=subject), date=AT)
    message = parsed(raw)
    assert set(message.keys()) == HEADERS
    assert len(message.keys()) == len(HEADERS)
    assert message["Subject"] == clean_header(subject)
    assert len(message["Subject"]) <= 200
    assert [address.addr_spec for address in message["To"].addresses] == ["bientap@ban-a.vidu.example"]


ADDRESSES = {
    "smtp command": "a@b\r\nRCPT TO:<c@d>",
    "second address": "a@b>,<c@d",
    "nul": "a\0@b.vn",
    "list": "a@b.vn, c@d.vn",
    "quoted list": '"A" <evil@x.vn>, "B" <b@x.vn>',
    "no domain": "bientap",
    "non-ascii local part": "biên.tập@vidu.example",
    "space": "a b@vidu.example",
    "dots": "a..b@vidu.example",
}


@pytest.mark.parametrize("address", ADDRESSES.values(), ids=ADDRESSES.keys())
def test_what_is_not_one_plain_address_is_refused(address: str) -> None:
    with pytest.raises(MailError) as caught:
        build(letter(recipients=(address,)), date=AT)
    assert caught.value.permanent


def test_a_homoglyph_domain_shows_as_what_it_is() -> None:
    sender, recipients = envelope(letter(recipients=("a@vіdu.example",)))  # with a Cyrillic і
    assert recipients == ["a@xn--vdu-jhd.example"]
    assert sender == "syncd@vidu.example"


def test_a_name_with_quotes_and_addresses_in_it_stays_a_name() -> None:
    raw = build(letter(sender='"A\\" evil@x, \\"B" <syncd@vidu.example>'), date=AT)
    assert [address.addr_spec for address in parsed(raw)["From"].addresses] == ["syncd@vidu.example"]


@pytest.mark.parametrize("text", [".\n", "a\n.\r\nMAIL FROM:<x@y>\r\n", "a\r.\r", "..\n."], ids=repr)
def test_dots_and_bare_line_ends_in_the_body_are_harmless(text: str) -> None:
    raw = build(letter(text=text), date=AT)
    assert b"\r\r" not in raw
    assert raw.replace(b"\r\n", b"").count(b"\n") == 0
    assert body(parsed(raw), "plain").rstrip("\n") == text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


SYLLABLES = re.findall(
    r"\S+",
    "tin bài tháng chỉ tiêu cập nhật Cổng Thông tin điện tử Đảng bộ tỉnh đạt chưa thiếu số lượng đơn vị Huyện ủy Thành ủy Ban "
    "Tuyên giáo quý kỳ thẩm định xếp hạng ứng dụng công nghệ nghiêng nghĩa thường trực phường đặc khu 10/2026 (12/15)",
)


@given(st.lists(st.sampled_from(SYLLABLES), min_size=1, max_size=40))
def test_vietnamese_subjects_keep_their_spaces(words: list[str]) -> None:
    subject = clean_header(" ".join(words))
    raw = build(letter(subject=subject), date=AT)
    assert parsed(raw)["Subject"] == subject
    assert max(len(line) for line in raw.split(b"\r\n\r\n")[0].split(b"\r\n")) <= 78


@given(st.text(max_size=300))
def test_any_subject_reads_back_cleaned(subject: str) -> None:
    message = parsed(build(letter(subject=subject), date=AT))
    assert (message["Subject"] or "") == clean_header(subject)
    assert set(message.keys()) == HEADERS


@given(st.text(max_size=60))
def test_any_address_is_taken_whole_or_refused(text: str) -> None:
    try:
        _, address = split_address(text)
    except MailError:
        return
    assert address.isascii()
    assert not set(address) & set("<>,\r\n\0 ")
