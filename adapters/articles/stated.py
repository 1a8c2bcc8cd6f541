"""What a page states of its article in JSON-LD (schema.org): headline, author, sections, text, days."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from adapters.articles.page import ArticlePage
from syncd.vietnamese.fold import fold
from syncd.vietnamese.text import one_line

_ARTICLE = re.compile(r"article|posting|report$|^review$", re.IGNORECASE)
_PAGE = re.compile(r"page$|^creativework|^videoobject$|^podcastepisode$|^recipe$", re.IGNORECASE)
_ORGANISATION = re.compile(r"organi[sz]ation$", re.IGNORECASE)
_MAX_DEPTH = 6
_MAX_ENTRIES = 200  # a page may state a list of all its posts
_MAX_CHARS = 1_000_000
_BROKEN_COMMA = re.compile(r",(\s*[}\]])")
_COMMENT = re.compile(r"^\s*(?:/\*.*?\*/|//\s*<!\[CDATA\[|<!--)|(?://\s*\]\]>|-->|;)\s*$", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """One thing that JSON-LD tells about the page: the article itself, or the page around it (`of_article` False). Empty where nothing is stated."""

    of_article: bool = False
    headline: str = ""
    published: str = ""
    created: str = ""
    modified: str = ""
    author: str = ""
    sections: tuple[str, ...] = ()
    body: str = ""
    description: str = ""


def stated_of(page: ArticlePage) -> Stated:
    """What the page's own JSON-LD says of the article, else of the page; empty where it says nothing or several things.

    A page may state the articles it only lists: the one is taken whose address or headline is the page's own.
    """
    entries = [
        entry
        for entry in _entries(page)
        if any(entry.get(name) for name in ("datePublished", "dateCreated", "uploadDate", "headline", "articleBody"))
    ]
    articles = [entry for entry in entries if _typed(entry, _ARTICLE)]
    if len(articles) > 1:
        articles = [entry for entry in articles if _is_about(entry, page)] or ([] if _differ(articles) else articles)
    if articles:
        return _stated(articles[0], of_article=True)
    pages = [entry for entry in entries if _typed(entry, _PAGE)]
    return Stated() if not pages or _differ(pages) else _stated(pages[0], of_article=False)


def breadcrumbs_of(page: ArticlePage) -> tuple[str, ...]:
    """The names of the page's stated breadcrumbs, outermost first, without the page itself."""
    for entry in _entries(page):
        items = entry.get("itemListElement")
        if _typed(entry, re.compile("^breadcrumblist$", re.IGNORECASE)) and isinstance(items, list):
            return tuple(
                name
                for item in items[:10]
                if isinstance(item, dict) and (name := _name(item) or _name(item.get("item")))
            )
    return ()


def _entries(page: ArticlePage) -> Iterator[dict[str, Any]]:
    count = 0
    for script in page.root.iter("script"):
        if "ld+json" in (script.get("type") or "") and script.text and len(script.text) <= _MAX_CHARS:
            for entry in _walk(_json(script.text), 0):
                count += 1
                if count > _MAX_ENTRIES:
                    return
                yield entry


def _json(text: str) -> Any:
    text = _COMMENT.sub("", text)
    for attempt in (text, _BROKEN_COMMA.sub(r"\1", text)):
        try:
            return json.loads(attempt, strict=False)  # line ends within strings are common
        except (ValueError, RecursionError):
            continue
    return None


def _walk(data: Any, depth: int) -> Iterator[dict[str, Any]]:
    """The things a document states: itself, a list of them, a graph, the main entity of a page."""
    if isinstance(data, list) and depth < _MAX_DEPTH:
        for each in data:
            yield from _walk(each, depth + 1)
    elif isinstance(data, dict) and depth < _MAX_DEPTH:
        yield data
        for name in ("@graph", "mainEntity", "mainEntityOfPage"):
            yield from _walk(data.get(name), depth + 1)


def _typed(entry: dict[str, Any], kind: re.Pattern[str]) -> bool:
    types = entry.get("@type")
    return any(isinstance(each, str) and kind.search(each) for each in (types if isinstance(types, list) else [types]))


def _is_about(entry: dict[str, Any], page: ArticlePage) -> bool:
    own = urlsplit(page.url).path.rstrip("/")
    main = entry.get("mainEntityOfPage")
    addresses = [entry.get("url"), entry.get("@id"), main.get("@id") if isinstance(main, dict) else main]
    if own and any(isinstance(each, str) and urlsplit(each).path.rstrip("/") == own for each in addresses):
        return True
    title = next((element.text for element in page.root.iter("title") if element.text), "")
    headline = _text(entry.get("headline"))
    return len(headline) > 10 and fold(headline) in fold(one_line(title))


def _differ(entries: list[dict[str, Any]]) -> bool:
    return len({_text(entry.get("datePublished"))[:10] for entry in entries} - {""}) > 1


def _stated(entry: dict[str, Any], *, of_article: bool) -> Stated:
    return Stated(
        of_article=of_article,
        headline=_text(entry.get("headline")),
        published=_text(entry.get("datePublished")),
        created=_text(entry.get("dateCreated")) or _text(entry.get("uploadDate")),
        modified=_text(entry.get("dateModified")),
        author=_author(entry.get("author")),
        sections=_texts(entry.get("articleSection")),
        body=entry["articleBody"] if isinstance(entry.get("articleBody"), str) else "",
        description=_text(entry.get("description")),
    )


def _author(author: Any) -> str:
    given = author if isinstance(author, list) else [author]
    persons = [each for each in given if not (isinstance(each, dict) and _typed(each, _ORGANISATION))]
    names = [_name(each) if isinstance(each, dict) else _text(each) for each in persons]
    return ", ".join(dict.fromkeys(filter(None, names[:5])))


def _name(data: Any) -> str:
    return _text(data.get("name")) if isinstance(data, dict) else ""


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(filter(None, map(_text, value[:10] if isinstance(value, list) else [value])))


def _text(value: Any) -> str:
    return one_line(value) if isinstance(value, str) else ""
