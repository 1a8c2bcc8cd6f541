"""The world of the figures with what mail, dossiers and pages need besides: files, a maildir, templates, a ledger with leaves."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from adapters.mail.maildir import MaildirMailer, MaildirSettings
from syncd.application.services import MailRules
from syncd.domain.ledger import LeafKind
from syncd.domain.model import PostId, Unit, UnitId
from syncd.ports.records import PushState
from syncd.rendering import Jinja2Renderer
from syncd.resources import templates_dir
from syncd.storage.files import FileStore
from tests.application.figures_world import World, local, make_world, unit, worked_example

PAGE = "<html><h1>Tin số 1 của Ban A</h1></html>".encode()
FEED = "<rss><item><title>Tin số 1</title></item></rss>".encode()


def make_full_world(folder: Path, *units: Unit, mailer: Any = None, language: str = "vi", **more: Any) -> World:
    """Unit ban-a as in the worked example, ban-b without a site or a post, ban-c on quota; it is 1 November 2026, 08:00."""
    more.setdefault("start", local(11, 1, 8))
    chosen = units or (
        unit("ban-a", editors=("bientap@ban-a.vidu.example",)),
        unit("ban-b", site=False, editors=("bientap@ban-b.vidu.example",)),
        unit("ban-c", quota=1, editors=("bientap@ban-c.vidu.example",)),
    )
    world = make_world(folder, chosen, **more)
    world.services = replace(
        world.services,
        office=replace(world.services.office, language=language),
        files=FileStore(folder / "files"),
        mailer=mailer or MaildirMailer(MaildirSettings(directory=folder / "mail"), clock=world.clock),
        renderer=Jinja2Renderer(language, [templates_dir()]),
        mail_rules=MailRules(
            sender="syncd <syncd@vidu.example>",
            office_recipients=("vanphong@vidu.example",),
            base_url="http://127.0.0.1:8077",
        ),
    )
    return world


def october(world: World) -> PostId:
    """Fill October: the worked example, a post of ban-c, one that failed with a hostile title. The id of a post with captures."""
    worked_example(world)
    at = local(10, 5, 8)
    pages = [world.services.files.put(content) for content in (FEED, PAGE)]
    post = world.post(
        "ban-c",
        at,
        delivered=at + timedelta(hours=1),
        sighted=local(11, 1, 6),
        list_capture=pages[0],
        page_capture=pages[1],
    )
    world.look("ban-c", local(11, 1, 0, 30))
    bad = world.post("ban-c", local(10, 6, 8), push=PushState.DEAD)
    with world.services.db.write() as uow:
        failed = uow.posts.get(bad)
        assert failed is not None
        uow.posts.update(replace(failed, title="<script>alert(1)</script> {{ 7*7 }} \u202egnp.exe"))
        carried = uow.posts.get(post)
        assert carried is not None
        for kind, data in (
            (LeafKind.ITEM_SEEN, {"source": "ban-c/1", "posts": [{"key": carried.key}, {"key": failed.key}]}),
            (LeafKind.PUSH_SENT, {"key": carried.key, "attempt": 1}),
            (LeafKind.PUSH_RESULT, {"key": carried.key, "attempt": 1, "outcome": "sent"}),
        ):
            uow.ledger.append(kind, at, data, unit=UnitId("ban-c"))
        uow.ledger.append(LeafKind.RECONCILE, local(11, 1, 6), {"period": "2026-10", "complete": True})
        for number in range(5):
            uow.ledger.append(LeafKind.ITEM_SEEN, at, {"number": number}, unit=UnitId("ban-a"))
        uow.commit()
    return post
