"""The documents: their commands run, their links lead somewhere, and what they name exists."""

import re
import shlex
import subprocess
import tomllib
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest
import typer

from syncd.cli.app import app
from tests.acceptance.commands import Answer, syncd

ROOT = Path(__file__).resolve().parents[1]
READMES = ("README.md", "README.vi.md")
MANUALS = ("docs/manual.vi.md", "docs/manual.en.md")
DOCUMENTS = sorted(
    [*(ROOT / name for name in READMES), ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")],
    key=lambda path: path.name,
)
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Reach outside, stay up, or take the whole suite: they have tests of their own.
NOT_RUN_HERE = ("make test", "make portals", "make bench", "make check", "syncd probe", "syncd sync", "syncd run")


def blocks(document: Path, language: str) -> list[str]:
    return [body for found, body in BLOCK.findall(document.read_text(encoding="utf-8")) if found == language]


def console_lines(document: Path, prompts: str) -> Iterator[list[str]]:
    """The words of each command that is typed in a console block, continued lines joined."""
    for block in blocks(document, "console"):
        for line in block.replace("\\\n", " ").splitlines():
            if line[:2] in [f"{prompt} " for prompt in prompts]:
                yield shlex.split(line[2:], comments=True)


def leaf_commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    subcommands = getattr(command, "list_commands", None)
    if subcommands is None:
        yield " ".join(path), command
        return
    context = click.Context(command)
    for name in subcommands(context):
        yield from leaf_commands(command.get_command(context, name), (*path, name))  # type: ignore[attr-defined]  # a group


@pytest.fixture(scope="module")
def commands() -> dict[str, click.Command]:
    return dict(leaf_commands(typer.main.get_command(app)))


def options_of(command: click.Command) -> set[str]:
    return {"--help"} | {
        option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
    }


def named_command(words: list[str], commands: dict[str, click.Command]) -> str | None:
    return next((name for name in (" ".join(words[:2]), words[0]) if name in commands), None)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_and_option_that_a_document_shows_exists(
    document: Path, commands: dict[str, click.Command]
) -> None:
    text = document.read_text(encoding="utf-8")
    shown = [shlex.split(found) for found in re.findall(r"`syncd ([a-z][^`]*)`", text)]
    for words in console_lines(document, "$#"):
        typed = words[3:] if words[:3] == ["sudo", "-u", "syncd"] else words
        if typed[0] in ("syncd", ".venv/bin/syncd"):
            shown.append(typed[1:])
    groups = {name.split()[0] for name in commands if " " in name}
    for words in shown:
        if not re.fullmatch("[a-z]+", words[0]) or words == ["help"]:
            continue
        if words[0] in groups and (len(words) == 1 or words[1].startswith("-")):
            continue
        name = named_command(words, commands)
        assert name is not None, f"{document.name} shows `syncd {' '.join(words)}`"
        unknown = {word.split("=")[0] for word in words if re.match("--?[a-z]", word)} - options_of(commands[name])
        assert not unknown, f"{document.name} shows `syncd {' '.join(words)}`"


@pytest.mark.parametrize(
    "document", [("README.md",), ("docs/manual.vi.md", "docs/manual.en.md")], ids=["readme", "manual"]
)
def test_every_command_there_is_is_named(document: tuple[str, ...], commands: dict[str, click.Command]) -> None:
    text = "".join((ROOT / name).read_text(encoding="utf-8") for name in document)
    # `syncd collect`, `publish`, `census`: the first of a row carries the program's name
    missing = [name for name in commands if f"syncd {name}" not in text and f"`{name}`" not in text and name != "demo"]
    assert not missing


def test_every_command_explains_itself(commands: dict[str, click.Command]) -> None:
    for name, command in commands.items():
        assert command.help, name
        assert unicodedata.is_normalized("NFC", command.help), name


def anchors(document: Path) -> set[str]:
    """Anchors of headings, as the usual renderers make them."""
    made = set()
    for heading in re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE):
        kept = "".join(letter for letter in heading.lower() if letter.isalnum() or letter in " -_")
        made.add(kept.replace(" ", "-"))
    return made


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    text = BLOCK.sub("", document.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match("[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (document.parent / path).resolve() if path else document
        assert found.exists(), f"{document.name} -> {target}"
        assert not anchor or anchor in anchors(found), f"{document.name} -> {target}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_toml_blocks_load(document: Path) -> None:
    for block in blocks(document, "toml"):
        tomllib.loads(block)


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a checkout: what is tracked is not known")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


FORBIDDEN = {
    "a path of one machine": r"/(?:root|home/[a-z]+|work)/[a-z.]|/tmp/s/",
    "an unfinished end": r"\b(?:TODO|FIXME|XXX)\b|@[A-Z]+_[A-Z]+@",
    "a package registry": r"\bpyp[i]\.|pythonhoste[d]|--(?:extra-)?index-ur[l]",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_tracked_file_holds(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what])
    found = []
    for path in tracked_files():
        if path == Path(__file__) or path.is_relative_to(ROOT / "tests" / "data"):
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {hit.group()}" for hit in pattern.finditer(text)]
    assert not found


def table_of(text: str) -> list[str]:
    """The lines of the quota table, without the blanks at their ends."""
    lines = [line.rstrip() for line in text.splitlines()]
    start = next(number for number, line in enumerate(lines) if line.startswith("Đơn vị  "))
    end = next(number for number, line in enumerate(lines) if number > start and line.startswith("✔ đạt"))
    return lines[start : end + 1]


def test_the_readmes_commands_run_and_the_table_is_what_the_demonstration_prints(
    played: tuple[Path, Answer], own_demo: Callable[[], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_demo()
    printed = table_of(played[1].out)
    ran = set()
    for name in READMES:
        document = ROOT / name
        assert table_of(blocks(document, "text")[0]) == printed, name
        for words in console_lines(document, "$"):
            line = " ".join(words)
            known = line in ran or not line.startswith(("syncd", ".venv/bin/syncd"))
            if known or line.startswith(NOT_RUN_HERE) or "--online" in line:
                continue
            ran.add(line)
            if words[1] == "adjust":  # its unit is an example: the demonstration has others
                words = [
                    "doan-mat-mang" if word == "tinh-doan" else "2026-03" if word == "2026-10" else word
                    for word in words
                ]
                words += ["-c", "demo/config.toml"]
            words = [str(tmp_path / "srv") if word == "/srv/syncd" else word for word in words]
            monkeypatch.chdir(tmp_path / "srv" if words[1] in ("check", "rules") else tmp_path)
            done = syncd(*words[1:])
            assert done.code == 0, f"{line}: {done.out}{done.err}"
            assert done.out, line
    assert len(ran) >= 7
