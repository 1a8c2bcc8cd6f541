"""The table `auth`: a kind of login, and the keys that belong to it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Literal
from urllib.parse import urlsplit

from syncd.errors import ConfigError
from syncd.ports.secret import Secret

Kind = Literal[
    "none", "basic", "bearer", "api_key", "oauth2_client_credentials", "login_token", "jwt_hs256", "hmac", "nukeviet",
    "cookie_form", "mtls",
]  # fmt: skip

# kind -> (keys it needs, keys it may have)
KEYS: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "basic": (frozenset(("username", "password")), frozenset()),
    "bearer": (frozenset(("token",)), frozenset(("header",))),
    "api_key": (frozenset(("token",)), frozenset(("header", "query_name"))),
    "oauth2_client_credentials": (
        frozenset(("token_url", "client_id", "client_secret")),
        frozenset(("scope", "audience", "auth_style", "header", "ttl_seconds")),
    ),
    "login_token": (
        frozenset(("request", "json", "token_path")),
        frozenset(("username", "password", "header", "ttl_seconds")),
    ),
    "jwt_hs256": (
        frozenset(("key_id", "secret")),
        frozenset(("audience", "ttl_seconds", "header", "secret_encoding", "claims")),
    ),
    "hmac": (
        frozenset(("secret", "string_to_sign", "headers")),
        frozenset(("key_id", "algorithm", "encoding", "secret_encoding")),
    ),
    "nukeviet": (frozenset(("apikey", "secret")), frozenset(("hash",))),
    "cookie_form": (
        frozenset(("login_page", "username", "password", "fields")),
        frozenset(
            (
                "submit_to", "csrf", "csrf_field", "success", "success_url", "logged_out", "logged_out_url", "csrf_page", "csrf_write",
                "csrf_write_field", "human",
            )
        ),
    ),
    "mtls": (frozenset(), frozenset()),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginSettings:
    """One login. Which keys belong to which kind: docs/portals/http_json.md; templates in it may name `username`, `password`, `token`.

    `header`: the name of a header, or `Name: {{ token }}` with words around the token.
    """

    kind: Kind
    username: str = ""
    password: Secret | None = None
    token: Secret | None = None
    header: str = ""
    query_name: str = ""
    token_url: str = ""
    client_id: str = ""
    client_secret: Secret | None = None
    scope: str = ""
    audience: str = ""
    auth_style: Literal["basic", "post"] = "basic"
    request: str = ""
    json: Any = None
    token_path: str = ""
    ttl_seconds: float | None = None
    key_id: str = ""
    secret: Secret | None = None
    secret_encoding: Literal["text", "hex", "base64"] | None = None
    claims: dict[str, Any] = field(default_factory=dict)
    algorithm: Literal["sha256", "sha384", "sha512", "sha1"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    string_to_sign: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    apikey: Secret | None = None
    hash: Literal["bcrypt", "md5"] = "bcrypt"
    login_page: str = ""
    submit_to: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    csrf: str = ""
    csrf_field: str = ""
    success: str = ""
    success_url: str = ""
    logged_out: str = ""
    logged_out_url: str = ""
    csrf_page: str = ""
    csrf_write: str = ""
    csrf_write_field: str = ""
    human: str = ""

    def problems(self, *, url: str, has_certificate: bool) -> Iterator[ConfigError]:
        """What is missing or out of place; `key` is relative to the table."""
        needed, possible = KEYS.get(self.kind, (frozenset[str](), frozenset[str]()))
        for name in sorted(needed):
            if not getattr(self, name):
                how = f", {name}_file or {name}_env" if name in SECRETS else ""
                yield ConfigError("is missing", key=name, hint=f'auth.kind = "{self.kind}" needs {name}{how}')
        for name in given(self) - needed - possible - {"kind"}:
            yield ConfigError(
                "does not belong to this kind of login",
                key=name,
                hint=f'auth.kind = "{self.kind}" takes {", ".join(sorted(needed | possible)) or "no other key"}',
            )
        if self.kind == "mtls" and not has_certificate:
            yield ConfigError(
                "needs a certificate",
                key="kind",
                hint="give portal.client_certificate and portal.client_key, PEM files",
            )
        for name in ("token_url", "login_page", "submit_to"):
            place = getattr(self, name)
            if place and not place.startswith("/") and not is_private(place):
                yield ConfigError(
                    "would send a password over a line anyone can read", key=name, hint="it must begin with https://"
                )
        if self.kind != "none" and url and not is_private(url):
            yield ConfigError(
                "the login would be sent over a line anyone can read",
                key="kind",
                hint="portal.url must begin with https://",
            )


SECRETS = frozenset(("password", "token", "client_secret", "secret", "apikey"))


def given(settings: LoginSettings) -> frozenset[str]:
    """The keys that differ from what they are when left out."""
    plain = LoginSettings(kind=settings.kind)
    return frozenset(name for name in LoginSettings.__slots__ if getattr(settings, name) != getattr(plain, name))


def is_private(url: str) -> bool:
    """Whether nobody on the way can read what is sent there: https, or this machine itself."""
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
    except ValueError:
        return False
    if parts.scheme == "https" or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
