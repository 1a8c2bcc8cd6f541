"""Reads a profile's table: every mistake is noted with its key and a way out, none stops the reading."""

import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from adapters.articles.article import ArticleRules
from adapters.profiles.profile import ListRules, PagerRules, Profile, Signs
from syncd.domain.model import LOCAL
from syncd.domain.toml_table import Table
from syncd.errors import ConfigError
from syncd.vietnamese.readings import DayOrder

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
_ARTICLE_SELECTORS = ("content", "title", "date", "author", "category", "attachments", "remove", "not_a_date")


def read_profile(path: Path, *, tried: bool = False) -> tuple[Profile | None, list[ConfigError]]:
    """One table of one file, named as the file is; None where anything is wrong with it.

    `tried`: its selectors are known to be selectors. To check those of our own tables costs 0.2 s, more than a hundred looks.
    """
    problems: list[ConfigError] = []
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return None, [ConfigError(f"not valid TOML: {error}", key=path.name, hint="mend the line named")]
    except OSError as error:
        return None, [ConfigError(f"cannot be read: {error.strerror}", key=path.name, hint="let syncd's user read it")]
    if not _NAME.fullmatch(path.stem):
        return None, [
            ConfigError("no name for a profile", key=path.name, hint="lower-case letters, digits and hyphens")
        ]
    profile = _profile(Table(data, f"{path.name}: ", problems), path.stem, _Selectors(tried=tried))
    return (None if problems else profile), problems


@dataclass(frozen=True, slots=True, kw_only=True)
class _Selectors:
    """Takes CSS selectors out of tables, and notes those that are none."""

    tried: bool

    def many(self, table: Table, name: str) -> tuple[str, ...]:
        found = table.texts(name)
        for selector in found:
            self._check(table, name, selector)
        return found

    def one(self, table: Table, name: str, default: str | None) -> str:
        selector = table.text(name, default)
        self._check(table, name, selector)
        return selector

    def _check(self, table: Table, name: str, selector: str) -> None:
        if self.tried or not selector:
            return
        try:
            check_selector(selector)
        except ValueError as error:
            table.problem(name, str(error), "try it in the browser's inspector")


def _profile(table: Table, name: str, css: _Selectors) -> Profile:
    dates = table.table("dates") or Table({}, "", [])
    day_order = _word(dates, "day_order", ("day-first", "month-first"))
    minutes = _word(dates, "minutes", ("auto", "reliable", "unreliable"))
    clocks = css.many(dates, "clocks")
    dates.finish()
    order: DayOrder = "month-first" if day_order == "month-first" else "day-first"
    feed_pager = table.table("feed_pager")
    profile = Profile(
        name=name,
        product=table.text("product"),
        signs=_signs(table.table("signs")),
        feeds=table.texts("feeds"),
        feed_pager=_pager(feed_pager, css) if feed_pager else None,
        sitemaps=table.texts("sitemaps"),
        window=table.whole("window", 0, low=1, high=10_000) or None,
        lists=tuple(_list(layout, clocks, css) for layout in table.tables("lists")),
        pager=_pager(table.table("pager"), css),
        article=_article(table.table("article"), clocks, order, css),
        minutes="reliable" if minutes == "reliable" else "unreliable" if minutes == "unreliable" else "auto",
        day_order=order,
        keys=_patterns(table, "keys", grouped=True),
        not_posts=_patterns(table, "not_posts"),
        strip_title=_patterns(table, "strip_title"),
        notes=table.texts("notes"),
    )
    table.finish()
    return profile


def _signs(table: Table | None) -> Signs:
    if table is None:
        return Signs()
    signs = Signs(**{each.name: _patterns(table, each.name) for each in fields(Signs)})
    table.finish()
    return signs


def _list(table: Table, clocks: tuple[str, ...], css: _Selectors) -> ListRules:
    rules = ListRules(
        item=css.one(table, "item", None),
        holds=css.one(table, "holds", ""),
        link=css.one(table, "link", "a"),
        title=css.one(table, "title", ""),
        date=css.one(table, "date", ""),
        not_a_date=(*css.many(table, "not_a_date"), *clocks),
    )
    table.finish()
    return rules


def _pager(table: Table | None, css: _Selectors) -> PagerRules:
    if table is None:
        return PagerRules()
    rules = PagerRules(
        links=_patterns(table, "links", grouped=True),
        next=css.many(table, "next"),
        address=table.text("address", ""),
        first=table.whole("first", 1),
        by="entries" if _word(table, "by", ("pages", "entries")) == "entries" else "pages",
    )
    if rules.address and "{page}" not in rules.address:
        table.problem("address", "address lacks {page}", 'such as "?page={page}" or "page/{page}/"')
    table.finish()
    return rules


def _article(table: Table | None, clocks: tuple[str, ...], order: DayOrder, css: _Selectors) -> ArticleRules:
    if table is None:
        return ArticleRules(not_a_date=clocks, day_order=order)
    found = {name: css.many(table, name) for name in _ARTICLE_SELECTORS}
    found["not_a_date"] = (*found["not_a_date"], *clocks)
    rules = ArticleRules(**found, generic=table.truth("generic", True), zone=LOCAL, day_order=order)
    table.finish()
    return rules


def _word(table: Table, name: str, allowed: tuple[str, ...]) -> str:
    word = table.text(name, allowed[0])
    if word not in allowed:
        table.problem(name, f"{name} cannot be {word!r}", f"one of {', '.join(allowed)}")
    return word


def _patterns(table: Table, name: str, *, grouped: bool = False) -> tuple[re.Pattern[str], ...]:
    made = []
    for text in table.texts(name):
        try:
            pattern = re.compile(text, re.IGNORECASE)
        except re.error as error:
            table.problem(name, f"{text!r} is no regular expression: {error}", "a literal . is written \\\\.")
            continue
        if grouped and not pattern.groups:
            table.problem(name, f"{text!r} has no group", "put brackets round the number")
        made.append(pattern)
    return tuple(made)


def check_selector(selector: str) -> None:
    """Raise ValueError for what is no CSS selector."""
    from bs4 import BeautifulSoup  # with its selectors 60 ms, and most processes check none

    from adapters.html import select

    select(BeautifulSoup("", "lxml"), selector)
