"""Canary addresses: whether anything outside can be reached at all."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from urllib.parse import urlsplit

from adapters.http.addresses import AddressGuard, parse_networks
from adapters.http.client import PoliteClient
from adapters.http.failures import HttpFailure
from adapters.http.network import Dialer, NetworkFault, OpenSockets, Resolver
from syncd.errors import ConfigError
from syncd.ports.clock import Clock

_ANYWHERE = ("0.0.0.0/0", "::/0")  # the operator names them, as no website could
_TIMEOUT_S = 4.0


class CanaryAddresses:
    """Addresses as `host:port`, which must accept a connection, or `http(s)://…`, which must answer, with whatever status."""

    def __init__(self, addresses: Sequence[str], *, http: PoliteClient, clock: Clock) -> None:
        """Raises ConfigError for an address that is neither."""
        self._addresses = tuple(addresses)
        self._http = http
        self._clock = clock
        self._resolver = Resolver(threads=2)
        for index, address in enumerate(self._addresses):
            try:
                host_and_port(address)
            except ValueError as err:
                raise ConfigError(
                    str(err),
                    key=f"http.canaries[{index}]",
                    value=address,
                    hint='write "1.1.1.1:53" or "https://vidu.example/"',
                ) from err

    def any_answers(self) -> bool:
        with ThreadPoolExecutor(len(self._addresses), thread_name_prefix="canary") as pool:
            asked = [pool.submit(self._answers, address) for address in self._addresses]
            return any(answer.result() for answer in as_completed(asked))

    def _answers(self, address: str) -> bool:
        host, port = host_and_port(address)
        try:
            if "://" in address:
                with self._http.visit(allow_ports=(port,), allow_addresses=_ANYWHERE, spacing_s=0.0) as visit:
                    visit.send("HEAD", address, timeout_s=_TIMEOUT_S)
            else:
                self._connect(host, port)
        except (HttpFailure, NetworkFault):
            return False
        return True

    def _connect(self, host: str, port: int) -> None:
        dialer = Dialer(
            guard=AddressGuard(parse_networks(_ANYWHERE)),
            resolver=self._resolver,
            sockets=OpenSockets(),
            clock=self._clock,
            connect_timeout_s=_TIMEOUT_S,
        )
        dialer.begin(self._clock.monotonic() + _TIMEOUT_S)
        dialer.connect_tcp(host, port).close()


def host_and_port(address: str) -> tuple[str, int]:
    """The parts of a canary's address. Raises ValueError for what is none."""
    parts = urlsplit(address if "://" in address else f"//{address}")
    if not parts.hostname or parts.scheme not in ("", "http", "https"):
        raise ValueError(f'"{address}" is neither host:port nor a web address')
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    if port is None:
        raise ValueError(f'"{address}" names no port')
    return parts.hostname, port
