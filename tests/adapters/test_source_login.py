"""Sites behind a login: what is sent, to whom, how often, and what is never told."""

from datetime import UTC, datetime

from adapters.http import HttpSettings, PoliteClient
from syncd.testing.clock import FakeClock
from syncd.testing.local_site import LocalSite

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def _http() -> PoliteClient:
    return PoliteClient(HttpSettings(spacing_s=0, allow_addresses=("127.0.0.0/8",)), clock=FakeClock(NOW))


def test_a_private_header_does_not_follow_a_redirect_to_another_place() -> None:
    with LocalSite() as site, LocalSite() as other:
        site.redirect("/a", "/b")
        site.redirect("/b", other.url("/c"))
        other.page("/c", "đến nơi")
        with _http().visit(allow_ports=(site.port, other.port)) as visit:
            answer = visit.get(site.url("/a"), private={"Cookie": "s=1"})
        assert answer.body.decode() == "đến nơi"
        assert [seen.headers.get("cookie") for seen in site.requests] == ["s=1", "s=1"]
        assert "cookie" not in other.last().headers
