"""Posts out of sitemaps, and the walk through all of a site's sitemaps, one document a step: for backfills."""

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from urllib.parse import unquote, urljoin, urlsplit

from adapters.site_profiles import Profile
from adapters.sources.own_page import LAST_RESORT, title_of_address
from adapters.sources.sitemap_documents import MapEntry, NotASitemap, Sitemap, parse_sitemap, posts_first
from adapters.sources.visits import SiteVisitor
from syncd.domain.model import NO_DATE, ReadDate
from syncd.ports.source import ArchivePage, Exchange, ImageData, PostData
from syncd.vietnamese.dates import parse_date
from syncd.vietnamese.text import decode

ACCEPT = "application/xml, text/xml;q=0.9, text/plain;q=0.5, */*;q=0.1"
USUAL_PLACES = ("/sitemap.xml", "/sitemap_index.xml", "/wp-sitemap.xml")
_ROUND_CAPS = frozenset((1_000, 2_000, 5_000, 10_000, 50_000))  # where software cuts its sitemaps off
_MAX_MAPS = 500
_NOT_PAGES = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|css|js|xml|json|mp[34]|ico)$", re.IGNORECASE)
_IN_ROBOTS = re.compile(r"^\s*sitemap\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class PostChoice:
    """Which addresses of a site are posts, and how their dates are read.

    `folders`: only addresses right in one of these folders (`host/path`); empty: any. `include` and `exclude` are searched in the address.
    """

    zone: tzinfo | None
    profile: Profile | None = None
    include: re.Pattern[str] | None = None
    exclude: re.Pattern[str] | None = None
    folders: Collection[str] = ()

    def posts(self, sitemap: Sitemap, *, fetched_at: datetime) -> list[PostData]:
        return [self._post(entry, fetched_at) for entry in sitemap.entries if self._is_post(entry.url)]

    def _is_post(self, url: str) -> bool:
        parts = urlsplit(url)
        address = unquote(url)
        if (parts.path in ("", "/") and not parts.query) or _NOT_PAGES.search(parts.path):
            return False
        if self.include is not None and not self.include.search(address):
            return False
        if self.exclude is not None and self.exclude.search(address):
            return False
        if self.folders and folder_of(url) not in self.folders:
            return False
        return self.profile is None or self.profile.is_post(url)

    def _post(self, entry: MapEntry, fetched_at: datetime) -> PostData:
        return PostData(
            title=entry.title or title_of_address(unquote(entry.url)),
            url=entry.url,
            stable_id=self.profile.key_of(entry.url) if self.profile else None,
            published=self._date(entry, fetched_at),
            images=tuple(ImageData(url=image) for image in entry.images),
        )

    def _date(self, entry: MapEntry, fetched_at: datetime) -> ReadDate:
        for printed, origin in ((entry.published, "sitemap"), (entry.lastmod, LAST_RESORT)):
            date = parse_date(printed, default_zone=self.zone, fetched_at=fetched_at, origin=origin)
            if date.instant is not None:
                return replace(date, doubt=date.doubt or LAST_RESORT) if origin == LAST_RESORT else date
        return NO_DATE


def folder_of(url: str) -> str:
    """Where an address stands: its host and path up to the last part."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    return f"{host}{unquote(parts.path).rstrip('/').rpartition('/')[0]}/"


def newest_first(posts: Sequence[PostData]) -> list[PostData]:
    """By date, the undated last, in their order."""
    dated = [post for post in posts if post.published.instant is not None]
    dated.sort(key=lambda post: post.published.instant or datetime.min, reverse=True)
    return dated + [post for post in posts if post.published.instant is None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SitemapWalk:
    """What is left of a walk: addresses of sitemaps still to be read. `guessed`: they may well not exist. `holes`: something was left out.

    As text it is the `next` of an archive page.
    """

    maps: tuple[str, ...]
    guessed: bool = False
    holes: bool = False
    found: bool = False  # some sitemap was read

    @classmethod
    def of_text(cls, text: str) -> "SitemapWalk":
        """Raises ValueError for what is none."""
        data = json.loads(text)
        if not isinstance(data, dict) or not isinstance(data.get("maps"), list):
            raise ValueError("no walk through sitemaps")
        flags = {name: bool(data.get(name)) for name in ("guessed", "holes", "found")}
        return cls(maps=tuple(map(str, data["maps"])), **flags)

    def as_text(self) -> str:
        flags = {name: True for name in ("guessed", "holes", "found") if getattr(self, name)}
        return json.dumps({"maps": list(self.maps), **flags}, separators=(",", ":"))

    def step(self, site: SiteVisitor, choice: PostChoice, since: datetime) -> ArchivePage:
        """Read the first of the sitemaps left. Those that name other sitemaps put them in front, newest first.

        Raises:
            SourceError: it cannot be read; kind `no_archive` where none of the guessed ones exists.
        """
        url, rest = self.maps[0], self.maps[1:]
        exchange = site.get(url, accept=ACCEPT, as_answer=(403, 404, 410) if self.guessed else ())
        try:
            if exchange.status >= 400:
                raise NotASitemap(f"the site answered {exchange.status}")
            sitemap = parse_sitemap(exchange.body, url=exchange.final_url, content_type=exchange.content_type)
        except NotASitemap as err:
            if not self.guessed:
                raise site.error(
                    str(err), url=url, kind=err.kind, hint="open the address: it must be a sitemap"
                ) from err
            if not rest and not self.found:
                raise site.error(
                    "the site names no sitemap", kind="no_archive", permanent=True, hint="older posts must be typed in"
                ) from err
            return ArchivePage(exchange=exchange, posts=(), next=replace(self, maps=rest).as_text() if rest else None)
        children = [
            child.url
            for child in posts_first(sitemap.children)
            if not _older(child, since, choice.zone) and child.url not in self.maps
        ]
        posts = [post for post in choice.posts(sitemap, fetched_at=exchange.at) if not _before(post, since)]
        holes = self.holes or not sitemap.whole or len(sitemap.entries) in _ROUND_CAPS
        left = (*children, *rest) if not self.guessed or sitemap.children else rest
        if self.guessed:
            left = tuple(children)  # the other guesses would name the same pages
        walk = SitemapWalk(maps=left[:_MAX_MAPS], holes=holes or len(left) > _MAX_MAPS, found=True)
        return ArchivePage(
            exchange=exchange,
            posts=tuple(newest_first(posts)),
            next=walk.as_text() if walk.maps else None,
            complete_from=None if walk.maps or walk.holes else since,
        )


def named_in_robots(exchange: Exchange) -> tuple[str, ...]:
    """The sitemaps that a robots.txt names on its own host."""
    text = decode(exchange.body[:500_000], content_type=exchange.content_type).text if exchange.status < 400 else ""
    found = (urljoin(exchange.final_url, address) for address in _IN_ROBOTS.findall(text))
    return tuple(dict.fromkeys(url for url in found if _same_site(url, exchange.final_url)))[:_MAX_MAPS]


def _same_site(url: str, other: str) -> bool:
    hosts = [(urlsplit(each).hostname or "").removeprefix("www.") for each in (url, other)]
    return hosts[0] == hosts[1] and url.startswith(("http://", "https://"))


def _older(child: MapEntry, since: datetime, zone: tzinfo | None) -> bool:
    """Whether nothing in that sitemap changed since; a day's margin for zones."""
    changed = parse_date(child.lastmod, default_zone=zone, origin=LAST_RESORT).instant
    return changed is not None and changed < since - timedelta(days=1)


def _before(post: PostData, since: datetime) -> bool:
    instant = post.published.instant
    return instant is not None and instant < since - timedelta(days=1)
