"""The real Plone of scripts/plone.sh, and the hands of its editors: the same calls that Plone's own pages make."""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from adapters.http.client import PoliteClient
from adapters.portals.plone import PlonePortal, PloneSettings
from syncd.clock import SystemClock
from syncd.ports.secret import Secret

SCRIPT = Path(__file__).parents[2] / "scripts" / "plone.sh"
CANNOT_INSTALL = 4
SETTLE = timedelta(seconds=120)
EDITOR = "bientap"


class PloneRefused(Exception):
    """Plone did not do what a person there asked for."""


@dataclass
class RealPlone:
    """The running site; `site` is what the script printed. A post is named by its path below the site, `tin-tuc/syncd-...`, or by its UID."""

    site: Mapping[str, Any]
    client: PoliteClient

    @property
    def url(self) -> str:
        return str(self.site["base_url"])

    def password(self, login: str) -> str:
        return str(self.site["users"][login]["password"])

    def portal(
        self, login: str = "syncd", password: str | None = None, client: PoliteClient | None = None, **settings: Any
    ) -> PlonePortal:
        """Our adapter, as the account `login`; `settings` besides those of a site whose posts go to `tin-tuc`."""
        given = {"folder": "tin-tuc", "media_folder": "tep-tin", **settings}
        table = PloneSettings(
            url=self.url,
            username=login,
            password=Secret(password or self.password(login)),
            allow_addresses=("127.0.0.0/8",),
            **given,
        )
        return PlonePortal(table, name="cong", http=client or self.client, clock=SystemClock(), settle=SETTLE)

    # --- what people do there ---------------------------------------------------------------------------

    def type_posts(
        self,
        title: str,
        *,
        author: str = "unit_a",
        date: datetime | None = None,
        html: str = "<p>Gõ tay.</p>",
        folder: str = "tin-tuc",
        state: str = "published",
        copies: int = 1,
    ) -> Sequence[str]:
        """Posts typed by hand, public unless `state` is `pending` or `private`; their UIDs. Plone keeps a date's minutes."""
        made = []
        members = {
            "@type": "News Item",
            "title": title,
            "text": {"data": html, "content-type": "text/html"},
            "creators": [author],
            "effective": date.isoformat() if date else None,
        }
        steps = {"published": ("publish",), "pending": ("submit",), "private": ()}[state]
        for _ in range(copies):
            post = self.ask("POST", folder, members)
            for step in steps:
                self.ask("POST", f"{folder}/{post['id']}/@workflow/{step}", {})
            made.append(str(post["UID"]))
        return made

    def type_post(self, title: str, **about: Any) -> str:
        return self.type_posts(title, **about)[0]

    def edit(self, post: str, login: str = EDITOR, **members: object) -> None:
        """Change title, text (`html`) or another member, by default as an editor."""
        if "html" in members:
            members["text"] = {"data": members.pop("html"), "content-type": "text/html"}
        self.ask("PATCH", self.path(post), members, login=login)

    def set_password(self, login: str, password: str) -> None:
        self.ask("PATCH", f"@users/{login}", {"password": password}, login="admin")

    def approve(self, post: str) -> None:
        self.step(post, "publish")

    def step(self, post: str, transition: str) -> None:
        """A step of the workflow: publish, reject, retract, submit."""
        self.ask("POST", f"{self.path(post)}/@workflow/{transition}", {})

    def move(self, post: str, folder: str) -> None:
        self.ask("POST", f"{folder}/@move", {"source": f"{self.url}/{self.path(post)}"}, login="admin")

    def delete(self, post: str) -> None:
        """Gone: Plone 6.2 has no trash."""
        self.ask("DELETE", self.path(post), login="admin")

    def empty(self) -> None:
        """No post, picture or file left."""
        for item in self._found(["News Item", "Image", "File"]):
            self.ask("DELETE", item["@id"].removeprefix(self.url + "/"), login="admin")

    # --- what stands there --------------------------------------------------------------------------------

    def posts(self) -> Sequence[dict[str, Any]]:
        """Every news item, in order of making, as Plone tells it to its manager."""
        found = [self.ask("GET", item["@id"].removeprefix(self.url + "/")) for item in self._found(["News Item"])]
        return sorted(found, key=lambda post: (post["created"], post["id"]))

    def copies(self, key: str) -> Sequence[dict[str, Any]]:
        """The posts that bear a key: one, if all is well."""
        return [item for item in self._found(["News Item"]) if item["id"] == key]

    def files(self) -> int:
        """How many pictures and files stand there by themselves."""
        return len(self._found(["Image", "File"]))

    def path(self, post: str) -> str:
        """The path below the site of a UID; a path stays what it is."""
        if "/" in post:
            return post
        (item,) = self.ask("GET", "@search?" + urlencode({"UID": post, "show_inactive": "1"}))["items"]
        return str(item["@id"]).removeprefix(self.url + "/")

    def status(self, path: str, login: str | None = None) -> int:
        """How Plone answers GET, by default to a reader without a name."""
        return self._send("GET", path, None, login)[0]

    def ask(self, method: str, path: str, members: Mapping[str, object] | None = None, login: str = EDITOR) -> Any:
        """One call as `login`; what it answers."""
        status, payload = self._send(method, path, members, login)
        if status >= 300:
            raise PloneRefused(f"{method} {path}: {status} {payload}")
        return payload

    def _found(self, types: Sequence[str]) -> Sequence[dict[str, Any]]:
        query = urlencode(
            {"portal_type": types, "show_inactive": "1", "b_size": "10000", "metadata_fields": "id"}, True
        )
        items: list[dict[str, Any]] = self.ask("GET", f"@search?{query}", login="admin")["items"]
        return items

    def _send(self, method: str, path: str, members: Mapping[str, object] | None, login: str | None) -> tuple[int, Any]:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if login is not None:
            headers["Authorization"] = "Basic " + base64.b64encode(f"{login}:{self.password(login)}".encode()).decode()
        body = None if members is None else json.dumps(members).encode()
        request = urllib.request.Request(f"{self.url}/{path}", data=body, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as err:
            with err:
                return err.code, err.read()[:500]
