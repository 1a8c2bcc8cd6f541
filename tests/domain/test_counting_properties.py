"""What holds for any posts in any order."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncd.domain.judging import REASONS, holders
from syncd.domain.model import Delivery, Period, PeriodFacts, PostFact
from syncd.domain.periods import period_by_id
from syncd.domain.quota import CAUSES
from syncd.domain.rules import RuleSet
from tests.domain.facts import facts, judged, local, post, reasons, rules, typed

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # a busy machine is no failure
RULE_SETS = [
    rules(),
    rules(counts_by="source", reprints="exclude", make_up="own-period"),
    rules(reprints="count", duplicates="exclude", back_dated="count", min_words=100, weights={"bai": 2, "anh": 0}),
]
INSTANTS = st.sampled_from(
    [local(f"2026-{day}") for day in ("09-30 23:59", "10-01 00:00", "10-15 08:00", "10-31 23:59", "11-01 00:00")]
)


@st.composite
def some_posts(draw: st.DrawFn) -> list[PostFact]:
    given: list[PostFact] = []
    for number in range(draw(st.integers(0, 8))):
        earlier = st.sampled_from([each.ref for each in given]) if given else st.none()
        by_hand = draw(st.booleans())
        changes: dict[str, Any] = {
            "delivery": draw(st.sampled_from(Delivery)),
            "first_seen": draw(INSTANTS),
            "portal_instant": draw(st.none() | INSTANTS),
            "kind": draw(st.sampled_from(["tin", "bai", "anh"])),
            "words": draw(st.sampled_from([None, 50, 500])),
            "reprint": draw(st.booleans()),
            "back_dated": draw(st.booleans()),
            "duplicate_of": draw(st.none() | st.just("post:khac") | earlier),
            "date_doubt": draw(st.sampled_from([None, None, "ambiguous_order", "future", "no_zone"])),
            "decision": draw(st.sampled_from([None, None, "count", "exclude"])),
        }
        if by_hand:
            given.append(typed(f"p{number}", "2026-10-05 08:00", **changes))
        else:
            given.append(post(f"p{number}", source_instant=draw(st.none() | INSTANTS), **changes))
    return given


def given_facts(posts: list[PostFact], since: bool) -> PeriodFacts:
    return facts(*posts, delivery_since=local("2026-11-02 00:00" if since else "2026-01-01 00:00"))


@patient
@given(some_posts(), st.sampled_from(RULE_SETS), st.booleans())
def test_adding_a_post_never_lowers_the_units_count(posts: list[PostFact], ruleset: RuleSet, since: bool) -> None:
    counts = [judged(given_facts(posts[:n], since), ruleset).counted for n in range(len(posts) + 1)]

    for added, before, after in zip(posts, counts, counts[1:], strict=False):
        # An entry with an earlier date may tell that a post without a certain one belongs to the month before.
        assert before <= after or added.duplicate_of not in (None, "post:khac")


@given(
    some_posts().flatmap(lambda posts: st.tuples(st.just(posts), st.permutations(posts))), st.sampled_from(RULE_SETS)
)
def test_the_order_of_posts_never_matters(both: tuple[list[PostFact], list[PostFact]], ruleset: RuleSet) -> None:
    assert judged(given_facts(both[0], False), ruleset) == judged(given_facts(both[1], False), ruleset)


@patient
@given(some_posts(), st.sampled_from(RULE_SETS), st.booleans())
def test_reasons_and_causes_are_closed_sets(posts: list[PostFact], ruleset: RuleSet, since: bool) -> None:
    verdict = judged(given_facts(posts, since), ruleset)

    assert set(reasons(verdict).values()) <= REASONS
    assert all(CAUSES[cause.name] is cause.owner for cause in verdict.causes)
    assert verdict.counted == sum(each.weight for each in verdict.judgements if each.counts)


def test_a_post_without_a_date_counts_where_its_first_dated_entry_stands() -> None:
    """Two typed copies on both sides of midnight, of a post that the site shows without a date."""
    undated = post("p0", None, first_seen=local("2026-10-01 00:00"), delivery=Delivery.QUEUED)
    copies = [typed(f"p{n}", at, duplicate_of="p0") for n, at in ((1, "2026-09-30 23:59"), (2, "2026-10-01 00:00"))]

    counted = [judged(facts(undated, *copies), rules(), period=f"2026-{month}").counted for month in ("09", "10")]

    assert counted == [1, 0]


def whole_year(ruleset: RuleSet) -> list[Period]:
    return [period_by_id(f"2026-{month:02}", ruleset.calendar) for month in range(1, 13)]


@patient
@given(some_posts(), st.sampled_from(RULE_SETS))
def test_no_post_counts_in_two_periods(posts: list[PostFact], ruleset: RuleSet) -> None:
    held = holders(posts)
    counted = [
        held[each.post.ref]
        for period in whole_year(ruleset)
        for each in judged(given_facts(posts, False), ruleset, period=period.id).judgements
        if each.counts
    ]

    assert len(counted) == len(set(counted))
