"""The files that a post's own text links to. A feed that gives the whole text names them nowhere else."""

import re
from html import unescape
from urllib.parse import unquote, urljoin, urlsplit

from syncd.ports.source import AttachmentData

_ENDING = r"\.(?:pdf|docx?|xlsx?|pptx?|rar|zip|7z|od[tsp]|rtf)"
_MAY_LINK = re.compile(_ENDING, re.IGNORECASE)
_FILE = re.compile(rf"{_ENDING}(?:/[\w-]{{8,}})?$", re.IGNORECASE)  # Liferay writes a code behind the name
# Each stops at the next "<" or quote, so that no text takes longer than its length.
_LINK = re.compile(r"<a\s([^<>]*)>", re.IGNORECASE)
_HREF = re.compile(r"""(?<![\w-])href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+))""", re.IGNORECASE)
_LINK_END = re.compile(r"</a\b|<a\s", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_MAX_FILES = 50
_MAX_LINK = 2_000  # characters of markup
_MAX_TITLE = 500


def linked_files(html: str, base: str) -> tuple[AttachmentData, ...]:
    """The files linked in the text, each address once, with the words of its first link. `html` is clean: `<` stands in tags alone."""
    if not _MAY_LINK.search(html):
        return ()
    found: dict[str, AttachmentData] = {}
    for link in _LINK.finditer(html):
        href = _HREF.search(link.group(1))
        url = _file_at(unescape(next(filter(None, href.groups()), "")), base) if href else None
        if url is None or url in found:
            continue
        inside = html[link.end() : link.end() + _MAX_LINK]
        end = _LINK_END.search(inside)
        words = unescape(_TAG.sub("", inside[: end.start()] if end else inside)).split()
        found[url] = AttachmentData(url=url, title=" ".join(words)[:_MAX_TITLE])
        if len(found) == _MAX_FILES:
            break
    return tuple(found.values())


def _file_at(href: str, base: str) -> str | None:
    try:
        url = urljoin(base, href.strip())
        parts = urlsplit(url)
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and _FILE.search(unquote(parts.path)) else None
