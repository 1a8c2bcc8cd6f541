"""What the source adapters share: one polite exchange with a unit's site, judged, with its login where it has one."""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from adapters.html import PageTooLarge, asks_for_login, parse_page
from adapters.http.client import PoliteClient, retry_after
from adapters.sources.login import Login, LoginRefused, Session
from syncd.domain.model import LOCAL, UnitId
from syncd.errors import ForeignError, SourceError
from syncd.ports.source import Exchange, Known
from syncd.vietnamese.text import decode

if TYPE_CHECKING:  # 60 ms, and a feed needs none of it
    from bs4 import BeautifulSoup

_REFRESH = re.compile(  # <meta http-equiv="refresh" content="0; url=…">: followed by browsers, never by us
    r"""<meta[^>]{0,200}http-equiv\s*=\s*["']?refresh["']?[^>]{0,200}content\s*=\s*["']?\s*\d*\s*;\s*url\s*=\s*'?([^"'>]+)""",
    re.IGNORECASE,
)
_USUAL_PORT = re.compile(r"https?://[A-Za-z0-9.-]+(?::([0-9]{1,4}))?(?:[/?#][!-~]*)?")
_MAINTENANCE = ("bảo trì", "đang nâng cấp", "tạm ngừng", "under maintenance", "temporarily unavailable")


def zone_of(zone: str) -> tzinfo | None:
    """The zone of a source's undated clocks: `+07:00`, or None for `none`. Raises ValueError for anything else."""
    if zone == "none":
        return None
    if zone == "+07:00":
        return LOCAL
    try:
        offset = datetime.strptime(zone, "%z").utcoffset()
    except ValueError as err:
        raise ValueError(f'zone must be "none" or an offset such as "+07:00", not {zone!r}') from err
    return timezone(offset or timedelta(0), zone)


def _port_of(url: str) -> int | None:
    """The port that is written in an address."""
    if usual := _USUAL_PORT.fullmatch(url):  # a tenth of what urlsplit takes, for each look
        return int(usual[1]) if usual[1] else None
    return urlsplit(url).port


class SiteVisitor:
    """Fetches for one source of one unit, and turns every fault into a SourceError that names both."""

    def __init__(self, *, unit: UnitId, url: str, http: PoliteClient, login: Login | None = None) -> None:
        self.unit = unit
        self.url = url
        self._http = http
        self._session = Session(login, site_url=url) if login is not None else None
        ports = (_port_of(url), _port_of(login.url) if login is not None else None)
        self._ports = tuple(port for port in ports if port is not None)

    def get(
        self, url: str, *, known: Known | None = None, accept: str = "*/*", as_answer: Collection[int] = ()
    ) -> Exchange:
        """One answer with a status that brings news: 2xx, 304 where `known` was given, or one of `as_answer`.

        Raises:
            SourceError: `permanent` for 404 and 410; otherwise a later call may succeed.
        """
        with self._named(url):
            private = self._session.headers(url, self) if self._session is not None else {}
            with self._http.visit(allow_ports=self._ports, robots=True) as visit:
                exchange = visit.get(url, known=known, accept=accept, private=private)
            if self._session is not None:
                head = decode(exchange.body[:200_000], content_type=exchange.content_type).text
                self._session.check(exchange, head)
        if (exchange.status == 304 and known is not None) or exchange.status in as_answer:
            return exchange
        if not 200 <= exchange.status < 300:
            raise self._status_error(url, exchange)
        if not exchange.body.strip():
            raise self.error("the answer is empty", url=url, kind="empty_body", hint="the site may be broken: open it")
        return exchange

    def fetch(self, url: str, private: Mapping[str, str]) -> Exchange:
        with self._http.visit(allow_ports=self._ports) as visit:
            return visit.get(url, accept="text/html,*/*;q=0.5", private=private)

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Exchange:
        with self._http.visit(allow_ports=self._ports) as visit:
            return visit.send("POST", url, headers=headers, body=body)

    def error(
        self, message: str, *, kind: str, url: str | None = None, hint: str | None = None, permanent: bool = False
    ) -> SourceError:
        return SourceError(message, unit=self.unit, url=url or self.url, kind=kind, hint=hint, permanent=permanent)

    def parse(self, page: str, *, url: str | None = None) -> "BeautifulSoup":
        """The page, ready for selectors. Raises SourceError (`too_large`) where that would take too long."""
        try:
            return parse_page(page)
        except PageTooLarge as err:
            hint = "open the page: it is broken, or no page made to be read"
            raise self.error(str(err), url=url, kind="too_large", hint=hint) from err

    def page_hint(self, page: str) -> str | None:
        """What a page that is not the one awaited seems to be."""
        if asks_for_login(page):
            return "the page asks for a login: give the source one (login = …), or let the list be made public"
        lower = page[:50_000].lower()
        if any(words in lower for words in _MAINTENANCE):
            return "the page speaks of maintenance: wait, and open it if it lasts"
        if leads_on := _REFRESH.search(page[:50_000]):
            return f"the page only sends browsers on to {leads_on[1].strip()[:200]}: enter that address"
        return None

    @contextmanager
    def _named(self, url: str) -> Iterator[None]:
        try:
            yield
        except SourceError:
            raise
        except LoginRefused as err:
            hint = "check login: user name and password, or the address of its form"
            raise self.error(str(err), url=url, kind="login", hint=hint) from err
        except ForeignError as err:
            raise SourceError(
                err.message,
                unit=self.unit,
                url=url,
                kind=err.kind,
                permanent=err.permanent,
                retry_after=err.retry_after,
                hint=err.hint,
            ) from err

    def _status_error(self, url: str, exchange: Exchange) -> SourceError:
        gone = exchange.status in (404, 410)
        hints = {
            401: "the address asks for a login: give the source one (login = …), or let the address be made public",
            403: "the site refuses syncd: ask its owner to let the user agent in",
            404: "nothing is at this address any more: look for the feed or list on the site",
            410: "the site says this address is gone for good: look for the feed or list on the site",
            429: "the site asks for fewer requests: raise http.spacing_s",
        }
        return SourceError(
            f"the site answered {exchange.status}",
            unit=self.unit,
            url=url,
            kind="http_status",
            permanent=gone,
            retry_after=retry_after(exchange) if exchange.status in (429, 503) else None,
            hint=hints.get(exchange.status, "the site has a fault of its own: open it, and tell its owner if it lasts"),
        )
