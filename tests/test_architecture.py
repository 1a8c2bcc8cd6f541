"""The walls of the house: who may import whom, and that nothing works round them."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = [*sorted((ROOT / "syncd").rglob("*.py")), *sorted((ROOT / "adapters").rglob("*.py"))]


def test_import_contracts_hold() -> None:
    linter = Path(sys.executable).parent / "lint-imports"
    result = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def test_httpx_is_imported_in_one_place() -> None:
    users = {
        str(path.relative_to(ROOT)) for path in SOURCES if any(name.split(".")[0] == "httpx" for name in imported(path))
    }
    assert users == {"adapters/http/web_addresses.py"}


@pytest.mark.parametrize("package", ["domain", "vietnamese", "ports", "application"])
def test_the_core_imports_the_standard_library_and_itself_alone(package: str) -> None:
    foreign = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / "syncd" / package).rglob("*.py")
        for name in imported(path)
        if name.split(".")[0] not in sys.stdlib_module_names | {"syncd"}
    }
    assert not foreign


def test_testing_needs_neither_adapters_nor_pytest_when_imported() -> None:
    code = (
        "import pkgutil, importlib, sys, syncd.testing as t\n"
        "[importlib.import_module(f'syncd.testing.{m.name}') for m in pkgutil.iter_modules(t.__path__)]\n"
        "assert not {'pytest', '_pytest', 'adapters'} & set(sys.modules), sorted(sys.modules)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def calls(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def test_time_is_read_in_one_place() -> None:
    readers = {"datetime.now", "datetime.utcnow", "date.today", "time.time", "time.monotonic"}
    users = {
        f"{path.relative_to(ROOT)}:{line} {name}" for path in SOURCES for line, name in calls(path) if name in readers
    }
    # deadlines of sockets run on the monotonic clock, where no port reaches
    allowed = ("syncd/clock.py", "syncd/testing/", "adapters/http/network.py", "adapters/http/tls.py")
    assert {user for user in users if not user.startswith(allowed)} == set()


def test_failures_are_caught_by_name_except_at_the_two_edges() -> None:
    broad = set()
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ExceptHandler):
                continue
            everything = node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
            # one that cleans up and raises again swallows nothing
            if everything and not (isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None):
                broad.add(str(path.relative_to(ROOT)))
    # the job runner, and the edges where a caller waits for an answer: the socket and the pages
    assert broad <= {"syncd/delivery/scheduler.py", "syncd/delivery/control.py", "syncd/delivery/web.py"}


def test_modules_hold_one_idea() -> None:
    long = {
        str(path.relative_to(ROOT)): lines for path in SOURCES if (lines := len(path.read_text().splitlines())) > 400
    }
    assert long == {}
