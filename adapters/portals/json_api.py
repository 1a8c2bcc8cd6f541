"""Calls to a portal that answers JSON over HTTP, and what each kind of answer proves: the common part of such adapters.

A write whose answer is not the one due (no answer after it was sent, 5xx, a
redirect, a page where JSON should stand) may have taken effect: `unknown`. A refusal (4xx) took none. A read has no
effect to be unsure of, but anything short of a whole answer is an error, never an empty one.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any, NoReturn

from adapters.http.client import Visit, retry_after
from adapters.http.failures import HttpFailure
from syncd.domain.model import SourceKey
from syncd.errors import PortalError
from syncd.ports.secret import Secret
from syncd.ports.source import Exchange

_PERMANENT = {400, 405, 406, 410, 413, 414, 415, 422}
_NO_ROUTE = (
    "No route found"  # Drupal's words for an address that is none of its own, an interface switched off among them
)
# Zope's words for a transaction that met another one and was undone, as it does to a few of a hundred writes side by side
_UNDONE = {"ConflictError", "ReadConflictError"}
_KINDS = {401: "unauthorized", 403: "forbidden", 404: "not_found", 409: "conflict", 413: "too_large", 429: "throttled"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer: its status, and its JSON, which the next function down turns into values."""

    status: int
    payload: Any
    exchange: Exchange

    @property
    def code(self) -> str:
        """The portal's own word for a refusal, where it gives one."""
        return str(self.payload.get("code", "")) if isinstance(self.payload, dict) else ""

    @property
    def said(self) -> str:
        """What the portal says about a refusal; empty where it says nothing."""
        return _own_words(self.payload)[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalCalls:
    """The calls of one visit, authenticated by name and password, or by headers of the caller. `key` is the post they concern, for the errors."""

    visit: Visit
    portal: str
    auth: tuple[str, Secret] | None = None
    key: SourceKey | None = None

    def fail(
        self,
        what: str,
        *,
        kind: str = "protocol",
        unknown: bool = False,
        permanent: bool = False,
        retry_after: timedelta | None = None,
        hint: str | None = None,
    ) -> PortalError:
        """The error to raise about this portal and post."""
        return PortalError(
            f'portal "{self.portal}" {what}',
            portal=self.portal,
            key=self.key,
            unknown=unknown,
            kind=kind,
            permanent=permanent,
            retry_after=retry_after,
            hint=hint,
        )

    def exchange(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, str | Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        writes: bool | None = None,
    ) -> Exchange:
        """One request and its answer, whatever its status; `writes` where the method does not tell. Raises PortalError for none."""
        writes = method != "GET" if writes is None else writes
        try:
            return self.visit.send(
                method,
                url,
                headers={"accept": "application/json", **(headers or {})},
                body=body,
                query=query or {},
                auth=self.auth,
            )
        except HttpFailure as err:
            raise self.fail(
                f"gave no answer to {method} {url}: {err.message}",
                kind=err.kind,
                unknown=writes and err.sent,
                permanent=err.permanent,
                retry_after=err.retry_after,
                hint=err.hint,
            ) from err

    def judge(
        self, method: str, exchange: Exchange, *, expect: Collection[int] = (), writes: bool | None = None
    ) -> Answer:
        """What an answer proves. Raises PortalError for a refusal that was not expected, and for what is no JSON."""
        writes = method != "GET" if writes is None else writes
        try:
            payload = json.loads(exchange.body)
        except (ValueError, RecursionError) as err:
            if exchange.status >= HTTPStatus.MULTIPLE_CHOICES:
                self.refuse(method, exchange, code="", said="", writes=writes)
            raise self.fail(
                f"answered {method} {exchange.url} with {exchange.status} and no JSON"
                f" ({exchange.content_type or 'no type'}, {len(exchange.body)} bytes)",
                unknown=writes,
                hint="a login page, a firewall's page or a PHP notice stands where JSON is due; open the address and see",
            ) from err
        answer = Answer(status=exchange.status, payload=payload, exchange=exchange)
        if exchange.status >= HTTPStatus.MULTIPLE_CHOICES and exchange.status not in expect:
            code, said = _own_words(payload)
            self.refuse(method, exchange, code=code, said=said[:200], writes=writes)
        return answer

    def refuse(self, method: str, exchange: Exchange, *, writes: bool, code: str = "", said: str = "") -> NoReturn:
        """Raise what an answer of status 300 or more proves; `code` and `said` are the portal's own words, `writes` whether it was asked to change anything."""
        status = exchange.status
        redirected = status < HTTPStatus.BAD_REQUEST
        failed = status >= HTTPStatus.INTERNAL_SERVER_ERROR and code not in _UNDONE
        wanting = failed or status == HTTPStatus.REQUEST_TIMEOUT or redirected
        # the address is right and knows no such thing
        gone = status == HTTPStatus.NOT_FOUND and code not in ("", "rest_no_route") and not said.startswith(_NO_ROUTE)
        kind = _KINDS.get(status, "redirect" if redirected else "http_status")
        kind = "gone" if gone else "conflict" if code in _UNDONE else kind
        own_words = f": {code} {said}".rstrip() if code or said else ""
        target = f" to {exchange.header('location')}" if redirected else ""
        raise self.fail(
            f"answered {method} {exchange.url} with {status}{target}{own_words}",
            kind=kind,
            unknown=writes and wanting,
            permanent=gone or status in _PERMANENT,
            retry_after=retry_after(exchange),
            hint=_hint(status, code, redirected=redirected),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonApi(PortalCalls):
    """Calls that carry JSON. `headers` go with each: a token, the media type the portal wants to see accepted."""

    headers: Mapping[str, str] = field(default_factory=dict)

    def get(
        self, url: str, *, query: Mapping[str, str | Sequence[str]] | None = None, expect: Collection[int] = ()
    ) -> Answer:
        """Read. `expect` names refusals that tell the caller something; they come back as answers if they are JSON."""
        return self._call("GET", url, query=query or {}, expect=expect)

    def post(
        self,
        url: str,
        *,
        members: Mapping[str, object] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        expect: Collection[int] = (),
    ) -> Answer:
        """Write `members` as JSON, or a raw `body` under its own headers."""
        return self.send("POST", url, members=members, body=body, headers=headers, expect=expect)

    def send(
        self,
        method: str,
        url: str,
        *,
        members: Mapping[str, object] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        expect: Collection[int] = (),
    ) -> Answer:
        """As `post`, by another method that writes."""
        if body is None:
            body = json.dumps(members or {}, ensure_ascii=False).encode("utf-8", "replace")
            headers = {"content-type": "application/json; charset=utf-8", **(headers or {})}
        return self._call(method, url, headers=headers or {}, body=body, expect=expect)

    def _call(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, str | Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        expect: Collection[int] = (),
    ) -> Answer:
        exchange = self.exchange(method, url, query=query, headers={**self.headers, **(headers or {})}, body=body)
        return self.judge(method, exchange, expect=expect)


def _own_words(payload: Any) -> tuple[str, str]:
    """The portal's word for a refusal and what it says about it, as WordPress, Plone, Liferay and JSON:API write them; empty where it says nothing."""
    if not isinstance(payload, dict):
        return "", ""
    if isinstance(payload.get("error"), dict):
        payload = payload["error"]
    errors = payload.get("errors")
    if isinstance(errors, list) and errors and all(isinstance(error, dict) for error in errors):
        return str(errors[0].get("title", "")), "; ".join(str(error.get("detail", "")) for error in errors)
    code = payload.get("code") or (payload.get("status") if "title" in payload else "")
    if "message" in payload:
        code = code or payload.get("type")
    return str(code or ""), str(payload.get("message") or payload.get("title") or "")


def _hint(status: int, code: str, *, redirected: bool) -> str | None:
    if redirected:
        return "give the portal's final address in portal.url (https, with or without www)"
    if status == HTTPStatus.UNAUTHORIZED:
        return (
            "name or password is wrong or withdrawn, or the web server drops the Authorization header before it reaches"
            " the portal (CGI and FastCGI set-ups)"
        )
    if status == HTTPStatus.FORBIDDEN:
        return (
            f"the account lacks a right there ({code}); see docs/portals.md for the rights needed"
            if code
            else "a firewall in front of the portal refused this text or this address"
        )
    if status == HTTPStatus.NOT_FOUND and code in ("", "rest_no_route"):
        return "the programming interface is not at this address: is portal.url right, and the interface switched on?"
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return "the portal's limit on uploads is smaller than this text or image"
    return None
