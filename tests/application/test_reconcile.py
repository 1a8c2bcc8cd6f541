"""Written, delivered, visible: the counts add up, and each difference has one cause, an owner and a way out."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.application.collecting.collect import collect_unit
from syncd.application.decide import Decision, decide
from syncd.application.jobs import BY_NAME
from syncd.application.publishing.publish import publish
from syncd.application.reading_back.census import take_census
from syncd.application.reconciling.causes import CAUSES, Kind
from syncd.application.reconciling.reconcile import Balance, Reconciliation, reconcile, record
from syncd.application.status import status
from syncd.domain.model import CauseOwner, PeriodId, UnitId
from syncd.errors import PortalError, UsageError
from syncd.ports.portal import PortalState
from syncd.ports.records import PostRecord, PushState, Slot, SlotState
from syncd.testing.clock import FakeClock
from tests.application.collecting import ExampleOffice, item, local, open_office, story

HOUR = timedelta(hours=1)
OCTOBER = PeriodId("2026-10")
SIGNED = {"reason": "đã hỏi Ban Biên tập", "by": "Nguyễn Văn A"}


@pytest.fixture
def office(tmp_path: Path, clock: FakeClock) -> Iterator[ExampleOffice]:
    made = open_office(tmp_path, clock, {"ban-a": 1, "ban-b": 1})
    yield made
    made.db.close()


def carried(office: ExampleOffice, *numbers: int) -> dict[int, PostRecord]:
    """Posts of ban-a on the portal, as it was left."""
    office.site("ban-a/1").posts = [item(number) for number in numbers]
    collect_unit(office.services, office.unit("ban-a"))
    publish(office.services)
    office.clock.advance(HOUR)
    return {int(post.title.rsplit(maxsplit=1)[-1]): post for post in office.posts("ban-a")}


def report(office: ExampleOffice) -> Reconciliation:
    return reconcile(office.services, periods=[OCTOBER])


def balance(office: ExampleOffice, unit: str = "ban-a") -> Balance:
    return next(each for each in report(office).balances if each.unit == unit)


def causes(office: ExampleOffice) -> dict[str, str]:
    """Cause -> the post's ref."""
    return {each.cause: each.ref for each in balance(office).differences}


def assert_adds_up(each: Balance) -> None:
    kinds = [difference.words.kind for difference in each.differences]
    written = each.written or 0
    assert written - kinds.count(Kind.NOT_DELIVERED) == each.delivered
    assert each.delivered - kinds.count(Kind.NOT_VISIBLE) + kinds.count(Kind.NOT_WRITTEN) == each.visible


def test_what_is_carried_and_seen_leaves_no_difference(office: ExampleOffice) -> None:
    carried(office, 1, 2)
    take_census(office.services)
    found = balance(office)
    assert (found.written, found.delivered, found.visible, found.differences) == (2, 2, 2, ())
    assert not report(office).needs_person


def test_every_way_of_not_arriving_has_its_cause(office: ExampleOffice) -> None:
    posts = carried(office, 1, 2, 3, 4, 5)
    for number, changes in {
        1: {"state": PushState.QUEUED},
        2: {"state": PushState.HELD_BACK},
        3: {"state": PushState.DEAD, "error_kind": "http_status"},
        4: {"state": PushState.UNKNOWN},
        5: {"state": PushState.QUARANTINED},
    }.items():
        with office.db.write() as uow:
            never = {"accepted_at": None, "delivered_version": None, "portal_id": None, "portal_state": None}
            uow.pushes.update(replace(office.push(posts[number]), attempts=0, **{**never, **changes}))
            uow.commit()
    found = balance(office)
    assert (found.written, found.delivered, found.visible) == (5, 0, 0)
    assert set(causes(office)) == {"queued", "held_back", "refused", "unknown", "quarantined"}
    assert {each.cause for each in found.differences if each.needs_person} == {"refused", "quarantined"}
    assert_adds_up(found)


@pytest.mark.parametrize(
    ("state", "cause", "person"),
    [
        (PortalState.PENDING, "pending", False),
        (PortalState.DRAFT, "draft", False),
        (PortalState.SCHEDULED, "scheduled", False),
        (PortalState.PRIVATE, "private", True),
        (PortalState.TRASH, "trashed", True),
    ],
)
def test_what_editors_did_to_it_is_the_cause(
    office: ExampleOffice, state: PortalState, cause: str, person: bool
) -> None:
    post = carried(office, 1, 2)[1]
    office.portal.posts["p1"] = replace(office.portal.posts["p1"], state=state)
    take_census(office.services)
    found = balance(office)
    assert (found.written, found.delivered, found.visible) == (2, 2, 1)
    [difference] = found.differences
    assert (difference.cause, difference.ref) == (cause, f"post:{post.id}")
    assert (difference.words.owner, difference.needs_person) == (CauseOwner.OFFICE, person)
    assert_adds_up(found)


def test_a_deleted_post_is_named_until_a_person_has_decided(office: ExampleOffice) -> None:
    post = carried(office, 1, 2)[2]
    take_census(office.services)
    del office.portal.posts["p2"]
    office.clock.advance(HOUR)
    take_census(office.services)
    assert causes(office) == {"deleted": f"post:{post.id}"}
    assert report(office).needs_person
    [told] = [each for each in status(office.services).problems if each.kind == "removed_on_portal"]
    assert f"syncd decide post:{post.id} count" in told.hint
    decide(office.services, f"post:{post.id}", Decision.EXCLUDE, **SIGNED)
    assert causes(office) == {"deleted": f"post:{post.id}"}
    assert not report(office).needs_person


def test_a_post_that_was_taken_and_never_listed_is_named(office: ExampleOffice) -> None:
    post = carried(office, 1, 2)[1]
    del office.portal.posts["p1"]
    take_census(office.services)
    assert causes(office) == {"not_listed": f"post:{post.id}"}


def test_what_we_withdrew_says_so(office: ExampleOffice) -> None:
    post = carried(office, 1)[1]
    with office.db.write() as uow:
        uow.pushes.update(replace(office.push(post), withdrawn_at=office.clock.now(), portal_state="draft"))
        uow.commit()
    assert "withdrawn" in causes(office)


def test_what_no_census_has_looked_at_is_a_note(office: ExampleOffice) -> None:
    carried(office, 1)
    found = balance(office)
    assert (found.delivered, found.visible, [each.cause for each in found.differences]) == (1, 1, ["not_looked"])
    assert not report(office).needs_person


def test_a_typed_post_is_visible_and_not_written(office: ExampleOffice) -> None:
    carried(office, 1)
    office.portal.put("t1", "Gõ tay", story("x"), local("2026-10-12 10:00"), author="Đơn vị ban-a")
    take_census(office.services)
    found = balance(office)
    assert (found.written, found.delivered, found.visible) == (1, 1, 2)
    assert [each.cause for each in found.differences] == ["typed"]
    assert_adds_up(found)


def test_two_copies_are_told_apart_from_one(office: ExampleOffice) -> None:
    post = carried(office, 1, 2)[1]
    copy = {"title": post.title, "html": item(1).html, "at": local("2026-10-12 08:30")}
    office.portal.put("t1", copy["title"], copy["html"], copy["at"], author="Đơn vị ban-a")
    office.portal.put("t2", "Bản sao", story("bản sao"), copy["at"], key=office.posts("ban-a")[1].key)
    take_census(office.services)
    assert {"same_key_twice", "typed_and_carried"} <= set(causes(office))
    assert causes(office)["typed_and_carried"] == f"post:{post.id}"
    assert "twice_on_portal" in [problem.kind for problem in status(office.services).problems]


def test_a_date_that_was_moved_into_another_period_is_a_note(office: ExampleOffice) -> None:
    post = carried(office, 1)[1]
    take_census(office.services)
    office.portal.posts["p1"] = replace(office.portal.posts["p1"], published_at=local("2026-09-12 08:30"))
    take_census(office.services)
    assert causes(office) == {"date_moved": f"post:{post.id}"}
    assert balance(office).visible == 1


def test_what_nobody_owns_is_listed_and_assigned_by_a_person(office: ExampleOffice) -> None:
    carried(office, 1)
    office.portal.put("t1", "Gõ tay", story("x"), local("2026-10-12 10:00"), author="quản trị")
    take_census(office.services)
    [nobodys] = report(office).of_nobody
    assert (nobodys.cause, nobodys.title, nobodys.needs_person) == ("unattributed", "Gõ tay", True)
    with pytest.raises(UsageError, match="names the unit"):
        decide(office.services, nobodys.ref, Decision.ASSIGN, **SIGNED)
    decide(office.services, nobodys.ref, Decision.ASSIGN, unit=UnitId("ban-b"), **SIGNED)
    take_census(office.services)
    assert report(office).of_nobody == ()
    assert (balance(office, "ban-b").visible, [each.cause for each in balance(office, "ban-b").differences]) == (
        1,
        ["typed"],
    )
    assert office.leaves("admin_action")[-1]["data"]["decision"] == "assign"


# --- an editor's version and ours ----------------------------------------------------------------------


@pytest.fixture
def changed_twice(office: ExampleOffice) -> PostRecord:
    """An editor changed the copy, then the unit changed its post: left as it is."""
    carried(office, 1)
    office.portal.put(
        "p1",
        "Tựa của biên tập viên",
        story("của biên tập viên"),
        local("2026-10-12 08:30"),
        key=office.posts()[0].key,
    )
    take_census(office.services)
    assert set(causes(office)) == {"edited_there"}
    office.site("ban-a/1").posts = [item(1, html=story("bàn việc số 1, có bổ sung"))]
    office.clock.advance(HOUR)
    collect_unit(office.services, office.unit("ban-a"))
    assert set(causes(office)) == {"edit_waiting"}
    publish(office.services)
    [post] = office.posts()
    return post


def test_a_copy_that_was_left_is_raised_until_a_person_decides(
    office: ExampleOffice, changed_twice: PostRecord
) -> None:
    assert causes(office) == {"left": f"post:{changed_twice.id}"}
    assert report(office).needs_person
    [problem] = [each for each in status(office.services).problems if each.kind == "copy_changed"]
    assert f"syncd decide post:{changed_twice.id} overwrite" in problem.hint


def test_our_version_goes_over_theirs_when_a_person_says_so(office: ExampleOffice, changed_twice: PostRecord) -> None:
    decide(office.services, f"post:{changed_twice.id}", Decision.OVERWRITE, **SIGNED)
    assert set(causes(office)) == {"edit_waiting"}
    publish(office.services)
    assert (office.portal.posts["p1"].title, len(office.portal.posts)) == ("Tin số 1", 1)
    office.clock.advance(HOUR)
    take_census(office.services)
    assert causes(office) == {}


def test_theirs_stays_when_a_person_says_so(office: ExampleOffice, changed_twice: PostRecord) -> None:
    decide(office.services, f"post:{changed_twice.id}", Decision.KEEP, **SIGNED)
    publish(office.services)
    assert office.portal.posts["p1"].title == "Tựa của biên tập viên"
    assert "left" not in causes(office)
    assert not report(office).needs_person
    with pytest.raises(UsageError, match="waits for no such decision"):
        decide(office.services, f"post:{changed_twice.id}", Decision.OVERWRITE, **SIGNED)


def test_nothing_is_written_over_a_copy_that_was_thrown_away(office: ExampleOffice) -> None:
    carried(office, 1)
    office.portal.posts["p1"] = replace(office.portal.posts["p1"], state=PortalState.TRASH)
    office.site("ban-a/1").posts = [item(1, html=story("bàn việc số 1, có bổ sung"))]
    collect_unit(office.services, office.unit("ban-a"))
    publish(office.services)
    [post] = office.posts()
    with pytest.raises(UsageError, match="ours to overwrite"):
        decide(office.services, f"post:{post.id}", Decision.OVERWRITE, **SIGNED)
    decide(office.services, f"post:{post.id}", Decision.KEEP, **SIGNED)
    assert "left" not in causes(office)


# --- the report ----------------------------------------------------------------------------------------


def test_posts_of_a_unit_that_left_the_configuration_are_named(office: ExampleOffice) -> None:
    office.site("ban-b/1").posts = [item(9)]
    collect_unit(office.services, office.unit("ban-b"))
    units = {UnitId("ban-a"): office.unit("ban-a")}
    [left_out] = reconcile(replace(office.services, units=units), periods=[OCTOBER]).of_nobody
    assert (left_out.cause, left_out.unit, left_out.needs_person) == ("unit_not_configured", "ban-b", True)


def test_every_night_a_leaf_tells_what_differed(office: ExampleOffice) -> None:
    carried(office, 1, 2)
    office.portal.posts["p1"] = replace(office.portal.posts["p1"], state=PortalState.PENDING)
    now = office.clock.now()
    slot = Slot(id=1, job="reconcile", subject="cong", due=now, state=SlotState.RUNNING)
    outcome = BY_NAME["reconcile"].run(office.services, slot)
    assert outcome["causes"] == {"pending": 1}
    last = office.leaves("reconcile")[-1]["data"]
    october = next(each for each in last["three_way"] if each["period"] == "2026-10")
    assert (october["written"], october["delivered"], october["visible"]) == (2, 2, 1)
    assert october["causes"] == {"pending": 1}
    again = record(office.services, reconcile(office.services))
    assert again == outcome["leaf"] + 1
    assert office.leaves("reconcile")[-1]["data"]["three_way"] == last["three_way"]


def test_a_withheld_post_is_a_number(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(1, html="<p>MẬT</p>" + story("họp kín"))]
    collect_unit(office.services, office.unit("ban-a"))
    publish(office.services)
    document = report(office).as_json()
    assert "quarantined" in document["causes"]
    assert "Tin số 1" not in str(document)
    assert "ban-a.example" not in str(document)


def test_every_cause_speaks_both_languages() -> None:
    for cause in CAUSES.values():
        assert cause.tell("vi") != cause.tell("en")
        assert "{" not in cause.way_out("vi", ref="post:1", unit="ban-a")


def test_a_push_with_no_answer_is_waited_for(office: ExampleOffice) -> None:
    def lost() -> None:
        raise PortalError("no answer", portal="cong", kind="timeout", unknown=True)

    office.portal.after = lost
    carried(office, 1)
    assert set(causes(office)) == {"unknown"}
    take_census(office.services)
    assert causes(office) == {}
