"""Drupal's UUIDs and the names behind them: terms, accounts and files, looked up by name and kept until the next `verify`.

Manual: www.drupal.org/docs/core-modules-and-themes/core-modules/jsonapi-module/filtering; files: .../working-with-files.
"""

import re
import uuid
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from adapters.portals.drupal_posts import MEDIA_TYPE
from adapters.portals.json_api import JsonApi
from adapters.portals.json_parts import text
from adapters.portals.wordpress_names import folded

_TERMS = uuid.UUID("5c1f6c80-6d0e-5a37-9f0b-3a6f5b1d7c42")  # names the space of our terms' UUIDs; never to be changed
_FILE_LINK = re.compile(
    r"""<(?:img|a)\b[^>]*?\b(?:src|href)="[^"]*/(?P<stem>syncd-[0-9a-f]{16})(?:_\d+)?\.(?P<type>[a-z]+)"(?=[^>]*>)"""
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """`url` may lack the host."""

    id: str
    url: str


class DrupalNames:
    """Names and ids of one site. May be shared by threads: each map is replaced whole."""

    def __init__(self, root: str, *, vocabulary: str) -> None:
        self._root = root
        self._vocabulary = vocabulary
        self._users: dict[str, str | None] = {}
        self._terms: dict[str, str] = {}
        self._files: dict[str, StoredFile] = {}

    def forget(self) -> None:
        """Ask for everything again when it is next needed."""
        self._users, self._terms, self._files = {}, {}, {}

    # --- accounts and terms ---------------------------------------------------------------------------

    def user_name(self, api: JsonApi, user: str) -> str | None:
        """The login of an account; None where Drupal does not tell."""
        refusals = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
        payload = api.get(f"{self._root}/user/user/{user}", expect=refusals).payload
        return text(payload, "data", "attributes", "name") or None

    def user_id(self, api: JsonApi, login: str) -> str | None:
        """The account of a login; None where there is none, or where the account may not ask for others."""
        wanted = folded(login)
        if wanted not in self._users:
            found = self._by_name(api, "user/user", "name", login, expect=(HTTPStatus.FORBIDDEN,))
            ids = [item["id"] for item in found if folded(text(item, "attributes", "name")) == wanted]
            self._users = {**self._users, wanted: ids[0] if ids else None}
        return self._users[wanted]

    def term_id(self, api: JsonApi, name: str) -> str:
        """The term of that name, made where it is missing: with a UUID that follows from its name, so that two makers make one.

        Raises:
            PortalError: it is missing and the account may not make it; no post was touched.
        """
        wanted = folded(name)
        if wanted not in self._terms:
            path = f"taxonomy_term/{self._vocabulary}"
            found = self._by_name(api, path, "name", name)
            ids = [item["id"] for item in found if folded(text(item, "attributes", "name")) == wanted]
            self._terms = {**self._terms, wanted: ids[0] if ids else self._made_term(api, path, name)}
        return self._terms[wanted]

    def _made_term(self, api: JsonApi, path: str, name: str) -> str:
        term = str(uuid.uuid5(_TERMS, f"{self._vocabulary}\n{folded(name)}"))
        data = {"type": path.replace("/", "--"), "id": term, "attributes": {"name": name}}
        answer = api.post(
            f"{self._root}/{path}",
            members={"data": data},
            headers={"content-type": MEDIA_TYPE},
            expect=(HTTPStatus.FORBIDDEN, HTTPStatus.CONFLICT, HTTPStatus.METHOD_NOT_ALLOWED),
        )
        if answer.status not in (HTTPStatus.CREATED, HTTPStatus.CONFLICT):
            raise api.fail(
                f"has no term {name!r} in {self._vocabulary!r} and did not make it: {answer.status}",
                kind="category_missing",
                hint=f"make the term {name!r} there, map to another one in [portal.categories], or give the account the"
                f" permission 'Create terms in {self._vocabulary}'",
            )
        return term

    # --- files ----------------------------------------------------------------------------------------

    def file(self, api: JsonApi, filename: str) -> StoredFile | None:
        """The file of that name, asked for anew: one that no post used may have been deleted."""
        found = [_stored(item) for item in self._by_name(api, "file/file", "filename", filename)]
        kept = next((one for one in found if one is not None), None)
        self._files = {name: one for name, one in self._files.items() if name != filename}
        if kept is not None:
            self._files = {**self._files, filename: kept}
        return kept

    def keep(self, filename: str, item: Any) -> StoredFile | None:
        """Remember a file that was just uploaded; None where the answer is not that of a file."""
        made = _stored(item) if _is_resource(item) else None
        if made is not None:
            self._files = {**self._files, filename: made}
        return made

    def with_file_marks(self, api: JsonApi, html: str) -> str:
        """The text with Drupal's own mark on each picture and link to a file of ours: by it Drupal counts the file as used, and keeps it."""

        def marked(link: re.Match[str]) -> str:
            filename = f"{link['stem']}.{link['type']}"
            stored = self._files.get(filename) or self.file(api, filename)
            return f'{link[0]} data-entity-type="file" data-entity-uuid="{stored.id}"' if stored else link[0]

        return _FILE_LINK.sub(marked, html)

    def _by_name(
        self, api: JsonApi, path: str, field: str, name: str, *, expect: tuple[HTTPStatus, ...] = ()
    ) -> list[dict[str, Any]]:
        payload = api.get(f"{self._root}/{path}", query={f"filter[{field}]": name}, expect=expect).payload
        items = payload.get("data") if isinstance(payload, dict) else None
        if items is None and isinstance(payload, dict) and "errors" in payload:
            return []
        if not isinstance(items, list) or not all(_is_resource(item) for item in items):
            raise api.fail(f"answered {path} with no list")
        return items


def _is_resource(item: Any) -> bool:
    return isinstance(item, dict) and isinstance(item.get("id"), str) and isinstance(item.get("attributes"), dict)


def _stored(item: dict[str, Any]) -> StoredFile | None:
    url = text(item, "attributes", "uri", "url")
    return StoredFile(id=item["id"], url=url) if url else None
