"""What every use case is given: the world's ports and the office's standing facts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from syncd.application.collecting.canary import OwnNetwork
from syncd.domain.hours import ALWAYS, DailyHours
from syncd.domain.mapping import MappingRule, PortalMapping
from syncd.domain.model import Exemption, Office, PeriodId, SourceId, Unit, UnitId
from syncd.domain.rules import DatedRuleSets
from syncd.ports.clock import Clock
from syncd.ports.files import Files
from syncd.ports.mail import Mailer
from syncd.ports.portal import FileToPush, Portal
from syncd.ports.rendering import Renderer
from syncd.ports.source import Source
from syncd.ports.store import Database

if TYPE_CHECKING:  # grading is for the commands that grade
    from syncd.domain.ranking import Score
    from syncd.ports.ranking import RankingEngine


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """A window of periods, both ends included, graded by the ranking part of one rule set."""

    id: str
    first: PeriodId
    last: PeriodId
    ruleset: str
    scores: "Mapping[UnitId, Score]" = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishRules:
    """How posts are put on the portal. `authors`: unit -> name there; `categories`: the unit's category -> the portal's, `*` for the rest;
    `mapping` goes before both. `unmapped`: a post whose categories nothing there speaks of is sent all the same, or held until something does.

    `flood_cap`: how many posts of periods that are over go there a day, and how many of one reading at once. `files`: which pictures and
    attachments are copied (`first`: one picture). `at_once`: how many posts are sent side by side, where the portal allows it.
    `withdraw_gone`: a post that left its unit's site for good is taken from the public; one that came to bear a secrecy mark always is.
    """

    max_attempts: int = 8
    categories: Mapping[str, str] = field(default_factory=dict)
    authors: Mapping[UnitId, str] = field(default_factory=dict)
    mapping: tuple[MappingRule, ...] = ()
    unmapped: str = "send"  # send | hold
    credit: str = "Nguồn: {unit}"
    flood_cap: int = 100
    files: str = "all"  # all | first | none
    at_once: int = 2
    withdraw_gone: bool = False

    @property
    def placing(self) -> PortalMapping:
        """What says where on the portal a post goes."""
        return PortalMapping(rules=self.mapping, by_name=self.categories, authors=self.authors)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRules:
    sender: str
    office_recipients: tuple[str, ...] = ()
    reply_to: str | None = None
    base_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Wired once by `bootstrap`, shared by threads. `open_source` makes the adapter of one source for one visit.

    `fetch_file` gets one picture or attachment of a unit's post for the portal: None where it is none that a portal takes; raises a
    ForeignError where it cannot be read. None in its place: posts are carried without files. `page_stands` asks a post's own page
    whether it is still there: False where the site says that it is gone, None where nobody can say.
    `portal_answers` asks a post's public address there, with its title, whether a reader gets it, and what was seen: None, nobody can say.
    `file_mark` reads an attachment (its address or name, its bytes, its media type) and tells the secrecy mark in its text; None where
    there is none, or no text to be read. Names are judged when a post is collected.
    """

    office: Office
    units: Mapping[UnitId, Unit]
    exemptions: tuple[Exemption, ...]
    rulesets: DatedRuleSets
    assessments: Mapping[str, Assessment]
    clock: Clock
    db: Database
    files: Files
    portal: Portal
    ranking: "RankingEngine | None"  # None: the built-in engine alone
    mailer: Mailer
    renderer: Renderer
    open_source: Callable[[SourceId], Source]
    publish_rules: PublishRules
    mail_rules: MailRules
    allowed_hours: DailyHours = ALWAYS  # in which the units' websites may be asked
    own_network: OwnNetwork | None = None  # None: no canaries, so that the sources judge one another
    fetch_file: Callable[[UnitId, str], FileToPush | None] | None = None
    page_stands: Callable[[SourceId, str], bool | None] | None = None
    file_mark: Callable[[str, bytes, str], str | None] | None = None
    portal_answers: Callable[[str, str], tuple[bool | None, str]] | None = None
    capture: str = "page"  # none | feed | page
    collect_every: timedelta = timedelta(hours=1)
    publish_every: timedelta = timedelta(minutes=5)
    census_every: timedelta = timedelta(hours=6)
    catch_up: timedelta = timedelta(days=40)
    gone_grace: timedelta = timedelta(days=7)
    statement_day: int = 1
    statement_hour: int = 8
    workers: int = 8
