"""WordPress over its own REST API, /wp-json/wp/v2, stock; better with our plugin, which is not needed.

WordPress 5.6 or later (application passwords). Tried against 6.1.9, see docs/portals/wordpress.md and tests/portals.
Manual: developer.wordpress.org/rest-api/reference/ (posts, media, users, categories, post-statuses).

WordPress enforces no key of ours, and its slug is none: a post that waits for approval has an empty one. So the key stands in the
text, as a comment at its end, and is looked up by search and confirmed in the raw text: class B, one writer at a time.
The plugin (packaging/wordpress/syncd-external-id.php) makes it class A: found at `verify`, it keeps the key beside the post, and refuses a second.
A search plugin that replaces WordPress's own search must cover unpublished posts and comments in the text, or this class is lost.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html import escape, unescape
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from adapters.http.client import PoliteClient
from adapters.portals.content import credited, find_marker, inert, is_key, outgoing_links, with_marker, without_control
from adapters.portals.json_api import Answer, JsonApi
from adapters.portals.wordpress_names import WordPressNames, every_item
from syncd.domain.identity import text_sha256
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
)
from syncd.ports.secret import Secret

_STATUS = {Approval.AUTO: "publish", Approval.PENDING: "pending", Approval.DRAFT: "draft"}
_NEEDED = ("edit_posts", "edit_others_posts", "edit_published_posts", "upload_files")
_SHOWN = {"publish", "future", "private"}
# answers that speak of the file, or of what the server can do with it; any other outcome is the whole post's
_FILE_REFUSED = {"too_large", "http_status", "forbidden", "conflict"}
_ID = "syncd_external_id"  # our plugin's name for the key
_FIELDS = f"id,date_gmt,modified_gmt,status,link,title.raw,content.raw,author,categories,password,{_ID}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WordPressSettings:
    """`url` is the site's address without /wp-json; `password` an application password of `username`."""

    url: str
    username: str
    password: Secret
    allow_addresses: tuple[str, ...] = ()


class WordPressPortal:
    """Publish posts through the WordPress REST API. One writer; `list` may run beside it."""

    Settings = WordPressSettings

    def __init__(
        self, settings: WordPressSettings, *, name: str, http: PoliteClient, clock: Clock, settle: timedelta
    ) -> None:
        """`clock` is not used: every instant here is the portal's."""
        self.name = name
        self.capabilities = Capabilities(delivery_class=DeliveryClass.B, settle=settle, at_once=4)
        self._settings = settings
        self._http = http
        self._base = settings.url.rstrip("/")
        self._root = f"{self._base}/wp-json/wp/v2"
        self._names = WordPressNames(self._root)
        self._keeps_ids = False  # our plugin is at work there

    # --- the port -----------------------------------------------------------------------------------

    def verify(self) -> str:
        """Who we are there, with which rights, and the site's name and zone.

        From here on `capabilities` tell whether our plugin is at work there.

        Raises:
            PortalError: also where a right is missing that looking up and taking the census need.
        """
        self._names.forget()
        with self._api() as api:
            site = api.get(f"{self._base}/wp-json/").payload
            me = api.get(f"{self._root}/users/me", query={"context": "edit"}).payload
            if not isinstance(site, dict) or not isinstance(me, dict) or not isinstance(me.get("capabilities"), dict):
                raise api.fail("does not say who we are there")
            rights = me["capabilities"]
            missing = [right for right in _NEEDED if rights.get(right) is not True]
            if missing:
                raise api.fail(
                    f"lets {self._settings.username!r} do too little: {', '.join(missing)} missing",
                    kind="forbidden",
                    hint="give the account the role Editor, or one with these rights",
                )
            self._names.states(api)
            self._trust_ids(_announced(api, site, self._base))
        zone = site.get("timezone_string") or f"UTC{site.get('gmt_offset', '?')}"
        may = (
            "may publish"
            if rights.get("publish_posts") is True
            else "may not publish: approval must be pending or draft"
        )
        plugin = ", keeps our keys" if self._keeps_ids else ""
        return (
            f"WordPress {unescape(str(site.get('name', '')))!r}, zone {zone}, as {me.get('name', '')!r}, {may}{plugin}"
        )

    def _trust_ids(self, kept: bool) -> None:
        self._keeps_ids = kept
        delivery_class = DeliveryClass.A if kept else DeliveryClass.B
        self.capabilities = replace(self.capabilities, delivery_class=delivery_class)

    def find(self, key: SourceKey) -> PortalPost | None:
        """As the port says. Of several copies, the one made first; the census shows them all."""
        with self._api(key) as api:
            narrowed = {_ID: str(key)} if self._keeps_ids else {"search": str(key)}
            for item in every_item(api, f"{self._root}/posts", {**self._everything(api), **narrowed}):
                if _ID in narrowed and _ID not in item:
                    break  # the plugin is gone, and this is every post there is
                # search answers with near misses too
                if _key(item) == key:
                    return self._seen(api, item)
            else:
                return None
        self._trust_ids(False)
        return self.find(key)

    def create(self, post: PostToPush, key: SourceKey) -> PortalPost:
        with self._writing(key) as api:
            members = self._content(api, post, key)
            members["status"] = _STATUS[post.approval]
            members["date_gmt"] = _naive(post.published_at)
            members["categories"] = [self._names.category_id(api, name) for name in post.categories]
            # without an account of that name the post stands under our own: the key tells whose it is
            if post.author and (author_id := self._names.author_id(api, post.author)) is not None:
                members["author"] = author_id
            if self._keeps_ids:
                members[_ID] = str(key)
            answer = api.post(f"{self._root}/posts", members=members, expect=(HTTPStatus.CONFLICT,))
            if answer.status == HTTPStatus.CONFLICT:
                return self._seen(api, self._existing(api, answer, "posts", key))
            made = _post(api, answer.payload, writes=True)
            self._trust_ids(self._keeps_ids and made.get(_ID) == key)
            if find_marker(_raw(made, "content")) != key:
                raise api.fail(
                    f"removed our key from the text of post {made['id']}, so it could never be found again",
                    kind="marker_lost",
                    permanent=True,
                    hint="a plugin there strips HTML comments: it must be switched off before more is sent",
                )
            return self._seen(api, made)

    def _existing(self, api: JsonApi, answer: Answer, collection: str, key: str) -> dict[str, Any]:
        """What the plugin says stands there under the id that was to be made.

        Raises:
            PortalError: the conflict is another one, or what stands there does not bear the id.
        """
        data = answer.payload.get("data") if answer.code == "syncd_exists" else None
        number = data.get("existing_id") if isinstance(data, dict) else None
        if not isinstance(number, int):
            raise api.fail(f"answered {answer.status} {answer.code}".rstrip(), kind="conflict")
        found = api.get(f"{self._root}/{collection}/{number}", query={"context": "edit"}).payload
        if not isinstance(found, dict) or key not in (found.get(_ID), _key(found)):
            raise api.fail(f"holds {key} to be {number}, which does not bear it", kind="conflict")
        return found

    def update(self, portal_id: str, post: PostToPush, key: SourceKey) -> PortalPost:
        """As the port says. Categories, author and date stay as an editor may have set them."""
        with self._writing(key) as api:
            members = self._content(api, post, key)
            answer = api.post(f"{self._root}/posts/{_number(portal_id)}", members=members)
            return self._seen(api, _post(api, answer.payload, writes=True))

    def withdraw(self, portal_id: str, key: SourceKey) -> PortalPost:
        url = f"{self._root}/posts/{_number(portal_id)}"
        with self._writing(key) as api:
            standing = _post(api, api.get(url, query={"context": "edit", "_fields": _FIELDS}).payload)
            if standing["status"] in _SHOWN:
                standing = _post(api, api.post(url, members={"status": "draft"}).payload, writes=True)
            return self._seen(api, standing)

    def put_file(self, file: FileToPush) -> PlacedFile:
        """As the port says. Its name there holds its hash, and is what it is found by."""
        slug = file.filename.rsplit(".", 1)[0]
        query = {"slug": slug, "context": "edit", "_fields": "id,source_url,alt_text,caption.raw"}
        with self._writing(None) as api:
            found = list(every_item(api, f"{self._root}/media", query))
            media = found[0] if found else self._upload(api, file)
            wanted = {"alt_text": file.alt, "caption": escape(file.caption, quote=False)}
            if media.get("alt_text", "") != wanted["alt_text"] or _raw(media, "caption") != wanted["caption"]:
                api.post(f"{self._root}/media/{media['id']}", members=wanted)
        url = str(media.get("source_url", ""))
        return PlacedFile(sha256=file.sha256, id=str(media["id"]), url=url, alt=file.alt, caption=file.caption)

    def _upload(self, api: JsonApi, file: FileToPush) -> dict[str, Any]:
        headers = {
            "content-type": file.content_type,
            "content-disposition": f'attachment; filename="{file.filename}"',
        }
        try:
            slug = file.filename.rsplit(".", 1)[0]
            url = f"{self._root}/media" + (f"?{_ID}={slug}" if self._keeps_ids else "")
            answer = api.post(url, body=file.data, headers=headers, expect=(HTTPStatus.CONFLICT,))
            if answer.status == HTTPStatus.CONFLICT:
                return self._existing(api, answer, "media", slug)
            media = answer.payload
        except PortalError as err:
            if err.kind not in _FILE_REFUSED:
                raise
            # servers take 1 or 2 MB as they come, and fail on large pictures
            raise api.fail(
                f"does not take file {file.filename}: {err.message}", kind="file_refused", permanent=True, hint=err.hint
            ) from err
        if not isinstance(media, dict) or not isinstance(media.get("id"), int):
            raise api.fail("answered an upload without the file's id", unknown=True)
        return media

    def read(self, portal_id: str) -> PortalPost | None:
        with self._api() as api:
            url = f"{self._root}/posts/{_number(portal_id)}"
            answer = api.get(url, query={"context": "edit", "_fields": _FIELDS}, expect=(HTTPStatus.NOT_FOUND,))
            if answer.status == HTTPStatus.NOT_FOUND:
                if answer.code == "rest_post_invalid_id":
                    return None
                raise api.fail(f"knows no address {url}: {answer.code}", kind="not_found")
            return self._seen(api, _post(api, answer.payload))

    def list(self, start: datetime, end: datetime) -> Iterator[PortalPost]:
        """As the port says; the whole list is read, and proved whole, before the first post is given.

        WordPress keeps dates in whole seconds and excludes both bounds.
        """
        bounds = {"after": _bound(start - timedelta(seconds=1)), "before": _bound(end)}
        with self._api() as api:
            items = every_item(api, f"{self._root}/posts", {**self._everything(api), **bounds})
            posts = [self._seen(api, item) for item in items]
        yield from sorted(posts, key=lambda post: (post.published_at or start, int(post.id)))

    # --- calls ----------------------------------------------------------------------------------------

    @contextmanager
    def _api(self, key: SourceKey | None = None) -> Iterator[JsonApi]:
        parts = urlsplit(self._base)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        # no pause between two requests: this is the office's own portal, and one delivery takes several
        with self._http.visit(
            allow_ports=(port,), allow_addresses=self._settings.allow_addresses, spacing_s=0.0
        ) as visit:
            auth = (self._settings.username, self._settings.password)
            yield JsonApi(visit=visit, portal=self.name, auth=auth, key=key)

    def _everything(self, api: JsonApi) -> dict[str, str]:
        """What makes a list hold every post: each state by name, since `any` leaves the trash out. `context` makes an anonymous call fail."""
        return {"status": ",".join(self._names.states(api)), "context": "edit", "_fields": _FIELDS}

    def _content(self, api: JsonApi, post: PostToPush, key: SourceKey) -> dict[str, object]:
        members: dict[str, object] = {
            # titles and excerpts are HTML there
            # one control character, and no reader reads the site's feed any more
            "title": escape(without_control(post.title), quote=False),
            "content": with_marker(inert(without_control(post.html)), key),
            "excerpt": escape(without_control(post.summary), quote=False),
        }
        if post.image is not None:
            members["featured_media"] = int(post.image.id)
        return members

    @contextmanager
    def _writing(self, key: SourceKey | None) -> Iterator[JsonApi]:
        """As `_api`, telling a server that passes our password on for GET only from a password that is wrong."""
        with self._api(key) as api:
            try:
                yield api
            except PortalError as err:
                if err.kind != "unauthorized":
                    raise
                api.get(f"{self._root}/users/me", query={"context": "edit"})  # raises where reading fails as well
                raise api.fail(
                    "accepts our password for reading and not for writing",
                    kind="unauthorized",
                    hint="the web server there drops the Authorization header of POST requests; for Apache with CGI:"
                    ' SetEnvIf Authorization "(.*)" HTTP_AUTHORIZATION=$1',
                ) from err

    def _seen(self, api: JsonApi, item: dict[str, Any]) -> PortalPost:
        html = _raw(item, "content")
        state = self._names.states(api).get(str(item.get("status")), PortalState.PENDING)
        if item.get("password") and state is PortalState.PUBLIC:
            state = PortalState.PRIVATE  # it opens by password only
        author = self._names.author(api, item["author"]) if item.get("author") else None
        categories = item.get("categories") or []
        return PortalPost(
            id=str(item["id"]),
            key=_key(item),
            url=str(item.get("link", "")),
            title=unescape(_raw(item, "title")),
            state=state,
            published_at=_instant(item.get("date_gmt")),
            version=str(item.get("modified_gmt", "")),
            author=author.slug if author else "",
            author_name=author.name if author else "",
            categories=tuple(self._names.category_name(api, category) for category in categories),
            content_sha256=text_sha256(html),
            links=outgoing_links(html, own_url=self._base),
            credit=credited(html),
        )


def _post(api: JsonApi, payload: Any, *, writes: bool = False) -> dict[str, Any]:
    if isinstance(payload, dict) and isinstance(payload.get("id"), int) and "status" in payload:
        return payload
    raise api.fail("answered without the post's id and status", unknown=writes)


def _announced(api: JsonApi, site: dict[str, Any], base: str) -> bool:
    """Whether our plugin is there and the site's database has the locks that it needs."""
    if "syncd/v1" not in (site.get("namespaces") or ()):
        return False
    told = api.get(f"{base}/wp-json/syncd/v1/external-id").payload
    return isinstance(told, dict) and told.get("version") == 1 and told.get("atomic") is True


def _key(item: dict[str, Any]) -> SourceKey | None:
    """The key kept beside the post, else the one in its text."""
    kept = str(item.get(_ID) or "")
    return SourceKey(kept) if is_key(kept) else find_marker(_raw(item, "content"))


def _number(portal_id: str) -> int:
    """The id in an address; 0, which no post has, for what is no id of WordPress."""
    return int(portal_id) if portal_id.isascii() and portal_id.isdigit() else 0


def _raw(item: dict[str, Any], name: str) -> str:
    value = item.get(name)
    return str(value.get("raw", "")) if isinstance(value, dict) else ""


def _naive(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _bound(instant: datetime) -> str:
    """The next whole second: the dates there have no fractions, so this cuts between the same two posts."""
    return _naive(instant + timedelta(microseconds=999_999)) + "Z"


def _instant(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value)).replace(tzinfo=UTC) if value else None
    except ValueError:
        return None
