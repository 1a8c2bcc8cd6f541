"""`syncd run`: one process that owns the data, runs the slots, answers on the socket and serves the pages.

The main thread waits for a signal. On SIGTERM or SIGINT nothing new starts; open fetches are aborted after 10 s, so that they end as
failed looks; an open push is left as it is: its intent is committed, and the next start looks before it sends again.
"""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Any

import structlog
import uvicorn
from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from syncd.application.jobs import Lane
from syncd.application.services import Services
from syncd.delivery.control import ControlServer
from syncd.delivery.operations import TOUCH_THE_PORTAL, perform
from syncd.delivery.scheduler import Scheduler
from syncd.delivery.web import create_app
from syncd.domain.ledger import LeafKind
from syncd.errors import StorageError

log = structlog.get_logger(__name__)

ABORT_FETCHES_AFTER_S = 10.0
GIVE_UP_AFTER_S = 25.0  # the service manager kills at 30 s and more


class Daemon:
    """One run of the service. The caller holds the data lock and has wired the services."""

    def __init__(
        self,
        services: Services,
        *,
        still_owner: Callable[[], bool],
        abort_fetches: Callable[[], None],
        socket_path: Path,
        host: str,
        port: int,
        static: Mapping[str, Path],
    ) -> None:
        self._services = services
        self._abort_fetches = abort_fetches
        # not an Event: its set() in a handler can lock itself out of the wait that the signal interrupted
        self._end: SimpleQueue[None] = SimpleQueue()
        self._failed = False
        self.asked_to_end = False  # by a signal
        self._scheduler = Scheduler(services, still_owner=still_owner, on_failure=self._fail)
        self._control = ControlServer(socket_path, self._perform)
        self._host, self._port = host, port
        self._static = static

    def run(self) -> int:
        """Serve until a signal, or until the data are another's; the exit code: 0 after a clean stop, 1 after a failure of our own."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        with ExitStack() as stack:
            listener = self._listen()
            recovered = self._recover()
            swept = self._services.files.sweep()
            self._control.start()
            stack.callback(self._control.stop)
            server, web = self._serve(listener)
            self._scheduler.start()
            log.info(
                "running", pid=os.getpid(), recovered_slots=recovered, swept_files=swept,
                pages=f"http://{self._host}:{listener.getsockname()[1]}/",
            )  # fmt: skip
            self._wait()
            log.info("stopping")
            clean = self._scheduler.stop(wait_s=ABORT_FETCHES_AFTER_S)
            if not clean:
                self._abort_fetches()
                clean = self._scheduler.stop(wait_s=GIVE_UP_AFTER_S - ABORT_FETCHES_AFTER_S)
            server.should_exit = True
            web.join(timeout=3.0)
            self._mark_stop(clean=clean)
            log.info("stopped", clean=clean)
            if not clean:
                # What still waits for a foreign system (a silent mail server) would keep the process for minutes, and
                # write when the data are another's already. Every step it is in is one that a crash may end.
                self._control.stop()
                sys.stderr.flush()
                os._exit(1 if self._failed else 0)
        return 1 if self._failed else 0

    def _wait(self) -> None:
        """Until a signal or a failure. The kernel may give a signal to any thread: the main one must come round to its handler."""
        while True:
            try:
                return self._end.get(timeout=1.0)
            except Empty:
                continue

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_end = True
        self._end.put(None)

    def _fail(self) -> None:
        self._failed = True
        self._end.put(None)

    def _perform(self, operation: str, arguments: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
        # on the lane of the slots: a typed `publish` must not become a second writer to the portal
        lane: Lane = "portal" if operation in TOUCH_THE_PORTAL else "office"
        return self._scheduler.run(lane, lambda: perform(self._services, operation, arguments))

    def _recover(self) -> int:
        """Give back the slots that a dead process had claimed, and say in the ledger that we started."""
        with self._services.db.write() as uow:
            recovered = uow.slots.recover(self._services.clock.now())
            uow.ledger.append(
                LeafKind.DAEMON_MARK, self._services.clock.now(), {"mark": "start", "recovered_slots": recovered}
            )
            uow.commit()
        return recovered

    def _mark_stop(self, *, clean: bool) -> None:
        try:
            with self._services.db.write() as uow:
                mark = {"mark": "stop", "clean": clean}
                uow.ledger.append(LeafKind.DAEMON_MARK, self._services.clock.now(), mark)
                uow.commit()
        except (
            StorageError
        ) as error:  # a database that is away, or that has become another's, must not keep us from ending
            log.warning("the stop is not recorded", error=str(error))

    def _listen(self) -> socket.socket:
        listener = socket.socket(socket.AF_INET6 if ":" in self._host else socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self._host, self._port))
        except OSError as error:
            listener.close()
            raise StorageError(
                f"the pages cannot be served on {self._host}:{self._port}: {error.strerror}",
                hint="another program has the port: set [web] port",
            ) from error
        return listener

    def _serve(self, listener: socket.socket) -> tuple[uvicorn.Server, threading.Thread]:
        app: FastAPI = create_app(self._services)
        for path, folder in self._static.items():
            folder.mkdir(parents=True, exist_ok=True)
            app.mount(path, StaticFiles(directory=folder, html=True))
        # in a thread of its own: in the main thread uvicorn would exit by signal before any clean-up
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="web", daemon=True)
        thread.start()
        return server, thread
