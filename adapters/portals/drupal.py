"""Drupal over its own JSON:API, as the core module jsonapi of 10 and 11 gives it.

No Drupal could be run here: written from the manual and from the module's behaviour as its source tells it, and tried against
`syncd.testing.local_drupal` alone; see docs/portals/drupal.md. Manual: www.drupal.org/docs/core-modules-and-themes/core-modules/jsonapi-module,
pages "Creating new resources (POST)" (client-generated UUID), "Updating", "Filtering", "Pagination" (at most 50), "Working with files".

A node may be made with a UUID of ours, which the database holds unique: a second one is 409, and two at once end as one node and one
5xx. That is class A. A wrong password reads as a visitor there (200, public posts only), so each reading asks the entry point who we are.
"""

import math
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http import HTTPStatus

from adapters.http.client import PoliteClient
from adapters.portals.content import inert, with_marker
from adapters.portals.drupal_calls import DrupalCalls, DrupalSettings
from adapters.portals.drupal_posts import included_of, rfc3339, uuid_of
from adapters.portals.json_api import JsonApi
from adapters.portals.json_parts import address, member
from syncd.domain.model import Approval, SourceKey
from syncd.ports.clock import Clock
from syncd.ports.portal import (
    Capabilities,
    DeliveryClass,
    FileToPush,
    PlacedFile,
    PortalPost,
    PortalState,
    PostToPush,
    Trash,
)

_PAGE_SIZE = 50  # Drupal gives no more, whatever is asked for


class DrupalPortal:
    """Publish posts through Drupal's JSON:API. One writer; `list` may run beside it."""

    Settings = DrupalSettings

    def __init__(
        self, settings: DrupalSettings, *, name: str, http: PoliteClient, clock: Clock, settle: timedelta
    ) -> None:
        """`clock` tells when a login runs out; every other instant here is the portal's."""
        self.name = name
        self.capabilities = Capabilities(
            delivery_class=DeliveryClass.A,
            settle=settle,
            files=bool(settings.image_field or settings.file_field),
            at_once=4,
            drafts=settings.workflow is not None,
            trash=Trash.NONE,
        )
        self._settings = settings
        self._uploading = threading.Lock()  # two posts with one picture would put it twice: Drupal has no key for files
        self._calls = DrupalCalls(settings, name=name, http=http, clock=clock)

    # --- the port -----------------------------------------------------------------------------------

    def verify(self) -> str:
        """Who we are there. That each right is there is not told by Drupal before it is used: docs/portals/drupal.md lists them.

        Raises:
            PortalError: also where the content type, or a field that the settings name, is not there.
        """
        self._calls.names.forget()
        with self._calls.visit() as api:
            me = self._calls.prove(api)
            self._calls.page(api, {"page[limit]": "1"})
            who = self._calls.names.user_name(api, me) or me
        how = "with moderation" if self._settings.workflow else "without moderation"
        return f"Drupal at {self._calls.base}, {self._settings.content_type} {how}, as {who!r}"

    def find(self, key: SourceKey) -> PortalPost | None:
        with self._calls.visit(key) as api:
            return self._calls.standing(api, uuid_of(key))

    def create(self, post: PostToPush, key: SourceKey) -> PortalPost:
        settings, uuid = self._settings, uuid_of(key)
        with self._calls.visit(key) as api:
            attributes, relationships = self._content(api, post, key)
            attributes["created"] = rfc3339(post.published_at)
            if settings.workflow is not None:
                attributes["moderation_state"] = settings.workflow.of(post.approval)
            else:
                attributes["status"] = post.approval is Approval.AUTO
            if settings.language:
                attributes["langcode"] = settings.language
            terms = [self._calls.names.term_id(api, name) for name in post.categories] if settings.tags_field else []
            if terms:
                kind = f"taxonomy_term--{settings.vocabulary}"
                relationships[settings.tags_field] = {"data": [{"type": kind, "id": term} for term in terms]}
            # without an account of that name the post stands under our own: the key tells whose it is
            if post.author and (author := self._calls.names.user_id(api, post.author)) is not None:
                relationships["uid"] = {"data": {"type": "user--user", "id": author}}
            answer = self._calls.write(api, "POST", uuid, attributes, relationships)
            if answer.status != HTTPStatus.CREATED:
                standing = self._calls.standing(api, uuid)
                if standing is None:
                    raise api.fail(f"holds {uuid} taken and does not show it", kind="conflict", unknown=True)
                return standing
            return self._calls.seen(api, answer, writes=True)

    def update(self, portal_id: str, post: PostToPush, key: SourceKey) -> PortalPost:
        """As the port says. Terms, author and date stay as an editor may have set them."""
        with self._calls.visit(key) as api:
            attributes, relationships = self._content(api, post, key)
            return self._calls.seen(
                api, self._calls.write(api, "PATCH", portal_id, attributes, relationships), writes=True
            )

    def withdraw(self, portal_id: str, key: SourceKey) -> PortalPost:
        workflow = self._settings.workflow
        with self._calls.visit(key) as api:
            standing = self._calls.standing(api, portal_id)
            if standing is None:
                raise api.fail(f"has no post {portal_id} any more", kind="gone", permanent=True)
            if standing.state is not PortalState.PUBLIC:
                return standing
            hidden: dict[str, object] = {"moderation_state": workflow.withdrawn} if workflow else {"status": False}
            left = self._calls.seen(api, self._calls.write(api, "PATCH", portal_id, hidden, {}), writes=True)
            if left.state is PortalState.PUBLIC:
                raise api.fail(
                    f"still shows {left.url} in the state {workflow.withdrawn if workflow else 'unpublished'!r}",
                    kind="not_withdrawn",
                    permanent=True,
                    hint="portal.workflow.withdrawn must be a state that is not published and is the default revision",
                )
            return left

    def put_file(self, file: FileToPush) -> PlacedFile:
        """As the port says. It is found by its name, which holds its hash: Drupal keeps the name even where it stores the file under another.

        Drupal deletes a file that no post uses after six hours; a post uses it by its picture, or by what `_content` adds to its text.
        """
        field = self._settings.image_field if file.is_image else self._settings.file_field
        with self._uploading, self._calls.visit() as api:
            found = self._calls.names.file(api, file.filename)
            if found is None:
                if not field:
                    raise api.fail(
                        f"has no field to take {file.filename} ({file.content_type})",
                        kind="file_refused",
                        permanent=True,
                        hint="name a field of the content type in portal.image_field or portal.file_field",
                    )
                found = self._calls.upload(api, file, field)
            url = address(self._calls.base, found.url)
            if url is None:
                raise api.fail(f"gives no address for file {file.filename}", unknown=True)
        return PlacedFile(sha256=file.sha256, id=found.id, url=url, alt=file.alt, caption=file.caption)

    def read(self, portal_id: str) -> PortalPost | None:
        with self._calls.visit() as api:
            return self._calls.standing(api, portal_id)

    def list(self, start: datetime, end: datetime) -> Iterator[PortalPost]:
        """As the port says; the whole list is read before the first post is given.

        Page after page is asked for by number of node, above the last one seen: what is deleted meanwhile shifts nothing, and the
        address that Drupal gives for the next page, which behind a proxy may be another host's, is never followed.
        """
        window = {
            **_filter("from", "created", ">=", math.ceil(start.timestamp())),
            **_filter("until", "created", "<", math.ceil(end.timestamp())),
        }
        posts: list[PortalPost] = []
        with self._calls.visit() as api:
            self._calls.prove(api)
            more, last = True, 0
            while more:
                beyond = _filter("beyond", "drupal_internal__nid", ">", last)
                payload = self._calls.page(api, {**window, **beyond, "page[limit]": str(_PAGE_SIZE)})
                included = included_of(payload)
                for item in payload["data"]:
                    number = item["attributes"].get("drupal_internal__nid")
                    if not isinstance(number, int) or number <= last:
                        raise api.fail("listed a post twice, or without its number", kind="incomplete")
                    last = number
                    posts.append(self._calls.post(item, included, None))
                more = member(payload, "links", "next") is not None
                if more and not payload["data"]:
                    raise api.fail("promised another page of posts and gave none", kind="incomplete")
        yield from sorted(posts, key=lambda post: post.published_at or start)

    def _content(self, api: JsonApi, post: PostToPush, key: SourceKey) -> tuple[dict[str, object], dict[str, object]]:
        settings = self._settings
        # the marker is for the census alone, and may go: the UUID is the key
        text = with_marker(self._calls.names.with_file_marks(api, inert(settings.kept(post.html))), key)
        body = {"value": text, "format": settings.text_format, "summary": post.summary}
        attributes: dict[str, object] = {"title": post.title, settings.body_field: body}
        relationships: dict[str, object] = {}
        if post.image is not None and settings.image_field:
            meta = {"alt": post.image.alt or post.title}
            relationships[settings.image_field] = {"data": {"type": "file--file", "id": post.image.id, "meta": meta}}
        return attributes, relationships


def _filter(name: str, path: str, operator: str, value: int) -> dict[str, str]:
    start = f"filter[{name}][condition]"
    return {f"{start}[path]": path, f"{start}[operator]": operator, f"{start}[value]": str(value)}
