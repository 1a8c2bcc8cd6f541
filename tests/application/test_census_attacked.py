"""What a portal may answer, and what may happen to it: the census stays true, and recorded."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncd.application.collecting.collect import collect
from syncd.application.publishing.publish import publish
from syncd.application.reading_back import census
from syncd.application.reading_back.census import take_census
from syncd.domain.model import OutageOwner, UnitId
from syncd.errors import PortalError
from syncd.ports.records import PushState, SightingRecord
from syncd.storage.engine import SqlDatabase
from syncd.testing.clock import FakeClock
from tests.application.collecting import ExampleOffice, item, local, open_office, story

NASTY = "x\x00y\ud800z"


@pytest.fixture(params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path: Path, clock: FakeClock) -> Iterator[ExampleOffice]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    made = open_office(tmp_path, clock, {"ban-a": 1, "ban-b": 1}, url=url)
    yield made
    made.db.close()


def carried(office: ExampleOffice, count: int = 1) -> None:
    office.site("ban-a/1").posts = [item(n) for n in range(1, count + 1)]
    collect(office.services)
    publish(office.services)
    take_census(office.services)
    office.clock.advance(timedelta(hours=6))


def sighting(office: ExampleOffice, portal_id: str) -> SightingRecord:
    with office.db.read() as uow:
        found = uow.sightings.get("cong", portal_id)
    assert found is not None
    return found


def test_no_text_on_the_portal_can_stop_a_census(office: ExampleOffice) -> None:
    links = (f"https://ban-a.example/{NASTY}",)
    at = local("2026-10-12 08:30")
    office.portal.put("t1", NASTY, story("x"), at, author=NASTY, categories=(NASTY,), links=links, url=links[0])
    assert take_census(office.services).complete
    office.portal.at_list = _broken
    assert take_census(office.services).error == "answered x\ufffdy\ufffdz"


def _broken(_: int) -> None:
    raise PortalError(f"answered {NASTY}", portal="cong", kind="protocol")


def test_no_date_on_the_portal_can_stop_a_census(office: ExampleOffice) -> None:
    carried(office)
    for far in (datetime(9999, 12, 31, 23, 59, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)):
        office.portal.posts["p1"] = replace(office.portal.posts["p1"], published_at=far)
        assert take_census(office.services).complete
    assert sighting(office, "p1").published_at is None


def test_no_refusal_of_the_portal_can_stop_the_queue(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(1), item(2)]
    collect(office.services)
    office.portal.before = _refuse
    publish(office.services)
    assert {office.push(post).state for post in office.posts()} == {PushState.DEAD}


def _refuse() -> None:
    raise PortalError(f"answered 422: {NASTY}", portal="cong", kind="http_status", permanent=True, hint=NASTY)


def test_a_number_given_to_another_post_after_a_restore_is_not_ours_any_more(office: ExampleOffice) -> None:
    carried(office)
    del office.portal.posts["p1"]
    links = ("https://ban-b.example/tin/9.html",)
    office.portal.put("p1", "Tin của ban B", story("của ban B"), local("2026-10-14 10:00"), links=links)
    report = take_census(office.services)
    assert report.units == {"ban-b": {"public": 1}}
    assert (sighting(office, "p1").unit, sighting(office, "p1").post) == ("ban-b", None)
    assert office.push(office.posts("ban-a")[0]).portal_state == "gone"
    assert office.leaves("readback")[-1]["data"]["events"] == ["text", "date", "unit", "another"]


def test_a_post_from_which_an_editor_took_the_key_and_changed_the_text_is_still_ours(office: ExampleOffice) -> None:
    carried(office)
    office.portal.posts["p1"] = replace(office.portal.posts["p1"], key=None, title="Khác", content_sha256="f" * 64)
    take_census(office.services)
    assert sighting(office, "p1").post == office.posts("ban-a")[0].id


def test_one_typed_copy_stands_for_one_of_two_posts_alike(office: ExampleOffice) -> None:
    same = story("đăng lịch tuần")
    office.site("ban-a/1").posts = [item(n, title=f"Lịch tuần {n}", html=same) for n in (1, 2)]
    collect(office.services)
    office.portal.put("t1", "Lịch", same, local("2026-10-12 09:00"), links=("https://ban-a.example/1/",))
    with office.db.write() as uow:  # seen by a census before there was anything to adopt it for
        uow.sightings.put([_typed(office)])
        uow.commit()
    publish(office.services)
    assert len({office.push(post).portal_id for post in office.posts()}) == 2
    assert len(office.portal.posts) == 2


def _typed(office: ExampleOffice) -> SightingRecord:
    there = office.portal.posts["t1"]
    return SightingRecord(
        portal="cong", portal_id="t1", title=there.title, url=there.url, state="public", first_seen=office.clock.now(),
        last_seen=office.clock.now(), published_at=there.published_at, month="2026-10", unit=UnitId("ban-a"),
        attributed_by="link", content_sha256=there.content_sha256,
    )  # fmt: skip


def test_a_census_that_dies_in_the_middle_proves_nothing(
    office: ExampleOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried(office)
    with office.db.read() as uow:
        before = (uow.censuses.latest("cong"), uow.ledger.head())
    office.portal.posts.clear()
    with monkeypatch.context() as patch:
        patch.setattr(census, "_append_leaf", _die)
        with pytest.raises(KeyboardInterrupt):
            take_census(office.services)
    with office.db.read() as uow:
        assert (uow.censuses.latest("cong"), uow.ledger.head()) == before
    assert sighting(office, "p1").gone_at is None


def _die(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_listing_disturbed_by_an_editor_is_begun_anew(office: ExampleOffice) -> None:
    carried(office)
    disturbed = [True, True]

    def disturb(_: int) -> None:
        if disturbed:
            disturbed.pop()
            raise PortalError("changed while it was read", portal="cong", kind="incomplete")

    office.portal.at_list = disturb
    assert take_census(office.services).complete
    assert outages(office.db) == []


def outages(db: SqlDatabase) -> list[OutageOwner]:
    with db.read() as uow:
        return [
            outage.owner for outage in uow.outages.overlapping(datetime(2000, 1, 1, tzinfo=UTC), local("2100-01-01"))
        ]


def test_each_outage_of_the_portal_begins_and_ends_with_a_leaf(office: ExampleOffice) -> None:
    carried(office)
    office.portal.at_verify = lambda: _broken(0)
    for _ in range(3):
        publish(office.services)
        take_census(office.services)
    office.portal.at_verify = lambda: None
    office.clock.step(office.clock.now() - timedelta(days=1))  # set back meanwhile: it must not end before it began
    publish(office.services)
    marks = [leaf["data"]["mark"] for leaf in office.leaves("daemon_mark")]
    assert marks == ["outage_begins", "outage_ends"]
    with office.db.read() as uow:
        (outage,) = uow.outages.overlapping(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
    assert outage.end == outage.start
