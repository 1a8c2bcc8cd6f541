"""Which periods still count: open, or within their grace."""

from datetime import date, datetime, timedelta
from functools import lru_cache

from syncd.application.services import Services
from syncd.domain.coverage import deadline_of
from syncd.domain.model import LOCAL, local_midnight
from syncd.domain.rules import DatedRuleSets
from syncd.errors import UsageError

_MOMENT = timedelta(microseconds=1)


def open_since(services: Services, now: datetime) -> datetime | None:
    """From when on posts can still count in time: the start of the oldest period that is open or within its grace."""
    return _open_on(services.rulesets, now.astimezone(LOCAL).date())


@lru_cache(maxsize=8)  # every look that brings a post asks
def _open_on(rulesets: DatedRuleSets, day: date) -> datetime | None:
    """The same at any time of a local day: periods begin and graces end at local midnights."""
    now = local_midnight(day)
    try:
        current, _ = rulesets.period_at(now)
        start = current.start
        before, rules = rulesets.period_at(start - _MOMENT)
        while now < deadline_of(before, rules, (), now):
            start = before.start
            before, rules = rulesets.period_at(start - _MOMENT)
    except UsageError:
        return None  # no rule set is in force then: nothing tells what is over
    return start
