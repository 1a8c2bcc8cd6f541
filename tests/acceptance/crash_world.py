"""The world of the crash sweep: sites, a portal that misbehaves, and a child process that works until it is killed."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from syncd.clock import SystemClock
from syncd.testing.local_portal import Effect, Fault, LocalPortal
from syncd.testing.local_site import LocalSite, Page

UNITS = ("ban-a", "ban-b", "ban-c", "ban-d")
POSTS = 12  # of each unit in the end
START = datetime(2026, 10, 20, 2, 0, tzinfo=UTC)
HURRY = 120.0  # a second here is two minutes there: five minutes of waiting after a refusal are two and a half seconds
SETTLE_S = 240  # two seconds here; the portal is done with a request it took long before


class HurriedClock(SystemClock):
    """A clock that runs `HURRY` times too fast, the same one in every process. Time-outs and pauses stay as they are."""

    def __init__(self, began: float) -> None:
        self._began = began

    def now(self) -> datetime:
        return START + timedelta(seconds=(time.time() - self._began) * HURRY)


class Sites:
    """The units' feeds. They grow while the sweep goes on, and some posts are edited."""

    def __init__(self, site: LocalSite) -> None:
        self._site = site
        self.shown = 4
        self.edited: frozenset[tuple[str, int]] = frozenset()
        for unit in UNITS:
            site.answer(f"/{unit}.xml", lambda _, unit=unit: Page(body=self._feed(unit), content_type="text/xml"))  # type: ignore[misc]  # mypy cannot infer the default

    def url(self, unit: str) -> str:
        return self._site.url(f"/{unit}.xml")

    def text(self, unit: str, number: int) -> str:
        done = "kết luận" if (unit, number) in self.edited else "giao ban"
        words = "tại hội trường tầng hai, đồng chí Trần Thị B chủ trì và phát biểu với toàn thể cán bộ trong cơ quan"
        return f"<p>Họp {done} việc số {number} của {unit}, {words}.</p>"

    def _feed(self, unit: str) -> bytes:
        items = "".join(
            f"<item><title>Tin {number} của {unit}</title><link>{self._site.url(f'/{unit}/{number}.html')}</link>"
            f"<guid isPermaLink='false'>news_{number}</guid>"
            f"<pubDate>Mon, {1 + number:02} Oct 2026 08:30:00 +0700</pubDate>"
            f"<description><![CDATA[{self.text(unit, number)}]]></description></item>"
            for number in range(self.shown, 0, -1)
        )
        return f'<?xml version="1.0"?><rss version="2.0"><channel><title>{unit}</title>{items}</channel></rss>'.encode()


def write_config(folder: Path, sites: Sites, portal: str, *, database: str = "sqlite:///syncd.db") -> Path:
    """An installation in `folder`; `portal` is the body of its [portal] table."""
    units = "\n".join(
        f'[[units]]\nid = "{unit}"\nname = "Đơn vị {unit}"\ngroup = "ban"\neditors = ["bt@{unit}.example"]\n'
        f'portal_authors = ["unit_{unit[-1]}"]\n'
        f'sources = [{{ kind = "feed", url = "{sites.url(unit)}", window = 100, article = "none" }}]\n'
        for unit in UNITS
    )
    text = f"""
[office]
name = "Văn phòng Tỉnh ủy Ví Dụ"
[storage]
database = "{database}"
files = "files"
[http]
contact = "cntt@vidu.example"
spacing_s = 0.0
allow_addresses = ["127.0.0.0/8"]
[portal]
name = "cong"
settle_seconds = {SETTLE_S}
max_attempts = 60
{portal}
[[rulesets]]
id = "mac-dinh"
builtin = "default"
from = 2026-01-01
document = "Công văn số 01-CV/VD"
[mail]
kind = "maildir"
directory = "mail"
sender = "syncd <syncd@vidu.example>"
{units}
"""
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def work(config_path: str, began: float, until_quiet: bool) -> None:
    """What the child does: sync, again and again, as `syncd sync` does it. With `until_quiet` it ends when nothing waits any more."""
    # imported here: the fork server does so once, ahead of every child
    from syncd.cli.context import owning
    from syncd.config import load_config
    from syncd.delivery.operations import perform

    with owning(load_config(Path(config_path)), HurriedClock(began)) as (wired, _):
        wired.services.files.sweep()  # type: ignore[attr-defined]  # the owner of the data tidies up, as the daemon does
        while True:
            document, _ = perform(wired.services, "sync", {})
            publish = document["publish"]
            waits = sum(counts["waiting"] + counts["unknown"] for counts in publish["units"].values())
            quiet = not waits and publish["portal_error"] is None and document["census"]["complete"]
            if until_quiet and quiet and not document["collect"]["units"][UNITS[0]]["new"]:
                return
            time.sleep(0.02)


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
def misbehaving(portal: LocalPortal, chance: random.Random) -> Iterator[None]:
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
