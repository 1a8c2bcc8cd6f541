"""When a connection is used for the next request of a visit, and what an answer that goes on too long or not far enough comes to."""

import socketserver
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from adapters.http.client import HttpFailure, HttpSettings, PoliteClient, Visit
from syncd.clock import SystemClock

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    connections = 0
    answers: Sequence[bytes] = ()  # of each connection, one a request; then it is closed


class _Line(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        self.server.connections += 1
        for answer in self.server.answers:
            while (line := self.rfile.readline()) != b"\r\n":
                if not line:
                    return
            self.wfile.write(answer)


@contextmanager
def visited(*answers: bytes) -> Iterator[tuple[Visit, _Server, str]]:
    with _Server(("127.0.0.1", 0), _Line) as server:
        server.answers = answers
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        port = server.server_address[1]
        settings = HttpSettings(
            spacing_s=0.0, total_timeout_s=5.0, allow_addresses=("127.0.0.0/8",), allow_ports=(int(port),)
        )
        with PoliteClient(settings, clock=SystemClock()).visit() as visit:
            yield visit, server, f"http://127.0.0.1:{port}/"
        server.shutdown()


@pytest.mark.parametrize(
    ("answer", "connections"),
    [
        (GOOD, 1),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", 1),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc", 2),
        (GOOD + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfoul", 2),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\nfoul", 2),
    ],
    ids=["plain", "chunked", "closing", "more than announced", "more than chunked"],
)
def test_connection_is_used_again_only_after_an_answer_that_ended(answer: bytes, connections: int) -> None:
    with visited(answer, GOOD) as (visit, server, url):
        assert visit.get(url).body == b"abc"
        server.answers = (GOOD,) if connections == 2 else server.answers
        assert visit.get(url).body == b"abc"
        assert server.connections == connections


def test_surplus_that_comes_with_a_later_part_is_left_out() -> None:
    body = b"a" * 300_000
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n"
    with visited(head + body + b"HTTP/1.1 200 OK\r\n\r\nfoul") as (visit, server, url):
        assert visit.get(url).body == body
        server.answers = (GOOD,)
        assert visit.get(url).body == b"abc"
        assert server.connections == 2


@pytest.mark.parametrize("had", [b"", b"a" * 10, b"a" * 100_000], ids=len)
def test_answer_that_ends_early_is_truncated(had: bytes) -> None:
    with visited(b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + had) as (visit, _, url):
        with pytest.raises(HttpFailure) as caught:
            visit.get(url)
        assert caught.value.kind == "truncated"
        assert caught.value.sent
