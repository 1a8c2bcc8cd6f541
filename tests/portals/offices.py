"""An office whose units' sites are on loopback and whose portal is a real one, and the hands of the editors there: the same for each portal."""

import json
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Any, Protocol

from syncd.domain.model import LOCAL
from syncd.testing.local_site import LocalSite
from tests.acceptance.commands import process
from tests.portals.plone import RealPlone
from tests.portals.wordpress import RealWordPress

NOW = datetime(2025, 10, 20, 8, tzinfo=LOCAL)
PERIOD = "2025-10"

CONFIG = """
[office]
name = "Văn phòng thử nghiệm"
[http]
spacing_s = 0.0
allow_addresses = ["127.0.0.0/8"]
[portal]
{portal}
password_file = "mat-khau"
allow_addresses = ["127.0.0.0/8"]
settle_seconds = 3
flood_cap = 1000
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
"""
UNIT = """
[[units]]
id = "ban-{name}"
name = "Ban {shown} Ví Dụ"
group = "thu"
editors = ["bientap@ban-{name}.vidu.example"]
{more}
sources = [{{ kind = "feed", url = "{site}/{name}/rss", article = "{article}" }}]
"""


def fetched(url: str) -> bytes:
    """What a reader without a name is given."""
    with urllib.request.urlopen(url, timeout=60) as answer:
        content: bytes = answer.read()
        return content


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One post as the portal's manager sees it. `state` in our words; `own_picture` as readers are given it."""

    id: str
    title: str
    state: str
    key: str | None
    html: str
    url: str
    own_picture: bytes | None


class Editors(Protocol):
    """What people do at a portal. `keeps_trash`: what they throw away can still be found there. `pictures_stay_inside`: the text shows a post's own picture too. `enforces_keys`: it is of class A."""

    table: str
    password: str
    keeps_trash: bool
    pictures_stay_inside: bool
    enforces_keys: bool

    def posts(self) -> Sequence[Standing]: ...
    def edit(self, post: Standing, *, title: str | None = None, html: str | None = None) -> None: ...
    def approve(self, post: Standing) -> None: ...
    def throw_away(self, post: Standing) -> None: ...
    def delete(self, post: Standing) -> None: ...
    def type_post(self, title: str, *, html: str, author: str, at: datetime) -> None: ...
    def locked_out(self) -> AbstractContextManager[None]:
        """Our password is wrong meanwhile."""

    def files(self) -> int: ...
    def empty(self) -> None: ...


@dataclass
class WordPressEditors:
    wordpress: RealWordPress
    keeps_trash: bool = True
    pictures_stay_inside: bool = True
    enforces_keys: bool = False

    @property
    def table(self) -> str:
        return f'kind = "wordpress"\nurl = "{self.wordpress.site["base_url"]}"\nusername = "syncd"'

    @property
    def password(self) -> str:
        return str(self.wordpress.site["users"]["syncd"]["application_password"])

    def posts(self) -> Sequence[Standing]:
        states = {"publish": "public", "future": "scheduled"}
        return [
            Standing(
                id=str(post["id"]),
                title=post["title"],
                state=states.get(post["status"], post["status"]),
                key=post["key"],
                html=post["html"],
                url=post["url"],
                own_picture=fetched(post["own_picture"]) if post["own_picture"] else None,
            )
            for post in self.wordpress.posts()
        ]

    def edit(self, post: Standing, *, title: str | None = None, html: str | None = None) -> None:
        # an editor's program gives the text back with the comment at its end
        text = None if html is None else f"{html}\n<!-- {post.key} -->"
        self.wordpress.edit(int(post.id), title=title, html=text)

    def approve(self, post: Standing) -> None:
        self.wordpress.publish(int(post.id))

    def throw_away(self, post: Standing) -> None:
        self.wordpress.trash(int(post.id))

    def delete(self, post: Standing) -> None:
        self.wordpress.delete(int(post.id))

    def type_post(self, title: str, *, html: str, author: str, at: datetime) -> None:
        self.wordpress.type_post(title, html=html, author=author, date=f"{at.astimezone(LOCAL):%Y-%m-%d %H:%M:%S}")

    def locked_out(self) -> AbstractContextManager[None]:
        return self.wordpress.locked_out("syncd")

    def files(self) -> int:
        return self.wordpress.files()

    def empty(self) -> None:
        self.wordpress.empty()


@dataclass
class PloneEditors:
    plone: RealPlone
    keeps_trash: bool = False
    pictures_stay_inside: bool = False
    enforces_keys: bool = True

    @property
    def table(self) -> str:
        where = 'folder = "tin-tuc"\nmedia_folder = "tep-tin"'
        return f'kind = "plone"\nurl = "{self.plone.url}"\nusername = "syncd"\n{where}'

    @property
    def password(self) -> str:
        return self.plone.password("syncd")

    def posts(self) -> Sequence[Standing]:
        states = {"published": "public", "private": "draft"}
        return [
            Standing(
                id=post["UID"],
                title=post["title"],
                state=states.get(post["review_state"], post["review_state"]),
                key=post["id"] if post["id"].startswith("syncd-") else None,
                html=post["text"]["data"] if post["text"] else "",
                url=post["@id"],
                own_picture=fetched(post["image"]["download"]) if post["image"] else None,
            )
            for post in self.plone.posts()
        ]

    def edit(self, post: Standing, *, title: str | None = None, html: str | None = None) -> None:
        members = {"title": title, "html": html}
        self.plone.edit(post.id, **{name: value for name, value in members.items() if value is not None})

    def approve(self, post: Standing) -> None:
        self.plone.approve(post.id)

    def throw_away(self, post: Standing) -> None:
        self.plone.delete(post.id)

    def delete(self, post: Standing) -> None:
        self.plone.delete(post.id)

    def type_post(self, title: str, *, html: str, author: str, at: datetime) -> None:
        self.plone.type_post(title, html=html, author=author, date=at)

    @contextmanager
    def locked_out(self) -> Iterator[None]:
        self.plone.set_password("syncd", "another on loopback")
        try:
            yield
        finally:
            self.plone.set_password("syncd", self.password)

    def files(self) -> int:
        return self.plone.files()

    def empty(self) -> None:
        self.plone.empty()


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What a unit's site says: `body` is the article's HTML."""

    title: str
    body: str
    days_ago: int = 0


def stories(unit: str, count: int) -> list[Story]:
    return [
        Story(
            title=f"Tin số {number} của Ban {unit.upper()} Ví Dụ",
            body=f"<p>Ban {unit.upper()} họp trực báo số {number}, kết quả {number} &lt; {number + 1}; đồng chí Trần Thị Giả Định chủ trì.</p>",
            days_ago=number % 18,
        )
        for number in range(count)
    ]


@dataclass
class Office:
    """One syncd, its units' sites (one host, but for those in `sites`), one portal. The clock of the rehearsal goes on by a quarter of an hour with each command."""

    folder: Path
    site: LocalSite
    editors: Editors
    minutes: int = 0
    told: dict[str, list[Story]] = field(default_factory=dict)
    sites: dict[str, LocalSite] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    def site_of(self, unit: str) -> LocalSite:
        return self.sites.get(unit, self.site)

    def set_up(self, units: Mapping[str, str], *, article: str = "none") -> None:
        """Configuration and an empty database. `units`: name -> further lines of its table."""
        self.folder.mkdir(exist_ok=True)
        secret = self.folder / "mat-khau"
        secret.touch(mode=0o600)
        secret.write_text(self.editors.password, encoding="utf-8")
        blocks = "".join(
            UNIT.format(name=name, shown=name.upper(), more=more, site=self.site_of(name).base_url, article=article)
            for name, more in units.items()
        )
        self.config.write_text(CONFIG.format(portal=self.editors.table) + blocks, encoding="utf-8")
        answer = process("init", "-c", self.config)
        assert answer.code == 0, answer.err

    def publish(self, unit: str, told: Sequence[Story]) -> None:
        """What stands on a unit's site: its feed with whole texts, the newest first, and a page for each post."""
        self.told[unit], site = list(told), self.site_of(unit)
        items = []
        for number, story in enumerate(told):
            at = NOW - timedelta(days=story.days_ago, minutes=number)
            address = f"{site.base_url}/{unit}/{number}.html"
            items.append(
                f"<item><title>{escape(story.title)}</title><link>{address}</link><guid isPermaLink='false'>{unit}-{number}</guid>"
                f"<pubDate>{format_datetime(at)}</pubDate><description>{escape(story.body)}</description></item>"
            )
            site.page(
                f"/{unit}/{number}.html",
                f"<!doctype html><html lang='vi'><head><title>{escape(story.title)}</title></head><body>"
                f"<nav><a href='/'>Trang chủ</a></nav><article><h1>{escape(story.title)}</h1>{story.body}</article></body></html>",
            )
        text = f"<rss version='2.0'><channel><title>{unit}</title><link>{site.url('/')}</link>{''.join(items)}</channel></rss>"
        site.page(f"/{unit}/rss", text, content_type="application/rss+xml", etag=f'"{hash(text)}"')

    def instant(self) -> str:
        """The rehearsal's time for the next command."""
        self.minutes += 15
        return (NOW + timedelta(minutes=self.minutes)).isoformat()

    def run(self, *arguments: str, code: int | None = None) -> Any:
        """The document a command prints; `code` is what it must end with."""
        answer = process(*arguments, "-c", self.config, "--now", self.instant(), "--json")
        assert answer.out, answer.err
        assert code in (None, answer.code), (answer.code, answer.out, answer.err)
        return json.loads(answer.out)

    def figures(self) -> dict[str, tuple[int, int, int]]:
        """Unit -> written, delivered, visible in the month."""
        rows = self.run("quota", "--period", PERIOD)["units"]
        cells = {row["unit"]: row["periods"][0] for row in rows}
        return {unit: (cell["written"], cell["delivered"], cell["visible"]) for unit, cell in cells.items()}

    def causes(self) -> dict[str, int]:
        """Why the three counts differ, and over how many posts: one cause each."""
        causes: dict[str, int] = self.run("reconcile", "--period", PERIOD)["causes"]
        return causes

    def explained(self, unit: str) -> dict[str, dict[str, Any]]:
        """Title -> what is said of the post."""
        return {post["title"]: post for post in self.run("explain", unit, PERIOD)["posts"]}

    def standing(self) -> dict[str, Standing]:
        """Title -> the post there; no two of one title."""
        posts = self.editors.posts()
        found = {post.title: post for post in posts}
        assert len(found) == len(posts), [post.title for post in posts]
        return found
