import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from syncd.application.collecting.collect import collect_unit
from syncd.application.publishing.publish import publish
from syncd.domain.model import OutageOwner, SourceKey, UnitId
from syncd.errors import PortalError, SourceError, UsageError
from syncd.ports.portal import FileToPush, PortalPost, PortalState
from syncd.ports.records import OutageRecord, PostRecord, PushState, SightingRecord
from syncd.ports.source import ImageData
from syncd.testing.clock import FakeClock
from tests.application.collecting import ExampleOffice, item, local, open_office, story

HOUR = timedelta(hours=1)
SETTLE = timedelta(seconds=120)


class Killed(BaseException):
    """The process dies here."""


@pytest.fixture
def office(tmp_path: Path, clock: FakeClock) -> Iterator[ExampleOffice]:
    made = open_office(tmp_path, clock, {"ban-a": 1, "ban-b": 1})
    yield made
    made.db.close()


@pytest.fixture
def post(office: ExampleOffice) -> PostRecord:
    office.site("ban-a/1").posts = [item(1)]
    collect_unit(office.services, office.unit("ban-a"))
    return office.posts("ban-a")[0]


def edit(office: ExampleOffice, html: str) -> None:
    office.clock.advance(HOUR)
    office.site("ban-a/1").posts = [item(1, html=html)]
    collect_unit(office.services, office.unit("ban-a"))


def raises(err: BaseException) -> None:
    raise err


def error(kind: str = "http_status", **changes: object) -> PortalError:
    return PortalError("the portal failed", portal="cong", kind=kind, **changes)  # type: ignore[arg-type]  # a stand-in's fault


def portal_outages(office: ExampleOffice) -> list[OutageRecord]:
    with office.db.read() as uow:
        return uow.outages.overlapping(local("2000-01-01 00:00"), local("2100-01-01 00:00"))


# --- the plain way -------------------------------------------------------------------------------------


def test_a_queued_post_is_sent_once_and_recorded(office: ExampleOffice, post: PostRecord) -> None:
    report = publish(office.services)
    assert (report.total.sent, report.total.waiting, report.portal_error) == (1, 0, None)
    push = office.push(post)
    assert (push.state, push.attempts, push.delivered_version) == (PushState.DELIVERED, 1, 1)
    assert (push.accepted_at, push.portal_state) == (office.clock.now(), "public")
    assert push.portal_url == "https://cong.example/p1"
    assert [leaf["data"]["outcome"] for leaf in office.leaves("push_result")] == ["sent"]
    assert office.leaves("push_sent")[0]["data"]["payload_sha256"] == push.payload_sha256
    assert publish(office.services).total.sent == 0
    assert office.portal.copies(post.key) == 1


def test_the_payload_carries_credit_link_date_and_mapped_names(office: ExampleOffice) -> None:
    rules = replace(
        office.services.publish_rules,
        categories={"Thời sự": "Tin tỉnh", "*": "Tin tức"},
        authors={UnitId("ban-a"): "unit_a"},
        credit="Nguồn: {unit}",
    )
    office.site("ban-a/1").posts = [item(1, categories=("thời sự", "Khác")), item(2)]
    collect_unit(office.services, office.unit("ban-a"))
    publish(replace(office.services, publish_rules=rules))
    sent = {each.title: each for each in office.portal.sent.values()}
    assert sent["Tin số 1"].html.endswith('Nguồn: <a href="https://ban-a.example/tin/1.html">Đơn vị ban-a</a></p>')
    assert (sent["Tin số 1"].categories, sent["Tin số 2"].categories) == (("Tin tỉnh",), ("Tin tức",))
    assert (sent["Tin số 1"].author, sent["Tin số 1"].published_at) == ("unit_a", local("2026-10-12 08:30"))


def test_a_date_ahead_of_us_is_not_printed(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(1, "2027-01-01 00:00"), item(2, None)]
    collect_unit(office.services, office.unit("ban-a"))
    publish(office.services)
    assert {sent.published_at for sent in office.portal.sent.values()} == {office.clock.now()}


def test_limit_and_unit_bound_a_run(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(n) for n in range(5)]
    office.site("ban-b/1").posts = [
        item(n, html=story(f"khác {n}"), url=f"https://ban-b.example/{n}") for n in range(10, 12)
    ]
    for unit in ("ban-a", "ban-b"):
        collect_unit(office.services, office.unit(unit))
    report = publish(office.services, unit=UnitId("ban-a"), limit=2)
    assert (report.units[UnitId("ban-a")].sent, report.units[UnitId("ban-a")].waiting) == (2, 3)
    assert list(report.units) == ["ban-a"]
    assert publish(office.services).total.sent == 5
    with pytest.raises(UsageError):
        publish(office.services, unit=UnitId("ban-x"))


def test_more_posts_than_a_batch_go_out_in_one_run(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(n) for n in range(230)]
    services = replace(office.services, publish_rules=replace(office.services.publish_rules, flood_cap=500))
    collect_unit(services, office.unit("ban-a"))
    assert publish(services).total.sent == 230


def test_a_quarantined_post_stays_here(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(1, html="<p>TUYỆT MẬT</p>" + story("x"))]
    collect_unit(office.services, office.unit("ban-a"))
    report = publish(office.services)
    assert (report.total.sent, report.total.quarantined) == (0, 1)
    assert office.portal.calls == 0


def test_an_edit_that_brings_a_secret_mark_is_not_carried(office: ExampleOffice, post: PostRecord) -> None:
    publish(office.services)
    edit(office, "<p>MẬT</p>" + story("bàn việc mật"))
    report = publish(office.services)
    assert office.portal.calls == 1
    taken, kept_back = report.notes
    assert "taken from the public" in taken.note
    assert "not sent" in kept_back.note
    assert {(note.title, note.url) for note in report.notes} == {("", "")}  # nothing of it is told but its number
    push = office.push(post)
    assert (push.state, push.portal_state, push.withdrawn_at) == (PushState.DELIVERED, "draft", office.clock.now())
    assert report.total.withdrawn == 1
    assert publish(office.services).notes == ()


# --- death at every step -------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["at_verify", "at_find", "before", "after"])
@pytest.mark.parametrize("times", [1, 3])
def test_whatever_dies_and_whenever_there_is_exactly_one_copy(
    office: ExampleOffice, post: PostRecord, step: str, times: int
) -> None:
    for _ in range(times):
        setattr(office.portal, step, lambda: raises(Killed()))
        with suppress(Killed):  # the second run finds the copy and sends nothing any more
            publish(office.services)
        setattr(office.portal, step, lambda: None)
        office.clock.advance(SETTLE)
    publish(office.services)
    assert office.portal.copies(post.key) == 1
    assert office.push(post).state is PushState.DELIVERED


@pytest.mark.parametrize("write", range(1, 4))
def test_death_in_a_commit_of_ours_leaves_exactly_one_copy(office: ExampleOffice, post: PostRecord, write: int) -> None:
    class DyingDatabase:
        def __init__(self) -> None:
            self.left = write

        def read(self) -> object:
            return office.db.read()

        def write(self) -> object:
            self.left -= 1
            if self.left == 0:
                raise Killed
            return office.db.write()

    dying = replace(office.services, db=DyingDatabase())  # type: ignore[arg-type]  # hands on to the real one
    if write < 3:
        with pytest.raises(Killed):
            publish(dying)
    else:
        publish(dying)
    office.clock.advance(SETTLE)
    publish(office.services)
    assert office.portal.copies(post.key) == 1
    assert office.push(post).state is PushState.DELIVERED


def test_after_a_death_nothing_is_tried_before_the_settle_time(office: ExampleOffice, post: PostRecord) -> None:
    office.portal.after = lambda: raises(Killed())
    sent_at = office.clock.now()
    with pytest.raises(Killed):
        publish(office.services)
    office.portal.after = lambda: None
    office.clock.advance(SETTLE - timedelta(seconds=1))
    assert publish(office.services).total.adopted == 0
    assert office.push(post).state is PushState.INTENT
    office.clock.advance(timedelta(seconds=1))
    assert publish(office.services).total.adopted == 1
    push = office.push(post)
    assert (push.adopted, push.accepted_at) == (
        True,
        sent_at,
    )  # it was taken when it was sent, not when we learnt of it


def test_the_settle_time_runs_from_the_send_not_from_the_claim(office: ExampleOffice, post: PostRecord) -> None:
    office.portal.at_find = lambda: office.clock.advance(timedelta(seconds=100))  # a slow look-up
    office.portal.after = lambda: raises(Killed())
    with pytest.raises(Killed):
        publish(office.services)
    assert office.push(post).not_before == office.clock.now() + SETTLE


def test_two_runs_at_once_send_nothing_twice(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(n) for n in range(20)]
    collect_unit(office.services, office.unit("ban-a"))
    both_ready = threading.Barrier(2)
    office.portal.at_verify = lambda: both_ready.wait(10) and None
    with ThreadPoolExecutor(2) as pool:
        reports = list(pool.map(publish, [office.services] * 2))
    assert sum(report.total.sent for report in reports) == 20
    assert [office.portal.copies(post.key) for post in office.posts()] == [1] * 20


# --- unknown outcomes ----------------------------------------------------------------------------------


def test_a_lost_answer_is_unknown_then_adopted(office: ExampleOffice, post: PostRecord) -> None:
    office.portal.after = lambda: raises(error("timeout", unknown=True))
    report = publish(office.services)
    assert report.total.unknown == 1
    assert office.push(post).not_before == office.clock.now() + SETTLE
    office.portal.after = lambda: None
    office.clock.advance(SETTLE)
    assert publish(office.services).total.adopted == 1
    assert office.portal.copies(post.key) == 1


def test_an_unknown_outcome_that_was_none_is_sent_again(office: ExampleOffice, post: PostRecord) -> None:
    office.portal.before = lambda: raises(error("timeout", unknown=True))
    publish(office.services)
    office.portal.before = lambda: None
    office.clock.advance(SETTLE)
    assert publish(office.services).total.sent == 1
    assert office.push(post).attempts == 2


def test_a_look_up_that_fails_makes_nothing_more_uncertain(office: ExampleOffice, post: PostRecord) -> None:
    office.portal.at_find = lambda: raises(error("timeout", unknown=True))
    publish(office.services)
    push = office.push(post)
    assert (push.state, push.attempts) == (PushState.QUEUED, 0)
    assert office.portal.calls == 0
    office.portal.at_find = lambda: None
    office.portal.before = lambda: raises(error("timeout", unknown=True))
    office.clock.advance(HOUR)
    publish(office.services)
    office.portal.at_find = lambda: raises(error("timeout", unknown=True))
    office.clock.advance(HOUR)
    publish(office.services)
    assert office.push(post).state is PushState.UNKNOWN


def test_out_of_tries_it_looks_once_more_and_then_asks_for_a_person(office: ExampleOffice, post: PostRecord) -> None:
    office.portal.before = lambda: raises(error("http_status", unknown=True))
    for _ in range(8):
        publish(office.services)
        office.clock.advance(HOUR)
    assert office.push(post).state is PushState.UNKNOWN
    report = publish(office.services)
    assert office.portal.calls == 8
    assert (report.total.failed, office.push(post).state) == (1, PushState.DEAD)


def test_a_last_try_that_did_reach_the_portal_is_adopted_not_given_up(office: ExampleOffice, post: PostRecord) -> None:
    rules = replace(office.services.publish_rules, max_attempts=1)
    services = replace(office.services, publish_rules=rules)
    office.portal.after = lambda: raises(error("timeout", unknown=True))
    publish(services)
    office.clock.advance(SETTLE)
    assert publish(services).total.adopted == 1


# --- refusals ------------------------------------------------------------------------------------------


def test_a_permanent_refusal_awaits_a_person_and_the_next_post_goes_out(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(n) for n in range(6)]
    collect_unit(office.services, office.unit("ban-a"))
    refused = []

    def refuse_four() -> None:
        if len(refused) < 4:
            refused.append(1)
            raise error("http_status", permanent=True, hint="shorten the title")

    office.portal.before = refuse_four
    report = publish(office.services)
    assert (report.total.failed, report.total.sent, report.portal_error) == (4, 2, None)
    assert portal_outages(office) == []


def test_a_refusal_for_now_is_tried_again_later_and_at_last_awaits_a_person(
    office: ExampleOffice, post: PostRecord
) -> None:
    office.portal.before = lambda: raises(error("forbidden"))
    tries = []
    for hour in range(72):
        before = office.portal.calls
        publish(office.services)
        if office.portal.calls > before:
            tries.append(hour)
        office.clock.advance(HOUR)
    assert len(tries) == 8
    assert office.push(post).state is PushState.DEAD
    assert office.push(post).error_kind == "forbidden"


def test_the_portal_own_wish_to_wait_is_kept(office: ExampleOffice, post: PostRecord) -> None:
    office.portal.before = lambda: raises(error("throttled", retry_after=timedelta(hours=2)))
    publish(office.services)
    push = office.push(post)
    assert push.not_before == office.clock.now() + timedelta(hours=2)
    assert push.attempts == 0  # it says nothing about the post, so it costs no try


# --- the portal in trouble -----------------------------------------------------------------------------


def test_nothing_is_sent_where_the_portal_does_not_know_us(office: ExampleOffice, post: PostRecord) -> None:
    office.portal.at_verify = lambda: raises(error("unauthorized", hint="renew the password"))
    report = publish(office.services)
    assert (report.portal_error, report.hint) == ("the portal failed", "renew the password")
    assert office.portal.calls == 0
    assert (office.push(post).state, office.push(post).attempts) == (PushState.QUEUED, 0)
    (outage,) = portal_outages(office)
    assert (outage.subject, outage.owner, outage.end) == ("portal:cong", OutageOwner.SOURCE, None)


def test_three_failures_in_a_row_end_the_run_and_the_next_success_ends_the_outage(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(n) for n in range(10)]
    collect_unit(office.services, office.unit("ban-a"))
    office.portal.before = lambda: raises(error("http_status"))
    report = publish(office.services)
    assert office.portal.calls == 3
    assert report.portal_error == "the portal failed"
    assert (report.total.retried, report.total.waiting) == (3, 10)
    began = office.clock.now()
    office.clock.advance(HOUR)
    office.portal.before = lambda: None
    publish(office.services)
    (outage,) = portal_outages(office)
    assert (outage.start, outage.end) == (began, office.clock.now())
    office.clock.advance(timedelta(hours=6))
    publish(office.services)
    assert all(office.push(post).state is PushState.DELIVERED for post in office.posts())


def test_a_password_withdrawn_in_the_middle_ends_the_run_at_once(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(n) for n in range(10)]
    collect_unit(office.services, office.unit("ban-a"))
    office.portal.before = lambda: raises(error("unauthorized"))
    publish(office.services)
    assert office.portal.calls == 1


def test_a_portal_that_strips_our_key_gets_nothing_more(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(n) for n in range(10)]
    collect_unit(office.services, office.unit("ban-a"))
    office.portal.before = lambda: raises(error("marker_lost", permanent=True, hint="switch the plugin off"))
    for _ in range(3):
        report = publish(office.services)
        office.clock.advance(HOUR)
    assert office.portal.calls == 1
    assert report.hint == "switch the plugin off"


# --- what stands on the portal -------------------------------------------------------------------------


def test_a_post_found_in_the_trash_is_never_made_again(office: ExampleOffice, post: PostRecord) -> None:
    office.portal.after = lambda: raises(error("timeout", unknown=True))
    publish(office.services)
    office.portal.after = lambda: None
    office.portal.posts["p1"] = replace(office.portal.posts["p1"], state=PortalState.TRASH)
    office.clock.advance(SETTLE)
    publish(office.services)
    push = office.push(post)
    assert (push.state, push.portal_state) == (PushState.DELIVERED, "trash")
    edit(office, story("bàn việc khác"))
    publish(office.services)
    assert (office.portal.calls, office.portal.copies(post.key)) == (1, 1)
    assert office.push(post).portal_state == "trash"


def test_a_post_deleted_for_good_on_the_portal_is_not_made_again(office: ExampleOffice, post: PostRecord) -> None:
    publish(office.services)
    office.portal.posts.clear()
    edit(office, story("bàn việc khác"))
    report = publish(office.services)
    assert (office.portal.calls, office.push(post).portal_state) == (1, "gone")
    assert "removed on the portal" in report.notes[0].note


def test_an_edit_at_the_source_is_carried_and_the_first_instant_stays(office: ExampleOffice, post: PostRecord) -> None:
    publish(office.services)
    first = office.push(post).accepted_at
    edit(office, story("bàn việc khác"))
    report = publish(office.services)
    assert (report.total.updated, office.portal.copies(post.key)) == (1, 1)
    push = office.push(post)
    assert (push.delivered_version, push.accepted_at, push.state) == (2, first, PushState.DELIVERED)
    assert "bàn việc khác" in office.portal.sent["p1"].html


def test_an_edit_made_on_the_portal_is_not_overwritten_and_reported_once(
    office: ExampleOffice, post: PostRecord
) -> None:
    publish(office.services)
    office.portal.posts["p1"] = replace(office.portal.posts["p1"], content_sha256="an editor wrote here")
    edit(office, story("bàn việc khác"))
    report = publish(office.services)
    assert (office.portal.calls, report.total.updated) == (1, 0)
    assert "edited on the portal" in report.notes[0].note
    push = office.push(post)
    assert push.state is PushState.DELIVERED
    assert push.error is not None
    assert publish(office.services).notes == ()


@pytest.mark.parametrize("step", ["before", "after"])
def test_death_in_an_update_ends_with_the_newer_text(office: ExampleOffice, post: PostRecord, step: str) -> None:
    publish(office.services)
    edit(office, story("bàn việc khác"))
    setattr(office.portal, step, lambda: raises(Killed()))
    with pytest.raises(Killed):
        publish(office.services)
    setattr(office.portal, step, lambda: None)
    assert office.push(post).state is PushState.DELIVERED  # it stands there all the while
    office.clock.advance(SETTLE)
    publish(office.services)
    assert office.push(post).delivered_version == 2
    assert "bàn việc khác" in office.portal.sent["p1"].html


def test_an_edit_between_a_lost_answer_and_the_look_up_still_arrives(office: ExampleOffice, post: PostRecord) -> None:
    office.portal.after = lambda: raises(error("timeout", unknown=True))
    publish(office.services)
    office.portal.after = lambda: None
    edit(office, story("bàn việc khác"))
    publish(office.services)
    publish(office.services)
    assert office.push(post).delivered_version == 2
    assert (office.portal.copies(post.key), "bàn việc khác" in office.portal.sent["p1"].html) == (1, True)


def typed_copy(office: ExampleOffice, **changes: object) -> None:
    typed = office.portal.put("gõ-tay", "Tựa khác", item(1).html, local("2026-10-13 10:00"))
    sighting = SightingRecord(
        portal="cong",
        portal_id=typed.id,
        title=typed.title,
        url=typed.url,
        state="public",
        first_seen=office.clock.now(),
        last_seen=office.clock.now(),
        published_at=typed.published_at,
        month="2026-10",
        unit=UnitId("ban-a"),
        content_sha256=typed.content_sha256,
    )
    with office.db.write() as uow:
        uow.sightings.put([replace(sighting, **changes)])  # type: ignore[arg-type]  # fields of the record
        uow.commit()


def test_a_copy_typed_by_hand_is_adopted_before_a_second_one_is_made(office: ExampleOffice, post: PostRecord) -> None:
    typed_copy(office)
    report = publish(office.services)
    assert (report.total.adopted, office.portal.calls) == (1, 0)
    push = office.push(post)
    assert (push.adopted, push.portal_id, push.accepted_at) == (True, "gõ-tay", local("2026-10-13 10:00"))
    with office.db.read() as uow:
        seen = uow.sightings.get("cong", "gõ-tay")
    assert seen is not None
    assert seen.post == post.id
    edit(office, story("bàn việc khác"))
    publish(office.services)
    assert office.portal.calls == 0  # what a person typed is not ours to overwrite


@pytest.mark.parametrize("changes", [{"unit": UnitId("ban-b")}, {"state": "trash"}], ids=["another unit's", "trashed"])
def test_other_typed_posts_are_no_copies_of_ours(
    office: ExampleOffice, post: PostRecord, changes: dict[str, object]
) -> None:
    typed_copy(office, **changes)
    assert publish(office.services).total.sent == 1


# --- pictures ------------------------------------------------------------------------------------------


def test_the_first_picture_goes_along_and_a_broken_one_keeps_nothing_back(office: ExampleOffice) -> None:
    picture = FileToPush(sha256="0" * 64, content_type="image/png", data=b"png")

    def fetch(unit: UnitId, url: str) -> FileToPush | None:
        if "broken" in url:
            raise SourceError("no answer", unit=unit, url=url)
        return picture

    office.site("ban-a/1").posts = [
        item(1, images=(ImageData(url="https://ban-a.example/1.png"),)),
        item(2, images=(ImageData(url="https://ban-a.example/broken.png"),)),
    ]
    collect_unit(office.services, office.unit("ban-a"))
    report = publish(replace(office.services, fetch_file=fetch))
    assert report.total.sent == 2
    shown = {sent.title: sent.image.sha256 if sent.image else None for sent in office.portal.sent.values()}
    assert shown == {"Tin số 1": picture.sha256, "Tin số 2": None}
    assert [note.note for note in report.notes] == ["picture https://ban-a.example/broken.png: no answer"]


# --- many at once, and what was listed instead of asked for -----------------------------------------------


def many(office: ExampleOffice, number: int) -> list[PostRecord]:
    office.site("ban-a/1").posts = [item(each) for each in range(1, number + 1)]
    collect_unit(office.services, office.unit("ban-a"))
    return office.posts("ban-a")


def test_posts_of_a_month_are_looked_up_by_one_listing(office: ExampleOffice) -> None:
    many(office, 20)
    asked: list[int] = []
    office.portal.at_find = lambda: asked.append(1)
    listed: list[int] = []
    office.portal.at_list = listed.append
    assert publish(office.services).total.sent == 20
    assert asked == []


def test_what_a_listing_shows_is_taken_over_and_not_made_again(office: ExampleOffice) -> None:
    posts = many(office, 12)
    for number, post in enumerate(posts[:3]):
        office.portal.put(f"x{number}", post.title, post.html, post.published_at, key=post.key)
    report = publish(office.services)
    assert (report.total.sent, report.total.adopted) == (9, 3)
    assert [office.portal.copies(post.key) for post in posts] == [1] * 12


def test_a_second_installation_that_is_ahead_is_noticed_and_its_posts_are_taken_over(office: ExampleOffice) -> None:
    posts = many(office, 30)

    def bring() -> None:
        for number, post in enumerate(posts[10:]):
            office.portal.put(f"x{number}", post.title, post.html, post.published_at, key=post.key)
        office.portal.after = lambda: None

    office.portal.after = bring
    report = publish(office.services)
    assert (report.total.sent, report.total.adopted) == (10, 20)
    assert [office.portal.copies(post.key) for post in posts] == [1] * 30
    (note,) = report.notes
    assert "another installation" in note.note


def test_a_second_installation_in_step_with_ours_is_noticed_after_a_few_posts(office: ExampleOffice) -> None:
    posts = many(office, 30)

    def bring() -> None:
        last = list(office.portal.posts.values())[-1]
        office.portal.put(f"x{last.id}", last.title, "", last.published_at, key=last.key)

    def leave() -> None:
        office.portal.after = lambda: None

    office.portal.after, office.portal.at_find = bring, leave  # once asked post by post, it is met no more
    assert len(publish(office.services).notes) == 1
    assert sum(office.portal.copies(post.key) == 2 for post in posts) <= 6


def test_a_listing_that_fails_leads_to_a_look_up_for_each(office: ExampleOffice) -> None:
    posts = many(office, 12)
    office.portal.put("x", posts[0].title, posts[0].html, posts[0].published_at, key=posts[0].key)
    office.portal.at_list = lambda _: raises(error("incomplete"))
    report = publish(office.services)
    assert (report.total.sent, report.total.adopted) == (11, 1)


def test_a_post_that_was_tried_before_is_asked_for_by_its_key_under_any_date(office: ExampleOffice) -> None:
    posts = many(office, 12)
    office.portal.after = lambda: raises(error("timeout", unknown=True))
    publish(office.services)
    office.portal.after = lambda: None
    for id, there in list(office.portal.posts.items()):
        office.portal.posts[id] = replace(there, published_at=local("2020-01-01 00:00"))
    office.clock.advance(SETTLE)
    publish(office.services)
    assert [office.portal.copies(post.key) for post in posts] == [1] * 12


def test_as_many_posts_as_the_portal_and_the_rules_allow_are_sent_side_by_side(office: ExampleOffice) -> None:
    posts = many(office, 30)
    office.portal.capabilities = replace(office.portal.capabilities, at_once=4)
    services = replace(office.services, publish_rules=replace(office.services.publish_rules, at_once=3))
    together, most = threading.Barrier(3), threading.Semaphore(3)

    def meet() -> None:
        assert most.acquire(blocking=False), "more than three at once"
        together.wait(timeout=10)  # all three are here, or this breaks
        most.release()

    office.portal.before = meet
    assert publish(services).total.sent == 30
    assert [office.portal.copies(post.key) for post in posts] == [1] * 30


def test_a_portal_that_fails_stops_posts_that_are_sent_side_by_side_too(office: ExampleOffice) -> None:
    posts = many(office, 30)
    office.portal.capabilities = replace(office.portal.capabilities, at_once=4)
    services = replace(office.services, publish_rules=replace(office.services.publish_rules, at_once=4))
    office.portal.before = lambda: raises(error("http_status", unknown=True))
    report = publish(services)
    assert report.portal_error == "the portal failed"
    assert office.portal.calls <= 3 + 2 * 4  # three in a row, and those that were under way
    assert {office.push(post).state for post in posts} == {PushState.QUEUED, PushState.UNKNOWN}


def test_posts_that_editors_have_in_hand_are_tried_until_they_are_done_and_stop_no_others(
    office: ExampleOffice,
) -> None:
    posts = many(office, 6)

    def in_hand() -> None:
        if office.portal.calls <= 5:
            raise error("locked")

    office.portal.before = in_hand
    report = publish(office.services)
    assert (report.portal_error, report.total.sent, report.total.retried) == (None, 1, 5)
    assert portal_outages(office) == []
    rules = replace(office.services.publish_rules, max_attempts=2)
    for _ in range(4):
        office.portal.calls = 0
        office.clock.advance(timedelta(days=1))
        publish(replace(office.services, publish_rules=rules))
    office.portal.before = lambda: None
    office.clock.advance(timedelta(days=1))
    publish(office.services)
    assert [office.portal.copies(post.key) for post in posts] == [1] * 6


def test_a_title_that_an_editor_changed_is_not_overwritten(office: ExampleOffice, post: PostRecord) -> None:
    publish(office.services)
    office.portal.posts["p1"] = replace(office.portal.posts["p1"], title="Tít của biên tập viên")
    edit(office, story("bàn việc khác"))
    report = publish(office.services)
    assert (office.portal.calls, office.portal.posts["p1"].title) == (1, "Tít của biên tập viên")
    assert "edited on the portal" in report.notes[0].note


# --- withdrawals ---------------------------------------------------------------------------------------


def leave_site(office: ExampleOffice, post: PostRecord) -> None:
    with office.db.write() as uow:
        uow.posts.update(replace(post, gone_since=office.clock.now(), gone_at=office.clock.now()))
        uow.commit()


def test_a_post_that_left_its_site_stays_on_the_portal_unless_a_rule_says_otherwise(
    office: ExampleOffice, post: PostRecord
) -> None:
    publish(office.services)
    leave_site(office, post)
    assert publish(office.services).total.withdrawn == 0
    assert office.portal.posts["p1"].state is PortalState.PUBLIC
    services = replace(office.services, publish_rules=replace(office.services.publish_rules, withdraw_gone=True))
    assert publish(services).total.withdrawn == 1
    assert office.portal.posts["p1"].state is PortalState.DRAFT
    assert publish(services).total.withdrawn == 0
    assert office.push(post).withdrawn_at == office.clock.now()


def test_a_withdrawal_whose_answer_is_lost_is_done_again(office: ExampleOffice, post: PostRecord) -> None:
    publish(office.services)
    leave_site(office, post)
    services = replace(office.services, publish_rules=replace(office.services.publish_rules, withdraw_gone=True))
    whole = office.portal.withdraw

    def lost(portal_id: str, key: SourceKey) -> PortalPost:
        whole(portal_id, key)
        raise error("timeout", unknown=True)

    office.portal.withdraw = lost  # type: ignore[method-assign]  # the portal's answer
    assert publish(services).total.withdrawn == 0
    office.portal.withdraw = whole  # type: ignore[method-assign]
    office.clock.advance(HOUR)
    assert publish(services).total.withdrawn == 1
    assert office.push(post).portal_state == "draft"


def test_a_copy_that_is_no_longer_ours_is_left_to_a_person(office: ExampleOffice, post: PostRecord) -> None:
    publish(office.services)
    leave_site(office, post)
    office.portal.posts["p1"] = replace(office.portal.posts["p1"], key=None)
    services = replace(office.services, publish_rules=replace(office.services.publish_rules, withdraw_gone=True))
    report = publish(services)
    assert (report.total.withdrawn, office.portal.posts["p1"].state) == (0, PortalState.PUBLIC)
    assert "a person decides" in report.notes[0].note
    assert publish(services).notes == ()
