import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from syncd.domain.model import PeriodId
from syncd.domain.rules import CountsBy, DatedRuleSets, MakeUp, Mode, RuleSet, Treatment, parse_ruleset
from syncd.errors import ConfigInvalid, UsageError
from tests.domain.facts import local

MINIMAL = {"name": "Thử", "required": 12}


def dated(id: str, start: date, end: date | None = None, **keys: Any) -> RuleSet:
    return parse_ruleset({**MINIMAL, **keys}, origin=id, in_force_from=start, in_force_to=end)


def problems(data: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    with pytest.raises(ConfigInvalid) as caught:
        parse_ruleset(data, origin="rules.toml")
    return {
        problem.key.removeprefix("rules.toml: "): (problem.message, problem.hint) for problem in caught.value.problems
    }


def test_what_the_rule_set_leaves_out_has_the_default_of_the_manual() -> None:
    found = parse_ruleset(MINIMAL, origin="rules.toml")

    assert (found.mode, found.counts_by, found.grace_days) == (Mode.EVERY_PERIOD, CountsBy.PORTAL, 3)
    assert (found.make_up, found.min_words, found.min_coverage) == (MakeUp.SHOWN, 0, 0.9)
    assert {found.reprints, found.duplicates, found.back_dated} == {Treatment.FLAG}
    assert (found.id, found.in_force_to, found.ranking) == ("rules.toml", None, None)


def test_the_configuration_wins_over_the_file() -> None:
    data = {**MINIMAL, "id": "a", "document": "Cũ", "from": date(2020, 1, 1)}

    own = parse_ruleset(data, origin="rules.toml")
    given = parse_ruleset(data, origin="rules.toml", id="b", document="Mới", in_force_from=date(2026, 1, 1))

    assert (own.id, own.document, own.in_force_from) == ("a", "Cũ", date(2020, 1, 1))
    assert (given.id, given.document, given.in_force_from) == ("b", "Mới", date(2026, 1, 1))


def test_every_problem_is_told_at_once_with_key_and_way_out() -> None:
    found = problems(
        {
            "name": "",
            "requird": 12,
            "period": "months",
            "starts_on_day": 31,
            "reprints": "exclud",
            "grace": -1,
            "min_coverage": 3,
            "weights": {"tin": "một"},
            "from": "2026-01-01",
            "ranking": {
                "combine": "max",
                "bands": [{"name": "A", "groups": ["ban"], "tot": 100, "kha": 200, "trung_binh": 50}, {"name": "B"}],
                "overrides": [{"id": "x", "text": "y", "when": "zero"}],
            },
        }
    )

    assert set(found) == {
        "name",
        "required",
        "requird",
        "period",
        "starts_on_day",
        "reprints",
        "grace",
        "min_coverage",
        "weights.tin",
        "from",
        "ranking.combine",
        "ranking.bands[0].tot",
        "ranking.bands[1].groups",
        "ranking.bands[1].tot",
        "ranking.bands[1].kha",
        "ranking.bands[1].trung_binh",
        "ranking.overrides[0].when",
        "ranking.overrides[0].down",
    }
    assert found["requird"] == ("unknown key requird", "did you mean required?")
    assert found["reprints"][1] == "did you mean exclude?"
    assert all(hint for _, hint in found.values())


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"merged": [["2026-01", "2026-03"]]}, "merged"),
        ({"merged": ["2026-01"]}, "merged"),
        ({"period": "week", "starts_on_day": 5}, "starts_on_day"),
        ({"required": {"default": 1, "group": {}}}, "required.group"),
        ({"required": {"groups": {"ban": True}}}, "required.groups.ban"),
        ({"weights": 2}, "weights"),
        ({"ranking": {}}, "ranking.bands"),
        ({"from": date(2026, 2, 1), "to": date(2026, 1, 1)}, "to"),
        ({"examples": "none"}, "examples"),
    ],
)
def test_a_wrong_key_is_named(changes: dict[str, Any], key: str) -> None:
    assert list(problems({**MINIMAL, **changes})) == [key]


def test_a_group_in_two_bands_is_refused() -> None:
    bands = [{"name": name, "groups": ["ban"], "tot": 3, "kha": 2, "trung_binh": 1} for name in "AB"]

    assert list(problems({**MINIMAL, "ranking": {"bands": bands}})) == ["ranking.bands"]


def test_rule_sets_follow_one_another() -> None:
    sets = DatedRuleSets([dated("b", date(2022, 1, 1)), dated("a", date(2020, 1, 1), date(2021, 6, 30))])

    assert [rules.id for rules in sets] == ["a", "b"]
    assert sets.at(date(2021, 6, 30)).id == "a"
    assert sets.at(date(2022, 1, 1)).id == "b"
    assert sets.get("b").id == "b"
    assert sets.gaps() == [(date(2021, 7, 1), date(2021, 12, 31))]


def test_a_day_without_rules_and_an_unknown_rule_set_are_refused_with_what_there_is() -> None:
    sets = DatedRuleSets([dated("a", date(2020, 1, 1), date(2021, 6, 30))])

    with pytest.raises(UsageError, match="no rule set is in force on 2021-07-01") as on_day:
        sets.at(date(2021, 7, 1))
    with pytest.raises(UsageError, match="no rule set is in force in 2021-07"):
        sets.period("2021-07")
    with pytest.raises(UsageError, match="there is no rule set 'b'") as by_id:
        sets.get("b")
    assert on_day.value.hint == "in force: a 2020-01-01..2021-06-30"
    assert by_id.value.hint == "known: a"


@pytest.mark.parametrize("end", [None, date(2022, 1, 1), date(2023, 1, 1)])
def test_rule_sets_that_overlap_are_refused(end: date | None) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        DatedRuleSets([dated("a", date(2020, 1, 1), end), dated("b", date(2022, 1, 1))])

    (problem,) = caught.value.problems
    assert "both in force on 2022-01-01" in problem.message
    assert problem.hint == "end a on 2021-12-31"


def test_two_rule_sets_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigInvalid, match="1 problem"):
        DatedRuleSets([dated("a", date(2020, 1, 1), date(2020, 12, 31)), dated("a", date(2022, 1, 1))])


def test_a_period_is_judged_by_the_rules_in_force_on_its_first_day() -> None:
    sets = DatedRuleSets([dated("a", date(2020, 1, 1), date(2026, 10, 14)), dated("b", date(2026, 10, 15))])

    assert sets.period("2026-10")[1].id == "a"
    assert sets.period("2026-11")[1].id == "b"
    assert sets.period_at(local("2026-10-20 08:00"))[1].id == "a"
    with pytest.raises(UsageError, match="is no month"):
        sets.period("2026-13")


def test_an_assessment_reaches_over_a_change_of_rules_and_calendar() -> None:
    sets = DatedRuleSets(
        [
            dated("month", date(2026, 1, 1), date(2026, 6, 30)),
            dated("quarter", date(2026, 7, 1), period="quarter"),
        ]
    )

    found = [(period.id, rules.id) for period, rules in sets.between(PeriodId("2026-05"), PeriodId("2026-Q4"))]

    assert found == [("2026-05", "month"), ("2026-06", "month"), ("2026-Q3", "quarter"), ("2026-Q4", "quarter")]
    with pytest.raises(UsageError, match="comes before"):
        sets.between(PeriodId("2026-Q4"), PeriodId("2026-05"))


def test_a_period_that_began_before_the_new_calendar_belongs_to_it() -> None:
    sets = DatedRuleSets(
        [dated("old", date(2025, 1, 1), date(2025, 12, 31)), dated("new", date(2026, 1, 1), starts_on_day=20)]
    )

    period, rules = sets.period("2026-01")

    assert (rules.id, period.first_day) == ("new", date(2025, 12, 20))


@pytest.mark.parametrize("name", ["default", "binh-thuan-2020", "binh-thuan-2022", "dong-nai-weekly"])
def test_the_shipped_rule_sets_are_valid(name: str) -> None:
    path = Path(__file__).parents[2] / "syncd" / "rulesets" / f"{name}.toml"

    assert parse_ruleset(tomllib.loads(path.read_text("utf-8")), origin=path.name).examples
