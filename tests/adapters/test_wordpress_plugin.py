"""WordPress with our external-id plugin, on a portal over loopback: the contract, and what the plugin changes."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.http.client import HttpSettings, PoliteClient
from adapters.portals.wordpress import WordPressPortal, WordPressSettings
from syncd.clock import SystemClock
from syncd.ports.portal import DeliveryClass, PortalState
from syncd.ports.secret import Secret
from syncd.testing.faulty_portal import Effect, Fault
from syncd.testing.local_portal import LocalPortal
from syncd.testing.local_site import Page
from syncd.testing.portal_contract import PortalArena, PortalContract, new_key, refusal, sample_image, sample_post
from tests.adapters.test_wordpress_faults import connect
from tests.contracts.test_portals import SETTLE, WordPressArena


@pytest.fixture
def server() -> Iterator[LocalPortal]:
    with LocalPortal() as made:
        made.state.keeps_ids = True
        yield made


@pytest.fixture
def client() -> Iterator[PoliteClient]:
    made = PoliteClient(HttpSettings(), clock=SystemClock())
    yield made
    made.abort()


@pytest.fixture
def portal(server: LocalPortal, client: PoliteClient) -> WordPressPortal:
    made = connect(server, client)
    made.verify()
    return made


class TestWordPressWithPlugin(PortalContract):
    @pytest.fixture
    def arena(self, server: LocalPortal, client: PoliteClient, portal: WordPressPortal) -> PortalArena:
        settings = WordPressSettings(
            url=server.url, username="syncd", password=Secret("sai mật khẩu"), allow_addresses=("127.0.0.0/8",)
        )
        stranger = WordPressPortal(settings, name="cong", http=client, clock=SystemClock(), settle=SETTLE)
        return WordPressArena(portal=portal, stranger=stranger, server=server)


def test_plugin_found_at_verify_makes_it_class_a(server: LocalPortal, client: PoliteClient) -> None:
    portal = connect(server, client)
    assert portal.capabilities.delivery_class is DeliveryClass.B
    assert "keeps our keys" in portal.verify()
    assert portal.capabilities.delivery_class is DeliveryClass.A
    server.state.keeps_ids = False
    portal.verify()
    assert portal.capabilities.delivery_class is DeliveryClass.B


def test_two_writers_that_know_nothing_of_each_other_make_one_post(
    server: LocalPortal, client: PoliteClient, portal: WordPressPortal
) -> None:
    other, key = connect(server, client), new_key()
    other.verify()
    assert portal.create(sample_post(), key) == other.create(sample_post(title="Bản thứ hai"), key)
    assert len(server.copies(key)) == 1


def test_post_made_before_the_plugin_came_is_found_and_not_made_again(
    server: LocalPortal, client: PoliteClient
) -> None:
    portal, key = connect(server, client), new_key()
    server.state.keeps_ids = False
    portal.verify()
    made = portal.create(sample_post(), key)
    server.state.keeps_ids = True
    portal.verify()
    assert (portal.find(key), portal.create(sample_post(), key)) == (made, made)


def test_post_whose_mark_an_editor_removed_is_still_ours(server: LocalPortal, portal: WordPressPortal) -> None:
    key = new_key()
    made = portal.create(sample_post(), key)
    server.state.posts[int(made.id)].content = "<p>Biên tập lại.</p>"
    found = portal.find(key)
    assert found is not None
    assert (found.id, found.key) == (made.id, key)


def test_post_in_the_trash_is_not_made_again(server: LocalPortal, portal: WordPressPortal) -> None:
    key = new_key()
    made = portal.create(sample_post(), key)
    server.trash(int(made.id))
    assert portal.create(sample_post(), key).state is PortalState.TRASH
    assert len(server.copies(key)) == 1


def test_plugin_taken_away_under_way_leads_back_to_the_mark_in_the_text(
    server: LocalPortal, portal: WordPressPortal
) -> None:
    key = new_key()
    made = portal.create(sample_post(), key)
    portal.create(sample_post(), new_key())
    server.state.keeps_ids = False
    assert portal.find(key) == made
    assert portal.capabilities.delivery_class is DeliveryClass.B
    assert portal.find(new_key()) is None


def test_picture_whose_upload_was_not_answered_is_stored_once_even_by_two(
    server: LocalPortal, client: PoliteClient, portal: WordPressPortal
) -> None:
    image = sample_image()
    server.inject(Fault(path="/media", reset=True, effect=Effect.DONE))
    assert refusal(lambda: portal.put_file(image)).unknown
    server.state.media[max(server.state.media)].slug = "doi-ten"  # so that no look-up by name finds it
    assert portal.put_file(image).id == str(max(server.state.media))
    assert len(server.state.media) == 1


def test_conflict_with_another_post_than_ours_is_an_error(server: LocalPortal, portal: WordPressPortal) -> None:
    other = portal.create(sample_post(), new_key())
    body = json.dumps({"code": "syncd_exists", "message": "", "data": {"existing_id": int(other.id)}}).encode()
    server.inject(Fault(page=Page(status=409, body=body, content_type="application/json")))
    error = refusal(lambda: portal.create(sample_post(), new_key()))
    assert (error.kind, error.unknown, error.permanent) == ("conflict", False, False)


@pytest.mark.skipif(shutil.which("php") is None, reason="PHP is not installed here")
def test_plugin_is_php_without_faults() -> None:
    plugin = Path(__file__).parents[2] / "packaging" / "wordpress" / "syncd-external-id.php"
    told = subprocess.run(["php", "-l", str(plugin)], capture_output=True, text=True, timeout=30, check=False)
    assert (told.returncode, told.stderr) == (0, "")
