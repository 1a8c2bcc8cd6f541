"""Every portal adapter against the contract of syncd.testing, on a folder and on a portal over loopback."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from adapters.http.client import HttpSettings, PoliteClient
from adapters.portals.outbox import OutboxPortal, OutboxSettings
from adapters.portals.wordpress import WordPressPortal, WordPressSettings
from syncd.clock import SystemClock
from syncd.ports.portal import Portal
from syncd.ports.secret import Secret
from syncd.testing.local_portal import LocalPortal
from syncd.testing.portal_contract import PortalArena, PortalContract

SETTLE = timedelta(seconds=120)


@dataclass
class OutboxArena:
    portal: Portal
    folder: Path
    stranger: Portal | None = None

    def type_by_hand(self, *, title: str, html: str, date: datetime, copies: int = 1) -> list[str]:
        names = [f"gõ tay {number}" for number in range(copies)]
        text = json.dumps({"title": title, "html": html, "published_at": date.isoformat()})
        for name in names:
            (self.folder / "posts" / f"{name}.json").write_text(text)
        return names

    def trash(self, portal_id: str) -> None:
        path = self.folder / "posts" / f"{portal_id}.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "state": "trash"}))

    def delete(self, portal_id: str) -> None:
        (self.folder / "posts" / f"{portal_id}.json").unlink()

    def files(self) -> int:
        return len(list((self.folder / "images").iterdir()))


@dataclass
class WordPressArena:
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


class TestOutbox(PortalContract):
    @pytest.fixture
    def arena(self, tmp_path: Path, client: PoliteClient) -> PortalArena:
        settings = OutboxSettings(directory=tmp_path / "cong", base_url="http://127.0.0.1:8077/cong/")
        portal = OutboxPortal(settings, name="cong", http=client, clock=SystemClock(), settle=SETTLE)
        portal.verify()
        return OutboxArena(portal=portal, folder=tmp_path / "cong")


class TestWordPressOnLocalPortal(PortalContract):
    @pytest.fixture
    def arena(self, client: PoliteClient) -> Iterator[PortalArena]:
        with LocalPortal() as server:

            def portal(password: str) -> Portal:
                settings = WordPressSettings(
                    url=server.url,
                    username=server.username,
                    password=Secret(password),
                    allow_addresses=("127.0.0.0/8",),
                )
                return WordPressPortal(settings, name="cong", http=client, clock=SystemClock(), settle=SETTLE)

            yield WordPressArena(portal=portal(server.password), stranger=portal("sai mật khẩu"), server=server)
