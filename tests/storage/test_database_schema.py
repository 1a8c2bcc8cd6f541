"""The schema: made by revisions, the same as the tables, refused where it is not ours."""

from dataclasses import fields
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, create_mock_engine, inspect, text

from syncd.clock import SystemClock
from syncd.domain.model import Adjustment
from syncd.errors import StorageError
from syncd.ports import media, records
from syncd.storage import tables
from syncd.storage.engine import REVISIONS, make_write_engine, open_database, parse_url
from syncd.storage.schema import revisions, upgrade


def test_an_empty_database_is_brought_up_once(empty_url: str) -> None:
    assert upgrade(empty_url) == list(REVISIONS)
    assert upgrade(empty_url) == []
    open_database(empty_url, clock=SystemClock()).close()


def test_the_program_knows_the_revisions_by_heart() -> None:
    assert tuple(revisions()) == REVISIONS


def test_the_revisions_make_exactly_the_tables_of_the_program(url: str) -> None:
    engine = make_write_engine(parse_url(url))
    try:
        with engine.begin() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, tables.metadata) == []
    finally:
        engine.dispose()


@pytest.mark.parametrize("database", ["sqlite://", "postgresql+psycopg://"])
def test_an_index_over_some_rows_says_so_to_both_databases(database: str) -> None:
    said: list[str] = []
    engine = create_mock_engine(database, lambda statement, *_, **__: said.append(str(statement.compile(engine))))
    tables.metadata.create_all(engine, checkfirst=False)
    [index] = [line for line in said if "ix_outages_open" in line]
    assert index == 'CREATE UNIQUE INDEX ix_outages_open ON outages (subject) WHERE "end" IS NULL'
    kind = "JSON" if database == "sqlite://" else "JSONB"
    [statements] = [line for line in said if "CREATE TABLE statements " in line]
    assert f"body {kind} NOT NULL" in " ".join(statements.split())


@pytest.mark.parametrize(
    ("record", "table", "without"),
    [
        (records.SourceState, tables.sources, set()),
        (records.LookRecord, tables.looks, set()),
        (records.PostRecord, tables.posts, {"instant", "month"}),
        (records.PushRecord, tables.pushes, set()),
        (media.FetchedFile, tables.fetched_files, set()),
        (media.StoredFile, tables.stored_files, set()),
        (records.CensusRecord, tables.censuses, set()),
        (records.SightingRecord, tables.sightings, {"instant"}),
        (records.OutageRecord, tables.outages, set()),
        (records.StatementRecord, tables.statements, set()),
        (Adjustment, tables.adjustments, {"id", "leaf"}),
        (records.FigureRecord, tables.figures, set()),
        (records.MailRecord, tables.mails, set()),
        (records.Slot, tables.slots, set()),
        (records.LeafRecord, tables.leaves, set()),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_every_field_of_a_record_has_its_column(record: type, table: tables.Table, without: set[str]) -> None:
    assert {column.name for column in table.c} - without == {field.name for field in fields(record)}


def test_a_database_that_is_not_there_is_refused_and_not_made(tmp_path: Path) -> None:
    path = tmp_path / "syncd.db"
    with pytest.raises(StorageError, match="no syncd database") as caught:
        open_database(f"sqlite:///{path}", clock=SystemClock())
    assert caught.value.hint == "create it with: syncd init"
    assert not path.exists()


def test_a_database_of_another_program_is_refused(empty_url: str) -> None:
    parsed = parse_url(empty_url)
    if parsed.database and parsed.get_backend_name() == "sqlite":
        Path(parsed.database).parent.mkdir()
    engine = create_engine(parsed)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE theirs (id INTEGER)"))
    engine.dispose()
    with pytest.raises(StorageError, match="no syncd database"):
        open_database(empty_url, clock=SystemClock())


def test_a_file_that_is_no_database_is_an_error_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "syncd.db"
    path.write_text("Đây không phải là cơ sở dữ liệu. " * 100)
    for act in (lambda: open_database(f"sqlite:///{path}", clock=SystemClock()), lambda: upgrade(f"sqlite:///{path}")):
        with pytest.raises(StorageError, match="not a database"):
            act()


def test_a_folder_that_cannot_be_made_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file")
    with pytest.raises(StorageError, match="cannot make the database"):
        upgrade(f"sqlite:///{tmp_path}/var/syncd.db")


def test_a_newer_schema_is_refused(url: str) -> None:
    _set_revision(url, "9999")
    with pytest.raises(StorageError, match="schema 9999, newer than this program knows"):
        open_database(url, clock=SystemClock())
    with pytest.raises(StorageError, match="schema 9999, newer than this program knows"):
        upgrade(url)


def test_an_older_schema_is_refused_with_the_way_out(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("syncd.storage.engine.REVISIONS", (*REVISIONS, "next"))
    with pytest.raises(StorageError, match="this program needs next") as caught:
        open_database(url, clock=SystemClock())
    assert caught.value.hint == "bring it up with: syncd db upgrade"


def test_a_revision_that_fails_leaves_nothing_behind(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: object, *_: object, **__: object) -> None:
        raise StorageError("the disk went away")

    monkeypatch.setattr("alembic.runtime.migration.HeadMaintainer.update_to_step", fail)
    with pytest.raises(StorageError, match="the disk went away"):
        upgrade(empty_url)
    engine = create_engine(parse_url(empty_url))
    assert inspect(engine).get_table_names() == []
    engine.dispose()


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("mysql://here/x", "mysql"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("nonsense", "cannot be read"),
    ],
)
def test_an_address_that_cannot_serve_is_refused(address: str, says: str) -> None:
    with pytest.raises(StorageError, match=says):
        open_database(address, clock=SystemClock())


def test_a_password_is_never_in_a_message() -> None:
    with pytest.raises(StorageError) as caught:
        open_database("postgresql://office:TopSecret@127.0.0.1:1/none", clock=SystemClock())
    assert "TopSecret" not in f"{caught.value.message} {caught.value.subject} {caught.value.hint}"


def test_only_the_owner_may_read_the_file(tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path / 'syncd.db'}")
    assert (tmp_path / "syncd.db").stat().st_mode & 0o777 == 0o600


def _set_revision(url: str, revision: str) -> None:
    engine = make_write_engine(parse_url(url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    engine.dispose()
