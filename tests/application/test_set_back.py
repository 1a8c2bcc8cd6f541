"""A portal restored from an old backup, and a database restored from one: nothing is doubled, nothing is lost."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.application.collecting.collect import collect_unit
from syncd.application.figures.explain import explain
from syncd.application.publishing.publish import publish
from syncd.application.reading_back.census import take_census
from syncd.application.reading_back.set_back import removed, restored
from syncd.application.reconciling.reconcile import reconcile
from syncd.application.status import status
from syncd.domain.model import PeriodId
from syncd.errors import PortalError, UsageError
from syncd.ports.portal import PortalState
from syncd.ports.records import PushState
from syncd.storage.engine import open_database
from syncd.testing.clock import FakeClock
from tests.application.collecting import ExampleOffice, item, open_office, story

HOUR = timedelta(hours=1)
SIGNED = {"reason": "quản trị Cổng xác nhận", "by": "Nguyễn Văn A"}


@pytest.fixture
def office(tmp_path: Path, clock: FakeClock) -> Iterator[ExampleOffice]:
    made = open_office(tmp_path, clock, {"ban-a": 1})
    yield made
    made.db.close()


def carry(office: ExampleOffice, upto: int) -> None:
    """The site shows posts 1 to `upto`; what is new is carried."""
    office.site("ban-a/1").posts = [item(number) for number in range(upto, 0, -1)]
    collect_unit(office.services, office.unit("ban-a"))
    assert publish(office.services).portal_error is None
    office.clock.advance(HOUR)


def problems(office: ExampleOffice) -> list[str]:
    return [problem.kind for problem in status(office.services).problems]


def assert_each_once(office: ExampleOffice, posts: int) -> None:
    keys = [post.key for post in office.posts("ban-a")]
    assert len(keys) == posts
    assert [office.portal.copies(key) for key in keys] == [1] * posts


def set_portal_back(office: ExampleOffice, *lost: str) -> None:
    for id_ in lost:
        del office.portal.posts[id_]


@pytest.fixture
def backed_up(office: ExampleOffice) -> ExampleOffice:
    """Three posts in the portal's backup, four after it, all seen by a census."""
    carry(office, 3)
    carry(office, 5)
    carry(office, 7)
    take_census(office.services)
    office.clock.advance(HOUR)
    return office


# --- the portal ------------------------------------------------------------------------------------------


def test_a_restored_portal_stops_all_sending_until_a_person_has_spoken(backed_up: ExampleOffice) -> None:
    office = backed_up
    since = office.push(office.posts("ban-a")[3]).accepted_at
    set_portal_back(office, "p4", "p5", "p6", "p7")
    looked = take_census(office.services)
    assert (looked.lost, looked.needs_person) == (4, True)
    assert office.leaves("reconcile")[-1]["data"]["alarm"] == "portal_set_back"
    [told] = [each for each in status(office.services).problems if each.kind == "portal_set_back"]
    assert (told.since, told.severity.name) == (since, "BROKEN")
    assert "4 tin, bài" in told.message
    office.site("ban-a/1").posts.insert(0, item(8))
    collect_unit(office.services, office.unit("ban-a"))
    report = publish(office.services)
    assert "lost 4 posts at once" in (report.portal_error or "")
    assert len(office.portal.posts) == 3
    causes = reconcile(office.services).as_json()["causes"]
    assert causes == {"lost": 4, "queued": 1}


def test_the_lost_posts_are_carried_again_exactly_once(backed_up: ExampleOffice) -> None:
    office = backed_up
    accepted = [office.push(post).accepted_at for post in office.posts("ban-a")]
    set_portal_back(office, "p4", "p5", "p6", "p7")
    take_census(office.services)
    report = restored(office.services, **SIGNED)
    assert (len(report.lost), report.older) == (4, ())
    assert [office.push(post).state for post in office.posts("ban-a")].count(PushState.QUEUED) == 4
    assert {"lost", "deleted"}.isdisjoint(reconcile(office.services).as_json()["causes"])
    publish(office.services)
    assert_each_once(office, 7)
    assert [office.push(post).accepted_at for post in office.posts("ban-a")] == accepted
    explained = explain(office.services, office.unit("ban-a").id, PeriodId("2026-10"))
    assert not {post.judgement.reason for post in explained.posts} & {"waiting:removed", "waiting:queued"}
    office.clock.advance(HOUR)
    take_census(office.services)
    assert "portal_set_back" not in problems(office)
    assert reconcile(office.services).as_json()["causes"] == {}
    leaf = office.leaves("admin_action")[-1]["data"]
    assert (leaf["action"], len(leaf["lost"]), leaf["by"]) == ("portal_restored", 4, "Nguyễn Văn A")


def test_what_came_back_by_itself_is_found_and_not_made_again(backed_up: ExampleOffice) -> None:
    office = backed_up
    kept = office.portal.posts["p6"]
    set_portal_back(office, "p4", "p5", "p6", "p7")
    take_census(office.services)
    office.portal.posts["p60"] = replace(kept, id="p60")
    assert len(restored(office.services, **SIGNED).lost) == 3
    publish(office.services)
    assert_each_once(office, 7)


def test_posts_that_were_removed_on_purpose_stay_away(backed_up: ExampleOffice) -> None:
    office = backed_up
    set_portal_back(office, "p5", "p6", "p7")
    take_census(office.services)
    assert len(removed(office.services, **SIGNED).lost) == 3
    office.clock.advance(HOUR)
    take_census(office.services)
    carry(office, 8)
    assert "portal_set_back" not in problems(office)
    assert len(office.portal.posts) == 5
    assert reconcile(office.services).as_json()["causes"]["deleted"] == 3


@pytest.mark.parametrize("lost", [("p7",), ("p2",), ("p1", "p3", "p5"), ("p6", "p7")])
def test_posts_deleted_by_hand_are_no_restore(backed_up: ExampleOffice, lost: tuple[str, ...]) -> None:
    set_portal_back(backed_up, *lost)
    take_census(backed_up.services)
    assert "portal_set_back" not in problems(backed_up)
    carry(backed_up, 8)


def test_posts_thrown_away_before_are_not_carried_again(backed_up: ExampleOffice) -> None:
    office = backed_up
    office.portal.posts["p6"] = replace(office.portal.posts["p6"], state=PortalState.TRASH)
    take_census(office.services)
    office.clock.advance(HOUR)
    set_portal_back(office, "p4", "p5", "p6", "p7")
    take_census(office.services)
    assert len(restored(office.services, **SIGNED).lost) == 3
    publish(office.services)
    assert office.portal.copies(office.posts("ban-a")[5].key) == 0


def test_it_is_noticed_before_the_next_push_too(office: ExampleOffice) -> None:
    carry(office, 2)
    carry(office, 5)  # no census has seen any
    set_portal_back(office, "p3", "p4", "p5")
    office.site("ban-a/1").posts.insert(0, item(6))
    collect_unit(office.services, office.unit("ban-a"))
    assert "lost 3 posts" in (publish(office.services).portal_error or "")
    restored(office.services, **SIGNED)
    publish(office.services)
    assert_each_once(office, 6)


def test_a_number_that_comes_again_is_enough(office: ExampleOffice) -> None:
    carry(office, 3)
    take_census(office.services)
    office.clock.advance(HOUR)
    set_portal_back(office, "p3")
    carry(office, 4)  # the portal gives out p3 again
    take_census(office.services)
    assert "portal_set_back" in problems(office)
    restored(office.services, **SIGNED)
    publish(office.services)
    assert_each_once(office, 4)


def test_an_edit_that_the_backup_lacks_is_carried_again(backed_up: ExampleOffice) -> None:
    office = backed_up
    first = next(post for post in office.portal.posts.values() if post.title == "Tin số 1")
    office.site("ban-a/1").posts[-1] = item(1, html=story("bàn việc số 1, có bổ sung"))
    collect_unit(office.services, office.unit("ban-a"))
    publish(office.services)
    edited = office.portal.posts[first.id]
    assert edited.content_sha256 != first.content_sha256
    office.clock.advance(HOUR)
    set_portal_back(office, "p4", "p5", "p6", "p7")
    office.portal.posts[first.id] = first
    take_census(office.services)
    report = restored(office.services, **SIGNED)
    assert (len(report.lost), len(report.older)) == (4, 1)
    publish(office.services)
    assert office.portal.posts[first.id].content_sha256 == edited.content_sha256
    assert_each_once(office, 7)


def test_a_portal_that_does_not_answer_changes_nothing(backed_up: ExampleOffice) -> None:
    office = backed_up
    set_portal_back(office, "p5", "p6", "p7")
    take_census(office.services)

    def down() -> None:
        raise PortalError("no answer", portal="cong", kind="timeout")

    office.portal.at_find = down
    with pytest.raises(PortalError):
        restored(office.services, **SIGNED)
    assert "portal_set_back" in problems(office)
    with pytest.raises(UsageError, match="reason"):
        restored(office.services, reason="", by="")


def test_without_an_alarm_there_is_nothing_to_say(office: ExampleOffice) -> None:
    with pytest.raises(UsageError, match="was set back"):
        restored(office.services, **SIGNED)


# --- our own database ------------------------------------------------------------------------------------


def test_an_old_copy_of_the_database_doubles_and_loses_nothing(tmp_path: Path, clock: FakeClock) -> None:
    office = open_office(tmp_path, clock, {"ban-a": 1})
    carry(office, 3)
    office.site("ban-a/1").posts = [item(number) for number in (5, 4, 3, 2, 1)]
    collect_unit(office.services, office.unit("ban-a"))  # 4 and 5 wait to be sent
    take_census(office.services)
    office.db.close()
    shutil.copy(tmp_path / "syncd.db", tmp_path / "old.db")

    later = _reopened(office, tmp_path)
    publish(later.services)
    clock.advance(HOUR)
    carry(later, 9)
    later.db.close()
    for leftover in tmp_path.glob("syncd.db*"):
        leftover.unlink()
    shutil.copy(tmp_path / "old.db", tmp_path / "syncd.db")

    clock.advance(timedelta(days=2))
    again = _reopened(office, tmp_path)
    again.portal.calls = 0
    assert publish(again.services).portal_error is None
    assert len(again.leaves("reconcile")) == 2  # a census came first
    assert (again.portal.calls, len(again.portal.posts)) == (0, 9)  # 4 and 5 were adopted
    assert "unknown_keys" in problems(again)
    assert reconcile(again.services).as_json()["causes"]["unknown_key"] == 4
    carry(again, 10)
    assert_each_once(again, 10)
    take_census(again.services)
    assert "unknown_keys" not in problems(again)
    assert reconcile(again.services).as_json()["causes"] == {}
    again.db.close()


def _reopened(office: ExampleOffice, path: Path) -> ExampleOffice:
    db = open_database(f"sqlite:///{path}/syncd.db", clock=office.clock)
    return replace(office, db=db, services=replace(office.services, db=db))


def test_after_a_long_silence_nothing_is_sent_before_a_complete_census(office: ExampleOffice) -> None:
    carry(office, 2)
    take_census(office.services)
    office.clock.advance(timedelta(days=3))
    office.site("ban-a/1").posts.insert(0, item(3))
    collect_unit(office.services, office.unit("ban-a"))

    def broken(_: int) -> None:
        raise PortalError("page 2 is missing", portal="cong", kind="incomplete", hint="look at the portal's log")

    office.portal.at_list = broken
    report = publish(office.services)
    assert "has to be looked at whole" in (report.portal_error or "")
    assert "page 2 is missing" in (report.portal_error or "")
    assert "ledger_behind" in problems(office)
    assert len(office.portal.posts) == 2
    publish(office.services)  # a broken census that was written down is no reason to go on
    assert len(office.portal.posts) == 2
    office.portal.at_list = lambda _: None
    assert publish(office.services).total.sent == 1
    assert "ledger_behind" not in problems(office)


def test_a_portal_that_could_never_be_read_whole_is_not_waited_for(office: ExampleOffice) -> None:
    def broken(_: int) -> None:
        raise PortalError("no list here", portal="cong", kind="incomplete")

    office.portal.at_list = broken
    carry(office, 2)
    take_census(office.services)
    office.clock.advance(timedelta(days=3))
    carry(office, 3)
    assert len(office.portal.posts) == 3
