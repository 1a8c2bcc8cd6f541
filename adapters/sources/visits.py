"""What the source adapters share: one polite exchange with a unit's site, judged, and the article page by selectors."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone, tzinfo
from urllib.parse import urlsplit

from bs4 import BeautifulSoup

from adapters.articles.article import ArticleFault, ArticleReader, ArticleRules
from adapters.html import (
    PageTooLarge,
    asks_for_login,
    parse_page,
    select,
)
from adapters.http import PoliteClient, retry_after
from syncd.domain.model import LOCAL, UnitId
from syncd.errors import ForeignError, SourceError
from syncd.ports.source import Exchange, Known, PostData
from syncd.vietnamese.dates import DayOrder
from syncd.vietnamese.text import decode

_REFRESH = re.compile(  # <meta http-equiv="refresh" content="0; url=…">: followed by browsers, never by us
    r"""<meta[^>]{0,200}http-equiv\s*=\s*["']?refresh["']?[^>]{0,200}content\s*=\s*["']?\s*\d*\s*;\s*url\s*=\s*'?([^"'>]+)""",
    re.IGNORECASE,
)
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

    def rules(self, *, zone: tzinfo | None, day_order: DayOrder) -> ArticleRules:
        """The same, as asked of an article reader: nothing is read that has no selector."""
        return ArticleRules(
            content=(self.content,),
            date=(self.date,) if self.date else (),
            title=(self.title,) if self.title else (),
            author=(self.author,) if self.author else (),
            generic=False,
            zone=zone,
            day_order=day_order,
        )


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
        if leads_on := _REFRESH.search(page[:50_000]):
            return f"the page only sends browsers on to {leads_on[1].strip()[:200]}: enter that address"
        return None

    def article(self, post: PostData, rules: ArticleRules, *, articles: ArticleReader) -> PostData:
        """The post with what its own page tells. A date found by the selectors wins over the list's; what is not found there stays.

        Raises:
            SourceError: the page could not be read, or holds nothing where `content` points.
        """
        exchange = self.get(post.url, accept="text/html,application/xhtml+xml;q=0.9,*/*;q=0.5")
        try:
            article = articles.read(
                exchange.body,
                content_type=exchange.content_type,
                url=exchange.final_url,
                rules=rules,
                fetched_at=exchange.at,
            )
        except ArticleFault as fault:
            hint = "open the page: it is broken, or no page made to be read"
            raise self.error(str(fault), url=post.url, kind=fault.kind, hint=hint) from fault
        if article.found_by == "nothing":
            text = decode(exchange.body, content_type=exchange.content_type).text
            hint = self.page_hint(text) or "the site's layout may have changed: check article.content"
            raise self.error(
                f"nothing found at {', '.join(map(repr, rules.content))} on the article's page",
                url=post.url,
                kind="layout",
                hint=hint,
            )
        by_selector = article.published.origin == "article" and article.published.instant is not None
        return replace(
            post,
            title=article.title or post.title,
            canonical_url=article.canonical_url,
            published=article.published if by_selector else post.published,
            author=article.author or post.author,
            html=article.html,
            full_text=True,
            images=article.images or post.images,
            attachments=article.attachments or post.attachments,
            article=exchange,
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
