"""A site that gives its posts as JSON (an API, or what its own pages are filled from): read by paths into the document, without code.

The paths are those of `json_path`. Pages go by number, by offset, or by a cursor that each answer names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

from adapters.html import absolute, clean_html, images_of, text_of_html, title_text
from adapters.json_path import JsonPath
from adapters.sources.archive_place import Place
from adapters.sources.archive_steps import MAX_STEPS, all_older, page_hash, reached
from adapters.sources.feed import list_sha256
from adapters.sources.json_answers import ACCEPT, date_in, json_of, text_in
from adapters.sources.site_source import SiteSettings, SiteSource
from syncd.domain.model import NO_DATE
from syncd.ports.source import ArchivePage, Exchange, ImageData, Known, PostData, Reading, Skipped
from syncd.vietnamese.text import nfc, one_line

_MAX_ITEMS = 1_000
_PATHS = ("items", "title", "link", "date", "text", "summary", "author", "category", "id", "image")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """How further pages are asked for: the query parameter `param` gets the page's number or the offset, from `first` on, or the cursor at `next`.

    A cursor that is an address is asked for as it is.
    """

    kind: Literal["page", "offset", "cursor"]
    param: str = ""
    first: int | None = None
    next: str = ""

    def __post_init__(self) -> None:
        JsonPath.of(self.next)
        if self.kind == "cursor" and not self.next:
            raise ValueError('kind = "cursor" needs next: the path to the cursor')
        if self.kind != "cursor" and not self.param:
            raise ValueError(f'kind = "{self.kind}" needs param: the name of the query parameter')

    @property
    def begin(self) -> int:
        return self.first if self.first is not None else (1 if self.kind == "page" else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonSettings(SiteSettings):
    """One `{ kind = "http_json", … }` of a unit. `items`: the path to the list; the other paths start at one of its entries.

    `link_format`: the address where the document gives only a part of it, with `{link}` or `{id}` in it. `text`: the whole text, as HTML or plain.
    `window`: how many entries one answer shows at most, None where that is not known.
    """

    items: str = ""
    title: str = "title"
    link: str = "url"
    link_format: str = ""
    date: str = ""
    text: str = ""
    summary: str = ""
    author: str = ""
    category: str = ""
    id: str = ""
    image: str = ""
    window: int | None = None
    paging: Paging | None = None

    def __post_init__(self) -> None:
        SiteSettings.__post_init__(self)
        for name in _PATHS:
            JsonPath.of(getattr(self, name))
        if self.link_format and "{link}" not in self.link_format and "{id}" not in self.link_format:
            raise ValueError("link_format must hold {link} or {id}")
        if self.window is not None and self.window < 1:
            raise ValueError("window must be at least 1")


class JsonSource(SiteSource[JsonSettings]):
    """Read posts from JSON by paths."""

    Settings = JsonSettings

    def read(self, known: Known) -> Reading:
        exchange = self._site.get(self.url, known=known, accept=ACCEPT)
        if exchange.status == 304 or exchange.body_sha256 == known.body_sha256:
            return Reading(exchange=exchange, unchanged=True)
        document = json_of(exchange, self._site)
        entries = self._entries(document)
        posts, skipped = self._posts(entries, exchange)
        if not posts and not skipped and not self._is_list(document):
            raise self._site.error(
                f"nothing found at {self._settings.items!r}", kind="layout", hint="check items: the path to the list"
            )
        count = len(posts) + len(skipped)
        return Reading(
            exchange=exchange,
            unchanged=False,
            posts=posts,
            skipped=skipped,
            list_sha256=list_sha256(posts),
            full=count >= (self._settings.window or 1),
            notes=(f"{len(entries)} entries: only the first {_MAX_ITEMS} are kept",)
            if len(entries) > _MAX_ITEMS
            else (),
        )

    def archive(self, since: datetime, at: str | None) -> ArchivePage:
        paging = self._settings.paging
        if paging is None:
            raise self._no_archive("give paging, if the site has further pages")
        place = Place(page=paging.begin, url=self.url) if at is None else Place.of_text(at, self._site)
        if not place.url:
            raise self._site.error("this is no page of an archive", kind="bad_token", permanent=True, hint="begin anew")
        exchange = self._site.get(place.url, accept=ACCEPT, as_answer=(400, 404, 410) if place.steps else ())
        if exchange.status >= 400:
            return ArchivePage(exchange=exchange, posts=(), complete_from=since)
        document = json_of(exchange, self._site)
        posts, skipped = self._posts(self._entries(document), exchange)
        seen = page_hash(posts)
        if (not posts and not skipped) or (place.steps and seen == place.seen):
            return ArchivePage(exchange=exchange, posts=(), complete_from=since)
        further = self._further(document, place, paging, len(posts) + len(skipped))
        stopped = further is not None and (all_older(posts, since) or place.steps >= MAX_STEPS)
        if further is None or stopped:
            return ArchivePage(
                exchange=exchange, posts=posts, skipped=skipped, complete_from=reached(posts) if stopped else since
            )
        onward = Place(page=further[0], url=further[1], steps=place.steps + 1, seen=seen)
        return ArchivePage(
            exchange=exchange, posts=posts, skipped=skipped, next=onward.as_text(), complete_from=reached(posts)
        )

    def _further(self, document: Any, place: Place, paging: Paging, entries: int) -> tuple[int, str] | None:
        """The number and address of the next page; None where the answer names none."""
        number = place.page if place.page is not None else paging.begin
        if paging.kind == "cursor":
            cursor = text_in(JsonPath.of(paging.next).first(document)).strip()
            if not cursor:
                return None
            if cursor.startswith(("http://", "https://", "/", "?")) or not paging.param:
                url = absolute(cursor, self.url)
                return (number + 1, url) if url and urlsplit(url).hostname == urlsplit(self.url).hostname else None
            return number + 1, _with_query(self.url, {paging.param: cursor})
        number += entries if paging.kind == "offset" else 1
        return number, _with_query(self.url, {paging.param: str(number)})

    def _is_list(self, document: Any) -> bool:
        found = JsonPath.of(self._settings.items).all(document)
        return any(isinstance(each, list) for each in found) or (not self._settings.items and document == [])

    def _entries(self, document: Any) -> list[Any]:
        if self._settings.items == "" and isinstance(document, dict):
            return []
        found = JsonPath.of(self._settings.items).all(document)
        return [entry for each in found for entry in (each if isinstance(each, list) else [each])]

    def _posts(self, entries: list[Any], exchange: Exchange) -> tuple[tuple[PostData, ...], tuple[Skipped, ...]]:
        read = [self._post(entry, position, exchange) for position, entry in enumerate(entries[:_MAX_ITEMS], start=1)]
        posts: dict[str, PostData] = {}
        for post in read:
            if isinstance(post, PostData):
                posts.setdefault(post.url, post)
        return tuple(posts.values()), tuple(post for post in read if isinstance(post, Skipped))

    def _post(self, entry: Any, position: int, exchange: Exchange) -> PostData | Skipped:
        def value(path: str) -> Any:
            return JsonPath.of(path).first(entry) if path else None

        settings, base = self._settings, exchange.final_url
        title = title_text(text_in(value(settings.title))[:5_000])
        number = one_line(text_in(value(settings.id)))[:200]
        url = self._link(text_in(value(settings.link)).strip(), number, base)
        if not url or not title:
            name = title[:80] or number or f"item {position}"
            return Skipped(item=name, reason="no web address" if not url else "no title")
        html = clean_html(_as_html(text_in(value(settings.text))), base)
        pictures = [
            absolute(text_in(each), base) for each in JsonPath.of(settings.image).all(entry) if settings.image and each
        ]
        images = {image.url: image for image in (*(ImageData(url=u) for u in pictures if u), *images_of(html))}
        categories = JsonPath.of(settings.category).all(entry) if settings.category else []
        return PostData(
            title=title[:1_000],
            url=url,
            guid=f"{number}" if number else None,
            stable_id=f"json:{number}" if number else None,
            published=date_in(
                value(settings.date),
                zone=self._zone,
                day_order=self._settings.day_order,
                fetched_at=exchange.at,
                origin="feed",
            )
            if settings.date
            else NO_DATE,
            author=title_text(text_in(value(settings.author))[:500]),
            categories=tuple(dict.fromkeys(filter(None, (title_text(text_in(each)[:200]) for each in categories)))),
            summary=nfc(text_of_html(text_in(value(settings.summary)))),
            html=html,
            full_text=bool(html),
            images=tuple(images.values()),
        )

    def _link(self, link: str, number: str, base: str) -> str:
        if not self._settings.link_format:
            return absolute(link, base) if link else ""
        if ("{link}" in self._settings.link_format and not link) or (
            "{id}" in self._settings.link_format and not number
        ):
            return ""
        made = self._settings.link_format.replace("{link}", quote(link.lstrip("/"), safe="/?=&%:"))
        return absolute(urljoin(base, made.replace("{id}", quote(number))), base)


def _as_html(text: str) -> str:
    """Plain text as paragraphs."""
    if "<" in text or not text.strip():
        return text
    return "".join(f"<p>{line}</p>" for line in text.splitlines() if line.strip())


def _with_query(url: str, values: Mapping[str, str]) -> str:
    parts = urlsplit(url)
    kept = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in values]
    return urlunsplit(parts._replace(query=urlencode([*kept, *values.items()])))
