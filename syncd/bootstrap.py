"""Wires everything, once: configuration and clock in, services out."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from syncd import registry
from syncd.application.collecting.canary import OwnNetwork
from syncd.application.services import Assessment, MailRules, PublishRules, Services
from syncd.config.models import Config, MappingTable, SourceTable, UnitTable
from syncd.domain.hours import parse_hours
from syncd.domain.mapping import MappingRule
from syncd.domain.model import Exemption, Office, PeriodId, SourceId, Unit, UnitId
from syncd.interpreter import leave_out_what_the_start_made
from syncd.ports.clock import Clock
from syncd.rendering import Jinja2Renderer
from syncd.resources import templates_dir
from syncd.storage.engine import open_database
from syncd.storage.files import FileStore
from syncd.storage.ledger import Fence
from syncd.storage.lock import DataLock

if TYPE_CHECKING:
    from syncd.domain.ranking import Score


@dataclass(frozen=True, slots=True, kw_only=True)
class Wired:
    """The services, and what the daemon needs to stop them: the one HTTP client."""

    services: Services
    http: Any


def database_url(config: Config) -> str:
    """The database's address; a relative SQLite path starts at the configuration."""
    url = config.storage.database
    if config.storage.database_file:
        url = (config.base / config.storage.database_file).read_text(encoding="utf-8").strip()
    prefix = "sqlite:///"
    if url.startswith(prefix):
        return f"{prefix}{config.base / url.removeprefix(prefix)}"
    return url


def data_dir(config: Config) -> Path:
    """Where the lock and the socket lie: beside the SQLite file, else beside the captures."""
    url = database_url(config)
    if url.startswith("sqlite:///"):
        return Path(url.removeprefix("sqlite:///")).parent
    return (config.base / config.storage.files).parent


def data_lock(config: Config) -> DataLock:
    """The lock of whoever writes."""
    return DataLock(data_dir(config), database_url(config), lease_s=config.storage.lease_seconds)


def socket_path(config: Config) -> Path:
    return data_dir(config) / "syncd.sock"


def unit_of(table: UnitTable, sources: tuple[SourceTable, ...], config: Config) -> Unit:
    return Unit(
        id=UnitId(table.id),
        name=table.name,
        group=table.group,
        quota=table.quota,
        active_from=table.active_from,
        active_to=table.active_to,
        succeeds=tuple(UnitId(old) for old in table.succeeds),
        editors=table.editors,
        approval=table.approval or config.portal.approval,
        sources=tuple(SourceId(source.id) for source in sources),
        portal_authors=table.portal_authors,
        portal_categories=table.portal_categories,
    )


def mapping_rule(table: MappingTable) -> MappingRule:
    return MappingRule(
        units=frozenset(map(UnitId, table.unit)),
        groups=frozenset(table.group),
        categories=frozenset(table.category),
        title_words=table.title,
        to_categories=table.to_categories,
        to_author=table.to_author,
        approval=table.approval,
    )


def http_client(config: Config, clock: Clock) -> Any:
    """The one client, from `[http]`."""
    http = config.http
    settings = registry.http_settings_class()(
        user_agent=http.user_agent,
        contact=http.contact,
        connect_timeout_s=http.connect_timeout_s,
        total_timeout_s=http.total_timeout_s,
        max_body_bytes=http.max_body_bytes,
        max_redirects=http.max_redirects,
        spacing_s=http.spacing_s,
        allow_addresses=http.allow_addresses,
        allow_ports=http.allow_ports,
        extra_ca_files=tuple(str(config.base / path) for path in http.extra_ca_files),
        respect_robots=http.respect_robots,
        ignore_robots={host.lower(): reason for host, reason in http.ignore_robots.items()},
        robots_dir=data_dir(config) / "robots",
    )
    return registry.http_client_class()(settings, clock=clock)


def portal_adapter(config: Config, http: Any, clock: Clock) -> Any:
    table = config.portal_adapter
    return table.adapter(
        table.settings,
        name=config.portal.name,
        http=http,
        clock=clock,
        settle=timedelta(seconds=config.portal.settle_seconds),
    )


def source_adapter(table: SourceTable, unit: UnitId, http: Any, clock: Clock, articles: Any, profiles: Any) -> Any:
    return table.adapter(
        table.settings,
        id=SourceId(table.id),
        unit=unit,
        http=http,
        clock=clock,
        articles=articles,
        profiles=profiles,
    )


@contextmanager
def wire(config: Config, *, clock: Clock, fence: Fence | None = None) -> Iterator[Wired]:
    """Services over an existing, current database. Opens no connection to a foreign system. Who writes gives the lock's `fence`.

    Raises:
        StorageError: no database yet, or not of this version.
    """
    http = http_client(config, clock)
    sources = {table.id: (UnitId(unit), table) for unit, tables in config.sources.items() for table in tables}
    units = {UnitId(table.id): unit_of(table, config.sources.get(table.id, ()), config) for table in config.units}
    ranking = config.ranking_adapter
    files = registry.file_fetcher()(http)
    standing = registry.page_standing()(http)
    answering = registry.public_answer()(http)
    profiles = registry.site_profiles(config.profiles)
    with (
        closing(registry.page_reader()(clock=clock)) as articles,
        closing(registry.file_texts()()) as texts,
        closing(open_database(database_url(config), clock=clock, fence=fence)) as db,
    ):
        wired = Wired(
            http=http,
            services=Services(
                office=Office(
                    name=config.office.name,
                    language=config.office.language,
                    portal_name=config.office.portal_name,
                ),
                units=units,
                exemptions=tuple(
                    Exemption(
                        unit=UnitId(table.unit) if table.unit else None,
                        group=table.group,
                        periods=tuple(PeriodId(period) for period in table.periods),
                        reason=table.reason,
                        document=table.document,
                        approved_by=table.approved_by,
                    )
                    for table in config.exemptions
                ),
                rulesets=config.rulesets,
                assessments={
                    table.id: Assessment(
                        id=table.id,
                        first=PeriodId(table.first_period),
                        last=PeriodId(table.last_period),
                        ruleset=table.ruleset,
                        scores=_scores(config.base / table.scores_file, units) if table.scores_file else {},
                    )
                    for table in config.assessments
                },
                clock=clock,
                db=db,
                files=FileStore(config.base / config.storage.files),
                portal=portal_adapter(config, http, clock),
                ranking=ranking.adapter(ranking.settings, http=http, clock=clock) if ranking else None,
                mailer=config.mail_adapter.adapter(config.mail_adapter.settings, clock=clock),
                renderer=Jinja2Renderer(config.office.language, [templates_dir()]),
                open_source=lambda source: source_adapter(*sources[source][::-1], http, clock, articles, profiles),
                publish_rules=PublishRules(
                    max_attempts=config.portal.max_attempts,
                    categories=config.portal.categories,
                    authors={UnitId(unit): author for unit, author in config.portal.authors.items()},
                    mapping=tuple(map(mapping_rule, config.portal.mapping)),
                    unmapped=config.portal.unmapped,
                    credit=config.portal.credit,
                    flood_cap=config.portal.flood_cap,
                    files=config.portal.files,
                    at_once=config.portal.at_once,
                    withdraw_gone=config.portal.withdraw_gone,
                ),
                mail_rules=MailRules(
                    sender=config.mail.sender,
                    office_recipients=config.mail.office_recipients,
                    reply_to=config.mail.reply_to or None,
                    base_url=config.web.base_url,
                ),
                allowed_hours=parse_hours(config.http.allowed_hours),
                own_network=OwnNetwork(
                    registry.canaries_class()(config.http.canaries, http=http, clock=clock), clock=clock, db=db
                )
                if config.http.canaries
                else None,
                fetch_file=lambda unit, url: files(url, ports_of(unit, config)),
                file_mark=texts.mark_in,
                page_stands=lambda source, url: standing(url, ports_of(sources[source][0], config)),
                portal_answers=answering,
                capture=config.evidence.capture,
                collect_every=timedelta(minutes=config.schedule.collect_every_minutes),
                publish_every=timedelta(minutes=config.schedule.publish_every_minutes),
                census_every=timedelta(minutes=config.schedule.census_every_minutes),
                catch_up=timedelta(days=config.schedule.catch_up_days),
                gone_grace=timedelta(days=config.schedule.gone_after_days),
                statement_day=config.schedule.statement_day,
                statement_hour=config.schedule.statement_hour,
                workers=config.schedule.workers,
            ),
        )
        leave_out_what_the_start_made()
        yield wired


def _scores(path: Path, units: Mapping[UnitId, Unit]) -> "Mapping[UnitId, Score]":
    from syncd.scores import read_scores  # grading is for the commands that grade

    return read_scores(path, units)


def ports_of(unit: UnitId, config: Config) -> frozenset[int]:
    """The ports written in a unit's own addresses: its pictures may lie there too."""
    ports = (urlsplit(source.settings.url).port for source in config.sources.get(unit, ()))
    return frozenset(port for port in ports if port is not None)
