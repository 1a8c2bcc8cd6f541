"""The text of DOCX, XLSX, PPTX, ODT, ODS and ODP files: zip archives of XML, unpacked and read within bounds."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

from adapters.file_text.text import TextState, Unreadable

_MAX_ENTRIES = 5_000
_MAX_PARTS = 40
_MAX_PART_BYTES = 16 << 20  # unpacked; of a larger part only the beginning is read
_MAX_BYTES = 64 << 20
# Where text stands: bodies, headers and footers, text boxes and shapes on sheets, slides.
_PART = re.compile(
    r"(?:word/(?:document|header\d*|footer\d*|footnotes)\.xml|xl/sharedStrings\.xml|xl/worksheets/sheet\d+\.xml"
    r"|xl/drawings/drawing\d+\.xml|ppt/slides/slide\d+\.xml|ppt/slideMasters/slideMaster\d+\.xml|content\.xml|styles\.xml)"
)
_HEADERS = re.compile(r"(?:odd|even|first)(?:Header|Footer)")
_HEADER_CODE = re.compile(r'&(?:"[^"]*"|K[0-9A-F]{6}|\d+|[LCRBIUESXYPNDTZFAG])')
_PARAGRAPHS = frozenset(("p", "h", "si", "is"))
_BREAKS = {"tab": " ", "br": "\n", "cr": "\n", "line-break": "\n", "s": " "}
_DAMAGED = (zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, OSError, EOFError, LookupError)
_SAFELY = {
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
    "recover": True,  # of a part that is cut off, or damaged further down, the head can be read
}


def office_parts(data: bytes) -> tuple[str, ...]:
    """The text of each part that holds some.

    Raises:
        Unreadable: damaged or locked, or an archive of something else.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > _MAX_ENTRIES:
                raise Unreadable(TextState.UNREADABLE, f"an archive of {len(entries)} entries")
            parts = [entry for entry in entries if _PART.fullmatch(entry.filename)][:_MAX_PARTS]
            if not parts:
                raise Unreadable(TextState.OTHER)
            return tuple(_texts(archive, parts))
    except RuntimeError as err:  # an entry with a password
        raise Unreadable(TextState.LOCKED) from err
    except _DAMAGED as err:
        raise Unreadable(TextState.UNREADABLE, f"damaged archive ({type(err).__name__})") from err


def _texts(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> Iterator[str]:
    left = _MAX_BYTES
    damaged = True  # unless one of the parts can be read
    for part in parts:
        with archive.open(part) as stream:
            body = stream.read(min(left, _MAX_PART_BYTES))
        left -= len(body)
        root = _parsed(body)
        if root is not None:
            damaged = False
            text = "\n".join(_lines(root))
            if text:
                yield text
    if damaged:
        raise Unreadable(TextState.UNREADABLE, "damaged document")


def _parsed(body: bytes) -> Any | None:
    parser = etree.XMLParser(**_SAFELY)
    try:
        root = etree.fromstring(body, parser) if body else None
    except etree.XMLSyntaxError:
        return None
    if parser.error_log.filter_types(etree.ErrorTypes.ERR_NO_MEMORY):  # else told by an empty tree
        raise MemoryError
    return root


def _lines(root: Any) -> Iterator[str]:
    opendocument = "opendocument" in (root.tag or "")
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        name = etree.QName(element).localname
        if name in _PARAGRAPHS:
            line = "".join(_words(element, every=opendocument))
            if line.strip():
                yield line
        elif _HEADERS.fullmatch(name) and element.text:
            yield _HEADER_CODE.sub(" ", element.text)


def _words(paragraph: Any, *, every: bool) -> Iterator[str]:
    """What a paragraph says, without the paragraphs of a text box that hangs on it. `every`: all its text, not only that in `t`."""
    if every and paragraph.text:
        yield paragraph.text
    for child in paragraph:
        if isinstance(child.tag, str):
            name = etree.QName(child).localname
            if name in _BREAKS:
                yield _BREAKS[name]
            elif name == "t" and not every:
                yield child.text or ""
            elif name not in _PARAGRAPHS:
                yield from _words(child, every=every)
        if every and child.tail:
            yield child.tail
