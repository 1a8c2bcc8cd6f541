"""Logins that fetch a token first and use it until it runs out: OAuth 2 client credentials, and a portal's own login call."""

import base64
import threading
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from adapters.portals.http_json_templates import Templates, as_json_bytes
from adapters.portals.http_json_values import ValueSpec, document_of, plain
from adapters.portals.logins.requests import Carrier, LoginRefused, Request, Turned, bearer_header
from adapters.portals.logins.settings import LoginSettings
from syncd.ports.clock import Clock
from syncd.ports.source import Exchange

_EARLY_S = 60.0  # renewed so long before it runs out
_BEARER = "Authorization: Bearer {{ token }}"


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    good_until: float | None  # monotonic; None: until it is refused


class FetchedTokenLogin:
    """The common part: one token for all threads, fetched by one of them at a time."""

    def __init__(self, settings: LoginSettings, *, base_url: str, clock: Clock, templates: Templates) -> None:
        self._settings = settings
        self._base_url = base_url
        self._clock = clock
        self._templates = templates
        self._lock = threading.Lock()
        self._token: _Token | None = None

    def signed(self, request: Request, carrier: Carrier) -> Request:
        with self._lock:
            token = self._token
            if token is None or (token.good_until is not None and self._clock.monotonic() >= token.good_until):
                token = self._token = self._fetched(carrier)
        return request.encoded().with_headers(bearer_header(self._settings.header, token.text, default=_BEARER))

    def judged(self, request: Request, exchange: Exchange) -> Turned | None:
        return Turned.EXPIRED if exchange.status == 401 else None

    def forget(self) -> None:
        with self._lock:
            self._token = None

    def _fetched(self, carrier: Carrier) -> _Token:
        exchange = carrier(self._asked())
        if exchange.status >= 300:
            raise LoginRefused(
                f"the login at {exchange.url} was answered with {exchange.status}{_said(document_of(exchange.body))}",
                kind="unauthorized" if exchange.status in (400, 401, 403) else "login_failed",
                hint="check the login's name and secret in portal.auth",
            )
        document = document_of(exchange.body)
        text = plain(ValueSpec.of(self._settings.token_path or "$.access_token").first(document))
        if not text or any(sign in text for sign in "\r\n"):
            raise LoginRefused(f"the login at {exchange.url} gave no token", kind="login_failed")
        seconds = self._lasts(document)
        early = min(_EARLY_S, seconds / 2) if seconds is not None else 0.0
        return _Token(text, None if seconds is None else self._clock.monotonic() + seconds - early)

    def _lasts(self, document: Any) -> float | None:
        return self._settings.ttl_seconds

    def _asked(self) -> Request:
        raise NotImplementedError


class OAuth2Login(FetchedTokenLogin):
    """OAuth 2 client credentials (RFC 6749, 4.4)."""

    def _asked(self) -> Request:
        settings = self._settings
        secret = settings.client_secret.reveal() if settings.client_secret else ""
        form = {"grant_type": "client_credentials", "scope": settings.scope, "audience": settings.audience}
        headers = {"accept": "application/json"}
        if settings.auth_style == "post":
            form |= {"client_id": settings.client_id, "client_secret": secret}
        else:
            # each part is form-encoded before they are joined (RFC 6749, 2.3.1)
            pair = f"{quote(settings.client_id, safe='')}:{quote(secret, safe='')}".encode()
            headers["authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        url = settings.token_url if "://" in settings.token_url else self._base_url + settings.token_url
        given = tuple((name, value) for name, value in form.items() if value)
        return Request(method="POST", url=url, writes=False, headers=headers, form=given).encoded()

    def _lasts(self, document: Any) -> float | None:
        told = document.get("expires_in") if isinstance(document, dict) else None
        try:
            return float(told) if told is not None else self._settings.ttl_seconds
        except (TypeError, ValueError):
            return self._settings.ttl_seconds


class LoginCallLogin(FetchedTokenLogin):
    """The portal's own call for a token: Plone's `@login`, Strapi, Directus."""

    def _asked(self) -> Request:
        settings = self._settings
        method, _, path = settings.request.partition(" ")
        password = settings.password.reveal() if settings.password else ""
        body = as_json_bytes(self._templates.tree(settings.json, {"username": settings.username, "password": password}))
        headers = {"accept": "application/json", "content-type": "application/json"}
        return Request(method=method, url=self._base_url + path.strip(), writes=False, headers=headers, body=body)


def _said(document: Any) -> str:
    """The portal's own words, where there are some."""
    if not isinstance(document, dict):
        return ""
    words = (document.get(name) for name in ("error", "error_description", "message", "code"))
    return "".join(f" {str(word)[:120]}" for word in words if isinstance(word, str))
