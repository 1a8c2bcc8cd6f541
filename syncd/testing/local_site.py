"""A real web server on loopback, whose pages and misbehaviour a test sets.

    with LocalSite() as site:
        site.page("/feed.xml", FEED, content_type="application/rss+xml", etag='"1"')
        ...read site.url("/feed.xml")...
        assert site.count("/feed.xml") == 1

One thread per connection, keep-alive, TCP_NODELAY; no delay of its own. Works on bytes and sockets, so that it can answer
what no proper server would.
"""

import contextlib
import email.utils
import socket
import ssl
import struct
import threading
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import IO
from urllib.parse import parse_qs, unquote, urlsplit

MAX_HEAD_BYTES = 256 * 1024
PAUSE_S = 0.01  # how soon a misbehaving connection notices that the site closes


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenRequest:
    """One request as it arrived. Header names are in lower case; of a repeated header the last value is kept."""

    method: str
    target: str  # as sent, with its query
    headers: Mapping[str, str]
    body: bytes = b""
    peer: tuple[str, int] = ("", 0)

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One proper answer. With `etag` or `last_modified` a matching conditional GET is answered with 304 and no body."""

    body: bytes = b""
    status: int = 200
    content_type: str | None = "text/html; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str | None = None
    last_modified: str | None = None


Handler = Callable[[SeenRequest], Page]
Behaviour = Callable[["Line", SeenRequest], bool | None]  # True: the connection may be used again


class Line:
    """One connection, for a behaviour that writes to it as it likes. It is closed afterwards, unless the behaviour returns True."""

    def __init__(self, sock: socket.socket, closing: threading.Event) -> None:
        self._sock = sock
        self._closing = closing

    def send(self, data: bytes) -> None:
        """Write all of `data`; an OSError tells that the other side has gone."""
        self._sock.sendall(data)

    def wait(self, seconds: float) -> bool:
        """Wait; True when the site closes meanwhile."""
        return self._closing.wait(seconds)

    def reset(self) -> None:
        """Close so that the other side sees a reset."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        socket.socket.close(self._sock)


class LocalSite:
    """A website on 127.0.0.1 at a free port. A path that was not set is answered with 404. May be shared by threads.

    `tls`: a server-side context; then the site speaks https as `localhost`. `requests` keeps every request in order of arrival.
    `most_connections`: one more than these at once is reset unheard.
    """

    def __init__(self, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self._tls = tls
        self._host = host
        self._pages: dict[str, Behaviour] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self.requests: list[SeenRequest] = []
        self.connections = 0
        self.most_connections: int | None = None
        self.port = 0
        self._listener: socket.socket | None = None
        self.resume()

    # --- what it serves ---------------------------------------------------------------------------

    @property
    def base_url(self) -> str:
        """Without a trailing slash."""
        return f"https://localhost:{self.port}" if self._tls else f"http://{self._host}:{self.port}"

    def url(self, path: str = "/") -> str:
        return self.base_url + path

    def page(
        self,
        path: str,
        body: bytes | str = b"",
        *,
        status: int = 200,
        content_type: str | None = "text/html; charset=utf-8",
        headers: Mapping[str, str] | None = None,
        etag: str | None = None,
        last_modified: str | None = None,
    ) -> None:
        """Serve `body` at `path` (text as UTF-8), in place of what was there. The query does not matter."""
        page = Page(
            body=body.encode() if isinstance(body, str) else body,
            status=status,
            content_type=content_type,
            headers=headers or {},
            etag=etag,
            last_modified=last_modified,
        )
        self.answer(path, lambda request: page)

    def answer(self, path: str, handler: Handler) -> None:
        """Let `handler` make the page at each request. A path ending in `*` stands for all that begin so."""

        def behaviour(line: Line, request: SeenRequest) -> bool:
            line.send(_answer_bytes(handler(request), request))
            return request.headers.get("connection", "").lower() != "close"

        self.behave(path, behaviour)

    def behave(self, path: str, behaviour: Behaviour) -> None:
        """Let `behaviour` write the answer itself, properly or not."""
        with self._lock:
            self._pages[path] = behaviour

    def remove(self, path: str) -> None:
        with self._lock:
            self._pages.pop(path, None)

    # --- misbehaviour -----------------------------------------------------------------------------

    def redirect(self, path: str, to: str, *, status: int = 302) -> None:
        self.page(path, b"", status=status, headers={"Location": to})

    def raw(self, path: str, data: bytes) -> None:
        """Send exactly `data` and close."""

        def behaviour(line: Line, request: SeenRequest) -> None:
            line.send(data)

        self.behave(path, behaviour)

    def drip(self, path: str, body: bytes, *, every_s: float, head: bool = False) -> None:
        """Send `body` (with `head`: the header block too) a byte at a time."""

        def behaviour(line: Line, request: SeenRequest) -> None:
            start = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            if not head:
                line.send(start)
            for byte in (start + body) if head else body:
                if line.wait(every_s):
                    return
                line.send(bytes((byte,)))

        self.behave(path, behaviour)

    def short(self, path: str, body: bytes, *, missing: int = 10) -> None:
        """Announce `missing` bytes more than are sent."""
        self.raw(path, f"HTTP/1.1 200 OK\r\nContent-Length: {len(body) + missing}\r\n\r\n".encode() + body)

    def reset(self, path: str, *, after: bytes = b"") -> None:
        """Send `after` and reset the connection."""

        def behaviour(line: Line, request: SeenRequest) -> None:
            if after:
                line.send(after)
                line.wait(0.05)  # else the reset overtakes what was sent
            line.reset()

        self.behave(path, behaviour)

    def garbage(self, path: str) -> None:
        """Answer with what is no HTTP."""
        self.raw(path, b"\x00\xffxin chao, day khong phai HTTP\r\n\r\n")

    def silent(self, path: str, *, after: bytes = b"") -> None:
        """Send `after` and nothing more, with the connection open."""

        def behaviour(line: Line, request: SeenRequest) -> None:
            if after:
                line.send(after)
            while not line.wait(PAUSE_S * 10):
                pass

        self.behave(path, behaviour)

    def bomb(self, path: str, *, size: int, coding: str = "gzip") -> None:
        """`size` zero bytes, compressed (`gzip` or `deflate`) to about a thousandth."""
        squeeze = zlib.compressobj(9, zlib.DEFLATED, 31 if coding == "gzip" else 15)
        parts = [squeeze.compress(bytes(1 << 20)) for _ in range(size >> 20)]
        parts += [squeeze.compress(bytes(size & 0xFFFFF)), squeeze.flush()]
        self.page(path, b"".join(parts), headers={"Content-Encoding": coding})

    # --- what it saw ------------------------------------------------------------------------------

    def count(self, path: str | None = None) -> int:
        """How many requests came, in all or for one path."""
        with self._lock:
            return len(self.requests) if path is None else sum(seen.path == path for seen in self.requests)

    def last(self) -> SeenRequest:
        with self._lock:
            return self.requests[-1]

    def forget(self) -> None:
        with self._lock:
            self.requests.clear()

    # --- up and down ------------------------------------------------------------------------------

    def pause(self) -> None:
        """Refuse connections from now on, and drop the ones that are open."""
        with self._lock:
            listener, self._listener = self._listener, None
            connections = list(self._open)
        for sock in ([listener] if listener else []) + connections:
            # the plain shutdown: the one of an SSLSocket would take the TLS layer from under its own thread
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
        if listener:
            listener.close()

    def resume(self) -> None:
        """Listen, again at the same port."""
        if self._listener is not None:
            return
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self._host, self.port))
        listener.listen(128)
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._start(self._accept, listener)

    def close(self) -> None:
        self._closing.set()
        self.pause()
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join(timeout=5)

    def __enter__(self) -> "LocalSite":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- serving ----------------------------------------------------------------------------------

    def _start(self, target: Callable[[socket.socket], None], sock: socket.socket) -> None:
        thread = threading.Thread(target=target, args=(sock,), daemon=True, name="local-site")
        with self._lock:
            self._threads = [old for old in self._threads if old.is_alive()]
            self._threads.append(thread)
            thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                sock, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                full = self.most_connections is not None and len(self._open) >= self.most_connections
            if full:
                Line(sock, self._closing).reset()
            else:
                self._start(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._open.add(sock)
            self.connections += 1
        raw = sock
        try:
            if self._tls:
                sock = self._tls.wrap_socket(raw, server_side=True)
                with self._lock:
                    self._open.discard(raw)
                    self._open.add(sock)
            with sock.makefile("rb") as stream:
                while not self._closing.is_set() and (request := _read_request(stream, sock)) is not None:
                    with self._lock:
                        self.requests.append(request)
                    if not self._behaviour(request.path)(Line(sock, self._closing), request):
                        return
        except (OSError, ValueError):
            return  # the client has gone, or speaks no HTTP: nothing to tell it
        finally:
            with self._lock:
                self._open.discard(sock)
                self._open.discard(raw)
            socket.socket.close(sock)

    def _behaviour(self, path: str) -> Behaviour:
        with self._lock:
            if path in self._pages:
                return self._pages[path]
            stars = [key for key in self._pages if key.endswith("*") and path.startswith(key[:-1])]
            return self._pages[max(stars, key=len)] if stars else _not_found


def _not_found(line: Line, request: SeenRequest) -> bool:
    line.send(_answer_bytes(Page(status=404, body=b"not here"), request))
    return True


def _read_request(stream: IO[bytes], sock: socket.socket) -> SeenRequest | None:
    """The next request of a connection; None at its end."""
    start = stream.readline(MAX_HEAD_BYTES).decode("latin-1").split()
    if len(start) != 3 or not start[2].startswith("HTTP/"):  # a TLS hello may hold three words too
        return None
    headers: dict[str, str] = {}
    while (line := stream.readline(MAX_HEAD_BYTES)) not in (b"\r\n", b"\n", b""):
        name, _, value = line.decode("utf-8", "replace").partition(":")
        headers[name.strip().lower()] = value.strip()
    if headers.get("expect", "").lower() == "100-continue":
        sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = stream.read(int(headers.get("content-length", "0")))
    return SeenRequest(method=start[0], target=start[1], headers=headers, body=body, peer=sock.getpeername()[:2])


def _answer_bytes(page: Page, request: SeenRequest) -> bytes:
    status, body = page.status, page.body
    if status == 200 and request.method in ("GET", "HEAD") and _unchanged(page, request):
        status, body = HTTPStatus.NOT_MODIFIED.value, b""
    lines = [f"HTTP/1.1 {status} {_phrase(status)}"]
    if page.etag:
        lines.append(f"ETag: {page.etag}")
    if page.last_modified:
        lines.append(f"Last-Modified: {page.last_modified}")
    lines += [f"{name}: {value}" for name, value in page.headers.items()]
    given = {name.lower() for name in page.headers}
    if status not in (204, 304):
        if page.content_type and "content-type" not in given:
            lines.append(f"Content-Type: {page.content_type}")
        if not given & {"content-length", "transfer-encoding"}:
            lines.append(f"Content-Length: {len(body)}")
    head = ("\r\n".join(lines) + "\r\n\r\n").encode()
    return head if request.method == "HEAD" else head + body


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unassigned"


def _unchanged(page: Page, request: SeenRequest) -> bool:
    """RFC 9110, 13.2.2: If-None-Match decides where it is sent, else If-Modified-Since."""
    asked = request.headers.get("if-none-match")
    if asked is not None:
        tags = {tag.strip().removeprefix("W/") for tag in asked.split(",")}
        return page.etag is not None and ("*" in tags or page.etag.removeprefix("W/") in tags)
    since = request.headers.get("if-modified-since")
    if since is None or page.last_modified is None:
        return False
    try:
        return email.utils.parsedate_to_datetime(page.last_modified) <= email.utils.parsedate_to_datetime(since)
    except ValueError:
        return False
