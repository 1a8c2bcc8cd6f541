"""Every fault of a network, and a world to try it in: each strikes a host of its own.

All names are looked up in one table. While `World.striking` is off each leads to a server on which every host has a good
feed; while it is on, each leads to an address of its own on the same port, where its fault waits.
"""

import contextlib
import gzip
import socket
import ssl
import struct
import threading
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from syncd.testing.certificates import Authority
from syncd.testing.local_site import Line, LocalSite, Page, SeenRequest
from tests.faults.certificates import odd_server, old_version_only, server_hello_without_renegotiation_info

HEAD = b"HTTP/1.1 200 OK\r\n"
TITLE = "Hội nghị giao ban tháng"
START = datetime(2026, 10, 15, 2, 0, tzinfo=UTC)


class LivelyClock:
    """Wall time starts at 2026-10-15 09:00 +07:00 and runs as it does outside; `skip` lets it jump ahead."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._skipped = timedelta(0)

    def now(self) -> datetime:
        return START + self._skipped + timedelta(seconds=time.monotonic() - self._start)

    def monotonic(self) -> float:
        return time.monotonic() + self._skipped.total_seconds()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def skip(self, by: timedelta) -> None:
        self._skipped += by


def feed(host: str, items: int) -> bytes:
    """A feed whose posts hold their whole text, newest first."""
    listed = "".join(
        f"<item><title>{TITLE} {n} của {host}</title><link>https://{host}/tin/{n}.html</link><guid>{host}-{n}</guid>"
        f"<pubDate>Wed, 14 Oct 2026 08:{n:02}:00 +0700</pubDate>"
        f"<content:encoded>&lt;p&gt;{f'Ban Thường vụ Tỉnh ủy Ví Dụ họp bàn việc số {n} của {host}. ' * 12}&lt;/p&gt;</content:encoded></item>"
        for n in range(items, 0, -1)
    )
    return (
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>{host}</title>{listed}</channel></rss>"
    ).encode()


@dataclass
class World:
    """Where the faults live. `addresses` is what a host's name leads to while it strikes: addresses, or a function that looks it up."""

    folder: Path
    total_timeout_s: float
    root: Authority
    intermediate: Authority
    stack: contextlib.ExitStack
    striking: bool = False
    items: int = 2
    addresses: dict[str, Sequence[str] | Callable[[], Sequence[str]]] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)  # bytes that an endless server got rid of
    _next: int = 10

    def __post_init__(self) -> None:
        self.good = self.stack.enter_context(LocalSite())
        self.good.answer("/*", self._good_feed)
        self.trap = self.stack.enter_context(LocalSite(host="127.0.0.9"))

    def secure(self, names: Sequence[str]) -> None:
        """Serve the good feeds over TLS too, for these hosts."""
        self.good_tls = self.stack.enter_context(LocalSite(tls=self.root.server(names)))
        self.good_tls.answer("/*", self._good_feed)

    def lookup(self, host: str) -> Sequence[str]:
        known = self.addresses.get(host, ("127.0.0.1",)) if self.striking else ("127.0.0.1",)
        return known() if callable(known) else known

    def address(self) -> str:
        self._next += 1
        return f"127.0.1.{self._next}"

    def site(self, host: str, tls: ssl.SSLContext | None = None) -> LocalSite:
        """A server of the fault's own, behind `host` while it strikes."""
        site = LocalSite(tls=tls, host=self.address())
        site.pause()
        site.port = self.good_tls.port if tls else self.good.port
        site.resume()
        self.addresses[host] = (site._host,)
        return self.stack.enter_context(site)

    def listener(self, host: str, serve: Callable[[socket.socket], None], *, secure: bool = False) -> None:
        """A bare listener; `serve` is given each connection."""
        address = self.address()
        port = self.good_tls.port if secure else self.good.port
        listening = self.stack.enter_context(socket.create_server((address, port)))
        self.addresses[host] = (address,)

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    with connection, contextlib.suppress(OSError):
                        serve(connection)

        threading.Thread(target=accept, daemon=True, name="fault").start()
        self.stack.callback(lambda: contextlib.suppress(OSError).__enter__() or listening.shutdown(socket.SHUT_RDWR))

    def _good_feed(self, request: SeenRequest) -> Page:
        host = request.headers["host"].partition(":")[0]
        return Page(body=feed(host, self.items), content_type="application/rss+xml; charset=utf-8")


Prepare = Callable[[World, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault. `kind`: of the failure that a look must end with; empty: it is read all the same, with all its posts."""

    prepare: Prepare
    kind: str = ""
    secure: bool = False
    path: str = "/rss"
    hint: str = ""  # words that the way out must hold
    pause: timedelta | None = None  # what the site asked for


# --- ways to misbehave ------------------------------------------------------------------------------


def looks_up(answer: Callable[[], Sequence[str]]) -> Prepare:
    def prepare(world: World, host: str) -> None:
        world.addresses[host] = answer

    return prepare


def resolver_says(code: int, words: str) -> Prepare:
    def answer() -> Sequence[str]:
        raise socket.gaierror(code, words)

    return looks_up(answer)


def resolver_is_silent(world: World, host: str) -> None:
    silent = threading.Event()
    world.stack.callback(silent.set)

    def answer() -> Sequence[str]:
        silent.wait(20)
        return []

    world.addresses[host] = answer


def changing_answers(world: World, host: str) -> None:
    """The first look-up leads to the site, the second, for its redirect, into the private network."""
    site = world.site(host)
    site.behave(
        "/rss", lambda line, request: line.send(b"HTTP/1.1 302 Found\r\nLocation: /b\r\nConnection: close\r\n\r\n")
    )
    answers = iter([[site._host]])
    world.addresses[host] = lambda: next(answers, ["10.0.0.1"])


def plainly(setup: Callable[[LocalSite, str], None]) -> Prepare:
    return lambda world, host: setup(world.site(host), host)


def sends(make: Callable[[bytes], bytes]) -> Prepare:
    """Answer with exact bytes, made from the feed, and close."""
    return plainly(lambda site, host: site.raw("/rss", make(feed(host, 2))))


def coded(coding: str, code: Callable[[bytes], bytes]) -> Prepare:
    return plainly(lambda site, host: site.page("/rss", code(feed(host, 2)), headers={"Content-Encoding": coding}))


def written(content_type: str, code: Callable[[str], bytes]) -> Prepare:
    return plainly(lambda site, host: site.page("/rss", code(feed(host, 2).decode()), content_type=content_type))


def status(number: int, body: str = "<html><body><h1>Lỗi</h1></body></html>", **headers: str) -> Prepare:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return plainly(lambda site, host: site.page("/*", body, status=number, headers=fields))


def redirects(to: str, *, number: int = 302) -> Prepare:
    return plainly(lambda site, host: site.redirect("/rss", to, status=number))


def full_backlog(world: World, host: str) -> None:
    """A listener that accepts nothing, its queue full: further handshakes are left unanswered, as behind a firewall that drops them."""
    address = world.address()
    world.stack.enter_context(socket.create_server((address, world.good.port), backlog=0))
    for _ in range(4):
        waiting = world.stack.enter_context(socket.socket())
        waiting.setblocking(False)
        waiting.connect_ex((address, world.good.port))
    world.addresses[host] = (address,)


def reset_at_accept(world: World, host: str) -> None:
    world.listener(host, lambda sock: sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)))


def one_byte_slices(site: LocalSite, host: str) -> None:
    def behaviour(line: Line, request: SeenRequest) -> None:
        body = feed(host, 2)
        for byte in HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body:
            line.send(bytes((byte,)))

    site.behave("/rss", behaviour)


def narrow_line(site: LocalSite, host: str) -> None:
    def behaviour(line: Line, request: SeenRequest) -> None:
        body = feed(host, 2)
        line.send(HEAD + b"Content-Length: %d\r\n\r\n" % len(body))
        for start in range(0, len(body), 100):
            if line.wait(0.1):
                return
            line.send(body[start : start + 100])

    site.behave("/rss", behaviour)


def endless_interim(world: World, host: str) -> None:
    def behaviour(line: Line, request: SeenRequest) -> None:
        while True:
            line.send(b"HTTP/1.1 102 Processing\r\n\r\n" * 100)
            world.sent[host] = world.sent.get(host, 0) + 2700

    world.site(host).behave("/rss", behaviour)


def eleven_hops(site: LocalSite, host: str) -> None:
    site.answer("/*", lambda request: Page(status=302, headers={"Location": request.target + "a"}))


def two_step_loop(site: LocalSite, host: str) -> None:
    site.redirect("/rss", "/b")
    site.redirect("/b", "/rss")


def moved(number: int, host_too: bool) -> Prepare:
    """Lead to a good feed: at another path, or at another host."""

    def prepare(world: World, host: str) -> None:
        there = f"http://khac.example:{world.good.port}/rss?{host}" if host_too else "/moi"
        site = world.site(host)
        site.redirect("/rss", there, status=number)
        site.page("/moi", feed(host, 2), content_type="application/rss+xml")
        if host_too:
            world.good.answer(
                "/rss", lambda request: Page(body=feed(host if request.query else _host(request), world.items))
            )

    return prepare


def _host(request: SeenRequest) -> str:
    return request.headers["host"].partition(":")[0]


def with_tls(context: Callable[[World, str], ssl.SSLContext]) -> Prepare:
    """A server that would give the good feed, behind a handshake that must not succeed; where it does, the feed is read."""

    def prepare(world: World, host: str) -> None:
        world.site(host, tls=context(world, host)).answer("/*", world._good_feed)

    return prepare


def self_signed(world: World, host: str) -> ssl.SSLContext:
    own = Authority(world.folder / "self-signed", name=host)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.certificate, own.directory / "authority.key")
    return context


def other_intermediate(world: World, host: str) -> ssl.SSLContext:
    other = Authority(world.folder / "other-intermediate", name="another intermediate", issuer=world.root)
    return world.intermediate.server([host], intermediates=[other])


def sha1_chain(world: World, host: str) -> ssl.SSLContext:
    return odd_server(world.root, "sha1", world.folder, host=host, digest="sha1")


def revoked(world: World, host: str) -> ssl.SSLContext:
    """Revoked, and every place where that could be learned is inside the network."""
    inside = f"{world.trap.base_url}"
    extensions = [
        f"crlDistributionPoints=URI:{inside}/crl",
        f"authorityInfoAccess=OCSP;URI:{inside}/ocsp,caIssuers;URI:{inside}/ca",
    ]
    return odd_server(world.root, "revoked", world.folder, host=host, extensions=extensions)


def legacy_renegotiation(world: World, host: str) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(server_hello_without_renegotiation_info())
        connection.recv(4096)

    world.listener(host, serve, secure=True)


def stalled_handshake(world: World, host: str) -> None:
    ended = threading.Event()
    world.stack.callback(ended.set)
    world.listener(host, lambda connection: ended.wait(20) and None, secure=True)


def client_certificate(world: World, host: str) -> ssl.SSLContext:
    context = world.root.server([host])
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(world.root.certificate)
    return context


def name_unknown(world: World, host: str) -> ssl.SSLContext:
    """A server of many names that knows ours not and says so (RFC 6066, 3)."""
    context = world.root.server([host])
    context.sni_callback = lambda sock, name, ctx: ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
    return context


DAY = timedelta(days=1)
MAINTENANCE = "<html><body><h1>Hệ thống đang bảo trì, xin quay lại sau</h1></body></html>"
LOGIN = (
    "<html><body><form action='/dang-nhap'><input name='user'><input type='password' name='pass'></form></body></html>"
)

FAULTS: dict[str, Fault] = {
    "DNS: NXDOMAIN": Fault(kind="dns", prepare=resolver_says(socket.EAI_NONAME, "Name or service not known")),
    "DNS: SERVFAIL": Fault(kind="dns", prepare=resolver_says(socket.EAI_AGAIN, "Temporary failure in name resolution")),
    "DNS: timeout": Fault(kind="dns", prepare=resolver_is_silent),
    "DNS: empty answer": Fault(kind="dns", prepare=looks_up(list)),
    "DNS: AAAA only and v6 dead": Fault(kind="refused", prepare=looks_up(lambda: ["::1"])),
    "DNS: answer changes between lookups": Fault(kind="blocked_address", prepare=changing_answers),
    "DNS: CNAME loop": Fault(
        kind="dns", prepare=resolver_says(socket.EAI_FAIL, "Non-recoverable failure in name resolution")
    ),
    "TCP: refused": Fault(kind="refused", prepare=looks_up(lambda: ["127.0.0.8"])),
    "TCP: SYN black hole": Fault(kind="timeout", prepare=full_backlog),
    "TCP: reset at accept": Fault(kind="reset", prepare=reset_at_accept),
    "TCP: reset after headers": Fault(
        kind="reset", prepare=plainly(lambda site, host: site.reset("/rss", after=HEAD + b"Content-Length: 9\r\n\r\n"))
    ),
    "TCP: reset mid body": Fault(
        kind="reset",
        prepare=plainly(lambda site, host: site.reset("/rss", after=HEAD + b"Content-Length: 9999\r\n\r\n<rss>")),
    ),
    "TCP: silence after headers": Fault(
        kind="timeout",
        prepare=plainly(lambda site, host: site.silent("/rss", after=HEAD + b"Content-Length: 9\r\n\r\n")),
    ),
    "TCP: close without reply": Fault(kind="reset", prepare=sends(lambda body: b"")),
    "SLOW: header 1 byte/10 s": Fault(
        kind="timeout", prepare=plainly(lambda site, host: site.drip("/rss", b"x", every_s=10.0, head=True))
    ),
    "SLOW: body 1 byte/s": Fault(
        kind="timeout", prepare=plainly(lambda site, host: site.drip("/rss", feed(host, 2), every_s=1.0))
    ),
    "SLOW: slow close": Fault(
        kind="timeout",
        prepare=plainly(lambda site, host: site.silent("/rss", after=HEAD + b"\r\n" + feed(host, 2))),
    ),
    "SLOW: 1-byte slices": Fault(prepare=plainly(one_byte_slices)),
    "SLOW: 1 kB/s bandwidth": Fault(kind="timeout", prepare=plainly(narrow_line)),
    "HTTP: short Content-Length": Fault(  # what lies beyond it is no part of the answer (RFC 9112, 6.3)
        prepare=sends(lambda body: HEAD + b"Content-Length: %d\r\n\r\n" % (len(body) // 2) + body)
    ),
    "HTTP: long Content-Length": Fault(
        kind="truncated", prepare=sends(lambda body: HEAD + b"Content-Length: %d\r\n\r\n" % (len(body) + 9) + body)
    ),
    "HTTP: truncated chunk": Fault(
        kind="truncated", prepare=sends(lambda body: HEAD + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n" + body)
    ),
    "HTTP: bad chunk size": Fault(
        kind="protocol", prepare=sends(lambda body: HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n" + body)
    ),
    "HTTP: CL and TE both": Fault(
        prepare=sends(
            lambda body: (
                HEAD
                + b"Content-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body)
                + body
                + b"\r\n0\r\n\r\n"
            )
        )
    ),
    "HTTP: 200 headers": Fault(
        prepare=sends(lambda body: HEAD + b"".join(b"X-%d: a\r\n" % n for n in range(200)) + b"\r\n" + body)
    ),
    "HTTP: 64 kB header": Fault(prepare=sends(lambda body: HEAD + b"X-A: " + b"a" * 65_536 + b"\r\n\r\n" + body)),
    "HTTP: endless 1xx": Fault(kind="protocol", prepare=endless_interim),
    "HTTP: bad status line": Fault(kind="protocol", prepare=plainly(lambda site, host: site.garbage("/rss"))),
    "HTTP: 204 with body": Fault(
        kind="empty_body", prepare=sends(lambda body: b"HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n" + body)
    ),
    "CODING: truncated gzip": Fault(kind="truncated", prepare=coded("gzip", lambda body: gzip.compress(body)[:-12])),
    "CODING: bad gzip CRC": Fault(
        kind="bad_coding", prepare=coded("gzip", lambda body: gzip.compress(body)[:-8] + bytes(8))
    ),
    "CODING: says gzip is plain": Fault(kind="bad_coding", prepare=coded("gzip", lambda body: body)),
    "CODING: gzip twice": Fault(
        kind="bad_coding", prepare=coded("gzip, gzip", lambda body: gzip.compress(gzip.compress(body)))
    ),
    "CODING: raw deflate": Fault(prepare=coded("deflate", lambda body: zlib.compress(body, wbits=-15))),
    "CODING: unsupported br": Fault(kind="bad_coding", prepare=coded("br", lambda body: b"\x8b" + body)),
    "CODING: unknown charset": Fault(prepare=written("application/rss+xml; charset=x-bia-dat", str.encode)),
    "CODING: BOM contradicts header": Fault(
        prepare=written("application/rss+xml; charset=iso-8859-1", lambda text: text.encode("utf-8-sig"))
    ),
    "CODING: XML prolog contradicts header": Fault(
        prepare=written(
            "application/rss+xml; charset=utf-8",
            lambda text: b'<?xml version="1.0" encoding="iso-8859-1"?>' + text.encode(),
        )
    ),
    **{
        f"STATUS: {number}": Fault(kind="http_status", prepare=status(number))
        for number in (400, 401, 403, 404, 410, 408, 500, 502, 504, 530)
    },
    "STATUS: 429 seconds": Fault(kind="http_status", prepare=status(429, Retry_After="7200"), pause=timedelta(hours=2)),
    "STATUS: 429 HTTP-date": Fault(
        kind="http_status", prepare=status(429, Retry_After="Thu, 15 Oct 2026 08:00:00 GMT"), pause=timedelta(hours=4)
    ),
    "STATUS: 429 no header": Fault(kind="http_status", prepare=status(429)),
    "STATUS: 429 negative or 10 years": Fault(
        kind="http_status", prepare=status(429, Retry_After="315360000"), pause=DAY
    ),
    "STATUS: 503 Retry-After": Fault(
        kind="http_status", prepare=status(503, Retry_After="5400"), pause=timedelta(minutes=90)
    ),
    "STATUS: 304 never asked for": Fault(kind="protocol", prepare=status(304, body="")),
    "STATUS: 200 maintenance page": Fault(kind="not_a_feed", hint="maintenance", prepare=status(200, MAINTENANCE)),
    "STATUS: 200 login page": Fault(kind="not_a_feed", hint="login", prepare=status(200, LOGIN)),
    "STATUS: 200 empty body": Fault(kind="empty_body", prepare=status(200, "")),
    "REDIRECT: self loop": Fault(kind="too_many_redirects", prepare=redirects("/rss")),
    "REDIRECT: 2-step loop": Fault(kind="too_many_redirects", prepare=plainly(two_step_loop)),
    "REDIRECT: 11 hops": Fault(kind="too_many_redirects", prepare=plainly(eleven_hops)),
    "REDIRECT: https to http": Fault(
        kind="bad_redirect",
        secure=True,
        prepare=lambda world, host: world.site(host, tls=world.root.server([host])).redirect(
            "/rss", f"http://{host}:{world.good.port}/rss"
        ),
    ),
    "REDIRECT: other host": Fault(prepare=moved(302, host_too=True)),
    "REDIRECT: to private address": Fault(kind="blocked_address", prepare=redirects("http://10.0.0.1/rss")),
    "REDIRECT: to file:": Fault(kind="bad_redirect", prepare=redirects("file:///etc/passwd")),
    "REDIRECT: no Location": Fault(kind="bad_redirect", prepare=status(302, "")),
    "REDIRECT: bad Location": Fault(kind="bad_redirect", prepare=redirects("http://[::1")),
    "REDIRECT: 301": Fault(prepare=moved(301, host_too=False)),
    "REDIRECT: meta refresh": Fault(
        kind="not_a_feed",
        hint="/moi.xml",
        prepare=status(200, '<html><head><meta http-equiv="Refresh" content="0; URL=/moi.xml"></head></html>'),
    ),
    "TLS: expired": Fault(
        kind="tls_expired", secure=True, prepare=with_tls(lambda world, host: world.root.server([host], days=-1))
    ),
    "TLS: not yet valid": Fault(
        kind="tls_not_yet_valid",
        secure=True,
        prepare=with_tls(
            lambda world, host: odd_server(world.root, "future", world.folder, host=host, starts="20480101000000Z")
        ),
    ),
    "TLS: self-signed": Fault(kind="tls_self_signed", secure=True, prepare=with_tls(self_signed)),
    "TLS: wrong name": Fault(
        kind="tls_wrong_name",
        secure=True,
        prepare=with_tls(lambda world, host: world.root.server(["khac.example"])),
    ),
    "TLS: missing intermediate": Fault(
        kind="tls_incomplete_chain",
        secure=True,
        hint="extra_ca_files",
        prepare=with_tls(lambda world, host: world.intermediate.server([host])),
    ),
    "TLS: wrong intermediate": Fault(kind="tls_incomplete_chain", secure=True, prepare=with_tls(other_intermediate)),
    "TLS: revoked": Fault(secure=True, prepare=with_tls(revoked)),
    "TLS: SHA-1 chain": Fault(kind="tls_outdated", secure=True, prepare=with_tls(sha1_chain)),
    "TLS: TLS 1.0 only": Fault(
        kind="tls_outdated",
        secure=True,
        prepare=with_tls(lambda world, host: old_version_only(world.root.server([host]))),
    ),
    "TLS: legacy renegotiation": Fault(kind="tls_outdated", secure=True, prepare=legacy_renegotiation),
    "TLS: handshake stall": Fault(kind="timeout", secure=True, prepare=stalled_handshake),
    "TLS: SNI mismatch": Fault(kind="tls", secure=True, prepare=with_tls(name_unknown)),
    "TLS: client cert asked": Fault(kind="tls_client_certificate", secure=True, prepare=with_tls(client_certificate)),
}
