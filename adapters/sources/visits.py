"""What the source adapters share: one polite exchange with a unit's site, judged, and the article page by selectors."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone, tzinfo
from urllib.parse import urlsplit

from bs4 import BeautifulSoup

from adapters.html import (
    PageTooLarge,
    asks_for_login,
    canonical_of,
    clean_html,
    images_of,
    parse_page,
    select,
    text_of_html,
    value_of,
)
from adapters.http import PoliteClient, retry_after
from syncd.domain.model import LOCAL, UnitId
from syncd.errors import ForeignError, SourceError
from syncd.ports.source import Exchange, Known, PostData
from syncd.vietnamese.dates import DayOrder, parse_date
from syncd.vietnamese.text import decode

_MAINTENANCE = ("bảo trì", "đang nâng cấp", "tạm ngừng", "under maintenance", "temporarily unavailable")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleSelectors:
    """CSS selectors of an article's own page. Only what is given is read there; `content` finds the whole text."""

    content: str
    date: str | None = None
    title: str | None = None
    author: str | None = None

    def __post_init__(self) -> None:
        for selector in filter(None, (self.content, self.date, self.title, self.author)):
            select(BeautifulSoup("", "lxml"), selector)


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


class SiteVisitor:
    """Fetches for one source of one unit, and turns every fault into a SourceError that names both."""

    def __init__(self, *, unit: UnitId, url: str, http: PoliteClient) -> None:
        self.unit = unit
        self.url = url
        self._http = http
        port = urlsplit(url).port
        self._ports = (port,) if port is not None else ()

    def get(self, url: str, *, known: Known | None = None, accept: str = "*/*") -> Exchange:
        """One answer with a status that brings news: 2xx, or 304 where `known` was given.

        Raises:
            SourceError: `permanent` for 404 and 410; otherwise a later call may succeed.
        """
        with self._named(url), self._http.visit(allow_ports=self._ports) as visit:
            exchange = visit.get(url, known=known, accept=accept)
        if exchange.status == 304 and known is not None:
            return exchange
        if not 200 <= exchange.status < 300:
            raise self._status_error(url, exchange)
        if not exchange.body.strip():
            raise self.error("the answer is empty", url=url, kind="empty_body", hint="the site may be broken: open it")
        return exchange

    def error(
        self, message: str, *, kind: str, url: str | None = None, hint: str | None = None, permanent: bool = False
    ) -> SourceError:
        return SourceError(message, unit=self.unit, url=url or self.url, kind=kind, hint=hint, permanent=permanent)

    def parse(self, page: str, *, url: str | None = None) -> BeautifulSoup:
        """The page, ready for selectors. Raises SourceError (`too_large`) where that would take too long."""
        try:
            return parse_page(page)
        except PageTooLarge as err:
            hint = "open the page: it is broken, or no page made to be read"
            raise self.error(str(err), url=url, kind="too_large", hint=hint) from err

    def page_hint(self, page: str) -> str | None:
        """What a page that is not the one awaited seems to be."""
        if asks_for_login(page):
            return "the page asks for a login: the list must be public"
        lower = page[:50_000].lower()
        if any(words in lower for words in _MAINTENANCE):
            return "the page speaks of maintenance: wait, and open it if it lasts"
        return None

    def article(
        self, post: PostData, selectors: ArticleSelectors, *, zone: tzinfo | None, day_order: DayOrder, now: datetime
    ) -> PostData:
        """The post with what its own page tells. A date there wins over the list's; what is not found there stays.

        Raises:
            SourceError: the page could not be read, or holds nothing where `content` points.
        """
        exchange = self.get(post.url, accept="text/html,application/xhtml+xml;q=0.9,*/*;q=0.5")
        text = decode(exchange.body, content_type=exchange.content_type).text
        page = self.parse(text, url=post.url)
        base = exchange.final_url
        content = select(page, selectors.content)
        html = "\n".join(filter(None, (clean_html(part.decode_contents(), base) for part in content[:1])))
        if not text_of_html(html) and not images_of(html):
            hint = self.page_hint(text) or "the site's layout may have changed: check article.content"
            raise self.error(
                f"nothing found at {selectors.content!r} on the article's page", url=post.url, kind="layout", hint=hint
            )
        changes = replace(
            post,
            html=html,
            full_text=True,
            images=images_of(html) or post.images,
            canonical_url=canonical_of(page, base),
            article=exchange,
        )
        if printed := _first_value(page, selectors.date):
            date = parse_date(printed, default_zone=zone, day_order=day_order, fetched_at=now, origin="article")
            if date.instant is not None:
                changes = replace(changes, published=date)
        return replace(
            changes,
            title=_first_value(page, selectors.title) or post.title,
            author=_first_value(page, selectors.author) or post.author,
        )

    @contextmanager
    def _named(self, url: str) -> Iterator[None]:
        try:
            yield
        except SourceError:
            raise
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
            401: "the address asks for a login: it must be public",
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


def _first_value(page: BeautifulSoup, selector: str | None) -> str:
    return next(filter(None, map(value_of, select(page, selector))), "") if selector else ""
