"""The connections of one visit, in HTTP/1.1 as h11 reads and writes it.

h11 alone, without httpcore's connections around it: their pools, locks and traces are made for many threads and hosts at once,
and cost more than the request itself where one thread asks one host.
"""

import ssl
from collections.abc import Iterator, Sequence

import h11

from adapters.http.network import Dialer, NetworkFault, Wire
from adapters.http.web_addresses import WebAddress

_KEPT = 2  # origins: a site and the host its list or its pictures lie on
_KEEPALIVE_S = 4.0  # below the 5 s after which Apache closes, so that no request is sent into a closing connection
_MAX_HEAD_BYTES = 100 * 1024  # of one answer

Headers = Sequence[tuple[bytes, bytes]]


class Connection:
    """One wire, and one request at a time on it: `ask`, then `parts` of the body, then `end`. For one thread."""

    def __init__(self, wire: Wire, dialer: Dialer) -> None:
        self.wire = wire
        self._dialer = dialer
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD_BYTES)
        self._usable = True
        self._expires = 0.0

    def ask(self, method: str, target: str, headers: Headers, body: bytes) -> h11.Response:
        """The head of the answer; interim ones are passed over.

        Raises:
            NetworkFault, h11.ProtocolError: there is none.
        """
        self._usable = False
        http = self._http
        data = http.send(h11.Request(method=method, target=target, headers=list(headers)))
        if body:
            data += http.send(h11.Data(data=body))
        data += http.send(h11.EndOfMessage())
        refused = not self._taken(data)
        while True:
            event = self._event()
            if isinstance(event, h11.Response):
                self._usable = not refused
                return event

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
        while isinstance(event := self._event(), h11.Data):
            yield bytes(event.data)

    def _event(self) -> h11.Event:
        http = self._http
        while True:
            event = http.next_event()
            if event is h11.NEED_DATA:
                data = self.wire.read()
                if not data and http.their_state is h11.SEND_RESPONSE:
                    raise h11.RemoteProtocolError("the server closed the connection without an answer")
                http.receive_data(data)
            elif isinstance(event, h11.Event):
                return event
            else:
                raise h11.RemoteProtocolError("the server changed the protocol")

    def end(self) -> bool:
        """The answer is done with. False where nothing more can be asked here, and the wire is closed."""
        http = self._http
        if self._usable and http.our_state is h11.DONE and http.their_state is h11.DONE:
            http.start_next_cycle()
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
