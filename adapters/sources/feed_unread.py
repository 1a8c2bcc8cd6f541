"""Whether the settled entries of a feed may stay unread: whether nothing that they print changes what is made of the others.

Entries mean something to one another in three ways: by an address or guid that they share, by the order of day and month in their dates, and
by minutes that are all months. Where the entries that were read rule these out, a settled one costs no more than its hash.
"""

import re
from collections.abc import Sequence

from adapters.html import title_text
from adapters.sources.feed_dates import FeedOptions, plain_date
from adapters.sources.feed_items import RawItem
from syncd.domain.identity import normal_url

# The end of an address or guid that can be written in one way only, but for a purpose.
_TELLING = re.compile(r"[A-Za-z0-9._~=:,@-]+")
_USUAL_LENGTH = 500


def may_stay_unread(
    items: Sequence[RawItem], urls: Sequence[str], document: bytes | str, base_url: str, options: FeedOptions
) -> bool:
    """Whether the rest of the list comes out the same as if the unread items had been read; `urls` are the addresses of the others."""
    if len({item.fingerprint for item in items}) < len(items):
        return False
    dates = [plain_date(item.date, options) for item in items if not item.unread]
    instants = [date.instant for date in dates if date is not None and date.instant is not None]
    # The first and the last item are never unread: where the one is newer, the list is known to end with the other.
    if len(instants) < len(dates) or instants[0] <= instants[-1]:
        return False
    if options.minutes == "auto" and all(instant.minute == instant.month for instant in instants):
        return False
    body = document.encode("utf-8", "surrogatepass") if isinstance(document, str) else document
    return all(
        _stands_alone(item, url, body, base_url) for item, url in zip(items, urls, strict=True) if not item.brief
    )


def guid_key(guid: str) -> str:
    """A guid for comparing within its list."""
    guid = guid.strip()
    return normal_url(guid) if guid[:4].lower() == "http" else guid


def _stands_alone(item: RawItem, url: str, body: bytes, base_url: str) -> bool:
    """Whether a new item is a usual one, and the ends of its address and guid stand nowhere but in its own source."""
    if not url or max(len(url), len(item.title)) > _USUAL_LENGTH or not title_text(item.title):
        return False
    page, guid = normal_url(url), guid_key(item.guid)
    for name in [page, guid] if guid else [page]:
        end = re.split("[/?&]", name)[-1]
        of_host = name.startswith("//") and name == f"//{end}"
        if of_host or not _TELLING.fullmatch(end) or end in base_url:
            return False
        printed = end.encode()
        if body.count(printed) != item.source.count(printed):
            return False
    return True
