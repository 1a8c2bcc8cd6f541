"""Liferay over its headless interfaces: web content or blog entries of one site of Liferay Portal or DXP 7.4 and later.

No Liferay could be run here: written from the manual and from what the interfaces' source says, and tried against
`syncd.testing.local_liferay` alone; see docs/portals/liferay.md. Manual: learn.liferay.com, "Web Content API Basics", "Blog API Basics",
"Using External Reference Codes", "Document API Basics"; the interfaces themselves at /o/api of each portal.

Our key is the external reference code, which is unique in the site: class A. Posts are made by POST, which refuses a code that is taken;
PUT would write over what stands there. A post is found by its code in the database; lists come from the search index, which follows a
moment later. Dates are kept to the minute. Nothing in these interfaces takes a post from the public: guests lose the right to view it.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from adapters.http.client import PoliteClient
from adapters.portals.json_api import JsonApi
from adapters.portals.json_parts import address
from adapters.portals.liferay_calls import Item, LiferayCalls
from adapters.portals.liferay_contents import LiferaySettings, instant, members_of, seen_post, zulu
from syncd.domain.model import Approval, SourceKey
from syncd.errors import PortalError
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


class LiferayPortal:
    """Publish posts to a site of Liferay. One writer; `list` may run beside it."""

    Settings = LiferaySettings

    def __init__(
        self, settings: LiferaySettings, *, name: str, http: PoliteClient, clock: Clock, settle: timedelta
    ) -> None:
        """`clock` tells when a login runs out; every other instant here is the portal's."""
        self.name = name
        structured = settings.content == "structured"
        self.capabilities = Capabilities(
            delivery_class=DeliveryClass.A,
            settle=settle,
            sees_unpublished=structured,
            at_once=4,
            drafts=False,
            trash=Trash.FOUND if structured else Trash.NONE,
        )
        self._settings = settings
        self._calls = LiferayCalls(settings, name=name, http=http, clock=clock)

    # --- the port -----------------------------------------------------------------------------------

    def verify(self) -> str:
        """Who we are there, and that the structure has the fields that the settings name.

        Raises:
            PortalError: also where the interface for content in every state is not open to the account.
        """
        settings = self._settings
        self._calls.forget()
        with self._calls.visit() as api:
            who = self._calls.prove(api)
            if settings.content == "structured":
                fields = self._calls.structure_fields(api)
                missing = [name for name in (settings.body_field, settings.image_field) if name and name not in fields]
                if missing:
                    raise api.fail(
                        f"has no field {', '.join(missing)} in structure {settings.structure_id}",
                        kind="not_found",
                        hint=f"portal.body_field and portal.image_field name fields of the structure: {', '.join(fields)}",
                    )
            future = zulu(datetime.max.replace(year=2199))
            self._calls.dated(api, f"datePublished gt {future}")
        held = "with workflow" if settings.workflow else "without workflow"
        return f"Liferay at {self._calls.base}, site {settings.site_id}, {settings.content} {held}, as {who!r}"

    def find(self, key: SourceKey) -> PortalPost | None:
        with self._calls.visit(key) as api:
            item = self._calls.by_key(api, key)
            return self._seen(api, item) if item is not None else None

    def create(self, post: PostToPush, key: SourceKey) -> PortalPost:
        """As the port says. Where the site has no workflow, a post that shall wait is made for its owner's eyes alone."""
        settings = self._settings
        with self._calls.visit(key) as api:
            members = members_of(post, settings)
            members["externalReferenceCode"] = key
            members["datePublished"] = zulu(post.published_at)
            waits = post.approval is not Approval.AUTO and not settings.workflow
            members["viewableBy"] = "Owner" if waits else "Anyone"
            if settings.content == "structured":
                members["contentStructureId"] = settings.structure_id
            if settings.vocabulary_id:
                members["taxonomyCategoryIds"] = [self._calls.category_id(api, name) for name in post.categories]
            item = self._calls.made(api, key, members)
            return self._after_write(api, item)

    def update(self, portal_id: str, post: PostToPush, key: SourceKey) -> PortalPost:
        """As the port says. Categories and date stay as an editor may have set them."""
        with self._calls.visit(key) as api:
            standing = self._standing(api, portal_id)
            was = self._calls.state(api, standing)
            members = members_of(post, self._settings)
            if (dated := instant(standing.get("datePublished"))) is not None:
                members["datePublished"] = zulu(dated)  # a blog entry without a date would be dated now
            answer = api.send("PATCH", f"{self._calls.items}/{portal_id}", members=members)
            changed = self._after_write(api, self._calls.checked(api, answer.payload, writes=True))
            if changed.state is PortalState.PUBLIC and was is not PortalState.PUBLIC and not self._settings.workflow:
                # a change may have given guests their right back
                self._calls.hide(api, standing)
                changed = self._after_write(api, self._calls.checked(api, answer.payload))
            return changed

    def withdraw(self, portal_id: str, key: SourceKey) -> PortalPost:
        with self._calls.visit(key) as api:
            standing = self._standing(api, portal_id)
            if self._calls.state(api, standing) is PortalState.PUBLIC:
                self._calls.hide(api, standing)
            left = self._after_write(api, standing)
            if left.state is PortalState.PUBLIC:
                raise api.fail(f"still shows {left.url} to guests", kind="not_withdrawn", permanent=True)
            return left

    def put_file(self, file: FileToPush) -> PlacedFile:
        with self._calls.visit() as api:
            document = self._calls.file(api, file)
            # the query holds a version and a time; without it the address leads to the file for good
            url = address(self._calls.base, str(document["contentUrl"]).partition("?")[0])
            if url is None:
                raise api.fail(f"gives no address for file {file.filename}", unknown=True)
        return PlacedFile(sha256=file.sha256, id=str(document["id"]), url=url, alt=file.alt, caption=file.caption)

    def read(self, portal_id: str) -> PortalPost | None:
        with self._calls.visit() as api:
            item = self._calls.by_id(api, portal_id)
            return self._seen(api, item) if item is not None else None

    def list(self, start: datetime, end: datetime) -> Iterator[PortalPost]:
        """As the port says; the whole list is read, and proved whole, before the first post is given. Trashed ones are not in it."""
        window = f"datePublished ge {zulu(_second(start))} and datePublished lt {zulu(_second(end))}"
        with self._calls.visit() as api:
            self._calls.prove(api)
            posts = [
                seen_post(item, self._calls.listed_state(api, item), self._settings)
                for item in self._calls.dated(api, window)
            ]
        yield from sorted(posts, key=lambda post: (post.published_at or start, int(post.id)))

    # --- posts ----------------------------------------------------------------------------------------

    def _standing(self, api: JsonApi, portal_id: str) -> Item:
        item = self._calls.by_id(api, portal_id)
        if item is None:
            raise api.fail(f"has no post {portal_id} any more", kind="gone", permanent=True)
        return item

    def _seen(self, api: JsonApi, item: Item) -> PortalPost:
        return seen_post(item, self._calls.state(api, item), self._settings)

    def _after_write(self, api: JsonApi, item: Item) -> PortalPost:
        """The post as it stands after a write: where its state cannot be told, the write may have been done all the same."""
        try:
            return self._seen(api, item)
        except PortalError as err:
            raise api.fail(
                f"was written to, and does not tell the state of the post: {err.message}",
                kind=err.kind,
                unknown=True,
                hint=err.hint,
            ) from err


def _second(moment: datetime) -> datetime:
    """The next whole second: dates there have no fractions, so this cuts between the same two posts."""
    return moment if moment.microsecond == 0 else moment.replace(microsecond=0) + timedelta(seconds=1)
