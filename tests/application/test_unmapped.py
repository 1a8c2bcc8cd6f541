"""Posts that no rule places: listed with the line to add, and held where the office says so."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.application.collecting.collect import collect_unit
from syncd.application.publishing.publish import publish
from syncd.application.publishing.unmapped import Unmapped, unmapped
from syncd.application.reconciling.causes import CAUSES
from syncd.application.reconciling.differences import waiting_cause
from syncd.application.services import PublishRules, Services
from syncd.application.status import status
from syncd.domain.mapping import MappingRule
from syncd.domain.model import Approval, CauseOwner, UnitId
from syncd.errors import PortalError
from syncd.ports.records import PushState
from syncd.testing.clock import FakeClock
from tests.application.collecting import ExampleOffice, item, open_office, story

HOLD = PublishRules(categories={"Thời sự": "Tin tỉnh", "*": "Tin tức"}, unmapped="hold")
SEND = replace(HOLD, unmapped="send")


@pytest.fixture
def office(tmp_path: Path, clock: FakeClock) -> Iterator[ExampleOffice]:
    made = open_office(tmp_path, clock, {"ban-a": 1, "ban-b": 1})
    yield made
    made.db.close()


def collected(office: ExampleOffice, rules: PublishRules) -> Services:
    office.site("ban-a/1").posts = [
        item(1, categories=("Thời sự",)),
        item(2, categories=("Văn hoá",)),
        item(3, categories=("Văn hoá",), title="Thư mời họp báo"),
        item(4),
    ]
    office.site("ban-b/1").posts = [item(9, url="https://ban-b.example/9", html=story("b"), categories=("Kinh tế",))]
    for unit in ("ban-a", "ban-b"):
        collect_unit(office.services, office.unit(unit))
    return replace(office.services, publish_rules=rules)


def listed(services: Services) -> list[Unmapped]:
    with services.db.read() as uow:
        return unmapped(services, uow)


def test_what_no_rule_fits_is_listed_worst_first_with_the_line_to_add(office: ExampleOffice) -> None:
    services = collected(office, SEND)
    publish(services)
    rows = listed(services)
    assert [(row.unit, row.categories, row.posts, row.held, row.under) for row in rows] == [
        ("ban-a", ("Văn hoá",), 2, 0, ("Tin tức",)),
        ("ban-a", (), 1, 0, ("Tin tức",)),
        ("ban-b", ("Kinh tế",), 1, 0, ("Tin tức",)),
    ]
    assert rows[0].rule == '[portal.categories]\n"Văn hoá" = "…"'
    assert rows[1].rule == '[[portal.mapping]]\nunit = "ban-a"\nto_categories = "…"'
    assert rows[0].as_json()["newest"]["title"] == "Thư mời họp báo"
    told = {problem.kind: problem for problem in status(services).problems}["posts_unmapped"]
    assert "4 tin, bài thuộc 3 chuyên mục" in told.message
    # where everything goes under one category nothing is told
    assert "posts_unmapped" not in {problem.kind for problem in status(office.services).problems}


def test_with_a_rule_that_fits_the_line_is_gone(office: ExampleOffice) -> None:
    services = collected(office, replace(SEND, categories={**SEND.categories, "văn hóa": "Văn hóa"}))
    assert [(row.unit, row.categories) for row in listed(services)] == [("ban-a", ()), ("ban-b", ("Kinh tế",))]
    by_title = (MappingRule(title_words=("thư mời",), to_categories=("Thông báo",)),)
    services = collected(office, replace(SEND, mapping=by_title))
    assert [(row.categories, row.posts) for row in listed(services)][:1] == [((), 1)]
    assert (("Văn hoá",), 1) in [(row.categories, row.posts) for row in listed(services)]


def test_unmapped_posts_are_held_and_go_by_themselves_once_a_rule_fits(office: ExampleOffice) -> None:
    services = collected(office, HOLD)
    report = publish(services)
    assert (report.total.sent, report.total.waiting) == (1, 4)
    held = [office.push(post) for post in office.posts() if post.categories != ("Thời sự",)]
    assert {(push.state, push.error_kind, push.attempts) for push in held} == {(PushState.QUEUED, "unmapped", 0)}
    assert {CAUSES[waiting_cause(push)].owner for push in held} == {CauseOwner.OFFICE}
    assert [(row.posts, row.held) for row in listed(services)] == [(2, 2), (1, 1), (1, 1)]
    told = {problem.kind: problem for problem in status(services).problems}["posts_unmapped"]
    assert told.message.startswith("4 tin, bài giữ lại")
    assert publish(services).total.sent == 0
    ruled = replace(services, publish_rules=replace(HOLD, categories={**HOLD.categories, "Văn hoá": "Văn hóa"}))
    office.clock.advance(timedelta(minutes=15))
    assert publish(ruled).total.sent == 2
    assert [(row.unit, row.held) for row in listed(ruled)] == [("ban-a", 1), ("ban-b", 1)]
    office.clock.advance(timedelta(minutes=15))
    assert publish(replace(services, publish_rules=SEND)).total.sent == 2
    assert office.portal.calls == 5


def test_a_post_that_may_stand_there_is_looked_up_and_not_held(office: ExampleOffice) -> None:
    services = collected(office, SEND)
    lost = PortalError("no answer", portal="cong", kind="timeout", unknown=True)

    def no_answer() -> None:
        raise lost

    office.portal.after = no_answer
    publish(services, limit=2)
    unknown = [push for post in office.posts() if (push := office.push(post)).state is PushState.UNKNOWN]
    assert len(unknown) == 2
    office.portal.after = lambda: None
    office.clock.advance(timedelta(minutes=3))
    publish(replace(services, publish_rules=HOLD))
    ids = {push.id for push in unknown}
    pushes = [office.push(post) for post in office.posts()]
    assert {push.state for push in pushes if push.id in ids} == {PushState.DELIVERED}


def test_a_rule_decides_category_author_and_approval_of_what_is_sent(office: ExampleOffice) -> None:
    rules = (
        MappingRule(title_words=("thư mời",), to_categories=("Thông báo",), approval=Approval.PENDING),
        MappingRule(units=frozenset({UnitId("ban-a")}), to_author="unit_a"),
    )
    publish(collected(office, replace(SEND, mapping=rules)))
    sent = {post.title: post for post in office.portal.sent.values()}
    invited = sent["Thư mời họp báo"]
    assert (invited.categories, invited.author, invited.approval) == (("Thông báo",), "unit_a", Approval.PENDING)
    assert (sent["Tin số 9"].categories, sent["Tin số 9"].author, sent["Tin số 9"].approval) == (
        ("Tin tức",),
        None,
        "auto",
    )
