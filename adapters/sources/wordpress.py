"""A WordPress site through its REST interface, `wp/v2/posts`: every post, with its text and its time to the second, and its archive page by page.

Read from developer.wordpress.org/rest-api/reference/posts (WordPress 4.7 or later; `_fields` of `_embedded` from 5.4). Tried against the stand-in
of the tests; `make portals` runs a real WordPress for the portal of the same name. Where a site has closed the interface, its feed is what is left.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from urllib.parse import urlencode, urlsplit

from adapters.html import absolute, clean_html, images_of, text_of_html, title_text
from adapters.sources.archive_steps import MAX_STEPS, reached
from adapters.sources.feed import list_sha256
from adapters.sources.json_answers import ACCEPT, json_of, text_in
from adapters.sources.site_source import SiteSettings, SiteSource
from syncd.ports.source import ArchivePage, Exchange, ImageData, Known, PostData, Reading, Skipped
from syncd.vietnamese.dates import parse_date
from syncd.vietnamese.text import nfc

_FIELDS = "id,date,date_gmt,guid,link,title,excerpt,content,author,categories,featured_media,_links,_embedded"
_MARGIN = timedelta(days=1)  # `after` is compared with the site's own clock, whose zone is not told
_PAST_THE_END = 400  # rest_post_invalid_page_number


@dataclass(frozen=True, slots=True, kw_only=True)
class WordPressSourceSettings(SiteSettings):
    """One `{ kind = "wordpress", … }` of a unit. `url`: the site, or its interface (`…/wp-json`, `…/?rest_route=/`). `categories`: their ids, where a unit has only some."""

    per_page: int = 50
    categories: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        SiteSettings.__post_init__(self)
        if not 1 <= self.per_page <= 100:
            raise ValueError("per_page must be from 1 to 100: WordPress gives no more at once")


class WordPressSource(SiteSource[WordPressSourceSettings]):
    """Read posts from a site's REST interface, whole texts included."""

    Settings = WordPressSourceSettings

    def read(self, known: Known) -> Reading:
        exchange = self._site.get(self._address({}), known=known, accept=ACCEPT)
        if exchange.status == 304 or exchange.body_sha256 == known.body_sha256:
            return Reading(exchange=exchange, unchanged=True)
        posts, skipped = self._posts(exchange)
        total = _number(exchange.header("x-wp-total"))
        return Reading(
            exchange=exchange,
            unchanged=False,
            posts=posts,
            skipped=skipped,
            list_sha256=list_sha256(posts),
            full=len(posts) + len(skipped) >= self._settings.per_page if total is None else total > len(posts),
            notes=(f"{total} posts in all",) if total is not None else (),
        )

    def archive(self, since: datetime, at: str | None) -> ArchivePage:
        page = 1 if at is None else _number(at)
        if not page or page > MAX_STEPS:
            raise self._site.error("this is no page of an archive", kind="bad_token", permanent=True, hint="begin anew")
        after = (since - _MARGIN).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        url = self._address({"page": str(page), "after": after})
        exchange = self._site.get(url, accept=ACCEPT, as_answer=(_PAST_THE_END,) if page > 1 else ())
        if exchange.status == _PAST_THE_END:
            return ArchivePage(exchange=exchange, posts=(), complete_from=since)
        posts, skipped = self._posts(exchange)
        pages = _number(exchange.header("x-wp-totalpages"))
        last = page >= pages if pages is not None else len(posts) + len(skipped) < self._settings.per_page
        return ArchivePage(
            exchange=exchange,
            posts=posts,
            skipped=skipped,
            next=None if last else str(page + 1),
            complete_from=since if last else reached(posts),
        )

    def _address(self, more: Mapping[str, str]) -> str:
        query = {
            "per_page": str(self._settings.per_page),
            "orderby": "date",
            "order": "desc",
            "_embed": "author,wp:term,wp:featuredmedia",
            "_fields": _FIELDS,
            **more,
        }
        if self._settings.categories:
            query["categories"] = ",".join(map(str, self._settings.categories))
        url = self.url.rstrip("/")
        if "rest_route=" in urlsplit(url).query:
            base, _, route = url.partition("rest_route=")
            return f"{base}rest_route={route.rstrip('/').removesuffix('/wp/v2/posts')}/wp/v2/posts&{urlencode(query)}"
        root = url.partition("/wp-json")[0].partition("?")[0].rstrip("/")
        return f"{root}/wp-json/wp/v2/posts?{urlencode(query)}"

    def _posts(self, exchange: Exchange) -> tuple[tuple[PostData, ...], tuple[Skipped, ...]]:
        data = json_of(exchange, self._site)
        if not isinstance(data, list):
            said = f": {text_in(data.get('message'))}" if isinstance(data, dict) else ""
            raise self._site.error(
                f"the answer is no list of posts{said}",
                url=exchange.url,
                kind="not_posts",
                hint='the site may have closed its REST interface: read its feed, kind = "feed", instead',
            )
        read = [_post(item, position, exchange, self._zone) for position, item in enumerate(data, start=1)]
        posts = tuple(post for post in read if isinstance(post, PostData))
        return posts, tuple(post for post in read if isinstance(post, Skipped))


def _post(item: Any, position: int, exchange: Exchange, zone: tzinfo | None) -> PostData | Skipped:
    if not isinstance(item, dict):
        return Skipped(item=f"item {position}", reason="no post")
    base = exchange.final_url
    title = title_text(_rendered(item, "title"))
    link = text_in(item.get("link")).strip()
    url = absolute(link, base) if link else ""
    if not url or not title:
        name = title[:80] or f"item {position}"
        return Skipped(item=name, reason="no web address" if not url else "no title")
    content = item.get("content")
    hidden = isinstance(content, dict) and bool(content.get("protected"))
    html = "" if hidden else clean_html(_rendered(item, "content"), base)
    printed = text_in(item.get("date_gmt"))
    published = parse_date(f"{printed}Z" if printed else "", fetched_at=exchange.at, origin="feed")
    if published.instant is None:  # imported posts may have the site's own time alone
        local = text_in(item.get("date"))
        published = parse_date(local, default_zone=zone, fetched_at=exchange.at, origin="feed") if local else published
    embedded = item.get("_embedded")
    beside: dict[str, Any] = embedded if isinstance(embedded, dict) else {}
    images = {image.url: image for image in (*_featured(beside, base), *images_of(html))}
    number = _number(text_in(item.get("id")))
    return PostData(
        title=title,
        url=url,
        guid=_rendered(item, "guid").strip() or None,
        stable_id=f"wordpress:{number}" if number is not None else None,
        published=published,
        author=next((title_text(text_in(each.get("name"))) for each in _things(beside.get("author"))), ""),
        categories=tuple(dict.fromkeys(_categories(beside))),
        summary=nfc(text_of_html(_rendered(item, "excerpt"))),
        html=html,
        full_text=bool(html),
        images=tuple(images.values()),
    )


def _rendered(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    return text_in(value.get("rendered")) if isinstance(value, dict) else text_in(value)


def _things(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _categories(beside: Mapping[str, Any]) -> list[str]:
    groups = beside.get("wp:term")
    terms = [term for group in (groups if isinstance(groups, list) else []) for term in _things(group)]
    names = [title_text(text_in(term.get("name"))) for term in terms if term.get("taxonomy") == "category"]
    return [name for name in names if name]


def _featured(beside: Mapping[str, Any], base: str) -> list[ImageData]:
    found = []
    for media in _things(beside.get("wp:featuredmedia")):
        if url := absolute(text_in(media.get("source_url")), base) if media.get("source_url") else "":
            found.append(
                ImageData(
                    url=url,
                    alt=title_text(text_in(media.get("alt_text"))),
                    caption=title_text(_rendered(media, "caption")),
                )
            )
    return found


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdecimal() and len(text) < 10 else None
