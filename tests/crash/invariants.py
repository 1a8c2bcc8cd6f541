"""What must hold after every sweep: I1 to I7, each by name. I8, that the service comes back by itself, `World.start` and `World.settle` hold."""

import hashlib
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from email import message_from_bytes
from typing import Any

from syncd.application.evidence.verify import verify_ledger
from syncd.application.figures.quota_table import quota_table
from syncd.application.jobs import BY_NAME
from syncd.application.services import Services
from syncd.cli.context import owning
from syncd.config import load_config
from syncd.domain.ledger import LeafKind, canonical
from syncd.domain.model import PeriodId
from syncd.domain.schedule import due_between
from syncd.ports.records import LeafRecord, MailRecord, PostRecord, PushRecord, PushState, Slot, SlotState
from syncd.testing.local_portal import LocalPortal
from tests.crash.sites import SECRET_MARK
from tests.crash.world import World

OCTOBER = PeriodId("2026-10")
_LEFTOVERS = (".writing-*", ".syncd-*", "*.part")
_PUBLIC = "public"


def check(world: World) -> None:
    """All of them; the service is stopped, and nothing waits."""
    with owning(load_config(world.config), world.clock) as (wired, _):
        services: Services = wired.services
        kept = _records(services)
        with services.db.read() as uow:
            leaves = list(uow.ledger.leaves())
            slots = uow.slots.recent(limit=100_000)
            mails = uow.mails.all()
        each_post_stands_once_and_as_it_is_now(world, kept)
        each_slot_has_one_outcome(services, slots)
        nothing_is_left_in_flight(kept, mails, slots)
        verify_ledger(services.db)  # I4
        each_letter_went_out(world, mails)
        figures_follow_from_the_leaves(world, services, leaves)
        ranking_holds_the_newest(world, services)
    nothing_secret_is_public(world)
    files_are_sound(world)


def no_copy_twice(world: World) -> None:
    """Looked at while the service is dead: no key stands in two posts."""
    keys = Counter(key for key, *_ in world.standing())
    assert not [key for key, copies in keys.items() if copies > 1]


def each_post_stands_once_and_as_it_is_now(world: World, kept: list[tuple[PostRecord, PushRecord]]) -> None:  # I1
    shown = {(post.unit, post.guid): post for post in world.sites.posts}
    taken = Counter((post.unit, post.guid or "") for post, _ in kept)
    assert taken == Counter(dict.fromkeys(shown, 1)), "not each post was taken in once"
    copies: dict[str, list[tuple[str, bool, str]]] = defaultdict(list)
    for key, portal_id, trashed, content in world.standing():
        copies[key].append((portal_id, trashed, content))
    assert set(copies) == {push.key for _, push in kept}
    for post, push in kept:
        [(portal_id, trashed, content)] = copies[push.key]
        assert push.portal_id == portal_id
        as_it_is = shown[post.unit, post.guid].text in content
        assert trashed or as_it_is or push.withdrawn_at is not None, (push, content)


def nothing_secret_is_public(world: World) -> None:
    if isinstance(world.portal, LocalPortal):
        public = [post.content for post in world.portal.posts() if post.status == "publish"]
        assert not [content for content in public if SECRET_MARK in content]


def each_slot_has_one_outcome(services: Services, slots: list[Slot]) -> None:  # I2
    by_subject: dict[tuple[str, str], list[Slot]] = defaultdict(list)
    for slot in slots:
        by_subject[slot.job, slot.subject].append(slot)
    for (job, subject), rows in by_subject.items():
        rows.sort(key=lambda slot: slot.due)
        # The last may have become due as the service was stopped: the next start runs it.
        settled = rows[:-1] if rows[-1].state is SlotState.DUE else rows
        assert {slot.state for slot in settled} <= {SlotState.DONE, SlotState.GAP, SlotState.FAILED}
        dues = [slot.due for slot in rows]
        wanted = due_between(BY_NAME[job].cadence(services, subject), dues[0], dues[-1])
        assert dues == [dues[0], *wanted], f"{job} of {subject} has a hole"


def nothing_is_left_in_flight(
    kept: Iterable[tuple[PostRecord, PushRecord]], mails: Iterable[MailRecord], slots: Iterable[Slot]
) -> None:  # I3
    assert {push.state for _, push in kept} <= {PushState.DELIVERED}
    assert not [push for _, push in kept if push.delivered_version != push.version]
    assert not [mail for mail in mails if mail.not_before is not None]
    assert not [slot for slot in slots if slot.state is SlotState.RUNNING]


def each_letter_went_out(world: World, mails: list[MailRecord]) -> None:  # I5
    arrived = Counter(str(message_from_bytes(mail.content)["Message-ID"]) for mail in world.mail.accepted)
    known = {mail.message_id: mail for mail in mails}
    assert {(mail.name, mail.period) for mail in mails} == world.mailings
    assert set(arrived) <= set(known)
    for message_id, mail in known.items():
        # Twice killed with its outcome unknown: it waits for a person, who is told of it.
        in_doubt = mail.state == "unknown"
        assert mail.state == "sent" or in_doubt, mail
        assert arrived[message_id] in ((0, 1, 2) if in_doubt else (1, 2) if mail.attempts > 1 else (1,)), mail


def figures_follow_from_the_leaves(world: World, services: Services, leaves: list[LeafRecord]) -> None:  # I6
    written: dict[str, set[str]] = defaultdict(set)
    delivered: dict[str, set[str]] = defaultdict(set)
    standing: dict[str, tuple[str | None, str]] = {}
    statements: dict[tuple[str | None, str], str] = {}
    for leaf in leaves:
        data: dict[str, Any] = json.loads(leaf.body)["data"]
        if leaf.kind is LeafKind.ITEM_SEEN:
            written[str(leaf.unit)] |= {post["key"] for post in data["posts"]}
        elif leaf.kind is LeafKind.PUSH_RESULT and data.get("portal_id"):
            delivered[str(leaf.unit)].add(data["key"])
        elif leaf.kind is LeafKind.READBACK and str(data["published"]).startswith(OCTOBER):
            standing[data["portal_id"]] = (leaf.unit, data["state"])
        elif leaf.kind is LeafKind.MONTH_CLOSE and leaf.unit is not None:
            assert (leaf.unit, data["period"]) not in statements, "closed twice"
            statements[leaf.unit, data["period"]] = data["body_sha256"]
    visible = Counter(unit for unit, state in standing.values() if state == _PUBLIC)
    for row in quota_table(services, [OCTOBER]).rows:
        verdict, unit = row.cells[0].recount, row.unit.id
        assert (verdict.written, verdict.delivered) == (len(written[unit]), len(delivered[unit]))
        assert verdict.visible == visible[unit]
        assert verdict.written == len(world.sites.of(unit))
    with services.db.read() as uow:
        closed = uow.figures.statements()
    assert {(s.unit, s.period): hashlib.sha256(canonical(s.body)).hexdigest() for s in closed} == statements


def ranking_holds_the_newest(world: World, services: Services) -> None:
    with services.db.read() as uow:
        figures = uow.figures.figures("nam-2026")
    newest = {figure.unit: figure for figure in sorted(figures, key=lambda figure: figure.version)}
    assert {figure.state for figure in newest.values()} <= {"acknowledged"}
    for unit, figure in newest.items():
        assert world.engine.figures[unit][-1]["version"] == figure.version
        assert world.engine.figures[unit][-1]["missing"] == figure.body["missing"]


def files_are_sound(world: World) -> None:  # I7
    if world.database.startswith("sqlite"):
        connection = sqlite3.connect(world.folder / "syncd.db")
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()
    assert [path for pattern in _LEFTOVERS for path in world.folder.rglob(pattern)] == []


def _records(services: Services) -> list[tuple[PostRecord, PushRecord]]:
    with services.db.read() as uow:
        posts = uow.posts.in_window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
        pushes = uow.pushes.for_posts([post.id for post in posts if post.id is not None])
    return [(post, pushes[post.id]) for post in posts if post.id is not None]
