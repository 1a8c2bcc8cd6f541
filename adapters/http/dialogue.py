"""One request and its answer as h11 writes and reads them: whatever is out of the ordinary in HTTP/1.1 is judged here.

h11 alone, without httpcore's connections around it: their pools, locks and traces are made for many threads and hosts at once,
and cost more than the request itself where one thread asks one host.
"""

import contextlib
from collections.abc import Iterator

import h11

from adapters.http.network import Dialer, NetworkFault, Wire
from adapters.http.plain_exchange import Head, Headers

_MAX_HEAD_BYTES = 100 * 1024  # of one answer


class Dialogue:
    """A request that was or will be sent as `request` on the wire. For one thread.

    Raises:
        NetworkFault: here and by every method, what was asked or answered is no HTTP.
    """

    def __init__(self, wire: Wire, dialer: Dialer, method: str, target: str, headers: Headers, body: bytes) -> None:
        self._wire = wire
        self._dialer = dialer
        self._http = http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD_BYTES)
        with self._judged():
            self.request = http.send(h11.Request(method=method, target=target, headers=list(headers)))
            if body:
                self.request += http.send(h11.Data(data=body))
            self.request += http.send(h11.EndOfMessage())

    def receive(self, data: bytes) -> None:
        """Take what was read from the wire already."""
        with self._judged():
            if not data and self._http.their_state is h11.SEND_RESPONSE:
                raise h11.RemoteProtocolError("the server closed the connection without an answer")
            self._http.receive_data(data)

    def head(self) -> Head:
        """The head of the answer; interim ones are passed over."""
        while True:
            event = self._event()
            if isinstance(event, h11.Response):
                return Head(event.status_code, list(event.headers))

    def parts(self) -> Iterator[bytes]:
        """The body as it comes."""
        while isinstance(event := self._event(), h11.Data):
            yield bytes(event.data)

    @property
    def stays(self) -> bool:
        """Everything was said and read, and the connection may be used again."""
        http = self._http
        return http.our_state is h11.DONE and http.their_state is h11.DONE and not http.trailing_data[0]

    def _event(self) -> h11.Event:
        while True:
            with self._judged():
                event = self._http.next_event()
            if event is h11.NEED_DATA:
                self.receive(self._wire.read())
            elif isinstance(event, h11.Event):
                return event
            else:
                raise NetworkFault("protocol", "the server changed the protocol")

    @contextlib.contextmanager
    def _judged(self) -> Iterator[None]:
        try:
            yield
        except h11.RemoteProtocolError as err:
            raise NetworkFault(self._dialer.broken_off(), str(err)) from err
        except h11.LocalProtocolError as err:
            raise NetworkFault("protocol", str(err)) from err
