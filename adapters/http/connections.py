"""The connections of one visit, in HTTP/1.1."""

import ssl
from collections.abc import Iterator
from typing import TYPE_CHECKING

from adapters.http.network import Dialer, NetworkFault, Wire
from adapters.http.plain_exchange import Head, Headers, PlainAnswer, plain_answer, plain_request
from adapters.http.web_addresses import WebAddress

if TYPE_CHECKING:
    from adapters.http.dialogue import Dialogue

_KEPT = 2  # origins: a site and the host its list or its pictures lie on
_KEEPALIVE_S = 4.0  # below the 5 s after which Apache closes, so that no request is sent into a closing connection


class Connection:
    """One wire, and one request at a time on it: `ask`, then `parts` of the body, then `end`. For one thread."""

    def __init__(self, wire: Wire, dialer: Dialer) -> None:
        self.wire = wire
        self._dialer = dialer
        self._plain: PlainAnswer | None = None
        self._dialogue: Dialogue | None = None
        self._usable = False
        self._left = 0  # bytes of a plain answer that are not read yet
        self._expires = 0.0

    def ask(self, method: str, target: str, headers: Headers, body: bytes) -> Head:
        """The head of the answer; interim ones are passed over.

        Raises:
            NetworkFault: there is none.
        """
        self._usable = False
        self._plain = self._dialogue = None
        request = None if body else plain_request(method, target, headers)
        if request is None:
            dialogue = self._begin(method, target, headers, body)
            taken = self._taken(dialogue.request)
        else:
            taken = self._taken(request)
            data = self.wire.read()
            self._plain = plain = plain_answer(data)
            if plain is not None:
                self._usable, self._left = taken and plain.stays, plain.length
                return plain.head
            dialogue = self._begin(method, target, headers, body)
            dialogue.receive(data)
        head = dialogue.head()
        self._usable = taken
        return head

    def _begin(self, method: str, target: str, headers: Headers, body: bytes) -> "Dialogue":
        from adapters.http.dialogue import Dialogue  # h11 takes 25 ms to import, which most processes need not spend

        self._dialogue = dialogue = Dialogue(self.wire, self._dialer, method, target, headers, body)
        return dialogue

    def _taken(self, data: bytes) -> bool:
        """Whether the server took the whole request.

        It may refuse a long one early, with a proper answer, or close after a TLS alert, which says why: both are there to be read.
        """
        self._dialer.sending()
        try:
            self.wire.write(data)
        except NetworkFault as fault:
            if fault.kind in ("timeout", "aborted"):
                raise
            return False
        return True

    def parts(self) -> Iterator[bytes]:
        """The body as it comes."""
        if self._plain is not None:
            return self._plain_parts(self._plain)
        return self._dialogue.parts() if self._dialogue is not None else iter(())

    def _plain_parts(self, answer: PlainAnswer) -> Iterator[bytes]:
        data = answer.body
        while True:
            if data:
                yield data[: self._left]
            if len(data) >= self._left:
                self._usable = self._usable and len(data) == self._left
                self._left = 0
                return
            self._left -= len(data)
            data = self.wire.read()
            if not data:
                had = f"{answer.length - self._left} bytes of {answer.length}"
                raise NetworkFault("truncated", f"the server closed the connection after {had}")

    def end(self) -> bool:
        """The answer is done with. False where nothing more can be asked here, and the wire is closed."""
        if self._usable and (self._left == 0 if self._dialogue is None else self._dialogue.stays):
            self._expires = self._dialer.now() + _KEEPALIVE_S
            return True
        self.wire.close()
        return False

    def is_fresh(self) -> bool:
        """Another request may be sent: it is not idle for long, and the server has not closed it."""
        return self._dialer.now() < self._expires and not self.wire.is_readable()


class Connections:
    """Keeps the last connections, one an origin, to be used again. For one thread."""

    def __init__(self, dialer: Dialer, tls: ssl.SSLContext) -> None:
        self._dialer = dialer
        self._tls = tls
        self._kept: dict[tuple[str, str, int], Connection] = {}

    def take(self, url: WebAddress) -> Connection:
        """A connection to the address's host; give it back by `put`.

        Raises:
            NetworkFault: none was had.
        """
        connection = self._kept.pop(url.origin, None)
        if connection is not None:
            if connection.is_fresh():
                return connection
            connection.wire.close()
        _, _, port = url.origin
        wire = self._dialer.connect_tcp(url.dialled_host, port)
        if url.scheme == "https":
            wire.start_tls(self._tls, url.dialled_host)
        return Connection(wire, self._dialer)

    def put(self, url: WebAddress, connection: Connection) -> None:
        """Keep the connection where more can be asked on it, and close it otherwise."""
        if connection.end():
            while len(self._kept) >= _KEPT:
                self._kept.pop(next(iter(self._kept))).wire.close()
            self._kept[url.origin] = connection

    def close(self) -> None:
        while self._kept:
            self._kept.popitem()[1].wire.close()
