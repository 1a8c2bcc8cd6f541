"""Calls that one of `logins` proves: the common part of adapters that know their portal's interface and leave the login to the operator."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from adapters.http.client import PoliteClient
from adapters.portals.http_json_templates import Templates
from adapters.portals.json_api import JsonApi, PortalCalls
from adapters.portals.logins.kinds import login_of
from adapters.portals.logins.requests import Login, LoginRefused, Request, Turned
from adapters.portals.logins.settings import LoginSettings
from syncd.domain.model import LOCAL, SourceKey
from syncd.errors import ConfigError
from syncd.ports.clock import Clock
from syncd.ports.source import Exchange

_KINDS = ("basic", "bearer", "api_key", "oauth2_client_credentials")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedApi(JsonApi):
    """Calls that carry JSON, each with the login's proof. A login that ran out is renewed: what reads is repeated once, what writes is not."""

    login: Login

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
        """As `PortalCalls.exchange`.

        Raises:
            PortalError: also `session_expired` for a write that met a login run out: it did nothing, and is made again after a look-up.
        """
        writes = method != "GET" if writes is None else writes
        request = Request(method=method, url=url, writes=writes, headers=headers or {}, body=body)
        exchange = self._sent(request, query)
        if self.login.judged(request, exchange) is not Turned.EXPIRED:
            return exchange
        self.login.forget()
        if writes:
            raise self.fail(
                f"ended our login: {method} {url} was answered with {exchange.status}",
                kind="session_expired",
                hint="nothing need be done: syncd logs in again and looks the post up first",
            )
        return self._sent(request, query)

    def _sent(self, request: Request, query: Mapping[str, str | Sequence[str]] | None) -> Exchange:
        try:
            signed = self.login.signed(request, self._carry)
        except LoginRefused as err:
            raise self.fail(f"does not let us in: {err}", kind=err.kind, hint=err.hint) from err
        return self._carry(signed, query)

    def _carry(self, request: Request, query: Mapping[str, str | Sequence[str]] | None = None) -> Exchange:
        # the parent by name: a class with slots is made anew, and `super()` would look for the first one
        return PortalCalls.exchange(
            self,
            request.method,
            request.url,
            query=query,
            headers=request.headers,
            body=request.body,
            writes=request.writes,
        )


class SignedPortal:
    """Gives out visits to one portal, proved by one login. May be shared by threads."""

    def __init__(
        self,
        auth: LoginSettings,
        *,
        url: str,
        name: str,
        http: PoliteClient,
        clock: Clock,
        allow_addresses: Sequence[str],
        headers: Mapping[str, str],
    ) -> None:
        parts = urlsplit(url)
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._login = login_of(auth, base_url=url.rstrip("/"), clock=clock, templates=Templates(LOCAL))
        self._name = name
        self._http = http
        self._allow_addresses = allow_addresses
        self._headers = headers

    @contextmanager
    def visit(self, key: SourceKey | None = None) -> Iterator[SignedApi]:
        # no pause between two requests: this is the office's own portal, and one delivery takes several
        with self._http.visit(
            allow_ports=(self._port,), allow_addresses=tuple(self._allow_addresses), spacing_s=0.0
        ) as visit:
            yield SignedApi(visit=visit, portal=self._name, key=key, headers=self._headers, login=self._login)


def login_problems(auth: LoginSettings, *, url: str) -> Iterator[ConfigError]:
    """What is wrong with the table `auth` of such a portal; `key` is relative to the portal's."""
    if auth.kind not in _KINDS or auth.query_name:
        yield ConfigError(
            "is no login that this portal takes" if auth.kind not in _KINDS else "would put the token into addresses",
            key="auth.kind" if auth.kind not in _KINDS else "auth.query_name",
            hint=f"auth.kind is one of {', '.join(_KINDS)}; a token goes into a header",
        )
        return
    for problem in auth.problems(url=url, has_certificate=False):
        yield ConfigError(problem.message, key=f"auth.{problem.key}", hint=problem.hint)
