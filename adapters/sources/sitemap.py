"""A unit's sitemap as a source: sitemap.xml, an index of them, gzip files, and news sitemaps with titles and publication dates.

A plain sitemap names addresses and, at best, when each was changed last: such a date is of last resort (origin `lastmod`) and gives way to
the one on the post's own page, as the words of the address do to its title. Protocol: sitemaps.org 0.9.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from adapters.sources.feed import list_sha256
from adapters.sources.site_source import SiteSettings, SiteSource
from adapters.sources.sitemap_documents import NotASitemap, Sitemap, parse_sitemap, posts_first
from adapters.sources.sitemap_walk import ACCEPT, PostChoice, SitemapWalk, newest_first
from syncd.ports.source import ArchivePage, Exchange, Known, PostData, Reading

_CHILDREN_A_LOOK = 4
_VALIDATORS = ("etag", "last-modified")


@dataclass(frozen=True, slots=True, kw_only=True)
class SitemapSettings(SiteSettings):
    """One `{ kind = "sitemap", … }` of a unit. `include`, `exclude`: regular expressions on addresses. `window`: how many of the newest are looked at."""

    include: str = ""
    exclude: str = ""
    window: int = 200

    def __post_init__(self) -> None:
        SiteSettings.__post_init__(self)
        if self.window < 1:
            raise ValueError("window must be at least 1")
        for pattern in (self.include, self.exclude):
            try:
                re.compile(pattern)
            except re.error as err:
                raise ValueError(f"{pattern!r} is no regular expression: {err}") from err


class SitemapSource(SiteSource[SitemapSettings]):
    """Read posts from a sitemap, of an index the children changed last; their text from their own pages."""

    Settings = SitemapSettings

    def read(self, known: Known) -> Reading:
        exchange = self._site.get(self.url, known=known, accept=ACCEPT)
        if exchange.status == 304:
            return Reading(exchange=exchange, unchanged=True)
        sitemap = self._parsed(exchange)
        if not all(child.lastmod for child in sitemap.children):
            # it does not tell when a child changed: the next look must ask for them again
            kept = tuple(pair for pair in exchange.headers if pair[0] not in _VALIDATORS)
            exchange = replace(exchange, headers=kept)
        elif exchange.body_sha256 == known.body_sha256:
            return Reading(exchange=exchange, unchanged=True)
        posts, left_out, notes = self._posts(exchange, sitemap)
        if not posts:
            raise self._site.error(
                "the sitemap names no post", kind="layout", hint="check include and exclude, or name another sitemap"
            )
        kept_posts = tuple(newest_first(posts)[: self._settings.window])
        return Reading(
            exchange=exchange,
            unchanged=False,
            posts=kept_posts,
            list_sha256=list_sha256(kept_posts),
            full=left_out or len(posts) > len(kept_posts),
            notes=notes,
        )

    def archive(self, since: datetime, at: str | None) -> ArchivePage:
        walk = SitemapWalk(maps=(self.url,)) if at is None else self._walk(at)
        return walk.step(self._site, self._choice(), since)

    def _posts(self, exchange: Exchange, sitemap: Sitemap) -> tuple[list[PostData], bool, tuple[str, ...]]:
        """The posts, whether something was left out, and what a person should know."""
        posts = self._choice(exchange).posts(sitemap, fetched_at=exchange.at)
        left_out = not sitemap.whole
        children = posts_first(sitemap.children)
        for child in children[:_CHILDREN_A_LOOK]:
            answer = self._site.get(child.url, accept=ACCEPT)
            found = self._parsed(answer)
            posts += self._choice().posts(found, fetched_at=answer.at)
            left_out = left_out or not found.whole or bool(found.children)
        notes = []
        if len(children) > _CHILDREN_A_LOOK:
            left_out = True
            notes.append(f"{len(children)} sitemaps: the newest {_CHILDREN_A_LOOK} were read")
        if undated := sum(post.published.instant is None for post in posts):
            notes.append(f"{undated} addresses without any date")
        return list({post.url: post for post in reversed(posts)}.values())[::-1], left_out, tuple(notes)

    def _parsed(self, exchange: Exchange) -> Sitemap:
        try:
            return parse_sitemap(exchange.body, url=exchange.final_url, content_type=exchange.content_type)
        except NotASitemap as err:
            raise self._site.error(
                str(err), url=exchange.url, kind=err.kind, hint="open the address: it must be a sitemap"
            ) from err

    def _choice(self, exchange: Exchange | None = None) -> PostChoice:
        profile = self._kind_at(exchange) if exchange is not None else self._profile
        settings = self._settings
        return PostChoice(
            zone=self._zone,
            profile=profile,
            include=re.compile(settings.include) if settings.include else None,
            exclude=re.compile(settings.exclude) if settings.exclude else None,
        )

    def _walk(self, at: str) -> SitemapWalk:
        try:
            return SitemapWalk.of_text(at)
        except ValueError as err:
            raise self._site.error(
                "the place to go on from is none of a sitemap's", kind="bad_token", permanent=True, hint="begin anew"
            ) from err
