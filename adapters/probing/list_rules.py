"""Learns how a list page is read: which repeated blocks of it are posts, and the selectors that find them.

What is looked for is a title that links to an address of the site, again and again in elements made alike, best with a
date beside each. A date in the page's header, in a title or in a summary is none of an entry's.
"""

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from adapters.probing.blocks import (
    Block,
    Entry,
    blocks_of,
    is_article_address,
    is_file,
    own_hosts,
    same_site,
    title_links,
)
from adapters.probing.dated import own_words
from adapters.probing.places import MAIN, place_of, place_of_heading
from adapters.probing.rules import ListRule, rule_for
from adapters.probing.tree import Element, base_of_tree, tree_of, up, words_of
from syncd.vietnamese.text import one_line

_ENOUGH = 40  # entries; more of them say little more about a block
_MIN_DATED, _MIN_UNDATED = 2, 4
_MAX_TRIED = 8
_COMPARABLE, _MAX_BLOCKS = 0.4, 5
_WORTH = 0.3  # of a place: what is only mentioned beside something else is no list
_MIN_PROSE = 80  # characters of a paragraph; a lead in a list may be as long, but stands in a holder of its own
_STATED_ARTICLE, _SHORT_ARTICLE, _LONG_ARTICLE = 400, 900, 1_800
_DATED = 0.6  # the share of entries with a date that makes a list a dated one
_DOCUMENT = re.compile(
    r"^\W*(?:(?:công văn|quyết định|nghị định|thông tư|chỉ thị|nghị quyết|quy chuẩn|luật|QĐ|NĐ|TT|CV|NQ|CT)\b"
    r"|(?:thông báo|tờ trình|báo cáo|hướng dẫn|kế hoạch|v/v)?[\s:]*(?:số\s*:?\s*)?\d{1,5}\s*[-/]\s*(?:\d{4}\s*/\s*)?[A-ZĐ]{2,})",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """A rule, the addresses it is expected to find, and what is to be said of it (keys of the probe's wording)."""

    rule: ListRule
    urls: tuple[str, ...]
    dated: float
    doubts: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingLearned:
    """Why no list was found: `empty`, `article`, `documents`, `menus`, `no_links`."""

    reason: str


def learn(page: str, url: str, fetched_at: datetime) -> list[Learned] | NothingLearned:
    """The rules that fit a page, the best first, or why there is none.

    Raises:
        PageTooLarge: it is no page made to be read.
    """
    root = tree_of(page)
    if root is None or len(words_of(root)) < 20:
        return NothingLearned(reason="empty")
    base = base_of_tree(root, url)
    links = title_links(root, base)
    hosts = own_hosts(root, url, links)
    blocks = blocks_of(root, links, fetched_at)
    longest, mostly = prose_of(root)
    article = mostly and longest > (_STATED_ARTICLE if says_article(root) else _LONG_ARTICLE)
    if not blocks:
        reason = "article" if article else "menus" if links else "no_links"
        return NothingLearned(reason=reason)
    scored = sorted(
        ((_score(block, base, hosts), number, block) for number, block in enumerate(blocks)),
        reverse=True,
        key=lambda each: (each[0], -each[1]),
    )
    worth = [(score, block) for score, _, block in scored if score > 0][:_MAX_TRIED]
    if longest > _SHORT_ARTICLE:  # beside a text stand the newest posts of the site, on each of its pages
        worth = [(score, block) for score, block in worth if block.place == MAIN]
    if article:  # what it lists beside its text are other articles
        worth = [(score, block) for score, block in worth if len(block.entries) >= (5 if _dated(block) else 15)]
    learned = [
        (score, found)
        for score, block in worth
        if (found := _learned(block, blocks, root, base, fetched_at)) is not None
    ]
    if learned:
        together = _together(learned)
        rules = [_with_leading(together, worth, blocks, root, base, fetched_at), together]
        rules += [found for _, found in learned]
        return list({found.rule: found for found in rules}.values())
    if article:
        return NothingLearned(reason="article")
    documents = any(_documents(block) and len(block.entries) >= _MIN_UNDATED for block in blocks)
    return NothingLearned(reason="documents" if documents else "menus")


def _together(learned: Sequence[tuple[float, Learned]]) -> Learned:
    """The best rule, widened to further blocks of the page that are read alike: a home page has one for each section."""
    best_score, best = learned[0]
    items, urls = [best.rule.item], dict.fromkeys(best.urls)
    for score, other in learned[1:]:
        alike = (other.rule.link, other.rule.title, other.rule.date) == (
            best.rule.link,
            best.rule.title,
            best.rule.date,
        )
        if not alike or other.doubts != best.doubts or score < _COMPARABLE * best_score or len(items) == _MAX_BLOCKS:
            continue
        if other.rule.item not in items and not set(other.urls) <= set(urls):
            items.append(other.rule.item)
            urls |= dict.fromkeys(other.urls)
    return replace(best, rule=replace(best.rule, item=", ".join(items)), urls=tuple(urls))


def _with_leading(
    best: Learned,
    worth: Sequence[tuple[float, Block]],
    blocks: Sequence[Block],
    root: Element,
    base: str,
    fetched_at: datetime,
) -> Learned:
    """The rule with the one or two posts that lead the list and are made larger than the rest."""
    main = worth[0][1]
    holders = [holder for entry in main.entries for holder in list(up(entry.element))[:3]]
    for block in blocks:
        leading = block.entries[0]
        if len(block.entries) > 2 or block.place < main.place or _dated(block) != _dated(main):
            continue
        if leading.link.url in best.urls or leading.element.getparent() not in holders:
            continue
        if not is_article_address(leading.link.url, base):
            continue
        found = _learned(block, blocks, root, base, fetched_at)
        if found is None or (found.rule.link, found.rule.title) != (best.rule.link, best.rule.title):
            continue
        dates = dict.fromkeys(filter(None, (best.rule.date, found.rule.date)))
        rule = replace(best.rule, item=f"{best.rule.item}, {found.rule.item}", date=", ".join(dates))
        return replace(best, rule=rule, urls=(*found.urls, *best.urls))
    return best


def prose_of(root: Element) -> tuple[int, bool]:
    """The characters of prose in the column of the page that has most, and whether that is most of the page's prose."""
    prose: dict[Element, int] = {}
    for element in root.iter("p", "div", "td", "section", "article"):
        if element.tag == "p":
            words, holder = len(words_of(element)), element.getparent()
        else:  # paragraphs parted by <br>
            words, holder = len(one_line(" ".join(own_words(element)))), element
        if words > _MIN_PROSE and holder is not None:
            prose[holder] = prose.get(holder, 0) + words
    longest = max(prose.values(), default=0)
    return longest, longest > 0.5 * sum(prose.values())


def says_article(root: Element) -> bool:
    """Whether the page states that it is an article, as sites tell social networks."""
    names = {
        (meta.get("property") or meta.get("name") or "").lower(): (meta.get("content") or "").lower()
        for meta in root.iter("meta")
    }
    return "article" in names.get("og:type", "") or "article:published_time" in names


def _score(block: Block, base: str, hosts: Sequence[str]) -> float:
    """How likely the block is the site's list of posts; 0: it is none."""
    entries = block.entries
    count = len(entries)
    addresses = sum(is_article_address(entry.link.url, base) for entry in entries) / count
    own = sum(same_site(entry.link.url, hosts) for entry in entries) / count
    words = statistics.median(entry.link.words for entry in entries)
    different = len({entry.link.text for entry in entries}) / count
    dated = _share_dated(block)
    if count < (_MIN_DATED if dated >= _DATED else _MIN_UNDATED) or own < 0.5 or different < 0.5:
        return 0.0
    if dated < _DATED and (words < 6 or addresses < 0.5):
        return 0.0
    if dated >= _DATED and words < 4:
        return 0.0
    if _documents(block) and dated < _DATED:
        return 0.0
    place = block.place * place_of_heading(_holder(block))
    if place < _WORTH:
        return 0.0
    score: float = (
        min(count, _ENOUGH) ** 0.6
        * min((words - 2) / 6, 1.0)
        * (0.2 + dated)
        * (0.4 + 0.6 * addresses)
        * own
        * different
    )
    score *= 0.35 if _documents(block) else 1.0
    score *= 0.3 if sum(is_file(entry.link.url) for entry in entries) / count > 0.5 else 1.0
    return score * place


def _share_dated(block: Block) -> float:
    path = block.dated_path
    if path is None:
        return 0.0
    return sum(any(date.way == path for date in entry.dates) for entry in block.entries) / len(block.entries)


def _dated(block: Block) -> bool:
    return _share_dated(block) >= _DATED


def _documents(block: Block) -> bool:
    """Whether the entries are decrees and letters by their numbers, not news."""
    return sum(_DOCUMENT.search(entry.link.text) is not None for entry in block.entries) / len(block.entries) >= 0.5


def _holder(block: Block) -> Element:
    """The element that holds the entries of a block."""
    first = block.entries[0].element
    parent = first.getparent()
    return first if parent is None else parent


def _learned(block: Block, blocks: Sequence[Block], root: Element, base: str, fetched_at: datetime) -> Learned | None:
    dated = _dated(block)
    welcome = _welcome(block, blocks, dated, base)
    rule = rule_for(block, root, base, fetched_at, dated=dated, welcome=welcome)
    if rule is None:
        return None
    doubts = []
    if not dated:
        doubts.append("no_dates_in_list")
    if _documents(block):
        doubts.append("documents")
    if block.place < MAIN:
        doubts.append("beside_the_main_part")
    urls = tuple(entry.link.url for entry in block.entries)
    return Learned(rule=rule, urls=urls, dated=_share_dated(block), doubts=tuple(doubts))


def _welcome(block: Block, blocks: Sequence[Block], dated: bool, base: str) -> dict[str, Entry]:
    """Entries of other blocks that the rule may find as well, by address: posts in no worse a place, dated where these are."""
    found: dict[str, Entry] = {}
    for other in blocks:
        if other is block or other.place < block.place:
            continue
        if _documents(other) != _documents(block):
            continue
        for entry in other.entries:
            if (
                (not dated or entry.dates)
                and is_article_address(entry.link.url, base)
                and place_of(entry.element) >= block.place
            ):
                found[entry.link.url] = entry
    return found
