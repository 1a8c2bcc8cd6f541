"""Whether a portal still shows a post at its public address, as a reader without any account gets it; asked politely, like every page."""

import re
from urllib.parse import urlsplit

from adapters.http.client import PoliteClient
from syncd.domain.identity import normal_url, visible_lines
from syncd.errors import ForeignError
from syncd.vietnamese.fold import fold

_GONE = (404, 410)
_CLOSED = (401, 403)
# where content systems send a reader who has to log in
_LOGIN = re.compile(
    r"(?:^|[/._-])(?:wp-login|log-?in|sign-?in|dang-?nhap|require_login|logon|oauth2?|sso|cas)(?:$|[/._-])",
    re.IGNORECASE,
)
_PASSWORD = re.compile(rb"""<input\b[^>]*\btype\s*=\s*["']?password""", re.IGNORECASE)


class PublicAnswer:
    """May be shared by threads, like the client under it."""

    def __init__(self, http: PoliteClient) -> None:
        self._http = http

    def __call__(self, url: str, title: str) -> tuple[bool | None, str]:
        """Whether the post is there, and what was seen. None where the answer says nothing either way.

        False for 404 and 410, for what only an account may read, and where the address leads to a log-in or to the front page. A page that
        shows the title is the post, whatever else stands on it.
        """
        port = _port(url)
        try:
            with self._http.visit(allow_ports=() if port is None else (port,), robots=True) as visit:
                exchange = visit.get(url, accept="text/html, */*;q=0.1")
        except ForeignError as err:
            return None, err.kind
        if exchange.status in _GONE or exchange.status in _CLOSED:
            return False, f"HTTP {exchange.status}"
        if not 200 <= exchange.status < 300:
            return None, f"HTTP {exchange.status}"
        text = exchange.body.decode("utf-8", "replace")
        if fold(title) and fold(title) in fold(" ".join(visible_lines(text))):
            return True, f"HTTP {exchange.status}"
        if _LOGIN.search(urlsplit(exchange.final_url).path) or _PASSWORD.search(exchange.body):
            return False, "log-in page"
        if _is_home(exchange.final_url) and not _is_home(url):
            return False, "front page"
        return True, f"HTTP {exchange.status}"


def _port(url: str) -> int | None:
    try:
        return urlsplit(url).port
    except ValueError:
        return None


def _is_home(url: str) -> bool:
    """Whether an address is a site's front page: a host and nothing after it."""
    rest = normal_url(url).removeprefix("//")
    return "/" not in rest and "?" not in rest
