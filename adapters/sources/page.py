"""A unit's list page, read by CSS selectors: for sites without a feed (Liferay, SharePoint, WebCenter, home-made).

Tried against saved Liferay lists of the corpus. A page on which the selectors find nothing is an error, never "no posts":
it may be a login, a maintenance page or a new layout.
"""

from dataclasses import dataclass
from datetime import datetime

from bs4 import BeautifulSoup, Tag

from adapters.articles.article import ArticleReader
from adapters.html import absolute, base_of, select, value_of
from adapters.http import PoliteClient
from adapters.sources.feed import list_sha256
from adapters.sources.visits import ArticleSelectors, SiteVisitor, zone_of
from syncd.domain.model import NO_DATE, ReadDate, SourceId, UnitId
from syncd.ports.clock import Clock
from syncd.ports.source import ArchivePage, Known, PostData, Reading, Skipped
from syncd.vietnamese.dates import DayOrder, parse_date
from syncd.vietnamese.text import decode, one_line

_ACCEPT = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"
OWN_WORDS = (
    ":scope"  # as date selector: what an entry prints itself, outside of the elements within: `<a>…</a> (30/10/2026)`
)
_MAX_ITEMS = 1_000
_MAX_NESTING = 20  # each of nested items is searched whole: 1,000 of them would take minutes


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSettings:
    """One `{ kind = "page", … }` of a unit. `item` finds the entries; the other selectors look within one entry.

    `title` empty: the text of the link. `date` empty: the list prints none; `:scope`: the date stands among the entry's own words,
    outside of the elements within it. `window`: how many entries it shows at most, None where that is not known: then it is never
    taken for the whole of the site, unless it is empty.
    """

    url: str
    item: str
    link: str = "a"
    title: str = ""
    date: str = ""
    window: int | None = None
    day_order: DayOrder = "day-first"
    zone: str = "+07:00"
    article: ArticleSelectors | None = None

    def __post_init__(self) -> None:
        zone_of(self.zone)
        if self.window is not None and self.window < 1:
            raise ValueError("window must be at least 1")
        for selector in (self.item, self.link, self.title, self.date):
            if selector:
                select(BeautifulSoup("", "lxml"), selector)


class PageSource:
    """Read posts from a list page, and from their own pages where `article` selectors are given."""

    Settings = PageSettings

    def __init__(
        self,
        settings: PageSettings,
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
        text = decode(exchange.body, content_type=exchange.content_type).text
        page = self._site.parse(text)
        base = base_of(page, exchange.final_url)
        posts: dict[str, PostData] = {}
        skipped: list[Skipped] = []
        items = select(page, self._settings.item)
        if _nesting(items[:_MAX_ITEMS]) > _MAX_NESTING:
            raise self._site.error(
                f"{self._settings.item!r} finds elements within one another on the list page",
                kind="layout",
                hint="choose a selector that finds each entry of the list once",
            )
        for position, element in enumerate(items[:_MAX_ITEMS], start=1):
            post = self._post(element, position, base)
            if isinstance(post, Skipped):
                skipped.append(post)
            else:
                posts.setdefault(post.url, post)
        if not posts:
            raise self._site.error(
                f"no post found at {self._settings.item!r} on the list page",
                kind="layout",
                hint=self._site.page_hint(text) or "the site's layout may have changed: check the selectors",
            )
        kept = tuple(posts.values())
        notes = (f"{len(items)} items: only the first {_MAX_ITEMS} are kept",) if len(items) > _MAX_ITEMS else ()
        return Reading(
            exchange=exchange,
            unchanged=False,
            posts=kept,
            skipped=tuple(skipped),
            list_sha256=list_sha256(kept),
            # how long a home-made list may get is not known: it covers back to its oldest entry, unless it is empty
            full=len(items) >= (self._settings.window or 1),
            feed_title=one_line(page.title.get_text()) if page.title else "",
            notes=notes,
        )

    def complete(self, post: PostData) -> PostData:
        if self._settings.article is None:
            return post
        rules = self._settings.article.rules(zone=self._zone, day_order=self._settings.day_order)
        return self._site.article(post, rules, articles=self._articles)

    def archive(self, since: datetime, at: str | None) -> ArchivePage:
        raise self._site.error("nothing is known behind this list", kind="no_archive", permanent=True)

    def _post(self, element: Tag, position: int, base: str) -> PostData | Skipped:
        links = [link for link in select(element, self._settings.link) if link.get("href")]
        if element.name == "a" and element.get("href"):
            links.insert(0, element)
        titles = select(element, self._settings.title) if self._settings.title else []
        title = next(filter(None, map(self._title, [*titles, *links])), "")
        urls = [url for link in links if (url := absolute(str(link["href"]), base))]
        if not urls or not title:
            return Skipped(item=title[:80] or f"item {position}", reason="no web address" if not urls else "no title")
        return PostData(title=title, url=urls[0], published=self._date(element))

    def _title(self, element: Tag) -> str:
        """The words of a title, without those of the date that is printed inside it."""
        words = value_of(element)
        if self._settings.date in ("", OWN_WORDS):
            return words
        for date in select(element, self._settings.date):
            words = one_line(words.replace(value_of(date), " "))
        return words

    def _date(self, element: Tag) -> ReadDate:
        if not self._settings.date:
            return NO_DATE
        if self._settings.date == OWN_WORDS:
            printed = [one_line(" ".join(text for text in element.strings if text.parent is element))]
        else:
            printed = [value_of(found) for found in select(element, self._settings.date)]
        read = [
            parse_date(
                raw,
                default_zone=self._zone,
                day_order=self._settings.day_order,
                fetched_at=self._clock.now(),
                origin="list",
            )
            for raw in printed
        ]
        return next((date for date in read if date.instant is not None), read[0] if read else NO_DATE)


def _nesting(items: list[Tag]) -> int:
    """How many other items hold the innermost one."""
    known = {id(item) for item in items}
    return max((sum(id(above) in known for above in item.parents) for item in items), default=0)
