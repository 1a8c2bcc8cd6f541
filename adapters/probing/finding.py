"""`syncd probe`: from an address that somebody pasted to the source that reads the site behind it. Stores nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from urllib.parse import urlsplit

from adapters.articles.article import ArticleData, ArticleReader, ArticleRules
from adapters.html import PageTooLarge, absolute, looks_like_html, title_text
from adapters.http.client import PoliteClient
from adapters.http.failures import HttpFailure
from adapters.http.robots import RobotsBook, RobotsRefusal
from adapters.probing.articles import sample_article
from adapters.probing.list_rules import NothingLearned
from adapters.probing.places_to_read import Place, Tools, elsewhere, feed_at, feeds_behind, is_feed, is_home, lists_on
from adapters.probing.visiting import UNIT, RememberingClient, get
from adapters.site_profiles import Recognised, recognise
from adapters.sources.feed_documents import parse_feed
from adapters.sources.feed_trees import NotAFeed
from syncd.errors import SourceError
from syncd.ports.clock import Clock
from syncd.ports.source import Exchange, PostData
from syncd.vietnamese.legacy_html import decode_page
from syncd.vietnamese.text import one_line

_DATED = 0.6
_STALE = timedelta(days=7)
_SAMPLES_WITHOUT_DATES, _SAMPLES = 3, 1
_HINTS = {
    "article": "this is one article: give the address of the list it stands in, or of the home page",
    "documents": "this lists documents by their numbers, no news: give the address of the news list",
    "menus": "only menus and single links are there: give the address of the page that lists the news",
    "no_links": "there are no links with titles: the list may be filled in by a script; look for its feed, or the address the script asks",
    "empty": "the page shows no words: it may be filled in by a script, or be a frame around another address",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One article read, for the preview."""

    post: PostData
    article: ArticleData


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a probe found. `asked` is the address given, `page` what it answered; `place` the source chosen, `other` the one beside it.

    `tls_fault` is what is wrong with the site's https where only http could be read. `kept_out` is the first address of the source that
    robots.txt keeps us from, empty where there is none: a probe reads at a person's word, a source follows it.
    """

    asked: str
    page: Exchange
    encoding: str
    title: str
    place: Place
    other: Place | None = None
    profile: Recognised | None = None
    samples: tuple[Sample, ...] = field(default=())
    tls_fault: SourceError | None = None
    kept_out: str = ""


def find(http: PoliteClient, url: str, clock: Clock, articles: ArticleReader) -> Finding:
    """What can be read at an address: itself a feed, its site's feed, or the list on its page.

    An address without a scheme is tried by https, then by http. At most 30 requests.

    Raises:
        SourceError: nothing can be read there; the hint says what was seen.
    """
    tools = Tools(http=RememberingClient(http).as_client, clock=clock, articles=articles)
    asked, page, fault = _opened(url, tools)
    decoded = decode_page(page.body, content_type=page.content_type)
    if is_feed(page):
        place = feed_at(page.final_url, "address", tools)
        found = Finding(asked=asked, page=page, encoding=decoded.encoding, title=place.reading.feed_title, place=place)
        return replace(found, samples=_samples(place, None, tools), tls_fault=fault, kept_out=_kept_out(place, tools))
    profile = recognise(decoded.text, page.final_url, headers=page.headers)
    feed = feeds_behind(decoded.text, page, profile, tools)
    lists = _lists(decoded.text, page, profile, tools)
    if not isinstance(lists, list) and (feed is None or not feed.reading.posts) and is_home(page.final_url):
        feed = elsewhere(page, profile, tools) or feed
    place, other = _chosen(feed, lists, page)
    return Finding(
        asked=asked,
        page=page,
        encoding=decoded.encoding,
        title=_page_title(decoded.text) or place.reading.feed_title,
        place=place,
        other=other,
        profile=profile,
        samples=_samples(place, profile, tools),
        tls_fault=fault,
        kept_out=_kept_out(place, tools),
    )


def _opened(url: str, tools: Tools) -> tuple[str, Exchange, SourceError | None]:
    """The address with its scheme, its answer, and the fault of https where http had to be taken."""
    bare = "://" not in url
    asked = f"https://{url.strip()}" if bare else url.strip()
    if not absolute(asked, asked) or " " in asked or (bare and "." not in asked and ":" not in url):
        raise SourceError(
            f'"{url}" is no web address',
            unit=UNIT,
            url=url,
            kind="bad_url",
            permanent=True,
            hint="such as https://ban-a.vidu.example/",
        )
    try:
        return asked, get(tools.http, asked), None
    except SourceError as fault:
        if not bare or not fault.kind.startswith(("tls", "refused", "reset", "timeout", "protocol")):
            raise
        plain = f"http://{url.strip()}"
        try:
            return plain, get(tools.http, plain), fault
        except SourceError:
            raise fault from None


def _lists(
    text: str, page: Exchange, profile: Recognised | None, tools: Tools
) -> list[Place] | NothingLearned | PageTooLarge:
    if not looks_like_html(text) and "<a " not in text.lower():
        return NothingLearned(reason="empty")
    try:
        return lists_on(text, page, page.final_url, profile, tools)
    except PageTooLarge as fault:
        return fault


def _chosen(
    feed: Place | None, lists: Sequence[Place] | NothingLearned | PageTooLarge, page: Exchange
) -> tuple[Place, Place | None]:
    """The place to read, and the one beside it that it is compared with.

    A feed is less work and says more, unless it is empty, undated beside a dated list, or was left behind by its own site.
    """
    best = lists[0] if isinstance(lists, Sequence) and lists else None
    if feed is not None and (best is None or _is_better(feed, best)):
        return feed, best
    if best is not None:
        return best, feed
    raise _nothing(lists, page)


def _is_better(feed: Place, best: Place) -> bool:
    if not feed.reading.posts:
        return False
    if best.dated < _DATED:
        return True
    return feed.dated >= _DATED and not is_behind(feed, best)


def is_behind(feed: Place, best: Place) -> bool:
    """Whether the feed lacks posts that the list has, the newest of them by days."""
    newest_feed, newest_list = (
        max(
            (post.published.instant for post in place.reading.posts if post.published.instant is not None), default=None
        )
        for place in (feed, best)
    )
    return newest_list is not None and (newest_feed is None or newest_list - newest_feed > _STALE)


def _nothing(lists: Sequence[Place] | NothingLearned | PageTooLarge, page: Exchange) -> SourceError:
    try:
        parse_feed(page.body, content_type=page.content_type, base_url=page.final_url)
        reason = "it is a feed"
    except NotAFeed as fault:
        reason = str(fault)
    kind, hint = "no_list", _HINTS["menus"]
    if isinstance(lists, PageTooLarge):
        kind, reason, hint = "too_large", str(lists), "open the page: it is broken, or no page made to be read"
    elif isinstance(lists, NothingLearned):
        hint = _HINTS[lists.reason]
    message = f"{reason}, no feed that can be read is announced there, and no list of posts stands on the page"
    if "password" in page.body[:200_000].decode("latin-1").lower() and kind == "no_list":
        hint = f"{hint}; the page asks for a login: write the source by hand with login = …, or ask for a public list"
    return SourceError(
        message,
        unit=UNIT,
        url=page.final_url,
        kind=kind,
        permanent=True,
        hint=f'{hint}; or write kind = "page" with item, link, title and date selectors of your own',
    )


def _samples(place: Place, profile: Recognised | None, tools: Tools) -> tuple[Sample, ...]:
    """A few of the articles behind the list: one to see its text, three where only they can tell the date."""
    rules = profile.profile.article if profile is not None else ArticleRules()
    wanted = _SAMPLES if place.dated >= _DATED else _SAMPLES_WITHOUT_DATES
    samples: list[Sample] = []
    for post in place.reading.posts[: wanted + 2]:
        if len(samples) == wanted:
            break
        if urlsplit(post.url).path in ("", "/"):
            continue
        article = sample_article(tools.http, post.url, rules, tools.articles)
        if article is not None:
            samples.append(Sample(post=post, article=article))
    return tuple(samples)


def _kept_out(place: Place, tools: Tools) -> str:
    book = RobotsBook(token="syncd", clock=tools.clock)
    for url in (place.reading.exchange.url, *(post.url for post in place.reading.posts[:1])):
        parts = urlsplit(url)
        ports = () if parts.port is None else (parts.port,)
        with tools.http.visit(allow_ports=ports) as visit:
            try:
                robots = book.of(parts.netloc, partial(visit.get, f"{parts.scheme}://{parts.netloc}/robots.txt"))
            except (HttpFailure, RobotsRefusal):
                continue
        if not robots.allows(url):
            return url
    return ""


def _page_title(text: str) -> str:
    head = text[:100_000]
    start = head.lower().find("<title")
    if start < 0:
        return ""
    opened = head.find(">", start) + 1
    end = head.lower().find("</title", opened)
    return one_line(title_text(head[opened:end])) if opened and end > 0 else ""
