"""`syncd run` as a process: up, at work, interrupted, killed."""

import ctypes
import signal
import socket
import sqlite3
import stat
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from syncd.testing.local_portal import Effect, Fault, LocalPortal
from syncd.testing.local_site import LocalSite
from tests.acceptance.commands import syncd
from tests.acceptance.office import config_text, feed_xml, rows, running, unit_block, until

NOW = "2026-10-13T09:00:20+07:00"


@pytest.fixture
def site() -> Iterator[LocalSite]:
    with LocalSite() as site:
        yield site


def office(folder: Path, site: LocalSite, *, units: tuple[str, ...] = ("ban-a", "ban-b"), portal: str = "") -> Path:
    """Each unit with a feed of three posts, and a database."""
    for unit in units:
        feed = feed_xml(site.url("/"), 3, unit=unit)
        site.page(f"/{unit}.xml", feed, content_type="application/rss+xml", etag='"1"')
    config = folder / "config.toml"
    blocks = "".join(unit_block(unit, site.url(f"/{unit}.xml")) for unit in units)
    config.write_text(config_text(blocks, portal=portal), encoding="utf-8")
    assert syncd("init", "-c", config).code == 0
    return config


def delivered(config: Path) -> int:
    return int(rows(config, "SELECT count(*) FROM pushes WHERE state = 'delivered'")[0][0])


def slots(config: Path) -> list[tuple[str, str, str]]:
    return rows(config, "SELECT job, subject, due FROM slots ORDER BY job, subject, due")


def test_up_one_cycle_done_a_second_daemon_refused_and_a_clean_stop(tmp_path: Path, site: LocalSite) -> None:
    config = office(tmp_path, site)
    with running(config, now=NOW) as daemon:
        pages = daemon.event("running")["pages"]
        with urllib.request.urlopen(pages, timeout=60) as answer:
            assert answer.status == 200
            assert "ban-a" in answer.read().decode()
        assert stat.S_IMODE((tmp_path / "var" / "syncd.sock").stat().st_mode) == 0o600
        until(lambda: delivered(config) == 6, "six posts delivered")
        until(lambda: rows(config, "SELECT 1 FROM censuses WHERE complete"), "a complete census")
        second = syncd("run", "-c", config)
        assert second.code == 2
        assert f"process {daemon.process.pid} owns the data" in second.err
        # what a person types is run by the daemon, and what they read is read beside it
        answered = syncd("sync", "--json", "-c", config)
        assert answered.code == 0, answered.err
        assert answered.document["census"]["complete"] is True
        assert syncd("status", "--json", "-c", config, "--now", NOW).document["portal"]["last_census_complete"] is True
        refused = syncd("collect", "--json", "-c", config, "--now", NOW)
        assert (refused.code, refused.out) == (2, "")
        assert "--now" in refused.err
        code, seconds = daemon.terminate()
    assert (code, seconds < 30) == (0, True)
    assert not (tmp_path / "var" / "syncd.sock").exists()
    assert daemon.log_file.with_suffix(".out").read_bytes() == b""
    assert daemon.log()[-1]["clean"] is True
    assert syncd("ledger", "verify", "-c", config).code == 0
    assert rows(config, "SELECT count(*) FROM slots WHERE state NOT IN ('done', 'gap')") == [(0,)]


def test_a_second_daemon_on_the_same_data_refuses_and_names_the_first(tmp_path: Path, site: LocalSite) -> None:
    config = office(tmp_path, site, units=("ban-a",))
    with running(config) as daemon:
        second = syncd("run", "-c", config)
        assert second.code == 2
        assert f"process {daemon.process.pid}" in second.err
        assert syncd("collect", "--json", "-c", config).code == 0, "the first one is unharmed"
        assert daemon.terminate()[0] == 0


def test_a_signal_that_the_kernel_gives_to_another_thread_ends_it_too(tmp_path: Path, site: LocalSite) -> None:
    config = office(tmp_path, site, units=("ban-a",))
    with running(config) as daemon:
        pid = daemon.process.pid
        threads = {int(task.name) for task in Path(f"/proc/{pid}/task").iterdir()} - {pid}
        assert ctypes.CDLL(None).tgkill(pid, max(threads), signal.SIGTERM) == 0
        assert daemon.process.wait(timeout=30) == 0


def test_a_fetch_that_hangs_does_not_hold_up_the_end(tmp_path: Path, site: LocalSite) -> None:
    config = office(tmp_path, site, units=("ban-a",))
    site.silent("/ban-a.xml")
    with running(config) as daemon:
        until(lambda: site.count("/ban-a.xml"), "the fetch has begun")
        code, seconds = daemon.terminate()
    assert (code, seconds < 30) == (0, True)
    kinds = {kind for (kind,) in rows(config, "SELECT error_kind FROM looks")}
    assert None not in kinds


WORDPRESS = """[portal]
kind = "wordpress"
url = "{url}"
username = "{username}"
password_file = "mat-khau"
settle_seconds = 0
allow_addresses = ["127.0.0.0/8"]
"""


def test_a_push_that_is_open_is_left_as_it_is_and_looked_up_later(tmp_path: Path, site: LocalSite) -> None:
    with LocalPortal() as portal:
        (tmp_path / "mat-khau").write_text(portal.password, encoding="utf-8")
        table = WORDPRESS.format(url=portal.url, username=portal.username)
        config = office(tmp_path, site, units=("ban-a",), portal=table)
        assert syncd("collect", "-c", config).code == 0
        portal.inject(Fault(path="/posts", effect=Effect.DONE, hang=True))
        with running(config) as daemon:
            until(lambda: rows(config, "SELECT 1 FROM pushes WHERE state = 'intent'"), "a push is open")
            code, seconds = daemon.terminate()
        assert (code, seconds < 30) == (0, True)
        assert rows(config, "SELECT count(*) FROM pushes WHERE state IN ('intent', 'unknown')") == [(1,)]
        syncd("publish", "--json", "-c", config)
        assert rows(config, "SELECT count(*) FROM pushes WHERE state IN ('intent', 'unknown')") == [(0,)]
        first = rows(config, "SELECT posts.key FROM posts JOIN pushes ON pushes.post = posts.id WHERE attempts = 2")
        assert [len(portal.copies(key)) for (key,) in first] == [1]


def test_killed_in_mid_work_it_starts_again_and_does_nothing_twice(tmp_path: Path, site: LocalSite) -> None:
    config = office(tmp_path, site)
    site.silent("/ban-b.xml")
    with running(config, now=NOW) as daemon:
        until(lambda: site.count("/ban-b.xml"), "a look is under way")
        until(lambda: rows(config, "SELECT 1 FROM slots WHERE state = 'running' AND subject = 'ban-b'"), "claimed")
        daemon.kill()
    assert (tmp_path / "var" / "syncd.sock").exists(), "what it could not clear away"
    before = slots(config)
    assert syncd("status", "-c", config, "--now", NOW).code == 1, "a dead daemon's socket hinders nobody"
    feed = feed_xml(site.url("/"), 3, unit="ban-b")
    site.page("/ban-b.xml", feed, content_type="application/rss+xml")
    with running(config, now=NOW) as daemon:
        assert daemon.event("running")["recovered_slots"] >= 1
        until(lambda: delivered(config) == 6, "all posts delivered")
        assert daemon.terminate()[0] == 0
    assert set(before) <= set(slots(config))
    for job, subject, due in before:
        query = f"SELECT state FROM slots WHERE job = '{job}' AND subject = '{subject}' AND due = '{due}'"
        assert [state for (state,) in rows(config, query)] in (["done"], ["gap"])
    answer = syncd("census", "--json", "-c", config, "--now", NOW)
    assert answer.document["duplicates"] == []
    assert sum(counts["public"] for counts in answer.document["units"].values()) == 6
    assert syncd("ledger", "verify", "-c", config).code == 0


def test_what_a_killed_process_left_half_written_is_swept_at_the_next_start(tmp_path: Path, site: LocalSite) -> None:
    config = office(tmp_path, site, units=("ban-a",))
    assert syncd("collect", "-c", config).code == 0
    capture = next(path for path in (tmp_path / "var" / "files").rglob("*") if path.is_file())
    left = capture.with_name(".writing-abc")
    left.write_bytes(b"half")
    with running(config) as daemon:
        assert daemon.event("running")["swept_files"] == 1
        daemon.terminate()
    assert capture.exists()
    assert not left.exists()


def test_a_port_that_is_taken_is_said_and_nothing_is_left_behind(tmp_path: Path, site: LocalSite) -> None:
    config = office(tmp_path, site, units=("ban-a",))
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        text = config.read_text(encoding="utf-8").replace("port = 0", f"port = {taken.getsockname()[1]}")
        config.write_text(text, encoding="utf-8")
        answer = syncd("run", "-c", config)
    assert answer.code == 2
    assert "[web] port" in answer.err
    with closing(sqlite3.connect(tmp_path / "var" / "syncd.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert not (tmp_path / "var" / "syncd.sock").exists()
