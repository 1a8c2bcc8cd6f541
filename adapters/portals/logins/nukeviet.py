"""NukeViet's remote calls (api.php, 4.5 and 4.6): three form fields prove each request, and hold for five seconds.

Every answer has status 200: what it says stands in `code`. Read in nukeviet/nukeviet `api.php`; not tried against a real one with an
action for news, since the stock module has none.
"""

import hashlib
import re
from dataclasses import replace
from datetime import datetime, timedelta

import bcrypt

from adapters.portals.http_json_values import document_of
from adapters.portals.logins.requests import Carrier, LoginRefused, Request, Turned
from adapters.portals.logins.settings import LoginSettings
from syncd.ports.clock import Clock
from syncd.ports.source import Exchange

_LONGEST = 72  # bytes of a text that bcrypt looks at
_WRONG_CLOCK = "0020"
_STRANGER = ("0014", "0019")  # wrong secret; an address that the key is not for
# "Incorrect API time: 08:00:00 22/11/2026, Server time: 08:00:09 22/11/2026": both in the server's zone
_TIMES = re.compile(r"(\d\d:\d\d:\d\d \d\d/\d\d/\d{4}).*?(\d\d:\d\d:\d\d \d\d/\d\d/\d{4})", re.S)


class NukeVietLogin:
    """`apikey`, `timestamp` and `hashsecret` in each request's form. How far our clock is off is learnt from the refusal."""

    def __init__(self, settings: LoginSettings, *, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._offset = timedelta(0)

    def signed(self, request: Request, carrier: Carrier) -> Request:
        if request.body:
            raise LoginRefused("api.php takes forms only", kind="protocol", hint="give the step form or multipart")
        settings = self._settings
        stamp = int((self._clock.now() + self._offset).timestamp())
        text = f"{settings.secret.reveal() if settings.secret else ''}_{stamp}"
        proof = hashlib.md5(text.encode()).hexdigest() if settings.hash == "md5" else _bcrypt(text)
        key = settings.apikey.reveal() if settings.apikey else ""
        fields = (("apikey", key), ("timestamp", str(stamp)), ("hashsecret", proof))
        return replace(request, form=(*(request.form or ()), *fields)).encoded()

    def judged(self, request: Request, exchange: Exchange) -> Turned | None:
        document = document_of(exchange.body)
        if not isinstance(document, dict):
            return None
        code = document.get("code")
        if code in _STRANGER:
            return Turned.REFUSED
        if code != _WRONG_CLOCK:
            return None
        found = _TIMES.search(str(document.get("message", "")))
        if found is None:
            return Turned.REFUSED
        ours, theirs = (_printed(found[number]) for number in (1, 2))
        if ours is None or theirs is None:
            return Turned.REFUSED
        self._offset += theirs - ours
        return Turned.EXPIRED

    def forget(self) -> None:
        return None


def _printed(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%H:%M:%S %d/%m/%Y")
    except ValueError:
        return None


def _bcrypt(text: str) -> str:
    """As PHP's `password_verify` takes it, at the smallest cost: what is hashed is a random secret, valid for five seconds."""
    made = bcrypt.hashpw(text.encode()[:_LONGEST], bcrypt.gensalt(rounds=4))
    return made.decode().replace("$2b$", "$2y$", 1)
