"""The connections of one visit, on httpcore's HTTP/1.1.

Not its `ConnectionPool`: that is made for many threads and hosts at once, and its queues, locks and waits cost as much as the
request itself where one thread asks one host.
"""

import ssl

import httpcore

from adapters.http.network import Dialer

_KEPT = 2  # origins: a site and the host its list or its pictures lie on
_KEEPALIVE_S = 4.0  # below the 5 s after which Apache closes, so that no request is sent into a closing connection


class Connections:
    """Keeps the last connections, one an origin, to be used again. For one thread."""

    def __init__(self, dialer: Dialer, tls: ssl.SSLContext) -> None:
        self._dialer = dialer
        self._tls = tls
        self._kept: dict[tuple[bytes, bytes, int], httpcore.HTTP11Connection] = {}

    def ask(self, request: httpcore.Request) -> httpcore.Response:
        """The answer to a request; its body is read from it, and it must be closed before the next.

        Raises:
            NetworkFault, httpcore.ProtocolError, httpcore.NetworkError: no answer was had.
        """
        origin = request.url.origin
        key = (origin.scheme, origin.host, origin.port)
        connection = self._kept.pop(key, None)
        if connection is not None and (not connection.is_available() or connection.has_expired()):
            connection.close()
            connection = None
        if connection is None:
            while len(self._kept) >= _KEPT:
                self._kept.pop(next(iter(self._kept))).close()
            connection = self._opened(origin)
        self._kept[key] = connection
        return connection.handle_request(request)

    def _opened(self, origin: httpcore.Origin) -> httpcore.HTTP11Connection:
        host = origin.host.decode("ascii")
        stream = self._dialer.connect_tcp(host, origin.port)
        if origin.scheme == b"https":
            stream = stream.start_tls(self._tls, server_hostname=host)
        return httpcore.HTTP11Connection(origin, stream, keepalive_expiry=_KEEPALIVE_S)

    def close(self) -> None:
        while self._kept:
            self._kept.popitem()[1].close()
