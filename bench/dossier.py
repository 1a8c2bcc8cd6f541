"""Building and checking the dossier of one unit, beside zipping and hashing as many bytes; and checking the whole ledger."""

import hashlib
import zipfile
from pathlib import Path

from yardstick.farm import farm
from yardstick.feeds import ITEMS
from yardstick.measure import median_spent, show
from yardstick.office import office, scratch, write_config

from syncd.application.collecting.collect import collect
from syncd.application.evidence.dossier import build
from syncd.application.evidence.dossier_check import verify
from syncd.application.evidence.verify import verify_ledger
from syncd.application.publishing.publish import publish
from syncd.application.reading_back.census import take_census
from syncd.domain.model import PeriodId, UnitId

SITES = 20
UNIT, PERIODS = UnitId("don-vi-0"), (PeriodId("2026-10"),)


def main() -> None:
    with scratch() as folder, farm(SITES) as sites:
        config, out = write_config(folder, map(sites.url, range(SITES))), folder / "ho-so.zip"
        with office(config) as services:
            collect(services)
            publish(services)
            take_census(services)
            building = median_spent(lambda: build(services, UNIT, PERIODS, out), times=3)
            checking = median_spent(lambda: verify(out), times=3)
            assert verify(out).valid, "the dossier must hold"
            ledger = median_spent(lambda: verify_ledger(services.db), times=3)
            leaves = verify_ledger(services.db).size
            bare_zip = median_spent(lambda: zip_again(out, folder / "bare.zip"), times=3)
            bare_hash = median_spent(lambda: hash_all(out), times=3)
        size = out.stat().st_size / 1000
    rows = [
        ["dossier build", building.cpu_s * 1000, bare_zip.cpu_s * 1000, building.cpu_s / bare_zip.cpu_s],
        ["dossier verify", checking.cpu_s * 1000, bare_hash.cpu_s * 1000, checking.cpu_s / bare_hash.cpu_s],
        [f"ledger verify, {leaves:,} leaves", ledger.cpu_s * 1000, "", ""],
    ]
    title = f"The dossier of one unit and month, {ITEMS} posts, {size:,.0f} KB"
    show(title, ["", "ms CPU", "floor: zip or hash the same files, ms CPU", "times the floor"], rows)


def zip_again(source: Path, target: Path) -> None:
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))


def hash_all(source: Path) -> None:
    with zipfile.ZipFile(source) as bag:
        for name in bag.namelist():
            hashlib.sha256(bag.read(name)).digest()


if __name__ == "__main__":
    main()
