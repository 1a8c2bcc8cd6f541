"""Plays the demo: six months of looks, pushes and censuses at simulated times, then closing, ranking, mail and a dossier.

Everything runs through the same functions as in service; only the clock is set by hand and the websites are ours.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from syncd.bootstrap import data_dir, database_url, wire
from syncd.clock import SystemClock
from syncd.config import load_config
from syncd.delivery import operations
from syncd.demo.province import BEGIN, CONNECTED, EXEMPT, MONTHS, NOW, UNITS, YEAR, DemoUnit
from syncd.demo.sites import UnitSite
from syncd.errors import UsageError
from syncd.storage.lock import DataLock
from syncd.storage.schema import upgrade

MARKER = ".syncd-demo"
PERIODS = tuple(f"{YEAR}-{month:02d}" for month in MONTHS)
LATE_UNIT = "bao-vi-du"


class DemoClock(SystemClock):
    """A wall clock set by hand; monotonic time runs as ever."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def set(self, instant: datetime) -> None:
        self._now = instant.astimezone(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoFiles:
    """Where the demo's results lie."""

    config: Path
    dossier: Path
    maildir: Path
    portal: Path

    def as_json(self) -> dict[str, str]:
        return {name: str(getattr(self, name)) for name in ("config", "dossier", "maildir", "portal")}


def prepare(directory: Path) -> DemoFiles:
    """An empty folder for the demo. An earlier demo there is thrown away; anything else is left alone.

    Raises:
        UsageError: the folder holds something that is no demo.
    """
    if directory.exists() and any(directory.iterdir()):
        if not (directory / MARKER).exists():
            raise UsageError(f"{directory} is not empty and holds no demo", hint="name another folder with --dir")
        shutil.rmtree(directory)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / MARKER).touch()
    base = directory.resolve()
    return DemoFiles(
        config=base / "config.toml",
        dossier=base / f"ho-so-{LATE_UNIT}.zip",
        maildir=base / "mail",
        portal=base / "portal",
    )


@contextmanager
def played(files: DemoFiles, *, port: int, progress: Callable[[str], None]) -> Iterator[None]:
    """Six months, then July the seventh: leaves a database, a portal, mail and a dossier behind. Within the context the sites stay up."""
    clock = DemoClock(BEGIN)
    with ExitStack() as stack:
        sites = [stack.enter_context(_site(unit, clock)) for unit in UNITS]
        (files.config.parent / "scores.csv").write_text(
            "unit,score\n" + "".join(f"{unit.id},{unit.score}\n" for unit in UNITS), encoding="utf-8"
        )
        files.config.write_text(config_text(sites, port, connected=False), encoding="utf-8")
        config = load_config(files.config)
        upgrade(database_url(config))
        with DataLock(data_dir(config), database_url(config)):
            _live(files, clock, until=CONNECTED, progress=progress)
            files.config.write_text(config_text(sites, port, connected=True), encoding="utf-8")
            _live(files, clock, until=NOW, progress=progress)
            clock.set(NOW)
            progress("chốt số liệu, xếp loại, gửi thư, lập hồ sơ")
            _assess(files, clock)
        yield


@contextmanager
def _site(unit: DemoUnit, clock: DemoClock) -> Iterator[UnitSite]:
    site = UnitSite(unit, clock.now)
    try:
        yield site
    finally:
        site.close()


def _live(files: DemoFiles, clock: DemoClock, *, until: datetime, progress: Callable[[str], None]) -> None:
    """Day after day: look at the sites, carry what is new, read the portal back at each week's end and month's end."""
    with wire(load_config(files.config), clock=clock) as wired:
        while clock.now() < until:
            now = clock.now()
            if now.day == 1:
                progress(f"tháng {now.month}/{now.year}")
            operations.run_collect(wired.services)
            operations.run_publish(wired.services)
            if now.day in (4, 18):
                operations.run_census(wired.services)
            clock.set(now + timedelta(days=1))
        operations.run_census(wired.services)


def _assess(files: DemoFiles, clock: DemoClock) -> None:
    with wire(load_config(files.config), clock=clock) as wired:
        services = wired.services
        operations.run_fold(services)
        for period in PERIODS:
            operations.run_census(services, period=period)
        for period in PERIODS:
            operations.run_close(services, period=period)
        for name in ("statement", "summary"):
            operations.run_mail_send(services, name=name, period=PERIODS[-1])
        operations.run_dossier_build(services, unit=LATE_UNIT, periods=list(PERIODS), out=str(files.dossier))


def config_text(sites: list[UnitSite], port: int, *, connected: bool) -> str:
    """The demo's configuration; `connected`: the late unit's site is carried too."""
    units = "\n".join(_unit_text(site, connected=connected) for site in sites)
    return f"""# Cấu hình của tỉnh Ví Dụ (bịa ra để trình diễn). Chạy thử: syncd quota -c config.toml

[office]
name = "Văn phòng Tỉnh ủy Ví Dụ"
portal_name = "Cổng Thông tin điện tử Đảng bộ tỉnh Ví Dụ"

[http]
contact = "cntt@vidu.example"
spacing_s = 0.0
allow_addresses = ["127.0.0.0/8"]

[portal]
kind = "outbox"
directory = "portal"
base_url = "http://127.0.0.1:{port}/cong/"

[[rulesets]]
id = "vi-du-{YEAR}"
builtin = "binh-thuan-2022"
from = {YEAR}-01-01
document = "Công văn số 01-CV/VD ngày 02/01/{YEAR} (giả định)"

[[assessments]]
id = "{YEAR}"
first_period = "{PERIODS[0]}"
last_period = "{PERIODS[-1]}"
ruleset = "vi-du-{YEAR}"
scores_file = "scores.csv"

[mail]
kind = "maildir"
directory = "mail"
sender = "syncd <syncd@vidu.example>"
office_recipients = ["vanphong@vidu.example"]

[web]
port = {port}
base_url = "http://127.0.0.1:{port}"

[[exemptions]]
unit = "{EXEMPT[0]}"
periods = ["{EXEMPT[1]}"]
reason = "Nghỉ Tết Nguyên đán, phường sắp xếp lại bộ máy"
document = "Công văn số 05-CV/VD ngày 30/01/{YEAR} (giả định)"
approved_by = ["Nguyễn Văn Thí Dụ", "Trần Thị Giả Định"]

{units}"""


def _unit_text(site: UnitSite, *, connected: bool) -> str:
    unit = site.unit
    article = '{ content = "div.bodytext", date = ".post-date" }'
    match unit.site:
        case "page":
            source = (
                f'{{ kind = "page", url = "{site.list_url}", item = "li.news-item", link = "a", title = "h3", '
                f'date = ".date", window = {unit.window}, article = {article} }}'
            )
        case "nukeviet":
            source = f'{{ kind = "feed", url = "{site.list_url}", window = {unit.window}, article = "auto" }}'
        case _:
            source = f'{{ kind = "feed", url = "{site.list_url}", window = {unit.window}, article = "none" }}'
    carried = connected or unit.id != LATE_UNIT
    return f"""[[units]]  # {unit.story}
id = "{unit.id}"
name = "{unit.name}"
group = "{unit.group}"
quota = {unit.quota}
editors = ["bientap@{unit.id}.vidu.example"]
sources = [{source if carried else ""}]
"""
