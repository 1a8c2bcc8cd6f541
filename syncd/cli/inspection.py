"""Looking at the world without a database: the configuration's neighbours, one address, the examples of rule sets."""

import tomllib
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from syncd import registry
from syncd.application.figures.statements import instant_as_json
from syncd.bootstrap import http_client, portal_adapter, source_adapter
from syncd.config import Config
from syncd.domain.examples import run_examples
from syncd.domain.model import SourceId, UnitId
from syncd.domain.rules import parse_ruleset
from syncd.errors import ForeignError, UsageError
from syncd.ports.clock import Clock
from syncd.ports.source import Known, Reading

Problem = dict[str, str | None]


def gaps(config: Config) -> list[str]:
    """What is allowed but worth a thought: days without a rule set, units without editors or sources."""
    notes = [
        f"từ {first:%d/%m/%Y} đến {last:%d/%m/%Y} không có bộ quy tắc nào" for first, last in config.rulesets.gaps()
    ]
    for unit in config.units:
        if not unit.editors:
            notes.append(f"{unit.id}: không có địa chỉ thư của người biên tập (editors)")
        if not unit.sources:
            notes.append(f"{unit.id}: không có trang nguồn; chỉ đếm theo Cổng (sources)")
    return notes


def reach(config: Config, clock: Clock) -> list[Problem]:
    """Reach every neighbour once: each source, the portal (authenticated), the mail server."""
    http = http_client(config, clock)
    problems: list[Problem] = []
    with closing(registry.page_reader()()) as articles:
        for index, unit in enumerate(config.units):
            for number, table in enumerate(config.sources.get(unit.id, ())):
                source = source_adapter(table, UnitId(unit.id), http, clock, articles)
                problems += _failing(
                    f"units[{index}].sources[{number}].url", lambda source=source: source.read(Known())
                )
    problems += _failing("portal", lambda: portal_adapter(config, http, clock).verify())
    mailer = config.mail_adapter.adapter(config.mail_adapter.settings, clock=clock)
    problems += _failing("mail", mailer.verify)
    return problems


def _failing(key: str, call: Any) -> Iterator[Problem]:
    try:
        call()
    except ForeignError as error:
        yield {"key": key, "message": str(error), "hint": error.hint}


def rule_examples(file: Path | None, config: Config | None) -> dict[str, Any]:
    """Run the examples written inside rule sets: of one file, or of those in force."""
    if file is not None:
        try:
            data = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{file} cannot be read: {error}") from error
        rulesets = [
            parse_ruleset(
                data,
                origin=file.name,
                id=file.stem,
                in_force_from=date.min,
                in_force_to=None,
                document=str(data.get("document", "")),
            )
        ]
    else:
        assert config is not None
        rulesets = list(config.rulesets)
    cases = [
        {
            "ruleset": rules.id,
            "name": result.name,
            "ok": result.ok,
            "detail": result.problem or f"{result.expected} ≠ {result.found}",
        }
        for rules in rulesets
        for result in run_examples(rules)
    ]
    return {"ok": all(case["ok"] for case in cases), "cases": cases}


def _probing_client(allow: Sequence[str], clock: Clock) -> Any:
    settings = registry.http_settings_class()(
        user_agent="syncd/0.1 (probe)", contact="", spacing_s=0.2, allow_addresses=tuple(allow)
    )
    return registry.http_client_class()(settings, clock=clock)


def probe(url: str, allow: Sequence[str], clock: Clock) -> dict[str, Any]:
    """What a `feed` source would read at an address; a page that announces a feed leads to that feed.

    Raises:
        SourceError: nothing can be read there; the hint says what was seen.
    """
    client = _probing_client(allow, clock)
    name = _unit_name(url)
    feed_url = registry.feed_finder()(client, url)
    adapter = registry.adapter_class("sources", "feed", key="probe")
    with closing(registry.page_reader()()) as articles:
        source = adapter(
            adapter.Settings(url=feed_url),
            id=SourceId(f"{name}/1"),
            unit=UnitId(name),
            http=client,
            clock=clock,
            articles=articles,
        )
        return _described(source.read(Known()), url, feed_url, name)


def _unit_name(url: str) -> str:
    host = (urlsplit(url).hostname or "don-vi").removeprefix("www.")
    return (
        "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in host.split(".")[0]).strip("-")
        or "don-vi"
    )


def _described(reading: Reading, url: str, feed_url: str, name: str) -> dict[str, Any]:
    return {
        "url": url,
        "kind": "feed",
        "feed_url": feed_url,
        "title": reading.feed_title,
        "posts": [
            {
                "title": post.title,
                "url": post.url,
                "published_at": instant_as_json(post.published.instant),
                "precision": post.published.precision.value,
                "date_raw": post.published.raw,
                "date_source": post.published.origin,
                "date_doubt": post.published.doubt,
                "author": post.author,
                "categories": list(post.categories),
            }
            for post in reading.posts
        ],
        "skipped": [{"item": item.item, "reason": item.reason} for item in reading.skipped],
        "notes": list(reading.notes),
        "config": (
            "[[units]]\n"
            f'id = "{name}"\nname = {_quoted(reading.feed_title or name)}\ngroup = "…"\neditors = []\n'
            f'sources = [\n  {{ kind = "feed", url = {_quoted(feed_url)}{_window(reading)} }},\n]'
        ),
    }


def _window(reading: Reading) -> str:
    """A short list may be a site's whole life or its five newest: the careful reading is written out, for the operator to judge."""
    return f", window = {len(reading.posts)}" if reading.posts and not reading.full else ""


def _quoted(text: str) -> str:
    """A TOML basic string."""
    escaped = "".join(
        f"\\u{ord(char):04X}" if ord(char) < 32 or ord(char) == 127 else {'"': '\\"', "\\": "\\\\"}.get(char, char)
        for char in text
    )
    return f'"{escaped}"'


def probe_article(url: str, allow: Sequence[str], clock: Clock) -> dict[str, Any]:
    """What one article's page tells.

    Raises:
        SourceError: it cannot be read.
    """
    post = registry.article_reader()(_probing_client(allow, clock), url, clock)
    return {
        "title": post.title,
        "url": post.url,
        "canonical_url": post.canonical_url,
        "published_at": instant_as_json(post.published.instant),
        "precision": post.published.precision.value,
        "author": post.author,
        "text": post.summary,
        "html": post.html,
        "images": [{"url": image.url, "alt": image.alt, "caption": image.caption} for image in post.images],
    }
