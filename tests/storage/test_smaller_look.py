"""Revision 0004: what was stored before it is found as before, and every question of a look has its index."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import text

from syncd.clock import SystemClock
from syncd.domain.model import Approval, PostId, Precision, SourceId, SourceKey, UnitId
from syncd.ports.records import Alias, PostRecord, PushRecord, PushState
from syncd.storage.engine import make_write_engine, open_database, parse_url
from syncd.storage.schema import alembic_config, upgrade

AT = datetime(2026, 10, 31, 17, 0, tzinfo=UTC)
UNIT = UnitId("ban-a")
GUID = Alias(kind="guid", value="https://ban-a.vidu.example/tin-1")
URL = Alias(kind="url", value="//ban-a.vidu.example/tin-1")


def test_what_the_schema_before_kept_is_found(empty_url: str) -> None:
    _fill_before(empty_url)
    assert upgrade(empty_url)[0] == "0004"
    with open_database(empty_url, clock=SystemClock()) as db:
        with db.read() as uow:
            assert uow.posts.find(UNIT, [GUID, URL]) == {GUID: PostId(1), URL: PostId(1)}
            assert uow.posts.find(UnitId("ban-b"), [GUID]) == {}
            (push,) = uow.pushes.for_posts([PostId(1)]).values()
            assert (push.portal, push.state, push.queued_at) == ("cong", PushState.QUEUED, AT)
            assert [post.id for post in uow.posts.with_text(["a" * 64])] == [PostId(1)]
        with db.write() as uow:
            uow.posts.add_aliases(UNIT, PostId(1), [GUID, Alias(kind="guid", value="another")], most=1)
            uow.pushes.add([push])  # of this post to this portal there is one: it is left as it is
            uow.commit()
        with db.read() as uow:
            assert set(uow.posts.find(UNIT, [GUID, URL, Alias(kind="guid", value="another")])) == {GUID, URL}
            assert uow.pushes.counts() == {(UNIT, PushState.QUEUED): 1}


@pytest.mark.parametrize(
    ("question", "index"),
    [
        ("SELECT id FROM posts WHERE text_sha256 IN (?, ?)", "ix_posts_text_sha256_duplicate_of (text_sha256=?)"),
        (
            "SELECT id FROM posts WHERE text_sha256 IN (?, ?) AND duplicate_of IS NULL",
            "ix_posts_text_sha256_duplicate_of (text_sha256=? AND duplicate_of=?)",
        ),
        (
            "SELECT id FROM posts WHERE unit != 'ban-a' AND text_sha256 IN (?, ?)",
            "ix_posts_text_sha256_duplicate_of (text_sha256=?)",
        ),
        ("SELECT id FROM posts WHERE duplicate_of = ?", "ix_posts_duplicates (duplicate_of=?)"),
        ("SELECT * FROM pushes WHERE post IN (?, ?)", "sqlite_autoindex_pushes_1 (post=?)"),
        ("SELECT * FROM pushes WHERE portal = ? AND post = ?", "sqlite_autoindex_pushes_1 (post=? AND portal=?)"),
        ("SELECT post FROM post_aliases WHERE unit = ? AND digest IN (?, ?)", "PRIMARY KEY (unit=? AND digest=?)"),
        ("SELECT kind, count(*) FROM post_aliases WHERE post = ? GROUP BY kind", "ix_post_aliases_post (post=?)"),
    ],
)
def test_every_question_of_a_look_has_its_index(tmp_path: Path, question: str, index: str) -> None:
    url = f"sqlite:///{tmp_path / 'syncd.db'}"
    upgrade(url)
    with open_database(url, clock=SystemClock()) as db, db.read() as uow:
        driver: Any = uow._transaction._driver
        values = ["x"] * question.count("?")
        plan = [row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {question}", values)]
    assert any(step.endswith(index) for step in plan), plan


def _fill_before(url: str) -> None:
    """A database as the revision before left it, with one post, its two aliases and its push."""
    parsed = parse_url(url)
    if url.startswith("sqlite"):
        Path(str(parsed.database)).parent.mkdir(parents=True)
    engine = make_write_engine(parsed)
    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0003")
    post = PostRecord(
        unit=UNIT, source=SourceId("ban-a/1"), key=SourceKey("syncd-1"), title="Tin", url="u", first_seen=AT,
        published_at=None, precision=Precision.DAY, text_sha256="a" * 64,
    )  # fmt: skip
    push = PushRecord(
        portal="cong", post=PostId(1), unit=UNIT, key=post.key, state=PushState.QUEUED, approval=Approval.AUTO,
        queued_at=AT,
    )  # fmt: skip
    on_sqlite = url.startswith("sqlite")
    empty = "'[]'" if on_sqlite else "'[]'::jsonb"
    at = AT.strftime("%Y-%m-%d %H:%M:%S.%f") if on_sqlite else AT
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO posts (unit, source, key, title, url, precision, first_seen, instant, month, date_raw, date_origin, author,"
                " summary, html, kind, text_sha256, data_sha256, categories, images, attachments, version, reprint, back_dated)"
                " VALUES (:unit, :source, :key, :title, :url, :precision, :at, :at, '2026-10', '', 'none', '', '', '', 'tin', :text, '',"
                f" {empty}, {empty}, {empty}, 1, false, false)"
            ),
            {
                "unit": post.unit, "source": post.source, "key": post.key, "title": post.title, "url": post.url,
                "precision": post.precision.value, "at": at, "text": post.text_sha256,
            },
        )  # fmt: skip
        for alias in (GUID, URL):
            digest = hashlib.sha256(f"{alias.kind}\n{alias.value}".encode()).hexdigest()
            connection.execute(
                text("INSERT INTO post_aliases (unit, digest, kind, value, post) VALUES (:u, :d, :k, :v, 1)"),
                {"u": UNIT, "d": digest, "k": alias.kind, "v": alias.value},
            )
        connection.execute(
            text(
                "INSERT INTO pushes (portal, post, unit, key, state, approval, queued_at, version, attempts, adopted)"
                " VALUES (:portal, 1, :unit, :key, :state, :approval, :at, 1, 0, false)"
            ),
            {
                "portal": push.portal, "unit": push.unit, "key": push.key, "state": push.state.value,
                "approval": push.approval.value, "at": at,
            },
        )  # fmt: skip
    engine.dispose()
