"""The text of one file, in this process: by what its first bytes say it is."""

from adapters.file_text.office_xml import office_parts
from adapters.file_text.pdf import pdf_pages
from adapters.file_text.text import FileText, TextState, Unreadable
from adapters.file_text.word import is_locked, old_office_pages, rtf_text

_MAX_CHARS = 1_000_000  # of a file, over all its pages
_HEAD = 1_024  # a PDF may begin with some lines of something else
_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read_file(data: bytes) -> FileText:
    """Its text, or why there is none. Raises nothing but MemoryError and RecursionError."""
    try:
        pages = _bounded(_pages(data))
    except Unreadable as err:
        return FileText(state=err.state, why=err.why)
    said = any(not page.isspace() for page in pages if page)
    return FileText(state=TextState.READ if said else TextState.NO_TEXT, pages=pages if said else ())


def _bounded(pages: tuple[str, ...]) -> tuple[str, ...]:
    left = _MAX_CHARS
    kept = []
    for page in pages:
        kept.append(page[:left])
        left -= len(kept[-1])
    return tuple(page for page in kept if page)


def _pages(data: bytes) -> tuple[str, ...]:
    if b"%PDF-" in data[:_HEAD]:
        return pdf_pages(data)
    if data.startswith(b"PK\x03\x04"):
        return office_parts(data)
    if data.startswith(b"{\\rtf"):
        return (rtf_text(data),)
    if data.startswith(_OLD_OFFICE):
        if is_locked(data):
            raise Unreadable(TextState.LOCKED)
        return old_office_pages(data)
    raise Unreadable(TextState.OTHER)
