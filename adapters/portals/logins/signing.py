"""Logins that prove each request by itself: Basic, a fixed token, a signed token (JWT), a signature over the request (HMAC)."""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from adapters.portals.http_json_templates import Templates
from adapters.portals.logins.requests import Carrier, Request, Turned, bearer_header
from adapters.portals.logins.settings import LoginSettings
from syncd.ports.clock import Clock
from syncd.ports.secret import Secret
from syncd.ports.source import Exchange

_MOST_WRONG = timedelta(days=1)  # a clock that is wrong by more is somebody else's mistake


class NoLogin:
    """Nothing is sent: the portal lets everybody write, or knows us by the certificate of the connection."""

    def signed(self, request: Request, carrier: Carrier) -> Request:
        return request.encoded()

    def judged(self, request: Request, exchange: Exchange) -> Turned | None:
        return None

    def forget(self) -> None:
        return None


class BasicLogin(NoLogin):
    """Name and password with each request (RFC 7617), without being asked first."""

    def __init__(self, settings: LoginSettings) -> None:
        self._settings = settings

    def signed(self, request: Request, carrier: Carrier) -> Request:
        pair = f"{self._settings.username}:{_text(self._settings.password)}".encode()
        return request.encoded().with_headers({"authorization": f"Basic {base64.b64encode(pair).decode()}"})


class TokenLogin(NoLogin):
    """A fixed token in a header, or in the query where the portal takes it nowhere else."""

    def __init__(self, settings: LoginSettings) -> None:
        self._settings = settings

    def signed(self, request: Request, carrier: Carrier) -> Request:
        token = _text(self._settings.token)
        if self._settings.query_name:
            return replace(request.encoded(), secret_query=((self._settings.query_name, token),))
        default = "X-API-Key" if self._settings.kind == "api_key" else "Authorization: Bearer {{ token }}"
        return request.encoded().with_headers(bearer_header(self._settings.header, token, default=default))


class JwtLogin(NoLogin):
    """A token that we sign ourselves (RFC 7519, HS256), fresh for each request: Ghost's admin interface and its like."""

    def __init__(self, settings: LoginSettings, *, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._key = secret_bytes(settings.secret, settings.secret_encoding or "hex")

    def signed(self, request: Request, carrier: Carrier) -> Request:
        settings = self._settings
        now = int(self._clock.now().timestamp())
        claims: dict[str, Any] = {"iat": now, "exp": now + int(settings.ttl_seconds or 300), **settings.claims}
        if settings.audience:
            claims["aud"] = settings.audience
        head = {"alg": "HS256", "typ": "JWT", "kid": settings.key_id}
        signed = f"{_url64(json.dumps(head).encode())}.{_url64(json.dumps(claims).encode())}"
        mark = hmac.new(self._key, signed.encode(), hashlib.sha256).digest()
        header = bearer_header(settings.header, f"{signed}.{_url64(mark)}", default="Authorization: Ghost {{ token }}")
        return request.encoded().with_headers(header)


class HmacLogin(NoLogin):
    """A signature over the bytes as they are sent, made anew for each try. How far our clock is off is learnt from `Date`."""

    def __init__(self, settings: LoginSettings, *, clock: Clock, templates: Templates) -> None:
        self._settings = settings
        self._clock = clock
        self._templates = templates
        self._key = secret_bytes(settings.secret, settings.secret_encoding or "text")
        self._offset = timedelta(0)

    def signed(self, request: Request, carrier: Carrier) -> Request:
        request, settings = request.encoded(), self._settings
        now = self._clock.now() + self._offset
        values: Mapping[str, Any] = {
            "method": request.method,
            "path": request.path,
            "query": request.query_string,
            "target": request.path + (f"?{request.query_string}" if request.query_string else ""),
            "timestamp": int(now.timestamp()),
            "timestamp_ms": int(now.timestamp() * 1000),
            "date": format_datetime(now.astimezone(UTC), usegmt=True),
            "nonce": secrets.token_hex(16),
            "body_sha256": hashlib.sha256(request.body).hexdigest(),
            "body_md5_b64": base64.b64encode(hashlib.md5(request.body, usedforsecurity=False).digest()).decode(),
            "content_type": request.headers.get("content-type", ""),
            "key_id": settings.key_id,
        }
        text = self._templates.text(settings.string_to_sign, values)
        mark = hmac.new(self._key, text.encode(), settings.algorithm).digest()
        signature = mark.hex() if settings.encoding == "hex" else base64.b64encode(mark).decode()
        told = {**values, "signature": signature}
        return request.with_headers(
            {name: self._templates.text(value, told) for name, value in settings.headers.items()}
        )

    def judged(self, request: Request, exchange: Exchange) -> Turned | None:
        if exchange.status not in (401, 403):
            return None
        offset = _clock_offset(exchange, self._clock.now())
        if offset is None or abs(offset - self._offset) < timedelta(seconds=2):
            return None
        self._offset = offset
        return Turned.EXPIRED


def secret_bytes(secret: Secret | None, encoding: str) -> bytes:
    """The bytes of a key. Raises ValueError where it is not written so."""
    text = _text(secret)
    if encoding == "hex":
        return bytes.fromhex(text)
    return base64.b64decode(text, validate=True) if encoding == "base64" else text.encode()


def _clock_offset(exchange: Exchange, now: datetime) -> timedelta | None:
    try:
        there = parsedate_to_datetime(exchange.header("date") or "")
    except ValueError:
        return None
    offset = (there if there.tzinfo else there.replace(tzinfo=UTC)) - now
    return offset if abs(offset) < _MOST_WRONG else None


def _text(secret: Secret | None) -> str:
    return secret.reveal() if secret is not None else ""


def _url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
