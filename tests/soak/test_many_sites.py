"""A day of many sites of all kinds, one in a hundred faulty: politeness, fairness and memory while the daemon's own scheduler looks at them."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from syncd.application.services import Services
from syncd.bootstrap import database_url, wire
from syncd.config import load_config
from syncd.delivery.scheduler import Scheduler
from syncd.ports.records import SlotState, SourceState
from syncd.storage.schema import upgrade
from tests.soak.sites import LISTED, START, SimulatedClock, Sites, fault_of, kind_of, published, sites

SPACING_S = 1.0
TICK_S = 60.0
_PATIENCE_S = 3600.0  # for one tick of simulated time, on the real clock

_SOURCE = {
    "feed": 'kind = "feed", window = 10, article = "none"',
    "page": 'kind = "page", item = "li.tin", date = ".ngay", window = 10, article = { content = ".noi-dung", date = ".ngay-dang" }',
    "sitemap": 'kind = "sitemap", article = "none"',
    "wordpress": 'kind = "wordpress"',
    "http_json": 'kind = "http_json", items = "data", title = "ten", link = "lien_ket", date = "ngay", text = "noi_dung", id = "id"',
}
_CONFIG = """
[office]
name = "Văn phòng Tỉnh ủy Ví Dụ"
[http]
spacing_s = {spacing}
total_timeout_s = 60
allow_addresses = ["127.0.0.0/8"]
[schedule]
workers = 8
publish_every_minutes = 1440
census_every_minutes = 1440
[portal]
kind = "outbox"
name = "cong"
directory = "portal"
base_url = "http://127.0.0.1:8077/cong/"
approval = "draft"
[[rulesets]]
id = "mac-dinh"
builtin = "default"
from = 2020-01-01
document = "Công văn số 01-CV/VD ngày 01/01/2020"
[mail]
kind = "maildir"
directory = "mail"
sender = "syncd <syncd@vidu.example>"
"""
_UNIT = """
[[units]]
id = "don-vi-{site}"
name = "Đảng ủy cơ sở số {site}"
group = "xa"
sources = [{{ url = "{url}", {source} }}]
"""


def write_config(folder: Path, at: Sites, count: int) -> Path:
    text = _CONFIG.format(spacing=SPACING_S)
    text += "".join(_UNIT.format(site=n, url=at.url(n), source=_SOURCE[kind_of(n)]) for n in range(count))
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    upgrade(database_url(load_config(path)))
    return path


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """What stands in the database at the end, by unit, and the memory on the way: (simulated hour, MB)."""

    posts: Counter[str]
    sources: dict[str, SourceState]
    memory: list[tuple[float, float]]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """A day's hundred thousand log lines, kept by the test runner, would look like a leak."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    yield
    structlog.reset_defaults()


@contextmanager
def a_day(folder: Path, *, count: int, hours: float) -> Iterator[tuple[Sites, "Day"]]:
    """So many sites, looked at for so many simulated hours; what came of it."""
    clock = SimulatedClock()
    with sites(clock) as at, wire(load_config(write_config(folder, at, count)), clock=clock) as wired:
        services = wired.services
        failed: list[bool] = []
        scheduler = Scheduler(services, still_owner=lambda: True, on_failure=lambda: failed.append(True))
        memory: list[tuple[float, float]] = []
        try:
            while clock.now() < START + timedelta(hours=hours):
                scheduler.wake()
                _wait_idle(services)
                memory.append((clock.seconds.value / 3600, resident_mb()))
                clock.advance(TICK_S)
        finally:
            scheduler.stop(wait_s=30)
        assert not failed
        with services.db.read() as uow:
            posts = Counter(post.unit for post in uow.posts.in_window(START - timedelta(days=30), clock.now()))
            states = {state.unit: state for state in uow.sources.all()}
        yield at, Day(posts=posts, sources=states, memory=memory)


def _wait_idle(services: Services) -> None:
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        with services.db.read() as uow:
            if not uow.slots.in_state(SlotState.DUE, SlotState.RUNNING):
                return
        time.sleep(0.005)
    raise AssertionError("a tick did not end")


def check(at: Sites, day: Day, *, count: int, hours: float) -> None:
    visits = at.visits()
    too_close = {host: gap for host, gap in visits.closest_s.items() if gap < SPACING_S - 0.001}
    assert not too_close, "hosts asked more often than their spacing"
    well = [n for n in range(count) if fault_of(n) is None]
    starved = {n: visits.looks.get(n, 0) for n in well if visits.looks.get(n, 0) < int(hours)}
    assert not starved, "sites not looked at each hour"
    lacking: dict[int, tuple[str, int, int]] = {}
    for n in well:
        state = day.sources[f"don-vi-{n}"]
        assert state.first_look_at is not None
        assert state.last_ok_at is not None
        due = published(n, state.last_ok_at) - published(n, state.first_look_at) + LISTED
        if day.posts[f"don-vi-{n}"] != due:
            lacking[n] = (kind_of(n), day.posts[f"don-vi-{n}"], due)
    assert not lacking, "sites whose posts are not all there: (kind, taken in, published)"
    faulty = {f"don-vi-{n}" for n in range(count) if fault_of(n) is not None}
    failing = {unit for unit, state in day.sources.items() if state.failures}
    assert failing == faulty, "the faulty ones, and no other, are shown as failing"


def test_some_sites_of_all_kinds_are_read_politely_and_whole(tmp_path: Path) -> None:
    with a_day(tmp_path, count=12, hours=1.2) as (at, day):
        check(at, day, count=12, hours=1)


@pytest.mark.slow
def test_five_thousand_sites_for_a_day(tmp_path: Path) -> None:
    count = int(os.environ.get("SYNCD_SOAK_SITES", "5000"))
    with a_day(tmp_path, count=count, hours=24) as (at, day):
        check(at, day, count=count, hours=24)
    # At local midnight (hour 17) the once-a-day publish and census read the whole portal; reading sites is judged before that.
    settled = [mb for hour, mb in day.memory if 2 <= hour < 4]
    last = [mb for hour, mb in day.memory if 14 <= hour < 16]
    growth = sum(last) / len(last) - sum(settled) / len(settled)
    assert growth < 20, f"memory grew by {growth:.0f} MB in ten hours of looks"
