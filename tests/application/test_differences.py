"""Whatever became of the posts of a unit, the differences make the three counts add up."""

import random

import pytest

from syncd.application.reconciling.causes import Kind
from syncd.application.reconciling.differences import Known, differences_of
from syncd.domain.model import Delivery, Origin, PostFact
from syncd.domain.quota import assess
from tests.domain.facts import UNIT, facts, october, post, rules


@pytest.mark.parametrize("seed", range(40))
def test_written_less_what_did_not_arrive_is_delivered_and_so_on(seed: int) -> None:
    chance = random.Random(seed)
    posts = []
    for number in range(chance.randrange(1, 14)):
        earlier = [each.ref for each in posts]
        posts.append(
            post(
                f"post:{number}" if chance.random() < 0.7 else f"sighting:{number}",
                chance.choice(["2026-10-05 08:00", "2026-10-31 23:59", "2026-09-30 23:00"]),
                delivery=chance.choice(list(Delivery)),
                duplicate_of=chance.choice(earlier) if earlier and chance.random() < 0.3 else None,
            )
        )
    posts = [
        each if each.ref.startswith("post:") else typed_of(each.ref, each.delivery, each.duplicate_of) for each in posts
    ]
    ruleset = rules()
    known = facts(*posts)
    verdict = assess(UNIT, october(ruleset), known, ruleset)
    kinds = [each.words.kind for each in differences_of(october(ruleset), known, verdict, Known())]
    assert (verdict.written or 0) - kinds.count(Kind.NOT_DELIVERED) == verdict.delivered
    not_visible, not_written = kinds.count(Kind.NOT_VISIBLE), kinds.count(Kind.NOT_WRITTEN)
    assert verdict.delivered - not_visible + not_written == verdict.visible


def typed_of(ref: str, delivery: Delivery, duplicate_of: str | None) -> PostFact:
    return post(ref, None, origin=Origin.TYPED, delivery=delivery, duplicate_of=duplicate_of)
