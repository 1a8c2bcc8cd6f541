"""The calls of Liferay's headless interfaces, and what their answers prove: who we are, whether a list is whole, what the public sees.

Manual: learn.liferay.com, "Consuming REST Services", "API Query Parameters", "Making Unauthenticated Requests", "Document API Basics".
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from adapters.http.client import PoliteClient
from adapters.portals.json_api import JsonApi
from adapters.portals.json_parts import member, objects, text
from adapters.portals.liferay_contents import (
    ADMIN,
    APPROVED,
    DELIVERY,
    LiferaySettings,
    belongs,
    instant,
    is_first_version,
    is_item,
    key_of,
    state_of_status,
    status_of,
    zulu,
)
from adapters.portals.logins.requests import FilePart, Request
from adapters.portals.signed_api import SignedPortal
from adapters.portals.wordpress_names import folded
from syncd.domain.model import SourceKey
from syncd.errors import PortalError
from syncd.ports.clock import Clock
from syncd.ports.portal import FileToPush, PortalState

_PAGE_SIZE = 100
_TAKEN = (HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT)
_HIDDEN: list[dict[str, object]] = [{"roleName": role, "actionIds": []} for role in ("Guest", "Site Member")]
_FILE_REFUSED = {"too_large", "http_status", "forbidden", "conflict"}

Item = dict[str, Any]


class LiferayCalls:
    """The calls of one site, each made with an `api` that `visit` gives. May be shared by threads."""

    def __init__(self, settings: LiferaySettings, *, name: str, http: PoliteClient, clock: Clock) -> None:
        self._settings = settings
        self._portal = SignedPortal(
            settings.auth,
            url=settings.url,
            name=name,
            http=http,
            clock=clock,
            allow_addresses=settings.allow_addresses,
            headers={"accept-language": settings.language},
        )
        self.base = settings.url.rstrip("/")
        self.delivery = f"{self.base}{DELIVERY}"
        self.posts = f"{self.delivery}{settings.collection}"
        self.items = f"{self.delivery}{settings.items}"
        self._categories: dict[str, int] | None = None

    def forget(self) -> None:
        """Read the categories again when they are next asked for."""
        self._categories = None

    @contextmanager
    def visit(self, key: SourceKey | None = None) -> Iterator[JsonApi]:
        """Calls as the account. Liferay answers 403 to a wrong password as to a missing right: where it does, who we are is asked."""
        with self._portal.visit(key) as api:
            try:
                yield api
            except PortalError as err:
                if err.kind == "forbidden":
                    self.prove(api)
                raise

    def prove(self, api: JsonApi) -> str:
        """Our own name there.

        Raises:
            PortalError: kind `unauthorized` where Liferay takes us for a guest.
        """
        refusals = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
        answer = api.get(f"{self.base}/o/headless-admin-user/v1.0/my-user-account", expect=refusals)
        payload = answer.payload
        if answer.status in refusals or not text(payload, "id"):
            raise api.fail(
                f"takes us for a guest ({answer.status})",
                kind="unauthorized",
                hint="name, password or token is wrong, basic authentication is switched off there, or the OAuth 2 application lacks"
                " the scope Liferay.Headless.Admin.User.everything.read",
            )
        return text(payload, "name") or text(payload, "alternateName") or text(payload, "id")

    def structure_fields(self, api: JsonApi) -> list[str]:
        """The names of the structure's fields."""
        payload = api.get(f"{self.delivery}/content-structures/{self._settings.structure_id}").payload
        fields = objects(payload, "contentStructureFields")
        if not fields:
            raise api.fail("does not tell the fields of the structure")
        return [text(field, "name") for field in fields]

    # --- one post -------------------------------------------------------------------------------------

    def by_key(self, api: JsonApi, key: SourceKey) -> Item | None:
        """The item with that external reference code, out of the database and in any state; None is proved."""
        return self._item(api, f"{self.posts}/by-external-reference-code/{quote(key, safe='')}")

    def by_id(self, api: JsonApi, portal_id: str) -> Item | None:
        """The item of that number; None is proved."""
        if not (portal_id.isascii() and portal_id.isdigit()):
            self.prove(api)
            return None
        return self._item(api, f"{self.items}/{portal_id}")

    def _item(self, api: JsonApi, url: str) -> Item | None:
        answer = api.get(url, expect=(HTTPStatus.NOT_FOUND,))
        if answer.status == HTTPStatus.NOT_FOUND:
            self.prove(api)
            return None
        return self.checked(api, answer.payload)

    def checked(self, api: JsonApi, payload: Any, *, writes: bool = False) -> Item:
        if isinstance(payload, dict) and is_item(payload):
            return payload
        raise api.fail("answered without the post's id and title", unknown=writes)

    def made(self, api: JsonApi, key: SourceKey, members: Mapping[str, object]) -> Item:
        """Make the item, or give the one that has the code already.

        Of a code that is taken, 7.4 says 500 in its first updates, 400 later, 409 in the newest; so after each of them the code is looked up.
        """
        url = self.posts
        if self._settings.content == "structured" and self._settings.folder_id:
            url = f"{self.delivery}/structured-content-folders/{self._settings.folder_id}/structured-contents"
        try:
            answer = api.post(url, members=members, expect=_TAKEN)
        except PortalError as err:
            if not (err.unknown and err.kind == "http_status") or (standing := self.by_key(api, key)) is None:
                raise
            return standing
        if answer.status not in _TAKEN:
            return self.checked(api, answer.payload, writes=True)
        standing = self.by_key(api, key)
        if standing is None:
            said = text(answer.payload, "title") or text(answer.payload, "message")
            raise api.fail(f"refused the post: {answer.status} {said}", kind="http_status", permanent=True)
        return standing

    # --- what the public sees -------------------------------------------------------------------------

    def state(self, api: JsonApi, item: Item) -> PortalState:
        """The state of one item as a reader meets it. Takes one call or two; proves who we are."""
        state = self._workflow_state(api, item)
        if state is PortalState.PUBLIC and not self._guests_may_view(api, item):
            return _hidden_state(item)
        return state

    def listed_state(self, api: JsonApi, item: Item) -> PortalState:
        """The same for an item of a list, which tells its latest version: only what that leaves open is asked."""
        if self._settings.content == "structured":
            state = state_of_status(status_of(item))
            if state is not PortalState.PUBLIC and is_first_version(item):
                return state
            # an approved version stays up beside a newer one that waits
            state = self._workflow_state(api, item) if state is not PortalState.PUBLIC else state
        else:
            state = PortalState.PUBLIC  # the list holds nothing else
        ours = key_of(item) is not None
        hidden = state is PortalState.PUBLIC and ours and not self._guests_may_view(api, item)
        return _hidden_state(item) if hidden else state

    def _workflow_state(self, api: JsonApi, item: Item) -> PortalState:
        if self._settings.content == "blog":
            return self._blog_state(api, item)
        payload = api.get(f"{self.base}{ADMIN}/structured-contents/{item['id']}/versions").payload
        codes = [status_of(version) for version in objects(payload, "items")]
        if not codes or None in codes:
            raise api.fail(
                f"does not tell the state of post {item['id']}",
                kind="forbidden",
                hint="the account needs Access in Control Panel for Web Content, and the OAuth 2 application the scope"
                " Liferay.Headless.Admin.Content.everything.read",
            )
        return state_of_status(APPROVED if APPROVED in codes else codes[-1])

    def _blog_state(self, api: JsonApi, item: Item) -> PortalState:
        """Liferay tells no state of a blog entry: the list of its minute, which holds approved ones alone, does."""
        at = instant(item.get("datePublished"))
        if at is None:
            return PortalState.PENDING
        listed = self.every_item(api, self.posts, f"datePublished ge {zulu(at)} and datePublished le {zulu(at)}")
        return PortalState.PUBLIC if any(other["id"] == item["id"] for other in listed) else PortalState.PENDING

    def _guests_may_view(self, api: JsonApi, item: Item) -> bool:
        payload = api.get(f"{self.items}/{item['id']}/permissions").payload
        if not isinstance(member(payload, "items"), list):
            raise api.fail(f"does not tell who may view post {item['id']}")
        guests = [role for role in objects(payload, "items") if role.get("roleName") == "Guest"]
        return any("VIEW" in role["actionIds"] for role in guests if isinstance(role.get("actionIds"), list))

    def hide(self, api: JsonApi, item: Item) -> None:
        """Let guests and members of the site view it no more; nothing else of it changes."""
        body = json.dumps(_HIDDEN).encode()
        headers = {"content-type": "application/json"}
        api.send("PUT", f"{self.items}/{item['id']}/permissions", body=body, headers=headers)

    # --- lists ----------------------------------------------------------------------------------------

    def dated(self, api: JsonApi, condition: str) -> list[Item]:
        """The posts that fit a condition: of web content in every state, the trash apart; of a blog the approved ones."""
        settings = self._settings
        if settings.content == "blog":
            return self.every_item(api, self.posts, condition)
        items = self.every_item(api, f"{self.base}{ADMIN}{settings.collection}", condition, flatten="true")
        return [item for item in items if belongs(item, settings)]

    def every_item(self, api: JsonApi, url: str, condition: str = "", **query: str) -> list[Item]:
        """Every item of a list, over all its pages.

        Raises:
            PortalError: the total changed under way, a page was short, or an item came twice.
        """
        found: dict[int, Item] = {}
        page, total = 1, -1
        asked = {**query, "sort": "dateCreated:asc", "pageSize": str(_PAGE_SIZE)}
        if condition:
            asked["filter"] = condition
        while total < 0 or len(found) < total:
            payload = api.get(url, query={**asked, "page": str(page)}).payload
            items, now = member(payload, "items"), member(payload, "totalCount")
            if not isinstance(items, list) or not isinstance(now, int):
                raise api.fail(f"answered {url} with no list, or without its total")
            if total not in (-1, now):
                raise api.fail(f"changed while it was read: {url} held {total}, now {now}", kind="incomplete")
            total = now
            if not items and len(found) < total:
                raise api.fail(f"listed {len(found)} of {total} of {url}", kind="incomplete")
            for item in items:
                number = text(item, "id")  # categories have theirs as a text
                if not number.isdigit() or int(number) in found:
                    raise api.fail(f"listed an item twice or without id on page {page} of {url}", kind="incomplete")
                found[int(number)] = {**item, "id": int(number)}
            page += 1
        return list(found.values())

    # --- categories and files -------------------------------------------------------------------------

    def category_id(self, api: JsonApi, name: str) -> int:
        """The category of that name in the vocabulary, made where it is missing.

        Raises:
            PortalError: it is missing and was not made; no post was touched.
        """
        url = f"{self.base}/o/headless-admin-taxonomy/v1.0/taxonomy-vocabularies/{self._settings.vocabulary_id}/taxonomy-categories"
        wanted, known = folded(name), self._categories
        if known is None:
            known = self._read_categories(api, url)
        if wanted in known:
            return known[wanted]
        answer = api.post(url, members={"name": name}, expect=(*_TAKEN, HTTPStatus.FORBIDDEN))
        number = text(answer.payload, "id")
        if answer.status < HTTPStatus.BAD_REQUEST and number.isdigit():
            self._categories = {**known, wanted: int(number)}
            return int(number)
        if answer.status in _TAKEN and wanted in (known := self._read_categories(api, url)):
            return known[wanted]  # somebody else made it meanwhile
        raise api.fail(
            f"has no category {name!r} and did not make it: {answer.status}",
            kind="category_missing",
            hint=f"make the category {name!r} in the vocabulary, or map to another one in [portal.categories]",
        )

    def _read_categories(self, api: JsonApi, url: str) -> dict[str, int]:
        known = {folded(text(item, "name")): int(item["id"]) for item in self.every_item(api, url, flatten="true")}
        self._categories = known
        return known

    def file(self, api: JsonApi, file: FileToPush) -> Item:
        """The document of that file, known by its code, which holds its hash; put where it is missing."""
        code = file.filename.rpartition(".")[0]
        documents = f"{self.delivery}/sites/{self._settings.site_id}/documents"
        place = f"{documents}/by-external-reference-code/{code}"
        if (standing := self._document(api, place)) is not None:
            return standing
        members = {
            "externalReferenceCode": code,
            "title": file.filename,
            "description": file.caption or file.alt,
            "viewableBy": "Anyone",
        }
        part = FilePart(name="file", filename=file.filename, content_type=file.content_type, data=file.data)
        form = (("document", json.dumps(members, ensure_ascii=False)),)
        request = Request(method="POST", url=documents, writes=True, form=form, files=(part,)).encoded()
        try:
            answer = api.post(documents, body=request.body, headers=request.headers)
        except PortalError as err:
            if err.kind not in _FILE_REFUSED:
                raise
            if (standing := self._document(api, place)) is not None:
                return standing  # another writer was faster
            raise api.fail(
                f"does not take file {file.filename}: {err.message}", kind="file_refused", permanent=True, hint=err.hint
            ) from err
        return _document(api, answer.payload, writes=True)

    def _document(self, api: JsonApi, place: str) -> Item | None:
        answer = api.get(place, expect=(HTTPStatus.NOT_FOUND,))
        return None if answer.status == HTTPStatus.NOT_FOUND else _document(api, answer.payload)


def _hidden_state(item: Item) -> PortalState:
    """Ours waits for a person to show it; what people hid is theirs."""
    return PortalState.PENDING if key_of(item) is not None else PortalState.PRIVATE


def _document(api: JsonApi, payload: Any, *, writes: bool = False) -> Item:
    if isinstance(payload, dict) and text(payload, "id").isdigit() and text(payload, "contentUrl"):
        return payload
    raise api.fail("answered without the document's id and address", unknown=writes)
