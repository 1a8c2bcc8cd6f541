"""A WordPress put back from a backup, over its REST interface: the alarm, nothing sent, the lost posts once each after a person's word."""

import copy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from adapters.http.client import HttpSettings, PoliteClient
from adapters.portals.wordpress import WordPressPortal, WordPressSettings
from syncd.application.collecting.collect import collect_unit
from syncd.application.publishing.publish import publish
from syncd.application.reading_back.census import take_census
from syncd.application.reading_back.set_back import restored
from syncd.ports.secret import Secret
from syncd.testing.clock import FakeClock
from syncd.testing.local_portal import LocalPortal
from tests.application.collecting import ExampleOffice, item, open_office


def carry(office: ExampleOffice, upto: int) -> str | None:
    office.site("ban-a/1").posts = [item(number) for number in range(upto, 0, -1)]
    collect_unit(office.services, office.unit("ban-a"))
    error = publish(office.services).portal_error
    office.clock.advance(timedelta(hours=1))
    return error


def test_a_restored_wordpress_gets_back_exactly_what_it_lost(tmp_path: Path, clock: FakeClock) -> None:
    with LocalPortal(clock=clock) as server:
        settings = WordPressSettings(
            url=server.url, username=server.username, password=Secret(server.password), allow_addresses=("127.0.0.0/8",)
        )
        client = PoliteClient(HttpSettings(total_timeout_s=5), clock=clock)
        portal = WordPressPortal(settings, name="cong", http=client, clock=clock, settle=timedelta(seconds=120))
        office = open_office(tmp_path, clock, {"ban-a": 1})
        office = replace(office, services=replace(office.services, portal=portal))
        carry(office, 3)
        backup = copy.deepcopy(server.state.posts)
        carry(office, 6)
        take_census(office.services)
        clock.advance(timedelta(hours=1))

        server.state.posts = backup
        assert "lost 3 posts at once" in (carry(office, 7) or "")
        assert len(server.posts()) == 3
        report = restored(office.services, reason="quản trị Cổng xác nhận", by="Nguyễn Văn A")
        assert len(report.lost) == 3
        assert carry(office, 7) is None
        assert [len(server.copies(post.key)) for post in office.posts()] == [1] * 7
        take_census(office.services)
        assert take_census(office.services).lost == 0
        office.db.close()
        client.abort()
