"""robots.txt: who asks for it, how often, what it forbids, and what happens when it cannot be had."""

import time
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.http.client import HttpFailure, HttpSettings, PoliteClient
from adapters.http.robots import MAX_CRAWL_DELAY_S
from syncd.testing.clock import FakeClock
from syncd.testing.local_site import LocalSite, Page

HOUR = timedelta(hours=1)
FORBIDDING = "User-agent: *\nDisallow: /kin\nAllow: /kin/cong-khai\nSitemap: https://vidu.example/sitemap.xml\n"


@pytest.fixture
def site(local_site: LocalSite) -> LocalSite:
    local_site.page("/*", "xin")
    local_site.page("/robots.txt", FORBIDDING, content_type="text/plain")
    return local_site


def client_for(site: LocalSite, clock: FakeClock, *, folder: Path | None = None, **more: object) -> PoliteClient:
    settings = HttpSettings(
        user_agent="syncd/0.1",
        spacing_s=0.0,
        connect_timeout_s=1.0,
        allow_addresses=("127.0.0.0/8",),
        allow_ports=(site.port,),
        respect_robots=True,
        robots_dir=folder,
        **more,  # type: ignore[arg-type]  # keyword by keyword
    )
    return PoliteClient(settings, clock=clock)


def look(client: PoliteClient, url: str, *, robots: bool = True) -> str:
    """The kind of failure, or `read`."""
    with client.visit(robots=robots) as visit:
        try:
            return "read" if visit.get(url).status == 200 else "status"
        except HttpFailure as failure:
            return failure.kind if failure.hint and not failure.permanent else "no way out"


def test_what_it_forbids_is_not_asked_for(site: LocalSite, clock: FakeClock) -> None:
    client = client_for(site, clock)
    assert look(client, site.url("/tin")) == "read"
    assert look(client, site.url("/kin/1")) == "robots"
    assert look(client, site.url("/kin/cong-khai/1")) == "read"
    assert (site.count("/kin/1"), site.count("/robots.txt")) == (0, 1)


def test_a_redirect_to_what_it_forbids_is_not_followed(site: LocalSite, clock: FakeClock) -> None:
    site.redirect("/cu", "/kin/moi")
    assert look(client_for(site, clock), site.url("/cu")) == "robots"
    assert site.count("/kin/moi") == 0


def test_it_is_asked_for_once_a_day_and_kept_across_restarts(site: LocalSite, clock: FakeClock, tmp_path: Path) -> None:
    for _ in range(3):
        client = client_for(site, clock, folder=tmp_path)
        assert look(client, site.url("/kin/1")) == "robots"
        assert look(client, site.url("/tin")) == "read"
        clock.advance(timedelta(hours=7))
    assert site.count("/robots.txt") == 1
    clock.advance(4 * HOUR)
    site.page("/robots.txt", "User-agent: *\nDisallow:\n", content_type="text/plain")
    assert look(client_for(site, clock, folder=tmp_path), site.url("/kin/1")) == "read"
    assert site.count("/robots.txt") == 2


def test_a_damaged_copy_on_disk_is_asked_for_again(site: LocalSite, clock: FakeClock, tmp_path: Path) -> None:
    look(client_for(site, clock, folder=tmp_path), site.url("/tin"))
    [kept] = tmp_path.iterdir()
    kept.write_text('{"asked_at": 7}', encoding="utf-8")
    assert look(client_for(site, clock, folder=tmp_path), site.url("/kin/1")) == "robots"
    assert site.count("/robots.txt") == 2


def test_a_clock_that_was_set_back_does_not_freeze_it(site: LocalSite, clock: FakeClock) -> None:
    client = client_for(site, clock)
    look(client, site.url("/tin"))
    clock.step(clock.now() - timedelta(days=400))
    look(client, site.url("/tin"))
    assert site.count("/robots.txt") == 2


def test_apis_and_hosts_with_a_reason_are_asked_without(site: LocalSite, clock: FakeClock) -> None:
    assert look(client_for(site, clock), site.url("/kin/1"), robots=False) == "read"
    mandated = client_for(site, clock, ignore_robots={"127.0.0.1": "Công văn số 01-CV/VD"})
    assert look(mandated, site.url("/kin/1")) == "read"
    assert site.count("/robots.txt") == 0


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("User-agent: syncd\nDisallow: /\n\nUser-agent: *\nDisallow:\n", "robots"),
        ("User-agent: Syncd/2.0\nDisallow: /\n", "robots"),
        ("User-agent: other\nUser-agent: *\nDisallow: /\n", "robots"),
        ("USER-AGENT: *\r\nDISALLOW: /*.html$\r\n", "robots"),
        ("\ufeffUser-agent: *\nDisallow: /tin", "robots"),
        ("User-agent: s\nDisallow: /\n", "read"),
        ("User-agent: badbot\nDisallow: /\n", "read"),
        ("User-agent: *\nDisallow: /\n\nUser-agent: syncd\nAllow: /\n", "read"),
        ("<html><body>Không tìm thấy trang: Disallow: /</body></html>", "read"),
        ("Disallow: /", "read"),
        ("", "read"),
    ],
)
def test_the_group_for_us_decides(site: LocalSite, clock: FakeClock, text: str, kind: str) -> None:
    site.page("/robots.txt", text, content_type="text/plain")
    assert look(client_for(site, clock), site.url("/tin/1.html")) == kind


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_without_one_everything_may_be_read(site: LocalSite, clock: FakeClock, status: int) -> None:
    site.page("/robots.txt", FORBIDDING, status=status)
    assert look(client_for(site, clock), site.url("/kin/1")) == "read"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_fault_of_the_server_keeps_us_out_for_a_day_and_no_longer(
    site: LocalSite, clock: FakeClock, tmp_path: Path, status: int
) -> None:
    site.page("/robots.txt", "", status=status)
    kinds = []
    for _ in range(27):  # each hour by a new process
        kinds.append(look(client_for(site, clock, folder=tmp_path), site.url("/tin")))
        clock.advance(HOUR)
    assert kinds == ["robots"] * 24 + ["read"] * 3
    assert site.count("/robots.txt") == 27


def test_a_fault_of_the_server_leaves_what_was_known_in_force(site: LocalSite, clock: FakeClock) -> None:
    client = client_for(site, clock)
    look(client, site.url("/tin"))
    site.page("/robots.txt", "", status=503)
    for _ in range(40):
        clock.advance(timedelta(days=1))
        assert look(client, site.url("/tin")) == "read"
        assert look(client, site.url("/kin/1")) == "robots"


def test_a_site_that_cannot_be_reached_fails_by_its_own_kind(site: LocalSite, clock: FakeClock) -> None:
    client = client_for(site, clock)
    site.pause()
    assert look(client, site.url("/tin")) == "refused"
    site.resume()
    assert look(client, site.url("/tin")) == "read"


def test_one_that_never_answers_about_robots_is_read_after_a_day(site: LocalSite, clock: FakeClock) -> None:
    site.reset("/robots.txt")
    client = client_for(site, clock)
    assert look(client, site.url("/tin")) == "reset"
    clock.advance(timedelta(days=1))
    assert look(client, site.url("/tin")) == "read"


@pytest.mark.parametrize(("asked", "waits"), [("2.5", 2.5), ("600", MAX_CRAWL_DELAY_S), ("-1", 0.0), ("soon", 0.0)])
def test_crawl_delay_raises_the_pause(site: LocalSite, clock: FakeClock, asked: str, waits: float) -> None:
    site.page("/robots.txt", f"User-agent: *\nCrawl-delay: {asked}\n", content_type="text/plain")
    client = client_for(site, clock)
    look(client, site.url("/tin"))
    start = clock.monotonic()
    look(client, site.url("/tin"))
    assert clock.monotonic() - start == pytest.approx(waits)


def test_sitemaps_are_told(site: LocalSite, clock: FakeClock) -> None:
    with client_for(site, clock).visit(robots=True) as visit:
        assert visit.robots(site.url("/tin")).sitemaps == ("https://vidu.example/sitemap.xml",)
    with client_for(site, clock).visit() as visit:
        assert visit.robots(site.url("/tin")).sitemaps == ()


HOSTILE = {
    "thousands of agents before thousands of rules": "User-agent: a\n" * 20_000 + "Disallow: /x\n" * 20_000,
    "the same for all": "User-agent: *\n" * 9_000 + "Disallow: /*a*b*c$\n" * 20_000,
    "stars": "User-agent: *\nDisallow: /" + "*a" * 100_000 + "\n",
    "sitemaps": "Sitemap: https://x.example/\n" * 15_000,
    "one long line": "Disallow: /" * 40_000,
    "zeros": "\0" * 500_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_one_costs_little(site: LocalSite, clock: FakeClock, text: str) -> None:
    site.page("/robots.txt", text, content_type="text/plain")
    client = client_for(site, clock)
    start = time.process_time()
    assert look(client, site.url("/tin/" + "a" * 2000)) == "read"
    assert time.process_time() - start < 2


def test_one_that_is_too_long_is_none(site: LocalSite, clock: FakeClock) -> None:
    site.answer("/robots.txt", lambda request: Page(body=b"User-agent: *\nDisallow: /\n" + b"#" * (1 << 20)))
    assert look(client_for(site, clock), site.url("/tin")) == "read"


@pytest.mark.parametrize("kept", [b'{"asked_at": "2026-10-1', b"[]", b"\xff", b'{"asked_at": 7, "silent_since": null}'])
def test_a_record_that_was_damaged_counts_as_none(
    site: LocalSite, clock: FakeClock, tmp_path: Path, kept: bytes
) -> None:
    (tmp_path / "kept").write_bytes(f"{site.base_url}\t".encode() + kept)
    assert look(client_for(site, clock, folder=tmp_path), site.url("/kin/1")) == "robots"
    assert site.count("/robots.txt") == 1
    assert look(client_for(site, clock, folder=tmp_path), site.url("/kin/1")) == "robots"
    assert site.count("/robots.txt") == 1
