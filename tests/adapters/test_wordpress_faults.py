"""What each kind of answer of a WordPress proves, by the faults' names; what becomes of the post, tests/faults/portal.py plays."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.http.client import HttpSettings, PoliteClient
from adapters.portals.wordpress import WordPressPortal, WordPressSettings
from syncd.clock import SystemClock
from syncd.domain.model import Approval
from syncd.ports.portal import PortalState
from syncd.ports.secret import Secret
from syncd.testing.local_portal import Effect, Fault, LocalPortal
from syncd.testing.local_site import Page
from syncd.testing.portal_contract import new_key, refusal, sample_image, sample_post

HTML = "text/html; charset=utf-8"


@pytest.fixture
def server() -> Iterator[LocalPortal]:
    with LocalPortal() as made:
        yield made


@pytest.fixture
def portal(server: LocalPortal) -> Iterator[WordPressPortal]:
    client = PoliteClient(HttpSettings(total_timeout_s=0.6, connect_timeout_s=0.5), clock=SystemClock())
    yield connect(server, client)
    client.abort()


def connect(server: LocalPortal, client: PoliteClient, *, account: int = 0) -> WordPressPortal:
    who = server.state.accounts[account]
    settings = WordPressSettings(
        url=server.url, username=who.login, password=Secret(who.password), allow_addresses=("127.0.0.0/8",)
    )
    return WordPressPortal(settings, name="cong", http=client, clock=SystemClock(), settle=timedelta(seconds=120))


def page(status: int, body: bytes = b"", content_type: str = HTML, **headers: str) -> Page:
    return Page(status=status, body=body, content_type=content_type, headers=headers)


def refused(status: int, code: str) -> Page:
    return page(status, b'{"code": "%s", "message": "no", "data": {}}' % code.encode(), "application/json")


@dataclass(frozen=True, kw_only=True)
class Case:
    """`made`: how many copies stand on the portal when the error has been raised."""

    fault: Fault
    kind: str
    unknown: bool = False
    permanent: bool = False
    made: int = 0
    wait: timedelta | None = None
    hint: str = ""


LOGIN_PAGE = page(200, b"<!doctype html><title>Log in</title>")
CASES = {
    "P02 timeout before commit": Case(fault=Fault(hang=True), kind="timeout", unknown=True),
    "P03 timeout after commit": Case(fault=Fault(hang=True, effect=Effect.DONE), kind="timeout", unknown=True, made=1),
    "P04 reset after commit": Case(fault=Fault(reset=True, effect=Effect.DONE), kind="reset", unknown=True, made=1),
    "P05 502 after commit": Case(
        fault=Fault(page=page(502, b"<h1>Bad Gateway</h1>"), effect=Effect.DONE),
        kind="http_status",
        unknown=True,
        made=1,
    ),
    "P06 504 after commit": Case(
        fault=Fault(page=page(504), effect=Effect.DONE), kind="http_status", unknown=True, made=1
    ),
    "P07 500 before commit": Case(fault=Fault(page=page(500)), kind="http_status", unknown=True),
    "P08 500 after commit": Case(
        fault=Fault(page=page(500), effect=Effect.DONE), kind="http_status", unknown=True, made=1
    ),
    "P09 201 bad JSON": Case(
        fault=Fault(page=page(201, b'{"id": 12, "sta', "application/json"), effect=Effect.DONE),
        kind="protocol",
        unknown=True,
        made=1,
    ),
    "P10 201 empty": Case(fault=Fault(page=page(201), effect=Effect.DONE), kind="protocol", unknown=True, made=1),
    "P11 201 with a PHP notice before the JSON": Case(
        fault=Fault(before=b"<br />\n<b>Notice</b>: Undefined index\n", effect=Effect.DONE),
        kind="protocol",
        unknown=True,
        made=1,
        hint="PHP notice",
    ),
    "P12 200 login page": Case(fault=Fault(page=LOGIN_PAGE), kind="protocol", unknown=True, hint="login page"),
    "P13 201 without id": Case(
        fault=Fault(page=page(201, b'{"status": "publish"}', "application/json"), effect=Effect.DONE),
        kind="protocol",
        unknown=True,
        made=1,
    ),
    "P14 401 in the middle of a batch": Case(
        fault=Fault(page=refused(401, "rest_cannot_create")), kind="unauthorized", hint="Authorization"
    ),
    "P15 403 of a firewall": Case(
        fault=Fault(page=page(403, b"<h1>Forbidden</h1>")), kind="forbidden", hint="firewall"
    ),
    "403 of WordPress": Case(
        fault=Fault(page=refused(403, "rest_cannot_publish")), kind="forbidden", hint="rest_cannot_publish"
    ),
    "P16 404 end point": Case(fault=Fault(page=refused(404, "rest_no_route")), kind="not_found", hint="portal.url"),
    "P17 409": Case(fault=Fault(page=refused(409, "exists")), kind="conflict"),
    "P18 413": Case(fault=Fault(page=page(413)), kind="too_large", permanent=True, hint="limit"),
    "P19 422": Case(fault=Fault(page=refused(422, "rest_invalid_param")), kind="http_status", permanent=True),
    "400": Case(fault=Fault(page=refused(400, "rest_invalid_param")), kind="http_status", permanent=True),
    "P20 429 with Retry-After": Case(
        fault=Fault(page=page(429, **{"Retry-After": "90"})), kind="throttled", wait=timedelta(seconds=90)
    ),
    "P21 503 maintenance": Case(
        fault=Fault(page=page(503, b"<h1>Briefly unavailable</h1>", **{"Retry-After": "600"})),
        kind="http_status",
        unknown=True,
        wait=timedelta(minutes=10),
    ),
    "P34 301": Case(
        fault=Fault(page=page(301, Location="https://www.vidu.example/")), kind="redirect", unknown=True, hint="https"
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_fault_of_a_create(case: Case, server: LocalPortal, portal: WordPressPortal) -> None:
    key = new_key()
    server.inject(case.fault)
    error = refusal(lambda: portal.create(sample_post(), key))
    assert (error.kind, error.unknown, error.permanent) == (case.kind, case.unknown, case.permanent)
    assert error.retry_after == case.wait
    assert error.key == key
    assert case.hint in (error.hint or "")
    assert len(server.copies(key)) == case.made


READ_FAULTS = {name: case for name, case in CASES.items() if not case.made and not name.startswith("403")}


@pytest.mark.parametrize("case", READ_FAULTS.values(), ids=READ_FAULTS.keys())
def test_fault_of_a_look_up_is_never_absence(case: Case, server: LocalPortal, portal: WordPressPortal) -> None:
    key = new_key()
    portal.create(sample_post(), key)
    server.inject(replace(case.fault, method="GET"))
    error = refusal(lambda: portal.find(key))
    assert not error.unknown


def test_p01_refused_connection_did_nothing(server: LocalPortal, portal: WordPressPortal) -> None:
    server.site.pause()
    error = refusal(lambda: portal.create(sample_post(), new_key()))
    assert (error.kind, error.unknown) == ("refused", False)


def test_lost_answer_of_an_upload_leads_to_one_image_with_its_caption(
    server: LocalPortal, portal: WordPressPortal
) -> None:
    image = sample_image()
    server.inject(Fault(path="/media", reset=True, effect=Effect.DONE))
    assert refusal(lambda: portal.put_file(image)).unknown
    portal.put_file(image)
    (media,) = server.state.media.values()
    assert (media.alt_text, media.caption) == ("Quang cảnh hội nghị", "Ảnh: A &amp; B")


@pytest.mark.parametrize("status", [413, 415, 400, 403, 500, 503])
def test_a_picture_that_the_portal_does_not_take_is_named_as_such(
    status: int, server: LocalPortal, portal: WordPressPortal
) -> None:
    server.inject(Fault(path="/media", page=page(status)))
    error = refusal(lambda: portal.put_file(sample_image()))
    assert (error.kind, error.permanent) == ("file_refused", True)


@pytest.mark.parametrize(("status", "kind"), [(401, "unauthorized"), (429, "throttled")])
def test_a_portal_that_does_not_know_us_at_the_picture_gets_no_post_without(
    status: int, kind: str, server: LocalPortal, portal: WordPressPortal
) -> None:
    server.inject(Fault(path="/media", page=page(status)))
    assert refusal(lambda: portal.put_file(sample_image())).kind == kind


def test_p24_portal_that_strips_our_key_stops_delivery_for_good(server: LocalPortal, portal: WordPressPortal) -> None:
    server.state.strips_comments = True
    error = refusal(lambda: portal.create(sample_post(), new_key()))
    assert (error.kind, error.permanent, error.unknown) == ("marker_lost", True, False)
    assert len(server.posts()) == 1


def test_p26_state_given_by_the_portal_is_the_one_reported(server: LocalPortal, portal: WordPressPortal) -> None:
    made = portal.create(sample_post(published_at=datetime(2099, 1, 1, tzinfo=UTC)), new_key())
    assert made.state is PortalState.SCHEDULED


def test_p30_copy_made_by_a_person_bears_the_key_and_the_first_one_is_found(
    server: LocalPortal, portal: WordPressPortal
) -> None:
    key = new_key()
    made = portal.create(sample_post(), key)
    (original,) = server.copies(key)
    server.type_by_hand(title="Bản sao", html=original.content, date=original.date)
    found = portal.find(key)
    assert found == made
    listed = portal.list(original.date, original.date + timedelta(seconds=1))
    assert [post.key for post in listed] == [key, key]


def test_p33_look_up_down_and_create_up_raises(server: LocalPortal, portal: WordPressPortal) -> None:
    server.inject(Fault(method="GET", page=page(502), times=3))
    assert not refusal(lambda: portal.find(new_key())).unknown


def test_server_that_drops_the_password_of_writes_is_named(server: LocalPortal, portal: WordPressPortal) -> None:
    server.state.drops_authorization = True
    error = refusal(lambda: portal.create(sample_post(categories=("Mới",)), new_key()))
    assert (error.kind, error.unknown) == ("unauthorized", False)
    assert "drops the Authorization header of POST" in (error.hint or "")


def test_account_without_publishing_is_refused_and_told_why(server: LocalPortal) -> None:
    client = PoliteClient(HttpSettings(), clock=SystemClock())
    pending = connect(server, client, account=1)
    assert "may not publish" in pending.verify()
    error = refusal(lambda: pending.create(sample_post(), new_key()))
    assert (error.kind, error.unknown) == ("forbidden", False)
    assert pending.create(sample_post(approval=Approval.PENDING), new_key()).state is PortalState.PENDING


def test_account_without_the_needed_rights_fails_verify(server: LocalPortal) -> None:
    client = PoliteClient(HttpSettings(), clock=SystemClock())
    error = refusal(connect(server, client, account=2).verify)
    assert (error.kind, error.hint) == ("forbidden", "give the account the role Editor, or one with these rights")


def test_missing_category_that_may_not_be_made_is_named(server: LocalPortal) -> None:
    client = PoliteClient(HttpSettings(), clock=SystemClock())
    error = refusal(lambda: connect(server, client, account=2).create(sample_post(categories=("Mới",)), new_key()))
    assert (error.kind, error.unknown) == ("category_missing", False)
    assert "[portal.categories]" in (error.hint or "")


# --- a census is whole, or an error ---------------------------------------------------------------------

START = datetime(2026, 9, 30, 17, tzinfo=UTC)
END = datetime(2026, 10, 31, 17, tzinfo=UTC)


def fill(server: LocalPortal, count: int) -> None:
    for _ in range(count):
        server.type_by_hand(title="Tin", html="<p>Tin.</p>", date=START)


@pytest.mark.parametrize("total", ["99", "101", "", "many"])
def test_list_whose_total_is_not_what_came_is_incomplete(
    total: str, server: LocalPortal, portal: WordPressPortal
) -> None:
    fill(server, 3)
    portal.verify()
    server.inject(Fault(method="GET", page=page(200, b'[{"id": 11}]', "application/json", **{"X-WP-Total": total})))
    assert not refusal(lambda: list(portal.list(START, END))).unknown


def test_list_that_changes_between_two_pages_is_incomplete(server: LocalPortal, portal: WordPressPortal) -> None:
    fill(server, 150)
    listed = [{"id": number, "status": "publish"} for number in range(1000, 1100)]
    body = str(listed).replace("'", '"').encode()
    server.inject(Fault(method="GET", page=page(200, body, "application/json", **{"X-WP-Total": "151"})))
    assert refusal(lambda: list(portal.list(START, END))).kind == "incomplete"


def test_item_listed_twice_makes_the_list_incomplete(server: LocalPortal, portal: WordPressPortal) -> None:
    body = b'[{"id": 11, "status": "publish"}, {"id": 11, "status": "publish"}]'
    server.inject(Fault(method="GET", page=page(200, body, "application/json", **{"X-WP-Total": "2"})))
    assert refusal(lambda: list(portal.list(START, END))).kind == "incomplete"


def test_fault_on_the_second_page_gives_no_post_at_all(server: LocalPortal, portal: WordPressPortal) -> None:
    fill(server, 150)
    good = Fault(method="GET", effect=Effect.DONE, before=b" ")
    server.inject(good, Fault(method="GET", page=page(502)))
    got = []
    refusal(lambda: got.extend(portal.list(START, END)))
    assert got == []


def test_post_in_a_state_of_the_sites_own_is_found_and_held_to_be_waiting(
    server: LocalPortal, portal: WordPressPortal
) -> None:
    key = new_key()
    made = portal.create(sample_post(approval=Approval.PENDING), key)
    server.state.custom_states = ("cho-duyet",)
    server.state.posts[int(made.id)].status = "cho-duyet"
    portal.verify()
    found = portal.find(key)
    assert found is not None
    assert (found.id, found.state) == (made.id, PortalState.PENDING)
