"""What is written and read without h11 is what h11 would have written and read."""

import subprocess
import sys
from dataclasses import dataclass

import h11
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.http.plain_exchange import Head, plain_answer, plain_request
from syncd.testing.local_site import LocalSite

HEADERS = [(b"Host", b"vidu.example"), (b"User-Agent", b"syncd (+https://vidu.example/)"), (b"Accept", b"*/*;q=0.1")]

PLAIN = (
    b"HTTP/1.1 304 Not Modified\r\n\r\n",
    b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nContent-Length: 900\r\nConnection: keep-alive\r\n\r\n',
    b"HTTP/1.1 304\r\nServer:\r\nVary:Accept\r\n\r\n",
    b"HTTP/1.1 204 No Content\r\nSet-Cookie: a=b; Path=/\r\nSet-Cookie: c=d\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: 5\r\n\r\nabcde",
    b"HTTP/1.1 200 OK\r\ncontent-length: 70000\r\nconnection: Close\r\n\r\nabc",
    b"HTTP/1.1 301 Moved\r\nLocation: /tin?a=b\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 503 Busy\r\nRetry-After: 30\r\nContent-Length: 4\r\n\r\n\r\n\r\n",
)
OTHERS = (
    b"",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
    b"HTTP/1.1 200 OK\nContent-Length: 5\n\nabcde",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\n\r\nab\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\nto the end",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 4\r\n\r\nabcd",
    b"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nabcde",
    b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabcd",
    b"HTTP/1.1 304 Not Modified\r\n\r\nmore",
    b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nX: \xc4\x83\r\nContent-Length: 0\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n",
    b"SSH-2.0-OpenSSH\r\n\r\n",
)
_LINES = st.sampled_from(
    [
        *(
            b"Content-Length: 5",
            b"content-length:0",
            b"Content-Length: 05",
            b"Content-Length: x",
            b"Content-Length: 5 ",
        ),
        *(b"Connection: close", b"Connection: Keep-Alive", b"connection:", b"Connection: close, x", b"Connection: x"),
        *(b"Transfer-Encoding: chunked", b"Upgrade: h2c", b"Expect: 100-continue", b'ETag: "a b"', b"X:", b"X: "),
        *(
            b" folded",
            b"X\t: 1",
            b"X: \t1",
            b"X:  1",
            b"X: 1\t",
            b"X: a\x00b",
            b"X: a\x01b",
            b"X: \xc4\x83",
            b": 1",
            b"",
            b"X",
        ),
    ]
)
_STATUS = st.sampled_from(
    [
        *(
            b"HTTP/1.1 200 OK",
            b"HTTP/1.1 200",
            b"HTTP/1.1 200 ",
            b"HTTP/1.1 304 x",
            b"HTTP/1.1 204 x",
            b"HTTP/1.1 599 x",
        ),
        *(
            b"HTTP/1.0 200 OK",
            b"HTTP/1.1 100 x",
            b"HTTP/1.1 600 x",
            b"HTTP/1.1  200 x",
            b"HTTP/2 200",
            b"http/1.1 200 x",
        ),
        *(b"HTTP/1.1 200 \xc4\x83", b"HTTP/1.1 200 a\tb", b"HTTP/1.1 20 x", b""),
    ]
)
_ENDS = st.sampled_from([b"\r\n"] * 9 + [b"\n", b"\r", b"\r\r\n"])


@st.composite
def _answers(draw: st.DrawFn) -> bytes:
    lines = [draw(_STATUS), *draw(st.lists(_LINES, max_size=4)), b""]
    return b"".join(line + draw(_ENDS) for line in lines) + draw(st.sampled_from([b"", b"abc", b"abcde", b"abcdef"]))


@dataclass(frozen=True, slots=True)
class Read:
    """What was had of one answer."""

    head: Head
    body: bytes
    stays: bool


def read_by_h11(data: bytes) -> Read:
    http = h11.Connection(h11.CLIENT)
    http.send(h11.Request(method="GET", target="/", headers=HEADERS))
    http.send(h11.EndOfMessage())
    http.receive_data(data)
    response, body = http.next_event(), b""
    assert isinstance(response, h11.Response)
    while isinstance(event := http.next_event(), h11.Data):
        body += event.data
    assert isinstance(event, h11.EndOfMessage)
    stays = http.their_state is h11.DONE and not http.trailing_data[0]
    return Read(Head(response.status_code, list(response.headers)), body, stays)


def read_plainly(data: bytes) -> Read | None:
    """By the short way, with the rest of the body made up; None where it is left to h11."""
    answer = plain_answer(data)
    if answer is None:
        return None
    missing = b"." * (answer.length - len(answer.body))
    assert Read(answer.head, answer.body + missing, answer.stays) == read_by_h11(data + missing)
    return Read(answer.head, answer.body, answer.stays)


@pytest.mark.parametrize("data", PLAIN)
def test_answer_as_most_servers_write_it_is_read_as_h11_does(data: bytes) -> None:
    assert read_plainly(data) is not None


@pytest.mark.parametrize("data", OTHERS)
def test_answer_out_of_the_ordinary_is_left_to_h11(data: bytes) -> None:
    assert plain_answer(data) is None


@given(_answers())
@settings(max_examples=400, deadline=None)
def test_no_answer_is_read_otherwise_than_by_h11(data: bytes) -> None:
    read_plainly(data)


def test_head_of_64_kib_that_never_fits_is_judged_at_once() -> None:
    for filling in (b"X: " + b" a" * 32_000, b"X: a\r\n" * 10_000 + b"\x00", b"X" * 64_000):
        assert plain_answer(b"HTTP/1.1 200 OK\r\n" + filling + b"\x00\r\n\r\n") is None


_NAMES = st.sampled_from(
    [
        b"Accept",
        b"Cookie",
        b"x-a",
        b"Host",
        b"HOST",
        b"Connection",
        b"Content-Length",
        b"Expect",
        b"a b",
        b"a:",
        b"",
        b"\xc4",
    ]
)
_VALUES = st.sampled_from(
    [b"a", b"a b", b" a", b"a ", b"", b"a\r\nX: y", b"a\nb", b"a\x00", b"\xc4\x83", b"5", b"a:b", b"\t"]
)


@given(
    method=st.sampled_from(["GET"] * 5 + ["HEAD", "POST", "get"]),
    target=st.sampled_from(["/", "/rss?a=b&c=%C4%83", "/a b", "", "/ă", "/\r\n", "*", "/\x7f"]),
    headers=st.lists(st.tuples(_NAMES, _VALUES), max_size=3),
)
@settings(max_examples=300, deadline=None)
def test_no_request_is_written_otherwise_than_by_h11(
    method: str, target: str, headers: list[tuple[bytes, bytes]]
) -> None:
    for given_headers in (HEADERS + headers, headers):
        written = plain_request(method, target, given_headers)
        if written is not None:
            http = h11.Connection(h11.CLIENT)
            by_h11 = http.send(h11.Request(method=method, target=target, headers=given_headers))
            assert written == (by_h11 or b"") + (http.send(h11.EndOfMessage()) or b"")


def test_usual_request_is_written_plainly() -> None:
    written = plain_request("GET", "/rss?a=b", HEADERS)
    assert written is not None
    assert written.startswith(b"GET /rss?a=b HTTP/1.1\r\nHost: vidu.example\r\nUser-Agent: syncd")


@pytest.mark.parametrize("length", [0, 10, 200_000])
def test_usual_answer_needs_no_h11(local_site: LocalSite, length: int) -> None:
    local_site.page("/", "a" * length)
    program = (
        "import sys; from adapters.http.client import HttpSettings, PoliteClient; from syncd.clock import SystemClock\n"
        "settings = HttpSettings(allow_addresses=('127.0.0.0/8',), allow_ports=(int(sys.argv[2]),))\n"
        "with PoliteClient(settings, clock=SystemClock()).visit() as visit:\n"
        "    exchange = visit.get(sys.argv[1])\n"
        "assert 'h11' not in sys.modules and 'httpx' not in sys.modules\n"
        "sys.stdout.write(str(len(exchange.body)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, local_site.url("/"), str(local_site.port)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) == length
