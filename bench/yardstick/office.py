"""An installation to measure: a configuration in a folder, its database, and the services wired as the program wires them."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from syncd.application.services import Services
from syncd.bootstrap import database_url, wire
from syncd.clock import SystemClock
from syncd.config import load_config
from syncd.ports.clock import Clock
from syncd.storage.schema import upgrade

_CONFIG = """
[office]
name = "Văn phòng Tỉnh ủy Ví Dụ"

[http]
spacing_s = 0.0
allow_addresses = ["127.0.0.0/8"]
allow_ports = [80, 443{ports}]
extra_ca_files = [{ca_files}]

[schedule]
workers = {workers}
{schedule}

[portal]
name = "cong"
flood_cap = 10000
{portal}

[[rulesets]]
id = "mac-dinh"
builtin = "default"
from = 2020-01-01
document = "Công văn số 01-CV/VD ngày 01/01/2020"

[[assessments]]
id = "2026"
first_period = "2026-01"
last_period = "2026-12"
ruleset = "mac-dinh"

[mail]
kind = "maildir"
directory = "mail"
sender = "syncd <syncd@vidu.example>"
office_recipients = ["vanphong@vidu.example"]

[web]
port = {web_port}
"""

OUTBOX = """
kind = "outbox"
directory = "portal"
base_url = "http://127.0.0.1:8077/cong/"
"""

_UNIT = """
[[units]]
id = "don-vi-{number}"
name = "Đảng ủy cơ sở số {number}"
group = "{group}"
editors = ["bientap@don-vi-{number}.vidu.example"]
sources = [{{ kind = "feed", url = "{url}", window = 30, article = "none" }}]
"""


def write_config(
    folder: Path,
    urls: Iterable[str],
    *,
    group: str = "ban",
    workers: int = 8,
    ports: Iterable[int] = (),
    ca_files: Iterable[Path] = (),
    schedule: str = "",
    web_port: int = 8077,
    portal: str = OUTBOX,
) -> Path:
    """The configuration of an office whose unit `don-vi-N` has one feed, at the N-th address; the database is made too.

    `portal` is the rest of its [portal] table.
    """
    text = _CONFIG.format(
        ports="".join(f", {port}" for port in ports),
        ca_files=", ".join(f'"{file}"' for file in ca_files),
        workers=workers,
        schedule=schedule,
        web_port=web_port,
        portal=portal,
    )
    text += "".join(_UNIT.format(number=number, url=url, group=group) for number, url in enumerate(urls))
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    upgrade(database_url(load_config(path)))
    return path


@contextmanager
def office(path: Path, *, clock: Clock | None = None) -> Iterator[Services]:
    with wire(load_config(path), clock=clock or SystemClock()) as wired:
        yield wired.services


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder of its own, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="syncd-bench-") as name:
        yield Path(name)
