"""WordPress's own XML-RPC methods (wp.*): what each gives, and how its lists are read whole.

Seen on 6.1.9: `post_status` as a list `any, trash` finds every state, those of plugins too, in one call; a scheduled post is called
`publish` and told by its date; posts that the account may not edit are left out of a page without a word; there is no filter by date.
"""

from collections.abc import Iterable
from datetime import datetime
from html import escape, unescape
from itertools import count
from typing import Any
from xmlrpc.client import Binary

from adapters.portals.content import credited, find_marker, outgoing_links
from adapters.portals.wordpress_names import folded
from adapters.portals.xmlrpc_api import FaultAnswer, XmlRpcApi, instant_of, naive_date
from syncd.domain.identity import text_sha256
from syncd.domain.model import Approval, SourceKey
from syncd.ports.clock import Clock
from syncd.ports.portal import DeliveryClass, FileToPush, PlacedFile, PortalPost, PortalState, PostToPush, Trash

PAGE = 100
_STATUS = {Approval.AUTO: "publish", Approval.PENDING: "pending", Approval.DRAFT: "draft"}
STATES = {
    "publish": PortalState.PUBLIC,
    "future": PortalState.SCHEDULED,
    "draft": PortalState.DRAFT,
    "pending": PortalState.PENDING,
    "private": PortalState.PRIVATE,
    "trash": PortalState.TRASH,
}
_EVERY_STATE = ("any", "trash")  # `any` alone leaves the trash out
_FIELDS = [
    "post_title",
    "post_content",
    "post_status",
    "post_date_gmt",
    "post_modified_gmt",
    "link",
    "post_author",
    "post_password",
    "terms",
]
_NOT_FOUND = 404


class WordPressCalls:
    """One site's posts. May be shared by threads: each map is replaced whole."""

    delivery_class = DeliveryClass.B
    sees_unpublished = True
    trash = Trash.LISTED
    at_once = 4

    def __init__(self, blog_id: str, *, full_roles: tuple[str, ...], clock: Clock) -> None:
        self._blog = blog_id
        self._full_roles = full_roles
        self._clock = clock
        self._authors: dict[str, tuple[str, str]] | None = None  # id -> login, shown name
        self._categories: dict[str, str] | None = None  # id -> name

    def knows_us(self, api: XmlRpcApi) -> bool:
        answer = api.call("wp.getProfile", self._blog, *api.login, ["roles"], expect=(401, 403))
        return not isinstance(answer, FaultAnswer)

    def who(self, api: XmlRpcApi) -> str:
        """Who we are, and that the account's role sees every post.

        Raises:
            PortalError: also where the role is not one of `full_roles`.
        """
        self._authors = self._categories = None
        fields = ["roles", "display_name", "username"]
        me = api.call("wp.getProfile", self._blog, *api.login, fields)
        if not isinstance(me, dict) or not isinstance(me.get("roles"), list):
            raise api.fail("does not say who we are there")
        roles = [str(role) for role in me["roles"]]
        if not set(roles) & set(self._full_roles):
            raise api.fail(
                f"knows {api.username!r} as {', '.join(roles) or 'nobody'}, which may leave posts out of its lists in silence",
                kind="forbidden",
                hint="give the account the role Editor; or, for a role of your own with edit_others_posts, edit_published_posts,"
                " edit_private_posts, read_private_posts and upload_files, name it in portal.full_roles",
            )
        options = api.call("wp.getOptions", self._blog, *api.login, ["blog_title", "software_version"])
        title, version = _option(options, "blog_title"), _option(options, "software_version")
        return f"WordPress {version} {title!r} over XML-RPC, as {me.get('display_name', '')!r} ({', '.join(roles)})"

    # --- reading ------------------------------------------------------------------------------------

    def candidates(self, api: XmlRpcApi, key: SourceKey) -> Iterable[PortalPost]:
        for page in count():
            wanted = {"s": str(key), "number": PAGE, "offset": page * PAGE, "orderby": "ID", "order": "ASC"}
            found = self._posts(api, wanted)
            yield from found
            if len(found) < PAGE:
                return

    def get(self, api: XmlRpcApi, portal_id: str) -> PortalPost | None:
        answer = api.call("wp.getPost", self._blog, *api.login, portal_id, _FIELDS, expect=(_NOT_FOUND,))
        return None if isinstance(answer, FaultAnswer) else self._seen(api, answer)

    def dated(self, api: XmlRpcApi, start: datetime, end: datetime) -> Iterable[PortalPost]:
        """The posts from the first before `end` to the first before `start`, newest first.

        Each page begins with the last post of the one before, so that a post which came or went meanwhile shows.
        """
        seen: dict[str, PortalPost] = {}
        offset, last = max(self._newer_than(api, end) - 1, 0), None
        while True:
            page = self._posts(api, {**_BY_DATE, "number": PAGE, "offset": offset})
            fresh = page[1:] if last else page
            if (last and (not page or page[0].id != last)) or any(post.id in seen for post in fresh):
                raise api.fail("changed while it was read", kind="incomplete")
            seen |= {post.id: post for post in fresh}
            if len(page) < PAGE:
                if self._dates(api, offset + PAGE):
                    raise api.fail(
                        f"left posts out of a page: {len(page)} of {PAGE}",
                        kind="incomplete",
                        hint="the account may not edit every post there: it needs the role Editor",
                    )
                return seen.values()
            if all(post.published_at is not None and post.published_at < start for post in page[-1:]):
                return seen.values()
            offset, last = offset + PAGE - 1, page[-1].id

    def _newer_than(self, api: XmlRpcApi, end: datetime) -> int:
        """How many posts are dated `end` or later; found by halving, since nothing can be asked for by date."""
        low, high = 0, PAGE
        if not self._is_newer(api, 0, end):
            return 0
        while self._is_newer(api, high, end):
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._is_newer(api, middle, end) else (low, middle)
        return high

    def _is_newer(self, api: XmlRpcApi, offset: int, end: datetime) -> bool:
        return any(date is not None and date >= end for date in self._dates(api, offset))

    def _dates(self, api: XmlRpcApi, offset: int) -> list[datetime | None]:
        """The date of the post at one place of the list; nothing past its end."""
        wanted = {**_BY_DATE, "post_status": list(_EVERY_STATE), "number": 1, "offset": offset}
        found = api.call("wp.getPosts", self._blog, *api.login, wanted, ["post_date_gmt"])
        return [instant_of(item["post_date_gmt"]) for item in structs(api, found, "post_date_gmt")]

    def _posts(self, api: XmlRpcApi, wanted: dict[str, object]) -> list[PortalPost]:
        query = {"post_status": list(_EVERY_STATE), **wanted}
        found = api.call("wp.getPosts", self._blog, *api.login, query, _FIELDS)
        return [self._seen(api, item) for item in structs(api, found, "post_id")]

    def _seen(self, api: XmlRpcApi, item: Any) -> PortalPost:
        (item,) = structs(api, [item], "post_id", "post_status", "post_content")
        html, date = str(item["post_content"]), instant_of(item.get("post_date_gmt"))
        state = STATES.get(str(item["post_status"]), PortalState.PENDING)
        if state is PortalState.PUBLIC and date is not None and date > self._clock.now():
            state = PortalState.SCHEDULED
        if state is PortalState.PUBLIC and item.get("post_password"):
            state = PortalState.PRIVATE  # it opens by password only
        login, shown = self._author(api, str(item.get("post_author", "")))
        terms = [term for term in item.get("terms") or () if isinstance(term, dict)]
        return PortalPost(
            id=str(item["post_id"]),
            key=find_marker(html),
            url=str(item.get("link", "")),
            title=unescape(str(item.get("post_title", ""))),
            state=state,
            published_at=date,
            version=str(item.get("post_modified_gmt", "")),
            author=login,
            author_name=shown,
            categories=tuple(unescape(str(term.get("name"))) for term in terms if term.get("taxonomy") == "category"),
            content_sha256=text_sha256(html),
            links=outgoing_links(html, own_url=api.url),
            credit=credited(html),
        )

    # --- writing ------------------------------------------------------------------------------------

    def insert(self, api: XmlRpcApi, post: PostToPush, html: str) -> str:
        members = _content(post, html)
        members["post_status"] = _STATUS[post.approval]
        members["post_date_gmt"] = naive_date(post.published_at)
        if post.categories:
            members["terms"] = {"category": [self._category_id(api, name) for name in post.categories]}
        # without an account of that name the post stands under our own: the key tells whose it is
        if post.author and (author_id := self._author_id(api, post.author)):
            members["post_author"] = int(author_id)
        made = api.call("wp.newPost", self._blog, *api.login, members, writes=True)
        if not isinstance(made, str | int) or not str(made).isdigit():
            raise api.fail("answered without the post's id", unknown=True)
        return str(made)

    def edit(self, api: XmlRpcApi, portal_id: str, post: PostToPush, html: str) -> None:
        api.call("wp.editPost", self._blog, *api.login, portal_id, _content(post, html), writes=True)

    def hide(self, api: XmlRpcApi, portal_id: str) -> None:
        api.call("wp.editPost", self._blog, *api.login, portal_id, {"post_status": "draft"}, writes=True)

    def put(self, api: XmlRpcApi, file: FileToPush) -> PlacedFile:
        """Its title there is its name, which holds its hash, and is what it is searched by. No method sets a picture's alternative text."""
        wanted = {"post_type": "attachment", "post_status": "inherit", "s": file.filename, "number": PAGE}
        found = api.call("wp.getPosts", self._blog, *api.login, wanted, ["post_title"])
        standing = [item for item in structs(api, found, "post_id") if item.get("post_title") == file.filename]
        if standing:
            told = api.call("wp.getMediaItem", self._blog, *api.login, str(standing[0]["post_id"]))
        else:
            bits = {"name": file.filename, "type": file.content_type, "bits": Binary(file.data)}
            told = api.call("wp.uploadFile", self._blog, *api.login, bits, writes=True)
        (media,) = structs(api, [told], "attachment_id", "link")
        number, caption = str(media["attachment_id"]), escape(file.caption, quote=False)
        if str(media.get("caption", "")) != caption:
            change = {"post_type": "attachment", "post_excerpt": caption}
            api.call("wp.editPost", self._blog, *api.login, number, change, writes=True)
        return PlacedFile(sha256=file.sha256, id=number, url=str(media["link"]), alt=file.alt, caption=file.caption)

    # --- names --------------------------------------------------------------------------------------

    def _author(self, api: XmlRpcApi, author_id: str) -> tuple[str, str]:
        return self._known_authors(api).get(author_id, (author_id, ""))

    def _author_id(self, api: XmlRpcApi, name: str) -> str | None:
        """The account of a login or shown name; None when there is none, or when a shown name is borne by two."""
        wanted, authors = folded(name), self._known_authors(api).items()
        by_login = [number for number, (login, _) in authors if folded(login) == wanted]
        by_name = [number for number, (_, shown) in authors if folded(shown) == wanted]
        return by_login[0] if by_login else by_name[0] if len(by_name) == 1 else None

    def _known_authors(self, api: XmlRpcApi) -> dict[str, tuple[str, str]]:
        authors = self._authors
        if authors is None:
            found = structs(api, api.call("wp.getAuthors", self._blog, *api.login), "user_id", "user_login")
            self._authors = authors = {
                str(item["user_id"]): (str(item["user_login"]), unescape(str(item.get("display_name", ""))))
                for item in found
            }
        return authors

    def _category_id(self, api: XmlRpcApi, name: str) -> int:
        """The category of that name, made where it is missing; no post was touched if it cannot be."""
        categories = self._categories
        if categories is None:
            found = structs(api, api.call("wp.getTerms", self._blog, *api.login, "category"), "term_id", "name")
            self._categories = categories = {str(item["term_id"]): unescape(str(item["name"])) for item in found}
        for number, known in categories.items():
            if folded(known) == folded(name):
                return int(number)
        term = {"taxonomy": "category", "name": name}
        made = api.call("wp.newTerm", self._blog, *api.login, term, expect=(401, 403, 500))
        if isinstance(made, FaultAnswer) or not str(made).isdigit():
            self._categories = None  # somebody else may have made it meanwhile
            raise api.fail(
                f"has no category {name!r} and did not make it: {made.said if isinstance(made, FaultAnswer) else ''}",
                kind="category_missing",
                hint=f"make the category {name!r} there, or map to another one in [portal.categories]",
            )
        self._categories = {**categories, str(made): name}
        return int(made)


_BY_DATE: dict[str, object] = {"orderby": "date ID", "order": "DESC"}


def _content(post: PostToPush, html: str) -> dict[str, object]:
    members: dict[str, object] = {
        # titles and excerpts are HTML there
        "post_title": escape(post.title, quote=False),
        "post_content": html,
        "post_excerpt": escape(post.summary, quote=False),
    }
    if post.image is not None:
        members["post_thumbnail"] = int(post.image.id)
    return members


def structs(api: XmlRpcApi, found: Any, *needed: str) -> list[dict[str, Any]]:
    """The items of an answer, each with the members that are needed.

    Raises:
        PortalError: it is no list of such items.
    """
    if not isinstance(found, list) or not all(isinstance(item, dict) and item.keys() >= set(needed) for item in found):
        raise api.fail(f"answered something else than a list with {', '.join(needed)}")
    return found


def _option(options: Any, name: str) -> str:
    value = options.get(name) if isinstance(options, dict) else None
    return unescape(str(value.get("value", ""))) if isinstance(value, dict) else ""
