"""What every kind of source is made of: its settings in common, its site, the profile of that site, and the pages of its posts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from html import escape
from pathlib import PurePosixPath
from typing import Generic, Literal, TypeVar
from urllib.parse import urlsplit

from adapters.articles.article import ArticleFault, ArticleReader, ArticleRules
from adapters.html import clean_html
from adapters.http.client import PoliteClient
from adapters.profiles.tables import check_selector
from adapters.site_profiles import Profile, load_profiles, profile_named, recognise
from adapters.sources.login import Login
from adapters.sources.own_page import with_own_page
from adapters.sources.visits import SiteVisitor, zone_of
from syncd.domain.model import SourceId, UnitId
from syncd.errors import SourceError
from syncd.ports.clock import Clock
from syncd.ports.source import ArchivePage, AttachmentData, Exchange, PostData
from syncd.vietnamese.readings import DayOrder
from syncd.vietnamese.text import decode

_PAGE = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.5"
_FILES = {".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".rtf", ".zip", ".rar", ".odt", ".ods"}
_KINDS_OF_FILE = ("application/pdf", "application/msword", "application/vnd.", "application/zip", "application/rtf")
_SEEN_BYTES = 200_000  # of a page: enough to tell its kind


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleSelectors:
    """CSS selectors of an article's own page. Only what is given is read there; `content` finds the whole text."""

    content: str
    date: str | None = None
    title: str | None = None
    author: str | None = None
    category: str | None = None
    attachments: str | None = None
    remove: str | None = None
    not_a_date: str | None = None

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if selector := getattr(self, name):
                check_selector(selector)

    def rules(self, *, zone: tzinfo | None, day_order: DayOrder) -> ArticleRules:
        """The same, as asked of an article reader: nothing is read that has no selector."""
        given = {name: (selector,) for name in self.__slots__ if (selector := getattr(self, name))}
        return ArticleRules(**given, generic=False, zone=zone, day_order=day_order)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteSettings:
    """What each `{ kind = …, url = … }` of a unit may hold.

    `zone`: of dates without one, or `none`. `profile`: the kind of site: `auto` looks at its pages, a name tells it, empty: none.
    `article`: where the list has no full text, the page of each post is read by the profile or, without one, by what it states and how it
    is built (`auto`); not at all (`none`); or by selectors.
    """

    url: str
    day_order: DayOrder = "day-first"
    zone: str = "+07:00"
    profile: str = "auto"
    article: ArticleSelectors | Literal["auto", "none"] = "auto"
    login: Login | None = None

    def __post_init__(self) -> None:
        zone_of(self.zone)


S = TypeVar("S", bound=SiteSettings)


class SiteSource(Generic[S]):
    """The common part of a source. A kind of source adds `read`, and `archive` where it has one."""

    def __init__(
        self,
        settings: S,
        *,
        id: SourceId,
        unit: UnitId,
        http: PoliteClient,
        clock: Clock,
        articles: ArticleReader,
        profiles: Sequence[Profile] | None = None,
    ) -> None:
        self.id = id
        self.unit = unit
        self.url = settings.url
        self._settings = settings
        self._zone = zone_of(settings.zone)
        self._clock = clock
        self._articles = articles
        self._profiles = load_profiles() if profiles is None else profiles
        self._site = SiteVisitor(unit=unit, url=settings.url, http=http, login=settings.login)
        named = settings.profile not in ("", "auto")
        self._profile = profile_named(settings.profile, profiles=self._profiles) if named else None

    def complete(self, post: PostData) -> PostData:
        setting = self._settings.article
        if setting == "none":
            return post
        by_hand = isinstance(setting, ArticleSelectors)
        if not by_hand and PurePosixPath(urlsplit(post.url).path).suffix.lower() in _FILES:
            return _a_file(post, None)
        exchange = self._site.get(post.url, accept=_PAGE)
        if not by_hand and exchange.content_type.lower().startswith(_KINDS_OF_FILE):
            return _a_file(post, exchange)
        rules = self._article_rules(setting, exchange)
        try:
            article = self._articles.read(
                exchange.body,
                content_type=exchange.content_type,
                url=exchange.final_url,
                rules=rules,
                fetched_at=exchange.at,
            )
        except ArticleFault as fault:
            hint = "open the page: it is broken, or no page made to be read"
            raise self._site.error(str(fault), url=post.url, kind=fault.kind, hint=hint) from fault
        if article.found_by == "nothing":
            text = decode(exchange.body, content_type=exchange.content_type).text
            where = f" at {', '.join(map(repr, rules.content))}" if by_hand else ""
            raise self._site.error(
                f"nothing found{where} on the article's page",
                url=post.url,
                kind="layout",
                hint=self._site.page_hint(text) or "the site's layout may have changed: check article.content",
            )
        return with_own_page(post, article, exchange, by_hand=by_hand)

    def archive(self, since: datetime, at: str | None) -> ArchivePage:
        raise self._no_archive()

    def _no_archive(self, hint: str | None = None) -> SourceError:
        return self._site.error(
            "nothing is known behind this list",
            kind="no_archive",
            permanent=True,
            hint=hint or 'give the site\'s sitemap as a second source: { kind = "sitemap", url = "…" }',
        )

    # --- the kind of site -------------------------------------------------------------------------

    def _kind_at(self, exchange: Exchange) -> Profile | None:
        """The profile that was named, or that this page shows; looked for until one is found."""
        if self._profile is None and self._settings.profile == "auto":
            text = decode(exchange.body[:_SEEN_BYTES], content_type=exchange.content_type).text
            found = recognise(text, exchange.final_url, headers=exchange.headers, profiles=self._profiles)
            self._profile = found.profile if found else None
        return self._profile

    def _day_order(self, profile: Profile | None) -> DayOrder:
        return profile.day_order if profile and self._settings.day_order == "day-first" else self._settings.day_order

    def _article_rules(self, setting: ArticleSelectors | Literal["auto", "none"], exchange: Exchange) -> ArticleRules:
        if isinstance(setting, ArticleSelectors):
            return setting.rules(zone=self._zone, day_order=self._settings.day_order)
        profile = self._kind_at(exchange)
        known = profile.article if profile else ArticleRules()
        return replace(known, zone=self._zone, day_order=self._day_order(profile))


def _a_file(post: PostData, exchange: Exchange | None) -> PostData:
    """A post whose address is a file: the file is all there is to read, so it is named and not taken apart."""
    file = AttachmentData(url=post.url, title=post.title)
    link = clean_html(f'<p><a href="{escape(post.url)}">{escape(post.title)}</a></p>', post.url)
    return replace(
        post, html=post.html or link, full_text=True, attachments=(*post.attachments, file), article=exchange
    )
