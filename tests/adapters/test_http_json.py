"""What the tables of kind http_json may say, what is refused before anything is sent, and what each answer of a made-up portal proves."""

import ssl
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adapters.http.client import HttpSettings, PoliteClient
from adapters.portals.http_json_templates import BadTemplate, Names, Templates, check
from adapters.portals.http_json_values import instant
from syncd.clock import SystemClock
from syncd.domain.identity import text_sha256
from syncd.domain.model import LOCAL, Approval
from syncd.ports.portal import DeliveryClass, PortalState
from syncd.testing.certificates import Authority, openssl_is_there
from syncd.testing.local_site import LocalSite, Page
from syncd.testing.portal_contract import HARD_TITLES, new_key, refusal, sample_post
from tests.adapters.json_portal import BEGIN, BODY, END, JsonPortal, as_json, portal_table
from tests.http_json_tables import portal_of, read

AUTH = {"kind": "bearer", "token": "tok"}


@pytest.fixture
def client() -> Iterator[PoliteClient]:
    made = PoliteClient(HttpSettings(), clock=SystemClock())
    yield made
    made.abort()


@pytest.fixture
def server() -> Iterator[JsonPortal]:
    with LocalSite() as site:
        yield JsonPortal(site)


def changed(values: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The table with one key set, or taken out where `value` is None."""
    made = deepcopy(dict(values))
    *tables, last = path.split("/")
    place = made
    for name in tables:
        place = place.setdefault(name, {})
    if value is None:
        place.pop(last)
    else:
        place[last] = value
    return made


# --- what is refused before anything is sent -------------------------------------------------------------

MISTAKES = {
    "unknown-name": ("create/json/title", "{{ post.titel }}", "portal.create.json.title", 'did you mean "title"?'),
    "name-of-another-step": ("read/query", {"q": "{{ post.title }}"}, "portal.read.query.q", "known here: id"),
    "unknown-filter": ("list/query/from", "{{ from|locall }}", "portal.list.query.from", 'did you mean "local"?'),
    "broken-template": ("create/json/title", "{{ post.title", "portal.create.json.title", "{{ name }}"),
    "call": ("create/json/title", "{{ post.title.upper() }}", "portal.create.json.title", "names, members"),
    "loop": ("create/json/title", "{% for i in [1] %}x{% endfor %}", "portal.create.json.title", "names, members"),
    "power": ("create/json/title", "{{ 'A' * 10**8 }}", "portal.create.json.title", "names, members"),
    "escape": ("create/json/title", "{{ post.title.__class__ }}", "portal.create.json.title", "names, members"),
    "bad-path": ("create/id", "$.id..x", "portal.create.id", "such as"),
    "bad-path-filter": ("read/fields/title", "$.title|txt", "portal.read.fields.title", "such as"),
    "unknown-field": ("read/fields/titel", "$.t", "portal.read.fields.titel", "known:"),
    "bad-regex": ("create/id", {"header": "Location", "regex": "("}, "portal.create.id.regex", "such as"),
    "no-find": ("find", None, "portal.create", "[portal.find]"),
    "no-key-sent": ("create/json", {"title": "{{ post.title }}"}, "portal.create", "{{ key }}"),
    "unknown-key": ("create/expct", {"status": [201]}, "portal.create.expct", 'did you mean "expect"?'),
    "unknown-key-within": ("create/refused", [{"equal": {"$.a": 1}}], "portal.create.refused[0].equal", '"equals"'),
    "other-host": ("read/request", "GET //elsewhere.example/{{ id }}", "portal.read.request", "behind portal.url"),
    "query-in-path": ("read/request", "GET /posts?id={{ id }}", "portal.read.request", "read.query"),
    "two-bodies": ("create/form", {"a": "b"}, "portal.create", "one of them"),
    "writing-get": ("create/request", "GET /posts", "portal.create.request", "POST, PUT or PATCH"),
    "no-state-word": ("states/pending", None, "portal.states.pending", "{{ state }}"),
    "no-zone": ("timezone", "Hà Nội", "portal.timezone", "+07:00"),
    "no-login-key": ("auth", {"kind": "basic", "username": "a"}, "portal.auth.password", "password_file"),
    "key-of-another-login": ("auth/hash", "md5", "portal.auth.hash", 'auth.kind = "bearer" takes'),
    "unknown-login": ("auth/kind", "ntlm", "portal.auth.kind", "use "),
    "password-in-the-clear": ("url", "http://cong.vidu.example/api", "portal.auth.kind", "https://"),
    "loopback-only-in-name": ("url", "http://127.vidu.example/api", "portal.auth.kind", "https://"),
    "certificate-missing": ("auth", {"kind": "mtls"}, "portal.auth.kind", "client_certificate"),
    "wrong-approval": ("create/then", {"public": {"request": "POST /x"}}, "portal.create.then.public", "auto, pending or draft"),
    "no-date": ("read/fields/date", None, "portal.read.fields", "date"),
    "pages-without-end": ("list/pages", {"first": 0}, "portal.list.pages", "next_header"),
}  # fmt: skip


@pytest.mark.parametrize(("path", "value", "key", "hint"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_is_told_at_its_key_with_the_way_out(path: str, value: Any, key: str, hint: str) -> None:
    values = changed(portal_table("https://cong.vidu.example/api", AUTH), path, value)
    _, problems = read(values)
    told = {problem.key: problem.hint or "" for problem in problems}
    assert key in told, told
    assert hint in told[key]


def test_several_mistakes_are_told_at_once() -> None:
    values = portal_table("https://cong.vidu.example/api", AUTH)
    for path in ("create/json/title", "update/json/title"):
        values = changed(values, path, "{{ post.titel }}")
    assert [problem.key for problem in read(values)[1]] == ["portal.create.json.title", "portal.update.json.title"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, DeliveryClass.B),
        ({"create/upsert": True, "find": None}, DeliveryClass.A),
        ({"create/exists": {"status": [409]}}, DeliveryClass.A),
    ],
    ids=["find", "upsert", "exists"],
)
def test_class_follows_from_the_table(changes: dict[str, Any], expected: DeliveryClass, client: PoliteClient) -> None:
    values = portal_table("https://cong.vidu.example/api", AUTH)
    for path, value in changes.items():
        values = changed(values, path, value)
    assert portal_of(values, client).capabilities.delivery_class is expected


# --- templates ------------------------------------------------------------------------------------------

NAMES = Names(known={"a": None, "post": frozenset(("title",)), "file": frozenset(("name",))})
AT = datetime(2026, 10, 31, 16, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("leaf", "value", "made"),
    [
        ("{{ a }}", '"{{ 7*7 }}"\n', '"{{ 7*7 }}"\n'),
        ("{{ a|int }}", "42", 42),
        ("{{ a|int }}", None, None),
        ("{{ a|bool }}", "true", True),
        ("{{ a|json }}", [1, 2], [1, 2]),
        ("{{ a }}", 42, "42"),
        ("x {{ a }}", None, "x "),
        ("{{ (a - 1) * 50 }}", 3, "100"),
        ("{{ a }}", AT, "2026-10-31T23:59:59+07:00"),
        ("{{ a|minus1s|local }}", AT, "2026-10-31T23:59:58"),
        ("{{ a|utc }}Z", AT, "2026-10-31T16:59:59Z"),
        ("{{ a|format('%d/%m/%Y') }}", AT, "31/10/2026"),
        ("{{ a|epoch|int }}", AT, 1793465999),
        ("{{ a|html }}", "<b> & 'x'", "&lt;b&gt; &amp; 'x'"),
        ("{{ 'co' if a else none }}", "", None),
        ("{{ a ~ '!' }}", "x", "x!"),
    ],
)
def test_leaf_is_filled_in_and_keeps_its_type(leaf: str, value: object, made: object) -> None:
    check(leaf, NAMES)
    assert Templates(LOCAL).tree({"x": leaf}, {"a": value}) == ({} if made is None else {"x": made})


@pytest.mark.parametrize("leaf", ["{{ a * a }}", "{{ a + a }}", "{{ 'x' * 9 }}", "{{ a|int }}", "{{ b }}"])
def test_leaf_that_cannot_be_filled_in_is_an_error(leaf: str) -> None:
    with pytest.raises(BadTemplate):
        Templates(LOCAL).tree(leaf, {"a": "chữ"})


def test_mapping_is_left_out_where_its_condition_is_empty() -> None:
    tree = {"image": {"$if": "{{ file }}", "name": "{{ file.name }}"}, "list": ["{{ file.name }}"]}
    assert Templates(LOCAL).tree(tree, {"file": None}) == {"list": []}
    assert Templates(LOCAL).tree(tree, {"file": {"name": "x"}}) == {"image": {"name": "x"}, "list": ["x"]}


def test_values_in_a_path_cannot_lead_elsewhere() -> None:
    render = Templates(LOCAL).url_path
    assert render("/posts/{{ a }}/x", {"a": "../../e?x#y z"}) == "/posts/..%2F..%2Fe%3Fx%23y%20z/x"
    assert render("/{{ a|path }}", {"a": "/tin tuc/../a?b/"}) == "/tin%20tuc/a%3Fb"
    for value in ("", None, "..", "."):
        for template in ("/posts/{{ a }}", "/posts/{{ a|path }}"):
            with pytest.raises(BadTemplate):
                render(template, {"a": value})


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("2026-10-31T23:59:59+07:00", AT),
        ("2026-10-31T23:59:59", AT),
        ("2026-10-31 23:59:59", AT),
        (1793465999, AT),
        ("1793465999000", AT),
        ("/Date(1793465999000+0700)/", AT),
        ("31/10/2026 23:59:59", AT),
        ("", None),
        (None, None),
        ("0000-00-00 00:00:00", None),
    ],
)
def test_date_is_read_as_interfaces_print_it(text: object, made: datetime | None) -> None:
    assert instant(text, LOCAL) == made


def test_what_is_no_date_is_an_error() -> None:
    for text in ("hôm qua", "9" * 20, "2026-13-01"):
        with pytest.raises(ValueError, match="is no date"):
            instant(text, LOCAL)


# --- hostile posts --------------------------------------------------------------------------------------

_BARE = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg/onload=alert(1)>", "javascript:alert(1)", "\"><b>", "'--><x>",
    "{{ 7*7 }}", "{% raw %}", "${7*7}", "#{7*7}", "<%= 7*7 %>", "[[${7*7}]]", "\\u003cscript\\u003e", "&lt;b&gt; &amp;amp;", "%3Cb%3E %00", "\u202e]]>",
)  # fmt: skip
HOSTILE = [wrapped for bare in _BARE for wrapped in (bare, f'"{bare}', f"tin\t{bare}\n", f'{{"a": "{bare}"}}')]


@pytest.mark.parametrize("body", ["json", "form", "multipart"])
def test_hostile_posts_arrive_to_the_letter(body: str, server: JsonPortal, client: PoliteClient) -> None:
    assert len(HOSTILE) == 64
    values = portal_table(server.url, AUTH)
    if body != "json":
        values = changed(changed(values, "create/json", None), f"create/{body}", BODY)
    portal = portal_of(values, client)
    for title in (*HOSTILE, *HARD_TITLES)[:: 1 if body == "json" else 5]:
        key, html = new_key(), f"<p>{title.replace('<', '&lt;')}</p>"
        made = portal.create(sample_post(title=title, html=html), key)
        assert (made.title, made.content_sha256) == (title, text_sha256(html))


# --- what answers prove ---------------------------------------------------------------------------------


def answering(server: JsonPortal, page: Page) -> None:
    """Let the portal answer creating calls so, without doing anything."""
    server.guard = lambda request: page if request.method == "POST" else None


ANSWERS = {
    "no-id": (as_json({"ok": True}, 201), {}, ("protocol", True, False)),
    "page-for-json": (Page(body=b"<h1>Login</h1>", status=201), {}, ("protocol", True, False)),
    "other-2xx": (as_json({"id": "1"}, 202), {}, ("protocol", True, False)),
    "5xx": (as_json({}, 500), {}, ("http_status", True, False)),
    "redirect": (Page(status=302, headers={"Location": "/login"}), {}, ("redirect", True, False)),
    "refused": (as_json({"code": "bad"}, 400), {}, ("http_status", False, True)),
    "too-many": (as_json({}, 429), {}, ("throttled", False, False)),
    "busy-gateway": (as_json({}, 503), {"retry_on": [503]}, ("busy", False, False)),
    "error-in-200": (
        as_json({"status": "error"}), {"expect": {"equals": {"$.status": "ok"}}}, ("protocol", True, False),
    ),
    "known-error-in-200": (
        as_json({"status": "error", "code": "E7"}),
        {"expect": {"equals": {"$.status": "ok"}}, "refused": [{"equals": {"$.code": "E7"}, "kind": "conflict", "permanent": True}]},
        ("conflict", False, True),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("page", "step", "proves"), ANSWERS.values(), ids=ANSWERS)
def test_answer_to_a_write_proves_what_it_should(
    page: Page, step: dict[str, Any], proves: tuple[str, bool, bool], server: JsonPortal, client: PoliteClient
) -> None:
    values = portal_table(server.url, AUTH)
    for name, value in step.items():
        values = changed(values, f"create/{name}", value)
    answering(server, page)
    error = refusal(lambda: portal_of(values, client).create(sample_post(), new_key()))
    assert (error.kind, error.unknown, error.permanent) == proves


def test_id_is_taken_out_of_a_header(server: JsonPortal, client: PoliteClient) -> None:
    place = {"header": "Location", "regex": r"/(\d+)$"}
    values = changed(changed(portal_table(server.url, AUTH), "create/id", place), "create/whole", False)
    assert portal_of(values, client).create(sample_post(), new_key()).id == "1"


def test_portal_that_takes_the_key_away_stops_delivery(server: JsonPortal, client: PoliteClient) -> None:
    values = changed(portal_table(server.url, AUTH), "read/fields/key", "$.nowhere")
    error = refusal(lambda: portal_of(values, client).create(sample_post(), new_key()))
    assert (error.kind, error.permanent) == ("marker_lost", True)


def test_key_that_the_portal_has_already_is_success(server: JsonPortal, client: PoliteClient) -> None:
    values = changed(portal_table(server.url, AUTH), "create/exists", {"status": [409], "match": "đã có"})
    portal, key = portal_of(values, client), new_key()
    made = portal.create(sample_post(), key)
    answering(server, Page(status=409, body='{"message": "khóa đã có"}'.encode()))
    assert portal.create(sample_post(title="Bản hai"), key) == made


def test_step_that_follows_a_creation_and_fails_leaves_the_outcome_unknown(
    server: JsonPortal, client: PoliteClient
) -> None:
    then = {"auto": {"request": "PUT /posts/{{ id }}", "json": {"state": "{{ states.live }}"}}}
    values = changed(changed(portal_table(server.url, AUTH), "create/json/state", "draft"), "create/then", then)
    portal, key = portal_of(values, client), new_key()
    assert portal.create(sample_post(), key).state is PortalState.PUBLIC
    server.guard = lambda request: as_json({"code": "no"}, 403) if request.method == "PUT" else None
    error = refusal(lambda: portal.create(sample_post(), new_key()))
    assert (error.kind, error.unknown) == ("forbidden", True)


def test_404_to_a_stranger_is_no_absence(server: JsonPortal, client: PoliteClient) -> None:
    find = {"request": "GET /posts/{{ key }}", "single": True, "absent": [404], "id": "$.id", "whole": True}
    portal = portal_of({**portal_table(server.url, AUTH), "find": find, "probe_seconds": 0}, client)
    assert portal.find(new_key()) is None
    server.guard = lambda request: as_json({}, 401) if request.path == "/api/me" else None
    assert refusal(lambda: portal.find(new_key())).kind == "unauthorized"
    assert refusal(lambda: portal.read("7")).kind == "unauthorized"


def test_page_of_the_web_server_is_no_absence(server: JsonPortal, client: PoliteClient) -> None:
    find = {"request": "GET /posts/{{ key }}", "single": True, "absent": [404], "id": "$.id", "whole": True}
    portal = portal_of({**portal_table(server.url, AUTH), "find": find}, client)
    page = Page(status=404, body=b"<h1>Not Found</h1>")
    server.guard = lambda request: page if "/posts/" in request.path else None
    for call in (lambda: portal.find(new_key()), lambda: portal.read("7")):
        assert refusal(call).kind == "protocol"


def test_right_that_verify_requires_and_the_account_lacks_is_told(server: JsonPortal, client: PoliteClient) -> None:
    values = changed(portal_table(server.url, AUTH), "verify/require", {"$.rights.upload": True})
    error = refusal(portal_of(values, client).verify)
    assert error.kind == "forbidden"
    assert "$.rights.upload is not true" in error.message


def test_read_follows_the_portal_within_itself_and_not_elsewhere(server: JsonPortal, client: PoliteClient) -> None:
    portal = portal_of(portal_table(server.url, AUTH), client)
    made = portal.create(sample_post(), new_key())
    server.site.redirect("/api/posts/9", f"/api/posts/{made.id}", status=301)
    found = portal.read("9")
    assert found is not None
    assert found.title == made.title
    server.site.redirect("/api/posts/9", "http://169.254.169.254/x")
    assert refusal(lambda: portal.read("9")).kind == "bad_redirect"


# --- lists ----------------------------------------------------------------------------------------------

PAGES = {
    "pages-in-a-header": {"header": "X-Pages"},
    "pages-in-the-answer": {"count": "$.pages"},
    "total-in-the-answer": {"total": "$.total", "size": 2},
    "total-in-a-header": {"total_header": "X-Total", "size": 2},
    "next-address": {"next": "$.next"},
    "link-header": {"next_header": "Link"},
    "short-page": {"size": 2},
}


@pytest.mark.parametrize("pages", PAGES.values(), ids=PAGES)
def test_list_goes_over_all_pages(pages: dict[str, Any], server: JsonPortal, client: PoliteClient) -> None:
    portal = portal_of(changed(portal_table(server.url, AUTH), "list/pages", pages), client)
    assert list(portal.list(BEGIN, END)) == []
    made = {portal.create(sample_post(), new_key()).id for _ in range(5)}
    assert {post.id for post in portal.list(BEGIN, END)} == made


@pytest.mark.parametrize(
    ("pages", "page", "kind"),
    [
        ({"total": "$.total"}, {"items": [], "total": 3}, "incomplete"),
        ({"total": "$.total"}, {"items": []}, "incomplete"),
        ({"header": "X-Pages"}, {"items": []}, "incomplete"),
        ({"next": "$.next"}, {"items": [], "next": "https://elsewhere.example/x"}, "bad_redirect"),
        ({"next": "$.next"}, {"items": [{"id": "1"}, {"id": "1"}], "next": "/api/posts"}, "incomplete"),
        ({"size": 2}, {"items": [{"id": "1", "state": "live", "date": "hôm qua"}]}, "protocol"),
    ],
    ids=["short", "no-total", "no-header", "other-host", "twice", "no-date"],
)
def test_list_that_cannot_be_whole_is_no_census(
    pages: dict[str, Any], page: dict[str, Any], kind: str, server: JsonPortal, client: PoliteClient
) -> None:
    portal = portal_of(changed(portal_table(server.url, AUTH), "list/pages", pages), client)
    server.site.answer("/api/posts", lambda request: as_json(page))
    assert refusal(lambda: list(portal.list(BEGIN, END))).kind == kind


def test_entry_that_tells_too_little_is_read_by_itself(server: JsonPortal, client: PoliteClient) -> None:
    portal = portal_of(changed(portal_table(server.url, AUTH), "list/whole", False), client)
    made = portal.create(sample_post(approval=Approval.PENDING), new_key())
    at = sample_post().published_at
    assert list(portal.list(at, at + timedelta(seconds=1))) == [made]
    assert list(portal.list(at + timedelta(seconds=1), END)) == []


# --- certificates -----------------------------------------------------------------------------------------


@pytest.mark.skipif(not openssl_is_there(), reason="needs openssl")
def test_portal_that_wants_a_certificate_gets_ours_and_nobody_else_gets_in(
    tmp_path: Path, client: PoliteClient
) -> None:
    authority = Authority(tmp_path / "ca")
    context = authority.server()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.certificate)
    key, certificate = tmp_path / "syncd.key", tmp_path / "syncd.pem"
    authority.sign("syncd", ["extendedKeyUsage=clientAuth"], key=key, certificate=certificate, days=2)
    with LocalSite(tls=context) as site:
        server = JsonPortal(site)
        values = portal_table(server.url, {"kind": "mtls"}, ca_file=str(authority.certificate))
        ours = {"client_certificate": str(certificate), "client_key": str(key)}
        portal = portal_of({**values, **ours}, client)
        made = portal.create(sample_post(), post_key := new_key())
        assert portal.find(post_key) == made
        error = refusal(portal_of({**values, "auth": {"kind": "none"}}, client).verify)
        assert (error.kind, error.unknown) == ("tls_client_certificate", False)
