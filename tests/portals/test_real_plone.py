"""A real Plone on loopback: the contract, and what only the real one can tell. `make portals`; installs Plone from the package index."""

from dataclasses import dataclass
from datetime import datetime

import pytest

from syncd.ports.portal import Portal
from syncd.testing.portal_contract import PortalArena, PortalContract
from tests.portals.plone import RealPlone

pytestmark = pytest.mark.slow


@dataclass
class RealArena:
    portal: Portal
    stranger: Portal | None
    plone: RealPlone

    def type_by_hand(self, *, title: str, html: str, date: datetime, copies: int = 1) -> list[str]:
        return list(self.plone.type_posts(title, date=date, html=html, copies=copies))

    def trash(self, portal_id: str) -> None:
        raise AssertionError("Plone has no trash")

    def delete(self, portal_id: str) -> None:
        self.plone.delete(portal_id)

    def files(self) -> int:
        return self.plone.files()


class TestRealPlone(PortalContract):
    @pytest.fixture
    def arena(self, plone: RealPlone) -> PortalArena:
        return RealArena(portal=plone.portal(), stranger=plone.portal(password="sai mật khẩu"), plone=plone)
