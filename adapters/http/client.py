"""The one HTTP client: polite, bounded, and unable to reach what is not public.

`PoliteClient` is made once per process; a `Visit` is one look at one site, with connections of its own (one pool for all hosts costs
8-12 ms of CPU a request at 250 hosts). Works on sockets and h11 rather than on `httpx.Client`, of which nothing would be left in use:
redirects, content codings, cookies and time-outs are all done here.
"""

import base64
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self
from urllib.parse import urlencode

from adapters.http.addresses import AddressGuard, parse_networks
from adapters.http.connections import Connection, Connections
from adapters.http.failures import HttpFailure
from adapters.http.inflate import CodingError, check_coding, inflate
from adapters.http.network import STOPPING, Dialer, Lookup, NetworkFault, OpenSockets, Resolver, system_lookup
from adapters.http.pacing import Held, HostTurns, Stopped
from adapters.http.robots import MAX_ROBOTS_BYTES, Robots, RobotsBook, RobotsRefusal
from adapters.http.settings import HttpSettings, retry_after
from adapters.http.tls import SharedContext
from adapters.http.web_addresses import DEFAULT_PORTS, BadAddress, WebAddress, joined, read_address
from syncd.ports.clock import Clock
from syncd.ports.network import send_by
from syncd.ports.secret import Secret
from syncd.ports.source import Exchange, Known

__all__ = ["HttpFailure", "HttpSettings", "PoliteClient", "Visit", "retry_after"]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FOR_GOOD = frozenset({301, 308})
_MAX_DRAINED_BYTES = 64 * 1024  # of a redirect's body, so that its connection can be used again
_ROBOTS_TIMEOUT_S = 10.0
_NO_ROBOTS = Robots()


class PoliteClient:
    """Gives out visits. One per process, shared by threads.

    Per host there is one request in flight, and `spacing_s` between the end of one and the start of the next, whoever asks.
    """

    def __init__(self, settings: HttpSettings, *, clock: Clock, lookup: Lookup = system_lookup) -> None:
        self._settings = settings
        self._clock = clock
        self._guard = AddressGuard(parse_networks(settings.allow_addresses))
        self._turns = HostTurns(clock)
        self._resolver = Resolver(lookup=lookup)
        self._sockets = OpenSockets()
        self._tls = SharedContext(settings.extra_ca_files)
        token = settings.user_agent.partition("/")[0].partition(" ")[0] or "syncd"
        self._robots = RobotsBook(token=token, clock=clock, folder=settings.robots_dir)
        contact = f" (+{settings.contact})" if settings.contact else ""
        self._user_agent = " ".join((settings.user_agent + contact).split()).encode("ascii", "replace")
        self._ports = frozenset(settings.allow_ports)

    def visit(
        self,
        *,
        allow_ports: Collection[int] = (),
        allow_addresses: Sequence[str] = (),
        spacing_s: float | None = None,
        robots: bool = False,
        tls: SharedContext | None = None,
    ) -> "Visit":
        """A visit to one site, to be used in a `with` block; ports and address ranges are allowed besides those of the settings.

        `robots`: a website is read, so that its robots.txt is followed where the settings say so; never meant for an API.
        `tls`: in place of the client's own context, for a site that wants a certificate from us or has an authority of its own.
        """
        settings = self._settings
        dialer = Dialer(
            guard=self._guard.widened(allow_addresses),
            resolver=self._resolver,
            sockets=self._sockets,
            clock=self._clock,
            connect_timeout_s=settings.connect_timeout_s,
        )
        return Visit(
            settings,
            user_agent=self._user_agent,
            connections=Connections(dialer, tls or self._tls),
            dialer=dialer,
            turns=self._turns,
            clock=self._clock,
            ports=self._ports.union(allow_ports),
            spacing_s=settings.spacing_s if spacing_s is None else spacing_s,
            robots=self._robots if robots and settings.respect_robots else None,
        )

    def hold(self, host: str, until: datetime) -> None:
        """Send nothing to the host before `until` (at most a day ahead), as its Retry-After asked."""
        self._turns.hold(host.lower(), until)

    def abort(self) -> None:
        """End every request under way with kind `aborted`, and refuse new ones: the process is stopping."""
        self._sockets.abort()
        self._resolver.stop()
        self._turns.stop()


@dataclass(frozen=True, slots=True)
class _Ask:
    """One request to one address."""

    method: str
    url: WebAddress
    headers: list[tuple[bytes, bytes]]
    body: bytes
    conditional: bool = False
    max_bytes: int | None = None  # of the body; None: as the settings say


class Visit:
    """One look at one site, by one thread. Made by `PoliteClient.visit`; its connections are closed at the end of its `with` block."""

    def __init__(
        self,
        settings: HttpSettings,
        *,
        user_agent: bytes,
        connections: Connections,
        dialer: Dialer,
        turns: HostTurns,
        clock: Clock,
        ports: frozenset[int],
        spacing_s: float,
        robots: RobotsBook | None = None,
    ) -> None:
        self._settings = settings
        self._robots = robots
        self._delays: dict[str, float] = {}  # what hosts wrote into Crawl-delay
        self._connections = connections
        self._dialer = dialer
        self._turns = turns
        self._clock = clock
        self._ports = ports
        self._spacing_s = spacing_s
        self._user_agent = user_agent

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connections.close()

    def get(
        self, url: str, *, known: Known | None = None, accept: str = "*/*", private: Mapping[str, str] | None = None
    ) -> Exchange:
        """Get one page, whatever its status; `known` makes the request conditional (RFC 9110, 13.1.2-13.1.3).

        `private` headers (a cookie, a token) go to the scheme, host and port of `url` alone, not where a redirect leads elsewhere.
        Waits for the host's turn first. Each hop is judged like the first; from https to http none is followed. All hops together may
        take `total_timeout_s`. The body is at most `max_body_bytes`, after decompression as on the wire.

        Raises:
            HttpFailure: no complete, well-formed answer was had.
        """
        headers = [(b"Accept", accept.encode())]
        if known is not None and known.etag:
            headers.append((b"If-None-Match", known.etag.encode()))
        if known is not None and known.last_modified:
            headers.append((b"If-Modified-Since", known.last_modified.encode()))
        secrets = [(name.encode(), value.encode()) for name, value in (private or {}).items()]
        return self._follow(url, headers, secrets, left_s=self._settings.total_timeout_s, heed_robots=True)

    def robots(self, url: str) -> Robots:
        """What robots.txt of the address's host says; nothing where this visit need not follow it. Raises HttpFailure as `get`."""
        return self._robots_of(self._judged(url, url), url)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        query: Mapping[str, str | Sequence[str]] | None = None,
        auth: tuple[str, Secret] | None = None,
        timeout_s: float | None = None,
    ) -> Exchange:
        """Make one request of an API and give its answer, whatever its status; a redirect is given, never followed.

        `auth` is sent as Basic. `timeout_s` replaces `total_timeout_s`. Never repeated by itself.

        Raises:
            HttpFailure: no complete, well-formed answer was had; `sent` tells whether the request may have had its effect.
        """
        fields = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
        if auth is not None:
            token = base64.b64encode(f"{auth[0]}:{auth[1].reveal()}".encode())
            fields.append((b"Authorization", b"Basic " + token))
        if query:
            url += ("&" if "?" in url else "?") + urlencode(query, doseq=True)
        conditional = any(name.lower().startswith(b"if-") for name, _ in fields)
        ask = _Ask(method.upper(), self._judged(url, url), fields, body, conditional=conditional)
        return self._exchange(ask, url, self._settings.total_timeout_s if timeout_s is None else timeout_s)

    # --- following --------------------------------------------------------------------------------

    def _follow(
        self,
        url: str,
        headers: list[tuple[bytes, bytes]],
        secrets: list[tuple[bytes, bytes]],
        *,
        left_s: float,
        heed_robots: bool,
        max_bytes: int | None = None,
    ) -> Exchange:
        target = first = self._judged(url, url)
        seen = {target.text}
        moved_to, for_good = None, True
        while True:
            if heed_robots and self._robots and not self._robots_of(target, url).allows(str(target)):
                raise self._failure(url, "robots", f"robots.txt of {target.host} keeps robots from {target.path}")
            told = headers + secrets if target.origin == first.origin else headers
            ask = _Ask("GET", target, told, b"", conditional=len(headers) > 1, max_bytes=max_bytes)
            exchange = self._exchange(ask, url, left_s)
            if exchange.status not in _REDIRECTS:
                return replace(exchange, moved_to=moved_to) if moved_to else exchange
            left_s -= exchange.elapsed_s
            target = self._redirected(target, exchange)
            for_good = for_good and exchange.status in _FOR_GOOD
            moved_to = str(target) if for_good else moved_to
            if target.text in seen or len(seen) > self._settings.max_redirects:
                how = "in a circle, back" if target.text in seen else f"more than {len(seen) - 1} times, last"
                raise self._failure(url, "too_many_redirects", f"redirects {how} to {target}")
            seen.add(target.text)

    def _robots_of(self, url: WebAddress, asked: str) -> Robots:
        if self._robots is None or url.host in self._settings.ignore_robots:
            return _NO_ROBOTS
        origin = f"{url.scheme}://{url.authority}"
        place, left_s = f"{origin}/robots.txt", min(self._settings.total_timeout_s, _ROBOTS_TIMEOUT_S)

        def fetch() -> Exchange:
            accept = [(b"Accept", b"text/plain, */*;q=0.5")]
            return self._follow(place, accept, [], left_s=left_s, heed_robots=False, max_bytes=MAX_ROBOTS_BYTES)

        try:
            robots = self._robots.of(origin, fetch)
        except RobotsRefusal as err:
            raise self._failure(asked, "robots", str(err)) from err
        except HttpFailure as err:
            raise HttpFailure(err.message, url=asked, kind=err.kind, retry_after=err.retry_after) from err
        self._delays[url.host] = robots.crawl_delay_s
        return robots

    # --- addresses --------------------------------------------------------------------------------

    def _judged(self, text: str, asked: str, *, bad: str = "bad_url") -> WebAddress:
        """The address read, once it is one that may be asked for. `bad` is the kind of failure where it makes no sense."""
        path, mark, rest = text.strip().partition("?")
        try:
            # a backslash is a slash to browsers, so an address must not mean another host to us
            url = read_address(path.replace("\\", "/") + mark + rest)
        except BadAddress as err:
            raise self._failure(asked, bad, f"cannot make an address of {text[:200]!r}: {err}") from err
        if url.scheme not in DEFAULT_PORTS:
            raise self._failure(asked, bad, f"{text[:200]!r} is not for http or https")
        if url.private:
            # the address itself must not be told: it would stand in the log, on the pages and in the ledger
            told = asked if asked != text else url.text.partition("?")[0]
            raise self._failure(told, bad, f"a name or password in an address of {url.host}")
        if not url.host:
            raise self._failure(asked, bad, f"no host in {text[:200]!r}")
        port = url.port or DEFAULT_PORTS[url.scheme]
        if port not in self._ports:
            raise self._failure(asked, "blocked_port", f"port {port} of {url.host} is not allowed")
        return url

    def _redirected(self, base: WebAddress, exchange: Exchange) -> WebAddress:
        location = exchange.header("location")
        if not location:
            raise self._failure(exchange.url, "bad_redirect", f"status {exchange.status} without a Location")
        try:
            led = joined(base, location.strip().replace("\\", "/"))
        except BadAddress as err:
            raise self._failure(exchange.url, "bad_redirect", f"cannot follow {location[:200]!r}: {err}") from err
        target = self._judged(led, exchange.url, bad="bad_redirect")
        if base.scheme == "https" and target.scheme == "http":
            raise self._failure(exchange.url, "bad_redirect", f"leads from https to {led[:200]}")
        return target

    # --- one request ------------------------------------------------------------------------------

    def _exchange(self, ask: _Ask, asked: str, left_s: float) -> Exchange:
        """One request and its whole answer, in the host's turn."""
        try:
            return self._in_turn(ask, asked, left_s)
        except HttpFailure as failure:
            # a kept connection that the server closed meanwhile; nothing was answered, and a GET may be repeated
            stale = not self._dialer.dialled and failure.kind in ("reset", "protocol")
            if ask.method != "GET" or not stale:
                raise
        return self._in_turn(ask, asked, left_s)

    def _in_turn(self, ask: _Ask, asked: str, left_s: float) -> Exchange:
        spacing_s = max(self._spacing_s, self._delays.get(ask.url.host, 0.0))
        turn = self._turns.turn(ask.url.host, spacing_s=spacing_s, patience_s=self._settings.total_timeout_s)
        try:
            with turn:
                return self._attempt(ask, asked, self._clock.monotonic() + left_s)
        except Held as err:
            pause = timedelta(seconds=round(err.seconds))
            raise self._failure(asked, "held", f"{ask.url.host} asked for a pause", retry_after=pause) from err
        except Stopped as err:
            raise self._failure(asked, "aborted", STOPPING) from err

    def _attempt(self, ask: _Ask, asked: str, deadline: float) -> Exchange:
        dialer = self._dialer
        dialer.begin(deadline, send_by=None if ask.method == "GET" else send_by())
        at, start = self._clock.now(), self._clock.monotonic()
        try:
            connection = self._connections.take(ask.url)
            try:
                answer = connection.ask(ask.method, ask.url.target, self._headers(ask), ask.body)
                headers = tuple((name.decode("latin-1"), _text(value)) for name, value in answer.headers)
                dialer.in_body = True
                limit = ask.max_bytes or self._settings.max_body_bytes
                body = self._body(connection, answer.status, headers, limit)
            finally:
                self._connections.put(ask.url, connection)
        except (NetworkFault, CodingError) as err:
            raise self._failure(asked, err.kind, err.detail, sent=dialer.sent) from err
        status = answer.status
        if status == 304 and not ask.conditional:
            raise self._failure(asked, "protocol", f"status {status} was not asked for", sent=True)
        return Exchange(
            url=asked,
            final_url=str(ask.url),
            at=at,
            status=status,
            address=connection.wire.address,
            tls_sha256=connection.wire.certificate_sha256,
            elapsed_s=self._clock.monotonic() - start,
            content_type=next((value for name, value in headers if name == "content-type"), ""),
            body=body,
            body_sha256=hashlib.sha256(body).hexdigest(),
            headers=headers,
        )

    def _headers(self, ask: _Ask) -> list[tuple[bytes, bytes]]:
        headers = [
            (b"Host", ask.url.authority.encode()),
            (b"User-Agent", self._user_agent),
            (b"Accept-Encoding", b"gzip"),
            *ask.headers,
        ]
        if ask.body or ask.method not in ("GET", "HEAD", "DELETE"):
            headers.append((b"Content-Length", str(len(ask.body)).encode()))
        return headers

    def _body(self, connection: Connection, status: int, headers: Sequence[tuple[str, str]], limit: int) -> bytes:
        """The decoded body, within bounds on both sides of the decoding; of a redirect only what is read to get past it."""
        if status in _REDIRECTS:
            size = 0
            for part in connection.parts():
                size += len(part)
                if size > _MAX_DRAINED_BYTES:
                    break
            return b""
        coding = check_coding(",".join(value for name, value in headers if name == "content-encoding"))
        declared = next((value for name, value in headers if name == "content-length"), "")
        if declared.isdecimal() and int(declared) > limit:
            raise CodingError("too_large", f"{declared} bytes announced, {limit} allowed")
        parts: list[bytes] = []
        size = 0
        for part in connection.parts():
            size += len(part)
            if size > limit:
                raise CodingError("too_large", f"more than {limit} bytes")
            parts.append(part)
        return inflate(b"".join(parts), coding, limit=limit)

    def _failure(
        self, url: str, kind: str, detail: str, *, sent: bool = False, retry_after: timedelta | None = None
    ) -> HttpFailure:
        return HttpFailure(f"{url}: {detail}", url=url, kind=kind, sent=sent, retry_after=retry_after)


def _text(value: bytes) -> str:
    """A header's value: UTF-8, as some servers send in Location, or else Latin-1."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
