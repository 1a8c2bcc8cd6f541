"""Memory of the daemon's process: as it starts, after a cycle over 250 units, and at its highest."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from yardstick.farm import farm
from yardstick.measure import memory_mb, show
from yardstick.office import scratch, write_config

from syncd.bootstrap import socket_path
from syncd.config import load_config

SITES = 20
PATIENCE_S = 60
NEVER = "collect_every_minutes = 1440\npublish_every_minutes = 1440\ncensus_every_minutes = 1440"


def main() -> None:
    with scratch() as folder, farm(SITES) as sites:
        config = write_config(folder, map(sites.url, range(SITES)), schedule=NEVER, web_port=free_port())
        program = [sys.executable, "-m", "syncd"]
        with (folder / "log").open("wb") as log:
            daemon = subprocess.Popen([*program, "run", "-c", str(config)], stdout=log, stderr=log)
            try:
                wait_for(socket_path(load_config(config)), daemon)
                idle = memory_mb(daemon.pid)
                for step in ("collect", "publish", "census"):
                    subprocess.run([*program, step, "-c", str(config)], stdout=subprocess.DEVNULL, check=True)
                after, peak = memory_mb(daemon.pid), memory_mb(daemon.pid, peak=True)
            finally:
                daemon.send_signal(signal.SIGTERM)
                daemon.wait()
    show(
        f"Memory of syncd run, {SITES} units, {SITES * 30:,} posts",
        ["", "MB"],
        [["started", idle], ["after collect, publish, census", after], ["peak", peak]],
    )


def wait_for(path: Path, daemon: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not path.exists():
        if daemon.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("the daemon did not start")
        time.sleep(0.1)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
