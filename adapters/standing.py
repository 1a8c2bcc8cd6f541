"""Whether a post's own page is still there, as the site itself answers; asked politely, like every page."""

from collections.abc import Collection

from adapters.http.client import PoliteClient
from syncd.domain.identity import normal_url
from syncd.errors import ForeignError

_GONE = (404, 410)


class PageStanding:
    """May be shared by threads, like the client under it."""

    def __init__(self, http: PoliteClient) -> None:
        self._http = http

    def __call__(self, url: str, ports: Collection[int] = ()) -> bool | None:
        """False for 404 and 410, or where the page leads to the site's home page; None where the answer says nothing either way."""
        try:
            with self._http.visit(allow_ports=ports, robots=True) as visit:
                exchange = visit.get(url, accept="text/html, */*;q=0.1")
        except ForeignError:
            return None
        if exchange.status in _GONE:
            return False
        if not 200 <= exchange.status < 300:
            return None
        return _is_home(url) or not _is_home(exchange.final_url)


def _is_home(url: str) -> bool:
    """Whether an address is a site's front page: a host and nothing after it."""
    rest = normal_url(url).removeprefix("//")
    return "/" not in rest and "?" not in rest
