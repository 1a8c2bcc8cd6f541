"""The text of attachments, and the secrecy marks in it, read in a process of its own: no file of a foreign site can hold or fill this one.

Read are PDF (the first five pages and the last), DOCX, XLSX, PPTX, ODT, ODS, ODP, RTF, and DOC, XLS and PPT as far as their text stands in
one piece. Not read are archives (ZIP, RAR, 7z) and pictures, scanned pages among them: nobody has looked at those.
"""

import json

from adapters.bounded import BoundedProcess, Bounds, OutOfBounds
from adapters.file_text.text import FileText, TextState
from syncd.vietnamese.secrecy import find_mark_in_pages

MAX_BYTES = 64 << 20


class FileTexts:
    """For all threads of this process; their files take turns. Starts nothing before the first file. Nothing of a file is logged."""

    def __init__(self, *, bounds: Bounds | None = None) -> None:
        self._process = BoundedProcess("adapters.file_text.worker_process:answer", bounds or Bounds(), silent=True)

    @property
    def process_id(self) -> int | None:
        """The reading process, None where none runs."""
        return self._process.process_id

    def text_of(self, data: bytes, *, name: str = "the file") -> FileText:
        """The file's text, or why there is none; its kind is told by its first bytes. Takes at most 20 s, and 60 where a process starts."""
        if len(data) > MAX_BYTES:
            return FileText(state=TextState.UNREADABLE, why=f"more than {MAX_BYTES >> 20} MB")
        try:
            state, pages, why = json.loads(self._process.ask(data, name))
        except OutOfBounds as err:
            return FileText(state=TextState.UNREADABLE, why=str(err))
        return FileText(state=TextState(state), pages=tuple(pages), why=why)

    def mark_in(self, name: str, data: bytes, content_type: str) -> str | None:
        """The secrecy mark in the file's text; None where there is none, or no text to be read.

        What it is by name and media type does not matter: its first bytes tell. Its name is judged when the post is collected.
        """
        return find_mark_in_pages(self.text_of(data, name=name or content_type).pages)

    def close(self) -> None:
        """End the process at once; later files are not read. May be called from any thread."""
        self._process.close()
