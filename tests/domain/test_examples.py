import tomllib
from pathlib import Path
from typing import Any

import pytest

from syncd.domain.examples import run_examples
from syncd.domain.rules import parse_ruleset
from tests.domain.facts import rules

RULESETS = sorted((Path(__file__).parents[2] / "syncd" / "rulesets").glob("*.toml"))


@pytest.mark.parametrize("path", RULESETS, ids=lambda path: path.stem)
def test_the_examples_of_the_shipped_rule_sets_hold(path: Path) -> None:
    results = run_examples(parse_ruleset(tomllib.loads(path.read_text("utf-8")), origin=path.name))

    assert results
    assert [result for result in results if not result.ok] == []


def example(**keys: Any) -> dict[str, Any]:
    return {"name": "Thử", "period": "2026-10", "expect_status": "missing", **keys}


def test_an_example_that_does_not_hold_shows_both_outcomes() -> None:
    (result,) = run_examples(rules(examples=[example(posts=[{"count": 12}], expect_counted=11)]))

    assert (result.ok, result.expected, result.found) == (False, "missing, 11", "met, 12")


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"expect_statu": "met"}, "did you mean expect_status?"),
        ({"period": "2026-13"}, "write it as 2026-10"),
        ({"posts": [{"writen": 1}]}, "did you mean written?"),
        ({"posts": [{"written": "hôm qua"}]}, "must be a time"),
        ({"expect_status": "đạt"}, "cannot be"),
        ({"score": 10}, "no ranking part"),
    ],
)
def test_an_example_written_wrongly_fails_and_says_why(keys: dict[str, Any], told: str) -> None:
    (result,) = run_examples(rules(examples=[example(**keys)]))

    assert not result.ok
    assert result.problem is not None
    assert told in result.problem
