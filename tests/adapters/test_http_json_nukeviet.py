"""NukeViet by a table, on a stand-in: the contract through added actions, its login's refusals, and the form route without any action."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from adapters.http.client import HttpSettings, PoliteClient
from adapters.portals.http_json import HttpJsonPortal
from syncd.clock import SystemClock
from syncd.domain.model import Approval
from syncd.ports.portal import Portal, PortalState
from syncd.testing.clock import FakeClock
from syncd.testing.local_site import LocalSite
from syncd.testing.portal_contract import PortalArena, PortalContract, new_key, refusal, sample_post
from tests.adapters.nukeviet_portal import NukeViet
from tests.http_json_tables import portal_of, table


@dataclass
class NukeVietArena:
    portal: Portal
    stranger: Portal | None
    server: NukeViet

    def type_by_hand(self, *, title: str, html: str, date: datetime, copies: int = 1) -> list[str]:
        row = {"title": title, "bodyhtml": html, "publtime": str(int(date.timestamp()))}
        return [str(self.server.add(row)) for _ in range(copies)]

    def trash(self, portal_id: str) -> None:
        raise AssertionError("NukeViet has no trash")

    def delete(self, portal_id: str) -> None:
        del self.server.posts[int(portal_id)]

    def files(self) -> int:
        return len(self.server.files)


@pytest.fixture
def client() -> Iterator[PoliteClient]:
    made = PoliteClient(HttpSettings(), clock=SystemClock())
    yield made
    made.abort()


@pytest.fixture
def server() -> Iterator[NukeViet]:
    with LocalSite() as site:
        yield NukeViet(site, FakeClock(datetime(2026, 11, 22, 1, tzinfo=UTC)))


def by_actions(server: NukeViet, client: PoliteClient, *, secret: str = "bí mật") -> HttpJsonPortal:
    auth = {"apikey": "khoa", "secret": secret, "hash": server.method}
    return portal_of(table("nukeviet", url=server.site.base_url, auth=auth), client, clock=server.clock)


class TestNukeVietByTable(PortalContract):
    @pytest.fixture
    def arena(self, server: NukeViet, client: PoliteClient) -> PortalArena:
        stranger = by_actions(server, client, secret="sai")
        return NukeVietArena(portal=by_actions(server, client), stranger=stranger, server=server)

    def test_categories_are_made_once_and_named_again(self, arena: PortalArena) -> None:
        pytest.skip("the example table names categories by number: nothing is made there")


def test_clock_that_is_off_is_learnt_from_the_refusal_and_a_write_looks_first(
    server: NukeViet, client: PoliteClient
) -> None:
    server.ahead = timedelta(seconds=-93)
    portal, key = by_actions(server, client), new_key()
    made = portal.create(sample_post(), key)
    assert (made.key, len(server.posts)) == (key, 1)
    server.site.forget()
    portal.verify()
    assert server.site.count() == 1


def test_secret_is_proved_by_bcrypt_too(server: NukeViet, client: PoliteClient) -> None:
    server.method = "bcrypt"
    assert "syncd" in by_actions(server, client).verify()


def test_portal_without_the_action_is_told_from_one_without_the_post(server: NukeViet, client: PoliteClient) -> None:
    portal = by_actions(server, client)
    server.in_actions = False
    assert "Module Not Found" in refusal(portal.verify).message
    error = refusal(lambda: portal.create(sample_post(), new_key()))
    assert (error.kind, error.unknown) == ("not_configured", False)


def test_lost_answer_is_unknown_and_creating_again_gives_the_standing_post(
    server: NukeViet, client: PoliteClient
) -> None:
    portal, key = by_actions(server, client), new_key()
    server.lose = 1
    assert refusal(lambda: portal.create(sample_post(), key)).unknown
    found = portal.find(key)
    assert found is not None
    assert portal.create(sample_post(title="Bản hai"), key) == found
    assert len(server.posts) == 1


# --- the form route -----------------------------------------------------------------------------------


def by_form(server: NukeViet, client: PoliteClient, *, secret: str = "bí mật") -> HttpJsonPortal:
    values = table("nukeviet-form", url=server.site.base_url, auth={"password": secret})
    return portal_of(values, client, clock=server.clock)


def test_form_is_filled_in_as_an_editor_does_and_the_post_found_in_the_list(
    server: NukeViet, client: PoliteClient
) -> None:
    portal, title = by_form(server, client), "Tin 'một' & \"hai\" <b> {{ x }}"
    portal.verify()
    for approval, state in (
        (Approval.AUTO, PortalState.PUBLIC),
        (Approval.PENDING, PortalState.PENDING),
        (Approval.DRAFT, PortalState.DRAFT),
    ):
        key = new_key()
        assert portal.find(key) is None
        made = portal.create(sample_post(title=title, approval=approval), key)
        assert (made.key, made.title, made.state, made.published_at) == (key, title, state, sample_post().published_at)
        assert portal.find(key) == made
        assert portal.update(made.id, sample_post(title="Sửa", approval=approval), key).title == "Sửa"
        assert portal.withdraw(made.id, key).state in (PortalState.DRAFT, PortalState.PENDING)
    start = sample_post().published_at
    assert len(list(portal.list(start, start + timedelta(seconds=1)))) == len(server.posts) == 3
    assert portal.read("987654321") is None


def test_session_that_ended_is_begun_anew_before_anything_is_written(server: NukeViet, client: PoliteClient) -> None:
    portal, key = by_form(server, client), new_key()
    portal.verify()
    server.sessions.clear()
    assert portal.find(key) is None
    server.sessions.clear()
    assert portal.create(sample_post(), key).key == key
    assert len(server.posts) == 1


def test_session_that_ends_while_a_form_is_sent_leaves_the_outcome_unknown(
    server: NukeViet, client: PoliteClient
) -> None:
    portal, key = by_form(server, client), new_key()
    portal.verify()
    server.ends_sessions_at_save = True
    error = refusal(lambda: portal.create(sample_post(), key))
    assert (error.kind, error.unknown) == ("session_expired", True)
    server.ends_sessions_at_save = False
    assert portal.find(key) is None
    portal.create(sample_post(), key)
    assert len(server.posts) == 1


def test_lost_answer_of_the_form_is_unknown_and_the_post_is_found(server: NukeViet, client: PoliteClient) -> None:
    portal, key = by_form(server, client), new_key()
    portal.verify()
    server.lose = 1
    assert refusal(lambda: portal.create(sample_post(), key)).unknown
    assert portal.find(key) is not None
    assert len(server.posts) == 1


def test_wrong_password_and_captcha_are_told_apart(server: NukeViet, client: PoliteClient) -> None:
    stranger = by_form(server, client, secret="sai")
    for call in (stranger.verify, lambda: stranger.find(new_key()), lambda: stranger.create(sample_post(), new_key())):
        error = refusal(call)
        assert (error.kind, error.unknown) == ("unauthorized", False)
    server.asks_for_captcha = True
    error = refusal(by_form(server, client).verify)
    assert error.kind == "needs_a_human"
    assert "captcha" in error.message
