"""The text of a PDF file: of its first five pages and its last, for that is where stamps are, and of the notes stuck on them.

pypdf 7.1 bounds what it unpacks and follows, and raises whatever it stumbles over: see `_BROKEN`. Tried with files of LibreOffice 7.4,
whose stamps stood in the body, in text boxes (turned ones too), headers and tables, and with made-up hostile ones.
"""

import io
import time
from collections.abc import Iterator
from typing import Any

from pypdf import PdfReader
from pypdf.errors import DependencyError, PyPdfError

from adapters.file_text.text import TextState, Unreadable

_FIRST_PAGES = 5
_MAX_NOTES = 50  # of a page
_MAX_CHARS = 200_000  # of a page
_CPU_S = 7.0  # spent on pages; what was read until then is judged
# A damaged file makes the library trip over its own assumptions; none of these tells of a fault in this program.
_BROKEN = (
    PyPdfError,
    DependencyError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    RuntimeError,
    OSError,
    EOFError,
    MemoryError,
)


def pdf_pages(data: bytes) -> tuple[str, ...]:
    """The text of each page read; an empty one where a page is damaged, or a picture.

    Raises:
        Unreadable: not even its pages can be told.
    """
    started = time.process_time()
    try:
        reader = PdfReader(io.BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):  # most are locked against changes alone
            raise Unreadable(TextState.LOCKED)
        count = len(reader.pages)
    except _BROKEN as err:
        raise Unreadable(TextState.UNREADABLE, f"damaged PDF ({type(err).__name__})") from err
    wanted = [*range(min(count, _FIRST_PAGES)), *([count - 1] if count > _FIRST_PAGES else [])]
    pages: list[str] = []
    broken = 0
    for number in wanted:
        if pages and time.process_time() - started > _CPU_S:
            break
        try:
            page = reader.pages[number]
            text = page.extract_text()
        except _BROKEN:
            text, page, broken = "", None, broken + 1
        pages.append("\n".join((text[:_MAX_CHARS].strip(), *_notes(page))))
    if broken == len(wanted):
        raise Unreadable(TextState.UNREADABLE, "damaged PDF (no page of it)")
    return tuple(pages)


def _notes(page: Any) -> Iterator[str]:
    """What stamps, text boxes and signatures that were put on the page say."""
    if page is None:
        return
    try:
        notes = list(page.annotations or ())[:_MAX_NOTES]
    except _BROKEN:
        return
    for note in notes:
        try:
            yield from _said(page, note.get_object())
        except _BROKEN:
            continue


def _said(page: Any, note: Any) -> Iterator[str]:
    if note.get("/Subtype") in ("/FreeText", "/Stamp") and isinstance(note.get("/Contents"), str):
        yield note["/Contents"][:_MAX_CHARS]
    shown = note.get("/AP", {}).get_object().get("/N", {}).get_object()
    if hasattr(shown, "get_data"):  # a stream: what is drawn
        yield page.extract_xform_text(shown)[:_MAX_CHARS]
