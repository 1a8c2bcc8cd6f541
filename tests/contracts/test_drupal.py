"""The Drupal adapter against the contract of syncd.testing, on a portal over loopback that was written from the manual."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from adapters.http.client import HttpSettings, PoliteClient
from adapters.portals.drupal import DrupalPortal
from adapters.portals.drupal_calls import DrupalSettings
from adapters.portals.drupal_posts import DrupalWorkflow
from adapters.portals.logins.settings import LoginSettings
from syncd.clock import SystemClock
from syncd.ports.portal import Portal
from syncd.ports.secret import Secret
from syncd.testing.local_drupal import LocalDrupal
from syncd.testing.portal_contract import PortalArena, PortalContract


@dataclass
class DrupalArena:
    portal: Portal
    stranger: Portal | None
    server: LocalDrupal

    def type_by_hand(self, *, title: str, html: str, date: datetime, copies: int = 1) -> list[str]:
        return [self.server.type_by_hand(title=title, html=html, date=date) for _ in range(copies)]

    def trash(self, portal_id: str) -> None:
        raise AssertionError("Drupal has no trash")

    def delete(self, portal_id: str) -> None:
        self.server.delete(portal_id)

    def files(self) -> int:
        return len(self.server.state.files)


class TestDrupalOnLocalDrupal(PortalContract):
    @pytest.fixture
    def arena(self) -> Iterator[PortalArena]:
        client = PoliteClient(HttpSettings(), clock=SystemClock())
        with LocalDrupal() as server:

            def portal(password: str) -> Portal:
                settings = DrupalSettings(
                    url=server.url,
                    auth=LoginSettings(kind="basic", username=server.username, password=Secret(password)),
                    file_field="field_files",
                    workflow=DrupalWorkflow(),
                    allow_addresses=("127.0.0.0/8",),
                )
                return DrupalPortal(
                    settings, name="cong", http=client, clock=SystemClock(), settle=timedelta(seconds=120)
                )

            yield DrupalArena(portal=portal(server.password), stranger=portal("sai mật khẩu"), server=server)
        client.abort()
