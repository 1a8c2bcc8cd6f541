"""One step carried out: the request made of its templates, sent with the login's proof, and its answer judged."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin, urlsplit

from adapters.http.client import retry_after
from adapters.portals.http_json_pages import page_document
from adapters.portals.http_json_settings import HttpJsonSettings, Place, Step, When
from adapters.portals.http_json_templates import BadTemplate, Templates, as_json_bytes
from adapters.portals.http_json_values import ValueSpec, document_of, plain, same
from adapters.portals.json_api import PortalCalls
from adapters.portals.logins.requests import FilePart, Login, LoginRefused, Request, Turned
from syncd.errors import PortalError
from syncd.ports.portal import FileToPush
from syncd.ports.source import Exchange

_MOVED = (301, 302, 307, 308)
_MOST_MOVES = 3
FILE = "file"  # `body = "file"`, and the member of a multipart form that is the file's


@dataclass(frozen=True, slots=True, kw_only=True)
class StepAnswer:
    """A due answer: its document (None where it has no body), and the exchange behind it."""

    document: Any
    exchange: Exchange

    @property
    def status(self) -> int:
        return self.exchange.status

    def fits(self, when: When | None) -> bool:
        """Whether every part of a condition that is given is met; one without parts fits nothing."""
        if when is None or not (when.status or when.equals or when.match):
            return False
        if when.status and self.status not in when.status:
            return False
        if when.match and not re.search(when.match, self.exchange.body.decode("utf-8", "replace"), re.S):
            return False
        return says(self.document, when.equals)

    def item(self, path: str) -> Any:
        """The part of the document that tells of one thing; all of it where no path is given."""
        return ValueSpec.of(path).first(self.document) if path else self.document

    def value(self, place: str | Place, item: Any = None) -> str:
        """What stands at a place, of the answer or of one of its entries; empty where nothing does."""
        if isinstance(place, str):
            place = Place(path=place)
        if place.header:
            text = self.exchange.header(place.header.lower()) or ""
        elif place.path:
            text = plain(ValueSpec.of(place.path).first(self.document if item is None else item))
        else:
            return ""
        if place.regex and text:
            found = re.search(place.regex, text)
            text = (found[1] if found.re.groups else found[0]) if found else ""
        return text


class Calls:
    """The steps of one visit. By one thread."""

    def __init__(self, api: PortalCalls, settings: HttpJsonSettings, *, login: Login, templates: Templates) -> None:
        self.api = api
        self._settings = settings
        self._base = settings.url.rstrip("/")
        self._login = login
        self._templates = templates

    def do(
        self,
        step: Step,
        values: Mapping[str, Any],
        *,
        writes: bool,
        told: Iterable[When | None] = (),
        file: FileToPush | None = None,
        at: str | None = None,
        again: Callable[[], bool] | None = None,
    ) -> StepAnswer | None:
        """The answer of a step, once it is one that is due or fits one of `told`.

        `at`: another address of the same portal in place of the step's own. `again`: asked before a write is repeated whose login had run
        out; None is returned where it says no.

        Raises:
            PortalError: anything else.
        """
        writes = writes if step.writes is None else step.writes
        request = self._request(step, values, writes=writes, file=file, at=at)
        exchange, turned = self._sent(request)
        if turned in (Turned.EXPIRED, Turned.EXPIRED_UNSURE):
            self._login.forget()
            if turned is Turned.EXPIRED_UNSURE:
                raise self._turned_away(request, exchange, unknown=True)
            if writes and again is None:
                raise self._turned_away(request, exchange, unknown=False)
            if writes and again is not None and not again():
                return None
            exchange, turned = self._sent(request)
        if turned is not None:
            if turned is not Turned.REFUSED:
                self._login.forget()
            raise self.api.fail(
                f"does not know us: {request.method} {request.address} was answered with {exchange.status}"
                f"{_own_words(exchange)}",
                kind="unauthorized",
                unknown=turned is Turned.EXPIRED_UNSURE and writes,
                hint="check portal.auth: its secret is wrong or withdrawn, or this machine's address is not allowed there",
            )
        return self._judged(step, request, exchange, tuple(told))

    def carry(self, request: Request) -> Exchange:
        """For logins: one request as it is."""
        return self._exchange(request)

    # --- sending ------------------------------------------------------------------------------------

    def _sent(self, request: Request, *, left: int = _MOST_MOVES) -> tuple[Exchange, Turned | None]:
        """The answer, and what it says of our login. What is read is followed where the portal moved it within itself; a write never is."""
        try:
            signed = self._login.signed(request, self.carry)
        except LoginRefused as err:
            raise self.api.fail(f"does not let us in: {err}", kind=err.kind, hint=err.hint) from err
        exchange = self._exchange(signed)
        turned = self._login.judged(request, exchange)
        if turned is None and left and not request.writes and exchange.status in _MOVED:
            led = self.own_address(urljoin(request.url, exchange.header("location") or ""))
            return self._sent(replace(request, url=led, query=()), left=left - 1)
        return exchange, turned

    def _exchange(self, request: Request) -> Exchange:
        query: dict[str, list[str]] = {}
        for name, value in request.secret_query:
            query.setdefault(name, []).append(value)
        try:
            exchange = self.api.exchange(
                request.method,
                request.address,
                query=query,
                headers=request.headers,
                body=request.body,
                writes=request.writes,
            )
        except PortalError as err:
            if not request.secret_query:
                raise
            raise self._masked(err, request) from None  # the first one's text, and its cause's, holds the token
        return replace(exchange, url=request.address) if request.secret_query else exchange

    def _masked(self, err: PortalError, request: Request) -> PortalError:
        return self.api.fail(
            f"gave no answer to {request.method} {request.address}: {err.kind}",
            kind=err.kind,
            unknown=err.unknown,
            permanent=err.permanent,
            retry_after=err.retry_after,
            hint=err.hint,
        )

    def _turned_away(self, request: Request, exchange: Exchange, *, unknown: bool) -> PortalError:
        return self.api.fail(
            f"ended our login: {request.method} {request.address} was answered with {exchange.status}",
            kind="session_expired",
            unknown=unknown,
            hint="nothing need be done: syncd logs in again and looks the post up first",
        )

    # --- the request ----------------------------------------------------------------------------------

    def _request(
        self, step: Step, values: Mapping[str, Any], *, writes: bool, file: FileToPush | None, at: str | None
    ) -> Request:
        method, _, path = step.request.partition(" ")
        render = self._templates
        try:
            headers = {
                name.lower(): render.text(value, values)
                for name, value in (self._settings.headers | step.headers).items()
            }
            if any(sign in value for value in headers.values() for sign in "\r\n\0"):
                raise BadTemplate("a header's value has a line break in it")
            url = at if at is not None else self._base + render.url_path(path.strip(), values)
            query = () if at is not None else tuple(_pairs(render.tree(step.query, values)))
            made = Request(method=method, url=url, writes=writes, query=query, headers=headers)
            if step.json is not None:
                body = as_json_bytes(render.tree(step.json, values))
                return replace(made, body=body).with_headers({"content-type": "application/json; charset=utf-8"})
            if step.form is not None:
                return replace(made, form=tuple(_pairs(render.tree(step.form, values))))
            if step.multipart is not None:
                return self._with_parts(made, step, values, file)
            if step.body == FILE and file is not None:
                return replace(made, body=file.data).with_headers({"content-type": file.content_type, **headers})
            if step.body_template:
                text = render.text(step.body_template, values, escaped="xml" in step.content_type)
                kind = step.content_type or "text/plain; charset=utf-8"
                return replace(made, body=text.encode("utf-8", "replace")).with_headers({"content-type": kind})
        except BadTemplate as err:
            raise self.api.fail(
                f"was sent nothing: {err}", kind="template", permanent=True, hint="correct the step in [portal]"
            ) from err
        return made

    def _with_parts(self, made: Request, step: Step, values: Mapping[str, Any], file: FileToPush | None) -> Request:
        parts = self._templates.tree({k: v for k, v in (step.multipart or {}).items() if v != FILE}, values)
        names = [name for name, value in (step.multipart or {}).items() if value == FILE]
        files = tuple(
            FilePart(name=name, filename=file.filename, content_type=file.content_type, data=file.data)
            for name in names
            if file is not None
        )
        return replace(made, form=tuple(_pairs(parts)), files=files)

    # --- the answer -------------------------------------------------------------------------------------

    def _judged(self, step: Step, request: Request, exchange: Exchange, told: tuple[When | None, ...]) -> StepAnswer:
        document = (
            page_document(exchange.body, select=step.select)
            if step.html and exchange.body
            else document_of(exchange.body)
        )
        answer = StepAnswer(document=document, exchange=exchange)
        if any(answer.fits(when) for when in told):
            if document is None and exchange.body and not step.html:
                # a page of the web server or of a firewall, whatever its status, says nothing of a post
                raise self._not_due(request, exchange, f"{exchange.status} and a page ({exchange.content_type})")
            return answer
        status = exchange.status
        if status in step.retry_on:
            raise self.api.fail(
                f"asks to be called later: {request.method} {request.address} was answered with {status}",
                kind="throttled" if status == HTTPStatus.TOO_MANY_REQUESTS else "busy",
                retry_after=retry_after(exchange),
            )
        for refusal in step.refused:
            if answer.fits(refusal):
                said = plain(ValueSpec.of(refusal.message).first(document))[:200] if refusal.message else ""
                raise self.api.fail(
                    f"refused {request.method} {request.address}: {said or _own_words(exchange).strip() or refusal.kind}",
                    kind=refusal.kind,
                    permanent=refusal.permanent,
                )
        due = step.expect.status if step.expect and step.expect.status else ()
        if status not in due and not (not due and status < HTTPStatus.MULTIPLE_CHOICES):
            if status >= HTTPStatus.MULTIPLE_CHOICES:
                code, said = _code_and_message(document)
                self.api.refuse(request.method, exchange, writes=request.writes, code=code, said=said)
            raise self._not_due(
                request,
                exchange,
                f"{status} ({exchange.content_type or 'no type'}), where {', '.join(map(str, due))} is due",
            )
        rest = replace(step.expect, status=()) if step.expect else None
        if rest and (rest.equals or rest.match) and not answer.fits(rest):
            raise self._not_due(request, exchange, f"{status} and not what portal's expect says{_own_words(exchange)}")
        if document is None and not (step.html or status == HTTPStatus.NO_CONTENT):
            raise self._not_due(
                request,
                exchange,
                f"{status} and no JSON ({exchange.content_type or 'no type'}, {len(exchange.body)} bytes)",
            )
        return answer

    def _not_due(self, request: Request, exchange: Exchange, what: str) -> PortalError:
        return self.api.fail(
            f"answered {request.method} {request.address} with {what}",
            unknown=request.writes,
            hint="a login page, a firewall's page or another version's answer stands where the due one should;"
            " open the address and see",
        )

    def own_address(self, text: str) -> str:
        """A whole address that an answer names, once it is on this portal.

        Raises:
            PortalError: it leads elsewhere.
        """
        own, other = urlsplit(self._base), urlsplit(text)
        if (own.scheme, own.netloc.lower()) != (other.scheme, other.netloc.lower()):
            raise self.api.fail(f"leads to another host: {text[:200]}", kind="bad_redirect", permanent=True)
        return text


def says(document: Any, equals: Mapping[str, Any]) -> bool:
    """Whether a document has these values at these paths."""
    return all(
        any(same(found, wanted) for found in ValueSpec.of(path).all(document)) for path, wanted in equals.items()
    )


def _pairs(tree: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    """Names and values of a form or query; a list repeats its name."""
    for name, value in tree.items():
        for each in value if isinstance(value, list) else [value]:
            text = plain(each) if not isinstance(each, Mapping | list) else as_json_bytes(each).decode()
            # a half surrogate fits on no wire
            yield str(name), text.encode("utf-8", "replace").decode()


def _code_and_message(document: Any) -> tuple[str, str]:
    if not isinstance(document, dict):
        return "", ""
    return plain(document.get("code"))[:80], plain(document.get("message"))[:200]


def _own_words(exchange: Exchange) -> str:
    code, said = _code_and_message(document_of(exchange.body))
    return f": {code} {said}".rstrip() if code or said else ""
