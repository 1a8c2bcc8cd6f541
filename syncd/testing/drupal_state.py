"""What a Drupal 10 does with a request to /jsonapi, as far as syncd uses it: requests in, answers out.

Written from the manual of the module jsonapi and from what its source says; no Drupal stood beside it. The database is a few dicts.
"""

import base64
import json
import re
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from syncd.ports.clock import Clock
from syncd.testing.drupal_rows import (
    Account,
    Refused,
    StoredFile,
    StoredNode,
    conditions,
    resource,
    shown_file,
    shown_node,
    shown_user,
)
from syncd.testing.local_site import Page, SeenRequest

ROOT = "/jsonapi"
MEDIA_TYPE = "application/vnd.api+json"
PAGE_SIZE = 50  # the most that is given
WORKFLOW = {"draft": False, "needs_review": False, "published": True, "archived": False}  # state -> published
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FIELDS = {
    "title", "body", "status", "created", "langcode", "moderation_state", "path", "field_image", "field_files", "field_tags", "uid",
}  # fmt: skip
_ADMINISTRATIVE = ("created", "status", "uid")
_UPLOADS = {
    "field_image": ("png", "gif", "jpg", "jpeg", "webp"),
    "field_files": ("pdf", "doc", "docx", "xls", "xlsx", "odt"),
}


class DrupalState:
    """The site. Not for threads: the server in front of it lets one request in at a time.

    `moderated`: Content Moderation is on. `read_only`: JSON:API accepts read operations alone, as it does when it is installed.
    `next_host`: whose address the links to a next page bear.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 10
        self.accounts = [
            Account(login="syncd", password="correct horse", token="t0ken"),
            Account(login="unit_a", password="a", rights=frozenset(("access content", "create article content"))),
            Account(login="unit_b", password="b", rights=frozenset(("access content", "create article content"))),
        ]
        self.nodes: dict[str, StoredNode] = {}
        self.files: dict[str, StoredFile] = {}
        self.terms: dict[str, str] = {}
        self.moderated = True
        self.read_only = False
        self.next_host = ""

    def answer(self, request: SeenRequest) -> Page:
        """Carry out one request."""
        try:
            status, payload = self._route(request)
        except Refused as refusal:
            error: dict[str, object] = {
                "title": _TITLES[refusal.status],
                "status": str(refusal.status),
                "detail": str(refusal),
            }
            if refusal.pointer:
                error["source"] = {"pointer": refusal.pointer}
            status, payload = refusal.status, {"errors": [error]}
        body = json.dumps({"jsonapi": {"version": "1.0"}, **payload}, ensure_ascii=False).encode()
        return Page(status=status, body=body, content_type=MEDIA_TYPE)

    def new_number(self) -> int:
        self._last += 1
        return self._last

    def run_cron(self) -> None:
        """Delete the files that no node uses, as Drupal does six hours after their upload."""
        used = {node.image for node in self.nodes.values()}
        for node in self.nodes.values():
            used.update(re.findall(r'data-entity-type="file" data-entity-uuid="([^"]+)"', node.value))
        self.files = {number: file for number, file in self.files.items() if number in used}

    # --- requests -----------------------------------------------------------------------------------

    def _route(self, request: SeenRequest) -> tuple[int, dict[str, Any]]:
        me, path = self._who(request), request.path.rstrip("/")
        if request.method != "GET" and self.read_only:
            raise Refused(405, "JSON:API is configured to accept only read operations.")
        if path == ROOT:
            known = {"links": {"me": {"meta": {"id": me.id}}}} if me else {}
            return 200, {"data": [], "meta": known, "links": {"self": {"href": self._address(request, ROOT)}}}
        if path == f"{ROOT}/node/article":
            if request.method == "POST":
                return 201, self._one(self._made(request, me), request)
            return 200, self._collection(request, me)
        if found := re.fullmatch(rf"{ROOT}/node/article/(field_\w+)", path):
            return 201, {"data": shown_file(self._uploaded(request, found[1], me))}
        if found := re.fullmatch(rf"{ROOT}/node/article/([^/]+)", path):
            node = self.nodes.get(found[1])
            if node is None:
                raise Refused(
                    404, 'The "entity" parameter was not converted for the path "/jsonapi/node/article/{entity}"'
                )
            self._must_see(node, me)
            if request.method == "PATCH":
                self._change(request, node, me)
            return 200, self._one(node, request)
        named = {name: values[-1] for name, values in request.query.items()}
        if path == f"{ROOT}/file/file":
            files = (file for file in self.files.values() if file.filename == named.get("filter[filename]"))
            return 200, {"data": [shown_file(file) for file in files]}
        if path == f"{ROOT}/taxonomy_term/tags":
            return self._term(request, me) if request.method == "POST" else (200, {"data": self._terms(named)})
        if path == f"{ROOT}/user/user":
            self._need(me, "access user profiles")
            users = (one for one in self.accounts if one.login.casefold() == named.get("filter[name]", "").casefold())
            return 200, {"data": [shown_user(one) for one in users]}
        if found := re.fullmatch(rf"{ROOT}/user/user/([^/]+)", path):
            user = next((one for one in self.accounts if one.id == found[1]), None)
            if user is None:
                raise Refused(404, 'The "entity" parameter was not converted')
            return 200, {"data": shown_user(user)}
        raise Refused(404, f'No route found for "{request.method} {self._address(request, path)}"')

    def _who(self, request: SeenRequest) -> Account | None:
        """The account; a wrong password reads as a visitor, a wrong token is refused."""
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            account = next((one for one in self.accounts if one.token and one.token == value), None)
            if account is None:
                raise Refused(401, "The resource owner or authorization server denied the request.")
            return account
        if scheme.lower() != "basic":
            return None
        login, _, password = base64.b64decode(value).decode().partition(":")
        return next((one for one in self.accounts if (one.login, one.password) == (login, password)), None)

    def _need(self, me: Account | None, right: str, detail: str = "", pointer: str = "") -> None:
        if me is None:
            raise Refused(401, "No authentication credentials provided.")
        if right not in me.rights:
            raise Refused(403, f"{detail} The '{right}' permission is required.".strip(), pointer)

    def _sees(self, node: StoredNode, me: Account | None) -> bool:
        own = me is not None and node.author == me.id and "view own unpublished content" in me.rights
        return not node.denied and (node.status or own or (me is not None and "bypass node access" in me.rights))

    def _must_see(self, node: StoredNode, me: Account | None) -> None:
        if not self._sees(node, me):
            raise Refused(403 if me else 401, "The current user is not allowed to GET the selected resource.", "/data")

    # --- lists --------------------------------------------------------------------------------------

    def _collection(self, request: SeenRequest, me: Account | None) -> dict[str, Any]:
        query = {name: values[-1] for name, values in request.query.items()}
        for name in query.get("include", "").split(","):
            if name not in ("", "uid", "field_tags", "field_image"):
                raise Refused(400, f"`{name}` is not a valid relationship field name.")
        wanted = conditions(query)
        nodes = sorted(
            (node for node in self.nodes.values() if all(fits(node) for fits in wanted)), key=lambda one: one.nid
        )
        if wanted and not (me is not None and "bypass node access" in me.rights):
            # a filter could tell what it hides: without the right it sees less, and says nothing of it
            nodes = [node for node in nodes if self._sees(node, me)]
        start, size = int(query.get("page[offset]", "0")), min(int(query.get("page[limit]", PAGE_SIZE)), PAGE_SIZE)
        page = nodes[start : start + size]
        shown, hidden = (
            [node for node in page if self._sees(node, me)],
            [node for node in page if not self._sees(node, me)],
        )
        payload: dict[str, Any] = {"data": [shown_node(node, moderated=self.moderated) for node in shown], "links": {}}
        payload["included"] = self._brought(shown)
        if start + size < len(nodes):
            payload["links"]["next"] = {
                "href": self._address(request, f"{ROOT}/node/article?page[offset]={start + size}")
            }
        if hidden:
            links = {
                f"item--{node.nid}": {
                    "href": self._address(request, f"{ROOT}/node/article/{node.uuid}"),
                    "meta": {"rel": "item"},
                }
                for node in hidden
            }
            payload["meta"] = {"omitted": {"detail": "Some resources have been omitted.", "links": links}}
        return payload

    def _terms(self, query: dict[str, str]) -> list[dict[str, Any]]:
        wanted = query.get("filter[name]", "").casefold()
        return [
            resource("taxonomy_term--tags", term, {"name": name})
            for term, name in self.terms.items()
            if name.casefold() == wanted
        ]

    # --- writing ------------------------------------------------------------------------------------

    def _document(self, request: SeenRequest, kind: str) -> dict[str, Any]:
        if request.headers.get("content-type", "").partition(";")[0] != MEDIA_TYPE:
            raise Refused(415, 'No route found that matches "Content-Type"')
        data = json.loads(request.body)["data"]
        if data.get("type") != kind:
            raise Refused(422, f"The specified type ({data.get('type')}) does not match the resource type ({kind}).")
        if not _UUID.fullmatch(str(data.get("id", uuid.uuid4()))):
            raise Refused(422, "IDs should be properly generated and formatted UUIDs as described in RFC 4122.")
        return {"attributes": {}, "relationships": {}, **data}

    def _made(self, request: SeenRequest, me: Account | None) -> StoredNode:
        self._need(me, "create article content")
        assert me is not None
        data = self._document(request, "node--article")
        now = int(self._clock.now().timestamp())
        node = StoredNode(
            uuid=data.get("id") or str(uuid.uuid4()),
            nid=self.new_number(),
            title="",
            value="",
            format="",
            author=me.id,
            created=now,
        )
        node.moderation_state, node.status = ("draft", False) if self.moderated else ("", True)
        self._apply(data, node, me)
        if node.uuid in self.nodes:
            raise Refused(409, "Conflict: Entity already exists.")
        self.nodes[node.uuid] = node
        return node

    def _change(self, request: SeenRequest, node: StoredNode, me: Account | None) -> None:
        self._need(me, "edit any article content")
        assert me is not None
        if node.working_copy:
            raise Refused(400, "Updating a resource object that has a working copy is not yet supported.")
        data = self._document(request, "node--article")
        if data["id"] != node.uuid:
            raise Refused(
                400, f"The selected entity ({node.uuid}) does not match the ID in the payload ({data['id']})."
            )
        self._apply(data, node, me)
        node.revision += 1

    def _apply(self, data: dict[str, Any], node: StoredNode, me: Account) -> None:
        """All checks come first: a request that is refused changes nothing."""
        attributes, relationships = data["attributes"], data["relationships"]
        for part in ("attributes", "relationships"):
            for name in data[part]:
                if name not in _FIELDS or (name == "moderation_state" and not self.moderated):
                    raise Refused(422, f"The attribute {name} does not exist on the node--article resource type.")
                if name in _ADMINISTRATIVE:
                    told = f"The current user is not allowed to {'POST' if node.nid == self._last else 'PATCH'} the selected field ({name})."
                    self._need(me, "administer nodes", told, f"/data/{part}/{name}")
        if self.moderated and "status" in attributes:
            raise Refused(403, "Cannot edit the published field of moderated entities.", "/data/attributes/status")
        body, state = attributes.get("body"), attributes.get("moderation_state")
        if body is not None and f"use text format {body['format']}" not in me.rights:
            raise Refused(
                422, "body.0.format: The value you selected is not a valid choice.", "/data/attributes/body/format"
            )
        if len(attributes.get("title", "")) > 255:
            raise Refused(422, "title: Title: may not be longer than 255 characters.", "/data/attributes/title")
        if state is not None and state not in WORKFLOW:
            raise Refused(
                422,
                f"moderation_state: State {state} does not exist on Editorial workflow",
                "/data/attributes/moderation_state",
            )
        if state == "published" and "use editorial transition publish" not in me.rights:
            raise Refused(
                422,
                "moderation_state: You do not have access to transition to Published",
                "/data/attributes/moderation_state",
            )
        image = (relationships.get("field_image") or {}).get("data")
        if image is not None and image["id"] not in self.files:
            raise Refused(
                422, "field_image.0.target_id: The referenced entity does not exist.", "/data/relationships/field_image"
            )
        terms = [term["id"] for term in (relationships.get("field_tags") or {}).get("data") or ()]
        author = relationships["uid"]["data"]["id"] if "uid" in relationships else node.author
        if not set(terms) <= self.terms.keys() or author not in {account.id for account in self.accounts}:
            raise Refused(422, "target_id: The referenced entity does not exist.", "/data/relationships")
        node.title = attributes.get("title", node.title)
        if body is not None:
            node.value, node.format, node.summary = body["value"], body["format"], body.get("summary", "")
        if "created" in attributes:
            node.created = int(datetime.fromisoformat(attributes["created"]).timestamp())
        if state == "draft" and node.status and node.moderation_state == "published":
            node.working_copy = True  # a draft beside the published revision, which stays up
        elif state is not None:
            node.moderation_state, node.status = state, WORKFLOW[state]
        node.status = attributes.get("status", node.status)
        node.image = image["id"] if image else node.image
        node.terms = terms if "field_tags" in relationships else node.terms
        node.author = author

    def _uploaded(self, request: SeenRequest, field_name: str, me: Account | None) -> StoredFile:
        self._need(me, "create article content", "The current user is not permitted to upload a file for this field.")
        if field_name not in _UPLOADS:
            raise Refused(404, f'Field "{field_name}" does not exist.')
        if request.headers.get("content-type") != "application/octet-stream":
            raise Refused(415, 'No route found that matches "Content-Type: application/octet-stream"')
        found = re.fullmatch(r'file; filename="([^"/]+)"', request.headers.get("content-disposition", ""))
        if found is None:
            raise Refused(400, '"Content-Disposition" header is required.')
        name = found[1]
        if name.rpartition(".")[2] not in _UPLOADS[field_name]:
            raise Refused(
                422,
                "Unprocessable Entity: file validation failed.\nOnly files with the following extensions are allowed",
            )
        copies = sum(file.filename == name for file in self.files.values())
        stored = f"{name.rpartition('.')[0]}_{copies - 1}.{name.rpartition('.')[2]}" if copies else name
        file = StoredFile(
            uuid=str(uuid.uuid4()), filename=name, uri=f"/sites/default/files/2026-11/{stored}", data=request.body
        )
        self.files[file.uuid] = file
        return file

    def _term(self, request: SeenRequest, me: Account | None) -> tuple[int, dict[str, Any]]:
        self._need(me, "create terms in tags")
        data = self._document(request, "taxonomy_term--tags")
        if data["id"] in self.terms:
            raise Refused(409, "Conflict: Entity already exists.")
        self.terms[data["id"]] = data["attributes"]["name"]
        return 201, {"data": resource("taxonomy_term--tags", data["id"], data["attributes"])}

    # --- answers ------------------------------------------------------------------------------------

    def _one(self, node: StoredNode, request: SeenRequest) -> dict[str, Any]:
        brought = self._brought([node]) if "include" in request.query else []
        return {"data": shown_node(node, moderated=self.moderated), "included": brought}

    def _brought(self, nodes: Sequence[StoredNode]) -> list[dict[str, Any]]:
        authors, terms = {node.author for node in nodes}, {term for node in nodes for term in node.terms}
        users = [shown_user(one) for one in self.accounts if one.id in authors]
        return users + [resource("taxonomy_term--tags", term, {"name": self.terms[term]}) for term in sorted(terms)]

    def _address(self, request: SeenRequest, path: str) -> str:
        return f"http://{self.next_host or request.headers.get('host', '')}{path}"


_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    409: "Conflict",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
}
