"""The Liferay adapter against the contract of syncd.testing, on a portal over loopback that was written from the manual."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Literal

import pytest

from adapters.http.client import HttpSettings, PoliteClient
from adapters.portals.liferay import LiferayPortal
from adapters.portals.liferay_contents import LiferaySettings
from adapters.portals.logins.settings import LoginSettings
from syncd.clock import SystemClock
from syncd.ports.portal import Portal
from syncd.ports.secret import Secret
from syncd.testing.liferay_rows import SITE, STRUCTURE, VOCABULARY, Kind
from syncd.testing.local_liferay import LocalLiferay
from syncd.testing.portal_contract import PortalArena, PortalContract


@dataclass
class LiferayArena:
    portal: Portal
    stranger: Portal | None
    server: LocalLiferay
    kind: Kind

    def type_by_hand(self, *, title: str, html: str, date: datetime, copies: int = 1) -> list[str]:
        return [str(self.server.type_by_hand(title=title, html=html, date=date, kind=self.kind)) for _ in range(copies)]

    def trash(self, portal_id: str) -> None:
        self.server.trash(int(portal_id))

    def delete(self, portal_id: str) -> None:
        self.server.delete(int(portal_id))

    def files(self) -> int:
        return len(self.server.state.documents)


class TestWebContentOnLocalLiferay(PortalContract):
    content: ClassVar[Literal["structured", "blog"]] = "structured"
    kind: ClassVar[Kind] = "structured-contents"
    open_to_guests: ClassVar[bool] = False

    @pytest.fixture
    def arena(self) -> Iterator[PortalArena]:
        client = PoliteClient(HttpSettings(), clock=SystemClock())
        with LocalLiferay() as server:
            server.state.open_to_guests = self.open_to_guests

            def portal(password: str) -> Portal:
                settings = LiferaySettings(
                    url=server.url,
                    site_id=SITE,
                    auth=LoginSettings(kind="basic", username=server.username, password=Secret(password)),
                    content=self.content,
                    structure_id=STRUCTURE,
                    image_field="anh",
                    vocabulary_id=VOCABULARY,
                    allow_addresses=("127.0.0.0/8",),
                )
                return LiferayPortal(
                    settings, name="cong", http=client, clock=SystemClock(), settle=timedelta(seconds=120)
                )

            yield LiferayArena(
                portal=portal(server.password), stranger=portal("sai mật khẩu"), server=server, kind=self.kind
            )
        client.abort()


class TestBlogOnLocalLiferayThatIsOpenToGuests(TestWebContentOnLocalLiferay):
    content = "blog"
    kind = "blog-postings"
    open_to_guests = True
