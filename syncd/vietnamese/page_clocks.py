"""Tell the clock in a page's head from a post's date: pages print today's date where a reader would look for the post's."""

from datetime import datetime, timedelta, tzinfo

from syncd.vietnamese.date_patterns import find_clocks, find_days, find_weekday, fold_date_text
from syncd.vietnamese.dates import parse_date, says_today
from syncd.vietnamese.readings import LOCAL, DayOrder, Precision

# between the server's clock, ours, and the moment a page was made and kept by a cache
_SAME_MOMENT = timedelta(minutes=15)


def is_clock(
    raw: str,
    fetched_at: datetime,
    *,
    zone: tzinfo = LOCAL,
    day_order: DayOrder = "day-first",
    beside_post: bool = False,
) -> bool:
    """Whether a printed date only tells the time at which the page was fetched.

    "Hôm nay, ngày 20 tháng 2 năm 2019" always does. Else it must name the day of the fetch, with its weekday, and no time or the
    time of the fetch; or be a clock that runs, to the second. `beside_post`: it was found within a post's own block, where
    a post of today prints the same; there only the certain sign counts.
    """
    text, bare = fold_date_text(raw)
    if says_today(bare):
        return True
    if beside_post:
        return False
    read = parse_date(raw, default_zone=zone, day_order=day_order, origin="article")
    if read.instant is None or read.precision is Precision.MONTH:
        return False
    if read.instant.astimezone(zone).date() != fetched_at.astimezone(zone).date():
        return False
    if read.precision is Precision.DAY:
        return find_weekday(text, bare) is not None and not any(day.published or day.updated for day in find_days(bare))
    near = abs(read.instant - fetched_at) <= _SAME_MOMENT
    runs = any(clock.second is not None for clock in find_clocks(bare))
    return near and (runs or find_weekday(text, bare) is not None)
