"""The HTTP client: conditional requests, redirects, politeness, threads, the stop."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from adapters.http.client import HttpFailure, HttpSettings, PoliteClient, retry_after
from syncd.clock import SystemClock
from syncd.ports.clock import Clock
from syncd.ports.network import nothing_sent_after
from syncd.ports.secret import Secret
from syncd.ports.source import Known
from syncd.testing.clock import FakeClock
from syncd.testing.local_site import Line, LocalSite, SeenRequest


def client_for(site: LocalSite, clock: Clock, *, spacing_s: float = 0.0, total_timeout_s: float = 10.0) -> PoliteClient:
    settings = HttpSettings(
        user_agent="syncd/0.1",
        contact="cntt@vidu.example",
        spacing_s=spacing_s,
        total_timeout_s=total_timeout_s,
        allow_addresses=("127.0.0.0/8",),
        allow_ports=(site.port,),
    )
    return PoliteClient(settings, clock=clock)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


def test_exchange_tells_what_was_answered(local_site: LocalSite, clock: FakeClock) -> None:
    local_site.page("/rss", "xin chào", content_type="application/rss+xml", headers={"X-Ten": "Ban Á"})
    with client_for(local_site, clock).visit() as visit:
        exchange = visit.get(local_site.url("/rss#dau"), accept="application/rss+xml")
    seen = local_site.last()
    assert exchange.status == 200
    assert exchange.url == local_site.url("/rss#dau")
    assert exchange.final_url == local_site.url("/rss")
    assert exchange.at == clock.now()
    assert exchange.body.decode() == "xin chào"
    assert exchange.body_sha256 == "8aaecd06d85c7f743d3545e7b865f3053c647591f95919c1c0b003046d4757aa"
    assert exchange.content_type == "application/rss+xml"
    assert exchange.header("x-ten") == "Ban Á"
    assert (exchange.address, exchange.tls_sha256) == ("127.0.0.1", None)
    assert seen.headers["user-agent"] == "syncd/0.1 (+cntt@vidu.example)"
    assert seen.headers["accept"] == "application/rss+xml"
    assert seen.headers["accept-encoding"] == "gzip"


def test_known_page_that_did_not_change_is_not_sent_again(local_site: LocalSite, clock: FakeClock) -> None:
    local_site.page("/", "xin", etag='"1"', last_modified="Thu, 15 Oct 2026 01:00:00 GMT")
    with client_for(local_site, clock).visit() as visit:
        first = visit.get(local_site.url("/"))
        known = Known(etag=first.header("etag"), last_modified=first.header("last-modified"))
        second = visit.get(local_site.url("/"), known=known)
        local_site.page("/", "moi", etag='"2"', last_modified="Thu, 15 Oct 2026 01:30:00 GMT")
        third = visit.get(local_site.url("/"), known=known)
    assert (second.status, second.body) == (304, b"")
    assert (third.status, third.body) == (200, b"moi")


def test_redirects_are_followed_and_both_addresses_kept(local_site: LocalSite, clock: FakeClock) -> None:
    local_site.redirect("/cu", "tin tức/?trang=1#x", status=301)
    local_site.redirect("/tin tức/", "/moi", status=308)
    local_site.page("/moi", "xin")
    with client_for(local_site, clock).visit() as visit:
        exchange = visit.get(local_site.url("/cu"))
    assert exchange.url == local_site.url("/cu")
    assert exchange.final_url == local_site.url("/moi")
    assert local_site.requests[1].query == {"trang": ["1"]}
    assert local_site.connections == 1


@pytest.mark.parametrize(
    ("hops", "moved_to"), [((301, 308), "/2"), ((301, 302), "/1"), ((302, 301), None), ((307,), None)]
)
def test_a_permanent_move_is_told_as_far_as_it_is_permanent(
    local_site: LocalSite, clock: FakeClock, hops: tuple[int, ...], moved_to: str | None
) -> None:
    for number, status in enumerate(hops):
        local_site.redirect(f"/{number}", f"/{number + 1}", status=status)
    local_site.page(f"/{len(hops)}", "xin")
    with client_for(local_site, clock).visit() as visit:
        exchange = visit.get(local_site.url("/0"))
    assert exchange.final_url == local_site.url(f"/{len(hops)}")
    assert exchange.moved_to == (local_site.url(moved_to) if moved_to else None)


def test_send_gives_the_redirect_instead_of_following_it(local_site: LocalSite, clock: FakeClock) -> None:
    local_site.redirect("/wp-json", "/login")
    with client_for(local_site, clock).visit() as visit:
        exchange = visit.send(
            "post",
            local_site.url("/wp-json?a=1"),
            headers={"Content-Type": "application/json"},
            body="{“á”}".encode(),
            query={"status": ["draft", "trash"], "q": "tin tức"},
            auth=("syncd", Secret("bí mật")),
        )
    seen = local_site.last()
    assert (exchange.status, exchange.header("location")) == (302, "/login")
    assert (seen.method, seen.body.decode()) == ("POST", "{“á”}")
    assert seen.query == {"a": ["1"], "status": ["draft", "trash"], "q": ["tin tức"]}
    assert seen.headers["authorization"] == "Basic c3luY2Q6YsOtIG3huq10"
    assert local_site.count("/login") == 0


def test_header_that_would_break_the_request_is_refused(local_site: LocalSite, clock: FakeClock) -> None:
    with client_for(local_site, clock).visit() as visit, pytest.raises(HttpFailure) as caught:
        visit.get(local_site.url("/"), known=Known(etag='"1"\r\nHost: inside.example'))
    assert (caught.value.kind, caught.value.sent) == ("protocol", False)


def test_requests_to_one_host_are_spaced(local_site: LocalSite, clock: FakeClock) -> None:
    local_site.page("/", "xin")
    client = client_for(local_site, clock, spacing_s=1.0)
    start = clock.monotonic()
    with client.visit() as visit:
        visit.get(local_site.url("/"))
        visit.get(local_site.url("/"))
    assert clock.monotonic() - start == pytest.approx(1.0)
    clock.advance(timedelta(seconds=0.6))
    with client.visit() as visit:
        visit.get(local_site.url("/"))
    assert clock.monotonic() - start == pytest.approx(2.0)
    with client.visit(spacing_s=0.0) as visit:
        visit.get(local_site.url("/"))
    assert clock.monotonic() - start == pytest.approx(2.0)


def test_a_redirect_on_the_same_host_is_spaced_too(local_site: LocalSite, clock: FakeClock) -> None:
    local_site.redirect("/", "/moi")
    local_site.page("/moi", "xin")
    start = clock.monotonic()
    with client_for(local_site, clock, spacing_s=1.0).visit() as visit:
        visit.get(local_site.url("/"))
    assert clock.monotonic() - start == pytest.approx(1.0)


def test_held_host_is_waited_for_when_short_and_refused_when_long(local_site: LocalSite, clock: FakeClock) -> None:
    local_site.page("/", "xin")
    client = client_for(local_site, clock)
    client.hold("127.0.0.1", clock.now() + timedelta(seconds=8))
    start = clock.monotonic()
    with client.visit() as visit:
        visit.get(local_site.url("/"))
        assert clock.monotonic() - start == pytest.approx(8.0)
        client.hold("127.0.0.1", clock.now() + timedelta(days=4000))
        with pytest.raises(HttpFailure) as caught:
            visit.get(local_site.url("/"))
    assert caught.value.kind == "held"
    assert caught.value.retry_after == timedelta(days=1)
    assert local_site.count() == 1


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("-5", None),
        ("99999999999999", 86400),
        ("Thu, 15 Oct 2026 02:05:00 GMT", 300),
        ("Thu, 15 Oct 2026 01:00:00 GMT", 0),
        ("Thu, 15 Oct 2036 01:00:00 GMT", 86400),
        ("soon", None),
        (None, None),
    ],
)
def test_retry_after_is_read_within_bounds(
    local_site: LocalSite, clock: FakeClock, value: str | None, seconds: int | None
) -> None:
    local_site.page("/", status=429, headers={"Retry-After": value} if value is not None else {})
    with client_for(local_site, clock).visit() as visit:
        wait = retry_after(visit.get(local_site.url("/")))
    assert wait == (None if seconds is None else timedelta(seconds=seconds))


def test_one_request_at_a_time_per_host_from_many_threads(local_site: LocalSite) -> None:
    at_once, most = 0, 0
    lock = threading.Lock()

    def count(line: Line, request: SeenRequest) -> None:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        line.wait(0.005)
        with lock:
            at_once -= 1
        line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxin")

    local_site.behave("/", count)
    client = client_for(local_site, SystemClock())

    def look(_: int) -> bytes:
        with client.visit() as visit:
            return visit.get(local_site.url("/")).body

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(look, range(24))) == {b"xin"}
    assert most == 1


def test_hosts_do_not_wait_for_one_another() -> None:
    both = threading.Barrier(2)

    def meet(line: Line, request: SeenRequest) -> None:
        both.wait(5)  # passes only when the other request is under way as well
        line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxin")

    with LocalSite() as site:
        site.behave("/", meet)
        settings = HttpSettings(allow_addresses=("127.0.0.0/8",), allow_ports=(site.port,))
        client = PoliteClient(settings, clock=SystemClock(), lookup=lambda host: ["127.0.0.1"])

        def look(host: str) -> int:
            with client.visit() as visit:
                return visit.get(f"http://{host}:{site.port}/").status

        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(look, ["a.example", "b.example"])) == [200, 200]


def test_abort_ends_what_is_under_way_and_refuses_the_rest(local_site: LocalSite) -> None:
    local_site.silent("/")
    client = client_for(local_site, SystemClock(), total_timeout_s=30.0)

    def look(path: str) -> str:
        with client.visit() as visit, pytest.raises(HttpFailure) as caught:
            visit.get(local_site.url(path))
        return caught.value.kind

    with ThreadPoolExecutor(3) as pool:
        kinds = [pool.submit(look, "/") for _ in range(3)]  # one under way, two waiting for their turn
        wait_until(lambda: local_site.count() == 1)
        start = time.monotonic()
        client.abort()
        assert [kind.result(timeout=5) for kind in kinds] == ["aborted"] * 3
    assert time.monotonic() - start < 2
    assert look("/") == "aborted"
    assert local_site.count() == 1


def test_abort_ends_a_wait_for_the_name_server() -> None:
    asked, release = threading.Event(), threading.Event()

    def stuck(host: str) -> list[str]:
        asked.set()
        release.wait(10)
        return []

    client = PoliteClient(HttpSettings(connect_timeout_s=20.0), clock=SystemClock(), lookup=stuck)

    def look() -> str:
        with client.visit() as visit, pytest.raises(HttpFailure) as caught:
            visit.get("http://unit.example/")
        return caught.value.kind

    with ThreadPoolExecutor(1) as pool:
        kind = pool.submit(look)
        assert asked.wait(5)
        client.abort()
        assert kind.result(timeout=5) == "aborted"
    release.set()


def test_stuck_name_servers_do_not_stop_other_names(local_site: LocalSite) -> None:
    local_site.page("/", "xin")
    release = threading.Event()

    def lookup(host: str) -> list[str]:
        if host == "stuck.example":
            release.wait(10)
        return ["127.0.0.1"]

    settings = HttpSettings(
        connect_timeout_s=0.1, spacing_s=0.0, allow_addresses=("127.0.0.1",), allow_ports=(local_site.port,)
    )
    client = PoliteClient(settings, clock=SystemClock(), lookup=lookup)
    with client.visit() as visit:
        for _ in range(3):
            with pytest.raises(HttpFailure):
                visit.get(f"http://stuck.example:{local_site.port}/")
        assert visit.get(f"http://unit.example:{local_site.port}/").status == 200
    release.set()


def test_what_was_decided_too_long_ago_is_not_sent_and_not_taken_for_refused(
    local_site: LocalSite, clock: FakeClock
) -> None:
    local_site.page("/posts", b"{}", content_type="application/json")
    late = clock.now()
    clock.advance(timedelta(seconds=1))
    with client_for(local_site, clock).visit() as visit:
        with nothing_sent_after(late), pytest.raises(HttpFailure) as caught:
            visit.send("POST", local_site.url("/posts"), body=b"{}")
        assert (caught.value.kind, caught.value.sent) == ("timeout", True)
        assert local_site.count("/posts") == 0
        with nothing_sent_after(late):
            assert visit.send("GET", local_site.url("/posts")).status == 200
        assert visit.send("POST", local_site.url("/posts"), body=b"{}").status == 200
