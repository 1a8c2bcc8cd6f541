"""Finds an adapter's class by family and kind: the built-in ones, then entry points `syncd.<family>` of other packages."""

import importlib
from collections.abc import Sequence
from functools import cache, cached_property
from pathlib import Path
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
    from importlib.metadata import entry_points  # costs 25 ms, and only kinds of other packages need it

    third_party = {point.name: point for point in entry_points(group=f"syncd.{family}")}
    if kind in third_party:
        return cast(type[Any], third_party[kind].load())
    known = ", ".join(sorted([*builtin, *third_party]))
    raise ConfigError(f'no {family} adapter is called "{kind}"', key=key, value=kind, hint=f"known kinds: {known}")


def http_client_class() -> Any:
    """The one HTTP client and its settings are an adapter too: loaded by name like the rest."""
    return _load("adapters.http.client:PoliteClient")


def http_settings_class() -> Any:
    return _load("adapters.http.client:HttpSettings")


def canaries_class() -> Any:
    return _load("adapters.canaries:CanaryAddresses")


def canary_address() -> Any:
    """`host_and_port(text)`: the parts of a canary's address; raises ValueError for what is none."""
    return _load("adapters.canaries:host_and_port")


def file_fetcher() -> Any:
    return _load("adapters.post_files:FileFetcher")


def page_standing() -> Any:
    return _load("adapters.standing:PageStanding")


def public_answer() -> Any:
    return _load("adapters.answering:PublicAnswer")


def site_probe() -> Any:
    """`probe_site(http, url, clock, articles, unit=, taken=)`: what would be read at an address, as one document."""
    return _load("adapters.probing.report:probe_site")


def article_probe() -> Any:
    """`probe_article(http, url, clock, articles)`: what one article's page tells, as one document."""
    return _load("adapters.probing.report:probe_article")


def page_reader() -> Any:
    """`PageReader(clock=…)`: reads articles out of pages for every source, until `close()`."""
    return _load("adapters.articles.worker:ArticleWorker")


def file_texts() -> Any:
    """`FileTexts()`: reads the text of attachments and tells the secrecy marks in it, until `close()`."""
    return _load("adapters.file_text.worker:FileTexts")


def site_profiles(folder: Path | None) -> Sequence[Any]:
    """What is known of kinds of website, an operator's own tables of `folder` first; read when first looked into.

    Looking into it raises ConfigInvalid, where a table cannot be read.
    """
    return _Profiles(folder)


class _Profiles(Sequence[Any]):
    """Read late: to check the selectors of all tables costs more than a hundred looks at feeds, which never ask for them."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    @cached_property
    def _read(self) -> tuple[Any, ...]:
        profiles: tuple[Any, ...] = _load("adapters.site_profiles:load_profiles")(self._folder)
        return profiles

    def __getitem__(self, place: Any) -> Any:
        return self._read[place]

    def __len__(self) -> int:
        return len(self._read)


@cache  # asked once a source
def _builtin(family: str) -> dict[str, str]:
    table: dict[str, dict[str, str]] = importlib.import_module("adapters").BUILTIN
    return table[family]


@cache
def _load(name: str) -> Any:
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)
