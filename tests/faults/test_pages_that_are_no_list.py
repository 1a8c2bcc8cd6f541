"""A page of maintenance, of a login or of nothing where a list was: never taken for a unit that wrote nothing."""

from pathlib import Path

import pytest

from syncd.application.collecting.collect import collect
from syncd.bootstrap import database_url, wire
from syncd.config import load_config
from syncd.storage.schema import upgrade
from syncd.testing.clock import FakeClock
from syncd.testing.local_site import LocalSite
from tests.acceptance.office import config_text
from tests.faults.network import LOGIN, MAINTENANCE

LIST = "".join(
    f'<div class="tin"><a href="/tin/{n}.html">Hội nghị giao ban số {n}</a> <span class="ngay">1{n}/10/2026 08:30</span></div>'
    for n in range(3)
)
INSTEAD = {
    "maintenance": (MAINTENANCE, "maintenance"),
    "login": (LOGIN, "login"),
    "an empty list": ("<html><body><div class='khung'></div></body></html>", ""),
    "nothing": ("", ""),
}


@pytest.mark.parametrize("known_before", [True, False], ids=["read before", "never read before"])
@pytest.mark.parametrize(("page", "hint"), INSTEAD.values(), ids=INSTEAD)
def test_it_is_a_failure_with_a_way_out_and_covers_nothing(
    tmp_path: Path, local_site: LocalSite, clock: FakeClock, page: str, hint: str, known_before: bool
) -> None:
    unit = (
        '[[units]]\nid = "ban-a"\nname = "Đơn vị A"\ngroup = "ban"\nsources = [{ kind = "page", article = "none", '
        f'url = "{local_site.url("/tin-tuc")}", item = "div.tin", link = "a", date = ".ngay", window = 10 }}]\n'
    )
    (tmp_path / "config.toml").write_text(config_text(unit), encoding="utf-8")
    config = load_config(tmp_path / "config.toml")
    (tmp_path / "var").mkdir()
    upgrade(database_url(config))
    with wire(config, clock=clock) as wired:
        services = wired.services
        local_site.page("/tin-tuc", f"<html><body>{LIST}</body></html>" if known_before else page)
        reports = [collect(services)]
        local_site.page("/tin-tuc", page)
        reports.append(collect(services))
        with services.db.read() as uow:
            [state] = uow.sources.all()
    if known_before:
        assert [report.new for report in reports[0].values()] == [3]
    [failure] = next(iter(reports[1].values())).errors or next(iter(reports[0].values())).errors
    assert failure.hint
    assert hint in failure.hint
    assert state.failures > 0
    assert state.items == (3 if known_before else None)
    assert known_before or not state.covers_all, "nothing is said about what the unit wrote"
