"""Answers made to fill the memory or to last for ever: each ends in time, and holds no more memory than the bound.

The half of the size vectors that comes over the network; what a document holds is the matter of tests/hostile.
"""

import gzip
import resource
import selectors
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.http.client import HttpFailure, HttpSettings, PoliteClient
from syncd.clock import SystemClock
from syncd.testing.local_site import Line, LocalSite, SeenRequest

MEBI = 1 << 20
LIMIT = 15 * MEBI
HELD = 64 * MEBI  # what a whole document may cost, by the house's own goal
HEAD = b"HTTP/1.1 200 OK\r\n"
TIMEOUT_S = 1.0


def zeros(size: int, *, coding: str = "gzip") -> bytes:
    """`size` zero bytes (whole mebibytes) at about a thousandth: one mebibyte, flushed so that it may be repeated, over and over."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    once = squeeze.compress(bytes(MEBI)) + squeeze.flush(zlib.Z_FULL_FLUSH)
    body = once * (size // MEBI) + b"\x03\x00"  # an empty last block
    return (
        (b"\x1f\x8b\x08" + bytes(7) if coding == "gzip" else b"\x78\xda") + body + bytes(8)
    )  # nobody gets as far as the sum


@pytest.fixture(scope="module")
def bomb() -> bytes:
    return zeros(200 * MEBI)


def coded(coding: str, body: bytes) -> Callable[[LocalSite], None]:
    return lambda site: site.page("/", body, headers={"Content-Encoding": coding})


def endless(line: Line, request: SeenRequest) -> None:
    line.send(HEAD + b"Content-Type: text/html\r\n\r\n")
    while True:
        line.send(b"x" * 65_536)


def one_too_many(line: Line, request: SeenRequest) -> None:
    line.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % (LIMIT + 1))
    for _ in range(15):
        line.send(bytes(MEBI))
    line.send(b"\0\r\n0\r\n\r\n")


def on_a_redirect(site: LocalSite, bomb: bytes) -> None:
    site.page("/", bomb, status=302, headers={"Location": "/b", "Content-Encoding": "gzip"})
    site.page("/b", "xin")


Setup = Callable[[LocalSite, bytes], None]
VECTORS: dict[
    str, tuple[str, Setup]
] = {  # vector -> kind of failure (empty: the harmless page behind it is read), and its server
    "gzip 1000:1 to 200 MB": ("too_large", lambda site, bomb: coded("gzip", bomb)(site)),
    "gzip of gzip": ("bad_coding", lambda site, bomb: coded("gzip, gzip", gzip.compress(bomb))(site)),
    "deflate bomb": ("too_large", lambda site, bomb: coded("deflate", zeros(200 * MEBI, coding="deflate"))(site)),
    "br bomb": ("bad_coding", lambda site, bomb: coded("br", bytes(1000))(site)),
    "zstd bomb": ("bad_coding", lambda site, bomb: coded("zstd", bytes(1000))(site)),
    "11 stacked Content-Encoding": ("bad_coding", lambda site, bomb: coded(", ".join(["gzip"] * 11), bomb)(site)),
    "bomb on redirect response": ("", on_a_redirect),
    "no Content-Length endless body": ("too_large", lambda site, bomb: site.behave("/", endless)),
    "Content-Length 10^18": (
        "too_large",
        lambda site, bomb: site.raw("/", HEAD + b"Content-Length: 1%s\r\n\r\n" % (b"0" * 18)),
    ),
    "1 byte/s for 24 h": ("timeout", lambda site, bomb: site.drip("/", b"x" * 86_400, every_s=0.2)),
    "15 MiB + 1 byte": ("too_large", lambda site, bomb: site.behave("/", one_too_many)),
}


@pytest.mark.parametrize(("kind", "setup"), VECTORS.values(), ids=VECTORS)
def test_answer_ends_in_time_and_within_its_memory(local_site: LocalSite, bomb: bytes, kind: str, setup: Setup) -> None:
    setup(local_site, bomb)
    settings = HttpSettings(
        spacing_s=0.0,
        total_timeout_s=TIMEOUT_S if kind == "timeout" else 20.0,
        allow_addresses=("127.0.0.0/8",),
        allow_ports=(local_site.port,),
    )
    start = time.monotonic()
    with PoliteClient(settings, clock=SystemClock()).visit() as visit:
        tracemalloc.start()
        try:
            try:
                found = visit.get(local_site.url("/")).body.decode()
            except HttpFailure as failure:
                found = failure.kind
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert found == (kind or "xin")
    assert peak < HELD
    assert time.monotonic() - start < 20


class SilentServer:
    """Takes every connection and request and says nothing, with one thread for all; drops what the other side has closed."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self._listener.getsockname()[1]
        self.most_at_once = 0
        self._stopping, self._stop = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "SilentServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.send(b"x")
        self._thread.join(5)
        for sock in (self._stop, self._stopping, self._listener):
            sock.close()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._stopping, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fileobj is self._stopping:
                        return
                    if key.fileobj is self._listener:
                        selector.register(self._listener.accept()[0], selectors.EVENT_READ)
                        self.most_at_once = max(self.most_at_once, len(selector.get_map()) - 2)
                    elif isinstance(key.fileobj, socket.socket) and not _received(key.fileobj):
                        selector.unregister(key.fileobj)
                        key.fileobj.close()


def _received(sock: socket.socket) -> bytes:
    try:
        return sock.recv(65_536)
    except OSError:
        return b""


@pytest.mark.parametrize("units", [200, pytest.param(5_000, marks=pytest.mark.slow)])
def test_all_units_slow_at_once_cost_what_a_few_do(local_site: LocalSite, units: int) -> None:
    """`5,000 units all slow at once`: each look ends by itself, a site that answers is read among them, nothing piles up."""
    local_site.page("/rss", "xin")
    settings = HttpSettings(spacing_s=0.0, total_timeout_s=0.1, allow_addresses=("127.0.0.0/8",))

    def look(client: PoliteClient, url: str, port: int) -> str:
        with client.visit(allow_ports=(port,)) as visit:
            try:
                return visit.get(url).body.decode()
            except HttpFailure as failure:
                return failure.kind

    client = PoliteClient(settings, clock=SystemClock(), lookup=lambda host: ["127.0.0.1"])
    patient = PoliteClient(replace(settings, total_timeout_s=20.0), clock=SystemClock())
    with SilentServer() as silent, ThreadPoolExecutor(16) as pool:
        first = [pool.submit(look, client, f"http://unit{n}.example:{silent.port}/rss", silent.port) for n in range(16)]
        assert {answer.result() for answer in first} <= {"timeout", "dns"}
        threads, held = threading.active_count(), _most_memory()
        slow = [
            pool.submit(look, client, f"http://unit{n}.example:{silent.port}/rss", silent.port) for n in range(units)
        ]
        well = pool.submit(look, patient, local_site.url("/rss"), local_site.port)
        # a tenth of a second may pass before the name is looked up, where the machine is busy
        assert {answer.result() for answer in slow} <= {"timeout", "dns"}
        assert well.result() == "xin"
        assert threading.active_count() <= threads + 12, "name servers are asked by 8 at most"
    assert silent.most_at_once <= 32, "closed as soon as its look is over"
    assert _most_memory() - held < HELD


def _most_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_every_vector_of_the_list_is_here() -> None:
    names = (Path(__file__).parents[1] / "data" / "network_size_vectors.txt").read_text(encoding="utf-8").splitlines()
    assert sorted([*VECTORS, "5,000 units all slow at once"]) == sorted(name for name in names if name[0] != "#")
