"""Two leaders-to-be over one PostgreSQL and one portal, each a process of its own with a folder of its own."""

import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from syncd.clock import SystemClock
from syncd.storage.engine import parse_url
from syncd.testing.local_portal import LocalPortal
from syncd.testing.local_site import LocalSite
from tests.acceptance.commands import CHILDREN
from tests.acceptance.office import feed_xml, until

UNITS = ("ban-a", "ban-b")
LEASE_S = 1.0
START = datetime(2026, 10, 20, 2, 0, tzinfo=UTC)
HURRY = 60.0  # a second here is a minute there
SETTLE_S = 120  # two seconds here: longer than a request may take in all, and the portal with it
REQUEST_S = 1.0


class HurriedClock(SystemClock):
    """A clock that runs `HURRY` times too fast, the same one in every process."""

    def __init__(self, began: float) -> None:
        self._began = began

    def now(self) -> datetime:
        return START + timedelta(seconds=(time.time() - self._began) * HURRY)


def lead(config_path: str, began: float) -> None:
    """What a child does: stand by, then collect and publish until the data are another's, and stand by again."""
    # imported here: the fork server does so once, ahead of every child
    from syncd.cli.context import owning
    from syncd.cli.standby import stand_by
    from syncd.config import load_config
    from syncd.delivery.operations import perform
    from syncd.errors import LeaseLost, StorageError

    config, clock = load_config(Path(config_path)), HurriedClock(began)
    while True:
        with owning(config, clock, take=partial(stand_by, every_s=0.1)) as (wired, _):
            while True:
                try:
                    perform(wired.services, "collect", {})
                    perform(wired.services, "publish", {})
                    time.sleep(0.02)
                except LeaseLost:
                    sys.stderr.write("lost\n")
                    sys.stderr.flush()
                    break
                except (
                    StorageError
                ):  # the server ended its transaction while it was stopped: waited out, as the daemon does
                    time.sleep(0.1)


def write_config(folder: Path, site: LocalSite, portal: LocalPortal, database: str) -> Path:
    folder.mkdir()
    (folder / "password").write_text(portal.password)
    units = "\n".join(
        f'[[units]]\nid = "{unit}"\nname = "Đơn vị {unit} (giả định)"\ngroup = "ban"\neditors = ["bt@{unit}.vidu.example"]\n'
        f'sources = [{{ kind = "feed", url = "{site.url(f"/{unit}.xml")}", window = 300, article = "none" }}]\n'
        for unit in UNITS
    )
    (folder / "config.toml").write_text(
        f"""
[office]
name = "Văn phòng Tỉnh ủy Ví Dụ"
[storage]
database = "{database}"
files = "files"
lease_seconds = {LEASE_S}
[http]
spacing_s = 0.0
total_timeout_s = {REQUEST_S}
allow_addresses = ["127.0.0.0/8"]
[portal]
name = "cong"
kind = "wordpress"
url = "{portal.url}"
username = "{portal.username}"
password_file = "password"
allow_addresses = ["127.0.0.0/8"]
settle_seconds = {SETTLE_S}
max_attempts = 60
[[rulesets]]
id = "mac-dinh"
builtin = "default"
from = 2026-01-01
[mail]
kind = "maildir"
directory = "mail"
{units}
""",
        encoding="utf-8",
    )
    return folder / "config.toml"


class Pair:
    """The two, and what the database says of them."""

    def __init__(self, configs: list[Path], database: str, site: LocalSite) -> None:
        self._configs = configs
        self._site = site
        self._began = time.time()
        self._shown = 0
        plain = parse_url(database).set(drivername="postgresql").render_as_string(hide_password=False)
        self.sql = psycopg.connect(plain, autocommit=True)
        self.children: dict[int, Any] = {}

    def __enter__(self) -> "Pair":
        for config in self._configs:
            child = CHILDREN.Process(target=_lead, args=(str(config), self._began, str(config.with_name("said"))))
            child.start()
            self.children[child.pid or 0] = child
        return self

    def __exit__(self, *_: object) -> None:
        for child in self.children.values():
            child.kill()
            child.join()
        self.sql.close()

    def show_more(self, count: int) -> None:
        """Let every unit write so many posts more."""
        self._shown += count
        for unit in UNITS:
            feed = feed_xml(self._site.url("/"), self._shown, unit=unit)
            self._site.page(f"/{unit}.xml", feed, content_type="application/rss+xml")

    def standing(self) -> tuple[int, int]:
        """Epoch and process id of the leader; zeros before the first."""
        found = self.sql.execute("SELECT epoch, holder FROM leases").fetchone()
        return (found[0], int(found[1].split()[1])) if found else (0, 0)

    def delivered(self) -> int:
        found = self.sql.execute("SELECT count(*) FROM pushes WHERE state = 'delivered'").fetchone()
        return int(found[0]) if found else 0

    def posts(self) -> int:
        return self._shown * len(UNITS)

    def losses(self) -> int:
        return sum(
            config.with_name("said").read_text().count("lost")
            for config in self._configs
            if config.with_name("said").exists()
        )

    def stop_the_leader(self, wait: Callable[[], None]) -> float:
        """Stop who leads in mid-work, until the other has taken over and delivered; wake it. Seconds until it was taken over."""
        epoch, leader = self.standing()
        wait()
        os.kill(leader, signal.SIGSTOP)
        stopped = time.monotonic()
        try:
            until(lambda: self.standing()[0] > epoch, "it is taken over from")
            took_s = time.monotonic() - stopped
            before = self.delivered()
            until(lambda: self.delivered() > before, "the other delivers")
        finally:
            os.kill(leader, signal.SIGCONT)
        return took_s


def _lead(config_path: str, began: float, said: str) -> None:
    os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), sys.stderr.fileno())
    lead(config_path, began)
