"""The XML-RPC adapter in both dialects against the contract, on a portal over loopback."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from adapters.http.client import HttpSettings, PoliteClient
from adapters.portals.xmlrpc import XmlRpcPortal, XmlRpcSettings
from syncd.clock import SystemClock
from syncd.ports.portal import DeliveryClass
from syncd.ports.secret import Secret
from syncd.testing.local_portal import LocalPortal
from syncd.testing.portal_contract import PortalArena, PortalContract, new_key, refusal, sample_post
from tests.contracts.test_portals import SETTLE, WordPressArena


@pytest.fixture
def client() -> Iterator[PoliteClient]:
    made = PoliteClient(HttpSettings(), clock=SystemClock())
    yield made
    made.abort()


def arena_of(server: LocalPortal, client: PoliteClient, **settings: object) -> WordPressArena:
    base = replace(
        XmlRpcSettings(
            url=server.url + "/xmlrpc.php",
            username=server.username,
            password=Secret(server.password),
            allow_addresses=("127.0.0.0/8",),
        ),
        **settings,  # type: ignore[arg-type]  # settings by name
    )

    def portal(password: str) -> XmlRpcPortal:
        changed = replace(base, password=Secret(password))
        return XmlRpcPortal(changed, name="cong", http=client, clock=SystemClock(), settle=SETTLE)

    return WordPressArena(portal=portal(server.password), stranger=portal("sai mật khẩu"), server=server)


class TestWordPressMethods(PortalContract):
    @pytest.fixture
    def arena(self, client: PoliteClient) -> Iterator[PortalArena]:
        with LocalPortal() as server:
            yield arena_of(server, client)

    def test_it_is_class_b(self, arena: PortalArena) -> None:
        assert arena.portal.capabilities.delivery_class is DeliveryClass.B


class TestMetaWeblog(PortalContract):
    @pytest.fixture
    def arena(self, client: PoliteClient) -> Iterator[PortalArena]:
        with LocalPortal() as server:
            yield arena_of(server, client, dialect="metaweblog")

    def test_it_is_class_c(self, arena: PortalArena) -> None:
        assert arena.portal.capabilities.delivery_class is DeliveryClass.C

    def test_categories_are_made_once_and_named_again(self, arena: PortalArena) -> None:
        """None can be made: one that stands is taken whatever its case, one that does not is told of."""
        assert arena.portal.create(sample_post(categories=("TIN TỨC",)), new_key()).categories == ("Tin tức",)
        missing = refusal(lambda: arena.portal.create(sample_post(categories=("Chưa có",)), new_key()))
        assert (missing.kind, missing.unknown) == ("category_missing", False)
