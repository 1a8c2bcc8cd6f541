"""A unit's feed: RSS, RDF, Atom, CDF or JSON Feed, read with a conditional request.

Tried against the 355 documents of the corpus (docs/feeds.md), not against one product: NukeViet, WordPress, Joomla,
SharePoint and home-made sites all announce feeds of these kinds. A list shorter than the window is taken as whole.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Literal

from adapters.html import announced_feeds, looks_like_html
from adapters.site_profiles import Profile, recognise
from adapters.sources.feed_dates import FeedOptions
from adapters.sources.feed_documents import NotAFeed, ParsedFeed, parse_feed
from adapters.sources.site_source import SiteSettings, SiteSource
from syncd.errors import SourceError
from syncd.ports.source import ArchivePage, Exchange, Known, PostData, Reading
from syncd.vietnamese.text import decode

if TYPE_CHECKING:
    from adapters.sources.feed_archive import FeedPage

_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)
_USUAL_WINDOW = 10  # of WordPress and most others
_ITEM = re.compile(rb"<(?:item|entry)\b")
_GENERATOR = re.compile(r"<(?:\w+:)?generator\b[^>]{0,300}>\s*([^<]{1,200})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings(SiteSettings):
    """One `{ kind = "feed", … }` of a unit. `window`: how many items the site shows at most; None: the profile's number, or 10."""

    window: int | None = None
    minutes: Literal["reliable", "unreliable", "auto"] = "auto"

    def __post_init__(self) -> None:
        SiteSettings.__post_init__(self)
        if self.window is not None and self.window < 1:
            raise ValueError("window must be at least 1")


class FeedSource(SiteSource[FeedSettings]):
    """Read posts from a feed, and from their own pages where it gives a summary alone."""

    Settings = FeedSettings

    def read(self, known: Known) -> Reading:
        exchange = self._site.get(self.url, known=known, accept=_ACCEPT)
        if exchange.status == 304 or exchange.body_sha256 == known.body_sha256:
            return Reading(exchange=exchange, unchanged=True)
        feed, profile = self._parse(exchange, settled=known.settled())
        return Reading(
            exchange=exchange,
            unchanged=False,
            posts=feed.posts,
            settled=feed.settled,
            dates=feed.dates,
            skipped=feed.skipped,
            list_sha256=feed.list_sha256,
            full=feed.cut
            or feed.total >= (self._settings.window or (profile.window if profile else None) or _USUAL_WINDOW),
            feed_title=feed.title,
            notes=feed.notes,
        )

    def archive(self, since: datetime, at: str | None) -> ArchivePage:
        from adapters.sources.feed_archive import FeedArchive  # with the sitemaps 15 ms, and no poll asks for them

        archive = FeedArchive(
            site=self._site,
            accept=_ACCEPT,
            zone=self._zone,
            parse=self._page_of,
            kind_of=self._kind_of_feed,
            profiles=tuple(self._profiles),
        )
        return archive.page(since, at)

    def _page_of(self, exchange: Exchange) -> "FeedPage":
        from adapters.sources.feed_archive import FeedPage

        feed, _ = self._parse(exchange)
        return FeedPage(posts=feed.posts, skipped=feed.skipped)

    def _kind_of_feed(self, exchange: Exchange) -> Profile | None:
        """The site's software as the feed names it, where no profile is set."""
        if self._profile is None and self._settings.profile == "auto":
            head = _ITEM.split(exchange.body[:20_000], maxsplit=1)[0]
            generators = _GENERATOR.findall(decode(head, content_type=exchange.content_type).text)
            page = "".join(f'<meta name="generator" content="{escape(name)}">' for name in generators[:2])
            found = recognise(page, exchange.final_url, headers=exchange.headers, profiles=self._profiles)
            self._profile = found.profile if found else None
        return self._profile

    def _parse(self, exchange: Exchange, *, settled: Collection[str] = ()) -> tuple[ParsedFeed, Profile | None]:
        """The feed, and the site's software: what it makes of addresses tells a post's number."""
        kind = cache(lambda: self._kind_of_feed(exchange))
        settings = self._settings
        options = FeedOptions(
            zone=self._zone,
            day_order=settings.day_order,
            minutes=settings.minutes,
            fetched_at=exchange.at,
            read_as=repr((settings.zone, settings.day_order, settings.minutes, settings.profile, settings.article)),
        )
        try:
            feed = parse_feed(
                exchange.body,
                content_type=exchange.content_type,
                base_url=exchange.final_url,
                options=options,
                settled=settled,
                number_of=lambda url: profile.key_of(url) if (profile := kind()) else None,
            )
        except NotAFeed as err:
            raise self._not_a_feed(err, exchange) from err
        return feed, kind()

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
