"""An HTML page as a document that paths can be put to, for portals that have no API: entries, links, and the fields of its form."""

import re
from functools import lru_cache
from typing import Any

from bs4 import BeautifulSoup, Tag

_MOST_BYTES = 4_000_000
_MOST_ENTRIES = 2_000


def page_document(body: bytes, *, select: str = "") -> dict[str, Any]:
    """`html` and `text` of the page; `items`: what the CSS selector finds, each with `html`, `text`, `links`; `form`: the values of all named fields."""
    page = BeautifulSoup(body[:_MOST_BYTES], "lxml")
    found = page.select(select)[:_MOST_ENTRIES] if select else []
    return {
        "html": body[:_MOST_BYTES].decode("utf-8", "replace"),
        "text": " ".join(page.get_text(" ").split()),
        "items": [_entry(each) for each in found],
        "form": _fields(page),
    }


def _entry(tag: Tag) -> dict[str, Any]:
    return {
        "html": str(tag),
        "text": " ".join(tag.get_text(" ").split()),
        "links": [str(link["href"]) for link in tag.select("a[href]")],
    }


def _fields(page: BeautifulSoup) -> dict[str, str]:
    values: dict[str, str] = {}
    for field in page.select("input[name], textarea[name], select[name]"):
        name, kind = str(field["name"]), str(field.get("type") or "").lower()
        if field.name == "textarea":
            values[name] = field.get_text().removeprefix("\n")
        elif field.name == "select":
            chosen = field.select_one("option[selected]") or field.select_one("option")
            values[name] = str(chosen.get("value", chosen.get_text())) if chosen else ""
        elif kind not in ("checkbox", "radio", "password", "file", "submit", "button", "image") or field.has_attr(
            "checked"
        ):
            values[name] = str(field.get("value") or "")
    return values


@lru_cache(maxsize=64)
def expression(text: str) -> re.Pattern[str] | None:
    """The regular expression that `/…/` holds; None for a CSS selector. Raises ValueError for a broken one."""
    if len(text) < 2 or not text.startswith("/") or not text.endswith("/"):
        return None
    try:
        return re.compile(text[1:-1], re.S)
    except re.error as err:
        raise ValueError(f"{text!r} is no regular expression: {err}") from err


def seen_in(body: bytes, what: str) -> str | None:
    """What a CSS selector or a `/regular expression/` finds in a page: a field's value, the first group, or the text. None where it finds nothing."""
    pattern = expression(what)
    if pattern is not None:
        found = pattern.search(body[:_MOST_BYTES].decode("utf-8", "replace"))
        return None if found is None else found[1] if pattern.groups else found[0]
    tag = BeautifulSoup(body[:_MOST_BYTES], "lxml").select_one(what)
    if tag is None:
        return None
    value = tag.get("value", tag.get("content"))
    return str(value) if value is not None else tag.get_text()
