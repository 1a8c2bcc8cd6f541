"""The shape of `config.toml`: one model per table. Defaults stand here and, commented, in `config.example.toml`."""

import ipaddress
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from syncd.domain.hours import parse_hours
from syncd.domain.model import Approval
from syncd.domain.rules import DatedRuleSets

# pydantic looks for plugins in the metadata of every installed package: 15 ms of each command, and no foreign code is wanted here.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


def _range(text: str) -> str:
    try:
        ipaddress.ip_network(text)
    except ValueError as err:
        raise ValueError(f'"{text}" is no address range ({err}); one is written as 10.1.0.0/16') from err
    return text


def _hours(text: str) -> str:
    parse_hours(text)
    return text


Cidr = Annotated[str, AfterValidator(_range)]
Hours = Annotated[str, AfterValidator(_hours)]


class Table(BaseModel):
    """Unknown keys are refused; values do not change afterwards."""

    # deferred: the validator of a table that no configuration holds is never built
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, defer_build=True)


class OfficeTable(Table):
    name: Text
    language: Literal["vi", "en"] = "vi"
    portal_name: Text = "Cổng Thông tin điện tử Đảng bộ tỉnh"


class StorageTable(Table):
    database: Text = "sqlite:///var/syncd.db"
    database_file: str = ""
    files: Path = Path("var/files")
    lease_seconds: float = Field(default=50.0, ge=1, le=3600)


class HttpTable(Table):
    user_agent: Text = "syncd/0.1"
    contact: str = ""
    connect_timeout_s: float = Field(default=5.0, gt=0, le=120)
    total_timeout_s: float = Field(default=30.0, gt=0, le=600)
    max_body_bytes: int = Field(default=15_728_640, ge=1024)
    max_redirects: int = Field(default=5, ge=0, le=20)
    spacing_s: float = Field(default=1.0, ge=0, le=3600)
    allow_addresses: tuple[Cidr, ...] = ()
    allow_ports: tuple[Annotated[int, Field(ge=1, le=65535)], ...] = (80, 443)
    extra_ca_files: tuple[Path, ...] = ()
    respect_robots: bool = True
    ignore_robots: dict[str, Text] = Field(default_factory=dict)  # host -> the reason
    allowed_hours: Hours = "00:00-24:00"
    canaries: tuple[Text, ...] = Field(default=(), max_length=8)


class ScheduleTable(Table):
    collect_every_minutes: int = Field(default=60, ge=1, le=1440)
    publish_every_minutes: int = Field(default=5, ge=1, le=1440)
    census_every_minutes: int = Field(default=360, ge=5, le=1440)
    workers: int = Field(default=8, ge=1, le=64)
    catch_up_days: int = Field(default=40, ge=1, le=400)
    gone_after_days: int = Field(default=7, ge=0, le=365)
    statement_day: int = Field(default=1, ge=1, le=15)
    statement_hour: int = Field(default=8, ge=0, le=23)


class RulesetTable(Table):
    id: Slug
    builtin: str | None = None
    file: Path | None = None
    from_: date = Field(alias="from")
    to: date | None = None
    document: str = ""


class AssessmentTable(Table):
    id: Text
    first_period: Text
    last_period: Text
    ruleset: Slug
    scores_file: Path | None = None


class EvidenceTable(Table):
    capture: Literal["none", "feed", "page"] = "page"


class WebTable(Table):
    host: Text = "127.0.0.1"
    port: int = Field(default=8077, ge=0, le=65535)
    base_url: Text = "http://127.0.0.1:8077"


class UnitTable(Table):
    id: Slug
    name: Text
    group: Text
    quota: int | None = Field(default=None, ge=0, le=10_000)
    active_from: date | None = None
    active_to: date | None = None
    succeeds: tuple[Slug, ...] = ()
    editors: tuple[Text, ...] = ()
    approval: Approval | None = None
    portal_authors: tuple[Text, ...] = ()
    portal_categories: tuple[Text, ...] = ()
    sources: tuple[dict[str, Any], ...] = ()  # {kind, and that adapter's own settings}


class ExemptionTable(Table):
    unit: Slug | None = None
    group: str | None = None
    periods: tuple[Text, ...] = Field(min_length=1)
    reason: Text
    document: Text
    approved_by: tuple[Text, ...]


def _one_or_more(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Texts = Annotated[tuple[Text, ...], BeforeValidator(_one_or_more)]


class MappingTable(Table):
    """Conditions, then what they decide. A single text stands for a list of one."""

    unit: Texts = ()
    group: Texts = ()
    category: Texts = ()
    title: Texts = ()
    to_categories: Texts = ()
    to_author: Text | None = None
    approval: Approval | None = None


class PortalTable(Table):
    """The keys all portals share; the rest of `[portal]` belongs to the adapter."""

    kind: Text = "outbox"
    name: Slug = "cong"
    approval: Approval = Approval.AUTO
    settle_seconds: float = Field(default=120.0, ge=0, le=86_400)
    max_attempts: int = Field(default=8, ge=1, le=100)
    credit: Text = "Nguồn: {unit}"
    flood_cap: int = Field(default=100, ge=1, le=10_000)
    files: Literal["all", "first", "none"] = "all"
    at_once: int = Field(default=2, ge=1, le=16)
    withdraw_gone: bool = False
    categories: dict[str, str] = Field(default_factory=dict)
    authors: dict[str, str] = Field(default_factory=dict)
    mapping: tuple[MappingTable, ...] = ()
    unmapped: Literal["send", "hold"] = "send"


class RankingTable(Table):
    """`builtin` grades here; another kind also sends the figures to that engine."""

    kind: Text = "builtin"


class MailTable(Table):
    kind: Text = "maildir"
    sender: Text = "syncd <syncd@localhost>"
    office_recipients: tuple[Text, ...] = ()
    reply_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterTable:
    """One adapter as configured: its class and its own settings, already validated."""

    kind: str
    adapter: type[Any]
    settings: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTable(AdapterTable):
    id: str  # "<unit>/<n>", counted from 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The whole configuration, consistent in itself. `base` is the folder relative paths start from."""

    base: Path
    office: OfficeTable
    storage: StorageTable
    http: HttpTable
    schedule: ScheduleTable
    portal: PortalTable
    portal_adapter: AdapterTable
    rulesets: DatedRuleSets
    assessments: tuple[AssessmentTable, ...]
    ranking_adapter: AdapterTable | None
    mail: MailTable
    mail_adapter: AdapterTable
    evidence: EvidenceTable
    web: WebTable
    units: tuple[UnitTable, ...]
    sources: dict[str, tuple[SourceTable, ...]]  # by unit
    exemptions: tuple[ExemptionTable, ...]
    profiles: Path | None = None  # a folder of site profiles beside ours
