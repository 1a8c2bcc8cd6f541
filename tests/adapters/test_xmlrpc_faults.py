"""The portal faults over XML-RPC: what each answer proves, and answers made to harm."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from xmlrpc.client import Fault as XmlRpcFault
from xmlrpc.client import dumps

import pytest

from adapters.http.client import HttpSettings, PoliteClient
from adapters.portals.xmlrpc import XmlRpcPortal, XmlRpcSettings
from syncd.clock import SystemClock
from syncd.ports.secret import Secret
from syncd.testing.faulty_portal import Effect, Fault
from syncd.testing.local_portal import LocalPortal
from syncd.testing.local_site import Page
from syncd.testing.portal_contract import new_key, refusal, sample_image, sample_post


@pytest.fixture
def server() -> Iterator[LocalPortal]:
    with LocalPortal() as made:
        yield made


@pytest.fixture
def portal(server: LocalPortal) -> Iterator[XmlRpcPortal]:
    client = PoliteClient(HttpSettings(total_timeout_s=0.6, connect_timeout_s=0.5), clock=SystemClock())
    yield connect(server, client)
    client.abort()


def connect(server: LocalPortal, client: PoliteClient, *, account: int = 0, path: str = "/xmlrpc.php") -> XmlRpcPortal:
    who = server.state.accounts[account]
    settings = XmlRpcSettings(
        url=server.url + path, username=who.login, password=Secret(who.password), allow_addresses=("127.0.0.0/8",)
    )
    return XmlRpcPortal(settings, name="cong", http=client, clock=SystemClock(), settle=timedelta(seconds=120))


def page(status: int = 200, body: bytes = b"", content_type: str = "text/xml", **headers: str) -> Page:
    return Page(status=status, body=body, content_type=content_type, headers=headers)


def faulting(code: int) -> Page:
    return page(body=dumps(XmlRpcFault(code, "no")).encode())


def at(method: str, made: Page | None = None, *, effect: Effect = Effect.NONE, **ways: bool) -> Fault:
    saying = f"<methodName>{method}</methodName>".encode()
    return Fault(path="/xmlrpc.php", saying=saying, page=made, effect=effect, **ways)  # type: ignore[arg-type]  # by name


@dataclass(frozen=True, kw_only=True)
class Case:
    fault: Fault
    kind: str
    unknown: bool = False
    permanent: bool = False
    made: int = 0


NEW = "wp.newPost"
CASES = {
    "timeout before commit": Case(fault=at(NEW, hang=True), kind="timeout", unknown=True),
    "timeout after commit": Case(fault=at(NEW, hang=True, effect=Effect.DONE), kind="timeout", unknown=True, made=1),
    "reset after commit": Case(fault=at(NEW, reset=True, effect=Effect.DONE), kind="reset", unknown=True, made=1),
    "502 after commit": Case(fault=at(NEW, page(502), effect=Effect.DONE), kind="http_status", unknown=True, made=1),
    "503": Case(fault=at(NEW, page(503)), kind="http_status", unknown=True),
    "half an answer": Case(
        fault=at(NEW, page(body=b"<?xml version='1.0'?><methodResponse><params>"), effect=Effect.DONE),
        kind="protocol",
        unknown=True,
        made=1,
    ),
    "empty": Case(fault=at(NEW, page(), effect=Effect.DONE), kind="protocol", unknown=True, made=1),
    "login page": Case(
        fault=at(NEW, page(body=b"<!doctype html><title>Log in</title>")), kind="protocol", unknown=True
    ),
    "no id": Case(
        fault=at(NEW, page(body=dumps((True,), methodresponse=True).encode()), effect=Effect.DONE),
        kind="protocol",
        unknown=True,
        made=1,
    ),
    "firewall": Case(fault=at(NEW, page(403)), kind="forbidden"),
    "switched off by the host": Case(fault=at(NEW, page(405)), kind="not_found"),
    "not there": Case(fault=at(NEW, page(404)), kind="not_found"),
    "413": Case(fault=at(NEW, page(413)), kind="too_large", permanent=True),
    "429": Case(fault=at(NEW, page(429)), kind="throttled"),
    "redirect": Case(fault=at(NEW, page(301, Location="https://www.vidu.example/")), kind="redirect", unknown=True),
    "fault 401": Case(fault=at(NEW, faulting(401)), kind="forbidden"),
    "fault 405": Case(fault=at(NEW, faulting(405)), kind="forbidden"),
    "fault 409": Case(fault=at(NEW, faulting(409)), kind="conflict"),
    "fault 500": Case(fault=at(NEW, faulting(500), effect=Effect.DONE), kind="http_status", unknown=True, made=1),
    "no such method": Case(fault=at(NEW, faulting(-32601)), kind="not_found"),
    "bad parameters": Case(fault=at(NEW, faulting(-32602)), kind="http_status", permanent=True),
    "shown no more after it was made": Case(
        fault=at("wp.getPost", page(502)), kind="http_status", unknown=True, made=1
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_fault_of_a_create_and_the_look_up_after_it(case: Case, server: LocalPortal, portal: XmlRpcPortal) -> None:
    key = new_key()
    server.inject(case.fault)
    error = refusal(lambda: portal.create(sample_post(), key))
    assert (error.kind, error.unknown, error.permanent) == (case.kind, case.unknown, case.permanent)
    assert error.key == key
    assert len(server.copies(key)) == case.made
    found = portal.find(key)
    assert (found is not None) == bool(case.made)
    standing = found or portal.create(sample_post(), key)
    assert [str(post.id) for post in server.copies(key)] == [standing.id]


HOSTILE = {
    "entities": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]>'
    b"<methodResponse><params><param><value><array><data><value>&d;</value></data></array></value></param></params></methodResponse>",
    "another file": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><methodResponse>&b;</methodResponse>',
    "deep": b"<methodResponse>" + b"<params><param><value><array><data>" * 2_000,
    "unknown element": b"<methodResponse><params><param><value><object>1</object></value></param></params></methodResponse>",
    "number without end": b"<methodResponse><params><param><value><int>"
    + b"9" * 100_000
    + b"</int></value></param></params></methodResponse>",
    "key that is a list": b"<methodResponse><params><param><value><struct><member><value><array><data/></array></value>"
    b"<value>1</value></member></struct></value></param></params></methodResponse>",
    "a call": dumps((), "wp.getPosts").encode(),
    "two values": b"<methodResponse><params><param><value>1</value></param><param><value>2</value></param></params></methodResponse>",
    "fault without number": b"<methodResponse><fault><value><struct><member><name>faultCode</name><value>x</value></member>"
    b"<member><name>faultString</name><value>y</value></member></struct></value></fault></methodResponse>",
    "fault that is text": b"<methodResponse><fault><value>no</value></fault></methodResponse>",
    "list of texts": dumps((["a"],), methodresponse=True).encode(),
    "items without content": dumps(([{"post_id": "1"}],), methodresponse=True).encode(),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_answer_to_a_look_up_is_never_absence(body: bytes, server: LocalPortal, portal: XmlRpcPortal) -> None:
    server.inject(at("wp.getPosts", page(body=body)))
    error = refusal(lambda: portal.find(new_key()))
    assert (error.kind, error.unknown) == ("protocol", False)


def test_wrong_password_is_told_from_a_missing_right(server: LocalPortal, portal: XmlRpcPortal) -> None:
    server.inject(at("wp.newPost", faulting(403)))
    assert refusal(lambda: portal.create(sample_post(), new_key())).kind == "forbidden"
    server.inject(at("wp.newPost", faulting(403)), at("wp.getProfile", faulting(403)))
    assert refusal(lambda: portal.create(sample_post(), new_key())).kind == "unauthorized"


def test_blank_lines_and_control_characters_of_a_portal_are_read_over(
    server: LocalPortal, portal: XmlRpcPortal
) -> None:
    date = datetime(2025, 8, 20, 3, 4, 5, tzinfo=UTC)
    server.type_by_hand(title="Gõ\x0b tay", html="<p>Dán\x0c từ Word.</p>", date=date)
    server.inject(Fault(path="/xmlrpc.php", before=b"\n \n", effect=Effect.DONE))
    (post,) = portal.list(date, date + timedelta(seconds=1))
    assert post.title == "Gõ tay"


def test_title_with_control_characters_is_sent_without_them(portal: XmlRpcPortal) -> None:
    assert portal.create(sample_post(title="Tin\x00 \x1bmới\ud800"), new_key()).title == "Tin mới"


def test_portal_that_strips_our_key_stops_delivery_for_good(server: LocalPortal, portal: XmlRpcPortal) -> None:
    server.state.strips_comments = True
    error = refusal(lambda: portal.create(sample_post(), new_key()))
    assert (error.kind, error.permanent) == ("marker_lost", True)


def test_picture_that_the_portal_does_not_take_is_named_as_such(server: LocalPortal, portal: XmlRpcPortal) -> None:
    server.inject(at("wp.uploadFile", page(413)))
    assert refusal(lambda: portal.put_file(sample_image())).kind == "file_refused"
    server.inject(at("wp.uploadFile", faulting(403)), at("wp.getProfile", faulting(403)))
    assert refusal(lambda: portal.put_file(sample_image())).kind == "unauthorized"


def test_post_that_comes_while_the_list_is_read_makes_it_incomplete(server: LocalPortal, portal: XmlRpcPortal) -> None:
    date = datetime(2025, 8, 20, tzinfo=UTC)
    for number in range(150):
        server.type_by_hand(title=f"Tin {number}", html="<p>Tin.</p>", date=date)
    assert len(list(portal.list(date, date + timedelta(days=1)))) == 150
    listing = portal.list(date, date + timedelta(days=1))
    calls = iter(range(100))

    def interrupt() -> float:
        if next(calls) == 2:  # after the first page of posts
            server.state.posts[number_of_first].status = "gone"
            server.type_by_hand(title="Chen vào", html="<p>Tin.</p>", date=date + timedelta(hours=1))
        return 0.0

    number_of_first = min(server.state.posts)
    server._takes_s = interrupt
    assert refusal(lambda: list(listing)).kind == "incomplete"


def test_author_who_sees_only_his_own_is_refused_at_verify(server: LocalPortal, portal: XmlRpcPortal) -> None:
    assert "Cổng tỉnh Ví Dụ" in portal.verify()
    client = PoliteClient(HttpSettings(), clock=SystemClock())
    error = refusal(connect(server, client, account=2).verify)
    assert (error.kind, "full_roles" in (error.hint or "")) == ("forbidden", True)
    client.abort()
