"""Real feeds into a real WordPress, with the process killed while it works: in the end every post stands there once."""

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from syncd.domain.model import LOCAL
from syncd.testing.local_site import LocalSite
from tests.portals.wordpress import RealWordPress

pytestmark = pytest.mark.slow

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
FEEDS = (
    "vnexpress-2017-string1808.xml",
    "vnexpress-2017-string1407.xml",
    "vnexpress-2017-vnexpress2810.xml",
    "vnexpress-2017-javascript0704b6.xml",
    "vnexpress-2017-string1704.xml",
    "vnexpress-2017-string2906.xml",
    "vnexpress-2017-javascript1305b2.xml",
)
PENDING = {"don-vi-5", "don-vi-6", "don-vi-7"}
TYPED_BY_HAND = "don-vi-1"
NOW = datetime(2018, 5, 4, 8, tzinfo=LOCAL)  # the day after the youngest post
KILLS = 10
MONTHS = ("2017-04", "2017-05", "2017-07", "2017-08", "2017-11", "2018-05")  # in which the posts were written

RULES = """
name = "Đếm theo tháng của mỗi tin, bài"
document = "thử nghiệm"
period = "month"
required = 1
counts_by = "portal"
make_up = "own-period"
reprints = "count"
duplicates = "count"
back_dated = "count"
"""


@dataclass
class Province:
    """Seven units whose sites serve the feeds, one syncd configured for them, one real portal."""

    config: Path
    site: LocalSite
    wordpress: RealWordPress
    expected: dict[str, list[dict[str, Any]]]  # unit -> the items of its feed, as read by eye
    started: float = field(default_factory=time.monotonic)

    @property
    def now(self) -> str:
        """The rehearsal's clock: it runs on between the processes."""
        return (NOW + timedelta(seconds=time.monotonic() - self.started)).isoformat()

    def run(self, *arguments: str) -> tuple[dict[str, Any], int]:
        command = [
            sys.executable,
            "-m",
            "syncd",
            *arguments,
            "-c",
            str(self.config),
            "--now",
            self.now,
            "--json",
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.stdout, done.stderr
        return json.loads(done.stdout), done.returncode


def config_text(database: str, site: LocalSite, wordpress: RealWordPress) -> str:
    units = "".join(
        f"""
[[units]]
id = "don-vi-{number}"
name = "Đơn vị thử nghiệm {number}"
group = "thu"
approval = "{"pending" if f"don-vi-{number}" in PENDING else "auto"}"
editors = ["bientap@don-vi-{number}.vidu.example"]
{'portal_authors = ["unit_a"]' if f"don-vi-{number}" == TYPED_BY_HAND else ""}
sources = [{{ kind = "feed", url = "{site.url(f"/{number}/rss")}", article = "none" }}]
"""
        for number in range(1, len(FEEDS) + 1)
    )
    return f"""
[office]
name = "Văn phòng thử nghiệm"
[storage]
database = "{database}"
[http]
spacing_s = 0.0
allow_addresses = ["127.0.0.0/8"]
[portal]
kind = "wordpress"
url = "{wordpress.site["base_url"]}"
username = "syncd"
password_env = "SYNCD_TEST_WORDPRESS"
allow_addresses = ["127.0.0.0/8"]
settle_seconds = 3
flood_cap = 1000
[[rulesets]]
id = "thu"
file = "rules.toml"
from = 2017-01-01
[mail]
kind = "maildir"
directory = "mail"
[web]
port = 0
{units}
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def province(
    request: pytest.FixtureRequest, tmp_path: Path, wordpress: RealWordPress, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Province]:
    if not (CORPUS / "feeds").is_dir():
        pytest.skip("the corpus of real feeds is not beside this checkout")
    wordpress.empty()
    database = "sqlite:///var/syncd.db"
    if request.param == "postgresql":
        database = request.getfixturevalue("postgres_url")
    answers = json.loads((CORPUS / "expected" / "feeds.json").read_text(encoding="utf-8"))
    monkeypatch.setenv("SYNCD_TEST_WORDPRESS", wordpress.site["users"]["syncd"]["application_password"])
    with LocalSite() as site:
        for number, name in enumerate(FEEDS, start=1):
            site.page(
                f"/{number}/rss", (CORPUS / "feeds" / name).read_bytes(), content_type="text/xml", etag=f'"{number}"'
            )
        (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
        config = tmp_path / "config.toml"
        config.write_text(config_text(database, site, wordpress), encoding="utf-8")
        subprocess.run([sys.executable, "-m", "syncd", "init", "-c", str(config)], check=True, capture_output=True)
        yield Province(
            config=config,
            site=site,
            wordpress=wordpress,
            # one of the feeds ends in an item without title, link and date: nothing that could be carried
            expected={
                f"don-vi-{number}": [item for item in answers[f"feeds/{name}"]["items"] if item.get("link")]
                for number, name in enumerate(FEEDS, start=1)
            },
        )


def work_and_be_killed(province: Province) -> None:
    """Start the daemon, let it work, and kill it without warning; ten times."""
    rng = random.Random(20171114)
    for _ in range(KILLS):
        daemon = subprocess.Popen(
            [sys.executable, "-m", "syncd", "run", "-c", str(province.config), "--now", province.now],
            stderr=subprocess.DEVNULL,
        )
        # the start takes most of the first second and a half; after it work is always in hand
        time.sleep(rng.uniform(1.5, 4.5))
        assert daemon.poll() is None, "the daemon ended by itself"
        daemon.send_signal(signal.SIGKILL)
        daemon.wait()


def finish(province: Province) -> None:
    """Work until nothing is left to push; pushes whose outcome is unknown wait out the settle time."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        province.run("collect")
        document, _ = province.run("publish")
        if not any(counts[state] for counts in document["units"].values() for state in ("unknown", "waiting")):
            return
        time.sleep(1)
    pytest.fail(f"pushes are left: {document}")


def test_every_post_stands_once_whenever_the_process_dies(province: Province) -> None:
    work_and_be_killed(province)
    finish(province)
    wanted = {unit: Counter(item["title"].strip() for item in items) for unit, items in province.expected.items()}
    posts = province.wordpress.posts()
    assert len(posts) == sum(sum(titles.values()) for titles in wanted.values())
    assert max(Counter(post["key"] for post in posts).values()) == 1
    for post in posts:
        assert post["status"] == ("pending" if post["unit_name"][-1] in "567" else "publish")

    # a person types one post, throws another away, and publishes those that waited
    typed = province.wordpress.type_post("Tin gõ tay trên Cổng", author="unit_a", date="2017-08-15 09:00:00")
    trashed = next(post for post in posts if post["unit_name"].endswith(" 2"))
    province.wordpress.trash(trashed["id"])
    for post in posts:
        if post["status"] == "pending":
            province.wordpress.publish(post["id"])

    for month in MONTHS:
        document, code = province.run("census", "--period", month)
        assert code != 3, document
    document, _ = province.run("sync")
    again = province.wordpress.posts()
    assert {post["id"] for post in again} == ({post["id"] for post in posts} | {typed}) - {trashed["id"]}

    by_month = {month: province.run("quota", "--period", month)[0] for month in MONTHS}
    for unit, items in province.expected.items():
        for month, count in Counter(item["iso"][:7] for item in items).items():
            cell = next(row for row in by_month[month]["units"] if row["unit"] == unit)["periods"][0]
            count += (unit == TYPED_BY_HAND and month == "2017-08") - (
                unit == "don-vi-2" and month == trashed["date"][:7]
            )
            assert (cell["counted"], cell["visible"]) == (count, count), (unit, month, cell)
