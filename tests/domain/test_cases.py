"""Verdicts worked out by hand from design section 9, with the line of reasoning that an assessor would give.

The quota is 3 unless said otherwise, `now` is 1 December 2026, everything was read, the census was complete and carrying
began long before. Figures are (written, delivered, visible, counted, waiting).
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest

from syncd.domain.model import (
    Adjustment,
    AdjustmentKind,
    Delivery,
    Exemption,
    Outage,
    OutageOwner,
    PeriodFacts,
    PostFact,
    Precision,
    SourceId,
    Status,
    Unit,
    UnitId,
    Window,
    different_people,
)
from syncd.domain.quota import in_force
from syncd.domain.rules import RuleSet
from tests.domain.facts import SITE, UNIT, causes, facts, judged, local, post, posts, rules, typed, verdict_of

MET, MISSING, UNDETERMINED, EXEMPT, OPEN = (
    Status.MET,
    Status.MISSING,
    Status.UNDETERMINED,
    Status.EXEMPT,
    Status.OPEN,
)
NO_SITE = Unit(id=UNIT.id, name=UNIT.name, group="ban")
TET = Exemption(reason="Nghỉ Tết", document="01-CV/VD", approved_by=("Nguyễn Văn A", "Trần Thị B"), periods=())
BEFORE_CARRYING = {"delivery_since": local("2026-11-10 00:00")}
BLIND = {"readings": {SITE: (Window(start=None, end=local("2026-10-20 00:00")),)}}
FIRST_HALF = Unit(
    id=UNIT.id, name=UNIT.name, group="ban", sources=(SITE,), active_from=date(2026, 9, 1), active_to=date(2026, 10, 15)
)
SECOND_HALF = Unit(id=UNIT.id, name=UNIT.name, group="ban", sources=(SITE,), active_from=date(2026, 10, 17))


@dataclass(frozen=True, kw_only=True)
class Worked:
    """One case: what is known, and what follows. `because` is the line of reasoning."""

    because: str
    status: Status
    figures: tuple[int | None, int, int, int, int]
    causes: dict[str, int] = field(default_factory=dict)
    posts: list[PostFact] = field(default_factory=list)
    ruleset: dict[str, Any] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    unit: Unit = UNIT
    period: str = "2026-10"

    def rules(self) -> RuleSet:
        return rules(**{"required": 3, **self.ruleset})

    def given(self) -> PeriodFacts:
        return facts(*self.posts, **self.facts)


def one(ref: str = "x", **changes: Any) -> PostFact:
    return post(ref, **changes)


CASES: dict[str, Worked] = {
    # --- met, missing, open ------------------------------------------------------------------------
    "met by as many as required": Worked(
        because="C >= R is met", status=MET, figures=(3, 3, 3, 3, 0), posts=posts(3)
    ),
    "met by more": Worked(because="C >= R", status=MET, figures=(9, 9, 9, 9, 0), posts=posts(9)),
    "one short, all seen": Worked(
        because="C < R, all days read, a census after: nothing is left but the unit",
        status=MISSING, figures=(2, 2, 2, 2, 0), causes={"not_written": 1}, posts=posts(2),
    ),
    "nothing at all, all seen": Worked(
        because="found empty by looking is zero, not a gap",
        status=MISSING, figures=(0, 0, 0, 0, 0), causes={"not_written": 3},
    ),
    "quota of none": Worked(
        because="C = 0 >= R = 0", status=MET, figures=(0, 0, 0, 0, 0), ruleset={"required": 0}
    ),
    "own quota of the unit goes before the group's": Worked(
        because="R of the unit is 1, whatever the group owes",
        status=MET, figures=(1, 1, 1, 1, 0), posts=posts(1),
        unit=Unit(id=UNIT.id, name=UNIT.name, group="ban", sources=(SITE,), quota=1),
        ruleset={"required": {"default": 9, "groups": {"ban": 7}}},
    ),
    "own quota of none": Worked(
        because="a quota of 0 is a number too, not the lack of one",
        status=MET, figures=(0, 0, 0, 0, 0), unit=Unit(id=UNIT.id, name=UNIT.name, group="ban", sources=(SITE,), quota=0),
    ),
    "met before the end": Worked(
        because="met comes before open",
        status=MET, figures=(3, 3, 3, 3, 0), posts=posts(3), facts={"now": "2026-10-06 00:00"},
    ),
    "short before the end": Worked(
        because="the period runs", status=OPEN, figures=(2, 2, 2, 2, 0), causes={"not_written": 1},
        posts=posts(2), facts={"now": "2026-10-31 23:59:59"},
    ),
    "short in the grace": Worked(
        because="October ends on a Saturday; three working days are Monday 2 to Wednesday 4 November",
        status=OPEN, figures=(2, 2, 2, 2, 0), causes={"not_written": 1},
        posts=posts(2), facts={"now": "2026-11-04 23:59:59"},
    ),
    "short when the grace is over": Worked(
        because="Thursday 5 November 00:00 is after it", status=MISSING, figures=(2, 2, 2, 2, 0),
        causes={"not_written": 1}, posts=posts(2), facts={"now": "2026-11-05 00:00"},
    ),
    "no grace at all": Worked(
        because="grace 0: open ends with the month", status=MISSING, figures=(2, 2, 2, 2, 0),
        causes={"not_written": 1}, posts=posts(2), ruleset={"grace": 0}, facts={"now": "2026-11-01 00:00"},
    ),
    # --- month edges -------------------------------------------------------------------------------
    "first instant of the month": Worked(
        because="00:00 at +07:00 on the 1st lies in the month", status=MET, figures=(3, 3, 3, 3, 0),
        posts=[*posts(2), one(written="2026-10-01 00:00")],
    ),
    "last instant of the month": Worked(
        because="23:59:59.999 on the 31st lies in the month, its arrival half an hour later is ours",
        status=MET, figures=(3, 3, 3, 3, 0), causes={"late": 1},
        posts=[*posts(2), one(written="2026-10-31 23:59:59.999")],
    ),
    "one microsecond too early": Worked(
        because="30 September at +07:00, though its arrival lies in October: it counts in September",
        status=MISSING, figures=(2, 2, 2, 2, 0), causes={"not_written": 1},
        posts=[*posts(2), one(written="2026-09-30 23:59:59.999999")],
    ),
    "first instant of the next month": Worked(
        because="1 November 00:00 is November", status=MISSING, figures=(2, 2, 2, 2, 0),
        causes={"not_written": 1}, posts=[*posts(2), one(written="2026-11-01 00:00")],
    ),
    "typed at the last instant": Worked(
        because="a typed post stands where its portal date lies", status=MET, figures=(2, 2, 3, 3, 0),
        posts=[*posts(2), typed("s", "2026-10-31 23:59:59")],
    ),
    "typed a second later": Worked(
        because="1 November on the portal is November, whatever the editor meant", status=MISSING,
        figures=(2, 2, 2, 2, 0), causes={"not_written": 1}, posts=[*posts(2), typed("s", "2026-11-01 00:00")],
    ),
    "december into january": Worked(
        because="the year's edge is a month's edge", status=MET, figures=(3, 3, 3, 3, 0), causes={"late": 1},
        posts=[*posts(2, "2026-12-05 08:00"), one(written="2026-12-31 23:45")],
        facts={"now": "2027-02-01 00:00"}, period="2026-12",
    ),
    "29 February": Worked(
        because="2028 has one", status=MET, figures=(3, 3, 3, 3, 0),
        posts=[*posts(2, "2028-02-05 08:00"), one(written="2028-02-29 22:00")],
        facts={"now": "2028-04-01 00:00"}, period="2028-02",
    ),
    # --- late, carried or not ------------------------------------------------------------------------
    "delivered a month late by us": Worked(
        because="it stood on the site within the month, and we carry: late is ours, it counts and says so",
        status=MET, figures=(3, 3, 3, 3, 0), causes={"late": 1},
        posts=[*posts(2), one(portal_instant=local("2026-11-28 08:00"))],
    ),
    "accepted and not looked at since": Worked(
        because="accepted as public is visible until a census says otherwise", status=MET, figures=(3, 3, 3, 3, 0),
        posts=[*posts(2), one(delivery=Delivery.ACCEPTED)],
    ),
    "2020: over quota on the own site, nothing carried": Worked(
        because="no carrying began in the period: the letter of 2020", status=MISSING, figures=(15, 0, 0, 0, 0),
        causes={"not_carried": 15}, posts=posts(15, delivery=Delivery.NONE, portal_instant=None),
        facts={"delivery_since": None},
    ),
    "2020: backfilled afterwards": Worked(
        because="make-up is shown apart, never counted in its own period by default", status=MISSING,
        figures=(5, 5, 5, 0, 0), causes={"not_carried": 5},
        posts=posts(5, portal_instant=local("2026-11-12 08:00")), facts=BEFORE_CARRYING,
    ),
    "2020: backfilled afterwards, counted in its own period": Worked(
        because="make_up = own-period", status=MET, figures=(5, 5, 5, 5, 0), ruleset={"make_up": "own-period"},
        posts=posts(5, portal_instant=local("2026-11-12 08:00")), facts=BEFORE_CARRYING,
    ),
    "nothing carried, but typed there in time": Worked(
        because="it is on the portal within the month: who put it there does not matter", status=MET,
        figures=(3, 3, 3, 3, 0), posts=posts(3), facts=BEFORE_CARRYING,
    ),
    "nothing carried, arrived within the grace, by source": Worked(
        because="counts_by = source asks for the portal within the grace", status=MET, figures=(3, 3, 3, 3, 0),
        ruleset={"counts_by": "source"}, posts=posts(3, portal_instant=local("2026-11-04 20:00")), facts=BEFORE_CARRYING,
    ),
    "nothing carried, arrived within the grace, by portal": Worked(
        because="counts_by = portal asks for the month itself", status=MISSING, figures=(3, 3, 3, 0, 0),
        causes={"not_carried": 3}, posts=posts(3, portal_instant=local("2026-11-04 20:00")), facts=BEFORE_CARRYING,
    ),
    "make-up of an older month": Worked(
        because="a post of March that arrives in October never counts in October", status=MISSING,
        figures=(2, 2, 2, 2, 0), causes={"not_written": 1},
        posts=[*posts(2), one(written="2026-03-10 08:00", portal_instant=local("2026-10-10 08:00"))],
    ),
    # --- what waits on others ------------------------------------------------------------------------
    **{
        f"waits: {state}": Worked(
            because="C + waiting reaches R: undetermined until it is known", status=UNDETERMINED,
            figures=(3, delivered, 2, 2, 1), causes={cause: 1}, posts=[*posts(2), one(delivery=state)],
        )
        for state, delivered, cause in (
            (Delivery.QUEUED, 2, "push_pending"), (Delivery.UNKNOWN, 2, "push_pending"),
            (Delivery.FAILED, 2, "push_failed"), (Delivery.QUARANTINED, 2, "quarantined"),
            (Delivery.HELD, 3, "held_for_review"), (Delivery.REMOVED, 3, "removed_on_portal"),
        )
    },
    "waits, and would not be enough": Worked(
        because="1 + 1 < 3: the shortfall cannot vanish", status=MISSING, figures=(2, 2, 1, 1, 1),
        causes={"not_written": 1, "held_for_review": 1}, posts=[*posts(1), one(delivery=Delivery.HELD)],
    ),
    "portal posts of nobody": Worked(
        because="it may be the unit's", status=UNDETERMINED, figures=(2, 2, 2, 2, 1), causes={"unattributed": 1},
        posts=posts(2), facts={"unattributed": 1},
    ),
    "portal posts of nobody, and met without": Worked(
        because="met needs none of them", status=MET, figures=(3, 3, 3, 3, 1), causes={"unattributed": 1},
        posts=posts(3), facts={"unattributed": 1},
    ),
    "typed, waiting for the portal's editors": Worked(
        because="held for review is the office's", status=UNDETERMINED, figures=(2, 2, 2, 2, 1),
        causes={"held_for_review": 1}, posts=[*posts(2), typed("s", "2026-10-07 08:00", delivery=Delivery.HELD)],
    ),
    # --- one post once -------------------------------------------------------------------------------
    "same text at two sources": Worked(
        because="one post", status=MISSING, figures=(2, 2, 2, 2, 0), causes={"not_written": 1},
        posts=[*posts(2), one(duplicate_of="post:0")],
    ),
    "typed by hand and carried": Worked(
        because="one post, though it stands there twice", status=MISSING, figures=(2, 2, 2, 2, 0),
        causes={"not_written": 1}, posts=[*posts(2), typed("s", "2026-10-05 10:00", duplicate_of="post:1")],
    ),
    "typed by hand where our push failed": Worked(
        because="one post, and it is on the portal", status=MET, figures=(3, 2, 3, 3, 0),
        posts=[*posts(2), one(delivery=Delivery.FAILED, portal_instant=None),
               typed("s", "2026-10-06 08:00", duplicate_of="x")],
    ),
    "the same post of another unit": Worked(
        because="flagged: a person says whose it is", status=UNDETERMINED, figures=(3, 3, 3, 2, 1),
        causes={"awaiting_decision": 1}, posts=[*posts(2), one(duplicate_of="post:999")],
    ),
    "an equal text under another title": Worked(
        because="a short text is equal by chance: nobody can tell, so it waits", status=UNDETERMINED,
        figures=(2, 2, 3, 2, 1), causes={"awaiting_decision": 1},
        posts=[*posts(2), typed("s", "2026-10-06 08:00", twin="post:1")],
    ),
    "an equal text, decided to be another post": Worked(
        because="a person has looked", status=MET, figures=(2, 2, 3, 3, 0),
        posts=[*posts(2), typed("s", "2026-10-06 08:00", twin="post:1", decision="count")],
    ),
    # --- exclusions and decisions ---------------------------------------------------------------------
    "reprint, excluded by the rule": Worked(
        because="reprints = exclude: the unit's own doing", status=MISSING, figures=(3, 3, 3, 2, 0),
        causes={"excluded:reprint": 1}, ruleset={"reprints": "exclude"}, posts=[*posts(2), one(reprint=True)],
    ),
    "reprint, counted by the rule": Worked(
        because="reprints = count", status=MET, figures=(3, 3, 3, 3, 0), ruleset={"reprints": "count"},
        posts=[*posts(2), one(reprint=True)],
    ),
    "reprint, decided to count": Worked(
        because="the person's word goes before the rule", status=MET, figures=(3, 3, 3, 3, 0),
        ruleset={"reprints": "exclude"}, posts=[*posts(2), one(reprint=True, decision="count")],
    ),
    "reprint, decided against": Worked(
        because="then it is short, by the unit", status=MISSING, figures=(3, 3, 3, 2, 0),
        causes={"excluded:reprint": 1}, posts=[*posts(2), one(reprint=True, decision="exclude")],
    ),
    "back-dated": Worked(
        because="flagged", status=UNDETERMINED, figures=(3, 3, 3, 2, 1), causes={"awaiting_decision": 1},
        posts=[*posts(2), one(back_dated=True)],
    ),
    "too short": Worked(
        because="fewer words than the rule asks", status=MISSING, figures=(3, 3, 3, 2, 0),
        causes={"excluded:too_short": 1}, ruleset={"min_words": 100}, posts=[*posts(2, words=150), one(words=99)],
    ),
    "not read in full": Worked(
        because="never left out for a length that nobody knows", status=MET, figures=(3, 3, 3, 3, 0),
        ruleset={"min_words": 100}, posts=[*posts(2, words=100), one(words=None)],
    ),
    "removed there, decided to count": Worked(
        because="undetermined ends by a decision: it did stand on the portal", status=MET, figures=(3, 3, 2, 3, 0),
        posts=[*posts(2), one(delivery=Delivery.REMOVED, decision="count")],
    ),
    "removed there, decided against": Worked(
        because="the decision ends the waiting", status=MISSING, figures=(3, 3, 2, 2, 0),
        causes={"excluded:decision": 1}, posts=[*posts(2), one(delivery=Delivery.REMOVED, decision="exclude")],
    ),
    "quarantined, decided against": Worked(
        because="a person found it rightly withheld", status=MISSING, figures=(3, 2, 2, 2, 0),
        causes={"excluded:decision": 1}, posts=[*posts(2), one(delivery=Delivery.QUARANTINED, decision="exclude")],
    ),
    "still to be sent, decided to count": Worked(
        because="a decision about a flag puts nothing on the portal: it still waits on us", status=UNDETERMINED,
        figures=(3, 2, 2, 2, 1), causes={"push_pending": 1},
        posts=[*posts(2), one(delivery=Delivery.QUEUED, portal_instant=None, reprint=True, decision="count")],
    ),
    # --- dates in doubt --------------------------------------------------------------------------------
    "day and month may be exchanged, into another month": Worked(
        because="10/09 or 09/10: it may belong to September", status=UNDETERMINED, figures=(3, 3, 3, 2, 1),
        causes={"awaiting_decision": 1},
        posts=[*posts(2), one(written="2026-10-09 08:00", date_doubt="ambiguous_order")],
    ),
    "day and month may be exchanged, and cannot": Worked(
        because="there is no month 25", status=MET, figures=(3, 3, 3, 3, 0),
        posts=[*posts(2), one(written="2026-10-25 08:00", date_doubt="ambiguous_order")],
    ),
    "no zone, in the middle of the month": Worked(
        because="14 hours either way stay within October", status=MET, figures=(3, 3, 3, 3, 0),
        posts=[*posts(2), one(written="2026-10-15 08:00", date_doubt="no_zone")],
    ),
    "no zone, at the edge": Worked(
        because="it may be 1 November", status=UNDETERMINED, figures=(3, 3, 3, 2, 1),
        causes={"awaiting_decision": 1}, posts=[*posts(2), one(written="2026-10-31 20:00", date_doubt="no_zone")],
    ),
    "month only": Worked(
        because="any day of October is October", status=MET, figures=(3, 3, 3, 3, 0),
        posts=[*posts(2), one(written="2026-10-01 00:00", precision=Precision.MONTH)],
    ),
    "no date at all, decided": Worked(
        because="it counts where it was seen first, and then it was written there too", status=MET,
        figures=(3, 3, 3, 3, 0), posts=[*posts(2), one(written=None, decision="count", precision=Precision.NONE)],
    ),
    # --- what was read ------------------------------------------------------------------------------------
    "twelve days unread, ours": Worked(
        because="part of p is covered by no reading", status=UNDETERMINED, figures=(2, 2, 2, 2, 0),
        causes={"not_read": 12}, posts=posts(2), facts=BLIND,
    ),
    "twelve days unread, and met": Worked(
        because="met comes before what was not read", status=MET, figures=(3, 3, 3, 3, 0), posts=posts(3), facts=BLIND,
    ),
    "twelve days unread, three of them the site's": Worked(
        because="on those days we did look and it was down", status=UNDETERMINED, figures=(2, 2, 2, 2, 0),
        causes={"not_read": 9, "source_down": 3}, posts=posts(2),
        facts={**BLIND, "source_outages": (
            Outage(start=local("2026-10-20 09:00"), end=local("2026-10-22 09:00"), owner=OutageOwner.SOURCE),)},
    ),
    "gap closed by a later full list": Worked(
        because="a later reading that reaches back closes it", status=MISSING, figures=(2, 2, 2, 2, 0),
        causes={"not_written": 1}, posts=posts(2),
        facts={"readings": {SITE: (Window(start=None, end=local("2026-10-05 00:00")),
                                   Window(start=local("2026-10-04 00:00"), end=local("2026-11-20 00:00")))}},
    ),
    "second source added later": Worked(
        because="its list reaches back to the 18th only: what stood there before is not known",
        status=UNDETERMINED, figures=(2, 2, 2, 2, 0), causes={"not_read": 17}, posts=posts(2),
        unit=Unit(id=UNIT.id, name=UNIT.name, group="ban", sources=(SITE, SourceId("ban-a/2"))),
        facts={"readings": {SITE: (Window(start=None, end=local("2026-12-01 00:00")),),
                            SourceId("ban-a/2"): (
                                Window(start=local("2026-10-18 00:00"), end=local("2026-12-01 00:00")),)}},
    ),
    "no census after the end": Worked(
        because="typed posts may be there", status=UNDETERMINED, figures=(2, 2, 2, 2, 0), causes={"no_census": 31},
        posts=posts(2), facts={"census_after_end": None},
    ),
    "unit without a website": Worked(
        because="judged by the census alone; written is unknown, not zero", status=MISSING,
        figures=(None, 0, 2, 2, 0), causes={"not_written": 1}, unit=NO_SITE,
        posts=[typed("s1", "2026-10-07 08:00"), typed("s2", "2026-10-08 08:00")],
        facts={"readings": {}, "delivery_since": None},
    ),
    "unit without a website, no census": Worked(
        because="nobody looked", status=UNDETERMINED, figures=(None, 0, 0, 0, 0), causes={"no_census": 31},
        unit=NO_SITE, facts={"readings": {}, "delivery_since": None, "census_after_end": None},
    ),
    # --- the portal down ------------------------------------------------------------------------------------
    "down for a day in the month": Worked(
        because="the deadline moves from Thursday 5 to Friday 6 November", status=OPEN, figures=(2, 2, 2, 2, 0),
        causes={"not_written": 1, "portal_down": 1}, posts=posts(2),
        facts={"now": "2026-11-05 12:00",
               "portal_outages": (Outage(start=local("2026-10-10 00:00"), end=local("2026-10-11 00:00")),)},
    ),
    "down after the grace": Worked(
        because="what breaks after the deadline moves nothing", status=MISSING, figures=(2, 2, 2, 2, 0),
        causes={"not_written": 1}, posts=posts(2),
        facts={"portal_outages": (Outage(start=local("2026-11-06 00:00"), end=local("2026-11-08 00:00")),)},
    ),
    "still down": Worked(
        because="downtime that lasts keeps it open", status=OPEN, figures=(2, 2, 2, 2, 0),
        causes={"not_written": 1, "portal_down": 31}, posts=posts(2),
        facts={"now": "2026-12-01 00:00", "portal_outages": (Outage(start=local("2026-10-31 00:00"), end=None),)},
    ),
    # --- active for a part, exempt ----------------------------------------------------------------------------
    "left in the middle": Worked(
        because="R = 12 * 15 / 31 = 5.8, rounded down 5", status=MET, figures=(5, 5, 5, 5, 0), posts=posts(5),
        unit=FIRST_HALF, ruleset={"required": 12},
    ),
    "joined in the middle": Worked(
        because="R = 12 * 15 / 31 = 5; the days before are nobody's to read", status=MISSING,
        figures=(4, 4, 4, 4, 0), causes={"not_written": 1}, posts=posts(4, "2026-10-20 08:00"), unit=SECOND_HALF,
        ruleset={"required": 12},
        facts={"readings": {SITE: (Window(start=local("2026-10-17 00:00"), end=local("2026-12-01 00:00")),)}},
    ),
    "exempt and short": Worked(
        because="exempt goes first", status=EXEMPT, figures=(1, 1, 1, 1, 0), posts=posts(1), facts={"exemption": TET},
    ),
    "exempt and unread": Worked(
        because="exempt goes first, and nothing is lacking", status=EXEMPT, figures=(0, 0, 0, 0, 0),
        facts={**BLIND, "exemption": TET, "census_after_end": None},
    ),
    # --- weights and other calendars ----------------------------------------------------------------------------
    "an article weighs two": Worked(
        because="1 + 2 = 3; the plain counts stay numbers of posts", status=MET, figures=(2, 2, 2, 3, 0),
        ruleset={"weights": {"bai": 2}}, posts=[post("a"), post("b", kind="bai")],
    ),
    "a photo weighs nothing": Worked(
        because="weight 0: seen, judged, and no help", status=MISSING, figures=(3, 3, 3, 2, 0),
        causes={"not_written": 1}, ruleset={"weights": {"anh": 0}}, posts=[*posts(2), one(kind="anh")],
    ),
    "merged January and February": Worked(
        because="the quotas of both months add up to 6", status=MISSING, figures=(5, 5, 5, 5, 0),
        causes={"not_written": 1}, ruleset={"merged": [["2026-01", "2026-02"]]},
        posts=[*posts(4, "2026-01-31 23:00"), one(written="2026-02-28 08:00")],
        facts={"now": "2026-12-01 00:00"}, period="2026-01+02",
    ),
    "cut-off day 20": Worked(
        because="February runs from 20 January to 19 February", status=MET, figures=(3, 3, 3, 3, 0), causes={"late": 1},
        ruleset={"starts_on_day": 20}, period="2026-02",
        posts=[one("a", written="2026-01-20 00:00"), one("b", written="2026-02-05 08:00"),
               one("c", written="2026-02-19 23:59"), one("d", written="2026-02-20 00:00")],
    ),
    "week 53 of 2026 ends in January": Worked(
        because="28 December 2026 to 3 January 2027", status=MET, figures=(3, 3, 3, 3, 0),
        ruleset={"period": "week"}, period="2026-W53", facts={"now": "2027-02-01 00:00"},
        posts=[one("a", written="2026-12-28 00:00"), one("b", written="2027-01-01 08:00"),
               one("c", written="2027-01-03 23:00"), one("d", written="2027-01-04 00:00")],
    ),
    "a week's grace runs over the weekend": Worked(
        because="week 40 ends on Sunday 4 October; Monday to Wednesday are the grace", status=OPEN,
        figures=(2, 2, 2, 2, 0), causes={"not_written": 1}, ruleset={"period": "week"}, period="2026-W40",
        posts=posts(2, "2026-09-28 08:00"), facts={"now": "2026-10-07 23:59"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_worked_by_hand(case: Worked) -> None:
    verdict = judged(case.given(), case.rules(), case.unit, case.period)

    found = (verdict.written, verdict.delivered, verdict.visible, verdict.counted, verdict.waiting)
    assert (verdict.status, found, causes(verdict)) == (case.status, case.figures, case.causes), case.because


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_causes_explain_what_is_short(case: Worked) -> None:
    """Where the unit wrote too little, each missing post has one cause: what was not written, not carried, excluded, or waits."""
    verdict = judged(case.given(), case.rules(), case.unit, case.period)
    numbers = causes(verdict)
    if case.ruleset.get("weights") or "not_written" not in numbers or verdict.status is Status.UNDETERMINED:
        return

    named = sum(cause.number for cause in verdict.causes if cause.measure == "posts" and cause.name != "late")

    assert named == verdict.required - verdict.counted


# --- adjustments beside a closed verdict -------------------------------------------------------------------


def beside(kind: AdjustmentKind, *, at: str = "2026-12-02 08:00", **changes: Any) -> Adjustment:
    values: dict[str, Any] = {
        "unit": UNIT.id, "period": "2026-10", "kind": kind, "reason": "giải trình", "document": "02-CV/VD",
        "approved_by": ("Nguyễn Văn A", "Trần Thị B"), "at": local(at),
    }  # fmt: skip
    return Adjustment(**(values | changes))


POSTS, VERDICT, WAIVED = AdjustmentKind.POSTS, AdjustmentKind.VERDICT, AdjustmentKind.PENALTY_WAIVED


@pytest.mark.parametrize(
    ("status", "counted", "adjustments", "expected"),
    [
        (MISSING, 2, [beside(POSTS, posts=1)], (MET, 3)),
        (MISSING, 1, [beside(POSTS, posts=1)], (MISSING, 2)),
        (UNDETERMINED, 1, [beside(POSTS, posts=1)], (UNDETERMINED, 2)),
        (MET, 3, [beside(POSTS, posts=-1)], (UNDETERMINED, 2)),
        (MET, 3, [beside(POSTS, posts=-1, status=MISSING)], (MISSING, 2)),
        (MET, 4, [beside(POSTS, posts=-1, status=MISSING)], (MET, 3)),
        (MISSING, 1, [beside(VERDICT, status=MET)], (MET, 1)),
        (MISSING, 1, [beside(VERDICT, status=MET), beside(POSTS, posts=1, at="2026-12-03 08:00")], (MET, 2)),
        (MISSING, 1, [beside(AdjustmentKind.EXEMPTION)], (EXEMPT, 1)),
        (MISSING, 1, [beside(AdjustmentKind.EXEMPTION), beside(POSTS, posts=9, at="2026-12-03 08:00")], (EXEMPT, 10)),
        (MISSING, 1, [beside(WAIVED)], (MISSING, 1)),
        (MISSING, 1, [beside(POSTS, posts=5, unit=UnitId("ban-b"))], (MISSING, 1)),
        (MISSING, 1, [beside(POSTS, posts=5, period="2026-09")], (MISSING, 1)),
    ],
    ids=[
        "n that makes it met", "n that is not enough", "n to an undetermined one", "taken off a met one",
        "taken off, said to be missing", "taken off, still enough", "met by decision", "met by decision, then more posts",
        "exempted", "exempted, then posts", "penalty waived", "of another unit", "of another period",
    ],
)  # fmt: skip
def test_what_is_in_force_beside_a_statement(
    status: Status, counted: int, adjustments: list[Adjustment], expected: tuple[Status, int]
) -> None:
    closed = verdict_of("2026-10", status, required=3, counted=counted)

    verdict = in_force(closed, adjustments)

    assert (verdict.status, verdict.counted) == expected


def test_causes_in_force_are_those_of_the_figures_in_force() -> None:
    closed = judged(facts(*posts(1), reprint_excluded()), rules(required=3, reprints="exclude"))
    assert causes(closed) == {"not_written": 1, "excluded:reprint": 1}

    filled = in_force(closed, [beside(POSTS, posts=2)])
    fewer = in_force(closed, [beside(POSTS, posts=-1)])

    assert (filled.status, causes(filled)) == (MET, {"excluded:reprint": 1})
    assert causes(fewer) == {"not_written": 1, "excluded:reprint": 1, "excluded:decision": 1}
    assert causes(in_force(closed, [beside(AdjustmentKind.EXEMPTION)])) == {"excluded:reprint": 1}
    assert in_force(closed, [beside(WAIVED)]) == closed


def reprint_excluded() -> PostFact:
    return one(reprint=True)


@pytest.mark.parametrize(
    ("names", "people"),
    [
        (("Nguyễn Văn A", "nguyễn  văn\u00a0a "), 1),
        (("Nguyễn Văn Ân", "Nguyễn Văn An"), 2),
        (("Nguyễn", "Nguye\u0302\u0303n"), 1),
        (("", " "), 0),
    ],
)
def test_one_person_is_not_two(names: tuple[str, ...], people: int) -> None:
    assert different_people(names) == people
