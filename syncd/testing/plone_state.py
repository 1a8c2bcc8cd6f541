"""What a stock Plone does with a request to plone.restapi, as far as syncd uses it: requests in, answers out.

Each rule was seen on Plone 6.2.2 with plone.restapi 10.0.4. The database is a dict; there are no pages and no network.
"""

import base64
import json
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import quote

from syncd.ports.clock import Clock
from syncd.testing.local_site import Page, SeenRequest

SITE = "/portal"
_NEVER = datetime(1969, 12, 31, tzinfo=UTC)  # what the catalogue holds for a post without a date
_STEPS = {
    "publish": ({"private", "pending"}, "published", "Reviewer"),
    "submit": ({"private"}, "pending", "Contributor"),
    "reject": ({"pending", "published"}, "private", "Reviewer"),
    "retract": ({"pending", "published"}, "private", "Contributor"),
}
_CHANGES = {"private": {"Editor"}, "pending": {"Reviewer"}, "published": {"Editor"}}
_TYPES = ("News Item", "Image", "File", "Document")
_LOST = re.compile(r"<!--.*?-->|<script\b.*", re.DOTALL | re.IGNORECASE)  # a script takes the rest of its text with it


class Refused(Exception):
    """A request Plone refuses, with the name it has for that."""

    def __init__(self, status: int, kind: str, message: str = "") -> None:
        super().__init__(message or kind)
        self.status = status
        self.kind = kind


@dataclass(frozen=True, slots=True, kw_only=True)
class PloneAccount:
    login: str
    password: str
    roles: frozenset[str] = frozenset()


@dataclass(slots=True, kw_only=True)
class StoredItem:
    """One item as the database holds it; `html` is what a reader is given, dates are UTC, `state` is None for what has no workflow."""

    uid: str
    folder: str
    id: str
    type: str
    title: str
    state: str | None
    created: datetime
    modified: datetime
    html: str = ""
    effective: datetime | None = None
    expires: datetime | None = None
    creators: list[str] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    picture: str | None = None
    steps: int = 0  # of the workflow that it has been through

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.id}"


class PloneState:
    """The site. Not for threads: the server in front of it lets one request in at a time.

    `locked` are UIDs that an editor has open; `conflicts` how many writes from now on meet another one and are undone.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        contributor = frozenset({"Contributor", "Editor"})
        self.accounts = [
            PloneAccount(login="syncd", password="correct horse", roles=contributor | {"Reviewer"}),
            PloneAccount(login="syncd_pending", password="no stapler", roles=contributor),
            PloneAccount(login="unit_a", password="a"),
        ]
        self.folders = {"tin-tuc": "Tin tức", "thong-bao": "Thông báo", "tep-tin": "Tệp tin"}
        self.items: dict[str, StoredItem] = {}
        self.locked: set[str] = set()
        self.conflicts = 0
        self._moved: dict[str, str] = {}
        self._host = ""

    def answer(self, request: SeenRequest) -> Page:
        """Carry out one request."""
        self._host = f"http://{request.headers.get('host', '127.0.0.1')}"
        headers: Mapping[str, str] = {}
        try:
            status, payload, headers = self._route(request, self._who(request))
        except Refused as refusal:
            status, payload = refusal.status, {"type": refusal.kind, "message": str(refusal)}
        body = b"" if payload is None else json.dumps(payload, ensure_ascii=False).encode()
        return Page(status=status, body=body, content_type="application/json", headers=headers)

    def put(self, folder: str, item_id: str, kind: str, title: str, **members: Any) -> StoredItem:
        """A new item. Raises Refused where the folder holds one of that id."""
        if any(item.path == f"{folder}/{item_id}" for item in self.items.values()):
            raise Refused(400, "BadRequest", f'The id "{item_id}" is invalid - it is already in use.')
        now = self._clock.now().replace(microsecond=0)
        state = "private" if kind == "News Item" else None
        item = StoredItem(
            uid=uuid.uuid4().hex, folder=folder, id=item_id, type=kind, title=title, state=state, created=now, modified=now
        )  # fmt: skip
        self._set(item, members)
        self.items[item.uid] = item
        return item

    def move(self, item: StoredItem, folder: str, item_id: str) -> None:
        """To another folder, or under another name; Plone keeps a trace."""
        old = item.path
        item.folder, item.id = folder, item_id
        self._moved[old] = item.path

    # --- requests -----------------------------------------------------------------------------------

    def _who(self, request: SeenRequest) -> PloneAccount | None:
        """None for a stranger, which anybody is whose password is wrong."""
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        for account in self.accounts:
            basic = base64.b64encode(f"{account.login}:{account.password}".encode()).decode()
            if (scheme, secret) in (("Basic", basic), ("Bearer", f"token-of-{account.login}")):
                return account
        return None

    def _route(self, request: SeenRequest, me: PloneAccount | None) -> tuple[int, Any, Mapping[str, str]]:
        path = request.path.removeprefix(SITE).strip("/")
        place, _, service = path.partition("@")
        place = place.strip("/")
        if request.method != "GET" and not path.startswith("@login"):
            return self._write(request, place, service, me)
        if path == "@login":
            given = json.loads(request.body)
            if not any((one.login, one.password) == (given["login"], given["password"]) for one in self.accounts):
                return 401, {"error": {"type": "Invalid credentials", "message": "Wrong login and/or password."}}, {}
            return 200, {"token": f"token-of-{given['login']}"}, {}
        if path == "":
            return 200, {"@id": f"{self._host}{SITE}", "@type": "Plone Site", "title": "Cổng mẫu"}, {}
        if service == "search":
            return 200, self._search(request, me), {}
        if path.startswith("resolveuid/"):
            return self._redirect(self._by(uid=path.removeprefix("resolveuid/")).path)
        if service == "types" and place in ("", *self.folders):
            allowed = "Contributor" in self._known(me).roles
            return 200, [{"id": name, "addable": allowed} for name in _TYPES], {}
        if service.startswith("users/"):
            if service != f"users/{self._known(me).login}":
                raise Refused(401, "Unauthorized")
            return 200, {"id": me and me.login, "roles": sorted({"Member", *self._known(me).roles})}, {}
        if place in self._moved:
            return self._redirect(self._moved[place])
        item = self._by(path=place)
        if not self._sees(item, me):
            raise Refused(401, "Unauthorized")
        if service == "workflow":
            return 200, self._workflow(item, me), {}
        return 200, self._expanded(item, request, me), {}

    def _write(self, request: SeenRequest, place: str, service: str, me: PloneAccount | None) -> tuple[int, Any, Any]:
        members = json.loads(request.body)
        if place not in self.folders:
            item = self._by(path=place)
        elif "Contributor" not in self._known(me).roles:
            raise Refused(401, "Unauthorized")
        elif self._conflict():
            raise Refused(500, "ConflictError", "database conflict error")
        else:
            about = {"creators": [self._known(me).login], **members}
            return (
                201,
                self._shown(self.put(place, about.pop("id"), about.pop("@type"), about.pop("title"), **about)),
                {},
            )
        if service:
            step = service.removeprefix("workflow/")
            offered = step in self._offered(item, me)
            self._known(me)
            self._set(item, members)  # kept, whether or not the step is taken
            if not offered and item.state != _STEPS.get(step, ("", "", ""))[1]:
                return 400, {"error": {"type": "WorkflowException", "message": "No workflow provides the action."}}, {}
            item.state = _STEPS[step][1]
            item.steps += offered
            return 200, {"review_state": item.state}, {}
        if _CHANGES.get(item.state or "published", set()).isdisjoint(self._known(me).roles):
            raise Refused(401, "Unauthorized")
        if item.uid in self.locked:
            return 403, {"error": {"type": "Forbidden", "message": "Resource is locked."}}, {}
        self._set(item, members)
        item.modified = self._clock.now().replace(microsecond=0)
        whole = request.headers.get("prefer") == "return=representation"
        return (200, self._shown(item), {}) if whole else (204, None, {})

    def _search(self, request: SeenRequest, me: PloneAccount | None) -> dict[str, Any]:
        asked = request.query
        hits = [item for item in self.items.values() if self._sees(item, me)]
        if "show_inactive" not in asked:
            now = self._clock.now()
            hits = [each for each in hits if (each.effective or now) <= now and (each.expires or now) >= now]
        keeps: dict[str, Callable[[StoredItem], object]] = {
            "portal_type": lambda item: item.type,
            "getId": lambda item: item.id,
            "UID": lambda item: item.uid,
        }
        for name, value_of in keeps.items():
            if name in asked:
                hits = [item for item in hits if value_of(item) in asked[name]]
        for name in ("effective", "created"):
            if f"{name}.query" in asked:
                bounds = [datetime.fromisoformat(text) for text in asked[f"{name}.query"]]
                low, high = (
                    (bounds[0], bounds[-1]) if len(bounds) > 1 else (datetime.min.replace(tzinfo=UTC), bounds[0])
                )
                hits = [item for item in hits if low <= (getattr(item, name) or _NEVER).replace(second=0) <= high]
        # without an order of its own each page begins anew among equal dates
        hits.sort(key=lambda item: item.uid if asked.get("sort_on") == ["UID"] else uuid.uuid4().hex)
        start, size = int(asked.get("b_start", ["0"])[0]), int(asked.get("b_size", ["25"])[0])
        return {"items": [self._shown(item) for item in hits[start : start + size]], "items_total": len(hits)}

    # --- rules --------------------------------------------------------------------------------------

    def _known(self, me: PloneAccount | None) -> PloneAccount:
        if me is None:
            raise Refused(401, "Unauthorized")
        return me

    def _by(self, **named: str) -> StoredItem:
        for item in self.items.values():
            if all(getattr(item, name) == value for name, value in named.items()):
                return item
        raise Refused(404, "NotFound", f"Resource not found: {named}")

    def _sees(self, item: StoredItem, me: PloneAccount | None) -> bool:
        return item.state in ("published", None) or (me is not None and "Editor" in me.roles)

    def _offered(self, item: StoredItem, me: PloneAccount | None) -> list[str]:
        roles = me.roles if me else frozenset()
        return [step for step, (states, _, role) in _STEPS.items() if item.state in states and role in roles]

    def _conflict(self) -> bool:
        self.conflicts -= 1
        return self.conflicts >= 0

    def _redirect(self, path: str) -> tuple[int, Any, Mapping[str, str]]:
        return 301, None, {"Location": f"{self._host}{SITE}/{quote(path)}"}

    def _set(self, item: StoredItem, members: Mapping[str, Any]) -> None:
        for name in ("title", "creators", "subjects", "expires"):
            if name in members:
                setattr(item, name, members[name])
        if "text" in members:
            # entities are decoded before the text is read as HTML
            item.html = _LOST.sub("", unescape(members["text"]["data"]))
        if members.get("effective"):
            at = datetime.fromisoformat(members["effective"]).astimezone(UTC)
            item.effective = at.replace(second=0, microsecond=0)
        if "image" in members:
            item.picture = members["image"]["filename"]
        if item.state == "published" and item.effective is None:
            item.effective = self._clock.now().replace(second=0, microsecond=0)

    def _workflow(self, item: StoredItem, me: PloneAccount | None) -> dict[str, Any]:
        at = f"{self._host}{SITE}/{item.path}/@workflow"
        history = [{"review_state": item.state}] * (item.steps + (item.state is not None))
        return {"history": history, "transitions": [{"@id": f"{at}/{step}"} for step in self._offered(item, me)]}

    def _expanded(self, item: StoredItem, request: SeenRequest, me: PloneAccount | None) -> dict[str, Any]:
        shown = self._shown(item)
        if request.query.get("expand") == ["workflow"]:
            shown["@components"] = {"workflow": self._workflow(item, me)}
        return shown

    def _shown(self, item: StoredItem) -> dict[str, Any]:
        return {
            "@id": f"{self._host}{SITE}/{item.path}",
            "@type": item.type,
            "UID": item.uid,
            "id": item.id,
            "title": item.title,
            "text": {"data": item.html, "content-type": "text/html"},
            "review_state": item.state,
            "effective": item.effective and item.effective.isoformat(),
            "expires": item.expires and item.expires.isoformat(),
            "created": item.created.isoformat(),
            "modified": item.modified.isoformat(),
            "creators": item.creators,
            "subjects": item.subjects,
            "image": item.picture and {"filename": item.picture},
        }
