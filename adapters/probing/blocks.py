"""Blocks of entries on a page: links that look like titles, grouped by the way down to them, each with the entry it stands in."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from urllib.parse import parse_qsl, unquote, urldefrag, urlsplit

from adapters.html import absolute
from adapters.probing.dated import DatedElement, date_after, dates_in, has_date_before
from adapters.probing.places import FRAME, place_of
from adapters.probing.tree import Element, children, up, way_down, words_of

_MIN_LETTERS = 12
_MIN_WORDS = 4
_OFTEN = 3  # an address linked more often names a section, or leads on
_MAX_TITLE_CHARS = 400
_MAX_LINKS = 5_000
_MAX_CLIMB = 12
_LETTERS = re.compile(r"[^\W\d_]")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_OF_TITLE = re.compile(r"(?:^|[_\W])\w*(?:title|tieu-?de|headline|heading|caption|name|ten)\w*", re.IGNORECASE)
_OF_SUMMARY = re.compile(r"(?:summary|desc|sapo|trich-?yeu|excerpt|content|lead|intro)", re.IGNORECASE)
_ID = re.compile(r"\d{3,}")
_SLUG = re.compile(r"[^\W_]+(?:[-_+ ][^\W_]+){3,}")
_DIGIT = re.compile(r"\d")
_FILE = re.compile(r"\.(?:pdf|docx?|xlsx?|pptx?|zip|rar|7z|jpe?g|png|mp[34])$", re.IGNORECASE)
_NO_ARTICLE = re.compile(
    r"/(?:tag|tags|author|category|chuyen-?muc|login|dang-?nhap|rss|feed|print|in-?bai)(?:/|$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, eq=False)
class TitleLink:
    """A link whose words could be a title. `title` is the element whose words are the title, the link itself or one within it."""

    element: Element
    url: str
    title: Element
    text: str

    @property
    def words(self) -> int:
        return len(self.text.split())


@dataclass(frozen=True, eq=False)
class Entry:
    """One entry of a list: the element that holds one title link, and the dates printed in it."""

    element: Element
    link: TitleLink
    dates: Sequence[DatedElement]


@dataclass(frozen=True, eq=False)
class Block:
    """Entries that are made alike. `place` tells how far they belong to what the page is for."""

    entries: Sequence[Entry]
    place: float

    @cached_property
    def dated_path(self) -> tuple[str, str] | None:
        """Where most entries print their date: the way to it, and whether itself, by its own words or after it."""
        paths = Counter(date.way for entry in self.entries for date in entry.dates)
        if not paths:
            return None
        order = [date.way for entry in self.entries for date in entry.dates]
        updates = {date.way for entry in self.entries for date in entry.dates if date.of_update}
        return max(
            paths, key=lambda path: (min(paths[path], len(self.entries)), path not in updates, -order.index(path))
        )

    @cached_property
    def dated(self) -> float:
        """The share of entries that print a date."""
        return sum(bool(entry.dates) for entry in self.entries) / len(self.entries)


def is_title(text: str) -> bool:
    return (
        len(text.split()) >= _MIN_WORDS
        and len(_LETTERS.findall(text)) >= _MIN_LETTERS
        and len(text) <= _MAX_TITLE_CHARS
    )


def is_article_address(url: str, page_url: str) -> bool:
    """Whether an address could be one post's: more than a section's name, no file, not the page itself."""
    parts, own = urlsplit(url), urlsplit(page_url)
    if _FILE.search(parts.path) or _NO_ARTICLE.search(parts.path):
        return False
    if (parts.path.rstrip("/"), parts.query) == (own.path.rstrip("/"), own.query):
        return False
    values = " ".join(value for _, value in parse_qsl(parts.query))
    path = unquote(parts.path)
    return bool(_ID.search(path) or _SLUG.search(path) or _DIGIT.search(values))


def is_file(url: str) -> bool:
    return _FILE.search(urlsplit(url).path) is not None


def own_hosts(root: Element, url: str, links: Iterable[TitleLink]) -> tuple[str, ...]:
    """The hosts that are the site's: the page's, the one that it names as its own, and the one that most of its titles lead to."""
    hosts = [host_of(url)]
    for element in root.iter("link", "meta"):
        if (element.get("rel") or "") == "canonical" or (element.get("property") or "") == "og:url":
            hosts.append(host_of(absolute(element.get("href") or element.get("content") or "", url)))
    counts = Counter(host_of(link.url) for link in links)
    if counts and counts.most_common(1)[0][1] > 0.5 * counts.total():
        hosts.append(counts.most_common(1)[0][0])
    return tuple(dict.fromkeys(filter(None, hosts)))


def host_of(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")


def same_site(url: str, hosts: Iterable[str]) -> bool:
    """Whether an address lies on one of the hosts, or above or below it: a unit's posts may stand on the host of its parent."""
    own = host_of(url)
    return any(own == host or own.endswith(f".{host}") or host.endswith(f".{own}") for host in hosts)


def blocks_of(root: Element, links: Sequence[TitleLink], fetched_at: datetime) -> list[Block]:
    """Every block that the title links of a page stand in, in page order of their first entries."""
    shared = {url for url, count in Counter(link.url for link in links).items() if count > _OFTEN}
    groups: dict[tuple[str, float], list[TitleLink]] = defaultdict(list)
    for link in links:
        place = place_of(link.element)
        if place > FRAME:
            groups[way_down(link.element), place].append(link)
    beneath = _titles_beneath(link for link in links if link.url not in shared)
    return [Block(entries=_entries(group, beneath, fetched_at), place=place) for (_, place), group in groups.items()]


def title_links(root: Element, base: str) -> list[TitleLink]:
    links = []
    for element in root.iter("a"):
        href = element.get("href") or ""
        if not href or href.startswith(("#", "javascript:", "mailto:", "tel:")):
            continue
        title = title_in(element)
        text = words_of(title)
        url = urldefrag(absolute(href, base)).url
        if url and is_title(text):
            links.append(TitleLink(element=element, url=url, title=title, text=text))
        if len(links) == _MAX_LINKS:
            break
    return links


def title_in(link: Element) -> Element:
    """The element whose words are a link's title: a heading within a card, else what is called title, else the link."""
    if not len(link):
        return link
    for heading in link.iter(*_HEADINGS):
        if is_title(words_of(heading)):
            return heading
    named = [
        each
        for each in link.iterdescendants()
        if isinstance(each.tag, str)
        and _OF_TITLE.search(each.get("class") or "")
        and not _OF_SUMMARY.search(each.get("class") or "")
        and is_title(words_of(each))
    ]
    if named:
        return named[0]
    if len(words_of(link)) > 120:
        worded = [each for each in children(link) if is_title(words_of(each))]
        if len(worded) > 1:
            return worded[0]
    return link


def _titles_beneath(links: Iterable[TitleLink]) -> dict[Element, set[str]]:
    """For each element the addresses of the titles within it."""
    beneath: dict[Element, set[str]] = defaultdict(set)
    for link in links:
        for above in [link.element, *up(link.element)]:
            beneath[above].add(link.url)
    return beneath


def _entries(group: Sequence[TitleLink], beneath: dict[Element, set[str]], fetched_at: datetime) -> list[Entry]:
    entries: dict[str, Entry] = {}
    for link in group:
        if link.url in entries:
            continue
        element = link.element
        for above in list(up(link.element))[:_MAX_CLIMB]:
            if _has_others(beneath, above, link.url) or place_of(above) == FRAME:
                break
            element = above
        entries[link.url] = Entry(element=element, link=link, dates=dates_in(element, link.title, fetched_at))
    found = list(entries.values())
    return found if any(entry.dates for entry in found) else _dated_after(found, beneath, fetched_at)


def _has_others(beneath: dict[Element, set[str]], element: Element, own: str) -> bool:
    urls = beneath.get(element, ())
    return len(urls) > (own in urls)


def _dated_after(entries: list[Entry], beneath: dict[Element, set[str]], fetched_at: datetime) -> list[Entry]:
    """The entries with the dates that follow them, where they stand side by side without elements of their own.

    A date between two titles is of the first only where the last title has one behind it, and the first none before it.
    """
    beside: dict[Element, list[Entry]] = defaultdict(list)
    for entry in entries:
        beside[entry.element.getparent()].append(entry)
    found: list[Entry] = []
    for entry in entries:

        def is_other(element: Element, own: str = entry.link.url) -> bool:
            return _has_others(beneath, element, own)

        siblings = beside[entry.element.getparent()]
        if entry is siblings[0] and has_date_before(entry.element, is_other, fetched_at):
            return entries
        after = date_after(entry.element, is_other, fetched_at)
        if after is None and entry is siblings[-1]:
            return entries
        found.append(replace(entry, dates=(after,) if after is not None else ()))
    return found
