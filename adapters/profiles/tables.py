"""Reads a profile's table: every mistake is noted with its key and a way out, none stops the reading."""

import re
import tomllib
from dataclasses import fields
from pathlib import Path

from bs4 import BeautifulSoup

from adapters.articles.article import ArticleRules
from adapters.html import select
from adapters.profiles.profile import ListRules, PagerRules, Profile, Signs
from syncd.domain.model import LOCAL
from syncd.domain.toml_table import Table
from syncd.errors import ConfigError
from syncd.vietnamese.dates import DayOrder

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")
_EMPTY = BeautifulSoup("", "lxml")
_ARTICLE_SELECTORS = ("content", "title", "date", "author", "category", "attachments", "remove", "not_a_date")


def read_profile(path: Path) -> tuple[Profile | None, list[ConfigError]]:
    """One table of one file, named as the file is; None where anything is wrong with it."""
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
    profile = _profile(Table(data, f"{path.name}: ", problems), path.stem)
    return (None if problems else profile), problems


def _profile(table: Table, name: str) -> Profile:
    dates = table.table("dates") or Table({}, "", [])
    day_order = _word(dates, "day_order", ("day-first", "month-first"))
    minutes = _word(dates, "minutes", ("auto", "reliable", "unreliable"))
    clocks = _selectors(dates, "clocks")
    dates.finish()
    order: DayOrder = "month-first" if day_order == "month-first" else "day-first"
    feed_pager = table.table("feed_pager")
    profile = Profile(
        name=name,
        product=table.text("product"),
        signs=_signs(table.table("signs")),
        feeds=table.texts("feeds"),
        feed_pager=_pager(feed_pager) if feed_pager else None,
        sitemaps=table.texts("sitemaps"),
        window=table.whole("window", 0, low=1, high=10_000) or None,
        lists=tuple(_list(layout, clocks) for layout in table.tables("lists")),
        pager=_pager(table.table("pager")),
        article=_article(table.table("article"), clocks, order),
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


def _list(table: Table, clocks: tuple[str, ...]) -> ListRules:
    rules = ListRules(
        item=_selector(table, "item", None),
        holds=_selector(table, "holds", ""),
        link=_selector(table, "link", "a"),
        title=_selector(table, "title", ""),
        date=_selector(table, "date", ""),
        not_a_date=(*_selectors(table, "not_a_date"), *clocks),
    )
    table.finish()
    return rules


def _pager(table: Table | None) -> PagerRules:
    if table is None:
        return PagerRules()
    rules = PagerRules(
        links=_patterns(table, "links", grouped=True),
        next=_selectors(table, "next"),
        address=table.text("address", ""),
        first=table.whole("first", 1),
        by="entries" if _word(table, "by", ("pages", "entries")) == "entries" else "pages",
    )
    if rules.address and "{page}" not in rules.address:
        table.problem("address", "address lacks {page}", 'such as "?page={page}" or "page/{page}/"')
    table.finish()
    return rules


def _article(table: Table | None, clocks: tuple[str, ...], order: DayOrder) -> ArticleRules:
    if table is None:
        return ArticleRules(not_a_date=clocks, day_order=order)
    found = {name: _selectors(table, name) for name in _ARTICLE_SELECTORS}
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


def _selectors(table: Table, name: str) -> tuple[str, ...]:
    found = table.texts(name)
    for selector in found:
        _check_selector(table, name, selector)
    return found


def _selector(table: Table, name: str, default: str | None) -> str:
    selector = table.text(name, default)
    _check_selector(table, name, selector)
    return selector


def _check_selector(table: Table, name: str, selector: str) -> None:
    try:
        if selector:
            select(_EMPTY, selector)
    except ValueError as error:
        table.problem(name, str(error), "try it in the browser's inspector")
