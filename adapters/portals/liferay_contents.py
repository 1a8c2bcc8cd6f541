"""What Liferay calls a post: web content of a structure, or a blog entry; what its members mean, and which states it can be in.

Manual: learn.liferay.com, "Web Content API Basics", "Advanced Web Content API", "Blog API Basics", "Using External Reference Codes".
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from adapters.portals.content import credited, inert, is_key, outgoing_links
from adapters.portals.json_parts import member, objects, text
from adapters.portals.logins.settings import LoginSettings
from adapters.portals.signed_api import login_problems
from syncd.domain.identity import text_sha256
from syncd.domain.model import SourceKey
from syncd.errors import ConfigError
from syncd.ports.portal import PortalPost, PortalState, PostToPush

DELIVERY = "/o/headless-delivery/v1.0"
ADMIN = "/o/headless-admin-content/v1.0"
APPROVED = 0
# WorkflowConstants: what a status code means to a reader
_STATES = {
    APPROVED: PortalState.PUBLIC,
    1: PortalState.PENDING,
    2: PortalState.DRAFT,
    3: PortalState.PRIVATE,  # expired
    4: PortalState.DRAFT,  # denied
    5: PortalState.PRIVATE,  # inactive
    6: PortalState.DRAFT,  # incomplete
    7: PortalState.SCHEDULED,
    8: PortalState.TRASH,
}
# what Liferay puts something else for when it shows a web content: @friendly_url_home@, @group_id@
_TOKEN = re.compile(r"@(?=[a-z_]+@)")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiferaySettings:
    """`url` is the portal's address without /o; `site_id` the number of the site. `auth`: `oauth2_client_credentials`, or `basic` where the portal still takes it.

    `content`: "structured" (web content of `structure_id`, its text in `body_field`, its picture in `image_field` where that is named), or "blog".
    `workflow` says that the site has one for this content: then every post waits for it, whatever approval is set. Without one, a post
    that shall wait is made visible to its owner alone. Categories are those of the vocabulary `vocabulary_id`; 0: none are carried.
    """

    url: str
    site_id: int
    auth: LoginSettings
    content: Literal["structured", "blog"] = "structured"
    structure_id: int = 0
    body_field: str = "content"
    image_field: str = ""
    folder_id: int = 0
    vocabulary_id: int = 0
    workflow: bool = False
    language: str = "vi-VN"
    page_path: str = ""
    allow_addresses: tuple[str, ...] = ()

    def problems(self) -> Iterator[ConfigError]:
        """What no single value tells; `key` is relative to the table."""
        yield from login_problems(self.auth, url=self.url)
        if self.content == "structured" and self.structure_id <= 0:
            yield ConfigError(
                "is missing",
                key="structure_id",
                hint='content = "structured" needs the number of the structure (Web Content, Structures)',
            )

    @property
    def collection(self) -> str:
        """Where posts are made and found, below the interface."""
        return f"/sites/{self.site_id}/{self.items.strip('/')}"

    @property
    def items(self) -> str:
        return "/structured-contents" if self.content == "structured" else "/blog-postings"


def members_of(post: PostToPush, settings: LiferaySettings) -> dict[str, object]:
    """Title, text, summary and picture, as the interface names them."""
    html = _TOKEN.sub("&#64;", inert(post.html))
    if settings.content == "blog":
        members: dict[str, object] = {"headline": post.title, "articleBody": html, "description": post.summary}
        if post.image is not None:
            members["image"] = {"imageId": int(post.image.id), "caption": post.image.caption}
        return members
    fields: list[dict[str, object]] = [{"name": settings.body_field, "contentFieldValue": {"data": html}}]
    if post.image is not None and settings.image_field:
        image = {"id": int(post.image.id), "description": post.image.alt or post.title}
        fields.append({"name": settings.image_field, "contentFieldValue": {"image": image}})
    return {"title": post.title, "description": post.summary, "contentFields": fields}


def html_of(item: Mapping[str, Any], settings: LiferaySettings) -> str:
    if settings.content == "blog":
        return text(item, "articleBody")
    fields = objects(item, "contentFields")
    return next(
        (text(field, "contentFieldValue", "data") for field in fields if field.get("name") == settings.body_field), ""
    )


def is_item(item: Any) -> bool:
    """Whether this is one of the portal's posts, be it of another structure."""
    return isinstance(item, dict) and isinstance(item.get("id"), int) and ("title" in item or "headline" in item)


def belongs(item: Mapping[str, Any], settings: LiferaySettings) -> bool:
    """Whether a listed item is a post: other structures hold banners, contacts and the like."""
    return settings.content == "blog" or item.get("contentStructureId") == settings.structure_id


def state_of_status(code: object) -> PortalState:
    return _STATES.get(code, PortalState.PENDING) if isinstance(code, int) else PortalState.PENDING


def status_of(item: Mapping[str, Any]) -> int | None:
    """The status of the version an item of headless-admin-content is."""
    code = member(item, "version", "status", "code")
    return code if isinstance(code, int) else None


def is_first_version(item: Mapping[str, Any]) -> bool:
    return bool(member(item, "version", "number") == 1.0)


def key_of(item: Mapping[str, Any]) -> SourceKey | None:
    """Our key, which is the external reference code; what people type has a UUID there."""
    code = text(item, "externalReferenceCode")
    return SourceKey(code) if is_key(code) else None


def seen_post(item: Mapping[str, Any], state: PortalState, settings: LiferaySettings) -> PortalPost:
    html, base = html_of(item, settings), settings.url.rstrip("/")
    page = settings.page_path or ("/w/" if settings.content == "structured" else "/b/")
    categories = objects(item, "taxonomyCategoryBriefs")
    return PortalPost(
        id=str(item["id"]),
        key=key_of(item),
        url=f"{base}{page}{text(item, 'friendlyUrlPath') or item['id']}",
        title=text(item, "title") or text(item, "headline"),
        state=state,
        published_at=instant(item.get("datePublished")),
        version=text(item, "dateModified"),
        author=text(item, "creator", "profileURL").rpartition("/")[2],
        author_name=text(item, "creator", "name"),
        categories=tuple(text(brief, "taxonomyCategoryName") for brief in categories),
        content_sha256=text_sha256(html),
        links=outgoing_links(html, own_url=base),
        credit=credited(html),
    )


def zulu(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value)).astimezone(UTC) if value else None
    except (ValueError, OverflowError):
        return None
