"""Text that every database, file and JSON document of ours can hold."""

import re

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def storable(text: str) -> str:
    """The text with U+FFFD for NUL, which PostgreSQL refuses, and for half surrogates, which have no UTF-8 form."""
    return text if text.isascii() and "\x00" not in text else _UNSTORABLE.sub("\ufffd", text)
