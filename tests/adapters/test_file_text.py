"""The text of attachments: whatever they hold, an answer and never an error."""

import io
import shutil
import subprocess
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfWriter
from pypdf.annotations import FreeText
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from adapters.bounded import Bounds
from adapters.file_text.reading import read_file
from adapters.file_text.text import TextState
from adapters.file_text.word import rtf_text
from adapters.file_text.worker import FileTexts
from syncd.vietnamese.legacy import modern
from syncd.vietnamese.secrecy import find_mark_in_pages
from tests.adapters.office_page import box, letter, pages, paragraph, turned

DATA = Path(__file__).parents[1] / "data" / "attachments"
CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "encodings"


def mark_in(data: bytes) -> str | None:
    return find_mark_in_pages(read_file(data).pages)


def pdf(*texts: str, **changes: str) -> bytes:
    """A PDF with a page for each text: plain ASCII, a line for each of its lines."""
    writer = PdfWriter()
    for text in texts:
        page = writer.add_blank_page(595, 842)
        font = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Font"),
                NameObject("/Subtype"): NameObject("/Type1"),
                NameObject("/BaseFont"): NameObject("/Helvetica"),
            }
        )
        fonts = DictionaryObject({NameObject("/F"): font})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
        lines = "".join(f"({line}) Tj T* " for line in text.split("\n"))
        content = DecodedStreamObject()
        content.set_data(f"BT /F 12 Tf 14 TL 72 770 Td {lines} ET".encode("latin-1"))
        page[NameObject("/Contents")] = writer._add_object(content)
    if "password" in changes or "owner" in changes:
        writer.encrypt(changes.get("password", ""), changes.get("owner"), algorithm="AES-256")
    return saved(writer)


def saved(writer: PdfWriter) -> bytes:
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def zipped(**parts: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    return buffer.getvalue()


def docx(body: str) -> bytes:
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    return zipped(
        **{"word/document.xml": f'<w:document xmlns:w="{word}"><w:body>{body}</w:body></w:document>'.encode()}
    )


@pytest.fixture
def texts() -> Iterator[FileTexts]:
    made = FileTexts()
    yield made
    made.close()


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("plain.pdf", None),
        ("stamp-in-box.pdf", "Tuyệt mật"),
        ("stamp-of-other-font.pdf", "Mật"),
        ("stamp-in-box.docx", "Tuyệt mật"),
        ("stamp-in-box.odt", "Tuyệt mật"),
        ("stamp-in-box.doc", "Tuyệt mật"),
        ("stamp-in-box.rtf", "Tuyệt mật"),
        ("stamp-in-header.docx", "Tối mật"),
        ("stamp-in-header.odt", "Tối mật"),
        ("stamp-in-header.doc", "Tối mật"),
        ("stamp-in-header.rtf", "Tối mật"),
    ],
)
def test_a_stamp_in_an_office_file_is_found(name: str, mark: str | None) -> None:
    data = (DATA / name).read_bytes()
    assert read_file(data).state is TextState.READ
    assert "bảo mật thông tin" in "\n".join(read_file(data).pages) or name == "stamp-of-other-font.pdf"
    assert mark_in(data) == mark


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_stamps_of_every_place_are_found_in_files_that_an_office_program_makes(tmp_path: Path) -> None:
    letters = {
        "plain": (letter(), None),
        "cell": (letter(cell="MẬT"), "Mật"),
        "beside": (letter(number="Số 45-BC/BAN MẬT"), "Mật"),
        "symbol": (letter(number="Số 45-BC/BAN(M)"), "Mật"),
        "header": (letter(header="TỐI MẬT"), "Tối mật"),
        "box": (letter(box("TUYỆT MẬT")), "Tuyệt mật"),
        "turned": (letter(turned("MẬT")), "Mật"),
        "spaced": (letter(paragraph("M Ậ T")), "Mật"),
        "level": (letter(paragraph("Độ mật: Mật")), "Mật"),
        "internal": (letter(paragraph("(Lưu hành nội bộ)")), "Lưu hành nội bộ"),
        "other-font": (letter(box("TỐI MẬT"), font="Liberation Serif"), "Tối mật"),
        "last-page": (letter(pages(9) + paragraph("MẬT")), "Mật"),
    }
    for name, (markup, _) in letters.items():
        (tmp_path / f"{name}.fodt").write_text(markup, encoding="utf-8")
    found = {}
    for ending in ("pdf", "docx", "doc", "rtf", "odt"):
        subprocess.run(
            [
                "soffice",
                f"-env:UserInstallation=file://{tmp_path}/profile",
                *("--headless", "--convert-to", ending, "--outdir", tmp_path),
                *sorted(tmp_path.glob("*.fodt")),
            ],
            check=True,
            capture_output=True,
            timeout=240,
        )
        for name in letters:
            found[name, ending] = mark_in((tmp_path / f"{name}.{ending}").read_bytes())
    wrong = {key: mark for key, mark in found.items() if mark != letters[key[0]][1]}
    assert wrong == {}
    assert len(found) == 5 * len(letters)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="needs the shared corpus of real documents")
@pytest.mark.parametrize("pattern", ["*.doc", "*.rtf"])
def test_real_documents_in_old_encodings_are_read(pattern: str) -> None:
    for path in CORPUS.glob(pattern):
        text = read_file(path.read_bytes())
        assert text.state is TextState.READ
        assert any(modern(page).encoding for page in text.pages), path.name
        assert find_mark_in_pages(text.pages) is None


# --- kinds of file -----------------------------------------------------------------------------------------


def test_the_first_pages_and_the_last_of_a_pdf_are_read() -> None:
    data = pdf(*(f"page {number}" for number in range(40)))
    assert read_file(data).pages == ("page 0", "page 1", "page 2", "page 3", "page 4", "page 39")


def test_a_note_stuck_on_a_page_is_read() -> None:
    writer = PdfWriter(clone_from=io.BytesIO(pdf("BAO CAO")))
    writer.add_annotation(0, FreeText(text="TỐI MẬT", rect=(50, 700, 150, 730)))
    assert mark_in(saved(writer)) == "Tối mật"


def test_a_pdf_that_anybody_may_open_is_read_and_one_with_a_password_is_not() -> None:
    assert read_file(pdf("BAO CAO", owner="chu")).pages == ("BAO CAO",)
    assert read_file(pdf("BAO CAO", password="mo", owner="chu")).state is TextState.LOCKED


def test_pages_that_are_pictures_give_no_text() -> None:
    text = read_file(pdf("", ""))
    assert (text.state, text.pages) == (TextState.NO_TEXT, ())


def test_sheets_and_slides_are_read_with_their_shapes_and_headers() -> None:
    sheet = zipped(
        **{
            "xl/sharedStrings.xml": "<sst><si><t>Đơn vị</t></si><si><r><t>TỐI</t></r><r><t> MẬT</t></r></si></sst>".encode(),
            "xl/worksheets/sheet1.xml": '<worksheet><headerFooter><oddHeader>&amp;C&amp;"Arial,Bold"&amp;14MẬT&amp;R&amp;P</oddHeader></headerFooter></worksheet>'.encode(),
            "xl/drawings/drawing1.xml": "<wsDr><p><r><t>LƯU HÀNH NỘI BỘ</t></r></p></wsDr>".encode(),
        }
    )
    assert [" ".join(page.split()) for page in read_file(sheet).pages] == ["Đơn vị TỐI MẬT", "MẬT", "LƯU HÀNH NỘI BỘ"]
    slides = zipped(**{"ppt/slides/slide1.xml": "<sld><p><r><t>M</t></r><r><t>ẬT</t></r></p></sld>".encode()})
    assert mark_in(slides) == "Mật"


def test_a_text_box_does_not_run_into_the_paragraph_it_hangs_on() -> None:
    drawn = "<w:txbxContent><w:p><w:r><w:t>MẬT</w:t></w:r></w:p></w:txbxContent>"
    assert read_file(
        docx(f"<w:p><w:r><w:t>Số</w:t></w:r><w:r>{drawn}</w:r><w:r><w:tab/><w:t>12</w:t></w:r></w:p>")
    ).pages == ("Số 12\nMẬT",)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (rb"{\rtf1\ansi\ansicpg1252 B\u225?o c\u225?o\par M\u7852?T\par}", "Báo cáo\nMẬT\n"),
        (rb"{\rtf1\uc2 \u7852ab\uc0\u7852 x}", "ẬẬx"),
        (rb"{\rtf1{\fonttbl{\f0 Times;}}{\*\generator Word;}{\info{\title A}}B}", "B"),
        (rb"{\rtf1{\*\shpinst{\sp{\sn a}{\sv b}}{\shptxt \u7852?}}C}", "ẬC"),
        (rb"{\rtf1 {\pict\bin4 {}{}00ff}D}", "D"),
        (rb"{\rtf1\ansicpg1258 \'d0\'e0\~a}", "Đà a"),
        (rb"{\rtf1\ansicpg99999 \'e0\u55357?\{\\}}}}", "à\ufffd"),
        (rb"{\rtf1" + rb"{" * 5_000 + rb"\par" + rb"\bin-5 \u99999999?", "\n" + chr(99999999 % 0x10000)),
    ],
)
def test_rtf_is_read_as_far_as_it_goes(source: bytes, text: str) -> None:
    assert rtf_text(source) == text


# --- damaged, hostile --------------------------------------------------------------------------------------


def bomb() -> bytes:
    """A page whose content unpacks to 128 MB, through two coats."""
    coat = zlib.compressobj(9)
    inner = b"".join(coat.compress(b" " * (1 << 20)) for _ in range(128)) + coat.flush()
    body = zlib.compress(inner, 9)
    return objects(
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/Contents 4 0 R>>",
        f"<</Length {len(body)}/Filter[/FlateDecode/FlateDecode]>>stream\n{body.decode('latin-1')}\nendstream",
    )


def objects(*bodies: str, trailer: str = "/Root 1 0 R") -> bytes:
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(bodies, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    return out + (
        f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n{table}trailer\n<</Size {len(bodies) + 1}{trailer}>>\n"
        f"startxref\n{len(out)}\n%%EOF"
    ).encode("latin-1")


def endless_tables() -> bytes:
    data = objects("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[]/Count 0>>")
    return data.replace(b"/Root 1 0 R", b"/Root 1 0 R/Prev %d" % data.index(b"xref"))


HOSTILE: dict[str, Callable[[], bytes]] = {
    "a page that unpacks to much more": bomb,
    "tables that name themselves": endless_tables,
    "a tree of pages in a circle": lambda: objects(
        "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[2 0 R 2 0 R]/Count 10000>>"
    ),
    "a count of pages that lies": lambda: objects(
        "<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[]/Count 999999999>>"
    ),
    "no root": lambda: objects("<<>>", trailer=""),
    "arrays in arrays": lambda: objects("<</Type/Catalog/Pages " + "[" * 20_000),
    "cut off": lambda: (DATA / "stamp-in-box.pdf").read_bytes()[:9_000],
    "nothing behind the name": lambda: b"%PDF-1.7",
    "entities upon entities": lambda: zipped(
        **{
            "word/document.xml": b"<!DOCTYPE a ["
            + b"".join(b'<!ENTITY e%d "%s">' % (n + 1, b"&e%d;" % n * 20) for n in range(20))
            + b'<!ENTITY e0 "x">]><document><p><t>&e20;</t></p></document>'
        }
    ),
    "a foreign entity": lambda: zipped(
        **{"word/document.xml": b'<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><p><t>&f;</t></p>'}
    ),
    "elements in elements": lambda: docx("<p>" * 100_000),
    "a part that unpacks to much more": lambda: zipped(**{"content.xml": b"<p>" + b" " * (40 << 20)}),
    "an archive cut off": lambda: (DATA / "stamp-in-box.docx").read_bytes()[:2_000],
    "an archive of other things": lambda: zipped(**{"a.txt": b"MAT"}),
    "a locked document": lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
    "a web page": lambda: b"<html>MAT</html>",
    "nothing": lambda: b"",
}


def test_no_hostile_file_ends_in_an_error_or_keeps_the_next_from_being_read(texts: FileTexts) -> None:
    states = {name: texts.text_of(make()).state for name, make in HOSTILE.items()}
    assert TextState.READ not in states.values()
    assert states["a locked document"] is TextState.LOCKED
    assert states["a web page"] is states["nothing"] is states["an archive of other things"] is TextState.OTHER
    assert texts.mark_in("Báo cáo", (DATA / "stamp-in-box.pdf").read_bytes(), "application/pdf") == "Tuyệt mật"


def test_a_file_that_takes_too_long_is_given_up_and_the_next_is_read() -> None:
    made = FileTexts(bounds=Bounds(cpu_s=0.2))
    try:
        slow = made.text_of(pdf("x" + "a\n" * 60_000), name="https://ban-a.example/f.pdf")
        assert slow.state is TextState.UNREADABLE
        assert "https://ban-a.example/f.pdf took more than 0.2 s of CPU" in slow.why
        assert made.text_of(pdf("BAO CAO")).pages == ("BAO CAO",)
    finally:
        made.close()


def test_a_file_that_asks_for_too_much_memory_is_given_up() -> None:
    made = FileTexts(bounds=Bounds(memory_bytes=200 << 20))
    try:
        text = made.text_of(docx("<p/>" * (3 << 20)))
        assert text.state is TextState.UNREADABLE
        assert made.text_of(b"\0" * (65 << 20)).why == "more than 64 MB"
    finally:
        made.close()


def test_nothing_of_a_file_is_said_on_standard_error(texts: FileTexts, capfd: pytest.CaptureFixture[str]) -> None:
    assert texts.process_id is None
    damaged = pdf("TOI MAT").replace(b"startxref", b"startxxxx").replace(b"endobj", b"endMAT")
    texts.text_of(damaged)
    assert capfd.readouterr() == ("", "")
    pid = texts.process_id
    texts.close()
    assert pid is not None
    assert not psutil.pid_exists(pid)
    assert "stopping" in texts.text_of(damaged).why


SAMPLES = [path.read_bytes() for path in sorted(DATA.glob("stamp*")) if path.suffix not in (".doc",)]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(SAMPLES), st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=8)), max_size=6))
def test_a_damaged_file_gives_an_answer(data: bytes, damages: list[tuple[float, bytes]]) -> None:
    broken = bytearray(data)
    for place, bytes_ in damages:
        at = int(place * (len(broken) - len(bytes_)))
        broken[at : at + len(bytes_)] = bytes_
    assert read_file(bytes(broken)).state in TextState
