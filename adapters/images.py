"""Pictures of posts, for the portal: fetched politely, judged by their own first bytes, never by what the server calls them."""

import hashlib
from collections.abc import Collection

from adapters.http import PoliteClient
from syncd.errors import ForeignError
from syncd.ports.portal import ImageToPush

_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


def image_type(data: bytes) -> str | None:
    """The picture's media type by its signature; None for anything that is no JPEG, PNG, GIF or WebP."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for signature, kind in _SIGNATURES if data.startswith(signature)), None)


class ImageFetcher:
    """May be shared by threads, like the client under it."""

    def __init__(self, http: PoliteClient) -> None:
        self._http = http

    def __call__(self, url: str, allow_ports: Collection[int]) -> ImageToPush | None:
        """The picture behind `url`, or None where it is none that a portal takes.

        Raises:
            ForeignError: it cannot be read; `permanent` where a retry cannot help.
        """
        with self._http.visit(allow_ports=allow_ports) as visit:
            answer = visit.get(url, accept="image/*")
        if answer.status != 200:
            raise ForeignError(
                f"picture {url}: {answer.status}",
                kind="http_status",
                permanent=answer.status in (404, 410),
                subject=url,
            )
        kind = image_type(answer.body)
        if kind is None:
            return None
        return ImageToPush(sha256=hashlib.sha256(answer.body).hexdigest(), content_type=kind, data=answer.body)
