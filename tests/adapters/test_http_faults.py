"""What a bad network or server does to a request: each fault ends in time, with the kind that names it."""

import contextlib
import gzip
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator

import pytest

from adapters.http.client import HttpFailure, HttpSettings, PoliteClient, Visit
from syncd.clock import SystemClock
from syncd.testing.local_site import Line, LocalSite, Page, SeenRequest

HEAD = b"HTTP/1.1 200 OK\r\n"
LIMIT = 100_000
TIMEOUT_S = 0.8


@pytest.fixture
def visit(local_site: LocalSite) -> Iterator[Visit]:
    settings = HttpSettings(
        spacing_s=0.0, total_timeout_s=TIMEOUT_S, max_body_bytes=LIMIT, allow_addresses=("127.0.0.0/8",)
    )
    with PoliteClient(settings, clock=SystemClock()).visit(allow_ports=[local_site.port]) as visit:
        yield visit


def failure(visit: Visit, url: str) -> HttpFailure:
    with pytest.raises(HttpFailure) as caught:
        visit.get(url)
    assert caught.value.hint
    assert caught.value.url == url
    return caught.value


def flood(line: Line, request: SeenRequest) -> None:
    while True:
        line.send(b"HTTP/1.1 102 Processing\r\n\r\n" * 100)


def endless(line: Line, request: SeenRequest) -> None:
    line.send(HEAD + b"Content-Type: text/html\r\n\r\n")
    while True:
        line.send(b"x" * 4096)


Setup = Callable[[LocalSite], None]
FAULTS: dict[str, tuple[str, Setup]] = {
    "reset at once": ("reset", lambda site: site.reset("/")),
    "reset after headers": ("reset", lambda site: site.reset("/", after=HEAD + b"Content-Length: 9\r\n\r\n")),
    "reset mid body": ("reset", lambda site: site.reset("/", after=HEAD + b"Content-Length: 9\r\n\r\nabc")),
    "close without reply": ("reset", lambda site: site.raw("/", b"")),
    "silence": ("timeout", lambda site: site.silent("/")),
    "silence after headers": ("timeout", lambda site: site.silent("/", after=HEAD + b"Content-Length: 9\r\n\r\n")),
    "header a byte at a time": ("timeout", lambda site: site.drip("/", b"x", every_s=0.05, head=True)),
    "body a byte at a time": ("timeout", lambda site: site.drip("/", b"x" * 100, every_s=0.05)),
    "slow close": ("timeout", lambda site: site.silent("/", after=HEAD + b"\r\nwhole body")),
    "short Content-Length body": ("truncated", lambda site: site.short("/", b"abc")),
    "cut in the headers": ("truncated", lambda site: site.raw("/", HEAD + b"Content-Ty")),
    "truncated chunk": ("truncated", lambda site: site.raw("/", HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\nabc")),
    "bad chunk size": (
        "protocol",
        lambda site: site.raw("/", HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\nabc\r\n0\r\n\r\n"),
    ),
    "bad status line": ("protocol", lambda site: site.garbage("/")),
    "64 kB header and more": ("protocol", lambda site: site.raw("/", HEAD + b"X-A: " + b"a" * 300_000 + b"\r\n\r\n")),
    "endless 1xx": ("protocol", lambda site: site.behave("/", flood)),
    "switching protocols": (
        "protocol",
        lambda site: site.raw("/", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"),
    ),
    "304 never asked for": ("protocol", lambda site: site.page("/", status=304)),
    "truncated gzip": ("truncated", lambda site: coded(site, "gzip", gzip.compress(b"xin chao" * 99)[:-12])),
    "bad gzip CRC": ("bad_coding", lambda site: coded(site, "gzip", gzip.compress(b"xin chao")[:-8] + b"\0" * 8)),
    "says gzip is plain": ("bad_coding", lambda site: coded(site, "gzip", b"<rss>xin chao</rss>")),
    "gzip twice": ("bad_coding", lambda site: coded(site, "gzip, gzip", gzip.compress(gzip.compress(b"x")))),
    "eleven codings": ("bad_coding", lambda site: coded(site, ", ".join(["gzip"] * 11), b"x")),
    "unsupported br": ("bad_coding", lambda site: coded(site, "br", b"x")),
    "unsupported zstd": ("bad_coding", lambda site: coded(site, "zstd", b"x")),
    "gzip bomb": ("too_large", lambda site: site.bomb("/", size=50 << 20)),
    "deflate bomb": ("too_large", lambda site: site.bomb("/", size=50 << 20, coding="deflate")),
    "one byte too long": ("too_large", lambda site: site.page("/", b"x" * (LIMIT + 1))),
    "Content-Length of 10^18": (
        "too_large",
        lambda site: site.raw("/", HEAD + b"Content-Length: 1%s\r\n\r\n" % (b"0" * 18)),
    ),
    "endless body": ("too_large", lambda site: site.behave("/", endless)),
    "redirect to itself": ("too_many_redirects", lambda site: site.redirect("/", "/")),
    "eleven hops": ("too_many_redirects", lambda site: site.answer("/*", hop)),
    "redirect without Location": ("bad_redirect", lambda site: site.page("/", status=302)),
    "redirect to a file": ("bad_redirect", lambda site: site.redirect("/", "file:///etc/passwd")),
    "redirect to gopher": ("bad_redirect", lambda site: site.redirect("/", "gopher://127.0.0.1:6379/")),
    "redirect nowhere": ("bad_redirect", lambda site: site.redirect("/", "http://[::1")),
    "redirect with a password": ("bad_redirect", lambda site: site.redirect("/", "http://a:b@127.0.0.1/")),
    "redirect to a private address": ("blocked_address", lambda site: site.redirect("/", "http://10.0.0.1/")),
    "redirect to the metadata": ("blocked_address", lambda site: site.redirect("/", "http://169.254.169.254/")),
    "redirect to a port": ("blocked_port", lambda site: site.redirect("/", "http://127.0.0.1:22/")),
}


def coded(site: LocalSite, coding: str, body: bytes) -> None:
    site.page("/", body, headers={"Content-Encoding": coding})


def hop(request: SeenRequest) -> Page:
    return Page(status=302, headers={"Location": request.target + "a"})


@pytest.mark.parametrize(("kind", "setup"), FAULTS.values(), ids=FAULTS)
def test_fault_is_named_and_ends_in_time(local_site: LocalSite, visit: Visit, kind: str, setup: Setup) -> None:
    setup(local_site)
    start = time.monotonic()
    caught = failure(visit, local_site.url("/"))
    assert caught.kind == kind
    assert time.monotonic() - start < TIMEOUT_S + 10  # it ends by itself; how soon is the machine's affair


GOOD: dict[str, tuple[bytes, bytes]] = {
    "gzip": (b"xin chao", HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"xin chao")),
    "x-gzip in two members": (
        b"xin chao",
        HEAD + b"Content-Encoding: x-gzip\r\n\r\n" + gzip.compress(b"xin ") + gzip.compress(b"chao"),
    ),
    "gzip with padding": (b"xin", HEAD + b"Content-Encoding: GZIP\r\n\r\n" + gzip.compress(b"xin") + bytes(8)),
    "deflate": (b"xin", HEAD + b"Content-Encoding: deflate\r\n\r\n" + zlib.compress(b"xin")),
    "raw deflate": (b"xin", HEAD + b"Content-Encoding: deflate\r\n\r\n" + zlib.compress(b"xin", wbits=-15)),
    "empty body called gzip": (b"", HEAD + b"Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n"),
    "a character set for a coding": (b"xin", HEAD + b"Content-Encoding: utf-8\r\n\r\nxin"),
    "200 headers": (b"xin", HEAD + b"".join(b"X-%d: a\r\n" % n for n in range(200)) + b"\r\nxin"),
    "no length, closed": (b"xin chao", HEAD + b"\r\nxin chao"),
    "too long for its Content-Length": (b"xin", HEAD + b"Content-Length: 3\r\n\r\nxin chao"),
    "length and chunks both": (
        b"xin",
        HEAD + b"Content-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxin\r\n0\r\n\r\n",
    ),
    "interim answer first": (b"xin", b"HTTP/1.1 103 Early Hints\r\n\r\n" + HEAD + b"Content-Length: 3\r\n\r\nxin"),
    "exactly the limit": (b"x" * LIMIT, HEAD + b"\r\n" + b"x" * LIMIT),
}


@pytest.mark.parametrize(("body", "answer"), GOOD.values(), ids=GOOD)
def test_odd_but_honest_answer_is_read(local_site: LocalSite, visit: Visit, body: bytes, answer: bytes) -> None:
    local_site.raw("/", answer)
    assert visit.get(local_site.url("/")).body == body


@pytest.mark.parametrize("status", [204, 400, 401, 403, 404, 408, 410, 429, 500, 502, 503, 504, 530])
def test_any_status_is_an_answer(local_site: LocalSite, visit: Visit, status: int) -> None:
    local_site.page("/", b"" if status == 204 else b"xin", status=status)
    assert visit.get(local_site.url("/")).status == status


def test_refused_connection_was_not_sent(local_site: LocalSite, visit: Visit) -> None:
    local_site.pause()
    caught = failure(visit, local_site.url("/"))
    assert (caught.kind, caught.sent, caught.permanent) == ("refused", False, False)


def test_host_that_accepts_nothing_times_out_unsent() -> None:
    with contextlib.ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        port = full.getsockname()[1]
        for _ in range(4):  # fill the backlog: further handshakes are left unanswered
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
        settings = HttpSettings(
            spacing_s=0.0, connect_timeout_s=0.2, allow_addresses=("127.0.0.0/8",), allow_ports=(port,)
        )
        with PoliteClient(settings, clock=SystemClock()).visit() as visit:
            caught = failure(visit, f"http://127.0.0.1:{port}/")
    assert (caught.kind, caught.sent) == ("timeout", False)


def test_silence_after_the_request_was_sent(local_site: LocalSite, visit: Visit) -> None:
    local_site.silent("/")
    with pytest.raises(HttpFailure) as caught:
        visit.send("POST", local_site.url("/"), body=b"x")
    assert (caught.value.kind, caught.value.sent) == ("timeout", True)


def test_bomb_takes_no_memory(local_site: LocalSite, visit: Visit) -> None:
    local_site.bomb("/", size=64 << 20)
    tracemalloc.start()
    try:
        assert failure(visit, local_site.url("/")).kind == "too_large"
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20


def test_bomb_on_a_redirect_is_not_inflated(local_site: LocalSite, visit: Visit) -> None:
    body = gzip.compress(bytes(20 << 20))
    local_site.page("/", body, status=302, headers={"Location": "/b", "Content-Encoding": "gzip"})
    local_site.page("/b", "xin")
    assert visit.get(local_site.url("/")).body == b"xin"


def test_connection_the_server_closed_is_replaced_for_a_get(local_site: LocalSite, visit: Visit) -> None:
    local_site.page("/", "xin")
    served = 0

    def once(line: Line, request: SeenRequest) -> bool | None:
        nonlocal served
        served += 1
        if served > 1:
            line.send(HEAD + b"Content-Length: 2\r\n\r\nok")
        return None

    local_site.behave("/once", once)
    visit.get(local_site.url("/"))
    assert visit.get(local_site.url("/once")).body == b"ok"
    assert served == 2


def test_post_is_never_repeated_by_itself(local_site: LocalSite, visit: Visit) -> None:
    local_site.page("/", "xin")
    local_site.raw("/post", b"")
    visit.get(local_site.url("/"))
    with pytest.raises(HttpFailure) as caught:
        visit.send("POST", local_site.url("/post"), body=b"x")
    assert (caught.value.kind, caught.value.sent) == ("reset", True)
    assert local_site.count("/post") == 1


@pytest.mark.parametrize("address", ["http://ten:bi-mat@127.0.0.1/rss?token=x", "https://bi-mat@vidu.example/"])
def test_a_password_in_an_address_is_refused_and_never_repeated(address: str) -> None:
    client = PoliteClient(HttpSettings(), clock=SystemClock())
    with client.visit() as visit, pytest.raises(HttpFailure) as caught:
        visit.get(address)
    assert "bi-mat" not in f"{caught.value} {caught.value.subject} {caught.value.hint}"
    assert caught.value.permanent


def test_long_request_that_is_refused_early_has_its_answer() -> None:
    """The server reads the head, answers and closes, and leaves the body where it is."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def refuse() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno")
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(1 << 20):  # a plain close would reset the line, and the answer with it
                    pass

        server = threading.Thread(target=refuse, daemon=True)
        server.start()
        settings = HttpSettings(
            spacing_s=0.0, allow_addresses=("127.0.0.0/8",), allow_ports=(listening.getsockname()[1],)
        )
        with PoliteClient(settings, clock=SystemClock()).visit() as own:
            url = f"http://127.0.0.1:{listening.getsockname()[1]}/media"
            exchange = own.send("POST", url, body=b"x" * (2 << 20))
        server.join(5)
    assert (exchange.status, exchange.body) == (413, b"no")
