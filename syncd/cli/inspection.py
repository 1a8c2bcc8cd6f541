"""Looking at the world without a database: the configuration's neighbours, one address, the examples of rule sets."""

import tomllib
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from syncd import registry
from syncd.bootstrap import http_client, portal_adapter, source_adapter
from syncd.cli.probe_wording import sentence
from syncd.config import Config
from syncd.domain.examples import run_examples
from syncd.domain.model import UnitId
from syncd.domain.rules import parse_ruleset
from syncd.errors import ForeignError, UsageError
from syncd.ports.clock import Clock
from syncd.ports.source import Known

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


def reach(config: Config, clock: Clock) -> tuple[list[Problem], list[str]]:
    """Reach every neighbour once: each source, the portal (authenticated), the mail server. What is wrong, and what the portal says of itself."""
    http = http_client(config, clock)
    problems: list[Problem] = []
    said: list[str] = []
    with closing(registry.page_reader()(clock=clock)) as articles:
        for index, unit in enumerate(config.units):
            for number, table in enumerate(config.sources.get(unit.id, ())):
                source = source_adapter(
                    table, UnitId(unit.id), http, clock, articles, registry.site_profiles(config.profiles)
                )
                problems += _failing(
                    f"units[{index}].sources[{number}].url", lambda source=source: source.read(Known())
                )
    problems += _failing("portal", lambda: said.append(f"Cổng: {portal_adapter(config, http, clock).verify()}"))
    mailer = config.mail_adapter.adapter(config.mail_adapter.settings, clock=clock)
    problems += _failing("mail", mailer.verify)
    return problems, said


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


@contextmanager
def probing(allow: Sequence[str], clock: Clock) -> Iterator[tuple[Any, Any]]:
    """A client and an article reader for probes; both may be shared by threads."""
    settings = registry.http_settings_class()(
        user_agent="syncd/0.1 (probe)", contact="", spacing_s=0.2, allow_addresses=tuple(allow)
    )
    http = registry.http_client_class()(settings, clock=clock)
    with closing(registry.page_reader()(clock=clock)) as articles:
        try:
            yield http, articles
        finally:
            http.abort()


def probe(url: str, allow: Sequence[str], clock: Clock, language: str = "vi") -> dict[str, Any]:
    """What would be read at an address: a feed, the feed of its site, or the list on its page.

    Raises:
        SourceError: nothing can be read there; the hint says what was seen.
    """
    with probing(allow, clock) as (http, articles):
        return in_words(registry.site_probe()(http, url, clock, articles), language)


def in_words(document: dict[str, Any], language: str) -> dict[str, Any]:
    """The probe's document with a sentence for each doubt."""
    doubtful = [{**doubt, "message": sentence(doubt["kind"], doubt, language)} for doubt in document["doubtful"]]
    return {**document, "doubtful": doubtful}


def probe_article(url: str, allow: Sequence[str], clock: Clock) -> dict[str, Any]:
    """What one article's page tells.

    Raises:
        SourceError: it cannot be read.
    """
    with probing(allow, clock) as (http, articles):
        document: dict[str, Any] = registry.article_probe()(http, url, clock, articles)
    return document
