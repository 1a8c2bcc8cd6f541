"""Finds an adapter's class by family and kind: the built-in ones, then entry points `syncd.<family>` of other packages."""

import importlib
from importlib.metadata import entry_points
from typing import Any, cast

from syncd.errors import ConfigError

FAMILIES = ("sources", "portals", "ranking", "mail")


def adapter_class(family: str, kind: str, *, key: str) -> type[Any]:
    """The class of one adapter. A built-in name cannot be taken over.

    Raises:
        ConfigError: no such kind, at `key`; the hint lists the known ones.
    """
    builtin = _builtin(family)
    if kind in builtin:
        return cast(type[Any], _load(builtin[kind]))
    third_party = {point.name: point for point in entry_points(group=f"syncd.{family}")}
    if kind in third_party:
        return cast(type[Any], third_party[kind].load())
    known = ", ".join(sorted([*builtin, *third_party]))
    raise ConfigError(f'no {family} adapter is called "{kind}"', key=key, value=kind, hint=f"known kinds: {known}")


def http_client_class() -> Any:
    """The one HTTP client and its settings are an adapter too: loaded by name like the rest."""
    return _load("adapters.http:PoliteClient")


def http_settings_class() -> Any:
    return _load("adapters.http:HttpSettings")


def image_fetcher() -> Any:
    return _load("adapters.images:ImageFetcher")


def feed_finder() -> Any:
    """`find_feed(http, url)`: the address of the feed behind a page."""
    return _load("adapters.sources.probing:find_feed")


def article_reader() -> Any:
    """`read_article(http, url, clock)`: one article by what its page says of itself."""
    return _load("adapters.sources.probing:read_article")


def page_reader() -> Any:
    """`PageReader()`: reads articles out of pages for every source, until `close()`."""
    return _load("adapters.articles.reading:DirectReader")


def _builtin(family: str) -> dict[str, str]:
    table: dict[str, dict[str, str]] = importlib.import_module("adapters").BUILTIN
    return table[family]


def _load(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)
