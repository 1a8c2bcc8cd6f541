"""The tables that ship for WordPress and Plone, on the real ones: the contract, as the adapters made for them pass it. `make portals`."""

import pytest

from syncd.application.publishing.portal_check import check_portal
from syncd.clock import SystemClock
from syncd.domain.model import Approval
from syncd.ports.portal import Portal, PortalState
from syncd.testing.portal_contract import PortalArena, PortalContract, new_key, refusal, sample_image, sample_post
from tests.http_json_tables import portal_of, table
from tests.portals.plone import RealPlone
from tests.portals.test_real_plone import RealArena as PloneArena
from tests.portals.test_real_wordpress import RealArena as WordPressArena
from tests.portals.wordpress import RealWordPress

pytestmark = pytest.mark.slow


def on_wordpress(wordpress: RealWordPress, login: str = "syncd", password: str | None = None) -> Portal:
    auth = {"username": login, "password": password or wordpress.site["users"][login]["application_password"]}
    return portal_of(table("wordpress", url=f"{wordpress.site['base_url']}/wp-json/wp/v2", auth=auth), wordpress.client)


def on_plone(plone: RealPlone, login: str = "syncd", password: str | None = None) -> Portal:
    auth = {"username": login, "password": password or plone.password(login)}
    return portal_of(table("plone", url=plone.url, auth=auth), plone.client)


class TestRealWordPressByTable(PortalContract):
    @pytest.fixture
    def arena(self, wordpress: RealWordPress) -> PortalArena:
        stranger = on_wordpress(wordpress, password="aaaa bbbb cccc dddd eeee ffff")
        return WordPressArena(portal=on_wordpress(wordpress), stranger=stranger, wordpress=wordpress)


class TestRealPloneByTable(PortalContract):
    @pytest.fixture
    def arena(self, plone: RealPlone) -> PortalArena:
        return PloneArena(portal=on_plone(plone), stranger=on_plone(plone, password="sai mật khẩu"), plone=plone)


def test_check_passes_on_both_real_portals(wordpress: RealWordPress, plone: RealPlone) -> None:
    for portal in (on_wordpress(wordpress), on_plone(plone)):
        report = check_portal(portal, SystemClock())
        assert [(step.name, step.detail) for step in report.steps if not step.ok] == []


def test_plone_keeps_the_picture_inside_and_a_post_that_was_not_handed_on_is_finished(plone: RealPlone) -> None:
    portal, key = on_plone(plone), new_key()
    # what a crash between the two calls leaves
    plone.ask("POST", "tin-tuc", {"@type": "News Item", "id": key, "title": "Dở dang"}, login="syncd")
    assert portal.find(key) is None
    made = portal.create(sample_post(approval=Approval.PENDING, image_inside=sample_image()), key)
    assert (made.state, len(plone.copies(key))) == (PortalState.PENDING, 1)
    other = new_key()
    portal.create(sample_post(image_inside=(image := sample_image())), other)
    (item,) = (post for post in plone.posts() if post["id"] == other)
    assert item["image"]["filename"] == image.filename


def test_account_that_may_not_publish_leaves_a_draft_that_is_found(plone: RealPlone) -> None:
    """Plone keeps the date of a step that it refuses, so the post counts as handed on: a person publishes it."""
    portal, key = on_plone(plone, "syncd_pending"), new_key()
    assert refusal(lambda: portal.create(sample_post(), key)).unknown
    found = portal.find(key)
    assert found is not None
    assert (found.state, len(plone.copies(key))) == (PortalState.DRAFT, 1)
    assert portal.create(sample_post(approval=Approval.PENDING), new_key()).state is PortalState.PENDING


def test_post_that_an_editor_renamed_or_moved_is_found(plone: RealPlone) -> None:
    portal, key = on_plone(plone), new_key()
    made = portal.create(sample_post(), key)
    plone.edit(made.id, id="ten-khac")
    found = portal.find(key)
    assert found is not None
    assert (found.id, found.key) == (made.id, key)
    plone.move(made.id, "thong-bao")
    moved = portal.read(made.id)
    assert moved is not None
    assert "thong-bao" in moved.url
