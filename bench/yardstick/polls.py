"""One poll of the farm by a process of its own, syncd's or reader's: its CPU, its time on the wall and its memory, start-up included.

The first poll of each in a checkout compiles its modules; it must not be measured.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).parent
_REQUIREMENTS = _HERE.parent / "reader-requirements.txt"
_ROOT = _HERE.parents[1]
# Both as they are after an installation by pip, which compiles: where the environment forbids to write bytecode, or the installer
# left it to the first run, every process would compile its imports again, which costs more than a thousand looks.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {
    "PYTHONPYCACHEPREFIX": str(_ROOT / "build" / "bytecode")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    cpu_s: float
    wall_s: float
    peak_mb: float


def poll_by_syncd(config: Path, *, new: int) -> Poll:
    """One look at every unit of a configuration; each must bring `new` posts."""
    return _run([sys.executable, str(_HERE / "syncd_poll.py"), str(config), str(new)])


def poll_by_reader(python: Path, folder: Path, urls: Sequence[str], *, workers: int, ca_file: Path | None) -> Poll:
    """One update of the feeds by reader, in the database of the folder."""
    listed = folder / "urls"
    listed.write_text("\n".join(urls), encoding="ascii")
    script = [str(python), str(_HERE / "reader_poll.py"), str(folder / "reader.db"), str(listed), str(workers)]
    return _run([*script, str(ca_file)] if ca_file else script)


def reader_python() -> Path | None:
    """The interpreter that has reader, made under build/ at first; None where it cannot be installed."""
    venv = _ROOT / "build" / "reader"
    python = venv / "bin" / "python"
    ready = venv / ".ready"
    if not ready.exists():
        made = [[sys.executable, "-m", "venv", str(venv)]]
        made += [[str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(_REQUIREMENTS)]]
        for command in made:
            if subprocess.run(command, capture_output=True, check=False).returncode:
                return None
        ready.touch()
    return python


def _run(command: Sequence[str]) -> Poll:
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=_ENVIRONMENT)
    assert process.stdout is not None
    peak_kb = process.stdout.read()
    process.stdout.close()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{command[1]} ended with {process.returncode}")
    wall_s = time.perf_counter() - began
    return Poll(cpu_s=used.ru_utime + used.ru_stime, wall_s=wall_s, peak_mb=int(peak_kb) / 1024)
