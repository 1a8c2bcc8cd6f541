"""Sockets for the HTTP client: judged addresses, one deadline over everything, and a way to end it all at once.

Plain sockets, since three things matter here that HTTP libraries leave out: what a name resolves to is looked at before it is
dialled, a time-out does not start anew with every byte, and waiting for `getaddrinfo` can be interrupted.
"""

import contextlib
import errno
import hashlib
import select
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime

from adapters.http.addresses import AddressGuard
from adapters.http.tls import SharedContext, certificate_kind, handshake_kind, tls_reason
from syncd.ports.clock import Clock

MAX_ADDRESSES = 8  # of one name that are tried
MAX_HEAD_BYTES = 256 * 1024  # of an answer's head, interim answers included
STOPPING = "the process is stopping"
_IDLE_RESOLVER_S = 10.0
_READ_BYTES = 64 * 1024
_DRIFT_S = 0.1  # by which a wait may outlast the deadline; setting a socket's time-out is a system call

Lookup = Callable[[str], Sequence[str]]


class NetworkFault(Exception):
    """What went wrong on the wire; `kind` is one of those of `HttpFailure`."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


def system_lookup(host: str) -> Sequence[str]:
    """The addresses of a name as the system resolves it, in its order of preference."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class _Question:
    def __init__(self, host: str) -> None:
        self.host = host
        self.answered = threading.Event()
        self.addresses: Sequence[str] = ()
        self.error: OSError | None = None


class Resolver:
    """Looks names up in at most `threads` threads of its own, so that a caller can stop waiting. Shared by threads."""

    def __init__(self, *, threads: int = 8, lookup: Lookup = system_lookup) -> None:
        self._lookup = lookup
        self._max_threads = threads
        self._changed = threading.Condition()
        self._asked: deque[_Question] = deque()
        self._unanswered: set[_Question] = set()
        self._threads = 0
        self._idle = 0
        self._stopped = False

    def resolve(self, host: str, timeout_s: float) -> Sequence[str]:
        """The addresses of a name.

        Raises:
            NetworkFault: `dns` where there is none or no answer came in time, `aborted` after `stop`.
        """
        question = _Question(host)
        with self._changed:
            if self._stopped:
                raise NetworkFault("aborted", STOPPING)
            self._asked.append(question)
            self._unanswered.add(question)
            if self._idle < len(self._asked) and self._threads < self._max_threads:
                self._threads += 1
                threading.Thread(target=self._work, daemon=True, name="resolver").start()
            self._changed.notify()
        answered = question.answered.wait(timeout_s)
        with self._changed:
            self._unanswered.discard(question)
            if self._stopped:
                raise NetworkFault("aborted", STOPPING)
        if not answered:
            raise NetworkFault("dns", f"no answer about {host} within {timeout_s:.1f} s")
        if question.error is not None:
            raise NetworkFault("dns", f"{host}: {question.error.strerror or question.error}") from question.error
        if not question.addresses:
            raise NetworkFault("dns", f"{host} has no address")
        return question.addresses

    def stop(self) -> None:
        """End every wait; look-ups under way are left to end by themselves."""
        with self._changed:
            self._stopped = True
            for question in self._unanswered:
                question.answered.set()

    def _work(self) -> None:
        while (question := self._next_question()) is not None:
            try:
                question.addresses = self._lookup(question.host)
            except OSError as err:
                question.error = err
            except UnicodeError as err:  # a label that is too long or empty
                question.error = OSError(f"not a host name: {err}")
            question.answered.set()

    def _next_question(self) -> _Question | None:
        """The oldest question somebody still waits for; None when there was none for a while, and this thread must end."""
        with self._changed:
            while True:
                self._idle += 1
                found = self._changed.wait_for(lambda: self._asked, timeout=_IDLE_RESOLVER_S)
                self._idle -= 1
                if not found:
                    self._threads -= 1
                    return None
                question = self._asked.popleft()
                if question in self._unanswered:
                    return question


class OpenSockets:
    """Every socket in use, so that all can be shut at once. Shared by threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self.aborted = False

    def add(self, sock: socket.socket) -> None:
        with self._lock:
            if self.aborted:
                raise NetworkFault("aborted", STOPPING)
            self._sockets.add(sock)

    def discard(self, sock: socket.socket) -> None:
        with self._lock:
            self._sockets.discard(sock)

    def abort(self) -> None:
        """Shut all of them, and refuse new ones."""
        with self._lock:
            self.aborted = True
            for sock in self._sockets:
                # not SSLSocket.shutdown: that drops the TLS layer under the thread that reads from it
                with contextlib.suppress(OSError):
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)


class Dialer:
    """Opens connections for one visit, and knows of the request under way. For one thread.

    `sent`: some bytes of the request were handed to the network. `received`: bytes of the answer so far. `dialled`: the
    request opened a connection of its own. `ended`: the other side has closed.
    """

    def __init__(
        self, *, guard: AddressGuard, resolver: Resolver, sockets: OpenSockets, clock: Clock, connect_timeout_s: float
    ) -> None:
        self._guard = guard
        self._resolver = resolver
        self._clock = clock
        self._connect_timeout_s = connect_timeout_s
        self.sockets = sockets
        self._deadline = 0.0
        self.begin(0.0)

    def begin(self, deadline: float, *, send_by: datetime | None = None) -> None:
        """Start a request that must be over at `deadline`, a monotonic time, and must not be begun after `send_by`."""
        self._deadline = deadline
        self._send_by = send_by
        self.sent = False
        self.received = 0
        self.dialled = False
        self.ended = False
        self.in_body = False

    def now(self) -> float:
        return self._clock.monotonic()

    def sending(self) -> None:
        """The request is handed to the network from here on."""
        self.remaining()
        self.sent = True
        if self._send_by is not None and self._clock.now() > self._send_by:
            raise NetworkFault(
                "timeout", "not sent: it was decided on too long ago, this process stood still meanwhile"
            )

    def remaining(self) -> float:
        """Seconds left for this request, always more than zero."""
        left = self._deadline - self._clock.monotonic()
        if self.sockets.aborted:
            raise NetworkFault("aborted", STOPPING)
        if left <= 0:
            raise NetworkFault("timeout", "the time for the whole request is over")
        return left

    def fault(self, err: OSError, doing: str) -> NetworkFault:
        """The fault behind an OSError of a socket."""
        if self.sockets.aborted:
            return NetworkFault("aborted", STOPPING)
        if isinstance(err, TimeoutError):
            return NetworkFault("timeout", f"time over while {doing}")
        if isinstance(err, ssl.SSLError):
            return NetworkFault(handshake_kind(err), f"{tls_reason(err)} while {doing}")
        return NetworkFault("reset", f"{err.strerror or err} while {doing}")

    def broken_off(self) -> str:
        """The kind of fault that an answer is which makes no sense, or ends too early."""
        return "protocol" if not self.ended else "truncated" if self.received else "reset"

    def connect_tcp(self, host: str, port: int) -> "Wire":
        """Resolve once, judge every address, dial the judged ones in turn."""
        self.dialled = True
        addresses = self._addresses(host)
        for address in addresses:
            if (reason := self._guard.refusal(address)) is not None:
                named = host if host == str(address) else f"{host} is {address}"
                raise NetworkFault("blocked_address", f"{named} ({reason})")
        fault = NetworkFault("dns", f"{host} has no address")
        for address in addresses[:MAX_ADDRESSES]:
            try:
                return self._dial(address, port)
            except OSError as err:
                fault = self._connect_fault(err, address, port)
                fault.__cause__ = err
        raise fault

    def _addresses(self, host: str) -> Sequence[str]:
        if _is_numeric(host):
            return [host]
        return self._resolver.resolve(host, min(self._connect_timeout_s, self.remaining()))

    def _dial(self, address: str, port: int) -> "Wire":
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            self.sockets.add(sock)
            sock.settimeout(min(self._connect_timeout_s, self.remaining()))
            sock.connect((address, port))
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except BaseException:
            self.sockets.discard(sock)
            sock.close()
            raise
        return Wire(sock, self, address)

    def _connect_fault(self, err: OSError, address: str, port: int) -> NetworkFault:
        fault = self.fault(err, f"connecting to {address} port {port}")
        if fault.kind == "reset" and err.errno != errno.ECONNRESET:
            return NetworkFault("refused", f"{address} port {port}: {err.strerror or err}")
        return fault


class Wire:
    """One connection, in clear until `start_tls`. The dialer's deadline bounds every operation."""

    def __init__(self, sock: socket.socket, dialer: Dialer, address: str) -> None:
        self._sock = sock
        self._dialer = dialer
        self._allowed_s = 0.0  # as the socket was told last
        self.address = address
        self.certificate_sha256: str | None = None

    def read(self) -> bytes:
        """What has come, at most 64 KiB; nothing once the other side has closed."""
        dialer = self._dialer
        self._allow(dialer.remaining())
        try:
            data = self._sock.recv(_READ_BYTES)
        except OSError as err:
            raise dialer.fault(err, "waiting for the answer") from err
        if not data:
            dialer.ended = True
            dialer.remaining()  # an abort looks like an end
        dialer.received += len(data)
        if dialer.received > MAX_HEAD_BYTES and not dialer.in_body:
            raise NetworkFault("protocol", f"no answer within the first {MAX_HEAD_BYTES} bytes")
        return data

    def write(self, data: bytes) -> None:
        """Send it all."""
        view = memoryview(data)
        while view:
            self._allow(self._dialer.remaining())
            try:
                view = view[self._sock.send(view) :]
            except OSError as err:
                raise self._dialer.fault(err, "sending the request") from err

    def _allow(self, seconds: float) -> None:
        if not seconds <= self._allowed_s <= seconds + _DRIFT_S:
            self._sock.settimeout(seconds)
            self._allowed_s = seconds

    def close(self) -> None:
        self._dialer.sockets.discard(self._sock)
        socket.socket.close(self._sock)

    def is_readable(self) -> bool:
        """Something waits to be read; on an idle connection that is the server's goodbye."""
        poll = select.poll()
        poll.register(self._sock, select.POLLIN)
        return bool(poll.poll(0))

    def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Shake hands; the name to be proved is the one of the address line, not the dialled address."""
        name = host.rstrip(".")
        try:
            secure = self._shake_hands(context, name)
        except ssl.SSLCertVerificationError as err:
            raise NetworkFault(certificate_kind(err), f"certificate of {name}: {err.verify_message}") from err
        except OSError as err:
            raise self._dialer.fault(err, "shaking hands (TLS)") from err
        except ValueError as err:  # a name that cannot be sent as server name
            raise NetworkFault("tls", f"{name}: {err}") from err
        leaf = secure.getpeercert(binary_form=True)
        self.certificate_sha256 = hashlib.sha256(leaf).hexdigest() if leaf else None

    def _shake_hands(self, context: ssl.SSLContext, name: str) -> ssl.SSLSocket:
        plain, sockets = self._sock, self._dialer.sockets
        try:
            if isinstance(context, SharedContext):
                context.load()
            self._allow(self._dialer.remaining())
            secure = context.wrap_socket(plain, server_hostname=name, do_handshake_on_connect=False)
            self._sock = secure
            sockets.discard(plain)
            sockets.add(secure)
            secure.do_handshake()
        except BaseException:
            self.close()
            raise
        return secure


def _is_numeric(host: str) -> bool:
    if ":" in host:
        return True
    try:
        socket.inet_pton(socket.AF_INET, host)
    except OSError:
        return False
    return True
