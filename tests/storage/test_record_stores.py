"""Every store, on both databases: what is put in comes out the same, and each question has its answer."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy import event, text

from syncd.clock import SystemClock
from syncd.domain.model import (
    Adjustment,
    AdjustmentKind,
    Approval,
    OutageOwner,
    PeriodId,
    PostId,
    Precision,
    SourceId,
    SourceKey,
    Status,
    UnitId,
)
from syncd.errors import StorageError
from syncd.ports.records import (
    Alias,
    CensusRecord,
    FigureRecord,
    LookRecord,
    MailRecord,
    PostRecord,
    PushRecord,
    PushState,
    SightingRecord,
    SlotState,
    SourceState,
    StatementRecord,
)
from syncd.ports.store import UnitOfWork
from syncd.storage.engine import SqlDatabase, open_database
from syncd.storage.schema import upgrade

BAN_A, BAN_B = UnitId("ban-a"), UnitId("ban-b")
OCTOBER = datetime(2026, 9, 30, 17, 0, tzinfo=UTC)  # midnight of 1 October at +07:00
NOVEMBER = datetime(2026, 10, 31, 17, 0, tzinfo=UTC)
HOUR, DAY, MICROSECOND = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)
PORTAL = "cong"


@pytest.fixture
def uow(db: SqlDatabase) -> Any:
    with db.write() as unit_of_work:
        yield unit_of_work


def key(number: int) -> SourceKey:
    return SourceKey(f"syncd-{number:032x}")


def make_post(number: int, at: datetime | None = OCTOBER, *, unit: UnitId = BAN_A, **changes: Any) -> PostRecord:
    post = PostRecord(
        unit=unit,
        source=SourceId(f"{unit}/1"),
        key=key(number),
        title=f"Hội nghị lần thứ {number}",
        url=f"https://{unit}.vidu.example/{number}",
        first_seen=OCTOBER + 10 * DAY,
        published_at=at,
        precision=Precision.NONE if at is None else Precision.MINUTE,
    )
    return replace(post, **changes)


def add_posts(uow: UnitOfWork, *posts: PostRecord) -> list[PostId]:
    return uow.posts.add([(post, [Alias(kind="url", value=post.url)]) for post in posts])


def make_push(post: PostId, state: PushState = PushState.QUEUED, **changes: Any) -> PushRecord:
    push = PushRecord(
        portal=PORTAL,
        post=post,
        unit=BAN_A,
        key=key(post),
        state=state,
        approval=Approval.AUTO,
        queued_at=NOVEMBER + post * MICROSECOND,
    )
    return replace(push, **changes)


# --- sources and looks -----------------------------------------------------------------------------


def test_a_source_is_remembered_and_replaced(uow: UnitOfWork) -> None:
    assert uow.sources.get(SourceId("ban-a/1")) is None
    state = SourceState(
        source=SourceId("ban-a/1"),
        unit=BAN_A,
        url="https://ban-a.vidu.example/rss",
        etag='"5f-ế"',
        covers_from=OCTOBER,
        covers_all=True,
        items=30,
        failures=2,
        failing_since=NOVEMBER,
        last_error="không kết nối được",
    )
    uow.sources.put(replace(state, source=SourceId("ban-b/1"), unit=BAN_B))
    uow.sources.put(replace(state, failures=1))
    uow.sources.put(state)
    assert uow.sources.get(state.source) == state
    assert [found.source for found in uow.sources.all()] == ["ban-a/1", "ban-b/1"]


def test_what_is_put_in_together_stands_as_if_put_in_one_by_one(uow: UnitOfWork) -> None:
    names = [SourceId(f"ban-{number}/1") for number in range(3)]
    states = [SourceState(source=name, unit=BAN_A, url=f"https://{name}", items=7) for name in names]
    uow.sources.put(*(replace(state, items=6) for state in states[:2]))
    uow.sources.put(*states)
    assert uow.sources.all() == states

    look = LookRecord(source=names[0], unit=BAN_A, at=OCTOBER, url="https://ban-0/1", outcome="unchanged")
    looks = [
        replace(look, covers_from=OCTOBER - DAY),
        replace(look, source=names[1], covers_all=True),
        replace(look, source=names[2]),
    ]
    uow.looks.add_all(looks)
    uow.looks.add_all([])
    assert [replace(found, id=None) for found in uow.looks.in_window(OCTOBER, NOVEMBER)] == looks
    windows = {source: [(one.start, one.end) for one in found] for source, found in uow.looks.windows(OCTOBER).items()}
    assert windows == {names[0]: [(OCTOBER - DAY, OCTOBER)], names[1]: [(None, OCTOBER)]}

    for name in names[:2]:
        uow.outages.open(f"source:{name}", OCTOBER, OutageOwner.SOURCE, "timeout")
    uow.outages.close_all({f"source:{name}": OCTOBER + HOUR for name in names[1:]})
    (still_open,) = uow.outages.overlapping(OCTOBER + HOUR, NOVEMBER)
    assert still_open.subject == f"source:{names[0]}"


def test_looks_are_found_by_window_by_cover_and_until_they_are_folded(uow: UnitOfWork) -> None:
    look = LookRecord(
        source=SourceId("ban-a/1"),
        unit=BAN_A,
        at=OCTOBER,
        url="https://ban-a.vidu.example/rss",
        outcome="changed",
        status=200,
        address="192.0.2.1",
        elapsed_ms=12,
        items=3,
        covers_from=OCTOBER - DAY,
    )
    later = replace(look, at=OCTOBER + HOUR, outcome="failed", status=None, error_kind="dns")
    other = replace(look, at=OCTOBER + 2 * HOUR, unit=BAN_B, source=SourceId("ban-b/1"), outcome="unchanged")
    ids = [uow.looks.add(record) for record in (other, later, look)]
    stored = [replace(record, id=number) for record, number in zip((other, later, look), ids, strict=True)]
    other, later, look = stored

    assert uow.looks.in_window(OCTOBER, OCTOBER + 2 * HOUR) == [look, later]
    assert uow.looks.in_window(OCTOBER, NOVEMBER, unit=BAN_B) == [other]
    assert uow.looks.covering(OCTOBER) == [look, other]
    assert uow.looks.covering(OCTOBER, unit=BAN_A) == [look]
    assert uow.looks.covering(OCTOBER + MICROSECOND, unit=BAN_A) == []
    assert uow.looks.units_unfolded(NOVEMBER) == [BAN_A, BAN_B]
    assert uow.looks.unfolded(NOVEMBER, unit=BAN_A) == [look, later]
    assert uow.looks.unfolded(NOVEMBER, unit=BAN_B) == [other]
    assert uow.looks.unfolded(OCTOBER + HOUR, unit=BAN_A) == [look]

    uow.looks.set_leaf([number for number in ids if number != other.id], 5)
    assert uow.looks.units_unfolded(NOVEMBER) == [BAN_B]
    assert uow.looks.unfolded(NOVEMBER, unit=BAN_A) == []
    assert uow.looks.in_window(OCTOBER, OCTOBER + HOUR) == [replace(look, leaf=5)]


# --- posts -----------------------------------------------------------------------------------------


def test_a_post_comes_back_as_it_was(uow: UnitOfWork) -> None:
    full = make_post(
        1,
        date_raw="thứ Bảy, 31/10/2026",
        date_origin="article",
        date_doubt="no_zone",
        guid="tag:ban-a,2026:1",
        author="Nguyễn Văn A",
        categories=("Tin tức", "Xây dựng Đảng"),
        summary="Tóm tắt",
        html="<p>Đảng bộ</p>",
        images=({"url": "https://ban-a.vidu.example/1.jpg", "alt": "", "caption": "Ảnh"},),
        words=250,
        text_sha256="a" * 64,
        reprint=True,
        quarantine="Mật",
        decision="count",
        changed_at=NOVEMBER,
        gone_at=NOVEMBER,
        seen_leaf=4,
    )
    (post,) = add_posts(uow, full)
    assert uow.posts.get(post) == replace(full, id=post) == uow.posts.by_key(full.key)
    assert uow.posts.get(PostId(post + 1)) is None
    assert uow.posts.by_key(key(99)) is None


def test_posts_added_in_one_batch_get_their_ids_in_order(uow: UnitOfWork) -> None:
    posts = [make_post(number) for number in range(300)]
    ids = add_posts(uow, *posts)
    stored = uow.posts.many([*ids, PostId(10**9)])
    assert [stored[post].key for post in ids] == [post.key for post in posts]
    assert uow.posts.add([]) == []


def test_a_key_is_given_once(uow: UnitOfWork) -> None:
    add_posts(uow, make_post(1))
    with pytest.raises(StorageError):
        add_posts(uow, make_post(1, url="https://ban-a.vidu.example/other"))


def test_aliases_belong_to_one_unit_and_the_first_post_keeps_them(uow: UnitOfWork) -> None:
    url, guid = Alias(kind="url", value="https://vidu.example/" + "x" * 5_000), Alias(kind="guid", value="1")
    same_value = Alias(kind="guid", value=url.value)
    first, second = uow.posts.add([(make_post(1), [url]), (make_post(2, unit=BAN_B), [guid])])
    assert uow.posts.find(BAN_A, [url, guid, same_value]) == {url: first}
    assert uow.posts.find(BAN_B, [url, guid]) == {guid: second}

    (third,) = uow.posts.add([(make_post(3), [url, same_value])])
    uow.posts.add_aliases(BAN_A, first, [same_value, guid])
    assert uow.posts.find(BAN_A, [url, guid, same_value]) == {url: first, same_value: third, guid: first}
    assert uow.posts.find(BAN_A, []) == {}


def test_more_aliases_are_found_than_one_statement_takes(uow: UnitOfWork) -> None:
    aliases = [Alias(kind="guid", value=str(number)) for number in range(40_000)]
    (post,) = uow.posts.add([(make_post(1), aliases[-3:])])
    assert uow.posts.find(BAN_A, aliases) == dict.fromkeys(aliases[-3:], post)


def test_an_update_moves_neither_key_nor_instants(uow: UnitOfWork) -> None:
    (post,) = add_posts(uow, make_post(1))
    edited = make_post(2, NOVEMBER, title="Sửa", html="<p>mới</p>", version=2, first_seen=NOVEMBER, unit=BAN_B, id=post)
    uow.posts.update(edited)
    assert uow.posts.get(post) == replace(
        make_post(1), id=post, title="Sửa", url=edited.url, source=edited.source, html="<p>mới</p>", version=2
    )
    assert [found.id for found in uow.posts.in_window(OCTOBER, OCTOBER + MICROSECOND)] == [post]
    with pytest.raises(StorageError, match="no post"):
        uow.posts.update(replace(edited, id=PostId(post + 1)))


def test_posts_of_a_window_stand_by_instant_or_by_first_sight(uow: UnitOfWork) -> None:
    last, first, undated, other, early, late = add_posts(
        uow,
        make_post(1, NOVEMBER - MICROSECOND),
        make_post(2, OCTOBER, html="<p>long</p>"),
        make_post(3, None),
        make_post(4, OCTOBER + DAY, unit=BAN_B),
        make_post(5, OCTOBER - MICROSECOND),
        make_post(6, NOVEMBER),
    )
    assert [post.id for post in uow.posts.in_window(OCTOBER, NOVEMBER)] == [first, other, undated, last]
    of_unit = uow.posts.in_window(OCTOBER, NOVEMBER, unit=BAN_A)
    assert [post.id for post in of_unit] == [first, undated, last]
    assert of_unit[0].html == ""
    assert {early, late}.isdisjoint(post.id for post in of_unit)


@pytest.mark.parametrize(
    ("instant", "month"),
    [
        (OCTOBER - MICROSECOND, "2026-09"),
        (OCTOBER, "2026-10"),
        (NOVEMBER - MICROSECOND, "2026-10"),
        (NOVEMBER, "2026-11"),
        (None, "2026-10"),
    ],
)
def test_the_local_month_is_stored(uow: Any, instant: datetime | None, month: str) -> None:
    add_posts(uow, make_post(1, instant))
    stored = uow.posts._transaction.execute(text("SELECT month FROM posts")).scalar_one()
    assert stored == month


def test_the_same_text_is_found_in_any_unit(uow: UnitOfWork) -> None:
    a, b, _ = add_posts(
        uow,
        make_post(1, OCTOBER + HOUR, text_sha256="a" * 64),
        make_post(2, unit=BAN_B, text_sha256="a" * 64),
        make_post(3, text_sha256="b" * 64),
    )
    assert [post.id for post in uow.posts.with_text(["a" * 64, "a" * 64, "c" * 64])] == [b, a]
    assert uow.posts.with_text([]) == []


# --- pushes ----------------------------------------------------------------------------------------


def test_a_push_comes_back_as_it_was_and_a_second_one_is_left_out(uow: UnitOfWork) -> None:
    first, second = add_posts(uow, make_post(1), make_post(2))
    uow.pushes.add([make_push(first), make_push(second)])
    uow.pushes.add([make_push(first, PushState.DEAD)])
    stored = uow.pushes.get(PORTAL, first)
    assert stored is not None
    assert stored == make_push(first, id=stored.id)

    done = replace(
        stored,
        state=PushState.DELIVERED,
        attempts=2,
        delivered_version=1,
        accepted_at=NOVEMBER,
        portal_id="77",
        adopted=True,
        delivered_text_sha256="a" * 64,
    )
    uow.pushes.update(done)
    assert uow.pushes.for_posts([first, PostId(99)]) == {first: done}
    assert uow.pushes.get("other", first) is None
    assert uow.pushes.counts() == {(BAN_A, PushState.DELIVERED): 1, (BAN_A, PushState.QUEUED): 1}
    assert [push.post for push in uow.pushes.in_state(PushState.QUEUED, PushState.DEAD)] == [second]
    with pytest.raises(StorageError, match="no push"):
        uow.pushes.update(replace(done, portal="other"))


def test_due_are_the_waiting_the_unknown_the_left_over_and_the_edited(uow: UnitOfWork) -> None:
    posts = add_posts(
        uow, *[make_post(number) for number in range(9)], make_post(9, version=2), make_post(10, version=2)
    )
    states = {
        0: make_push(posts[0], queued_at=NOVEMBER + DAY),
        1: make_push(posts[1], PushState.UNKNOWN, not_before=NOVEMBER),
        2: make_push(posts[2], PushState.INTENT),
        3: make_push(posts[3], not_before=NOVEMBER + MICROSECOND),
        4: make_push(posts[4], PushState.DEAD),
        5: make_push(posts[5], PushState.QUARANTINED),
        6: make_push(posts[6], PushState.DELIVERED, delivered_version=1),
        7: make_push(posts[7], portal="other"),
        8: make_push(posts[8], unit=BAN_B),
        9: make_push(posts[9], PushState.DELIVERED, delivered_version=1),
        10: make_push(posts[10], PushState.DELIVERED, delivered_version=2, version=2),
    }
    uow.pushes.add(list(states.values()))

    def due(**chosen: Any) -> list[int]:
        return [posts.index(push.post) for push in uow.pushes.due(PORTAL, NOVEMBER, **chosen)]

    assert due() == [1, 2, 8, 9, 0]
    assert due(unit=BAN_B) == [8]
    assert due(limit=2) == [1, 2]
    assert uow.pushes.edits_waiting() == {BAN_A: 1}


# --- census ----------------------------------------------------------------------------------------


def test_only_a_complete_census_of_the_whole_range_proves(uow: UnitOfWork) -> None:
    def add(start: datetime, end: datetime, started: datetime, *, complete: bool = True) -> int:
        return uow.censuses.add(
            CensusRecord(
                portal=PORTAL,
                start=start,
                end=end,
                started_at=started,
                finished_at=started + HOUR,
                complete=complete,
                posts=3,
            )
        )

    whole = add(OCTOBER, NOVEMBER, NOVEMBER)
    newer = add(OCTOBER - DAY, NOVEMBER + DAY, NOVEMBER + DAY)
    part = add(OCTOBER + DAY, NOVEMBER, NOVEMBER + 2 * DAY)
    torn = add(OCTOBER, NOVEMBER, NOVEMBER + 3 * DAY, complete=False)

    latest = uow.censuses.latest_complete(PORTAL, OCTOBER, NOVEMBER)
    assert latest is not None
    assert (latest.id, latest.posts, latest.complete) == (newer, 3, True)
    first = uow.censuses.first_complete_after(PORTAL, OCTOBER, NOVEMBER, NOVEMBER)
    assert first is not None
    assert first.id == whole
    later = uow.censuses.first_complete_after(PORTAL, OCTOBER + DAY, NOVEMBER, NOVEMBER + DAY + MICROSECOND)
    assert later is not None
    assert later.id == part
    assert uow.censuses.first_complete_after(PORTAL, OCTOBER, NOVEMBER, NOVEMBER + 2 * DAY) is None
    last = uow.censuses.latest(PORTAL)
    assert last is not None
    assert last.id == torn
    assert uow.censuses.latest("other") is None
    assert uow.censuses.latest_complete("other", OCTOBER, NOVEMBER) is None


def test_a_sighting_is_replaced_but_its_first_sight_stays(uow: UnitOfWork) -> None:
    (post,) = add_posts(uow, make_post(1))
    seen = SightingRecord(
        portal=PORTAL,
        portal_id="7",
        title="Hội nghị",
        url="https://cong.vidu.example/7",
        state="public",
        first_seen=OCTOBER + DAY,
        last_seen=OCTOBER + DAY,
        published_at=OCTOBER,
        month="2026-10",
        categories=("Tin tức",),
    )
    undated = replace(seen, portal_id="8", published_at=None, first_seen=NOVEMBER, month="2026-11")
    uow.sightings.put([seen, undated])
    again = replace(seen, title="Sửa", post=post, unit=BAN_A, first_seen=NOVEMBER, last_seen=NOVEMBER)
    uow.sightings.put([again, again])
    uow.sightings.put([])

    stored = uow.sightings.get(PORTAL, "7")
    assert stored is not None
    assert stored == replace(again, first_seen=seen.first_seen, id=stored.id)
    assert uow.sightings.in_window(PORTAL, OCTOBER, NOVEMBER) == [stored]
    assert [found.portal_id for found in uow.sightings.in_window(PORTAL, NOVEMBER, NOVEMBER + DAY)] == ["8"]
    assert uow.sightings.for_posts(PORTAL, [post, PostId(99)]) == {post: stored}
    assert uow.sightings.for_posts("other", [post]) == {}
    assert uow.sightings.get(PORTAL, "9") is None


def test_an_outage_is_open_once_and_overlaps_until_it_ends(uow: UnitOfWork) -> None:
    subject = "source:ban-a/1"
    uow.outages.open(subject, OCTOBER, OutageOwner.SOURCE, "timeout")
    uow.outages.open(subject, OCTOBER + DAY, OutageOwner.OURS, "dns")
    uow.outages.open("portal:cong", NOVEMBER, OutageOwner.OURS, "refused")
    (outage,) = uow.outages.overlapping(OCTOBER, NOVEMBER)
    assert (outage.start, outage.end, outage.owner, outage.reason) == (OCTOBER, None, OutageOwner.SOURCE, "timeout")

    uow.outages.close(subject, OCTOBER + DAY)
    uow.outages.close(subject, NOVEMBER)
    assert uow.outages.overlapping(OCTOBER + DAY, NOVEMBER) == []
    assert uow.outages.overlapping(OCTOBER, OCTOBER + HOUR) == [replace(outage, end=OCTOBER + DAY)]
    uow.outages.open(subject, NOVEMBER, OutageOwner.SOURCE, "again")
    assert len(uow.outages.overlapping(OCTOBER, NOVEMBER + DAY)) == 3


# --- figures, mails, slots -------------------------------------------------------------------------


def test_a_statement_is_closed_once(uow: UnitOfWork) -> None:
    statement = StatementRecord(
        unit=BAN_A,
        period=PeriodId("2026-10"),
        closed_at=NOVEMBER,
        ruleset="mac-dinh",
        body=MappingProxyType({"status": "met", "counted": 15, "coverage": 0.71, "causes": {"không đọc": 9}}),
        forced="Công văn 03",
        leaf=8,
    )
    uow.figures.add_statement(statement)
    uow.figures.add_statement(replace(statement, unit=BAN_B))
    uow.figures.add_statement(replace(statement, period=PeriodId("2026-09")))
    (stored, other) = uow.figures.statements(period=PeriodId("2026-10"))
    assert stored == replace(statement, body=dict(statement.body), id=stored.id)
    assert other.unit == BAN_B
    assert [(found.period, found.unit) for found in uow.figures.statements()] == [
        ("2026-09", "ban-a"),
        ("2026-10", "ban-a"),
        ("2026-10", "ban-b"),
    ]
    with pytest.raises(StorageError, match="closed already") as caught:
        uow.figures.add_statement(statement)
    assert caught.value.hint is not None


def test_adjustments_stand_in_their_order(uow: UnitOfWork) -> None:
    first = Adjustment(
        unit=BAN_A,
        period=PeriodId("2026-10"),
        kind=AdjustmentKind.POSTS,
        posts=4,
        reason="Đọc lại",
        document="Số 12",
        approved_by=("Nguyễn Văn A", "Trần Thị B"),
        at=NOVEMBER,
    )
    second = replace(first, kind=AdjustmentKind.VERDICT, posts=0, status=Status.MET)
    uow.figures.add_adjustment(first, 3)
    uow.figures.add_adjustment(second, 4)
    assert uow.figures.adjustments() == [first, second]


def test_figures_keep_every_version(uow: UnitOfWork) -> None:
    first = FigureRecord(
        assessment="2026", unit=BAN_A, version=1, body={"missing": 3, "final": False}, made_at=NOVEMBER
    )
    uow.figures.add_figure(first)
    uow.figures.add_figure(replace(first, version=2))
    with pytest.raises(StorageError, match="no figure 3"):
        uow.figures.update_figure(replace(first, version=3))
    done = replace(first, state="acknowledged", acknowledged_at=NOVEMBER + DAY, answer={"ok": True}, attempts=1)
    uow.figures.update_figure(done)
    stored = uow.figures.figures("2026")
    assert [replace(figure, id=None) for figure in stored] == [done, replace(first, version=2)]
    assert uow.figures.figures("2025") == []


def test_a_version_of_a_figure_is_made_once(uow: UnitOfWork) -> None:
    figure = FigureRecord(assessment="2026", unit=BAN_A, version=1, body={}, made_at=NOVEMBER)
    uow.figures.add_figure(figure)
    with pytest.raises(StorageError):
        uow.figures.add_figure(figure)


def test_a_mail_is_made_once(uow: UnitOfWork) -> None:
    mail = MailRecord(
        message_id="<2026-10.ban-a@vidu.example>",
        name="statement",
        period=PeriodId("2026-10"),
        unit=BAN_A,
        recipients=("bientap@ban-a.vidu.example", "b@vidu.example"),
        subject="Chỉ tiêu tháng 10",
        made_at=NOVEMBER,
    )
    summary = replace(mail, message_id="<s@vidu.example>", name="summary", period=None, unit=None, made_at=OCTOBER)
    assert uow.mails.add(mail)
    assert not uow.mails.add(replace(mail, subject="khác"))
    assert uow.mails.add(summary)
    sent = replace(mail, state="sent", sent_at=NOVEMBER, answer="250 2.0.0 OK", raw_sha256="a" * 64, attempts=1)
    uow.mails.update(sent)
    stored = uow.mails.get(mail.message_id)
    assert stored is not None
    assert stored == replace(sent, id=stored.id)
    assert [found.name for found in uow.mails.all()] == ["summary", "statement"]
    assert uow.mails.all(name="statement", period=PeriodId("2026-10")) == [stored]
    assert uow.mails.all(period=PeriodId("2026-09")) == []
    assert uow.mails.get("<none>") is None
    with pytest.raises(StorageError, match="no mail"):
        uow.mails.update(replace(mail, message_id="<none>"))


def test_a_slot_is_made_once_and_run_once(uow: UnitOfWork) -> None:
    later, first = uow.slots.ensure([("collect", "ban-a", NOVEMBER), ("collect", "ban-a", OCTOBER)])[::-1]
    (new,) = uow.slots.ensure([("collect", "ban-a", OCTOBER), ("collect", "ban-b", OCTOBER)])
    assert (first.due, first.state, dict(first.outcome)) == (OCTOBER, SlotState.DUE, {})
    assert uow.slots.ensure([]) == []
    assert uow.slots.last_due("collect", "ban-a") == NOVEMBER
    assert uow.slots.last_due("census", "ban-a") is None
    assert uow.slots.in_state(SlotState.DUE) == [first, new, later]

    assert uow.slots.claim(first.id, NOVEMBER)
    assert not uow.slots.claim(first.id, NOVEMBER)
    uow.slots.finish(first.id, NOVEMBER + HOUR, SlotState.DONE, {"new": 3, "ghi chú": "xong"})
    (done,) = uow.slots.in_state(SlotState.DONE)
    assert done == replace(
        first,
        state=SlotState.DONE,
        started_at=NOVEMBER,
        finished_at=NOVEMBER + HOUR,
        outcome={"new": 3, "ghi chú": "xong"},
    )
    assert not uow.slots.claim(first.id, NOVEMBER)
    with pytest.raises(StorageError, match="no slot"):
        uow.slots.finish(10**9, NOVEMBER, SlotState.DONE, {})

    assert uow.slots.claim(new.id, NOVEMBER)
    assert uow.slots.recover(NOVEMBER + DAY) == 1
    assert uow.slots.recover(NOVEMBER + DAY) == 0
    assert uow.slots.in_state(SlotState.DUE, SlotState.RUNNING) == [new, later]
    assert [slot.id for slot in uow.slots.recent(limit=2)] == [later.id, new.id]
    assert uow.slots.recent(job="census") == []


# --- what would be slow without being wrong ----------------------------------------------------------


def test_asking_what_is_due_does_not_walk_over_all_that_was_delivered(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/syncd.db"
    upgrade(url)
    asked: list[tuple[str, Any]] = []
    with open_database(url, clock=SystemClock()) as database, database.read() as uow:
        connection = uow._transaction._connection

        @event.listens_for(connection, "before_cursor_execute")
        def note(_c: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
            asked.append((statement, parameters))

        uow.pushes.due(PORTAL, NOVEMBER)
        statement, parameters = asked[0]
        plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    assert any("ix_posts_edited" in step for step in plan)
    assert any("(post=? AND portal=?)" in step for step in plan)
    assert not any(step.startswith("SCAN pushes") for step in plan)
