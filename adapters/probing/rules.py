"""The selectors of one learned list: entry, link, title and date, each tried on every entry of the page it was learned on."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from urllib.parse import urldefrag

from adapters.html import absolute
from adapters.probing.blocks import Block, Entry
from adapters.probing.dated import DatedElement, read_printed
from adapters.probing.selectors import Compound, Selector, for_all, inside
from adapters.probing.tree import Element, up, words_of
from syncd.vietnamese.text import one_line

# as the page source understands them: the entry's own words outside of the elements within, and what stands between it and the next
ENTRY_ITSELF, AFTER_ENTRY = ":scope", ":scope ~ *"
_TOLERATED = 0.1  # the share of entries for which a selector within them may fail
_MAX_LEVELS = 8
_ENTRY_TAGS = ("li", "tr", "article", "div", "dl", "section")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRule:
    """CSS selectors as a page source takes them; `title` and `date` may be empty."""

    item: str
    link: str = "a"
    title: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True)
class _Level:
    """One choice of what the entries are, with the date each prints."""

    items: Sequence[Element]
    entries: Sequence[Entry]
    dates: Sequence[DatedElement | None]


def rule_for(
    block: Block, root: Element, base: str, fetched_at: datetime, *, dated: bool, welcome: Mapping[str, Entry]
) -> ListRule | None:
    """The cheapest working selectors for a block; None where no reliable ones can be had.

    `welcome` are other posts of the page, by address: to find them too is no fault.
    """
    best: tuple[float, ListRule] | None = None
    for level in _levels(block, dated):

        def judge(extras: list[Element], level: _Level = level) -> float:
            after = any(date is not None and date.where == "after" for date in level.dates)
            return _fault_of(extras, base, welcome, len(level.items), between=after)

        item = for_all(list(level.items), root, judge)
        if item is None or item.cost > 12:
            continue
        cost = item.cost + (0 if level.items[0].tag in _ENTRY_TAGS else 0.7)
        if best is not None and cost >= best[0]:
            continue
        link = _link(level, base)
        if link is None:
            continue
        title = _title(level, link)
        date = _date(level, fetched_at) if dated else ""
        if title is None or date is None:
            continue
        best = (cost, ListRule(item=str(item), link=link, title=title, date=date))
    return best[1] if best is not None else None


def _levels(block: Block, dated: bool) -> Iterable[_Level]:
    """The entries of a block taken as ever larger elements, from the link up; with their dates, where they have them."""
    path = block.dated_path if dated else None
    dates = [next((d for d in entry.dates if d.way == path), None) for entry in block.entries]
    chains = [[entry.link.element, *_climb(entry)] for entry in block.entries]
    length = min(len(chain) for chain in chains)
    for step in range(min(length, _MAX_LEVELS)):
        items = [chain[step] for chain in chains]
        if len({item.tag for item in items}) > 1 or len(set(items)) < len(items):
            continue
        holding = [date is None or _is_in(date, item) for date, item in zip(dates, items, strict=True)]
        if all(holding):
            yield _Level(items, block.entries, dates)


def _climb(entry: Entry) -> Iterable[Element]:
    if entry.link.element is entry.element:
        return
    for above in up(entry.link.element):
        yield above
        if above is entry.element:
            return


def _is_in(date: DatedElement, item: Element) -> bool:
    if date.where == "after":
        return date.element is item
    return (date.where == "own" and date.element is item) or any(
        above is item for above in date.element.iterancestors()
    )


def _fault_of(extras: list[Element], base: str, welcome: Mapping[str, Entry], count: int, *, between: bool) -> float:
    """What is wrong with elements found beside the entries: a linked one would become a post; `between`: any would part an entry from its date."""
    fault = 0.0
    for extra in extras:
        urls = list(filter(None, (_address(link.get("href") or "", base) for link in _links(extra))))
        if not urls:
            fault += 1 if between else 0.05
        elif not any(url in welcome for url in urls) or len(set(urls)) > 4:
            fault += 1
    return fault * 10 / max(count, 5)


def _links(element: Element) -> list[Element]:
    own = [element] if element.tag == "a" and element.get("href") else []
    return own + [link for link in element.iterdescendants("a") if link.get("href")]


@lru_cache(maxsize=8192)
def _address(href: str, base: str) -> str:
    return "" if href.startswith(("#", "javascript:")) else urldefrag(absolute(href, base)).url


def _link(level: _Level, base: str) -> str | None:
    """A selector whose first link in each entry is the post's."""
    if level.items[0].tag == "a":
        return "a"
    pairs = [(item, entry.link.element) for item, entry in zip(level.items, level.entries, strict=True)]
    plain = Selector((Compound(tag="a"),))
    for selector in (plain, *inside(pairs)):
        failures = 0
        for item, entry in zip(level.items, level.entries, strict=True):
            found = [link for link in selector.find(item) if link.tag == "a" and link.get("href")]
            urls = filter(None, (_address(link.get("href") or "", base) for link in found))
            if next(urls, "") != entry.link.url:
                failures += 1
        if failures <= _TOLERATED * len(level.items):
            return str(selector)
    return None


def _title(level: _Level, link: str) -> str | None:
    """A selector for the titles, empty where the link's words are the title; None where none finds them."""

    def first_words(item: Element) -> str:
        links = _links(item) if link == "a" else []
        return next((words for each in links if (words := words_of(each))), "")

    plain = all(entry.link.title is entry.link.element for entry in level.entries)
    matches = (first_words(item) == entry.link.text for item, entry in zip(level.items, level.entries, strict=True))
    if plain and (link != "a" or _mostly(matches)):
        return ""
    pairs = [(item, entry.link.title) for item, entry in zip(level.items, level.entries, strict=True)]
    return _first_fitting(pairs, lambda item, entry, words: words == entry.link.text, level)


def _first_fitting(
    pairs: Sequence[tuple[Element, Element]], right: Callable[[Element, Entry, str], bool], level: _Level
) -> str | None:
    for selector in inside(pairs):
        results = []
        for item, entry in zip(level.items, level.entries, strict=True):
            words = next((words for found in selector.find(item) if (words := words_of(found))), "")
            results.append(right(item, entry, words))
        if _mostly(results):
            return str(selector)
    return None


def _date(level: _Level, fetched_at: datetime) -> str | None:
    """A selector whose first readable date in each entry is the entry's; None where none is right for them all."""
    having = [(item, date) for item, date in zip(level.items, level.dates, strict=True) if date is not None]
    pairs = [(item, date.element) for item, date in having if date.element is not item]
    if len(pairs) == len(having):
        for selector in inside(pairs):
            if _mostly(_reads(selector, item, date, fetched_at) for item, date in having):
                return str(selector)
    for where, special in (("own", ENTRY_ITSELF), ("after", AFTER_ENTRY)):
        if all(date.where == where and date.element is item for item, date in having):
            return special
    return None


def _reads(selector: Selector, item: Element, wanted: DatedElement, fetched_at: datetime) -> bool:
    for found in selector.find(item):
        raw = one_line(str(found.get("datetime") or "")) if found.tag == "time" else ""
        date = read_printed(raw or words_of(found), fetched_at)
        if date is not None:
            return date.instant == wanted.date.instant
    return False


def _mostly(results: Iterable[bool]) -> bool:
    kept = list(results)
    return bool(kept) and kept.count(False) <= _TOLERATED * len(kept)
