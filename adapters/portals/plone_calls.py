"""Plone's calls, and what each answer proves.

Manual: plonerestapi.readthedocs.io, "Authentication", "Content manipulation", "Types", "Workflow".
"""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, unquote, urlencode

from adapters.portals.content import without_control
from adapters.portals.json_api import JsonApi
from adapters.portals.plone_items import blob, every_item, is_item
from syncd.domain.model import SourceKey
from syncd.errors import PortalError
from syncd.ports.portal import FileToPush
from syncd.ports.secret import Secret

_MOVED = (HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.FOUND, HTTPStatus.PERMANENT_REDIRECT)
_FILE_REFUSED = {"too_large", "http_status", "forbidden"}  # answers that speak of the file
_MAX_MOVES = 5
_WITH_WORKFLOW = {"expand": "workflow"}
_IN_USE = "already in use"
Item = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PloneCalls(JsonApi):
    """The calls of one visit to the site at `base`; it calls itself `public_url`. Folders and items are named by their path below it."""

    base: str
    public_url: str

    # --- who we are -----------------------------------------------------------------------------------

    def signed_in(self, username: str, password: Secret) -> "PloneCalls":
        """The same with a token, which lives for hours: longer than a visit."""
        body = json.dumps({"login": username, "password": password.reveal()}).encode()
        json_only = {"content-type": "application/json"}
        # it changes nothing there, so no outcome of it is unknown
        exchange = self.exchange("POST", f"{self.base}/@login", headers=json_only, body=body, writes=False)
        payload = self.judge("POST", exchange, writes=False).payload
        token = payload.get("token") if isinstance(payload, dict) else None
        if not isinstance(token, str) or not token.isascii():
            raise self.fail("answered our login without a token")
        return replace(self, auth=None, headers={"authorization": f"Bearer {token}"})

    def prove(self) -> None:
        """Raise unless we are known there: to a stranger Plone shows what is public, and calls the rest not found."""
        self.get(f"{self.base}/@types")

    def addable(self, folder: str, types: Collection[str]) -> None:
        """Raise unless the folder is there and takes these types of item from us."""
        answer = self.get(f"{self.at(folder)}/@types", expect=(HTTPStatus.NOT_FOUND,))
        if answer.status == HTTPStatus.NOT_FOUND:
            raise self._no_folder(folder)
        offered = answer.payload if isinstance(answer.payload, list) else []
        allowed = {each.get("id") for each in offered if isinstance(each, dict) and each.get("addable") is True}
        if missing := [name for name in types if name not in allowed]:
            raise self.fail(
                f"lets us add no {' and no '.join(missing)} to its folder {folder!r}",
                kind="forbidden",
                hint="give the account the role Contributor there, and allow the type in the folder's restrictions",
            )

    # --- what stands there ----------------------------------------------------------------------------

    def at(self, path: str) -> str:
        return f"{self.base}/{'/'.join(quote(part, safe='') for part in path.strip('/').split('/'))}"

    def place(self, item: Mapping[str, Any]) -> str:
        """The address to call an item at."""
        return self.at(self._path(str(item["@id"])))

    def standing(self, key: SourceKey, folders: Collection[str]) -> Item | None:
        """The item of that id, wherever it stands; of several the one made first. One that was moved or renamed is found by the trace
        Plone keeps in the folder it was made in."""
        found = [item for item in every_item(self, f"{self.base}/@search", {"getId": key}) if item["id"] == key]
        if found:
            return min(found, key=lambda item: (str(item.get("created")), str(item["UID"])))
        traced = (self._follow(f"{self.at(folder)}/{key}") for folder in folders)
        return next((item for item in traced if item is not None), None)

    def by_uid(self, uid: str) -> Item | None:
        """The item that Plone knows by that name for good; None where it knows none, to us or to anybody."""
        return self._follow(f"{self.base}/resolveuid/{quote(uid, safe='')}")

    def present(self, uid: str) -> Item:
        """As `by_uid`. Raises PortalError of kind `gone`, where we are known."""
        item = self.by_uid(uid)
        if item is None:
            self.prove()
            raise self.fail(f"has no item {uid} any more", kind="gone", permanent=True)
        return item

    def read(self, place: str) -> Item:
        return self.whole(self.get(place, query=_WITH_WORKFLOW).payload)

    def is_unfinished(self, item: Item) -> bool:
        """Whether an item of ours was made and not yet handed on: it gets its date in the same step as its state. One whose date an
        editor took away has been through a step."""
        return not item["effective"] and len(self._workflow(item)["history"]) <= 1

    def offered(self, item: Item) -> tuple[str, ...]:
        """The steps of the workflow that we may take with an item as it stands."""
        steps = (each for each in self._workflow(item)["transitions"] if isinstance(each, dict))
        return tuple(str(each.get("@id", "")).rpartition("/")[2] for each in steps)

    def whole(self, payload: Any, *, writes: bool = False) -> Item:
        if not is_item(payload):
            raise self.fail("answered without the item's id, state and dates", unknown=writes)
        item: Item = payload
        return item

    # --- changing -------------------------------------------------------------------------------------

    def make(self, folder: str, members: Mapping[str, object]) -> Item:
        """The item made, or the one that bears the id already."""
        place = f"{self.at(folder)}?{urlencode(_WITH_WORKFLOW)}"
        answer = self.post(place, members=members, expect=(HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND))
        if answer.status == HTTPStatus.NOT_FOUND:
            raise self._no_folder(folder)
        if answer.status == HTTPStatus.BAD_REQUEST:
            if _IN_USE not in answer.said:
                raise self.fail(
                    f"refused {members['id']} in {folder!r}: {answer.said[:200]}", kind="http_status", permanent=True
                )
            return self.read(f"{self.at(folder)}/{members['id']}")
        return self.whole(answer.payload, writes=True)

    def change(self, place: str, members: Mapping[str, object]) -> Item:
        answer = self.send("PATCH", place, members=members, headers={"prefer": "return=representation"})
        return self.whole(answer.payload, writes=True)

    def step(self, item: Item, name: str, members: Mapping[str, object] | None = None) -> Item:
        """One step of the workflow, and the item as it stands then. Where it is not offered nothing is sent: Plone keeps the `members`
        of a step that it refuses."""
        place = self.place(item)
        offered = self.offered(item)
        if name not in offered:
            self.prove()
            raise self.fail(
                f"does not let us {name} {place}, only {' or '.join(offered) or 'look at it'}",
                kind="forbidden",
                hint="with the role Reviewer the account may publish and reject; without it approval must be pending or draft",
            )
        self.post(f"{place}/@workflow/{name}", members=members)
        with self._after_writing():
            return self.read(place)

    def put(self, folder: str, stem: str, file: FileToPush) -> Item:
        """The file's item, made unless it stands there."""
        place = f"{self.at(folder)}/{stem}"
        answer = self.get(place, expect=(HTTPStatus.NOT_FOUND,))
        if answer.status != HTTPStatus.NOT_FOUND:
            return self.whole(answer.payload)
        members = {
            "@type": "Image" if file.is_image else "File",
            "id": stem,
            "title": " ".join(without_control(file.name or file.alt).split()) or stem,
            "description": without_control(file.caption),
            "image" if file.is_image else "file": blob(file),
        }
        try:
            return self.make(folder, members)
        except PortalError as err:
            if err.kind not in _FILE_REFUSED or err.unknown:
                raise
            raise self.fail(
                f"does not take file {file.filename}: {err.message}", kind="file_refused", permanent=True, hint=err.hint
            ) from err

    # --- within ---------------------------------------------------------------------------------------

    def _workflow(self, item: Item) -> dict[str, list[Any]]:
        components = item.get("@components")
        told = components.get("workflow") if isinstance(components, dict) else None
        if not isinstance(told, dict) or "history" not in told:
            told = self.get(f"{self.place(item)}/@workflow").payload
        lists = {name: told.get(name) if isinstance(told, dict) else None for name in ("history", "transitions")}
        if not all(isinstance(each, list) for each in lists.values()):
            raise self.fail(f"does not tell the workflow of {item['@id']}")
        return {name: list(each or ()) for name, each in lists.items()}

    def _path(self, address: str) -> str:
        for own in (self.base, self.public_url):
            if address.startswith(f"{own}/"):
                return unquote(address.removeprefix(f"{own}/"))
        raise self.fail(
            f"names {address}, which is no address below {self.base}",
            hint="set portal.url to the site's own address, or mend the virtual host in front of it",
        )

    def _follow(self, url: str) -> Item | None:
        """The item at an address or where Plone says it went; None where there is none."""
        for _ in range(_MAX_MOVES):
            exchange = self.exchange("GET", url, headers=self.headers)
            if exchange.status not in _MOVED:
                break
            url = self.at(self._path(exchange.header("location") or ""))
        answer = self.judge("GET", exchange, expect=(HTTPStatus.NOT_FOUND,))
        return None if answer.status == HTTPStatus.NOT_FOUND else self.whole(answer.payload)

    def _no_folder(self, folder: str) -> PortalError:
        return self.fail(
            f"has no folder {folder!r}",
            kind="category_missing",
            hint=f"make the folder {folder!r} there, or name another one in [portal]",
        )

    @contextmanager
    def _after_writing(self) -> Iterator[None]:
        """What is read after a write belongs to it: where it fails, the write may have had its effect."""
        try:
            yield
        except PortalError as err:
            raise self.fail(
                err.message, kind=err.kind, unknown=True, retry_after=err.retry_after, hint=err.hint
            ) from err
