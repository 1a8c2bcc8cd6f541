"""Ways to make the client reach inside the office's own network: each is refused by kind, and nothing inside is asked."""

import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from adapters.articles.reading import DirectReader
from adapters.http.client import HttpFailure, HttpSettings, PoliteClient
from adapters.post_files import FileFetcher
from adapters.sources.feed import FeedSettings, FeedSource
from syncd.clock import SystemClock
from syncd.domain.model import SourceId, UnitId
from syncd.errors import ForeignError, SourceError
from syncd.ports.source import Known
from syncd.testing.certificates import Authority, openssl_is_there
from syncd.testing.local_site import LocalSite
from tests.faults.certificates import odd_server

VECTORS = Path(__file__).parents[1] / "data" / "ssrf_vectors.txt"
PUBLIC = "127.0.0.5"  # stands in for a public address: the tests' client may reach it, and nothing else of loopback
NAMES = {
    "public.example": ["113.160.0.1"],
    "mixed.example": ["113.160.0.1", "127.0.0.1"],
    "cname.example": ["127.0.0.1"],
    "six.example": ["2401:d800::1", "fd00::1"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "good.vn": ["127.0.0.1"],  # as the attacker's own server: reached only where the address names it
}
BLOCKED, SENSELESS, UNKNOWN = "blocked_address", "bad_url", "dns"
ADDRESSES: dict[str, tuple[str, ...]] = {  # vector -> the kinds of refusal, where the system's resolver has a say
    "http://127.0.0.1/": (BLOCKED,),
    "http://127.0.0.1:22/": ("blocked_port",),
    "http://127.127.127.127/": (BLOCKED,),
    "http://0.0.0.0/": (BLOCKED,),
    "http://0/": (BLOCKED,),
    "http://127.1/": (BLOCKED,),
    "http://2130706433/": (BLOCKED,),
    "http://0x7f000001/": (BLOCKED,),
    "http://0177.0.0.1/": (SENSELESS,),
    "http://017700000001/": (BLOCKED,),
    "http://0x7f.1/": (BLOCKED,),
    "http://①②⑦.0.0.1/": (SENSELESS,),
    "http://127。0。0。1/": (BLOCKED,),
    "http://127.0.0.1./": (BLOCKED, UNKNOWN),
    "http://localhost/": (BLOCKED,),
    "http://LOCALHOST./": (BLOCKED, UNKNOWN),
    "http://[::]/": (BLOCKED,),
    "http://[::1]/": (BLOCKED,),
    "http://[::ffff:127.0.0.1]/": (BLOCKED,),
    "http://[::ffff:7f00:1]/": (BLOCKED,),
    "http://[::127.0.0.1]/": (BLOCKED,),
    "http://[64:ff9b::7f00:1]/": (BLOCKED,),
    "http://[64:ff9b::a9fe:a9fe]/": (BLOCKED,),
    "http://[64:ff9b:1::1]/": (BLOCKED,),
    "http://[2002:7f00:1::]/": (BLOCKED,),
    "http://[2001::1]/": (BLOCKED,),
    "http://[fc00::1]/": (BLOCKED,),
    "http://[fd00:ec2::254]/": (BLOCKED,),
    "http://[fe80::1%25eth0]/": (BLOCKED, SENSELESS),
    "http://[fec0::1]/": (BLOCKED,),
    "http://[ff02::1]/": (BLOCKED,),
    "http://[3fff::1]/": (BLOCKED,),
    "http://[5f00::1]/": (BLOCKED,),
    "http://[100::1]/": (BLOCKED,),
    "http://10.0.0.1/": (BLOCKED,),
    "http://172.16.0.1/": (BLOCKED,),
    "http://172.31.255.255/": (BLOCKED,),
    "http://192.168.1.1/": (BLOCKED,),
    "http://100.64.0.1/": (BLOCKED,),
    "http://100.100.100.200/": (BLOCKED,),
    "http://169.254.169.254/": (BLOCKED,),
    "http://0xa9fea9fe/": (BLOCKED,),
    "http://2852039166/": (BLOCKED,),
    "http://168.63.129.16/": (BLOCKED,),
    "http://192.0.0.192/": (BLOCKED,),
    "http://198.18.0.1/": (BLOCKED,),
    "http://224.0.0.1/": (BLOCKED,),
    "http://255.255.255.255/": (BLOCKED,),
    "http://240.0.0.1/": (BLOCKED,),
    "http://good.vn@127.0.0.1/": (SENSELESS,),
    r"http://good.vn\@127.0.0.1/": (BLOCKED,),
    "http://127.0.0.1#@good.vn/": (BLOCKED,),
    "http://127.0.0.1<TAB>.good.vn/": (SENSELESS,),
}
MORE_SENSELESS = [
    "http://user:password@good.vn/",
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


def system_or_table(host: str) -> Sequence[str]:
    """Names of the table; everything else as the system reads it, numbers in odd writings included."""
    if host in NAMES:
        return NAMES[host]
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


@pytest.fixture(scope="module")
def inside() -> Iterator[LocalSite]:
    """What must not be reached: it listens at every address of this machine."""
    with LocalSite(host="0.0.0.0") as site:
        site.page("/*", "secret")
        yield site


@pytest.fixture(autouse=True)
def _nothing_inside_was_asked(inside: LocalSite) -> Iterator[None]:
    before = inside.connections
    yield
    assert inside.connections == before


@pytest.fixture
def outside(inside: LocalSite) -> Iterator[LocalSite]:
    """The attacker's website, at an address and port that may be reached."""
    with LocalSite(host=PUBLIC) as site:
        yield site


def client_for(*sites: LocalSite, lookup: Callable[[str], Sequence[str]] = system_or_table) -> PoliteClient:
    ports = tuple(site.port for site in sites)
    settings = HttpSettings(
        spacing_s=0.0, connect_timeout_s=2.0, allow_addresses=(PUBLIC,), allow_ports=(80, 443, *ports)
    )
    return PoliteClient(settings, clock=SystemClock(), lookup=lookup)


def refused(client: PoliteClient, url: str) -> HttpFailure:
    with client.visit() as visit, pytest.raises(HttpFailure) as caught:
        visit.get(url)
    assert caught.value.hint
    return caught.value


# --- addresses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("vector", "kinds"), ADDRESSES.items(), ids=ADDRESSES)
def test_address_is_refused(vector: str, kinds: tuple[str, ...], inside: LocalSite) -> None:
    url = vector.replace("<TAB>", "\t")
    failure = refused(client_for(inside), url)
    assert failure.kind in kinds
    assert not failure.sent
    if ":22" not in url:  # once more, to where somebody does listen
        head, mark, rest = url.partition("#")
        listening = f"{head.rstrip('/')}:{inside.port}{'' if mark else '/'}{mark}{rest}"
        assert refused(client_for(inside), listening).kind in kinds


@pytest.mark.parametrize("url", MORE_SENSELESS)
def test_address_that_makes_no_sense_is_refused(url: str) -> None:
    failure = refused(client_for(), url)
    assert (failure.kind, failure.permanent, failure.sent) == (SENSELESS, True, False)


@pytest.mark.parametrize("url", ["http://good.vn:6379/", "https://good.vn:99999/"])
def test_port_that_is_not_allowed_is_refused(url: str) -> None:
    assert refused(client_for(), url).kind == "blocked_port"


@pytest.mark.parametrize("host", ["six.example", "nat64.example"])
def test_name_with_a_private_address_of_the_new_kind_is_refused(host: str, inside: LocalSite) -> None:
    assert refused(client_for(inside), f"http://{host}:{inside.port}/").kind == BLOCKED


# --- situations: what the attacker does besides writing an address ------------------------------------------


def mixed_answers(inside: LocalSite, outside: LocalSite, folder: Path) -> None:
    assert refused(client_for(inside), f"http://mixed.example:{inside.port}/").kind == BLOCKED


def rebinding(inside: LocalSite, outside: LocalSite, folder: Path) -> None:
    """The name leads outside when it is judged first, inside when the redirect is followed."""
    outside.behave("/", lambda line, request: line.send(b"HTTP/1.1 302 x\r\nLocation: /b\r\nConnection: close\r\n\r\n"))
    answers = iter([[PUBLIC]])
    client = client_for(outside, lookup=lambda host: next(answers, ["127.0.0.1"]))
    assert refused(client, f"http://rebind.example:{outside.port}/").kind == BLOCKED
    assert outside.count() == 1


def cname_to_localhost(inside: LocalSite, outside: LocalSite, folder: Path) -> None:
    assert refused(client_for(inside), f"http://cname.example:{inside.port}/").kind == BLOCKED


def redirect_to(target: str, kind: str) -> Callable[[LocalSite, LocalSite, Path], None]:
    def situation(inside: LocalSite, outside: LocalSite, folder: Path) -> None:
        outside.redirect("/", target)
        outside.redirect("/inside", inside.url("/").replace("0.0.0.0", "127.0.0.1"))
        client = client_for(outside, inside)
        assert refused(client, outside.url("/")).kind == kind
        assert refused(client, outside.url("/inside")).kind == BLOCKED

    return situation


def chain_of_redirects(inside: LocalSite, outside: LocalSite, folder: Path) -> None:
    outside.redirect("/", f"http://{PUBLIC}:{outside.port}/again", status=307)
    outside.redirect("/again", "http://10.0.0.1/", status=307)
    assert refused(client_for(outside), outside.url("/")).kind == BLOCKED
    assert outside.count() == 2


def picture(inside: LocalSite, outside: LocalSite, folder: Path) -> None:
    fetch = FileFetcher(client_for(outside, inside))
    for url in ("http://10.0.0.1/anh.png", f"http://127.0.0.1:{inside.port}/anh.png"):
        with pytest.raises(ForeignError) as caught:
            fetch(url, frozenset((inside.port,)))
        assert caught.value.kind == BLOCKED


def announced_feed(inside: LocalSite, outside: LocalSite, folder: Path) -> None:
    """A page announces a feed inside: it is named in the hint, and not asked for."""
    announced = f"http://[::1]:{inside.port}/rss"
    outside.page("/", f'<html><head><link rel="alternate" type="application/rss+xml" href="{announced}"></head></html>')
    client = client_for(outside, inside)
    source = FeedSource(
        FeedSettings(url=outside.url("/")),
        id=SourceId("ban-a/1"),
        unit=UnitId("ban-a"),
        http=client,
        clock=SystemClock(),
        articles=DirectReader(),
    )
    with pytest.raises(SourceError) as caught:
        source.read(Known())
    assert caught.value.kind == "not_a_feed"
    assert refused(client, announced).kind == BLOCKED


def proxy_of_the_environment(inside: LocalSite, outside: LocalSite, folder: Path) -> None:
    with pytest.MonkeyPatch.context() as environment:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            environment.setenv(name, f"http://127.0.0.1:{inside.port}")
        outside.page("/", "xin")
        with client_for(outside).visit() as visit:
            assert visit.get(outside.url("/")).status == 200
        assert refused(client_for(), "http://cname.example/").kind == BLOCKED


def addresses_in_a_certificate(inside: LocalSite, outside: LocalSite, folder: Path) -> None:
    if not openssl_is_there():
        pytest.skip("the openssl command is missing")
    root = Authority(folder / "root")
    issuer = Authority(folder / "issuer", name="one that is not sent", issuer=root)
    there = f"http://127.0.0.1:{inside.port}"
    extensions = [f"authorityInfoAccess=OCSP;URI:{there}/ocsp,caIssuers;URI:{there}/ca"]
    context = odd_server(issuer, "aia", folder, host="localhost", extensions=extensions)
    with LocalSite(tls=context, host=PUBLIC) as secure:
        settings = HttpSettings(
            allow_addresses=(PUBLIC,), allow_ports=(secure.port,), extra_ca_files=(str(root.certificate),)
        )
        client = PoliteClient(settings, clock=SystemClock(), lookup=lambda host: [PUBLIC])
        assert refused(client, secure.url("/")).kind == "tls_incomplete_chain"


SITUATIONS: dict[str, Callable[[LocalSite, LocalSite, Path], None]] = {
    "name with A=public,A=127.0.0.1": mixed_answers,
    "name public then 127.0.0.1 (rebind, TTL 0)": rebinding,
    "CNAME to localhost": cname_to_localhost,
    "302 to 169.254.169.254": redirect_to("http://169.254.169.254/latest/meta-data/", BLOCKED),
    "307 public→public→10.0.0.1": chain_of_redirects,
    "302 to file:///etc/passwd": redirect_to("file:///etc/passwd", "bad_redirect"),
    "302 to gopher://127.0.0.1:6379/": redirect_to("gopher://127.0.0.1:6379/", "bad_redirect"),
    "image URL in item to 10.0.0.1": picture,
    "feed <link rel=alternate> to [::1]": announced_feed,
    "HTTP_PROXY set in environment": proxy_of_the_environment,
    "https name whose AIA/OCSP URL is internal": addresses_in_a_certificate,
}


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
def test_situation_ends_in_a_refusal(
    situation: Callable[[LocalSite, LocalSite, Path], None], inside: LocalSite, outside: LocalSite, tmp_path: Path
) -> None:
    situation(inside, outside, tmp_path)


def test_every_vector_of_the_list_is_here() -> None:
    lines = VECTORS.read_text(encoding="utf-8").splitlines()
    named = [line for line in lines if line and not line.startswith("# ")]
    assert sorted([*ADDRESSES, *SITUATIONS]) == sorted(named)
    assert len(named) == 64


# --- the address that is dialled -----------------------------------------------------------------------------


def test_the_address_that_was_judged_is_the_one_dialled(monkeypatch: pytest.MonkeyPatch) -> None:
    dialled: list[object] = []

    class Trapped(socket.socket):
        def connect(self, address: object) -> None:
            dialled.append(address)
            raise ConnectionRefusedError(111, "trapped")

    monkeypatch.setattr("adapters.http.network.socket.socket", Trapped)
    answers = iter([["113.160.0.1"], ["127.0.0.1"]])  # a name that changes with every look-up
    client = client_for(lookup=lambda host: next(answers))
    kinds = [refused(client, "http://rebind.example/").kind for _ in range(2)]
    monkeypatch.undo()
    assert kinds == ["refused", BLOCKED]
    assert dialled == [("113.160.0.1", 80)]


def test_host_header_keeps_the_name_while_the_judged_address_is_dialled(outside: LocalSite) -> None:
    outside.page("/rss", "xin")
    with client_for(outside, lookup=lambda host: [PUBLIC]).visit() as visit:
        exchange = visit.get(f"http://tin-tức.example:{outside.port}/rss")
    assert outside.last().headers["host"] == f"xn--tin-tc-fr8b.example:{outside.port}"
    assert exchange.address == PUBLIC


def test_name_server_that_does_not_answer_ends_in_time() -> None:
    silent = threading.Event()

    def stuck(host: str) -> Sequence[str]:
        silent.wait(10)
        return []

    client = PoliteClient(HttpSettings(connect_timeout_s=0.1), clock=SystemClock(), lookup=stuck)
    kind = refused(client, "http://unit.example/").kind
    silent.set()
    assert kind == UNKNOWN


def test_second_address_is_tried_where_the_first_refuses(outside: LocalSite) -> None:
    outside.page("/", "xin")
    settings = HttpSettings(spacing_s=0.0, allow_addresses=("127.0.0.0/8",), allow_ports=(outside.port,))
    client = PoliteClient(settings, clock=SystemClock(), lookup=lambda host: ["127.0.0.9", PUBLIC])
    with client.visit() as visit:
        assert visit.get(f"http://unit.example:{outside.port}/").address == PUBLIC
