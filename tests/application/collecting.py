"""Stand-ins for collecting and publishing: sources and a portal with real state, on the real SQLite storage."""

import hashlib
import json
import threading
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

from syncd.application.services import MailRules, PublishRules, Services
from syncd.domain.identity import text_sha256
from syncd.domain.model import LOCAL, NO_DATE, Office, Precision, ReadDate, SourceId, SourceKey, Unit, UnitId
from syncd.domain.rules import DatedRuleSets, parse_ruleset
from syncd.errors import SourceError
from syncd.ports.portal import (
    Capabilities,
    DeliveryClass,
    FileToPush,
    PlacedFile,
    PortalPost,
    PortalState,
    PostToPush,
)
from syncd.ports.records import PostRecord, PushRecord
from syncd.ports.source import Exchange, Known, PostData, Reading, Skipped
from syncd.storage.engine import SqlDatabase, open_database
from syncd.storage.files import FileStore
from syncd.testing.clock import FakeClock
from tests.databases import migrated

WORDS = "họp giao ban tháng tại hội trường, đồng chí Trần Thị B, Trưởng ban, chủ trì và phát biểu kết luận với toàn thể cán bộ trong ban"


def local(text: str) -> datetime:
    """An instant given as it is printed at UTC+07:00: `2026-10-12 08:30`."""
    return datetime.fromisoformat(text).replace(tzinfo=LOCAL).astimezone(UTC)


def read_date(text: str, precision: Precision = Precision.SECOND) -> ReadDate:
    return ReadDate(instant=local(text), precision=precision, raw=text, origin="feed")


def story(about: str) -> str:
    """A text long enough to be recognised by itself."""
    return f"<p>Ban A {about}: {WORDS}.</p>"


def item(number: int, when: str | None = "2026-10-12 08:30", **changes: Any) -> PostData:
    """A made-up post, told apart by its number."""
    post = PostData(
        title=f"Tin số {number}",
        url=f"https://ban-a.example/tin/{number}.html",
        guid=f"news_{number}",
        published=read_date(when) if when else NO_DATE,
        html=story(f"bàn việc số {number}"),
        full_text=True,
    )
    return replace(post, **changes)


@dataclass
class ShelfSource:
    """A website as a list of posts; `pages` are the whole texts that only a post's own page holds; `down` is raised at each look."""

    id: SourceId
    unit: UnitId
    clock: FakeClock
    url: str = "https://ban-a.example/rss/"
    posts: list[PostData] = field(default_factory=list)
    skipped: tuple[Skipped, ...] = ()
    full: bool = False
    pages: dict[str, PostData | SourceError] = field(default_factory=dict)
    down: BaseException | None = None
    pages_read: int = 0

    def read(self, known: Known) -> Reading:
        if self.down:
            raise self.down
        body = repr(self.posts).encode()
        sha256 = hashlib.sha256(body).hexdigest()
        if known.etag == sha256:
            return Reading(exchange=self._answer(self.url, b"", 304), unchanged=True)
        listed = hashlib.sha256(repr([(post.url, post.title) for post in self.posts]).encode()).hexdigest()
        return Reading(
            exchange=self._answer(self.url, body),
            unchanged=False,
            posts=tuple(self.posts),
            skipped=self.skipped,
            list_sha256=listed,
            full=self.full,
        )

    def complete(self, post: PostData) -> PostData:
        page = self.pages.get(post.url)
        if page is None:
            return post
        self.pages_read += 1
        if isinstance(page, SourceError):
            raise page
        return replace(page, article=self._answer(post.url, page.html.encode()))

    def _answer(self, url: str, body: bytes, status: int = 200) -> Exchange:
        sha256 = hashlib.sha256(body).hexdigest()
        return Exchange(
            url=url,
            final_url=url,
            at=self.clock.now(),
            status=status,
            address="192.0.2.1",
            tls_sha256=None,
            elapsed_s=0.01,
            content_type="application/rss+xml",
            body=body,
            body_sha256=sha256,
            headers=(("etag", sha256),),
        )


@dataclass
class ShelfPortal:
    """A portal as a dict. `before` and `after` are called around each create and update and may raise what a crash or a network does."""

    clock: FakeClock
    name: str = "cong"
    capabilities: Capabilities = field(
        default_factory=lambda: Capabilities(delivery_class=DeliveryClass.B, settle=timedelta(seconds=120))
    )
    posts: dict[str, PortalPost] = field(default_factory=dict)
    sent: dict[str, PostToPush] = field(default_factory=dict)
    files: dict[str, FileToPush] = field(default_factory=dict)
    before: Callable[[], None] = lambda: None
    after: Callable[[], None] = lambda: None
    at_verify: Callable[[], None] = lambda: None
    at_find: Callable[[], None] = lambda: None
    at_list: Callable[[int], None] = lambda _: None
    calls: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def verify(self) -> str:
        self.at_verify()
        return "syncd"

    def find(self, key: SourceKey) -> PortalPost | None:
        self.at_find()
        return next((post for post in self.posts.values() if post.key == key), None)

    def create(self, post: PostToPush, key: SourceKey) -> PortalPost:
        with self.lock:
            self.calls += 1
        self.before()
        with self.lock:
            id = f"p{len(self.posts) + 1}"
            made = self.put(id, post.title, post.html, post.published_at, key=key, author=post.author or "")
            self.sent[id] = post
        self.after()
        return made

    def update(self, portal_id: str, post: PostToPush, key: SourceKey) -> PortalPost:
        self.calls += 1
        self.before()
        made = replace(self.posts[portal_id], title=post.title, content_sha256=text_sha256(post.html))
        self.posts[portal_id] = made
        self.sent[portal_id] = post
        self.after()
        return made

    def withdraw(self, portal_id: str, key: SourceKey) -> PortalPost:
        self.posts[portal_id] = replace(self.posts[portal_id], state=PortalState.DRAFT)
        return self.posts[portal_id]

    def put_file(self, file: FileToPush) -> PlacedFile:
        self.files.setdefault(file.sha256, file)
        url = f"https://cong.example/tep/{file.filename}"
        return PlacedFile(sha256=file.sha256, id=file.sha256[:8], url=url, alt=file.alt, caption=file.caption)

    def read(self, portal_id: str) -> PortalPost | None:
        return self.posts.get(portal_id)

    def list(self, start: datetime, end: datetime) -> Iterator[PortalPost]:
        dated = sorted((post.published_at, post.id) for post in self.posts.values() if post.published_at)
        for number, (at, id) in enumerate(dated):
            if start <= at < end:
                self.at_list(number)
                yield self.posts[id]

    def put(self, id: str, title: str, html: str, at: datetime | None, **changes: Any) -> PortalPost:
        """Let a post stand there, as if typed by hand unless a key is given."""
        post = PortalPost(
            id=id,
            key=None,
            url=f"https://cong.example/{id}",
            title=title,
            state=PortalState.PUBLIC,
            published_at=at,
            content_sha256=text_sha256(html),
        )
        self.posts[id] = replace(post, **changes)
        return self.posts[id]

    def copies(self, key: SourceKey) -> int:
        return sum(post.key == key for post in self.posts.values())


@dataclass
class ExampleOffice:
    """One made-up office: units, their sites, one portal, one database."""

    services: Services
    clock: FakeClock
    db: SqlDatabase
    sites: dict[SourceId, ShelfSource]
    portal: ShelfPortal

    def site(self, name: str) -> ShelfSource:
        return self.sites[SourceId(name)]

    def unit(self, name: str) -> Unit:
        return self.services.units[UnitId(name)]

    def posts(self, unit: str | None = None) -> list[PostRecord]:
        with self.db.read() as uow:
            return uow.posts.in_window(
                datetime(1900, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC), unit=UnitId(unit) if unit else None
            )

    def push(self, post: PostRecord) -> PushRecord:
        assert post.id is not None
        with self.db.read() as uow:
            push = uow.pushes.get("cong", post.id)
        assert push is not None
        return push

    def leaves(self, kind: str) -> list[dict[str, Any]]:
        with self.db.read() as uow:
            return [json.loads(leaf.body) for leaf in uow.ledger.leaves() if leaf.kind.value == kind]


def open_office(path: Path, clock: FakeClock, sources: Mapping[str, int], *, url: str | None = None) -> ExampleOffice:
    """`sources`: unit -> number of websites, at https://<unit>.example/<n>/. The database is an SQLite file unless a `url` is given."""
    url = url or f"sqlite:///{path}/syncd.db"
    migrated(url)
    db = open_database(url, clock=clock)
    units, sites = {}, {}
    for name, count in sources.items():
        ids = tuple(SourceId(f"{name}/{number}") for number in range(1, count + 1))
        for number, id in enumerate(ids, 1):
            sites[id] = ShelfSource(id=id, unit=UnitId(name), clock=clock, url=f"https://{name}.example/{number}/")
        units[UnitId(name)] = Unit(id=UnitId(name), name=f"Đơn vị {name}", group="ban", sources=ids)
    rules = parse_ruleset(
        tomllib.loads((files("syncd.rulesets") / "default.toml").read_text("utf-8")),
        origin="default.toml",
        id="mac-dinh",
        in_force_from=date(2020, 1, 1),
        document="Công văn số 01-CV/VD",
    )
    portal = ShelfPortal(clock)
    services = Services(
        office=Office(name="Văn phòng Tỉnh ủy Ví Dụ"),
        units=units,
        exemptions=(),
        rulesets=DatedRuleSets([rules]),
        assessments={},
        clock=clock,
        db=db,
        files=FileStore(path / "files"),
        portal=portal,
        ranking=None,
        mailer=cast(Any, None),  # nothing here sends mail or renders
        renderer=cast(Any, None),
        open_source=lambda source: sites[source],
        publish_rules=PublishRules(categories={"*": "Tin tức"}),
        mail_rules=MailRules(sender="syncd@vidu.example"),
        workers=4,
    )
    return ExampleOffice(services=services, clock=clock, db=db, sites=sites, portal=portal)
