"""JSON from a site: parsed within bounds, put into Unicode, and turned into plain text and dates."""

import json
import re
from datetime import UTC, datetime, tzinfo
from typing import Any

from adapters.sources.visits import SiteVisitor
from syncd.domain.model import NO_DATE, ReadDate
from syncd.ports.source import Exchange
from syncd.vietnamese.dates import parse_date
from syncd.vietnamese.legacy_html import may_hold_legacy, modern_html
from syncd.vietnamese.legacy_tables import Legacy
from syncd.vietnamese.readings import DayOrder
from syncd.vietnamese.text import decode

ACCEPT = "application/json, */*;q=0.1"
_DOTNET = re.compile(r"/Date\((-?\d{1,16})(?:[+-]\d{4})?\)/")
_SECONDS = 100_000_000_000  # a larger number counts milliseconds: as seconds it would be the year 5138


def json_of(exchange: Exchange, site: SiteVisitor) -> Any:
    """The document of an answer. Raises SourceError (`not_json`) for anything else."""
    text = decode(exchange.body, content_type=exchange.content_type).text.lstrip("\ufeff")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as err:
        hint = site.page_hint(text) or "open the address: it must show JSON"
        raise site.error(f"the answer is no JSON: {err}", url=exchange.url, kind="not_json", hint=hint) from err
    if "\\u00" in text or may_hold_legacy(text):
        _put_into_unicode(document)
    return document


def _put_into_unicode(document: Any) -> None:
    """Convert texts of old Vietnamese encodings; the longest text of an entry decides for the short ones beside it."""
    for entry in _texts_by_entry(document):
        if not any(may_hold_legacy(text) for _, _, text in entry):
            continue
        hint: Legacy | None = None
        for holder, key, text in sorted(entry, key=lambda each: -len(each[2])):
            found = modern_html(text, hint=hint)
            holder[key], hint = found.text, hint or found.encoding


def _texts_by_entry(document: Any) -> list[list[tuple[Any, Any, str]]]:
    """Each text with what holds it and its key there; those of one object of a list together."""
    loose: list[tuple[Any, Any, str]] = []
    groups = [loose]
    walk = [(document, loose)]
    while walk:
        holder, group = walk.pop()
        pairs = holder.items() if isinstance(holder, dict) else enumerate(holder) if isinstance(holder, list) else ()
        for key, value in pairs:
            if isinstance(value, str):
                group.append((holder, key, value))
            elif isinstance(value, dict | list):
                own = group
                if group is loose and isinstance(holder, list):
                    groups.append(own := [])
                walk.append((value, own))
    return groups


def text_in(value: Any) -> str:
    """A value as text: a number as it is written, anything that is no single value as nothing."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return str(value)


def date_in(value: Any, *, zone: tzinfo | None, day_order: DayOrder, fetched_at: datetime, origin: str) -> ReadDate:
    """A printed date, seconds or milliseconds since 1970, or .NET's `/Date(1698630600000+0700)/`."""
    raw = text_in(value).strip()
    found = _DOTNET.fullmatch(raw)
    number = (
        int(found[1]) if found else int(raw) if raw.isascii() and raw.isdecimal() and len(raw) in (10, 13) else None
    )
    if number is not None:
        seconds = number / 1000 if found or number > _SECONDS else number
        try:
            raw_instant = datetime.fromtimestamp(seconds, UTC)
        except (ValueError, OverflowError, OSError):
            return NO_DATE
        read = parse_date(raw_instant.isoformat(), fetched_at=fetched_at, origin=origin)
        return ReadDate(instant=read.instant, precision=read.precision, raw=raw, origin=origin, doubt=read.doubt)
    return parse_date(raw, default_zone=zone, day_order=day_order, fetched_at=fetched_at, origin=origin)
