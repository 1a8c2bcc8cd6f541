"""WordPress's ids and the names behind them: states, authors, categories, read once and kept until the next `verify`.

Manual: developer.wordpress.org/rest-api/reference/ post-statuses, users, categories.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from http import HTTPStatus
from typing import Any
from unicodedata import normalize

from adapters.portals.json_api import JsonApi
from syncd.ports.portal import PortalState

PAGE_SIZE = 100  # WordPress answers 400 to more
_STATES = {
    "publish": PortalState.PUBLIC,
    "future": PortalState.SCHEDULED,
    "draft": PortalState.DRAFT,
    "pending": PortalState.PENDING,
    "private": PortalState.PRIVATE,
    "trash": PortalState.TRASH,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """`slug` is the login in the form WordPress puts into addresses; the login itself is told to administrators only."""

    id: int
    slug: str
    name: str


def folded(name: str) -> str:
    """A name as people take it to be the same: composed, without case, spaces evened."""
    return " ".join(normalize("NFC", name).casefold().split())


class WordPressNames:
    """Names and ids of one site. May be shared by threads: each map is replaced whole."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._states: dict[str, PortalState] | None = None
        self._authors: dict[int, Author] | None = None
        self._categories: dict[int, str] | None = None

    def forget(self) -> None:
        """Read everything again when it is next asked for."""
        self._states = self._authors = self._categories = None

    def states(self, api: JsonApi) -> dict[str, PortalState]:
        """Every state a post can be in, the site's own ones too: a post an editor moved to one must still be found.

        Raises:
            PortalError: the answer lacks the trash or the drafts, so it was given to somebody without rights.
        """
        if self._states is None:
            payload = api.get(f"{self._root}/statuses", query={"context": "edit"}).payload
            if not isinstance(payload, dict) or not {"trash", "draft", "pending", "private"} <= payload.keys():
                raise api.fail(
                    "does not name its post states to this account",
                    kind="forbidden",
                    hint="the account must be allowed to edit posts of others",
                )
            self._states = {
                name: _STATES.get(name) or (PortalState.PUBLIC if _is_public(member) else PortalState.PENDING)
                for name, member in payload.items()
            }
        return self._states

    def author(self, api: JsonApi, author_id: int) -> Author:
        """Who wrote a post; a name made of the number where WordPress does not tell."""
        authors = self._known_authors(api)
        if author_id not in authors:
            # made since, or no author any more. Editors may not see every account: a refusal is an answer here
            refusals = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
            payload = api.get(f"{self._root}/users/{author_id}", expect=refusals).payload
            made = _author(payload) or Author(id=author_id, slug=str(author_id), name="")
            self._authors = authors = {**authors, author_id: made}
        return authors[author_id]

    def author_id(self, api: JsonApi, name: str) -> int | None:
        """The account of a login, slug or displayed name; None when there is none, or when a displayed name is borne by two."""
        wanted = folded(name)
        authors = self._known_authors(api).values()
        # a login with signs that addresses do not allow ("unit.a") has another slug ("unit-a")
        slugs = {wanted, "".join(sign if sign.isalnum() or sign in "-_" else "-" for sign in wanted)}
        by_slug = [author.id for author in authors if author.slug.casefold() in slugs]
        by_name = [author.id for author in authors if folded(author.name) == wanted]
        if by_slug:
            return by_slug[0]
        return by_name[0] if len(by_name) == 1 else None

    def _known_authors(self, api: JsonApi) -> dict[int, Author]:
        if self._authors is None:
            found = (_author(item) for item in every_item(api, f"{self._root}/users", {"who": "authors"}))
            self._authors = {author.id: author for author in found if author is not None}
        return self._authors

    def category_name(self, api: JsonApi, category_id: int) -> str:
        """The category's name; its number where it is gone."""
        categories = self._known_categories(api)
        if category_id not in categories:
            payload = api.get(f"{self._root}/categories/{category_id}", expect=(HTTPStatus.NOT_FOUND,)).payload
            self._categories = categories = {**categories, category_id: _name(payload) or str(category_id)}
        return categories[category_id]

    def category_id(self, api: JsonApi, name: str) -> int:
        """The category of that name, made where it is missing.

        Raises:
            PortalError: it is missing and the account may not make it; no post was touched.
        """
        wanted = folded(name)
        for category_id, known in self._known_categories(api).items():
            if folded(known) == wanted:
                return category_id
        expect = (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN)
        answer = api.post(f"{self._root}/categories", members={"name": name}, expect=expect)
        payload = answer.payload
        # somebody else made it meanwhile, or its name differs in what WordPress folds and we do not
        exists = answer.code == "term_exists" and isinstance(payload.get("data"), dict)
        found = payload["data"].get("term_id") if exists else payload.get("id") if isinstance(payload, dict) else None
        if not isinstance(found, int):
            raise api.fail(
                f"has no category {name!r} and did not make it: {answer.status} {answer.code}".rstrip(),
                kind="category_missing",
                hint=f"make the category {name!r} there, or map to another one in [portal.categories]",
            )
        self._categories = {**self._known_categories(api), found: name}
        return found

    def _known_categories(self, api: JsonApi) -> dict[int, str]:
        if self._categories is None:
            items = every_item(api, f"{self._root}/categories", {})
            self._categories = {item["id"]: _name(item) for item in items}
        return self._categories


def every_item(api: JsonApi, url: str, query: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Every item of a list, over all its pages, ordered by id; each has an integer `id`.

    By id, not by date: dates are often equal (a whole day's posts at midnight), and between equal ones the database may
    choose anew for each page, so that a post is shown twice and another one never.

    Raises:
        PortalError: a page was short, an item came twice, or the total changed under way; what was yielded is not all.
    """
    seen: set[int] = set()
    page, total = 1, -1
    while total < 0 or len(seen) < total:
        answer = api.get(
            url, query={**query, "orderby": "id", "order": "asc", "per_page": str(PAGE_SIZE), "page": str(page)}
        )
        items, now_total = answer.payload, (answer.exchange.header("x-wp-total") or "").strip()
        if not isinstance(items, list) or not now_total.isdigit():
            raise api.fail(f"answered {url} with no list, or without its total")
        if total not in (-1, int(now_total)):
            raise api.fail(f"changed while it was read: {url} held {total}, now {now_total}", kind="incomplete")
        total = int(now_total)
        if len(items) != min(PAGE_SIZE, total - len(seen)):
            raise api.fail(
                f"listed {len(items)} of {total - len(seen)} on page {page} of {url}",
                kind="incomplete",
                hint="the account does not see every post: it needs the rights edit_others_posts, edit_published_posts,"
                " edit_private_posts and read_private_posts",
            )
        for item in items:
            if not isinstance(item, dict) or not isinstance(item.get("id"), int) or item["id"] in seen:
                raise api.fail(f"listed an item twice or without id on page {page} of {url}", kind="incomplete")
            seen.add(item["id"])
            yield item
        page += 1


def _author(payload: Any) -> Author | None:
    if not isinstance(payload, dict) or not isinstance(payload.get("id"), int):
        return None
    return Author(id=payload["id"], slug=str(payload.get("slug", "")), name=_name(payload))


def _name(payload: Any) -> str:
    return unescape(str(payload.get("name", ""))) if isinstance(payload, dict) else ""


def _is_public(member: Any) -> bool:
    return isinstance(member, dict) and member.get("public") is True
