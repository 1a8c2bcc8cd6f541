"""The rows of a Drupal on loopback, what visitors get of a text, and the filters of a list."""

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import Any

_KEPT = "a|em|strong|cite|blockquote|code|ul|ol|li|dl|dt|dd|h[2-6]|p|br|span|img"  # basic_html
_OTHER_TAG = re.compile(rf"<!--.*?-->|</?(?!(?:{_KEPT})\b)[a-z][^>]*>", re.IGNORECASE | re.DOTALL)
_EDITOR = (
    "access content", "access user profiles", "administer nodes", "bypass node access", "create article content",
    "edit any article content", "view own unpublished content", "use text format basic_html", "create terms in tags",
    "use editorial transition publish",
)  # fmt: skip


class Refused(Exception):
    """A request Drupal refuses, in its own words."""

    def __init__(self, status: int, detail: str, pointer: str = "") -> None:
        super().__init__(detail)
        self.status = status
        self.pointer = pointer


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    login: str
    password: str
    token: str = ""
    rights: frozenset[str] = frozenset(_EDITOR)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


@dataclass(slots=True, kw_only=True)
class StoredNode:
    """`created` in seconds, UTC. `working_copy`: an editor began a draft of the published node. `denied`: an access module hides it from all."""

    uuid: str
    nid: int
    title: str
    value: str
    format: str
    author: str
    created: int
    summary: str = ""
    status: bool = True
    moderation_state: str = "published"
    revision: int = 1
    terms: list[str] = field(default_factory=list)
    image: str | None = None
    working_copy: bool = False
    denied: bool = False


@dataclass(slots=True, kw_only=True)
class StoredFile:
    uuid: str
    filename: str
    uri: str
    data: bytes


def shown_html(value: str) -> str:
    """What visitors get of a text in the format basic_html; the text itself stays as it was sent."""
    return _OTHER_TAG.sub("", value)


def resource(kind: str, number: str, attributes: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "id": number, "attributes": attributes}


def conditions(query: dict[str, str]) -> list[Callable[[StoredNode], bool]]:
    """The filters of a query; Drupal refuses a path it does not know."""
    parts: dict[str, dict[str, str]] = {}
    for name, value in query.items():
        if found := re.fullmatch(r"filter\[(\w+)\]\[condition\]\[(path|operator|value)\]", name):
            parts.setdefault(found[1], {})[found[2]] = value
    made: list[Callable[[StoredNode], bool]] = []
    for part in parts.values():
        member = {"created": "created", "drupal_internal__nid": "nid"}.get(part["path"])
        if member is None:
            raise Refused(400, f"Invalid nested filtering. The field `{escape(part['path'])}` does not exist.")
        made.append(_condition(member, part.get("operator", "="), int(part["value"])))
    return made


def _condition(member: str, operator: str, value: int) -> Callable[[StoredNode], bool]:
    compare: dict[str, Callable[[int], bool]] = {
        "=": lambda held: held == value,
        ">=": lambda held: held >= value,
        "<": lambda held: held < value,
        ">": lambda held: held > value,
    }
    return lambda node: compare[operator](getattr(node, member))


def shown_user(account: Account) -> dict[str, Any]:
    return resource("user--user", account.id, {"name": account.login, "display_name": account.login})


def shown_file(file: StoredFile) -> dict[str, Any]:
    uri = {"value": file.uri.replace("/sites/default/files", "public:/"), "url": file.uri}
    return resource("file--file", file.uuid, {"filename": file.filename, "uri": uri, "filesize": len(file.data)})


def shown_node(node: StoredNode, *, moderated: bool) -> dict[str, Any]:
    created = datetime.fromtimestamp(node.created, UTC).isoformat()
    attributes: dict[str, Any] = {
        "drupal_internal__nid": node.nid,
        "drupal_internal__vid": node.nid * 1000 + node.revision,
        "title": node.title,
        "status": node.status,
        "created": created,
        "changed": created,
        "path": {"alias": None, "pid": None, "langcode": "vi"},
        "body": {
            "value": node.value,
            "format": node.format,
            "processed": shown_html(node.value),
            "summary": node.summary,
        },
    }
    if moderated:
        attributes["moderation_state"] = node.moderation_state
    terms = [{"type": "taxonomy_term--tags", "id": term} for term in node.terms]
    image = {"type": "file--file", "id": node.image} if node.image else None
    related = {"uid": {"type": "user--user", "id": node.author}, "field_tags": terms, "field_image": image}
    shown = resource("node--article", node.uuid, attributes)
    return {**shown, "relationships": {name: {"data": data} for name, data in related.items()}}
