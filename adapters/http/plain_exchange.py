"""Requests and answers in the plain form that nearly all have, written and read without h11, as h11 would.

A GET without a body; an answer whose head comes whole in the first read, with CRLF at the end of each line, nothing but visible ASCII
in its values, and a length. That costs a sixth of what h11 takes, and a process that meets nothing else does not import h11 (25 ms).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

Headers = Sequence[tuple[bytes, bytes]]

_TOKEN = rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_VALUE = rb"[!-~](?:[ -~]*[!-~])?"
_HEADER = re.compile(_TOKEN + rb": " + _VALUE)
_TARGET = re.compile(rb"[!-~]+")
_HEAD = re.compile(rb"HTTP/1\.1 [2-5][0-9][0-9](?: [ -~]*)?(?:\r\n" + _TOKEN + rb": ?(?:" + _VALUE + rb")?)*")
_LENGTH = re.compile(rb"[0-9]{1,15}")
_OF_FRAMING = frozenset({b"content-length", b"transfer-encoding", b"connection", b"expect", b"upgrade"})
_WITHOUT_BODY = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Head:
    """The head of an answer: names of headers in lower case, values without the space around them."""

    status: int
    headers: Headers


@dataclass(frozen=True, slots=True)
class PlainAnswer:
    """An answer as far as it has come. `length`: of the whole body; `stays`: the connection may be used again after it."""

    head: Head
    body: bytes
    length: int
    stays: bool


def plain_request(method: str, target: str, headers: Headers) -> bytes | None:
    """The bytes of a request without a body, Host first; None where h11 must say how it is written, or that it cannot be."""
    written = target.encode("ascii", "replace")
    if method != "GET" or not target.isascii() or not _TARGET.fullmatch(written):
        return None
    names = [name.lower() for name, _ in headers]
    if names[:1] != [b"host"] or names.count(b"host") > 1 or not _OF_FRAMING.isdisjoint(names):
        return None
    lines = [name + b": " + value for name, value in headers]
    if any(b":" in name for name in names) or not all(map(_HEADER.fullmatch, lines)):
        return None
    return b"".join((b"GET ", written, b" HTTP/1.1\r\n", b"\r\n".join(lines), b"\r\n\r\n"))


def plain_answer(data: bytes) -> PlainAnswer | None:
    """The answer to a GET that begins with `data`, all that was read; None where h11 must read it."""
    head, end, body = data.partition(b"\r\n\r\n")
    if not end or not _HEAD.fullmatch(head):
        return None
    line, *lines = head.split(b"\r\n")
    status = int(line[9:12])
    headers: list[tuple[bytes, bytes]] = []
    framing: dict[bytes, bytes] = {}
    for line in lines:
        name, _, value = line.partition(b":")
        name, value = name.lower(), value.strip(b" ")
        headers.append((name, value))
        if name in _OF_FRAMING:
            if name in framing:
                return None
            framing[name] = value
    stays = framing.pop(b"connection", b"keep-alive").lower()
    declared = framing.pop(b"content-length", None)
    if framing or stays not in (b"keep-alive", b"close") or (declared is not None and not _LENGTH.fullmatch(declared)):
        return None
    if status in _WITHOUT_BODY:
        length = 0
    elif declared is not None:
        length = int(declared)
    else:
        return None
    if len(body) > length:
        return None
    return PlainAnswer(Head(status, headers), body, length, stays == b"keep-alive")
