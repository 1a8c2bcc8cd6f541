"""A unit's list page, for sites without a feed (Liferay, SharePoint, DotNetNuke, WebCenter, home-made): by CSS selectors, or by a profile.

Tried against saved Liferay lists of the corpus. A page on which nothing is found is an error, never "no posts": it may be a login,
a maintenance page or a new layout.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from bs4 import BeautifulSoup

from adapters.html import absolute, base_of, select
from adapters.site_profiles import ListRules, PagerRules, Profile
from adapters.sources.archive_place import Place, among_sitemaps
from adapters.sources.archive_steps import MAX_STEPS, all_older, page_hash, reached
from adapters.sources.feed import list_sha256
from adapters.sources.list_page import MAX_ITEMS, Found, Nested, Printing, read_list
from adapters.sources.site_source import SiteSettings, SiteSource
from syncd.errors import SourceError
from syncd.ports.source import ArchivePage, Exchange, Known, Reading
from syncd.vietnamese.legacy_html import decode_page
from syncd.vietnamese.text import one_line

_ACCEPT = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
_ANY_PAGER = PagerRules(  # what home-made sites use
    links=tuple(
        re.compile(pattern, re.IGNORECASE)
        for pattern in (
            r"[?&](?:page|paged|p|pg|trang|pageindex|pageno|cur)=(\d{1,6})(?:&|#|$)",
            r"/(?:page|trang)[-/](\d{1,6})(?:[/?#.]|$)",
        )
    ),
    next=("a[rel~=next]", "link[rel~=next]"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSettings(SiteSettings):
    """One `{ kind = "page", … }` of a unit. `item` finds the entries; the other selectors look within one entry. Without `item` the profile's layouts are tried.

    `title` empty: the text of the link. `date` empty: the list prints none; `:scope`: the date is a text of the entry itself, outside of the
    elements within it; `:scope ~ *`: it stands between the entry and the next one. `pager`: the address of further pages, a query (`?page={page}`) or a path behind the list's own
    (`page/{page}/`), or else a selector of the link to the next page; empty: the profile's. `window`: how many entries it shows at most, None where
    that is not known: then it is never taken for the whole of the site, unless it is empty.
    """

    item: str = ""
    link: str = "a"
    title: str = ""
    date: str = ""
    pager: str = ""
    window: int | None = None

    def __post_init__(self) -> None:
        SiteSettings.__post_init__(self)
        if self.window is not None and self.window < 1:
            raise ValueError("window must be at least 1")
        if not self.item and not self.profile:
            raise ValueError("give item (the selector of the entries), or a profile")
        pager = "" if "{page}" in self.pager else self.pager
        for selector in (self.item, self.link, self.title, self.date, pager):
            if selector:
                select(BeautifulSoup("", "lxml"), selector)


class PageSource(SiteSource[PageSettings]):
    """Read posts from a list page, and their text from their own pages."""

    Settings = PageSettings

    def read(self, known: Known) -> Reading:
        exchange = self._site.get(self.url, known=known, accept=_ACCEPT)
        if exchange.status == 304 or exchange.body_sha256 == known.body_sha256:
            return Reading(exchange=exchange, unchanged=True)
        page, found, notes = self._found(exchange)
        if found.items > MAX_ITEMS:
            notes = (*notes, f"{found.items} items: only the first {MAX_ITEMS} are kept")
        return Reading(
            exchange=exchange,
            unchanged=False,
            posts=found.posts,
            skipped=found.skipped,
            list_sha256=list_sha256(found.posts),
            # how long a home-made list may get is not known: it covers back to its oldest entry, unless it is empty
            full=found.items >= (self._settings.window or 1),
            feed_title=one_line(page.title.get_text()) if page.title else "",
            notes=notes,
        )

    def archive(self, since: datetime, at: str | None) -> ArchivePage:
        place = Place(page=None, url=self.url) if at is None else Place.of_text(at, self._site)
        if not place.url:
            return among_sitemaps(self._site, place, since, zone=self._zone)
        exchange = self._site.get(place.url, accept=_ACCEPT, as_answer=(404, 410) if place.steps else ())
        try:
            page, found, _ = self._found(exchange)
        except SourceError as err:
            if not place.steps or err.kind != "layout":
                raise
            found = Found()  # behind the last page there is none
        seen = page_hash(found.posts)
        if place.steps and (not found.posts or seen == place.seen):
            return ArchivePage(exchange=exchange, posts=(), complete_from=since)
        further = self._next(page, exchange, place, len(found.posts))
        ended = further is None and place.steps > 0
        if further is not None and (all_older(found.posts, since) or place.steps >= MAX_STEPS):
            further, ended = None, False
        elif further is not None:
            further = replace(further, steps=place.steps + 1, seen=seen)
        elif not place.steps:
            further = Place.beside(found.posts)  # a list of one page: the site's sitemaps may know more
        return ArchivePage(
            exchange=exchange,
            posts=found.posts,
            skipped=found.skipped,
            next=further.as_text() if further is not None else None,
            complete_from=since if ended else reached(found.posts),
        )

    def _next(self, page: BeautifulSoup, exchange: Exchange, place: Place, entries: int) -> Place | None:
        pager = self._pager()
        number = place.page if place.page is not None else pager.number_of(exchange.final_url)
        base = base_of(page, exchange.final_url)
        links = [absolute(str(link["href"]), base) for link in page.select("a[href], link[rel=next][href]")]
        numbered = {
            int(match[1]): url
            for url in reversed([url for url in links if url and self._is_of_this_list(url)])
            for pattern in pager.links
            if (match := pattern.search(url)) and int(match[1]) > number
        }
        if numbered:
            return Place(page=min(numbered), url=numbered[min(numbered)])
        for selector in pager.next:
            for link in select(page, selector):
                url = absolute(str(link.get("href") or ""), base)
                if url and url != exchange.final_url and self._same_host(url):
                    return Place(page=number + pager.step(entries), url=url)
        made = pager.made(self.url, number + pager.step(entries))
        return Place(page=number + pager.step(entries), url=made) if made else None

    def _pager(self) -> PagerRules:
        pager = self._settings.pager
        if "{page}" in pager:
            return PagerRules(address=pager, first=1)
        if pager:
            return PagerRules(next=(pager,))
        return self._profile.pager if self._profile else _ANY_PAGER

    def _is_of_this_list(self, url: str) -> bool:
        """Whether a numbered address may be a page of this list, not of another one beside it."""
        own = PurePosixPath(unquote(urlsplit(self.url).path) or "/")
        begin = str(own.with_suffix("") if own.suffix else own).rstrip("/")
        return self._same_host(url) and unquote(urlsplit(url).path).startswith(begin)

    def _same_host(self, url: str) -> bool:
        return urlsplit(url).hostname == urlsplit(self.url).hostname

    # --- one page ---------------------------------------------------------------------------------

    def _found(self, exchange: Exchange) -> tuple[BeautifulSoup, Found, tuple[str, ...]]:
        """The page, what it lists, and what a person should know. Raises SourceError (`layout`) where nothing is found."""
        decoded = decode_page(exchange.body, content_type=exchange.content_type)
        text = decoded.text
        page = self._site.parse(text, url=exchange.url)
        base = base_of(page, exchange.final_url)
        settings = self._settings
        profile = self._kind_at(exchange) if not settings.item or settings.profile else None
        printing = Printing(zone=self._zone, day_order=self._day_order(profile), fetched_at=exchange.at)
        try:
            if settings.item:
                rules = ListRules(item=settings.item, link=settings.link, title=settings.title, date=settings.date)
                found = read_list(page, base, rules, printing)
                where = f"at {settings.item!r} "
            else:
                found = self._by_profile(page, base, printing, profile)
                where = f"by the profile {profile.name} " if profile else "by any profile "
        except Nested as err:
            hint = "choose a selector that finds each entry of the list once"
            raise self._site.error(str(err), kind="layout", hint=hint) from err
        if not found.posts:
            raise self._site.error(
                f"no post found {where}on the list page",
                kind="layout",
                hint=self._site.page_hint(text) or "the site's layout may have changed: check the selectors",
            )
        notes = found.notes if settings.item or profile is None else (f"profile: {profile.name}", *found.notes)
        return page, found, (*decoded.notes, *notes)

    def _by_profile(self, page: BeautifulSoup, base: str, printing: Printing, profile: Profile | None) -> Found:
        """What the first layout that gives dates finds, else the first that finds posts at all."""
        best = Found()
        for rules in profile.lists if profile else ():
            found = read_list(page, base, rules, printing, profile=profile)
            if found.dated:
                return found
            best = best if best.posts else found
        return best
