"""A request before it is sent, as logins see it, and what a login does for one."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Protocol
from urllib.parse import urlencode, urlsplit

from syncd.ports.source import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePart:
    """A file of a multipart form."""

    name: str
    filename: str
    content_type: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. `form` is encoded last, so that a login can add to it: with `files`, be there some or none, as a multipart form.

    `secret_query` stands in no message.
    """

    method: str
    url: str
    writes: bool
    query: tuple[tuple[str, str], ...] = ()
    secret_query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    form: tuple[tuple[str, str], ...] | None = None
    files: tuple[FilePart, ...] | None = None

    def with_headers(self, headers: Mapping[str, str]) -> "Request":
        return replace(self, headers={**self.headers, **headers})

    def encoded(self) -> "Request":
        """The same with its form in the body."""
        if self.form is None:
            return self
        if self.files is None:
            body = urlencode(self.form).encode()
            return replace(
                self.with_headers({"content-type": "application/x-www-form-urlencoded"}), body=body, form=None
            )
        body, content_type = _multipart(self.form, self.files)
        return replace(self.with_headers({"content-type": content_type}), body=body, form=None, files=None)

    @property
    def address(self) -> str:
        """The whole address, without what is secret."""
        return _joined(self.url, self.query)

    @property
    def path(self) -> str:
        return urlsplit(self.url).path or "/"

    @property
    def query_string(self) -> str:
        return urlsplit(_joined(self.url, self.query + self.secret_query)).query


Carrier = Callable[[Request], Exchange]


class LoginRefused(Exception):
    """We were not let in. `kind`: `unauthorized`, or `needs_a_human` where a captcha or a second factor is asked for."""

    def __init__(self, message: str, *, kind: str = "unauthorized", hint: str | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.hint = hint


class Turned(Enum):
    """What an answer says of our login."""

    EXPIRED = "expired"  # nothing was done; a renewed login may do
    EXPIRED_UNSURE = "expired_unsure"  # as before, and nobody can say whether the call took effect
    REFUSED = "refused"  # nothing was done, and renewing does not help


class Login(Protocol):
    """One login at one portal, for all threads and visits."""

    def signed(self, request: Request, carrier: Carrier) -> Request:
        """The request with what proves us; may log in first by `carrier`. Called anew for each try.

        Raises:
            LoginRefused: we are not let in.
        """
        ...

    def judged(self, request: Request, exchange: Exchange) -> Turned | None:
        """Whether an answer turns us away for the login's sake; keeps what can be learnt from it (a clock's offset, cookies)."""
        ...

    def forget(self) -> None:
        """Log in again before the next request."""
        ...


def bearer_header(template: str, token: str, *, default: str) -> dict[str, str]:
    """`Name: words {{ token }}` or just `Name` as a header."""
    name, colon, words = (template or default).partition(":")
    value = words.strip().replace("{{ token }}", token).replace("{{token}}", token) if colon else token
    return {name.strip(): value}


def _joined(url: str, query: tuple[tuple[str, str], ...]) -> str:
    if not query:
        return url
    return url + ("&" if "?" in url else "?") + urlencode(query)


def _multipart(form: tuple[tuple[str, str], ...], files: tuple[FilePart, ...]) -> tuple[bytes, str]:
    mark = f"syncd-{secrets.token_hex(16)}".encode()  # 128 random bits stand in no file
    parts = []
    for name, value in form:
        head = f'Content-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n'.encode()
        parts.append(b"--" + mark + b"\r\n" + head + value.encode("utf-8", "replace") + b"\r\n")
    for file in files:
        disposition = f'form-data; name="{_quoted(file.name)}"; filename="{_quoted(file.filename)}"'
        head = f"Content-Disposition: {disposition}\r\nContent-Type: {file.content_type}\r\n\r\n".encode()
        parts.append(b"--" + mark + b"\r\n" + head + file.data + b"\r\n")
    return b"".join(parts) + b"--" + mark + b"--\r\n", f"multipart/form-data; boundary={mark.decode()}"


def _quoted(name: str) -> str:
    """As browsers do (HTML, 4.10.21.8)."""
    return name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
