"""Templates: what they print, what they refuse."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from rich.markup import escape

from syncd.cli.output import answering, report_error, table
from syncd.errors import ConfigError, StorageError
from syncd.rendering import Jinja2Renderer, day, instant, period_en, period_vi, visible
from syncd.resources import packaged, templates_dir


def renderer(folder: Path, language: str = "vi", **files: str) -> Jinja2Renderer:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Jinja2Renderer(language, [folder])


def test_undefined_names_are_errors_that_name_the_template(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a\.txt") as caught:
        renderer(tmp_path, a_txt="{{ unknown }}").render("a.txt", {})
    assert caught.value.hint


def test_a_template_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"mail/x/body\.txt"):
        renderer(tmp_path).render("mail/x/body.txt", {})


def test_html_is_escaped_and_text_is_not(tmp_path: Path) -> None:
    render = renderer(tmp_path, a_html="{{ t }}", a_txt="{{ t }}").render
    assert render("a.html", {"t": "<b>&"}) == "&lt;b&gt;&amp;"
    assert render("a.txt", {"t": "<b>&"}) == "<b>&"


def test_direction_and_control_characters_are_written_out(tmp_path: Path) -> None:
    render = renderer(tmp_path, a_html="{{ t }}").render
    assert render("a.html", {"t": "a\u202egnp.\x00<"}) == "a⟦U+202E⟧gnp.⟦U+0000⟧&lt;"
    assert visible("dòng 1\ndòng\t2") == "dòng 1\ndòng\t2"


def test_tag_characters_and_blank_letters_are_written_out_and_joiners_stay() -> None:
    assert visible("a\U000e0061\u3164\u2061b") == "a⟦U+E0061⟧⟦U+3164⟧⟦U+2061⟧b"
    assert visible("👨\u200d👩\u200d👧 ng\u200bhị") == "👨\u200d👩\u200d👧 ng\u200bhị"


def test_terminal_shows_what_would_steer_it(capsys: pytest.CaptureFixture[str]) -> None:
    with answering() as out:
        made = table("title")
        made.add_row(escape("tin \u202e[b]\x1b[31m"))
        out.print(made)
        out.print(escape("tin \x1b]0;t\x07"))
    report_error(StorageError("bad \u202e name"))
    shown = capsys.readouterr()
    assert "tin ⟦U+202E⟧[b]⟦U+001B⟧[31m" in shown.out
    assert "⟦U+001B⟧]0;t⟦U+0007⟧" in shown.out
    assert "bad ⟦U+202E⟧ name" in shown.err


def test_another_language_is_taken_from_its_folder_and_falls_back(tmp_path: Path) -> None:
    english = renderer(tmp_path, "en", m__a_txt="xin chào", m__en__a_txt="hello", m__b_txt="chỉ tiêu")
    assert english.render("m/a.txt", {}) == "hello"
    assert english.render("m/b.txt", {}) == "chỉ tiêu"


def test_an_office_folder_goes_before_the_program_s(tmp_path: Path) -> None:
    renderer(tmp_path / "own", a_txt="own")
    renderer(tmp_path / "ours", a_txt="ours", b_txt="ours")
    both = Jinja2Renderer("vi", [tmp_path / "own", tmp_path / "ours"])
    assert (both.render("a.txt", {}), both.render("b.txt", {})) == ("own", "ours")


def test_days_and_instants_are_shown_at_seven_hours_east() -> None:
    late = datetime(2026, 10, 31, 17, 5, tzinfo=UTC)
    assert day(late) == "01/11/2026"
    assert instant(late) == "00:05 01/11/2026"
    assert day(date(2028, 2, 29)) == "29/02/2028"
    assert (day(None), instant(None)) == ("–", "–")


@pytest.mark.parametrize(
    ("period", "vietnamese", "english"),
    [
        ("2026-10", "tháng 10/2026", "October 2026"),
        ("2026-W40", "tuần 40/2026", "week 40 of 2026"),
        ("2026-Q4", "quý IV/2026", "quarter 4 of 2026"),
        ("2026-H1", "6 tháng đầu năm 2026", "first half of 2026"),
        ("2026-01+02", "tháng 01 và 02/2026", "January and February 2026"),
    ],
)
def test_periods_are_named_in_words(period: str, vietnamese: str, english: str) -> None:
    assert period_vi(period) == vietnamese
    assert period_en(period) == english


def test_numbers_are_written_as_the_language_does(tmp_path: Path) -> None:
    text = "{{ 12345|number }} {{ 725.5|number }} {{ none|number }}"
    assert renderer(tmp_path, a_txt=text).render("a.txt", {}) == "12.345 725,5 –"
    assert renderer(tmp_path, "en", a_txt=text).render("a.txt", {}) == "12,345 725.5 –"


def test_templates_are_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert (templates_dir() / "mail" / "statement" / "body.txt").is_file()
    with pytest.raises(StorageError):
        packaged("no-such-file")
