"""Addresses made to lead into the office's own network, by name: none may be dialled."""

import socket
import threading
from collections.abc import Iterator, Sequence

import pytest

from adapters.http import HttpFailure, HttpSettings, PoliteClient
from syncd.clock import SystemClock
from syncd.testing.local_site import LocalSite

NAMES = {
    "public.example": ["113.160.0.1"],
    "inside.example": ["10.0.0.1"],
    "mixed.example": ["113.160.0.1", "127.0.0.1"],
    "cname.example": ["127.0.0.1"],
    "six.example": ["2401:d800::1", "fd00::1"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "good.vn": ["127.0.0.1"],  # as the attacker's own server: reached only where the address names it
}
REFUSED = [
    "http://127.0.0.1/",
    "http://127.127.127.127/",
    "http://0.0.0.0/",
    "http://0/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://017700000001/",
    "http://0x7f.1/",
    "http://127。0。0。1/",
    "http://127.0.0.1./",
    "http://localhost/",
    "http://LOCALHOST/",
    "http://[::]/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[64:ff9b:1::1]/",
    "http://[2002:7f00:1::]/",
    "http://[2001::1]/",
    "http://[fc00::1]/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1%25eth0]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://[3fff::1]/",
    "http://[5f00::1]/",
    "http://[100::1]/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://100.100.100.200/",
    "http://169.254.169.254/",
    "http://0xa9fea9fe/",
    "http://2852039166/",
    "http://168.63.129.16/",
    "http://192.0.0.192/",
    "http://198.18.0.1/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://240.0.0.1/",
    "http://127.0.0.1#@good.vn/",
    "http://good.vn\\@127.0.0.1/",
    "http://inside.example/",
    "http://mixed.example/",
    "http://cname.example/",
    "http://six.example/",
    "http://nat64.example/",
]
SENSELESS = [
    "http://0177.0.0.1/",
    "http://①②⑦.0.0.1/",
    "http://good.vn@127.0.0.1/",
    "http://user:password@good.vn/",
    "http://127.0.0.1\t.good.vn/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/",
    "ftp://good.vn/",
    "javascript:alert(1)",
    "//good.vn/",
    "/rss",
    "good.vn",
    "http://",
    "http:///rss",
    "http://[::1",
    "http://good.vn:abc/",
    "",
]


def lookup(host: str) -> Sequence[str]:
    """Names of the table; everything else as the system reads it, numbers in odd writings included."""
    if host in NAMES:
        return NAMES[host]
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


@pytest.fixture
def trap(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """Every address that is really dialled; none is."""
    dialled: list[object] = []

    class Trapped(socket.socket):
        def connect(self, address: object) -> None:
            dialled.append(address)
            raise ConnectionRefusedError(111, "trapped")

    monkeypatch.setattr("adapters.network.socket.socket", Trapped)
    yield dialled
    monkeypatch.undo()


def failure(url: str, *, allow_ports: Sequence[int] = ()) -> HttpFailure:
    client = PoliteClient(HttpSettings(spacing_s=0.0, connect_timeout_s=2.0), clock=SystemClock(), lookup=lookup)
    with client.visit(allow_ports=allow_ports) as visit, pytest.raises(HttpFailure) as caught:
        visit.get(url)
    assert not caught.value.sent
    return caught.value


@pytest.mark.parametrize("url", REFUSED)
def test_address_that_is_not_public_is_refused(url: str, trap: list[object]) -> None:
    # `dns`: the system makes nothing of a name such as `127.0.0.1.`, which is as good
    assert failure(url).kind in ("blocked_address", "dns")
    assert trap == []


@pytest.mark.parametrize("url", SENSELESS)
def test_address_that_makes_no_sense_is_refused(url: str, trap: list[object]) -> None:
    caught = failure(url)
    assert (caught.kind, caught.permanent) == ("bad_url", True)
    assert trap == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:22/", "http://good.vn:6379/", "https://good.vn:99999/"])
def test_port_that_is_not_allowed_is_refused(url: str, trap: list[object]) -> None:
    assert failure(url).kind == "blocked_port"
    assert trap == []


def test_the_address_that_was_judged_is_the_one_dialled(trap: list[object]) -> None:
    answers = iter([["113.160.0.1"], ["127.0.0.1"], ["127.0.0.1"]])
    client = PoliteClient(
        HttpSettings(spacing_s=0.0), clock=SystemClock(), lookup=lambda host: next(answers)
    )  # a name that changes with every look-up
    with client.visit() as visit:
        with pytest.raises(HttpFailure) as first:
            visit.get("http://rebind.example/")
        with pytest.raises(HttpFailure) as second:
            visit.get("http://rebind.example/")
    assert first.value.kind == "refused"
    assert second.value.kind == "blocked_address"
    assert trap == [("113.160.0.1", 80)]


def test_host_header_keeps_the_name_while_the_judged_address_is_dialled(local_site: LocalSite) -> None:
    local_site.page("/rss", "xin")
    settings = HttpSettings(spacing_s=0.0, allow_addresses=("127.0.0.1",))
    client = PoliteClient(settings, clock=SystemClock(), lookup=lambda host: ["127.0.0.1"])
    with client.visit(allow_ports=[local_site.port]) as visit:
        exchange = visit.get(f"http://tin-tức.example:{local_site.port}/rss")
    assert local_site.last().headers["host"] == f"xn--tin-tc-fr8b.example:{local_site.port}"
    assert exchange.address == "127.0.0.1"


def test_second_redirect_into_the_private_network_is_refused(local_site: LocalSite) -> None:
    local_site.redirect("/", "/again", status=307)
    local_site.redirect("/again", "http://inside.example/", status=307)
    settings = HttpSettings(spacing_s=0.0)
    client = PoliteClient(settings, clock=SystemClock(), lookup=lookup)
    with (
        client.visit(allow_ports=[local_site.port], allow_addresses=["127.0.0.1/32"]) as visit,
        pytest.raises(HttpFailure) as caught,
    ):
        visit.get(local_site.url("/"))
    assert caught.value.kind == "blocked_address"
    assert local_site.count() == 2


def test_proxy_of_the_environment_is_not_used(local_site: LocalSite, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, local_site.base_url)
    assert failure("http://inside.example/").kind == "blocked_address"
    assert local_site.count() == 0


def test_name_server_that_does_not_answer_ends_in_time() -> None:
    silent = threading.Event()

    def stuck(host: str) -> Sequence[str]:
        silent.wait(10)
        return []

    client = PoliteClient(HttpSettings(connect_timeout_s=0.1), clock=SystemClock(), lookup=stuck)
    with client.visit() as visit, pytest.raises(HttpFailure) as caught:
        visit.get("http://unit.example/")
    silent.set()
    assert caught.value.kind == "dns"


def test_name_without_addresses_is_a_dns_failure() -> None:
    client = PoliteClient(HttpSettings(), clock=SystemClock(), lookup=lambda host: [])
    with client.visit() as visit, pytest.raises(HttpFailure) as caught:
        visit.get("http://unit.example/")
    assert caught.value.kind == "dns"


def test_second_address_is_tried_where_the_first_refuses(local_site: LocalSite) -> None:
    local_site.page("/", "xin")
    settings = HttpSettings(spacing_s=0.0, allow_addresses=("127.0.0.0/8",), allow_ports=(local_site.port,))
    client = PoliteClient(settings, clock=SystemClock(), lookup=lambda host: ["127.0.0.9", "127.0.0.1"])
    with client.visit() as visit:
        assert visit.get(f"http://unit.example:{local_site.port}/").address == "127.0.0.1"
