"""A unit's feed: RSS, RDF, Atom, CDF or JSON Feed, read with a conditional request.

Tried against the 355 documents of the corpus (docs/feeds.md), not against one product: NukeViet, WordPress, Joomla,
SharePoint and home-made sites all announce feeds of these kinds. A list shorter than the window is taken as whole.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from adapters.articles.article import ArticleReader
from adapters.html import announced_feeds, looks_like_html
from adapters.http import PoliteClient
from adapters.sources.feed_documents import FeedOptions, NotAFeed, ParsedFeed, parse_feed
from adapters.sources.visits import ArticleSelectors, SiteVisitor, zone_of
from syncd.domain.model import SourceId, UnitId
from syncd.errors import SourceError
from syncd.ports.clock import Clock
from syncd.ports.source import ArchivePage, Exchange, Known, PostData, Reading
from syncd.vietnamese.dates import DayOrder
from syncd.vietnamese.text import decode

_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """One `{ kind = "feed", … }` of a unit. `window`: how many items the site shows at most; `zone`: of dates without one, or `none`."""

    url: str
    window: int = 10
    minutes: Literal["reliable", "unreliable", "auto"] = "auto"
    day_order: DayOrder = "day-first"
    zone: str = "+07:00"
    article: ArticleSelectors | None = None

    def __post_init__(self) -> None:
        zone_of(self.zone)
        if self.window < 1:
            raise ValueError("window must be at least 1")


class FeedSource:
    """Read posts from a feed, and from their own pages where `article` selectors are given."""

    Settings = FeedSettings

    def __init__(
        self,
        settings: FeedSettings,
        *,
        id: SourceId,
        unit: UnitId,
        http: PoliteClient,
        clock: Clock,
        articles: ArticleReader,
    ) -> None:
        self.id = id
        self.unit = unit
        self.url = settings.url
        self._settings = settings
        self._zone = zone_of(settings.zone)
        self._clock = clock
        self._articles = articles
        self._site = SiteVisitor(unit=unit, url=settings.url, http=http)

    def read(self, known: Known) -> Reading:
        exchange = self._site.get(self.url, known=known, accept=_ACCEPT)
        if exchange.status == 304 or exchange.body_sha256 == known.body_sha256:
            return Reading(exchange=exchange, unchanged=True)
        feed = self._parse(exchange)
        return Reading(
            exchange=exchange,
            unchanged=False,
            posts=feed.posts,
            skipped=feed.skipped,
            list_sha256=list_sha256(feed.posts),
            full=feed.total >= self._settings.window,
            feed_title=feed.title,
            notes=feed.notes,
        )

    def complete(self, post: PostData) -> PostData:
        if self._settings.article is None:
            return post
        rules = self._settings.article.rules(zone=self._zone, day_order=self._settings.day_order)
        return self._site.article(post, rules, articles=self._articles)

    def archive(self, since: datetime, at: str | None) -> ArchivePage:
        raise self._site.error("nothing is known behind this list", kind="no_archive", permanent=True)

    def _parse(self, exchange: Exchange) -> ParsedFeed:
        options = FeedOptions(
            zone=self._zone,
            day_order=self._settings.day_order,
            minutes=self._settings.minutes,
            fetched_at=exchange.at,
        )
        try:
            return parse_feed(
                exchange.body, content_type=exchange.content_type, base_url=exchange.final_url, options=options
            )
        except NotAFeed as err:
            raise self._not_a_feed(err, exchange) from err

    def _not_a_feed(self, err: NotAFeed, exchange: Exchange) -> SourceError:
        text = decode(exchange.body, content_type=exchange.content_type).text
        hint = 'open the address: it must show a feed, or use kind = "page" with selectors'
        if looks_like_html(text):
            feeds = announced_feeds(text, exchange.final_url)
            hint = f"the page announces {feeds[0]}: use that address" if feeds else self._site.page_hint(text) or hint
        return self._site.error(str(err), kind=err.kind, hint=hint)


def list_sha256(posts: Iterable[PostData]) -> str:
    """The hash of the addresses and titles of a list, in its order."""
    pairs = [[post.url, post.title] for post in posts]
    return hashlib.sha256(json.dumps(pairs, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
