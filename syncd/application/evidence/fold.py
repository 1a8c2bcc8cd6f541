"""Fold the looks that changed nothing into the ledger: one leaf for each unit and finished local day, each look listed."""

from collections.abc import Iterable
from datetime import date
from itertools import groupby

from syncd.application.services import Services
from syncd.domain.ledger import LeafKind, instant_text
from syncd.domain.model import LOCAL, UnitId, local_midnight
from syncd.ports.records import LookRecord


def fold_looks(services: Services) -> int:
    """Append the missing daily leaves of all days that are over at UTC+07:00; how many there were.

    One transaction for each unit and day: broken off, the next call goes on where this one stopped. One unit's looks are
    held at a time: a day of thousands of units fills hundreds of megabytes.
    """
    today = local_midnight(services.clock.now().astimezone(LOCAL).date())
    with services.db.read() as uow:
        units = uow.looks.units_unfolded(today)
    leaves = 0
    for unit in units:
        with services.db.read() as uow:
            looks = uow.looks.unfolded(today, unit=unit)
        for day, of_day in groupby(looks, key=lambda look: look.at.astimezone(LOCAL).date()):
            _fold(services, unit, day, of_day)
            leaves += 1
    return leaves


def _fold(services: Services, unit: UnitId, day: date, looks: Iterable[LookRecord]) -> None:
    of_day = list(looks)
    with services.db.write() as uow:
        leaf = uow.ledger.append(
            LeafKind.LOOKS_DAY,
            services.clock.now(),
            {
                "day": day.isoformat(),
                "looks": [
                    {
                        "at": instant_text(look.at),
                        "source": look.source,
                        "outcome": look.outcome,
                        "status": look.status,
                        "error_kind": look.error_kind,
                        "address": look.address,
                        "body_sha256": look.body_sha256,
                        "list_sha256": look.list_sha256,
                        "items": look.items,
                    }
                    for look in of_day
                ],
            },
            unit=unit,
        )
        uow.looks.set_leaf([look.id for look in of_day if look.id is not None], leaf)
        uow.commit()
