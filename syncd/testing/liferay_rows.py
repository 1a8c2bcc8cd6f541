"""The rows of a Liferay on loopback, the filter of a list, and the parts of a form."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from typing import Any, Literal

from syncd.testing.local_site import SeenRequest

SITE, STRUCTURE, VOCABULARY = 20121, 34021, 35001
_COMPARE: dict[str, Callable[[datetime, datetime], bool]] = {
    "ge": lambda held, given: held >= given,
    "gt": lambda held, given: held > given,
    "le": lambda held, given: held <= given,
    "lt": lambda held, given: held < given,
}
Kind = Literal["structured-contents", "blog-postings"]


class Refused(Exception):
    """A request Liferay refuses, in its own words."""

    def __init__(self, status: int, title: str) -> None:
        super().__init__(title)
        self.status = status


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    id: int
    login: str
    name: str
    password: str
    rights: frozenset[str] = frozenset(("add", "update", "permissions", "control panel", "add category"))


@dataclass(slots=True, kw_only=True)
class StoredContent:
    """`versions`: the status code of each, the oldest first. `guests`: whether they may view it."""

    id: int
    kind: Kind
    code: str
    title: str
    html: str
    date: datetime
    created: datetime
    modified: datetime
    creator: int
    structure: int = STRUCTURE
    description: str = ""
    image: int | None = None
    categories: list[int] = field(default_factory=list)
    versions: list[int] = field(default_factory=lambda: [0])
    guests: bool = True
    indexed: bool = True


@dataclass(slots=True, kw_only=True)
class StoredDocument:
    id: int
    code: str
    filename: str
    data: bytes
    title: str = ""


def zulu(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def condition(text: str) -> Callable[[datetime], bool]:
    parts = [part.split() for part in text.split(" and ") if part]
    if any(len(part) != 3 or part[0] != "datePublished" or part[1] not in _COMPARE for part in parts):
        raise Refused(400, f"A property used in the filter criteria is not supported: {text}")
    bounds = [(_COMPARE[part[1]], datetime.fromisoformat(part[2])) for part in parts]
    return lambda held: all(compare(held, bound) for compare, bound in bounds)


def parts_of(request: SeenRequest) -> dict[str, tuple[str, bytes]]:
    """The parts of a multipart form: name -> file name and bytes."""
    message = message_from_bytes(
        b"content-type: " + request.headers["content-type"].encode() + b"\r\n\r\n" + request.body
    )
    parts: Iterable[Any] = message.get_payload()
    return {
        str(part.get_param("name", header="content-disposition")): (
            part.get_filename() or "",
            part.get_payload(decode=True),
        )
        for part in parts
    }
