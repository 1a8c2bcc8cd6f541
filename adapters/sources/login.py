"""Sites that show their posts only to whom they know: a header, Basic, or a form that is filled in once a visit.

What proves us (password, token, cookie) goes to the scheme, host and port of the site or of its login page alone, and into no message.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol
from urllib.parse import urlencode, urlsplit

from adapters.html import absolute, asks_for_login, base_of
from syncd.ports.secret import Secret
from syncd.ports.source import Exchange

_TYPED = ("text", "email", "tel", "")
_MAX_COOKIES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """The table `login` of a source.

    `header`: `value` is sent under the name `header`. `basic`: `username` and `password` (RFC 7617). `form`: the form with the password field on
    the page `url` is sent with them; its other fields as they stand there, and `fields`. The two names are found where they are not given.
    """

    kind: Literal["header", "basic", "form"]
    header: str = "Authorization"
    value: Secret | None = None
    username: str = ""
    password: Secret | None = None
    url: str = ""
    username_field: str = ""
    password_field: str = ""
    fields: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind == "header" and self.value is None:
            raise ValueError('kind = "header" needs value, value_file or value_env')
        if self.kind != "header" and (not self.username or self.password is None):
            raise ValueError(f'kind = "{self.kind}" needs username, and password, password_file or password_env')
        if self.kind == "form" and not absolute(self.url, self.url):
            raise ValueError('kind = "form" needs url: the address of the page with the form')
        if not self.header.replace("-", "").isalnum() or not self.header.isascii():
            raise ValueError("header must be the name of a header")


class LoginRefused(Exception):
    """The site does not let us in; the message says what was seen."""


class Carrier(Protocol):
    """How a session reaches its site."""

    def fetch(self, url: str, private: Mapping[str, str]) -> Exchange: ...
    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Exchange: ...


class Session:
    """One visit's login. By one thread."""

    def __init__(self, login: Login, *, site_url: str) -> None:
        self._login = login
        self._origin = _origin(login.url if login.kind == "form" else site_url)
        self._cookies: dict[str, str] = {}
        self._entered = False

    def headers(self, url: str, carrier: Carrier) -> Mapping[str, str]:
        """What proves us to this address; nothing for another host. Fills in the form at the first call.

        Raises:
            LoginRefused: there is no form, or it does not let us in.
        """
        if _origin(url) != self._origin:
            return {}
        login = self._login
        if login.kind == "header" and login.value is not None:
            return {login.header: login.value.reveal()}
        if login.kind == "basic" and login.password is not None:
            token = base64.b64encode(f"{login.username}:{login.password.reveal()}".encode()).decode()
            return {"Authorization": f"Basic {token}"}
        if not self._entered:
            self._enter(carrier)
        return self._cookie_header()

    def check(self, exchange: Exchange, text: str) -> None:
        """Refuse an answer that shows us as strangers.

        Raises:
            LoginRefused: it asks for the login that was just made.
        """
        if _origin(exchange.url) != self._origin:
            return
        if exchange.status in (401, 403):
            raise LoginRefused(f"the site answered {exchange.status} although we logged in")
        if self._login.kind == "form" and (
            _place(exchange.final_url) == _place(self._login.url) or asks_for_login(text)
        ):
            raise LoginRefused("the site asks for a login again although we logged in")

    # --- the form ---------------------------------------------------------------------------------

    def _enter(self, carrier: Carrier) -> None:
        page = carrier.fetch(self._login.url, {})
        self._keep_cookies(page)
        action, fields = self._filled(page)
        if _origin(action) != self._origin:
            raise LoginRefused(f"the form would be sent to {urlsplit(action).hostname}, another host than its own")
        sent = {"Content-Type": "application/x-www-form-urlencoded", "Referer": page.final_url, **self._cookie_header()}
        answer = carrier.post(action, urlencode(fields).encode(), sent)
        self._keep_cookies(answer)
        if answer.status >= 400 or (answer.status == 200 and asks_for_login(answer.body.decode("utf-8", "replace"))):
            raise LoginRefused(f"the login form was answered with {answer.status} and asks again")
        self._entered = True

    def _filled(self, exchange: Exchange) -> tuple[str, list[tuple[str, str]]]:
        """Where the form goes, and what is sent in it."""
        from bs4 import BeautifulSoup, Tag  # 60 ms, and few sites have a login

        page = BeautifulSoup(exchange.body[:1_000_000], "lxml")
        secret = page.select_one("form input[type=password i]")
        form = secret.find_parent("form") if secret is not None else None
        if not isinstance(secret, Tag) or not isinstance(form, Tag):
            raise LoginRefused("there is no form with a password field on its page")
        login, password = self._login, self._login.password
        values: dict[str, str] = {}
        typed = button = ""
        passed = False
        user_field = login.username_field
        for each in form.select("input[name]"):
            kind, name = str(each.get("type") or "").lower(), str(each["name"])
            if each is secret:
                user_field = user_field or typed  # the last field to be typed into before the password
                passed = True
            elif kind in _TYPED:
                typed = name
            elif kind == "hidden" or (kind == "checkbox" and each.has_attr("checked")):
                values.setdefault(name, str(each.get("value") or ""))
            elif kind == "submit" and passed and not button:  # the button behind the password, not that of a search
                button = name
                values[name] = str(each.get("value") or "")
        if not user_field:
            raise LoginRefused("its form has no field for a user name: give username_field")
        values |= login.fields
        values[user_field] = login.username
        values[login.password_field or str(secret.get("name") or "password")] = password.reveal() if password else ""
        base = base_of(page, exchange.final_url)
        return absolute(str(form.get("action") or ""), base) or exchange.final_url, list(values.items())

    def _keep_cookies(self, exchange: Exchange) -> None:
        if _origin(exchange.final_url) != self._origin:
            return
        for name, line in exchange.headers:
            pair, _, rest = line.partition(";")
            key, equals, value = pair.strip().partition("=")
            if name != "set-cookie" or not equals or not key or len(line) > 8_000:
                continue
            attributes = {part.strip().lower() for part in rest.split(";")}
            if "max-age=0" in attributes or value in ("", "deleted"):
                self._cookies.pop(key, None)
            elif len(self._cookies) < _MAX_COOKIES:
                self._cookies[key] = value

    def _cookie_header(self) -> dict[str, str]:
        return (
            {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())} if self._cookies else {}
        )


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _place(url: str) -> tuple[str | None, str]:
    parts = urlsplit(url)
    return parts.hostname, parts.path.rstrip("/")
