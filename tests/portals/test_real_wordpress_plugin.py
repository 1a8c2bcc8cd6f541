"""The real WordPress with our external-id plugin in mu-plugins. `make portals`."""

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.http.client import HttpSettings, PoliteClient
from adapters.portals.wordpress import WordPressPortal
from syncd.clock import SystemClock
from syncd.domain.model import Approval
from syncd.ports.portal import DeliveryClass, PortalPost, PortalState
from syncd.ports.secret import Secret
from syncd.testing.portal_contract import PortalArena, PortalContract, new_key, sample_image, sample_post
from tests.portals.test_real_wordpress import RealArena
from tests.portals.wordpress import RealWordPress

pytestmark = pytest.mark.slow

PLUGIN = Path(__file__).parents[2] / "packaging" / "wordpress" / "syncd-external-id.php"


@pytest.fixture
def plugged(wordpress: RealWordPress) -> Iterator[RealWordPress]:
    place = Path(wordpress.site["state"]) / "www" / "wp-content" / "mu-plugins" / PLUGIN.name
    shutil.copy(PLUGIN, place)
    yield wordpress
    place.unlink()


def verified(wordpress: RealWordPress, login: str = "syncd", client: PoliteClient | None = None) -> WordPressPortal:
    portal = wordpress.portal(login, client=client)
    portal.verify()
    assert portal.capabilities.delivery_class is DeliveryClass.A
    return portal


class TestRealWordPressWithPlugin(PortalContract):
    @pytest.fixture
    def arena(self, plugged: RealWordPress) -> PortalArena:
        return RealArena(
            portal=verified(plugged), stranger=plugged.portal(password="aaaa bbbb cccc dddd"), wordpress=plugged
        )


@pytest.fixture
def eight(plugged: RealWordPress) -> Iterator[list[WordPressPortal]]:
    """Eight writers that know nothing of one another, each with a client of its own: one client sends one request at a time to a host."""
    clients = [PoliteClient(HttpSettings(), clock=SystemClock()) for _ in range(8)]
    yield [verified(plugged, "syncd_pending", client) for client in clients]
    for client in clients:
        client.abort()


def test_eight_creates_of_one_key_at_once_make_one_post(plugged: RealWordPress, eight: list[WordPressPortal]) -> None:
    key = new_key()

    def create(portal: WordPressPortal) -> PortalPost:
        return portal.create(sample_post(approval=Approval.PENDING), key)

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(create, eight))
    assert len({post.id for post in made}) == 1
    assert {post.state for post in made} == {PortalState.PENDING}
    assert sum(post["key"] == key for post in plugged.posts()) == 1


def test_eight_uploads_of_one_picture_at_once_store_one_file(
    plugged: RealWordPress, eight: list[WordPressPortal]
) -> None:
    image, arena = sample_image(), RealArena(portal=eight[0], stranger=None, wordpress=plugged)
    before = arena.files()

    def put(portal: WordPressPortal) -> str:
        return portal.put_file(image).id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(put, eight))) == 1
    assert arena.files() == before + 1


def test_post_made_before_the_plugin_came_counts(plugged: RealWordPress) -> None:
    key = new_key()
    made = plugged.portal().create(sample_post(), key)  # never verified: it sends no id
    portal = verified(plugged)
    assert (portal.find(key), portal.create(sample_post(title="Bản thứ hai"), key)) == (made, made)


def test_text_that_quotes_anothers_mark_is_not_that_post(plugged: RealWordPress) -> None:
    quoted, own = new_key(), new_key()
    portal = verified(plugged)
    html = f"<p>Trích.</p><!-- {quoted} --><p>Hết.</p><!-- {own} -->"
    plugged.type_posts("Bài có trích dẫn", author="unit_a", date="2025-03-01 08:00:00", html=html)
    assert portal.find(quoted) is None
    assert portal.create(sample_post(), quoted).key == quoted


def test_trashed_post_is_not_made_again(plugged: RealWordPress) -> None:
    key, portal = new_key(), verified(plugged)
    made = portal.create(sample_post(), key)
    plugged.trash(int(made.id))
    again = portal.create(sample_post(), key)
    assert (again.id, again.state) == (made.id, PortalState.TRASH)


def test_post_whose_mark_an_editor_removed_is_still_ours(plugged: RealWordPress) -> None:
    key, portal = new_key(), verified(plugged)
    made = portal.create(sample_post(), key)
    plugged.php("wp_update_post(array('ID' => (int) $in['id'], 'post_content' => '<p>Viết lại.</p>'));", id=made.id)
    found = portal.find(key)
    assert found is not None
    assert (found.id, found.key) == (made.id, key)


def test_visitors_are_told_no_id_and_find_nothing_by_one(plugged: RealWordPress) -> None:
    key = new_key()
    made = verified(plugged).create(sample_post(), key)
    with plugged.client.visit(
        allow_ports=(int(plugged.site["base_url"].rpartition(":")[2]),),
        allow_addresses=("127.0.0.0/8",),
        spacing_s=0.0,
    ) as visit:
        root = plugged.site["base_url"] + "/wp-json"
        alone = visit.send("GET", f"{root}/wp/v2/posts/{made.id}")
        assert alone.status == 200
        assert "syncd_external_id" not in json.loads(alone.body)
        by_id = visit.send("GET", f"{root}/wp/v2/posts", query={"syncd_external_id": key})
        assert (by_id.status, json.loads(by_id.body)) == (200, [])
        assert visit.send("GET", f"{root}/syncd/v1/external-id").status == 401
        refused = visit.send(
            "POST",
            f"{root}/wp/v2/posts",
            headers={"content-type": "application/json"},
            body=json.dumps({"title": "x", "syncd_external_id": key}).encode(),
        )
        assert refused.status == 401
        assert "existing_id" not in refused.body.decode()


@pytest.mark.parametrize(
    "wrong", ["", "syncd-", "nothing", "syncd-'; DROP TABLE wp_posts; --", "syncd-" + "a" * 91, "syncd-aaaaaaaa\n"]
)
def test_id_of_another_form_is_refused_or_left_out(plugged: RealWordPress, wrong: str) -> None:
    users = plugged.site["users"]
    with plugged.client.visit(
        allow_ports=(int(plugged.site["base_url"].rpartition(":")[2]),),
        allow_addresses=("127.0.0.0/8",),
        spacing_s=0.0,
    ) as visit:
        answer = visit.send(
            "POST",
            plugged.site["base_url"] + "/wp-json/wp/v2/posts",
            headers={"content-type": "application/json"},
            body=json.dumps({"title": "x", "status": "draft", "syncd_external_id": wrong}).encode(),
            auth=("syncd", Secret(users["syncd"]["application_password"])),
        )
    assert (answer.status, json.loads(answer.body).get("code")) == (
        (201, None) if not wrong else (400, "syncd_invalid")
    )


def test_plugin_has_no_fault_that_php_can_tell(plugged: RealWordPress) -> None:
    told = plugged.php(
        "error_reporting(E_ALL); echo Syncd_External_Id::VERSION, json_encode(Syncd_External_Id::announce());"
    )
    assert told == '1{"version":1,"atomic":true,"types":["posts","media"]}'
