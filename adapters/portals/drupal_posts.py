"""Drupal's resource objects and what they mean: our key as a UUID, the state of a node, the names behind its references.

Manual: www.drupal.org/docs/core-modules-and-themes/core-modules/jsonapi-module (API overview, fetching and creating resources, files);
jsonapi.org/format (errors, links, client-generated ids).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from adapters.portals.content import credited, find_marker, is_key, outgoing_links
from adapters.portals.json_parts import member, objects, text
from syncd.domain.identity import text_sha256
from syncd.domain.model import Approval, SourceKey
from syncd.ports.portal import PortalPost, PortalState

MEDIA_TYPE = "application/vnd.api+json"
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# as RFC 9562 shapes them: a version from 1 to 8, and its variant
_GENERATED = re.compile(r".{14}[1-8].{4}[89ab].{16}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DrupalWorkflow:
    """The states of the portal's editorial workflow (module Content Moderation), by their machine names.

    `withdrawn` must be one that takes the published revision from the public: `archived` does, `draft` leaves it up beside a new draft.
    """

    public: str = "published"
    pending: str = "needs_review"
    draft: str = "draft"
    withdrawn: str = "archived"

    def of(self, approval: Approval) -> str:
        return {Approval.AUTO: self.public, Approval.PENDING: self.pending, Approval.DRAFT: self.draft}[approval]


def uuid_of(key: SourceKey) -> str:
    """The key's 128 bits in the form of a UUID: Drupal looks at the form alone, not at version and variant."""
    bits = key.removeprefix("syncd-")
    return "-".join((bits[:8], bits[8:12], bits[12:16], bits[16:20], bits[20:]))


def is_uuid(text: str) -> bool:
    """Whether Drupal could know a resource by this."""
    return _UUID.fullmatch(text) is not None


def key_of(uuid: str, html: str) -> SourceKey | None:
    """Our key, where the post is ours.

    A post typed by hand has a UUID of RFC 9562's shape, and so has one in eight of ours: there the marker at the end of the text tells.
    """
    key = SourceKey("syncd-" + uuid.replace("-", ""))
    if not is_key(key):
        return None
    return key if _GENERATED.fullmatch(uuid) is None or find_marker(html) == key else None


def state_of(attributes: Mapping[str, Any], workflow: DrupalWorkflow | None) -> PortalState:
    """What the public sees decides; a state that the portal added waits for a person."""
    if attributes.get("status") is True:
        return PortalState.PUBLIC
    moderation = attributes.get("moderation_state")
    if workflow is None or not moderation:
        return PortalState.PENDING  # "not published" is all that Drupal says
    known = {workflow.draft: PortalState.DRAFT, workflow.withdrawn: PortalState.PRIVATE}
    return known.get(str(moderation), PortalState.PENDING)


def related(item: Mapping[str, Any], name: str) -> list[tuple[str, str]]:
    """Type and id of each resource a relationship leads to."""
    data = member(item, "relationships", name, "data")
    named = [data] if isinstance(data, dict) else objects(data)
    return [(text(one, "type"), text(one, "id")) for one in named]


def seen_post(
    item: Mapping[str, Any],
    included: Mapping[tuple[str, str], Mapping[str, Any]],
    *,
    base: str,
    body_field: str,
    tags_field: str,
    workflow: DrupalWorkflow | None,
    key: SourceKey | None = None,
) -> PortalPost:
    """A node as the port tells it. `key` is the one it was asked for by; `included` are users and terms by type and id."""
    attributes = item["attributes"]
    html = text(attributes, body_field, "value")
    alias = text(attributes, "path", "alias")
    author = next((included[one] for one in related(item, "uid") if one in included), {})
    terms = [included[one] for one in related(item, tags_field) if one in included] if tags_field else []
    uuid = str(item["id"])
    return PortalPost(
        id=uuid,
        key=key if key is not None and uuid_of(key) == uuid else key_of(uuid, html),
        url=base + (alias or f"/node/{text(attributes, 'drupal_internal__nid') or uuid}"),
        title=text(attributes, "title"),
        state=state_of(attributes, workflow),
        published_at=_instant(attributes.get("created")),
        version=f"{text(attributes, 'drupal_internal__vid')} {text(attributes, 'changed')}".strip(),
        author=text(author, "name"),
        author_name=text(author, "display_name"),
        categories=tuple(text(term, "name") for term in terms),
        content_sha256=text_sha256(html),
        links=outgoing_links(html, own_url=base),
        credit=credited(html),
    )


def included_of(payload: Mapping[str, Any]) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The resources an answer brings along, by type and id."""
    return {
        (text(one, "type"), text(one, "id")): member(one, "attributes") or {} for one in objects(payload, "included")
    }


def omits(payload: Mapping[str, Any], path: str) -> bool:
    """Whether an answer left out resources below `path` for want of rights; people and terms it may leave out."""
    omitted = member(payload, "meta", "omitted")
    links = member(omitted, "links")
    if not isinstance(links, dict):
        return omitted is not None  # something is left out, and nobody can tell what
    return any(path in _path(text(link, "href")) for link in links.values())


def _path(address: str) -> str:
    try:
        return urlsplit(address).path
    except ValueError:
        return address


def rfc3339(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def _instant(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value)).astimezone(UTC) if value else None
    except (ValueError, OverflowError):
        return None
