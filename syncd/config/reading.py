"""Reads `config.toml`, table by table, collecting every problem before it refuses."""

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import ValidationError

from syncd import registry
from syncd.config import checks, models
from syncd.config.adapters import read_settings
from syncd.config.problems import from_validation, key_path, unknown_keys
from syncd.config.units import read_units
from syncd.domain.rules import DatedRuleSets, RuleSet, parse_ruleset
from syncd.errors import ConfigError, ConfigInvalid, UsageError
from syncd.resources import ruleset_names, ruleset_text

T = TypeVar("T", bound=models.Table)

TABLES = (
    "office", "storage", "http", "schedule", "portal", "rulesets", "assessments", "ranking", "mail", "evidence",
    "web", "units", "exemptions", "profiles",
)  # fmt: skip


def load_config(path: Path) -> models.Config:
    """The configuration of one file.

    Raises:
        UsageError: there is no such file.
        ConfigInvalid: with every problem found.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise UsageError(f"there is no {path}", hint="make one with: syncd init") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        problem = ConfigError(
            f"not valid TOML: {error}", key=path.name, hint="mend the line named; strings need quotes"
        )
        raise ConfigInvalid([problem]) from error
    return _Reader(path.resolve().parent).read(data)


class _Reader:
    """One reading of one file. Problems are gathered in `problems`, in the order they are met."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.problems: list[ConfigError] = []
        self.known_profiles: Sequence[Any] | None = None  # None: their tables cannot be read

    def read(self, data: dict[str, Any]) -> models.Config:
        self.problems += unknown_keys(data, TABLES, "")
        office = self.table(models.OfficeTable, data, "office")
        storage = self.table(models.StorageTable, data, "storage")
        http = self.table(models.HttpTable, data, "http")
        schedule = self.table(models.ScheduleTable, data, "schedule")
        portal, portal_adapter = self.adapter_table(models.PortalTable, "portals", data, "portal", "outbox")
        rulesets, dated = self.rulesets(data)
        assessments = self.array(models.AssessmentTable, data, "assessments")
        ranking_adapter = None
        if self.section(data, "ranking").get("kind", "builtin") == "builtin":
            self.table(models.RankingTable, data, "ranking")
        else:
            _, ranking_adapter = self.adapter_table(models.RankingTable, "ranking", data, "ranking", "builtin")
        mail, mail_adapter = self.adapter_table(models.MailTable, "mail", data, "mail", "maildir")
        evidence = self.table(models.EvidenceTable, data, "evidence")
        web = self.table(models.WebTable, data, "web")
        profiles = self.profiles(data)
        rows, unit_problems = read_units(data.get("units", []), self.base)
        self.problems += unit_problems
        units, sources = self.units(rows)
        exemptions = self.array(models.ExemptionTable, data, "exemptions")
        self.problems += checks.cross_check(
            http=http, schedule=schedule, portal=portal, dated=dated, rulesets=rulesets, assessments=assessments, units=units,
            exemptions=exemptions, base=self.base, storage=storage, mail=mail,
        )  # fmt: skip
        if self.problems or not (
            office and storage and http and schedule and portal and portal_adapter and mail and mail_adapter
            and evidence and web and dated
        ):  # fmt: skip
            raise ConfigInvalid(self.problems)
        return models.Config(
            base=self.base, office=office, storage=storage, http=http, schedule=schedule, portal=portal,
            portal_adapter=portal_adapter, rulesets=dated, assessments=tuple(assessments.values()),
            ranking_adapter=ranking_adapter, mail=mail, mail_adapter=mail_adapter, evidence=evidence, web=web,
            units=tuple(units.values()), sources=sources, exemptions=tuple(exemptions.values()), profiles=profiles,
        )  # fmt: skip

    def section(self, data: dict[str, Any], name: str) -> dict[str, Any]:
        section = data.get(name, {})
        if not isinstance(section, dict):
            self.problems.append(ConfigError("must be a table", key=name, hint=f"write it as [{name}]"))
            return {}
        return section

    def table(self, model: type[T], data: dict[str, Any], name: str) -> T | None:
        return self.validate(model, self.section(data, name), name)

    def validate(self, model: type[T], values: dict[str, Any], prefix: str) -> T | None:
        try:
            return model.model_validate(values)
        except ValidationError as error:
            tables = [model, *(part for field in model.model_fields.values() for part in get_args(field.annotation))]
            known = [
                field.alias or name
                for table in tables
                if isinstance(table, type) and issubclass(table, models.Table)
                for name, field in table.model_fields.items()
            ]
            self.problems += from_validation(error, prefix, known)
            return None

    def array(self, model: type[T], data: dict[str, Any], name: str) -> dict[int, T]:
        """The valid entries of `[[name]]`, by their position."""
        entries = data.get(name, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            self.problems.append(ConfigError("must be a list of tables", key=name, hint=f"write each as [[{name}]]"))
            return {}
        valid = {}
        for index, entry in enumerate(entries):
            made = self.validate(model, entry, key_path(name, [index]))
            if made is not None:
                valid[index] = made
        return valid

    def adapter_table(
        self, model: type[T], family: str, data: dict[str, Any], name: str, default: str
    ) -> tuple[T | None, models.AdapterTable | None]:
        """A table shared between us (`model`) and an adapter: each gets its own keys."""
        section = self.section(data, name)
        own = {key: value for key, value in section.items() if key in model.model_fields}
        rest = {key: value for key, value in section.items() if key not in model.model_fields}
        common = self.validate(model, own, name)
        kind = str(section.get("kind", default))
        return common, self.adapter(family, kind, rest, name)

    def adapter(self, family: str, kind: str, values: dict[str, Any], prefix: str) -> models.AdapterTable | None:
        try:
            adapter = registry.adapter_class(family, kind, key=f"{prefix}.kind")
        except ConfigError as problem:
            self.problems.append(problem)
            return None
        settings, problems = read_settings(adapter.Settings, values, prefix=prefix, base=self.base)
        self.problems += problems
        return models.AdapterTable(kind=kind, adapter=adapter, settings=settings) if settings is not None else None

    def rulesets(self, data: dict[str, Any]) -> tuple[dict[int, models.RulesetTable], DatedRuleSets | None]:
        tables = self.array(models.RulesetTable, data, "rulesets")
        if "rulesets" not in data:
            self.problems.append(
                ConfigError(
                    "is missing", key="rulesets", hint='add one, such as builtin = "default", from = 2026-01-01'
                )
            )
        sets = []
        for index, table in tables.items():
            made = self.ruleset(table, key_path("rulesets", [index]))
            if made is not None:
                sets.append(made)
        if len(sets) != len(data.get("rulesets", [])) or not sets:
            return tables, None
        try:
            return tables, DatedRuleSets(tuple(sets))
        except ConfigError as problem:
            self.problems += problem.problems if isinstance(problem, ConfigInvalid) else [problem]
            return tables, None

    def ruleset(self, table: models.RulesetTable, prefix: str) -> RuleSet | None:
        if (table.builtin is None) == (table.file is None):
            self.problems.append(
                ConfigError("give either builtin or file", key=prefix, hint=f"builtin: {', '.join(ruleset_names())}")
            )
            return None
        try:
            if table.builtin is not None:
                if table.builtin not in ruleset_names():
                    raise ConfigError(
                        f'there is no built-in rule set "{table.builtin}"',
                        key=f"{prefix}.builtin",
                        hint=f"use one of {', '.join(ruleset_names())}",
                    )
                origin, text = f"{prefix}.builtin", ruleset_text(table.builtin)
            else:
                origin, text = f"{prefix}.file", (self.base / table.file).read_text(encoding="utf-8")  # type: ignore[operator]  # checked above
            return parse_ruleset(
                tomllib.loads(text),
                origin=origin,
                id=table.id,
                in_force_from=table.from_,
                in_force_to=table.to,
                document=table.document,
            )
        except ConfigInvalid as problem:
            self.problems += problem.problems
        except ConfigError as problem:
            self.problems.append(problem)
        except OSError as error:
            self.problems.append(
                ConfigError(
                    f"cannot be read: {error.strerror}", key=f"{prefix}.file", hint="paths start at config.toml"
                )
            )
        except tomllib.TOMLDecodeError as error:
            self.problems.append(
                ConfigError(f"not valid TOML: {error}", key=f"{prefix}.file", hint="mend the line named")
            )
        return None

    def profiles(self, data: dict[str, Any]) -> Path | None:
        """The folder of the operator's own site profiles, whose every mistake is a problem."""
        folder = data.get("profiles")
        if folder is not None and (not isinstance(folder, str) or not folder):
            self.problems.append(ConfigError("must be a folder", key="profiles", hint='profiles = "profiles"'))
            return None
        path = self.base / folder if folder else None
        self.known_profiles = registry.site_profiles(path)
        if path is not None:
            try:
                len(self.known_profiles)  # an operator's own are read here, whether a source names one or not
            except ConfigInvalid as problem:
                self.problems += problem.problems
                self.known_profiles = None
        return path

    def units(
        self, rows: list[tuple[str, dict[str, Any]]]
    ) -> tuple[dict[str, models.UnitTable], dict[str, tuple[models.SourceTable, ...]]]:
        """Units by key path, and each unit's sources by its id."""
        units: dict[str, models.UnitTable] = {}
        sources: dict[str, tuple[models.SourceTable, ...]] = {}
        for prefix, row in rows:
            unit = self.validate(models.UnitTable, row, prefix)
            # also of a unit that has a problem of its own: whoever mends it should not meet the next one afterwards
            listed = row.get("sources", [])
            tables = [table for table in listed if isinstance(table, dict)] if isinstance(listed, list) else []
            made = self.sources(tables, prefix, str(row.get("id", "")))
            if unit is not None:
                units[prefix] = unit
                sources[unit.id] = made
        return units, sources

    def sources(self, tables: list[dict[str, Any]], prefix: str, unit: str) -> tuple[models.SourceTable, ...]:
        """The valid sources of one unit, numbered from 1 in the order of the file."""
        made = []
        for number, table in enumerate(tables):
            place = f"{prefix}.sources[{number}]"
            if "kind" not in table:
                self.problems.append(ConfigError("is missing", key=f"{place}.kind", hint='kind = "feed" or "page"'))
                continue
            values = {key: value for key, value in table.items() if key != "kind"}
            adapter = self.adapter("sources", str(table["kind"]), values, place)
            if adapter is not None:
                self.problems += checks.source_address(adapter.settings.url, f"{place}.url")
                profile = getattr(adapter.settings, "profile", "")
                if profile not in ("", "auto") and self.known_profiles is not None:
                    names = {known.name for known in self.known_profiles}
                    self.problems += checks.profile(profile, names, f"{place}.profile")
                made.append(
                    models.SourceTable(
                        id=f"{unit}/{number + 1}",
                        kind=adapter.kind,
                        adapter=adapter.adapter,
                        settings=adapter.settings,
                    )
                )
        return tuple(made)
