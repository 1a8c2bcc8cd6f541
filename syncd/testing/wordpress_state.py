"""What a stock WordPress does with a request to /wp-json/wp/v2, as far as syncd uses it: requests in, answers out.

Each rule was seen on WordPress 6.1.9. The database is a few dicts; there is no HTML of its own and no network.
"""

import base64
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from html import escape
from typing import Any
from urllib.parse import unquote

from syncd.ports.clock import Clock
from syncd.testing.local_site import Page, SeenRequest

API = "/wp-json/wp/v2"
SITE_ZONE = timedelta(hours=7)
_STATES = ("publish", "future", "draft", "pending", "private", "trash")
_EDITOR = [
    "read",
    "edit_posts",
    "edit_others_posts",
    "edit_published_posts",
    "edit_private_posts",
    "read_private_posts",
    "publish_posts",
    "upload_files",
    "manage_categories",
]


class Refused(Exception):
    """A request WordPress refuses, with its own code."""

    def __init__(self, status: int, code: str, **data: object) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.data = data


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    id: int
    login: str
    name: str
    password: str
    rights: frozenset[str] = frozenset(_EDITOR)


@dataclass(slots=True, kw_only=True)
class StoredPost:
    """One post as the database holds it; `date` is UTC."""

    id: int
    title: str
    content: str
    excerpt: str = ""
    status: str = "publish"
    date: datetime
    modified: datetime
    author: int
    categories: list[int] = field(default_factory=lambda: [1])
    featured_media: int = 0
    external_id: str = ""
    slug: str = ""  # given when it is published first
    made_at: datetime | None = None  # by the site's clock; None for what stood there before


@dataclass(slots=True, kw_only=True)
class StoredMedia:
    id: int
    slug: str
    content_type: str
    data: bytes
    alt_text: str = ""
    caption: str = ""
    external_id: str = ""


class WordPressState:
    """The site. Not for threads: the server in front of it lets one request in at a time.

    `custom_states`: post states that a plugin added. `strips_comments`: a plugin removes HTML comments, `strips_tags`: these elements' tags. `drops_authorization`: the web server
    passes it on for GET only. `keeps_ids`: our plugin (packaging/wordpress) is installed. `holds_back`: a plugin lets posts wait for a person, published or not.
    `lists_lag`: lists and searches do not show what is newer. `clock_off`: how far its clock is ahead.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.last_id = 10
        self.accounts = [
            Account(id=2, login="syncd", name="syncd", password="correct horse"),
            Account(
                id=3,
                login="syncd_pending",
                name="syncd",
                password="no stapler",
                rights=frozenset(_EDITOR) - {"publish_posts"},
            ),
            Account(id=4, login="unit_a", name="Ban A Ví Dụ", password="a", rights=frozenset({"read", "edit_posts"})),
            Account(id=5, login="unit_b", name="Ban B Ví Dụ", password="b", rights=frozenset({"read", "edit_posts"})),
        ]
        self.posts: dict[int, StoredPost] = {}
        self.media: dict[int, StoredMedia] = {}
        self.categories: dict[int, str] = {1: "Chưa phân loại", 2: "Tin tức"}
        self.custom_states: tuple[str, ...] = ()
        self.strips_comments = False
        self.strips_tags: tuple[str, ...] = ()
        self.holds_back = False
        self.lists_lag = timedelta(0)
        self.clock_off = timedelta(0)
        self.drops_authorization = False
        self.keeps_ids = False

    def answer(self, request: SeenRequest) -> Page:
        """Carry out one request."""
        try:
            status, payload, headers = self._route(request)
        except Refused as refusal:
            data = {"status": refusal.status, **refusal.data}
            return _json(
                refusal.status, {"code": refusal.code, "message": refusal.code.replace("_", " "), "data": data}
            )
        return _json(status, payload, headers)

    def new_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def now(self) -> datetime:
        """The site's clock, which knows whole seconds."""
        return self._clock.now().replace(microsecond=0) + self.clock_off

    # --- requests -----------------------------------------------------------------------------------

    def _route(self, request: SeenRequest) -> tuple[int, object, dict[str, str]]:
        path, query = request.path.rstrip("/"), {name: values[-1] for name, values in request.query.items()}
        if path == "/wp-json":
            namespaces = ["wp/v2", "syncd/v1"] if self.keeps_ids else ["wp/v2"]
            told = {"name": "Cổng tỉnh Ví Dụ", "timezone_string": "Asia/Ho_Chi_Minh", "gmt_offset": 7}
            return 200, {**told, "namespaces": namespaces}, {}
        if path == "/wp-json/syncd/v1/external-id" and self.keeps_ids:
            return 200, {"version": 1, "atomic": True, "types": ["posts", "media"]}, {}
        found = re.fullmatch(rf"{API}/(posts|media|categories|users|statuses)(?:/(me|\d+))?", path)
        if not found:
            raise Refused(404, "rest_no_route")
        kind, item = found.groups()
        me = self._who(request)
        if query.get("context") == "edit" and me is None:
            raise Refused(401, "rest_forbidden_context")
        if request.method == "POST":
            if me is None:
                raise Refused(401, "rest_cannot_create")
            write: Callable[..., tuple[int, object]] = {
                "posts": self._write_post,
                "media": self._write_media,
                "categories": self._write_category,
            }[kind]
            status, written = write(request, me, int(item) if item else None)
            return status, written, {}
        if item:
            return 200, self._one(kind, item, me), {}
        if kind == "statuses":
            names = (*_STATES, *self.custom_states) if me else ("publish",)
            return 200, {name: {"name": name, "slug": name, "public": name == "publish"} for name in names}, {}
        return self._list(kind, query, me)

    def _who(self, request: SeenRequest) -> Account | None:
        """The account of the request's password; a wrong one reads as a visitor, as it does there."""
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic" or (self.drops_authorization and request.method != "GET"):
            return None
        login, _, password = base64.b64decode(value).decode().partition(":")
        return next((one for one in self.accounts if (one.login, one.password) == (login, password)), None)

    def _one(self, kind: str, item: str, me: Account | None) -> object:
        if kind == "users":
            account = me if item == "me" else next((one for one in self.accounts if str(one.id) == item), None)
            if account is None:
                raise Refused(404, "rest_user_invalid_id")
            told = self._shown_user(account)
            return {**told, "capabilities": dict.fromkeys(account.rights, True)} if item == "me" else told
        if kind == "posts" and int(item) in self.posts:
            return self._shown_post(self.posts[int(item)])
        if kind == "media" and int(item) in self.media:
            return self._shown_media(self.media[int(item)])
        if kind == "categories" and int(item) in self.categories:
            return {"id": int(item), "name": self.categories[int(item)]}
        raise Refused(
            404, {"posts": "rest_post_invalid_id", "categories": "rest_term_invalid"}.get(kind, "rest_no_route")
        )

    def _list(self, kind: str, query: dict[str, str], me: Account | None) -> tuple[int, object, dict[str, str]]:
        size, page = int(query.get("per_page", "10")), int(query.get("page", "1"))
        if size > 100:
            raise Refused(400, "rest_invalid_param")
        found: list[Callable[[], dict[str, Any]]]
        if kind == "posts":
            posts = self._found(query, me)
            posts.sort(key=lambda post: post.id if query.get("orderby") == "id" else post.date)
            found = [partial(self._shown_post, post) for post in posts]
        elif kind == "media":
            media = [one for one in self.media.values() if query.get("slug", one.slug) == one.slug]
            found = [partial(self._shown_media, one) for one in media]
        elif kind == "categories":
            found = [partial(dict, id=number, name=escape(name)) for number, name in self.categories.items()]
        else:
            found = [partial(self._shown_user, account) for account in self.accounts]
        if query.get("order", "desc") == "desc":
            found.reverse()
        pages = -(-len(found) // size)
        if page > max(pages, 1):
            raise Refused(400, "rest_post_invalid_page_number")
        headers = {"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(pages)}
        return 200, [shown() for shown in found[(page - 1) * size : page * size]], headers

    def _found(self, query: dict[str, str], me: Account | None) -> list[StoredPost]:
        states = query.get("status", "publish").split(",") if me else ["publish"]
        if unknown := set(states) - {*_STATES, *self.custom_states}:
            raise Refused(400, "rest_invalid_param", params=sorted(unknown))
        wanted, text = query.get("syncd_external_id") if self.keeps_ids else None, query.get("search", "").casefold()
        after, before = (_bound(query[name]) if name in query else None for name in ("after", "before"))
        newest = self.now() - self.lists_lag
        return [
            post
            for post in self.posts.values()
            if post.status in states
            # both bounds of the date are excluded
            and (after is None or post.date > after)
            and (before is None or post.date < before)
            and (not self.lists_lag or post.made_at is None or post.made_at <= newest)
            and (not text or _says(post, text))
            and (wanted is None or _bears(post, wanted))
        ]

    def _write_post(self, request: SeenRequest, me: Account, number: int | None) -> tuple[int, object]:
        try:
            members = json.loads(request.body)
        except ValueError:
            raise Refused(400, "rest_invalid_json") from None
        now = self.now()
        key = members.get("syncd_external_id") if self.keeps_ids else None
        if number is None:
            self._refuse_second(post.id for post in self.posts.values() if key and _bears(post, key))
            date = datetime.fromisoformat(members["date_gmt"]).replace(tzinfo=UTC) if "date_gmt" in members else now
            # a new post's time of change is its own date, also when that lies in the past
            post = StoredPost(
                id=self.new_id(), title="", content="", status="draft", date=date, modified=date, author=me.id
            )
            post.external_id, post.made_at = key or "", now
        elif number in self.posts:
            post = self.posts[number]
            post.modified = now
        else:
            raise Refused(404, "rest_post_invalid_id")
        status = members.get("status", post.status)
        if number is None and status == "publish":
            if "publish_posts" not in me.rights:
                raise Refused(403, "rest_cannot_publish")
            status = "pending" if self.holds_back else "future" if post.date > now else status
        post.status = status
        post.title = members.get("title", post.title)
        post.content = members.get("content", post.content)
        if self.strips_comments:
            post.content = re.sub(r"<!--.*?-->", "", post.content)
        for tag in self.strips_tags:
            post.content = re.sub(rf"</?{tag}\b[^>]*>", "", post.content)
        post.excerpt = members.get("excerpt", post.excerpt)
        post.author = members.get("author", post.author)
        post.categories = members.get("categories") or post.categories
        post.featured_media = members.get("featured_media", post.featured_media)
        if post.status == "publish":
            post.slug = post.slug or self._free_slug(post.title)
        self.posts[post.id] = post
        return 201 if number is None else 200, self._shown_post(post)

    def _free_slug(self, title: str) -> str:
        """Made of the title, with a number behind it where another post has it."""
        slug = re.sub(r"\W+", "-", title.casefold()).strip("-")
        taken = {post.slug for post in self.posts.values() if post.slug.startswith(slug)}
        return next(name for name in (slug, *(f"{slug}-{n}" for n in range(2, len(taken) + 3))) if name not in taken)

    def _write_media(self, request: SeenRequest, me: Account, number: int | None) -> tuple[int, object]:
        if number is None:
            name = unquote(request.headers.get("content-disposition", "").partition('filename="')[2].rstrip('"'))
            slug = name.rpartition(".")[0]
            key = request.query.get("syncd_external_id", [""])[-1] if self.keeps_ids else ""
            self._refuse_second(media.id for media in self.media.values() if key and media.external_id == key)
            # the same name again is another file there
            copies = sum(media.slug.startswith(slug) for media in self.media.values())
            media = StoredMedia(
                id=self.new_id(),
                slug=f"{slug}-{copies}" if copies else slug,
                content_type=request.headers.get("content-type", ""),
                data=request.body,
                external_id=key,
            )
            self.media[media.id] = media
            return 201, self._shown_media(media)
        if number not in self.media:
            raise Refused(404, "rest_post_invalid_id")
        members = json.loads(request.body)
        media = self.media[number]
        media.alt_text = members.get("alt_text", media.alt_text)
        media.caption = members.get("caption", media.caption)
        return 200, self._shown_media(media)

    def _refuse_second(self, standing: Iterable[int]) -> None:
        for number in standing:
            raise Refused(409, "syncd_exists", existing_id=number)

    def _write_category(self, request: SeenRequest, me: Account, number: int | None) -> tuple[int, object]:
        name = json.loads(request.body)["name"]
        for known, standing in self.categories.items():
            if standing.casefold() == name.casefold():
                raise Refused(400, "term_exists", term_id=known)
        if "manage_categories" not in me.rights:
            raise Refused(403, "rest_cannot_create")
        made = self.new_id()
        self.categories[made] = name
        return 201, {"id": made, "name": name}

    # --- answers ------------------------------------------------------------------------------------

    def _shown_post(self, post: StoredPost) -> dict[str, Any]:
        return {
            "id": post.id,
            "date": (post.date + SITE_ZONE).strftime("%Y-%m-%dT%H:%M:%S"),
            "date_gmt": post.date.strftime("%Y-%m-%dT%H:%M:%S"),
            "modified_gmt": post.modified.strftime("%Y-%m-%dT%H:%M:%S"),
            "status": post.status,
            "slug": post.slug,
            "link": f"http://vidu.example/?p={post.id}",
            "title": {"raw": post.title, "rendered": post.title},
            "content": {"raw": post.content, "rendered": post.content},
            "excerpt": {"raw": post.excerpt},
            "author": post.author,
            "categories": post.categories,
            "featured_media": post.featured_media,
            "password": "",
            **({"syncd_external_id": post.external_id} if self.keeps_ids else {}),
        }

    def _shown_media(self, media: StoredMedia) -> dict[str, Any]:
        return {
            "id": media.id,
            "slug": media.slug,
            "alt_text": media.alt_text,
            "caption": {"raw": media.caption},
            "source_url": f"http://vidu.example/wp-content/uploads/{media.slug}",
            **({"syncd_external_id": media.external_id} if self.keeps_ids else {}),
        }

    def _shown_user(self, account: Account) -> dict[str, Any]:
        return {"id": account.id, "slug": account.login, "name": account.name}


def _bears(post: StoredPost, key: str) -> bool:
    """Our plugin's rule: the id kept beside the post, or the last mark in the text of one that has none."""
    marks = re.findall(r"<!--\s*(syncd-[\w.-]+)\s*-->", post.content)
    return post.external_id == key if post.external_id else bool(marks) and marks[-1] == key


def _says(post: StoredPost, text: str) -> bool:
    """Whether title, text or excerpt hold it, in small letters or large."""
    if text in post.content or text.startswith("syncd-"):  # our keys are written in one way only
        return text in post.content
    return any(text in part.casefold() for part in (post.title, post.content, post.excerpt))


def _bound(text: str) -> datetime:
    """Without a zone it is the site's own time."""
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else (instant - SITE_ZONE).replace(tzinfo=UTC)


def _json(status: int, payload: object, headers: dict[str, str] | None = None) -> Page:
    return Page(
        status=status,
        body=json.dumps(payload, ensure_ascii=False).encode(),
        content_type="application/json; charset=UTF-8",
        headers=headers or {},
    )
