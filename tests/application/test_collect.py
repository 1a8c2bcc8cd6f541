from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syncd.application.collecting.collect import collect, collect_again, collect_unit
from syncd.application.collecting.intake import PUSH_PATIENCE
from syncd.application.collecting.looks import Tally, look_at
from syncd.application.decide import Decision, decide
from syncd.domain.identity import title_sha256
from syncd.domain.model import LOCAL, OutageOwner, Precision, ReadDate, SourceId, UnitId
from syncd.errors import SourceError, UsageError
from syncd.ports.records import LookRecord, OutageRecord, PushState, SourceState
from syncd.ports.source import AttachmentData, ImageData, Skipped
from syncd.testing.clock import FakeClock
from tests.application.collecting import ExampleOffice, item, local, open_office, read_date, story

HOUR = timedelta(hours=1)
A = UnitId("ban-a")


@pytest.fixture
def office(tmp_path: Path, clock: FakeClock) -> Iterator[ExampleOffice]:
    made = open_office(tmp_path, clock, {"ban-a": 2, "ban-b": 1, "ban-c": 1})
    yield made
    made.db.close()


def looks(office: ExampleOffice, unit: str = "ban-a") -> list[LookRecord]:
    with office.db.read() as uow:
        return uow.looks.in_window(
            datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC), unit=UnitId(unit)
        )


def state(office: ExampleOffice, source: str = "ban-a/1") -> SourceState:
    with office.db.read() as uow:
        found = uow.sources.get(SourceId(source))
    assert found is not None
    return found


def outages(office: ExampleOffice) -> list[OutageRecord]:
    with office.db.read() as uow:
        return uow.outages.overlapping(datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def down(kind: str = "timeout", **changes: object) -> SourceError:
    return SourceError("no answer", unit="ban-a", url="https://ban-a.example/1/", kind=kind, **changes)  # type: ignore[arg-type]  # a stand-in's fault


# --- new posts -----------------------------------------------------------------------------------------


def test_new_posts_are_stored_with_their_pushes_and_leaves(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(2, "2026-10-13 09:00"), item(1)]
    report = collect_unit(office.services, office.unit("ban-a"))
    assert (report.new, report.changed, report.unchanged, report.skipped, report.failed) == (2, 0, 0, 0, 0)
    first, second = office.posts("ban-a")
    assert (first.title, first.published_at, first.first_seen) == (
        "Tin số 1",
        local("2026-10-12 08:30"),
        office.clock.now(),
    )
    assert second.words is not None
    assert second.words > 20
    assert office.push(first).state is PushState.QUEUED
    (seen,) = office.leaves("item_seen")  # one for all new posts of a look
    assert (seen["unit"], seen["data"]["source"]) == ("ban-a", "ban-a/1")
    assert [told["key"] for told in seen["data"]["posts"]] == [second.key, first.key]
    assert first.seen_leaf == second.seen_leaf == seen["seq"]
    assert len(office.leaves("fetch_ok")) == 2  # the second source's first look, at an empty list, too


def test_a_leaf_tells_of_each_new_post_what_proves_it_and_none_of_its_text(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(1, full_text=False, html="", summary="Tóm tắt")]
    office.site("ban-a/1").pages = {item(1).url: item(1)}
    collect_unit(office.services, office.unit("ban-a"))
    (post,), (leaf,) = office.posts("ban-a"), office.leaves("item_seen")
    assert leaf["data"] == {
        "source": "ban-a/1",
        "list_sha256": post.list_capture,
        "posts": [
            {
                "key": post.key,
                "url": post.url,
                "title_sha256": title_sha256("Tin số 1"),
                "text_sha256": post.text_sha256,
                "published": "2026-10-12T01:30:00.000000Z",
                "published_raw": "2026-10-12 08:30",
                "precision": "second",
                "page_sha256": post.page_capture,
                "quarantine": None,
            }
        ],
    }


def test_a_leaf_tells_of_posts_of_its_own_unit_alone(office: ExampleOffice) -> None:
    for name in ("ban-a/1", "ban-a/2", "ban-b/1", "ban-c/1"):
        office.site(name).posts = [item(n, url=f"https://{name}/{n}", title=f"Tin {n} của {name}") for n in range(3)]
    collect(office.services)
    owners = {post.key: post.unit for post in office.posts()}
    leaves = office.leaves("item_seen")
    assert len(leaves) >= 3
    assert all({owners[told["key"]] for told in leaf["data"]["posts"]} == {leaf["unit"]} for leaf in leaves)


def test_no_leaf_tells_of_more_than_a_hundred_posts(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(number) for number in range(230)]
    assert collect_unit(office.services, office.unit("ban-a")).new == 230
    leaves = {leaf["seq"]: [told["key"] for told in leaf["data"]["posts"]] for leaf in office.leaves("item_seen")}
    assert [len(keys) for keys in leaves.values()] == [100, 100, 30]
    assert all(post.key in leaves[post.seen_leaf] for post in office.posts("ban-a") if post.seen_leaf is not None)
    assert sum(map(len, leaves.values())) == len({key for keys in leaves.values() for key in keys}) == 230


def test_the_exact_bytes_are_kept_before_they_are_spoken_of(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(1, full_text=False, html="", summary="Tóm tắt")]
    office.site("ban-a/1").pages = {item(1).url: item(1)}
    collect_unit(office.services, office.unit("ban-a"))
    (post,) = office.posts("ban-a")
    assert post.list_capture
    assert post.page_capture
    assert b"Tin s" in office.services.files.get(post.list_capture)
    assert office.services.files.get(post.page_capture) == item(1).html.encode()


def test_without_captures_nothing_is_kept_but_the_hashes_stay_in_the_leaf(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(1)]
    collect_unit(replace(office.services, capture="none"), office.unit("ban-a"))
    (post,) = office.posts("ban-a")
    (leaf,) = office.leaves("item_seen")
    assert post.list_capture is None
    assert not office.services.files.has(leaf["data"]["list_sha256"])


def test_a_look_at_the_same_list_adds_nothing_but_a_row(office: ExampleOffice) -> None:
    site = office.site("ban-a/1")
    site.posts, site.full = [item(2, "2026-10-13 09:00"), item(1)], True
    collect_unit(office.services, office.unit("ban-a"))
    with office.db.read() as uow:
        size = uow.ledger.head().size
    office.clock.advance(HOUR)
    report = collect_unit(office.services, office.unit("ban-a"))
    assert (report.new, report.unchanged) == (0, 2)
    with office.db.read() as uow:
        assert uow.ledger.head().size == size
    last = [look for look in looks(office) if look.source == "ban-a/1"][-1]
    assert (last.outcome, last.items, last.leaf) == ("unchanged", 2, None)
    assert last.covers_from == local("2026-10-12 08:30")  # carried over: it covers up to now


def test_a_body_that_differs_with_the_same_posts_is_no_change(office: ExampleOffice) -> None:
    site = office.site("ban-a/1")
    site.posts = [item(1)]
    collect_unit(office.services, office.unit("ban-a"))
    site.posts = [item(1, author="")]
    with office.db.write() as uow:
        uow.sources.put(replace(state(office), etag=None))
        uow.commit()
    office.clock.advance(HOUR)
    assert collect_unit(office.services, office.unit("ban-a")).unchanged == 1
    assert [look.outcome for look in looks(office) if look.source == "ban-a/1"] == ["changed", "unchanged"]


# --- one post once -------------------------------------------------------------------------------------


def test_one_post_at_two_sources_of_a_unit_is_one(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(1), item(2), item(3)]
    office.site("ban-a/2").posts = [
        item(1, guid="other-1"),  # the same address
        item(2, guid="other-2", url="https://tin.ban-a.example/hai"),  # the same text
        item(3, guid="news_3", url="http://www.ban-a.example/tin/3.html?utm_source=zalo"),
    ]
    report = collect_unit(office.services, office.unit("ban-a"))
    assert (report.new, report.unchanged) == (3, 3)
    office.clock.advance(HOUR)
    again = collect_unit(office.services, office.unit("ban-a"))
    assert (again.new, again.changed) == (0, 0)
    assert len(office.posts("ban-a")) == 3


def test_the_same_bare_guid_in_two_feeds_is_two_posts(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(1, guid="news_1")]
    office.site("ban-a/2").posts = [item(7, guid="news_1")]
    assert collect_unit(office.services, office.unit("ban-a")).new == 2
    keys = {post.key for post in office.posts("ban-a")}
    assert len(keys) == 2


def test_a_feed_whose_items_all_point_home_still_holds_many_posts(office: ExampleOffice) -> None:
    home = "https://ban-a.example/"
    office.site("ban-a/1").posts = [item(n, url=home, guid=None) for n in (1, 2, 3)]
    assert collect_unit(office.services, office.unit("ban-a")).new == 3
    office.clock.advance(HOUR)
    office.site("ban-a/1").posts.insert(0, item(4, url=home, guid=None))
    assert collect_unit(office.services, office.unit("ban-a")).new == 1


def test_an_item_listed_twice_is_one_post(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(1), item(1)]
    assert collect_unit(office.services, office.unit("ban-a")).new == 1


def test_two_entries_side_by_side_are_two_posts_however_alike_their_texts(office: ExampleOffice) -> None:
    same = story("khai trương con đường")
    site = office.site("ban-a/1")
    site.posts = [item(1, title="Con đường, kỳ 1", html=same), item(2, "2026-10-12 09:00", title="Kỳ 2", html=same)]
    unit = office.unit("ban-a")
    assert collect_unit(office.services, unit).new == 2
    first, second = office.posts("ban-a")
    assert (first.duplicate_of, second.duplicate_of) == (None, first.id)
    site.posts = site.posts[1:]
    assert collect_unit(office.services, unit).new == 0


@pytest.mark.parametrize("order", [("ban-a", "ban-b"), ("ban-b", "ban-a")])
def test_between_units_the_earlier_source_instant_wins_whoever_was_read_first(
    office: ExampleOffice, order: tuple[str, str]
) -> None:
    office.site("ban-a/1").posts = [item(1, "2026-10-12 08:30")]
    office.site("ban-b/1").posts = [
        item(9, "2026-10-12 10:00", title="Khác", html=item(1).html, url="https://ban-b.example/9")
    ]
    for unit in order:
        collect_unit(office.services, office.unit(unit))
    (ours,), (theirs,) = office.posts("ban-a"), office.posts("ban-b")
    assert ours.duplicate_of is None
    assert theirs.duplicate_of == ours.id


def test_short_texts_of_two_units_are_no_duplicates_unless_the_titles_agree(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(1, html="<p>Xem chi tiết</p>")]
    office.site("ban-b/1").posts = [item(2, html="<p>Xem chi tiết</p>", url="https://ban-b.example/2")]
    office.site("ban-c/1").posts = [
        item(1, "2026-10-13 08:00", html="<p>Xem chi tiết</p>", url="https://ban-c.example/1")
    ]
    collect(office.services)
    assert [post.duplicate_of for post in (*office.posts("ban-a"), *office.posts("ban-b"))] == [None, None]
    assert office.posts("ban-c")[0].duplicate_of == office.posts("ban-a")[0].id


def test_the_key_is_never_made_anew(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(1)]
    collect_unit(office.services, office.unit("ban-a"))
    key = office.posts("ban-a")[0].key
    office.site("ban-a/1").posts = [item(1, guid="changed", title="Tựa mới")]
    office.clock.advance(HOUR)
    collect_unit(office.services, office.unit("ban-a"))
    (post,) = office.posts("ban-a")
    assert (post.key, post.version, post.title) == (key, 2, "Tựa mới")


# --- edits ---------------------------------------------------------------------------------------------


def test_an_edit_is_a_new_version_and_never_moves_the_first_instant(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(1)]
    collect_unit(office.services, office.unit("ban-a"))
    office.clock.advance(HOUR)
    office.site("ban-a/1").posts = [item(1, "2026-10-14 07:00", html=story("bàn việc khác"))]
    report = collect_unit(office.services, office.unit("ban-a"))
    assert (report.new, report.changed) == (0, 1)
    (post,) = office.posts("ban-a")
    assert (post.version, post.published_at, post.changed_at) == (2, local("2026-10-12 08:30"), office.clock.now())
    (leaf,) = office.leaves("item_changed")
    assert leaf["data"]["reason"] == "edited"
    assert office.services.files.has(leaf["data"]["previous"]["list_capture"])  # what it said before can be shown


def test_a_page_that_changes_at_every_look_stops_making_versions(office: ExampleOffice) -> None:
    for views in range(40):
        office.site("ban-a/1").posts = [item(1, images=(ImageData(url=f"https://ban-a.example/dem?{views}"),))]
        collect_unit(office.services, office.unit("ban-a"))
        office.clock.advance(HOUR)
    assert office.posts("ban-a")[0].version == 24


def test_a_post_first_read_without_a_date_takes_the_first_one_that_is_found(office: ExampleOffice) -> None:
    listed = item(1, None, full_text=False, html="")
    site = office.site("ban-a/1")
    site.posts, site.pages = [listed], {listed.url: down("timeout")}
    collect_unit(office.services, office.unit("ban-a"))
    assert office.posts("ban-a")[0].published_at is None
    site.pages = {listed.url: item(1)}
    office.clock.advance(HOUR)
    collect_unit(office.services, office.unit("ban-a"))
    assert office.posts("ban-a")[0].published_at == local("2026-10-12 08:30")


def test_a_doubtful_date_gives_way_to_that_of_the_own_page_read_later(office: ExampleOffice) -> None:
    changed = replace(read_date("2026-10-30 09:00"), origin="lastmod", doubt="lastmod")
    listed = item(1, full_text=False, html="", published=changed)
    site = office.site("ban-a/1")
    site.posts, site.pages = [listed], {listed.url: down("timeout")}
    collect_unit(office.services, office.unit("ban-a"))
    (post,) = office.posts("ban-a")
    assert (post.published_at, post.date_doubt) == (local("2026-10-30 09:00"), "lastmod")
    site.pages = {listed.url: item(1)}
    office.clock.advance(HOUR)
    collect_unit(office.services, office.unit("ban-a"))
    (post,) = office.posts("ban-a")
    assert (post.published_at, post.date_doubt) == (local("2026-10-12 08:30"), None)


# --- own pages -----------------------------------------------------------------------------------------


def test_a_page_that_fails_costs_nothing_and_is_read_at_a_later_look(office: ExampleOffice) -> None:
    listed = item(1, full_text=False, html="", summary="Tóm tắt")
    site = office.site("ban-a/1")
    site.posts, site.pages = [listed], {listed.url: down("timeout")}
    report = collect_unit(office.services, office.unit("ban-a"))
    assert (report.new, report.failed) == (1, 0)
    assert "no answer" in report.notes[0]
    (post,) = office.posts("ban-a")
    assert post.words is None
    assert office.push(post).not_before == office.clock.now() + PUSH_PATIENCE  # the whole text is worth a short wait
    site.pages = {listed.url: item(1)}
    office.clock.advance(HOUR)
    assert collect_unit(office.services, office.unit("ban-a")).changed == 1
    (post,) = office.posts("ban-a")
    assert post.words is not None
    assert office.push(post).not_before is None
    assert office.leaves("item_changed")[0]["data"]["reason"] == "completed"


def test_many_new_posts_are_stored_at_once_and_their_pages_read_over_several_looks(office: ExampleOffice) -> None:
    listed = [item(n, full_text=False, html="", summary=f"Tóm tắt {n}") for n in range(45)]
    site = office.site("ban-a/1")
    site.posts, site.pages = listed, {post.url: item(n) for n, post in enumerate(listed)}
    read = []
    for _ in range(4):
        collect_unit(office.services, office.unit("ban-a"))
        assert len(office.posts("ban-a")) == 45
        read.append(site.pages_read)
        office.clock.advance(HOUR)
    assert read == [20, 40, 45, 45]
    assert all(post.words for post in office.posts("ban-a"))


def test_a_site_whose_pages_all_fail_is_left_alone_after_three(office: ExampleOffice) -> None:
    listed = [item(n, full_text=False, html="", summary=f"Tóm tắt {n}") for n in range(10)]
    site = office.site("ban-a/1")
    site.posts, site.pages = listed, {post.url: down("timeout") for post in listed}
    assert collect_unit(office.services, office.unit("ban-a")).new == 10
    assert site.pages_read == 3


def test_a_summary_never_replaces_a_text_read_in_full(office: ExampleOffice) -> None:
    listed = item(1, full_text=False, html="", summary="Tóm tắt")
    site = office.site("ban-a/1")
    site.posts, site.pages = [listed], {listed.url: item(1)}
    collect_unit(office.services, office.unit("ban-a"))
    site.posts, site.pages = [replace(listed, title="Tựa sửa")], {}
    office.clock.advance(HOUR)
    collect_unit(office.services, office.unit("ban-a"))
    post = office.posts("ban-a")[0]
    with office.db.read() as uow:
        whole = uow.posts.get(post.id)  # type: ignore[arg-type]  # a stored post has an id
    assert whole is not None
    assert (whole.title, whole.html) == ("Tựa sửa", item(1).html)


# --- flags ---------------------------------------------------------------------------------------------


def test_a_secret_mark_keeps_the_post_from_leaving(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(1, html="<p>MẬT</p>" + item(1).html), item(2)]
    collect_unit(office.services, office.unit("ban-a"))
    by_title = {post.title: post for post in office.posts("ban-a")}
    assert by_title["Tin số 1"].quarantine == "Mật"
    assert office.push(by_title["Tin số 1"]).state is PushState.QUARANTINED
    assert office.push(by_title["Tin số 2"]).state is PushState.QUEUED


def test_a_mark_that_only_the_later_text_shows_withholds_a_waiting_push(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(1)]
    collect_unit(office.services, office.unit("ban-a"))
    office.clock.advance(HOUR)
    office.site("ban-a/1").posts = [item(1, html="<p>LƯU HÀNH NỘI BỘ</p>" + item(1).html)]
    collect_unit(office.services, office.unit("ban-a"))
    assert office.push(office.posts("ban-a")[0]).state is PushState.QUARANTINED


@pytest.mark.parametrize(
    "named",
    [
        {"attachments": (AttachmentData(url="https://ban-a.example/f/7.pdf", title="Công văn số 7 (Mật)"),)},
        {"attachments": (AttachmentData(url="https://ban-a.example/f/Cong%20van%20MAT.pdf", title="Tải về"),)},
        {"html": item(1).html + '<p><a href="/f/tai-lieu-mat.pdf"><b>Xem</b> tệp</a></p>'},
    ],
    ids=["in the words of the link", "in its address", "linked in the text alone"],
)
def test_a_secret_mark_in_the_name_of_a_file_keeps_the_post_from_leaving(
    office: ExampleOffice, named: dict[str, Any]
) -> None:
    office.site("ban-a/1").posts = [item(1, **named)]
    collect_unit(office.services, office.unit("ban-a"))
    [post] = office.posts("ban-a")
    assert post.quarantine == "Mật"
    assert office.push(post).state is PushState.QUARANTINED


def test_what_a_person_released_is_withheld_again_only_for_another_mark(office: ExampleOffice) -> None:
    link = '<p><a href="/f/bao-cao-mat.pdf">Báo cáo</a></p>'
    stamped = "<p>Tài liệu phát kèm (Lưu hành nội bộ)</p>"
    office.site("ban-a/1").posts = [item(1, html=item(1).html + link)]
    collect_unit(office.services, office.unit("ban-a"))
    [post] = office.posts("ban-a")
    decide(office.services, f"post:{post.id}", Decision.RELEASE, reason="tệp nói về mắt", by="Nguyễn Văn A")

    states = []
    for html in (
        item(1).html + link,  # as before
        item(1).html + link + "<p>Sửa một lỗi.</p>",
        item(1).html + stamped + link,
    ):
        office.clock.advance(HOUR)
        office.site("ban-a/1").posts = [item(1, html=html)]
        collect_unit(office.services, office.unit("ban-a"))
        [post] = office.posts("ban-a")
        states.append((post.version, post.quarantine, office.push(post).state))

    assert states == [
        (1, None, PushState.QUEUED),
        (2, None, PushState.QUEUED),
        (3, "Lưu hành nội bộ", PushState.QUARANTINED),
    ]


def test_a_reprint_is_flagged(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(1, html=story("dự hội nghị") + "<p>Nguồn: Báo Ví Dụ</p>"), item(2)]
    collect_unit(office.services, office.unit("ban-a"))
    assert {post.title: post.reprint for post in office.posts("ban-a")} == {"Tin số 1": True, "Tin số 2": False}


@pytest.mark.parametrize(
    ("claimed", "flagged"),
    [
        ("2026-10-13 09:00", True),  # the list of the 15th, complete, lacked it
        ("2026-10-14 12:00", False),  # within the day's tolerance
        ("2026-10-15 12:00", False),  # after that list
    ],
)
def test_a_post_dated_before_a_complete_list_that_lacked_it_is_back_dated(
    office: ExampleOffice, claimed: str, flagged: bool
) -> None:
    office.site("ban-a/1").posts = [item(1)]
    collect_unit(office.services, office.unit("ban-a"))  # 15 October, 09:00
    office.clock.advance(timedelta(days=1))
    office.site("ban-a/1").posts = [item(2, claimed), item(1)]
    collect_unit(office.services, office.unit("ban-a"))
    assert {post.title: post.back_dated for post in office.posts("ban-a")} == {"Tin số 1": False, "Tin số 2": flagged}


def test_older_posts_that_a_full_list_did_not_reach_are_not_back_dated(office: ExampleOffice) -> None:
    site = office.site("ban-a/1")
    site.posts, site.full = [item(2, "2026-10-14 08:00"), item(1, "2026-10-13 08:00")], True
    collect_unit(office.services, office.unit("ban-a"))
    office.clock.advance(timedelta(days=1))
    site.posts = [*site.posts, item(3, "2026-10-01 08:00")]
    collect_unit(office.services, office.unit("ban-a"))
    assert not any(post.back_dated for post in office.posts("ban-a"))


def test_the_first_look_flags_nothing_as_back_dated(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(1, "2019-01-01 08:00")]
    collect_unit(office.services, office.unit("ban-a"))
    assert not office.posts("ban-a")[0].back_dated


def test_a_nonsense_date_is_kept_as_read_and_the_post_too(office: ExampleOffice) -> None:
    garbage = ReadDate(instant=None, precision=Precision.NONE, raw="ngày 45 tháng 13", origin="feed")
    office.site("ban-a/1").posts = [item(1, published=garbage)]
    collect_unit(office.services, office.unit("ban-a"))
    (post,) = office.posts("ban-a")
    assert (post.published_at, post.date_raw, post.precision) == (None, "ngày 45 tháng 13", Precision.NONE)
    assert office.push(post).state is PushState.QUEUED


def test_characters_without_a_stored_form_do_no_harm(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(1, title="Tin \ud800 một\x00", guid="g\udfff"), item(2)]
    assert collect_unit(office.services, office.unit("ban-a")).new == 2


# --- coverage ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("whens", "full", "covers_from", "covers_all"),
    [
        (["2026-10-13 09:00", "2026-10-12 08:30"], True, "2026-10-12 08:30", False),
        (["2026-10-13 09:00", "2026-10-12 08:30"], False, None, True),
        (
            ["2019-01-01 00:00", "2026-10-13 09:00", "2026-10-12 08:30"],
            True,
            "2026-10-12 08:30",
            False,
        ),  # pinned on top
        (["2026-10-12 08:30", "2026-10-13 09:00"], True, "2026-10-12 08:30", False),  # oldest first
        ([None, None], True, None, False),
    ],
    ids=["full", "whole", "pinned", "ascending", "undated"],
)
def test_a_list_covers_back_to_its_oldest_entry_or_to_the_beginning(
    office: ExampleOffice, whens: list[str | None], full: bool, covers_from: str | None, covers_all: bool
) -> None:
    site = office.site("ban-a/1")
    site.posts, site.full = [item(n, when) for n, when in enumerate(whens)], full
    collect_unit(office.services, office.unit("ban-a"))
    look = looks(office)[0]
    assert (look.covers_from, look.covers_all) == (local(covers_from) if covers_from else None, covers_all)


def test_an_oldest_entry_known_by_its_day_covers_from_the_next_day(office: ExampleOffice) -> None:
    site = office.site("ban-a/1")
    site.posts, site.full = [item(1, published=read_date("2026-10-12", Precision.DAY))], True
    collect_unit(office.services, office.unit("ban-a"))
    assert looks(office)[0].covers_from == local("2026-10-13 00:00")


def test_an_undated_full_list_that_reaches_known_posts_covers_since_the_look_before(office: ExampleOffice) -> None:
    site = office.site("ban-a/1")
    site.posts, site.full = [item(2, None), item(1, None)], True
    collect_unit(office.services, office.unit("ban-a"))
    before = office.clock.now()
    office.clock.advance(HOUR)
    site.posts = [item(3, None), item(2, None)]
    collect_unit(office.services, office.unit("ban-a"))
    last = [look for look in looks(office) if look.source == "ban-a/1"][-1]
    assert last.covers_from == before


# --- failures ------------------------------------------------------------------------------------------


def test_a_failing_source_does_not_stop_the_next(office: ExampleOffice) -> None:
    office.site("ban-a/1").down = down("tls_incomplete_chain", hint="install the missing certificate")
    office.site("ban-a/2").posts = [item(1)]
    report = collect_unit(office.services, office.unit("ban-a"))
    assert (report.new, report.failed) == (1, 1)
    assert (report.errors[0].kind, report.errors[0].hint) == ("tls_incomplete_chain", "install the missing certificate")
    assert state(office).last_hint == "install the missing certificate"


def test_a_fault_of_our_own_at_one_unit_does_not_stop_the_others(office: ExampleOffice) -> None:
    office.site("ban-a/1").down = ZeroDivisionError("a bug")
    office.site("ban-b/1").posts = [item(1)]
    reports = collect(office.services)
    assert reports[UnitId("ban-b")].new == 1
    assert (reports[A].failed, reports[A].errors[0].kind) == (1, "internal")


def test_a_failure_is_a_leaf_when_it_begins_and_when_its_kind_changes(office: ExampleOffice) -> None:
    site = office.site("ban-a/1")
    for kind in ("timeout", "timeout", "tls", "tls"):
        site.down = down(kind)
        collect_unit(office.services, office.unit("ban-a"), force=True)
        office.clock.advance(HOUR)
    assert [leaf["data"]["error_kind"] for leaf in office.leaves("fetch_failed")] == ["timeout", "tls"]
    assert [look.outcome for look in looks(office) if look.source == "ban-a/1"] == ["failed"] * 4
    assert state(office).failures == 4


def test_a_failing_source_rests_longer_and_longer_but_is_never_given_up(office: ExampleOffice) -> None:
    site = office.site("ban-a/1")
    site.down = down()
    tried = []
    for hour in range(24 * 6):
        if not collect_unit(office.services, office.unit("ban-a")).resting:
            tried.append(hour)
        office.clock.advance(HOUR)
    assert tried == [0, 1, 2, 3, 5, 9, 17, 33, 57, 81, 105, 129]


def test_a_source_that_begins_to_fail_is_tried_twice_more_within_its_slot(office: ExampleOffice) -> None:
    site = office.site("ban-a/1")
    site.down = down()
    collect(office.services)
    assert collect_again(office.services) == {}  # not at once
    looked = len(looks(office))
    tried = []
    for minute in range(5, 60, 5):
        office.clock.advance(timedelta(minutes=5))
        if again := collect_again(office.services):
            assert {unit: report.failed for unit, report in again.items()} == {A: 1}
            tried.append(minute)
    assert len(tried) == 2
    assert tried[-1] <= 20
    assert len(looks(office)) == looked + 2  # the unit's other source, and the other units, are left alone
    assert state(office).failures == 3


def test_what_is_read_at_a_second_try_is_as_if_read_at_the_first(office: ExampleOffice) -> None:
    site = office.site("ban-a/1")
    site.down = down()
    collect(office.services)
    site.down, site.posts = None, [item(1)]
    office.clock.advance(timedelta(minutes=5))
    assert {unit: report.new for unit, report in collect_again(office.services).items()} == {A: 1}
    assert (state(office).failures, state(office).not_before) == (0, None)


def test_a_refused_login_is_not_repeated_within_the_slot(office: ExampleOffice) -> None:
    office.site("ban-a/1").down = down("login")
    collect(office.services)
    for _ in range(11):
        office.clock.advance(timedelta(minutes=5))
        assert collect_again(office.services) == {}


def test_the_site_own_wish_to_wait_is_kept_up_to_a_day(office: ExampleOffice) -> None:
    office.site("ban-a/1").down = down("http_status", retry_after=timedelta(days=3650))
    collect_unit(office.services, office.unit("ban-a"))
    assert state(office).not_before == office.clock.now() + timedelta(days=1)


def test_an_outage_lasts_from_the_first_failure_to_the_next_success(office: ExampleOffice) -> None:
    site = office.site("ban-a/1")
    site.posts = [item(1)]
    collect_unit(office.services, office.unit("ban-a"))
    site.down = down()
    office.clock.advance(HOUR)
    began = office.clock.now()
    for _ in range(3):
        collect_unit(office.services, office.unit("ban-a"), force=True)
        office.clock.advance(HOUR)
    site.down = None
    collect_unit(office.services, office.unit("ban-a"), force=True)
    (outage,) = outages(office)
    assert (outage.subject, outage.owner) == ("source:ban-a/1", OutageOwner.SOURCE)
    assert (outage.start, outage.end) == (began, office.clock.now())
    assert len(office.leaves("fetch_ok")) == 3  # two first looks, and the recovery
    assert (state(office).failures, state(office).last_error) == (0, None)


def test_when_every_site_is_unreachable_the_fault_is_ours(office: ExampleOffice) -> None:
    for site in office.sites.values():
        site.down = down("dns")
    collect(office.services)
    assert {outage.owner for outage in outages(office)} == {OutageOwner.OURS}


def test_when_one_site_answers_the_others_are_down_themselves(office: ExampleOffice) -> None:
    for site in office.sites.values():
        site.down = down("refused")
    office.site("ban-c/1").down = None
    office.site("ban-c/1").posts = [item(1)]
    collect(office.services)
    assert {outage.owner for outage in outages(office)} == {OutageOwner.SOURCE}


def test_an_empty_list_after_posts_is_no_proof_of_silence(office: ExampleOffice) -> None:
    site = office.site("ban-a/1")
    site.posts = [item(1)]
    collect_unit(office.services, office.unit("ban-a"))
    site.posts = []
    office.clock.advance(HOUR)
    report = collect_unit(office.services, office.unit("ban-a"))
    assert (report.failed, report.errors[0].kind) == (1, "empty_suspect")
    last = [look for look in looks(office) if look.source == "ban-a/1"][-1]
    assert (last.outcome, last.error_kind, last.covers_all) == ("failed", "empty_suspect", False)


def test_a_site_that_never_held_a_post_may_be_empty(office: ExampleOffice) -> None:
    report = collect_unit(office.services, office.unit("ban-a"))
    assert (report.failed, report.new) == (0, 0)
    assert looks(office)[0].covers_all


def test_a_list_of_which_nothing_can_be_read_covers_nothing(office: ExampleOffice) -> None:
    office.site("ban-a/1").skipped = (Skipped(item="1", reason="no link"),)
    assert collect_unit(office.services, office.unit("ban-a")).errors[0].kind == "nothing_readable"


def test_one_bad_item_is_counted_and_named(office: ExampleOffice) -> None:
    site = office.site("ban-a/1")
    site.posts, site.skipped = [item(1)], (Skipped(item="mục 2", reason="no link"),)
    report = collect_unit(office.services, office.unit("ban-a"))
    assert (report.new, report.skipped) == (1, 1)
    assert report.notes == ("skipped mục 2: no link",)


def test_an_unknown_unit_is_a_wrong_call(office: ExampleOffice) -> None:
    with pytest.raises(UsageError):
        collect(office.services, [UnitId("ban-x")])


def test_a_look_that_dies_before_its_end_leaves_nothing_and_loses_nothing(office: ExampleOffice) -> None:
    class Killed(BaseException):
        pass

    class DyingFiles:
        def put(self, data: bytes) -> str:
            raise Killed

    office.site("ban-a/1").posts = [item(1)]
    with pytest.raises(Killed):
        look_at(replace(office.services, files=DyingFiles()), office.unit("ban-a"), SourceId("ban-a/1"), Tally())  # type: ignore[arg-type]  # only put is called
    assert office.posts() == []
    assert collect_unit(office.services, office.unit("ban-a")).new == 1


def test_local_midnight_decides_the_day_of_a_date(office: ExampleOffice) -> None:
    office.site("ban-a/1").posts = [item(1, "2026-11-01 00:00")]
    collect_unit(office.services, office.unit("ban-a"))
    assert office.posts("ban-a")[0].published_at == datetime(2026, 10, 31, 17, tzinfo=UTC)
    assert datetime(2026, 11, 1, tzinfo=LOCAL) == office.posts("ban-a")[0].published_at
