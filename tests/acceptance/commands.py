"""Runs commands: most of them inside this process, through the console script's own function; some as processes of their own."""

import contextlib
import io
import json
import logging
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from syncd.cli import main


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document of `--json`; anything beside it fails to parse."""
        return json.loads(self.out)


def syncd(*arguments: str | Path) -> Answer:
    """`syncd ARGUMENTS` in this process: the same function, without the interpreter's start."""
    out, err = io.StringIO(), io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    code: Any = 0
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        patch.setattr(sys, "argv", ["syncd", *map(str, arguments)])
        try:
            main()
        except SystemExit as end:
            code = end.code
        finally:
            root.handlers[:], root.level = handlers, level
    return Answer(code or 0, out.getvalue(), err.getvalue())


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "syncd", *map(str, arguments)]


def process(*arguments: str | Path, cwd: Path | None = None, shell_tail: str = "") -> Answer:
    """`syncd ARGUMENTS` as a process; `shell_tail` is put behind it, such as `| head -1`, and the code is that of syncd."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    if shell_tail:
        quoted = " ".join(f"'{part}'" for part in command(*arguments))
        argv = ["bash", "-c", f"{quoted} {shell_tail} >&2; exit ${{PIPESTATUS[0]}}"]
    else:
        argv = command(*arguments)
    done = subprocess.run(argv, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300, check=False)
    return Answer(done.returncode, done.stdout, done.stderr)
