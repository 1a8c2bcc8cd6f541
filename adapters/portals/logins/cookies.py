"""The login form of a portal's own pages, as an editor fills it in; the session's cookie is kept in memory only.

Captchas and second factors are never answered: the error says that a person is needed.
"""

import threading
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

from adapters.portals.http_json_pages import seen_in
from adapters.portals.http_json_templates import Templates
from adapters.portals.logins.requests import Carrier, LoginRefused, Request, Turned
from adapters.portals.logins.settings import LoginSettings
from syncd.ports.source import Exchange

_MAX_COOKIES = 40
_REDIRECTS = (301, 302, 303, 307, 308)


class CookieFormLogin:
    """One session for all threads; one of them at a time signs in."""

    def __init__(self, settings: LoginSettings, *, base_url: str, templates: Templates) -> None:
        self._settings = settings
        self._base_url = base_url
        self._templates = templates
        self._lock = threading.Lock()
        self._cookies: dict[str, str] = {}
        self._entered = False

    def signed(self, request: Request, carrier: Carrier) -> Request:
        with self._lock:
            if not self._entered:
                self._enter(carrier)
            if request.writes and self._settings.csrf_page:
                request = self._with_token(request, carrier)
            return self._dressed(request).encoded()

    def judged(self, request: Request, exchange: Exchange) -> Turned | None:
        with self._lock:
            self._keep(exchange)
        if not self._is_strangers(exchange):
            return None
        # a form's answer does not say whether it was taken before the session ended
        return Turned.EXPIRED_UNSURE if request.writes else Turned.EXPIRED

    def forget(self) -> None:
        with self._lock:
            self._cookies.clear()
            self._entered = False

    # --- signing in -----------------------------------------------------------------------------------

    def _enter(self, carrier: Carrier) -> None:
        settings = self._settings
        self._cookies.clear()
        url = self._address(settings.login_page)
        page = carrier(self._dressed(Request(method="GET", url=url, writes=False)))
        self._keep(page)
        if page.status >= 300:
            raise LoginRefused(f"the login page {url} was answered with {page.status}", kind="login_failed")
        self._no_human_needed(page, url)
        values = {"username": settings.username, "password": settings.password.reveal() if settings.password else ""}
        fields = {name: self._templates.text(value, values) for name, value in settings.fields.items()}
        if settings.csrf:
            token = seen_in(page.body, settings.csrf)
            if token is None:
                raise LoginRefused(
                    f"the login page {url} has no {settings.csrf!r}", kind="login_failed", hint="check portal.auth.csrf"
                )
            fields[settings.csrf_field] = token
        target = self._address(settings.submit_to) if settings.submit_to else url
        form = Request(method="POST", url=target, writes=False, form=tuple(fields.items()))
        answer = carrier(self._dressed(form).encoded())
        self._keep(answer)
        self._no_human_needed(answer, url)
        if not self._let_in(answer, target, carrier):
            raise LoginRefused(
                f"the login form at {target} was answered with {answer.status} and did not let us in",
                hint="check the name and password in portal.auth, and its success and fields",
            )
        self._entered = True

    def _let_in(self, answer: Exchange, target: str, carrier: Carrier) -> bool:
        settings = self._settings
        location = urljoin(target, answer.header("location") or "") if answer.status in _REDIRECTS else ""
        if settings.success_url:
            return settings.success_url in location
        if location and settings.success and urlsplit(location).netloc == urlsplit(target).netloc:
            answer = carrier(self._dressed(Request(method="GET", url=location, writes=False)))
            self._keep(answer)
        if settings.success:
            return answer.status < 300 and seen_in(answer.body, settings.success) is not None
        return answer.status < 400 and bool(self._cookies) and not self._is_strangers(answer)

    def _no_human_needed(self, page: Exchange, url: str) -> None:
        if self._settings.human and seen_in(page.body, self._settings.human) is not None:
            raise LoginRefused(
                f"the login at {url} needs a human: it asks for a captcha or a second factor",
                kind="needs_a_human",
                hint="let the portal's administrator free this account from it, or choose another kind of login",
            )

    def _with_token(self, request: Request, carrier: Carrier) -> Request:
        settings = self._settings
        ask = Request(method="GET", url=self._address(settings.csrf_page), writes=False)
        page = carrier(self._dressed(ask))
        if self._is_strangers(page):  # the session has ended, and nothing was sent yet
            self._enter(carrier)
            page = carrier(self._dressed(ask))
        self._keep(page)
        token = seen_in(page.body, settings.csrf_write) if page.status < 300 else None
        if token is None:
            raise LoginRefused(
                f"{settings.csrf_page} does not show {settings.csrf_write!r}",
                kind="login_failed",
                hint="check portal.auth.csrf_write against that page, as an editor sees it",
            )
        return replace(request, form=(*(request.form or ()), (settings.csrf_write_field, token)))

    # --- cookies ----------------------------------------------------------------------------------------

    def _dressed(self, request: Request) -> Request:
        parts = urlsplit(self._base_url)
        origin = f"{parts.scheme}://{parts.netloc}"
        headers: Mapping[str, str] = {"referer": request.url, "origin": origin} if request.method != "GET" else {}
        if self._cookies:
            line = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
            headers = {**headers, "cookie": line}
        return request.with_headers(headers)

    def _keep(self, exchange: Exchange) -> None:
        for name, line in exchange.headers:
            pair, _, rest = line.partition(";")
            key, equals, value = pair.strip().partition("=")
            if name != "set-cookie" or not equals or not key or len(line) > 8_000:
                continue
            attributes = {part.strip().lower() for part in rest.split(";")}
            if "max-age=0" in attributes or value in ("", "deleted"):
                self._cookies.pop(key, None)
            elif key in self._cookies or len(self._cookies) < _MAX_COOKIES:
                self._cookies[key] = value

    def _is_strangers(self, exchange: Exchange) -> bool:
        settings = self._settings
        if exchange.status == 401:
            return True
        if settings.logged_out_url and settings.logged_out_url in (exchange.header("location") or ""):
            return True
        return bool(settings.logged_out) and seen_in(exchange.body, settings.logged_out) is not None

    def _address(self, place: str) -> str:
        return place if "://" in place else self._base_url + place
