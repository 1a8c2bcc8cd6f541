"""What the reading process of `worker` does: one file in, its text out, as JSON."""

import json
import logging

from adapters.file_text.reading import read_file
from adapters.file_text.text import FileText, TextState

logging.disable()  # the libraries' warnings quote the file


def answer(data: bytes) -> bytes:
    """The text of the file."""
    try:
        text = read_file(data)
    except (MemoryError, RecursionError) as err:
        text = FileText(state=TextState.UNREADABLE, why=f"it asks for too much to be read ({type(err).__name__})")
    return json.dumps([text.state, text.pages, text.why]).encode()
