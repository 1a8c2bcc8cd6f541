"""What lists were like, what left them, what posts said before, and what is held back, on both databases."""

from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import text

from syncd.clock import SystemClock
from syncd.domain.changes import ListedPost
from syncd.domain.model import PostId, SourceId
from syncd.ports import records
from syncd.ports.histories import BackfillRecord, ListRecord, VersionRecord
from syncd.ports.records import PushState
from syncd.ports.store import UnitOfWork
from syncd.storage import tables
from syncd.storage.engine import SqlDatabase, make_write_engine, open_database, parse_url
from syncd.storage.schema import alembic_config, upgrade
from tests.storage.test_record_stores import (
    BAN_A,
    BAN_B,
    DAY,
    NOVEMBER,
    OCTOBER,
    PORTAL,
    add_posts,
    make_post,
    make_push,
)

SOURCE = SourceId("ban-a/1")


@pytest.fixture
def uow(db: SqlDatabase) -> Any:
    with db.write() as unit_of_work:
        yield unit_of_work


@pytest.mark.parametrize(
    ("record", "table"),
    [
        (ListRecord, tables.list_histories),
        (VersionRecord, tables.post_versions),
        (BackfillRecord, tables.backfills),
    ],
)
def test_every_field_of_a_record_has_its_column(record: type, table: tables.Table) -> None:
    assert {column.name for column in table.c} == {field.name for field in fields(record)}


def test_a_list_s_history_is_kept_and_its_alarm_found(uow: UnitOfWork) -> None:
    assert uow.lists.get(SOURCE) is None
    record = ListRecord(
        source=SOURCE, unit=BAN_A, items=30, dated=29, titles=30, least=12, most=30, scrolls=True, good_at=OCTOBER
    )
    alarmed = replace(
        record, alarm="mass_change", alarm_since=NOVEMBER, alarm_part="known", alarm_before=30, alarm_after=2
    )
    uow.lists.put(record)
    uow.lists.put(replace(record, source=SourceId("ban-b/1"), unit=BAN_B))
    assert uow.lists.alarmed() == []
    uow.lists.put(alarmed)
    assert uow.lists.get(SOURCE) == alarmed
    assert uow.lists.alarmed() == [alarmed]


def test_what_stands_in_a_list_is_told_with_its_instants(uow: UnitOfWork) -> None:
    first, second, _ = add_posts(uow, make_post(1), make_post(2, None), make_post(3))
    uow.sources.put_listed(SOURCE, {"a": first, f"post:{second}": second}, before={})
    found = {entry.post: entry for entry in uow.lists.standing(SOURCE)}
    one, other = make_post(1), make_post(2, None)
    assert found == {
        first: ListedPost(post=first, instant=OCTOBER, precision=one.precision),
        second: ListedPost(post=second, instant=other.first_seen, precision=other.precision),
    }


def test_posts_of_other_units_with_the_same_texts_are_told(uow: UnitOfWork) -> None:
    add_posts(
        uow,
        make_post(1, text_sha256="a"),
        make_post(2, unit=BAN_B, text_sha256="a"),
        make_post(3, unit=BAN_B, text_sha256="b"),
        make_post(4, unit=BAN_B, text_sha256="b"),
        make_post(5, text_sha256="c"),
    )
    found = uow.lists.texts_of_others(BAN_A, ["a", "b", "c", "d"])
    posts = [make_post(number, unit=BAN_B) for number in (2, 3, 4)]
    assert {(told.text_sha256, told.title, told.url) for told in found} == {
        (text, post.title, post.url) for text, post in zip("abb", posts, strict=True)
    }
    assert uow.lists.texts_of_others(BAN_A, []) == []


def test_a_stretch_read_by_other_means_is_covered(uow: UnitOfWork) -> None:
    uow.lists.cover(SOURCE, BAN_A, OCTOBER, NOVEMBER)
    uow.lists.cover(SOURCE, BAN_A, OCTOBER, NOVEMBER - DAY)
    (window,) = uow.looks.windows(OCTOBER)[SOURCE]
    assert (window.start, window.end) == (OCTOBER, NOVEMBER)


def test_a_list_that_turns_out_to_scroll_no_longer_reaches_the_beginning(uow: UnitOfWork) -> None:
    look = records.LookRecord(
        source=SOURCE, unit=BAN_A, at=NOVEMBER, url="https://a.example/", outcome="changed", covers_all=True
    )
    uow.looks.add(look)
    uow.lists.begins_at(SOURCE, OCTOBER)
    (window,) = uow.looks.windows(OCTOBER)[SOURCE]
    assert (window.start, window.end) == (OCTOBER, NOVEMBER)
    uow.lists.begins_at(SOURCE, OCTOBER - DAY)  # nothing reaches the beginning any more
    assert len(uow.looks.windows(OCTOBER)[SOURCE]) == 1


def test_missed_posts_are_found_and_those_due_the_longest_first(uow: UnitOfWork) -> None:
    one, two, three, four = add_posts(
        uow,
        make_post(1, gone_since=OCTOBER + DAY),
        make_post(2, gone_since=OCTOBER),
        make_post(3, gone_since=OCTOBER, gone_at=NOVEMBER),
        make_post(4),
    )
    assert four
    assert uow.lists.missed(SOURCE) == {one, two, three}
    assert [post.id for post in uow.lists.missed_until(OCTOBER + DAY)] == [two, one]
    assert [post.id for post in uow.lists.missed_until(OCTOBER)] == [two]


def test_instants_are_told_by_source(uow: UnitOfWork) -> None:
    add_posts(uow, make_post(1, NOVEMBER), make_post(2), make_post(3, OCTOBER - DAY), make_post(4, unit=BAN_B))
    assert uow.lists.instants(OCTOBER) == {SOURCE: [OCTOBER, NOVEMBER], SourceId("ban-b/1"): [OCTOBER]}


def test_versions_are_kept_once_and_in_order(uow: UnitOfWork) -> None:
    first, second = add_posts(uow, make_post(1), make_post(2))
    versions = [
        VersionRecord(post=first, version=n, until=OCTOBER + n * DAY, title=f"Tin {n}", html="<p>x</p>") for n in (2, 1)
    ]
    for version in versions:
        uow.versions.add(version)
    uow.versions.add(replace(versions[0], title="một lần nữa"))
    assert uow.versions.of([first, second]) == {first: versions[::-1]}


def test_a_backfill_is_kept_and_found_until_it_is_finished(uow: UnitOfWork) -> None:
    row = BackfillRecord(
        source=SOURCE,
        unit=BAN_A,
        since=OCTOBER,
        started_at=NOVEMBER,
        updated_at=NOVEMBER,
        next="page=2",
        pages=1,
        new=30,
    )
    uow.backfills.put(replace(row, pages=0))
    uow.backfills.put(row)
    assert uow.backfills.get(SOURCE) == row
    assert uow.backfills.unfinished() == [row]
    uow.backfills.put(replace(row, finished_at=NOVEMBER))
    assert uow.backfills.unfinished() == []


def test_pushes_held_back_are_those_of_the_newest_posts_first(uow: UnitOfWork) -> None:
    old, new, other = add_posts(uow, make_post(1), make_post(2, NOVEMBER), make_post(3, NOVEMBER))
    uow.pushes.add([make_push(post, PushState.HELD_BACK) for post in (old, new)] + [make_push(other)])
    assert [push.post for push in uow.flood.held_back(PORTAL, limit=5)] == [new, old]
    assert [push.post for push in uow.flood.held_back(PORTAL, limit=1)] == [new]
    assert [push.post for push in uow.pushes.due(PORTAL, NOVEMBER + DAY)] == [other]
    day = date(2026, 11, 1)
    assert uow.flood.released(PORTAL, day) == 0
    uow.flood.set_released(PORTAL, day, 3)
    uow.flood.set_released(PORTAL, day, 5)
    assert uow.flood.released(PORTAL, day) == 5


def test_posts_of_the_schema_before_are_kept(empty_url: str) -> None:
    _upgrade_to(empty_url, "0002")
    on_sqlite = empty_url.startswith("sqlite")
    empty = "'[]'" if on_sqlite else "'[]'::jsonb"
    engine = make_write_engine(parse_url(empty_url))
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO posts (unit, source, key, title, url, precision, first_seen, instant, month, date_raw, date_origin, author,"
                " summary, html, kind, text_sha256, data_sha256, categories, images, version, reprint, back_dated) VALUES"
                " ('ban-a', 'ban-a/1', 'syncd-1', 'Tin', 'u', 'day', :at, :at, '2026-10', '', 'none', '', '', '', 'tin', '', '',"
                f" {empty}, {empty}, 1, false, false)"
            ),
            {"at": OCTOBER.strftime("%Y-%m-%d %H:%M:%S.%f") if on_sqlite else OCTOBER},
        )
    engine.dispose()
    assert upgrade(empty_url)[0] == "0003"
    with open_database(empty_url, clock=SystemClock()) as database, database.read() as uow:
        (post,) = uow.posts.in_window(OCTOBER, NOVEMBER)
    assert (post.title, post.attachments, post.gone_since, post.id) == ("Tin", (), None, PostId(1))


def _upgrade_to(url: str, revision: str) -> None:
    parsed = parse_url(url)
    if url.startswith("sqlite"):
        Path(str(parsed.database)).parent.mkdir(parents=True)
    engine = make_write_engine(parsed)
    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()
