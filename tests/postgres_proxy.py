"""A wire between us and PostgreSQL that a test can cut, count on, or make look like a pooler's."""

import contextlib
import socket
import struct
import threading
from types import TracebackType
from typing import Any

from sqlalchemy import URL, make_url

_AUTHENTICATION, _BACKEND_KEY, _COMPLETE = b"R", b"K", b"C"


class PostgresProxy:
    """Carries each connection on to the server behind `url`. Its own address is `proxy.url`; a server on a Unix socket will do."""

    def __init__(self, url: str) -> None:
        self._server = make_url(url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = self._server_url().render_as_string(hide_password=False)
        self._commits_to_loss: int | None = None
        self.pretend_to_pool = False  # greet each client with a process id of our own, as poolers do
        self.asked = 0  # how often an answer was waited for: round trips
        self.lost = 0
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_commit(self, *, after: int = 0) -> None:
        """Carry so many COMMITs with their answers, then lose one's answer, and the connection with it."""
        self._commits_to_loss = after

    def lose_none(self) -> None:
        self._commits_to_loss = None

    def _server_url(self) -> URL:
        host, port = self._listener.getsockname()
        return self._server.set(host=host, port=port, query={})

    def _connect(self) -> socket.socket:
        folder = self._server.query.get("host", self._server.host)
        if isinstance(folder, str) and folder.startswith("/"):
            there = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            there.connect(f"{folder}/.s.PGSQL.{self._server.port or 5432}")
            return there
        return socket.create_connection((self._server.host or "127.0.0.1", self._server.port or 5432))

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = self._connect()
            self._sockets += [client, server]
            for source, target, watch in ((client, server, self._watch_client), (server, client, self._watch_server)):
                threading.Thread(target=self._carry, args=(source, target, watch), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, watch: Any) -> None:
        # closed either way: the other direction ends with it
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(watch(data))
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _watch_client(self, data: bytes) -> bytes:
        if data[:1] in (
            b"Q",
            b"P",
            b"B",
        ):  # a query, or the first message of a prepared one: the driver sends all of it at once
            self.asked += 1
        return data

    def _watch_server(self, data: bytes) -> bytes:
        if self._commits_to_loss is not None and data.startswith(_COMPLETE) and data[5:12] == b"COMMIT\0":
            if self._commits_to_loss == 0:
                self._commits_to_loss = None
                self.lost += 1
                raise ConnectionAbortedError
            self._commits_to_loss -= 1
        if self.pretend_to_pool and data.startswith(_AUTHENTICATION):
            at = data.find(_BACKEND_KEY + struct.pack("!i", 12))
            if at >= 0:
                return data[: at + 5] + struct.pack("!i", 4_000_000) + data[at + 9 :]
        return data

    def __enter__(self) -> "PostgresProxy":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
