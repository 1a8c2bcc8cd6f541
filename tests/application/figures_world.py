"""A small office on a real SQLite database, filled through the ports: what the tests of the figures stand on."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from syncd.application.services import Assessment, MailRules, PublishRules, Services
from syncd.domain.bands import Band, Grade, Override, RankingRules, Trigger
from syncd.domain.model import (
    LOCAL,
    Approval,
    Exemption,
    Office,
    OutageOwner,
    PeriodId,
    PostId,
    Precision,
    SourceId,
    SourceKey,
    Unit,
    UnitId,
    local_month,
)
from syncd.domain.ranking import Score
from syncd.domain.rules import CountsBy, DatedRuleSets, RuleSet, Treatment
from syncd.errors import RankingError
from syncd.ports.ranking import RankingEngine, RankingFigure
from syncd.ports.records import (
    Alias,
    CensusRecord,
    LookRecord,
    PostRecord,
    PushRecord,
    PushState,
    SightingRecord,
    SourceState,
)
from syncd.storage.engine import SqlDatabase, open_database
from syncd.testing.clock import FakeClock
from tests.databases import migrated

PORTAL = "cong"

RANKING = RankingRules(
    bands=(Band(name="Các ban", groups=("ban",), tot=450, kha=400, trung_binh=350, max_score=500),),
    overrides=(
        Override(
            id="missing_months", when=Trigger.MISSING_MONTHS, at_least=3, at_most=Grade.YEU, text="Thiếu từ 3 tháng"
        ),
    ),
)
RULES = RuleSet(
    id="vi-du",
    name="Quy định ví dụ",
    document="Công văn số 01-CV/VD",
    in_force_from=date(2020, 1, 1),
    required=12,
    counts_by=CountsBy.SOURCE,
    reprints=Treatment.EXCLUDE,
    ranking=RANKING,
)


def local(month: int, day: int, hour: int = 0, minute: int = 0, *, year: int = 2026) -> datetime:
    """An instant at +07:00, in UTC."""
    return datetime(year, month, day, hour, minute, tzinfo=LOCAL).astimezone(UTC)


def unit(name: str, *, site: bool = True, **more: Any) -> Unit:
    sources = (SourceId(f"{name}/0"),) if site else ()
    return Unit(id=UnitId(name), name=f"{name.title()} Tỉnh ủy Ví Dụ", group="ban", sources=sources, **more)


class StandInEngine:
    """A ranking engine that keeps what it was given and can be told to fail."""

    name = "stand-in"

    def __init__(self) -> None:
        self.figures: list[RankingFigure] = []
        self.failing: RankingError | None = None

    def put(self, figure: RankingFigure) -> dict[str, Any]:
        if self.failing is not None:
            raise self.failing
        self.figures.append(figure)
        return {"version": figure.version}


@dataclass
class World:
    """`services` over an own database; every method writes one kind of fact and commits."""

    services: Services
    clock: FakeClock
    _made: int = field(default=0)

    def look(
        self, unit_id: str, at: datetime, *, covers_from: datetime | None = None, outcome: str = "changed"
    ) -> None:
        """One look; without `covers_from` the list was not full and covers all before."""
        source = SourceId(f"{unit_id}/0")
        with self.services.db.write() as uow:
            ok = outcome != "failed"
            uow.looks.add(
                LookRecord(
                    source=source,
                    unit=UnitId(unit_id),
                    at=at,
                    url=f"http://{unit_id}.example/rss",
                    outcome=outcome,
                    covers_from=covers_from if ok else None,
                    covers_all=ok and covers_from is None,
                )
            )
            state = uow.sources.get(source) or SourceState(
                source=source, unit=UnitId(unit_id), url=f"http://{unit_id}.example/rss", first_look_at=at
            )
            uow.sources.put(
                replace(
                    state,
                    first_look_at=min(state.first_look_at or at, at),
                    last_look_at=at,
                    last_ok_at=at if ok else state.last_ok_at,
                    failures=0 if ok else state.failures + 1,
                    failing_since=None if ok else state.failing_since or at,
                    last_error=None if ok else "no answer",
                    last_error_kind=None if ok else "timeout",
                    last_hint=None if ok else "ask the unit whether its site is up",
                )
            )
            uow.commit()

    def post(
        self,
        unit_id: str,
        published: datetime | None,
        *,
        seen: datetime | None = None,
        delivered: datetime | None = None,
        sighted: datetime | None = None,
        push: PushState | None = None,
        portal_state: str = "public",
        text: str | None = None,
        **more: Any,
    ) -> PostId:
        """A post of a unit; `delivered` is when the portal took it, `sighted` when a census saw it."""
        self._made += 1
        number = self._made
        key = SourceKey("syncd-" + hashlib.sha256(f"{unit_id}{number}".encode()).hexdigest()[:32])
        seen = seen or published or self.clock.now()
        url = f"http://{unit_id}.example/{number}"
        record = PostRecord(
            unit=UnitId(unit_id),
            source=SourceId(f"{unit_id}/0"),
            key=key,
            title=f"Tin số {number}",
            url=url,
            first_seen=seen,
            published_at=published,
            precision=Precision.MINUTE if published else Precision.NONE,
            text_sha256=hashlib.sha256((text or url).encode()).hexdigest(),
            **more,
        )
        with self.services.db.write() as uow:
            [post] = uow.posts.add([(record, [Alias(kind="url", value=url)])])
            state = push or (PushState.DELIVERED if delivered else None)
            if state is not None:
                uow.pushes.add(
                    [
                        PushRecord(
                            portal=PORTAL,
                            post=post,
                            unit=UnitId(unit_id),
                            key=key,
                            state=state,
                            approval=Approval.AUTO,
                            queued_at=seen,
                            accepted_at=delivered,
                            portal_id=str(number) if delivered else None,
                            portal_state=portal_state if delivered else None,
                            portal_url=f"http://cong.example/{number}" if delivered else None,
                        )
                    ]
                )
            if sighted is not None:
                uow.sightings.put(
                    [self._sighting(number, published or seen, sighted, portal_state, post=post, key=key)]
                )
            uow.commit()
        return post

    def typed(self, unit_id: str | None, at: datetime, *, text: str | None = None, **more: Any) -> None:
        """A post typed by hand on the portal, dated `at`, of a unit or of nobody known."""
        self._made += 1
        content = "" if text is None else hashlib.sha256(text.encode()).hexdigest()
        facts: dict[str, Any] = {"state": "public", "seen": at + timedelta(hours=1), **more}
        seen, state = facts.pop("seen"), facts.pop("state")
        sighting = self._sighting(
            self._made, at, seen, state, unit=UnitId(unit_id) if unit_id else None, content_sha256=content, **facts
        )
        with self.services.db.write() as uow:
            uow.sightings.put([sighting])
            uow.commit()

    def _sighting(self, number: int, printed: datetime, seen: datetime, state: str, **more: Any) -> SightingRecord:
        facts: dict[str, Any] = {
            "portal": PORTAL,
            "portal_id": str(number),
            "title": f"Tin số {number} trên Cổng",
            "url": f"http://cong.example/{number}",
            "state": state,
            "first_seen": seen,
            "last_seen": seen,
            "published_at": printed,
            "month": local_month(printed),
        }
        return SightingRecord(**{**facts, **more})

    def census(self, period: str, at: datetime, *, complete: bool = True) -> None:
        found, _ = self.services.rulesets.period(period)
        with self.services.db.write() as uow:
            uow.censuses.add(
                CensusRecord(
                    portal=PORTAL,
                    start=found.start,
                    end=found.end,
                    started_at=at,
                    finished_at=at + timedelta(minutes=1),
                    complete=complete,
                    error=None if complete else "no answer to page 2",
                )
            )
            uow.commit()

    def outage(self, subject: str, start: datetime, end: datetime | None, owner: OutageOwner) -> None:
        with self.services.db.write() as uow:
            uow.outages.open(subject, start, owner, "no answer")
            if end is not None:
                uow.outages.close(subject, end)
            uow.commit()

    def go_to(self, at: datetime) -> None:
        self.clock.advance(at - self.clock.now())


def make_world(
    folder: Path,
    units: Sequence[Unit],
    *,
    start: datetime,
    rules: RuleSet = RULES,
    exemptions: Sequence[Exemption] = (),
    scores: dict[str, float] | None = None,
    window: tuple[str, str] = ("2026-10", "2026-11"),
    engine: RankingEngine | None = None,
    url: str | None = None,
) -> World:
    clock = FakeClock(start)
    url = url or f"sqlite:///{folder}/syncd.db"
    migrated(url)
    assessment = Assessment(
        id="2026",
        first=PeriodId(window[0]),
        last=PeriodId(window[1]),
        ruleset=rules.id,
        scores={UnitId(name): Score(score=score) for name, score in (scores or {}).items()},
    )
    services = Services(
        office=Office(name="Văn phòng Tỉnh ủy Ví Dụ"),
        units={each.id: each for each in units},
        exemptions=tuple(exemptions),
        rulesets=DatedRuleSets([rules]),
        assessments={assessment.id: assessment},
        clock=clock,
        db=open_database(url, clock=clock),
        files=cast(Any, None),
        portal=cast(Any, SimpleNamespace(name=PORTAL)),
        ranking=engine,
        mailer=cast(Any, None),
        renderer=cast(Any, None),
        open_source=cast(Any, None),
        publish_rules=PublishRules(),
        mail_rules=MailRules(sender="syncd@vidu.example"),
    )
    return World(services=services, clock=clock)


def closing(world: World) -> None:
    """Free the database of a world."""
    cast(SqlDatabase, world.services.db).close()


def worked_example(world: World) -> None:
    """October of design section 9 for unit `ban-a`, as it stood before the backfill: 11 of 15 read, 9 days blind."""
    world.look("ban-a", local(9, 28))
    world.look("ban-a", local(10, 11))
    world.look("ban-a", local(10, 20, 9), covers_from=local(10, 20))
    world.look("ban-a", local(11, 1, 0, 30), covers_from=local(10, 20))
    seen_days = [1, 2, 3, 4, 6, 8, 21, 23, 25, 27, 29]
    for day in seen_days:
        at = local(10, day, 8)
        world.post(
            "ban-a", at, delivered=at + timedelta(hours=1), sighted=local(11, 1, 6), reprint=day == seen_days[-1]
        )
    world.typed("ban-a", local(10, 15, 10))
    world.census("2026-10", local(11, 1, 6))


def backfill(world: World, at: datetime) -> None:
    """Read and deliver the four posts of the blind days."""
    for day in (12, 14, 16, 18):
        world.post(
            "ban-a", local(10, day, 8), seen=at, delivered=at + timedelta(minutes=5), sighted=at + timedelta(hours=1)
        )
    world.look("ban-a", at, covers_from=local(9, 30))
    world.census("2026-10", at + timedelta(hours=1))
