"""Pictures and attachments of posts, for the portal: fetched politely, judged by their own first bytes, never by what the server calls them."""

import hashlib
import io
import zipfile
from collections.abc import Collection

from adapters.http.client import PoliteClient
from adapters.images import MAX_PIXELS, image_type, pixels
from syncd.errors import ForeignError
from syncd.ports.portal import FileToPush

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OFFICE_97 = {  # one container for all of them: the address tells which
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
}
_OFFICE_XML = {
    "word/": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ppt/": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
_TEXT_DOCUMENT = "application/vnd.oasis.opendocument.text"


def file_type(data: bytes, url: str) -> str | None:
    """The media type of a picture or an office document by its signature; None for anything else, programs and web pages among it."""
    picture = image_type(data)
    if picture is not None:
        return picture if pixels(data) <= MAX_PIXELS else None
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    if data.startswith(b"{\\rtf"):
        return "application/rtf"
    if data.startswith(_OLE):
        return _OFFICE_97.get(url.partition("?")[0].rpartition(".")[2].lower())
    return _zipped_type(data) if data.startswith(b"PK\x03\x04") else None


def _zipped_type(data: bytes) -> str | None:
    """Only the directory is read, nothing is unpacked but the name of the format."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if "[Content_Types].xml" in names:
                return next(
                    (kind for part, kind in _OFFICE_XML.items() if any(n.startswith(part) for n in names)), None
                )
            if "mimetype" in names and archive.getinfo("mimetype").file_size == len(_TEXT_DOCUMENT):
                return _TEXT_DOCUMENT if archive.read("mimetype") == _TEXT_DOCUMENT.encode() else None
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError, OSError):
        return None
    return None


class FileFetcher:
    """May be shared by threads, like the client under it."""

    def __init__(self, http: PoliteClient) -> None:
        self._http = http

    def __call__(self, url: str, allow_ports: Collection[int]) -> FileToPush | None:
        """The file behind `url`, or None where it is none that a portal takes.

        Raises:
            ForeignError: it cannot be read; `permanent` where a retry cannot help.
        """
        with self._http.visit(allow_ports=allow_ports) as visit:
            answer = visit.get(url, accept="*/*")
        if answer.status != 200:
            raise ForeignError(
                f"{url}: {answer.status}", kind="http_status", permanent=answer.status in (404, 410), subject=url
            )
        kind = file_type(answer.body, url)
        if kind is None:
            return None
        return FileToPush(sha256=hashlib.sha256(answer.body).hexdigest(), content_type=kind, data=answer.body)
