"""What stands behind the address of a site: its feeds and its list pages, each tried through the source that would read it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any
from urllib.parse import urljoin, urlsplit

from adapters import BUILTIN
from adapters.articles.article import ArticleReader
from adapters.html import announced_feeds
from adapters.http.client import PoliteClient
from adapters.probing.list_rules import Learned, NothingLearned, learn
from adapters.probing.visiting import UNIT, get_if_there
from adapters.site_profiles import Recognised
from adapters.sources.feed import FeedSettings, FeedSource
from adapters.sources.feed_documents import parse_feed
from adapters.sources.feed_trees import NotAFeed
from adapters.sources.page import PageSettings, PageSource
from syncd.domain.model import SourceId
from syncd.errors import SourceError
from syncd.ports.clock import Clock
from syncd.ports.source import Exchange, Known, Reading

_LIKELY_FEEDS = ("/feed/", "/rss", "/rss.xml")  # few: each is a request to somebody's server
_MAX_ANNOUNCED = 8  # a page that announces a feed for each of its sections names the whole site's first
_MAX_RULES = 3
_MAX_SITEMAPS = 2
_DATED = 0.6  # the share of posts with a date that makes a list a dated one
_HOME_NAMES = ("index", "default", "home", "trang-chu", "trangchu", "vi", "vn", "home-page")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One source that could be set up, with what it reads now. `settings` is its table without `kind`; `how` says how it was found.

    `doubts` are the learner's, by name.
    """

    kind: str
    settings: Mapping[str, Any]
    reading: Reading
    how: str
    doubts: tuple[str, ...] = field(default=())

    @property
    def url(self) -> str:
        return str(self.settings["url"])

    @property
    def dated(self) -> float:
        """The share of posts with a date."""
        posts = self.reading.posts
        return sum(post.published.instant is not None for post in posts) / len(posts) if posts else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What reading takes."""

    http: PoliteClient
    clock: Clock
    articles: ArticleReader


def is_feed(exchange: Exchange) -> bool:
    try:
        parse_feed(exchange.body, content_type=exchange.content_type, base_url=exchange.final_url)
    except NotAFeed:
        return False
    return True


def feed_at(url: str, how: str, tools: Tools, *, window: int | None = None) -> Place:
    """The feed at an address.

    Raises:
        SourceError: none can be read there.
    """
    table: dict[str, Any] = {"url": url}
    if window is not None:
        table["window"] = window
    source = FeedSource(
        FeedSettings(**table),
        id=SourceId("probe/1"),
        unit=UNIT,
        http=tools.http,
        clock=tools.clock,
        articles=tools.articles,
    )
    return Place(kind="feed", settings=table, reading=source.read(Known()), how=how)


def page_at(url: str, rule: Mapping[str, str], how: str, tools: Tools, doubts: tuple[str, ...] = ()) -> Place:
    """The list page at an address, read by these selectors.

    Raises:
        SourceError: they find no post there.
    """
    table: dict[str, Any] = {
        "url": url,
        **{name: selector for name, selector in rule.items() if selector and (name, selector) != ("link", "a")},
    }
    source = PageSource(
        PageSettings(**table),
        id=SourceId("probe/1"),
        unit=UNIT,
        http=tools.http,
        clock=tools.clock,
        articles=tools.articles,
    )
    return Place(kind="page", settings=table, reading=source.read(Known()), how=how, doubts=doubts)


def feeds_behind(text: str, page: Exchange, profile: Recognised | None, tools: Tools) -> Place | None:
    """The feed of the site that a page belongs to: with posts before an empty one, announced before one that is often there."""
    empty: Place | None = None
    for how, url in _feed_addresses(text, page, profile):
        if how != "announced":
            answer = get_if_there(tools.http, url)
            if answer is None or not is_feed(answer):
                continue
        try:
            place = feed_at(url, how, tools, window=profile.profile.window if profile else None)
        except SourceError:
            continue
        if place.reading.posts:
            return place
        empty = empty or place
    return empty


def _feed_addresses(text: str, page: Exchange, profile: Recognised | None) -> Iterator[tuple[str, str]]:
    announced = announced_feeds(text, page.final_url)[:_MAX_ANNOUNCED]
    yield from (("announced", url) for url in announced)
    if announced or not is_home(page.final_url):  # the feed of a whole site is not that of one of its lists
        return
    likely = profile.profile.feeds if profile is not None else _LIKELY_FEEDS
    seen = set(announced)
    for path in likely:
        url = urljoin(page.final_url, path)
        if url not in seen:
            seen.add(url)
            yield "likely", url


def elsewhere(page: Exchange, profile: Recognised | None, tools: Tools) -> Place | None:
    """What a site offers to machines beside feeds: the REST interface of WordPress, else its sitemap."""
    name = profile.profile.name if profile is not None else ""
    tries = [("wordpress", "rest", "/")] if name == "wordpress" else []
    sitemaps = profile.profile.sitemaps if profile is not None and profile.profile.sitemaps else ("/sitemap.xml",)
    tries += [("sitemap", "sitemap", path) for path in sitemaps[:_MAX_SITEMAPS]]
    for kind, how, path in tries:
        try:
            place = _built_in(kind, urljoin(page.final_url, path), how, tools)
        except SourceError:
            continue
        if place is not None and place.reading.posts:
            return place
    return None


def _built_in(kind: str, url: str, how: str, tools: Tools) -> Place | None:
    module, _, name = BUILTIN["sources"].get(kind, "").partition(":")
    if not module:
        return None
    source_class = getattr(import_module(module), name)
    source = source_class(
        source_class.Settings(url=url),
        id=SourceId("probe/1"),
        unit=UNIT,
        http=tools.http,
        clock=tools.clock,
        articles=tools.articles,
    )
    return Place(kind=kind, settings={"url": url}, reading=source.read(Known()), how=how)


def is_home(url: str) -> bool:
    """Whether an address is a site's front page."""
    parts = urlsplit(url)
    names = [name for name in parts.path.lower().split("/") if name]
    return not parts.query and len(names) <= 1 and all(name.partition(".")[0] in _HOME_NAMES for name in names)


def lists_on(
    text: str, page: Exchange, url: str, profile: Recognised | None, tools: Tools
) -> list[Place] | NothingLearned:
    """The lists that a page holds, the best first: by its kind's own layouts where those find as much, else by what is learned from it.

    Raises:
        PageTooLarge: it is no page made to be read.
    """
    learned = learn(text, page.final_url, tools.clock.now())
    best = None if isinstance(learned, NothingLearned) else next(_learned_places(learned, url, tools), None)
    known = _profile_place(url, profile, tools)
    if known is not None and not _as_good(known, best):
        known = None
    places = [place for place in (known, best) if place is not None]
    return places or (learned if isinstance(learned, NothingLearned) else NothingLearned(reason="menus"))


def _learned_places(learned: list[Learned], url: str, tools: Tools) -> Iterator[Place]:
    for found in learned[:_MAX_RULES]:
        rule = {"item": found.rule.item, "link": found.rule.link, "title": found.rule.title, "date": found.rule.date}
        try:
            place = page_at(url, rule, "learned", tools, found.doubts)
        except SourceError:
            continue
        read = {post.url for post in place.reading.posts}
        # what the browser-like parser of the source sees is what counts
        if len(read & set(found.urls)) >= 0.7 * len(set(found.urls)):
            yield place


def _profile_place(url: str, profile: Recognised | None, tools: Tools) -> Place | None:
    if profile is None or not profile.profile.lists:
        return None
    try:
        return page_at(url, {"profile": profile.profile.name}, "layout", tools)
    except SourceError:
        return None


def _as_good(place: Place, learned: Place | None) -> bool:
    """Whether a layout known beforehand finds as many posts, as many of them dated; where nothing was learned, it must find dates."""
    if learned is None:
        return place.dated >= _DATED
    return len(place.reading.posts) >= 0.8 * len(learned.reading.posts) and place.dated >= learned.dated - 0.1
