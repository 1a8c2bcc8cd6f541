"""A small office on loopback: its configuration, the feeds of its units, and the daemon as a process."""

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from syncd.domain.model import LOCAL
from tests.acceptance.commands import command

DEADLINE_S = 90  # for what takes two seconds on a quiet machine


def feed_xml(base: str, count: int, *, unit: str = "ban-a", newest: datetime | None = None) -> str:
    """An RSS feed of `count` made-up posts, one a day, the newest first."""
    newest = newest or datetime(2026, 10, 12, 8, 30, tzinfo=LOCAL)
    items = "".join(
        f"<item><title>Tin {number} của {unit}</title><link>{base.rstrip('/')}/{unit}/{number}.html</link>"
        f"<guid isPermaLink='false'>{unit}-{number}</guid>"
        f"<pubDate>{format_datetime(newest - timedelta(days=count - number))}</pubDate>"
        f"<description>Họp bàn việc số {number} của {unit} tại hội trường, đồng chí Trần Thị Giả Định chủ trì.</description></item>"
        for number in range(count, 0, -1)
    )
    return f'<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Trang của {unit}</title>{items}</channel></rss>'


def unit_block(unit: str, url: str) -> str:
    return (
        f'[[units]]\nid = "{unit}"\nname = "Đơn vị {unit} (giả định)"\ngroup = "ban"\n'
        f'editors = ["bientap@{unit}.vidu.example"]\nsources = [{{ kind = "feed", url = "{url}", article = "none" }}]\n'
    )


MAILDIR = '[mail]\nkind = "maildir"\ndirectory = "mail"\noffice_recipients = ["vanphong@vidu.example"]\n'


def config_text(units: str, *, mail: str = MAILDIR, portal: str = "", schedule: str = "") -> str:
    portal = portal or '[portal]\nkind = "outbox"\ndirectory = "portal"\nbase_url = "http://127.0.0.1:8077/cong/"\n'
    return (
        '[office]\nname = "Văn phòng Tỉnh ủy Ví Dụ"\n'
        '[http]\nspacing_s = 0.0\nallow_addresses = ["127.0.0.0/8"]\n'
        f"{portal}{mail}"
        f"[schedule]\ncollect_every_minutes = 1\npublish_every_minutes = 1\ncensus_every_minutes = 5\n{schedule}"
        "[web]\nport = 0\n"
        '[[rulesets]]\nid = "mac-dinh"\nbuiltin = "default"\nfrom = 2026-01-01\n'
        f"{units}"
    )


def until(true: Callable[[], Any], what: str, *, seconds: float = DEADLINE_S) -> Any:
    """Poll until something is true; what it was."""
    deadline = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.1)
    return value


@dataclass
class Daemon:
    """One `syncd run`."""

    process: subprocess.Popen[bytes]
    log_file: Path

    def log(self) -> list[dict[str, Any]]:
        """The log lines so far; what a killed process wrote half is left out."""
        lines = []
        for line in self.log_file.read_text(encoding="utf-8").splitlines():
            try:
                lines.append(json.loads(line))
            except ValueError:
                continue
        return lines

    def event(self, name: str, **fields: Any) -> dict[str, Any]:
        """Wait for a log line with these fields."""

        def found() -> dict[str, Any] | None:
            for line in self.log():
                if line.get("event") == name and fields.items() <= line.items():
                    return line
            assert self.process.poll() is None, self.log_file.read_text(encoding="utf-8")
            return None

        line: dict[str, Any] = until(found, f"{name} {fields} in {self.log_file.read_text(encoding='utf-8')[-4000:]}")
        return line

    def terminate(self) -> tuple[int, float]:
        """SIGTERM; the exit code and how long it took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)  # where each thread stands goes to the log
            self.process.wait(timeout=60)
            pytest.fail(f"did not stop:\n{self.log_file.read_text(encoding='utf-8')[-12000:]}")
        return code, time.monotonic() - began

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=60)


@contextmanager
def running(config: Path, *, now: str | None = None, standby: bool = False, ready: str = "running") -> Iterator[Daemon]:
    """The daemon, up: it has said that it runs, or what `ready` names."""
    number = len(list(config.parent.glob("daemon-*.log")))
    log_file = config.parent / f"daemon-{number}.log"
    arguments = ["run", "-c", str(config), *(("--now", now) if now else ()), *(["--standby"] if standby else [])]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2]), "PYTHONFAULTHANDLER": "1"}
    with log_file.open("wb") as log, log_file.with_suffix(".out").open("wb") as out:
        process = subprocess.Popen(command(*arguments), stdout=out, stderr=log, env=environment)
        daemon = Daemon(process, log_file)
        try:
            daemon.event(ready)
            yield daemon
        finally:
            if process.poll() is None:
                process.kill()  # a stopped one too
            process.wait(timeout=60)


def rows(config: Path, query: str) -> list[tuple[Any, ...]]:
    """Straight from the database, read-only, beside whoever owns it."""
    with closing(sqlite3.connect(f"file:{config.parent / 'var' / 'syncd.db'}?mode=ro", uri=True)) as db:
        return db.execute(query).fetchall()
