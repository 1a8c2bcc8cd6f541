"""What no single table can know: names that point at one another, dates in order, ranges that are ranges."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import urlsplit

from syncd import registry
from syncd.config import models
from syncd.config.problems import nearest
from syncd.domain.hours import parse_hours
from syncd.domain.mapping import in_words
from syncd.domain.model import different_people
from syncd.domain.rules import DatedRuleSets
from syncd.errors import ConfigError, SyncdError

# an address without name, comment or quotes, as nearly all are written; `parseaddr` gives it back as it is, thirty times slower
PLAIN_ADDRESS = re.compile(r"[\w-]+(?:\.[\w-]+)*@[\w-]+(?:\.[\w-]+)*", re.ASCII)


def source_address(url: str, key: str) -> list[ConfigError]:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return [ConfigError(f'"{url}" is no web address', key=key, hint="it starts with http:// or https://")]
    if parts.username is not None or parts.password is not None:
        # it would stand in looks, ledger and dossiers; the address is not repeated here for the same reason
        return [ConfigError("holds a name or a password", key=key, hint="leave out what stands before the @")]
    return []


def profile(name: str, known: Collection[str], key: str) -> list[ConfigError]:
    if name in known:
        return []
    return [ConfigError(f'there is no profile "{name}"', key=key, hint=nearest(name, {"auto", *known}))]


def cross_check(
    *,
    http: models.HttpTable | None,
    schedule: models.ScheduleTable | None,
    portal: models.PortalTable | None,
    dated: DatedRuleSets | None,
    rulesets: Mapping[int, models.RulesetTable],
    assessments: Mapping[int, models.AssessmentTable],
    units: Mapping[str, models.UnitTable],
    exemptions: Mapping[int, models.ExemptionTable],
    storage: models.StorageTable | None,
    mail: models.MailTable | None,
    base: Path,
) -> list[ConfigError]:
    """Every inconsistency between tables. Tables that did not validate are passed over: they have their own problem."""
    problems: list[ConfigError] = []
    if http:
        problems += [
            ConfigError(
                "there is no such file",
                key=f"http.extra_ca_files[{index}]",
                hint="a PEM file; paths start at config.toml",
            )
            for index, path in enumerate(http.extra_ca_files)
            if not (base / path).is_file()
        ]
        problems += _canaries(http.canaries)
    if http and schedule and parse_hours(http.allowed_hours).length < timedelta(minutes=schedule.collect_every_minutes):
        problems.append(
            ConfigError(
                f"is shorter than the time between two looks ({schedule.collect_every_minutes} minutes)",
                key="http.allowed_hours",
                hint="some units would never be read: allow more hours, or lower schedule.collect_every_minutes",
            )
        )
    if storage:
        problems += _storage(storage, base)
    if mail:
        problems += _mail_addresses([mail.sender, *mail.office_recipients], "mail")
    problems += _units(units)
    ids = {unit.id for unit in units.values()}
    groups = {unit.group for unit in units.values()}
    if portal:
        problems += [
            ConfigError(f'there is no unit "{unit}"', key=f"portal.authors.{unit}", hint=nearest(unit, ids))
            for unit in portal.authors
            if unit not in ids
        ]
        for index, rule in enumerate(portal.mapping):
            problems += _mapping(rule, f"portal.mapping[{index}]", ids, groups)
    known_sets = [table.id for table in rulesets.values()]
    for index, assessment in assessments.items():
        problems += _assessment(assessment, f"assessments[{index}]", known_sets, dated, base)
    for index, exemption in exemptions.items():
        problems += _exemption(exemption, f"exemptions[{index}]", ids, groups, dated)
    return problems


def _mapping(
    rule: models.MappingTable, key: str, ids: Collection[str], groups: Collection[str]
) -> Iterator[ConfigError]:
    for index, unit in enumerate(rule.unit):
        if unit not in ids:
            yield ConfigError(f'there is no unit "{unit}"', key=f"{key}.unit[{index}]", hint=nearest(unit, ids))
    for index, group in enumerate(rule.group):
        if group not in groups:
            yield ConfigError(
                f'no unit is in group "{group}"', key=f"{key}.group[{index}]", hint=nearest(group, groups)
            )
    for index, words in enumerate(rule.title):
        if not in_words(words).strip():
            yield ConfigError("holds no word", key=f"{key}.title[{index}]", hint='such as title = ["thư mời"]')
    if not (rule.to_categories or rule.to_author or rule.approval):
        yield ConfigError("decides nothing", key=key, hint="give to_categories, to_author or approval")


def _canaries(addresses: Iterable[str]) -> Iterator[ConfigError]:
    for index, address in enumerate(addresses):
        try:
            registry.canary_address()(address)
        except ValueError as err:
            yield ConfigError(
                str(err), key=f"http.canaries[{index}]", hint='such as "1.1.1.1:53", "https://vidu.example/"'
            )


def _storage(storage: models.StorageTable, base: Path) -> Iterator[ConfigError]:
    if storage.database_file:
        if not (base / storage.database_file).is_file():
            yield ConfigError(
                "there is no such file", key="storage.database_file", hint="it holds the database's address"
            )
    elif not storage.database.startswith(("sqlite:///", "postgresql+psycopg://")):
        yield ConfigError(
            "is neither SQLite nor PostgreSQL",
            key="storage.database",
            hint="sqlite:///var/syncd.db or postgresql+psycopg://user@host/name",
        )


def _mail_addresses(addresses: list[str], key: str) -> Iterator[ConfigError]:
    for address in addresses:
        if PLAIN_ADDRESS.fullmatch(address):
            continue
        name, plain = parseaddr(address)
        if (
            plain.count("@") != 1
            or any(char in address for char in "\r\n\0")
            or (not name and plain != address.strip())
        ):
            yield ConfigError(f'"{address}" is no mail address', key=key, hint="such as ban-a@vidu.example")


def _units(units: Mapping[str, models.UnitTable]) -> Iterator[ConfigError]:
    first: dict[str, str] = {}
    ids = {unit.id for unit in units.values()}
    for key, unit in units.items():
        if unit.id in first:
            yield ConfigError(
                f'the unit "{unit.id}" stands twice', key=f"{key}.id", hint=f"the first is {first[unit.id]}"
            )
        first.setdefault(unit.id, key)
        if unit.active_from and unit.active_to and unit.active_from > unit.active_to:
            yield ConfigError("lies before active_from", key=f"{key}.active_to", hint="the last day in the quota")
        for index, editor in enumerate(unit.editors):
            yield from _mail_addresses([editor], f"{key}.editors[{index}]")
        for index, old in enumerate(unit.succeeds):
            if old == unit.id or old not in ids:
                yield ConfigError(
                    f'there is no other unit "{old}"',
                    key=f"{key}.succeeds[{index}]",
                    hint=nearest(old, ids - {unit.id}),
                )


def _period(name: str, key: str, dated: DatedRuleSets | None) -> Iterator[ConfigError]:
    if dated is None:
        return
    try:
        dated.period(name)
    except SyncdError as error:
        yield ConfigError(error.message, key=key, hint=error.hint)


def _assessment(
    assessment: models.AssessmentTable, key: str, known_sets: list[str], dated: DatedRuleSets | None, base: Path
) -> Iterator[ConfigError]:
    if assessment.ruleset not in known_sets:
        yield ConfigError(
            f'there is no rule set "{assessment.ruleset}"',
            key=f"{key}.ruleset",
            hint=nearest(assessment.ruleset, known_sets),
        )
    yield from _period(assessment.first_period, f"{key}.first_period", dated)
    yield from _period(assessment.last_period, f"{key}.last_period", dated)
    if assessment.scores_file and not (base / assessment.scores_file).is_file():
        yield ConfigError("there is no such file", key=f"{key}.scores_file", hint="paths start at config.toml")


def _exemption(
    exemption: models.ExemptionTable, key: str, ids: set[str], groups: set[str], dated: DatedRuleSets | None
) -> Iterator[ConfigError]:
    if (exemption.unit is None) == (exemption.group is None):
        yield ConfigError("give either unit or group", key=key, hint='such as unit = "ban-a"')
    if exemption.unit is not None and exemption.unit not in ids:
        yield ConfigError(f'there is no unit "{exemption.unit}"', key=f"{key}.unit", hint=nearest(exemption.unit, ids))
    if exemption.group is not None and exemption.group not in groups:
        yield ConfigError(
            f'no unit is in group "{exemption.group}"', key=f"{key}.group", hint=nearest(exemption.group, groups)
        )
    if different_people(exemption.approved_by) < 2:
        yield ConfigError(
            "needs two different names", key=f"{key}.approved_by", hint="an exemption is approved by two people"
        )
    for index, period in enumerate(exemption.periods):
        yield from _period(period, f"{key}.periods[{index}]", dated)
