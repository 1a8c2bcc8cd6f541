"""run: the daemon. A module of its own, because no other command needs the web server's libraries."""

from functools import partial
from typing import Annotated

import typer

from syncd import logs
from syncd.bootstrap import socket_path
from syncd.cli.context import ConfigOption, NowOption, clock_for, config_from, owning
from syncd.cli.standby import LOOK_EVERY_S, stand_by
from syncd.delivery.daemon import Daemon
from syncd.delivery.static_sites import static_sites
from syncd.storage.lock import DataLock


def run(
    config: ConfigOption = None,
    now: NowOption = None,
    log_level: Annotated[str, typer.Option("--log-level", help="debug, info, warning, error")] = "info",
    standby: Annotated[
        bool,
        typer.Option(
            "--standby",
            help="Nếu một tiến trình khác đang chạy thì chờ, khi nó ngừng thì thay (wait while another one runs, then take over)",
        ),
    ] = False,
) -> None:
    """Serve until SIGTERM; exit code 0 after a clean stop."""
    logs.configure(log_level)
    logs.configure_structlog()
    settings = config_from(config)
    look_every_s = min(LOOK_EVERY_S, settings.storage.lease_seconds / 4)
    take = partial(stand_by, every_s=look_every_s) if standby else DataLock.acquire
    while True:
        with owning(settings, clock_for(now), take=take) as (wired, lock):
            daemon = Daemon(
                wired.services,
                still_owner=lock.still_held,
                abort_fetches=wired.http.abort,
                socket_path=socket_path(settings),
                host=settings.web.host,
                port=settings.web.port,
                static=static_sites(settings),
            )
            code = daemon.run()
            goes_on = standby and not lock.still_held() and not daemon.asked_to_end
        if not goes_on:
            raise typer.Exit(code)
