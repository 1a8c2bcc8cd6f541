"""A made-up portal with a JSON interface of its own, behind whatever login a test puts before it; and its table for syncd."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from syncd.testing.local_site import Line, LocalSite, Page, SeenRequest
from tests.adapters.nukeviet_portal import form_of

Guard = Callable[[SeenRequest], Page | None]


def as_json(payload: object, status: int = 200, **headers: str) -> Page:
    return Page(
        status=status,
        body=json.dumps(payload).encode(),
        content_type="application/json; charset=utf-8",
        headers=headers,
    )


def refused(status: int = 401, **members: object) -> Page:
    return as_json({"code": "unauthorized", "message": "ai đó?", **members}, status)


class JsonPortal:
    """Posts at /api/posts. `guard` answers in place of the portal where it does not let a request in; `lose` answers are lost after the fact."""

    def __init__(self, site: LocalSite) -> None:
        self.site = site
        self.guard: Guard = lambda request: None
        self.posts: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.lose = 0
        site.behave("/api/*", self._behave)

    @property
    def url(self) -> str:
        return f"{self.site.base_url}/api"

    def copies(self, key: str) -> int:
        return sum(post["key"] == key for post in self.posts.values())

    def _behave(self, line: Line, request: SeenRequest) -> bool:
        page = self.guard(request) or self._answer(request)
        if self.lose and request.method in ("POST", "PUT") and request.path.startswith("/api/posts"):
            self.lose -= 1
            line.reset()
            return False
        head = "".join(f"{name}: {value}\r\n" for name, value in page.headers.items())
        line.send(
            f"HTTP/1.1 {page.status} Answer\r\nContent-Type: {page.content_type}\r\n{head}"
            f"Content-Length: {len(page.body)}\r\n\r\n".encode()
            + page.body
        )
        return True

    def _answer(self, request: SeenRequest) -> Page:
        _, _, kind, *rest = request.path.split("/")
        if kind == "me":
            return as_json({"name": "syncd"})
        if kind != "posts":
            return refused(404, code="no_route")
        if request.method == "GET" and rest:
            post = self.posts.get(rest[0])
            return as_json(post) if post else refused(404, code="no_post")
        if request.method == "GET":
            return self._listed({name: values[-1] for name, values in request.query.items()})
        members = self._members(request)
        if rest and rest[0] not in self.posts:
            return refused(404, code="no_post")
        id = rest[0] if rest else str(len(self.posts) + 1)
        standing = self.posts.get(id, {"id": id, "state": "live", "url": f"{self.site.base_url}/tin/{id}"})
        version = str(int(standing.get("version", "0")) + 1)
        self.posts[id] = {**standing, **members, "version": version}
        return as_json(self.posts[id], 200 if rest else 201, Location=f"/api/posts/{id}")

    def _members(self, request: SeenRequest) -> dict[str, Any]:
        if "json" in request.headers.get("content-type", ""):
            made: dict[str, Any] = json.loads(request.body)
            return made
        return dict(form_of(request))

    def _listed(self, query: Mapping[str, str]) -> Page:
        found = [post for post in self.posts.values() if query.get("key") in (None, post["key"])]
        if "from" in query:
            bounds = [datetime.fromisoformat(query[name]) for name in ("from", "to")]
            found = [post for post in found if bounds[0] <= datetime.fromisoformat(post["date"]) < bounds[1]]
        size, page = int(query.get("size", "100")), int(query.get("page", "1"))
        part = found[(page - 1) * size : page * size]
        answer = {"items": part, "total": len(found), "pages": -(-len(found) // size)}
        if page * size < len(found):
            answer["next"] = f"/api/posts?page={page + 1}&size={size}"
        headers = {"X-Pages": str(answer["pages"]), "X-Total": str(len(found))}
        if "next" in answer:
            headers["Link"] = f'<{self.site.base_url}{answer["next"]}>; rel="next", <x>; rel="prev"'
        return as_json(answer, **headers)


FIELDS = {
    "key": "$.key",
    "state": "$.state",
    "title": "$.title",
    "text": "$.html",
    "date": "$.date",
    "version": "$.version",
    "url": "$.url",
}
BODY = {
    "key": "{{ key }}",
    "title": "{{ post.title }}",
    "html": "{{ post.html }}",
    "date": "{{ post.date }}",
    "state": "{{ state }}",
}


def portal_table(url: str, auth: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """A table for this portal: class B, found by `?key=`."""
    return {
        "url": url,
        "auth": dict(auth),
        "allow_addresses": ["127.0.0.0/8"],
        "verify": {"request": "GET /me"},
        "find": {
            "request": "GET /posts",
            "query": {"key": "{{ key }}"},
            "item": "$.items[*]",
            "id": "$.id",
            "whole": True,
        },
        "create": {
            "request": "POST /posts",
            "json": dict(BODY),
            "expect": {"status": [201]},
            "id": "$.id",
            "whole": True,
        },
        "update": {
            "request": "PUT /posts/{{ id }}",
            "json": {name: value for name, value in BODY.items() if name not in ("state", "date")},
            "whole": True,
        },
        "withdraw": {"request": "PUT /posts/{{ id }}", "json": {"state": "{{ states.draft }}"}, "whole": True},
        "read": {"request": "GET /posts/{{ id }}", "fields": dict(FIELDS)},
        "list": {
            "request": "GET /posts",
            "query": {"from": "{{ from }}", "to": "{{ to }}", "page": "{{ page }}", "size": "2"},
            "item": "$.items[*]",
            "id": "$.id",
            "whole": True,
            "pages": {"total": "$.total", "size": 2},
        },
        "states": {"draft": "draft", "pending": "waiting", "live": "live"},
        **changes,
    }


BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
END = datetime(2026, 1, 1, tzinfo=UTC)
