"""Posts carried by hand: what the office knows of them before and after the receipt."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.http.client import HttpSettings, PoliteClient
from adapters.portals.package import PackagePortal, PackageSettings
from syncd.application.collecting.collect import collect_unit
from syncd.application.publishing.publish import publish
from syncd.application.reading_back.census import take_census
from syncd.ports.records import PushState
from syncd.testing.clock import FakeClock
from tests.application.collecting import ExampleOffice, item, open_office


@pytest.fixture
def office(tmp_path: Path, clock: FakeClock) -> Iterator[ExampleOffice]:
    made = open_office(tmp_path, clock, {"ban-a": 1})
    settings = PackageSettings(directory=tmp_path / "goi", portal_url="https://cong.vidu.example")
    portal = PackagePortal(
        settings,
        name="cong",
        http=PoliteClient(HttpSettings(), clock=clock),
        clock=clock,
        settle=timedelta(seconds=120),
    )
    made.services = replace(made.services, portal=portal)
    yield made
    made.db.close()


def sightings(office: ExampleOffice) -> list[tuple[str, str]]:
    with office.db.read() as uow:
        now = office.clock.now()
        seen = uow.sightings.in_window("cong", now - timedelta(days=400), now + timedelta(days=400))
    return [(str(one.state), one.url) for one in seen]


def test_post_waits_until_its_receipt_says_that_it_is_public(office: ExampleOffice, tmp_path: Path) -> None:
    office.site("ban-a/1").posts = [item(1)]
    collect_unit(office.services, office.unit("ban-a"))
    (post,) = office.posts("ban-a")
    assert publish(office.services).total.sent == 1
    push = office.push(post)
    assert (push.state, push.portal_state, push.portal_url) == (PushState.DELIVERED, "pending", "")
    assert publish(office.services).total.sent == 0
    take_census(office.services)
    assert sightings(office) == [("pending", "")]

    form = tmp_path / "goi" / "goi-0001" / "bien-nhan-goi-0001.csv"
    with form.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, delimiter=";")
        rows, heads = list(reader), list(reader.fieldnames or ())
    with (tmp_path / "goi" / "bien-nhan" / form.name).open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, heads, delimiter=";")
        writer.writeheader()
        writer.writerows({**row, "trang_thai": "đã đăng", "dia_chi": "https://cong.vidu.example/tin/1"} for row in rows)
    office.clock.advance(timedelta(hours=1))
    take_census(office.services)
    assert sightings(office) == [("public", "https://cong.vidu.example/tin/1")]
