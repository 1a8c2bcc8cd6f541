"""run: the daemon. A module of its own, because no other command needs the web server's libraries."""

from typing import Annotated

import typer

from syncd import logs
from syncd.bootstrap import socket_path
from syncd.cli.context import ConfigOption, NowOption, clock_for, config_from, owning
from syncd.delivery.daemon import Daemon
from syncd.delivery.static_sites import static_sites


def run(
    config: ConfigOption = None,
    now: NowOption = None,
    log_level: Annotated[str, typer.Option("--log-level", help="debug, info, warning, error")] = "info",
) -> None:
    """Serve until SIGTERM; exit code 0 after a clean stop."""
    logs.configure(log_level)
    logs.configure_structlog()
    settings = config_from(config)
    with owning(settings, clock_for(now)) as (wired, lock):
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
    raise typer.Exit(code)
