"""The nine kinds of login, each before the same made-up portal: let in, kept out, running out in mid-run, answers lost."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs

import pytest

from adapters.http.client import HttpSettings, PoliteClient
from adapters.portals.http_json import HttpJsonPortal
from syncd.clock import SystemClock
from syncd.testing.clock import FakeClock
from syncd.testing.local_site import LocalSite, Page, SeenRequest
from syncd.testing.portal_contract import new_key, refusal, sample_post
from tests.adapters.json_portal import BEGIN, END, JsonPortal, as_json, portal_table, refused
from tests.http_json_tables import portal_of

SECRET = "mật khẩu'\"{{ x }}"


@pytest.fixture
def client() -> Iterator[PoliteClient]:
    made = PoliteClient(HttpSettings(), clock=SystemClock())
    yield made
    made.abort()


@pytest.fixture
def server() -> Iterator[JsonPortal]:
    with LocalSite() as site:
        yield JsonPortal(site)


@dataclass
class Door:
    """One kind of login: how the portal is guarded, what syncd is told, and how the portal ends a login in mid-run."""

    auth: dict[str, Any]
    guard: Callable[[SeenRequest], Page | None]
    wrong: dict[str, Any]
    end: Callable[[], None] | None = None
    clock: FakeClock = field(default_factory=lambda: FakeClock(datetime.now(UTC)))


def basic(server: JsonPortal) -> Door:
    expected = "Basic " + base64.b64encode(f"syncd:{SECRET}".encode()).decode()
    return Door(
        auth={"kind": "basic", "username": "syncd", "password": SECRET},
        guard=lambda request: None if request.headers.get("authorization") == expected else refused(),
        wrong={"password": "sai"},
    )


def bearer(server: JsonPortal) -> Door:
    return Door(
        auth={"kind": "bearer", "token": "tok-123"},
        guard=lambda request: None if request.headers.get("authorization") == "Bearer tok-123" else refused(),
        wrong={"token": "sai"},
    )


def api_key_in_a_header(server: JsonPortal) -> Door:
    return Door(
        auth={"kind": "api_key", "token": "tok-123", "header": "X-Joomla-Token"},
        guard=lambda request: None if request.headers.get("x-joomla-token") == "tok-123" else refused(403),
        wrong={"token": "sai"},
    )


def api_key_in_the_query(server: JsonPortal) -> Door:
    return Door(
        auth={"kind": "api_key", "token": "tok-123", "query_name": "api_key"},
        guard=lambda request: None if request.query.get("api_key") == ["tok-123"] else refused(403),
        wrong={"token": "sai-123"},
    )


def oauth2(server: JsonPortal, style: str = "basic") -> Door:
    good: set[str] = set()

    def token(request: SeenRequest) -> Page:
        form = parse_qs(request.body.decode())
        pair = base64.b64decode(request.headers.get("authorization", "Basic ")[6:]).decode()
        told = form.get("client_secret", [""])[0] if style == "post" else pair.partition(":")[2]
        if form.get("grant_type") != ["client_credentials"] or form.get("scope") != ["tin.ghi"] or told != "bi-mat":
            return as_json({"error": "invalid_client"}, 401)
        good.add(made := f"token-{len(server.site.requests)}")
        return as_json({"access_token": made, "expires_in": 300, "token_type": "Bearer"})

    server.site.answer("/token", token)
    return Door(
        auth={
            "kind": "oauth2_client_credentials",
            "token_url": server.site.url("/token"),
            "client_id": "syncd",
            "client_secret": "bi-mat",
            "scope": "tin.ghi",
            "auth_style": style,
        },
        guard=lambda request: None if request.headers.get("authorization", "")[7:] in good else refused(),
        wrong={"client_secret": "sai"},
        end=good.clear,
    )


def oauth2_in_the_form(server: JsonPortal) -> Door:
    return oauth2(server, "post")


def login_token(server: JsonPortal) -> Door:
    good: set[str] = set()

    def guard(request: SeenRequest) -> Page | None:
        if request.path == "/api/@login":
            members = json.loads(request.body)
            if members != {"login": "syncd", "password": SECRET}:
                return refused(401, message="Login failed")
            good.add(made := f"jwt-{len(server.site.requests)}")
            return as_json({"data": {"token": made}})
        return None if request.headers.get("x-auth", "").removeprefix("Token ") in good else refused()

    return Door(
        auth={
            "kind": "login_token",
            "request": "POST /@login",
            "json": {"login": "{{ username }}", "password": "{{ password }}"},
            "token_path": "$.data.token",
            "header": "X-Auth: Token {{ token }}",
            "username": "syncd",
            "password": SECRET,
            "ttl_seconds": 600,
        },
        guard=guard,
        wrong={"password": "sai"},
        end=good.clear,
    )


def jwt_hs256(server: JsonPortal) -> Door:
    key = bytes(range(32))
    door = Door(
        auth={"kind": "jwt_hs256", "key_id": "k1", "secret": key.hex(), "audience": "/admin/"},
        guard=lambda request: None,
        wrong={"secret": "00" * 32},
    )

    def decoded(part: str) -> Any:
        return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))

    def guard(request: SeenRequest) -> Page | None:
        token = request.headers.get("authorization", "").removeprefix("Ghost ")
        if token.count(".") != 2:
            return refused()
        signed, _, mark = token.rpartition(".")
        due = base64.urlsafe_b64encode(hmac.new(key, signed.encode(), hashlib.sha256).digest()).rstrip(b"=").decode()
        head, claims = (decoded(part) for part in signed.split("."))
        now = door.clock.now().timestamp()
        known = due == mark and head["kid"] == "k1" and claims["aud"] == "/admin/"
        return None if known and claims["iat"] <= now + 1 and now < claims["exp"] <= now + 300 else refused()

    door.guard = guard
    return door


def hmac_signed(server: JsonPortal) -> Door:
    ahead = timedelta(minutes=7)  # the portal's clock
    nonces: set[str] = set()
    door = Door(
        auth={
            "kind": "hmac",
            "key_id": "office",
            "secret": "bi-mat",
            "encoding": "base64",
            "string_to_sign": "{{ method }}\n{{ target }}\n{{ timestamp }}\n{{ nonce }}\n{{ body_sha256 }}",
            "headers": {
                "X-Key": "{{ key_id }}",
                "X-Time": "{{ timestamp }}",
                "X-Nonce": "{{ nonce }}",
                "X-Signature": "v1={{ signature }}",
            },
        },
        guard=lambda request: None,
        wrong={"secret": "sai"},
    )

    def guard(request: SeenRequest) -> Page | None:
        now = door.clock.now() + ahead
        told = request.headers
        text = "\n".join(
            (request.method, request.target, told["x-time"], told["x-nonce"], hashlib.sha256(request.body).hexdigest())
        )
        mark = base64.b64encode(hmac.new(b"bi-mat", text.encode(), "sha256").digest()).decode()
        fresh = abs(int(told["x-time"]) - now.timestamp()) <= 60 and told["x-nonce"] not in nonces
        nonces.add(told["x-nonce"])
        if fresh and told["x-signature"] == f"v1={mark}" and told["x-key"] == "office":
            return None
        page = refused()
        return Page(
            status=page.status,
            body=page.body,
            content_type=page.content_type,
            headers={"Date": format_datetime(now, usegmt=True)},
        )

    door.guard = guard
    return door


DOORS = (
    basic, bearer, api_key_in_a_header, api_key_in_the_query, oauth2, oauth2_in_the_form, login_token, jwt_hs256, hmac_signed,
)  # fmt: skip
ENDING = (oauth2, login_token)


def opened(
    make: Callable[[JsonPortal], Door], server: JsonPortal, client: PoliteClient, **changes: Any
) -> tuple[Door, HttpJsonPortal]:
    door = make(server)
    server.guard = door.guard
    return door, portal_of(portal_table(server.url, {**door.auth, **changes}), client, clock=door.clock)


@pytest.mark.parametrize("make", DOORS)
def test_login_lets_every_call_through(
    make: Callable[[JsonPortal], Door], server: JsonPortal, client: PoliteClient
) -> None:
    _, portal = opened(make, server, client)
    assert "class B" in portal.verify()
    key = new_key()
    assert portal.find(key) is None
    made = portal.create(sample_post(title="Tin 'một' & \"hai\" {{ x }}"), key)
    assert (made.title, portal.find(key)) == ("Tin 'một' & \"hai\" {{ x }}", made)
    assert portal.update(made.id, sample_post(title="Sửa"), key).title == "Sửa"
    assert [post.id for post in portal.list(BEGIN, END)] == [made.id]
    assert server.copies(key) == 1


@pytest.mark.parametrize("make", DOORS)
def test_wrong_secret_is_no_empty_portal_and_no_unknown_outcome(
    make: Callable[[JsonPortal], Door], server: JsonPortal, client: PoliteClient
) -> None:
    door = make(server)
    _, portal = opened(make, server, client, **door.wrong)
    for call in (
        portal.verify,
        lambda: portal.find(new_key()),
        lambda: portal.create(sample_post(), new_key()),
        lambda: list(portal.list(BEGIN, END)),
    ):
        error = refusal(call)
        assert not error.unknown
        assert error.kind in ("unauthorized", "forbidden")
        for secret in (
            *door.wrong.values(),
            *(door.auth.get(name, SECRET) for name in ("password", "token", "secret")),
        ):
            assert str(secret) not in f"{error.message} {error.hint}"
    assert server.posts == {}


@pytest.mark.parametrize("make", ENDING)
def test_login_that_ends_is_renewed_once_and_a_write_looks_first(
    make: Callable[[JsonPortal], Door], server: JsonPortal, client: PoliteClient
) -> None:
    door, portal = opened(make, server, client)
    assert door.end is not None
    portal.verify()
    door.end()
    key = new_key()
    assert portal.find(key) is None
    portal.verify()
    door.end()
    server.site.forget()
    made = portal.create(sample_post(), key)
    asked = [
        f"{seen.method} {seen.path}" for seen in server.site.requests if not seen.path.endswith(("token", "login"))
    ]
    assert asked == ["POST /api/posts", "GET /api/me", "GET /api/posts", "POST /api/posts"] or asked == [
        "POST /api/posts", "GET /api/posts", "POST /api/posts",
    ]  # fmt: skip
    door.end()
    assert portal.update(made.id, sample_post(title="Sửa"), key).title == "Sửa"
    assert server.copies(key) == 1


@pytest.mark.parametrize("make", ENDING)
def test_login_is_renewed_before_it_runs_out(
    make: Callable[[JsonPortal], Door], server: JsonPortal, client: PoliteClient
) -> None:
    door, portal = opened(make, server, client)
    entry = "/token" if make is oauth2 else "/api/@login"
    portal.verify()
    portal.verify()
    assert server.site.count(entry) == 1
    door.clock.advance(timedelta(seconds=239 if make is oauth2 else 539))
    portal.verify()
    assert server.site.count(entry) == 1
    door.clock.advance(timedelta(seconds=2))
    portal.verify()
    assert server.site.count(entry) == 2


@pytest.mark.parametrize("make", [oauth2])
def test_login_that_never_holds_is_tried_twice_and_no_more(
    make: Callable[[JsonPortal], Door], server: JsonPortal, client: PoliteClient
) -> None:
    _, portal = opened(make, server, client)
    server.guard = lambda request: refused()
    assert refusal(portal.verify).kind == "unauthorized"
    assert server.site.count("/api/me") == 2


@pytest.mark.parametrize("make", DOORS)
def test_lost_answer_is_unknown_and_the_post_is_found(
    make: Callable[[JsonPortal], Door], server: JsonPortal, client: PoliteClient
) -> None:
    _, portal = opened(make, server, client)
    portal.verify()
    key, server.lose = new_key(), 1
    error = refusal(lambda: portal.create(sample_post(), key))
    assert error.unknown
    assert "tok-123" not in error.message
    found = portal.find(key)
    assert found is not None
    assert server.copies(key) == 1
