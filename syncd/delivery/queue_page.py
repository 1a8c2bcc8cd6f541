"""The page of what waits on its way to the portal, and of what no mapping rule places; prepared, templates only loop over it."""

from typing import Any

from syncd.application.publishing.unmapped import unmapped
from syncd.application.publishing.waiting import NEED_A_PERSON, Wait, waiting
from syncd.application.services import Services
from syncd.application.wording import WAITS, words
from syncd.delivery.views import standing


def queue_page(services: Services) -> dict[str, Any]:
    """What `syncd pushes` and `syncd mapping` list. Nothing can be decided here: the page names the commands."""
    with services.db.read() as uow:
        found = waiting(services, uow)
        unplaced = unmapped(services, uow)
    names = {id: unit.name for id, unit in services.units.items()}
    return {
        **standing(services),
        "counts": [
            {"words": words(WAITS, wait), "number": found.counts[wait], "person": wait in NEED_A_PERSON}
            for wait in Wait
            if found.counts.get(wait)
        ],
        "pushes": [
            {
                "page": f"/posts/{each.push.post}",
                "ref": each.ref,
                "unit": names.get(each.push.unit, each.push.unit),
                "title": each.title,
                "words": words(WAITS, each.wait),
                "person": each.wait in NEED_A_PERSON,
                "edit": each.edit,
                "since": each.since,
                "next_at": each.next_at,
                "tries": each.push.attempts,
                "error": None if each.wait is Wait.UNMAPPED else each.push.error,
                "ways": dict.fromkeys(way for way in (each.push.hint, each.act) if way),
            }
            for each in found.shown
        ],
        "more": sum(found.counts.values()) - len(found.shown),
        "unmapped": [
            {
                "unit": names.get(row.unit, row.unit),
                "categories": ", ".join(row.categories),
                "posts": row.posts,
                "held": row.held,
                "under": ", ".join(row.under),
                "page": f"/posts/{row.newest.id}",
                "title": row.as_json()["newest"]["title"],
                "rule": row.rule,
            }
            for row in unplaced
        ],
        "holds": services.publish_rules.unmapped == "hold",
    }
