"""The wheel: builds, installs, and finds its templates, rule sets and migrations from any folder."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

PROBE = """
import adapters, syncd
from syncd.resources import example_config, packaged, ruleset_names, ruleset_text, templates_dir
from syncd.registry import adapter_class
from syncd.storage.schema import revisions
from adapters.site_profiles import load_profiles
print(syncd.__file__)
assert (templates_dir() / "mail" / "statement" / "body.txt").is_file(), templates_dir()
assert "binh-thuan-2022" in ruleset_names() and "[ranking]" in ruleset_text("binh-thuan-2022")
assert "[[units]]" in example_config()
assert revisions()
assert "nukeviet" in {profile.name for profile in load_profiles()}
for family, kinds in adapters.BUILTIN.items():
    for kind in kinds:
        adapter_class(family, kind, key="x")
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.glob("*.whl"))


def test_the_wheel_holds_everything_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {"syncd", "adapters", next(top for top in tops if top.endswith(".dist-info"))}
    assert not [name for name in names if "tests/" in name or name.endswith((".pyc", ".db"))]


def test_an_installed_wheel_works_from_any_folder(wheel: Path, tmp_path: Path) -> None:
    target = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    environment = {**os.environ, "PYTHONPATH": str(target), "PYTHONSAFEPATH": "1"}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", PROBE], cwd=elsewhere, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().startswith(str(target))


def test_the_lock_names_no_addresses() -> None:
    for name in ("requirements.lock", "requirements-uv.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        assert text.count("==") <= text.count("--hash=sha256:")
