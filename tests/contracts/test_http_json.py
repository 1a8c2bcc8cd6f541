"""A portal described by a table alone, against the contract: the table for WordPress that ships, on the portal over loopback."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pytest

from adapters.http.client import HttpSettings, PoliteClient
from syncd.clock import SystemClock
from syncd.ports.portal import Portal
from syncd.testing.local_portal import LocalPortal
from syncd.testing.portal_contract import PortalArena, PortalContract
from tests.http_json_tables import portal_of, table


@dataclass
class TableArena:
    portal: Portal
    stranger: Portal | None
    server: LocalPortal

    def type_by_hand(self, *, title: str, html: str, date: datetime, copies: int = 1) -> list[str]:
        return [str(self.server.type_by_hand(title=title, html=html, date=date)) for _ in range(copies)]

    def trash(self, portal_id: str) -> None:
        self.server.trash(int(portal_id))

    def delete(self, portal_id: str) -> None:
        self.server.delete(int(portal_id))

    def files(self) -> int:
        return len(self.server.state.media)


@pytest.fixture
def client() -> Iterator[PoliteClient]:
    made = PoliteClient(HttpSettings(), clock=SystemClock())
    yield made
    made.abort()


class TestWordPressByTable(PortalContract):
    @pytest.fixture
    def arena(self, client: PoliteClient) -> Iterator[PortalArena]:
        with LocalPortal() as server:

            def portal(password: str) -> Portal:
                auth = {"username": server.username, "password": password}
                return portal_of(table("wordpress", url=f"{server.url}/wp-json/wp/v2", auth=auth), client)

            yield TableArena(portal=portal(server.password), stranger=portal("sai mật khẩu"), server=server)
