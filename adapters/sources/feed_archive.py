"""What lies behind a feed: its own older pages where the site's software has them, else the site's sitemaps.

WordPress gives `?paged=2`, Drupal `?page=1`, Joomla `?start=10`. A site that repeats its first page has no further ones. Of the sitemaps
only addresses in the folders of the feed's own posts are taken: a site may carry the pages of many units.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from adapters.site_profiles import PagerRules, Profile
from adapters.sources.archive_place import Place, among_sitemaps
from adapters.sources.archive_steps import MAX_STEPS, all_older, page_hash, reached
from adapters.sources.visits import SiteVisitor
from syncd.errors import SourceError
from syncd.ports.source import ArchivePage, Exchange, PostData, Skipped

_END = (400, 404, 410)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    """One feed document as the archive sees it."""

    posts: tuple[PostData, ...] = ()
    skipped: tuple[Skipped, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedArchive:
    """One feed's older posts. `parse` reads a document or raises SourceError; `kind_of` tells the site's software from one."""

    site: SiteVisitor
    accept: str
    zone: tzinfo | None
    parse: Callable[[Exchange], FeedPage]
    kind_of: Callable[[Exchange], Profile | None]
    profiles: tuple[Profile, ...]

    def page(self, since: datetime, at: str | None) -> ArchivePage:
        """The feed itself, then its pages or the sitemaps, one request each."""
        if at is None:
            return self._first()
        place = Place.of_text(at, self.site)
        pager = next((profile.feed_pager for profile in self.profiles if profile.name == place.kind), None)
        if place.page is not None and pager is not None:
            return self._further(place, pager, place.page, since)
        return among_sitemaps(self.site, place, since, zone=self.zone)

    def _first(self) -> ArchivePage:
        exchange = self.site.get(self.site.url, accept=self.accept)
        feed = self.parse(exchange)
        place = Place.beside(feed.posts)
        profile = self.kind_of(exchange)
        pager = profile.feed_pager if profile else None
        if profile is not None and pager is not None and pager.address and feed.posts:
            number = pager.first + pager.step(len(feed.posts))
            place = replace(place, kind=profile.name, page=number, seen=page_hash(feed.posts))
        return _page(exchange, feed, place.as_text())

    def _further(self, place: Place, pager: PagerRules, number: int, since: datetime) -> ArchivePage:
        url = pager.made(self.site.url, number)
        exchange = self.site.get(url, accept=self.accept, as_answer=_END)
        feed = FeedPage()
        if exchange.status < 400:
            try:
                feed = self.parse(exchange)
            except SourceError:
                feed = FeedPage()  # behind the last page some sites show their home page
        seen = page_hash(feed.posts)
        if not feed.posts or seen == place.seen:
            if not place.steps:  # the site's feed has no pages after all
                return ArchivePage(exchange=exchange, posts=(), next=replace(place, page=None).as_text())
            return ArchivePage(exchange=exchange, posts=(), complete_from=since)
        if all_older(feed.posts, since) or place.steps >= MAX_STEPS:
            return _page(exchange, feed, None)
        further = replace(place, page=number + pager.step(len(feed.posts)), steps=place.steps + 1, seen=seen)
        return _page(exchange, feed, further.as_text())


def _page(exchange: Exchange, feed: FeedPage, following: str | None) -> ArchivePage:
    return ArchivePage(
        exchange=exchange, posts=feed.posts, skipped=feed.skipped, next=following, complete_from=reached(feed.posts)
    )
