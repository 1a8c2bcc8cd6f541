"""Posts whose categories no rule of the portal's mapping speaks of: held where the office says so, and listed with what would place them."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from syncd.application.services import Services
from syncd.application.wording import withheld_title
from syncd.domain.mapping import PortalMapping
from syncd.domain.model import PostId, Unit, UnitId
from syncd.ports.records import PostRecord, PushRecord, PushState
from syncd.ports.store import UnitOfWork

UNMAPPED = "unmapped"  # the `error_kind` of a push that waits for a rule; nothing was sent, so its state is QUEUED
LATELY = timedelta(days=60)  # how far back what went out is listed: two periods
_LOOK_AGAIN = timedelta(minutes=15)  # rules are read at start: how soon after one a rule that fits lets its posts go
_WHY = "no rule of [portal.categories] or [[portal.mapping]] places it"
_WAY_OUT = "syncd mapping"

_Group = tuple[UnitId, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmapped:
    """The posts of one unit under one set of its own categories (none: they name no category). `held` of them wait, never sent."""

    unit: UnitId
    categories: tuple[str, ...]
    posts: int
    held: int
    under: tuple[str, ...]  # where on the portal they stand, or would
    newest: PostRecord
    rule: str  # TOML, to be completed and put into config.toml

    def as_json(self) -> dict[str, Any]:
        return {
            "unit": self.unit,
            "categories": list(self.categories),
            "posts": self.posts,
            "held": self.held,
            "under": list(self.under),
            "newest": {"ref": f"post:{self.newest.id}", "title": _title(self.newest), "url": _url(self.newest)},
            "rule": self.rule,
        }


def hold_unmapped(services: Services, due: Sequence[PushRecord]) -> list[PushRecord]:
    """Those of `due` that may be sent; the others wait, and are asked for again, until a rule speaks of them.

    Only what the portal certainly does not have is held: a post that may stand there already is looked up as ever.
    """
    if services.publish_rules.unmapped != "hold":
        return list(due)
    mapping, now = services.publish_rules.placing, services.clock.now()
    fresh = [push for push in due if push.state is PushState.QUEUED]
    with services.db.read() as uow:
        posts = uow.posts.many([push.post for push in fresh])
    held = {
        push.post
        for push in fresh
        if (post := posts.get(push.post)) is not None and _is_unmapped(services, mapping, post)
    }
    if held:
        with services.db.write() as uow:
            for push in fresh:
                if push.post in held and uow.pushes.get(push.portal, push.post) == push:
                    uow.pushes.update(
                        replace(push, not_before=now + _LOOK_AGAIN, error=_WHY, error_kind=UNMAPPED, hint=_WAY_OUT)
                    )
            uow.commit()
    return [push for push in due if push.post not in held]


def unmapped(services: Services, uow: UnitOfWork, *, unit: UnitId | None = None) -> list[Unmapped]:
    """What no rule speaks of, of the last days and whatever waits: most posts held first, then most posts.

    By the rules as they are now: with a rule that fits, its line is gone. Posts with a secrecy mark are left out.
    """
    mapping = services.publish_rules.placing
    posts = _lately(services, uow, mapping, unit)
    held: dict[_Group, list[PostRecord]] = defaultdict(list)
    for post in uow.posts.many(push.post for push in held_for_a_rule(uow)).values():
        if unit in (None, post.unit) and _is_unmapped(services, mapping, post):
            held[post.unit, post.categories].append(post)
    newest = uow.posts.many(newest for _, newest in posts.values())
    rows = []
    for group in dict.fromkeys((*posts, *held)):
        number, last = posts.get(group, (0, None))
        waiting = held.get(group, [])
        example = newest[last] if last is not None else max(waiting, key=lambda post: post.first_seen)
        owner, categories = group
        rows.append(
            Unmapped(
                unit=owner,
                categories=categories,
                posts=max(number, len(waiting)),
                held=len(waiting),
                under=mapping.place(services.units[owner], categories, example.title).categories,
                newest=example,
                rule=_rule(owner, categories),
            )
        )
    return sorted(rows, key=lambda row: (-row.held, -row.posts, row.unit, row.categories))


def unmapped_numbers(services: Services, uow: UnitOfWork) -> tuple[int, int, int]:
    """How many posts of the last days no rule speaks of, of how many categories of units, and how many posts wait for a rule."""
    found = _lately(services, uow, services.publish_rules.placing, None)
    return sum(number for number, _ in found.values()), len(found), len(held_for_a_rule(uow))


def held_for_a_rule(uow: UnitOfWork) -> list[PushRecord]:
    """The pushes that wait for a rule."""
    return [push for push in uow.pushes.in_state(PushState.QUEUED) if push.error_kind == UNMAPPED]


def _lately(
    services: Services, uow: UnitOfWork, mapping: PortalMapping, only: UnitId | None
) -> dict[_Group, tuple[int, PostId]]:
    """How many posts of each group, and the newest of them."""
    found: dict[_Group, tuple[int, PostId]] = {}
    for filed in uow.posts.filed_since(services.clock.now() - LATELY, titles=mapping.reads_titles):
        unit = services.units.get(filed.unit)
        if unit is None or only not in (None, unit.id):
            continue
        if mapping.place(unit, filed.categories, filed.title).unmapped:
            number, newest = found.get((unit.id, filed.categories), (0, filed.newest))
            found[unit.id, filed.categories] = (number + filed.posts, max(newest, filed.newest))
    return found


def _is_unmapped(services: Services, mapping: PortalMapping, post: PostRecord) -> bool:
    unit: Unit | None = services.units.get(post.unit)
    return unit is not None and mapping.place(unit, post.categories, post.title).unmapped


def _rule(unit: UnitId, categories: tuple[str, ...]) -> str:
    if categories:
        return f'[portal.categories]\n{json.dumps(categories[0], ensure_ascii=False)} = "…"'
    return f'[[portal.mapping]]\nunit = "{unit}"\nto_categories = "…"'


def _title(post: PostRecord) -> str:
    return withheld_title(f"post:{post.id}") if post.quarantine else post.title


def _url(post: PostRecord) -> str:
    return "" if post.quarantine else post.url
