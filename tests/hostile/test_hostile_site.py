"""A whole `collect` with hostile sites among good ones: the good ones are read as ever, and each fault is named."""

from pathlib import Path

from syncd.application.collecting.collect import collect
from syncd.application.status import status
from syncd.bootstrap import database_url, wire
from syncd.config import load_config
from syncd.domain.model import UnitId
from syncd.storage.schema import upgrade
from syncd.testing.clock import FakeClock
from syncd.testing.local_site import LocalSite
from tests.acceptance.office import config_text, feed_xml, unit_block
from tests.hostile.documents import SIZE, XML

WORST = {
    "billion-laughs": "hostile_document",
    "external-entity-http": "hostile_document",
    "depth-100000": "hostile_document",
    "cdata-50-mb": "too_large",
    "div-200000": "hostile_document",
    "zip-bomb": "not_a_feed",
}
GOOD = ("tot-1", "tot-2")


def test_hostile_sites_are_named_in_the_status_and_the_others_read_as_ever(tmp_path: Path) -> None:
    documents = {document.name: document for document in (*XML, *SIZE)}
    with LocalSite() as site, LocalSite() as internal:
        for name in WORST:
            site.page(f"/{name}", documents[name].make(internal.url()), content_type="application/rss+xml")
        for name in GOOD:
            site.page(f"/{name}", feed_xml(site.url("/"), 3, unit=name), content_type="application/rss+xml")
        blocks = "".join(unit_block(name, site.url(f"/{name}")) for name in (*WORST, *GOOD))
        config_file = tmp_path / "config.toml"
        config_file.write_text(config_text(blocks), encoding="utf-8")
        config = load_config(config_file)
        upgrade(database_url(config))
        with wire(config, clock=FakeClock()) as wired:
            collected = collect(wired.services)
            told = status(wired.services)
        assert internal.connections == 0
    assert {name: collected[UnitId(name)].errors[0].kind for name in WORST} == WORST
    assert {name: (collected[UnitId(name)].new, collected[UnitId(name)].errors) for name in GOOD} == dict.fromkeys(
        GOOD, (3, ())
    )
    failing = {problem.unit: problem.kind for problem in told.problems if problem.kind.startswith("source_failing")}
    assert failing == {name: f"source_failing:{kind}" for name, kind in WORST.items()}
