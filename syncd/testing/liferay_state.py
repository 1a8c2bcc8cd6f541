"""What a Liferay 7.4 does with a request to its headless interfaces, as far as syncd uses them: requests in, answers out.

Written from the manual and from what the interfaces' source says; no Liferay stood beside it. The database is a few dicts.
"""

import base64
import json
import re
import uuid
from datetime import UTC, datetime
from typing import Any

from syncd.ports.clock import Clock
from syncd.testing.liferay_rows import (
    SITE,
    STRUCTURE,
    VOCABULARY,
    Account,
    Kind,
    Refused,
    StoredContent,
    StoredDocument,
    condition,
    parts_of,
    zulu,
)
from syncd.testing.local_site import Page, SeenRequest

PAGE_SIZE = 50  # the most this portal gives
_ADMIN, _DELIVERY = "/o/headless-admin-content/v1.0", "/o/headless-delivery/v1.0"
_TAXONOMY = f"/o/headless-admin-taxonomy/v1.0/taxonomy-vocabularies/{VOCABULARY}/taxonomy-categories"
_LABELS = {0: "approved", 1: "pending", 2: "draft", 3: "expired", 7: "scheduled", 8: "in-trash"}
_FIELDS = ("content", "anh")


class LiferayState:
    """The portal. Not for threads: the server in front of it lets one request in at a time.

    `workflow`: the site has one. `taken`: how a code that is taken is answered: 500, 400 or 409, as the version goes.
    `open_to_guests`: a service access policy lets guests read. `index_waits`: what is made is listed after `index` only.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 40000
        self.accounts = [
            Account(id=20130, login="syncd", name="syncd", password="correct horse"),
            Account(id=20140, login="unit_a", name="Ban A Ví Dụ", password="a", rights=frozenset()),
            Account(id=20150, login="unit_b", name="Ban B Ví Dụ", password="b", rights=frozenset()),
        ]
        self.contents: dict[int, StoredContent] = {}
        self.documents: dict[int, StoredDocument] = {}
        self.categories: dict[int, str] = {}
        self.tokens = {"t0ken"}
        self.workflow = False
        self.taken = 409
        self.open_to_guests = False
        self.index_waits = False

    def answer(self, request: SeenRequest) -> Page:
        """Carry out one request."""
        try:
            status, payload = self._route(request)
        except Refused as refusal:
            status = refusal.status
            names = {
                400: "BAD_REQUEST",
                403: "FORBIDDEN",
                404: "NOT_FOUND",
                409: "CONFLICT",
                500: "INTERNAL_SERVER_ERROR",
            }
            payload = {"status": names.get(status, "UNAUTHORIZED"), "title": str(refusal)}
        return Page(
            status=status, body=json.dumps(payload, ensure_ascii=False).encode(), content_type="application/json"
        )

    def new_id(self) -> int:
        self._last += 1
        return self._last

    def index(self) -> None:
        """Let the search index catch up."""
        for content in self.contents.values():
            content.indexed = True

    # --- requests -----------------------------------------------------------------------------------

    def _route(self, request: SeenRequest) -> tuple[int, object]:
        if request.path == "/o/oauth2/token":
            return self._token(request)
        me, path, method = self._who(request), request.path, request.method
        if me is None and not (self.open_to_guests and method == "GET" and path.startswith(_DELIVERY)):
            raise Refused(403, f"Access denied to {path}")
        if path == "/o/headless-admin-user/v1.0/my-user-account":
            assert me is not None
            return 200, {"id": me.id, "name": me.name, "alternateName": me.login}
        if path == _TAXONOMY:
            return (
                self._category(request, me) if method == "POST" else (200, self._paged(request, self._all_categories()))
            )
        if path == f"{_DELIVERY}/content-structures/{STRUCTURE}":
            return 200, {
                "id": STRUCTURE,
                "name": "Tin bài",
                "contentStructureFields": [{"name": name} for name in _FIELDS],
            }
        if found := re.fullmatch(rf"{_DELIVERY}/sites/{SITE}/documents(?:/by-external-reference-code/([^/]+))?", path):
            return self._document(request, found[1], me)
        if found := re.fullmatch(rf"({_DELIVERY}|{_ADMIN})/sites/{SITE}/(structured-contents|blog-postings)", path):
            if method == "POST":
                return 200, self._shown(self._made(request, _kind(found[2]), me))
            return 200, self._list(request, _kind(found[2]), me, admin=found[1] == _ADMIN)
        one = rf"{_DELIVERY}/sites/{SITE}/(structured-contents|blog-postings)/by-external-reference-code/([^/]+)"
        if found := re.fullmatch(one, path):
            held = next((it for it in self.contents.values() if (it.kind, it.code) == (found[1], found[2])), None)
            return 200, self._shown(self._visible(held, me))
        if found := re.fullmatch(rf"{_DELIVERY}/(structured-contents|blog-postings)/(\d+)(/permissions)?", path):
            return self._one(request, self._visible(self.contents.get(int(found[2])), me), bool(found[3]), me)
        if found := re.fullmatch(rf"{_ADMIN}/structured-contents/(\d+)/versions", path):
            content = self._visible(self.contents.get(int(found[1])), me)
            every = me is not None and "control panel" in me.rights
            shown = [number for number, code in enumerate(content.versions) if every or code == 0]
            return 200, {"items": [self._shown(content, version=number) for number in shown], "totalCount": len(shown)}
        raise Refused(404, f"{path} is not here")

    def _who(self, request: SeenRequest) -> Account | None:
        """The account; a wrong password reads as a guest, a wrong token is refused."""
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            if value not in self.tokens:
                raise Refused(401, "invalid_token")
            return self.accounts[0]
        if scheme.lower() != "basic":
            return None
        login, _, password = base64.b64decode(value).decode().partition(":")
        return next((one for one in self.accounts if (one.login, one.password) == (login, password)), None)

    def _token(self, request: SeenRequest) -> tuple[int, object]:
        """OAuth 2 client credentials, for the one application that is registered."""
        given = base64.b64decode(request.headers.get("authorization", "").partition(" ")[2]).decode()
        if given != "id-syncd:secret-syncd" or b"grant_type=client_credentials" not in request.body:
            return 400, {"error": "invalid_client"}
        token = uuid.uuid4().hex
        self.tokens.add(token)
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": 600}

    def _need(self, me: Account | None, right: str) -> Account:
        if me is None or right not in me.rights:
            raise Refused(403, f"User {me.id if me else 'guest'} must have {right.upper()} permission")
        return me

    def _visible(self, content: StoredContent | None, me: Account | None) -> StoredContent:
        if content is None:
            raise Refused(404, "No entity exists with that primary key or external reference code")
        if me is None and not (content.guests and 0 in content.versions):
            raise Refused(403, "User guest must have VIEW permission")
        return content

    # --- contents -----------------------------------------------------------------------------------

    def _made(self, request: SeenRequest, kind: Kind, me: Account | None) -> StoredContent:
        me, members = self._need(me, "add"), json.loads(request.body)
        code = members.get("externalReferenceCode") or str(uuid.uuid4())
        self._free(code)
        if not set(members.get("taxonomyCategoryIds") or ()) <= self.categories.keys():
            raise Refused(404, "No AssetCategory exists with that primary key")
        now = self._clock.now().replace(microsecond=0)
        date = (
            datetime.fromisoformat(members["datePublished"]).astimezone(UTC).replace(second=0)
            if "datePublished" in members
            else now
        )
        content = StoredContent(
            id=self.new_id(), kind=kind, code=code, title="", html="", date=date, created=now, modified=now, creator=me.id,
            categories=list(members.get("taxonomyCategoryIds") or ()), guests=members.get("viewableBy") == "Anyone",
            structure=members.get("contentStructureId", 0), indexed=not self.index_waits,
        )  # fmt: skip
        if kind == "structured-contents" and content.structure != STRUCTURE:
            raise Refused(404, f"No DDMStructure exists with the primary key {content.structure}")
        self._apply(members, content)
        content.versions = [1 if self.workflow else 7 if date > now else 0]
        self.contents[content.id] = content
        return content

    def _free(self, code: str) -> None:
        """A code is one of the site's, whatever kind of thing bears it."""
        if code in {one.code for one in self.contents.values()} | {one.code for one in self.documents.values()}:
            raise Refused(self.taken, "Duplicate external reference code")

    def _apply(self, members: dict[str, Any], content: StoredContent) -> None:
        if content.kind == "blog-postings":
            if not members.get("headline", content.title):
                raise Refused(400, "Title is null")
            content.title = members.get("headline", content.title)
            content.html = members.get("articleBody", content.html)
            content.image = (members.get("image") or {}).get("imageId", content.image)
        else:
            if not members.get("title", content.title):
                raise Refused(400, "Title is null")
            content.title = members.get("title", content.title)
            for item in members.get("contentFields", ()):
                if item["name"] not in _FIELDS:
                    raise Refused(
                        400, f'Unable to get content field value for "{item["name"]}" for content structure {STRUCTURE}'
                    )
                value = item["contentFieldValue"]
                content.html = value.get("data", content.html)
                content.image = value.get("image", {}).get("id", content.image)
        content.description = members.get("description", content.description)

    def _one(
        self, request: SeenRequest, content: StoredContent, permissions: bool, me: Account | None
    ) -> tuple[int, object]:
        if permissions:
            self._need(me, "permissions")
            if request.method == "PUT":
                for role in json.loads(request.body):
                    if role["roleName"] == "Guest":
                        content.guests = "VIEW" in role["actionIds"]
            roles = [{"roleName": "Owner", "actionIds": ["VIEW", "UPDATE", "DELETE"]}]
            roles += [{"roleName": "Guest", "actionIds": ["VIEW"]}] if content.guests else []
            return 200, {"items": roles, "totalCount": len(roles)}
        if request.method == "PATCH":
            self._need(me, "update")
            members = json.loads(request.body)
            self._apply(members, content)
            date = datetime.fromisoformat(members["datePublished"]) if "datePublished" in members else self._clock.now()
            content.date = date.astimezone(UTC).replace(second=0, microsecond=0)
            content.modified = self._clock.now().replace(microsecond=0)
            content.versions.append(1 if self.workflow else content.versions[-1])
        return 200, self._shown(content)

    def _list(self, request: SeenRequest, kind: Kind, me: Account | None, *, admin: bool) -> dict[str, object]:
        """Out of the search index. Without the right to the control panel the list in every state is that of approved ones, without a word."""
        every = admin and me is not None and "control panel" in me.rights
        wanted = condition(request.query.get("filter", [""])[-1])
        held = [
            content
            for content in sorted(self.contents.values(), key=lambda one: (one.created, one.id))
            if content.kind == kind and content.indexed and wanted(content.date)
        ]
        if every:
            shown = [self._shown(one, version=len(one.versions) - 1) for one in held if one.versions[-1] != 8]
        else:
            shown = [
                self._shown(one, version=0 if admin else None)
                for one in held
                if 0 in one.versions and 8 not in one.versions
            ]
        return self._paged(request, shown)

    def _paged(self, request: SeenRequest, items: list[dict[str, Any]]) -> dict[str, object]:
        size = min(int(request.query.get("pageSize", ["20"])[-1]), PAGE_SIZE)
        page = int(request.query.get("page", ["1"])[-1])
        return {
            "items": items[(page - 1) * size : page * size],
            "page": page,
            "pageSize": size,
            "lastPage": max(-(-len(items) // size), 1),
            "totalCount": len(items),
        }

    # --- categories and documents -------------------------------------------------------------------

    def _all_categories(self) -> list[dict[str, Any]]:
        return [{"id": str(number), "name": name} for number, name in self.categories.items()]

    def _category(self, request: SeenRequest, me: Account | None) -> tuple[int, object]:
        self._need(me, "add category")
        name = json.loads(request.body)["name"]
        if name.casefold() in (held.casefold() for held in self.categories.values()):
            raise Refused(409, f"A category with the name {name} already exists")
        number = self.new_id()
        self.categories[number] = name
        return 200, {"id": str(number), "name": name}

    def _document(self, request: SeenRequest, code: str | None, me: Account | None) -> tuple[int, object]:
        if request.method != "POST":
            held = next((one for one in self.documents.values() if one.code == code), None)
            if held is None:
                raise Refused(404, "No FileEntry exists with that external reference code")
            return 200, self._shown_document(held)
        self._need(me, "add")
        parts = parts_of(request)
        members = json.loads(parts["document"][1])
        filename, data = parts["file"]
        self._free(members["externalReferenceCode"])
        if any(filename == one.filename for one in self.documents.values()):
            raise Refused(409, "A document with this file name exists")
        document = StoredDocument(
            id=self.new_id(),
            code=members["externalReferenceCode"],
            filename=filename,
            data=data,
            title=members["title"],
        )
        self.documents[document.id] = document
        return 200, self._shown_document(document)

    # --- answers ------------------------------------------------------------------------------------

    def _shown_document(self, document: StoredDocument) -> dict[str, object]:
        url = f"/documents/{SITE}/0/{document.filename}/{uuid.uuid5(uuid.NAMESPACE_OID, document.code)}?version=1.0&t=1"
        return {"id": document.id, "externalReferenceCode": document.code, "contentUrl": url, "title": document.title}

    def _shown(self, content: StoredContent, *, version: int | None = None) -> dict[str, Any]:
        creator = next(account for account in self.accounts if account.id == content.creator)
        shown: dict[str, Any] = {
            "id": content.id,
            "externalReferenceCode": content.code,
            "description": content.description,
            "friendlyUrlPath": f"bai-{content.id}",
            "dateCreated": zulu(content.created),
            "dateModified": zulu(content.modified),
            "datePublished": zulu(content.date),
            "creator": {"id": creator.id, "name": creator.name, "profileURL": f"/web/{creator.login}"},
            "taxonomyCategoryBriefs": [
                {"taxonomyCategoryId": number, "taxonomyCategoryName": self.categories[number]}
                for number in content.categories
            ],
        }
        if content.kind == "blog-postings":
            shown |= {"headline": content.title, "articleBody": content.html, "viewableBy": "Anyone"}
        else:
            fields = [{"name": "content", "contentFieldValue": {"data": content.html}}]
            shown |= {"title": content.title, "contentStructureId": content.structure, "contentFields": fields}
        if version is not None:
            code = content.versions[version]
            shown["version"] = {"number": 1.0 + version / 10, "status": {"code": code, "label": _LABELS[code]}}
        return shown


def _kind(name: str) -> Kind:
    return "blog-postings" if name == "blog-postings" else "structured-contents"
