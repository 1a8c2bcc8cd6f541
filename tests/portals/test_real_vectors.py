"""Hostile texts on a real WordPress, looked at in a real browser: nothing acts, nobody else is called, titles are text.

SYNCD_TEST_SCREENSHOTS names a folder to keep pictures of what was seen in.
"""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen
from xml.etree import ElementTree

import feedparser
import pytest

from adapters.http.client import HttpSettings, PoliteClient
from syncd.application.collecting.collect import collect_unit
from syncd.application.publishing.publish import publish
from syncd.application.services import Services
from syncd.ports.clock import Clock
from syncd.ports.portal import Portal
from syncd.ports.records import PushState
from syncd.testing.clock import FakeClock
from syncd.vietnamese.storable import storable
from syncd.vietnamese.text import decode
from tests.application.collecting import ExampleOffice, item, open_office, story
from tests.application.test_feed_logic import IMPLEMENTED as FEED_LOGIC
from tests.hostile.office import hostile_office
from tests.hostile.residue import residues
from tests.hostile.xss_vectors import VECTORS
from tests.portals.wordpress import RealWordPress

pytestmark = pytest.mark.slow

CHROMIUM = Path(os.environ.get("SYNCD_TEST_CHROMIUM", "/usr/bin/chromium"))
PICTURES = os.environ.get("SYNCD_TEST_SCREENSHOTS")
UNICODE = json.loads((Path(__file__).parents[1] / "data" / "unicode" / "vectors.json").read_text(encoding="utf-8"))
# Each of these would be a script that runs.
_SPY = "window.ran = []; for (const name of ['alert', 'confirm', 'prompt', 'print', 'open']) window[name] = () => window.ran.push(name);"
_ACTIVE = "document.querySelectorAll('iframe,form,input,object,embed,base,meta[http-equiv],[onerror],[onload],[onclick]').length"
# WordPress's own script draws emoji from there where the reader's machine has no letters for them.
WORDPRESS_S_EMOJI = "s.w.org"
_OWN_WORDS = re.compile(r""" (?:decoding|loading)=(?:"\w+"|'\w+')""")  # what WordPress writes into every picture
_LETTERS = re.compile(r"[\W_]+")

MAIL_HEADERS = {
    "crlf": "x\r\nBcc: a@b",
    "lf": "x\nBcc: a@b",
    "cr": "x\rBcc: a@b",
    "encoded lf": "x 💩 =?UTF-8?Q?=0A?=Bcc: a@b",
    "encoded crlf": "x =?UTF-8?Q?=0D=0A?=Bcc: a@b",
    "base64 crlf": "=?utf-8?b?DQpCY2M6IGFAYg==?=",
    "trailing lf": "x\n",
    "nul": "x\0y",
    "line separator": "x\u2028Bcc: a@b",
    "vertical tab": "x\x0bBcc: a@b",
    "next line": "x\x85Bcc: a@b",
    "5,000 characters": "tin " * 1250,
    "unit name": 'A" <evil@x>, "B',
    "address crlf": "a@b\r\nRCPT TO:<c@d>",
    "address quote": '"a@b>,<c@d"',
    "address nul": "a\0@b",
    "homoglyph domain": "bientap@bаn-a.vidu.example",
    "dot alone": "dòng\r\n.\r\nhết",
    "dot smuggled": "dòng\n.\r\nhết",
    "file name": "x\r\nContent-Type: text/html",
}


def texts() -> Mapping[str, str]:
    """The mail-header and Unicode vectors, each a title and a text."""
    found = dict(MAIL_HEADERS)
    for case in UNICODE:
        text = decode(bytes.fromhex(case["bytes"])).text if "bytes" in case else case["text"]
        found[case["name"]] = text + case.get("then", "") * case.get("times", 0)
    return found


@pytest.fixture
def portal(wordpress: RealWordPress) -> Iterator[Callable[[Clock], Portal]]:
    """Our adapter on a clock that a test leads; the site is empty."""
    wordpress.empty()
    clients: list[PoliteClient] = []

    def connected(clock: Clock) -> Portal:
        clients.append(PoliteClient(HttpSettings(spacing_s=0.0), clock=clock))
        return wordpress.portal(client=clients[-1])

    yield connected
    for client in clients:
        client.abort()


@dataclass
class Sight:
    """What a browser saw: `called` are the hosts it asked, each with what for; `shown` the headings of each page."""

    called: dict[str, set[str]] = field(default_factory=dict)
    dialogs: list[str] = field(default_factory=list)
    ran: list[str] = field(default_factory=list)
    active: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)
    shown: dict[str, list[str]] = field(default_factory=dict)
    text: dict[str, str] = field(default_factory=dict)

    def is_harmless(self, own: str, *, pictures_of: str = "") -> None:
        """`pictures_of`: the unit's website, which is asked for a picture that could not be copied."""
        assert (self.ran, self.dialogs, self.active, self.moved) == ([], [], [], [])
        assert set(self.called) <= {own, pictures_of, WORDPRESS_S_EMOJI}
        assert self.called.get(pictures_of, {"image"}) == {"image"}


@contextmanager
def browser() -> Iterator[Callable[..., Sight]]:
    """Call it with addresses: each page is opened and moved about on. `pictures`: address -> name of its screenshot."""
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM} (SYNCD_TEST_CHROMIUM names another)")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        context = chromium.new_context(bypass_csp=True)
        context.add_init_script(_SPY)

        def look_at(urls: Sequence[str], pictures: Mapping[str, str] | None = None) -> Sight:
            sight, page = Sight(), context.new_page()
            page.on("request", lambda asked: _note(sight, asked))
            page.on("dialog", lambda dialog: (sight.dialogs.append(dialog.message), dialog.dismiss()))
            for url in urls:
                page.goto(url, wait_until="load")
                page.mouse.move(200, 200)
                sight.ran += page.evaluate("window.ran")
                if page.evaluate(_ACTIVE):
                    sight.active.append(url)
                if page.url != url:
                    sight.moved.append(page.url)
                sight.shown[url] = page.eval_on_selector_all("h1", "found => found.map(one => one.textContent)")
                sight.text[url] = page.inner_text("body")
                if PICTURES and pictures and url in pictures:
                    page.screenshot(path=str(Path(PICTURES) / f"{pictures[url]}.png"), full_page=True)
            page.close()
            return sight

        yield look_at
        chromium.close()


def _note(sight: Sight, asked: Any) -> None:
    sight.called.setdefault(urlsplit(asked.url).netloc, set()).add(asked.resource_type)


def letters(text: str) -> str:
    """What WordPress's typography (curly quotes, dashes) leaves as it was."""
    return _LETTERS.sub("", text)


@dataclass
class Shown:
    """What stands on the site: posts as WordPress tells its own people, and where readers find them."""

    wordpress: RealWordPress
    posts: Sequence[dict[str, Any]]

    @property
    def base(self) -> str:
        return str(self.wordpress.site["base_url"])

    @property
    def host(self) -> str:
        return urlsplit(self.base).netloc

    def pages(self) -> list[str]:
        """Each post's own page, and the front pages."""
        fronts = [f"{self.base}/?paged={number}" for number in range(2, -(-len(self.posts) // 10) + 1)]
        return [f"{self.base}/", *fronts, *(post["url"] for post in self.posts)]

    def every_feed_reads(self) -> None:
        """The feeds are XML, and an ordinary reader finds every post in them under its title."""
        found: dict[str, str] = {}
        for number in range(1, -(-len(self.posts) // 10) + 1):
            with urlopen(f"{self.base}/?feed=rss2&paged={number}", timeout=60) as answer:
                document = answer.read()
            ElementTree.fromstring(document)
            parsed = feedparser.parse(document)
            assert not parsed.bozo, parsed.bozo_exception
            found |= {entry.link: entry.title for entry in parsed.entries}
        assert len(found) == len(self.posts)

    def rendered_is_clean(self) -> None:
        """What the REST interface gives to anybody holds nothing that acts."""
        for number in range(1, -(-len(self.posts) // 100) + 1):
            url = f"{self.base}/?rest_route=/wp/v2/posts&per_page=100&page={number}"
            with urlopen(url, timeout=60) as answer:
                items = json.load(answer)
            assert items
            for shown in items:
                assert residues(_OWN_WORDS.sub("", shown["content"]["rendered"])) == [], shown["link"]
                assert residues(f"<p>{shown['title']['rendered']}</p>") == [], shown["link"]

    def each_title_is_text(self, sight: Sight, titles: Mapping[str, str]) -> None:
        """`titles` by key: the heading of each post's page says it letter for letter."""
        for post in self.posts:
            (heading,) = sight.shown[post["url"]]
            assert letters(heading) == letters(titles[post["key"]]), post["url"]


def shown_on(wordpress: RealWordPress, services: Services) -> tuple[Shown, dict[str, str]]:
    """What stands there, each post of ours once; and the titles as we have them, by key."""
    posts = wordpress.posts()
    with services.db.read() as uow:
        pushes = uow.pushes.in_state(PushState.DELIVERED)
        ours = uow.posts.many([push.post for push in pushes])
    assert sorted(post["key"] for post in posts) == sorted(push.key for push in pushes)
    assert {post["status"] for post in posts} <= {"publish"}
    return Shown(wordpress, posts), {post.key: post.title for post in ours.values()}


@contextmanager
def office_of(folder: Path, portal: Callable[[Clock], Portal], *units: str) -> Iterator[tuple[ExampleOffice, Services]]:
    office = open_office(folder, FakeClock(), dict.fromkeys(units, 1))
    rules = replace(office.services.publish_rules, flood_cap=1000)
    yield office, replace(office.services, portal=portal(office.clock), publish_rules=rules)
    office.db.close()


def test_64_texts_that_would_act_are_words_there(
    wordpress: RealWordPress, portal: Callable[[Clock], Portal], tmp_path: Path
) -> None:
    with hostile_office(tmp_path) as office:
        site = urlsplit(office.site.base_url).netloc
        there = portal(office.services.clock)
        there.name = office.services.portal.name
        services = replace(office.services, portal=there)
        publish(services)
        shown, titles = shown_on(wordpress, services)
        assert len(shown.posts) >= 2 * len(VECTORS) - 2
    pictures = {f"{shown.base}/": "xss-trang-chu", shown.posts[0]["url"]: "xss-mot-bai"}
    pictures |= {
        post["url"]: f"xss-{post['id']}" for post in shown.posts if "[gallery" in post["title"] or "{{" in post["title"]
    }
    with browser() as look_at:
        sight = look_at(shown.pages(), pictures)
    sight.is_harmless(shown.host, pictures_of=site)
    shown.each_title_is_text(sight, titles)
    shown.every_feed_reads()
    shown.rendered_is_clean()
    seen = "\n".join(sight.text.values())
    for carried_out in ("{{7*7}}", "${7*7}", "[gallery ids="):
        assert carried_out in seen.replace("”", '"').replace("“", '"')


def test_mail_headers_and_misleading_letters_are_titles_there(
    wordpress: RealWordPress, portal: Callable[[Clock], Portal], tmp_path: Path
) -> None:
    with office_of(tmp_path, portal, "ban-a") as (office, services):
        office.site("ban-a/1").posts = [
            item(
                n,
                f"2026-10-{1 + n % 14:02} 08:30",
                title=storable(text),
                html=f"{story(f'việc {n}')}<p>{_escaped(text)}</p>",
            )
            for n, text in enumerate(texts().values())
        ]
        collect_unit(services, office.unit("ban-a"))
        publish(services)
        shown, titles = shown_on(wordpress, services)
    assert len(shown.posts) == len(texts()) == 46
    pictures = {f"{shown.base}/": "chu-trang-chu", **{post["url"]: f"chu-{post['id']}" for post in shown.posts[:3]}}
    with browser() as look_at:
        sight = look_at(shown.pages(), pictures)
    sight.is_harmless(shown.host)
    shown.each_title_is_text(sight, titles)
    shown.every_feed_reads()
    shown.rendered_is_clean()


def _escaped(text: str) -> str:
    return storable(text).replace("&", "&amp;").replace("<", "&lt;")


@pytest.mark.heavy
def test_what_feeds_do_leaves_each_post_there_once(
    wordpress: RealWordPress, portal: Callable[[Clock], Portal], tmp_path: Path
) -> None:
    """Each of the 16 stories is played out, then carried: what was taken in stands there, once."""
    waiting = (PushState.UNKNOWN, PushState.INTENT, PushState.DEAD, PushState.QUEUED)
    with browser() as look_at:
        for number, (name, play) in enumerate(FEED_LOGIC.items()):
            wordpress.empty()
            folder = tmp_path / str(number)
            folder.mkdir()
            with office_of(folder, portal, "ban-a", "ban-b") as (office, services):
                play(office)
                publish(services)
                shown, _ = shown_on(wordpress, services)
                with services.db.read() as uow:
                    assert uow.pushes.in_state(*waiting) == [], name
            sight = look_at(shown.pages()[:4])
            sight.is_harmless(shown.host)
