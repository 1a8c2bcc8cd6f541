"""Runs commands: most of them inside this process, through the console script's own function; some as processes of their own."""

import contextlib
import io
import json
import logging
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from syncd.cli import main

# One server for the whole suite: everything is imported there once, ahead of every child.
CHILDREN = multiprocessing.get_context("forkserver")
CHILDREN.set_forkserver_preload(
    [
        "tests.crash.world", "tests.acceptance.commands", "syncd.cli.context", "syncd.cli.work", "syncd.cli.evidence",
        "syncd.cli.inspection", "syncd.delivery.operations", "syncd.delivery.daemon", "adapters.sources.feed",
        "adapters.portals.outbox", "adapters.portals.wordpress", "adapters.mail.maildir", "adapters.mail.smtp",
        "adapters.ranking.http", "adapters.http.dialogue", "syncd.testing.crash_points",
    ]
)  # fmt: skip


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


def forked(*arguments: str | Path, max_file_bytes: int = 0) -> Answer:
    """`syncd ARGUMENTS` in a process of its own that has its libraries already; its files may not grow beyond `max_file_bytes`."""
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        child = CHILDREN.Process(target=_run, args=([*map(str, arguments)], out, err, max_file_bytes))
        child.start()
        child.join(timeout=120)
        if child.exitcode is None:
            child.kill()
            child.join()
        code = child.exitcode
        child.close()
        return Answer(-1 if code is None else code, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8"))


def _run(arguments: list[str], out: Path, err: Path, max_file_bytes: int) -> None:
    for path, stream in ((out, sys.stdout), (err, sys.stderr)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), stream.fileno())
    if max_file_bytes:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (max_file_bytes, max_file_bytes))
    sys.argv = ["syncd", *arguments]
    main()
