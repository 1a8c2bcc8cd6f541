from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.application.collecting.collect import collect, collect_unit
from syncd.application.publishing.publish import publish
from syncd.application.reading_back.census import take_census
from syncd.application.services import Assessment
from syncd.domain.model import Period, PeriodId, UnitId
from syncd.errors import PortalError
from syncd.ports.portal import PortalState
from syncd.ports.records import CensusRecord, PostRecord, PushState, SightingRecord
from syncd.testing.clock import FakeClock
from tests.application.collecting import ExampleOffice, item, local, open_office, story

HOUR = timedelta(hours=1)
OCTOBER = Period(id=PeriodId("2026-10"), start=local("2026-10-01 00:00"), end=local("2026-11-01 00:00"))
SEPTEMBER = Period(id=PeriodId("2026-09"), start=local("2026-09-01 00:00"), end=OCTOBER.start)


@pytest.fixture
def office(tmp_path: Path, clock: FakeClock) -> Iterator[ExampleOffice]:
    made = open_office(tmp_path, clock, {"ban-a": 1, "ban-b": 1})
    yield made
    made.db.close()


@pytest.fixture
def post(office: ExampleOffice) -> PostRecord:
    """One post of ban-a, carried to the portal."""
    office.site("ban-a/1").posts = [item(1)]
    collect_unit(office.services, office.unit("ban-a"))
    publish(office.services)
    office.clock.advance(HOUR)
    return office.posts("ban-a")[0]


def sighting(office: ExampleOffice, portal_id: str) -> SightingRecord:
    with office.db.read() as uow:
        found = uow.sightings.get("cong", portal_id)
    assert found is not None
    return found


def latest(office: ExampleOffice) -> CensusRecord:
    with office.db.read() as uow:
        found = uow.censuses.latest("cong")
    assert found is not None
    return found


def failing(kind: str = "incomplete") -> PortalError:
    return PortalError("page 2 is missing", portal="cong", kind=kind, hint="look at the portal's log")


def raises(err: BaseException) -> None:
    raise err


# --- what is seen --------------------------------------------------------------------------------------


def test_a_carried_post_is_seen_by_its_key(office: ExampleOffice, post: PostRecord) -> None:
    report = take_census(office.services, [OCTOBER])
    (line,) = report.periods
    assert (line.complete, line.posts, line.own, line.typed, line.unattributed) == (True, 1, 1, 0, 0)
    assert report.as_json()["units"] == {"ban-a": {"public": 1}}
    seen = sighting(office, "p1")
    assert (seen.post, seen.unit, seen.attributed_by, seen.month) == (post.id, "ban-a", "key", "2026-10")
    assert (latest(office).complete, latest(office).posts) == (True, 1)


def test_a_census_that_finds_nothing_new_leaves_one_leaf_that_it_looked(
    office: ExampleOffice, post: PostRecord
) -> None:
    take_census(office.services, [OCTOBER])
    office.clock.advance(HOUR)
    with office.db.read() as uow:
        size = uow.ledger.head().size
    take_census(office.services, [OCTOBER])
    with office.db.read() as uow:
        assert uow.ledger.head().size == size + 1
    first, second = office.leaves("reconcile")
    assert first["data"]["periods"][0]["list_sha256"] == second["data"]["periods"][0]["list_sha256"]
    assert sighting(office, "p1").last_seen == office.clock.now()


def test_by_default_the_current_and_the_two_latest_periods_are_read(office: ExampleOffice) -> None:
    assert [line.period for line in take_census(office.services).periods] == ["2026-08", "2026-09", "2026-10"]


def test_ended_periods_of_an_assessment_are_read_until_a_complete_census_covers_them(office: ExampleOffice) -> None:
    assessment = Assessment(id="2026", first=PeriodId("2026-01"), last=PeriodId("2026-11"), ruleset="mac-dinh")
    services = replace(office.services, assessments={"2026": assessment})
    assert len(take_census(services).periods) == 10
    assert len(take_census(services).periods) == 3


@pytest.mark.parametrize(
    ("at", "period"),
    [
        ("2026-09-30 23:59", "2026-09"),
        ("2026-10-01 00:00", "2026-10"),
        ("2026-10-31 23:59", "2026-10"),
        ("2026-11-01 00:00", None),
    ],
)
def test_a_month_is_cut_at_local_midnight(office: ExampleOffice, at: str, period: str | None) -> None:
    office.portal.put("t1", "Gõ tay", story("x"), local(at))
    report = take_census(office.services, [SEPTEMBER, OCTOBER])
    assert [line.period for line in report.periods if line.posts] == ([period] if period else [])


# --- whose it is ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "unit", "rule"),
    [
        ({"author": "Unit_A"}, "ban-a", "author"),
        ({"author_name": "Biên tập Ban A"}, "ban-a", "author"),
        ({"categories": ("Tin Ban A",)}, "ban-a", "category"),
        ({"links": ("http://www.ban-b.example/tin/9",)}, "ban-b", "link"),
        ({"author": "ĐƠN VỊ BAN-B"}, "ban-b", "byline"),
        ({"credit": "Đơn vị Ban-B"}, "ban-b", "credit"),
        ({"credit": "Đơn vị Ban-B", "author": "unit_a"}, "ban-a", "author"),
        ({"author": "unit_a", "links": ("https://ban-b.example/9",)}, "ban-a", "author"),
        ({"links": ("https://ban-a.example/1", "https://ban-b.example/1")}, None, None),
        ({"author": "quản trị"}, None, None),
    ],
    ids=[
        "login",
        "shown name",
        "category",
        "link",
        "byline",
        "last line",
        "author before last line",
        "author first",
        "ambiguous",
        "nobody",
    ],
)
def test_hand_typed_posts_are_given_to_units_by_rules_in_order(
    office: ExampleOffice, changes: dict[str, object], unit: str | None, rule: str | None
) -> None:
    a = replace(office.unit("ban-a"), portal_authors=("unit_a", "Biên tập Ban A"), portal_categories=("Tin Ban A",))
    services = replace(office.services, units={**office.services.units, a.id: a})
    collect(services)  # the addresses of the sites are known from the looks
    office.portal.put("t1", "Gõ tay", story("x"), local("2026-10-12 10:00"), **changes)
    report = take_census(services, [OCTOBER])
    seen = sighting(office, "t1")
    assert (seen.unit, seen.attributed_by) == (unit, rule)
    assert report.unattributed == (0 if unit else 1)


def test_a_persons_attribution_stands(office: ExampleOffice) -> None:
    office.portal.put("t1", "Gõ tay", story("x"), local("2026-10-12 10:00"))
    take_census(office.services, [OCTOBER])
    with office.db.write() as uow:
        uow.sightings.put([replace(sighting(office, "t1"), unit=UnitId("ban-b"), attributed_by="person")])
        uow.commit()
    take_census(office.services, [OCTOBER])
    assert sighting(office, "t1").unit == "ban-b"


@pytest.mark.parametrize(("printed", "late"), [("2026-10-13 08:00", True), ("2026-10-15 11:00", False)])
def test_a_typed_post_that_an_earlier_complete_census_lacked_is_a_late_sighting(
    office: ExampleOffice, printed: str, late: bool
) -> None:
    take_census(office.services, [OCTOBER])  # 15 October, 09:00
    office.clock.advance(timedelta(days=1))
    office.portal.put("t1", "Gõ tay", story("x"), local(printed))
    report = take_census(office.services, [OCTOBER])
    assert sighting(office, "t1").late_sighting is late
    assert report.periods[0].late == int(late)
    office.clock.advance(timedelta(days=1))
    take_census(office.services, [OCTOBER])
    assert sighting(office, "t1").late_sighting is late


def test_an_incomplete_census_proves_no_late_sighting(office: ExampleOffice) -> None:
    office.portal.put("t0", "Một", story("0"), local("2026-10-01 08:00"))
    office.portal.at_list = lambda _: raises(failing())
    take_census(office.services, [OCTOBER])
    office.portal.at_list = lambda _: None
    office.clock.advance(timedelta(days=1))
    office.portal.put("t1", "Gõ tay", story("x"), local("2026-10-13 08:00"))
    take_census(office.services, [OCTOBER])
    assert not sighting(office, "t1").late_sighting


# --- what changed --------------------------------------------------------------------------------------


def test_a_state_that_changed_is_a_leaf_and_reaches_the_push(office: ExampleOffice, post: PostRecord) -> None:
    take_census(office.services, [OCTOBER])
    office.portal.posts["p1"] = replace(office.portal.posts["p1"], state=PortalState.TRASH)
    report = take_census(office.services, [OCTOBER])
    assert report.periods[0].changed == 1
    assert office.push(post).portal_state == "trash"
    last = office.leaves("readback")[-1]["data"]
    assert (last["events"], last["was"], last["state"]) == (["state"], "public", "trash")


def test_a_post_that_is_no_longer_there_is_gone_and_may_come_back(office: ExampleOffice, post: PostRecord) -> None:
    take_census(office.services, [OCTOBER])
    kept = office.portal.posts.pop("p1")
    office.clock.advance(HOUR)
    assert take_census(office.services, [OCTOBER]).periods[0].gone == 1
    assert sighting(office, "p1").gone_at == office.clock.now()
    assert office.push(post).portal_state == "gone"
    assert take_census(office.services, [OCTOBER]).periods[0].gone == 0
    office.portal.posts["p1"] = kept
    office.clock.advance(HOUR)
    take_census(office.services, [OCTOBER])
    assert sighting(office, "p1").gone_at is None
    assert [leaf["data"]["events"] for leaf in office.leaves("readback")] == [["seen"], ["gone"], ["back"]]
    assert office.push(post).portal_state == "public"


def test_a_post_whose_date_was_moved_out_of_the_range_is_not_gone(office: ExampleOffice, post: PostRecord) -> None:
    take_census(office.services, [OCTOBER])
    office.portal.posts["p1"] = replace(office.portal.posts["p1"], published_at=local("2026-05-05 08:00"))
    report = take_census(office.services, [OCTOBER])
    assert report.periods[0].gone == 0
    assert (sighting(office, "p1").gone_at, sighting(office, "p1").month) == (None, "2026-05")


def test_two_posts_with_one_key_are_reported_and_nothing_is_deleted(office: ExampleOffice, post: PostRecord) -> None:
    office.portal.put("p2", "Bản sao", story("x"), local("2026-10-12 08:30"), key=post.key)
    report = take_census(office.services, [OCTOBER])
    (duplicate,) = report.duplicates
    assert (duplicate.key, len(duplicate.urls)) == (post.key, 2)
    assert len(office.portal.posts) == 2
    assert office.push(post).portal_id == "p1"


# --- what it settles -----------------------------------------------------------------------------------


def test_an_unknown_push_whose_post_is_seen_is_delivered(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(1)]
    collect_unit(office.services, office.unit("ban-a"))
    office.portal.after = lambda: raises(PortalError("no answer", portal="cong", kind="timeout", unknown=True))
    publish(office.services)
    sent_at = office.clock.now()
    office.clock.advance(timedelta(seconds=30))
    report = take_census(office.services, [OCTOBER])
    push = office.push(office.posts()[0])
    assert (push.state, push.adopted, push.accepted_at) == (PushState.DELIVERED, True, sent_at)
    assert report.periods[0].adopted == 1


def test_a_typed_copy_of_a_waiting_post_is_that_post(office: ExampleOffice) -> None:
    a = replace(office.unit("ban-a"), portal_authors=("unit_a",))
    services = replace(office.services, units={**office.services.units, a.id: a})
    office.site("ban-a/1").posts = [item(1)]
    collect_unit(services, a)
    office.portal.put("t1", "Tựa khác", item(1).html, local("2026-10-13 10:00"), author="unit_a")
    assert take_census(services, [OCTOBER]).periods[0].adopted == 1
    (post,) = office.posts()
    assert office.push(post).accepted_at == local("2026-10-13 10:00")
    assert sighting(office, "t1").post == post.id
    office.clock.advance(HOUR)
    assert publish(services).total.sent == 0
    take_census(services, [OCTOBER])
    assert (sighting(office, "t1").post, sighting(office, "t1").unit) == (post.id, "ban-a")


# --- failures ------------------------------------------------------------------------------------------


def test_a_listing_that_breaks_off_proves_no_absence_but_what_was_seen_is_kept(
    office: ExampleOffice, post: PostRecord
) -> None:
    take_census(office.services, [OCTOBER])
    office.portal.put("t1", "Gõ tay", story("x"), local("2026-10-11 10:00"))
    office.portal.put("t3", "Gõ tay sau", story("y"), local("2026-10-14 10:00"))
    del office.portal.posts["p1"]
    office.portal.at_list = lambda number: raises(failing()) if number == 1 else None
    report = take_census(office.services, [OCTOBER])
    assert (report.complete, report.error, report.hint) == (False, "page 2 is missing", "look at the portal's log")
    assert sighting(office, "t1").first_seen == office.clock.now()
    assert sighting(office, "p1").gone_at is None
    assert (latest(office).complete, latest(office).error) == (False, "page 2 is missing")


def test_one_period_that_fails_does_not_spoil_the_others(office: ExampleOffice, post: PostRecord) -> None:
    office.portal.put("t1", "Gõ tay", story("x"), local("2026-09-11 10:00"))
    calls = iter([failing()] * 3)

    def once(_: int) -> None:
        err = next(calls, None)
        if err:
            raise err

    office.portal.at_list = once
    assert [line.complete for line in take_census(office.services, [SEPTEMBER, OCTOBER]).periods] == [False, True]


def test_a_wrong_password_never_reads_as_an_empty_portal(office: ExampleOffice, post: PostRecord) -> None:
    take_census(office.services, [OCTOBER])
    office.portal.at_verify = lambda: raises(failing("unauthorized"))
    office.portal.posts.clear()
    report = take_census(office.services, [OCTOBER])
    assert not report.complete
    assert sighting(office, "p1").gone_at is None
    with office.db.read() as uow:
        (outage,) = uow.outages.overlapping(local("2026-01-01 00:00"), local("2027-01-01 00:00"))
    assert (outage.subject, outage.end) == ("portal:cong", None)
    office.portal.at_verify = lambda: None
    office.clock.advance(HOUR)
    take_census(office.services, [OCTOBER])
    with office.db.read() as uow:
        (outage,) = uow.outages.overlapping(local("2026-01-01 00:00"), local("2027-01-01 00:00"))
    assert outage.end == office.clock.now()
