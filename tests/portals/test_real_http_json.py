"""The tables that ship for WordPress and Plone, on the real ones: the contract, as the adapters made for them pass it. `make portals`."""

import pytest

from syncd.ports.portal import Portal
from syncd.testing.portal_contract import PortalArena, PortalContract
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
