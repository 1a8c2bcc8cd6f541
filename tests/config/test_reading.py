"""The configuration: every mistake at once, each with its place and the way out."""

import re
import tomllib
from email.utils import parseaddr
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.config import checks, load_config
from syncd.config.units import COLUMNS, read_units, write_units_csv
from syncd.domain.model import Approval
from syncd.errors import ConfigInvalid, UsageError
from syncd.resources import example_config

GOOD = """
[office]
name = "Văn phòng Tỉnh ủy Ví Dụ"
[portal]
kind = "outbox"
directory = "var/portal"
base_url = "http://127.0.0.1:8077/cong/"
[[rulesets]]
id = "mac-dinh"
builtin = "default"
from = 2026-01-01
[mail]
kind = "maildir"
directory = "var/mail"
[[units]]
id = "ban-a"
name = "Ban A"
group = "ban"
editors = ["bientap@ban-a.vidu.example"]
sources = [{ kind = "feed", url = "https://ban-a.vidu.example/rss" }]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems_of(folder: Path, text: str) -> dict[str, tuple[str, str | None]]:
    with pytest.raises(ConfigInvalid) as caught:
        load_config(written(folder, text))
    return {problem.key: (problem.message, problem.hint) for problem in caught.value.problems}


def test_a_small_configuration_takes_every_default(tmp_path: Path) -> None:
    config = load_config(written(tmp_path, GOOD))
    assert config.storage.database == "sqlite:///var/syncd.db"
    assert config.portal.approval is Approval.AUTO
    assert config.sources["ban-a"][0].id == "ban-a/1"
    assert config.ranking_adapter is None
    assert config.portal_adapter.settings.directory == tmp_path / "var/portal"


def test_ten_mistakes_are_ten_problems_each_with_a_way_out(tmp_path: Path) -> None:
    text = (
        GOOD.replace('name = "Văn phòng Tỉnh ủy Ví Dụ"', 'name = "Văn phòng"\nlangauge = "vi"')  # 1 unknown key
        .replace('kind = "outbox"', 'kind = "wordpres"')  # 2 unknown portal
        .replace('directory = "var/portal"\nbase_url = "http://127.0.0.1:8077/cong/"\n', "")
        .replace('builtin = "default"', 'builtin = "binh-thuan-2021"')  # 3 no such rule set
        .replace('group = "ban"', 'group = "ban"\nquota = -1')  # 4 a negative quota
        .replace("https://ban-a.vidu.example/rss", "ftp://ban-a/rss")  # 5 no web address
        .replace("bientap@ban-a.vidu.example", "bientap ban-a")  # 6 no mail address
    )
    text += """
[[units]]
id = "Ban B"
name = "Ban B"
group = "ban"
[[exemptions]]
unit = "ban-c"
periods = ["2026-02"]
reason = "Tết"
document = "02-CV/VD"
approved_by = ["Nguyễn Văn A"]
[[assessments]]
id = "2026"
first_period = "2026-01"
last_period = "2026-12"
ruleset = "khac"
[http]
spacing_s = "một giây"
allow_addresses = ["10.0.0.0/33"]
"""  # 7 a unit's id, 8 an unknown unit, 9 one name only, 10 unknown rule set, 11 not a number
    problems = problems_of(tmp_path, text)
    expected = {
        "office.langauge", "portal.kind", "rulesets[0].builtin", "units[0].quota", "units[0].sources[0].url", "units[1].id",
        "exemptions[0].unit", "exemptions[0].approved_by", "assessments[0].ruleset", "http.spacing_s",
        "http.allow_addresses[0]",
    }  # fmt: skip
    assert expected <= set(problems)
    assert all(hint for _, hint in problems.values()), problems
    assert problems["office.langauge"][1] == 'did you mean "language"?'


@pytest.mark.parametrize(
    ("find", "put", "key", "says"),
    [
        pytest.param('name = "Ban A"', "", "units[0].name", "is missing", id="a key is missing"),
        pytest.param('group = "ban"', 'grup = "ban"', "units[0].grup", 'unknown key "grup"', id="a unit's key"),
        pytest.param('url = "https', 'ulr = "https', "units[0].sources[0].ulr", 'unknown key "ulr"', id="a source's key"),
        pytest.param('kind = "feed"', 'kind = "fead"', "units[0].sources[0].kind", "fead", id="a source's kind"),
        pytest.param("https://ban-a", "ban-a", "units[0].sources[0].url", "no web address", id="an address"),
        pytest.param('"feed", ', '"feed", profile = "nukevit", ', "units[0].sources[0].profile", "nukevit", id="a profile"),
        pytest.param('"feed", ', '"feed", article = "all", ', "units[0].sources[0].article", "known values", id="how articles are read"),
        pytest.param('"feed", ', '"feed", article = { date = "i" }, ', "units[0].sources[0].article.content", "is missing", id="an article's selectors"),
        pytest.param('"feed", ', '"feed", article = { contnt = "p" }, ', "units[0].sources[0].article.contnt", "unknown key", id="a key of them"),
        pytest.param('"feed", ', '"feed", login = { kind = "basic", username = "a" }, ', "units[0].sources[0].login", "password_file", id="a login"),
        pytest.param("[office]", 'profiles = "khong-co"\n[office]', "profiles", "no such folder", id="the folder of profiles"),
        pytest.param("https://ban-a", "https://x:y@ban-a", "units[0].sources[0].url", "a password", id="a password in it"),
        pytest.param("bientap@", "bientap", "units[0].editors[0]", "no mail address", id="a mail address"),
        pytest.param("[portal]", '[portal]\napproval = "now"', "portal.approval", "known values", id="an unknown word"),
        pytest.param("[portal]", "[portal]\nsettle_seconds = -1", "portal.settle_seconds", "greater", id="a range"),
        pytest.param("[portal]", '[portal]\npassword = "x"', "portal.password", "unknown key", id="a key of another portal"),
        pytest.param("[office]", "[offise]\n[office]", "offise", "unknown key", id="a table"),
        pytest.param("from = 2026-01-01", 'from = "hôm qua"', "rulesets[0].from", "date", id="a date"),
        pytest.param('builtin = "default"', 'file = "none.toml"', "rulesets[0].file", "cannot be read", id="a file"),
        pytest.param("sources = ", 'succeeds = ["ban-a"]\nsources = ', "units[0].succeeds[0]", "no other unit", id="itself"),
        pytest.param(
            "sources = ", "active_from = 2026-05-01\nactive_to = 2026-04-01\nsources = ", "units[0].active_to", "before", id="order"
        ),
    ],
)  # fmt: skip
def test_a_mistake_names_its_key(tmp_path: Path, find: str, put: str, key: str, says: str) -> None:
    assert find in GOOD
    problems = problems_of(tmp_path, GOOD.replace(find, put, 1))
    assert key in problems, problems
    assert says in problems[key][0]
    assert problems[key][1]


def test_a_login_takes_its_secret_from_a_file_and_shows_it_nowhere(tmp_path: Path) -> None:
    (tmp_path / "mk").write_text("hunter2\n", encoding="utf-8")
    login = '"feed", login = { kind = "basic", username = "syncd", password_file = "mk" }, '
    config = load_config(written(tmp_path, GOOD.replace('"feed", ', login)))
    settings = config.sources["ban-a"][0].settings
    assert settings.login.password.reveal() == "hunter2"
    assert "hunter2" not in repr(config)
    problems = problems_of(tmp_path, GOOD.replace('"feed", ', login.replace('"mk"', '"khong-co"')))
    assert "cannot be read" in problems["units[0].sources[0].login.password_file"][0]


def test_profiles_of_ones_own_are_read_and_their_mistakes_told(tmp_path: Path) -> None:
    (tmp_path / "kieu").mkdir()
    (tmp_path / "kieu" / "hiday.toml").write_text(
        'product = "HiDay"\n[signs]\ngenerator = ["hiday"]\n', encoding="utf-8"
    )
    mine = 'profiles = "kieu"\n' + GOOD.replace('"feed", ', '"feed", profile = "hiday", ')
    assert load_config(written(tmp_path, mine)).profiles == tmp_path / "kieu"
    (tmp_path / "kieu" / "hong.toml").write_text('product = "X"\nwindw = 3\n', encoding="utf-8")
    assert problems_of(tmp_path, mine)["hong.toml: windw"][1] == "did you mean window?"


def test_broken_toml_names_the_line(tmp_path: Path) -> None:
    problems = problems_of(tmp_path, GOOD + "\n[[units]\n")
    assert "line" in problems["config.toml"][0]


def test_a_configuration_that_is_not_there_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load_config(tmp_path / "none.toml")
    assert "syncd init" in str(caught.value.hint)


def test_secrets_are_read_from_where_they_lie_and_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "wp").write_text("hunter2 hunter2\n", encoding="utf-8")
    wordpress = GOOD.replace(
        'kind = "outbox"\ndirectory = "var/portal"\nbase_url = "http://127.0.0.1:8077/cong/"',
        'kind = "wordpress"\nurl = "https://cong.vidu.example"\nusername = "syncd"\npassword_file = "wp"',
    )
    config = load_config(written(tmp_path, wordpress))
    assert config.portal_adapter.settings.password.reveal() == "hunter2 hunter2"
    assert "hunter2" not in repr(config)
    problems = problems_of(tmp_path, wordpress.replace('"wp"', '"khong-co"'))
    assert "cannot be read" in problems["portal.password_file"][0]
    monkeypatch.delenv("SYNCD_WP", raising=False)
    by_environment = wordpress.replace('password_file = "wp"', 'password_env = "SYNCD_WP"')
    assert "SYNCD_WP" in problems_of(tmp_path, by_environment)["portal.password_env"][0]
    monkeypatch.setenv("SYNCD_WP", "hunter3")
    assert load_config(written(tmp_path, by_environment)).portal_adapter.settings.password.reveal() == "hunter3"


def test_the_example_loads_and_names_every_key(tmp_path: Path) -> None:
    text = example_config()
    load_config(written(tmp_path, text))
    from syncd.config import models

    named = set(re.findall(r"(?m)^[#\s]*\"?([a-z_*]+)\"? = ", text)) | set(re.findall(r"[{,] ([a-z_]+) = ", text))
    for table in vars(models).values():
        if isinstance(table, type) and issubclass(table, models.Table) and table is not models.Table:
            for name, field in table.model_fields.items():
                key = field.alias or name
                assert key in named or re.search(rf"(?m)^[#\s]*\[+[a-z]+\.{key}\]", text), (
                    f"{table.__name__}.{key} is not in config.example.toml"
                )


def test_units_may_stand_in_a_csv_file_and_come_out_unchanged(tmp_path: Path) -> None:
    units = [
        {"id": "ban-a", "name": 'Ban "A", tỉnh', "group": "ban", "quota": "12", "editors": ["a@vidu.example", "b@vidu.example"],
         "sources": [{"kind": "feed", "url": "https://a.vidu.example/rss"}]},
        {"id": "ban-b", "name": "Ban B", "group": "ban"},
    ]  # fmt: skip
    (tmp_path / "units.csv").write_text(write_units_csv(units), encoding="utf-8")
    rows, problems = read_units("units.csv", tmp_path)
    assert problems == []
    assert [row for _, row in rows] == units
    text = GOOD[: GOOD.index("[[units]]")]
    config = load_config(written(tmp_path, 'units = "units.csv"\n' + text))
    assert [unit.quota for unit in config.units] == [12, None]


def test_a_csv_line_that_is_wrong_is_named(tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_text("id,name,group,colour\nban-a,Ban A,ban,x\nBAN,B,ban,\n", encoding="utf-8")
    problems = problems_of(tmp_path, 'units = "units.csv"\n' + GOOD[: GOOD.index("[[units]]")])
    assert "units.csv" in problems
    assert COLUMNS[0] in str(problems["units.csv"][1])
    assert "units.csv:3.id" in problems


def test_units_may_stand_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "units").mkdir()
    (tmp_path / "units" / "ban.toml").write_text(GOOD[GOOD.index("[[units]]") :], encoding="utf-8")
    config = load_config(written(tmp_path, 'units = "units"\n' + GOOD[: GOOD.index("[[units]]")]))
    assert [unit.id for unit in config.units] == ["ban-a"]


def test_the_example_is_toml_without_addresses_of_real_offices() -> None:
    tomllib.loads(example_config())
    hosts = re.findall(r"https?://([^/\"{]+)", example_config())
    assert all(host.endswith(".example") or host.startswith("127.0.0.1") for host in hosts), hosts


@given(st.from_regex(checks.PLAIN_ADDRESS, fullmatch=True))
def test_an_address_that_passes_as_plain_is_one_to_the_library_too(address: str) -> None:
    assert parseaddr(address) == ("", address)


def test_mapping_rules_name_units_and_groups_that_there_are(tmp_path: Path) -> None:
    rules = """
[[portal.mapping]]
unit = "ban-b"
group = ["ban", "bann"]
title = ["?!"]
to_categories = "Thông báo"
[[portal.mapping]]
unit = ["ban-a"]
[[portal.mapping]]
to_categorie = ["Tin"]
"""
    problems = problems_of(tmp_path, GOOD.replace("[[rulesets]]", f"{rules}[[rulesets]]", 1))
    assert problems["portal.mapping[2].to_categorie"] == (
        'unknown key "to_categorie"',
        'did you mean "to_categories"?',
    )
    rules = rules[: rules.index("[[portal.mapping]]\nto_categorie")]
    problems = problems_of(tmp_path, GOOD.replace("[[rulesets]]", f"{rules}[[rulesets]]", 1))
    assert problems["portal.mapping[0].unit[0]"] == ('there is no unit "ban-b"', 'did you mean "ban-a"?')
    assert problems["portal.mapping[0].group[1]"] == ('no unit is in group "bann"', 'did you mean "ban"?')
    assert problems["portal.mapping[0].title[0]"][0] == "holds no word"
    assert problems["portal.mapping[1]"][0] == "decides nothing"


def test_a_mapping_rule_takes_one_text_or_several(tmp_path: Path) -> None:
    rules = '[[portal.mapping]]\ngroup = "ban"\nto_categories = ["A", "B"]\napproval = "draft"\n'
    config = load_config(written(tmp_path, GOOD.replace("[[rulesets]]", f"{rules}[[rulesets]]", 1)))
    (rule,) = config.portal.mapping
    assert (rule.group, rule.to_categories, rule.approval) == (("ban",), ("A", "B"), Approval.DRAFT)
