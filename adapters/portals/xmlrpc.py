"""A portal over XML-RPC: WordPress's own methods (`dialect = "wp"`), or MetaWeblog as other systems speak it (`dialect = "metaweblog"`).

WordPress 3.4 or later; tried against 6.1.9 in both dialects, see docs/portals/xmlrpc.md and tests/portals. For a WordPress whose REST
interface is switched off; where REST is open, `kind = "wordpress"` is the better way. Manuals: developer.wordpress.org/apis/xml-rpc
(wp.newPost, wp.editPost, wp.getPost, wp.getPosts, wp.uploadFile), xmlrpc.com/metaWeblogApi.

The key stands in the text, as for REST. wp: looked up by search in every state, class B. metaweblog: only the latest posts can be asked
for, so what is older, or in a trash, is not found again: class C.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol
from urllib.parse import urlsplit

from adapters.http.client import PoliteClient
from adapters.portals.content import inert, with_marker
from adapters.portals.xmlrpc_api import XmlRpcApi
from adapters.portals.xmlrpc_metaweblog import MetaWeblogCalls
from adapters.portals.xmlrpc_wordpress import WordPressCalls
from syncd.domain.model import SourceKey
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
from syncd.ports.secret import Secret

_SHOWN = (PortalState.PUBLIC, PortalState.SCHEDULED, PortalState.PRIVATE)
# answers that speak of the file, or of what the server can do with it; any other outcome is the whole post's
_FILE_REFUSED = ("too_large", "http_status", "forbidden")


@dataclass(frozen=True, slots=True, kw_only=True)
class XmlRpcSettings:
    """`url` is the end point itself, mostly https://…/xmlrpc.php. `password`: on WordPress an application password of `username`.

    `full_roles` (wp): roles that may edit and read every post there; no method tells, and with another role posts would be left out
    in silence. `recent_posts` (metaweblog): how many of the latest are asked for. `plain_titles` (metaweblog): the portal takes titles as text, not as HTML.
    """

    url: str
    username: str
    password: Secret
    dialect: Literal["wp", "metaweblog"] = "wp"
    blog_id: str = "0"
    full_roles: tuple[str, ...] = ("administrator", "editor")
    recent_posts: int = 500
    plain_titles: bool = False
    allow_addresses: tuple[str, ...] = ()


class Dialect(Protocol):
    """The calls in which two kinds of portals differ. May be shared by threads."""

    delivery_class: DeliveryClass
    sees_unpublished: bool
    trash: Trash
    at_once: int

    def knows_us(self, api: XmlRpcApi) -> bool: ...
    def who(self, api: XmlRpcApi) -> str: ...
    def candidates(self, api: XmlRpcApi, key: SourceKey) -> Iterable[PortalPost]:
        """The posts among which the key's must be; the one made first comes first."""
        ...

    def insert(self, api: XmlRpcApi, post: PostToPush, html: str) -> str: ...
    def edit(self, api: XmlRpcApi, portal_id: str, post: PostToPush, html: str) -> None: ...
    def hide(self, api: XmlRpcApi, portal_id: str) -> None: ...
    def get(self, api: XmlRpcApi, portal_id: str) -> PortalPost | None: ...
    def dated(self, api: XmlRpcApi, start: datetime, end: datetime) -> Iterable[PortalPost]: ...
    def put(self, api: XmlRpcApi, file: FileToPush) -> PlacedFile: ...


class XmlRpcPortal:
    """Publish posts over XML-RPC. One writer; `list` may run beside it."""

    Settings = XmlRpcSettings

    def __init__(
        self, settings: XmlRpcSettings, *, name: str, http: PoliteClient, clock: Clock, settle: timedelta
    ) -> None:
        self.name = name
        self._settings = settings
        self._http = http
        self._dialect: Dialect
        if settings.dialect == "wp":
            self._dialect = WordPressCalls(settings.blog_id, full_roles=settings.full_roles, clock=clock)
        else:
            self._dialect = MetaWeblogCalls(
                settings.blog_id, recent=settings.recent_posts, plain_titles=settings.plain_titles, clock=clock
            )
        self.capabilities = Capabilities(
            delivery_class=self._dialect.delivery_class,
            settle=settle,
            sees_unpublished=self._dialect.sees_unpublished,
            trash=self._dialect.trash,
            at_once=self._dialect.at_once,
        )

    # --- the port -----------------------------------------------------------------------------------

    def verify(self) -> str:
        with self._api() as api:
            return self._dialect.who(api)

    def find(self, key: SourceKey) -> PortalPost | None:
        """As the port says; in the dialect metaweblog None tells only that the latest posts lack it."""
        with self._api(key) as api:
            return next((post for post in self._dialect.candidates(api, key) if post.key == key), None)

    def create(self, post: PostToPush, key: SourceKey) -> PortalPost:
        with self._api(key) as api:
            made = self._dialect.insert(api, post, with_marker(inert(post.html), key))
            standing = self._made(api, made)
            if standing.key != key:
                raise api.fail(
                    f"removed our key from the text of post {made}, so it could never be found again",
                    kind="marker_lost",
                    permanent=True,
                    hint="something there strips HTML comments: it must be switched off before more is sent",
                )
            return standing

    def update(self, portal_id: str, post: PostToPush, key: SourceKey) -> PortalPost:
        """As the port says. Categories, author and date stay as an editor may have set them."""
        with self._api(key) as api:
            self._dialect.edit(api, portal_id, post, with_marker(inert(post.html), key))
            return self._made(api, portal_id)

    def withdraw(self, portal_id: str, key: SourceKey) -> PortalPost:
        with self._api(key) as api:
            standing = self._dialect.get(api, portal_id)
            if standing is None:
                raise api.fail(f"has no post {portal_id} any more", kind="gone", permanent=True)
            if standing.state not in _SHOWN:
                return standing
            self._dialect.hide(api, portal_id)
            return self._made(api, portal_id)

    def put_file(self, file: FileToPush) -> PlacedFile:
        with self._api() as api:
            try:
                return self._dialect.put(api, file)
            except PortalError as err:
                if err.kind not in _FILE_REFUSED:
                    raise
                raise api.fail(
                    f"does not take file {file.filename}: {err.message}",
                    kind="file_refused",
                    permanent=True,
                    hint=err.hint,
                ) from err

    def read(self, portal_id: str) -> PortalPost | None:
        with self._api() as api:
            return self._dialect.get(api, portal_id)

    def list(self, start: datetime, end: datetime) -> Iterator[PortalPost]:
        """As the port says; the whole month is read before its first post is given."""
        with self._api() as api:
            posts = [
                post
                for post in self._dialect.dated(api, start, end)
                if post.published_at is not None and start <= post.published_at < end
            ]
        yield from sorted(posts, key=lambda post: (post.published_at or start, post.id.zfill(20)))

    # --- calls ----------------------------------------------------------------------------------------

    @contextmanager
    def _api(self, key: SourceKey | None = None) -> Iterator[XmlRpcApi]:
        settings, parts = self._settings, urlsplit(self._settings.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        # no pause between two requests: this is the office's own portal, and one delivery takes several
        with self._http.visit(allow_ports=(port,), allow_addresses=settings.allow_addresses, spacing_s=0.0) as visit:
            yield XmlRpcApi(
                visit=visit,
                portal=self.name,
                key=key,
                url=settings.url,
                username=settings.username,
                password=settings.password,
                is_known=self._dialect.knows_us,
            )

    def _made(self, api: XmlRpcApi, portal_id: str) -> PortalPost:
        """The post as it stands after a write that was accepted: whatever fails now, it has taken effect."""
        try:
            standing = self._dialect.get(api, portal_id)
        except PortalError as err:
            raise api.fail(
                f"took post {portal_id} and did not show it: {err.message}",
                kind=err.kind,
                unknown=True,
                retry_after=err.retry_after,
                hint=err.hint,
            ) from err
        if standing is None:
            raise api.fail(f"took post {portal_id} and does not have it", unknown=True)
        return standing
