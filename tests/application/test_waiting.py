"""What waits on its way to the portal, with the command that ends it; many at once; every try of one."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.application.collecting.collect import collect_unit
from syncd.application.decide import Decision, decide, decide_each
from syncd.application.publishing.publish import publish
from syncd.application.publishing.waiting import Wait, WaitingList, history, waiting
from syncd.delivery.operations import perform
from syncd.domain.model import UnitId
from syncd.errors import PortalError, UsageError
from syncd.ports.records import PostRecord, PushState
from syncd.testing.clock import FakeClock
from tests.application.collecting import ExampleOffice, item, local, open_office, story

SIGNED = {"reason": "Cổng đã sửa giới hạn", "by": "Nguyễn Văn A"}


@pytest.fixture
def office(tmp_path: Path, clock: FakeClock) -> Iterator[ExampleOffice]:
    made = open_office(tmp_path, clock, {"ban-a": 1, "ban-b": 1})
    yield made
    made.db.close()


def collected(office: ExampleOffice, unit: str = "ban-a", *, first: int = 1, last: int = 3) -> list[PostRecord]:
    office.site(f"{unit}/1").posts = [
        item(n, url=f"https://{unit}.example/{n}", html=story(f"{unit} {n}")) for n in range(first, last + 1)
    ]
    collect_unit(office.services, office.unit(unit))
    return office.posts(unit)


def refusing(office: ExampleOffice) -> None:
    err = PortalError("title too long", portal="cong", kind="http_status", permanent=True, hint="shorten it")

    def refuse() -> None:
        raise err

    office.portal.before = refuse


def listed(office: ExampleOffice, **chosen: object) -> WaitingList:
    with office.db.read() as uow:
        return waiting(office.services, uow, **chosen)  # type: ignore[arg-type]  # as the test says


def test_a_refused_post_is_told_with_its_error_and_the_command(office: ExampleOffice) -> None:
    (post,) = collected(office, last=1)
    refusing(office)
    publish(office.services)
    found = listed(office)
    assert found.needs_person
    (told,) = found.as_json()["pushes"]
    assert (told["ref"], told["unit"], told["title"], told["state"]) == (f"post:{post.id}", "ban-a", "Tin số 1", "dead")
    assert (told["tries"], told["next_at"], told["error"], told["hint"]) == (1, None, "title too long", "shorten it")
    assert told["act"] == f'syncd decide post:{post.id} retry --reason "…" --by "…"'


def test_what_waits_is_listed_worst_first_and_bounded(office: ExampleOffice) -> None:
    collected(office, last=2)
    refusing(office)
    publish(office.services)
    office.site("ban-b/1").posts = [
        item(9, url="https://ban-b.example/9", html="<p>TUYỆT MẬT</p>" + story("x"), title="Tên bài mật"),
        item(8, url="https://ban-b.example/8", html=story("y")),
    ]
    collect_unit(office.services, office.unit("ban-b"))
    found = listed(office, limit=3)
    assert found.counts == {Wait.DEAD: 2, Wait.QUARANTINED: 1, Wait.QUEUED: 1}
    assert [each.wait for each in found.shown] == [Wait.DEAD, Wait.DEAD, Wait.QUARANTINED]
    assert "Tên bài mật" not in str(found.as_json())
    assert found.as_json()["more"] == 1
    assert not listed(office, unit=UnitId("ban-b"), waits=[Wait.QUEUED]).needs_person


def test_many_refused_posts_are_sent_again_each_with_its_leaf(office: ExampleOffice) -> None:
    collected(office, last=3)
    collected(office, "ban-b", first=7, last=7)
    refusing(office)
    publish(office.services)
    office.portal.before = lambda: None
    document, code = perform(office.services, "retry", {"state": "dead", "unit": "ban-a", **SIGNED})
    assert (document["posts"], code) == (3, 0)
    leaves = office.leaves("admin_action")
    assert {(leaf["data"]["decision"], leaf["data"]["by"]) for leaf in leaves} == {("retry", "Nguyễn Văn A")}
    assert len(leaves) == 3
    assert publish(office.services).total.sent == 3
    assert listed(office).counts == {Wait.DEAD: 1}
    with pytest.raises(UsageError):
        perform(office.services, "retry", {"state": "quarantined", **SIGNED})
    with pytest.raises(UsageError):
        perform(office.services, "retry", {"state": "dead", "reason": " ", "by": "A"})


def test_a_decision_about_many_passes_over_what_it_no_longer_fits(office: ExampleOffice) -> None:
    one, two = collected(office, last=2)
    refusing(office)
    publish(office.services)
    decide(office.services, f"post:{one.id}", Decision.RETRY, **SIGNED)
    reports = decide_each(office.services, [f"post:{one.id}", f"post:{two.id}"], Decision.RETRY, **SIGNED)
    assert [report.ref for report in reports] == [f"post:{two.id}"]


def test_a_put_off_post_can_be_sent_without_waiting_and_an_unknown_one_cannot(office: ExampleOffice) -> None:
    (post,) = collected(office, last=1)
    busy = PortalError("busy", portal="cong", kind="throttled", retry_after=timedelta(hours=5))

    def put_off() -> None:
        raise busy

    office.portal.before = put_off
    publish(office.services)
    assert listed(office).as_json()["pushes"][0]["next_at"] is not None
    office.portal.before = lambda: None
    assert publish(office.services).total.sent == 0
    perform(office.services, "retry", {"state": "queued", **SIGNED})
    assert publish(office.services).total.sent == 1
    assert listed(office).counts == {}
    with pytest.raises(UsageError):
        perform(office.services, "retry", {"state": "unknown", **SIGNED})
    assert office.push(post).state is PushState.DELIVERED


def test_a_refused_edit_waits_for_a_person_and_can_be_sent_again(office: ExampleOffice) -> None:
    (post,) = collected(office, last=1)
    publish(office.services)
    office.clock.advance(timedelta(hours=1))
    office.site("ban-a/1").posts = [item(1, url="https://ban-a.example/1", html=story("ban-a 1, đã sửa"))]
    collect_unit(office.services, office.unit("ban-a"))
    refusing(office)
    publish(office.services)
    (told,) = listed(office).as_json()["pushes"]
    assert (told["state"], told["edit"]) == ("dead", True)
    office.portal.before = lambda: None
    decide(office.services, f"post:{post.id}", Decision.RETRY, **SIGNED)
    assert publish(office.services).total.updated == 1
    assert listed(office).counts == {}


def test_every_try_and_decision_is_told_from_the_ledger(office: ExampleOffice) -> None:
    (post,) = collected(office, last=1)
    refusing(office)
    publish(office.services)
    decide(office.services, f"post:{post.id}", Decision.RETRY, **SIGNED)
    office.portal.before = lambda: None
    publish(office.services)
    with office.db.read() as uow:
        acts = history(uow, office.push(post), post.first_seen)
    assert [(act["kind"], act.get("outcome") or act.get("decision")) for act in acts] == [
        ("push_sent", None),
        ("push_result", "dead"),
        ("admin_action", "retry"),
        ("push_sent", None),
        ("push_result", "sent"),
    ]
    assert acts[1]["error"] == "title too long"


def test_a_copy_that_an_editor_changed_waits_for_a_persons_word(office: ExampleOffice) -> None:
    (post,) = collected(office, last=1)
    publish(office.services)
    office.portal.put("p1", "Tin số 1", "<p>biên tập viên đã sửa</p>", local("2026-10-12 08:30"), key=post.key)
    office.clock.advance(timedelta(hours=1))
    office.site("ban-a/1").posts = [item(1, url="https://ban-a.example/1", html=story("ban-a 1, đã sửa"))]
    collect_unit(office.services, office.unit("ban-a"))
    publish(office.services)
    (told,) = listed(office).as_json()["pushes"]
    assert told["state"] == "left"
    assert told["act"].startswith(f"syncd decide post:{post.id} overwrite|keep")
