"""What stands behind an address that somebody pasted: the feed to read, or one article. For `syncd probe`; stores nothing."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from adapters.html import (
    PageTooLarge,
    absolute,
    announced_feeds,
    canonical_of,
    clean_html,
    images_of,
    parse_page,
    select,
    text_of_html,
    value_of,
)
from adapters.http import HttpFailure, PoliteClient
from adapters.sources.feed_documents import parse_feed
from adapters.sources.feed_trees import NotAFeed
from syncd.domain.model import NO_DATE, ReadDate
from syncd.errors import SourceError
from syncd.ports.clock import Clock
from syncd.ports.source import Exchange, PostData
from syncd.vietnamese.dates import parse_date
from syncd.vietnamese.text import decode, one_line

_TRUSTED_DATES = (
    ("meta", "meta[property='article:published_time'], meta[itemprop='datePublished']"),
    ("article", "article time[datetime], main time[datetime]"),
)
_MAX_ANNOUNCED = 8  # a page that announces a feed for each of its sections names the whole site's first
_ARTICLE_TYPE = re.compile(r"article|posting|report$", re.IGNORECASE)
_MAX_JSON_DEPTH = 6
_BODIES = ("[itemprop=articleBody]", "article", "main")


def find_feed(http: PoliteClient, url: str) -> str:
    """The address of the feed behind `url`: itself, or the first that its page announces and that can be read, one with posts before an empty one.

    Raises:
        SourceError: neither; the hint says what can be done.
    """
    answer = _get(http, url)
    try:
        parse_feed(answer.body, content_type=answer.content_type, base_url=answer.final_url)
        return answer.final_url
    except NotAFeed as fault:
        text = decode(answer.body, content_type=answer.content_type).text
        empty: list[str] = []
        for feed in announced_feeds(text, answer.final_url)[:_MAX_ANNOUNCED]:
            try:
                found = _get(http, feed)
                parsed = parse_feed(found.body, content_type=found.content_type, base_url=found.final_url)
            except (NotAFeed, SourceError):
                continue
            if parsed.posts:
                return feed
            empty.append(feed)
        if empty:
            return empty[0]
        raise SourceError(
            f"{fault}, and no feed that can be read is announced there",
            unit="probe",
            url=url,
            kind=fault.kind,
            permanent=True,
            hint='read its list page with kind = "page": item, link, title and date selectors',
        ) from fault


def read_article(http: PoliteClient, url: str, clock: Clock) -> PostData:
    """One article by what its page says of itself. A date counts only from where a page names its date, never from its text at large.

    Raises:
        SourceError: the page cannot be read.
    """
    answer = _get(http, url)
    try:
        page = parse_page(decode(answer.body, content_type=answer.content_type).text)
    except PageTooLarge as err:
        raise SourceError(str(err), unit="probe", url=url, kind="too_large", permanent=True) from err
    stated = _stated(page)
    body = next((found[0] for name in _BODIES if (found := select(page, name))), page.body)
    html = clean_html(str(body) if body is not None else "", answer.final_url)
    heading = next((value_of(found[0]) for name in ("h1", "title") if (found := select(page, name))), "")
    return PostData(
        title=one_line(str(stated.get("headline") or heading)),
        url=answer.final_url,
        canonical_url=canonical_of(page, answer.final_url),
        published=_date(page, stated, clock),
        author=_author(stated),
        summary=text_of_html(html),
        html=html,
        full_text=True,
        images=images_of(html),
        article=answer,
    )


def _get(http: PoliteClient, url: str) -> Exchange:
    if not absolute(url, url):
        raise SourceError(f'"{url}" is no web address', unit="probe", url=url, kind="bad_url", permanent=True)
    try:
        with http.visit(allow_ports=_ports(url)) as visit:
            answer = visit.get(url)
    except HttpFailure as failure:
        raise SourceError(
            str(failure), unit="probe", url=url, kind=failure.kind, permanent=failure.permanent, hint=failure.hint
        ) from failure
    if answer.status != 200:
        raise SourceError(
            f"{url} answered {answer.status}",
            unit="probe",
            url=url,
            kind="http_status",
            permanent=answer.status in (404, 410),
            hint="open the address in a browser and compare",
        )
    return answer


def _ports(url: str) -> tuple[int, ...]:
    """The port that the operator wrote: to be dialled although it is not a usual one."""
    port = urlsplit(url).port
    return () if port is None else (port,)


def _stated(page: Any) -> dict[str, Any]:
    """The page's own JSON-LD about an article, before that of the page around it; empty where none can be read."""
    dated = [
        entry
        for script in select(page, "script[type='application/ld+json']")
        for entry in _entries(_json(script.string or ""), 0)
        if entry.get("datePublished")
    ]
    articles = [entry for entry in dated if _ARTICLE_TYPE.search(str(entry.get("@type", "")))]
    return next(iter(articles or dated), {})


def _json(text: str) -> Any:
    try:
        return json.loads(text.strip().removesuffix(";"), strict=False)  # line ends within strings are common
    except (ValueError, RecursionError):
        return None


def _entries(data: Any, depth: int) -> Iterator[dict[str, Any]]:
    """The things a JSON-LD document states: itself, a list of them, a graph, the main entity of a page."""
    if isinstance(data, list) and depth < _MAX_JSON_DEPTH:
        for each in data:
            yield from _entries(each, depth + 1)
    elif isinstance(data, dict) and depth < _MAX_JSON_DEPTH:
        yield data
        for name in ("@graph", "mainEntity"):
            yield from _entries(data.get(name), depth + 1)


def _date(page: Any, stated: dict[str, Any], clock: Clock) -> ReadDate:
    candidates = [("jsonld", str(stated["datePublished"]))] if stated else []
    candidates += [(origin, value_of(tag)) for origin, selector in _TRUSTED_DATES for tag in select(page, selector)[:1]]
    for origin, raw in candidates:
        date = parse_date(raw, fetched_at=clock.now(), origin=origin)
        if date.instant is not None:
            return date
    return NO_DATE


def _author(stated: dict[str, Any]) -> str:
    author = stated.get("author")
    if isinstance(author, list):
        author = author[0] if author else None
    if isinstance(author, dict):
        author = author.get("name")
    return one_line(author) if isinstance(author, str) else ""
