"""What stands within an answer, whatever stands there instead: a portal's answer is not trusted to have its manual's shape."""

from typing import Any
from urllib.parse import urljoin


def member(value: Any, *names: str) -> Any:
    """The member that names lead to; None where the way ends before."""
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def text(value: Any, *names: str) -> str:
    """The text at that place; empty for anything else but a number."""
    found = member(value, *names)
    return str(found) if isinstance(found, str | int | float) and not isinstance(found, bool) else ""


def objects(value: Any, *names: str) -> list[dict[str, Any]]:
    """The objects in the list at that place; empty where there is no list."""
    found = member(value, *names)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def address(base: str, found: str) -> str | None:
    """The whole address of what an answer gives as one, which may lack the host; None for what is none."""
    try:
        return urljoin(f"{base}/", found)
    except ValueError:
        return None
