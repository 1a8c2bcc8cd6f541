"""Two made-up units' sites into a real Plone, by the program itself: written, delivered and visible agree to the post."""

import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

import pytest

from syncd.domain.model import LOCAL
from syncd.testing.local_site import LocalSite
from tests.portals.plone import RealPlone

pytestmark = pytest.mark.slow

NOW = datetime(2025, 10, 20, 8, tzinfo=LOCAL)
CONFIG = """
[office]
name = "Văn phòng thử nghiệm"
[http]
spacing_s = 0.0
allow_addresses = ["127.0.0.0/8"]
[portal]
kind = "plone"
url = "{url}"
username = "syncd"
password_env = "SYNCD_TEST_PLONE"
folder = "tin-tuc"
media_folder = "tep-tin"
allow_addresses = ["127.0.0.0/8"]
settle_seconds = 3
[portal.categories]
"*" = "Tin tức"
[[rulesets]]
id = "thu"
builtin = "default"
from = 2025-01-01
[mail]
kind = "maildir"
directory = "mail"
[web]
port = 0
[[units]]
id = "ban-a"
name = "Ban A Ví Dụ"
group = "thu"
editors = ["bientap@ban-a.vidu.example"]
portal_authors = ["unit_a"]
sources = [{{ kind = "feed", url = "{site}/a/rss", article = "none" }}]
[[units]]
id = "ban-b"
name = "Ban B Ví Dụ"
group = "thu"
approval = "pending"
editors = ["bientap@ban-b.vidu.example"]
sources = [{{ kind = "feed", url = "{site}/b/rss", article = "none" }}]
"""


def picture() -> bytes:
    """A grey PNG of 320 by 200."""
    rows = (b"\0" + b"\x80" * 320) * 200
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", 320, 200, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@dataclass
class Office:
    """One syncd, two sites, one Plone. The clock of the rehearsal goes on by a quarter of an hour with each command."""

    config: Path
    site: LocalSite
    titles: dict[str, list[str]] = field(default_factory=dict)
    minutes: int = 0

    def publish(self, unit: str, titles: Sequence[str], edited: Collection[int] = ()) -> None:
        """What stands on a unit's site: a post for each title, the newest first; the first two have a picture, some say something else."""
        self.titles[unit] = list(titles)
        shown = escape(f'<img src="{self.site.base_url}/anh.png" alt="Hội nghị">')
        items = "".join(
            f"<item><title>{title}</title><link>{self.site.base_url}/{unit}/{number}</link>"
            f"<guid isPermaLink='false'>{unit}-{number}</guid><pubDate>{at:%a, %d %b %Y %H:%M:%S} +0700</pubDate>"
            f"<description>&lt;p&gt;Ban {unit.upper()} {'họp giao ban' if number in edited else 'họp trực báo'} số {number}, kết quả 1 &amp;lt; 2.&lt;/p&gt;"
            f"{shown if number < 2 else ''}</description></item>"
            for number, (title, at) in enumerate((title, NOW - timedelta(days=n)) for n, title in enumerate(titles))
        )
        text = (
            f"<rss version='2.0'><channel><title>{unit}</title><link>{self.site.url('/')}</link>{items}</channel></rss>"
        )
        self.site.page(f"/{unit}/rss", text, content_type="application/rss+xml", etag=f'"{hash(text)}"')

    def run(self, *arguments: str) -> Any:
        self.minutes += 15
        now = (NOW + timedelta(minutes=self.minutes)).isoformat()
        return self.command(*arguments, "--now", now)

    def command(self, *arguments: str) -> Any:
        command = [sys.executable, "-m", "syncd", *arguments, "-c", str(self.config), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.stdout, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def office(tmp_path: Path, plone: RealPlone, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    plone.empty()
    monkeypatch.setenv("SYNCD_TEST_PLONE", plone.password("syncd"))
    with LocalSite() as site:
        site.page("/anh.png", picture(), content_type="image/png")
        config = tmp_path / "config.toml"
        config.write_text(CONFIG.format(url=plone.url, site=site.base_url), encoding="utf-8")
        made = Office(config=config, site=site)
        made.publish("a", [f"Tin số {number} của Ban A Ví Dụ" for number in range(6)])
        made.publish("b", [f"Tin số {number} của Ban B Ví Dụ" for number in range(3)])
        subprocess.run([sys.executable, "-m", "syncd", "init", "-c", str(config)], check=True, capture_output=True)
        yield made


def test_check_says_that_plone_does_what_its_adapter_promises(office: Office) -> None:
    told = office.command("portal", "check", "--yes")
    assert [(step["step"], step["ok"], step["detail"]) for step in told["steps"] if step["ok"] is not True] == []


def test_posts_arrive_once_and_what_people_do_there_is_kept(office: Office, plone: RealPlone) -> None:
    for _ in range(2):
        office.run("sync")
    posts = {post["title"]: post for post in plone.posts()}
    assert sorted(posts) == sorted(office.titles["a"] + office.titles["b"])
    assert len(plone.posts()) == 9
    states = {title: post["review_state"] for title, post in posts.items()}
    assert states == {title: "pending" if "Ban B" in title else "published" for title in posts}
    assert all(post["subjects"] == ["Tin tức"] for post in posts.values())
    assert [bool(posts[title]["image"]) for title in office.titles["a"]] == [True, True, False, False, False, False]

    edited, deleted = office.titles["a"][2], office.titles["a"][3]
    plone.edit(posts[edited]["UID"], html="<p>Biên tập viên đã viết lại đoạn này.</p>")
    plone.delete(posts[deleted]["UID"])
    for title in office.titles["b"]:
        plone.approve(posts[title]["UID"])
    plone.type_post("Bài Ban A gõ tay", author="unit_a", date=NOW - timedelta(days=1))
    office.publish("a", office.titles["a"], edited={0, 2})
    for _ in range(3):
        office.run("sync")

    now = {post["title"]: post for post in plone.posts()}
    assert len(plone.posts()) == 9  # one deleted, one typed
    assert deleted not in now
    assert "viết lại" in now[edited]["text"]["data"]
    first = now[office.titles["a"][0]]
    assert "họp giao ban" in first["text"]["data"]
    assert (first["review_state"], first["image"]["width"]) == ("published", 320)
    rows = office.run("quota", "--period", "2025-10")["units"]
    counts = {row["unit"]: row["periods"][0] for row in rows}
    for unit, written in (("ban-a", 6), ("ban-b", 3)):
        assert (counts[unit]["written"], counts[unit]["delivered"], counts[unit]["visible"]) == (
            written,
            written,
            written,
        )
