"""Hundreds of sites on loopback, served by a process of their own so that their cost is not ours.

Site i has the address 127.1.0.(1 + i mod 250): hosts are many, as they are outside. Answers carry an ETag, and a
conditional request for the same generation is answered with 304.
"""

import multiprocessing
import re
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import BinaryIO

from yardstick.feeds import ITEMS, feed

HOSTS = 250
NETWORK = "127.1.0.0/24"
_ETAG = re.compile(rb'(?i)^if-none-match:\s*"([^"]*)"')


@dataclass(frozen=True, slots=True)
class Farm:
    """`turn(n)` puts the feeds into generation n: n posts more than at first."""

    port: int
    scheme: str
    pipe: Connection

    def url(self, site: int) -> str:
        return f"{self.scheme}://127.1.0.{1 + site % HOSTS}:{self.port}/{site}/rss"

    def turn(self, generation: int) -> None:
        self.pipe.send(generation)
        self.pipe.recv()


@contextmanager
def farm(sites: int, *, certificate: Path | None = None, delay_s: float = 0.0) -> Iterator[Farm]:
    """A farm with all feeds made beforehand, until the block ends. `certificate`: a PEM with its key; then it speaks https.

    `delay_s`: how long each feed keeps its reader waiting.
    """
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(sites, certificate, delay_s, theirs), daemon=True
    )
    process.start()
    try:
        yield Farm(port=ours.recv(), scheme="https" if certificate else "http", pipe=ours)
    finally:
        process.terminate()
        process.join()


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 256
    tls: ssl.SSLContext | None = None
    answers: dict[bytes, tuple[bytes, bytes]]  # target -> (etag, the whole answer)
    delay_s = 0.0


def _serve(sites: int, certificate: Path | None, delay_s: float, pipe: Connection) -> None:
    with _Server(("0.0.0.0", 0), _Line) as server:
        server.delay_s = delay_s
        if certificate is not None:
            server.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.tls.load_cert_chain(certificate)
        server.answers = _answers(sites, 0)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        pipe.send(server.server_address[1])
        while True:
            server.answers = _answers(sites, pipe.recv())
            pipe.send(True)


def _answers(sites: int, generation: int) -> dict[bytes, tuple[bytes, bytes]]:
    answers = {}
    for site in range(sites):
        body, etag = feed(site, newest=ITEMS + generation), f"{site}-{generation}".encode()
        head = (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml; charset=utf-8\r\n"
            b'ETag: "' + etag + b'"\r\nContent-Length: ' + str(len(body)).encode() + b"\r\n\r\n"
        )
        answers[f"/{site}/rss".encode()] = (etag, head + body)
    return answers


class _Line(socketserver.StreamRequestHandler):
    """One connection: requests answered in turn until the other side has enough."""

    server: _Server
    rfile: BinaryIO
    disable_nagle_algorithm = True

    def setup(self) -> None:
        if self.server.tls is not None:
            self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def handle(self) -> None:
        while request := self.rfile.readline():
            known = b""
            while (line := self.rfile.readline()) not in (b"\r\n", b""):
                if match := _ETAG.match(line):
                    known = match[1]
            found = self.server.answers.get(request.split(b" ")[1])
            if found is None:  # robots.txt, which no site here has
                self.wfile.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                continue
            time.sleep(self.server.delay_s)
            etag, answer = found
            if known == etag:
                answer = b'HTTP/1.1 304 Not Modified\r\nETag: "' + etag + b'"\r\n\r\n'
            self.wfile.write(answer)
