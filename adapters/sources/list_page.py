"""Posts out of a list page, by the selectors of one layout: a function of the parsed page alone."""

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString

from adapters.html import absolute, select, value_of
from adapters.site_profiles import ListRules, Profile
from syncd.domain.model import NO_DATE, ReadDate
from syncd.ports.source import PostData, Skipped
from syncd.vietnamese.date_orders import OrderFound, order_of
from syncd.vietnamese.dates import parse_date
from syncd.vietnamese.page_clocks import is_clock
from syncd.vietnamese.readings import DayOrder
from syncd.vietnamese.text import one_line

MAX_ITEMS = 1_000
# As date selectors, for entries whose date no element holds: a text of the entry itself, outside of the elements within
# (`<li><a>…</a> (30/10/2026)</li>`), or one between it and the next entry (`<a>…</a><br>30/10/2026<br><a>…`).
OWN_WORDS, WORDS_AFTER = ":scope", ":scope ~ *"
_MAX_DATE_CHARS, _MAX_DATE_LETTERS = 160, 70  # prose that mentions a day is longer
_MAX_BESIDE = 16  # texts and elements
_LETTER = re.compile(r"[^\W\d_]")
# what stands in such a part of a page leads somewhere, and is no entry of a list
_MENU = re.compile(
    r"(?:^|[-_])(?:menu|nav|navbar|navigation|dropdown|breadcrumbs?|footer|sitemap)(?:[-_]|$)", re.IGNORECASE
)
_MENU_TAGS = ("nav", "header", "footer")
_MAX_NESTING = 20  # each of nested items is searched whole: 1,000 of them would take minutes


class Nested(Exception):
    """The selector finds elements deep within one another: no list is laid out so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Printing:
    """How the dates of a list are printed. `zone` None: a date without one has no instant."""

    zone: tzinfo | None
    day_order: DayOrder
    fetched_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one layout finds. `items`: how many elements; the first `MAX_ITEMS` are read."""

    posts: tuple[PostData, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    items: int = 0
    notes: tuple[str, ...] = ()

    @property
    def dated(self) -> int:
        return sum(post.published.instant is not None for post in self.posts)


def read_list(
    page: BeautifulSoup, base: str, rules: ListRules, printing: Printing, *, profile: Profile | None = None
) -> Found:
    """The entries of a list, each address once, in page order.

    With a `profile` the rules are those of a kind of site, which fit many: elements that hold other entries, that stand in a menu or that have no
    link to a post are passed over. Without one they are somebody's own, and what cannot be read is told.

    Raises:
        Nested: the selector is no list's.
    """
    elements = select(page, rules.item)
    if profile is not None:
        if rules.holds:
            around = _around(select(page, rules.holds))
            elements = [each for each in elements if id(each) in around]
        holders = _around(above for each in elements if (above := each.parent) is not None)
        menus: dict[int, bool] = {}
        elements = [each for each in elements if id(each) not in holders and not _in_menu(each, menus)]
    if _nesting(elements[:MAX_ITEMS]) > _MAX_NESTING:
        raise Nested(f"{rules.item!r} finds elements within one another on the list page")
    clocks = {id(each) for selector in rules.not_a_date for each in select(page, selector)}
    posts: dict[str, PostData] = {}
    skipped: list[Skipped] = []
    for position, element in enumerate(elements[:MAX_ITEMS], start=1):
        post = _post(element, position, base, rules, clocks, profile, printing.fetched_at)
        if isinstance(post, PostData):
            # a post shown large on top and once more in the list below often has its date only there
            known = posts.setdefault(post.url, post)
            if post.published.raw and not known.published.raw:
                posts[post.url] = replace(known, published=post.published)
        elif profile is None:
            skipped.append(post)
    found = order_of([post.published.raw for post in posts.values()], printing.day_order)
    return Found(
        posts=tuple(replace(post, published=_read(post.published.raw, found, printing)) for post in posts.values()),
        skipped=tuple(skipped),
        items=len(elements),
        notes=(found.note,) if found.note else (),
    )


def _post(
    element: Tag,
    position: int,
    base: str,
    rules: ListRules,
    clocks: set[int],
    profile: Profile | None,
    fetched_at: datetime,
) -> PostData | Skipped:
    """One entry, its date as printed: what it means is decided by the whole list."""
    links = [link for link in select(element, rules.link) if link.get("href")]
    if element.name == "a" and element.get("href"):
        links.insert(0, element)
    urls = [url for link in links if (url := absolute(str(link["href"]), base))]
    if profile is not None:
        urls = [url for url in urls if profile.is_post(url)]
    titles = select(element, rules.title) if rules.title else []
    title = next(filter(None, (_title(each, rules) for each in [*titles, *links])), "")
    if not urls or not title:
        return Skipped(item=title[:80] or f"item {position}", reason="no web address" if not urls else "no title")
    printed = [raw for raw in _printed(element, rules, clocks, fetched_at) if raw]
    readable = [raw for raw in printed if parse_date(raw, origin="list").instant is not None]
    raw = next(iter(readable or printed), "")
    return PostData(
        title=profile.title_of(title) if profile else title,
        url=urls[0],
        stable_id=profile.key_of(urls[0]) if profile else None,
        published=replace(NO_DATE, raw=raw),
    )


def _title(element: Tag, rules: ListRules) -> str:
    """The words of a title, without those of the date that is printed inside it, or of its number in the list."""
    words = _without_number(value_of(element), element)
    if rules.date in ("", OWN_WORDS, WORDS_AFTER):
        return words
    for date in select(element, rules.date):
        # a style that fits dates in general may fit the title itself
        if parse_date(value_of(date)).instant is not None:
            words = one_line(words.replace(value_of(date), " ")) or words
    return words


def _without_number(words: str, element: Tag) -> str:
    """What the link calls itself (`title="…"`), where its words are the same but for numbers: a post's number changes with each newer one."""
    link = element if element.name == "a" else element.find_parent("a") or element.find("a")
    name = one_line(str(link.get("title") or "")) if link is not None else ""
    beside = words.replace(name, "", 1) if name else words
    return name if name and beside != words and not _LETTER.search(beside) else words


def _printed(element: Tag, rules: ListRules, clocks: set[int], fetched_at: datetime) -> list[str]:
    if not rules.date:
        return []
    if rules.date == OWN_WORDS:
        return [raw for text in element.strings if text.parent is element and _may_date(raw := one_line(text))]
    if rules.date == WORDS_AFTER:
        return list(filter(_may_date, _texts_after(element, rules.item, fetched_at)))
    found = select(element, rules.date)
    if clocks:
        found = [each for each in found if id(each) not in clocks and all(id(up) not in clocks for up in each.parents)]
    # what stands around several dates (of publishing, of the last change) would be read as one
    around = {id(up) for each in found for up in each.parents}
    found.sort(key=lambda each: id(each) in around)
    return [value_of(each) for each in found]


def _texts_after(element: Tag, item: str, fetched_at: datetime) -> list[str]:
    """What stands between an entry and the next one; behind the last one, where the page goes on, without its clock."""
    texts: list[str] = []
    for beside in itertools.islice(element.next_siblings, _MAX_BESIDE):
        if not isinstance(beside, Tag):
            texts.append(one_line(beside) if type(beside) is NavigableString else "")
        elif beside.css.match(item) or beside.css.select_one(item) is not None:
            return texts
        else:
            texts.append(value_of(beside))
    return [text for text in texts if not is_clock(text, fetched_at)]


def _may_date(raw: str) -> bool:
    return 0 < len(raw) <= _MAX_DATE_CHARS and len(_LETTER.findall(raw)) <= _MAX_DATE_LETTERS


def _read(raw: str, found: OrderFound, printing: Printing) -> ReadDate:
    if not raw:
        return NO_DATE
    date = parse_date(
        raw, default_zone=printing.zone, day_order=found.order, fetched_at=printing.fetched_at, origin="list"
    )
    return found.judged(date, raw)


def _around(elements: Iterable[Tag]) -> set[int]:
    """These elements and all that they stand in, each visited once."""
    found: set[int] = set()
    for element in elements:
        for each in (element, *element.parents) if id(element) not in found else ():
            if id(each) in found:
                break
            found.add(id(each))
    return found


def _in_menu(element: Tag, known: dict[int, bool]) -> bool:
    """Whether the element or one around it is a menu. `known` keeps what was found of those around."""
    path: list[int] = []
    found = False
    for each in (element, *element.parents):
        if each.name in ("body", "html", "[document]"):
            break
        if id(each) in known:
            found = known[id(each)]
            break
        path.append(id(each))
        classes = each.get("class") or ()
        names = [*classes, str(each.get("id") or "")] if not isinstance(classes, str) else [classes]
        if each.name in _MENU_TAGS or each.get("role") == "navigation" or any(map(_MENU.search, names)):
            found = True
            break
    known.update(dict.fromkeys(path, found))
    return found


def _nesting(items: list[Tag]) -> int:
    """How many other items hold the innermost one."""
    known = {id(item) for item in items}
    return max((sum(id(above) in known for above in item.parents) for item in items), default=0)
