"""The world of the crash sweeps: a service that runs until it is killed, between sites, a portal, a mail server and a ranking engine.

The service is the real daemon, with its own lock, database, scheduler and socket; only its clock runs at the sweep's pace.
"""

import json
import mmap
import os
import random
import re
import signal
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from syncd.clock import SystemClock
from syncd.delivery import control
from syncd.errors import StorageError
from syncd.ports.records import PushRecord, SlotState
from syncd.storage.engine import open_database
from syncd.storage.schema import upgrade
from syncd.testing.local_mail import LocalMailServer
from syncd.testing.local_plone import LocalPlone
from syncd.testing.local_portal import Effect, Fault, LocalPortal
from syncd.testing.local_site import LocalSite, Page
from tests.acceptance.commands import CHILDREN
from tests.crash.sites import UNITS, Engine, Sites

START = datetime(
    2026, 10, 12, 1, 0, tzinfo=UTC
)  # a Monday; so far from both ends of the month that no sweep reaches them
SETTLE_S = 120  # the product's own default
READY_S = 60.0  # I8: a service that was killed is up again, and nobody had to help
_DEADLINE_S = 180.0
MOST_S = 60.0  # nothing that is due may wait longer than this
_MARKER = re.compile(r"<!-- (syncd-[0-9a-f]+) -->")


class SharedClock(SystemClock):
    """A clock that several processes share and that runs `pace` times too fast. Time-outs and pauses stay as they are."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), 16)

    @classmethod
    def make(cls, path: Path, *, pace: float) -> Self:
        path.write_bytes(struct.pack("dd", time.time(), pace))
        return cls(path)

    def now(self) -> datetime:
        began, pace = struct.unpack("dd", self._shared[:16])
        return START + timedelta(seconds=(time.time() - began) * pace)

    def slow_down(self) -> None:
        """Run like any other clock from now on."""
        self._shared[:16] = struct.pack("dd", time.time() - (self.now() - START).total_seconds(), 1.0)

    def leap(self, by: timedelta) -> None:
        """Let so much time have passed, for everybody."""
        began, pace = struct.unpack("dd", self._shared[:16])
        self._shared[:16] = struct.pack("dd", began - by.total_seconds() / pace, pace)


@dataclass(frozen=True, slots=True, kw_only=True)
class Crash:
    """Where a service is to die."""

    point: str
    nth: int
    mark: Path


def serve(config_path: Path, crash: Crash | None) -> None:
    """What the child does: `syncd run`, armed to die where `crash` says."""
    # imported here: the fork server does so once, ahead of every child
    from syncd import logs
    from syncd.bootstrap import socket_path
    from syncd.cli.context import owning
    from syncd.config import load_config
    from syncd.delivery import scheduler
    from syncd.delivery.daemon import Daemon

    _log_to(config_path.with_name("daemon.log"))
    _arm(crash)
    scheduler.WAKE_EVERY_S = 0.1  # type: ignore[assignment]  # its clock is fast, so it wakes more often
    logs.configure("warning")
    logs.configure_structlog()
    settings = load_config(config_path)
    with owning(settings, SharedClock(config_path.with_name("clock"))) as (wired, lock):
        daemon = Daemon(
            wired.services, still_owner=lock.still_held, abort_fetches=wired.http.abort, host="127.0.0.1", port=0,
            socket_path=socket_path(settings), static={},
        )  # fmt: skip
        code = daemon.run()
    sys.exit(code)


def bring_up(url: str, folder: Path, crash: Crash | None) -> None:
    """What the child does where the schema is brought up."""
    _log_to(folder / "upgrade.log")
    _arm(crash)
    upgrade(url)


def _nothing() -> None:
    """What the first child does."""


def _arm(crash: Crash | None) -> None:
    if crash is not None:
        from syncd.testing.crash_points import CRASH_POINTS
        from syncd.testing.failpoints import arm

        place = CRASH_POINTS[crash.point].place
        assert place is not None
        arm(place, nth=crash.nth, mark=crash.mark)


def _log_to(path: Path) -> None:
    os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), 2)


class Died(Exception):
    """The service died before it answered."""


class Refused(Exception):
    """The service answered that it could not do it."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """What the sweep did, for its report. Times in real seconds."""

    kills: int = 0
    reached: Counter[str] = field(default_factory=Counter)
    longest_start_s: float = 0.0
    longest_pass_s: float = 0.0  # after a last kill: until every push that was due had been brought further
    longest_recovery_s: float = (
        0.0  # from a last kill until nothing waited any more, the waits between tries leapt over
    )

    def as_json(self) -> dict[str, Any]:
        return {
            "kills": self.kills,
            "reached": dict(self.reached),
            "longest_start_s": round(self.longest_start_s, 2),
            "longest_pass_s": round(self.longest_pass_s, 2),
            "longest_recovery_s": round(self.longest_recovery_s, 2),
        }


class World:
    """One installation and everything around it. `pace`: how much faster than ours its clock runs."""

    def __init__(
        self, folder: Path, *, portal: str = "wordpress", database: str = "", pace: float = 1.0, takes_ms: tuple[int, int] = (0, 0),
        lease_s: float = 50.0, seed: int = 0, tally: Tally | None = None,
    ) -> None:  # fmt: skip
        self.folder = folder
        self.kind = portal
        self.chance = random.Random(seed)
        self.tally = tally or Tally()
        self.clock = SharedClock.make(folder / "clock", pace=pace)
        self.database = database or f"sqlite:///{folder}/syncd.db"
        self.config = folder / "config.toml"
        self.mailings: set[tuple[str, str]] = set()
        self.child: Any = None
        self._takes_ms = takes_ms
        self._lease_s = lease_s
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.sites = Sites(self._stack.enter_context(LocalSite()))
        self.portal: LocalPortal | LocalPlone = (
            LocalPlone(clock=self.clock)
            if self.kind == "plone"
            else LocalPortal(clock=self.clock, takes_s=self._takes_s)
        )
        self._stack.enter_context(self.portal)
        self.engine = Engine()
        self._stack.enter_context(self.engine.site)
        self.mail = self._stack.enter_context(LocalMailServer())
        self._write_config()
        upgrade(self.database)
        first = CHILDREN.Process(target=_nothing)  # where no child was before, what all of them import is imported now
        first.start()
        first.join()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.child is not None and self.child.is_alive():
            self.child.kill()
            self.child.join()
        self._stack.close()

    # --- the service ----------------------------------------------------------------------------------

    def start(self, crash: Crash | None = None) -> None:
        """Start the service; returns when it answers, or was killed.

        PostgreSQL may not have noticed that the one before is dead: then it is refused, and started again, as a service manager does.
        """
        began = time.monotonic()
        self._spawn(crash)
        while not control.answers(self.folder / "syncd.sock"):
            if not self.child.is_alive():
                if self.child.exitcode == -signal.SIGKILL:
                    return
                self._spawn(crash)
            assert time.monotonic() - began < READY_S, self.told("the service was not up in time")
            time.sleep(0.005)
        self.tally.longest_start_s = max(self.tally.longest_start_s, time.monotonic() - began)

    def _spawn(self, crash: Crash | None) -> None:
        self.child = CHILDREN.Process(target=serve, args=(self.config, crash))
        self.child.start()

    def ask(self, operation: str, **arguments: Any) -> Mapping[str, Any]:
        """Let the service run one operation, as a command does.

        Raises:
            Died: it was killed, before or meanwhile.
            Refused: it lives, and did not do it.
        """
        try:
            answer = control.call(self.folder / "syncd.sock", operation, arguments)
        except (StorageError, ConnectionError) as err:
            raise Died from err
        if answer is None:
            raise Died
        if "error" in answer:
            raise Refused(self.told(f"{operation}: {answer['error']}"))
        document: Mapping[str, Any] = answer["document"]
        return document

    def mail_to(self, name: str, period: str) -> None:
        """Have letters sent; they are asked for again at the end, as a person does who was not told that they are gone."""
        self.mailings.add((name, period))
        self.ask("mail-send", name=name, period=period)

    def kill(self) -> None:
        """SIGKILL from outside, wherever the service is."""
        self.child.kill()
        self.child.join()
        assert self.child.exitcode == -9, self.told("the service ended by itself")
        self.tally.kills += 1

    def stop(self) -> None:
        """As the service manager ends it."""
        self.child.terminate()
        self.child.join(40)
        assert self.child.exitcode == 0, self.told(f"no clean stop: {self.child.exitcode}")

    def let_portal_end(self) -> None:
        """Wait until the portal has carried out what it was sent: only then may the clock leap."""
        while self.portal.busy():
            time.sleep(0.002)

    def settle(self) -> None:
        """Start the service once more, and go on until nothing waits for anything."""
        began = time.monotonic()
        self.clock.slow_down()  # so that slots come to an end; what has to wait is leapt over
        self.start()
        while not self._is_quiet():
            assert time.monotonic() - began < _DEADLINE_S, self.told(f"something is stuck: {self._waits}")
            self.let_portal_end()
            self.clock.leap(timedelta(minutes=21))
        self._let_slots_end()
        self.stop()
        self.tally.longest_recovery_s = max(self.tally.longest_recovery_s, time.monotonic() - began)

    def _let_slots_end(self) -> None:
        deadline = time.monotonic() + _DEADLINE_S
        with open_database(self.database, clock=self.clock) as db:
            while time.monotonic() < deadline:
                with db.read() as uow:
                    if not uow.slots.in_state(SlotState.DUE, SlotState.RUNNING):
                        return
                time.sleep(0.02)
        raise AssertionError(self.told("slots do not come to an end"))

    def _due(self) -> set[PushRecord]:
        with open_database(self.database, clock=self.clock) as db, db.read() as uow:
            return set(uow.pushes.due("cong", self.clock.now(), limit=10_000))

    def _sync(self) -> Any:
        """One pass; no push that was due at its beginning may be as it was at its end, unless the portal failed."""
        began, due = time.monotonic(), self._due()
        document = self.ask("sync")
        took_s = time.monotonic() - began
        if document["publish"]["portal_error"] is None:
            untouched = due & self._due()
            assert not untouched, self.told(f"{len(untouched)} pushes are stuck, such as {next(iter(untouched))}")
            self.tally.longest_pass_s = max(self.tally.longest_pass_s, took_s)
            assert took_s < MOST_S, self.told(f"it took {took_s:.0f} s to bring {len(due)} pushes further")
        return document

    def _is_quiet(self) -> bool:
        document = self._sync()
        letters = [mail for name, period in sorted(self.mailings) for mail in self._letters(name, period)]
        ranked = self.ask("rank-push", assessment="nam-2026")
        self._waits = {
            "new": sum(unit["new"] for unit in document["collect"]["units"].values()),
            "pushes": sum(unit["waiting"] + unit["unknown"] for unit in document["publish"]["units"].values()),
            "portal": document["publish"]["portal_error"],
            "census": not document["census"]["complete"],
            "letters": sum(mail["not_before"] is not None for mail in letters),
            "ranking": len(ranked["failed"]) + len(ranked["waiting"]),
        }
        return not any(self._waits.values())

    def _letters(self, name: str, period: str) -> list[Mapping[str, Any]]:
        letters: list[Mapping[str, Any]] = self.ask("mail-send", name=name, period=period)["mails"]
        return letters

    def ask_once(self, act: Callable[[], None]) -> None:
        """Start the service for one more act, and stop it."""
        self.start()
        act()
        self.stop()

    def standing(self) -> list[tuple[str, str, bool, str]]:
        """What of ours stands on the portal: key, id there, whether it is in the trash, and the text."""
        if isinstance(self.portal, LocalPlone):
            return [
                (post.id, post.uid, False, post.html) for post in self.portal.posts() if post.id.startswith("syncd-")
            ]
        if self.kind == "wordpress":
            return [
                (key, str(post.id), post.status == "trash", post.content)
                for post in self.portal.posts()
                for key in _MARKER.findall(post.content)
            ]
        paths = (self.folder / "cong" / "posts").glob("*.json")
        return [(path.stem, path.stem, False, json.loads(path.read_bytes())["html"]) for path in paths]

    def told(self, what: str) -> str:
        """What a failing assertion says: with the end of the service's log."""
        log = self.folder / "daemon.log"
        return f"{what}\n{log.read_text(errors='replace')[-4000:] if log.exists() else ''}"

    def _takes_s(self) -> float:
        return self.chance.randint(*self._takes_ms) / 1000

    def _write_config(self) -> None:
        (self.folder / "password").write_text(self.portal.password, encoding="utf-8")
        (self.folder / "secret").write_text("khong phai bi mat", encoding="utf-8")
        if self.kind in ("wordpress", "plone"):
            folder = 'folder = "tin-tuc"\n' if self.kind == "plone" else ""
            portal = (
                f'kind = "{self.kind}"\nurl = "{self.portal.url}"\nusername = "{self.portal.username}"\n'
                f'password_file = "password"\nallow_addresses = ["127.0.0.0/8"]\n{folder}'
            )
        else:
            portal = f'kind = "{self.kind}"\ndirectory = "cong"\nbase_url = "http://127.0.0.1:8077/cong/"'
        units = "\n".join(
            f'[[units]]\nid = "{unit}"\nname = "Đơn vị {unit}"\ngroup = "ban"\n'
            f'editors = ["bt@{unit}.example", "pho@{unit}.example"]\nportal_authors = ["unit_{unit[-1]}"]\n'
            f'sources = [{{ kind = "feed", url = "{self.sites.url(unit)}", window = 1000, article = "none" }}]\n'
            for unit in UNITS
        )
        self.config.write_text(_CONFIG.format(
            database=self.database, lease_s=self._lease_s, portal=portal, settle=SETTLE_S, engine=self.engine.site.base_url, mail=self.mail.port, units=units,
        ), encoding="utf-8")  # fmt: skip


_CONFIG = """
[office]
name = "Văn phòng Tỉnh ủy Ví Dụ"
[storage]
database = "{database}"
files = "files"
lease_seconds = {lease_s}
[http]
contact = "cntt@vidu.example"
spacing_s = 0.0
allow_addresses = ["127.0.0.0/8"]
[schedule]
collect_every_minutes = 1
publish_every_minutes = 1
census_every_minutes = 5
[portal]
name = "cong"
settle_seconds = {settle}
max_attempts = 60
{portal}
[[rulesets]]
id = "mac-dinh"
builtin = "default"
from = 2016-01-01
document = "Công văn số 01-CV/VD"
[[assessments]]
id = "nam-2026"
first_period = "2026-08"
last_period = "2026-10"
ruleset = "mac-dinh"
[ranking]
kind = "http"
url = "{engine}/units/{{unit}}"
secret_file = "secret"
allow_addresses = ["127.0.0.0/8"]
[mail]
kind = "smtp"
host = "127.0.0.1"
port = {mail}
security = "none"
sender = "syncd <syncd@vidu.example>"
office_recipients = ["vanphong@vidu.example"]
{units}
"""


# --- what goes wrong besides -------------------------------------------------------------------------------

_MISDEEDS = (
    Fault(effect=Effect.DONE, reset=True),
    Fault(effect=Effect.NONE, reset=True),
    Fault(effect=Effect.LATE, reset=True),
    Fault(effect=Effect.DONE, page=Page(status=502, body=b"<h1>Bad Gateway</h1>", content_type="text/html")),
    Fault(effect=Effect.NONE, page=Page(status=500, body=b"{}", content_type="application/json")),
    Fault(effect=Effect.DONE, before=b"Notice: made\n"),
    Fault(path="/posts/*", effect=Effect.DONE, reset=True),
    Fault(path="/posts/*", effect=Effect.NONE, page=Page(status=503, body=b"", content_type="text/html")),
    Fault(method="GET", page=Page(status=503, body=b"", content_type="text/html")),
    Fault(method="GET", reset=True),
)


@contextmanager
def misbehaving(portal: LocalPortal | LocalPlone, chance: random.Random) -> Iterator[None]:
    """Let the portal lose answers, fail, and carry out late what it was asked, until the end of the block."""
    ended = threading.Event()

    def misbehave() -> None:
        while not ended.wait(chance.uniform(0.02, 0.12)):
            portal.inject(chance.choice(_MISDEEDS))
            portal.catch_up()

    thread = threading.Thread(target=misbehave, name="misdeeds")
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        portal.forgive()
