"""The files that a post's own text links to. A feed that gives the whole text names them nowhere else."""

import re
from html.parser import HTMLParser
from urllib.parse import unquote, urljoin, urlsplit

from syncd.ports.source import AttachmentData

_ENDING = r"\.(?:pdf|docx?|xlsx?|pptx?|rar|zip|7z|od[tsp]|rtf)"
_MAY_LINK = re.compile(rf"href[^>]{{1,2000}}{_ENDING}", re.IGNORECASE)
_FILE = re.compile(rf"{_ENDING}(?:/[\w-]{{8,}})?$", re.IGNORECASE)  # Liferay writes a code behind the name
_MAX_FILES = 50
_MAX_TITLE = 500


def linked_files(html: str, base: str) -> tuple[AttachmentData, ...]:
    """The files linked in the text, each address once, with the words of its link. Texts without one cost a single search."""
    if not _MAY_LINK.search(html):
        return ()
    reader = _LinkReader(base)
    reader.feed(html)
    reader.close()
    return tuple(
        AttachmentData(url=url, title=" ".join(title.split())[:_MAX_TITLE]) for url, title in reader.found.items()
    )


class _LinkReader(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._base = base
        self._open: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "a":
            return
        self._open = None
        try:
            url = urljoin(self._base, (dict(attrs).get("href") or "").strip())
            parts = urlsplit(url)
        except ValueError:
            return
        is_file = parts.scheme in ("http", "https") and _FILE.search(unquote(parts.path)) is not None
        if is_file and (url in self.found or len(self.found) < _MAX_FILES):
            self._open = url
            self.found.setdefault(url, "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._open = None

    def handle_data(self, data: str) -> None:
        if self._open is not None and len(self.found[self._open]) < _MAX_TITLE:
            self.found[self._open] += data
