"""Every command's contract: exit codes, the JSON that other tools rely on, and what goes where."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from syncd.application.collecting.collect import CollectReport
from syncd.application.publishing.publish import PublishCounts
from syncd.cli.app import COMMANDS
from syncd.cli.wording import HEADINGS
from syncd.domain.model import UnitId
from tests.acceptance.commands import Answer, process, syncd

NOW = ("--now", "2026-07-07T09:30+07:00")
ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")


def strings(value: Any) -> Iterator[str]:
    match value:
        case dict():
            for inner in value.values():
                yield from strings(inner)
        case list():
            for inner in value:
                yield from strings(inner)
        case str():
            yield value


def assert_contract(answer: Answer, *keys: str) -> Any:
    """One document with these keys, instants with their offset, and no log line among it."""
    document = answer.document
    assert set(keys) <= set(document), sorted(document)
    for text in strings(document):
        if ISO.match(text) and len(text) < 40:
            assert datetime.fromisoformat(text).utcoffset() is not None, text
    return document


def test_demo_leaves_the_files_that_it_names(played: tuple[Path, Answer]) -> None:
    folder, answer = played
    named = re.findall(r"^  (\w+) +(/.*)$", answer.out.partition("Các tệp")[2], re.MULTILINE)
    assert [name for name, _ in named] == ["config", "dossier", "maildir", "portal"]
    assert all(Path(path).is_relative_to(folder) and Path(path).exists() for _, path in named)


@pytest.mark.slow
def test_demo_answers_with_the_quota_table_and_where_its_files_lie(tmp_path: Path) -> None:
    answer = process("demo", "--no-serve", "--json", "--dir", tmp_path / "demo")
    document = assert_contract(answer, "units", "files")
    assert len(document["units"]) == 8
    assert set(document["files"]) == {"config", "dossier", "maildir", "portal"}
    assert all(Path(path).exists() for path in document["files"].values())


def test_quota_has_every_key_of_the_contract_and_asks_for_a_person(demo: Path) -> None:
    answer = syncd("quota", "--json", "-c", demo, *NOW)
    assert answer.code == 1
    for unit in assert_contract(answer, "units")["units"]:
        assert {"unit", "name", "group", "periods", "missing_months", "undetermined_months", "final"} <= set(unit)
        for period in unit["periods"]:
            assert {
                "period", "required", "written", "delivered", "visible", "counted", "status", "causes", "as_closed",
                "coverage",
            } <= set(period)  # fmt: skip
            assert isinstance(period["causes"], dict)


def test_quota_of_a_period_in_which_nobody_is_short_is_done(own_demo: Callable[[], Path]) -> None:
    config = own_demo()
    config.write_text(re.sub(r"quota = \d+", "quota = 0", config.read_text(encoding="utf-8")), encoding="utf-8")
    answer = syncd("quota", "--period", "2026-07", "--json", "-c", config, *NOW)
    assert answer.code == 0
    assert [unit["periods"][0]["period"] for unit in answer.document["units"]] == ["2026-07"] * 8


def test_quota_by_assessment_is_the_same_table_as_without(demo: Path) -> None:
    named = syncd("quota", "--assessment", "2026", "--json", "-c", demo, *NOW)
    assert named.document["units"] == syncd("quota", "--json", "-c", demo, *NOW).document["units"]


def test_quota_as_csv_opens_in_a_spreadsheet(demo: Path, tmp_path: Path) -> None:
    file = tmp_path / "bang.csv"
    assert syncd("quota", "--csv", file, "-c", demo, *NOW).code == 1
    text = file.read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    assert len(text.decode("utf-8-sig").splitlines()) == 1 + 8 * 6


def test_explain_names_every_post_and_its_reason(demo: Path) -> None:
    answer = syncd("explain", "bao-vi-du", "2026-02", "--json", "-c", demo, *NOW)
    assert answer.code == 0
    for post in assert_contract(answer, "posts")["posts"]:
        assert {"title", "url", "counts", "reason"} <= set(post)


def test_status_is_worst_first_and_says_what_to_do(demo: Path) -> None:
    answer = syncd("status", "--json", "-c", demo, *NOW)
    document = assert_contract(answer, "units", "portal", "slots")
    assert answer.code == 1
    ranks = [("notice", "attention", "broken").index(problem["severity"]) for problem in document["problems"]]
    assert ranks == sorted(ranks, reverse=True)
    assert all(problem["hint"] for problem in document["problems"])


def test_rank_traces_each_grade_and_simulates(demo: Path) -> None:
    answer = syncd("rank", "--json", "-c", demo, *NOW)
    assert answer.code == 0
    units = {unit["unit"]: unit for unit in assert_contract(answer, "units")["units"]}
    assert all({"score", "grade", "missing_months", "trace"} <= set(unit) for unit in units.values())
    supposed = syncd("rank", "--simulate", "van-phong=3", "--json", "-c", demo, *NOW).document["units"]
    assert {unit["unit"]: unit["grade"] for unit in supposed}["van-phong"] == "yeu" != units["van-phong"]["grade"]


def test_rules_test_runs_the_examples_of_the_rule_sets_in_force(demo: Path) -> None:
    answer = syncd("rules", "test", "--json", "-c", demo)
    assert answer.code == 0
    document = assert_contract(answer, "ok", "cases")
    assert document["ok"] is True
    assert document["cases"]


def test_a_rule_set_whose_example_does_not_hold_needs_a_person(tmp_path: Path) -> None:
    shipped = Path(__file__).resolve().parents[2] / "syncd" / "rulesets" / "binh-thuan-2022.toml"
    broken = tmp_path / "quy-dinh.toml"
    text = shipped.read_text(encoding="utf-8")
    assert 'grade = "yeu"' in text
    broken.write_text(text.replace('grade = "yeu"', 'grade = "tot"'), encoding="utf-8")
    answer = syncd("rules", "test", broken, "--json")
    assert (answer.code, answer.document["ok"]) == (1, False)


def test_dossier_verify_finds_the_demo_s_whole_and_an_altered_one_not(demo: Path, tmp_path: Path) -> None:
    whole = syncd("dossier", "verify", demo.parent / "ho-so-bao-vi-du.zip", "--json")
    document = assert_contract(whole, "valid", "checks")
    assert (whole.code, document["valid"]) == (0, True)
    assert all({"name", "ok", "detail"} <= set(check) for check in document["checks"])
    broken = tmp_path / "x.zip"
    broken.write_bytes((demo.parent / "ho-so-bao-vi-du.zip").read_bytes()[:-200])
    answer = syncd("dossier", "verify", broken, "--json")
    assert (answer.code, answer.document["valid"]) == (1, False)


def test_dossier_build_writes_where_it_was_told(own_demo: Callable[[], Path], tmp_path: Path) -> None:
    config, out = own_demo(), tmp_path / "hoi.zip"
    answer = syncd(
        "dossier", "build", "--unit", "hoi-im-lang", "--periods", "2026-03..2026-04", "-o", out, "--json", "-c", config,
        *NOW,
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert_contract(answer)
    assert syncd("dossier", "verify", out).code == 0


def test_ledger_verify_and_show(demo: Path) -> None:
    answer = syncd("ledger", "verify", "--json", "-c", demo)
    document = assert_contract(answer, "valid", "size", "root")
    assert (answer.code, document["valid"]) == (0, True)
    shown = assert_contract(syncd("ledger", "show", "--json", "--limit", "3", "-c", demo), "leaves", "size", "root")
    assert [leaf["seq"] for leaf in shown["leaves"]] == [0, 1, 2]
    assert shown["root"] == document["root"]


def test_mail_preview_send_and_log(own_demo: Callable[[], Path]) -> None:
    config = own_demo()
    before = sorted((config.parent / "mail").rglob("*"))
    preview = syncd("mail", "preview", "statement", "--period", "2026-06", "--json", "-c", config, *NOW)
    assert preview.code == 0
    assert len(assert_contract(preview, "letters")["letters"]) == 8
    again = syncd("mail", "send", "statement", "--period", "2026-06", "--json", "-c", config, *NOW)
    assert again.code == 0, again.err
    assert sorted((config.parent / "mail").rglob("*")) == before, "a letter went out twice"
    log = assert_contract(syncd("mail", "log", "statement", "--json", "-c", config), "mails")
    assert {mail["state"] for mail in log["mails"]} == {"sent"}


def test_close_again_is_refused_and_adjust_stands_beside(own_demo: Callable[[], Path]) -> None:
    config = own_demo()
    assert syncd("close", "2026-06", "--json", "-c", config, *NOW).code == 2
    answer = syncd(
        "adjust", "hoi-im-lang", "2026-06", "--kind", "posts", "--posts", "5", "--reason", "theo giải trình",
        "--document", "Công văn số 9 (giả định)", "--approved-by", "Nguyễn Văn Thí Dụ", "--approved-by",
        "Trần Thị Giả Định", "--json", "-c", config, *NOW,
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert_contract(answer)
    table = syncd("quota", "--period", "2026-06", "--json", "-c", config, *NOW).document
    cell = next(unit for unit in table["units"] if unit["unit"] == "hoi-im-lang")["periods"][0]
    assert (cell["status"], cell["counted"], cell["as_closed"]["counted"]) == ("met", 6, 1)


def test_steps_against_sites_that_are_gone_are_a_foreign_failure(own_demo: Callable[[], Path]) -> None:
    config = own_demo()
    now = ("--now", "2026-07-07T12:00+07:00")
    collected = syncd("collect", "--json", "-c", config, *now)
    assert collected.code == 3
    for counts in assert_contract(collected, "units")["units"].values():
        assert {"new", "changed", "unchanged", "skipped", "failed"} <= set(counts)
    published = syncd("publish", "--json", "-c", config, *now)
    assert published.code == 0
    assert_contract(published, "units")
    counted = syncd("census", "--json", "-c", config, *now)
    assert counted.code == 0
    assert_contract(counted, "units")
    together = syncd("sync", "--unit", "van-phong", "--json", "-c", config, *now)
    assert together.code == 3
    document = assert_contract(together, "collect", "publish", "census", "units")
    assert list(document["units"]) == ["van-phong"]


def test_a_unit_named_by_hand_is_looked_at_even_while_its_source_rests(own_demo: Callable[[], Path]) -> None:
    config = own_demo()
    for _ in range(2):
        answer = syncd("collect", "--json", "-c", config, *NOW)
    assert answer.document["units"]["van-phong"]["resting"] == 1
    answer = syncd("collect", "--unit", "van-phong", "--json", "-c", config, *NOW)
    assert (answer.document["units"]["van-phong"]["failed"], answer.code) == (1, 3)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["explain", "khong-co", "2026-02"], "van-phong"),
        (["explain", "van-phong", "2026-13"], "2026"),
        (["quota", "--period", "thang-hai"], ""),
        (["quota", "--assessment", "1999"], "2026"),
        (["quota", "--period", "2026-02", "--assessment", "2026"], ""),
        (["rank", "--assessment", "1999"], "2026"),
        (["rank", "--simulate", "van-phong"], "--simulate"),
        (["collect", "--unit", "khong-co"], "van-phong"),
        (["mail", "preview", "khong-co"], "statement"),
        (["status", "--now", "hôm nay"], "2026-11-01T08:00"),
        (["quotaa"], "quota"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_wrong_call_ends_with_2_and_a_way_out(demo: Path, arguments: list[str], said: str) -> None:
    answer = syncd(*arguments, *([] if arguments == ["quotaa"] else ["-c", demo]))
    assert answer.code == 2, answer.err
    assert answer.out == ""
    assert said in answer.err
    assert "Traceback" not in answer.err


def test_the_configuration_is_looked_for_here_first(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = syncd("quota")
    assert answer.code == 2
    assert "config.toml" in answer.err
    assert "/etc/syncd/config.toml" in answer.err
    assert "syncd init" in answer.err
    monkeypatch.chdir(demo.parent)
    assert syncd("rules", "test").code == 0


def test_init_makes_a_configuration_that_is_checked_and_read(tmp_path: Path) -> None:
    assert syncd("init", tmp_path / "moi").code == 0
    config = tmp_path / "moi" / "config.toml"
    kept = config.read_text(encoding="utf-8")
    assert syncd("init", tmp_path / "moi").code == 0
    assert config.read_text(encoding="utf-8") == kept
    answer = syncd("check", "--json", "-c", config)
    assert (answer.code, answer.document["ok"], answer.document["problems"]) == (0, True, [])
    assert syncd("status", "-c", config).code == 1


def test_a_reader_that_leaves_is_no_failure(demo: Path) -> None:
    answer = process("ledger", "show", "--limit", "100000", "-c", demo, shell_tail="| head -1")
    assert answer.code == 0
    assert len(answer.err.splitlines()) == 1, answer.err
    answer = process("quota", "--json", "-c", demo, *NOW, shell_tail="| true")
    assert (answer.code, answer.err) == (1, "")


def test_logs_go_to_standard_error_and_the_document_alone_to_standard_output(own_demo: Callable[[], Path]) -> None:
    answer = process("collect", "--json", "-c", own_demo(), *NOW)
    assert answer.code == 3
    json.loads(answer.out)


def test_help_lists_every_command_with_its_own_help(demo: Path) -> None:
    answer = syncd("--help")
    assert answer.code == 0
    for name in COMMANDS:
        assert re.search(rf"^  {name}\b", answer.out, re.MULTILINE)
        assert syncd(name, "--help").code == 0


def test_help_does_not_wait_for_the_libraries_of_the_commands() -> None:
    code = "import sys; sys.argv = ['syncd', '--help']\nimport syncd.cli, atexit\n"
    code += "atexit.register(lambda: print(sorted({'sqlalchemy', 'httpx', 'pydantic', 'structlog'} & set(sys.modules)), file=sys.stderr))\n"
    code += "syncd.cli.main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr.strip() == "[]"


def test_no_name_is_broken_over_lines_where_nobody_looks(demo: Path) -> None:
    lines = syncd("quota", "-c", demo, *NOW).out.splitlines()
    assert len(lines) == 1 + 8 + 1
    assert any(line.startswith("Trường Chính trị Trích Dẫn ") for line in lines)


@pytest.mark.parametrize("report", [CollectReport(unit=UnitId("ban-a")), PublishCounts()], ids=["collect", "publish"])
def test_every_count_of_a_step_has_a_heading(report: CollectReport | PublishCounts) -> None:
    counts = {name for name, value in report.as_json().items() if isinstance(value, int)}
    assert counts <= set(HEADINGS)


def test_an_english_office_reads_english(own_demo: Callable[[], Path]) -> None:
    config = own_demo()
    text = config.read_text(encoding="utf-8").replace("[office]\n", '[office]\nlanguage = "en"\n')
    config.write_text(text, encoding="utf-8")
    shown = syncd("quota", "-c", config, *NOW).out
    assert shown.startswith("Unit ")
    assert "undetermined" in shown
    assert "Months short" in shown
    assert "since 2026-" in syncd("status", "-c", config, *NOW).out


def test_status_marks_how_bad_a_thing_is_and_says_times_in_words(demo: Path) -> None:
    lines = syncd("status", "-c", demo, *NOW).out.splitlines()
    short = next(line for line in lines if "thiếu, 1/6" in line)
    assert short.startswith("! hoi-im-lang: ")
    assert short.endswith("(từ 00:00 ngày 04/07/2026)")
    assert [line for line in lines if line.startswith("· ")], "what is good to know has a sign of its own"
