"""robots.txt (RFC 9309): what a host lets us read, asked for at most once a day and kept across restarts.

A unit's own office wants its posts carried, so nothing is given up for ever on a server's fault: while robots.txt cannot be
had (5xx, 429, no connection) the copy known last holds; without one the host is left alone for a day, then read, and
robots.txt is asked for again each hour. The RFC would wait 30 days where we wait one.
"""

import contextlib
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from adapters.http.failures import HttpFailure
from adapters.http.robots_file import RobotsFile
from syncd.ports.clock import Clock
from syncd.ports.source import Exchange
from syncd.vietnamese.text import decode

MAX_ROBOTS_BYTES = 512 * 1024  # RFC 9309, 2.5: at least 500 KiB must be read
MAX_CRAWL_DELAY_S = 60.0
FRESH = timedelta(days=1)
ASK_AGAIN = timedelta(hours=1)  # where no answer was had
PATIENCE = timedelta(days=1)
_MAX_LINES = 5_000  # that concern us; each is compared with every address
_MAX_SITEMAPS = 100
_MAX_KEPT_CHARS = 8 * 1024 * 1024  # of all hosts together; the rest is on disk
_AGENT = re.compile(r"user[- ]?agent\b[\s:]*(.*)", re.IGNORECASE)
_SITEMAP = re.compile(r"site-?maps?\b[\s:]", re.IGNORECASE)
_NO_ANSWER = frozenset({"too_large", "too_many_redirects", "bad_redirect", "bad_coding", "bad_url", "blocked_port"})


class RobotsRefusal(Exception):
    """robots.txt must be followed and could not be had. `since` when."""

    def __init__(self, status: int, since: datetime) -> None:
        super().__init__(f"robots.txt is answered with {status} since {since:%Y-%m-%d %H:%M} UTC, and none is known")


class _Rules(Protocol):
    def can_fetch(self, url: str, user_agent: str) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Robots:
    """What a host says to us. `sitemaps` are addresses as written there, at most 100."""

    crawl_delay_s: float = 0.0
    sitemaps: tuple[str, ...] = ()
    token: str = ""
    rules: _Rules | None = field(default=None, repr=False)

    def allows(self, url: str) -> bool:
        return self.rules is None or self.rules.can_fetch(url, self.token)


@dataclass(slots=True)
class _Entry:
    """A host as known last. `asked_at`: of the newest try; `silent_since`: of the first of the tries that brought no answer."""

    asked_at: datetime
    text: str | None = None  # None: never had; empty: there is none
    silent_since: datetime | None = None
    status: int = 0
    read: Robots | None = None


class RobotsBook:
    """The robots.txt of every host, by origin (`https://host:port`). Shared by threads.

    `token` is the name that groups of rules may address us by. `folder` is where they are kept; without one, in memory alone.
    """

    def __init__(self, *, token: str, clock: Clock, folder: Path | None = None) -> None:
        self._token = token.lower()
        self._clock = clock
        self._file = RobotsFile(folder) if folder is not None else None
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._chars = 0
        self._lock = threading.Lock()
        self._asking: dict[str, threading.Lock] = {}

    def of(self, origin: str, fetch: Callable[[], Exchange]) -> Robots:
        """What the origin says; `fetch` is called where that is not known, or was learned more than a day ago.

        Raises:
            RobotsRefusal: nothing is known, and the host answers with a fault of its own; for a day at most.
            HttpFailure: nothing is known, and the host could not be reached; for a day at most.
        """
        entry = self._known(origin)
        if entry is None or not self._is_fresh(entry):
            with self._asking_for(origin):
                entry = self._known(origin)
                if entry is None or not self._is_fresh(entry):
                    entry = self._ask(origin, entry, fetch)
        if entry.read is None:
            entry.read = self._read(entry.text or "")
        return entry.read

    # --- asking -----------------------------------------------------------------------------------

    def _is_fresh(self, entry: _Entry) -> bool:
        age = self._clock.now() - entry.asked_at
        if entry.silent_since is None:
            return timedelta(0) <= age < FRESH
        # while the host is being left alone every look asks: one answer ends it
        usable = entry.text is not None or self._clock.now() - entry.silent_since >= PATIENCE
        return usable and timedelta(0) <= age < ASK_AGAIN

    def _ask(self, origin: str, before: _Entry | None, fetch: Callable[[], Exchange]) -> _Entry:
        now = self._clock.now()
        failure: HttpFailure | None = None
        status, text = 0, ""
        try:
            exchange = fetch()
            status = exchange.status
            if 200 <= status < 300:
                text = self._concerning_us(decode(exchange.body, content_type="text/plain; charset=utf-8").text)
        except HttpFailure as err:
            if err.kind in ("aborted", "held"):
                raise
            failure = err if err.kind not in _NO_ANSWER else None
        if failure is None and status < 500 and status != 429:
            return self._keep(origin, _Entry(asked_at=now, text=text, status=status))
        since = before.silent_since if before and before.silent_since and before.silent_since <= now else now
        known = before.text if before else None
        entry = self._keep(origin, _Entry(asked_at=now, text=known, silent_since=since, status=status))
        if known is None and now - since < PATIENCE:
            raise failure or RobotsRefusal(status, since)
        return entry

    @contextlib.contextmanager
    def _asking_for(self, origin: str) -> Iterator[None]:
        """One question at a time about one origin."""
        with self._lock:
            lock = self._asking.setdefault(origin, threading.Lock())
        try:
            with lock:
                yield
        finally:
            with self._lock:
                if not lock.locked():
                    self._asking.pop(origin, None)

    # --- reading ----------------------------------------------------------------------------------

    def _concerning_us(self, text: str) -> str:
        """The groups for us and for all, and the sitemaps. Thousands of agents before thousands of rules are a bomb to a parser."""
        kept: list[str] = []
        sitemaps: list[str] = []
        named: set[str] = set()  # in the head of this group
        in_rules = False
        for raw in text.removeprefix("\ufeff").splitlines():
            line = raw.partition("#")[0].strip()
            if agent := _AGENT.match(line):
                name = agent[1].partition("/")[0].strip().lower()
                if in_rules:
                    named.clear()
                    in_rules = False
                if name in ("*", self._token) and name not in named:
                    named.add(name)
                    kept.append(f"User-agent: {name}")
            elif _SITEMAP.match(line):
                sitemaps.append(line)
            elif line:
                in_rules = True
                if named:
                    kept.append(line)
        return "\n".join([*sitemaps[:_MAX_SITEMAPS], *kept[:_MAX_LINES]])

    def _read(self, text: str) -> Robots:
        if not text:
            return Robots()
        from protego import Protego  # most hosts have no such file

        rules = Protego.parse(text)
        delay = rules.crawl_delay(self._token) or 0.0
        return Robots(
            crawl_delay_s=min(max(delay, 0.0), MAX_CRAWL_DELAY_S),
            sitemaps=tuple(rules.sitemaps),
            token=self._token,
            rules=rules,
        )

    # --- keeping ----------------------------------------------------------------------------------

    def _known(self, origin: str) -> _Entry | None:
        with self._lock:
            if (entry := self._entries.get(origin)) is not None:
                self._entries.move_to_end(origin)
                return entry
        entry = self._from_disk(origin)
        if entry is not None:
            self._remember(origin, entry)
        return entry

    def _keep(self, origin: str, entry: _Entry) -> _Entry:
        self._remember(origin, entry)
        if self._file is not None:
            written = {
                "asked_at": entry.asked_at.isoformat(),
                "silent_since": entry.silent_since.isoformat() if entry.silent_since else None,
                "status": entry.status,
                "text": entry.text,
            }
            self._file.put(origin, json.dumps(written))
        return entry

    def _remember(self, origin: str, entry: _Entry) -> None:
        with self._lock:
            if (old := self._entries.pop(origin, None)) is not None:
                self._chars -= len(old.text or "")
            self._entries[origin] = entry
            self._chars += len(entry.text or "")
            while self._chars > _MAX_KEPT_CHARS and len(self._entries) > 1:
                _, dropped = self._entries.popitem(last=False)
                self._chars -= len(dropped.text or "")

    def _from_disk(self, origin: str) -> _Entry | None:
        """What was kept; a damaged record counts as none."""
        record = self._file.get(origin) if self._file is not None else None
        if record is None:
            return None
        try:
            read = json.loads(record)
            silent_since = read["silent_since"]
            return _Entry(
                asked_at=datetime.fromisoformat(read["asked_at"]),
                text=read["text"],
                silent_since=datetime.fromisoformat(silent_since) if silent_since else None,
                status=read["status"],
            )
        except (ValueError, KeyError, TypeError):
            return None
