"""The `[[units]]` block of a finding: names proposed from the page's title and host, the table of its source as TOML."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from adapters.probing.finding import Finding
from syncd.vietnamese.text import one_line

_MAX_ID, _MAX_NAME = 40, 120
_NO_NAMES = re.compile(
    r"^(?:trang chủ|home|trang chủ điện tử|tin tức(?: - sự kiện)?|index|default|welcome|rss|news|untitled.*)$",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"\s+[-–—|:»>]+\s+|\s*[|»]\s*")
_OF_UNITS = re.compile(
    r"\b(?:tỉnh ủy|tỉnh uỷ|huyện ủy|thành ủy|thị ủy|đảng ủy|đảng bộ|ban |văn phòng|ubnd|ủy ban|sở |hội |đoàn |liên minh|trường|báo |mặt trận|công an|tòa án|viện|cục|chi cục|phòng|trung tâm|xã |phường |quận )",
    re.IGNORECASE,
)
_OF_HOSTS = ("gov", "com", "org", "net", "edu", "dcs", "vn", "www", "info", "name", "example", "local")


def proposed_name(finding: Finding, fallback: str) -> str:
    """The unit's name as its page's title gives it: the part that names an office, without `Trang chủ` and the like."""
    for title in (finding.title, finding.place.reading.feed_title):
        parts = [part for part in map(one_line, _BETWEEN.split(title)) if part and not _NO_NAMES.match(part)]
        if not parts:
            continue
        chosen = next(
            (part for part in parts if _OF_UNITS.search(f"{part} ")), parts[-1] if len(parts) > 1 else parts[0]
        )
        return chosen[:_MAX_NAME].rstrip()
    return fallback


def proposed_id(url: str, taken: Collection[str] = ()) -> str:
    """A unit's id from its address: the host's own part, made unique beside those taken."""
    host = (urlsplit(url if "://" in url else f"//{url}").hostname or "").removeprefix("www.")
    if re.fullmatch(r"[\d.]+|.*:.*", host):
        base = "don-vi"
    else:
        labels = [label for label in host.split(".") if label not in _OF_HOSTS]
        base = slug("-".join(labels[:2] if len(labels) > 1 and len(labels[0]) <= 12 else labels[:1])) or "don-vi"
    if base not in taken:
        return base
    number = 2
    while f"{base}-{number}" in taken:
        number += 1
    return f"{base}-{number}"


def slug(text: str) -> str:
    """ASCII letters, digits and hyphens: `Đảng ủy Khối` becomes `dang-uy-khoi`."""
    plain = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    letters = "".join(char for char in plain if not unicodedata.combining(char)).lower()
    return re.sub(r"[^a-z0-9]+", "-", letters).strip("-")[:_MAX_ID].strip("-")


def unit_block(finding: Finding, *, id: str, name: str, group: str = "don-vi") -> str:
    """A `[[units]]` table that a configuration takes as it is."""
    return (
        f"[[units]]\nid = {quoted(id)}\nname = {quoted(name)}\ngroup = {quoted(group)}\neditors = []\n"
        f"sources = [\n  {inline({'kind': finding.place.kind, **source_table(finding)})},\n]\n"
    )


def source_table(finding: Finding) -> dict[str, Any]:
    """The source's settings; a feed's window is written out where its length may be one."""
    place = finding.place
    table = dict(place.settings)
    # a short list may be a site's whole life or its five newest: the careful reading is written out, for the operator to judge
    if place.kind == "feed" and "window" not in table and place.reading.posts and not place.reading.full:
        table["window"] = len(place.reading.posts)
    return table


def inline(table: Mapping[str, Any]) -> str:
    """A TOML inline table of strings, numbers, flags and tables."""
    return "{ " + ", ".join(f"{key} = {_value(value)}" for key, value in table.items()) + " }"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return inline(value) if isinstance(value, Mapping) else quoted(str(value))


def quoted(text: str) -> str:
    """A TOML basic string."""
    escaped = "".join(
        f"\\u{ord(char):04X}" if ord(char) < 32 or ord(char) == 127 else {'"': '\\"', "\\": "\\\\"}.get(char, char)
        for char in text
    )
    return f'"{escaped}"'
