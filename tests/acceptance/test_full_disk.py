"""Disks that are full, files that may not be written or were damaged: a clear error, nothing half done, and it goes on afterwards."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.storage.schema import upgrade
from syncd.testing.local_site import LocalSite
from tests.acceptance.commands import Answer, forked
from tests.acceptance.office import config_text, feed_xml, unit_block

UNITS = ("ban-a", "ban-b", "ban-c", "ban-d")
OUTBOX = '[portal]\nkind = "outbox"\ndirectory = "cong"\nbase_url = "http://127.0.0.1:8077/cong/"\n'
STORAGE = '[storage]\ndatabase = "sqlite:///syncd.db"\nfiles = "files"\n'


@pytest.fixture
def config(data_dir: Path) -> Iterator[Path]:
    path = data_dir / "config.toml"
    with LocalSite() as site:
        for unit in UNITS:
            site.page(f"/{unit}.xml", feed_xml(site.url("/"), 4, unit=unit), content_type="application/rss+xml")
        blocks = "".join(unit_block(unit, site.url(f"/{unit}.xml")) for unit in UNITS)
        path.write_text(STORAGE + config_text(blocks, portal=OUTBOX), encoding="utf-8")
        upgrade(f"sqlite:///{data_dir}/syncd.db")
        yield path


def syncd(config: Path, *words: str, limit: int = 0) -> Answer:
    """Run a command in a process whose files may not grow beyond `limit` bytes."""
    return forked(*words, "-c", config, max_file_bytes=limit)


def assert_clear(done: Answer, *codes: int) -> None:
    assert done.code in codes, done.err
    assert "Traceback" not in done.err
    assert done.code == 0 or done.err + done.out


def test_a_full_disk_is_said_and_nothing_is_lost_or_twice_afterwards(config: Path) -> None:
    whole = (config.parent / "syncd.db").stat().st_size
    for limit in (whole + 8_000, whole + 60_000):
        assert_clear(syncd(config, "sync", limit=limit), 0, 1, 2, 3)
    assert not list(config.parent.rglob(".writing-*"))
    with sqlite3.connect(config.parent / "syncd.db") as connection:
        connection.execute("UPDATE pushes SET not_before = NULL")  # the settle time and the pauses have passed
        connection.execute("UPDATE sources SET not_before = NULL")
    connection.close()
    assert syncd(config, "sync").code == 0
    assert len(list((config.parent / "cong" / "posts").glob("*.json"))) == len(UNITS) * 4
    assert syncd(config, "ledger", "verify").code == 0


@pytest.mark.parametrize("at", [pytest.param(0.4, marks=pytest.mark.slow), 0.8])
def test_a_damaged_page_is_an_error_that_names_the_way_out(config: Path, at: float) -> None:
    assert syncd(config, "sync").code == 0
    database = config.parent / "syncd.db"
    with database.open("r+b") as file:
        file.seek(int(database.stat().st_size * at) // 4096 * 4096)
        file.write(os.urandom(4096 * 4))
    answers = [syncd(config, *words) for words in (("sync",), ("ledger", "verify"))]
    for done in answers:
        assert_clear(done, 0, 1, 2)
    told = [done.err for done in answers if done.code == 2]
    assert all("restore the database from a backup" in text for text in told)


def test_a_file_that_is_no_database_any_more_is_named(config: Path) -> None:
    (config.parent / "syncd.db").write_bytes(b"xin chao" * 1000)
    done = syncd(config, "status")
    assert_clear(done, 2)
    assert "not a database" in done.err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_database_that_may_not_be_written_is_named(config: Path) -> None:
    (config.parent / "syncd.db").chmod(0o400)
    done = syncd(config, "sync")
    assert_clear(done, 2)
    assert "readonly" in done.err


@pytest.mark.slow
def test_a_killed_process_without_its_wal_loses_what_was_there_and_no_more(config: Path) -> None:
    """What nobody should do: the file beside the database removed. What is left must be whole."""
    assert syncd(config, "sync").code == 0
    before = syncd(config, "ledger", "verify", "--json").out
    for name in ("syncd.db-wal", "syncd.db-shm"):
        (config.parent / name).unlink(missing_ok=True)
    assert syncd(config, "ledger", "verify", "--json").out == before
    assert syncd(config, "sync").code == 0
